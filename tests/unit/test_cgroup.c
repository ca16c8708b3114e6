/* cgroup: the plans for made-up hosts, and what is refused without touching a kernel's groups. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgroup.h"
#include "cgroup_driver.h"
#include "own.h"
#include "text.h"
#include "tree_fixture.h"

/* directories need to know nothing of who makes them */
static const struct cgroup_maker nobody;

static void host_v1(struct cgroup_host *host)
{
	static const struct cgroup_hierarchy all[] = {
		{ .controllers = "cpu,cpuacct", .mount = "/cg/cpu", .origin = "/c" },
		{ .controllers = "memory", .mount = "/cg/memory", .origin = "" },
		{ .controllers = "blkio", .mount = "/cg/blkio", .origin = "" },
		{ .controllers = "pids", .mount = "/cg/pids", .origin = "" },
	};

	*host = (struct cgroup_host){ .layout = CGROUP_V1, .count = ARRAY_SIZE(all) };
	memcpy(host->hierarchies, all, sizeof all);
}

static void host_v2(struct cgroup_host *host)
{
	static const struct cgroup_hierarchy only = {
		.controllers = "cpu,io,memory,pids", .mount = "/cg", .origin = "/u/s"
	};

	*host = (struct cgroup_host){ .layout = CGROUP_V2, .count = 1 };
	host->hierarchies[0] = only;
}

static const struct cgroup_limits everything = {
	.has_memory = true,
	.has_swap = true,
	.has_cpu_weight = true,
	.has_cpu_quota = true,
	.has_pids = true,
	.has_io_weight = true,
	.memory = 64 * 1024 * 1024 + 123,
	.swap = 8 * 1024 * 1024 + 5,
	.cpu_weight = 50,
	.cpu_quota = 150,
	.pids = 100,
	.io_weight = 1100,
};

static const char *written(const struct cgroup_plan *plan, const char *dir, const char *file)
{
	for (size_t i = 0; i < plan->write_count; i++) {
		const struct cgroup_write *row = &plan->writes[i];

		if (strcmp(row->file, file) == 0 && strcmp(plan->dirs[row->dir].path, dir) == 0) {
			assert_string_equal(row->value, row->readback);
			return row->value;
		}
	}
	return "(not written)";
}

static void test_plan_v1(void **state)
{
	struct cgroup_host host;
	struct cgroup_plan plan;
	char missing[64];
	struct error err;

	(void)state;
	host_v1(&host);
	assert_int_equal(cgroup_plan_make(&host, "00-fool", &everything, true, &plan, missing,
				 sizeof missing, &err),
		0);
	assert_string_equal(missing, "");
	assert_string_equal(plan.enable, "");
	assert_false(plan.oom_group_off);
	assert_int_equal(plan.dir_count, 4);
	assert_string_equal(plan.dirs[1].path, "/cg/cpu/contained/00-fool");
	assert_string_equal(plan.dirs[1].origin, "/cg/cpu/c");
	assert_string_equal(plan.dirs[0].origin, "/cg/memory");
	assert_int_equal(plan.write_count, 7);
	assert_string_equal(written(&plan, "/cg/memory/contained/00-fool", "memory.limit_in_bytes"),
		"67108864");
	assert_string_equal(
		written(&plan, "/cg/memory/contained/00-fool", "memory.memsw.limit_in_bytes"),
		"75497472");
	assert_string_equal(written(&plan, "/cg/cpu/contained/00-fool", "cpu.shares"), "512");
	assert_string_equal(
		written(&plan, "/cg/cpu/contained/00-fool", "cpu.cfs_period_us"), "100000");
	assert_string_equal(
		written(&plan, "/cg/cpu/contained/00-fool", "cpu.cfs_quota_us"), "150000");
	assert_string_equal(written(&plan, "/cg/pids/contained/00-fool", "pids.max"), "100");
	assert_string_equal(
		written(&plan, "/cg/blkio/contained/00-fool", "blkio.bfq.weight"), "190");
	/* memory before the sum, or the kernel refuses the sum */
	assert_string_equal(plan.writes[0].file, "memory.limit_in_bytes");
	assert_string_equal(plan.writes[1].file, "memory.memsw.limit_in_bytes");
}

static void test_plan_v2(void **state)
{
	struct cgroup_host host;
	struct cgroup_plan plan;
	struct error err;
	const char *dir = "/cg/contained/00-fool";

	(void)state;
	host_v2(&host);
	assert_int_equal(
		cgroup_plan_make(&host, "00-fool", &everything, true, &plan, NULL, 0, &err), 0);
	assert_int_equal(plan.dir_count, 1);
	assert_string_equal(plan.dirs[0].path, dir);
	assert_string_equal(plan.dirs[0].origin, "/cg/u/s");
	assert_string_equal(plan.enable, "+memory +cpu +pids +io");
	assert_true(plan.oom_group_off);
	assert_string_equal(written(&plan, dir, "memory.oom.group"), "0");
	assert_string_equal(written(&plan, dir, "memory.max"), "67108864");
	assert_string_equal(written(&plan, dir, "memory.swap.max"), "8388608");
	assert_string_equal(written(&plan, dir, "cpu.weight"), "50");
	assert_string_equal(written(&plan, dir, "cpu.max"), "150000 100000");
	assert_string_equal(written(&plan, dir, "pids.max"), "100");
	assert_string_equal(written(&plan, dir, "io.weight"), "default 1100");
	host.hierarchies[0].bfq = true;
	assert_int_equal(
		cgroup_plan_make(&host, "00-fool", &everything, true, &plan, NULL, 0, &err), 0);
	assert_string_equal(written(&plan, dir, "io.bfq.weight"), "default 190");
}

static void host_systemd(struct cgroup_host *host, const char *scope, bool of_user)
{
	host_v2(host);
	host->layout = CGROUP_SYSTEMD;
	host->of_user = of_user;
	strcpy(host->bus, "/bus");
	strcpy(host->scope, scope);
	strcpy(host->base, of_user ? "/u/mine" : "");
}

/* file, what has to be in it, the property that sees to that */
static void has_row(const struct cgroup_plan *plan, const char *file, const char *readback, const char *property)
{
	for (size_t i = 0; i < plan->write_count; i++) {
		if (strcmp(plan->writes[i].file, file) != 0)
			continue;
		assert_string_equal(plan->writes[i].readback, readback);
		assert_string_equal(plan->writes[i].value, property);
		return;
	}
	fail_msg("nothing for %s", file);
}

static void test_plan_systemd(void **state)
{
	struct cgroup_host host;
	struct cgroup_plan plan;
	struct error err;

	(void)state;
	host_systemd(&host, "/u/s/session-3.scope", false);
	assert_int_equal(cgroup_plan_make(&host, "00-fool", &everything, true, &plan, NULL, 0, &err), 0);
	assert_int_equal(plan.dir_count, 1);
	assert_string_equal(plan.bus, "/bus");
	/* the login's own scope: not ours to move out of, nor to remove, and no group below it */
	assert_string_equal(plan.unit, "session-3.scope");
	assert_false(plan.unit_is_new);
	assert_string_equal(plan.dirs[0].path, "/cg/u/s/session-3.scope");
	assert_string_equal(plan.dirs[0].origin, "");
	assert_string_equal(plan.enable, "");
	assert_string_equal(plan.keeper, "contained-00-fool.scope");
	assert_string_equal(plan.keeper_path, "/cg/contained.slice/contained-00-fool.scope");
	assert_int_equal(plan.write_count, 7);
	has_row(&plan, "memory.oom.group", "0", "MemoryAccounting=yes");
	has_row(&plan, "memory.max", "67108864", "MemoryMax=67108987");
	has_row(&plan, "memory.swap.max", "8388608", "MemorySwapMax=8388613");
	has_row(&plan, "cpu.weight", "50", "CPUWeight=50");
	has_row(&plan, "cpu.max", "150000 100000", "CPUQuotaPerSecUSec=1500000");
	has_row(&plan, "pids.max", "100", "TasksMax=100");
	has_row(&plan, "io.weight", "default 1100", "IOWeight=1100");
	host.hierarchies[0].bfq = true;
	assert_int_equal(cgroup_plan_make(&host, "00-fool", &everything, true, &plan, NULL, 0, &err), 0);
	has_row(&plan, "io.bfq.weight", "default 190", "IOWeight=1100");
}

static void test_plan_systemd_without_a_scope(void **state)
{
	struct cgroup_host host;
	struct cgroup_plan plan;
	struct error err;

	(void)state;
	host_systemd(&host, "", false);
	assert_int_equal(cgroup_plan_make(&host, "00-fool", &everything, true, &plan, NULL, 0, &err), 0);
	assert_string_equal(plan.unit, "contained-00-fool-login.scope");
	assert_true(plan.unit_is_new);
	assert_string_equal(plan.dirs[0].path, "/cg/contained.slice/contained-00-fool-login.scope");
	assert_string_equal(plan.dirs[0].origin, "/cg/u/s"); /* where it goes back to */
	assert_string_equal(plan.keeper, "contained-00-fool.scope");
	/* a user's manager: all in one, for there is no group outside to go to */
	host_systemd(&host, "", true);
	assert_int_equal(cgroup_plan_make(&host, "00-fool", &everything, true, &plan, NULL, 0, &err), 0);
	assert_string_equal(plan.unit, "contained-00-fool.scope");
	assert_true(plan.unit_is_new);
	assert_true(plan.whole);
	assert_string_equal(plan.dirs[0].path, "/cg/u/mine/contained.slice/contained-00-fool.scope");
	assert_string_equal(plan.dirs[0].origin, "");
	assert_string_equal(plan.keeper, "");
}

static void test_plan_accounting_only(void **state)
{
	const struct cgroup_limits none = { 0 };
	struct cgroup_host host;
	struct cgroup_plan plan;
	struct error err;

	(void)state;
	host_v1(&host);
	assert_int_equal(cgroup_plan_make(&host, "x", &none, true, &plan, NULL, 0, &err), 0);
	assert_int_equal(plan.dir_count, 3); /* blkio only when a weight is wanted */
	assert_int_equal(plan.write_count, 0);
	host_v2(&host);
	assert_int_equal(cgroup_plan_make(&host, "x", &none, true, &plan, NULL, 0, &err), 0);
	assert_string_equal(plan.enable, "+memory +cpu +pids");
	assert_int_equal(plan.write_count, 1);
	host = (struct cgroup_host){ .layout = CGROUP_NONE };
	assert_int_equal(cgroup_plan_make(&host, "x", &none, true, &plan, NULL, 0, &err), 0);
	assert_int_equal(plan.dir_count, 0);
	assert_int_equal(plan.layout, CGROUP_NONE);
}

static void test_plan_missing(void **state)
{
	struct cgroup_host host;
	struct cgroup_plan plan = { .name = "untouched" };
	char missing[64] = "before";
	struct error err;

	(void)state;
	host_v1(&host);
	host.count = 3; /* no pids */
	host.hierarchies[1].no_swap = true;
	host.hierarchies[2].no_weight = true;
	assert_int_equal(cgroup_plan_make(&host, "x", &everything, true, &plan, missing,
				 sizeof missing, &err),
		-1);
	assert_string_equal(err.object, "swap");
	assert_non_null(strstr(err.hint, "swapaccount=1"));
	assert_string_equal(plan.name, "untouched");
	assert_string_equal(missing, "before");
	assert_int_equal(cgroup_plan_make(&host, "x", &everything, false, &plan, missing,
				 sizeof missing, &err),
		0);
	assert_string_equal(missing, "swap pids io_weight");
	assert_int_equal(plan.dir_count, 2);
	assert_int_equal(plan.write_count, 4);
	/* no room for the names */
	assert_int_equal(
		cgroup_plan_make(&host, "x", &everything, false, &plan, missing, 5, &err), -1);
	assert_int_equal(err.num, ENAMETOOLONG);

	host = (struct cgroup_host){ .layout = CGROUP_NONE };
	assert_int_equal(cgroup_plan_make(&host, "x", &everything, true, &plan, NULL, 0, &err), -1);
	assert_string_equal(err.object, "memory");
	assert_int_equal(cgroup_plan_make(&host, "x", &everything, false, &plan, missing,
				 sizeof missing, &err),
		0);
	assert_string_equal(missing, "memory swap cpu_weight cpu_quota pids io_weight");
}

static void expect_refused(struct cgroup_limits limits, const char *object)
{
	struct cgroup_host host;
	struct cgroup_plan plan;
	struct error err;

	host_v1(&host);
	assert_int_equal(cgroup_plan_make(&host, "x", &limits, false, &plan, NULL, 0, &err), -1);
	assert_string_equal(err.object, object);
}

static void test_plan_amounts(void **state)
{
	struct cgroup_host host;
	struct cgroup_plan plan;
	struct error err;

	(void)state;
	expect_refused((struct cgroup_limits){ .has_memory = true, .memory = 0 }, "memory");
	expect_refused((struct cgroup_limits){ .has_memory = true, .memory = 4095 }, "memory");
	expect_refused(
		(struct cgroup_limits){ .has_memory = true, .memory = UINT64_MAX }, "memory");
	expect_refused((struct cgroup_limits){ .has_swap = true, .swap = 4096 }, "swap");
	expect_refused((struct cgroup_limits){ .has_memory = true,
			       .has_swap = true,
			       .memory = INT64_MAX,
			       .swap = INT64_MAX },
		"swap");
	expect_refused((struct cgroup_limits){ .has_pids = true, .pids = 0 }, "pids");
	expect_refused((struct cgroup_limits){ .has_pids = true, .pids = 4194305 }, "pids");
	expect_refused((struct cgroup_limits){ .has_cpu_weight = true }, "cpu_weight");
	expect_refused((struct cgroup_limits){ .has_cpu_weight = true, .cpu_weight = 10001 },
		"cpu_weight");
	expect_refused((struct cgroup_limits){ .has_cpu_quota = true }, "cpu_quota");
	expect_refused((struct cgroup_limits){ .has_io_weight = true }, "io_weight");
	expect_refused((struct cgroup_limits){ .has_io_read_bandwidth = true }, "io_read_bandwidth");
	expect_refused((struct cgroup_limits){ .has_io_write_bandwidth = true, .io_write_bandwidth = UINT64_MAX },
		"io_write_bandwidth");
	host_v1(&host);
	for (size_t i = 0; i < 5; i++) {
		static const char *const names[] = { "", "..", "a/b", "a b", NULL };
		char longest[80];

		memset(longest, 'a', sizeof longest - 1);
		longest[sizeof longest - 1] = '\0';
		assert_int_equal(cgroup_plan_make(&host, names[i] ? names[i] : longest, &everything,
					 true, &plan, NULL, 0, &err),
			-1);
		assert_int_equal(err.num, EINVAL);
	}
}

static void test_scales(void **state)
{
	const uint64_t weights[][3] = {
		/* weight, cpu.shares, bfq */
		{ 1, 10, 1 },
		{ 100, 1024, 100 },
		{ 111, 1136, 101 },
		{ 10000, 102400, 1000 },
	};
	struct cgroup_host host;
	struct cgroup_plan plan;
	struct error err;
	char shares[32];

	(void)state;
	host_v1(&host);
	for (size_t i = 0; i < ARRAY_SIZE(weights); i++) {
		struct cgroup_limits limits = { .has_cpu_weight = true,
			.cpu_weight = weights[i][0] };

		assert_int_equal(
			cgroup_plan_make(&host, "x", &limits, true, &plan, NULL, 0, &err), 0);
		assert_true(text_format(shares, sizeof shares, "%llu",
				    (unsigned long long)weights[i][1]) > 0);
		assert_string_equal(written(&plan, "/cg/cpu/contained/x", "cpu.shares"), shares);
		assert_int_equal(cgroup_bfq_weight(weights[i][0]), weights[i][2]);
	}
}

/* A directory tree that only looks like a hierarchy gets nothing written into it. */
static void test_create_checks_type(void **state)
{
	struct cgroup_plan plan = { .layout = CGROUP_V1, .name = "x", .dir_count = 1 };
	struct tree *tree = *state;
	struct stat st;
	struct error err;
	int fds[CGROUP_DIRS] = { -7 };

	assert_true(text_format(plan.dirs[0].mount, CGROUP_PATH, "%s", tree->path) > 0);
	assert_int_equal(cgroup_create(&plan, &nobody, &err), -1);
	assert_non_null(strstr(err.cause, "not on a control group file system"));
	assert_int_equal(fstatat(tree->fd, "contained", &st, 0), -1);
	assert_int_equal(cgroup_open_procs(&plan, fds, &err), -1);
	assert_int_equal(err.num, ENOENT);
	assert_int_equal(fds[0], -7);
	assert_true(text_format(plan.dirs[0].mount, CGROUP_PATH, "%s/none", tree->path) > 0);
	assert_int_equal(cgroup_create(&plan, &nobody, &err), -1);
	assert_int_equal(err.num, ENOENT);
	assert_true(err.hint[0] != '\0');
}

/* cgroup_compare judges text in fds, whichever file system they are on. */
static void test_compare(void **state)
{
	static const struct {
		const char *shown, *wanted;
		int result;
	} rows[] = {
		{ "100\n", "100", 0 },
		{ "100", "100", 0 },
		{ "max\n", "100", -1 },
		{ "1000\n", "100", -1 },
		{ "100\n5\n", "100", -1 },
		{ "", "100", -1 },
		{ "default 50\n8:0 10\n", "default 50", 0 },
		{ "default 51\n8:0 10\n", "default 50", -1 },
	};
	struct tree *tree = *state;
	struct error err;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct cgroup_plan plan = { .layout = CGROUP_V2, .dir_count = 1, .write_count = 1 };
		int fds[CGROUP_WRITES];

		tree_put_text(tree, "file", rows[i].shown);
		strcpy(plan.dirs[0].path, "/p");
		strcpy(plan.writes[0].file, "file");
		strcpy(plan.writes[0].readback, rows[i].wanted);
		fds[0] = openat(tree->fd, "file", O_RDONLY | O_CLOEXEC);
		assert_true(fds[0] >= 0);
		assert_int_equal(cgroup_compare(&plan, fds, &err), rows[i].result);
		assert_int_equal(cgroup_compare(&plan, fds, &err), rows[i].result); /* again */
		if (rows[i].result < 0)
			assert_string_equal(err.object, "/p/file");
		close(fds[0]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plan_v1),
		cmocka_unit_test(test_plan_v2),
		cmocka_unit_test(test_plan_systemd),
		cmocka_unit_test(test_plan_systemd_without_a_scope),
		cmocka_unit_test(test_plan_accounting_only),
		cmocka_unit_test(test_plan_missing),
		cmocka_unit_test(test_plan_amounts),
		cmocka_unit_test(test_scales),
		cmocka_unit_test_setup_teardown(test_create_checks_type, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(test_compare, tree_setup, tree_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
