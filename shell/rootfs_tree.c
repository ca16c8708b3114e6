#include "rootfs_tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/kernel.h"
#include "engine/own.h"
#include "engine/text.h"

enum { DEPTH_MAX = 64, AT_ONCE = 1 << 20 };

static volatile sig_atomic_t interrupted;

static void interrupt(int number)
{
	(void)number;
	interrupted = 1;
}

void rootfs_watch_signals(void)
{
	/* no SA_RESTART: a wait for a program ends, too */
	const struct sigaction action = { .sa_handler = interrupt };
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		(void)sigaction(numbers[i], &action, NULL);
}

bool rootfs_is_interrupted(void)
{
	return interrupted;
}

static int check_interrupt(const char *path, struct error *err)
{
	return interrupted ? fail(err, EINTR, path, "was not finished") : 0;
}

static int check_parent(const char *path, int parent, struct error *err)
{
	struct stat info;

	if (fstat(parent, &info) < 0)
		return fail(err, errno, path, "cannot look at the directory it is in");
	if ((info.st_uid == 0 || info.st_uid == geteuid()) && !(info.st_mode & S_IWOTH) &&
		(!(info.st_mode & S_IWGRP) || info.st_uid == geteuid()))
		return 0;
	fail(err, 0, path, "is in a directory that others may write (mode %04o, uid %u)", info.st_mode & 07777, info.st_uid);
	return error_hint(err, "choose a place that is root's or your own, such as /srv");
}

static int check_empty(const char *path, int dir, struct error *err)
{
	int again = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *entries = again < 0 ? NULL : fdopendir(again);
	const struct dirent *entry;
	bool empty = true;

	if (!entries) {
		own_close_fd(&again);
		return fail(err, errno, path, "cannot be read");
	}
	while (empty && (entry = readdir(entries)))
		empty = text_equal(entry->d_name, ".") || text_equal(entry->d_name, "..");
	(void)closedir(entries); /* was only read */
	if (empty)
		return 0;
	fail(err, ENOTEMPTY, path, "is there already");
	return error_hint(err, "remove it, or choose another name");
}

/* The parent's real path and the last name: DIR itself need not exist. */
static int split(const char *path, struct rootfs *out, struct error *err)
{
	char copy[PATH_MAX], parent[PATH_MAX];
	char *slash;
	size_t length;

	if (text_format(copy, sizeof copy, "%s", path) < 0)
		return fail(err, errno, path, "is too long a path");
	for (length = strlen(copy); length > 1 && copy[length - 1] == '/';)
		copy[--length] = '\0';
	slash = strrchr(copy, '/');
	if (text_format(out->name, sizeof out->name, "%s", slash ? slash + 1 : copy) < 0 || !out->name[0] ||
		text_equal(out->name, ".") || text_equal(out->name, ".."))
		return fail(err, EINVAL, path, "is no name for a new directory");
	if (slash)
		*slash = '\0';
	if (!realpath(!slash ? "." : slash == copy ? "/" : copy, parent))
		return fail(err, errno, path, "the directory it is to be in is not there");
	out->parent = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (out->parent < 0)
		return fail(err, errno, parent, "cannot open");
	if (text_format(out->path, sizeof out->path, "%s/%s", parent[1] ? parent : "", out->name) < 0)
		return fail(err, errno, path, "is too long a path");
	return check_parent(out->path, out->parent, err);
}

int rootfs_open(const char *path, struct rootfs *out, struct error *err)
{
	struct rootfs rootfs = { .parent = -1, .dir = -1 };
	struct stat info;

	if (split(path, &rootfs, err) < 0)
		goto failed;
	rootfs.made = mkdirat(rootfs.parent, rootfs.name, 0755) == 0;
	if (!rootfs.made && errno != EEXIST) {
		fail(err, errno, rootfs.path, "cannot be made");
		goto failed;
	}
	rootfs.dir = openat(rootfs.parent, rootfs.name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (rootfs.dir < 0 || fstat(rootfs.dir, &info) < 0) {
		fail(err, errno, rootfs.path, "cannot be opened as a directory");
		goto failed;
	}
	if (info.st_uid != geteuid()) {
		fail(err, 0, rootfs.path, "belongs to uid %u", info.st_uid);
		goto failed;
	}
	if (check_empty(rootfs.path, rootfs.dir, err) < 0)
		goto failed;
	*out = rootfs;
	return 0;
failed:
	rootfs_close(&rootfs);
	return -1;
}

void rootfs_close(struct rootfs *rootfs)
{
	own_close_fd(&rootfs->dir);
	own_close_fd(&rootfs->parent);
}

enum walk { WALK_REMOVE, WALK_TAME };

static int tame(int dir, const char *name)
{
	own_fd int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat info;

	return fd < 0 || fstat(fd, &info) < 0 ? -1 : fchmod(fd, info.st_mode & 01777);
}

static int walk(int dir, enum walk what, int depth)
{
	DIR *entries = depth > DEPTH_MAX ? NULL : fdopendir(dir);
	const struct dirent *entry;
	int result = 0;

	if (!entries) {
		own_close_fd(&dir);
		return -1;
	}
	while ((entry = readdir(entries))) {
		struct stat info;

		if (text_equal(entry->d_name, ".") || text_equal(entry->d_name, ".."))
			continue;
		if (fstatat(dir, entry->d_name, &info, AT_SYMLINK_NOFOLLOW) < 0) {
			result = -1;
			continue;
		}
		if (S_ISDIR(info.st_mode)) {
			int below = openat(dir, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

			if (below < 0 || (what == WALK_REMOVE && fchmod(below, 0700) < 0) || walk(below, what, depth + 1) < 0)
				result = -1;
		}
		if (what == WALK_REMOVE && unlinkat(dir, entry->d_name, S_ISDIR(info.st_mode) ? AT_REMOVEDIR : 0) < 0)
			result = -1;
		if (what == WALK_TAME && !S_ISLNK(info.st_mode) && info.st_mode & (S_ISUID | S_ISGID) &&
			tame(dir, entry->d_name) < 0)
			result = -1;
	}
	(void)closedir(entries); /* was only read */
	return result;
}

void rootfs_remove(struct rootfs *rootfs)
{
	/* of its own: the walk closes it */
	int dir = openat(rootfs->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir >= 0)
		(void)walk(dir, WALK_REMOVE, 0);
	if (rootfs->made)
		(void)unlinkat(rootfs->parent, rootfs->name, AT_REMOVEDIR); /* not empty: it stays, and is seen */
}

int rootfs_tame(const struct rootfs *rootfs, struct error *err)
{
	int dir = openat(rootfs->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0 || walk(dir, WALK_TAME, 0) < 0)
		return fail(err, errno, rootfs->path, "setuid and setgid cannot be taken from its files");
	return 0;
}

static int open_beneath(const struct rootfs *rootfs, const char *path, uint64_t flags)
{
	return k_openat2(rootfs->dir, *path ? path : ".", flags, 0, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
}

/* The directory above the last name of a path, made where it is missing; the name is in *last. */
static int open_above(const struct rootfs *rootfs, const char *path, const char **last, struct error *err)
{
	char part[PATH_MAX];
	own_fd int above = open_beneath(rootfs, "", O_PATH | O_DIRECTORY);

	path += strspn(path, "/");
	*last = path;
	for (const char *slash = strchr(path, '/'); above >= 0 && slash; slash = strchr(slash + 1, '/')) {
		int next;

		if (text_format(part, sizeof part, "%.*s", (int)(slash - path), path) < 0)
			return fail(err, errno, path, "is too long a path");
		next = open_beneath(rootfs, part, O_PATH | O_DIRECTORY);
		if (next < 0 && errno == ENOENT && mkdirat(above, part + (*last - path), 0755) == 0)
			next = open_beneath(rootfs, part, O_PATH | O_DIRECTORY);
		if (next < 0)
			return fail(err, errno, path, "cannot make the directories above it");
		own_close_fd(&above);
		above = next;
		*last = slash + 1;
	}
	return above < 0 ? fail(err, errno, path, "cannot open the tree") : take_fd(&above);
}

int rootfs_dir(const struct rootfs *rootfs, const char *path, mode_t mode, struct error *err)
{
	const char *name;
	own_fd int above = open_above(rootfs, path, &name, err);

	if (above < 0 || check_interrupt(path, err) < 0)
		return -1;
	if (mkdirat(above, name, 0755) < 0)
		return errno == EEXIST ? 0 : fail(err, errno, path, "cannot be made");
	/* whatever the umask is */
	return fchmodat(above, name, mode, 0) == 0 ? 0 : fail(err, errno, path, "cannot get its mode");
}

static int create(const struct rootfs *rootfs, const char *path, mode_t mode, struct error *err)
{
	const char *name;
	own_fd int above = open_above(rootfs, path, &name, err);
	own_fd int fd = -1;

	if (above < 0 || check_interrupt(path, err) < 0)
		return -1;
	fd = openat(above, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 || fchmod(fd, mode) < 0)
		return fail(err, errno, path, "cannot be made");
	return take_fd(&fd);
}

int rootfs_text(const struct rootfs *rootfs, const char *path, const char *text, struct error *err)
{
	size_t length = strlen(text);
	own_fd int fd = create(rootfs, path, 0644, err);

	if (fd < 0)
		return -1;
	return write(fd, text, length) == (ssize_t)length ? 0 : fail(err, errno, path, "cannot be written");
}

int rootfs_link(const struct rootfs *rootfs, const char *target, const char *path, struct error *err)
{
	const char *name;
	own_fd int above = open_above(rootfs, path, &name, err);

	if (above < 0 || check_interrupt(path, err) < 0)
		return -1;
	if (symlinkat(target, above, name) < 0 && errno != EEXIST)
		return fail(err, errno, path, "cannot be made a link to %s", target);
	return 0;
}

int rootfs_copy(const struct rootfs *rootfs, const char *from, const char *path, struct error *err)
{
	own_fd int in = open(from, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	own_fd int out = -1;
	struct stat info;
	ssize_t got;

	if (in < 0 || fstat(in, &info) < 0)
		return fail(err, errno, from, "cannot be read");
	if (!S_ISREG(info.st_mode))
		return fail(err, EINVAL, from, "is no regular file");
	out = create(rootfs, path, (info.st_mode & 0111 ? 0755 : 0644), err);
	if (out < 0)
		return -1;
	while ((got = sendfile(out, in, NULL, AT_ONCE)) > 0)
		if (check_interrupt(path, err) < 0)
			return -1;
	return got == 0 ? 0 : fail(err, errno, path, "cannot be written");
}

int rootfs_copy_below(const struct rootfs *rootfs, const char *directory, struct error *err)
{
	DIR *entries = opendir(directory);
	const struct dirent *entry;
	int result;

	if (!entries)
		return fail(err, errno, directory, "cannot be read");
	result = rootfs_dir(rootfs, directory, 0755, err);
	while (result == 0 && (entry = readdir(entries))) {
		char path[PATH_MAX], target[PATH_MAX];
		struct stat info;
		ssize_t length;

		if (text_equal(entry->d_name, ".") || text_equal(entry->d_name, "..") ||
			text_format(path, sizeof path, "%s/%s", directory, entry->d_name) < 0 || lstat(path, &info) < 0)
			continue;
		if (S_ISDIR(info.st_mode)) {
			result = rootfs_copy_below(rootfs, path, err);
		} else if (S_ISLNK(info.st_mode) && (length = readlink(path, target, sizeof target - 1)) > 0) {
			target[length] = '\0';
			result = rootfs_link(rootfs, target, path, err);
		} else if (S_ISREG(info.st_mode) && !rootfs_has(rootfs, path)) {
			result = rootfs_copy(rootfs, path, path, err);
		}
	}
	(void)closedir(entries); /* was only read */
	return result;
}

bool rootfs_has(const struct rootfs *rootfs, const char *path)
{
	own_fd int fd = open_beneath(rootfs, path, O_PATH);

	return fd >= 0;
}
