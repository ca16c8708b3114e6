#include "caps.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/capability.h>

#include "own.h"
#include "text.h"

enum { CAPS_MAX = 64 }; /* what a mask and the kernel's capset(2) can hold */

#define ROW(n, label, why) .number = (n), .name = (label), .reason = (why)
#define ORIGINAL .original = true
#define HOST .host = true

/* sorted by number; capabilities(7) says what each of them permits */
const struct capability capabilities[] = {
	{ ROW(0, "cap_chown", "takes over any file of a bound host directory"), HOST },
	{ ROW(1, "cap_dac_override", "reads and writes any file of a bound host directory"), HOST },
	{ ROW(2, "cap_dac_read_search",
		  "open_by_handle_at(2) reaches files that are not in the session's view"),
		ORIGINAL, HOST },
	{ ROW(3, "cap_fowner", "chmod and extended attributes of any bound file"), HOST },
	{ ROW(4, "cap_fsetid", "keeps setuid and setgid bits when a file is written"), ORIGINAL,
		HOST },
	{ ROW(5, "cap_kill", "signals any process that is visible"), HOST },
	{ ROW(6, "cap_setgid", "becomes any group of the host on bound files"), HOST },
	{ ROW(7, "cap_setuid", "becomes any user of the host"), HOST },
	{ ROW(8, "cap_setpcap", "loosens securebits and the inheritable set") },
	{ ROW(9, "cap_linux_immutable",
		"chattr +i on a host disk, which stops the admin's clean-up") },
	{ ROW(10, "cap_net_bind_service",
		"takes over port 22 after a crash of sshd, in the host's network") },
	{ ROW(11, "cap_net_broadcast", "not used by anything; what is not needed is not kept") },
	{ ROW(12, "cap_net_admin",
		"opens netfilter, xfrm and tc: the kernel's richest source of bugs") },
	{ ROW(13, "cap_net_raw", "packet sockets (CVE-2020-14386) and forged packets") },
	{ ROW(14, "cap_ipc_lock", "locks memory past the limits"), ORIGINAL },
	{ ROW(15, "cap_ipc_owner", "any System V object of the ipc namespace") },
	{ ROW(16, "cap_sys_module", "loads code into the kernel"), ORIGINAL },
	{ ROW(17, "cap_sys_rawio", "/dev/mem, I/O ports and raw SCSI commands"), ORIGINAL },
	{ ROW(18, "cap_sys_chroot", "leaves by chroot with a leaked directory; half of setns(2)") },
	{ ROW(19, "cap_sys_ptrace", "reads and writes the memory and files of other processes") },
	{ ROW(20, "cap_sys_pacct", "makes the kernel write accounting records to a chosen file") },
	{ ROW(21, "cap_sys_admin", "mount, setns, release_agent and much else"), ORIGINAL },
	{ ROW(22, "cap_sys_boot", "restarts the machine or replaces its kernel"), ORIGINAL },
	{ ROW(23, "cap_sys_nice", "real-time priority, and the CPUs and nodes of other processes"),
		ORIGINAL, HOST },
	{ ROW(24, "cap_sys_resource", "raises rlimits, overrides quotas and oom_score_adj"),
		ORIGINAL },
	{ ROW(25, "cap_sys_time", "sets the clock, which is the whole machine's"), ORIGINAL },
	{ ROW(26, "cap_sys_tty_config", "vhangup and the console's ioctls"), HOST },
	{ ROW(27, "cap_mknod", "makes device nodes of the host's disks"), ORIGINAL },
	{ ROW(28, "cap_lease", "holds up the open of other users for the lease-break time") },
	{ ROW(29, "cap_audit_write", "forges audit records"), ORIGINAL, HOST },
	{ ROW(30, "cap_audit_control", "turns auditing off"), ORIGINAL },
	{ ROW(31, "cap_setfcap", "gives capabilities to a file of the host"), ORIGINAL },
	{ ROW(32, "cap_mac_override", "passes by mandatory access control"), ORIGINAL },
	{ ROW(33, "cap_mac_admin", "changes mandatory access control"), ORIGINAL },
	{ ROW(34, "cap_syslog", "reads the kernel's log and addresses"), ORIGINAL },
	{ ROW(35, "cap_wake_alarm", "wakes the machine up"), ORIGINAL },
	{ ROW(36, "cap_block_suspend", "keeps the machine from suspending"), ORIGINAL },
	{ ROW(37, "cap_audit_read", "reads the audit log"), ORIGINAL },
	{ ROW(38, "cap_perfmon", "reads kernel memory through perf and probes") },
	{ ROW(39, "cap_bpf", "reaches the BPF verifier") },
	{ ROW(40, "cap_checkpoint_restore", "chooses pids, opens /proc/PID/map_files") },
};
const size_t capabilities_count = ARRAY_SIZE(capabilities);

int caps_number(const char *name)
{
	if (strncasecmp(name, "cap_", 4) == 0)
		name += 4;
	for (size_t i = 0; i < capabilities_count; i++) {
		if (strcasecmp(name, capabilities[i].name + 4) == 0)
			return capabilities[i].number;
	}
	return -1;
}

const char *caps_name(int number, char *buf, size_t size)
{
	if (number >= 0 && (size_t)number < capabilities_count)
		return capabilities[number].name;
	(void)text_format(buf, size, "cap_%d", number); /* too small a buf shows as an empty name */
	return buf;
}

uint64_t caps_host_mask(void)
{
	uint64_t mask = 0;

	for (size_t i = 0; i < capabilities_count; i++) {
		if (capabilities[i].host)
			mask |= UINT64_C(1) << capabilities[i].number;
	}
	return mask;
}

static bool in(uint64_t mask, int number)
{
	return mask >> number & 1;
}

static int clear_ambient(uint64_t keep, struct error *err)
{
	char buf[16];

	for (int c = 0; c < CAPS_MAX; c++) {
		/* past the kernel's last capability the answer is -1 */
		if (in(keep, c) || cap_get_ambient(c) != 1)
			continue;
		if (cap_set_ambient(c, CAP_CLEAR) < 0)
			return fail(err, errno, caps_name(c, buf, sizeof buf),
				"cannot take it out of the ambient set");
	}
	return 0;
}

static int drop_bounding(const struct caps_plan *plan, struct error *err)
{
	char buf[16];

	/* not up to last_cap but as far as the kernel answers: a newer one must not be left over */
	for (int c = 0; c < CAPS_MAX; c++) {
		int present = cap_get_bound(c);

		if (present < 0 && c <= plan->last_cap)
			return fail(err, errno, caps_name(c, buf, sizeof buf),
				"cannot read the bounding set");
		if (present < 0)
			break;
		/* one that is gone already is no reason to need CAP_SETPCAP */
		if (present == 0 || in(plan->bounding, c))
			continue;
		if (cap_drop_bound(c) < 0) {
			(void)fail(err, errno, caps_name(c, buf, sizeof buf),
				"cannot drop it from the bounding set");
			return error_hint(err, "this needs CAP_SETPCAP");
		}
	}
	return 0;
}

int caps_set_securebits(unsigned wanted, struct error *err)
{
	unsigned present = cap_get_secbits();

	if ((present & wanted) == wanted)
		return 0;
	if (cap_set_secbits(present | wanted) < 0) {
		(void)fail(err, errno, "securebits", "cannot change them from 0x%x to 0x%x",
			present, present | wanted);
		return error_hint(err, "this needs CAP_SETPCAP, and bits that are not locked");
	}
	return 0;
}

static inline void own_free_caps(cap_t *caps)
{
	if (*caps)
		(void)cap_free(*caps); /* fails only for what is not a cap_t */
}

/* Copies to `to` of set `dst` what set `src` of `from` has within mask. 0, or -1 with errno. */
static int copy_set(cap_t to, cap_flag_t dst, cap_t from, cap_flag_t src, uint64_t mask)
{
	for (cap_value_t c = 0; c < CAPS_MAX; c++) {
		cap_flag_value_t value;

		if (!in(mask, c))
			continue;
		/* a number beyond what libcap or the kernel knows is left cleared: dropped */
		if (cap_get_flag(from, c, src, &value) < 0 || value != CAP_SET)
			continue;
		if (cap_set_flag(to, dst, 1, &c, CAP_SET) < 0)
			return -1;
	}
	return 0;
}

static int lower_sets(const struct caps_plan *plan, struct error *err)
{
	__attribute__((cleanup(own_free_caps))) cap_t now = cap_get_proc();
	__attribute__((cleanup(own_free_caps))) cap_t after = cap_init();

	if (!now || !after)
		return fail(err, errno, NULL, "cannot read the capability sets");
	if (copy_set(after, CAP_PERMITTED, now, CAP_PERMITTED, plan->permitted) < 0 ||
		copy_set(after, CAP_EFFECTIVE, now, CAP_PERMITTED, plan->permitted) < 0 ||
		copy_set(after, CAP_INHERITABLE, now, CAP_INHERITABLE, plan->inheritable) < 0)
		return fail(err, errno, NULL, "cannot compute the capability sets");
	if (cap_set_proc(after) < 0)
		return fail(err, errno, NULL, "cannot set the capability sets");
	return 0;
}

int caps_apply(const struct caps_plan *plan, struct error *err)
{
	/* the sets come last: bounding set and securebits need CAP_SETPCAP (capabilities(7)) */
	if (clear_ambient(plan->ambient, err) < 0 || drop_bounding(plan, err) < 0 ||
		caps_set_securebits(plan->securebits, err) < 0)
		return -1;
	return lower_sets(plan, err);
}

/* The mask behind "CapXyz:" at the start of a line. */
static int read_mask(const char *status, const char *label, uint64_t *mask, struct error *err)
{
	const char *line = status;
	const char *value = NULL;
	char *end;

	while (line) {
		value = text_after(line, label);
		if (value && *value == ':')
			break;
		value = NULL;
		line = strchr(line, '\n');
		if (line)
			line++;
	}
	if (!value)
		return fail(err, 0, label, "no such line in /proc/PID/status");
	value += 1 + strspn(value + 1, "\t ");
	errno = 0;
	*mask = strtoull(value, &end, 16);
	if (errno || end == value || *value == '-' || (*end != '\n' && *end != '\0'))
		return fail(err, 0, label, "not a mask in /proc/PID/status");
	return 0;
}

int caps_compare(const struct caps_plan *plan, const char *status, struct error *err)
{
	const struct {
		const char *label;
		uint64_t bound;
	} sets[] = {
		{ "CapInh", plan->inheritable },
		{ "CapPrm", plan->permitted },
		{ "CapEff", plan->permitted },
		{ "CapBnd", plan->bounding },
		{ "CapAmb", plan->ambient },
	};
	uint64_t permitted = 0, effective = 0;

	for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
		uint64_t found = 0;

		if (read_mask(status, sets[i].label, &found, err) < 0)
			return -1;
		if (found & ~sets[i].bound)
			return fail(err, 0, sets[i].label,
				"should hold at most %016" PRIx64 " and is %016" PRIx64,
				sets[i].bound, found);
		if (strcmp(sets[i].label, "CapPrm") == 0)
			permitted = found;
		else if (strcmp(sets[i].label, "CapEff") == 0)
			effective = found;
	}
	if (permitted != effective)
		return fail(err, 0, "CapEff",
			"should equal CapPrm %016" PRIx64 " and is %016" PRIx64, permitted,
			effective);
	return 0;
}
