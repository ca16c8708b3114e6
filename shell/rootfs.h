#pragma once
/* rootfs: the kinds of trees that contained rootfs create makes. Each fills an open, empty one: 0, or -1 and err. */
#include "narrate.h"
#include "rootfs_tree.h"

/* Links to the host's static busybox under all its names. */
int rootfs_make_busybox(const struct rootfs *rootfs, const struct narration *narration, struct error *err);
/* The host's programs (NULL-terminated names or paths) with all they need to start. */
int rootfs_make_from_host(
	const struct rootfs *rootfs, char *const *programs, const struct narration *narration, struct error *err);
/* include: more packages, divided by commas; may be NULL. Runs mmdebstrap and tar. */
int rootfs_make_debian(const struct rootfs *rootfs, const char *suite, const char *include,
	const struct narration *narration, struct error *err);

/* The absolute path of a program on the host, by a name or a path, into buf. 0, or -1 and err (ENOENT). */
int rootfs_find_program(const char *name, char *buf, size_t size, struct error *err);
