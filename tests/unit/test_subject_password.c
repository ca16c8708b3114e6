/* subject_password: when sshd would have the user change the password first. */
#include <stdbool.h>
#include <sys/stat.h>

#include "own.h"
#include "subject_password.h"

#include "tree_fixture.h" /* last: cmocka.h defines fail() as a macro */

enum { TODAY = 20000 };

static void test_arithmetic(void **state)
{
	static const struct {
		const char *shadow;
		bool expired;
	} rows[] = {
		{ "alice:*:0:0:99999:7:::\n", true }, /* chage -d 0 */
		{ "alice:*:0::::::\n", true },
		{ "alice:*:0", true },
		{ "alice:*::0:99999:7:::\n", false }, /* no ageing */
		{ "alice:*:::::::\n", false },
		{ "alice:*:19990:0:99999:7:::\n", false },
		{ "alice:*:19990:0:10:7:::\n", false }, /* its last day */
		{ "alice:*:19989:0:10:7:::\n", true },
		{ "alice:*:19990:0::7:::\n", false }, /* no maximum */
		{ "alice:*:19990:0:-1:7:::\n", false },
		{ "alice:*:20000:0:0:7:::\n", false },
		{ "alice:*:19999:0:0:7:::\n", true },
		{ "alice:*:20001:0:0:7:::\n", false }, /* changed in the future */
		{ "alice:*:1:0:2147483647:7:::\n", false },
		{ "alice:*:1:0:99999999999999999999:7:::\n", false }, /* no number */
		{ "alice:*:1x:0:1:7:::\n", false },
		{ "alice:*:-1:0:1:7:::\n", false },
		{ "alice:*\n:0:0:1:7:::\n", false }, /* the next line is another entry */
		{ "alice\n", false },
		{ "alice2:*:0:0:99999:7:::\nxalice:*:0:0:99999:7:::\n", false },
		{ "root:*:0:0:99999:7:::\nalice:*:19990:0:99999:7:::\n", false },
		{ "root:*:19990:0:99999:7:::\nalice:*:0:0:99999:7:::", true },
		{ "\n\nalice:*:0:0:99999:7:::\n", true },
		{ "", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (subject_shadow_expired(rows[i].shadow, "alice", TODAY) != rows[i].expired)
			fail_msg("%s", rows[i].shadow);
}

static void test_file(void **state)
{
	const struct tree *tree = *state;

	assert_false(subject_password_expired(tree->fd, "alice")); /* no file */
	tree_put_text(tree, "etc/shadow", "bob:*:0:0:99999:7:::\nalice:*:1:0:1:7:::\ncarol:*:1:0:99999:7:::\n");
	assert_true(subject_password_expired(tree->fd, "bob"));
	assert_true(subject_password_expired(tree->fd, "alice")); /* since 1970 */
	assert_false(subject_password_expired(tree->fd, "carol"));
	assert_false(subject_password_expired(tree->fd, "mallory"));
	assert_int_equal(unlinkat(tree->fd, "etc/shadow", 0), 0);
	assert_int_equal(mkfifoat(tree->fd, "etc/shadow", 0600), 0);
	(void)alarm(20);
	assert_false(subject_password_expired(tree->fd, "bob"));
	(void)alarm(0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_arithmetic),
		cmocka_unit_test_setup_teardown(test_file, tree_setup, tree_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
