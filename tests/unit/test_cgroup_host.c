/* cgroup: finding the hierarchies of made-up hosts. */
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
#include "text.h"
#include "tree_fixture.h"

static const char v1_mounts[] =
	"22 27 0:21 / /proc rw,relatime - proc proc rw\n"
	"32 31 0:29 / /cg/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct\n"
	"35 31 0:32 / /cg/memory rw,relatime shared:10 master:2 - cgroup cgroup rw,memory\n"
	"36 31 0:33 / /cg/devices rw,relatime - cgroup cgroup rw,devices\n"
	"38 31 0:35 / /cg/blkio rw,relatime - cgroup cgroup rw,blkio\n"
	"39 31 0:36 / /cg/pids rw,relatime - cgroup cgroup rw,pids\n"
	"40 31 0:37 / /cg/systemd rw,relatime - cgroup cgroup rw,xattr,name=systemd\n"
	"41 31 0:38 / /cg/unified rw,relatime - cgroup2 cgroup2 rw\n";
static const char v1_self[] = "9:name=systemd:/init.scope\n8:pids:/a\n7:blkio:/\n5:devices:/d\n"
			      "4:memory:/m/n\n2:cpu,cpuacct:/c\n0::/\n";
static const char v2_mounts[] = "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 "
				"rw,nsdelegate,memory_recursiveprot\n";

static void test_host_v1(void **state)
{
	struct cgroup_host host;
	struct tree *tree = *state;
	struct error err;

	tree_put_text(tree, "cg/memory/memory.memsw.limit_in_bytes", "0\n");
	tree_put_text(tree, "cg/unified/cgroup.controllers", "hugetlb\n");
	tree_put_text(tree, "sys/block/vda/queue/scheduler", "none [mq-deadline] bfq\n");
	assert_int_equal(cgroup_host_read(tree->fd, v1_mounts, v1_self, &host, &err), 0);
	assert_int_equal(host.layout, CGROUP_V1);
	assert_int_equal(host.count, 4);
	assert_string_equal(host.hierarchies[0].controllers, "cpu,cpuacct");
	assert_string_equal(host.hierarchies[0].mount, "/cg/cpu,cpuacct");
	assert_string_equal(host.hierarchies[0].origin, "/c");
	assert_string_equal(host.hierarchies[1].origin, "/m/n");
	assert_false(host.hierarchies[1].no_swap);
	assert_string_equal(host.hierarchies[2].controllers, "blkio");
	assert_string_equal(host.hierarchies[2].origin, "");
	assert_true(host.hierarchies[2].no_weight);
	assert_string_equal(host.hierarchies[3].origin, "/a");

	tree_put_text(tree, "sys/block/vda/queue/scheduler", "none mq-deadline [bfq]\n");
	assert_int_equal(unlinkat(tree->fd, "cg/memory/memory.memsw.limit_in_bytes", 0), 0);
	assert_int_equal(cgroup_host_read(tree->fd, v1_mounts, v1_self, &host, &err), 0);
	assert_false(host.hierarchies[2].no_weight);
	assert_true(host.hierarchies[1].no_swap);
}

static void test_host_v2(void **state)
{
	struct cgroup_host host;
	struct tree *tree = *state;
	struct error err;

	/* mounted, and nothing in it */
	assert_int_equal(cgroup_host_read(tree->fd, v2_mounts, "0::/\n", &host, &err), 0);
	assert_int_equal(host.layout, CGROUP_NONE);
	assert_int_equal(host.count, 0);

	tree_put_text(tree, "sys/fs/cgroup/cgroup.controllers",
		"cpuset cpu io memory hugetlb pids rdma\n");
	assert_int_equal(
		cgroup_host_read(tree->fd, v2_mounts,
			"1:name=systemd:/x\n0::/user.slice/session-1.scope\n", &host, &err),
		0);
	assert_int_equal(host.layout, CGROUP_V2);
	assert_int_equal(host.count, 1);
	assert_string_equal(host.hierarchies[0].controllers, "cpu,io,memory,pids");
	assert_string_equal(host.hierarchies[0].origin, "/user.slice/session-1.scope");
	assert_true(host.hierarchies[0].no_weight);

	tree_put_text(tree, "sys/block/sda/queue/scheduler", "[bfq] none\n");
	assert_int_equal(cgroup_host_read(tree->fd, v2_mounts, "0::/\n", &host, &err), 0);
	assert_false(host.hierarchies[0].no_weight);
	assert_true(host.hierarchies[0].bfq);
	tree_put_text(tree, "sys/fs/cgroup/io.cost.qos", "8:0 enable=1 ctrl=auto\n");
	assert_int_equal(cgroup_host_read(tree->fd, v2_mounts, "0::/\n", &host, &err), 0);
	assert_false(host.hierarchies[0].no_weight);
	assert_false(host.hierarchies[0].bfq);
}

static void test_host_hybrid_with_v2_controllers(void **state)
{
	static const char mounts[] = "1 2 0:1 / /cg/freezer rw - cgroup cgroup rw,freezer\n"
				     "1 2 0:1 / /cg/cpuacct rw - cgroup cgroup rw,cpuacct\n"
				     "1 2 0:2 / /cg/unified rw - cgroup2 cgroup2 rw\n";
	struct cgroup_host host;
	struct tree *tree = *state;
	struct error err;

	tree_put_text(tree, "cg/unified/cgroup.controllers", "memory pids\n");
	assert_int_equal(cgroup_host_read(tree->fd, mounts, "0::/\n", &host, &err), 0);
	assert_int_equal(host.layout, CGROUP_V2);
	assert_string_equal(host.hierarchies[0].mount, "/cg/unified");
}

/* One memory hierarchy with this root, mount point and own group: what is the origin? */
static void expect_origin(const char *root, const char *group, const char *origin)
{
	char mounts[512], self[512];
	struct cgroup_host host;
	struct error err;

	assert_true(text_format(mounts, sizeof mounts,
			    "1 2 0:1 %s /cg\\040\\134m rw - cgroup cgroup rw,memory", root) > 0);
	assert_true(text_format(self, sizeof self, "4:memory:%s", group) > 0);
	assert_int_equal(cgroup_host_read(AT_FDCWD, mounts, self, &host, &err), 0);
	assert_int_equal(host.count, 1);
	assert_string_equal(host.hierarchies[0].mount, "/cg \\m");
	assert_string_equal(host.hierarchies[0].origin, origin);
}

static void test_origin(void **state)
{
	(void)state;
	expect_origin("/", "/", "");
	expect_origin("/", "/a/b", "/a/b");
	expect_origin("/docker/1", "/docker/1", "");
	expect_origin("/docker/1", "/docker/1/x", "/x");
	expect_origin("/docker/1", "/docker/12", "");
	expect_origin("/docker/1", "/other", "");
	expect_origin("/", "/../../x", "");
	expect_origin("/a\\040b", "/a b/c", "/c");
}

static void test_host_odd_lines(void **state)
{
	static const char mounts[] = "\n"
				     "1 2 0:1 / /cg\n"
				     "1 2 0:1 / /cg rw no dash cgroup cgroup rw,memory\n"
				     "1 2 0:1 / /ro ro,nosuid - cgroup cgroup rw,memory\n"
				     "1 2 0:1 / /ro2 rw - cgroup cgroup ro,memory\n"
				     "1 2 0:1 /part /part rw - cgroup cgroup rw,memory\n"
				     "1 2 0:1 / /whole rw - cgroup cgroup rw,memory\n"
				     "1 2 0:1 / /again rw - cgroup cgroup rw,memory\n"
				     "1 2 0:1 / /cut rw - cgroup";
	struct cgroup_host host;
	struct error err;
	char longer[1200];

	(void)state;
	assert_int_equal(cgroup_host_read(AT_FDCWD, mounts, "", &host, &err), 0);
	assert_int_equal(host.count, 1);
	assert_string_equal(host.hierarchies[0].mount, "/whole");
	assert_int_equal(cgroup_host_read(AT_FDCWD, "", "", &host, &err), 0);
	assert_int_equal(host.layout, CGROUP_NONE);

	assert_true(text_format(longer, sizeof longer,
			    "1 2 0:1 / /%01000d rw - cgroup cgroup rw,memory", 0) > 0);
	assert_int_equal(cgroup_host_read(AT_FDCWD, longer, "", &host, &err), -1);
	assert_int_equal(err.num, ENAMETOOLONG);
	assert_int_equal(host.layout, CGROUP_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_host_v1, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(test_host_v2, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(
			test_host_hybrid_with_v2_controllers, tree_setup, tree_teardown),
		cmocka_unit_test(test_origin),
		cmocka_unit_test(test_host_odd_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
