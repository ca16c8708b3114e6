/* A typed value as one would write it in the file: what is shown can be read again, and shows the
 * same. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "caps.h"
#include "own.h"
#include "policy.h"
#include "text.h"

/* A buffer that fills up; what no longer fits is left out. */
struct sink {
	char *text;
	size_t size, used;
};

static void put(struct sink *sink, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put(struct sink *sink, const char *format, ...)
{
	size_t room = sink->size - sink->used;
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(sink->text + sink->used, room, format, args);
	va_end(args);
	if (length < 0 || (size_t)length >= room)
		sink->text[sink->used] = '\0';
	else
		sink->used += (size_t)length;
}

static void put_bytes(struct sink *sink, uint64_t value)
{
	static const char *const suffixes[] = { "", "K", "M", "G" };
	size_t i = 0;

	for (; value && value % 1024 == 0 && i + 1 < ARRAY_SIZE(suffixes); i++)
		value /= 1024;
	put(sink, "%ju%s", (uintmax_t)value, suffixes[i]);
}

static void put_time(struct sink *sink, uint64_t milliseconds)
{
	if (milliseconds && milliseconds % 60000 == 0)
		put(sink, "%jum", (uintmax_t)(milliseconds / 60000));
	else if (milliseconds && milliseconds % 1000 == 0)
		put(sink, "%jus", (uintmax_t)(milliseconds / 1000));
	else
		put(sink, "%jums", (uintmax_t)milliseconds);
}

static void put_amount(
	struct sink *sink, const struct setting *setting, const struct amount *amount)
{
	if (!amount->set)
		put(sink, "none");
	else if (amount->percent || setting->kind == KIND_QUOTA)
		put(sink, "%ju%%", (uintmax_t)amount->value);
	else if (setting_takes_bytes(setting))
		put_bytes(sink, amount->value);
	else
		put(sink, "%ju", (uintmax_t)amount->value);
}

static void put_bound(struct sink *sink, const struct setting *setting, uint64_t bound)
{
	if (bound == RLIMIT_UNLIMITED)
		put(sink, "unlimited");
	else if (setting_takes_bytes(setting))
		put_bytes(sink, bound);
	else
		put(sink, "%ju", (uintmax_t)bound);
}

static void put_rlimit(
	struct sink *sink, const struct setting *setting, const struct rlimit_setting *limit)
{
	if (!limit->set) {
		put(sink, "none");
		return;
	}
	put_bound(sink, setting, limit->soft);
	if (limit->hard != limit->soft) {
		put(sink, ":");
		put_bound(sink, setting, limit->hard);
	}
}

/* Paths may hold what would begin a comment; quotes cannot occur in them. */
static bool needs_quotes(const char *text)
{
	size_t length = strlen(text);

	return text[strcspn(text, "#;")] || (length && text[length - 1] == ' ');
}

static void put_list(struct sink *sink, const struct list *list)
{
	bool quotes = false;

	for (size_t i = 0; i < list->count; i++)
		quotes = quotes || needs_quotes(list->items[i]);
	if (quotes)
		put(sink, "\"");
	for (size_t i = 0; i < list->count; i++)
		put(sink, "%s%s", i ? " " : "", list->items[i]);
	if (quotes)
		put(sink, "\"");
}

static void put_path(struct sink *sink, const char *path)
{
	put(sink, needs_quotes(path) ? "\"%s\"" : "%s", path);
}

/* As it is in the file: one kind of quotes may be in it, and the other is around it then. */
static void put_command(struct sink *sink, const char *text)
{
	size_t length = strlen(text);
	bool quotes = needs_quotes(text) || text[strcspn(text, "\"'")] ||
		(length && (strchr(" \t", text[0]) || text[length - 1] == '\t'));
	const char *quote = !quotes ? "" : strchr(text, '"') ? "'" : "\"";

	put(sink, "%s%s%s", quote, text, quote);
}

static void put_caps(struct sink *sink, uint64_t mask)
{
	const char *between = "";

	for (int number = 0; number < 64; number++) {
		char name[32];

		if (!(mask >> number & 1))
			continue;
		put(sink, "%s%s", between, caps_name(number, name, sizeof name));
		between = " ";
	}
}

void policy_show(const struct policy *policy, const struct setting *setting, char *buf, size_t size)
{
	const void *field = (const char *)policy + setting->offset;
	struct sink sink = { buf, size, 0 };

	if (!size)
		return;
	buf[0] = '\0';
	switch (setting->kind) {
	case KIND_BOOL:
		put(&sink, "%s", *(const bool *)field ? "yes" : "no");
		break;
	case KIND_CHOICE:
		put(&sink, "%s", setting->choices[*(const int *)field]);
		break;
	case KIND_NUMBER:
		put(&sink, "%ju", (uintmax_t) * (const uint64_t *)field);
		break;
	case KIND_TIME:
		put_time(&sink, *(const uint64_t *)field);
		break;
	case KIND_BYTES:
	case KIND_SHARE:
	case KIND_WEIGHT:
	case KIND_QUOTA:
		put_amount(&sink, setting, field);
		break;
	case KIND_NAMES:
	case KIND_VARIABLES:
	case KIND_PATHS:
	case KIND_PLACES:
		put_list(&sink, field);
		break;
	case KIND_PATH:
		put_path(&sink, *(char *const *)field);
		break;
	case KIND_COMMAND:
	case KIND_COMMANDS:
		put_command(&sink, *(char *const *)field);
		break;
	case KIND_CAPS:
		put_caps(&sink, *(const uint64_t *)field);
		break;
	case KIND_RLIMIT:
		put_rlimit(&sink, setting, field);
		break;
	}
}
