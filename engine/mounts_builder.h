#pragma once
/* mounts_builder: what the operations of a view share while it is built. Private to mounts*.c. */
#include <stdbool.h>

#include "mounts.h"
#include "path.h"

struct builder {
	int host;  /* / of the host's tree, as copied into this namespace */
	int base;  /* where the new root is hung */
	int root;  /* of the new tree */
	int files; /* a small tmpfs of ours: our layer, sources of what is hidden, what was dropped */
	int ptys[MOUNT_PTYS]; /* as in struct mount_tree */
};

typedef int run_op(struct builder *builder, const struct mount_op *op, struct error *err);

/* MOUNT_ATTR_… of an operation: nosuid and nodev always. */
uint64_t mounts_attributes(const struct mount_op *op);

/*
 * Sets and clears MOUNT_ATTR_… of a mount that hangs in the tree; deep: of all below it, too. mounts_attributes.c
 */
int mounts_set_attributes(int mount, bool deep, uint64_t set, uint64_t clear, const char *target, struct error *err);

/* Hangs a detached mount over the operation's target. */
int mounts_attach(const struct builder *builder, const struct mount_op *op, int mount, enum path_create create,
	struct error *err);

/* Bytes that the tmpfs of our own files has to hold. */
uint64_t mounts_files_size(const struct mount_op *ops, size_t count);

run_op mounts_run_file, mounts_run_put, mounts_run_put_dir, mounts_run_layer; /* mounts_layer.c */

/*
 * Would the operation, in a root tree that is not the host's, come where a link leads and not where it is planned? The
 * readback would find a mount that nobody planned; told here. A directory of the session's own that is optional may lead
 * to another of its own (/var/tmp -> ../tmp). 0, or -1 and err.
 */
int mounts_check_place(int root, const struct mount_op *ops, size_t count, const struct mount_op *op, struct error *err);
