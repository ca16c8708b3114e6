/* Kerberos caches: what KRB5CCNAME may name, what of it is believed, and where the plan puts it. */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "host.h"
#include "host_ccache.h"
#include "own.h"
#include "plan.h"

#include "tree_fixture.h" /* last: cmocka.h defines fail() as a macro */

enum { ALICE = 1000 };

static void test_forms(void **state)
{
	static const struct {
		const char *ccache, *path; /* NULL: none */
		bool directory;
	} rows[] = {
		{ "FILE:/tmp/krb5cc_1000", "/tmp/krb5cc_1000", false },
		{ "/tmp/krb5cc_1000_x:y", "/tmp/krb5cc_1000_x:y", false },
		{ "FILE:/var/tmp/a/b", "/var/tmp/a/b", false },
		{ "FILE:/run/user/1000/krb5cc", "/run/user/1000/krb5cc", false },
		{ "DIR:/run/user/1000/krb5cc", "/run/user/1000/krb5cc", true },
		{ "DIR::/run/user/1000/krb5cc/tkt", "/run/user/1000/krb5cc", true },
		{ "DIR::/tmp/tkt", NULL, false }, /* all of /tmp */
		{ "DIR:/tmp", NULL, false },
		{ "DIR:/tmp/", NULL, false },
		{ "DIR::", NULL, false },
		{ "DIR:", NULL, false },
		{ "DIR::tkt", NULL, false },
		{ "FILE:", NULL, false },
		{ "", NULL, false },
		{ "FILE:krb5cc", NULL, false },
		{ "FILE:FILE:/tmp/x", NULL, false },
		{ "KEYRING:persistent:1000", NULL, false },
		{ "KCM:1000", NULL, false },
		{ "MEMORY:/tmp/x", NULL, false },
		{ "API:/tmp/x", NULL, false },
		{ "dir:/tmp/x", NULL, false },
		{ "FILE:/run/user/1001/krb5cc", NULL, false },
		{ "FILE:/run/user/10001/krb5cc", NULL, false },
		{ "FILE:/run/user/1000", NULL, false },
		{ "FILE:/run/krb5cc", NULL, false },
		{ "FILE:/home/bob/krb5cc", NULL, false },
		{ "FILE:/etc/shadow", NULL, false },
		{ "FILE:/tmpx/krb5cc", NULL, false },
		{ "FILE:/tmp/../etc/shadow", NULL, false },
		{ "FILE:/tmp/./x", NULL, false },
		{ "FILE:/tmp//x", NULL, false },
		{ "FILE:/tmp/x/", NULL, false },
		{ "FILE:/tmp/x/..", NULL, false },
		{ "FILE://tmp/x", NULL, false },
		{ "FILE:/tmp/a\nb", NULL, false },
		{ "FILE:/tmp/..x", "/tmp/..x", false },
	};
	char long_name[PATH_MAX + 8];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char path[PATH_MAX];
		bool directory;
		bool found = host_ccache_path(rows[i].ccache, ALICE, path, sizeof path, &directory);

		if (found != (rows[i].path != NULL))
			fail_msg("%s", rows[i].ccache);
		if (!found)
			continue;
		assert_string_equal(path, rows[i].path);
		assert_int_equal(directory, rows[i].directory);
	}
	memset(long_name, 'a', sizeof long_name - 1);
	long_name[sizeof long_name - 1] = '\0';
	memcpy(long_name, "/tmp/", 5);
	{
		char path[PATH_MAX];
		bool directory;

		assert_false(host_ccache_path(long_name, ALICE, path, sizeof path, &directory));
		assert_false(host_ccache_path(NULL, ALICE, path, sizeof path, &directory));
	}
}

/* A host in a tree whose only user is whoever runs the test. */
static struct subject_group groups[] = { { ALICE, (char *)"alice" } };

static void load(const struct tree *tree, const char *ccache, struct host *host)
{
	struct subject subject = { .user = (char *)"alice",
		.uid = geteuid(),
		.gid = ALICE,
		.gecos = (char *)"",
		.home = (char *)"/home/alice",
		.shell = (char *)"/bin/sh",
		.groups = groups,
		.group_count = 1,
		.service = (char *)"sshd",
		.tty = (char *)"ssh",
		.rhost = (char *)"",
		.ccache = (char *)ccache };
	const struct mount_op *found = NULL;
	struct policy policy;
	struct plan plan;
	struct error err;
	bool private = false;

	assert_int_equal(policy_defaults(&policy, &err), 0);
	policy.limits = LIMITS_OFF;
	assert_int_equal(host_load(tree->fd, &policy, &subject, host, &err), 0);
	assert_int_equal(plan_make(&policy, &subject, host, "05fe5c-fool", &plan, &err), 0);
	for (size_t i = 0; i < plan.mount_count; i++) {
		if (text_equal(plan.mounts[i].target, "/tmp"))
			private = true;
		if (text_equal(plan.mounts[i].why, "KRB5CCNAME"))
			found = &plan.mounts[i];
		if (found)
			assert_true(private); /* over the private directories, not below them */
	}
	assert_int_equal(found != NULL, host->ccache != NULL);
	if (found) {
		assert_int_equal(found->kind, MOUNT_BIND);
		assert_string_equal(found->target, host->ccache);
		assert_string_equal(found->source, host->ccache);
		assert_int_equal(found->uid, geteuid());
		assert_int_equal(found->flags,
			MOUNT_RW | MOUNT_NOEXEC | MOUNT_CREATE | MOUNT_OPTIONAL | MOUNT_OWNED);
	}
	plan_free(&plan);
	policy_free(&policy);
}

static void believed(const struct tree *tree, const char *ccache, const char *path)
{
	struct host host = { 0 };

	load(tree, ccache, &host);
	if (path)
		assert_string_equal(host.ccache, path);
	else if (host.ccache)
		fail_msg("%s is believed", ccache);
	host_free(&host);
}

static void test_what_is_believed(void **state)
{
	const struct tree *tree = *state;

	tree_put_text(tree, "proc/sys/kernel/cap_last_cap", "40\n");
	tree_put_text(tree, "proc/self/mountinfo", "1 1 8:1 / / rw - ext4 /dev/sda1 rw\n");
	tree_put_text(tree, "proc/self/cgroup", "0::/\n");
	tree_put_text(tree, "home/alice/cc", "");
	tree_put_text(tree, "tmp/cc", "");
	tree_put_text(tree, "tmp/linked", "");
	tree_put_text(tree, "tmp/dir/cc", "");
	tree_put_text(tree, "var/tmp/cc", "");
	assert_int_equal(linkat(tree->fd, "tmp/linked", tree->fd, "tmp/other", 0), 0);
	assert_int_equal(symlinkat("cc", tree->fd, "tmp/symlink"), 0);
	assert_int_equal(symlinkat("dir", tree->fd, "tmp/symdir"), 0);
	assert_int_equal(symlinkat("/home/alice", tree->fd, "tmp/home"), 0);
	assert_int_equal(mkfifoat(tree->fd, "tmp/fifo", 0600), 0);
	believed(tree, "FILE:/tmp/cc", "/tmp/cc");
	believed(tree, "/var/tmp/cc", "/var/tmp/cc");
	believed(tree, "DIR:/tmp/dir", "/tmp/dir");
	believed(tree, "DIR::/tmp/dir/cc", "/tmp/dir");
	believed(tree, "FILE:/tmp/dir/cc", "/tmp/dir/cc");
	believed(tree, NULL, NULL);
	believed(tree, "FILE:/tmp/missing", NULL);
	believed(tree, "FILE:/tmp/linked", NULL); /* two links */
	believed(tree, "FILE:/tmp/symlink", NULL);
	believed(tree, "FILE:/tmp/symdir/cc", NULL);
	believed(tree, "DIR:/tmp/symdir", NULL);
	believed(tree, "FILE:/tmp/home/cc", NULL);
	believed(tree, "FILE:/tmp/fifo", NULL);
	believed(tree, "FILE:/tmp/dir", NULL); /* of the other kind */
	believed(tree, "DIR:/tmp/cc", NULL);
	believed(tree, "FILE:/home/alice/cc", NULL);
	if (geteuid() != 0)
		return;
	assert_int_equal(fchownat(tree->fd, "tmp/cc", ALICE, ALICE, 0), 0);
	assert_int_equal(fchownat(tree->fd, "tmp/dir", ALICE, ALICE, 0), 0);
	believed(tree, "FILE:/tmp/cc", NULL); /* somebody else's */
	believed(tree, "DIR:/tmp/dir", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test_setup_teardown(test_what_is_believed, tree_setup, tree_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
