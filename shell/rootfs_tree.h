#pragma once
/*
 * rootfs_tree: a directory being filled to become a root tree. Everything goes through its fd: a link in it leads
 * nowhere else, and a name that somebody exchanges outside changes nothing.
 */
#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

#include "engine/error.h"

struct rootfs {
	int parent, dir; /* fds */
	char path[PATH_MAX]; /* absolute, for people */
	char name[NAME_MAX + 1];
	bool made; /* by rootfs_open(), which rootfs_remove() takes back */
};

/*
 * DIR is made, or is an empty directory of the caller's. Refused where others could exchange it: its parent has to be
 * root's or the caller's, and not for others to write. 0, or -1 and err.
 */
int rootfs_open(const char *path, struct rootfs *out, struct error *err);
/* What has been put into it, and itself when it was made; best effort. */
void rootfs_remove(struct rootfs *rootfs);
void rootfs_close(struct rootfs *rootfs);

/* From here on SIGINT, SIGTERM and SIGHUP make everything below fail, so that who began can take it back. */
void rootfs_watch_signals(void);
bool rootfs_is_interrupted(void);

/* Paths in it, with or without a slash in front; missing directories above are made, 0755. 0, or -1 and err. */
int rootfs_dir(const struct rootfs *rootfs, const char *path, mode_t mode, struct error *err);
int rootfs_text(const struct rootfs *rootfs, const char *path, const char *text, struct error *err);
/* A link where there is nothing yet. */
int rootfs_link(const struct rootfs *rootfs, const char *target, const char *path, struct error *err);
/* A regular file of the host, to the same or another path in it; without setuid and setgid. Links are followed. */
int rootfs_copy(const struct rootfs *rootfs, const char *from, const char *path, struct error *err);
/* A directory of the host with the files and links below it, to the same path. */
int rootfs_copy_below(const struct rootfs *rootfs, const char *directory, struct error *err);
bool rootfs_has(const struct rootfs *rootfs, const char *path);
/* Takes setuid and setgid from all that is in it: to anybody on the host they would be programs as any other. */
int rootfs_tame(const struct rootfs *rootfs, struct error *err);
