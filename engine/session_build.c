/*
 * The builder: forked off the session process, it makes the control group and clones PID 1, and
 * then becomes the watcher. It is nobody's child, holds what it needs and nothing else, and runs on a copy of the
 * host application's memory until its exec: system calls and plain memory only.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "init.h"
#include "kernel.h"
#include "namespaces.h"
#include "own.h"
#include "path.h"
#include "pasta.h"
#include "session_steps.h"
#include "state.h"

enum { STACK_SIZE = 512 * 1024, FDS_ABOVE = 20, KEPT_MOST = 16 };
enum { ALARM_LATER = 500 /* ms: the session process comes first, with a message */ };

_Noreturn void session_report(const struct session *session, const struct error *err)
{
	const char *const sweep[] = { "contained-init", "--sweep", session->plan->name, session->plan->state_root.path,
		NULL };
	struct pollfd leader = { .fd = session->leader, .events = POLLIN };
	char buf[sizeof *err + 1];

	buf[0] = REPORT_ERROR;
	memcpy(buf + 1, err, sizeof *err);
	/* one message, whole; unread when the session process is dead */
	(void)send(session->report[1], buf, sizeof buf, MSG_NOSIGNAL);
	/* then nobody else is left to clear up; the exec gives back the lock. PID 1 has no such fd, nor the means. */
	if (session->leader >= 0 && poll(&leader, 1, 0) > 0)
		session_exec(session->program, sweep);
	_exit(1);
}

void session_exec(int program, const char *const argv[])
{
	static char *const no_environment[] = { NULL };

	(void)syscall(SYS_execveat, program, "", argv, no_environment, AT_EMPTY_PATH);
}

static int open_null(struct error *err)
{
	own_fd int first = open("/dev/null", O_RDWR | O_CLOEXEC);
	/* above 2 in any case: a host application may have closed its standard fds */
	int fd = first < 0 ? -1 : fcntl(first, F_DUPFD_CLOEXEC, FDS_ABOVE);
	struct stat info;

	if (fd < 0 || fstat(fd, &info) < 0 || !S_ISCHR(info.st_mode) || info.st_rdev != makedev(1, 3)) {
		fail(err, errno, "/dev/null", "is not the null device");
		own_close_fd(&fd);
	}
	return fd;
}

int session_keep_fds(int *const *fds, size_t count, struct error *err)
{
	int null = open_null(err); /* closed with all the others */
	int kept[KEPT_MOST];
	size_t kept_count = 0;
	unsigned next = 3;

	if (null < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		int high = *fds[i] < 0 ? -1 : fcntl(*fds[i], F_DUPFD_CLOEXEC, FDS_ABOVE);
		size_t at = kept_count;

		if (*fds[i] >= 0 && high < 0)
			return fail(err, errno, "file descriptors", "cannot be moved");
		*fds[i] = high;
		if (high < 0)
			continue;
		for (; at > 0 && kept[at - 1] > high; at--)
			kept[at] = kept[at - 1];
		kept[at] = high;
		kept_count++;
	}
	for (int fd = 0; fd < 3; fd++)
		if (dup2(null, fd) < 0)
			return fail(err, errno, "/dev/null", "cannot be put at %d", fd);
	for (size_t i = 0; i < kept_count; next = (unsigned)kept[i++] + 1)
		if ((unsigned)kept[i] > next && k_close_range(next, (unsigned)kept[i] - 1) < 0)
			return fail(err, errno, "file descriptors", "cannot be closed");
	if (k_close_range(next, ~0u) < 0)
		return fail(err, errno, "file descriptors", "cannot be closed");
	return 0;
}

/* The time for the whole set-up, should the session process not be there any more to keep it. */
static void set_alarm(int milliseconds)
{
	struct itimerval timer = { .it_value = { milliseconds / 1000, milliseconds % 1000 * 1000 } };
	struct sigaction action = { .sa_handler = SIG_DFL };
	sigset_t alarm;

	(void)sigemptyset(&alarm);
	(void)sigaddset(&alarm, SIGALRM);
	(void)sigaction(SIGALRM, &action, NULL);
	(void)sigprocmask(SIG_UNBLOCK, &alarm, NULL);
	(void)setitimer(ITIMER_REAL, &timer, NULL);
}

/* Nobody below root has a say in this process: su's real uid, for one, is the caller's (RULES.md). */
static int become_roots(const struct plan *plan, struct error *err)
{
	if (plan->privileged && (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0))
		return fail(err, errno, "root", "cannot become");
	(void)setsid(); /* fails only for a group leader, which a fresh fork is not */
	(void)umask(0); /* the modes of the plan are meant */
	/* without privilege it is the user's own memory, and undumpable its maps could not be written (proc(5)) */
	if (plan->privileged && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return fail(err, errno, "root", "cannot hide from ptrace");
	return 0;
}

static _Noreturn void run_builder(struct session *session)
{
	int *const kept[] = { &session->leader, &session->control_peer, &session->state, &session->report[1],
		&session->life[0], &session->life[1], &session->program };
	struct error err = { 0 };

	if (!session->plan->slots)
		set_alarm(session->deadline_ms + ALARM_LATER);
	if (become_roots(session->plan, &err) == 0 && session_keep_fds(kept, ARRAY_SIZE(kept), &err) == 0 &&
		session_run(session, PHASE_HOST, PLACE_BUILDER, &err) == 0 &&
		session_run(session, PHASE_ENTER, PLACE_BUILDER, &err) == 0)
		(void)session_become_watcher(session, &err);
	session_report(session, &err);
}

/* Shares the memory and the fds of the session process for the moment that a fork takes. */
static int spawn_middle(void *argument)
{
	struct session *session = argument;
	/* raw: glibc's fork() would run handlers of the host application here */
	long pid = syscall(SYS_clone, CLONE_PIDFD | SIGCHLD, NULL, &session->builder, NULL, NULL);

	if (pid == 0)
		run_builder(session);
	_exit(pid < 0 ? errno : 0);
}

int session_spawn_builder(struct session *session, struct error *err)
{
	sigset_t all, before;
	char *stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);
	int status = 0;
	pid_t pid;

	if (stack == MAP_FAILED)
		return fail(err, errno, "builder", "no memory for its stack");
	(void)sigfillset(&all);
	/* no handler of the host application may run in the child that shares its memory */
	(void)sigprocmask(SIG_SETMASK, &all, &before);
	/* no exit signal: the host application gets no SIGCHLD for a child it does not know */
	pid = clone(spawn_middle, stack + STACK_SIZE, CLONE_VM | CLONE_VFORK | CLONE_FILES, session);
	if (pid < 0)
		fail(err, errno, "builder", "cannot fork");
	while (pid > 0 && waitpid(pid, &status, __WCLONE) < 0 && errno == EINTR)
		;
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	(void)munmap(stack, STACK_SIZE);
	if (pid < 0)
		return -1;
	if (status != 0)
		return fail(err, WIFEXITED(status) ? WEXITSTATUS(status) : 0, "builder", "cannot fork");
	return 0;
}

/*
 * In this process, not in the session process: su's belongs to its caller, who could stop eight of them in the middle
 * and keep everybody out.
 */
int step_slot(struct session *session, struct error *err)
{
	const char message = CONTROL_SLOT;
	struct pollfd leader = { .fd = session->leader, .events = POLLIN };

	session->slot = state_take_slot(session->plan->slots, session->plan->slot_wait, err);
	if (session->slot < 0)
		return -1;
	if (poll(&leader, 1, 0) != 0 || send(session->control_peer, &message, 1, MSG_NOSIGNAL) != 1)
		return fail(err, 0, session->plan->name, "the session process is gone");
	set_alarm(session->deadline_ms + ALARM_LATER);
	return 0;
}

int step_kept(struct session *session, struct error *err)
{
	const struct plan *plan = session->plan;
	own_fd int host = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	own_fd int directory = -1;
	own_fd int lock = -1;

	if (path_is_owned(host, plan->kept, plan->state_root.owner, err) < 0)
		return -1;
	directory = path_open(host, plan->kept, PATH_CREATE_DIR, 0700, err);
	if (directory < 0)
		return -1;
	lock = openat(directory, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (lock < 0)
		return fail(err, errno, plan->kept, "cannot be locked");
	if (flock(lock, LOCK_EX | LOCK_NB) < 0) {
		fail(err, errno, plan->kept, "another session writes there");
		return error_hint(err, "one at a time: end that, or use root_mode = overlay-ephemeral");
	}
	session->kept = fcntl(lock, F_DUPFD_CLOEXEC, FDS_ABOVE);
	return session->kept < 0 ? fail(err, errno, "file descriptors", "cannot be moved") : 0;
}

int step_cgroup(struct session *session, struct error *err)
{
	/* the session process keeps the whole deadline: it must not end first, without knowing what hangs */
	const struct cgroup_maker maker = { .helpers = session->helpers, .leader = namespaces_pid(session->leader),
		.builder = getpid(), .timeout_ms = session->deadline_ms / 10 * 9 };

	return cgroup_create(&session->plan->cgroup, &maker, err);
}

static void send_init(const struct session *session)
{
	char byte = CONTROL_INIT;
	struct iovec part = { &byte, 1 };
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { { 0 } };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.space,
		.msg_controllen = sizeof control.space };
	struct cmsghdr *attached = CMSG_FIRSTHDR(&message);

	attached->cmsg_level = SOL_SOCKET;
	attached->cmsg_type = SCM_RIGHTS;
	attached->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(attached), &session->init, sizeof(int));
	/* fails when the session process is gone: the watcher finds that out, too, and takes everything down */
	(void)sendmsg(session->control_peer, &message, MSG_NOSIGNAL);
}

int step_netns(struct session *session, struct error *err)
{
	return pasta_make_network(&session->network, &session->owner, err);
}

/*
 * PID 1 is cloned with all namespaces but the cgroup one, whose root is decided by where PID 1 is by then, a user
 * namespace that comes last, and a network that is there already.
 */
int step_namespaces(struct session *session, struct error *err)
{
	int pidfd = -1;
	const struct plan *plan = session->plan;
	uint64_t later = CLONE_NEWCGROUP | (plan->userns == USERNS_LAST ? CLONE_NEWUSER : 0) |
		(session->network >= 0 ? CLONE_NEWNET : 0);
	struct clone_args args = {
		.flags = (plan->namespaces & ~later) | CLONE_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)&pidfd,
		.exit_signal = SIGCHLD,
	};
	long pid = syscall(SYS_clone3, &args, sizeof args);

	if (pid == 0)
		session_become_init(session);
	if (pid < 0) {
		char names[96];

		if (plan->userns == USERNS_FIRST)
			return namespaces_fail_user(err, errno);
		fail(err, errno, namespaces_names(plan->namespaces, names, sizeof names),
			"cannot make the namespaces");
		if (errno == ENOSPC)
			error_hint(err, "the limits in /proc/sys/user are reached");
		else if (errno == EPERM)
			error_hint(err, "is this host itself a container that may not make namespaces?");
		return -1;
	}
	/* out of the way of the low numbers that the watcher's fds get */
	session->init = fcntl(pidfd, F_DUPFD_CLOEXEC, FDS_ABOVE);
	own_close_fd(&pidfd);
	if (session->init < 0)
		return fail(err, errno, "file descriptors", "cannot be moved");
	send_init(session);
	return 0;
}

int step_pasta(struct session *session, struct error *err)
{
	const struct plan *plan = session->plan;
	int result = 0;

	if (plan->userns == USERNS_FIRST)
		result = pasta_find_network(session->init, &session->network, err);
	if (result == 0)
		result = pasta_run(&(struct pasta_start){ .program = plan->pasta,
			.forward_dns = plan->pasta_dns, .init = session->init, .network = session->network,
			.owner = session->owner, .cgroup = &plan->cgroup }, err);
	own_close_fd(&session->network);
	own_close_fd(&session->owner);
	return result;
}

int session_become_watcher(struct session *session, struct error *err)
{
	/* of the session's control group: PID 1, where it is in there, and pasta */
	const unsigned own = (session->plan->cgroup.keeper[0] ? 0 : session->plan->cgroup.whole ? 3 : 1) +
		(session->plan->pasta ? 1 : 0);
	const char digit[] = { (char)('0' + own), '\0' };
	const char *const argv[] = { "contained-init", "--watch", digit, NULL };
	const int places[][2] = { { session->init, WATCH_INIT }, { session->leader, WATCH_LEADER },
		{ session->control_peer, WATCH_CONTROL }, { session->state, WATCH_STATE },
		{ session->life[1], WATCH_LIFE } };
	struct itimerval no_timer = { { 0, 0 }, { 0, 0 } };

	if (session->kept >= 0 && dup2(session->kept, WATCH_KEPT) < 0)
		return fail(err, errno, "watcher", "cannot place its file descriptors");
	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if (dup2(places[i][0], places[i][1]) < 0)
			return fail(err, errno, "watcher", "cannot place its file descriptors");
	if (chdir("/") < 0)
		return fail(err, errno, "/", "cannot enter");
	(void)setitimer(ITIMER_REAL, &no_timer, NULL); /* a timer survives the exec */
	session_exec(session->program, argv);
	return fail(err, errno, "contained-init", "cannot be executed");
}
