#include "command.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>


/* Outside of quotes each of these means something to a shell: { } to bash and zsh, in words too. */
static const char shell_bytes[] = "$`;&|<>()*?[{}";

/* One line on its way to words. */
struct reader {
	const char *rest;
	bool pattern; /* '*' and '?' are wildcards, a '|' of its own divides */
	bool first;   /* the word is the first of its command */
	char *word;   /* room for the longest there can be */
	size_t used;
	bool plain; /* nothing of the word was quoted */
	char *why;
	size_t why_size;
};

static int refuse(const struct reader *reader, const char *format, ...) __attribute__((format(printf, 2, 3), cold));
static int refuse(const struct reader *reader, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(reader->why, reader->why_size, format, args); /* may be cut */
	va_end(args);
	errno = EINVAL;
	return -1;
}

static int refuse_byte(const struct reader *reader, char byte)
{
	return refuse(reader, "'%c' has no meaning without a shell", byte);
}

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t';
}

static bool is_control(char byte)
{
	return (unsigned char)byte < 0x20 || byte == 0x7f;
}

static int put(struct reader *reader, char byte)
{
	/* in a file's name it could only deceive; a newline ends commands */
	if (is_control(byte))
		return refuse(reader, "the control character 0x%02x", (unsigned char)byte);
	reader->word[reader->used++] = byte;
	return 0;
}

/* From behind the opening quote to behind the closing one. */
static int read_quoted(struct reader *reader, char quote)
{
	for (;; reader->rest++) {
		char byte = *reader->rest;

		if (!byte)
			return refuse(reader, "a quote is not closed");
		if (byte == quote) {
			reader->rest++;
			return 0;
		}
		if (quote == '"' && (byte == '$' || byte == '`'))
			return refuse_byte(reader, byte);
		if (quote == '"' && byte == '\\' && reader->rest[1] && strchr("$`\"\\", reader->rest[1]))
			byte = *++reader->rest;
		if (put(reader, byte) < 0)
			return -1;
	}
}

static int read_plain(struct reader *reader)
{
	char byte = *reader->rest++;
	bool begins = !reader->used && reader->plain;

	if (byte == '\\') {
		reader->plain = false;
		if (!*reader->rest)
			return refuse(reader, "a backslash at the end");
		return put(reader, *reader->rest++);
	}
	if (reader->pattern && (byte == '*' || byte == '?'))
		return put(reader, byte);
	if (strchr(shell_bytes, byte) || (begins && (byte == '~' || byte == '#')))
		return refuse_byte(reader, byte);
	if (reader->first && byte == '=')
		return refuse(reader, "a variable cannot be set without a shell");
	return put(reader, byte);
}

/* 1 and the next word; 0 at the end; -1. */
static int read_word(struct reader *reader)
{
	reader->rest += strspn(reader->rest, " \t");
	reader->used = 0;
	reader->plain = true;
	if (!*reader->rest)
		return 0;
	/* the divider of patterns; glued to something else it is a shell's */
	if (reader->pattern && *reader->rest == '|' && (!reader->rest[1] || is_blank(reader->rest[1]))) {
		reader->rest++;
		(void)memcpy(reader->word, "|", 2);
		return 1;
	}
	while (*reader->rest && !is_blank(*reader->rest)) {
		char byte = *reader->rest;
		bool quote = byte == '\'' || byte == '"';

		if (quote) {
			reader->plain = false;
			reader->rest++;
		}
		if ((quote ? read_quoted(reader, byte) : read_plain(reader)) < 0)
			return -1;
	}
	reader->word[reader->used] = '\0';
	return 1;
}

/* Words up to the end, or to a divider: *more then. */
static int read_command(struct reader *reader, struct command *out, bool *more)
{
	int got;

	*more = false;
	reader->first = true;
	while ((got = read_word(reader)) > 0) {
		if (reader->pattern && reader->plain && text_equal(reader->word, "|")) {
			*more = true;
			break;
		}
		if (out->rest)
			return refuse(reader, "nothing can stand behind '...'");
		reader->first = false;
		if (reader->pattern && reader->plain && text_equal(reader->word, "...")) {
			out->rest = true;
			continue;
		}
		if (out->words.count == COMMAND_WORDS_MAX)
			return refuse(reader, "more than %d words", COMMAND_WORDS_MAX);
		if (list_add(&out->words, reader->word) < 0)
			return -1;
	}
	if (got < 0)
		return -1;
	return out->words.count ? 0 : refuse(reader, "there is no program");
}

static int start(struct reader *reader, const char *line)
{
	reader->rest = line;
	reader->word = malloc(strlen(line) + 1);
	if (!reader->word)
		errno = ENOMEM;
	return reader->word ? 0 : -1;
}

/* One command, that is all of the line. */
static int parse(struct reader *reader, const char *line, struct command *out)
{
	struct command command = { 0 };
	bool more;
	int result = start(reader, line) < 0 ? -1 : read_command(reader, &command, &more);

	free(reader->word); /* which keeps errno (glibc since 2.33) */
	if (result < 0) {
		command_free(&command);
		return -1;
	}
	*out = command;
	return 0;
}

int command_parse(const char *line, struct command *out, char *why, size_t size)
{
	struct reader reader = { .why = why, .why_size = size };

	return parse(&reader, line, out);
}

/* What an administrator wrote: that a mistake is told when the file is read, not when somebody logs in. */
static int check(const struct reader *reader, const struct command *command)
{
	const char *program = command->words.count ? command->words.items[0] : "";

	if (!*program || strpbrk(program, "*?%"))
		return refuse(reader, "the program '%.60s' is no plain name", program);
	if (strchr(program, '/') && (*program != '/' || strstr(program, "//") || strstr(program, "/../") ||
		strstr(program, "/./") || program[strlen(program) - 1] == '/'))
		return refuse(reader, "the program '%.60s' is neither a name nor an absolute path", program);
	for (size_t i = 1; i < command->words.count; i++)
		for (const char *at = command->words.items[i]; (at = strchr(at, '%')); at += 2)
			if (!at[1] || !strchr("uh%", at[1]))
				return refuse(reader, "'%%' stands before u, h or %% alone");
	return 0;
}

int command_parse_forced(const char *text, struct command *out, char *why, size_t size)
{
	struct reader reader = { .why = why, .why_size = size };
	struct command command;

	if (parse(&reader, text, &command) < 0)
		return -1;
	if (check(&reader, &command) < 0) {
		command_free(&command);
		return -1;
	}
	*out = command;
	return 0;
}

static int parse_patterns(struct reader *reader, struct command_list *list)
{
	bool more = true;

	while (more) {
		struct command *item = &list->items[list->count];

		if (list->count == COMMAND_PATTERNS_MAX)
			return refuse(reader, "more than %d commands", COMMAND_PATTERNS_MAX);
		list->count++;
		if (read_command(reader, item, &more) < 0 || check(reader, item) < 0)
			return -1;
	}
	return 0;
}

int command_parse_patterns(const char *text, struct command_list *out, char *why, size_t size)
{
	struct reader reader = { .pattern = true, .why = why, .why_size = size };
	struct command_list list = { calloc(COMMAND_PATTERNS_MAX, sizeof *list.items), 0 };
	int result = -1;

	if (list.items && start(&reader, text) == 0)
		result = parse_patterns(&reader, &list);
	else
		errno = ENOMEM;
	free(reader.word); /* which keeps errno (glibc since 2.33) */
	if (result < 0) {
		command_list_free(&list);
		return -1;
	}
	*out = list;
	return 0;
}

void command_free(struct command *command)
{
	list_free(&command->words);
	command->rest = false;
}

void command_list_free(struct command_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		command_free(&list->items[i]);
	free(list->items);
	*list = (struct command_list){ 0 };
}
