/*
 * One value from text, and back. Numbers are read by hand: iniparser's and the C library's own
 * readers take "12abc" for 12, "010" for 8 and cut what is too large.
 */
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "caps.h"
#include "own.h"
#include "policy_parts.h"
#include "policy_paths.h"
#include "text.h"

/* A place for a message; refused values end in `return refuse(…)`. */
struct clause {
	char *text;
	size_t size;
};

static void *field_of(const struct setting *setting, struct policy *policy)
{
	return (char *)policy + setting->offset;
}

static int refuse(const struct clause *what, const char *format, ...)
	__attribute__((format(printf, 2, 3), cold));
static int refuse(const struct clause *what, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(what->text, what->size, format, args); /* what is expected may be cut */
	va_end(args);
	errno = EINVAL;
	return -1;
}

static const char *noun(const struct setting *setting)
{
	switch (setting->kind) {
	case KIND_BOOL:
	case KIND_CHOICE:
		return "one of its values";
	case KIND_NUMBER:
	case KIND_WEIGHT:
		return "a number";
	case KIND_TIME:
		return "a time";
	case KIND_BYTES:
	case KIND_SHARE:
		return "a size";
	case KIND_QUOTA:
		return "a percentage";
	case KIND_NAMES:
		return "a name";
	case KIND_VARIABLES:
		return "the name of a variable";
	case KIND_PATHS:
	case KIND_PLACES:
	case KIND_PATH:
		return "an absolute path without //, /./, /../ or a slash at the end";
	case KIND_COMMAND:
	case KIND_COMMANDS:
		return "a command";
	case KIND_CAPS:
		return "a capability";
	case KIND_RLIMIT:
		return "a limit";
	}
	return "a value";
}

static int refuse_value(
	const struct setting *setting, const char *text, const char *why, const struct clause *what)
{
	char expects[160];

	(void)setting_expects(setting, expects, sizeof expects);
	if (why)
		return refuse(what, "\"%.80s\" %s (expected %s)", text, why, expects);
	return refuse(what, "\"%.80s\" is not %s (expected %s)", text, noun(setting), expects);
}

/* What may stand behind the digits. */
struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit no_units[] = { { "", 1 }, { NULL, 0 } };
static const struct unit percent_units[] = { { "%", 1 }, { NULL, 0 } };
static const struct unit time_units[] = {
	{ "m", 60000 },
	{ "s", 1000 },
	{ "ms", 1 },
	{ NULL, 0 },
};
static const struct unit byte_units[] = {
	{ "G", 1 << 30 },
	{ "M", 1 << 20 },
	{ "K", 1 << 10 },
	{ "", 1 },
	{ NULL, 0 },
};

/* NULL, or what is wrong; "" when it is not even the form of a number with its unit. */
static const char *read_amount(
	const char *text, const struct unit *units, uint64_t min, uint64_t max, uint64_t *out)
{
	size_t digits = strspn(text, "0123456789");
	const struct unit *unit = units;
	char number[24];
	uint64_t value;

	if (!digits)
		return "";
	while (unit->name && !text_equal(unit->name, text + digits))
		unit++;
	if (!unit->name)
		return "";
	if (text[0] == '0' && digits > 1)
		return "begins with a zero"; /* 8 to some, 10 to others: 010 */
	if (text_format(number, sizeof number, "%.*s", (int)digits, text) < 0 ||
		!text_parse_u64(number, &value) ||
		__builtin_mul_overflow(value, unit->factor, &value) || value > max)
		return "is too large";
	if (value < min)
		return "is too small";
	*out = value;
	return NULL;
}

static int parse_amount(const struct setting *setting, const char *text, const struct unit *units,
	uint64_t *out, const struct clause *what)
{
	const char *why = read_amount(text, units, setting->min, setting->max, out);

	return why ? refuse_value(setting, text, *why ? why : NULL, what) : 0;
}

/* KIND_BYTES, KIND_SHARE, KIND_WEIGHT, KIND_QUOTA */
static int parse_optional(const struct setting *setting, const char *text, struct amount *out,
	const struct clause *what)
{
	const struct unit *units = setting_takes_bytes(setting)  ? byte_units
				   : setting->kind == KIND_QUOTA ? percent_units
								 : no_units;
	struct amount amount = { .set = true };

	if (text_equal(text, "none")) {
		*out = (struct amount){ 0 };
		return 0;
	}
	if (setting->kind == KIND_SHARE && strchr(text, '%')) {
		const char *why = read_amount(text, percent_units, 1, 100, &amount.value);

		if (why)
			return refuse_value(setting, text, *why ? why : NULL, what);
		amount.percent = true;
	} else if (parse_amount(setting, text, units, &amount.value, what) < 0) {
		return -1;
	}
	*out = amount;
	return 0;
}

static int parse_bound(
	const struct setting *setting, const char *text, uint64_t *out, const struct clause *what)
{
	const struct unit *units = setting_takes_bytes(setting) ? byte_units : no_units;

	if (text_equal(text, "unlimited") && setting_takes_unlimited(setting)) {
		*out = RLIMIT_UNLIMITED;
		return 0;
	}
	return parse_amount(setting, text, units, out, what);
}

static int parse_rlimit(const struct setting *setting, const char *text, struct rlimit_setting *out,
	const struct clause *what)
{
	struct rlimit_setting limit = { .set = true };
	const char *colon = strchr(text, ':');
	char soft[32];

	if (text_equal(text, "none")) {
		*out = (struct rlimit_setting){ 0 };
		return 0;
	}
	if (!colon) {
		if (parse_bound(setting, text, &limit.soft, what) < 0)
			return -1;
		limit.hard = limit.soft;
		*out = limit;
		return 0;
	}
	if (text_format(soft, sizeof soft, "%.*s", (int)(colon - text), text) < 0)
		return refuse_value(setting, text, NULL, what);
	if (parse_bound(setting, soft, &limit.soft, what) < 0 ||
		parse_bound(setting, colon + 1, &limit.hard, what) < 0)
		return -1;
	if (limit.soft > limit.hard)
		return refuse_value(setting, text, "has a soft limit above the hard one", what);
	*out = limit;
	return 0;
}

static int parse_bool(
	const struct setting *setting, const char *text, bool *out, const struct clause *what)
{
	if (!text_equal(text, "yes") && !text_equal(text, "no"))
		return refuse_value(setting, text, NULL, what);
	*out = text_equal(text, "yes");
	return 0;
}

static int parse_choice(
	const struct setting *setting, const char *text, int *out, const struct clause *what)
{
	for (int i = 0; setting->choices[i]; i++) {
		if (text_equal(setting->choices[i], text)) {
			*out = i;
			return 0;
		}
	}
	return refuse_value(setting, text, NULL, what);
}

static int check_path(const struct setting *setting, const char *path, const struct clause *what)
{
	if (!policy_path_is_normal(path))
		return refuse_value(setting, path, NULL, what);
	if (setting->filled) {
		char filled[4096];
		const char *why = policy_path_fill(path, "user", "/home/user", "group", filled, sizeof filled);

		return why ? refuse_value(setting, path, why, what) : 0;
	}
	if (strchr(path, '%')) /* would be a silent surprise to whoever wants the user's name */
		return refuse_value(
			setting, path, "has a '%', which stands for nothing here", what);
	if (setting->kind == KIND_PATHS && !path[1])
		return refuse_value(setting, path, "is everything", what);
	return 0;
}

/* Filled in with a user who stands for all: what one user's name makes of it is seen when that one logs in. */
static int check_place(const struct setting *setting, const char *text, const struct clause *what)
{
	enum path_use use = (enum path_use)setting->resource;
	char path[POLICY_LINE_MAX], reason[160];
	const char *why = policy_path_fill(text, "u", "/h", "g", path, sizeof path);

	if (use == USE_SOCKETS && strchr(text, '%'))
		why = "has a '%', which stands for nothing here";
	if (!why && policy_path_is_refused(use, path, reason, sizeof reason))
		why = reason;
	return why ? refuse_value(setting, text, why, what) : 0;
}

static int check_name(const struct setting *setting, const char *name, const struct clause *what)
{
	if (text_is_user_name(name))
		return 0;
	if (*name != '@')
		return refuse_value(setting, name, NULL, what);
	if (text_after(setting->key, "match_"))
		return refuse(what,
			"\"%.80s\" is not a name (expected groups in match_groups, without @)",
			name);
	return refuse(what, "\"%.80s\" is not a name (expected groups in %s, without @)", name,
		text_after(setting->key, "exempt_") ? "exempt_groups" : setting->key);
}

static int check_variable(const struct setting *setting, const char *name, const struct clause *what)
{
	const char *why;

	return policy_variable_is_refused(name, &why) ? refuse_value(setting, name, why, what) : 0;
}

/* KIND_NAMES, KIND_VARIABLES, KIND_PATHS and KIND_PLACES */
static int parse_list(const struct setting *setting, const char *text, struct list *out,
	const struct clause *what)
{
	struct list list = { 0 };
	int result = 0;

	if (list_add_words(&list, text) < 0) {
		list_free(&list);
		errno = ENOMEM;
		return -1;
	}
	if (setting->max && list.count > setting->max)
		result = refuse(what, "names %zu %s (expected at most %ju)", list.count,
			setting->kind == KIND_PLACES ? "paths" : "variables", (uintmax_t)setting->max);
	for (size_t i = 0; i < list.count && !result; i++) {
		if (setting->kind == KIND_NAMES)
			result = check_name(setting, list.items[i], what);
		else if (setting->kind == KIND_VARIABLES)
			result = check_variable(setting, list.items[i], what);
		else if (setting->kind == KIND_PLACES)
			result = check_place(setting, list.items[i], what);
		else if (list.count > 1 || !setting->choices ||
			 !text_equal(list.items[i], setting->choices[0]))
			result = check_path(setting, list.items[i], what);
	}
	if (result < 0) {
		list_free(&list);
		errno = EINVAL;
		return -1;
	}
	list_free(out);
	*out = list;
	return 0;
}

static int parse_path(
	const struct setting *setting, const char *text, char **out, const struct clause *what)
{
	char *copy;

	if (!(setting->choices && text_equal(text, setting->choices[0])) && check_path(setting, text, what) < 0)
		return -1;
	copy = strdup(text);
	if (!copy)
		return -1;
	free(*out);
	*out = copy;
	return 0;
}

static int parse_caps(
	const struct setting *setting, const char *text, uint64_t *out, const struct clause *what)
{
	struct list words = { 0 };
	uint64_t mask = 0;
	int result = list_add_words(&words, text);

	for (size_t i = 0; i < words.count && !result; i++) {
		int number = caps_number(words.items[i]);

		if (number < 0 || number > 63)
			result = refuse_value(setting, words.items[i], NULL, what);
		else
			mask |= (uint64_t)1 << number;
	}
	list_free(&words); /* free() keeps errno (glibc since 2.33) */
	if (!result)
		*out = mask;
	return result;
}

static bool may_be_empty(const struct setting *setting)
{
	return setting->kind == KIND_NAMES || setting->kind == KIND_VARIABLES ||
	       setting->kind == KIND_PATHS || setting->kind == KIND_PLACES || setting->kind == KIND_CAPS ||
	       setting->kind == KIND_COMMAND || setting->kind == KIND_COMMANDS;
}

int policy_value_parse(const struct setting *setting, const char *text, struct policy *policy,
	char *what, size_t size)
{
	const struct clause clause = { what, size };
	void *field = field_of(setting, policy);

	if (!*text && !may_be_empty(setting)) {
		char expects[160];

		return refuse(&clause, "the value is empty (expected %s)",
			setting_expects(setting, expects, sizeof expects));
	}
	switch (setting->kind) {
	case KIND_BOOL:
		return parse_bool(setting, text, field, &clause);
	case KIND_CHOICE:
		return parse_choice(setting, text, field, &clause);
	case KIND_NUMBER:
		return parse_amount(setting, text, no_units, field, &clause);
	case KIND_TIME:
		return parse_amount(setting, text, time_units, field, &clause);
	case KIND_BYTES:
	case KIND_SHARE:
	case KIND_WEIGHT:
	case KIND_QUOTA:
		return parse_optional(setting, text, field, &clause);
	case KIND_NAMES:
	case KIND_VARIABLES:
	case KIND_PATHS:
	case KIND_PLACES:
		return parse_list(setting, text, field, &clause);
	case KIND_PATH:
		return parse_path(setting, text, field, &clause);
	case KIND_COMMAND:
	case KIND_COMMANDS:
		return policy_command_parse(setting, text, field, what, size);
	case KIND_CAPS:
		return parse_caps(setting, text, field, &clause);
	case KIND_RLIMIT:
		return parse_rlimit(setting, text, field, &clause);
	}
	return refuse(&clause, "the setting is of no known kind");
}

void policy_value_free(const struct setting *setting, struct policy *policy)
{
	void *field = field_of(setting, policy);

	switch (setting->kind) {
	case KIND_NAMES:
	case KIND_VARIABLES:
	case KIND_PATHS:
	case KIND_PLACES:
		list_free(field);
		break;
	case KIND_PATH:
	case KIND_COMMAND:
	case KIND_COMMANDS:
		free(*(char **)field);
		*(char **)field = NULL;
		break;
	default:
		break;
	}
}
