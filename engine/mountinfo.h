#pragma once
/* mountinfo: the lines of a /proc/PID/mountinfo, as in proc_pid_mountinfo(5). Pure. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mountinfo_line {
	uint64_t id, parent;
	char point[4096]; /* without the file's escapes */
	size_t point_length;
	/* in the text, not terminated */
	const char *options, *type;
	size_t options_length, type_length;
};

/* false where the line cannot be read. */
bool mountinfo_parse(const char *text, struct mountinfo_line *out);

bool mountinfo_is_type(const struct mountinfo_line *line, const char *type);
bool mountinfo_has_option(const struct mountinfo_line *line, const char *option);

/*
 * No path leads to a mount any more when another hangs on the same parent above it or on its own root, or when its
 * parent is such a one: what the host has mounted below a path that is hidden, or shown read-only in a writable one.
 */
bool mountinfo_is_covered(const char *mountinfo, const struct mountinfo_line *line);

/* The line after this one; "" behind the last. */
const char *mountinfo_next(const char *text);
