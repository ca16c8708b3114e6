#pragma once
/* A configuration from a text, and what was said about it. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "own.h"
#include "policy.h"

#include <cmocka.h> /* after error.h: it has a macro named fail */

struct told {
	char first[512]; /* "line: key: what" */
	unsigned count;
};

static inline void fixture_report(
	void *context, const char *file, unsigned line, const char *key, const char *what)
{
	struct told *told = context;

	assert_string_equal(file, "t.conf");
	if (!told->count++)
		(void)snprintf(told->first, sizeof told->first, "%u: %s%s%s", line, key ? key : "",
			key ? ": " : "", what);
}

static inline int fixture_fd(const char *text, size_t length)
{
	int fd = memfd_create("test", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, length), length);
	return fd;
}

static inline int fixture_parse_bytes(const char *text, size_t length, struct told *told,
	struct policy_file **file, struct error *err)
{
	own_fd int fd = fixture_fd(text, length);

	*told = (struct told){ .count = 0 };
	*file = NULL;
	return policy_parse(fd, "t.conf", fixture_report, told, file, err);
}

/* The file must be good. */
static inline struct policy_file *fixture_file(const char *text)
{
	struct policy_file *file;
	struct told told;
	struct error err;

	if (fixture_parse_bytes(text, strlen(text), &told, &file, &err) < 0)
		fail_msg("refused: %s\n%s", told.first, text);
	assert_int_equal(told.count, 0);
	assert_non_null(file);
	return file;
}

/* The file must be refused with exactly one error: this one, told to both. */
static inline void fixture_refused_bytes(const char *text, size_t length, const char *expected)
{
	struct policy_file *file;
	char line[1024];
	struct told told;
	struct error err;

	if (fixture_parse_bytes(text, length, &told, &file, &err) == 0)
		fail_msg("not refused (expected %s):\n%s", expected, text);
	assert_null(file);
	assert_string_equal(told.first, expected);
	assert_int_equal(told.count, 1);
	error_format(&err, line, sizeof line);
	assert_memory_equal(line, "t.conf:", 7);
	assert_string_equal(line + 7, expected);
	assert_int_equal(err.num, 0);
}

static inline void fixture_refused(const char *text, const char *expected)
{
	fixture_refused_bytes(text, strlen(text), expected);
}

static inline const char *fixture_show(const struct policy *policy, const char *key)
{
	static char text[4096];

	assert_non_null(setting_find(key));
	policy_show(policy, setting_find(key), text, sizeof text);
	return text;
}
