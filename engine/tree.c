#include "tree.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "own.h"

/* Whether the tree is all that this process sees: then a link of it leads nowhere else by any call. */
static bool is_own_root(int root_fd)
{
	struct stat tree, own;

	return fstat(root_fd, &tree) == 0 && stat("/", &own) == 0 && tree.st_dev == own.st_dev && tree.st_ino == own.st_ino;
}

static int open_inside(int root_fd, const char *path, int flags)
{
	struct open_how how = {
		.flags = (unsigned)(flags | O_CLOEXEC),
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	int fd;

	/* EAGAIN: a rename raced with ".." in a symlink; the caller should retry (openat2(2)) */
	for (int tries = 0; tries < 16; tries++) {
		fd = (int)syscall(SYS_openat2, root_fd, path, &how, sizeof how);
		if (fd >= 0 || errno != EAGAIN)
			break;
	}
	/* within a session its filter has no openat2 (syscalls_rules.c) */
	if (fd < 0 && errno == ENOSYS && is_own_root(root_fd))
		fd = openat(root_fd, *path == '/' ? path + strspn(path, "/") : path, flags | O_CLOEXEC);
	return fd;
}

int tree_open_file(int root_fd, const char *path, struct stat *st, struct error *err)
{
	own_fd int peek = open_inside(root_fd, path, O_PATH);
	own_fd int fd = -1;
	struct stat seen, opened;

	if (peek < 0)
		return fail(err, errno, path, "cannot open");
	if (fstat(peek, &seen) < 0)
		return fail(err, errno, path, "cannot read its status");
	if (!S_ISREG(seen.st_mode))
		return fail(err, 0, path, "is not a regular file");
	/* by name again, /proc/self/fd needs a procfs; what came between is noticed */
	fd = open_inside(root_fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return fail(err, errno, path, "cannot open for reading");
	if (fstat(fd, &opened) < 0)
		return fail(err, errno, path, "cannot read its status");
	if (opened.st_dev != seen.st_dev || opened.st_ino != seen.st_ino ||
		!S_ISREG(opened.st_mode))
		return fail(err, EAGAIN, path, "was replaced while it was opened");
	if (st)
		*st = opened;
	return take_fd(&fd);
}

int tree_open_dir(int root_fd, const char *path)
{
	return open_inside(root_fd, path, O_RDONLY | O_DIRECTORY);
}

int tree_read_file(
	int root_fd, const char *path, size_t max, char **text, size_t *length, struct error *err)
{
	own_fd int fd = -1;
	own_text char *bytes = NULL;
	size_t used = 0, room = 0;
	struct stat st = { 0 };

	fd = tree_open_file(root_fd, path, &st, err);
	if (fd < 0)
		return -1;
	for (;;) {
		ssize_t got;

		/* st_size is a first guess: files of procfs, sysfs and cgroupfs say 0 or 4096 */
		if (used == room) {
			size_t want = room ? room * 2 : (size_t)st.st_size + 1;
			char *grown;

			if (used > max)
				return fail(err, EFBIG, path, "is larger than %zu bytes", max);
			if (want < 4096 || want > max + 1)
				want = want < 4096 ? 4096 : max + 1;
			grown = realloc(bytes, want + 1);
			if (!grown)
				return fail(err, ENOMEM, path, "cannot read");
			bytes = grown;
			room = want;
		}
		got = read(fd, bytes + used, room - used);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fail(err, errno, path, "cannot read");
		if (got == 0)
			break;
		used += (size_t)got;
	}
	if (used > max)
		return fail(err, EFBIG, path, "is larger than %zu bytes", max);
	bytes[used] = '\0';
	*text = take_pointer(bytes);
	if (length)
		*length = used;
	return 0;
}
