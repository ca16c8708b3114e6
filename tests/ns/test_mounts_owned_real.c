/* MOUNT_OWNED: what is bound is judged by the fd, whatever was there when the plan was made. Needs root. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mounts.h"
#include "own.h"
#include "path.h"

#include "tests/unit/tree_fixture.h" /* last: cmocka.h defines fail() as a macro */

enum { OWNER = 12345, SOMEBODY = 12346, OWNED = MOUNT_RW | MOUNT_CREATE | MOUNT_OPTIONAL | MOUNT_OWNED };

static int setup(void **state)
{
	static const char *const files[] = { "tmp/mine", "tmp/others", "tmp/linked", "tmp/dir/file", "tmp/foreign/file" };
	const struct tree *tree;

	(void)umask(022);
	if (geteuid() != 0)
		return 0;
	if (tree_setup(state) < 0)
		return -1;
	tree = *state;
	if (fchmod(tree->fd, 0755) < 0 || mkdirat(tree->fd, "base", 0700) < 0 || mkdirat(tree->fd, "jail", 0755) < 0 ||
		mkdirat(tree->fd, "jail/tmp", 01777) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		tree_put_text(tree, files[i], "ticket");
		if (fchownat(tree->fd, files[i], strstr(files[i], "others") ? SOMEBODY : OWNER, 0, 0) < 0)
			return -1;
	}
	if (linkat(tree->fd, "tmp/linked", tree->fd, "tmp/second", 0) < 0 ||
		fchownat(tree->fd, "tmp/dir", OWNER, OWNER, 0) < 0)
		return -1;
	return 0;
}

static int teardown(void **state)
{
	return geteuid() == 0 ? tree_teardown(state) : 0;
}

/* Is the source's name there in a session's root? */
static bool is_bound(const struct tree *tree, const char *name)
{
	char jail[128], base[128], source[128], target[64], probe[80];
	struct mount_op ops[] = {
		{ .kind = MOUNT_ROOT, .target = (char *)"/", .source = jail },
		{ .kind = MOUNT_TMPFS, .target = (char *)"/tmp", .mode = 01777, .flags = MOUNT_RW },
		{ .kind = MOUNT_BIND, .target = target, .source = source, .uid = OWNER, .flags = OWNED },
	};
	struct mount_tree made;
	struct error err;

	(void)snprintf(jail, sizeof jail, "%s/jail", tree->path);
	(void)snprintf(base, sizeof base, "%s/base", tree->path);
	(void)snprintf(source, sizeof source, "%s/tmp/%s", tree->path, name);
	(void)snprintf(target, sizeof target, "/tmp/%s", name);
	if (mounts_build(base, ops, ARRAY_SIZE(ops), &made, &err) < 0) {
		print_message("%s: %s: %s\n", err.object, err.cause, strerror(err.num));
		_exit(1);
	}
	(void)snprintf(probe, sizeof probe, "tmp/%s", name);
	return faccessat(made.root, probe, F_OK, 0) == 0;
}

static bool binds(const struct tree *tree, const char *name)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		struct error err;

		(void)alarm(60);
		if (unshare(CLONE_NEWNS) < 0 || mounts_private(&err) < 0)
			_exit(2);
		_exit(is_bound(tree, name) ? 10 : 11);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_true(WEXITSTATUS(status) == 10 || WEXITSTATUS(status) == 11);
	return WEXITSTATUS(status) == 10;
}

static void test_owned(void **state)
{
	const struct tree *tree = *state;

	if (geteuid() != 0) {
		print_message("skipped: mounting needs root\n");
		skip();
	}
	assert_true(binds(tree, "mine"));
	assert_true(binds(tree, "dir"));
	assert_false(binds(tree, "missing"));
	assert_false(binds(tree, "others"));
	assert_false(binds(tree, "linked"));
	assert_false(binds(tree, "foreign"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_owned, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
