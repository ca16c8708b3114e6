/* host_disk: which disk a directory is on, by a made-up /sys. */
#include <stdio.h>
#include <sys/sysmacros.h>

#include "host_disk.h"
#include "tree_fixture.h"

/* The device that the tree itself is on, which the made-up /sys tells of. */
static void device_of(const struct tree *tree, char *buf, size_t size)
{
	struct stat info;

	assert_int_equal(fstat(tree->fd, &info), 0);
	assert_true(text_format(buf, size, "%u:%u", major(info.st_dev), minor(info.st_dev)) > 0);
}

static void put_device(const struct tree *tree, const char *directory)
{
	char device[32], link[96], target[96];

	device_of(tree, device, sizeof device);
	tree_put_text(tree, "sys/dev/block/.keep", "");
	assert_true(text_format(link, sizeof link, "%s/sys/dev/block/%s", tree->path, device) > 0);
	assert_true(text_format(target, sizeof target, "../../devices/%s", directory) > 0);
	assert_int_equal(symlink(target, link), 0);
}

static void test_whole_disk(void **state)
{
	struct tree *tree = *state;
	struct cgroup_disk disk = { 0 };
	struct error err;
	char wanted[32], found[32];

	tree_put_text(tree, "home/alice/.keep", "");
	put_device(tree, "virtio1/block/vda");
	tree_put_text(tree, "sys/devices/virtio1/block/vda/uevent",
		"MAJOR=1\nDEVNAME=vda\nDEVTYPE=disk\n");
	assert_int_equal(host_disk_find(tree->fd, "/home/alice", &disk, &err), 0);
	device_of(tree, wanted, sizeof wanted);
	(void)snprintf(found, sizeof found, "%u:%u", disk.major, disk.minor);
	assert_string_equal(found, wanted);
	assert_string_equal(disk.name, "vda");
}

static void test_partition(void **state)
{
	struct tree *tree = *state;
	struct cgroup_disk disk = { 0 };
	struct error err;

	put_device(tree, "ata1/block/sda/sda3");
	tree_put_text(tree, "sys/devices/ata1/block/sda/sda3/partition", "3\n");
	tree_put_text(tree, "sys/devices/ata1/block/sda/sda3/uevent", "DEVNAME=sda3\n");
	tree_put_text(tree, "sys/devices/ata1/block/sda/dev", "8:0\n");
	tree_put_text(tree, "sys/devices/ata1/block/sda/uevent", "MAJOR=8\nMINOR=0\nDEVNAME=sda\n");
	tree_put_text(tree, "sys/dev/block/8:0/uevent", "MAJOR=8\nMINOR=0\nDEVNAME=sda\n");
	assert_int_equal(host_disk_find(tree->fd, "/", &disk, &err), 0);
	assert_int_equal(disk.major, 8);
	assert_int_equal(disk.minor, 0);
	assert_string_equal(disk.name, "sda");
}

static void test_no_disk(void **state)
{
	struct tree *tree = *state;
	struct cgroup_disk disk = { 0 };
	struct error err;

	/* a file system of the network, a home that is not there */
	assert_int_equal(host_disk_find(tree->fd, "/", &disk, &err), 0);
	assert_int_equal(host_disk_find(tree->fd, "/nowhere", &disk, &err), 0);
	assert_int_equal(disk.major + disk.minor, 0);
}

static void test_what_makes_no_sense_is_told(void **state)
{
	struct tree *tree = *state;
	struct cgroup_disk disk = { 0 };
	struct error err;

	put_device(tree, "ata1/block/sda/sda3");
	tree_put_text(tree, "sys/devices/ata1/block/sda/sda3/uevent", "DEVTYPE=partition\n");
	assert_int_equal(host_disk_find(tree->fd, "/", &disk, &err), -1);
	assert_non_null(strstr(err.cause, "without a name"));
	tree_put_text(tree, "sys/devices/ata1/block/sda/sda3/partition", "3\n");
	assert_int_equal(host_disk_find(tree->fd, "/", &disk, &err), -1);
	assert_non_null(strstr(err.cause, "unknown disk"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_whole_disk, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(test_partition, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(test_no_disk, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(
			test_what_makes_no_sense_is_told, tree_setup, tree_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
