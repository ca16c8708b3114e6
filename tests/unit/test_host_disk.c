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

static void put_device_of(const struct tree *tree, const char *device, const char *directory)
{
	char link[96], target[96];

	tree_put_text(tree, "sys/dev/block/.keep", "");
	assert_true(text_format(link, sizeof link, "%s/sys/dev/block/%s", tree->path, device) > 0);
	assert_true(text_format(target, sizeof target, "../../devices/%s", directory) > 0);
	assert_int_equal(symlink(target, link), 0);
}

static void put_device(const struct tree *tree, const char *directory)
{
	char device[32];

	device_of(tree, device, sizeof device);
	put_device_of(tree, device, directory);
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
	assert_int_equal(host_disk_find(tree->fd, "/home/alice", false, &disk, &err), 0);
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
	assert_int_equal(host_disk_find(tree->fd, "/", false, &disk, &err), 0);
	assert_int_equal(disk.major, 8);
	assert_int_equal(disk.minor, 0);
	assert_string_equal(disk.name, "sda");
}

/* dm-1 on dm-0 on sda3, and then on sda4 as well, and on sdb */
static void test_volume(void **state)
{
	struct tree *tree = *state;
	struct cgroup_disk disk = { 0 };
	struct error err;

	put_device(tree, "virtual/block/dm-1");
	tree_put_text(tree, "sys/devices/virtual/block/dm-1/uevent", "DEVNAME=dm-1\n");
	tree_put_text(tree, "sys/devices/virtual/block/dm-1/slaves/dm-0/dev", "252:0\n");
	put_device_of(tree, "252:0", "virtual/block/dm-0");
	tree_put_text(tree, "sys/devices/virtual/block/dm-0/uevent", "DEVNAME=dm-0\n");
	tree_put_text(tree, "sys/devices/virtual/block/dm-0/slaves/sda3/dev", "8:3\n");
	put_device_of(tree, "8:3", "ata1/block/sda/sda3");
	tree_put_text(tree, "sys/devices/ata1/block/sda/sda3/partition", "3\n");
	tree_put_text(tree, "sys/devices/ata1/block/sda/dev", "8:0\n");
	put_device_of(tree, "8:0", "ata1/block/sda");
	tree_put_text(tree, "sys/devices/ata1/block/sda/uevent", "DEVNAME=sda\n");
	assert_int_equal(mkdirat(tree->fd, "sys/devices/ata1/block/sda/slaves", 0755), 0);
	assert_int_equal(host_disk_find(tree->fd, "/", false, &disk, &err), 0);
	assert_string_equal(disk.name, "dm-1");
	assert_int_equal(host_disk_find(tree->fd, "/", true, &disk, &err), 0);
	assert_string_equal(disk.name, "sda");
	assert_int_equal(disk.major, 8);

	tree_put_text(tree, "sys/devices/virtual/block/dm-0/slaves/sda4/dev", "8:4\n");
	put_device_of(tree, "8:4", "ata1/block/sda/sda4");
	tree_put_text(tree, "sys/devices/ata1/block/sda/sda4/partition", "4\n");
	assert_int_equal(host_disk_find(tree->fd, "/", true, &disk, &err), 0);
	assert_string_equal(disk.name, "sda");

	/* of two disks: the volume is what can be bounded, and bounds what is above it */
	tree_put_text(tree, "sys/devices/virtual/block/dm-0/slaves/sdb/dev", "8:16\n");
	assert_int_equal(host_disk_find(tree->fd, "/", true, &disk, &err), 0);
	assert_string_equal(disk.name, "dm-0");
	assert_int_equal(disk.major, 252);
}

static void test_no_disk(void **state)
{
	struct tree *tree = *state;
	struct cgroup_disk disk = { 0 };
	struct error err;

	/* a file system of the network, a home that is not there */
	assert_int_equal(host_disk_find(tree->fd, "/", false, &disk, &err), 0);
	assert_int_equal(host_disk_find(tree->fd, "/nowhere", false, &disk, &err), 0);
	assert_int_equal(disk.major + disk.minor, 0);
}

static void test_what_makes_no_sense_is_told(void **state)
{
	struct tree *tree = *state;
	struct cgroup_disk disk = { 0 };
	struct error err;

	put_device(tree, "ata1/block/sda/sda3");
	tree_put_text(tree, "sys/devices/ata1/block/sda/sda3/uevent", "DEVTYPE=partition\n");
	assert_int_equal(host_disk_find(tree->fd, "/", false, &disk, &err), -1);
	assert_non_null(strstr(err.cause, "without a name"));
	tree_put_text(tree, "sys/devices/ata1/block/sda/sda3/partition", "3\n");
	assert_int_equal(host_disk_find(tree->fd, "/", false, &disk, &err), -1);
	assert_non_null(strstr(err.cause, "unknown disk"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_whole_disk, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(test_partition, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(test_volume, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(test_no_disk, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(
			test_what_makes_no_sense_is_told, tree_setup, tree_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
