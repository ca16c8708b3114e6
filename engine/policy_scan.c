/*
 * The strict subset of INI that a configuration is written in. iniparser alone lets too much
 * through: text after a NUL, duplicates, names in any case, lines joined by a backslash even out of
 * a comment, '#' in the middle of a word. Whatever it could read in another way than an
 * administrator does is refused here, with its line.
 */
#include <stdarg.h>
#include <string.h>

#include "own.h"
#include "policy_parts.h"
#include "text.h"

static const char blanks[] = " \t";
static const char key_bytes[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
static const char name_bytes[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";

struct scanner {
	struct problems *problems;
	policy_check *check;
	void *context;
	struct scan scan;
	unsigned line;
	bool seen_crlf, full;
};

void policy_problem(
	struct problems *problems, unsigned line, const char *key, const char *format, ...)
{
	char raw[256], what[256], name[80], object[sizeof problems->err->object];
	size_t length = strlen(problems->path);
	/* the end of a long path says more than its beginning; line and key must fit behind it */
	const char *path = length > 120 ? problems->path + length - 120 : problems->path;
	va_list args;

	va_start(args, format);
	(void)vsnprintf(raw, sizeof raw, format, args); /* a long value may be cut */
	va_end(args);
	text_escape(what, sizeof what, raw);
	if (problems->report) {
		text_escape(name, sizeof name, key ? key : "");
		problems->report(problems->context, problems->path, line, key ? name : NULL, what);
	}
	if (problems->count++)
		return;
	if (line)
		(void)text_format(object, sizeof object, "%s:%u%s%.60s", path, line,
			key ? ": " : "", key ? key : "");
	else
		(void)text_format(object, sizeof object, "%s", path);
	(void)fail(problems->err, 0, object, "%s", raw); /* error_format() escapes */
}

static char *trim(char *text)
{
	size_t length;

	text += strspn(text, blanks);
	length = strlen(text);
	while (length && strchr(blanks, text[length - 1]))
		length--;
	text[length] = '\0';
	return text;
}

static bool has_only(const char *text, const char *bytes)
{
	return text[strspn(text, bytes)] == '\0';
}

/* Room for one more, doubling. */
static int grow(void *array, size_t count, size_t size)
{
	void *larger;

	if (count & (count - 1)) /* not a power of two: there is room up to the next one */
		return 0;
	memcpy(&larger, array, sizeof larger);
	larger = reallocarray(larger, count ? 2 * count : 1, size);
	if (!larger)
		return -1;
	memcpy(array, &larger, sizeof larger);
	return 0;
}

/* Why this name cannot be a section's, reported. */
static bool section_is_refused(struct scanner *s, const char *name)
{
	static const char *const reserved[] = { "contained", "default" };

	if (!*name || strlen(name) > POLICY_SECTION_NAME_MAX || !has_only(name, name_bytes)) {
		policy_problem(s->problems, s->line, NULL,
			"[%s] is not a section's name (expected 1 to %d of A-Z, a-z, 0-9, _ and -)",
			name, POLICY_SECTION_NAME_MAX);
		return true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(reserved); i++) {
		/* a profile of such a name would match nobody, in silence */
		if (!text_equal(name, reserved[i]) &&
			(text_distance(name, reserved[i]) <= 2 || !strcasecmp(name, reserved[i]))) {
			policy_problem(s->problems, s->line, NULL,
				"unknown section [%s] (did you mean [%s]?)", name, reserved[i]);
			return true;
		}
	}
	for (size_t i = 0; i < s->scan.section_count; i++) {
		const struct scan_section *other = &s->scan.sections[i];

		if (strcasecmp(name, other->name) != 0)
			continue;
		if (text_equal(name, other->name))
			policy_problem(s->problems, s->line, NULL,
				"[%s] is there twice (first in line %u)", name, other->line);
		else /* iniparser reads names in lower case */
			policy_problem(s->problems, s->line, NULL,
				"[%s] differs from [%s] of line %u only in case", name, other->name,
				other->line);
		return true;
	}
	return false;
}

static int scan_section(struct scanner *s, char *line)
{
	char *end = strchr(line, ']');
	const char *name = line + 1;
	bool refused;

	if (s->scan.section_count == POLICY_SECTIONS_MAX) {
		policy_problem(
			s->problems, s->line, NULL, "more than %d sections", POLICY_SECTIONS_MAX);
		s->full = true;
		return 0;
	}
	if (!end) {
		policy_problem(
			s->problems, s->line, NULL, "\"%s\" lacks the closing bracket", line);
		name = "";
		refused = true;
	} else if (end[1]) {
		policy_problem(s->problems, s->line, NULL,
			"\"%s\" after the section's name (expected nothing, not even a comment)",
			trim(end + 1));
		*end = '\0';
		refused = true;
	} else {
		*end = '\0';
		refused = section_is_refused(s, name);
	}
	if (grow(&s->scan.sections, s->scan.section_count, sizeof *s->scan.sections) < 0)
		return -1;
	s->scan.sections[s->scan.section_count++] = (struct scan_section){
		.name = name,
		.line = s->line,
		.refused = refused,
	};
	return 0;
}

/* The key of an entry, or NULL when it is not the form of one (reported). */
static const char *scan_key(struct scanner *s, const char *key)
{
	if (!*key)
		policy_problem(s->problems, s->line, NULL, "there is no key before '='");
	else if (strchr(key, ':'))
		policy_problem(s->problems, s->line, NULL,
			"\"%s\" is not a key (expected key = value, divided by '=', not by ':')",
			key);
	else if (has_only(key, key_bytes))
		return key;
	else if (strpbrk(key, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
		policy_problem(s->problems, s->line, key, "keys are written in lower case");
	else
		policy_problem(s->problems, s->line, NULL,
			"\"%s\" is not a key (expected a-z, 0-9 and _ before '=')", key);
	return NULL;
}

static char *scan_quoted(struct scanner *s, const char *key, char *value)
{
	char *end = strchr(value + 1, *value);
	char *rest;

	if (!end) {
		policy_problem(s->problems, s->line, key, "%s lacks the closing quote", value);
		return NULL;
	}
	*end = '\0';
	rest = trim(end + 1);
	if (*rest && *rest != '#' && *rest != ';') {
		policy_problem(s->problems, s->line, key,
			"\"%s\" after the closing quote (expected nothing or a comment)", rest);
		return NULL;
	}
	return value + 1;
}

static char *scan_bare(struct scanner *s, const char *key, char *value)
{
	size_t length = strcspn(value, "#;");

	if (value[length] && length && !strchr(blanks, value[length - 1])) {
		policy_problem(s->problems, s->line, key,
			"'%c' inside of a value (expected a blank before a comment, "
			"or quotes around the value)",
			value[length]);
		return NULL;
	}
	value[length] = '\0';
	return trim(value);
}

/* In quotes, and for a command alone: the other kind of quotes. */
static bool may_hold_quotes(const char *key, bool quoted)
{
	const struct setting *setting = setting_find(key);

	return quoted && setting && (setting->kind == KIND_COMMAND || setting->kind == KIND_COMMANDS);
}

/* The value of an entry, or NULL when it could be read in more than one way (reported). */
static const char *scan_value(struct scanner *s, const char *key, char *value)
{
	bool quoted = *value == '"' || *value == '\'';

	value = quoted ? scan_quoted(s, key, value) : scan_bare(s, key, value);
	if (!value)
		return NULL;
	if (strpbrk(value, "\"'") && !may_hold_quotes(key, quoted)) {
		policy_problem(s->problems, s->line, key,
			"a quote inside of the value (expected quotes around all of it, or none)");
		return NULL;
	}
	if (strchr(value, '\\')) {
		policy_problem(s->problems, s->line, key,
			"a backslash in the value (expected none: it has no meaning here)");
		return NULL;
	}
	return value;
}

static int scan_entry(struct scanner *s, char *line)
{
	char *equals = strchr(line, '=');
	const char *key, *value;
	struct scan_entry *entry;

	if (!equals) {
		policy_problem(s->problems, s->line, NULL,
			"\"%.80s\" has no '=' (expected key = value, [section] or # comment)",
			line);
		return 0;
	}
	*equals = '\0';
	key = scan_key(s, trim(line));
	if (!key)
		return 0;
	value = scan_value(s, key, trim(equals + 1));
	if (!s->scan.section_count) {
		policy_problem(s->problems, s->line, key,
			"stands before any section (expected [contained] or [default] above it)");
		return 0;
	}
	if (!value)
		return 0;
	if (grow(&s->scan.entries, s->scan.entry_count, sizeof *s->scan.entries) < 0)
		return -1;
	entry = &s->scan.entries[s->scan.entry_count++];
	*entry = (struct scan_entry){ s->scan.section_count - 1, key, value, s->line };
	return s->check(s->context, &s->scan, entry);
}

/* Does the line consist of text alone? Otherwise it is reported, and not looked at further. */
static bool line_is_text(struct scanner *s, char *line, size_t length)
{
	const char *end;

	if (length > POLICY_LINE_MAX) {
		policy_problem(s->problems, s->line, NULL,
			"the line is %zu bytes long (expected at most %d)", length,
			POLICY_LINE_MAX);
		return false;
	}
	if (length && line[length - 1] == '\r') {
		line[--length] = '\0';
		if (!s->seen_crlf)
			policy_problem(s->problems, s->line, NULL,
				"the line ends in CR LF, as on Windows (expected LF alone, "
				"as dos2unix leaves it)");
		s->seen_crlf = true;
	}
	for (size_t i = 0; i < length; i++) {
		unsigned char byte = (unsigned char)line[i];

		if ((byte < 0x20 && byte != '\t') || byte == 0x7f) {
			policy_problem(s->problems, s->line, NULL,
				"the control character 0x%02x (expected text)", byte);
			return false;
		}
	}
	end = strrchr(line, '\\');
	if (end && has_only(end + 1, blanks)) { /* iniparser joins lines before it sees a '#' */
		policy_problem(s->problems, s->line, NULL,
			"a backslash at the end would join the next line to this one");
		return false;
	}
	return true;
}

static int scan_line(struct scanner *s, char *line, size_t length)
{
	if (!line_is_text(s, line, length))
		return 0;
	line = trim(line);
	if (!*line || *line == '#' || *line == ';')
		return 0;
	return *line == '[' ? scan_section(s, line) : scan_entry(s, line);
}

int policy_scan(const char *text, size_t length, struct problems *problems, policy_check *check,
	void *context, struct scan *out)
{
	struct scanner s = { .problems = problems, .check = check, .context = context };
	int result = 0;
	char *end;

	s.scan.text = malloc(length + 1);
	if (!s.scan.text)
		return -1;
	memcpy(s.scan.text, text, length);
	s.scan.text[length] = '\0';
	end = s.scan.text + length;
	for (char *line = s.scan.text, *next; line < end && !s.full && !result; line = next + 1) {
		next = memchr(line, '\n', (size_t)(end - line));
		if (!next)
			next = end;
		*next = '\0';
		s.line++;
		if (memchr(line, '\0', (size_t)(next - line))) {
			policy_problem(
				problems, s.line, NULL, "a NUL byte: this is not a text file");
			break;
		}
		if (s.line == 1 && text_after(line, "\xef\xbb\xbf")) {
			policy_problem(problems, s.line, NULL,
				"begins with a UTF-8 byte order mark (expected text without it)");
			line += 3;
		}
		result = scan_line(&s, line, (size_t)(next - line));
	}
	*out = s.scan;
	return result;
}

void policy_scan_free(struct scan *scan)
{
	free(scan->text);
	free(scan->sections);
	free(scan->entries);
	*scan = (struct scan){ 0 };
}
