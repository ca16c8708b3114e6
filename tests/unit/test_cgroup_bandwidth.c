/* cgroup: the bandwidth of the disk, in the words of each layout. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include "cgroup.h"
#include <cmocka.h> /* last: it defines fail() as a macro */

static struct cgroup_host on(enum cgroup_layout layout, const char *controllers)
{
	struct cgroup_host host = { .layout = layout,
		.count = 1,
		.disk = { .major = 254, .minor = 16, .name = "vdb" },
		.bus = "/bus" };

	strcpy(host.hierarchies[0].controllers, controllers);
	strcpy(host.hierarchies[0].mount, "/cg");
	return host;
}

/* On one disk, and both in one file of v2's. */
static void test_plan_bandwidth(void **state)
{
	const struct cgroup_limits both = { .has_io_read_bandwidth = true,
		.has_io_write_bandwidth = true,
		.io_read_bandwidth = 20000000,
		.io_write_bandwidth = 5000000 };
	const struct cgroup_limits writes = { .has_io_write_bandwidth = true,
		.io_write_bandwidth = 7 };
	struct cgroup_host host;
	struct cgroup_plan plan;
	char missing[96];
	struct error err;

	(void)state;
	host = on(CGROUP_V1, "blkio");
	assert_int_equal(cgroup_plan_make(&host, "f", &both, true, &plan, NULL, 0, &err), 0);
	assert_string_equal(plan.writes[0].file, "blkio.throttle.read_bps_device");
	assert_string_equal(plan.writes[0].value, "254:16 20000000");
	assert_string_equal(plan.writes[1].file, "blkio.throttle.write_bps_device");
	assert_string_equal(plan.writes[1].value, "254:16 5000000");
	assert_string_equal(plan.writes[1].readback, "254:16 5000000");

	host = on(CGROUP_V2, "cpu,io,memory,pids");
	assert_int_equal(cgroup_plan_make(&host, "f", &both, true, &plan, NULL, 0, &err), 0);
	assert_int_equal(plan.write_count, 3); /* memory.oom.group, and one for each */
	for (size_t i = 1; i < 3; i++) {
		assert_string_equal(plan.writes[i].file, "io.max");
		assert_string_equal(plan.writes[i].value, "254:16 rbps=20000000 wbps=5000000");
		assert_string_equal(plan.writes[i].readback,
			"254:16 rbps=20000000 wbps=5000000 riops=max wiops=max");
	}
	assert_int_equal(cgroup_plan_make(&host, "f", &writes, true, &plan, NULL, 0, &err), 0);
	assert_string_equal(plan.writes[1].value, "254:16 rbps=max wbps=7");

	host = on(CGROUP_SYSTEMD, "cpu,io,memory,pids");
	assert_int_equal(cgroup_plan_make(&host, "f", &both, true, &plan, NULL, 0, &err), 0);
	assert_string_equal(plan.writes[1].value, "IOReadBandwidthMax=/dev/vdb 20000000");
	assert_string_equal(plan.writes[2].value, "IOWriteBandwidthMax=/dev/vdb 5000000");
	assert_string_equal(
		plan.writes[2].readback, "254:16 rbps=20000000 wbps=5000000 riops=max wiops=max");
	assert_int_equal(cgroup_plan_make(&host, "f", &writes, true, &plan, NULL, 0, &err), 0);
	assert_string_equal(plan.writes[1].value, "IOWriteBandwidthMax=/dev/vdb 7");

	host.disk = (struct cgroup_disk){ 0 };
	assert_int_equal(cgroup_plan_make(&host, "f", &both, true, &plan, NULL, 0, &err), -1);
	assert_string_equal(err.object, "io_read_bandwidth");
	assert_non_null(strstr(err.cause, "on no disk"));
	assert_int_equal(
		cgroup_plan_make(&host, "f", &both, false, &plan, missing, sizeof missing, &err),
		0);
	assert_string_equal(missing, "io_read_bandwidth io_write_bandwidth");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plan_bandwidth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
