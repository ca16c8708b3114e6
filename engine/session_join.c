/* The session process comes in and is sealed. The only changes ever made to the host application itself. */
#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <nss.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "own.h"
#include "priority.h"
#include "session_steps.h"

int step_attach(struct session *session, struct error *err)
{
	if (cgroup_join(&session->plan->cgroup, err) == 0)
		return 0;
	cgroup_leave(&session->plan->cgroup); /* some of the directories may have been entered */
	return -1;
}

void undo_attach(struct session *session)
{
	cgroup_leave(&session->plan->cgroup);
}

int step_priority(struct session *session, struct error *err)
{
	(void)session;
	(void)err;
	priority_raise();
	return 0;
}

void undo_priority(struct session *session)
{
	(void)session;
	priority_restore();
}

int step_setns(struct session *session, struct error *err)
{
	char directory[PATH_MAX];
	bool has_directory = getcwd(directory, sizeof directory) && directory[0] == '/';

	/* what the comparison after the seal needs is opened while /proc is still the host's */
	if (verify_open(&session->verify, session->plan, session->init, err) < 0)
		return -1;
	/* one call for all of them: with a pidfd it takes effect whole or not at all (setns(2)) */
	if (setns(session->init, (int)session->plan->namespaces) < 0)
		return fail(err, errno, session->plan->name, "cannot join the namespaces of PID 1");
	/* setns() left us in the new root; su without a dash promises the directory it was called in */
	if (has_directory)
		(void)!chdir(directory); /* not there in the session's view: the root it is */
	return 0;
}

/* Look-ups go on in this process: sshd runs initgroups() later. No library of another root may be loaded for them. */
static void use_own_names(void)
{
	static const char *const databases[] = { "passwd", "group", "initgroups", "shadow", "gshadow", "netgroup",
		"services", "protocols", "networks", "ethers", "rpc", "aliases", "publickey" };

	for (size_t i = 0; i < ARRAY_SIZE(databases); i++)
		(void)__nss_configure_lookup(databases[i], "files"); /* fails for a database glibc does not know */
	(void)__nss_configure_lookup("hosts", "files dns");
}

/* su and login called initgroups() before us: what it gave is kept, less the groups that open the host. */
static int give_up_groups(const struct plan *plan, struct error *err)
{
	int count = getgroups(0, NULL), kept = 0;
	own_text gid_t *groups = count > 0 ? calloc((size_t)count, sizeof *groups) : NULL;

	if (count <= 0 || !plan->lost_group_count)
		return 0;
	if (!groups || getgroups(count, groups) != count)
		return fail(err, errno, "groups", "cannot be read");
	for (int i = 0; i < count; i++) {
		bool lost = false;

		for (size_t j = 0; j < plan->lost_group_count; j++)
			lost = lost || plan->lost_groups[j] == groups[i];
		if (!lost)
			groups[kept++] = groups[i];
	}
	if (kept < count && setgroups((size_t)kept, groups) < 0)
		return fail(err, errno, "groups", "cannot be given up");
	return 0;
}

int step_groups(struct session *session, struct error *err)
{
	if (session->plan->own_names)
		use_own_names();
	return give_up_groups(session->plan, err);
}

/*
 * An anonymous keyring takes the place of whatever session keyring the login came with, pam_keyinit's or the user's
 * default one (keyctl(2), session-keyring(7)).
 */
int step_keyring(struct session *session, struct error *err)
{
	(void)session;
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) >= 0)
		return 0;
	if (errno == ENOSYS)
		return 0; /* a kernel without keys: nobody possesses any */
	fail(err, errno, "session keyring", "cannot make a new one");
	return error_hint(err, "set keyring = keep where keys are forbidden; for a quota see /proc/key-users");
}

int step_limits(struct session *session, struct error *err)
{
	return limits_apply(session->plan->rlimits, session->plan->rlimit_count, err);
}

/* Without no_new_privs a filter is loaded by right of CAP_SYS_ADMIN (seccomp(2)), which goes right after it. */
static bool filter_needs_admin(const struct plan *plan)
{
	return !plan->no_new_privs && plan->seccomp->filter;
}

int step_caps(struct session *session, struct error *err)
{
	struct caps_plan caps = session->plan->caps;

	if (filter_needs_admin(session->plan))
		caps.permitted |= UINT64_C(1) << CAP_SYS_ADMIN;
	return caps_apply(&caps, err);
}

int step_no_new_privs(struct session *session, struct error *err)
{
	(void)session;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return fail(err, errno, "no_new_privs", "cannot be set");
	return 0;
}

int step_seccomp(struct session *session, struct error *err)
{
	if (syscalls_load(session->plan->seccomp, err) < 0)
		return -1;
	return filter_needs_admin(session->plan) ? caps_apply(&session->plan->caps, err) : 0;
}

int step_readback(struct session *session, struct error *err)
{
	return verify_compare(&session->verify, session->plan, err);
}
