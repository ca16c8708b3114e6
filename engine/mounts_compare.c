#include "mounts.h"

#include <stdbool.h>
#include <string.h>
#include <sys/types.h>

#include "text.h"

/* One line of a mountinfo: "36 35 98:0 /mnt1 /mnt2 rw,noatime … - ext3 …" (proc_pid_mountinfo(5)). */
struct line {
	char point[4096];
	size_t point_length;
	const char *options;
	size_t options_length;
	const char *type;
	size_t type_length;
};

static bool is_octal(char c)
{
	return c >= '0' && c <= '7';
}

/* Without the escapes (\040 for a space …). -1 where it is no path or does not fit. */
static ssize_t unescape(char *buf, size_t size, const char *text)
{
	size_t used = 0;

	for (; *text && *text != ' '; text++) {
		char c = *text;

		if (used + 1 >= size)
			return -1;
		if (c == '\\' && is_octal(text[1]) && is_octal(text[2]) && is_octal(text[3])) {
			c = (char)((text[1] - '0') * 64 + (text[2] - '0') * 8 + (text[3] - '0'));
			text += 3;
		}
		if (!c)
			return -1;
		buf[used++] = c;
	}
	buf[used] = '\0';
	return (ssize_t)used;
}

static bool parse_line(const char *text, struct line *out)
{
	const char *fields[6], *end = text + strcspn(text, "\n");
	ssize_t length;

	for (int i = 0; i < 6; i++) {
		fields[i] = text;
		text += strcspn(text, " \n");
		if (*text != ' ')
			return false;
		text++;
	}
	/* optional fields, as many as there are, end with a dash */
	while (text < end && (text[0] != '-' || text[1] != ' ')) {
		text += strcspn(text, " \n");
		text += *text == ' ';
	}
	if (text >= end)
		return false;
	out->type = text + 2;
	out->type_length = strcspn(out->type, " \n");
	length = unescape(out->point, sizeof out->point, fields[4]);
	out->point_length = (size_t)length;
	out->options = fields[5];
	out->options_length = strcspn(fields[5], " ");
	return length > 0;
}

static bool has_option(const struct line *line, const char *option)
{
	size_t length = strlen(option);
	const char *at = line->options, *end = line->options + line->options_length;

	while (at < end) {
		size_t word = strcspn(at, ", ");

		if (word == length && memcmp(at, option, length) == 0)
			return true;
		at += word + 1;
	}
	return false;
}

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
static const struct mount_op *governing(const struct mount_op *ops, size_t count, const struct line *line)
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
static bool is_made_by(const struct line *line, const struct mount_op *op)
{
	const char *type = type_of(op);

	return makes_a_mount(op) && strcmp(target_of(op), line->point) == 0 &&
		(!type || (strlen(type) == line->type_length && memcmp(type, line->type, line->type_length) == 0));
}

static int compare_line(const struct mount_op *op, const struct line *line, struct error *err)
{
	bool exact = strlen(target_of(op)) == line->point_length;
	bool device = exact &&
		(op->kind == MOUNT_DEVICE || op->kind == MOUNT_PTY || op->kind == MOUNT_DEVPTS);
	const char *missing = NULL;

	if (!has_option(line, "nosuid"))
		missing = "nosuid";
	else if (!device && !has_option(line, "nodev"))
		missing = "nodev";
	else if (!device && !(op->flags & MOUNT_RW) && !has_option(line, "ro"))
		missing = "ro";
	if (!missing)
		return 0;
	return fail(err, 0, line->point, "is mounted without %s, which the plan asks for (%.*s)", missing,
		(int)(line->options_length < 60 ? line->options_length : 60), line->options);
}

int mounts_compare(const struct mount_op *ops, size_t count, const char *mountinfo, struct error *err)
{
	enum { OPS_MOST = 512 };
	bool seen[OPS_MOST] = { false };

	if (count > OPS_MOST)
		return fail(err, 0, "mounts", "the plan has more than %d operations", OPS_MOST);
	for (const char *text = mountinfo; *text; text += strcspn(text, "\n"), text += *text == '\n') {
		const struct mount_op *op;
		struct line line;

		if (!parse_line(text, &line))
			return fail(err, 0, "mountinfo", "has a line that cannot be read");
		op = governing(ops, count, &line);
		if (!op)
			return fail(err, 0, "mountinfo", "the plan has no root");
		if (compare_line(op, &line, err) < 0)
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
