/*
 * The attributes of mounts: by mount_setattr(2), or below Linux 5.12, which has none, by remounting each mount under
 * its path.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "kernel.h"
#include "mountinfo.h"
#include "mounts_builder.h"
#include "own.h"
#include "text.h"
#include "tree.h"

/* mount(2)'s flag of an attribute, by its word in mountinfo. */
static const struct {
	const char *word;
	unsigned long flag;
	uint64_t attribute; /* 0: kept as it is */
} words[] = {
	{ "ro", 1 /* MS_RDONLY */, MOUNT_ATTR_RDONLY },
	{ "nosuid", 2 /* MS_NOSUID */, MOUNT_ATTR_NOSUID },
	{ "nodev", 4 /* MS_NODEV */, MOUNT_ATTR_NODEV },
	{ "noexec", 8 /* MS_NOEXEC */, MOUNT_ATTR_NOEXEC },
	{ "noatime", 1 << 10 /* MS_NOATIME */, 0 },
	{ "nodiratime", 1 << 11 /* MS_NODIRATIME */, 0 },
	{ "relatime", 1 << 21 /* MS_RELATIME */, 0 },
};
enum { MS_REMOUNT_BIND = 1 << 5 | 1 << 12, MS_STRICTATIME_FLAG = 1 << 24, ATIMES = 1 << 10 | 1 << 21 };

/* What a remount has to say so that all stays as it is but what is set and cleared; *changes: there is something. */
static unsigned long flags_for(const struct mountinfo_line *line, uint64_t set, uint64_t clear, bool *changes)
{
	unsigned long flags = 0;

	*changes = false;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		bool has = mountinfo_has_option(line, words[i].word);
		bool wanted = (has || words[i].attribute & set) && !(words[i].attribute & clear);

		flags |= wanted ? words[i].flag : 0;
		*changes = *changes || has != wanted;
	}
	return flags & ATIMES ? flags : flags | MS_STRICTATIME_FLAG;
}

/* One pass over the mounts at and below the path. How many were remounted; -1 and err. */
static int remount_pass(const char *path, bool deep, uint64_t set, uint64_t clear, struct error *err)
{
	own_fd int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	own_text char *text = NULL;
	size_t length = strlen(path);
	int done = 0;

	if (tree_read_file(root, "/proc/self/mountinfo", 8 << 20, &text, NULL, err) < 0)
		return -1;
	for (const char *at = text; *at; at = mountinfo_next(at)) {
		struct mountinfo_line line;
		unsigned long flags;
		bool changes;

		if (!mountinfo_parse(at, &line) || strncmp(line.point, path, length) != 0 ||
			(line.point[length] && !(deep && line.point[length] == '/')) || mountinfo_is_covered(text, &line))
			continue;
		flags = flags_for(&line, set, clear, &changes);
		if (!changes)
			continue;
		if (syscall(SYS_mount, NULL, line.point, NULL, MS_REMOUNT_BIND | flags, NULL) < 0)
			return fail(err, errno, line.point, "cannot set the mount's attributes");
		done++;
	}
	return done;
}

/* Again until a pass finds nothing to do. What no path leads to cannot be remounted; the readback refuses it where it counts. */
static int remount(int mount, bool deep, uint64_t set, uint64_t clear, const char *target, struct error *err)
{
	enum { PASSES_MOST = 64 };
	char link[32], path[4096];
	ssize_t length;

	(void)text_format(link, sizeof link, "/proc/self/fd/%d", mount);
	length = readlink(link, path, sizeof path - 1);
	if (length <= 0 || path[0] != '/')
		return fail(err, errno, target, "has no path to be remounted by");
	path[length] = '\0';
	for (int i = 0; i < PASSES_MOST; i++) {
		int done = remount_pass(path, deep, set, clear, err);

		if (done <= 0)
			return done;
	}
	return fail(err, 0, target, "has mounts that do not keep their attributes");
}

int mounts_set_attributes(int mount, bool deep, uint64_t set, uint64_t clear, const char *target, struct error *err)
{
	if (k_mount_setattr(mount, deep ? AT_RECURSIVE : 0, set, clear, 0) == 0)
		return 0;
	if (errno == ENOSYS)
		return remount(mount, deep, set, clear, target, err);
	return fail(err, errno, target, "cannot set the mount's attributes");
}
