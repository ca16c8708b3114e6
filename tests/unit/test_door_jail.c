/* What contained-shell runs under `command` and `allow_commands`, in a made-up root. */
/* the door is a program, not part of the engine; before cmocka, which has a macro named fail */
#include "../../shell/door_jail.c"
#include "../../shell/door_request.c"

#include "tree_fixture.h"

struct asked {
	const char *command, *allow; /* the policy's; NULL: nobody is jailed */
	const char *wish;            /* NULL: a shell */
	const char *runs;            /* "PATH: [word][word]", "shell", "refused: …" or "fails: …" */
};

static struct subject subject = { .user = (char[]){ "ada" }, .home = (char[]){ "/home/ada" }, .uid = 5000 };

static void describe(const struct door_jail *jail, char *text, size_t size)
{
	size_t used = 0;

	(void)text_format(text, size, "shell");
	if (!jail->path)
		return;
	used = (size_t)text_format(text, size, "%s: ", jail->path);
	for (size_t i = 0; i < jail->command.words.count; i++)
		used += (size_t)text_format(text + used, size - used, "[%s]", jail->command.words.items[i]);
	assert_true(used < size);
}

static void check_case(const struct tree *tree, const struct asked *asked)
{
	struct policy policy = { .command = (char *)(uintptr_t)(asked->command ? asked->command : ""),
		.allow_commands = (char *)(uintptr_t)(asked->allow ? asked->allow : "") };
	struct door_request request = { .command = asked->wish };
	struct door_jail jail;
	struct error err = { 0 };
	char text[512];

	if (door_jail_decide(&request, asked->command ? &policy : NULL, &subject, tree->fd, &jail, &err) == 0) {
		assert_string_equal(jail.refused, "");
		describe(&jail, text, sizeof text);
	} else if (jail.refused[0]) {
		assert_int_equal(err.num, EPERM);
		assert_null(jail.path);
		(void)text_format(text, sizeof text, "refused: %s", jail.refused);
	} else {
		assert_null(jail.path);
		(void)text_format(text, sizeof text, "fails: %s", err.object);
	}
	assert_string_equal(text, asked->runs);
	door_jail_free(&jail);
}

static void put_programs(const struct tree *tree)
{
	static const char *const names[] = { "usr/bin/git-upload-pack", "usr/bin/rsync", "usr/local/bin/tool", "bin/tool",
		"bin/only", "home/ada/bin/evil" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		tree_put(tree, names[i], "x", 1, 0755);
	tree_put(tree, "usr/bin/only", "not executable", 14, 0644);
}

static void wishes(void **state)
{
	static const struct asked cases[] = {
		/* nobody is jailed */
		{ NULL, NULL, NULL, "shell" },
		{ NULL, NULL, "anything; at all", "shell" },
		{ "", "", "git-upload-pack x", "shell" },
		/* allow_commands */
		{ "", "git-upload-pack *", "git-upload-pack 'a b'", "/usr/bin/git-upload-pack: [git-upload-pack][a b]" },
		{ "", "git-upload-pack *", "git-upload-pack --help", "refused: git-upload-pack --help" },
		{ "", "git-upload-pack *", "git-upload-pack a; sh", "refused: git-upload-pack a; sh (';' has no meaning without a shell)" },
		{ "", "git-upload-pack *", "a\nb", "refused: a\\x0ab (the control character 0x0a)" },
		{ "", "git-upload-pack *", NULL, "refused: a shell" },
		{ "", "git-upload-pack *", "", "refused:  (there is no program)" },
		{ "", "/usr/bin/rsync --server ...", "rsync --server . x", "/usr/bin/rsync: [rsync][--server][.][x]" },
		{ "", "tool %u %h", "tool ada /home/ada", "/usr/local/bin/tool: [tool][ada][/home/ada]" },
		{ "", "only", "only", "/bin/only: [only]" },
		{ "", "evil", "evil", "fails: evil" },
		{ "", "x $y", "x", "fails: allow_commands" },
		/* command */
		{ "tool --for %u", "", NULL, "/usr/local/bin/tool: [tool][--for][ada]" },
		{ "tool --for %u", "", "sh -c 'id; x' $y", "/usr/local/bin/tool: [tool][--for][ada]" },
		{ "/opt/tool x", "", "y", "/opt/tool: [/opt/tool][x]" },
		{ "x $y", "", "y", "fails: command" },
		/* both: what may be asked for, and what is run then */
		{ "tool", "rsync --server *", "rsync --server x", "/usr/local/bin/tool: [tool]" },
		{ "tool", "rsync --server *", "sh", "refused: sh" },
		{ "tool", "rsync --server *", NULL, "/usr/local/bin/tool: [tool]" },
		/* no sftp-server is there yet */
		{ NULL, NULL, "internal-sftp", "fails: internal-sftp" },
		{ "internal-sftp", "", NULL, "fails: internal-sftp" },
	};
	static const struct asked with_sftp[] = {
		{ NULL, NULL, "internal-sftp", "/usr/libexec/sftp-server: [internal-sftp]" },
		{ NULL, NULL, "internal-sftp -R -f AUTH", "/usr/libexec/sftp-server: [internal-sftp][-R][-f][AUTH]" },
		{ NULL, NULL, "internal-sftp; id", "shell" },
		{ NULL, NULL, "internal-sftpd", "shell" },
		{ NULL, NULL, "xinternal-sftp", "shell" },
		{ "", "internal-sftp", "internal-sftp", "/usr/libexec/sftp-server: [internal-sftp]" },
		{ "", "internal-sftp", "/usr/lib/openssh/sftp-server", "/usr/libexec/sftp-server: [/usr/lib/openssh/sftp-server]" },
		{ "", "internal-sftp", "internal-sftp -R", "refused: internal-sftp -R" },
		{ "", "rsync *", "internal-sftp", "refused: internal-sftp" },
		{ "internal-sftp -R", "", "scp -t .", "/usr/libexec/sftp-server: [internal-sftp][-R]" },
	};
	const struct tree *tree = *state;

	put_programs(tree);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_case(tree, &cases[i]);
	tree_put(tree, "usr/libexec/sftp-server", "x", 1, 0755);
	for (size_t i = 0; i < ARRAY_SIZE(with_sftp); i++)
		check_case(tree, &with_sftp[i]);
}

static void arguments_behind_the_command_are_refused(void **state)
{
	const struct tree *tree = *state;
	struct policy policy = { .command = (char[]){ "" }, .allow_commands = (char[]){ "rsync *" } };
	char *more[] = { (char[]){ "x" }, NULL };
	struct door_request request = { .command = "rsync a", .arguments = more };
	struct door_jail jail;
	struct error err;

	put_programs(tree);
	assert_int_equal(door_jail_decide(&request, &policy, &subject, tree->fd, &jail, &err), -1);
	assert_string_equal(jail.refused, "rsync a (with more arguments behind it)");
	door_jail_free(&jail);
}

/* The program of `command` reads what was held against allow_commands, whatever the client has put there. */
static void the_wish_is_what_was_looked_at(void **state)
{
	char *environment[DOOR_ENVIRONMENT] = { strdup("SSH_ORIGINAL_COMMAND=evil"), strdup("A=b"),
		strdup("SSH_ORIGINAL_COMMAND=twice"), NULL };
	struct door_jail jail = { .wish = "good", .tells_wish = true };
	size_t count = 0;

	(void)state;
	assert_int_equal(door_jail_environment(&jail, environment, NULL), 0);
	assert_string_equal(environment[0], "A=b");
	assert_string_equal(environment[1], "SSH_ORIGINAL_COMMAND=good");
	assert_null(environment[2]);
	jail.wish = NULL;
	assert_int_equal(door_jail_environment(&jail, environment, NULL), 0);
	assert_null(environment[1]);
	/* as full as it can be */
	for (count = 1; count + 1 < DOOR_ENVIRONMENT; count++)
		environment[count] = strdup("LC_X=y");
	environment[count] = NULL;
	jail.wish = "good";
	assert_int_equal(door_jail_environment(&jail, environment, NULL), 0);
	assert_string_equal(environment[DOOR_ENVIRONMENT - 2], "SSH_ORIGINAL_COMMAND=good");
	assert_null(environment[DOOR_ENVIRONMENT - 1]);
	for (size_t i = 0; environment[i]; i++)
		free(environment[i]);
}

static void forced_command_of_sshd_is_seen_through(void **state)
{
	static const struct {
		const char *command, *wish;
	} cases[] = {
		{ "contained-shell", "asked" },
		{ "/usr/bin/contained-shell", "asked" },
		{ "bin/contained-shell", "bin/contained-shell" },
		{ "/usr/bin/contained-shell -l", "/usr/bin/contained-shell -l" },
		{ "/usr/bin/contained-shell;id", "/usr/bin/contained-shell;id" },
		{ "id; /usr/bin/contained-shell", "id; /usr/bin/contained-shell" },
		{ "id", "id" },
	};
	char *environment[] = { (char[]){ "SSH_ORIGINAL_COMMAND=asked" }, NULL };
	struct door_request request;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *argv[] = { (char[]){ "x" }, (char[]){ "-c" }, (char *)(uintptr_t)cases[i].command, NULL };

		assert_int_equal(door_request_parse(3, argv, environment, &request, NULL), 0);
		assert_string_equal(request.command, cases[i].wish);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(wishes, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(arguments_behind_the_command_are_refused, tree_setup, tree_teardown),
		cmocka_unit_test(the_wish_is_what_was_looked_at),
		cmocka_unit_test(forced_command_of_sshd_is_seen_through),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
