#include "verify.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "own.h"
#include "text.h"

void verify_init(struct verify *verify)
{
	verify->status = verify->cgroup = verify->uids = verify->gids = verify->setgroups = -1;
	for (size_t i = 0; i < NAMESPACE_LINKS; i++)
		verify->links[i] = -1;
	for (size_t i = 0; i < CGROUP_WRITES; i++)
		verify->limits[i] = -1;
}

void verify_close(struct verify *verify)
{
	own_close_fd(&verify->status);
	own_close_fd(&verify->cgroup);
	own_close_fd(&verify->uids);
	own_close_fd(&verify->gids);
	own_close_fd(&verify->setgroups);
	for (size_t i = 0; i < NAMESPACE_LINKS; i++)
		own_close_fd(&verify->links[i]);
	for (size_t i = 0; i < CGROUP_WRITES; i++)
		own_close_fd(&verify->limits[i]);
}

/* A small file of procfs, from its start; terminated. The length, or -1. */
static ssize_t read_fd(int fd, char *buf, size_t size)
{
	size_t used = 0;

	while (used + 1 < size) {
		ssize_t got = pread(fd, buf + used, size - 1 - used, (off_t)used);

		if (got < 0)
			return -1;
		if (got == 0)
			break;
		used += (size_t)got;
	}
	buf[used] = '\0';
	return (ssize_t)used;
}

static int read_link(int dir, const char *path, char *buf, size_t size)
{
	ssize_t length = readlinkat(dir, path, buf, size - 1);

	if (length < 0)
		return -1;
	buf[length] = '\0';
	return 0;
}

static int open_links(struct verify *verify, const struct plan *plan, int init_pidfd, struct error *err)
{
	pid_t init = namespaces_pid(init_pidfd);

	if (init <= 0)
		return fail(err, 0, plan->name, "PID 1 of the session died");
	for (size_t i = 0; i < NAMESPACE_LINKS; i++) {
		const struct namespace_link *link = &namespace_links[i];
		char path[64];

		(void)text_format(path, sizeof path, "/proc/self/ns/%s", link->joined);
		verify->links[i] = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		if (verify->links[i] < 0)
			return fail(err, errno, path, "cannot open");
		if (plan->namespaces & link->flag)
			(void)text_format(path, sizeof path, "/proc/%d/ns/%s", init, link->init);
		if (read_link(AT_FDCWD, path, verify->expected[i], sizeof verify->expected[i]) < 0)
			return fail(err, errno, path, "cannot read");
	}
	return 0;
}

/* As PID 1 has them: opened from outside they tell of the ids outside. */
static int open_maps(struct verify *verify, const struct plan *plan, int init_pidfd, struct error *err)
{
	static const char *const files[] = { "uid_map", "gid_map", "setgroups" };
	int *const fds[] = { &verify->uids, &verify->gids, &verify->setgroups };
	char path[48];

	for (size_t i = 0; plan->userns != USERNS_NONE && i < ARRAY_SIZE(files); i++) {
		(void)text_format(path, sizeof path, "/proc/%d/%s", namespaces_pid(init_pidfd), files[i]);
		*fds[i] = open(path, O_RDONLY | O_CLOEXEC);
		if (*fds[i] < 0)
			return fail(err, errno, path, "cannot open");
	}
	return 0;
}

int verify_open(struct verify *verify, const struct plan *plan, int init_pidfd, struct error *err)
{
	if (open_links(verify, plan, init_pidfd, err) < 0 || open_maps(verify, plan, init_pidfd, err) < 0)
		return -1;
	verify->status = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	verify->cgroup = open("/proc/self/cgroup", O_RDONLY | O_CLOEXEC);
	if (verify->status < 0 || verify->cgroup < 0)
		return fail(err, errno, "/proc/self", "cannot open");
	return plan->cgroup.dir_count ? cgroup_open_readback(&plan->cgroup, verify->limits, err) : 0;
}

static int compare_links(const struct verify *verify, struct error *err)
{
	for (size_t i = 0; i < NAMESPACE_LINKS; i++) {
		char text[40];

		if (read_link(verify->links[i], "", text, sizeof text) < 0)
			return fail(err, errno, namespace_links[i].name, "cannot read the namespace back");
		if (strcmp(text, verify->expected[i]) != 0)
			return fail(err, 0, namespace_links[i].name, "the namespace is %s, the plan's is %s", text,
				verify->expected[i]);
	}
	return 0;
}

static int compare_map(int fd, const char *file, const struct id_maps *wanted, struct error *err)
{
	char text[1024];

	if (read_fd(fd, text, sizeof text) < 0)
		return fail(err, errno, file, "cannot be read back");
	return namespaces_compare_map(text, file, wanted, err);
}

static int compare_maps(const struct verify *verify, const struct plan *plan, struct error *err)
{
	char text[16];

	if (plan->userns == USERNS_NONE)
		return 0;
	if (compare_map(verify->uids, "uid_map", &plan->uids, err) < 0 ||
		compare_map(verify->gids, "gid_map", &plan->gids, err) < 0)
		return -1;
	if (!plan->deny_setgroups)
		return 0;
	if (read_fd(verify->setgroups, text, sizeof text) < 0)
		return fail(err, errno, "setgroups", "cannot be read back");
	return strcmp(text, "deny\n") == 0 ? 0 : fail(err, 0, "setgroups", "is not denied in the user namespace");
}

/* In the session's cgroup namespace each of its groups reads as "/". */
static int compare_membership(const struct verify *verify, const struct plan *plan, struct error *err)
{
	char text[4096];

	if (read_fd(verify->cgroup, text, sizeof text) < 0)
		return fail(err, errno, "/proc/self/cgroup", "cannot be read back");
	for (size_t i = 0; i < plan->cgroup.dir_count; i++) {
		const struct cgroup_dir *dir = &plan->cgroup.dirs[i];
		bool v2 = plan->cgroup.layout != CGROUP_V1, found = false;
		char wanted[160];

		(void)text_format(wanted, sizeof wanted, v2 ? "::/" : ":%s:/", dir->controllers);
		for (const char *line = text; *line && !found; line += strcspn(line, "\n"), line += *line == '\n') {
			size_t length = strcspn(line, "\n");
			const char *colon = memchr(line, ':', length);

			found = colon && (size_t)(line + length - colon) == strlen(wanted) &&
				memcmp(colon, wanted, strlen(wanted)) == 0;
		}
		if (!found)
			return fail(err, 0, dir->path, "the process is not in this control group");
	}
	return 0;
}

/* "Seccomp:\t2" and the like. */
static int compare_status_number(const char *status, const char *key, int wanted, struct error *err)
{
	const char *line = strstr(status, key);

	if (!line || strtol(line + strlen(key), NULL, 10) != wanted)
		return fail(err, 0, key + 1, "is not %d in /proc/self/status", wanted);
	return 0;
}

static int compare_status(const struct verify *verify, const struct plan *plan, struct error *err)
{
	char text[8192];

	if (read_fd(verify->status, text, sizeof text) < 0)
		return fail(err, errno, "/proc/self/status", "cannot be read back");
	if (caps_compare(&plan->caps, text, err) < 0)
		return -1;
	if (plan->no_new_privs && compare_status_number(text, "\nNoNewPrivs:\t", 1, err) < 0)
		return -1;
	return plan->seccomp->filter ? compare_status_number(text, "\nSeccomp:\t", 2, err) : 0;
}

/* The whole text of an open file, owned; NULL with errno. */
static char *read_all(int fd, size_t most)
{
	own_text char *text = NULL;
	size_t size = 0;

	for (;;) {
		char *larger = realloc(text, (size = size ? size * 2 : 16384));
		ssize_t got;

		if (!larger)
			return NULL;
		text = larger;
		got = read_fd(fd, text, size);
		if (got < 0)
			return NULL;
		if ((size_t)got + 1 < size)
			return take_pointer(text);
		if (size > most) {
			errno = EFBIG;
			return NULL;
		}
	}
}

static int compare_mounts(const struct plan *plan, struct error *err)
{
	enum { MOUNTINFO_MOST = 8 << 20, PROC_MAGIC = 0x9fa0 };
	own_text char *text = NULL;
	/* PID 1's: the session process has no entry of its own in this procfs. By its plain path: /proc is ours, and
	 * the filter that is loaded by now refuses openat2 */
	own_fd int fd = open("/proc/1/mountinfo", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	struct statfs fs;

	if (fd < 0 || fstatfs(fd, &fs) < 0)
		return fail(err, errno, "/proc/1/mountinfo", "cannot open");
	if (fs.f_type != PROC_MAGIC)
		return fail(err, 0, "/proc", "is not a procfs");
	text = read_all(fd, MOUNTINFO_MOST);
	if (!text)
		return fail(err, errno, "/proc/1/mountinfo", "cannot be read back");
	return mounts_compare(plan->mounts, plan->mount_count, text, err);
}

int verify_compare(const struct verify *verify, const struct plan *plan, struct error *err)
{
	struct utsname names;

	if (compare_links(verify, err) < 0 || compare_maps(verify, plan, err) < 0 || compare_status(verify, plan, err) < 0 ||
		limits_compare(plan->rlimits, plan->rlimit_count, err) < 0 || compare_mounts(plan, err) < 0)
		return -1;
	if (plan->cgroup.dir_count && (compare_membership(verify, plan, err) < 0 ||
					      cgroup_compare(&plan->cgroup, verify->limits, err) < 0))
		return -1;
	if (uname(&names) < 0 || strcmp(names.nodename, plan->name) != 0)
		return fail(err, 0, plan->name, "is not the hostname");
	return 0;
}
