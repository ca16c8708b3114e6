/* Where the places for mounts in a root tree lead, which somebody else made. */
#include <errno.h>
#include <stdbool.h>

#include "mounts_builder.h"
#include "path.h"
#include "text.h"

enum { PLACE_LONGEST = 4096 };

/* What is read-only and may be missing does no harm anywhere; files of ours replace what has their name. */
static bool needs_its_place(const struct mount_op *op)
{
	switch (op->kind) {
	case MOUNT_ROOT:
	case MOUNT_DROP:
	case MOUNT_LINK:
	case MOUNT_FILE:
	case MOUNT_PUT:
	case MOUNT_PUT_DIR:
	case MOUNT_HIDE:
		return false;
	default:
		return op->flags & MOUNT_RW || !(op->flags & MOUNT_OPTIONAL);
	}
}

static bool is_own_directory(const struct mount_op *ops, size_t count, const char *path)
{
	for (size_t i = 0; i < count; i++)
		if (ops[i].kind == MOUNT_TMPFS && ops[i].flags & MOUNT_RW && text_equal(ops[i].target, path))
			return true;
	return false;
}

int mounts_check_place(int root, const struct mount_op *ops, size_t count, const struct mount_op *op, struct error *err)
{
	char real[PLACE_LONGEST];

	if (!needs_its_place(op))
		return 0;
	if (path_resolve(root, op->target, real, sizeof real, err) < 0)
		return err->num == ENOENT ? 0 : -1; /* to be made; or missing, which whoever opens it tells */
	if (text_equal(real, op->target) ||
		((op->flags & MOUNT_OPTIONAL || op->kind == MOUNT_DIR) && is_own_directory(ops, count, real)))
		return 0;
	fail(err, 0, op->target, "is %s by a link in the root tree, and the session's own goes nowhere else", real);
	return error_hint(err, "make it a directory in the root tree");
}
