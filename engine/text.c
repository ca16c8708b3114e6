#include "text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int text_format(char *buf, size_t size, const char *format, ...)
{
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(buf, size, format, args);
	va_end(args);
	if (length < 0 || (size_t)length >= size) {
		if (size)
			buf[0] = '\0';
		errno = ENAMETOOLONG;
		return -1;
	}
	return length;
}

/*
 * The length of the UTF-8 sequence at text that shows as itself; 0 for a byte that has to be escaped: broken
 * UTF-8, control characters (C1 too), and the invisible ones that reorder or hide what stands beside them.
 */
static size_t printable_length(const unsigned char *text)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t length = text[0] < 0x80 ? 1 : text[0] < 0xc2 ? 0 : text[0] < 0xe0 ? 2 : text[0] < 0xf0 ? 3 : 4;
	uint32_t point = length == 1 ? text[0] : text[0] & (0x7fu >> length);

	if (length == 0 || text[0] > 0xf4)
		return 0;
	for (size_t i = 1; i < length; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		point = point << 6 | (text[i] & 0x3f);
	}
	if (point < least[length] || point > 0x10ffff || (point >= 0xd800 && point < 0xe000))
		return 0;
	if (point < 0x20 || point == '\\' || (point >= 0x7f && point < 0xa0))
		return 0;
	if ((point >= 0x200b && point <= 0x200f) || (point >= 0x2028 && point <= 0x202e) ||
		(point >= 0x2060 && point <= 0x206f) || point == 0xfeff)
		return 0;
	return length;
}

void text_escape(char *buf, size_t size, const char *text)
{
	static const char digits[] = "0123456789abcdef";
	size_t used = 0;

	if (!size)
		return;
	while (*text) {
		size_t length = printable_length((const unsigned char *)text);
		unsigned char byte = (unsigned char)*text;

		if (used + (length ? length : 4) >= size)
			break;
		if (length) {
			memcpy(buf + used, text, length);
			used += length;
			text += length;
			continue;
		}
		buf[used++] = '\\';
		buf[used++] = 'x';
		buf[used++] = digits[byte >> 4];
		buf[used++] = digits[byte & 15];
		text++;
	}
	buf[used] = '\0';
}

bool text_parse_u64(const char *text, uint64_t *out)
{
	uint64_t value = 0;

	if (!text || !*text || (text[0] == '0' && text[1]))
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		if (__builtin_mul_overflow(value, 10, &value) ||
			__builtin_add_overflow(value, (uint64_t)(*text - '0'), &value))
			return false;
	}
	*out = value;
	return true;
}

bool text_equal(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

const char *text_after(const char *text, const char *prefix)
{
	size_t length = strlen(prefix);

	return strncmp(text, prefix, length) == 0 ? text + length : NULL;
}

bool text_has_word(const char *list, char divider, const char *word)
{
	for (const char *end; list; list = end ? end + 1 : NULL) {
		const char *rest = text_after(list, word);

		if (rest && (!*rest || *rest == divider))
			return true;
		end = strchr(list, divider);
	}
	return false;
}

unsigned text_distance(const char *a, const char *b)
{
	enum { longest = 63 };
	unsigned row[longest + 1];
	size_t alen = strlen(a), blen = strlen(b);

	if (alen > longest || blen > longest)
		return longest + 1;
	for (size_t j = 0; j <= blen; j++)
		row[j] = (unsigned)j;
	for (size_t i = 1; i <= alen; i++) {
		unsigned diagonal = row[0];

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= blen; j++) {
			unsigned best = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[blen];
}

static bool is_name_start(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

bool text_is_user_name(const char *text)
{
	size_t length = text ? strlen(text) : 0;

	if (length == 0 || length > 64 || !is_name_start(text[0]))
		return false;
	for (size_t i = 1; i < length; i++) {
		if (text[i] == '$' && i + 1 == length)
			continue;
		if (!is_name_start(text[i]) && !strchr(".@+-", text[i]))
			return false;
	}
	return true;
}

static int list_add_bytes(struct list *list, const char *text, size_t length)
{
	char **items = reallocarray(list->items, list->count + 1, sizeof *items);
	char *copy;

	if (!items)
		return -1;
	list->items = items;
	copy = strndup(text, length);
	if (!copy)
		return -1;
	items[list->count++] = copy;
	return 0;
}

int list_add(struct list *list, const char *text)
{
	return list_add_bytes(list, text, strlen(text));
}

int list_add_words(struct list *list, const char *text)
{
	static const char blanks[] = " \t,";

	for (text += strspn(text, blanks); *text; text += strspn(text, blanks)) {
		size_t length = strcspn(text, blanks);

		if (list_add_bytes(list, text, length) < 0)
			return -1;
		text += length;
	}
	return 0;
}

bool list_has(const struct list *list, const char *text)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i], text) == 0)
			return true;
	return false;
}

void list_free(struct list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i]);
	free(list->items);
	*list = (struct list){ 0 };
}
