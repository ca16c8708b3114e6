#include "namespaces.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "helper.h"
#include "own.h"
#include "text.h"

const struct namespace_link namespace_links[NAMESPACE_LINKS] = {
	{ CLONE_NEWUSER, "user", "user", "user" },
	{ CLONE_NEWNS, "mnt", "mnt", "mount" },
	{ CLONE_NEWPID, "pid_for_children", "pid", "pid" },
	{ CLONE_NEWIPC, "ipc", "ipc", "ipc" },
	{ CLONE_NEWUTS, "uts", "uts", "uts" },
	{ CLONE_NEWNET, "net", "net", "network" },
	{ CLONE_NEWCGROUP, "cgroup", "cgroup", "cgroup" },
};

const char *namespaces_names(uint64_t flags, char *buf, size_t size)
{
	size_t used = 0;

	if (size)
		buf[0] = '\0';
	for (size_t i = 0; i < NAMESPACE_LINKS && used < size; i++)
		if (flags & namespace_links[i].flag)
			used += (size_t)snprintf(buf + used, size - used, "%s%s", used ? ", " : "",
				namespace_links[i].name);
	return buf;
}

int namespaces_loopback_up(struct error *err)
{
	own_fd int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };

	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) < 0)
		return fail(err, errno, "lo", "cannot bring the loopback interface up");
	return 0;
}

int namespaces_set_hostname(const char *name, struct error *err)
{
	if (sethostname(name, strlen(name)) < 0)
		return fail(err, errno, name, "cannot set the hostname");
	return 0;
}

pid_t namespaces_pid(int pidfd)
{
	char path[48], text[512];
	own_fd int fd = -1;
	const char *line;
	ssize_t got;

	if (text_format(path, sizeof path, "/proc/self/fdinfo/%d", pidfd) < 0)
		return -1;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	got = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
	if (got < 0)
		return -1;
	text[got] = '\0';
	line = strstr(text, "\nPid:\t"); /* pidfd_open(2) */
	return line ? (pid_t)strtol(line + 6, NULL, 10) : -1;
}

static int write_proc(pid_t pid, const char *file, const char *text, struct error *err)
{
	char path[48];
	own_fd int fd = -1;
	size_t length = strlen(text);

	(void)text_format(path, sizeof path, "/proc/%d/%s", pid, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, text, length) != (ssize_t)length)
		return fail(err, errno, path, "cannot write \"%s\"", text);
	return 0;
}

enum { MAP_TEXT = ID_EXTENTS * 36 };

/* "0 10000 2000", a line for each extent. */
static void format_map(const struct id_maps *maps, char buf[MAP_TEXT])
{
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < maps->count; i++) {
		const struct id_map *map = &maps->extents[i];

		used += (size_t)snprintf(buf + used, MAP_TEXT - used, "%s%u %u %u", used ? "\n" : "", map->inside,
			map->outside, map->count);
	}
}

int namespaces_write_maps(int pidfd, const struct id_maps *uids, const struct id_maps *gids, bool deny, struct error *err)
{
	pid_t pid = namespaces_pid(pidfd);
	char text[MAP_TEXT];

	if (pid <= 0)
		return fail(err, ESRCH, "user namespace", "its process died");
	format_map(uids, text);
	if (write_proc(pid, "uid_map", text, err) < 0)
		return -1;
	if (deny && write_proc(pid, "setgroups", "deny", err) < 0)
		return -1;
	format_map(gids, text);
	return write_proc(pid, "gid_map", text, err);
}

static int run_map(const char *program, pid_t pid, const struct id_maps *maps, int timeout_ms, struct error *err)
{
	enum { ARGUMENTS = 2 + 3 * ID_EXTENTS };
	char words[ARGUMENTS][16], out[64];
	const char *argv[ARGUMENTS + 1] = { program };
	size_t count = 1, length;
	int status;

	(void)snprintf(words[count], sizeof words[count], "%d", pid);
	argv[count] = words[count];
	count++;
	for (size_t i = 0; i < maps->count; i++) {
		const uint32_t values[] = { maps->extents[i].inside, maps->extents[i].outside, maps->extents[i].count };

		for (size_t v = 0; v < ARRAY_SIZE(values); v++, count++) {
			(void)snprintf(words[count], sizeof words[count], "%u", values[v]);
			argv[count] = words[count];
		}
	}
	if (helper_run(argv, timeout_ms, out, sizeof out, &length, &status, err) < 0)
		return -1;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	fail(err, 0, program, "did not write the map of the user namespace");
	return error_hint(err, "it has to be setuid root, the ids this user's by newuidmap(1), and the group passwd's own");
}

int namespaces_run_maps(int pidfd, const struct id_maps *uids, const struct id_maps *gids, bool deny,
	const struct id_programs *programs, int timeout_ms, struct error *err)
{
	pid_t pid = namespaces_pid(pidfd);

	if (pid <= 0)
		return fail(err, ESRCH, "user namespace", "its process died");
	if (run_map(programs->uids, pid, uids, timeout_ms, err) < 0)
		return -1;
	/* newgidmap leaves it at that; by itself it denies nothing to who has a range */
	if (deny && write_proc(pid, "setgroups", "deny", err) < 0)
		return -1;
	return run_map(programs->gids, pid, gids, timeout_ms, err);
}

int namespaces_compare_map(const char *text, const char *file, const struct id_maps *wanted, struct error *err)
{
	char shown[MAP_TEXT];

	for (size_t i = 0; i <= wanted->count; i++) {
		const struct id_map *map = &wanted->extents[i];
		struct id_map found;
		int end = 0;

		if (sscanf(text, "%u %u %u%n", &found.inside, &found.outside, &found.count, &end) != 3) {
			if (i == wanted->count)
				return 0;
			break;
		}
		if (i == wanted->count || found.inside != map->inside || found.outside != map->outside ||
			found.count != map->count)
			break;
		text += end;
	}
	format_map(wanted, shown);
	return fail(err, 0, file, "of the session is not the plan's: %.60s", shown);
}

int namespaces_enter_user(struct error *err)
{
	return unshare(CLONE_NEWUSER) == 0 ? 0 : namespaces_fail_user(err, errno);
}

int namespaces_become_root(struct error *err)
{
	/* groups first: the ids are what gives the right */
	if (setgroups(0, NULL) < 0 || setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
		return fail(err, errno, "user namespace", "cannot become its root");
	return 0;
}

int namespaces_try_user(void)
{
	/* raw, as fork(2): the child has a namespace, or there is no child */
	long pid = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL);
	int num = errno;

	if (pid == 0)
		_exit(0);
	if (pid < 0)
		return num;
	while (waitpid((pid_t)pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	return 0;
}

int namespaces_fail_user(struct error *err, int num)
{
	fail(err, num, "user namespace", "cannot be made");
	switch (num) {
	case ENOSPC:
		return error_hint(err, "they are switched off or used up: sysctl user.max_user_namespaces");
	case EPERM:
		return error_hint(err, "in a chroot there is none; else see the sysctls kernel.unprivileged_userns_clone "
				       "and kernel.apparmor_restrict_unprivileged_userns");
	case EINVAL:
	case ENOSYS:
		return error_hint(err, "the kernel was built without CONFIG_USER_NS");
	}
	return -1;
}

int namespaces_enter_cgroup(struct error *err)
{
	if (unshare(CLONE_NEWCGROUP) < 0)
		return fail(err, errno, "cgroup namespace", "cannot make one");
	return 0;
}
