#include "mounts.h"

#include <stdbool.h>
#include <string.h>

#include "mountinfo.h"

static bool makes_a_mount(const struct mount_op *op)
{
	switch (op->kind) {
	case MOUNT_DROP:
	case MOUNT_DIR:
	case MOUNT_TOUCH:
	case MOUNT_LINK:
	case MOUNT_FILE:
	case MOUNT_PUT:
	case MOUNT_PUT_DIR:
	case MOUNT_FREEZE:
		return false;
	default:
		return true;
	}
}

static const char *target_of(const struct mount_op *op)
{
	return op->kind == MOUNT_ROOT ? "/" : op->target;
}

/* The last operation that governs a mount point: the one with the longest target at or above it. */
static const struct mount_op *governing(const struct mount_op *ops, size_t count, const struct mountinfo_line *line)
{
	const struct mount_op *best = NULL;
	size_t best_length = 0;

	for (size_t i = 0; i < count; i++) {
		const char *target = target_of(&ops[i]);
		size_t length = strlen(target);
		bool covers = length == 1 ||
			(length <= line->point_length && memcmp(target, line->point, length) == 0 &&
				(length == line->point_length || line->point[length] == '/'));

		if (covers && makes_a_mount(&ops[i]) && length >= best_length) {
			best = &ops[i];
			best_length = length;
		}
	}
	return best;
}

/* What the mount of an operation shows as its type; NULL where that is the source's. */
static const char *type_of(const struct mount_op *op)
{
	switch (op->kind) {
	case MOUNT_TMPFS:
	case MOUNT_FILE:
	case MOUNT_HIDE:
		return "tmpfs";
	case MOUNT_PROC:
	case MOUNT_SYSFS:
	case MOUNT_DEVPTS:
	case MOUNT_MQUEUE:
		return mount_kind_name(op->kind);
	default:
		return NULL;
	}
}

/* Is the line what the operation made? The host may have had a mount of its own at the same place. */
static bool is_made_by(const struct mountinfo_line *line, const struct mount_op *op)
{
	const char *type = type_of(op);

	return makes_a_mount(op) && strcmp(target_of(op), line->point) == 0 &&
		(!type || (strlen(type) == line->type_length && memcmp(type, line->type, line->type_length) == 0));
}

static int compare_line(const struct mount_op *op, const struct mountinfo_line *line, const char *mountinfo,
	struct error *err)
{
	bool exact = strlen(target_of(op)) == line->point_length;
	bool device = exact &&
		(op->kind == MOUNT_DEVICE || op->kind == MOUNT_PTY || op->kind == MOUNT_DEVPTS);
	const char *missing = NULL;

	if (!mountinfo_has_option(line, "nosuid"))
		missing = "nosuid";
	else if (!device && !mountinfo_has_option(line, "nodev"))
		missing = "nodev";
	else if (!device && !(op->flags & MOUNT_RW) && !mountinfo_has_option(line, "ro") &&
		!mountinfo_is_covered(mountinfo, line))
		missing = "ro";
	if (!missing)
		return 0;
	return fail(err, 0, line->point, "is mounted without %s, which the plan asks for (%.*s)", missing,
		(int)(line->options_length < 60 ? line->options_length : 60), line->options);
}

int mounts_compare(const struct mount_op *ops, size_t count, const char *mountinfo, struct error *err)
{
	bool seen[MOUNTS_MOST] = { false };

	if (count > MOUNTS_MOST)
		return fail(err, 0, "mounts", "the plan has more than %d operations", MOUNTS_MOST);
	for (const char *text = mountinfo; *text; text = mountinfo_next(text)) {
		const struct mount_op *op;
		struct mountinfo_line line;

		if (!mountinfo_parse(text, &line))
			return fail(err, 0, "mountinfo", "has a line that cannot be read");
		op = governing(ops, count, &line);
		if (!op)
			return fail(err, 0, "mountinfo", "the plan has no root");
		if (compare_line(op, &line, mountinfo, err) < 0)
			return -1;
		for (size_t i = 0; i < count; i++)
			seen[i] = seen[i] || is_made_by(&line, &ops[i]);
	}
	for (size_t i = 0; i < count; i++)
		if (makes_a_mount(&ops[i]) && !(ops[i].flags & MOUNT_OPTIONAL) && !seen[i])
			return fail(err, 0, target_of(&ops[i]), "is not mounted, though the plan asks for it (%s)",
				mount_kind_name(ops[i].kind));
	return 0;
}
