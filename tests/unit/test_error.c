/* error: what an administrator reads, whole and harmless whatever went in. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "error.h"

/* before cmocka.h, which makes a macro of fail() */
static int fail_with(struct error *err, int num, const char *object, const char *word)
{
	return fail(err, num, object, "cannot %s", word);
}

#include <cmocka.h>

static void formats_to(const struct error *err, const char *expected)
{
	char text[1024];

	error_format(err, text, sizeof text);
	assert_string_equal(text, expected);
}

static void test_fills_and_returns(void **state)
{
	struct error err;

	(void)state;
	memset(&err, 0xff, sizeof err);
	errno = EPERM;
	assert_int_equal(fail_with(&err, ENOENT, "/srv/x", "open"), -1);
	assert_int_equal(errno, EPERM);
	assert_int_equal(err.num, ENOENT);
	assert_string_equal(err.object, "/srv/x");
	assert_string_equal(err.cause, "cannot open");
	assert_string_equal(err.step, "");
	assert_string_equal(err.hint, "");
	assert_int_equal(error_hint(&err, "create %s", "it"), -1);
	assert_string_equal(err.hint, "create it");
	/* the same bytes go through a pipe: none of them may be left over from before */
	for (size_t i = strlen(err.object); i < sizeof err.object; i++)
		assert_int_equal(err.object[i], 0);
}

static void test_second_failure_replaces_the_first(void **state)
{
	struct error err;

	(void)state;
	(void)fail_with(&err, ENOENT, "/a-long-name", "open");
	error_hint(&err, "a hint");
	error_step(&err, "mounts");
	(void)fail_with(&err, 0, "/b", "read");
	formats_to(&err, "/b: cannot read");
}

static void test_nobody_cares(void **state)
{
	(void)state;
	assert_int_equal(fail_with(NULL, EIO, "x", "read"), -1);
	assert_int_equal(error_hint(NULL, "none"), -1);
	error_step(NULL, "mounts");
}

static void test_inner_step_stays(void **state)
{
	struct error err;

	(void)state;
	(void)fail_with(&err, 0, NULL, "mount");
	error_step(&err, "mounts");
	error_step(&err, "open");
	assert_string_equal(err.step, "mounts");
	/* one that does not fit is left out, not cut to another step's name */
	(void)fail_with(&err, 0, NULL, "mount");
	error_step(&err, "a-name-of-a-step-that-is-too-long");
	assert_string_equal(err.step, "");
}

static void test_format(void **state)
{
	struct error err;

	(void)state;
	(void)fail_with(&err, 0, NULL, "go on");
	formats_to(&err, "cannot go on");
	(void)fail_with(&err, ENOENT, "/srv/x", "open");
	formats_to(&err, "/srv/x: cannot open: No such file or directory");
	error_step(&err, "mounts");
	error_hint(&err, "create it");
	formats_to(
		&err, "mounts: /srv/x: cannot open: No such file or directory (hint: create it)");
	err.num = 100000; /* no errno: nothing is said, and nothing crashes */
	formats_to(&err, "mounts: /srv/x: cannot open (hint: create it)");
}

static void test_control_characters_are_escaped(void **state)
{
	struct error err;

	(void)state;
	(void)fail_with(&err, 0, "a\nb\x1b[2J\\", "\r");
	error_hint(&err, "\t\x7f");
	formats_to(&err, "a\\x0ab\\x1b[2J\\x5c: cannot \\x0d (hint: \\x09\\x7f)");
	(void)fail_with(&err, 0, "caf\xc3\xa9", "x");
	formats_to(&err, "caf\xc3\xa9: cannot x");
}

static void test_everything_full(void **state)
{
	char longest[600], text[2048], small[16];
	struct error err;

	(void)state;
	memset(longest, 'x', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	(void)fail_with(&err, ENAMETOOLONG, longest, longest);
	error_hint(&err, "%s", longest);
	error_step(&err, "12345678901234567890123");
	assert_int_equal(strlen(err.object), sizeof err.object - 1);
	assert_int_equal(strlen(err.cause), sizeof err.cause - 1);
	assert_int_equal(strlen(err.hint), sizeof err.hint - 1);
	assert_int_equal(strlen(err.step), sizeof err.step - 1);
	/* all of it is told: the line ends with the hint's bracket */
	error_format(&err, text, sizeof text);
	assert_int_equal(text[strlen(text) - 1], ')');
	assert_non_null(strstr(text, ": File name too long (hint: xxx"));
	error_format(&err, small, sizeof small);
	assert_string_equal(small, "123456789012345");
	small[0] = 'u';
	error_format(&err, small, 0);
	assert_int_equal(small[0], 'u');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fills_and_returns),
		cmocka_unit_test(test_second_failure_replaces_the_first),
		cmocka_unit_test(test_nobody_cares),
		cmocka_unit_test(test_inner_step_stays),
		cmocka_unit_test(test_format),
		cmocka_unit_test(test_control_characters_are_escaped),
		cmocka_unit_test(test_everything_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
