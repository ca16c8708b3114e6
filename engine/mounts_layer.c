/* Files of ours in the session's view: written into file systems made for it, or in a layer over a directory. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "filesystem.h"
#include "mounts_builder.h"
#include "own.h"
#include "path.h"
#include "text.h"

/* What is written over an overlay in memory lies in there, too: that has its bound, and what we need is little. */
uint64_t mounts_files_size(const struct mount_op *ops, size_t count)
{
	enum { PAGE_MOST = 65536, MARGIN = 1 << 20, ENOUGH = 64 << 20 };
	uint64_t size = MARGIN;

	if (!count || !(ops[0].flags & MOUNT_OVERLAY) || !ops[0].size)
		return ENOUGH; /* read-only for whoever is inside */
	for (size_t i = 1; i < count; i++)
		if (ops[i].kind == MOUNT_FILE && ops[i].text)
			size += (strlen(ops[i].text) / PAGE_MOST + 1) * PAGE_MOST;
	return ops[0].size + size;
}

/* A new file of ours below the directory of that root; missing directories are made. */
static int write_new(int root, const struct mount_op *op, struct error *err)
{
	const char *name = strrchr(op->target, '/') + 1, *text = op->text ? op->text : "";
	size_t length = strlen(text), done = 0;
	own_fd int parent = -1;
	own_fd int fd = -1;
	char directory[512];

	if (text_format(directory, sizeof directory, "%.*s", (int)(name - op->target), op->target) < 0)
		return fail(err, errno, op->target, "cannot make the file");
	parent = path_open(root, directory, PATH_CREATE_DIR, 0755, err);
	if (parent < 0)
		return -1;
	if (op->flags & MOUNT_OVERLAY && unlinkat(parent, name, 0) < 0 && errno != ENOENT)
		return fail(err, errno, op->target, "cannot be replaced in the overlay");
	fd = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, op->mode);
	if (fd < 0)
		return fail(err, errno, op->target, "cannot make the file");
	while (done < length) {
		ssize_t put = write(fd, text + done, length - done);

		if (put < 0)
			return fail(err, errno, op->target, "cannot write the file");
		done += (size_t)put;
	}
	if ((op->uid || op->gid) && fchown(fd, op->uid, op->gid) < 0)
		return fail(err, errno, op->target, "cannot give away the file");
	return 0;
}

int mounts_run_file(struct builder *builder, const struct mount_op *op, struct error *err)
{
	return write_new(builder->root, op, err);
}

static int open_layer(const struct builder *builder, struct error *err)
{
	int fd = openat(builder->files, "layer", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? fail(err, errno, "layer", "cannot open") : fd;
}

int mounts_run_put(struct builder *builder, const struct mount_op *op, struct error *err)
{
	own_fd int layer = open_layer(builder, err);

	return layer < 0 ? -1 : write_new(layer, op, err);
}

int mounts_run_put_dir(struct builder *builder, const struct mount_op *op, struct error *err)
{
	own_fd int layer = open_layer(builder, err);
	own_fd int made = layer < 0 ? -1 : path_open(layer, op->target, PATH_CREATE_DIR, op->mode, err);

	return made < 0 ? -1 : 0;
}

/*
 * An overlay, not a bind for each file: when the host renames a file over one that is a mount point here (passwd,
 * useradd and vipw do), the kernel takes the mount away, and the session would see the host's (seen).
 */
int mounts_run_layer(struct builder *builder, const struct mount_op *op, struct error *err)
{
	own_fd int layer = open_layer(builder, err);
	own_fd int ours = layer < 0 ? -1 : path_open(layer, op->target, PATH_CREATE_DIR, 0755, err);
	own_fd int tree = ours < 0 ? -1 : path_open(builder->root, op->target, PATH_MUST_EXIST, 0, err);
	own_fd int mount = tree < 0 ? -1 : filesystem_overlay(ours, tree, mounts_attributes(op), err);

	/* in a user namespace those are locked: what they cover must not show (clone_private_mount() in fs/namespace.c) */
	if (mount < 0 && tree >= 0 && err->num == EINVAL)
		error_hint(err, "is something mounted below %s? without root no overlay can be made over that", op->target);
	return mount < 0 ? -1 : mounts_attach(builder, op, mount, PATH_CREATE_DIR, err);
}
