/* Command lines without a shell: what is a word, what is refused, what a pattern lets through. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "own.h"

#include <cmocka.h>

/* The words, each in brackets; or the reason in "!…". */
static const char *taken(const char *line)
{
	static char text[4096];
	struct command command = { 0 };
	char why[128] = "";
	size_t used = 0;

	if (command_parse(line, &command, why, sizeof why) < 0) {
		assert_int_equal(errno, EINVAL);
		assert_null(command.words.items);
		(void)snprintf(text, sizeof text, "!%s", why);
		return text;
	}
	assert_false(command.rest);
	assert_true(command.words.count > 0);
	for (size_t i = 0; i < command.words.count; i++)
		used += (size_t)snprintf(text + used, sizeof text - used, "[%s]", command.words.items[i]);
	command_free(&command);
	return text;
}

/* What a real shell makes of the same line. */
static const char *taken_by_sh(const char *line)
{
	static char text[4096];
	char script[256];
	FILE *out;
	size_t got;

	(void)snprintf(script, sizeof script, "printf '[%%s]' %s", line);
	assert_int_equal(setenv("SCRIPT", script, 1), 0);
	out = popen("exec sh -c \"$SCRIPT\"", "r");
	assert_non_null(out);
	got = fread(text, 1, sizeof text - 1, out);
	text[got] = '\0';
	assert_int_equal(pclose(out), 0);
	return text;
}

static void words_are_a_shells(void **state)
{
	static const char *const cases[][2] = {
		{ "ls", "[ls]" },
		{ "  a \t b  ", "[a][b]" },
		{ "git-upload-pack '/srv/it'\\''s/a b.git'", "[git-upload-pack][/srv/it's/a b.git]" },
		{ "a 'b' \"c\" d''e", "[a][b][c][de]" },
		{ "a '' \"\"", "[a][][]" },
		{ "a\\ b c\\\\d \\' \\\"", "[a b][c\\d]['][\"]" },
		{ "a \"b\\\"c\" \"d\\\\e\" \"f\\g\" \"\\$x\" \"\\`\"", "[a][b\"c][d\\e][f\\g][$x][`]" },
		{ "a '$x;`y`' \"a;b|c&d<e>f(g)h*i?j[k\"", "[a][$x;`y`][a;b|c&d<e>f(g)h*i?j[k]" },
		{ "a \\$x \\; \\* \\~ \\#", "[a][$x][;][*][~][#]" },
		{ "a b~ c#d e=f '~' \"#\" \\~x ''~x", "[a][b~][c#d][e=f][~][#][~x][~x]" },
		{ "'a=b' c", "[a=b][c]" },
		{ "a !x ^y %1 @z ] - -- .", "[a][!x][^y][%1][@z][]][-][--][.]" },
		{ "rsync --server -vlogDtpre.iLsfxCIvu . x/", "[rsync][--server][-vlogDtpre.iLsfxCIvu][.][x/]" },
		{ "a \xc3\xa4\xff", "[a][\xc3\xa4\xff]" },
		{ "'' a", "[][a]" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_string_equal(taken(cases[i][0]), cases[i][1]);
		assert_string_equal(taken_by_sh(cases[i][0]), cases[i][1]);
	}
}

static void what_needs_a_shell_is_refused(void **state)
{
	static const char *const cases[][2] = {
		{ "", "!there is no program" },
		{ " \t ", "!there is no program" },
		{ "a\nb", "!the control character 0x0a" },
		{ "a 'b\nc'", "!the control character 0x0a" },
		{ "a \\\nb", "!the control character 0x0a" },
		{ "a\rb", "!the control character 0x0d" },
		{ "a \"\x1b[0m\"", "!the control character 0x1b" },
		{ "a \x7f", "!the control character 0x7f" },
		{ "a '\t'", "!the control character 0x09" },
		{ "a 'b", "!a quote is not closed" },
		{ "a \"b", "!a quote is not closed" },
		{ "a \"b\\\"", "!a quote is not closed" },
		{ "a \"b\\", "!a quote is not closed" },
		{ "a b\\", "!a backslash at the end" },
		{ "A=b c", "!a variable cannot be set without a shell" },
		{ "A=b", "!a variable cannot be set without a shell" },
		{ " A='b' c", "!a variable cannot be set without a shell" },
		{ "a ~", "!'~' has no meaning without a shell" },
		{ "~/a", "!'~' has no meaning without a shell" },
		{ "a ~b", "!'~' has no meaning without a shell" },
		{ "a #b", "!'#' has no meaning without a shell" },
		{ "a \"$b\"", "!'$' has no meaning without a shell" },
		{ "a \"`b`\"", "!'`' has no meaning without a shell" },
	};
	static const char bytes[] = "$`;&|<>()*?[{}";

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(taken(cases[i][0]), cases[i][1]);
	/* wherever it stands, glued or alone */
	for (const char *byte = bytes; *byte; byte++) {
		static const char *const around[][2] = { { "a ", "" }, { "a b", "c" }, { "", "" }, { "a", " b" },
			{ "a ''", "" }, { "a 'b'", "'c'" } };

		for (size_t i = 0; i < ARRAY_SIZE(around); i++) {
			char line[32], want[64];

			(void)snprintf(line, sizeof line, "%s%c%s", around[i][0], *byte, around[i][1]);
			(void)snprintf(want, sizeof want, "!'%c' has no meaning without a shell", *byte);
			assert_string_equal(taken(line), want);
		}
	}
}

static void words_are_counted(void **state)
{
	own_text char *line = calloc(2, COMMAND_WORDS_MAX + 2);
	struct command command;
	char why[128];

	(void)state;
	for (size_t i = 0; i < COMMAND_WORDS_MAX; i++)
		memcpy(line + 2 * i, "a ", 2);
	assert_int_equal(command_parse(line, &command, why, sizeof why), 0);
	assert_int_equal(command.words.count, COMMAND_WORDS_MAX);
	command_free(&command);
	memcpy(line + 2 * (size_t)COMMAND_WORDS_MAX, "a", 2);
	assert_int_equal(command_parse(line, &command, why, sizeof why), -1);
	assert_string_equal(why, "more than 1000 words");
}

/* Why the patterns are refused, or "". */
static const char *wrong(const char *patterns)
{
	static char why[128];
	struct command_list list = { 0 };

	why[0] = '\0';
	if (command_parse_patterns(patterns, &list, why, sizeof why) == 0) {
		assert_true(list.count > 0);
		command_list_free(&list);
		return "";
	}
	assert_null(list.items);
	return why;
}

static void patterns_are_checked(void **state)
{
	static const char *const cases[][2] = {
		{ "a", "" },
		{ "a * | /b/c -? '|' '...' | d ...", "" },
		{ "a %u %h/x %% --x=%u", "" },
		{ "", "there is no program" },
		{ "a |", "there is no program" },
		{ "| a", "there is no program" },
		{ "a | | b", "there is no program" },
		{ "...", "there is no program" },
		{ "a|b", "'|' has no meaning without a shell" },
		{ "a |b", "'|' has no meaning without a shell" },
		{ "a || b", "'|' has no meaning without a shell" },
		{ "a ... b", "nothing can stand behind '...'" },
		{ "a ... ...", "nothing can stand behind '...'" },
		{ "* b", "the program '*' is no plain name" },
		{ "git-* b", "the program 'git-*' is no plain name" },
		{ "'' b", "the program '' is no plain name" },
		{ "%h/a", "the program '%h/a' is no plain name" },
		{ "bin/a", "the program 'bin/a' is neither a name nor an absolute path" },
		{ "./a", "the program './a' is neither a name nor an absolute path" },
		{ "/bin/../a", "the program '/bin/../a' is neither a name nor an absolute path" },
		{ "/bin//a", "the program '/bin//a' is neither a name nor an absolute path" },
		{ "/bin/", "the program '/bin/' is neither a name nor an absolute path" },
		{ "a %x", "'%' stands before u, h or % alone" },
		{ "a x%", "'%' stands before u, h or % alone" },
		{ "a [b]", "'[' has no meaning without a shell" },
		{ "a $HOME", "'$' has no meaning without a shell" },
		{ "a ~/b", "'~' has no meaning without a shell" },
		{ "a 'b", "a quote is not closed" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(wrong(cases[i][0]), cases[i][1]);
}

static void forced_is_a_plain_line(void **state)
{
	struct command command;
	char why[128];

	(void)state;
	assert_int_equal(command_parse_forced("/usr/bin/rrsync -ro '%h/a b' %%u", &command, why, sizeof why), 0);
	assert_int_equal(command_fill_in(&command, false, "ada", "/home/ada"), 0);
	assert_string_equal(command.words.items[2], "/home/ada/a b");
	assert_string_equal(command.words.items[3], "%u");
	command_free(&command);
	assert_int_equal(command_parse_forced("a *", &command, why, sizeof why), -1);
	assert_int_equal(command_parse_forced("a | b", &command, why, sizeof why), -1);
	assert_int_equal(command_parse_forced("rel/a", &command, why, sizeof why), -1);
	assert_int_equal(command_parse_forced("a %z", &command, why, sizeof why), -1);
	/* three dots are three dots where there is no pattern */
	assert_int_equal(command_parse_forced("a ...", &command, why, sizeof why), 0);
	assert_int_equal(command.words.count, 2);
	command_free(&command);
}

static bool allows(const char *patterns, const char *line)
{
	struct command_list list;
	struct command command;
	bool allowed = false;
	char why[128];

	assert_int_equal(command_parse_patterns(patterns, &list, why, sizeof why), 0);
	for (size_t i = 0; i < list.count; i++)
		assert_int_equal(command_fill_in(&list.items[i], true, "ada", "/home/ada"), 0);
	if (command_parse(line, &command, why, sizeof why) == 0) {
		for (size_t i = 0; i < list.count; i++)
			allowed = allowed || command_matches(&list.items[i], &command);
		command_free(&command);
	}
	command_list_free(&list);
	return allowed;
}

static void lines_that_match(void **state)
{
	static const char *const cases[][2] = {
		{ "git-upload-pack *", "git-upload-pack 'a b.git'" },
		{ "git-upload-pack *", "git-upload-pack '/srv/a..b'" },
		{ "x | git-upload-pack *", "git-upload-pack a" },
		{ "/usr/bin/rsync --server ...", "rsync --server . a b c" },
		{ "/usr/bin/rsync --server ...", "/usr/bin/rsync --server" },
		{ "rsync --server -* . %h/*", "rsync --server -vlogDtpre.iLsfxCIvu . /home/ada/x" },
		{ "a %u", "a ada" },
		{ "a 100%%", "a 100%" },
		{ "a b?d*", "a bcd" },
		{ "a *.git", "a x.git.git" },
		{ "a *b*b", "a bbb" },
		{ "a -*", "a --x=y" },
		{ "a ''", "a ''" },
		{ "a '|' '...'", "a '|' ..." },
		{ "a ..", "a .." }, /* literally, by the administrator's own word */
		{ "internal-sftp", "/usr/lib/openssh/sftp-server" },
		{ "internal-sftp", "internal-sftp" },
		{ "/usr/libexec/sftp-server", "internal-sftp" },
		{ "/usr/lib/openssh/sftp-server", "sftp-server" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (!allows(cases[i][0], cases[i][1]))
			fail_msg("\"%s\" does not allow: %s", cases[i][0], cases[i][1]);
}

static void lines_that_do_not_match(void **state)
{
	static const char *const cases[][2] = {
		{ "git-upload-pack *", "git-upload-pack" },
		{ "git-upload-pack *", "git-upload-pack a b" },
		{ "git-upload-pack *", "git-upload-pack --help" },
		{ "git-upload-pack *", "git-upload-pack '--help'" },
		{ "git-upload-pack *", "git-upload-pack -" },
		{ "git-upload-pack *", "git-upload-pack ''" },
		{ "git-upload-pack *", "git-upload-pack ../a" },
		{ "git-upload-pack *", "git-upload-pack a/.." },
		{ "git-upload-pack *", "git-upload-pack a/../b" },
		{ "git-upload-pack *", "git-upload-pack .." },
		{ "git-upload-pack *", "git-upload-pack a:../b" },
		{ "git-upload-pack *", "git-upload-pack 'a' ; id" },
		{ "git-upload-pack *", "git-upload-pack $(id)" },
		{ "git-upload-pack *", "git-upload-pack \"`id`\"" },
		{ "git-upload-pack *", "/usr/bin/git-upload-pack a" },
		{ "git-upload-pack *", "/tmp/git-upload-pack a" },
		{ "git-upload-pack *", "./git-upload-pack a" },
		{ "git-upload-pack *", "git-upload-packs a" },
		{ "git-upload-pack *", "GIT_SSH=x git-upload-pack a" },
		{ "git-upload-pack *", "git upload-pack a" },
		{ "/usr/bin/rsync --server *", "/tmp/rsync --server a" },
		{ "/usr/bin/rsync --server *", "bin/rsync --server a" },
		{ "/usr/bin/rsync --server ...", "rsync --server --daemon" },
		{ "/usr/bin/rsync --server ...", "rsync --server . -e" },
		{ "/usr/bin/rsync --server ...", "rsync --server . a/.." },
		{ "/usr/bin/rsync --server ...", "rsync --server ''" },
		{ "/usr/bin/rsync --server ...", "rsync -e sh --server" },
		{ "rsync --server -* . *", "rsync --server --x=../y . a" },
		{ "a ?b", "a -b" },
		{ "a ???", "a ab" },
		{ "a ?", "a ''" },
		{ "a b*", "a cb" },
		{ "a *b", "a bc" },
		{ "a -*", "a -x/.." },
		{ "a %u", "a bob" },
		{ "a %h/*", "a /home/bob/x" },
		{ "a %h/*", "a /home/ada" },
		{ "a %h/*", "a /home/ada/../bob" },
		{ "a", "a b" },
		{ "a", "A" },
		{ "internal-sftp", "internal-sftp -R" },
		{ "internal-sftp", "/tmp/sftp-server" },
		{ "internal-sftp", "/home/ada/usr/lib/openssh/sftp-server" },
		{ "internal-sftp", "sh -c internal-sftp" },
		{ "internal-sftp", "scp -t ." },
		{ "bash", "bash -i" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (allows(cases[i][0], cases[i][1]))
			fail_msg("\"%s\" allows: %s", cases[i][0], cases[i][1]);
	/* which no line could bring here */
	assert_false(command_word_matches("*", "a\nb"));
	assert_false(command_word_matches("*", "\x7f"));
	assert_true(command_word_matches("*", "a b"));
}

/* A pattern of many stars on a long word is quick: what takes long would be the login's. */
static void stars_are_cheap(void **state)
{
	char word[4096];

	(void)state;
	memset(word, 'a', sizeof word);
	word[sizeof word - 1] = '\0';
	assert_false(command_word_matches("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", word));
}

static void names_cannot_be_wildcards(void **state)
{
	struct command_list list;
	struct command command;
	char why[128];

	(void)state;
	assert_int_equal(command_parse_patterns("a %h/x", &list, why, sizeof why), 0);
	assert_int_equal(command_fill_in(&list.items[0], true, "ada", "/home/*"), -1);
	assert_int_equal(errno, EINVAL);
	command_list_free(&list);
	assert_int_equal(command_parse_forced("a %h", &command, why, sizeof why), 0);
	assert_int_equal(command_fill_in(&command, false, "ada", "/home/a\nb"), -1);
	command_free(&command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_a_shells),
		cmocka_unit_test(what_needs_a_shell_is_refused),
		cmocka_unit_test(words_are_counted),
		cmocka_unit_test(patterns_are_checked),
		cmocka_unit_test(forced_is_a_plain_line),
		cmocka_unit_test(lines_that_match),
		cmocka_unit_test(lines_that_do_not_match),
		cmocka_unit_test(stars_are_cheap),
		cmocka_unit_test(names_cannot_be_wildcards),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
