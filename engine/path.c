#include "path.h"

#include <errno.h>
#include <stdbool.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "kernel.h"
#include "own.h"
#include "text.h"

enum { PATH_LONGEST = 4096, LINKS_MOST = 40 };

/* The walk: `done` is free of links and of dots; `todo` is what is left of the path. */
struct walk {
	int root;
	bool trusted; /* nobody but root could have made the names up to here */
	unsigned links;
	char done[PATH_LONGEST];
	char todo[PATH_LONGEST];
};

static int open_done(const struct walk *walk, uint64_t flags, mode_t mode)
{
	return k_openat2(walk->root, walk->done[0] ? walk->done : ".", flags, mode,
		RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
}

/* The failure of a walk, told with the absolute path it was at. */
static int fail_at(struct error *err, int num, const struct walk *walk, const char *cause)
{
	char shown[PATH_LONGEST];

	(void)snprintf(shown, sizeof shown, "/%.*s", PATH_LONGEST - 2, walk->done);
	return fail(err, num, shown, "%s", cause);
}

static bool is_roots_alone(const struct stat *info)
{
	return info->st_uid == 0 && (S_ISLNK(info->st_mode) || !(info->st_mode & 022));
}

/* Takes the next component off todo: 1, 0 at the end, -1 where it is too long for any file system. */
static int next_component(struct walk *walk, char component[NAME_MAX + 1])
{
	const char *start = walk->todo + strspn(walk->todo, "/");
	size_t length = strcspn(start, "/");

	if (length > NAME_MAX) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(component, start, length);
	component[length] = '\0';
	memmove(walk->todo, start + length, strlen(start + length) + 1);
	return length > 0;
}

static int follow_link(struct walk *walk, int link, const struct stat *info, char *parent_end,
	struct error *err)
{
	char target[PATH_LONGEST], rest[PATH_LONGEST];
	ssize_t length;

	if (!walk->trusted || !is_roots_alone(info)) {
		fail_at(err, ELOOP, walk, "a symbolic link that others than root could have placed");
		return error_hint(err, "use the real path, or let root own the link and the directories above it");
	}
	if (++walk->links > LINKS_MOST)
		return fail_at(err, ELOOP, walk, "too many symbolic links");
	length = readlinkat(link, "", target, sizeof target - 1);
	if (length < 0)
		return fail_at(err, errno, walk, "cannot read the symbolic link");
	target[length] = '\0';
	memcpy(rest, walk->todo, sizeof rest);
	if (text_format(walk->todo, sizeof walk->todo, "%s/%s", target, rest) < 0)
		return fail_at(err, ENAMETOOLONG, walk, "cannot follow the symbolic link");
	if (target[0] == '/')
		walk->done[0] = '\0';
	else
		*parent_end = '\0';
	return 0;
}

/* Opens (or makes) the component just appended to done. */
static int open_component(const struct walk *walk, enum path_create create, mode_t mode, bool last)
{
	int fd = open_done(walk, O_PATH | O_NOFOLLOW, 0);
	own_fd int parent = -1;
	const char *name;

	if (fd >= 0 || errno != ENOENT || create == PATH_MUST_EXIST)
		return fd;
	name = strrchr(walk->done, '/');
	if (name) {
		char directory[PATH_LONGEST];

		(void)text_format(directory, sizeof directory, "%.*s", (int)(name - walk->done), walk->done);
		parent = k_openat2(walk->root, directory, O_PATH | O_DIRECTORY, 0,
			RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
		name++;
	} else {
		parent = fcntl(walk->root, F_DUPFD_CLOEXEC, 0);
		name = walk->done;
	}
	if (parent < 0)
		return -1;
	if (last && create == PATH_CREATE_FILE) {
		own_fd int file = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);

		if (file < 0 && errno != EEXIST)
			return -1;
	} else if (mkdirat(parent, name, last ? mode : 0755) < 0 && errno != EEXIST) {
		return -1;
	}
	return open_done(walk, O_PATH | O_NOFOLLOW, 0);
}

static int walk_on(struct walk *walk, enum path_create create, mode_t mode, struct error *err)
{
	int fd = open_done(walk, O_PATH, 0);
	char component[NAME_MAX + 1];
	struct stat info;
	int more = 0;

	while (fd >= 0 && (more = next_component(walk, component)) > 0) {
		char *end = walk->done + strlen(walk->done);
		bool last;

		if (fstat(fd, &info) < 0)
			return fail_at(err, errno, walk, "cannot look at");
		walk->trusted = walk->trusted && is_roots_alone(&info);
		if (strcmp(component, ".") == 0)
			continue;
		own_close_fd(&fd);
		if (strcmp(component, "..") == 0) {
			char *slash = strrchr(walk->done, '/');

			*(slash ? slash : walk->done) = '\0';
			fd = open_done(walk, O_PATH, 0);
			continue;
		}
		if ((size_t)(end - walk->done) + strlen(component) + 2 > sizeof walk->done)
			return fail_at(err, ENAMETOOLONG, walk, "cannot open");
		(void)snprintf(end, sizeof walk->done - (size_t)(end - walk->done), "%s%s",
			end > walk->done ? "/" : "", component);
		last = walk->todo[strspn(walk->todo, "/")] == '\0';
		fd = open_component(walk, create, mode, last);
		if (fd < 0 || fstat(fd, &info) < 0)
			break;
		if (S_ISLNK(info.st_mode)) {
			int result = follow_link(walk, fd, &info, end, err);

			own_close_fd(&fd);
			if (result < 0)
				return -1;
			fd = open_done(walk, O_PATH, 0);
		}
	}
	if (fd < 0 || more < 0) {
		fail_at(err, errno, walk, "cannot open");
		own_close_fd(&fd);
		return -1;
	}
	return fd;
}

int path_open(int root, const char *path, enum path_create create, mode_t mode, struct error *err)
{
	struct walk walk = { .root = root, .trusted = true };
	const char *given = path;
	int fd;

	while (*path == '/')
		path++;
	/* the usual case in one call: there, and no link on the way */
	fd = k_openat2(root, *path ? path : ".", O_PATH | O_NOFOLLOW, 0,
		RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
	if (fd >= 0) {
		struct stat info;

		if (fstat(fd, &info) == 0 && !S_ISLNK(info.st_mode))
			return fd;
		own_close_fd(&fd);
	} else if (errno != ELOOP && errno != EAGAIN && !(errno == ENOENT && create != PATH_MUST_EXIST)) {
		/* EAGAIN: somewhere a rename raced with a ".." of the path (openat2(2)); the walk has none */
		return fail(err, errno, given, "cannot open");
	}
	if (text_format(walk.todo, sizeof walk.todo, "%s", path) < 0)
		return fail(err, errno, given, "cannot open");
	return walk_on(&walk, create, mode, err);
}

int path_resolve(int root, const char *path, char *buf, size_t size, struct error *err)
{
	struct walk walk = { .root = root, .trusted = true };
	own_fd int fd = -1;

	if (text_format(walk.todo, sizeof walk.todo, "%s", path) < 0)
		return fail(err, errno, path, "cannot open");
	fd = walk_on(&walk, PATH_MUST_EXIST, 0, err);
	if (fd < 0)
		return -1;
	if (text_format(buf, size, "/%s", walk.done) < 0)
		return fail(err, errno, path, "cannot resolve");
	return 0;
}

int path_is_owned(int root, const char *path, uid_t owner, struct error *err)
{
	size_t length = strlen(path);

	for (size_t end = 1; end <= length; end++) {
		char head[PATH_LONGEST];
		own_fd int fd = -1;
		struct stat info;

		if (end > 1 && end < length && path[end] != '/')
			continue;
		if (text_format(head, sizeof head, "%.*s", (int)end, path) < 0)
			return fail(err, errno, path, "cannot open");
		fd = k_openat2(root, end > 1 ? head + 1 : ".", O_PATH, 0,
			RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
		if (fd < 0 && errno == ENOENT)
			return 0;
		if (fd < 0 || fstat(fd, &info) < 0)
			return fail(err, errno, head, "cannot open");
		if ((info.st_uid != 0 && info.st_uid != owner) || info.st_mode & 022) {
			fail(err, 0, head, "belongs to or can be written by others than uid %u", owner);
			return error_hint(err, "what a privileged mount is made from has to be root's all the way");
		}
	}
	return 0;
}
