/*
 * Any bytes as a client's command line, and as the patterns it is held against: the first line of the input is the
 * patterns, the rest the command. What is accepted has only one reading, and nothing wild lets through what
 * contained.conf(5) says it never does.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "own.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "%s\n", what);
	abort();
}

static void require_refused(const char *why)
{
	require(errno == EINVAL && *why && strlen(why) < 128, "refused without words");
}

static bool has_control(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return true;
	return false;
}

/* The words, quoted so that nobody could read them in another way, are the same words again. */
static void read_again(const struct command *command)
{
	struct command again;
	char *text = NULL, why[128];
	size_t size;
	FILE *out = open_memstream(&text, &size);

	require(out != NULL, "no memory");
	for (size_t i = 0; i < command->words.count; i++) {
		fputs(" '", out);
		for (const char *at = command->words.items[i]; *at; at++)
			fputs(*at == '\'' ? "'\\''" : (char[]){ *at, '\0' }, out);
		fputc('\'', out);
	}
	require(fclose(out) == 0, "no memory");
	require(command_parse(text, &again, why, sizeof why) == 0, "quoted words are refused");
	require(again.words.count == command->words.count, "quoted words are others");
	for (size_t i = 0; i < again.words.count; i++)
		require(text_equal(again.words.items[i], command->words.items[i]), "a quoted word is another");
	command_free(&again);
	free(text);
}

static void look_at_match(const struct command *pattern, const struct command *line)
{
	for (size_t i = 1; i < line->words.count; i++) {
		const char *word = line->words.items[i];
		const char *want = i < pattern->words.count ? pattern->words.items[i] : "*";

		require(i < pattern->words.count || pattern->rest, "more words than the pattern has");
		if (!strpbrk(want, "*?")) {
			require(text_equal(want, word), "a plain word matched another");
			continue;
		}
		require(*word && (*word != '-' || *want == '-'), "something wild became an option");
		require(!text_equal(word, "..") && !text_after(word, "../") && !strstr(word, "/../"), "something wild goes up");
		require(strlen(word) < 3 || !text_equal(word + strlen(word) - 3, "/.."), "something wild goes up at its end");
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	own_text char *text = malloc(size + 1);
	char *line, why[128] = "";
	struct command_list list = { 0 };
	struct command command = { 0 }, forced = { 0 };

	require(text != NULL, "no memory");
	memcpy(text, data, size);
	text[size] = '\0';
	line = strchr(text, '\n');
	if (line)
		*line++ = '\0';
	if (command_parse_patterns(text, &list, why, sizeof why) < 0)
		require_refused(why);
	for (size_t i = 0; i < list.count; i++)
		require(command_fill_in(&list.items[i], true, "ada", "/home/ada") == 0, "cannot be filled in");
	if (command_parse_forced(text, &forced, why, sizeof why) < 0)
		require_refused(why);
	else
		require(command_fill_in(&forced, false, "ada", "/home/ada") == 0, "cannot be filled in");
	if (line && command_parse(line, &command, why, sizeof why) < 0)
		require_refused(why);
	for (size_t i = 0; i < command.words.count; i++)
		require(!has_control(command.words.items[i]), "a control character");
	if (command.words.count)
		read_again(&command);
	for (size_t i = 0; i < list.count; i++)
		if (command_matches(&list.items[i], &command))
			look_at_match(&list.items[i], &command);
	command_list_free(&list);
	command_free(&command);
	command_free(&forced);
	return 0;
}
