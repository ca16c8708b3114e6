/* host: the paths that a policy names, mail, automounts, and the look at all of them before. */
#include <sys/capability.h>
#include <sys/wait.h>

#include "host_fixture.h" /* last: cmocka.h defines fail() as a macro */

static void names(struct list *list, const char *words)
{
	list_free(list);
	assert_int_equal(list_add_words(list, words), 0);
}

/* "use named real place d|f" for each path, one a line. */
static void paths_are(const struct fixture *fix, const char *expected)
{
	static const char *const uses[] = { "mail", "writable", "readonly", "sockets", "hide" };
	char text[2048] = "";

	for (size_t i = 0; i < fix->host.path_count; i++) {
		const struct host_path *path = &fix->host.paths[i];
		char line[256];

		(void)snprintf(line, sizeof line, "%s %s %s%s%s %s\n", uses[path->use], path->named,
			path->real ? path->real : "-", path->place ? " " : "", path->place ? path->place : "",
			path->directory ? "d" : "f");
		strcat(text, line);
	}
	assert_string_equal(text, expected);
}

static void test_paths_of_the_policy(void **state)
{
	struct fixture *fix = *state;
	struct subject_group group = { 50, (char *)"staff" };

	fix->subject.groups = &group;
	fix->subject.group_count = 1;
	tree_put_text(fix->tree, "scratch/alice/.keep", "");
	tree_put_text(fix->tree, "srv/staff/file", "");
	tree_put_text(fix->tree, "run/mysqld/.keep", "");
	names(&fix->policy.writable, "/scratch/%u /scratch/%g");
	names(&fix->policy.readonly, "/srv/%g/file %h");
	names(&fix->policy.sockets, "/run/mysqld /run/munge");
	names(&fix->policy.hide, "/srv");
	loads(fix);
	paths_are(fix, "writable /scratch/alice /scratch/alice d\nwritable /scratch/staff - f\n"
		       "readonly /srv/staff/file /srv/staff/file f\nreadonly /home/alice /home/alice d\n"
		       "sockets /run/mysqld /run/mysqld d\nsockets /run/munge - f\nhide /srv /srv d\n");
	fix->subject.home = (char *)"/";
	refuses(fix, "%h", 0);
}

static void test_links(void **state)
{
	struct fixture *fix = *state;

	needs_root();
	tree_put_text(fix->tree, "data/x/.keep", "");
	tree_put_text(fix->tree, "run/dbus/.keep", "");
	assert_int_equal(symlinkat("data", fix->tree->fd, "project"), 0);
	assert_int_equal(symlinkat("/run/dbus", fix->tree->fd, "run/harmless"), 0);
	assert_int_equal(symlinkat("/run", fix->tree->fd, "data/run"), 0);
	assert_int_equal(symlinkat("/etc/passwd", fix->tree->fd, "data/passwd"), 0);
	names(&fix->policy.writable, "/project/x");
	loads(fix);
	paths_are(fix, "writable /project/x /data/x d\n");
	names(&fix->policy.sockets, "/run/harmless");
	refuses(fix, "/run/harmless", 0);
	names(&fix->policy.sockets, "");
	names(&fix->policy.writable, "/data/run");
	refuses(fix, "/data/run", 0);
	names(&fix->policy.writable, "");
	names(&fix->policy.hide, "/data/passwd");
	refuses(fix, "/data/passwd", 0);
	names(&fix->policy.hide, "");
	/* placed by somebody else */
	assert_int_equal(symlinkat("/etc", fix->tree->fd, "data/x/etc"), 0);
	assert_int_equal(fchownat(fix->tree->fd, "data/x/etc", 1000, 1000, AT_SYMLINK_NOFOLLOW), 0);
	names(&fix->policy.readonly, "/data/x/etc/app");
	refuses(fix, "/data/x/etc", ELOOP);
}

/* In a root tree: what the host has, at the place where it is named; links of the tree are followed there. */
static void test_another_root(void **state)
{
	struct fixture *fix = *state;

	needs_root();
	tree_put_text(fix->tree, "data/x/.keep", "");
	tree_put_text(fix->tree, "jail/srv/.keep", "");
	tree_put_text(fix->tree, "jail/secret", "");
	tree_put_text(fix->tree, "secret-of-the-host", "");
	assert_int_equal(symlinkat("data", fix->tree->fd, "project"), 0);
	assert_int_equal(symlinkat("srv", fix->tree->fd, "jail/project"), 0);
	assert_int_equal(symlinkat("/proc/sys", fix->tree->fd, "jail/data"), 0);
	tree_put_text(fix->tree, "jail/proc/sys/.keep", "");
	free(fix->policy.root);
	fix->policy.root = strdup("/jail");
	names(&fix->policy.writable, "/project/x /missing");
	names(&fix->policy.hide, "/secret /secret-of-the-host");
	loads(fix);
	paths_are(fix, "writable /project/x /data/x /srv/x d\nwritable /missing - f\n"
		       "hide /secret /secret /secret f\nhide /secret-of-the-host - f\n");
	names(&fix->policy.writable, "/data/x");
	refuses(fix, "/data/x", 0);
	free(fix->policy.root);
	fix->policy.root = strdup("/gone");
	refuses(fix, "/gone", ENOENT);
}

static void test_mail(void **state)
{
	struct fixture *fix = *state;

	fix->subject.uid = geteuid() == 0 ? 1000 : geteuid();
	loads(fix);
	paths_are(fix, "");
	/* somebody else's is nobody's */
	tree_put_text(fix->tree, "var/spool/mail/alice", "");
	assert_int_equal(fchownat(fix->tree->fd, "var/spool/mail/alice", fix->subject.uid, (gid_t)-1, 0), 0);
	fix->subject.uid++;
	loads(fix);
	paths_are(fix, "");
	fix->subject.uid--;
	loads(fix);
	paths_are(fix, "mail /var/spool/mail/alice /var/spool/mail/alice f\n");
	fix->policy.mail = false;
	loads(fix);
	paths_are(fix, "");
	fix->policy.mail = true;
	/* what could hang or lead elsewhere */
	assert_int_equal(unlinkat(fix->tree->fd, "var/spool/mail/alice", 0), 0);
	assert_int_equal(mkfifoat(fix->tree->fd, "var/spool/mail/alice", 0600), 0);
	assert_int_equal(fchownat(fix->tree->fd, "var/spool/mail/alice", fix->subject.uid, (gid_t)-1, 0), 0);
	loads(fix);
	paths_are(fix, "");
	assert_int_equal(unlinkat(fix->tree->fd, "var/spool/mail/alice", 0), 0);
	tree_put_text(fix->tree, "home/alice/box", "");
	assert_int_equal(fchownat(fix->tree->fd, "home/alice/box", fix->subject.uid, (gid_t)-1, 0), 0);
	assert_int_equal(symlinkat("/home/alice/box", fix->tree->fd, "var/spool/mail/alice"), 0);
	assert_int_equal(fchownat(fix->tree->fd, "var/spool/mail/alice", fix->subject.uid, (gid_t)-1, AT_SYMLINK_NOFOLLOW), 0);
	loads(fix);
	paths_are(fix, "");
}

static void test_mail_where_links_lead(void **state)
{
	struct fixture *fix = *state;

	needs_root();
	tree_put_text(fix->tree, "var/spool/mail/alice/new/.keep", "");
	assert_int_equal(fchownat(fix->tree->fd, "var/spool/mail/alice", 1000, 8, 0), 0);
	assert_int_equal(symlinkat("spool/mail", fix->tree->fd, "var/mail"), 0);
	loads(fix);
	paths_are(fix, "mail /var/mail/alice /var/spool/mail/alice d\n");
	/* in a root tree, where that has the directory */
	tree_put_text(fix->tree, "jail/var/.keep", "");
	free(fix->policy.root);
	fix->policy.root = strdup("/jail");
	loads(fix);
	paths_are(fix, "");
	tree_put_text(fix->tree, "jail/var/spool/mail/.keep", "");
	loads(fix);
	paths_are(fix, "mail /var/spool/mail/alice /var/spool/mail/alice /var/spool/mail/alice d\n");
	assert_int_equal(symlinkat("spool/mail", fix->tree->fd, "jail/var/mail"), 0);
	loads(fix);
	paths_are(fix, "mail /var/mail/alice /var/spool/mail/alice /var/spool/mail/alice d\n");
}

static void test_automounts(void **state)
{
	struct fixture *fix = *state;

	tree_put_text(fix->tree, "proc/self/mountinfo",
		"1 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
		"2 1 0:1 / /net rw shared:1 - autofs -hosts rw,fd=6\n"
		"3 2 0:2 / /net/a rw - nfs4 autofs rw\n"
		"4 1 0:3 / /old\\040data rw - autofs /etc/auto.old rw\n"
		"5 1 0:3 / /autofs rw - autofsx autofs rw\n"
		"6 4 0:4 / /old\\040data rw - autofs again rw\n");
	loads(fix);
	assert_int_equal(fix->host.automounts.count, 2);
	assert_string_equal(fix->host.automounts.items[0], "/net");
	assert_string_equal(fix->host.automounts.items[1], "/old data");
}

/* A home on a server that takes root for nobody: it can be opened with O_PATH, and nothing else. */
static void test_home_that_root_may_not_read(void **state)
{
	struct fixture *fix = *state;
	int status;
	pid_t pid;

	if (geteuid() == 0)
		assert_int_equal(fchownat(fix->tree->fd, "home/alice", 1000, 1000, 0), 0);
	assert_int_equal(fchmodat(fix->tree->fd, "home/alice", 0, 0), 0);
	pid = fork();
	if (pid == 0) {
		cap_t none = cap_init();
		struct error err;
		bool fine = none && cap_set_proc(none) == 0 &&
			openat(fix->tree->fd, "home/alice", O_RDONLY | O_DIRECTORY) < 0 && errno == EACCES &&
			host_load(fix->tree->fd, &fix->policy, &fix->subject, &fix->host, &err) == 0 &&
			text_equal(fix->host.home, "/home/alice");

		_exit(fine ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(fchmodat(fix->tree->fd, "home/alice", 0755, 0), 0);
	assert_int_equal(status, 0);
}

static void test_names_to_look_at(void **state)
{
	static const char *const expected[] = { "/jail", "/home/alice", "/var/mail/alice", "/var/spool/mail/alice",
		"/var/lib/lxcfs/proc", "/home", "/root", "/scratch/alice", "/data", "/run/x", "/home/alice/y" };
	struct fixture *fix = *state;
	struct list list = { 0 };
	struct error err;

	free(fix->policy.root);
	fix->policy.root = strdup("/jail");
	names(&fix->policy.writable, "/scratch/%u");
	names(&fix->policy.readonly, "/data");
	names(&fix->policy.sockets, "/run/x");
	names(&fix->policy.hide, "%h/y");
	assert_int_equal(host_paths_name(&fix->policy, &fix->subject, &list, &err), 0);
	assert_int_equal(list.count, ARRAY_SIZE(expected));
	for (size_t i = 0; i < list.count; i++)
		assert_string_equal(list.items[i], expected[i]);
	list_free(&list);
	fix->policy.mail = false;
	fix->policy.lxcfs = LXCFS_OFF;
	names(&fix->policy.homes, "show");
	names(&fix->policy.hide, "");
	fix->subject.home = (char *)"";
	assert_int_equal(host_paths_name(&fix->policy, &fix->subject, &list, &err), 0);
	assert_int_equal(list.count, 4);
	list_free(&list);
	names(&fix->policy.hide, "%h/y");
	assert_int_equal(host_paths_name(&fix->policy, &fix->subject, &list, &err), -1);
	assert_string_equal(err.object, "%h/y");
}

/* More paths than there were places for once; the one that does not answer is told. */
static void test_wake(void **state)
{
	struct fixture *fix = *state;
	struct list list = { 0 };
	struct error err;

	assert_int_equal(list_add_words(&list, "/a /b /c /d /e /f /g /h"), 0);
	tree_put_text(fix->tree, "contained-init", "#!/bin/sh\n[ $# = 9 ] && [ $9 = /h ] && printf ........\n");
	assert_int_equal(host_wake(fix->tree->path, &list, 10000, &err), 0);
	tree_put_text(fix->tree, "contained-init", "#!/bin/sh\nprintf .....; exec sleep 60\n");
	assert_int_equal(host_wake(fix->tree->path, &list, 1000, &err), -1);
	assert_int_equal(err.num, ETIMEDOUT);
	assert_string_equal(err.object, "/f");
	list_free(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_paths_of_the_policy),
		TEST(test_links),
		TEST(test_another_root),
		TEST(test_mail),
		TEST(test_mail_where_links_lead),
		TEST(test_automounts),
		TEST(test_home_that_root_may_not_read),
		TEST(test_names_to_look_at),
		TEST(test_wake),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
