/* plan_paths: which of the paths holds, and how it is mounted. Whole lists of operations: tests/golden. */
#include <sys/sysmacros.h>

#include "plan.h"

#include "policy_fixture.h" /* last: cmocka.h defines fail() as a macro */

static struct subject_group groups[] = { { 1000, (char *)"alice" } };

struct fixture {
	struct subject subject;
	struct host host;
	struct plan plan;
	struct host_path paths[16];
};

static int setup(void **state)
{
	struct fixture *fix = calloc(1, sizeof *fix);

	*state = fix;
	if (!fix)
		return -1;
	fix->subject = (struct subject){ .user = (char *)"alice", .uid = 1000, .gid = 1000, .gecos = (char *)"",
		.home = (char *)"/home/alice", .shell = (char *)"/bin/sh", .groups = groups, .group_count = 1,
		.service = (char *)"sshd", .tty = (char *)"ssh", .rhost = (char *)"" };
	fix->host = (struct host){ .privileged = true, .last_cap = 40, .memory = 1 << 30, .page = 4096,
		.home = (char *)"/home/alice", .paths = fix->paths };
	return list_add(&fix->host.homes, "/home");
}

static int teardown(void **state)
{
	struct fixture *fix = *state;

	plan_free(&fix->plan);
	list_free(&fix->host.homes);
	list_free(&fix->host.automounts);
	free(fix);
	return 0;
}

/* real NULL: not there. */
static void give(struct fixture *fix, enum path_use use, const char *named, const char *real)
{
	assert_true(fix->host.path_count < ARRAY_SIZE(fix->paths));
	fix->paths[fix->host.path_count++] = (struct host_path){ .use = use, .named = (char *)named,
		.real = (char *)real, .directory = true };
}

/* Plans, and forgets the paths again. */
static void plans(struct fixture *fix, const char *config)
{
	struct policy_file *file;
	struct policy policy;
	struct error err;
	char text[512];

	(void)snprintf(text, sizeof text, "[default]\nlimits = off\n%s", config);
	file = fixture_file(text);
	assert_int_equal(policy_select(file, &fix->subject, NULL, &policy, &err), 0);
	plan_free(&fix->plan);
	if (plan_make(&policy, &fix->subject, &fix->host, "05fe5c-fool", &fix->plan, &err) < 0)
		fail_msg("%s: %s", err.object, err.cause);
	policy_free(&policy);
	policy_file_free(file);
	fix->host.path_count = 0;
}

/* The index of the only operation that mounts at the target; -1 for none. */
static int at(const struct fixture *fix, const char *target)
{
	int found = -1;

	for (size_t i = 0; i < fix->plan.mount_count; i++) {
		const struct mount_op *op = &fix->plan.mounts[i];

		if (op->kind == MOUNT_FREEZE || op->kind == MOUNT_DROP || op->kind == MOUNT_DIR || op->kind == MOUNT_TOUCH ||
			!text_equal(op->target, target))
			continue;
		assert_int_equal(found, -1);
		found = (int)i;
	}
	return found;
}

/* Mounted like this, after what is above (NULL: whatever). Its source is the target. */
static void mounted(const struct fixture *fix, const char *target, enum mount_kind kind, unsigned flags, const char *above)
{
	int index = at(fix, target);
	const struct mount_op *op = &fix->plan.mounts[index < 0 ? 0 : index];

	if (index < 0)
		fail_msg("nothing at %s", target);
	assert_int_equal(op->kind, kind);
	assert_int_equal(op->flags & (MOUNT_RW | MOUNT_CREATE | MOUNT_OPTIONAL), flags);
	if (kind == MOUNT_BIND)
		assert_string_equal(op->source, target);
	if (above)
		assert_true(at(fix, above) >= 0 && at(fix, above) < index);
}

static bool is_frozen(const struct fixture *fix, const char *target)
{
	for (size_t i = 0; i < fix->plan.mount_count; i++)
		if (fix->plan.mounts[i].kind == MOUNT_FREEZE && text_equal(fix->plan.mounts[i].target, target))
			return (int)i > at(fix, target);
	return false;
}

static void test_the_longest_holds(void **state)
{
	struct fixture *fix = *state;

	give(fix, USE_WRITABLE, "/srv/a/b/c/d", "/srv/a/b/c/d");
	give(fix, USE_WRITABLE, "/srv", "/srv");
	give(fix, USE_WRITABLE, "/home/shared/new", "/home/shared/new");
	give(fix, USE_READONLY, "/srv/a/b", "/srv/a/b");
	give(fix, USE_READONLY, "/home/alice/.ssh", "/home/alice/.ssh");
	give(fix, USE_READONLY, "/home/shared", "/home/shared");
	give(fix, USE_HIDE, "/srv/a/b/c", "/srv/a/b/c");
	give(fix, USE_HIDE, "/srv/a", "/srv/a");
	plans(fix, "");
	mounted(fix, "/home", MOUNT_TMPFS, 0, NULL);
	mounted(fix, "/home/alice", MOUNT_BIND, MOUNT_RW | MOUNT_CREATE, "/home");
	mounted(fix, "/home/alice/.ssh", MOUNT_BIND, 0, "/home/alice");
	mounted(fix, "/home/shared", MOUNT_BIND, MOUNT_CREATE, "/home");
	/* in what is somebody's, nothing is made by us */
	mounted(fix, "/home/shared/new", MOUNT_BIND, MOUNT_RW, "/home/shared");
	mounted(fix, "/srv", MOUNT_BIND, MOUNT_RW, NULL);
	mounted(fix, "/srv/a", MOUNT_TMPFS, 0, "/srv");
	mounted(fix, "/srv/a/b", MOUNT_BIND, MOUNT_CREATE, "/srv/a");
	mounted(fix, "/srv/a/b/c", MOUNT_TMPFS, 0, "/srv/a/b");
	mounted(fix, "/srv/a/b/c/d", MOUNT_BIND, MOUNT_RW | MOUNT_CREATE, "/srv/a/b/c");
	assert_true(is_frozen(fix, "/home"));
	assert_true(is_frozen(fix, "/srv/a"));
	assert_true(is_frozen(fix, "/srv/a/b/c"));
	assert_false(is_frozen(fix, "/srv"));
}

static void test_the_same_path_twice(void **state)
{
	struct fixture *fix = *state;

	give(fix, USE_WRITABLE, "/home", "/home");
	give(fix, USE_WRITABLE, "/srv/a", "/srv/a");
	give(fix, USE_WRITABLE, "/srv/b", "/srv/b");
	give(fix, USE_WRITABLE, "/tmp", "/tmp");
	give(fix, USE_READONLY, "/home/alice", "/home/alice");
	give(fix, USE_READONLY, "/srv/a", "/srv/a");
	give(fix, USE_READONLY, "/srv/b", "/srv/b");
	give(fix, USE_HIDE, "/srv/b", "/srv/b");
	plans(fix, "");
	mounted(fix, "/home", MOUNT_BIND, MOUNT_RW, NULL);
	mounted(fix, "/home/alice", MOUNT_BIND, 0, "/home");
	mounted(fix, "/srv/a", MOUNT_BIND, 0, NULL);
	mounted(fix, "/srv/b", MOUNT_HIDE, 0, NULL);
	mounted(fix, "/tmp", MOUNT_BIND, MOUNT_RW, NULL);
}

static void test_in_what_is_the_sessions_own(void **state)
{
	struct fixture *fix = *state;

	give(fix, USE_WRITABLE, "/tmp/a/b", "/tmp/a/b");
	give(fix, USE_WRITABLE, "/var", "/var");
	give(fix, USE_READONLY, "/etc/app", "/etc/app");
	give(fix, USE_SOCKETS, "/run/mysqld", "/run/mysqld");
	give(fix, USE_HIDE, "/tmp/hidden", "/tmp/hidden");
	give(fix, USE_HIDE, "/run/hidden", "/run/hidden");
	give(fix, USE_HIDE, "/home/bob", "/home/bob");
	plans(fix, "");
	mounted(fix, "/tmp/a/b", MOUNT_BIND, MOUNT_RW | MOUNT_CREATE, "/tmp");
	mounted(fix, "/var/tmp", MOUNT_TMPFS, MOUNT_RW | MOUNT_OPTIONAL, "/var");
	mounted(fix, "/run/mysqld", MOUNT_BIND, MOUNT_CREATE, "/run");
	mounted(fix, "/etc/app", MOUNT_BIND, 0, "/etc");
	/* nothing is there that could be hidden */
	assert_int_equal(at(fix, "/tmp/hidden"), -1);
	assert_int_equal(at(fix, "/run/hidden"), -1);
	assert_int_equal(at(fix, "/home/bob"), -1);
}

static void test_what_is_not_there(void **state)
{
	struct fixture *fix = *state;

	give(fix, USE_WRITABLE, "/srv/gone", NULL);
	give(fix, USE_WRITABLE, "/srv/secret/gone", NULL);
	give(fix, USE_HIDE, "/srv/secret", "/srv/secret");
	give(fix, USE_HIDE, "/srv/none", NULL);
	plans(fix, "");
	mounted(fix, "/srv/gone", MOUNT_BIND, MOUNT_RW | MOUNT_OPTIONAL, NULL);
	mounted(fix, "/srv/none", MOUNT_HIDE, MOUNT_OPTIONAL, NULL);
	/* no reason to make a place in it */
	mounted(fix, "/srv/secret", MOUNT_HIDE, 0, NULL);
}

/* Both names of a path are right: by the host's link, or, where that is covered, by a second mount. */
static void test_names_that_are_links(void **state)
{
	struct fixture *fix = *state;
	int index;

	give(fix, USE_WRITABLE, "/project", "/srv/project");
	give(fix, USE_READONLY, "/home/tools", "/opt/tools");
	plans(fix, "");
	mounted(fix, "/srv/project", MOUNT_BIND, MOUNT_RW, NULL);
	assert_int_equal(at(fix, "/project"), -1);
	mounted(fix, "/opt/tools", MOUNT_BIND, 0, NULL);
	index = at(fix, "/home/tools");
	assert_true(index > at(fix, "/home"));
	assert_string_equal(fix->plan.mounts[index].source, "/opt/tools");
	assert_int_equal(fix->plan.mounts[index].flags, MOUNT_CREATE);
}

static void test_automounts(void **state)
{
	static const char *const points[] = { "/misc", "/net", "/srv/a/auto", "/home/alice", "/proc/sys/fs/binfmt_misc",
		"/tmp/auto", "/home/alice/mnt", "/data", "/gone" };
	struct fixture *fix = *state;

	for (size_t i = 0; i < ARRAY_SIZE(points); i++)
		assert_int_equal(list_add(&fix->host.automounts, points[i]), 0);
	give(fix, USE_WRITABLE, "/srv/a", "/srv/a");
	give(fix, USE_WRITABLE, "/gone/x", NULL);
	give(fix, USE_READONLY, "/net/server/x", "/net/server/x");
	give(fix, USE_HIDE, "/data", "/data");
	plans(fix, "");
	mounted(fix, "/misc", MOUNT_HIDE, MOUNT_OPTIONAL, NULL);
	mounted(fix, "/gone", MOUNT_HIDE, MOUNT_OPTIONAL, NULL);
	mounted(fix, "/srv/a/auto", MOUNT_HIDE, MOUNT_OPTIONAL, "/srv/a");
	mounted(fix, "/home/alice/mnt", MOUNT_HIDE, MOUNT_OPTIONAL, "/home/alice");
	mounted(fix, "/data", MOUNT_HIDE, 0, NULL);
	/* on the way to what is needed, needed itself, or not there to be seen */
	mounted(fix, "/home/alice", MOUNT_BIND, MOUNT_RW | MOUNT_CREATE, NULL);
	assert_int_equal(at(fix, "/net"), -1);
	assert_int_equal(at(fix, "/proc/sys/fs/binfmt_misc"), -1);
	assert_int_equal(at(fix, "/tmp/auto"), -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static const struct mount_op *op_of(const struct plan *plan, enum mount_kind kind, const char *target)
{
	for (size_t i = 0; i < plan->mount_count; i++)
		if (plan->mounts[i].kind == kind && text_equal(plan->mounts[i].target, target))
			return &plan->mounts[i];
	return NULL;
}

/* Ptys that the session process holds stand beside the one that it came on, and numbers go up to the highest. */
static void test_held_ptys(void **state)
{
	struct fixture *fix = *state;

	fix->host.terminal = (char *)"/dev/pts/3";
	fix->host.terminal_device = makedev(136, 3);
	fix->host.ptys[0] = 5;
	fix->host.ptys[1] = 0;
	fix->host.pty_count = 2;
	plans(fix, "");
	assert_non_null(op_of(&fix->plan, MOUNT_PTY, "/dev/pts/3"));
	assert_non_null(op_of(&fix->plan, MOUNT_PTY, "/dev/pts/5"));
	assert_non_null(op_of(&fix->plan, MOUNT_PTY, "/dev/pts/0"));
	assert_int_equal(op_of(&fix->plan, MOUNT_DEVPTS, "/dev/pts")->size, 256 + 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_the_longest_holds),
		TEST(test_the_same_path_twice),
		TEST(test_in_what_is_the_sessions_own),
		TEST(test_what_is_not_there),
		TEST(test_names_that_are_links),
		TEST(test_automounts),
		TEST(test_held_ptys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
