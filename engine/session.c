#include "session.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "helper.h"
#include "init.h"
#include "kernel.h"
#include "namespaces.h"
#include "own.h"
#include "path.h"
#include "program.h"
#include "session_steps.h"
#include "state.h"
#include "text.h"

enum { CLOSE_MS = 3000 };

static bool has_slots(const struct plan *plan)
{
	return plan->slots > 0;
}

static bool has_kept(const struct plan *plan)
{
	return plan->kept != NULL;
}

static bool has_cgroup(const struct plan *plan)
{
	return plan->cgroup.dir_count > 0;
}

/* Where the session's own processes and the user's share a processor among themselves. */
static bool has_priority(const struct plan *plan)
{
	return plan->privileged && cgroup_has_cpu(&plan->cgroup);
}

/* Not where the session process is in the group of the limits from the start, or the manager moved it. */
static bool has_join(const struct plan *plan)
{
	return has_cgroup(plan) && plan->cgroup.dirs[0].origin[0];
}

static bool has_user_first(const struct plan *plan)
{
	return plan->userns == USERNS_FIRST;
}

static bool has_user_last(const struct plan *plan)
{
	return plan->userns == USERNS_LAST;
}

static bool has_network(const struct plan *plan)
{
	return plan->loopback;
}

static bool has_pasta(const struct plan *plan)
{
	return plan->pasta != NULL;
}

/* Without root the user namespace of the session is the one. */
static bool has_netns(const struct plan *plan)
{
	return plan->pasta && plan->userns != USERNS_FIRST;
}

static bool has_limits(const struct plan *plan)
{
	return plan->rlimit_count > 0;
}

static bool has_new_keyring(const struct plan *plan)
{
	return plan->new_keyring;
}

static bool has_no_new_privs(const struct plan *plan)
{
	return plan->no_new_privs;
}

static bool has_program(const struct plan *plan)
{
	return plan->program.path != NULL;
}

static bool has_seccomp(const struct plan *plan)
{
	return plan->seccomp->filter != NULL;
}

/*
 * A session from end to end, in order. Three processes share the work: the session process (leader), the builder
 * that becomes the watcher, and PID 1. Whatever the last two have made is taken down by the watcher; undo walks the
 * leader's own steps backwards.
 */
const struct session_step session_steps[] = {
	{ "open", PHASE_HOST, PLACE_LEADER, NULL, step_open, NULL,
		"host paths become fds while names still mean the host's" },
	{ "slot", PHASE_HOST, PLACE_BUILDER, has_slots, step_slot, NULL,
		"so many set-ups at a time; the deadline begins when its turn has come" },
	{ "kept", PHASE_HOST, PLACE_BUILDER, has_kept, step_kept, NULL,
		"what is kept of a root is written by one session at a time" },
	{ "cgroup", PHASE_HOST, PLACE_BUILDER, has_cgroup, step_cgroup, NULL,
		"limits exist before anyone is inside" },
	{ "netns", PHASE_ENTER, PLACE_BUILDER, has_netns, step_netns, NULL,
		"as root: the network is nobody's, so that pasta needs no privilege of the host's" },
	{ "namespaces", PHASE_ENTER, PLACE_BUILDER, NULL, step_namespaces, NULL,
		"one clone makes them all, around a process that will be PID 1" },
	{ "pasta", PHASE_ENTER, PLACE_BUILDER, has_pasta, step_pasta, NULL,
		"a way out through sockets of an ordinary process; the session waits until it is up" },
	{ "user", PHASE_ENTER, PLACE_INIT, has_user_first, step_user, NULL,
		"without root: the user namespace and its maps give the later steps their right" },
	{ "attach", PHASE_ENTER, PLACE_INIT, has_cgroup, step_init_attach, NULL,
		"before the cgroup namespace, so that its root is the session's own group" },
	{ "priority", PHASE_ENTER, PLACE_INIT, has_priority, step_priority, NULL,
		"PID 1 gets its turn before a thousand busy programs beside it" },
	{ "private", PHASE_ENTER, PLACE_INIT, NULL, step_private, NULL, "no mount event reaches the host" },
	{ "mounts", PHASE_ENTER, PLACE_INIT, NULL, step_mounts, NULL, "the view of the files, one by one" },
	{ "pivot", PHASE_ENTER, PLACE_INIT, NULL, step_pivot, NULL,
		"only after everything from the old root is in place" },
	{ "network", PHASE_ENTER, PLACE_INIT, has_network, step_network, NULL, "loopback comes up" },
	{ "hostname", PHASE_ENTER, PLACE_INIT, NULL, step_hostname, NULL, "the tarot card" },
	{ "shift", PHASE_ENTER, PLACE_INIT, has_user_last, step_shift, NULL,
		"as root: ids inside become others outside; last, so that nothing above belongs to the namespace" },
	{ "join", PHASE_JOIN, PLACE_LEADER, has_join, step_attach, undo_attach,
		"the session process is under the limits, too" },
	{ "priority", PHASE_JOIN, PLACE_LEADER, has_priority, step_priority, undo_priority,
		"so does the session process, and none that it forks: the end does not wait for the busy ones" },
	{ "setns", PHASE_JOIN, PLACE_LEADER, NULL, step_setns, NULL,
		"the session process comes in: the point of no return" },
	{ "groups", PHASE_JOIN, PLACE_LEADER, NULL, step_groups, NULL,
		"groups that open the host are given up; names come from the session's own files" },
	{ "keyring", PHASE_JOIN, PLACE_LEADER, has_new_keyring, step_keyring, NULL,
		"no key of the host's session keyring is possessed inside" },
	{ "limits", PHASE_SEAL, PLACE_LEADER, has_limits, step_limits, NULL, "while raising is still allowed" },
	{ "caps", PHASE_SEAL, PLACE_LEADER, NULL, step_caps, NULL, "before seccomp may forbid capset" },
	{ "nonewprivs", PHASE_SEAL, PLACE_LEADER, has_no_new_privs, step_no_new_privs, NULL,
		"no setuid program gives anything any more" },
	{ "seccomp", PHASE_SEAL, PLACE_LEADER, has_seccomp, step_seccomp, NULL,
		"last: the filter need not allow anything above" },
	{ "readback", PHASE_VERIFY, PLACE_LEADER, NULL, step_readback, NULL,
		"what is really in force is compared with the plan" },
	{ "become", PHASE_RUN, PLACE_PROGRAM, has_program, step_become, NULL,
		"where the door starts the program itself: the user's ids, and no privilege that is left" },
};
const size_t session_steps_count = ARRAY_SIZE(session_steps);
static_assert(ARRAY_SIZE(session_steps) <= 64, "session->heard has a bit for every row");

const char *session_phase_name(enum session_phase phase)
{
	static const char *const names[] = { "host", "enter", "join", "seal", "verify", "run" };

	return names[phase];
}

int session_run(struct session *session, enum session_phase phase, enum session_place place,
	struct error *err)
{
	for (size_t i = 0; i < session_steps_count; i++) {
		const struct session_step *step = &session_steps[i];

		if (step->phase != phase || step->place != place ||
			(step->wanted && !step->wanted(session->plan)))
			continue;
		if (step->run(session, err) < 0) {
			error_step(err, step->name);
			return -1;
		}
		session->last = step->name;
		if (session->told && place == PLACE_LEADER) {
			session->told(session->told_context, step);
		} else if (session->told) {
			const char message[2] = { REPORT_STEP, (char)i };

			/* nobody may be left to hear it */
			(void)send(session->report[1], message, sizeof message, MSG_NOSIGNAL);
		}
	}
	return 0;
}

/* The walk backwards, from the last step that this process completed. */
static void undo_steps(struct session *session)
{
	bool done = false;

	for (size_t i = session_steps_count; i-- > 0;) {
		const struct session_step *step = &session_steps[i];

		done = done || text_equal(step->name, session->last);
		if (done && step->undo && (!step->wanted || step->wanted(session->plan)))
			step->undo(session);
	}
	session->last = NULL;
}

/* In a tree that is not the host's, the user's shell has to be startable: told now, not by sshd later. */
static int check_shell(const struct plan *plan, struct error *err)
{
	own_fd int host = -1;
	own_fd int root = -1;

	if (text_equal(plan->root, "/") || !plan->shell)
		return 0;
	host = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	root = host < 0 ? -1 : path_open(host, plan->root, PATH_MUST_EXIST, 0, err);
	if (root < 0)
		return error_hint(err, "create the root tree, or change `root`");
	return program_check(root, plan->shell, err);
}

int step_open(struct session *session, struct error *err)
{
	int pair[2];
	char path[256];

	if (check_shell(session->plan, err) < 0)
		return -1;
	if (text_format(path, sizeof path, "%s/contained-init", session->helpers) < 0)
		return fail(err, errno, session->helpers, "is too long a path");
	session->program = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (session->program < 0) {
		fail(err, errno, path, "cannot open the program that becomes PID 1");
		return error_hint(err, "install contained again");
	}
	session->leader = k_pidfd_open(getpid());
	if (session->leader < 0 || pipe2(session->life, O_CLOEXEC) < 0 ||
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, session->report) < 0 ||
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return fail(err, errno, "pipes", "cannot make what connects the processes");
	session->control_peer = pair[1];
	/* it stays open in an application that may have closed its standard fds and will open them anew */
	session->control = fcntl(pair[0], F_DUPFD_CLOEXEC, 3);
	own_close_fd(&pair[0]);
	return session->control < 0 ? fail(err, errno, "file descriptors", "cannot be moved") : 0;
}

/* The lists that let anyone clean up after this session, before there is anything to clean. */
static int write_state(const struct session *session, struct error *err)
{
	const struct cgroup_plan *cgroup = &session->plan->cgroup;
	struct record record = session->plan->record;
	char text[CGROUP_DIRS * (2 * CGROUP_PATH + 4)];
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < cgroup->dir_count; i++) {
		int put = text_format(text + used, sizeof text - used, "%s\t%s\n", cgroup->dirs[i].path,
			cgroup->dirs[i].origin);

		if (put < 0)
			return fail(err, errno, "cgroup", "the paths are too long");
		used += (size_t)put;
	}
	if (state_write(session->state, STATE_CGROUPS, text, strlen(text), err) < 0)
		return -1;
	if (record.entry.type != RECORD_NONE) {
		record_set_process(&record, getpid());
		if (state_write(session->state, STATE_RECORD, &record, sizeof record, err) < 0)
			return -1;
	}
	return state_write(session->state, STATE_SESSION, session->plan->label, strlen(session->plan->label), err);
}

/* The builder died, hangs or never came: nobody is on duty, so this process sees to it that nothing is left. */
static void sweep(struct session *session)
{
	char path[256], out[16], self[16];
	/* which may have been moved into a group of the session's by now */
	const char *argv[] = { path, "--sweep", session->plan->name, session->plan->state_root.path, self, NULL };
	size_t length;
	int status;

	if (session->builder >= 0)
		(void)k_pidfd_send_signal(session->builder, SIGKILL); /* may have ended by itself */
	own_close_fd(&session->state); /* the lock; the builder's copy dies with it */
	if (text_format(path, sizeof path, "%s/contained-init", session->helpers) > 0 &&
		text_format(self, sizeof self, "%d", (int)getpid()) > 0)
		(void)helper_run(argv, END_REMOVE_MS + 500, out, sizeof out, &length, &status, NULL);
	/* what could not be removed now is the next login's sweep's; the login is refused in any case */
}

static void close_setup_fds(struct session *session)
{
	own_close_fd(&session->program);
	own_close_fd(&session->leader);
	own_close_fd(&session->control_peer);
	own_close_fd(&session->report[0]);
	own_close_fd(&session->report[1]);
	own_close_fd(&session->life[0]);
	own_close_fd(&session->life[1]);
	own_close_fd(&session->state);
	own_close_fd(&session->init);
	own_close_fd(&session->builder);
	verify_close(&session->verify);
}

static int build(struct session *session, struct error *err)
{
	if (session_spawn_builder(session, err) < 0) {
		error_step(err, "namespaces");
		return -1;
	}
	/* the others' ends: end-of-file has to mean something */
	own_close_fd(&session->control_peer);
	own_close_fd(&session->report[1]);
	own_close_fd(&session->life[0]);
	own_close_fd(&session->life[1]);
	return session_wait_for_builder(session, err);
}

void session_none(struct session *session)
{
	*session = (struct session){ .state = -1, .control = -1, .init = -1, .builder = -1, .program = -1,
		.leader = -1, .slot = -1, .kept = -1, .network = -1, .owner = -1, .control_peer = -1, .report = { -1, -1 },
		.life = { -1, -1 }, .tree = { -1, { -1, -1, -1, -1 } } };
	verify_init(&session->verify);
}

/*
 * From "it has begun" on, the watchers end this process when the session ends; before it, they leave it to refuse. So
 * it does not go on until it knows that they heard: one that is killed just now may not have.
 */
static int begin(struct session *session, struct error *err)
{
	struct pollfd control = { .fd = session->control, .events = POLLIN };
	char message = WATCH_BEGIN;
	struct stat info;

	if (fstat(session->control, &info) < 0 || send(session->control, &message, 1, MSG_NOSIGNAL) != 1 ||
		poll(&control, 1, session->deadline_ms) != 1 ||
		recv(session->control, &message, 1, MSG_DONTWAIT) != 1 || message != WATCH_BEGUN)
		return fail(err, 0, session->plan->name, "the watcher died while the session was built");
	session->control_inode = info.st_ino;
	return 0;
}

int session_open(struct session *session, const struct plan *plan, int state, const char *helpers,
	int deadline_ms, struct error *err)
{
	int result;

	session->plan = plan;
	session->helpers = helpers;
	session->deadline_ms = deadline_ms;
	session->state = state;
	session->has_slot = !has_slots(plan);
	result = write_state(session, err);
	if (result == 0)
		result = session_run(session, PHASE_HOST, PLACE_LEADER, err);
	if (result == 0)
		result = build(session, err);
	if (result == 0)
		result = session_run(session, PHASE_JOIN, PLACE_LEADER, err);
	if (result == 0)
		result = session_run(session, PHASE_SEAL, PLACE_LEADER, err);
	if (result == 0)
		result = session_run(session, PHASE_VERIFY, PLACE_LEADER, err);
	if (result == 0)
		result = begin(session, err);
	if (result < 0) {
		undo_steps(session);
		if (session->watched)
			session_close(session, CLOSE_MS);
		else if (session->builder >= 0)
			sweep(session);
		else
			state_discard(&plan->state_root, plan->name, &session->state);
		session_forget(session);
		return -1;
	}
	close_setup_fds(session);
	session->plan = NULL;
	return 0;
}

void session_close(struct session *session, int timeout_ms)
{
	long end = clock_ms() + timeout_ms;
	char message = WATCH_CLOSE;
	struct stat info;

	/* a host application may have closed our fd and opened another under its number */
	if (session->control < 0 || fstat(session->control, &info) < 0 || !S_ISSOCK(info.st_mode) ||
		(session->control_inode && info.st_ino != session->control_inode)) {
		session->control = -1;
		return;
	}
	if (send(session->control, &message, 1, MSG_NOSIGNAL) == 1) {
		struct pollfd poll_fd = { .fd = session->control, .events = POLLIN };
		long left;

		while ((left = end - clock_ms()) > 0 && poll(&poll_fd, 1, (int)left) != 0) {
			ssize_t got = recv(session->control, &message, 1, MSG_DONTWAIT);

			if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR) || (got == 1 && message == WATCH_GONE))
				break;
		}
	}
	own_close_fd(&session->control);
}

void session_forget(struct session *session)
{
	close_setup_fds(session);
	own_close_fd(&session->control);
}
