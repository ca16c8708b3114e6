#include "filesystem.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/stat.h>

#include "kernel.h"
#include "own.h"

struct fs_option {
	const char *key;
	char value[48];
};

/* A new file system of that type, mounted nowhere yet. */
static int new_filesystem(const char *type, const struct fs_option *options, size_t count, uint64_t attrs,
	struct error *err)
{
	own_fd int fs = k_fsopen(type);
	int mount;

	if (fs < 0)
		return fail(err, errno, type, "cannot open the file system type");
	for (size_t i = 0; i < count; i++)
		if (k_fsconfig(fs, options[i].value[0] ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG, options[i].key,
			    options[i].value[0] ? options[i].value : NULL) < 0)
			return fail(err, errno, type, "the option %s=%s is refused", options[i].key,
				options[i].value);
	if (k_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL) < 0)
		return fail(err, errno, type, "cannot create the file system");
	mount = k_fsmount(fs, (unsigned)attrs);
	if (mount < 0)
		return fail(err, errno, type, "cannot mount the file system");
	return mount;
}

int filesystem_tmpfs(const struct mount_op *op, uint64_t attrs, struct error *err)
{
	struct fs_option options[4] = { { "mode", "" } };
	size_t count = 1;

	(void)snprintf(options[0].value, sizeof options[0].value, "%o", op->mode);
	/* not told it is the maker's, which in a user namespace of one id need not be 0 */
	if (op->uid || op->gid) {
		options[count].key = "uid";
		(void)snprintf(options[count].value, sizeof options[count].value, "%u", op->uid);
		options[++count].key = "gid";
		(void)snprintf(options[count].value, sizeof options[count].value, "%u", op->gid);
		count++;
	}
	if (op->size) {
		options[count].key = "size";
		(void)snprintf(options[count].value, sizeof options[count].value, "%llu", (unsigned long long)op->size);
		count++;
	}
	return new_filesystem("tmpfs", options, count, attrs, err);
}

int filesystem_of_kernel(const struct mount_op *op, uint64_t attrs, struct error *err)
{
	struct fs_option options[4] = { { "ptmxmode", "0666" }, { "mode", "0620" }, { "gid", "" }, { "max", "" } };

	(void)snprintf(options[2].value, sizeof options[2].value, "%u", op->gid);
	(void)snprintf(options[3].value, sizeof options[3].value, "%llu", (unsigned long long)op->size);
	return new_filesystem(mount_kind_name(op->kind), options, op->kind == MOUNT_DEVPTS ? 4 : 0, attrs, err);
}

/* nofollow, off: attributes that somebody left in a tree redirect nothing (overlayfs.rst of the kernel) */
static const struct fs_option overlay_safe[2] = { { "redirect_dir", "nofollow" }, { "metacopy", "off" } };

static int new_overlay(const struct fs_option *options, size_t count, uint64_t attrs, struct error *err)
{
	int mount = new_filesystem("overlay", options, count, attrs, err);

	if (mount < 0 && err->num == ENODEV)
		error_hint(err, "the kernel has no overlay file system: load its module");
	return mount;
}

int filesystem_overlay(int upper, int lower, uint64_t attrs, struct error *err)
{
	struct fs_option options[3] = { overlay_safe[0], overlay_safe[1], { "lowerdir", "" } };

	(void)snprintf(options[2].value, sizeof options[2].value, "/proc/self/fd/%d:/proc/self/fd/%d", upper, lower);
	return new_overlay(options, 3, attrs, err);
}

/* A directory that shows the same owner and mode as the tree's own. */
static int make_like(int dir, const char *name, int like, bool user, struct error *err)
{
	struct stat info;

	if (fstat(like, &info) < 0 || (mkdirat(dir, name, 0700) < 0 && errno != EEXIST) ||
		fchmodat(dir, name, info.st_mode & 07777, 0) < 0)
		return fail(err, errno, name, "cannot be made");
	/* in a user namespace the one owner there is, is this process's */
	if (!user && fchownat(dir, name, info.st_uid, info.st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return fail(err, errno, name, "cannot be given away");
	return 0;
}

int filesystem_overlay_writable(int files, int tree, bool user, uint64_t attrs, struct error *err)
{
	struct fs_option options[6] = { overlay_safe[0], overlay_safe[1], { "lowerdir", "" }, { "upperdir", "" },
		{ "workdir", "" }, { "userxattr", "" } };
	int mount;

	if (make_like(files, "upper", tree, user, err) < 0 || make_like(files, "work", tree, user, err) < 0)
		return -1;
	(void)snprintf(options[2].value, sizeof options[2].value, "/proc/self/fd/%d", tree);
	(void)snprintf(options[3].value, sizeof options[3].value, "/proc/self/fd/%d/upper", files);
	(void)snprintf(options[4].value, sizeof options[4].value, "/proc/self/fd/%d/work", files);
	mount = new_overlay(options, user ? 6 : 5, attrs, err);
	if (mount < 0 && user && err->num == EINVAL)
		error_hint(err, "without root no overlay is made of a tree with mounts below it; one in memory needs Linux 6.6");
	return mount;
}
