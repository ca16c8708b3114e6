#pragma once
/* filesystem: new file systems as detached mounts (fsopen(2), fsmount(2)). Private to mounts.c. */
#include <stdbool.h>
#include <stdint.h>

#include "error.h"
#include "mounts.h"

/* attributes: MOUNT_ATTR_… The fd of a mount that hangs nowhere yet, or -1 and err. */
int filesystem_tmpfs(const struct mount_op *op, uint64_t attributes, struct error *err);
/* Two directories as one, the first over the second, without a place to write. fds of directories, not owned. */
int filesystem_overlay(int upper, int lower, uint64_t attributes, struct error *err);
/*
 * The tree with what is written in `files`, a directory in which `upper` and `work` are made where they are missing.
 * user: inside a user namespace, where a tmpfs has to know user extended attributes (Linux 6.6).
 */
int filesystem_overlay_writable(int files, int tree, bool user, uint64_t attributes, struct error *err);
/* Of the op's kind: proc, sysfs, devpts or mqueue. */
int filesystem_of_kernel(const struct mount_op *op, uint64_t attributes, struct error *err);
