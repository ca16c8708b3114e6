/* subject: look-ups in made-up trees, and what is believed of the helper program's answer. */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "own.h"
#include "subject.h"
#include "subject_files.h"
#include "text.h"
#include "tree_fixture.h"

static const char passwd_text[] = "# comment\n"
				  "root:x:0:0:root:/root:/bin/bash\n"
				  "short:x:1:1:/home/short:/bin/sh\n"
				  "alice:x:0100:100::/wrong:/leading-zero\n"
				  "alice:x:4294967295:100::/wrong:/reserved\n"
				  "alice:x:-5:100::/wrong:/negative\n"
				  "alice:x:1000:1000:Alice A,,,:/home/alice:/bin/bash:extra\n"
				  "alice:x:1000:1000:Alice A,,,:/home/alice:/bin/zsh\n"
				  "alice:x:1001:1001:second:/home/second:/bin/sh\n"
				  "alice2:x:1002:1002::/home/alice2:/bin/sh\n"
				  "empty:x:1003:5000:::\n"
				  "last:x:1004:1000::/:/bin/sh"; /* no newline */
static const char group_text[] = "root:x:0:\n"
				 "nonsense\n"
				 "staff:x:50:alice,alice2\n"
				 "odd name:x:51:alice\n"
				 "notme:x:52:alice2,xalice,alicex\n"
				 "again:x:50:alice\n"
				 "alice:x:1000:\n"
				 "spaced:x:53:bob, alice\n"
				 "self:x:1000:alice\n"
				 "+nis:x:54:alice\n"
				 "last:x:55:bob,alice";

static int setup(void **state)
{
	if (tree_setup(state) < 0)
		return -1;
	tree_put_text(*state, "etc/passwd", passwd_text);
	tree_put_text(*state, "etc/group", group_text);
	return 0;
}

static void test_local_files(void **state)
{
	static const struct subject_group groups[] = {
		{ 1000, "alice" },
		{ 50, "staff" },
		{ 51, "51" },
		{ 53, "spaced" },
		{ 55, "last" },
	};
	struct tree *tree = *state;
	struct subject subject;
	struct error err;

	assert_int_equal(subject_load(tree->fd, "alice", NULL, 0, &subject, &err), 0);
	assert_string_equal(subject.user, "alice");
	assert_int_equal(subject.uid, 1000);
	assert_int_equal(subject.gid, 1000);
	assert_string_equal(subject.gecos, "Alice A,,,");
	assert_string_equal(subject.home, "/home/alice");
	assert_string_equal(subject.shell, "/bin/zsh");
	assert_string_equal(subject.service, "");
	assert_string_equal(subject.tty, "");
	assert_string_equal(subject.rhost, "");
	assert_int_equal(subject.group_count, ARRAY_SIZE(groups));
	for (size_t i = 0; i < ARRAY_SIZE(groups); i++) {
		assert_int_equal(subject.groups[i].gid, groups[i].gid);
		assert_string_equal(subject.groups[i].name, groups[i].name);
	}
	assert_true(subject_in_group(&subject, "staff"));
	assert_false(subject_in_group(&subject, "staf"));
	assert_false(subject_in_group(&subject, "notme"));
	assert_int_equal(subject_set_login(&subject, "sshd", NULL, "host", &err), 0);
	assert_int_equal(subject_set_login(&subject, "login", "tty1", NULL, &err), 0);
	assert_string_equal(subject.service, "login");
	assert_string_equal(subject.tty, "tty1");
	assert_string_equal(subject.rhost, "");
	subject_free(&subject);
	assert_null(subject.user);
	subject_free(&subject);
}

static void test_local_edges(void **state)
{
	struct tree *tree = *state;
	struct subject subject = { .uid = 77 };
	struct error err;

	assert_int_equal(subject_load(tree->fd, "empty", NULL, 0, &subject, &err), 0);
	assert_string_equal(subject.home, "");
	assert_string_equal(subject.shell, "");
	assert_int_equal(subject.group_count, 1);
	assert_string_equal(subject.groups[0].name, "5000");
	subject_free(&subject);
	assert_int_equal(subject_load(tree->fd, "last", NULL, 0, &subject, &err), 0);
	assert_int_equal(subject.uid, 1004);
	subject_free(&subject);

	subject.uid = 77;
	assert_int_equal(subject_load(tree->fd, "short", NULL, 0, &subject, &err), -1);
	assert_int_equal(err.num, ENOENT);
	assert_int_equal(subject_load(tree->fd, "nobody", NULL, 0, &subject, &err), -1);
	assert_int_equal(err.num, ENOENT);
	assert_int_equal(subject_load(tree->fd, "../x", NULL, 0, &subject, &err), -1);
	assert_int_equal(err.num, EINVAL);
	assert_int_equal(subject_load(tree->fd, "", NULL, 0, &subject, NULL), -1);
	assert_int_equal(subject.uid, 77);

	/* no group file: numbers */
	assert_int_equal(unlinkat(tree->fd, "etc/group", 0), 0);
	assert_int_equal(subject_load(tree->fd, "alice", NULL, 0, &subject, NULL), 0);
	assert_int_equal(subject.group_count, 1);
	assert_string_equal(subject.groups[0].name, "1000");
	subject_free(&subject);
}

/* What stands where passwd should be is told apart, and nothing hangs on it. */
static void test_local_hostile(void **state)
{
	struct tree *tree = *state;
	struct subject subject;
	struct error err;
	uid_t uid = 77;

	assert_int_equal(unlinkat(tree->fd, "etc/passwd", 0), 0);
	assert_int_equal(subject_load(tree->fd, "alice", NULL, 0, &subject, &err), -1);
	assert_int_equal(err.num, ENOENT);
	assert_string_equal(err.object, "/etc/passwd");
	assert_int_equal(subject_local_uid(tree->fd, "alice", &uid), -1);
	assert_int_equal(mkfifoat(tree->fd, "etc/passwd", 0644), 0);
	assert_int_equal(subject_load(tree->fd, "alice", NULL, 0, &subject, &err), -1);
	assert_non_null(strstr(err.cause, "not a regular file"));
	assert_int_equal(unlinkat(tree->fd, "etc/passwd", 0), 0);
	assert_int_equal(symlinkat("/etc/passwd", tree->fd, "etc/passwd"), 0);
	assert_int_equal(subject_load(tree->fd, "alice", NULL, 0, &subject, &err), -1);
	assert_int_equal(err.num, ELOOP);
	assert_int_equal(unlinkat(tree->fd, "etc/passwd", 0), 0);
	/* an absolute link stays inside the tree */
	tree_put_text(tree, "etc/other", passwd_text);
	assert_int_equal(symlinkat("/etc/other", tree->fd, "etc/passwd"), 0);
	assert_int_equal(subject_local_uid(tree->fd, "alice", &uid), 1);
	assert_int_equal(uid, 1000);
}

static void test_local_nul(void **state)
{
	static const char text[] = "alice:x:0:0::/a:/b\0\nalice:x:1000:1000::/c:/d\n";
	struct tree *tree = *state;
	int fd = openat(tree->fd, "etc/passwd", O_WRONLY | O_TRUNC | O_CLOEXEC);
	uid_t uid = 77;

	assert_int_equal(write(fd, text, sizeof text - 1), sizeof text - 1);
	close(fd);
	assert_int_equal(subject_local_uid(tree->fd, "alice", &uid), 1);
	assert_int_equal(uid, 1000);
}

static void test_local_uid_and_member(void **state)
{
	struct tree *tree = *state;
	uid_t uid = 77;

	assert_int_equal(subject_local_uid(tree->fd, "root", &uid), 1);
	assert_int_equal(uid, 0);
	uid = 77;
	assert_int_equal(subject_local_uid(tree->fd, "alic", &uid), 0);
	assert_int_equal(subject_local_uid(tree->fd, "a:b", &uid), 0);
	assert_int_equal(subject_local_uid(tree->fd, "+nis", &uid), 0);
	assert_int_equal(uid, 77);
	assert_true(subject_local_member(tree->fd, "alice", "staff"));
	assert_true(subject_local_member(tree->fd, "alice", "alice")); /* primary */
	assert_true(subject_local_member(tree->fd, "alice", "last"));
	assert_false(subject_local_member(tree->fd, "alice", "notme"));
	assert_false(subject_local_member(tree->fd, "alice", "stafF"));
	assert_false(subject_local_member(tree->fd, "root", "staff"));
	assert_true(subject_local_member(tree->fd, "root", "root"));
	/* not in passwd: gid 0 is nobody's primary group then */
	assert_false(subject_local_member(tree->fd, "stranger", "root"));
	assert_false(subject_local_member(tree->fd, "", "last"));
	assert_false(subject_local_member(tree->fd, "alice", "+nis"));
}

static void test_nsswitch(void **state)
{
	static const struct {
		const char *text;
		bool suffice;
	} rows[] = {
		{ "", true },
		{ "passwd: files\ngroup: files\n", true },
		{ "passwd:\tfiles systemd\ngroup:files [SUCCESS=merge] systemd # x\n", true },
		{ "  passwd : files\nhosts: dns\nshadow: files sss\n", true },
		{ "passwd: files sss\n", false },
		{ "group: files ldap\npasswd: files\n", false },
		{ "passwd: sss files\n", false },
		{ "passwd: systemd files\n", false },
		{ "passwd: compat\n", false },
		{ "passwd: files [NOTFOUND=continue] nis\n", false },
		{ "passwd: files\ninitgroups: files sss\n", false },
		{ "passwd:\n", false },
		{ "passwd: files\npasswd: sss\n", false },
		{ "# passwd: sss\npasswd: files\n", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (subject_files_suffice(rows[i].text) != rows[i].suffice) {
			print_error("row %zu: %s\n", i, rows[i].text);
			assert_true(false);
		}
}

/* A shell script stands in for contained-subject. */
static const char *put_helper(const struct tree *tree, const char *body, char *buf, size_t size)
{
	char text[2048];

	assert_true(text_format(text, sizeof text, "#!/bin/sh\n%s\n", body) > 0);
	tree_put_text(tree, "helper", text);
	assert_true(text_format(buf, size, "%s/helper", tree->path) > 0);
	return buf;
}

#define ANSWER_HEAD                                                                                \
	"cat <<END\nuser bob\nuid 2000\ngid 2001\ngecos B, the builder\nhome /h\nshell /s\n"

static void test_helper_asked_when_needed(void **state)
{
	struct tree *tree = *state;
	struct subject subject;
	char path[128];
	struct error err;

	put_helper(tree,
		"[ \"$1\" = bob ] || { echo missing; exit; }\n" ANSWER_HEAD
		"group 2001 builders\ngroup 50 \ngroup 2001 again\ngroup 7 seven\nend\nEND",
		path, sizeof path);
	/* in the files, and they are the whole truth: not asked */
	assert_int_equal(subject_load(tree->fd, "alice", path, 10000, &subject, &err), 0);
	assert_int_equal(subject.uid, 1000);
	subject_free(&subject);
	/* not in the files */
	assert_int_equal(subject_load(tree->fd, "bob", path, 10000, &subject, &err), 0);
	assert_string_equal(subject.user, "bob");
	assert_int_equal(subject.uid, 2000);
	assert_int_equal(subject.gid, 2001);
	assert_string_equal(subject.gecos, "B, the builder");
	assert_string_equal(subject.home, "/h");
	assert_string_equal(subject.shell, "/s");
	assert_int_equal(subject.group_count, 3);
	assert_string_equal(subject.groups[0].name, "builders");
	assert_string_equal(subject.groups[1].name, "50");
	assert_int_equal(subject.groups[2].gid, 7);
	subject_free(&subject);
	/* a directory is configured: its word counts even for a name in the files */
	tree_put_text(tree, "etc/nsswitch.conf", "passwd: files sss\ngroup: files\n");
	assert_int_equal(subject_load(tree->fd, "alice", path, 10000, &subject, &err), -1);
	assert_int_equal(err.num, ENOENT);
	assert_string_equal(err.object, "alice");
	/* without a helper the files are all there is */
	assert_int_equal(subject_load(tree->fd, "alice", NULL, 0, &subject, &err), 0);
	subject_free(&subject);
}

static void test_helper_names_who_is_silent(void **state)
{
	struct tree *tree = *state;
	struct subject subject;
	char path[128];
	struct error err;

	put_helper(tree, ANSWER_HEAD "group 2001 b\nsilent ldap\nend\nEND", path, sizeof path);
	assert_int_equal(subject_load(tree->fd, "bob", path, 10000, &subject, &err), 0);
	assert_string_equal(subject.silent, "ldap");
	assert_int_equal(subject.group_count, 1);
	subject_free(&subject);
	put_helper(tree, ANSWER_HEAD "group 2001 b\nend\nEND", path, sizeof path);
	assert_int_equal(subject_load(tree->fd, "bob", path, 10000, &subject, &err), 0);
	assert_null(subject.silent);
	subject_free(&subject);
}

static void test_helper_answers_refused(void **state)
{
	static const struct {
		const char *body;
		int num;
	} rows[] = {
		{ "echo missing", ENOENT },
		{ "echo missing; echo missing", EPROTO },
		{ "true", EPROTO },
		{ "echo error 5; exit 1", EIO },
		{ "echo error 99999; exit 1", EPROTO },
		{ "echo error 84; exit 1", 0 }, /* EILSEQ, in words */
		{ ANSWER_HEAD "group 2001 b\nsilent\nend\nEND", EPROTO },
		{ ANSWER_HEAD "group 2001 b\nsilent a b\nend\nEND", EPROTO },
		{ ANSWER_HEAD "group 2001 b\nsilent a\nsilent b\nend\nEND", EPROTO },
		{ ANSWER_HEAD "group 2001 b\nend\nEND\nexit 1", EPROTO },
		{ ANSWER_HEAD "group 2001 b\nend\nEND\nkill -9 $$", EPROTO },
		{ ANSWER_HEAD "group 2001 b\nEND", EPROTO },            /* cut */
		{ ANSWER_HEAD "group 2001 b\nend\nmore\nEND", EPROTO }, /* more */
		{ ANSWER_HEAD "end\nEND", EPROTO },                     /* no group */
		{ ANSWER_HEAD "group 2002 b\nend\nEND", EPROTO },       /* not the primary one */
		{ ANSWER_HEAD "group 2001 b c\nend\nEND", EPROTO },
		{ ANSWER_HEAD "group 2001\nend\nEND", EPROTO },
		{ ANSWER_HEAD "group -1 b\nend\nEND", EPROTO },
		{ ANSWER_HEAD "group 2001 b\ngroup 4294967295 c\nend\nEND", EPROTO },
		{ ANSWER_HEAD "uid 0\ngroup 2001 b\nend\nEND", EPROTO },
		{ "printf 'user bob\\nuid 0x0\\ngid 1\\n'", EPROTO },
		{ "printf 'user b:b\\nuid 1\\ngid 1\\ngecos \\nhome \\nshell \\ngroup 1 \\nend\\n'",
			EPROTO },
		{ "printf 'user bob\\nuid 1\\ngid 1\\ngecos \\0x\\nhome \\nshell \\ngroup 1 "
		  "\\nend\\n'",
			EPROTO },
	};
	struct tree *tree = *state;
	struct subject subject = { .uid = 77 };
	char path[128];
	struct error err;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		put_helper(tree, rows[i].body, path, sizeof path);
		if (subject_load(tree->fd, "bob", path, 10000, &subject, &err) != -1 ||
			err.num != rows[i].num) {
			print_error("row %zu: %d %s\n", i, err.num, rows[i].body);
			assert_true(false);
		}
		assert_string_equal(err.object, "bob");
	}
	assert_int_equal(subject.uid, 77);
	put_helper(tree, "sleep 100", path, sizeof path);
	assert_int_equal(subject_load(tree->fd, "bob", path, 100, &subject, &err), -1);
	assert_int_equal(err.num, ETIMEDOUT);
	assert_true(err.hint[0] != '\0');
	assert_int_equal(subject_load(tree->fd, "bob", "/nonexistent", 100, &subject, &err), -1);
	assert_int_equal(err.num, ENOENT);
	assert_string_equal(err.object, "/nonexistent"); /* and so not: no such user */
}

/* The host's own files agree with libc about whoever runs this. */
static void test_host_agrees_with_libc(void **state)
{
	int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct passwd *me = getpwnam("root");
	uid_t uid = 77;

	(void)state;
	if (!me) {
		print_message("skipped: no root in passwd\n");
		skip();
	}
	assert_int_equal(subject_local_uid(root, "root", &uid), 1);
	assert_int_equal(uid, me->pw_uid);
	close(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_local_files, setup, tree_teardown),
		cmocka_unit_test_setup_teardown(test_local_edges, setup, tree_teardown),
		cmocka_unit_test_setup_teardown(test_local_hostile, setup, tree_teardown),
		cmocka_unit_test_setup_teardown(test_local_nul, setup, tree_teardown),
		cmocka_unit_test_setup_teardown(test_local_uid_and_member, setup, tree_teardown),
		cmocka_unit_test(test_nsswitch),
		cmocka_unit_test_setup_teardown(
			test_helper_asked_when_needed, setup, tree_teardown),
		cmocka_unit_test_setup_teardown(test_helper_names_who_is_silent, setup, tree_teardown),
		cmocka_unit_test_setup_teardown(test_helper_answers_refused, setup, tree_teardown),
		cmocka_unit_test(test_host_agrees_with_libc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
