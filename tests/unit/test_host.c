/* host: what is found in made-up trees, and what of them is not believed. */
#include <sys/sysmacros.h>

#include "host_fixture.h" /* last: cmocka.h defines fail() as a macro */

static void homes_are(const struct fixture *fix, const char *expected)
{
	char text[512] = "";

	for (size_t i = 0; i < fix->host.homes.count; i++) {
		strcat(text, i ? " " : "");
		strcat(text, fix->host.homes.items[i]);
	}
	assert_string_equal(text, expected);
}

static void test_what_is_there(void **state)
{
	struct fixture *fix = *state;

	tree_put_text(fix->tree, "etc/hosts", "127.0.0.1 localhost\n");
	tree_put_text(fix->tree, "etc/resolv.conf", "nameserver 192.0.2.53\n");
	tree_put_text(fix->tree, "dev/log", "");
	tree_put_text(fix->tree, "root/.keep", "");
	loads(fix);
	assert_int_equal(fix->host.privileged, geteuid() == 0);
	assert_int_equal(fix->host.last_cap, 40);
	assert_true(fix->host.memory == 16384000ull * 1024);
	assert_int_equal(fix->host.page, sysconf(_SC_PAGESIZE));
	assert_int_equal(fix->host.cgroups.layout, CGROUP_NONE);
	assert_string_equal(fix->host.passwd, "alice:x:1000:1000::/home/alice:/bin/sh\n");
	assert_string_equal(fix->host.group, "root:x:0:\ntty:x:7:alice\n");
	assert_string_equal(fix->host.hosts, "127.0.0.1 localhost\n");
	assert_string_equal(fix->host.resolv_conf, "nameserver 192.0.2.53\n");
	assert_string_equal(fix->host.home, "/home/alice");
	assert_string_equal(fix->host.syslog_socket, "/dev/log");
	assert_null(fix->host.terminal);
	assert_int_equal(fix->host.tty_group, 7);
	homes_are(fix, "/home /root");
	assert_int_equal(fix->host.secrets.count, 0);
	fix->policy.syslog = false;
	loads(fix);
	assert_null(fix->host.syslog_socket);
}

static void test_what_is_not_there(void **state)
{
	struct fixture *fix = *state;

	assert_int_equal(unlinkat(fix->tree->fd, "etc/passwd", 0), 0);
	assert_int_equal(unlinkat(fix->tree->fd, "etc/group", 0), 0);
	assert_int_equal(unlinkat(fix->tree->fd, "proc/meminfo", 0), 0);
	fix->subject.home = (char *)"/home/nobody-made-it";
	loads(fix);
	assert_null(fix->host.passwd);
	assert_null(fix->host.group);
	assert_null(fix->host.hosts);
	assert_null(fix->host.resolv_conf);
	assert_null(fix->host.home);
	assert_null(fix->host.syslog_socket);
	assert_int_equal(fix->host.tty_group, 5);
	assert_true(fix->host.memory == 0);
	homes_are(fix, "/home");
}

static void test_without_a_kernel(void **state)
{
	static const char *const bad[] = { "", "x\n", "0\n", "64\n", "40 41\n", "-1\n", "040\n" };
	struct fixture *fix = *state;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		tree_put_text(fix->tree, "proc/sys/kernel/cap_last_cap", bad[i]);
		refuses(fix, "/proc/sys/kernel/cap_last_cap", 0);
	}
	assert_int_equal(unlinkat(fix->tree->fd, "proc/self/mountinfo", 0), 0);
	refuses(fix, "/proc", ENOENT);
}

/* Lists of advertisers make a long file; one that is cut or left out would change what names mean. */
static void test_long_hosts(void **state)
{
	enum { SIZE = 300000 };
	struct fixture *fix = *state;
	own_text char *text = malloc(SIZE + 1);

	assert_non_null(text);
	memset(text, '#', SIZE);
	text[SIZE] = '\0';
	tree_put_text(fix->tree, "etc/hosts", text);
	loads(fix);
	assert_non_null(fix->host.hosts);
	assert_int_equal(strlen(fix->host.hosts), SIZE);
}

static void test_tty_group(void **state)
{
	static const struct {
		const char *group;
		unsigned gid;
	} rows[] = { { "tty:x:9:\n", 9 }, { "a:x:1:\ntty::11:alice", 11 },
		{ "atty:x:9:\ntty2:x:8:\n", 5 }, { "tty:x\nb:x:9:\n", 5 }, { "tty:x:no:\n", 5 },
		{ "", 5 } };
	struct fixture *fix = *state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		tree_put_text(fix->tree, "etc/group", rows[i].group);
		loads(fix);
		assert_int_equal(fix->host.tty_group, rows[i].gid);
	}
}

static void test_parent_of_the_home(void **state)
{
	static const struct {
		const char *home, *homes;
	} rows[] = { { "/home/alice", "/home" }, { "/home", "/home" },
		{ "/home/students/alice", "/home /home/students" },
		{ "/export/alice", "/home /export" }, { "/var/lib/alice", "/home" },
		{ "/srv/alice", "/home" }, { "/srv/www/alice", "/home /srv/www" },
		{ "/alice", "/home" }, { "/", "/home" }, { "/tmp/alice", "/home" },
		{ "/run/alice", "/home" }, { "/var/tmp/x/alice", "/home" },
		{ "/tmpx/alice", "/home /tmpx" }, { "/opt/alice", "/home" },
		{ "/usr/sbin", "/home" }, { "relative", "/home" }, { "", "/home" } };
	struct fixture *fix = *state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char path[128];

		if (rows[i].home[0] == '/' && rows[i].home[1]) {
			(void)snprintf(path, sizeof path, "%s/.keep", rows[i].home);
			tree_put_text(fix->tree, path + 1, "");
		}
		fix->subject.home = (char *)rows[i].home;
		loads(fix);
		if (rows[i].home[0] == '/')
			assert_string_equal(fix->host.home, rows[i].home);
		else
			assert_null(fix->host.home);
		homes_are(fix, rows[i].homes);
	}
}

static void test_homes_of_the_policy(void **state)
{
	struct fixture *fix = *state;

	tree_put_text(fix->tree, "export/home/bob/.keep", "");
	tree_put_text(fix->tree, "file", "");
	list_free(&fix->policy.homes);
	assert_int_equal(
		list_add_words(&fix->policy.homes, "/export/home /missing /file /home /home"), 0);
	loads(fix);
	homes_are(fix, "/export/home /home");
	list_free(&fix->policy.homes);
	assert_int_equal(list_add_words(&fix->policy.homes, "show"), 0);
	loads(fix);
	homes_are(fix, "");
	assert_string_equal(fix->host.home, "/home/alice");
}

static void test_home_that_is_no_directory(void **state)
{
	struct fixture *fix = *state;

	tree_put_text(fix->tree, "home/file", "");
	assert_int_equal(mkfifoat(fix->tree->fd, "home/fifo", 0666), 0);
	fix->subject.home = (char *)"/home/file";
	loads(fix);
	assert_null(fix->host.home);
	fix->subject.home = (char *)"/home/fifo";
	loads(fix);
	assert_null(fix->host.home);
	fix->subject.home = (char *)"/home/file/below";
	loads(fix);
	assert_null(fix->host.home);
	homes_are(fix, "/home");
}

static void test_symlinked_home(void **state)
{
	struct fixture *fix = *state;

	needs_root();
	tree_put_text(fix->tree, "export/home/bob/.keep", "");
	tree_put_text(fix->tree, "data/bob/.keep", "");
	assert_int_equal(symlinkat("/export/home", fix->tree->fd, "homes"), 0);
	fix->subject.home = (char *)"/homes/bob";
	loads(fix);
	assert_string_equal(fix->host.home, "/export/home/bob");
	homes_are(fix, "/home /export/home");
	/* placed by somebody else: refused, and not taken for missing */
	assert_int_equal(symlinkat("/data/bob", fix->tree->fd, "export/home/mallory"), 0);
	assert_int_equal(
		fchownat(fix->tree->fd, "export/home/mallory", 1000, 1000, AT_SYMLINK_NOFOLLOW), 0);
	fix->subject.home = (char *)"/homes/mallory";
	refuses(fix, "/export/home/mallory", ELOOP);
}

static void test_secrets(void **state)
{
	static const char *const there[] = { "/etc/shadow", "/etc/gshadow-",
		"/etc/ssh/ssh_host_ed25519_key", "/etc/ssh/ssh_host_rsa_key" };
	struct fixture *fix = *state;

	tree_put_text(fix->tree, "etc/shadow", "");
	tree_put_text(fix->tree, "etc/gshadow-", "");
	tree_put_text(fix->tree, "etc/ssh/ssh_host_rsa_key", "");
	tree_put_text(fix->tree, "etc/ssh/ssh_host_rsa_key.pub", "");
	tree_put_text(fix->tree, "etc/ssh/ssh_host_ed25519_key", "");
	tree_put_text(fix->tree, "etc/ssh/_key", "");
	tree_put_text(fix->tree, "etc/ssh/sshd_config", "");
	loads(fix);
	assert_int_equal(fix->host.secrets.count, ARRAY_SIZE(there));
	for (size_t i = 0; i < ARRAY_SIZE(there); i++)
		assert_true(list_has(&fix->host.secrets, there[i]));
}

static void test_words_that_are_no_terminal(void **state)
{
	static const char *const ttys[] = { "", "ssh", "cron", ":0", "../etc/passwd", "/etc/passwd",
		"pts/../../etc/passwd", "/dev/file", "file", "pts", "/dev/", "/dev",
		"a-name-that-is-much-longer-than-any-terminal-that-the-kernel-knows-of-ever-was" };
	struct fixture *fix = *state;

	tree_put_text(fix->tree, "dev/file", "");
	tree_put_text(fix->tree, "dev/pts/.keep", "");
	for (size_t i = 0; i < ARRAY_SIZE(ttys); i++) {
		fix->subject.tty = (char *)ttys[i];
		loads(fix);
		assert_null(fix->host.terminal);
	}
}

static void test_terminal(void **state)
{
	static const char *const ttys[] = { "pts/3", "/dev/pts/3" };
	struct fixture *fix = *state;

	tree_put_text(fix->tree, "dev/pts/.keep", "");
	if (mknodat(fix->tree->fd, "dev/pts/3", S_IFCHR | 0600, makedev(136, 3)) < 0) {
		print_message("skipped: making a device node: %s\n", strerror(errno));
		skip();
	}
	for (size_t i = 0; i < ARRAY_SIZE(ttys); i++) {
		fix->subject.tty = (char *)ttys[i];
		loads(fix);
		assert_string_equal(fix->host.terminal, "/dev/pts/3");
		assert_true(fix->host.terminal_device == makedev(136, 3));
	}
}

/* FIFOs in the places of files: a login must not wait for a writer. */
static void test_files_that_would_hang(void **state)
{
	static const char *const paths[] = { "etc/passwd", "etc/group", "etc/hosts",
		"etc/resolv.conf", "etc/shadow", "proc/meminfo" };
	struct fixture *fix = *state;

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		(void)unlinkat(fix->tree->fd, paths[i], 0); /* some are not there */
		assert_int_equal(mkfifoat(fix->tree->fd, paths[i], 0666), 0);
	}
	(void)alarm(20);
	loads(fix);
	(void)alarm(0);
	assert_null(fix->host.passwd);
	assert_null(fix->host.group);
	assert_null(fix->host.hosts);
	assert_true(fix->host.memory == 0);
	assert_int_equal(fix->host.secrets.count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_what_is_there),
		TEST(test_what_is_not_there),
		TEST(test_without_a_kernel),
		TEST(test_long_hosts),
		TEST(test_tty_group),
		TEST(test_parent_of_the_home),
		TEST(test_homes_of_the_policy),
		TEST(test_home_that_is_no_directory),
		TEST(test_symlinked_home),
		TEST(test_secrets),
		TEST(test_words_that_are_no_terminal),
		TEST(test_terminal),
		TEST(test_files_that_would_hang),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
