/* Configurations: what is refused, with which words, and what a session gets out of a good one. */
#include "policy_fixture.h"

#define SIZE_EXPECTED "(expected a size such as 512M, or none)"
#define SHARE_EXPECTED                                                                             \
	"(expected a size such as 512M, a share of the host's memory such as 50%, or none)"
#define SLOTS_EXPECTED "(expected a number from 1 to 256)"
#define DEADLINE_EXPECTED "(expected a time from 100ms to 5m, such as 500ms, 5s or 1m)"
#define ROOT_EXPECTED "(expected an absolute path such as /srv/jail)"
#define ROOT_IS_NOT " is not an absolute path without //, /./, /../ or a slash at the end "
#define NOFILE_EXPECTED "(expected a number from 16 to 1073741816, SOFT:HARD or none)"
#define VARIABLES_EXPECTED "(expected names of environment variables divided by blanks or commas)"
#define STACK_EXPECTED "(expected a size such as 64M, SOFT:HARD, unlimited or none)"

struct refused {
	const char *text;     /* the value, or the whole file */
	const char *expected; /* all of the message; of a value, what follows "2: key: " */
};

static void values_refused(
	const char *section, const char *key, const struct refused *cases, size_t count)
{
	char text[2048], expected[1024];

	for (size_t i = 0; i < count; i++) {
		(void)snprintf(text, sizeof text, "[%s]\n%s = %s\n", section, key, cases[i].text);
		(void)snprintf(expected, sizeof expected, "2: %s: %s", key, cases[i].expected);
		fixture_refused(text, expected);
	}
}
#define REFUSED(section, key, ...)                                                                 \
	values_refused(section, key, (const struct refused[]){ __VA_ARGS__ },                      \
		ARRAY_SIZE(((const struct refused[]){ __VA_ARGS__ })))

static void numbers_that_iniparser_would_bend(void **state)
{
	(void)state;
	REFUSED("contained", "slots", { "12abc", "\"12abc\" is not a number " SLOTS_EXPECTED },
		{ "010", "\"010\" begins with a zero " SLOTS_EXPECTED },
		{ "0x10", "\"0x10\" is not a number " SLOTS_EXPECTED },
		{ "99999999999", "\"99999999999\" is too large " SLOTS_EXPECTED },
		{ "99999999999999999999", "\"99999999999999999999\" is too large " SLOTS_EXPECTED },
		{ "18446744073709551617", "\"18446744073709551617\" is too large " SLOTS_EXPECTED },
		{ "111111111111111111111111111111",
			"\"111111111111111111111111111111\" is too large " SLOTS_EXPECTED },
		{ "0", "\"0\" is too small " SLOTS_EXPECTED },
		{ "257", "\"257\" is too large " SLOTS_EXPECTED },
		{ "-1", "\"-1\" is not a number " SLOTS_EXPECTED },
		{ "+1", "\"+1\" is not a number " SLOTS_EXPECTED },
		{ "1 2", "\"1 2\" is not a number " SLOTS_EXPECTED },
		{ "none", "\"none\" is not a number " SLOTS_EXPECTED },
		{ "", "the value is empty " SLOTS_EXPECTED },
		{ "\"\"", "the value is empty " SLOTS_EXPECTED },
		{ "''", "the value is empty " SLOTS_EXPECTED },
		{ "# 4", "the value is empty " SLOTS_EXPECTED });
}

static void times_sizes_and_shares(void **state)
{
	(void)state;
	REFUSED("contained", "deadline", { "5", "\"5\" is not a time " DEADLINE_EXPECTED },
		{ "99ms", "\"99ms\" is too small " DEADLINE_EXPECTED },
		{ "6m", "\"6m\" is too large " DEADLINE_EXPECTED },
		{ "307445734561825861m",
			"\"307445734561825861m\" is too large " DEADLINE_EXPECTED },
		{ "5 s", "\"5 s\" is not a time " DEADLINE_EXPECTED },
		{ "05s", "\"05s\" begins with a zero " DEADLINE_EXPECTED });
	REFUSED("default", "memory", { "12x", "\"12x\" is not a size " SHARE_EXPECTED },
		{ "512m", "\"512m\" is not a size " SHARE_EXPECTED },
		{ "512MB", "\"512MB\" is not a size " SHARE_EXPECTED },
		{ "1.5G", "\"1.5G\" is not a size " SHARE_EXPECTED },
		{ "0%", "\"0%\" is too small " SHARE_EXPECTED },
		{ "101%", "\"101%\" is too large " SHARE_EXPECTED },
		{ "%", "\"%\" is not a size " SHARE_EXPECTED },
		{ "5%%", "\"5%%\" is not a size " SHARE_EXPECTED },
		{ "1K", "\"1K\" is too small " SHARE_EXPECTED },
		{ "18014398509481984K", "\"18014398509481984K\" is too large " SHARE_EXPECTED },
		{ "None", "\"None\" is not a size " SHARE_EXPECTED },
		{ "", "the value is empty " SHARE_EXPECTED });
	/* 0 would be no bound at all to tmpfs(5) */
	REFUSED("default", "tmp_size", { "0", "\"0\" is too small " SIZE_EXPECTED },
		{ "50%", "\"50%\" is not a size " SIZE_EXPECTED });
	REFUSED("default", "cpu_quota",
		{ "150", "\"150\" is not a percentage "
			 "(expected a share of one processor such as 150%, or none)" });
	REFUSED("default", "cpu_weight",
		{ "10001", "\"10001\" is too large (expected a number from 1 to 10000, or none)" });
}

static void words_and_switches(void **state)
{
	static const char *const wrong[] = { "Yes", "true", "1", "on", "yess", "y", "YES no" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		char text[64], expected[128];

		(void)snprintf(text, sizeof text, "[default]\nsyslog = %s\n", wrong[i]);
		(void)snprintf(expected, sizeof expected,
			"2: syslog: \"%s\" is not one of its values (expected yes or no)",
			wrong[i]);
		fixture_refused(text, expected);
	}
	REFUSED("default", "limits",
		{ "Require",
			"\"Require\" is not one of its values (expected require, try or off)" },
		{ "requir", "\"requir\" is not one of its values (expected require, try or off)" });
}

static void rlimits(void **state)
{
	(void)state;
	REFUSED("default", "rlimit_nofile",
		{ "unlimited", "\"unlimited\" is not a limit " NOFILE_EXPECTED },
		{ "64K", "\"64K\" is not a limit " NOFILE_EXPECTED },
		{ "64:", "\"\" is not a limit " NOFILE_EXPECTED },
		{ ":64", "\"\" is not a limit " NOFILE_EXPECTED },
		{ "64:128:256", "\"128:256\" is not a limit " NOFILE_EXPECTED },
		{ "128:64", "\"128:64\" has a soft limit above the hard one " NOFILE_EXPECTED },
		{ "1", "\"1\" is too small " NOFILE_EXPECTED },
		{ "none:64", "\"none\" is not a limit " NOFILE_EXPECTED });
	REFUSED("default", "rlimit_stack",
		{ "unlimited:8M",
			"\"unlimited:8M\" has a soft limit above the hard one " STACK_EXPECTED },
		{ "18446744073709551615",
			"\"18446744073709551615\" is too large " STACK_EXPECTED });
}

static void names_paths_and_capabilities(void **state)
{
	(void)state;
	REFUSED("contained", "exempt_users",
		{ "ops, @wheel",
			"\"@wheel\" is not a name (expected groups in exempt_groups, without @)" },
		{ "a/b", "\"a/b\" is not a name (expected names divided by blanks or commas)" },
		{ "ops ..", "\"..\" is not a name (expected names divided by blanks or commas)" });
	REFUSED("default", "pass_env",
		{ "GIT_PROTOCOL LD_PRELOAD", "\"LD_PRELOAD\" steers the dynamic loader or the C library " VARIABLES_EXPECTED },
		{ "GLIBC_TUNABLES", "\"GLIBC_TUNABLES\" steers the dynamic loader or the C library " VARIABLES_EXPECTED },
		{ "GCONV_PATH", "\"GCONV_PATH\" steers the dynamic loader or the C library " VARIABLES_EXPECTED },
		{ "ENV", "\"ENV\" makes a shell run or find something of the client's before what was asked for "
			 VARIABLES_EXPECTED },
		{ "BASH_ENV", "\"BASH_ENV\" makes a shell run or find something of the client's before what was asked for "
			      VARIABLES_EXPECTED },
		{ "IFS", "\"IFS\" makes a shell run or find something of the client's before what was asked for "
			 VARIABLES_EXPECTED },
		{ "PYTHONPATH", "\"PYTHONPATH\" makes an interpreter run or find code of the client's " VARIABLES_EXPECTED },
		{ "GIT_SSH_COMMAND", "\"GIT_SSH_COMMAND\" names a program or a configuration that others then run "
				     VARIABLES_EXPECTED },
		{ "PATH", "\"PATH\" is made for each session " VARIABLES_EXPECTED },
		{ "SHELL", "\"SHELL\" is made for each session " VARIABLES_EXPECTED },
		{ "HOME", "\"HOME\" is made for each session " VARIABLES_EXPECTED },
		{ "MY_*", "\"MY_*\" is not the name of a variable " VARIABLES_EXPECTED },
		{ "1A", "\"1A\" is not the name of a variable " VARIABLES_EXPECTED },
		{ "A=b", "\"A=b\" is not the name of a variable " VARIABLES_EXPECTED },
		{ "A-B", "\"A-B\" is not the name of a variable " VARIABLES_EXPECTED },
		{ "\303\204", "\"\303\204\" is not the name of a variable " VARIABLES_EXPECTED },
		{ "a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a",
			"names 33 variables (expected at most 32)" });
	REFUSED("research", "match_users",
		{ "@research", "\"@research\" is not a name (expected groups in match_groups, "
			       "without @)" });
	REFUSED("default", "root", { "srv/jail", "\"srv/jail\"" ROOT_IS_NOT ROOT_EXPECTED },
		{ "/srv//jail", "\"/srv//jail\"" ROOT_IS_NOT ROOT_EXPECTED },
		{ "/srv/./jail", "\"/srv/./jail\"" ROOT_IS_NOT ROOT_EXPECTED },
		{ "/srv/../jail", "\"/srv/../jail\"" ROOT_IS_NOT ROOT_EXPECTED },
		{ "/srv/..", "\"/srv/..\"" ROOT_IS_NOT ROOT_EXPECTED },
		{ "/.", "\"/.\"" ROOT_IS_NOT ROOT_EXPECTED },
		{ "//", "\"//\"" ROOT_IS_NOT ROOT_EXPECTED },
		{ "/srv/", "\"/srv/\"" ROOT_IS_NOT ROOT_EXPECTED },
		{ "/srv/%u",
			"\"/srv/%u\" has a '%', which stands for nothing here " ROOT_EXPECTED });
	REFUSED("default", "homes",
		{ "/home /", "\"/\" is everything "
			     "(expected absolute paths divided by blanks or commas, or show)" },
		{ "/home show", "\"show\"" ROOT_IS_NOT
				"(expected absolute paths divided by blanks or commas, or show)" },
		{ "hide", "\"hide\"" ROOT_IS_NOT
			  "(expected absolute paths divided by blanks or commas, or show)" });
	REFUSED("default", "keep_caps",
		{ "net_raw cap_sys_everything",
			"\"cap_sys_everything\" is not a capability "
			"(expected names of capabilities such as cap_net_raw)" });
}

static void lines_are_strict(void **state)
{
	static const struct refused cases[] = {
		{ "[default]\nmemory 512M\n", "2: \"memory 512M\" has no '=' (expected key = "
					      "value, [section] or # comment)" },
		{ "[default]\nmemory: 512M\n", "2: \"memory: 512M\" has no '=' (expected key = "
					       "value, [section] or # comment)" },
		{ "[default]\nmemory: = 512M\n", "2: \"memory:\" is not a key (expected key = "
						 "value, divided by '=', not by ':')" },
		{ "[default]\nx",
			"2: \"x\" has no '=' (expected key = value, [section] or # comment)" },
		{ "[default]\n= 512M\n", "2: there is no key before '='" },
		{ "[default]\nMemory = 512M\n", "2: Memory: keys are written in lower case" },
		{ "[default]\nmem ory = 512M\n",
			"2: \"mem ory\" is not a key (expected a-z, 0-9 and _ before '=')" },
		{ "memory = 512M\n[default]\n", "1: memory: stands before any section "
						"(expected [contained] or [default] above it)" },
		{ "[default]\nroot = /srv/a\\\npids = 5\n",
			"2: a backslash at the end would join the next line to this one" },
		{ "# a comment \\  \n[default]\n",
			"1: a backslash at the end would join the next line to this one" },
		{ "[default]\nroot = /srv/a\\b\n", "2: root: a backslash in the value (expected "
						   "none: it has no meaning here)" },
		{ "[default]\nroot = \"/srv/a\\\"b\"\n", "2: root: \"b\"\" after the closing quote "
							 "(expected nothing or a comment)" },
		{ "[default]\nroot = \"/srv/jail\n",
			"2: root: \"/srv/jail lacks the closing quote" },
		{ "[default]\nroot = /srv/a'b\n", "2: root: a quote inside of the value "
						  "(expected quotes around all of it, or none)" },
		{ "[default]\nroot = \"/srv/a'b\"\n",
			"2: root: a quote inside of the value "
			"(expected quotes around all of it, or none)" },
		{ "[default]\ncommand = a 'b'\n", "2: command: a quote inside of the value "
						  "(expected quotes around all of it, or none)" },
		{ "[default]\ncommand = \"a\\b\"\n", "2: command: a backslash in the value (expected "
						     "none: it has no meaning here)" },
		{ "[default]\ncommand = \"a 'b\"\n", "2: command: a quote is not closed" },
		{ "[default]\ncommand = a $HOME\n", "2: command: '$' has no meaning without a shell" },
		{ "[default]\ncommand = \" \"\n", "2: command: there is no program" },
		{ "[default]\nallow_commands = a |\n", "2: allow_commands: there is no program" },
		{ "[default]\nallow_commands = bin/a\n", "2: allow_commands: the program 'bin/a' is "
							  "neither a name nor an absolute path" },
		{ "[default]\nroot = \"/srv/a\" /b\n",
			"2: root: \"/b\" after the closing quote (expected nothing or a comment)" },
		{ "[default]\nroot = /srv/a#b\n",
			"2: root: '#' inside of a value (expected a blank before a comment, "
			"or quotes around the value)" },
		{ "[default]\npids = 5; all\n",
			"2: pids: ';' inside of a value (expected a blank before a comment, "
			"or quotes around the value)" },
		{ "[default]\nmemroy = 5G\n",
			"2: memroy: unknown key 'memroy' (did you mean 'memory'?)" },
		{ "[default]\nbanana = 5G\n", "2: banana: unknown key 'banana'" },
		{ "[default]\npids = 5\n\npids = 6\n",
			"4: pids: is there twice in [default] (first in line 2)" },
		{ "[default]\npids = 5\npids = 5\n",
			"3: pids: is there twice in [default] (first in line 2)" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		fixture_refused(cases[i].text, cases[i].expected);
}

static void sections_are_strict(void **state)
{
	static const struct refused cases[] = {
		{ "[default\npids = 5\n", "1: \"[default\" lacks the closing bracket" },
		{ "[default] # everybody\n", "1: \"# everybody\" after the section's name "
					     "(expected nothing, not even a comment)" },
		{ "[default] pids = 5\n", "1: \"pids = 5\" after the section's name "
					  "(expected nothing, not even a comment)" },
		{ "[default]]\n", "1: \"]\" after the section's name (expected nothing, not even a "
				  "comment)" },
		{ "[]\n", "1: [] is not a section's name (expected 1 to 32 of A-Z, a-z, 0-9, _ and "
			  "-)" },
		{ "[ default ]\n", "1: [ default ] is not a section's name "
				   "(expected 1 to 32 of A-Z, a-z, 0-9, _ and -)" },
		{ "[a:b]\n", "1: [a:b] is not a section's name (expected 1 to 32 of A-Z, a-z, 0-9, "
			     "_ and -)" },
		{ "[123456789012345678901234567890123]\n",
			"1: [123456789012345678901234567890123] is not a section's name "
			"(expected 1 to 32 of A-Z, a-z, 0-9, _ and -)" },
		{ "[default]\npids = 5\n[default]\nmemory = 1G\n",
			"3: [default] is there twice (first in line 1)" },
		{ "[web]\n[ftp]\n[web]\n", "3: [web] is there twice (first in line 1)" },
		{ "[web]\n[Web]\n", "2: [Web] differs from [web] of line 1 only in case" },
		{ "[Default]\n", "1: unknown section [Default] (did you mean [default]?)" },
		{ "[defualt]\n", "1: unknown section [defualt] (did you mean [default]?)" },
		{ "[contaned]\n", "1: unknown section [contaned] (did you mean [contained]?)" },
		{ "[default]\nslots = 5\n",
			"2: slots: stands in [default] "
			"(expected it in [contained]: it holds for every login)" },
		{ "[web]\nexempt_users = root\n",
			"2: exempt_users: stands in [web] "
			"(expected it in [contained]: it holds for every login)" },
		{ "[contained]\nmemory = 1G\n", "2: memory: stands in [contained] (expected it in "
						"[default] or in a profile)" },
		{ "[default]\nmatch_users = ada\n",
			"2: match_users: stands in [default] "
			"(expected it in a profile: [default] is for everybody)" },
		{ "[contained]\nmatch_users = ada\n",
			"2: match_users: stands in [contained] "
			"(expected it in a profile: [contained] is for everybody)" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		fixture_refused(cases[i].text, cases[i].expected);
}

static void bytes_are_text(void **state)
{
	static const char nul[] = "[default]\npids = 5\0memory = 1G\n";
	static const char after_nul[] = "[default]\n\0\nbanana = 1\n";

	(void)state;
	fixture_refused_bytes(nul, sizeof nul - 1, "2: a NUL byte: this is not a text file");
	fixture_refused_bytes(
		after_nul, sizeof after_nul - 1, "2: a NUL byte: this is not a text file");
	fixture_refused(
		"[default]\npids = 5\x1b[2J\n", "2: the control character 0x1b (expected text)");
	fixture_refused("# \x07\n", "1: the control character 0x07 (expected text)");
	fixture_refused("[default]\npids =\v5\n", "2: the control character 0x0b (expected text)");
	fixture_refused("[default]\rpids = 5\n", "1: the control character 0x0d (expected text)");
	fixture_refused("# \x7f\n", "1: the control character 0x7f (expected text)");
	/* once, and not for every line */
	fixture_refused("[default]\r\npids = 5\r\nmemory = 1G\r\n",
		"1: the line ends in CR LF, as on Windows "
		"(expected LF alone, as dos2unix leaves it)");
	fixture_refused("\xef\xbb\xbf[default]\npids = 5\n",
		"1: begins with a UTF-8 byte order mark (expected text without it)");
	policy_file_free(fixture_file("# gr\xc3\xbc\xc3\x9f"
				      "e\n[default]\npids = 5\t; \xc3\xa9\n"));
}

static void line_and_file_lengths(void **state)
{
	char *text = malloc(POLICY_FILE_MAX + 2);
	struct policy_file *file;
	struct told told;
	struct error err;

	(void)state;
	assert_non_null(text);
	memset(text, '#', POLICY_FILE_MAX + 1);
	text[1000] = '\n';
	text[1001] = '\0';
	policy_file_free(fixture_file(text));
	text[1000] = '#';
	text[1001] = '\n';
	text[1002] = '\0';
	fixture_refused(text, "1: the line is 1001 bytes long (expected at most 1000)");
	/* what iniparser would have cut into two lines */
	memset(text, ' ', 1100);
	memcpy(text, "[default]\n", 10);
	strcpy(text + 1050, "pids = 5\n");
	fixture_refused(text, "2: the line is 1048 bytes long (expected at most 1000)");

	memset(text, '\n', POLICY_FILE_MAX + 1);
	assert_int_equal(fixture_parse_bytes(text, POLICY_FILE_MAX, &told, &file, &err), 0);
	policy_file_free(file);
	assert_int_equal(fixture_parse_bytes(text, POLICY_FILE_MAX + 1, &told, &file, &err), -1);
	assert_string_equal(told.first, "0: is too long (expected at most 65536 bytes)");
	assert_string_equal(err.object, "t.conf");
	free(text);
}

static void all_errors_are_told(void **state)
{
	static const char text[] = "[contained]\nslots = many\nfoo = 1\n"
				   "[default]\npids = -1\nnonsense\n[default]\nmemory = lots\n";
	struct policy_file *file = NULL;
	char line[512];
	struct told told;
	struct error err;

	(void)state;
	assert_int_equal(fixture_parse_bytes(text, strlen(text), &told, &file, &err), -1);
	assert_null(file);
	assert_int_equal(told.count, 6);
	/* in the order of lines */
	assert_string_equal(told.first, "2: slots: \"many\" is not a number " SLOTS_EXPECTED);
	error_format(&err, line, sizeof line);
	assert_memory_equal(line, "t.conf:", 7);
	assert_string_equal(line + 7, told.first);
	/* neither a report nor an error is needed */
	{
		own_fd int fd = fixture_fd(text, strlen(text));

		assert_int_equal(policy_parse(fd, "t.conf", NULL, NULL, &file, NULL), -1);
	}
}

static void what_cannot_be_read_is_told(void **state)
{
	own_fd int directory = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct told told = { .count = 0 };
	struct policy_file *file = NULL;
	struct error err;

	(void)state;
	/* iniparser would read a directory as an empty configuration */
	assert_int_equal(policy_parse(directory, "t.conf", fixture_report, &told, &file, &err), -1);
	assert_null(file);
	assert_string_equal(told.first, "0: cannot read the configuration: Is a directory");
	assert_string_equal(err.object, "t.conf");
}

static void many_sections(void **state)
{
	char *text = calloc(257, 8);
	size_t used = 0;

	(void)state;
	assert_non_null(text);
	for (int i = 0; i < 256; i++)
		used += (size_t)sprintf(text + used, "[p%d]\n", i);
	policy_file_free(fixture_file(text));
	(void)sprintf(text + used, "[p256]\n");
	fixture_refused(text, "257: more than 256 sections");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_that_iniparser_would_bend),
		cmocka_unit_test(times_sizes_and_shares),
		cmocka_unit_test(words_and_switches),
		cmocka_unit_test(rlimits),
		cmocka_unit_test(names_paths_and_capabilities),
		cmocka_unit_test(lines_are_strict),
		cmocka_unit_test(sections_are_strict),
		cmocka_unit_test(bytes_are_text),
		cmocka_unit_test(line_and_file_lengths),
		cmocka_unit_test(all_errors_are_told),
		cmocka_unit_test(what_cannot_be_read_is_told),
		cmocka_unit_test(many_sections),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
