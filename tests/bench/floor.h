#pragma once
/*
 * floor: the least work that puts a process into what a session is made of: namespaces, a read-only view of
 * the host's tree with a /dev, /proc, home and scratch directories of its own, a name, no capabilities, the
 * filter; control groups where that is asked for. Shared by the program around a command (floor.c) and the
 * PAM module (floor_pam.c).
 *
 * Left out is what contained adds, and what is measured thereby: generated files, masks in /proc and /sys,
 * the card and its state directory, watchers, deadlines, reading back, records.
 */
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { FLOOR_DIRS = 8, FLOOR_WRITES = 16 };

struct floor_write {
	size_t dir;
	const char *file, *value;
};

struct floor {
	bool network; /* a network namespace of its own */
	const char *home;
	char name[40]; /* hostname and name of the control groups */

	const char *mounts[FLOOR_DIRS];  /* of the control group hierarchies */
	const char *origins[FLOOR_DIRS]; /* where the calling process is now, and goes back to */
	size_t dir_count;
	struct floor_write writes[FLOOR_WRITES];
	size_t write_count;
	int parents[FLOOR_DIRS]; /* MOUNT/contained, once made */
	int procs[FLOOR_DIRS];   /* cgroup.procs of the new group */
	int back[FLOOR_DIRS];    /* cgroup.procs of the origin */
};

void floor_init(struct floor *floor);
/*
 * One of "no-net", "home=PATH", "cgroup=MOUNT,ORIGIN" and "write=FILE=VALUE" (into the group named last), as
 * `session --cgroups` prints the latter two. The text is kept. false: it is none of them.
 */
bool floor_option(struct floor *floor, char *text);

/* The flags for clone3(2). */
unsigned long long floor_namespaces(const struct floor *floor);
long floor_clone(unsigned long long flags, int *pidfd);

/* 0, or the name of the call that failed. */
const char *floor_make_groups(struct floor *floor);
const char *floor_enter_groups(const struct floor *floor);
void floor_leave_groups(const struct floor *floor);
void floor_remove_groups(const struct floor *floor);

/* In the child: mounts, root, name, loopback. */
const char *floor_build(const struct floor *floor);
/* Bounding set, no_new_privs; then the filter. */
const char *floor_drop_bounding(void);
const char *floor_load_filter(void);
