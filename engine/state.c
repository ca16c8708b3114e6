#include "state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>

#include "clock.h"
#include "kernel.h"
#include "own.h"
#include "text.h"

enum { TMPFS_MAGIC = 0x01021994 };

const struct state_root state_root_of_host = { INIT_STATE_ROOT, 0, 0711 };

/* The state root, made if need be. */
static int open_root(const struct state_root *root, struct error *err)
{
	own_fd int fd = -1;
	struct stat info;

	if (mkdir(root->path, root->mode) < 0 && errno != EEXIST)
		return fail(err, errno, root->path, "cannot make the directory of the sessions");
	fd = open(root->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &info) < 0)
		return fail(err, errno, root->path, "cannot open the directory of the sessions");
	if (info.st_uid != root->owner || info.st_mode & 022) {
		fail(err, 0, root->path, "belongs to or can be written by others than uid %u", root->owner);
		return error_hint(err, "remove it; the next session makes it anew");
	}
	return take_fd(&fd);
}

/* A directory made and locked under a name that is not shown yet: no moment without a lock. Its fd. */
static int make_locked(int root, const char *fresh, const char *path, struct error *err)
{
	/* a sweep may take it away before it is locked (init_clean.c): once more then */
	for (int tries = 0; tries < 3; tries++) {
		own_fd int dir = -1;
		struct stat info;

		if (mkdirat(root, fresh, 0700) < 0 && errno != EEXIST)
			break;
		dir = openat(root, fresh, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (dir >= 0 && flock(dir, LOCK_EX | LOCK_NB) == 0 && fstat(dir, &info) == 0 && info.st_nlink > 0)
			return take_fd(&dir);
	}
	return fail(err, errno, path, "cannot make and lock a session's directory");
}

int state_reserve(const struct state_root *where, char name[TAROT_NAME], int *fd, struct error *err)
{
	own_fd int root = open_root(where, err);
	own_fd int dir = -1;
	char fresh[TAROT_NAME + 24], drawn[TAROT_NAME];

	if (root < 0 || tarot_draw(0, drawn, err) < 0)
		return -1;
	if (text_format(fresh, sizeof fresh, ".new-%s-%d", drawn, (int)getpid()) < 0)
		return fail(err, errno, drawn, "cannot name the session");
	dir = make_locked(root, fresh, where->path, err);
	if (dir < 0)
		return -1;
	/* a second has 78 names; a crowd takes those of the seconds that follow */
	for (unsigned tries = 0; renameat2(root, fresh, root, drawn, RENAME_NOREPLACE) < 0; tries++) {
		if (errno != EEXIST || tries >= 100000 || tarot_draw(tries / 20, drawn, err) < 0) {
			fail(err, errno, where->path, "cannot give the session a name");
			(void)unlinkat(root, fresh, AT_REMOVEDIR); /* or the next sweep does */
			return -1;
		}
	}
	memcpy(name, drawn, sizeof drawn);
	*fd = take_fd(&dir);
	return 0;
}

void state_discard(const struct state_root *root, const char *name, int *fd)
{
	char path[sizeof root->path + TAROT_NAME];

	/* without a new fd: having none may be why it came to nothing. Whatever stays, the next sweep takes. */
	(void)unlinkat(*fd, STATE_SESSION, 0);
	(void)unlinkat(*fd, STATE_CGROUPS, 0);
	(void)unlinkat(*fd, STATE_RECORD, 0); /* never STATE_RECORD_OPEN: no watcher was on duty */
	if (text_format(path, sizeof path, "%s/%s", root->path, name) > 0)
		(void)rmdir(path);
	own_close_fd(fd);
}

int state_write(int fd, const char *file, const void *data, size_t size, struct error *err)
{
	own_fd int out = openat(fd, file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (out < 0 || write(out, data, size) != (ssize_t)size)
		return fail(err, errno, file, "cannot write the session's state");
	return 0;
}

/* One try over all slots, from a place that differs between processes. A locked fd, or -1. */
static int try_slots(int root, unsigned slots)
{
	unsigned start = (unsigned)getpid();

	for (unsigned i = 0; i < slots; i++) {
		own_fd int fd = -1;
		char name[24];

		(void)snprintf(name, sizeof name, ".slot-%u", (start + i) % slots);
		fd = openat(root, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
			return take_fd(&fd);
	}
	return -1;
}

int state_take_slot(unsigned slots, int wait_ms, struct error *err)
{
	own_fd int root = open_root(&state_root_of_host, err);
	long end = clock_ms() + wait_ms;

	if (root < 0)
		return -1;
	for (;;) {
		struct timespec pause = { .tv_nsec = 4000000L + (getpid() % 8) * 500000L };
		int fd = try_slots(root, slots);

		if (fd >= 0)
			return fd;
		if (clock_ms() >= end) {
			fail(err, ETIMEDOUT, "slots", "waited %d ms for one of %u set-up slots", wait_ms, slots);
			return error_hint(err, "raise slots or slot_wait if so many log in at once");
		}
		(void)nanosleep(&pause, NULL); /* a signal only makes the next try come earlier */
	}
}

int state_is_inside(uid_t owner)
{
	own_fd int fd = open(INIT_STATE_ROOT "/session", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct statfs fs;
	struct stat info;

	return fd >= 0 && fstat(fd, &info) == 0 && fstatfs(fd, &fs) == 0 && S_ISREG(info.st_mode) &&
		(info.st_uid == 0 || info.st_uid == owner) && !(info.st_mode & 022) && fs.f_type == TMPFS_MAGIC;
}
