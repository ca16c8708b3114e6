#include "plan.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <linux/securebits.h>
#include <stdlib.h>
#include <string.h>

#include "accounts.h"
#include "own.h"
#include "plan_ids.h"
#include "plan_mounts.h"

/* Which directories and files the limits of a policy become on this host. */
static int plan_limits(struct plan *plan, const struct policy *policy, const struct host *host,
	struct error *err)
{
	struct cgroup_limits limits = {
		.has_memory = policy->memory.set,
		.memory = policy->memory.value,
		.has_swap = policy->swap.set,
		.swap = policy->swap.value,
		.has_cpu_weight = policy->cpu_weight.set,
		.cpu_weight = policy->cpu_weight.value,
		.has_cpu_quota = policy->cpu_quota.set,
		.cpu_quota = policy->cpu_quota.value,
		.has_pids = policy->pids.set,
		.pids = policy->pids.value,
		.has_io_read_bandwidth = policy->io_read_bandwidth.set,
		.io_read_bandwidth = policy->io_read_bandwidth.value,
		.has_io_write_bandwidth = policy->io_write_bandwidth.set,
		.io_write_bandwidth = policy->io_write_bandwidth.value,
		.has_io_weight = policy->io_weight.set,
		.io_weight = policy->io_weight.value,
	};

	static const struct cgroup_host none = { .layout = CGROUP_NONE };
	bool usable = host->privileged || host->cgroups.of_user;

	if (policy->limits == LIMITS_OFF)
		return 0;
	if (limits.has_memory && policy->memory.percent) {
		if (!host->memory)
			return fail(err, 0, "memory", "a share of the host's memory, whose size is not known");
		limits.memory = host->memory / 100 * policy->memory.value;
	}
	if (limits.has_memory)
		plan->memory = limits.memory -= limits.memory % host->page;
	if (cgroup_plan_make(usable ? &host->cgroups : &none, plan->name, &limits, policy->limits == LIMITS_REQUIRE,
		    &plan->cgroup, plan->limits_left_out, sizeof plan->limits_left_out, err) == 0)
		return 0;
	if (host->cgroups.of_user)
		return error_hint(err, "set limits = try, or Delegate=yes (systemctl edit user@.service)");
	if (!usable)
		return error_hint(err, "without root and a systemd --user nobody makes a control group: set limits = try");
	return -1;
}

static void plan_rlimits(struct plan *plan, const struct policy *policy)
{
	for (int resource = 0; resource < RLIMITS; resource++) {
		const struct rlimit_setting *setting = &policy->rlimits[resource];

		if (!setting->set)
			continue;
		plan->rlimits[plan->rlimit_count++] = (struct limit){
			.resource = resource,
			.soft = setting->soft == RLIMIT_UNLIMITED ? RLIM_INFINITY : setting->soft,
			.hard = setting->hard == RLIMIT_UNLIMITED ? RLIM_INFINITY : setting->hard,
		};
	}
}

/*
 * A door that starts the program itself gives up the rest in the child that becomes the user (LISTS: securebits 0xef
 * only there). Only its root has any use for what is kept.
 */
static void plan_program_caps(struct plan *plan, const struct policy *policy)
{
	bool root = plan->program.uid == 0 && policy->keep_caps;

	plan->program_caps = (struct caps_plan){
		.last_cap = plan->caps.last_cap,
		.bounding = policy->keep_caps,
		.permitted = root ? policy->keep_caps : 0,
		.securebits = SECBIT_KEEP_CAPS_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED |
			(root ? 0 :
				SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |
					SECBIT_NO_SETUID_FIXUP_LOCKED),
	};
	plan->caps.securebits = 0;
	plan->caps.permitted |= UINT64_C(1) << CAP_SETPCAP; /* for the child's securebits */
}

static void plan_privileges(struct plan *plan, const struct policy *policy, const struct host *host)
{
	/*
	 * The process that joins is a PAM application that still has to setuid() to the user: it keeps the
	 * capabilities for that and loses the bounding set. Never NO_SETUID_FIXUP here: with it,
	 * setuid() kept every capability (RULES.md).
	 */
	plan->caps = (struct caps_plan){
		.last_cap = host->last_cap,
		.bounding = policy->keep_caps,
		.permitted = caps_host_mask() | policy->keep_caps,
		.securebits = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_KEEP_CAPS_LOCKED |
			(policy->keep_caps ? 0 : SECBIT_NO_CAP_AMBIENT_RAISE) | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED,
	};
	plan->new_keyring = policy->keyring == KEYRING_NEW;
	plan->no_new_privs = policy->no_new_privs;
	plan->seccomp = &syscalls_profiles[policy->seccomp];
	if (plan->program.path)
		plan_program_caps(plan, policy);
}

/* As the program this grew from had them; the uids are as foreign to the host as any system's beyond its users. */
enum { MAP_OUTSIDE = 10000, MAP_COUNT = 2000 };

static int plan_userns_as_root(struct plan *plan, const struct policy *policy, const struct host *host,
	struct error *err)
{
	const struct id_maps maps = { .extents = { { 0, MAP_OUTSIDE, MAP_COUNT } }, .count = 1 };
	const struct program *program = &plan->program;
	uint32_t id = program->uid >= MAP_COUNT ? program->uid : program->gid;
	char object[24];

	if (policy->user_namespace == USERNS_OFF)
		return 0;
	if (!host->userns && policy->user_namespace == USERNS_REQUIRE)
		return namespaces_fail_user(err, host->userns_num);
	if (!host->userns) {
		plan->userns_left_out = true;
		return 0;
	}
	if (id >= MAP_COUNT) {
		(void)text_format(object, sizeof object, "%u", id);
		fail(err, 0, object, "the id is not in the map of the user namespace, which has 0 to %d", MAP_COUNT - 1);
		return error_hint(err, "give a lower one, or user_namespace = off");
	}
	plan->userns = USERNS_LAST;
	plan->uids = plan->gids = maps;
	return 0;
}

static bool is_older(const struct host *host, unsigned major, unsigned minor)
{
	return host->linux_major && (host->linux_major < major || (host->linux_major == major && host->linux_minor < minor));
}

/* What the kernel lets a user namespace mount (overlay: 5.11, attributes of users on a tmpfs: 6.6): without it the mounts would fail, with less to say. */
static int check_overlays(const struct policy *policy, const struct host *host, struct error *err)
{
	bool writable = !text_equal(policy->root, "/") && policy->root_mode == ROOT_OVERLAY_EPHEMERAL;
	char version[24];

	(void)text_format(version, sizeof version, "Linux %u.%u", host->linux_major, host->linux_minor);
	if (is_older(host, 5, 11)) {
		fail(err, 0, version, "mounts no overlay without root, and the session's /etc is one: that came with 5.11");
		return error_hint(err, "use a newer kernel, or let root (the PAM module) make the session");
	}
	if (writable && is_older(host, 6, 6)) {
		fail(err, 0, version, "mounts no overlay in memory without root, as root_mode = overlay-ephemeral asks for: "
				      "that came with 6.6");
		return error_hint(err, "use root_mode = readonly or overlay-kept, or let root make the session");
	}
	return 0;
}

static int plan_userns(struct plan *plan, const struct policy *policy, const struct host *host, struct error *err)
{
	if (!plan->program.path) {
		if (policy->user_namespace != USERNS_REQUIRE)
			return 0;
		fail(err, 0, "user_namespace", "is required by the policy, but a login through PAM has none");
		return error_hint(err, "set user_namespace = off for the profiles that PAM logins get");
	}
	if (host->privileged)
		return plan_userns_as_root(plan, policy, host, err);
	if (policy->user_namespace == USERNS_OFF) {
		fail(err, 0, "user_namespace", "is off in the policy, but without root nothing can be made without one");
		return error_hint(err, "set user_namespace = try, or run it as root");
	}
	if (!host->userns)
		return namespaces_fail_user(err, host->userns_num);
	if (check_overlays(policy, host, err) < 0)
		return -1;
	plan->userns = USERNS_FIRST;
	return plan_ids_make(plan, policy, host, err);
}

static void plan_namespaces(struct plan *plan, const struct policy *policy)
{
	plan->namespaces = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS;
	if (plan->userns != USERNS_NONE)
		plan->namespaces |= CLONE_NEWUSER;
	if (plan->cgroup.dir_count)
		plan->namespaces |= CLONE_NEWCGROUP;
	if (policy->network != NETWORK_HOST) {
		plan->namespaces |= CLONE_NEWNET;
		plan->loopback = true;
	}
}

/* There is no lesser network to fall back to: who was promised a way out gets it, or is refused. */
static int plan_network(struct plan *plan, const struct policy *policy, const struct host *host, struct error *err)
{
	if (policy->network != NETWORK_PASTA)
		return 0;
	if (!host->pasta) {
		fail(err, ENOENT, "pasta", "is not installed, and the policy has network = pasta");
		return error_hint(err, "apt install passt, or choose another network");
	}
	if (!host->tun) {
		fail(err, 0, "/dev/net/tun", "cannot be opened by pasta, which runs without privilege");
		return error_hint(err, "modprobe tun; chmod 666 /dev/net/tun; or choose another network");
	}
	plan->pasta = strdup(host->pasta);
	return plan->pasta ? 0 : fail(err, ENOMEM, host->pasta, "cannot plan the network");
}

/* What every record of the session begins with. Values are escaped and without spaces: one word each. */
static int plan_label(struct plan *plan, const struct subject *subject, struct error *err)
{
	const char *raw[3] = { subject->user, subject->service, subject->rhost };
	char word[3][160];

	for (int i = 0; i < 3; i++) {
		text_escape(word[i], sizeof word[i], raw[i]);
		for (char *at = word[i]; *at; at++)
			if (*at == ' ')
				*at = '_';
	}
	if (text_format(plan->label, sizeof plan->label, "user=%s uid=%u service=%s%s%s", word[0], subject->uid,
		    word[1], word[2][0] ? " rhost=" : "", word[2]) < 0)
		return fail(err, errno, subject->user, "the record of the session is too long");
	return 0;
}

static int plan_groups(struct plan *plan, const struct policy *policy, const struct subject *subject,
	const struct host *host, struct error *err)
{
	plan->lost_groups = calloc(subject->group_count + 1, sizeof *plan->lost_groups);
	if (!plan->lost_groups)
		return fail(err, ENOMEM, subject->user, "cannot plan the groups");
	for (size_t i = 0; i < subject->group_count; i++)
		if (accounts_drops(&policy->drop_groups, host->group, &subject->groups[i]))
			plan->lost_groups[plan->lost_group_count++] = subject->groups[i].gid;
	/* sshd calls initgroups() after us, and with the host's own files it would give them all back */
	if (plan->lost_group_count && policy->accounts == ACCOUNTS_HOST) {
		fail(err, 0, subject->user, "is in a group that opens the host, and accounts = host cannot take it away");
		return error_hint(err, "use accounts = merged, or take the group out of drop_groups");
	}
	return 0;
}

static int plan_files(struct plan *plan, const struct policy *policy, const struct subject *subject,
	const struct host *host, struct error *err)
{
	bool host_view = text_equal(policy->root, "/");
	bool merged = policy->accounts == ACCOUNTS_MERGED || (policy->accounts == ACCOUNTS_AUTO && host_view);
	struct accounts accounts = { 0 };
	const char *shell;
	int result;

	plan->root = strdup(policy->root);
	shell = plan->program.path ? plan->program.path : subject->shell[0] ? subject->shell : "/bin/sh";
	plan->shell = strdup(shell);
	if (!host_view && host->root_kept)
		plan->kept = strdup(host->root_kept);
	if (!plan->root || !plan->shell || (!host_view && host->root_kept && !plan->kept))
		return fail(err, ENOMEM, policy->root, "cannot plan the files");
	plan->own_names = policy->accounts != ACCOUNTS_HOST;
	/* the groups are checked in any case: a primary group that opens the host refuses */
	if (accounts_make(subject, merged, host->passwd, host->group, &policy->drop_groups, &accounts, err) < 0)
		return -1;
	result = plan_mounts_make(plan, policy, subject, host, plan->own_names ? &accounts : NULL, err);
	accounts_free(&accounts);
	return result;
}

static const struct program no_program;

int plan_make(const struct policy *policy, const struct subject *subject, const struct host *host,
	const char *name, struct plan *out, struct error *err)
{
	return plan_make_program(policy, subject, host, name, &no_program, out, err);
}

int plan_make_program(const struct policy *policy, const struct subject *subject, const struct host *host,
	const char *name, const struct program *program, struct plan *out, struct error *err)
{
	struct plan plan = { .program = *program, .state_root = host->state_root, .privileged = host->privileged };

	if (plan_userns(&plan, policy, host, err) < 0) {
		plan_free(&plan);
		return -1;
	}
	if (text_format(plan.name, sizeof plan.name, "%s", name) < 0) {
		plan_free(&plan);
		return fail(err, errno, name, "is too long for the name of a session");
	}
	if (!plan.program.path && record_wanted(subject->service, subject->rhost))
		record_make(name, subject->user, subject->uid, subject->service, subject->rhost, &plan.record);
	plan.slots = host->privileged ? (unsigned)policy->slots : 0;
	plan.slot_wait = (int)policy->slot_wait;
	plan_rlimits(&plan, policy);
	plan_privileges(&plan, policy, host);
	if (plan_network(&plan, policy, host, err) < 0 || plan_limits(&plan, policy, host, err) < 0 ||
		plan_label(&plan, subject, err) < 0 || plan_groups(&plan, policy, subject, host, err) < 0) {
		plan_free(&plan);
		return -1;
	}
	plan_namespaces(&plan, policy);
	if (plan_files(&plan, policy, subject, host, err) < 0) {
		plan_free(&plan);
		return -1;
	}
	*out = plan;
	return 0;
}

void plan_free(struct plan *plan)
{
	for (size_t i = 0; i < plan->mount_count; i++) {
		free(plan->mounts[i].target);
		free(plan->mounts[i].source);
		free(plan->mounts[i].text);
	}
	free(plan->mounts);
	free(plan->root);
	free(plan->kept);
	free(plan->shell);
	free(plan->pasta);
	free(plan->newuidmap);
	free(plan->newgidmap);
	free(plan->lost_groups);
	*plan = (struct plan){ 0 };
}
