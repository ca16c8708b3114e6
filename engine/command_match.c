/* What a line is held against: see command.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "own.h"

const char *const command_sftp_servers[] = { "/usr/lib/openssh/sftp-server", "/usr/libexec/openssh/sftp-server",
	"/usr/lib/ssh/sftp-server", "/usr/libexec/sftp-server", NULL };

static bool has_control(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return true;
	return false;
}

static char *fill_in(const char *word, const char *user, const char *home)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	bool good = out != NULL;

	for (; good && *word; word++) {
		if (*word != '%' || !word[1])
			good = fputc(*word, out) != EOF;
		else if (*++word == '%')
			good = fputc('%', out) != EOF;
		else
			good = fputs(*word == 'u' ? user : home, out) != EOF;
	}
	if (out && fclose(out) != 0)
		good = false;
	if (good)
		return text;
	free(text);
	errno = ENOMEM;
	return NULL;
}

int command_fill_in(struct command *command, bool pattern, const char *user, const char *home)
{
	const char *const values[] = { user, home };

	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		if (has_control(values[i]) || (pattern && strpbrk(values[i], "*?"))) {
			errno = EINVAL;
			return -1;
		}
	}
	for (size_t i = 1; i < command->words.count; i++) {
		char *filled;

		if (!strchr(command->words.items[i], '%'))
			continue;
		filled = fill_in(command->words.items[i], user, home);
		if (!filled)
			return -1;
		free(command->words.items[i]);
		command->words.items[i] = filled;
	}
	return 0;
}

bool command_is_sftp(const char *program)
{
	for (size_t i = 0; command_sftp_servers[i]; i++)
		if (text_equal(program, command_sftp_servers[i]))
			return true;
	return text_equal(program, "internal-sftp");
}

/* ".." as the end of a path or of a part of it, also of one behind an option or in a list. */
static bool goes_up(const char *word)
{
	for (const char *at = word; (at = strstr(at, "..")); at++)
		if (strchr("/:,", at[2])) /* or the NUL */
			return true;
	return false;
}

static bool glob(const char *pattern, const char *word)
{
	const char *star = NULL, *again = NULL;

	while (*word) {
		if (*pattern == '*') {
			star = ++pattern;
			again = word;
		} else if (*pattern == '?' || *pattern == *word) {
			pattern++;
			word++;
		} else if (star) {
			/* the last '*' takes one more: an earlier one need not (each byte is compared once a star) */
			pattern = star;
			word = ++again;
		} else {
			return false;
		}
	}
	return pattern[strspn(pattern, "*")] == '\0';
}

bool command_word_matches(const char *pattern, const char *word)
{
	if (!strpbrk(pattern, "*?"))
		return text_equal(pattern, word);
	/* what is wild never makes an option, a way up or nothing out of an argument */
	if (!*word || (*word == '-' && *pattern != '-') || goes_up(word) || has_control(word))
		return false;
	return glob(pattern, word);
}

static bool program_matches(const char *pattern, const char *word)
{
	const char *slash = strrchr(pattern, '/');

	return text_equal(pattern, word) || (slash && text_equal(slash + 1, word)) ||
		(command_is_sftp(pattern) && command_is_sftp(word));
}

bool command_matches(const struct command *pattern, const struct command *line)
{
	const struct list *want = &pattern->words, *have = &line->words;

	if (!want->count || have->count < want->count || (have->count > want->count && !pattern->rest) ||
		!program_matches(want->items[0], have->items[0]))
		return false;
	for (size_t i = 1; i < have->count; i++)
		if (!command_word_matches(i < want->count ? want->items[i] : "*", have->items[i]))
			return false;
	return true;
}
