/* Sessions without root: who is who in their user namespace, whose ids are refused, what the kernel has to be. */
#include <errno.h>

#include "namespaces.h"
#include "plan.h"
#include "subject.h"

#include "policy_fixture.h" /* last: cmocka.h defines fail() as a macro */
#include "tree_fixture.h"

static const struct subject subject = { .user = (char *)"alice", .uid = 1000, .gid = 1000, .gecos = (char *)"",
	.home = (char *)"/nowhere", .shell = (char *)"/bin/sh", .service = (char *)"contained", .tty = (char *)"",
	.rhost = (char *)"" };

static struct host a_host(void)
{
	return (struct host){ .uid = 1000, .gid = 1001, .userns = true, .last_cap = 40, .memory = 1 << 30, .page = 4096,
		.linux_major = 6, .linux_minor = 12,
		.passwd = (char *)"root:x:0:0::/root:/bin/sh\nalice:x:1000:1001::/:\nbob:x:150000:150000::/:\n",
		.group = (char *)"root:x:0:\nstaff:x:290000:alice\n",
		.subuids = { 100000, 1000 }, .subgids = { 200000, 65536 },
		.newuidmap = (char *)"/usr/bin/newuidmap", .newgidmap = (char *)"/usr/bin/newgidmap" };
}

static int make(const char *config, const struct host *host, uint32_t id, struct plan *plan, struct error *err)
{
	const struct program program = { .uid = id, .gid = id, .path = "/bin/sh", .terminal = -1 };
	struct policy_file *file;
	struct policy policy;
	char text[256];
	int result;

	(void)snprintf(text, sizeof text, "[default]\nlimits = off\n%s", config);
	file = fixture_file(text);
	assert_int_equal(policy_select(file, &subject, NULL, &policy, err), 0);
	result = plan_make_program(&policy, &subject, host, "05fe5c-fool", &program, plan, err);
	policy_free(&policy);
	policy_file_free(file);
	return result;
}

static void has_maps(const struct id_maps *maps, const char *text)
{
	char buf[256] = "";

	for (size_t i = 0; i < maps->count; i++)
		(void)snprintf(buf + strlen(buf), sizeof buf - strlen(buf), "%s%u %u %u", i ? ", " : "",
			maps->extents[i].inside, maps->extents[i].outside, maps->extents[i].count);
	assert_string_equal(buf, text);
}

static void maps_are(const char *config, uint32_t id, const char *uids, const char *gids, bool deny)
{
	const struct host host = a_host();
	struct plan plan;
	struct error err;

	if (make(config, &host, id, &plan, &err) < 0)
		fail_msg("%s: %s", err.object, err.cause);
	has_maps(&plan.uids, uids);
	has_maps(&plan.gids, gids);
	assert_int_equal(plan.deny_setgroups, deny);
	assert_int_equal(plan.newuidmap != NULL, strstr(config, "subuid") != NULL);
	plan_free(&plan);
}

static void the_ids_inside(void **state)
{
	(void)state;
	maps_are("", 0, "0 1000 1", "0 1001 1", true);
	maps_are("user_map = self\n", 1000, "1000 1000 1", "1000 1001 1", true);
	/* a range that is shorter, and one that is longer than what there is room for */
	maps_are("user_map = subuid\n", 0, "0 1000 1, 1 100000 1000", "0 1001 1, 1 200000 65535", false);
	/* nobody is user 0 but who asked for it */
	maps_are("user_map = subuid\n", 1, "1 1000 1, 2 100000 1000", "1 1001 1, 2 200000 65534", true);
	maps_are("user_map = subuid\n", 7, "1 100000 6, 7 1000 1, 8 100006 994",
		"1 200000 6, 7 1001 1, 8 200006 65528", true);
	maps_are("user_map = subuid\n", 5000, "1 100000 1000, 5000 1000 1", "1 200000 4999, 5000 1001 1, 5001 204999 60535",
		true);
	maps_are("user_map = subuid\n", 65535, "1 100000 1000, 65535 1000 1", "1 200000 65534, 65535 1001 1", true);
	maps_are("user_map = subuid\n", 65536, "1 100000 1000, 65536 1000 1", "1 200000 65535, 65536 1001 1", true);
	maps_are("user_map = subuid\n", 4000000000, "1 100000 1000, 4000000000 1000 1",
		"1 200000 65535, 4000000000 1001 1", true);
}

static void refuses(const char *config, const struct host *host, const char *object, const char *cause)
{
	struct plan plan = { .slots = 77 };
	struct error err;

	if (make(config, host, 0, &plan, &err) == 0)
		fail_msg("planned, though %s is wrong", object);
	assert_string_equal(err.object, object);
	if (!strstr(err.cause, cause))
		fail_msg("'%s' does not say '%s'", err.cause, cause);
	assert_true(err.hint[0]);
	assert_int_equal(plan.slots, 77);
}

static void ids_of_somebody_are_refused(void **state)
{
	static const struct {
		struct id_range uids, gids;
		const char *object, *cause;
	} cases[] = {
		{ { 0, 0 }, { 200000, 1 }, "/etc/subuid", "has no ids for this user" },
		{ { 100000, 1 }, { 0, 0 }, "/etc/subgid", "has no ids for this user" },
		{ { 0, 65536 }, { 200000, 1 }, "/etc/subuid", "from 0 on" },
		{ { 999, 1 }, { 200000, 1 }, "/etc/subuid", "from 999 on" },
		{ { 100000, 1 }, { 5, 1 }, "/etc/subgid", "from 5 on" },
		{ { 1000, 1 }, { 200000, 1 }, "/etc/subuid", "the user's own id" },
		{ { 100000, 1 }, { 1001, 9 }, "/etc/subgid", "the user's own id" },
		{ { 100000, 50001 }, { 200000, 1 }, "/etc/subuid", "150000, which is the id of bob" },
		{ { 100000, 50000 }, { 200000, 90001 }, "/etc/subgid", "290000, which is the id of staff" },
	};
	struct host host = a_host();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		host.subuids = cases[i].uids;
		host.subgids = cases[i].gids;
		refuses("user_map = subuid\n", &host, cases[i].object, cases[i].cause);
	}
	host = a_host();
	host.newgidmap = NULL;
	refuses("user_map = subuid\n", &host, "newgidmap", "is not installed");
	host.newuidmap = NULL;
	refuses("user_map = subuid\n", &host, "newuidmap", "is not installed");
}

static void kernels_without_the_overlay_are_refused(void **state)
{
	static const char ephemeral[] = "root = /srv/jail\nroot_mode = overlay-ephemeral\n";
	struct host host = a_host();
	struct plan plan;
	struct error err;

	(void)state;
	host.linux_major = 5;
	host.linux_minor = 10;
	refuses("", &host, "Linux 5.10", "5.11");
	host.linux_minor = 11;
	assert_int_equal(make("", &host, 0, &plan, &err), 0);
	plan_free(&plan);
	refuses(ephemeral, &host, "Linux 5.11", "6.6");
	host.linux_major = 6;
	host.linux_minor = 5;
	refuses(ephemeral, &host, "Linux 6.5", "6.6");
	assert_int_equal(make("root = /srv/jail\nroot_mode = overlay-kept\n", &host, 0, &plan, &err), 0);
	plan_free(&plan);
	host.linux_minor = 6;
	assert_int_equal(make(ephemeral, &host, 0, &plan, &err), 0);
	plan_free(&plan);
	/* root needs neither; and what is not known is left to the kernel */
	host.linux_major = 5;
	host.privileged = true;
	assert_int_equal(make(ephemeral, &host, 0, &plan, &err), 0);
	plan_free(&plan);
	host.privileged = false;
	host.linux_major = host.linux_minor = 0;
	assert_int_equal(make(ephemeral, &host, 0, &plan, &err), 0);
	plan_free(&plan);
}

static void the_version_is_read(void **state)
{
	struct tree *tree = *state;
	struct policy policy;
	struct host host;
	struct error err;

	assert_int_equal(policy_defaults(&policy, &err), 0);
	tree_put_text(tree, "proc/sys/kernel/cap_last_cap", "40\n");
	tree_put_text(tree, "proc/self/mountinfo", "1 1 8:1 / / rw - ext4 /dev/sda1 rw\n");
	tree_put_text(tree, "proc/self/cgroup", "0::/\n");
	assert_int_equal(host_load(tree->fd, &policy, &subject, &host, &err), 0);
	assert_int_equal(host.linux_major, 0);
	host_free(&host);
	tree_put_text(tree, "proc/sys/kernel/osrelease", "5.10.0-28-amd64\n");
	assert_int_equal(host_load(tree->fd, &policy, &subject, &host, &err), 0);
	assert_int_equal(host.linux_major, 5);
	assert_int_equal(host.linux_minor, 10);
	host_free(&host);
	policy_free(&policy);
}

static void range_is(const struct tree *tree, const char *user, uid_t uid, uint32_t first, uint32_t count)
{
	struct id_range range = { 7, 7 };
	struct error err;

	assert_int_equal(subject_id_range(tree->fd, "/etc/subuid", user, uid, &range, &err), 0);
	assert_int_equal(range.first, first);
	assert_int_equal(range.count, count);
}

static void the_first_good_range_counts(void **state)
{
	struct tree *tree = *state;
	struct id_range range;
	struct error err;

	range_is(tree, "alice", 1000, 0, 0); /* no file */
	tree_put_text(tree, "etc/subuid", "# alice:1:2\n\nalice\nalice:5\nalice:1:2:3\nalice:x:9\nalice:-1:9\n"
					  "alice:100000:0\nalice:4294967290:10\nalice: 1:9\nxalice:1:1\nalice2:2:2\n"
					  "alice:100000:65536\nalice:300000:5\n1001:400000:7\n+nis:1:1\nlast:500000:9");
	range_is(tree, "alice", 1000, 100000, 65536);
	range_is(tree, "bob", 1001, 400000, 7); /* by the uid */
	range_is(tree, NULL, 1001, 400000, 7);
	range_is(tree, "last", 1002, 500000, 9);
	range_is(tree, "carol", 1003, 0, 0);
	range_is(tree, NULL, 1003, 0, 0);
	/* what is no file hangs nobody, and is no empty one either */
	assert_int_equal(unlinkat(tree->fd, "etc/subuid", 0), 0);
	assert_int_equal(mkfifoat(tree->fd, "etc/subuid", 0644), 0);
	assert_int_equal(subject_id_range(tree->fd, "/etc/subuid", "alice", 1000, &range, &err), -1);
	assert_string_equal(err.cause, "is not a regular file");
}

static void maps_are_compared(void **state)
{
	const struct id_maps wanted = { .extents = { { 0, 1000, 1 }, { 1, 100000, 65535 } }, .count = 2 };
	static const char *const wrong[] = { "", "garbage", "0 1000 1\n", "0 1000 1\n1 100000 65534\n",
		"0 1000 1\n1 100001 65535\n", "0 0 1\n1 100000 65535\n", "0 1000 1\n1 100000 65535\n65536 0 1\n",
		"0 0 4294967295\n" };
	struct error err;

	(void)state;
	/* as the kernel writes them: proc_pid_uid_map(5) */
	assert_int_equal(namespaces_compare_map("         0       1000          1\n         1     100000      65535\n",
				 "uid_map", &wanted, &err), 0);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		if (namespaces_compare_map(wrong[i], "uid_map", &wanted, &err) == 0)
			fail_msg("taken for the plan's: %s", wrong[i]);
		assert_string_equal(err.object, "uid_map");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_ids_inside),
		cmocka_unit_test(ids_of_somebody_are_refused),
		cmocka_unit_test(kernels_without_the_overlay_are_refused),
		cmocka_unit_test_setup_teardown(the_version_is_read, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(the_first_good_range_counts, tree_setup, tree_teardown),
		cmocka_unit_test(maps_are_compared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
