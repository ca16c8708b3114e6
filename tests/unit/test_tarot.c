#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "tarot.h"
#include <cmocka.h> /* last: it defines fail() as a macro */

static void cards_are_78_and_all_different(void **state)
{
	static char cards[TAROT_CARDS][TAROT_NAME];

	(void)state;
	for (unsigned i = 0; i < TAROT_CARDS; i++) {
		int length = tarot_card(i, cards[i], TAROT_NAME);

		assert_int_equal(length, strlen(cards[i]));
		assert_in_range(strlen(cards[i]), 3, 20);
		assert_int_equal(strspn(cards[i], "abcdefghijklmnopqrstuvwxyz-"), strlen(cards[i]));
		for (unsigned j = 0; j < i; j++)
			assert_string_not_equal(cards[i], cards[j]);
	}
	assert_string_equal(cards[0], "fool");
	assert_string_equal(cards[21], "world");
	assert_string_equal(cards[22], "ace-of-swords");
	assert_string_equal(cards[22 + 13], "king-of-swords");
	assert_string_equal(cards[22 + 14], "ace-of-wands");
	assert_string_equal(cards[22 + 28 + 2], "three-of-pentacles");
	assert_string_equal(cards[77], "king-of-cups");
}

static void card_outside_the_deck_is_empty(void **state)
{
	char buf[TAROT_NAME] = "x";

	(void)state;
	assert_int_equal(tarot_card(78, buf, sizeof buf), -1);
	assert_string_equal(buf, "");
	strcpy(buf, "x");
	assert_int_equal(tarot_card(UINT32_MAX, buf, sizeof buf), -1);
	assert_string_equal(buf, "");
}

static void card_that_does_not_fit_is_an_error(void **state)
{
	char buf[8];

	(void)state;
	assert_int_equal(tarot_card(77, buf, sizeof buf), -1);
	assert_string_equal(buf, "");
}

static void drawn_names_are_names_of_now(void **state)
{
	(void)state;
	for (int i = 0; i < 500; i++) {
		char name[TAROT_NAME];
		unsigned long seconds;
		struct timespec now;
		struct error err;

		assert_int_equal(tarot_draw(0, name, &err), 0);
		assert_true(tarot_is_name(name));
		assert_true(strlen(name) <= 63);
		assert_int_equal(sscanf(name, "%lx-", &seconds), 1);
		assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &now), 0);
		assert_in_range((unsigned long)now.tv_sec - seconds, 0, 1);
	}
}

/* 78 * 60 draws: that a given card never comes has a chance of e^-60 */
static void every_card_is_drawn(void **state)
{
	unsigned seen[TAROT_CARDS] = { 0 };

	(void)state;
	for (int i = 0; i < TAROT_CARDS * 60; i++) {
		char name[TAROT_NAME], card[TAROT_NAME];
		struct error err;

		assert_int_equal(tarot_draw(0, name, &err), 0);
		for (unsigned c = 0; c < TAROT_CARDS; c++) {
			assert_true(tarot_card(c, card, sizeof card) > 0);
			if (strcmp(strchr(name, '-') + 1, card) == 0)
				seen[c]++;
		}
	}
	for (unsigned c = 0; c < TAROT_CARDS; c++)
		assert_true(seen[c] > 0 && seen[c] < 60 * 3);
}

static void names_have_one_form(void **state)
{
	static const char *const good[] = { "05fe5c-three-of-pentacles", "00001-fool",
		"abcde-high-priestess", "1234567890abc-king-of-cups" };
	static const char *const bad[] = { "", "-", "-fool", "0001-fool", "00001-", "00001fool",
		"00001-fools", "00001-foo", "00001-fool-", "00001-Fool", "0000G-fool", "0000A-fool",
		"00001-one-of-cups", "00001-ace-of-coins", "00001-fool/..", "../00001-fool",
		" 00001-fool", "00001-fool\n", "12345678901234-fool" };

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		assert_true(tarot_is_name(good[i]));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(tarot_is_name(bad[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cards_are_78_and_all_different),
		cmocka_unit_test(card_outside_the_deck_is_empty),
		cmocka_unit_test(card_that_does_not_fit_is_an_error),
		cmocka_unit_test(drawn_names_are_names_of_now),
		cmocka_unit_test(every_card_is_drawn),
		cmocka_unit_test(names_have_one_form),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
