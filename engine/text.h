#pragma once
/* text: strings of known size, strict numbers, printable output. Pure. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* snprintf whose truncation is an error: the length, or -1 with errno = ENAMETOOLONG and buf empty. */
int text_format(char *buf, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * Copies text with control characters, backslashes, broken UTF-8 and invisible format characters as \xNN, byte by
 * byte; other UTF-8 passes. Cut, between characters, where it is full.
 */
void text_escape(char *buf, size_t size, const char *text);

/*
 * A decimal number and nothing else: no sign, space, leading zero, suffix or overflow.
 * false leaves *out untouched.
 */
bool text_parse_u64(const char *text, uint64_t *out);

/* Equal strings, either may be NULL (NULL equals nothing). */
bool text_equal(const char *a, const char *b);

/* Does text begin with prefix? The rest of it then, else NULL. */
const char *text_after(const char *text, const char *prefix);

/* Is the word, which is not empty, one of the list's, which are divided by one character? */
bool text_has_word(const char *list, char divider, const char *word);

/* The edit distance of two short words (at most 63 bytes each; longer ones count as 64): "did you mean". */
unsigned text_distance(const char *a, const char *b);

/*
 * A name that is safe in a path, a log line and passwd: [A-Za-z0-9_][A-Za-z0-9_.@+-]* with an optional $ at
 * the end, at most 64 bytes, not "." or ".." (useradd(8) is narrower, directories are wider).
 */
bool text_is_user_name(const char *text);

/*
 * An owned list of owned strings.
 */
struct list {
	char **items;
	size_t count;
};

/* 0, or -1 with errno = ENOMEM and the list unchanged. The text is copied. */
int list_add(struct list *list, const char *text);
/* Appends the words of text, divided by spaces, tabs and commas. 0, or -1 with errno = ENOMEM. */
int list_add_words(struct list *list, const char *text);
bool list_has(const struct list *list, const char *text);
void list_free(struct list *list);
