#pragma once
/*
 * command: command lines that are run without a shell, and the patterns that allow them. Pure.
 *
 * A line is taken apart by the quoting of a POSIX shell (XCU 2.2), and refused where anything in it has a meaning
 * that only a shell could give: nothing is ever expanded, substituted or redirected. What the patterns say is in
 * contained.conf(5), COMMANDS.
 */
#include <stdbool.h>
#include <stddef.h>

#include "text.h"

/* Owned. The first word is the program. */
struct command {
	struct list words;
	bool rest; /* of a pattern: "..." stands behind the words */
};

struct command_list {
	struct command *items;
	size_t count;
};

enum { COMMAND_WORDS_MAX = 1000, COMMAND_PATTERNS_MAX = 64 };

/*
 * A line of a client's. 0 and *out owned, with at least one word; or -1 with errno = EINVAL and a clause in why ("'$'
 * has no meaning without a shell"), or errno = ENOMEM.
 */
int command_parse(const char *line, struct command *out, char *why, size_t size);

/*
 * What a configuration forces, and the patterns that it allows, divided by "|". As command_parse(); besides, the
 * program is a name or an absolute path, without wildcards, and % stands before u, h or % alone.
 */
int command_parse_forced(const char *text, struct command *out, char *why, size_t size);
int command_parse_patterns(const char *text, struct command_list *out, char *why, size_t size);

/*
 * Puts the user's name and home in place of %u and %h, in the words behind the program. 0, or -1 with errno = ENOMEM,
 * or EINVAL: they hold what is no text or, in a pattern, a wildcard.
 */
int command_fill_in(struct command *command, bool pattern, const char *user, const char *home);

/* Is it sshd's own sftp server by its name in sshd_config, or the external one by one of its usual paths? */
bool command_is_sftp(const char *program);
/* The usual paths, NULL-terminated. */
extern const char *const command_sftp_servers[];

/* Does one word of a line match one of a pattern? */
bool command_word_matches(const char *pattern, const char *word);
/* Does the line match the pattern, word by word and to the end? */
bool command_matches(const struct command *pattern, const struct command *line);

void command_free(struct command *command);
void command_list_free(struct command_list *list);
