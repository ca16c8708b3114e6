#include "settings.h"

#include <assert.h>
#include <string.h>
#include <sys/resource.h>

#include "own.h"
#include "policy.h"
#include "policy_paths.h"
#include "syscalls.h"
#include "text.h"

#define KIB ((uint64_t)1 << 10)
#define MIB ((uint64_t)1 << 20)
#define NONE 0
#define PLACES_MOST 64 /* of one setting: each is looked up at every login, and mounted */
#define LARGEST ((uint64_t)INT64_MAX) /* the kernel's loff_t, and more than any counter needs */

/* in the order of the enums in policy.h, which tests/unit/test_settings.c holds them to */
static const char *const limits_words[] = { "require", "try", "off", NULL };
static const char *const accounts_words[] = { "auto", "merged", "minimal", "host", NULL };
static const char *const network_words[] = { "none", "host", "pasta", NULL };
static const char *const userns_words[] = { "off", "try", "require", NULL };
static const char *const user_map_words[] = { "self", "subuid", NULL };
static const char *const root_mode_words[] = { "readonly", "overlay-ephemeral", "overlay-kept", NULL };
static const char *const lxcfs_words[] = { "auto", "off", NULL };
static const char *const home_words[] = { "own", "none", "ephemeral", NULL };
static const char *const shell_words[] = { "auto", NULL };
static const char *const homes_words[] = { "show", NULL };
static const char *const keyring_words[] = { "new", "keep", NULL };

#define ROW(SCOPE, KIND, FIELD, FALLBACK, CHOICES, MIN, MAX, DOC)                                  \
	{                                                                                          \
		.key = #FIELD, .scope = SCOPE_##SCOPE, .kind = KIND_##KIND,                        \
		.offset = offsetof(struct policy, FIELD), .fallback = FALLBACK, .doc = DOC,        \
		.choices = CHOICES, .min = MIN, .max = MAX                                         \
	}
#define PLACES(FIELD, USE, DOC)                                                                    \
	{                                                                                          \
		.key = #FIELD, .scope = SCOPE_SESSION, .kind = KIND_PLACES,                        \
		.offset = offsetof(struct policy, FIELD), .fallback = "", .doc = DOC,              \
		.max = PLACES_MOST, .resource = USE                                                \
	}
#define FILLED_PATH(FIELD, FALLBACK, DOC)                                                          \
	{                                                                                          \
		.key = #FIELD, .scope = SCOPE_SESSION, .kind = KIND_PATH,                          \
		.offset = offsetof(struct policy, FIELD), .fallback = FALLBACK, .doc = DOC,        \
		.filled = true                                                                     \
	}
#define RLIMIT(NAME, RESOURCE, FALLBACK, MIN, MAX, DOC)                                            \
	{                                                                                          \
		.key = "rlimit_" NAME, .scope = SCOPE_SESSION, .kind = KIND_RLIMIT,                \
		.offset = offsetof(struct policy, rlimits[RESOURCE]), .fallback = FALLBACK,        \
		.doc = DOC, .min = MIN, .max = MAX, .resource = RESOURCE                           \
	}

/* one row, its default and its sentence */
/* clang-format off */
const struct setting settings[] = {
	ROW(GLOBAL, NAMES, exempt_users, "", NONE, 0, 0,
		"Users whose logins are left alone; a broken file forgets them, the PAM line's exempt= does not."),
	ROW(GLOBAL, NAMES, exempt_groups, "", NONE, 0, 0,
		"Groups whose members' logins are left alone; as exempt_users."),
	ROW(GLOBAL, NUMBER, min_uid, "1000", NONE, 0, 4294967294,
		"Users with a lower uid are the system's own and are left alone."),
	ROW(GLOBAL, TIME, deadline, "5s", NONE, 100, 300000,
		"How long setting one session up may take before the login is refused."),
	ROW(GLOBAL, NUMBER, slots, "8", NONE, 1, 256,
		"How many sessions may be set up at the same time."),
	ROW(GLOBAL, TIME, slot_wait, "60s", NONE, 100, 600000,
		"How long a login waits for its turn to be set up before it is refused."),

	ROW(MATCH, NAMES, match_users, "", NONE, 0, 0,
		"The profile is for these users. Without any match_ key it waits for profile=NAME on a PAM line."),
	ROW(MATCH, NAMES, match_groups, "", NONE, 0, 0,
		"The profile is for members of one of these groups, primary or supplementary."),
	ROW(MATCH, NAMES, match_services, "", NONE, 0, 0,
		"The profile is for logins through one of these PAM services, such as sshd or su."),

	ROW(SESSION, PATH, root, "/", NONE, 0, 0,
		"The tree a session sees as /: the host's own (/), read-only, or a directory that holds another."),
	ROW(SESSION, CHOICE, root_mode, "readonly", root_mode_words, 0, 0,
		"Whether another root is read-only, or what is written over it goes into memory or is kept."),
	ROW(SESSION, BYTES, root_size, "256M", NONE, 64 * KIB, LARGEST,
		"How much may be written over it with overlay-ephemeral; it counts as memory."),
	FILLED_PATH(root_kept, "/var/lib/contained/%u",
		"Where overlay-kept keeps it, for one session at a time; %u is the user, %h home, %g group."),
	ROW(SESSION, CHOICE, home, "own", home_words, 0, 0,
		"The user's own home, writable (own); or an empty one, gone at the end (ephemeral); or none."),
	ROW(SESSION, BYTES, home_size, "256M", NONE, 64 * KIB, LARGEST,
		"The size of a home that is ephemeral; it counts as memory."),
	ROW(SESSION, PATHS, homes, "/home /root", homes_words, 0, 0,
		"Directories in which only the user's own home is shown; show alone leaves all to be seen."),
	PLACES(writable, USE_WRITABLE,
		"Paths of the host that are there, writable: of several around a file the longest path holds."),
	PLACES(readonly, USE_READONLY,
		"Paths of the host that are there, read-only: below homes, in a writable path or in another root."),
	PLACES(hide, USE_HIDE,
		"Paths that become an empty directory or file; in another root, paths of that."),
	PLACES(sockets, USE_SOCKETS,
		"Directories of the host's /run that are there, read-only, for the sockets in them."),
	ROW(SESSION, BOOL, mail, "yes", NONE, 0, 0,
		"Whether the user's own mail in /var/mail or /var/spool/mail is there, writable."),
	ROW(SESSION, CHOICE, accounts, "auto", accounts_words, 0, 0,
		"Users to list: local files and itself (merged), itself (minimal), all (host); auto goes by root."),
	ROW(SESSION, NAMES, drop_groups,
		"disk kmem shadow adm docker lxd incus incus-admin libvirt libvirt-qemu kvm podman systemd-journal",
		NONE, 0, 0,
		"Groups that open the host; a session loses them."),
	ROW(SESSION, BOOL, syslog, "yes", NONE, 0, 0,
		"Whether the host's syslog socket is there; without it sshd's own disconnect lines are lost."),
	ROW(SESSION, CHOICE, lxcfs, "auto", lxcfs_words, 0, 0,
		"Where LXCFS runs (auto), free, top and uptime in a session tell of its own limits; or not (off)."),
	ROW(SESSION, BYTES, tmp_size, "1G", NONE, 64 * KIB, LARGEST,
		"The size of /tmp and of /var/tmp; with shm_size and run_size scaled down to half of `memory`."),
	ROW(SESSION, BYTES, shm_size, "512M", NONE, 64 * KIB, LARGEST,
		"The size of /dev/shm; it counts as memory."),
	ROW(SESSION, BYTES, run_size, "64M", NONE, 64 * KIB, LARGEST,
		"The size of /run, and of /run/user/UID; it counts as memory."),

	ROW(SESSION, PATH, shell, "auto", shell_words, 0, 0,
		"What contained-shell runs: this, or passwd's shell, or where that is itself bash or sh (auto)."),

	ROW(SESSION, COMMAND, command, "", NONE, 0, 0,
		"What contained-shell runs, whatever is asked for, and without a shell: see COMMANDS."),
	ROW(SESSION, COMMANDS, allow_commands, "", NONE, 0, 0,
		"The only commands that contained-shell runs, and without a shell: see COMMANDS."),

	ROW(SESSION, VARIABLES, pass_env, "", NONE, 0, POLICY_VARIABLES_MAX,
		"Variables that contained-shell passes on beside its own, such as those of sshd's AcceptEnv."),

	ROW(SESSION, CHOICE, network, "none", network_words, 0, 0,
		"Loopback alone (none), the host's network (host), or ways out by the program pasta (pasta)."),
	ROW(SESSION, CHOICE, user_namespace, "try", userns_words, 0, 0,
		"Whether the shell and the command make a user namespace; PAM logins cannot and refuse require."),
	ROW(SESSION, CHOICE, user_map, "self", user_map_words, 0, 0,
		"Whose ids a session without root has: the user's (self), or those of /etc/subuid, too (subuid)."),

	ROW(SESSION, CHOICE, limits, "require", limits_words, 0, 0,
		"A limit that cannot be set refuses the login (require) or is logged (try); off sets none."),
	ROW(SESSION, SHARE, memory, "50%", NONE, MIB, LARGEST,
		"Memory of all processes of a session together, its files in /tmp and /run included."),
	ROW(SESSION, BYTES, swap, "none", NONE, 0, LARGEST,
		"Swap beside the memory; 0 for none at all."),
	ROW(SESSION, WEIGHT, cpu_weight, "none", NONE, 1, 10000,
		"Share of the processors when they are short; 100 is what everybody else has."),
	ROW(SESSION, QUOTA, cpu_quota, "none", NONE, 1, 1000000,
		"Processor time at most, even when they are idle; 100% is one processor."),
	ROW(SESSION, WEIGHT, pids, "1024", NONE, 1, 4194304,
		"Processes and threads at most."),
	ROW(SESSION, BYTES, io_read_bandwidth, "none", NONE, 4 * KIB, LARGEST,
		"How many bytes a second a session reads from the disk that its user's home is on."),
	ROW(SESSION, BYTES, io_write_bandwidth, "none", NONE, 4 * KIB, LARGEST,
		"How many bytes a second it writes there; cgroup v1 counts only what is written at once (sync)."),
	ROW(SESSION, WEIGHT, io_weight, "none", NONE, 1, 10000,
		"Share of the disks when they are busy; 100 is what everybody else has."),

	RLIMIT("as", RLIMIT_AS, "none", MIB, LARGEST, "Address space of one process."),
	RLIMIT("core", RLIMIT_CORE, "1", 0, LARGEST,
		"Core files; 1 writes none and, unlike 0, also stops a core_pattern program that runs as root."),
	RLIMIT("cpu", RLIMIT_CPU, "none", 1, LARGEST, "Processor seconds of one process."),
	RLIMIT("data", RLIMIT_DATA, "none", MIB, LARGEST, "Heap and other private memory of one process."),
	RLIMIT("fsize", RLIMIT_FSIZE, "none", 0, LARGEST, "Size of a file that a process writes."),
	RLIMIT("locks", RLIMIT_LOCKS, "none", 0, LARGEST, "File locks; kernels since 2.6 do not look at it."),
	RLIMIT("memlock", RLIMIT_MEMLOCK, "none", 0, LARGEST, "Memory that a process may lock."),
	RLIMIT("msgqueue", RLIMIT_MSGQUEUE, "none", 0, LARGEST, "POSIX message queues of the user."),
	RLIMIT("nice", RLIMIT_NICE, "none", 0, 40, "How far nice may go: 20 less the lowest nice value."),
	RLIMIT("nofile", RLIMIT_NOFILE, "none", 16, 1073741816,
		"Open files of one process; the kernel has no unlimited here (see fs.nr_open)."),
	RLIMIT("nproc", RLIMIT_NPROC, "none", 1, LARGEST,
		"Processes of the user on the whole host; pids is the session's own bound."),
	RLIMIT("rss", RLIMIT_RSS, "none", 0, LARGEST, "Resident memory; kernels since 2.4.30 do not look at it."),
	RLIMIT("rtprio", RLIMIT_RTPRIO, "none", 0, 99, "Highest real-time priority."),
	RLIMIT("rttime", RLIMIT_RTTIME, "none", 1, LARGEST,
		"Microseconds that a real-time process may run without sleeping."),
	RLIMIT("sigpending", RLIMIT_SIGPENDING, "none", 0, LARGEST, "Queued signals of the user."),
	RLIMIT("stack", RLIMIT_STACK, "none", 128 * KIB, LARGEST, "Stack of one process."),

	ROW(SESSION, CAPS, keep_caps, "", NONE, 0, 0,
		"Capabilities that stay in the bounding set; all others can never be gained."),
	ROW(SESSION, CHOICE, keyring, "new", keyring_words, 0, 0,
		"A session keyring of its own (new), or the login's (keep): AFS, Kerberos tickets in the kernel."),
	ROW(SESSION, BOOL, no_new_privs, "yes", NONE, 0, 0,
		"Whether setuid programs such as sudo and passwd are without effect inside."),
	ROW(SESSION, CHOICE, seccomp, "default", syscalls_profile_names, 0, 0,
		"The system calls that are refused, as one of the profiles."),
};
/* clang-format on */

const size_t settings_count = ARRAY_SIZE(settings);
static_assert(ARRAY_SIZE(settings) <= SETTINGS_MAX, "arrays by setting are too short");
static_assert(RLIMITS == (int)RLIM_NLIMITS, "struct policy has a place for every rlimit");

const struct setting *setting_find(const char *key)
{
	for (size_t i = 0; i < settings_count; i++)
		if (text_equal(settings[i].key, key))
			return &settings[i];
	return NULL;
}

const char *setting_nearest(const char *key)
{
	/* two slips in a long word, one in a short one: more would be guessing */
	unsigned near = strlen(key) > 4 ? 3 : 2;
	const char *best = NULL;

	for (size_t i = 0; i < settings_count; i++) {
		unsigned distance = text_distance(settings[i].key, key);

		if (distance < near) {
			near = distance;
			best = settings[i].key;
		}
	}
	return best;
}

bool setting_takes_bytes(const struct setting *setting)
{
	switch (setting->kind) {
	case KIND_BYTES:
	case KIND_SHARE:
		return true;
	case KIND_RLIMIT:
		break;
	default:
		return false;
	}
	switch (setting->resource) {
	case RLIMIT_AS:
	case RLIMIT_CORE:
	case RLIMIT_DATA:
	case RLIMIT_FSIZE:
	case RLIMIT_MEMLOCK:
	case RLIMIT_MSGQUEUE:
	case RLIMIT_RSS:
	case RLIMIT_STACK:
		return true;
	default:
		return false;
	}
}

bool setting_takes_unlimited(const struct setting *setting)
{
	return setting->kind == KIND_RLIMIT && setting->max == LARGEST;
}

static const char *expects_words(const char *const *words, char *buf, size_t size)
{
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = 0; words[i]; i++) {
		const char *between = !i ? "" : words[i + 1] ? ", " : " or ";
		int length = text_format(buf + used, size - used, "%s%s", between, words[i]);

		if (length < 0)
			break; /* as many as fit */
		used += (size_t)length;
	}
	return buf;
}

static const char *expects_time(const struct setting *setting, char *buf, size_t size)
{
	uint64_t max = setting->max / 1000;

	(void)text_format(buf, size, "a time from %jums to %ju%s, such as 500ms, 5s or 1m",
		(uintmax_t)setting->min, (uintmax_t)(max % 60 ? max : max / 60),
		max % 60 ? "s" : "m");
	return buf;
}

static const char *expects_rlimit(const struct setting *setting, char *buf, size_t size)
{
	const char *number = setting_takes_bytes(setting) ? "a size such as 64M" : "a number";

	if (setting_takes_unlimited(setting))
		(void)text_format(buf, size, "%s, SOFT:HARD, unlimited or none", number);
	else
		(void)text_format(buf, size, "a number from %ju to %ju, SOFT:HARD or none",
			(uintmax_t)setting->min, (uintmax_t)setting->max);
	return buf;
}

const char *setting_expects(const struct setting *setting, char *buf, size_t size)
{
	uintmax_t min = setting->min, max = setting->max;
	const char *text = "";

	switch (setting->kind) {
	case KIND_BOOL:
		text = "yes or no";
		break;
	case KIND_CHOICE:
		return expects_words(setting->choices, buf, size);
	case KIND_NUMBER:
		(void)text_format(buf, size, "a number from %ju to %ju", min, max);
		return buf;
	case KIND_TIME:
		return expects_time(setting, buf, size);
	case KIND_BYTES:
		text = "a size such as 512M, or none";
		break;
	case KIND_SHARE:
		text = "a size such as 512M, a share of the host's memory such as 50%, or none";
		break;
	case KIND_WEIGHT:
		(void)text_format(buf, size, "a number from %ju to %ju, or none", min, max);
		return buf;
	case KIND_QUOTA:
		text = "a share of one processor such as 150%, or none";
		break;
	case KIND_NAMES:
		text = "names divided by blanks or commas";
		break;
	case KIND_VARIABLES:
		text = "names of environment variables divided by blanks or commas";
		break;
	case KIND_PATHS:
		text = setting->choices ? "absolute paths divided by blanks or commas, or show"
					: "absolute paths divided by blanks or commas";
		break;
	case KIND_PLACES:
		text = setting->resource == USE_SOCKETS ?
			"paths below /run divided by blanks or commas" :
			"absolute paths divided by blanks or commas; %u, %h, %g and %% are filled in";
		break;
	case KIND_PATH:
		text = setting->choices ? "an absolute path such as /bin/bash, or auto" : "an absolute path such as /srv/jail";
		break;
	case KIND_COMMAND:
		text = "a program and its arguments";
		break;
	case KIND_COMMANDS:
		text = "programs and their arguments divided by |, with the wildcards * and ?";
		break;
	case KIND_CAPS:
		text = "names of capabilities such as cap_net_raw";
		break;
	case KIND_RLIMIT:
		return expects_rlimit(setting, buf, size);
	}
	(void)text_format(buf, size, "%s", text);
	return buf;
}
