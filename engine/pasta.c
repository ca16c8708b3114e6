#include "pasta.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kernel.h"
#include "namespaces.h"
#include "own.h"
#include "text.h"

/*
 * The uid and gid of nobody at all: reserved by Debian's policy and systemd, and within the ids of a container of
 * 65536. Not 65534, as which daemons run that would own the namespaces then, and could trace pasta.
 */
enum { UNUSED_ID = 65533 };

/* Where pasta's process finds its fds; it closes those above 2 itself. */
enum { PLACE_NETWORK = 0, PLACE_OWNER = 1, PLACE_REPORT = 2, PLACE_INIT = 3 };

/*
 * Those that 0.0~git20230309 of Debian 12 and later ones know. It is not to watch the path of the namespace: that
 * names a fd, and its end is PID 1's business.
 */
#define ARGUMENTS                                                                                        \
	"pasta", "--quiet", "--config-net", "--no-netns-quit", "--no-map-gw", "-t", "none", "-u", "none", "-T",  \
		"none", "-U", "none", "--no-dhcp", "--no-dhcpv6", "--no-ra", "--netns-only", "--netns",          \
		"/proc/self/fd/0"

const char *const *pasta_arguments(bool forward_dns)
{
	static const char *const plain[] = { ARGUMENTS, NULL };
	/* not without need: what the resolver itself answers would seem to come from there, too (2023's udp.c) */
	static const char *const forwarding[] = { ARGUMENTS, "--dns-forward", PASTA_DNS, NULL };

	return forward_dns ? forwarding : plain;
}

/* No exit signal: the end of it is not told, and not lost where the host application ignores SIGCHLD. */
static pid_t fork_quietly(int *pidfd)
{
	return (pid_t)syscall(SYS_clone, pidfd ? CLONE_PIDFD : 0, NULL, pidfd, NULL, NULL);
}

static int wait_quietly(pid_t pid)
{
	int status = -1;

	while (waitpid(pid, &status, __WALL) < 0 && errno == EINTR)
		continue;
	return status;
}

static int take_unused_id(void)
{
	if (setgroups(0, NULL) < 0 || setresgid(UNUSED_ID, UNUSED_ID, UNUSED_ID) < 0)
		return -1;
	return setresuid(UNUSED_ID, UNUSED_ID, UNUSED_ID);
}

/* The one in whose name the namespace is made owns it (user_namespaces(7)): nobody who is anybody. */
static int unshare_as_unused(void)
{
	/* some hosts let only those make one who have the capability (apparmor_restrict_unprivileged_userns) */
	(void)prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0);
	return take_unused_id() < 0 || unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0 ? errno : 0;
}

static _Noreturn void run_owner(int report)
{
	int num = unshare_as_unused();
	char byte;

	(void)send(report, &num, sizeof num, MSG_NOSIGNAL);
	(void)!recv(report, &byte, 1, 0); /* end-of-file: the namespaces have been opened, or the builder died */
	_exit(0);
}

static int open_namespace(pid_t pid, const char *name, int *fd, struct error *err)
{
	char path[48];

	(void)text_format(path, sizeof path, "/proc/%d/ns/%s", pid, name);
	*fd = open(path, O_RDONLY | O_CLOEXEC);
	return *fd < 0 ? fail(err, errno, path, "cannot open") : 0;
}

int pasta_make_network(int *network, int *owner, struct error *err)
{
	const struct id_maps unused = { .extents = { { UNUSED_ID, UNUSED_ID, 1 } }, .count = 1 };
	own_fd int pidfd = -1;
	own_fd int net = -1;
	own_fd int user = -1;
	int pair[2], num = 0, result;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return fail(err, errno, "network", "cannot make a socket");
	pid = fork_quietly(&pidfd);
	if (pid == 0) {
		own_close_fd(&pair[0]);
		run_owner(pair[1]);
	}
	own_close_fd(&pair[1]);
	if (pid < 0)
		result = fail(err, errno, "network", "cannot fork");
	else if (recv(pair[0], &num, sizeof num, 0) != (ssize_t)sizeof num)
		result = fail(err, 0, "network", "the process that makes its namespace died");
	else if (num)
		result = namespaces_fail_user(err, num);
	else if ((result = namespaces_write_maps(pidfd, &unused, &unused, false, err)) == 0 &&
		 (result = open_namespace(pid, "net", &net, err)) == 0)
		result = open_namespace(pid, "user", &user, err);
	own_close_fd(&pair[0]);
	if (pid > 0)
		(void)wait_quietly(pid);
	if (result < 0)
		return -1;
	*network = take_fd(&net);
	*owner = take_fd(&user);
	return 0;
}

int pasta_find_network(int init, int *network, struct error *err)
{
	const struct timespec pause = { 0, 1000000 };
	const pid_t pid = namespaces_pid(init);
	char path[48], byte;

	(void)text_format(path, sizeof path, "/proc/%d/gid_map", pid);
	for (;;) {
		struct pollfd end = { .fd = init, .events = POLLIN };
		own_fd int fd = open(path, O_RDONLY | O_CLOEXEC);

		if (pid <= 0 || poll(&end, 1, 0) != 0)
			return fail(err, ESRCH, "network", "PID 1 died");
		/* the last that is written; the builder's alarm ends the wait */
		if (fd >= 0 && read(fd, &byte, 1) == 1)
			return open_namespace(pid, "net", network, err);
		(void)nanosleep(&pause, NULL);
	}
}

/* Whatever the host application made of them: pasta lives by SIGTERM and waits for nobody's SIGCHLD. */
static void reset_signals(void)
{
	const struct sigaction standard = { .sa_handler = SIG_DFL };
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		(void)sigaction(number, &standard, NULL); /* SIGKILL, SIGSTOP and libc's own refuse, rightly */
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* By exec an ordinary user loses what the user namespace gave, but for what is ambient (capabilities(7)). */
static int keep_capabilities(void)
{
	static const int kept[] = { CAP_SYS_ADMIN /* setns, its own empty root */, CAP_NET_ADMIN /* the interface */ };
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = { { 0 } };

	for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
		sets[0].effective |= 1u << kept[i];
	sets[0].permitted = sets[0].inheritable = sets[0].effective;
	if (syscall(SYS_capset, &header, sets) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, kept[i], 0, 0) < 0)
			return -1;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

static int become_owner(void)
{
	return take_unused_id() < 0 ? -1 : setns(PLACE_OWNER, CLONE_NEWUSER);
}

/* To whoever waits for the reason, as text: pasta tells its own in the same place. */
static _Noreturn void die(const struct error *err)
{
	char text[512];

	error_format(err, text, sizeof text);
	(void)!write(PLACE_REPORT, text, strlen(text));
	_exit(127);
}

/* In the session's pid namespace. What is left of the caller's memory in here ends with the exec. */
static _Noreturn void run_program(const struct pasta_start *start)
{
	char *const environment[] = { NULL };
	struct error err;

	if (setsid() < 0 || chdir("/") < 0 || (start->owner >= 0 && become_owner() < 0) || keep_capabilities() < 0 ||
		dup2(PLACE_REPORT, PLACE_OWNER) < 0 || k_close_range(PLACE_INIT, ~0u) < 0)
		fail(&err, errno, "pasta", "cannot be prepared");
	else {
		reset_signals();
		(void)execve(start->program, (char *const *)(uintptr_t)pasta_arguments(start->forward_dns),
			environment);
		fail(&err, errno, start->program, "cannot be executed");
	}
	die(&err);
}

/* Its fds are all above the standard ones, which are the null device in here. */
static int place_fds(const struct pasta_start *start, int report)
{
	if (dup2(start->network, PLACE_NETWORK) < 0 || (start->owner >= 0 && dup2(start->owner, PLACE_OWNER) < 0) ||
		dup2(report, PLACE_REPORT) < 0)
		return -1;
	/* the last, for its place may be another's until now */
	if (start->init != PLACE_INIT && dup2(start->init, PLACE_INIT) < 0)
		return -1;
	return k_close_range(PLACE_INIT + 1, ~0u);
}

/* A process between: the pid namespace one joins is one's children's (setns(2)), and the builder has others. */
static _Noreturn void run_between(const struct pasta_start *start, int report)
{
	const int joined = CLONE_NEWPID | (start->owner < 0 ? CLONE_NEWUSER : 0);
	struct error err;
	int status;
	pid_t pid;

	reset_signals();
	if (start->cgroup->dir_count && cgroup_join(start->cgroup, &err) < 0) {
		(void)dup2(report, PLACE_REPORT);
		die(&err);
	}
	if (place_fds(start, report) < 0 || setns(PLACE_INIT, joined) < 0) {
		fail(&err, errno, "pasta", "cannot join the session");
		die(&err);
	}
	pid = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
	if (pid == 0)
		run_program(start);
	status = pid < 0 ? -1 : wait_quietly(pid);
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 126);
}

/* The last line that was said, in place of the newline that ends it a NUL. */
static const char *last_line(char *text)
{
	char *end = text + strlen(text), *line;

	while (end > text && end[-1] == '\n')
		*--end = '\0';
	line = strrchr(text, '\n');
	return line ? line + 1 : text;
}

int pasta_run(const struct pasta_start *start, struct error *err)
{
	char text[1024];
	ssize_t got;
	int report[2], status;
	pid_t pid;

	if (pipe2(report, O_CLOEXEC | O_NONBLOCK) < 0)
		return fail(err, errno, "pasta", "cannot make a pipe");
	pid = fork_quietly(NULL);
	if (pid == 0)
		run_between(start, report[1]);
	own_close_fd(&report[1]);
	/* it goes into the background when all is up: a child of PID 1 is left, and this one ends */
	status = pid < 0 ? -1 : wait_quietly(pid);
	got = read(report[0], text, sizeof text - 1); /* what there is: those in the background may hold the other end */
	text[got > 0 ? got : 0] = '\0';
	own_close_fd(&report[0]);
	if (pid < 0)
		return fail(err, errno, "pasta", "cannot fork");
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	fail(err, 0, "pasta", "does not run: %.200s", last_line(text));
	return error_hint(err, "does this host have a default route? else choose another network");
}
