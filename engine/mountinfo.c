#include "mountinfo.h"

#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

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

/* "36 35 98:0 /mnt1 /mnt2 rw,noatime … - ext3 …" */
bool mountinfo_parse(const char *text, struct mountinfo_line *out)
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
	out->id = strtoull(fields[0], NULL, 10);
	out->parent = strtoull(fields[1], NULL, 10);
	out->type = text + 2;
	out->type_length = strcspn(out->type, " \n");
	length = unescape(out->point, sizeof out->point, fields[4]);
	out->point_length = (size_t)length;
	out->options = fields[5];
	out->options_length = strcspn(fields[5], " ");
	return length > 0;
}

const char *mountinfo_next(const char *text)
{
	text += strcspn(text, "\n");
	return text + (*text == '\n');
}

bool mountinfo_is_type(const struct mountinfo_line *line, const char *type)
{
	return strlen(type) == line->type_length && memcmp(line->type, type, line->type_length) == 0;
}

bool mountinfo_has_option(const struct mountinfo_line *line, const char *option)
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

/* Is it hung somewhere below the other's place? */
static bool is_below(const struct mountinfo_line *line, const struct mountinfo_line *other)
{
	size_t length = other->point_length == 1 ? 0 : other->point_length;

	return line->point_length > length && memcmp(line->point, other->point, length) == 0 &&
		line->point[length] == '/' && line->point_length > other->point_length;
}

bool mountinfo_is_covered(const char *mountinfo, const struct mountinfo_line *line)
{
	enum { DEEPEST = 256 };
	struct mountinfo_line at = *line, other, parent;
	uint64_t came_from = 0;

	for (int depth = 0; depth < DEEPEST; depth++) {
		bool found = false;

		for (const char *text = mountinfo; *text; text = mountinfo_next(text)) {
			if (!mountinfo_parse(text, &other) || other.id == at.id)
				continue;
			if (other.id == at.parent) { /* of the root: itself, in some listings */
				parent = other;
				found = true;
			} else if (other.parent == at.parent && is_below(&at, &other)) {
				return true;
			} else if (other.parent == at.id && other.id != came_from &&
				strcmp(other.point, at.point) == 0) {
				return true;
			}
		}
		if (!found)
			return false;
		came_from = at.id;
		at = parent;
	}
	return false;
}
