#include "filesystem.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>

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
		if (k_fsconfig(fs, FSCONFIG_SET_STRING, options[i].key, options[i].value) < 0)
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
	struct fs_option options[4] = { { "mode", "" }, { "uid", "" }, { "gid", "" }, { "size", "" } };

	(void)snprintf(options[0].value, sizeof options[0].value, "%o", op->mode);
	(void)snprintf(options[1].value, sizeof options[1].value, "%u", op->uid);
	(void)snprintf(options[2].value, sizeof options[2].value, "%u", op->gid);
	(void)snprintf(options[3].value, sizeof options[3].value, "%llu", (unsigned long long)op->size);
	return new_filesystem("tmpfs", options, op->size ? 4 : 3, attrs, err);
}

int filesystem_of_kernel(const struct mount_op *op, uint64_t attrs, struct error *err)
{
	struct fs_option options[4] = { { "ptmxmode", "0666" }, { "mode", "0620" }, { "gid", "" }, { "max", "" } };

	(void)snprintf(options[2].value, sizeof options[2].value, "%u", op->gid);
	(void)snprintf(options[3].value, sizeof options[3].value, "%llu", (unsigned long long)op->size);
	return new_filesystem(mount_kind_name(op->kind), options, op->kind == MOUNT_DEVPTS ? 4 : 0, attrs, err);
}

int filesystem_overlay(int upper, int lower, uint64_t attrs, struct error *err)
{
	/* nofollow, off: attributes that somebody left in a tree redirect nothing (overlayfs.rst of the kernel) */
	struct fs_option options[3] = { { "lowerdir", "" }, { "redirect_dir", "nofollow" }, { "metacopy", "off" } };
	int mount;

	(void)snprintf(options[0].value, sizeof options[0].value, "/proc/self/fd/%d:/proc/self/fd/%d", upper, lower);
	mount = new_filesystem("overlay", options, 3, attrs, err);
	if (mount < 0 && err->num == ENODEV)
		error_hint(err, "the kernel has no overlay file system: load its module");
	return mount;
}
