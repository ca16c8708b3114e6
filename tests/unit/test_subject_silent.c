/* subject_silent: which services of a made-up nsswitch.conf are asked whether they answer. */
#include <dlfcn.h>
#include <nss.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include "own.h"
#include "subject_silent.h"
#include "text.h"
#include "tree_fixture.h"

/* Which ones are not asked; one that is a directory's and silent is seen in a machine (tests/vm). */
static void who_is_asked_whether_it_answers(void **state)
{
	static const char *const texts[] = { "", "group: files\n", "group:\tfiles systemd\n",
		"group: files nosuchservice\n", "group: files [NOTFOUND=return] nosuchservice # x\n",
		"initgroups: files\ngroup: ../../x files\n" };
	struct tree *tree = *state;
	char path[128], silent[64];

	assert_true(text_format(path, sizeof path, "%s/nsswitch", tree->path) > 0);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		tree_put_text(tree, "nsswitch", texts[i]);
		subject_find_silent(path, silent, sizeof silent);
		assert_string_equal(silent, "");
	}
	subject_find_silent("/nonexistent", silent, sizeof silent);
	assert_string_equal(silent, "");
	assert_int_equal(__nss_configure_lookup("group", "files"), 0);
}

/* hesiod comes with Debian's glibc, and without a hesiod.conf it answers nobody: a service that is down */
static void who_does_not_answer_is_named(void **state)
{
	static const struct {
		const char *text;
		bool silent;
	} cases[] = {
		{ "group: files hesiod\n", true },
		{ "  group :\tfiles\thesiod # x\n", true },
		{ "group: files hesiod[NOTFOUND=return] systemd\n", true },
		{ "group: files[SUCCESS=merge]hesiod\n", true },
		{ "group: nosuchservice hesiod\n", true },
		{ "group: files [ !UNAVAIL = return ] hesiod", true },
		{ "group: files\ngroup: files hesiod\n", true },
		{ "group: files hesiod\ngroup: files\n", false },
		{ "group: files\ninitgroups: hesiod\n", true },
		{ "initgroups: hesiod\ngroup: files\n", true },
		{ "initgroups: files\ngroup: files hesiod\n", false },
		{ "initgroups: hesiod\ninitgroups: files\ngroup: hesiod\n", false },
		{ "group: files # hesiod\n", false },
		{ "groups: hesiod\n#group: hesiod\npasswd: files hesiod\n", false },
	};
	struct tree *tree = *state;
	char path[128], silent[64];
	void *hesiod = dlopen("libnss_hesiod.so.2", RTLD_LAZY);

	if (!hesiod || access("/etc/hesiod.conf", F_OK) == 0) {
		print_message("there is no service here that is installed and down\n");
		skip();
	}
	(void)dlclose(hesiod);
	assert_true(text_format(path, sizeof path, "%s/nsswitch", tree->path) > 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		tree_put_text(tree, "nsswitch", cases[i].text);
		subject_find_silent(path, silent, sizeof silent);
		if (!text_equal(silent, cases[i].silent ? "hesiod" : ""))
			fail_msg("%s: \"%s\"", cases[i].text, silent);
	}
	assert_int_equal(__nss_configure_lookup("group", "files"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(who_is_asked_whether_it_answers, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(who_does_not_answer_is_named, tree_setup, tree_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
