/* The environment of what contained-shell runs: made for the session, and from outside what a list lets through. */
/* the door is a program, not part of the engine; before cmocka, which has a macro named fail */
#include "../../shell/door_request.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static const struct subject subject = { .user = (char[]){ "ada" }, .home = (char[]){ "/home/ada" }, .uid = 5000 };
static const struct list none;

/* What comes through of the given variables, behind those made for the session: "A=b C=d". */
static void comes_through(char *const *given, bool x11, const struct list *pass, const char *expected)
{
	char *environment[DOOR_ENVIRONMENT], text[4096] = "";
	size_t used = 0;

	assert_int_equal(door_environment(given, &subject, "/bin/zsh", x11, pass, environment, NULL), 0);
	for (size_t i = 0; environment[i]; i++) {
		if (i >= 7)
			used += (size_t)text_format(text + used, sizeof text - used, "%s%s", used ? " " : "", environment[i]);
		free(environment[i]);
	}
	assert_string_equal(text, expected);
}

static void own_variables_are_the_sessions(void **state)
{
	static const char *const expected[] = { "HOME=/home/ada", "USER=ada", "LOGNAME=ada", "SHELL=/bin/zsh",
		"PATH=/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games", "XDG_RUNTIME_DIR=/run/user/5000",
		"MAIL=/var/mail/ada" };
	char *given[] = { (char[]){ "PATH=/tmp" }, (char[]){ "HOME=/tmp" }, NULL }, *environment[DOOR_ENVIRONMENT];

	(void)state;
	assert_int_equal(door_environment(given, &subject, "/bin/zsh", false, &none, environment, NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		assert_string_equal(environment[i], expected[i]);
		free(environment[i]);
	}
	assert_null(environment[ARRAY_SIZE(expected)]);
}

static void others_come_through_by_name(void **state)
{
	char *given[] = { (char[]){ "TERM=xterm" }, (char[]){ "TERMINFO=/home/ada" }, (char[]){ "LC_ALL=C" },
		(char[]){ "LC_=x" }, (char[]){ "DISPLAY=:1" }, (char[]){ "SSH_TTY=/dev/pts/0" }, (char[]){ "SSH_AUTH_SOCK=/tmp/x" },
		(char[]){ "LD_PRELOAD=x" }, (char[]){ "NAME" }, (char[]){ "NAME=1 2" }, (char[]){ "NAMES=3" }, (char[]){ "NAM=4" },
		(char[]){ "OTHER=" }, (char[]){ "=x" }, NULL };
	struct list pass = { 0 };

	(void)state;
	comes_through(given, false, &none, "TERM=xterm LC_ALL=C SSH_TTY=/dev/pts/0");
	comes_through(given, true, &none, "TERM=xterm LC_ALL=C DISPLAY=:1 SSH_TTY=/dev/pts/0");
	assert_int_equal(list_add_words(&pass, "OTHER NAME TERM"), 0);
	comes_through(given, false, &pass, "TERM=xterm LC_ALL=C SSH_TTY=/dev/pts/0 NAME=1 2 OTHER=");
	list_free(&pass);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(own_variables_are_the_sessions),
		cmocka_unit_test(others_come_through_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
