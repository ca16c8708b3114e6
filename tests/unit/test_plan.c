/* plan: each decision that a policy, a subject and a host lead to. Lists of operations: tests/golden. */
#include <errno.h>
#include <linux/sched.h>
#include <linux/securebits.h>
#include <sys/resource.h>
#include <sys/sysmacros.h>

#include "plan.h"

#include "policy_fixture.h" /* last: cmocka.h defines fail() as a macro */

static struct subject_group groups[] = { { 1000, (char *)"alice" }, { 50, (char *)"staff" },
	{ 998, (char *)"docker" }, { 6, (char *)"disk" } };

struct fixture {
	struct subject subject;
	struct host host;
	struct plan plan;
};

static int setup(void **state)
{
	struct fixture *fix = calloc(1, sizeof *fix);

	*state = fix;
	if (!fix)
		return -1;
	fix->subject = (struct subject){ .user = (char *)"alice",
		.uid = 1000,
		.gid = 1000,
		.gecos = (char *)"",
		.home = (char *)"/home/alice",
		.shell = (char *)"/bin/sh",
		.groups = groups,
		.group_count = ARRAY_SIZE(groups),
		.service = (char *)"sshd",
		.tty = (char *)"ssh",
		.rhost = (char *)"192.0.2.1" };
	fix->host = (struct host){ .privileged = true,
		.last_cap = 40,
		.memory = 1000 * 1000 * 1000,
		.page = 4096,
		.home = (char *)"/home/alice",
		.tty_group = 5 };
	fix->host.cgroups = (struct cgroup_host){ .layout = CGROUP_V2, .count = 1 };
	strcpy(fix->host.cgroups.hierarchies[0].controllers, "memory,cpu,pids");
	strcpy(fix->host.cgroups.hierarchies[0].mount, "/sys/fs/cgroup");
	return list_add(&fix->host.homes, "/home");
}

static int teardown(void **state)
{
	struct fixture *fix = *state;

	plan_free(&fix->plan);
	list_free(&fix->host.homes);
	list_free(&fix->host.secrets);
	free(fix);
	return 0;
}

static int make(struct fixture *fix, const char *config, const char *name, struct error *err)
{
	struct policy_file *file;
	struct policy policy;
	struct error local;
	char text[1024];
	int result;

	(void)snprintf(text, sizeof text, "[default]\n%s", config);
	file = fixture_file(text);
	assert_int_equal(policy_select(file, &fix->subject, NULL, &policy, &local), 0);
	plan_free(&fix->plan);
	result = plan_make(&policy, &fix->subject, &fix->host, name, &fix->plan, err);
	policy_free(&policy);
	policy_file_free(file);
	return result;
}

static void plans(struct fixture *fix, const char *config)
{
	struct error err;

	if (make(fix, config, "05fe5c-fool", &err) < 0)
		fail_msg("%s: %s", err.object, err.cause);
}

/* Refused, over this object, and there is no plan. */
static void refuses(struct fixture *fix, const char *config, const char *object, const char *cause)
{
	static const struct plan none;
	struct error err;

	if (make(fix, config, "05fe5c-fool", &err) == 0)
		fail_msg("planned: %s", config);
	assert_string_equal(err.object, object);
	if (!strstr(err.cause, cause))
		fail_msg("'%s' does not say '%s'", err.cause, cause);
	assert_memory_equal(&fix->plan, &none, sizeof none);
}

static const struct mount_op *find(
	const struct plan *plan, enum mount_kind kind, const char *target)
{
	for (size_t i = 0; i < plan->mount_count; i++)
		if (plan->mounts[i].kind == kind && text_equal(plan->mounts[i].target, target))
			return &plan->mounts[i];
	return NULL;
}

static const char *write_of(const struct plan *plan, const char *file)
{
	for (size_t i = 0; i < plan->cgroup.write_count; i++)
		if (text_equal(plan->cgroup.writes[i].file, file))
			return plan->cgroup.writes[i].value;
	return NULL;
}

static void test_share_of_the_memory(void **state)
{
	struct fixture *fix = *state;

	/* 333,333,330 less what is not a whole page */
	fix->host.memory = 1111111111;
	plans(fix, "memory = 30%\n");
	assert_string_equal(write_of(&fix->plan, "memory.max"), "333332480");
	plans(fix, "memory = 100%\n");
	assert_string_equal(write_of(&fix->plan, "memory.max"), "1111109632");
	plans(fix, "memory = 1M\n");
	assert_string_equal(write_of(&fix->plan, "memory.max"), "1048576");
	plans(fix, "memory = none\n");
	assert_null(write_of(&fix->plan, "memory.max"));
	fix->host.memory = 0;
	refuses(fix, "memory = 30%\n", "memory", "not known");
	plans(fix, "memory = 64M\n");
}

static void test_no_control_groups(void **state)
{
	struct fixture *fix = *state;

	fix->host.cgroups = (struct cgroup_host){ .layout = CGROUP_NONE };
	refuses(fix, "", "memory", "cannot give");
	refuses(fix, "memory = none\npids = 5\n", "pids", "cannot give");
	plans(fix, "limits = try\ncpu_quota = 50%\n");
	assert_string_equal(fix->plan.limits_left_out, "memory cpu_quota pids");
	assert_int_equal(fix->plan.cgroup.dir_count, 0);
	/* without a group of its own there is none to be the root of a namespace */
	assert_false(fix->plan.namespaces & CLONE_NEWCGROUP);
	plans(fix, "limits = off\n");
	assert_string_equal(fix->plan.limits_left_out, "");
}

static void test_limits_off_makes_no_group(void **state)
{
	struct fixture *fix = *state;

	plans(fix, "limits = off\nmemory = 64M\n");
	assert_int_equal(fix->plan.cgroup.dir_count, 0);
	assert_int_equal(fix->plan.cgroup.write_count, 0);
	assert_null(find(&fix->plan, MOUNT_BIND, "/sys/fs/cgroup"));
	assert_false(fix->plan.namespaces & CLONE_NEWCGROUP);
}

static void test_limits_try_gives_what_there_is(void **state)
{
	struct fixture *fix = *state;

	refuses(fix, "io_weight = 50\n", "io_weight", "cannot give");
	plans(fix, "limits = try\nio_weight = 50\n");
	assert_string_equal(fix->plan.limits_left_out, "io_weight");
	assert_string_equal(write_of(&fix->plan, "pids.max"), "1024");
	assert_true(fix->plan.namespaces & CLONE_NEWCGROUP);
	assert_string_equal(fix->plan.cgroup.dirs[0].path, "/sys/fs/cgroup/contained/05fe5c-fool");
}

static void test_user_namespace(void **state)
{
	struct fixture *fix = *state;

	refuses(fix, "user_namespace = require\n", "user_namespace", "PAM");
	plans(fix, "user_namespace = try\n");
	assert_false(fix->plan.namespaces & CLONE_NEWUSER);
}

static void test_network(void **state)
{
	struct fixture *fix = *state;

	fix->host.resolv_conf = (char *)"nameserver 192.0.2.53\n";
	plans(fix, "");
	assert_true(fix->plan.namespaces & CLONE_NEWNET);
	assert_true(fix->plan.loopback);
	assert_null(find(&fix->plan, MOUNT_PUT, "/etc/resolv.conf"));
	plans(fix, "network = host\n");
	assert_false(fix->plan.namespaces & CLONE_NEWNET);
	assert_false(fix->plan.loopback);
	assert_string_equal(
		find(&fix->plan, MOUNT_PUT, "/etc/resolv.conf")->text, "nameserver 192.0.2.53\n");
	/* the rest stays apart in any case */
	assert_int_equal(fix->plan.namespaces,
		CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP);
}

static void test_privileges(void **state)
{
	struct fixture *fix = *state;
	const struct caps_plan *caps = &fix->plan.caps;

	plans(fix, "");
	assert_true(fix->plan.privileged);
	assert_int_equal(caps->last_cap, 40);
	assert_true(caps->bounding == 0);
	assert_true(caps->permitted == caps_host_mask());
	assert_true(caps->inheritable == 0 && caps->ambient == 0);
	/* with NO_SETUID_FIXUP a PAM application's setuid() keeps every capability */
	assert_false(caps->securebits & (SECBIT_NO_SETUID_FIXUP | SECBIT_NO_SETUID_FIXUP_LOCKED));
	assert_int_equal(caps->securebits,
		SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_KEEP_CAPS_LOCKED |
			SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED);
	assert_true(fix->plan.no_new_privs);
	assert_string_equal(fix->plan.seccomp->name, "default");
	plans(fix, "keep_caps = net_raw\nno_new_privs = no\nseccomp = off\n");
	assert_true(caps->bounding == 1ull << caps_number("net_raw"));
	assert_true(caps->permitted == (caps_host_mask() | 1ull << caps_number("net_raw")));
	assert_false(caps->securebits & (SECBIT_NO_SETUID_FIXUP | SECBIT_NO_CAP_AMBIENT_RAISE));
	assert_false(fix->plan.no_new_privs);
	assert_string_equal(fix->plan.seccomp->name, "off");
}

static void test_rlimits(void **state)
{
	struct fixture *fix = *state;

	plans(fix, "");
	assert_int_equal(fix->plan.rlimit_count, 1);
	assert_int_equal(fix->plan.rlimits[0].resource, RLIMIT_CORE);
	assert_int_equal(fix->plan.rlimits[0].soft, 1);
	assert_int_equal(fix->plan.rlimits[0].hard, 1);
	plans(fix, "rlimit_core = none\nrlimit_nproc = 5:unlimited\nrlimit_stack = unlimited\n");
	assert_int_equal(fix->plan.rlimit_count, 2);
	for (size_t i = 0; i < 2; i++) {
		const struct limit *limit = &fix->plan.rlimits[i];

		assert_true(limit->resource == RLIMIT_NPROC || limit->resource == RLIMIT_STACK);
		assert_true(limit->hard == RLIM_INFINITY);
		assert_true(limit->soft == (limit->resource == RLIMIT_NPROC ? 5 : RLIM_INFINITY));
	}
}

static void label_is(struct fixture *fix, const char *expected)
{
	plans(fix, "");
	assert_string_equal(fix->plan.label, expected);
}

static void test_label(void **state)
{
	struct fixture *fix = *state;
	char longest[1000];

	label_is(fix, "user=alice uid=1000 service=sshd rhost=192.0.2.1");
	fix->subject.rhost = (char *)"";
	label_is(fix, "user=alice uid=1000 service=sshd");
	/* each value is one word of one line, whatever a name server or an application says */
	fix->subject.rhost = (char *)"a b user=root\nuser=root\x1b[2J\t\\";
	fix->subject.service = (char *)"su do";
	label_is(fix, "user=alice uid=1000 service=su_do "
		      "rhost=a_b_user=root\\x0auser=root\\x1b[2J\\x09\\x5c");
	memset(longest, '\n', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	fix->subject.rhost = fix->subject.service = longest;
	fix->subject.uid = 4294967294;
	plans(fix, "");
	assert_null(strchr(fix->plan.label, '\n'));
	assert_non_null(strstr(fix->plan.label, "user=alice uid=4294967294 service=\\x0a"));
}

static void test_groups(void **state)
{
	struct fixture *fix = *state;

	plans(fix, "");
	assert_int_equal(fix->plan.lost_group_count, 2);
	assert_int_equal(fix->plan.lost_groups[0], 998);
	assert_int_equal(fix->plan.lost_groups[1], 6);
	assert_null(strstr(find(&fix->plan, MOUNT_PUT, "/etc/group")->text, "docker"));
	plans(fix, "drop_groups =\n");
	assert_int_equal(fix->plan.lost_group_count, 0);
	assert_non_null(
		strstr(find(&fix->plan, MOUNT_PUT, "/etc/group")->text, "docker:x:998:alice\n"));
	fix->subject.gid = 998;
	refuses(fix, "", "alice", "docker");
	/* sshd would give the groups back, out of the host's own file */
	refuses(fix, "accounts = host\n", "alice", "accounts = host cannot take it away");
}

static void test_accounts(void **state)
{
	struct fixture *fix = *state;

	fix->host.passwd =
		(char *)"root:x:0:0:root:/root:/bin/sh\nbob:x:1001:1001::/home/bob:/bin/sh\n";
	plans(fix, "");
	assert_true(fix->plan.own_names);
	assert_non_null(strstr(find(&fix->plan, MOUNT_PUT, "/etc/passwd")->text, "bob"));
	assert_non_null(find(&fix->plan, MOUNT_PUT, "/etc/nsswitch.conf"));
	plans(fix, "accounts = minimal\n");
	assert_null(strstr(find(&fix->plan, MOUNT_PUT, "/etc/passwd")->text, "bob"));
	/* another tree need not know of the host's users, unless one says so */
	plans(fix, "root = /srv/jail\n");
	assert_null(strstr(find(&fix->plan, MOUNT_PUT, "/etc/passwd")->text, "bob"));
	plans(fix, "root = /srv/jail\naccounts = merged\n");
	assert_non_null(strstr(find(&fix->plan, MOUNT_PUT, "/etc/passwd")->text, "bob"));
	plans(fix, "accounts = host\ndrop_groups =\n");
	assert_false(fix->plan.own_names);
	assert_null(find(&fix->plan, MOUNT_PUT, "/etc/passwd"));
	assert_null(find(&fix->plan, MOUNT_PUT, "/etc/group"));
	assert_null(find(&fix->plan, MOUNT_PUT, "/etc/nsswitch.conf"));
}

static void test_terminals(void **state)
{
	struct fixture *fix = *state;

	plans(fix, "");
	assert_null(find(&fix->plan, MOUNT_PTY, "/dev/pts/3"));
	fix->host.terminal = (char *)"/dev/pts/3";
	plans(fix, "");
	assert_non_null(find(&fix->plan, MOUNT_PTY, "/dev/pts/3"));
	fix->host.terminal = (char *)"/dev/tty1";
	fix->host.terminal_device = makedev(4, 1);
	plans(fix, "");
	assert_true(find(&fix->plan, MOUNT_DEVICE, "/dev/tty1")->rdev == makedev(4, 1));
	fix->host.terminal = (char *)"/dev/tty";
	fix->host.terminal_device = makedev(9, 9);
	plans(fix, "");
	assert_true(find(&fix->plan, MOUNT_DEVICE, "/dev/tty")->rdev == makedev(5, 0));
}

static void test_names(void **state)
{
	struct fixture *fix = *state;
	char longest[TAROT_NAME + 1];
	struct error err;

	memset(longest, 'a', TAROT_NAME);
	longest[TAROT_NAME] = '\0';
	assert_int_equal(make(fix, "limits = off\n", longest, &err), -1);
	assert_int_equal(err.num, ENAMETOOLONG);
	assert_int_equal(make(fix, "", "../escape", &err), -1);
	assert_string_equal(err.object, "../escape");
	plans(fix, "");
	assert_string_equal(fix->plan.name, "05fe5c-fool");
	assert_string_equal(find(&fix->plan, MOUNT_PUT, "/etc/hostname")->text, "05fe5c-fool\n");
	assert_non_null(strstr(find(&fix->plan, MOUNT_PUT, "/etc/hosts")->text,
		"127.0.0.1\tlocalhost 05fe5c-fool\n"));
	plan_free(&fix->plan);
	plan_free(&fix->plan);
}

/* What may be writable in any plan, beside the home. */
static bool may_be_writable(const struct fixture *fix, const struct mount_op *op)
{
	static const char *const paths[] = { "/dev/pts", "/dev/shm", "/dev/mqueue", "/proc", "/tmp",
		"/var/tmp", "/run", "/run/user/1000" };

	if (op->kind == MOUNT_DEVICE || op->kind == MOUNT_PTY)
		return text_after(op->target, "/dev/") != NULL;
	if (op->kind == MOUNT_BIND)
		return text_equal(op->target, fix->host.home) &&
		       text_equal(op->source, fix->host.home);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		if (text_equal(op->target, paths[i]))
			return true;
	return false;
}

/* What holds for every plan, whatever the settings. */
static void test_every_plan(void **state)
{
	static const char *const config[] = { "", "root = /srv/jail\n", "home = none\n",
		"homes = show\n", "network = host\n",
		"root = /srv/jail\nhome = none\nnetwork = host\naccounts = host\ndrop_groups =\n",
		"limits = off\naccounts = host\ndrop_groups =\n",
		"syslog = no\ntmp_size = none\n" };
	struct fixture *fix = *state;

	fix->host.syslog_socket = (char *)"/run/systemd/journal/dev-log";
	fix->host.resolv_conf = (char *)"";
	fix->host.terminal = (char *)"/dev/pts/0";
	assert_int_equal(list_add(&fix->host.secrets, "/etc/shadow"), 0);
	for (size_t s = 0; s < ARRAY_SIZE(config); s++) {
		bool frozen = false;

		plans(fix, config[s]);
		assert_int_equal(fix->plan.mounts[0].kind, MOUNT_ROOT);
		assert_non_null(find(&fix->plan, MOUNT_PUT, "/etc/shadow"));
		assert_non_null(find(&fix->plan, MOUNT_HIDE, "/proc/kcore"));
		assert_non_null(find(&fix->plan, MOUNT_READONLY, "/proc/sys"));
		assert_non_null(find(&fix->plan, MOUNT_TMPFS, "/run"));
		for (size_t i = 0; i < fix->plan.mount_count; i++) {
			const struct mount_op *op = &fix->plan.mounts[i];

			assert_int_equal(op->target[0], '/');
			assert_null(strstr(op->target, ".."));
			if (op->flags & MOUNT_RW && !may_be_writable(fix, op))
				fail_msg("%s%s is writable", config[s], op->target);
			if (op->kind == MOUNT_FREEZE && text_equal(op->target, "/")) {
				assert_true(op->flags & MOUNT_DEEP);
				frozen = true;
			} else if (!frozen && op->kind != MOUNT_ROOT && op->kind != MOUNT_DROP) {
				/* before the tree is read-only only places are made */
				assert_true(op->kind == MOUNT_DIR || op->kind == MOUNT_TOUCH);
			}
			if (op->kind == MOUNT_FILE || op->kind == MOUNT_LINK)
				assert_non_null(op->text);
			if (op->kind == MOUNT_BIND || op->kind == MOUNT_DEVICE ||
				op->kind == MOUNT_PTY)
				assert_int_equal(op->source[0], '/');
		}
		assert_true(frozen);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_share_of_the_memory),
		TEST(test_no_control_groups),
		TEST(test_limits_off_makes_no_group),
		TEST(test_limits_try_gives_what_there_is),
		TEST(test_user_namespace),
		TEST(test_network),
		TEST(test_privileges),
		TEST(test_rlimits),
		TEST(test_label),
		TEST(test_groups),
		TEST(test_accounts),
		TEST(test_terminals),
		TEST(test_names),
		TEST(test_every_plan),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
