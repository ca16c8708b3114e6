#pragma once
/* probe works: what people do in a session, and must go on working behind the filter. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/utsname.h>

#include "probe.h"

static void works(const char *name, bool good)
{
	int num = errno;

	if (good)
		say(true, name, "%s", "");
	else
		say(false, name, " got %s", errno_name(num));
}

static void work_terminal(void)
{
	struct winsize size;
	struct termios mode;
	int master, queued, on = 0;
	int tty = open_terminal(&master);

	works("terminal", tty >= 0);
	works("tiocgwinsz", ioctl(tty, TIOCGWINSZ, &size) == 0);
	works("fionread", ioctl(tty, FIONREAD, &queued) == 0);
	works("fioasync", ioctl(tty, FIOASYNC, &on) == 0);
	works("tcgetattr", tcgetattr(tty, &mode) == 0);
	if (master >= 0) {
		close(tty);
		close(master);
	}
}

static void work_files(const char *dir)
{
	struct stat st;
	int fd;

	works("chdir", chdir(dir) == 0);
	works("mkdir", mkdir("probe-dir", 0775) == 0);
	works("chmod_2775", chmod("probe-dir", 02775) == 0);
	/* as GNU chmod 755 does: it keeps the bit, and so asks for it */
	works("chmod_02755", chmod("probe-dir", 02755) == 0);
	works("setgid_kept", stat("probe-dir", &st) == 0 && st.st_mode & S_ISGID);
	works("rmdir", rmdir("probe-dir") == 0);
	fd = open("probe-file", O_CREAT | O_RDWR | O_EXCL | O_CLOEXEC, 0640);
	works("create", fd >= 0);
	works("write", write(fd, "x", 1) == 1);
	works("flock", flock(fd, LOCK_EX | LOCK_NB) == 0);
	works("fchmod", fchmod(fd, 0600) == 0);
	works("fchmodat", fchmodat(AT_FDCWD, "probe-file", 01644, 0) == 0);
	works("rename", rename("probe-file", "probe-file2") == 0);
	works("symlink", symlink("probe-file2", "probe-link") == 0);
	works("utimensat", utimensat(AT_FDCWD, "probe-file2", NULL, 0) == 0);
	works("unlink", unlink("probe-file2") == 0 && unlink("probe-link") == 0);
	works("tmpfile",
		close(open(".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600)) == 0 || errno == EOPNOTSUPP);
	if (fd >= 0)
		close(fd);
}

static void *thread_body(void *argument)
{
	*(int *)argument = 7;
	return NULL;
}

static void work_processes(void)
{
	int status = -1, value = 0;
	pthread_t thread;
	pid_t pid = fork();
	int num;

	if (pid == 0) {
		execl("/proc/self/exe", "probe", "true", (char *)NULL);
		_exit(1);
	}
	works("fork_exec", pid > 0 && waitpid(pid, &status, 0) == pid && status == 0);
	pid = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
	if (pid == 0)
		_exit(5);
	works("clone", pid > 0 && waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 5);
	/* glibc asks for clone3 first, and must fall back */
	num = pthread_create(&thread, NULL, thread_body, &value);
	errno = num;
	works("thread", num == 0 && pthread_join(thread, NULL) == 0 && value == 7);
	works("setsid_pgid", getpgid(0) > 0 && getsid(0) >= 0);
	works("kill_self", kill(getpid(), 0) == 0);
	works("nice", setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0)) == 0);
	works("affinity", sched_getaffinity(0, sizeof(cpu_set_t), &(cpu_set_t){ 0 }) == 0);
	works("pidfd_open", close((int)syscall(SYS_pidfd_open, getpid(), 0)) == 0);
}

static void work_descriptors(void)
{
	int pair[2] = { -1, -1 };
	int fd = (int)syscall(SYS_memfd_create, "probe", 1u);
	const struct itimerspec soon = { .it_value.tv_nsec = 1000000 };
	struct pollfd poller;

	works("memfd_create", fd >= 0 && ftruncate(fd, 4096) == 0);
	works("mmap", mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) != MAP_FAILED);
	works("pipe", pipe2(pair, O_CLOEXEC) == 0);
	works("socketpair", socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == 0);
	works("send", send(pair[0], "x", 1, 0) == 1);
	works("eventfd", eventfd(1, EFD_CLOEXEC) >= 0);
	fd = inotify_init1(IN_CLOEXEC);
	works("inotify", fd >= 0 && inotify_add_watch(fd, "/", IN_CREATE) >= 0);
	fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	works("timerfd", fd >= 0 && timerfd_settime(fd, 0, &soon, NULL) == 0);
	poller = (struct pollfd){ .fd = fd, .events = POLLIN };
	works("poll", poll(&poller, 1, 1000) == 1);
}

/* A server and a client of ours within the session's own network. */
static void work_socket(const char *name, const struct sockaddr *address, socklen_t length)
{
	struct sockaddr_storage bound;
	socklen_t size = sizeof bound;
	char step[64];
	int server = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int client = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)snprintf(step, sizeof step, "%s_listen", name);
	works(step, server >= 0 && bind(server, address, length) == 0 && listen(server, 1) == 0 &&
			    getsockname(server, (struct sockaddr *)&bound, &size) == 0);
	(void)snprintf(step, sizeof step, "%s_connect", name);
	works(step, connect(client, (struct sockaddr *)&bound, size) == 0);
	if (server >= 0)
		close(server);
	if (client >= 0)
		close(client);
}

static void work_network(void)
{
	const struct sockaddr_in inet = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	/* only the family: the kernel picks an abstract name (unix(7), autobind) */
	const struct sockaddr_un local = { .sun_family = AF_UNIX };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0);

	work_socket("inet", (const struct sockaddr *)&inet, sizeof inet);
	work_socket("unix", (const struct sockaddr *)&local, sizeof(sa_family_t));
	works("netlink_route", fd >= 0);
	if (fd >= 0)
		close(fd);
}

static void work_rest(void)
{
	struct rlimit limit;
	struct utsname name;
	struct stat st;

	works("uname", uname(&name) == 0);
	works("personality_query", syscall(SYS_personality, 0xffffffff) >= 0);
	works("getrandom", syscall(SYS_getrandom, &st, sizeof st, 0) > 0);
	works("dev_null", close(open("/dev/null", O_RDWR | O_CLOEXEC)) == 0);
	works("proc_self", stat("/proc/self/status", &st) == 0);
	works("prlimit_read", prlimit(0, RLIMIT_NOFILE, NULL, &limit) == 0);
	limit.rlim_cur = limit.rlim_max = limit.rlim_max - 1;
	works("prlimit_lower", prlimit(0, RLIMIT_NOFILE, &limit, NULL) == 0);
}

static int work(const char *dir)
{
	work_terminal();
	work_files(dir);
	work_processes();
	work_descriptors();
	work_network();
	work_rest();
	return failures != 0;
}
