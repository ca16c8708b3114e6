#pragma once
/*
 * state: /run/contained, where live sessions are known by their card. A directory is alive while
 * somebody holds its flock (init_clean.c); a name is taken while its directory exists.
 */
#include <stddef.h>
#include <sys/types.h>

#include "error.h"
#include "init.h"
#include "tarot.h"

/* Where sessions of this kind are known: /run/contained, root's; a directory of the user's for those without root. */
struct state_root {
	char path[64];
	uid_t owner; /* nobody else may own it */
	mode_t mode; /* when it is made */
};
extern const struct state_root state_root_of_host;

/*
 * Draws a name that no live session has, makes its directory and locks it. *fd: the directory, close-on-exec; the
 * lock lasts until every copy of it is closed. 0, or -1 and err.
 */
int state_reserve(const struct state_root *root, char name[TAROT_NAME], int *fd, struct error *err);

/* Gives a reserved name back that came to nothing; closes *fd. */
void state_discard(const struct state_root *root, const char *name, int *fd);

/* Writes one file of the state directory (0600), once. */
int state_write(int fd, const char *file, const void *data, size_t size, struct error *err);

/*
 * One of `slots` set-ups at a time: waits up to wait_ms. The slot is the returned fd: closing it, or dying, gives it
 * back. -1 and err (num = ETIMEDOUT).
 */
int state_take_slot(unsigned slots, int wait_ms, struct error *err);

/*
 * Is the calling process in a session already? By a file that only a session's /run has: root's, or the owner's where
 * an ordinary user made the session (on a host, /run is root's alone).
 */
int state_is_inside(uid_t owner);
