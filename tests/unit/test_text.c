#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "text.h"

static void format_fits_or_fails(void **state)
{
	char buf[6] = "xxxxx";

	(void)state;
	assert_int_equal(text_format(buf, sizeof buf, "%s", "12345"), 5);
	assert_string_equal(buf, "12345");
	errno = 0;
	assert_int_equal(text_format(buf, sizeof buf, "%s", "123456"), -1);
	assert_int_equal(errno, ENAMETOOLONG);
	assert_string_equal(buf, "");
	buf[0] = 'x';
	assert_int_equal(text_format(buf, 0, "%s", "1"), -1);
	assert_int_equal(buf[0], 'x');
}

static void escape_leaves_nothing_to_terminals(void **state)
{
	char buf[64];

	(void)state;
	text_escape(buf, sizeof buf, "a\x1b[2J\n\t\x7f\\ \xc3\xa9");
	assert_string_equal(buf, "a\\x1b[2J\\x0a\\x09\\x7f\\x5c \xc3\xa9");
	for (int byte = 1; byte < 0x20; byte++) {
		char text[] = { (char)byte, '\0' };

		text_escape(buf, sizeof buf, text);
		assert_int_equal(strlen(buf), 4);
		assert_memory_equal(buf, "\\x", 2);
	}
}

static void escape_cuts_between_characters(void **state)
{
	char buf[5];

	(void)state;
	text_escape(buf, sizeof buf, "\n\n");
	assert_string_equal(buf, "\\x0a");
	text_escape(buf, 4, "\n");
	assert_string_equal(buf, "");
	text_escape(buf, sizeof buf, "abcdef");
	assert_string_equal(buf, "abcd");
	buf[0] = 'x';
	text_escape(buf, 0, "y");
	assert_int_equal(buf[0], 'x');
}

static void words_of_a_list_are_whole(void **state)
{
	(void)state;
	assert_true(text_has_word("cpu", ',', "cpu"));
	assert_true(text_has_word("cpu,io,memory", ',', "cpu"));
	assert_true(text_has_word("cpu,io,memory", ',', "io"));
	assert_true(text_has_word("cpuset,memory,,cpu", ',', "cpu"));
	assert_true(text_has_word("login/sshd", '/', "sshd"));
	assert_false(text_has_word("", ',', "cpu"));
	assert_false(text_has_word(",", ',', "cpu"));
	assert_false(text_has_word("cpuset,acpu", ',', "cpu"));
	assert_false(text_has_word("login,sshd", '/', "sshd"));
}

static void numbers_are_digits_alone(void **state)
{
	static const char *const bad[] = { "", " 1", "1 ", "+1", "-1", "010", "00", "0x10", "12abc",
		"1.5", "1e3", "18446744073709551616", "99999999999999999999",
		"99999999999999999999999999999999999999999", "\xd9\xa1", "1\n" };
	uint64_t value = 42;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		if (text_parse_u64(bad[i], &value))
			fail_msg("\"%s\" was taken for a number", bad[i]);
		assert_int_equal(value, 42);
	}
	assert_false(text_parse_u64(NULL, &value));
	assert_true(text_parse_u64("0", &value));
	assert_int_equal(value, 0);
	assert_true(text_parse_u64("99999999999", &value));
	assert_true(value == 99999999999);
	assert_true(text_parse_u64("18446744073709551615", &value));
	assert_true(value == UINT64_MAX);
}

static void equality_knows_null(void **state)
{
	(void)state;
	assert_true(text_equal("a", "a"));
	assert_true(text_equal("", ""));
	assert_false(text_equal("a", "A"));
	assert_false(text_equal("a", "aa"));
	assert_false(text_equal(NULL, ""));
	assert_false(text_equal("", NULL));
	assert_false(text_equal(NULL, NULL));
}

static void after_gives_the_rest(void **state)
{
	(void)state;
	assert_string_equal(text_after("cap_chown", "cap_"), "chown");
	assert_string_equal(text_after("cap_", "cap_"), "");
	assert_string_equal(text_after("x", ""), "x");
	assert_null(text_after("cap", "cap_"));
	assert_null(text_after("Cap_x", "cap_"));
}

static void distance_counts_edits(void **state)
{
	char longest[64], longer[65];

	(void)state;
	assert_int_equal(text_distance("", ""), 0);
	assert_int_equal(text_distance("memory", "memory"), 0);
	assert_int_equal(text_distance("memory", ""), 6);
	assert_int_equal(text_distance("", "abc"), 3);
	assert_int_equal(text_distance("memroy", "memory"), 2);
	assert_int_equal(text_distance("pid", "pids"), 1);
	assert_int_equal(text_distance("kitten", "sitting"), 3);
	assert_int_equal(text_distance("sitting", "kitten"), 3);
	memset(longest, 'a', sizeof longest - 1);
	longest[63] = '\0';
	memset(longer, 'a', sizeof longer - 1);
	longer[64] = '\0';
	assert_int_equal(text_distance(longest, longest), 0);
	assert_int_equal(text_distance(longest, ""), 63);
	assert_int_equal(text_distance(longer, longer), 64);
	assert_int_equal(text_distance("a", longer), 64);
}

static void user_names(void **state)
{
	static const char *const good[] = { "a", "root", "www-data", "_apt", "3com", "j.doe",
		"user@realm", "machine$", "a+b", "U", "a..b" };
	static const char *const bad[] = { "", ".", "..", "-x", "@group", "a b", "a/b", "../x",
		"a$b", "$", "a:b", "a,b", "a\n", "a\x1b", "\xc3\xa9", "+x", "a#b", "a*", "a'", "~a",
		".a" };
	char name[66];

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		if (!text_is_user_name(good[i]))
			fail_msg("\"%s\" was refused", good[i]);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (text_is_user_name(bad[i]))
			fail_msg("\"%s\" was taken for a name", bad[i]);
	assert_false(text_is_user_name(NULL));
	memset(name, 'a', sizeof name);
	name[65] = '\0';
	assert_false(text_is_user_name(name));
	name[64] = '\0';
	assert_true(text_is_user_name(name));
}

static void lists_own_copies(void **state)
{
	char word[] = "one";
	struct list list = { 0 };

	(void)state;
	assert_false(list_has(&list, "one"));
	assert_int_equal(list_add(&list, word), 0);
	word[0] = 'O';
	assert_true(list_has(&list, "one"));
	assert_false(list_has(&list, "One"));
	assert_false(list_has(&list, "on"));
	assert_int_equal(list_add(&list, "two words"), 0);
	assert_int_equal(list.count, 2);
	assert_true(list_has(&list, "two words"));
	list_free(&list);
	assert_int_equal(list.count, 0);
	assert_null(list.items);
	list_free(&list); /* twice is fine */
}

static void lists_take_words(void **state)
{
	static const char *const blank[] = { "", " ", ",", " ,\t, " };
	struct list list = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof blank / sizeof *blank; i++)
		assert_int_equal(list_add_words(&list, blank[i]), 0);
	assert_int_equal(list.count, 0);
	assert_int_equal(list_add_words(&list, " a, b\tc ,d,,e "), 0);
	assert_int_equal(list_add_words(&list, "f"), 0);
	assert_int_equal(list.count, 6);
	for (size_t i = 0; i < list.count; i++) {
		char expected[] = { (char)('a' + i), '\0' };

		assert_string_equal(list.items[i], expected);
	}
	list_free(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(format_fits_or_fails),
		cmocka_unit_test(escape_leaves_nothing_to_terminals),
		cmocka_unit_test(escape_cuts_between_characters),
		cmocka_unit_test(words_of_a_list_are_whole),
		cmocka_unit_test(numbers_are_digits_alone),
		cmocka_unit_test(equality_knows_null),
		cmocka_unit_test(after_gives_the_rest),
		cmocka_unit_test(distance_counts_edits),
		cmocka_unit_test(user_names),
		cmocka_unit_test(lists_own_copies),
		cmocka_unit_test(lists_take_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
