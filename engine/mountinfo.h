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

/* The line after this one; "" behind the last. */
const char *mountinfo_next(const char *text);
