#include "mounts_builder.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>

#include "filesystem.h"
#include "kernel.h"
#include "own.h"
#include "path.h"
#include "text.h"

const char *mount_kind_name(enum mount_kind kind)
{
	static const char *const names[] = {
		[MOUNT_ROOT] = "root",
		[MOUNT_BIND] = "bind",
		[MOUNT_DEVICE] = "device",
		[MOUNT_TMPFS] = "tmpfs",
		[MOUNT_PROC] = "proc",
		[MOUNT_SYSFS] = "sysfs",
		[MOUNT_DEVPTS] = "devpts",
		[MOUNT_MQUEUE] = "mqueue",
		[MOUNT_PTY] = "pty",
		[MOUNT_DROP] = "drop",
		[MOUNT_DIR] = "directory",
		[MOUNT_TOUCH] = "touch",
		[MOUNT_LINK] = "link",
		[MOUNT_FILE] = "file",
		[MOUNT_PUT] = "put",
		[MOUNT_PUT_DIR] = "put-dir",
		[MOUNT_LAYER] = "layer",
		[MOUNT_HIDE] = "hide",
		[MOUNT_FREEZE] = "freeze",
		[MOUNT_READONLY] = "readonly",
	};

	return names[kind];
}

int mounts_private(struct error *err)
{
	/* slave first: nothing of ours goes out; then private: nothing comes in (mount_namespaces(7)) */
	if (k_mount_propagation("/", MS_REC | MS_SLAVE) < 0 || k_mount_propagation("/", MS_REC | MS_PRIVATE) < 0)
		return fail(err, errno, "/", "cannot detach the mounts from the host's");
	return 0;
}

static int open_target(const struct builder *builder, const struct mount_op *op, enum path_create create,
	struct error *err)
{
	return path_open(builder->root, op->target, op->flags & MOUNT_CREATE ? create : PATH_MUST_EXIST,
		op->mode ? op->mode : create == PATH_CREATE_DIR ? 0755 : 0644, err);
}

int mounts_attach(const struct builder *builder, const struct mount_op *op, int mount, enum path_create create,
	struct error *err)
{
	own_fd int target = open_target(builder, op, create, err);

	if (target < 0)
		return -1;
	if (k_move_mount(mount, target) < 0)
		return fail(err, errno, op->target, "cannot mount here");
	return 0;
}

uint64_t mounts_attributes(const struct mount_op *op)
{
	return MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | (op->flags & MOUNT_RW ? 0 : MOUNT_ATTR_RDONLY) |
		(op->flags & MOUNT_NOEXEC ? MOUNT_ATTR_NOEXEC : 0);
}

static int run_root(struct builder *builder, const struct mount_op *op, struct error *err)
{
	own_fd int source = path_open(builder->host, op->source, PATH_MUST_EXIST, 0, err);
	own_fd int tree = -1;

	if (source < 0)
		return error_hint(err, "create the root tree, or change `root`");
	if (op->flags & MOUNT_OVERLAY) {
		own_fd int kept = op->text ? path_open(builder->host, op->text, PATH_MUST_EXIST, 0, err) : -1;

		if (op->text && kept < 0)
			return -1;
		tree = filesystem_overlay_writable(op->text ? kept : builder->files, source, op->flags & MOUNT_USER,
			mounts_attributes(op), err);
		if (tree < 0)
			return -1;
	} else {
		tree = k_open_tree(source, "", AT_EMPTY_PATH | AT_RECURSIVE | OPEN_TREE_CLONE);
		if (tree < 0)
			return fail(err, errno, op->source, "cannot copy the tree of mounts");
	}
	if (k_move_mount(tree, builder->base) < 0)
		return fail(err, errno, op->source, "cannot mount as the new root");
	if (!(op->flags & MOUNT_OVERLAY) &&
		mounts_set_attributes(tree, true, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, 0, op->source, err) < 0)
		return -1;
	builder->root = take_fd(&tree);
	return 0;
}

static int run_bind(struct builder *builder, const struct mount_op *op, struct error *err)
{
	own_fd int source = path_open(builder->host, op->source, PATH_MUST_EXIST, 0, err);
	own_fd int tree = -1;
	struct stat info;

	if (source < 0)
		return -1;
	if (fstat(source, &info) < 0)
		return fail(err, errno, op->source, "cannot look at");
	/* looked at again, by the fd that is bound: the user may have exchanged it since the plan was made */
	if (op->flags & MOUNT_OWNED && (info.st_uid != op->uid ||
		    !(S_ISDIR(info.st_mode) || (S_ISREG(info.st_mode) && info.st_nlink == 1))))
		return fail(err, ENOENT, op->source, "is not there as the user's own");
	tree = k_open_tree(source, "", AT_EMPTY_PATH | AT_RECURSIVE | OPEN_TREE_CLONE);
	if (tree < 0)
		return fail(err, errno, op->source, "cannot bind");
	if (mounts_attach(builder, op, tree, S_ISDIR(info.st_mode) ? PATH_CREATE_DIR : PATH_CREATE_FILE, err) < 0)
		return -1;
	return mounts_set_attributes(tree, true, mounts_attributes(op), 0, op->source, err);
}

/* A device or a pty: the only mounts without nodev, and only after a look at what they are. */
static int bind_device(const struct builder *builder, const struct mount_op *op, int source, struct error *err)
{
	own_fd int tree = k_open_tree(source, "", AT_EMPTY_PATH | OPEN_TREE_CLONE);

	if (tree < 0)
		return fail(err, errno, op->source, "cannot bind");
	if (mounts_attach(builder, op, tree, PATH_CREATE_FILE, err) < 0)
		return -1;
	return mounts_set_attributes(tree, false, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC,
		MOUNT_ATTR_NODEV | MOUNT_ATTR_RDONLY, op->source, err);
}

static int run_device(struct builder *builder, const struct mount_op *op, struct error *err)
{
	own_fd int source = path_open(builder->host, op->source, PATH_MUST_EXIST, 0, err);
	struct stat info;

	if (source < 0)
		return -1;
	if (fstat(source, &info) < 0 || !S_ISCHR(info.st_mode) || info.st_rdev != op->rdev)
		return fail(err, 0, op->source, "is not the device %u:%u", major(op->rdev), minor(op->rdev));
	return bind_device(builder, op, source, err);
}

/*
 * su and login bring a pty of the host's devpts. Its number is used up in the session's own devpts, so that
 * no other terminal gets it, and the host's slave is bound over the name: `tty` answers, and is right.
 */
static int use_up_pty(const struct builder *builder, unsigned number, struct error *err)
{
	int masters[MOUNT_PTY_NUMBERS], found = -1;
	unsigned count = 0;

	while (count < MOUNT_PTY_NUMBERS && found < 0) {
		unsigned got = 0;
		int fd = openat(builder->root, "dev/pts/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NOFOLLOW);

		if (fd < 0)
			break;
		if (ioctl(fd, TIOCGPTN, &got) == 0 && got == number)
			found = fd;
		else
			masters[count++] = fd;
	}
	if (found < 0)
		fail(err, errno, "/dev/pts", "cannot use up the number of pty %u", number);
	while (count)
		own_close_fd(&masters[--count]);
	return found;
}

static int run_pty(struct builder *builder, const struct mount_op *op, struct error *err)
{
	own_fd int source = path_open(builder->host, op->source, PATH_MUST_EXIST, 0, err);
	own_fd int master = -1;
	struct stat info;
	size_t at = 0;

	if (source < 0)
		return -1;
	if (fstat(source, &info) < 0 || !S_ISCHR(info.st_mode) || major(info.st_rdev) != MOUNT_PTY_MAJOR)
		return fail(err, 0, op->source, "is not a pty");
	while (at < MOUNT_PTYS && builder->ptys[at] >= 0)
		at++;
	if (at == MOUNT_PTYS)
		return fail(err, E2BIG, op->source, "is one pty more than PID 1 can keep");
	master = use_up_pty(builder, minor(info.st_rdev), err);
	if (master < 0 || bind_device(builder, op, source, err) < 0)
		return -1;
	builder->ptys[at] = take_fd(&master);
	return 0;
}

static int run_tmpfs(struct builder *builder, const struct mount_op *op, struct error *err)
{
	/* writable for now in any case: what it is to hold comes next, MOUNT_FREEZE after that */
	own_fd int mount = filesystem_tmpfs(op, mounts_attributes(op) & ~(uint64_t)MOUNT_ATTR_RDONLY, err);

	return mount < 0 ? -1 : mounts_attach(builder, op, mount, PATH_CREATE_DIR, err);
}

static int run_kernel_fs(struct builder *builder, const struct mount_op *op, struct error *err)
{
	/* terminals are devices: the one file system of ours without nodev */
	uint64_t attrs = op->kind == MOUNT_DEVPTS ? MOUNT_ATTR_NOSUID : mounts_attributes(op);
	own_fd int mount = filesystem_of_kernel(op, attrs | MOUNT_ATTR_NOEXEC, err);

	return mount < 0 ? -1 : mounts_attach(builder, op, mount, PATH_CREATE_DIR, err);
}

/*
 * Moved aside rather than unmounted: they go with the old root, in one wait for the kernel's grace period instead of
 * one each.
 */
static int run_drop(struct builder *builder, const struct mount_op *op, struct error *err)
{
	own_fd int aside = openat(builder->files, "dropped", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (aside < 0)
		return fail(err, errno, "dropped", "cannot open");
	/* again for mounts stacked on one another; EINVAL: none is left */
	for (int i = 0; i < 64; i++) {
		struct error local;
		own_fd int top = path_open(builder->root, op->target, PATH_MUST_EXIST, 0, &local);

		if (top < 0 && local.num == ENOENT)
			return 0;
		if (top < 0) {
			*err = local;
			return -1;
		}
		if (k_move_mount(top, aside) < 0)
			return errno == EINVAL ? 0 :
						 fail(err, errno, op->target, "cannot drop what the host has mounted here");
	}
	return fail(err, 0, op->target, "has too many mounts stacked on one another");
}

static int run_dir(struct builder *builder, const struct mount_op *op, struct error *err)
{
	own_fd int fd = path_open(builder->root, op->target, PATH_CREATE_DIR, op->mode, err);

	if (fd < 0)
		return errno == EROFS ? error_hint(err, "create the directory in the root tree") : -1;
	if ((op->uid || op->gid) && fchownat(fd, "", op->uid, op->gid, AT_EMPTY_PATH) < 0)
		return fail(err, errno, op->target, "cannot give away the directory");
	return 0;
}

static int run_touch(struct builder *builder, const struct mount_op *op, struct error *err)
{
	own_fd int fd = path_open(builder->root, op->target, PATH_CREATE_FILE, op->mode, err);

	if (fd < 0)
		return errno == EROFS ? error_hint(err, "create an empty file in the root tree") : -1;
	if ((op->uid || op->gid) && fchownat(fd, "", op->uid, op->gid, AT_EMPTY_PATH) < 0)
		return fail(err, errno, op->target, "cannot give away the file");
	return 0;
}

static int run_link(struct builder *builder, const struct mount_op *op, struct error *err)
{
	const char *name = strrchr(op->target, '/') + 1;
	own_fd int parent = -1;
	char directory[512];

	if (text_format(directory, sizeof directory, "%.*s", (int)(name - op->target), op->target) < 0)
		return fail(err, errno, op->target, "cannot make the link");
	parent = path_open(builder->root, directory, PATH_MUST_EXIST, 0, err);
	if (parent < 0)
		return -1;
	if (symlinkat(op->text, parent, name) < 0)
		return fail(err, errno, op->target, "cannot make the link");
	return 0;
}

/* Binds what lies in our own small tmpfs over the target. */
static int bind_own(struct builder *builder, const struct mount_op *op, const char *name, struct error *err)
{
	own_fd int tree = k_open_tree(builder->files, name, OPEN_TREE_CLONE);

	if (tree < 0)
		return fail(err, errno, op->target, "cannot bind what is empty");
	if (mounts_attach(builder, op, tree, PATH_CREATE_FILE, err) < 0)
		return -1;
	return mounts_set_attributes(tree, false, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_RDONLY, 0, op->target,
		err);
}

static int run_hide(struct builder *builder, const struct mount_op *op, struct error *err)
{
	own_fd int target = path_open(builder->root, op->target, PATH_MUST_EXIST, 0, err);
	struct stat info;

	if (target < 0)
		return -1;
	if (fstat(target, &info) < 0)
		return fail(err, errno, op->target, "cannot look at");
	return bind_own(builder, op, S_ISDIR(info.st_mode) ? "nothing" : "empty", err);
}

static int run_freeze(struct builder *builder, const struct mount_op *op, struct error *err)
{
	own_fd int target = path_open(builder->root, op->target, PATH_MUST_EXIST, 0, err);

	if (target < 0)
		return -1;
	return mounts_set_attributes(target, op->flags & MOUNT_DEEP, MOUNT_ATTR_RDONLY, 0, op->target, err);
}

static int run_readonly(struct builder *builder, const struct mount_op *op, struct error *err)
{
	own_fd int target = path_open(builder->root, op->target, PATH_MUST_EXIST, 0, err);
	own_fd int tree = -1;

	if (target < 0)
		return -1;
	tree = k_open_tree(target, "", AT_EMPTY_PATH | OPEN_TREE_CLONE);
	if (tree < 0)
		return fail(err, errno, op->target, "cannot bind to itself");
	if (k_move_mount(tree, target) < 0)
		return fail(err, errno, op->target, "cannot mount here");
	return mounts_set_attributes(tree, false, mounts_attributes(op), 0, op->target, err);
}

static run_op *const runs[] = {
	[MOUNT_ROOT] = run_root,
	[MOUNT_BIND] = run_bind,
	[MOUNT_DEVICE] = run_device,
	[MOUNT_TMPFS] = run_tmpfs,
	[MOUNT_PROC] = run_kernel_fs,
	[MOUNT_SYSFS] = run_kernel_fs,
	[MOUNT_DEVPTS] = run_kernel_fs,
	[MOUNT_MQUEUE] = run_kernel_fs,
	[MOUNT_PTY] = run_pty,
	[MOUNT_DROP] = run_drop,
	[MOUNT_DIR] = run_dir,
	[MOUNT_TOUCH] = run_touch,
	[MOUNT_LINK] = run_link,
	[MOUNT_FILE] = mounts_run_file,
	[MOUNT_PUT] = mounts_run_put,
	[MOUNT_PUT_DIR] = mounts_run_put_dir,
	[MOUNT_LAYER] = mounts_run_layer,
	[MOUNT_HIDE] = run_hide,
	[MOUNT_FREEZE] = run_freeze,
	[MOUNT_READONLY] = run_readonly,
};

/* The tmpfs of our own files hangs below the new root's place: only an attached mount can be bound from. */
static int open_files(struct builder *builder, uint64_t size, struct error *err)
{
	struct mount_op op = { .kind = MOUNT_TMPFS, .mode = 0755, .size = size };
	own_fd int files = filesystem_tmpfs(&op, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, err);
	own_fd int empty = -1;

	if (files < 0)
		return -1;
	if (k_move_mount(files, builder->base) < 0)
		return fail(err, errno, "tmpfs", "cannot mount the generated files");
	empty = openat(files, "empty", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0);
	if (empty < 0 || mkdirat(files, "nothing", 0555) < 0 || mkdirat(files, "layer", 0755) < 0 ||
		mkdirat(files, "dropped", 0700) < 0)
		return fail(err, errno, "tmpfs", "cannot make the generated files");
	builder->files = take_fd(&files);
	return 0;
}

static bool may_be_missing(const struct mount_op *op, int num)
{
	/* root's refusal is a network file system's or FUSE's, which may let the user in */
	return op->flags & MOUNT_OPTIONAL &&
		(num == ENOENT || (num == EACCES && op->kind == MOUNT_HIDE && op->flags & MOUNT_USER));
}

int mounts_build(const char *base, const struct mount_op *ops, size_t count, struct mount_tree *out,
	struct error *err)
{
	own_fd int host = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	own_fd int base_fd = -1;
	struct builder builder = { .host = host, .root = -1, .files = -1, .ptys = { -1, -1, -1, -1 } };
	bool tree = count && ops[0].kind == MOUNT_ROOT && !text_equal(ops[0].source, "/");
	int result = 0;

	if (host < 0)
		return fail(err, errno, "/", "cannot open");
	base_fd = path_open(host, base, PATH_MUST_EXIST, 0, err);
	if (base_fd < 0)
		return -1;
	builder.base = base_fd;
	if (open_files(&builder, mounts_files_size(ops, count), err) < 0)
		return -1;
	for (size_t i = 0; i < count && result == 0; i++) {
		struct error local;

		result = i && tree ? mounts_check_place(builder.root, ops, count, &ops[i], &local) : 0;
		if (result == 0)
			result = runs[ops[i].kind](&builder, &ops[i], &local);
		if (result < 0 && may_be_missing(&ops[i], local.num))
			result = 0;
		else if (result < 0)
			*err = local;
	}
	own_close_fd(&builder.files);
	if (result < 0) {
		own_close_fd(&builder.root);
		for (size_t i = 0; i < MOUNT_PTYS; i++)
			own_close_fd(&builder.ptys[i]);
		return -1;
	}
	out->root = builder.root;
	memcpy(out->ptys, builder.ptys, sizeof out->ptys);
	return 0;
}

int mounts_pivot(const struct mount_tree *tree, struct error *err)
{
	char where[8];

	/* pivot_root(".", "."): the old root ends up below the new one and is detached from there (NOTES of
	 * pivot_root(2)); no directory for it is needed */
	if (fchdir(tree->root) < 0 || k_pivot_root(".", ".") < 0) {
		fail(err, errno, "/", "cannot make the session's tree the root");
		return error_hint(err, "pivot_root(2) does not work from an initramfs: switch_root first");
	}
	if (k_umount(".", K_MNT_DETACH) < 0)
		return fail(err, errno, "/", "cannot forget the host's root");
	if (chdir("/") < 0 || !getcwd(where, sizeof where) || strcmp(where, "/") != 0)
		return fail(err, errno, "/", "the working directory is not in the session's root");
	return 0;
}
