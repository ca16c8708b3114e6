/* mounts_compare: a mountinfo against the operations; each difference is found and named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mounts.h"
#include "own.h"

#include <cmocka.h> /* last: it defines fail() as a macro */

#define T(path) .target = (char *)(path)

static const struct mount_op ops[] = {
	{ .kind = MOUNT_ROOT, T("/"), .source = (char *)"/srv/jail" },
	{ .kind = MOUNT_DROP, T("/run") },
	{ .kind = MOUNT_FREEZE, T("/"), .flags = MOUNT_DEEP },
	{ .kind = MOUNT_TMPFS, T("/dev"), .flags = MOUNT_NOEXEC },
	{ .kind = MOUNT_DEVICE, T("/dev/null"), .flags = MOUNT_RW },
	{ .kind = MOUNT_LINK, T("/dev/fd"), .text = (char *)"/proc/self/fd" },
	{ .kind = MOUNT_DEVPTS, T("/dev/pts"), .flags = MOUNT_RW },
	{ .kind = MOUNT_PTY, T("/dev/pts/3"), .flags = MOUNT_RW },
	{ .kind = MOUNT_PROC, T("/proc"), .flags = MOUNT_RW },
	{ .kind = MOUNT_READONLY, T("/proc/sys"), .flags = MOUNT_OPTIONAL },
	{ .kind = MOUNT_TMPFS, T("/home"), .mode = 0755 },
	{ .kind = MOUNT_BIND, T("/home/al ice"), .flags = MOUNT_RW },
	{ .kind = MOUNT_HIDE, T("/etc/passwd") },
	{ .kind = MOUNT_HIDE, T("/etc/shadow") },
};

/* What the kernel shows when all of it is in place. */
static const char *const good[] = {
	"10 9 254:0 /srv/jail / ro,nosuid,nodev,relatime - ext4 /dev/vda rw",
	"11 10 0:30 / /dev ro,nosuid,nodev,noexec - tmpfs none rw,size=64k",
	"12 11 0:6 /null /dev/null rw,nosuid,noexec - devtmpfs devtmpfs rw",
	"13 11 0:31 / /dev/pts rw,nosuid,noexec - devpts none rw",
	"14 13 0:26 /3 /dev/pts/3 rw,nosuid,noexec - devpts devpts rw",
	"15 10 0:32 / /proc rw,nosuid,nodev,noexec shared:7 master:3 - proc none rw",
	"16 15 0:32 /sys /proc/sys ro,nosuid,nodev,noexec - proc none rw",
	"17 10 0:33 / /home ro,nosuid,nodev - tmpfs none rw",
	"18 17 254:0 /home/al\\040ice /home/al\\040ice rw,nosuid,nodev - ext4 /dev/vda rw",
	"19 18 254:1 / /home/al\\040ice/data rw,nosuid,nodev - ext4 /dev/vdb rw",
	"20 10 0:34 /0 /etc/passwd ro,nosuid,nodev - tmpfs none rw",
	"21 10 0:34 /empty /etc/shadow ro,nosuid,nodev - tmpfs none rw",
};
enum { GOOD = ARRAY_SIZE(good), NONE = 1000 };

/* The good lines with one of them replaced (NULL: left out) and one appended (NULL: none). */
static int compare(size_t replaced, const char *line, const char *appended, struct error *err)
{
	char text[4096];
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i <= GOOD; i++) {
		const char *next = i == GOOD ? appended : i == replaced ? line : good[i];

		if (next)
			used += (size_t)snprintf(text + used, sizeof text - used, "%s\n", next);
	}
	return mounts_compare(ops, ARRAY_SIZE(ops), text, err);
}

static void accepts(size_t replaced, const char *line, const char *appended)
{
	struct error err;

	if (compare(replaced, line, appended, &err) < 0)
		fail_msg("refused: %s %s", err.object, err.cause);
}

static void refuses(size_t replaced, const char *line, const char *appended, const char *object,
	const char *cause)
{
	struct error err;

	if (compare(replaced, line, appended, &err) == 0)
		fail_msg("accepted: %s", line ? line : appended ? appended : "(a line less)");
	assert_string_equal(err.object, object);
	if (!strstr(err.cause, cause))
		fail_msg("'%s' does not say '%s'", err.cause, cause);
}

static void test_as_planned(void **state)
{
	(void)state;
	accepts(NONE, NULL, NULL);
}

static void test_each_missing_option_is_found(void **state)
{
	(void)state;
	refuses(0, "10 9 254:0 / / ro,nodev,relatime - ext4 /dev/vda rw", NULL, "/",
		"without nosuid");
	refuses(0, "10 9 254:0 / / ro,nosuid,relatime - ext4 /dev/vda rw", NULL, "/",
		"without nodev");
	refuses(0, "10 9 254:0 / / rw,nosuid,nodev - ext4 /dev/vda rw", NULL, "/", "without ro");
	/* the super block's options are the host's; a word must be the whole word, and there */
	refuses(0, "10 9 254:0 / / rw,nosuid,nodev - ext4 /dev/vda ro", NULL, "/", "without ro");
	refuses(0, "10 9 254:0 / / nosuid,nodev,rox,xro,errors=ro - ext4 /dev/vda rw", NULL, "/",
		"without ro");
	refuses(0, "10 9 254:0 / / ro,nosuidx,nodev - ext4 /dev/vda nosuid", NULL, "/",
		"without nosuid");
	refuses(7, "17 10 0:33 / /home rw,nosuid,nodev - tmpfs none rw", NULL, "/home",
		"without ro");
	refuses(8, "18 17 254:0 /x /home/al\\040ice rw,nodev - ext4 /dev/vda rw", NULL,
		"/home/al ice", "nosuid");
	refuses(8, "18 17 254:0 /x /home/al\\040ice rw,nosuid - ext4 /dev/vda rw", NULL,
		"/home/al ice", "nodev");
	refuses(11, "21 10 0:34 /empty /etc/shadow rw,nosuid,nodev - tmpfs none rw", NULL,
		"/etc/shadow", "ro");
}

static void test_devices_are_exempt_exactly(void **state)
{
	(void)state;
	accepts(2, "12 11 0:6 /null /dev/null rw,nosuid - devtmpfs devtmpfs rw", NULL);
	accepts(2, "12 11 0:6 /null /dev/null ro,nosuid,nodev - devtmpfs devtmpfs rw", NULL);
	refuses(2, "12 11 0:6 /null /dev/null rw,noexec - devtmpfs devtmpfs rw", NULL, "/dev/null",
		"nosuid");
	refuses(3, "13 11 0:31 / /dev/pts rw,noexec - devpts none rw", NULL, "/dev/pts", "nosuid");
	/* beside, above and below a device nothing else gets its exemption */
	refuses(NONE, NULL, "30 11 0:6 /n /dev/nullx rw,nosuid - devtmpfs d rw", "/dev/nullx",
		"nodev");
	refuses(NONE, NULL, "30 11 0:6 /n /dev/null/x rw,nosuid - devtmpfs d rw", "/dev/null/x",
		"nodev");
	refuses(NONE, NULL, "30 11 0:6 /n /dev/nul rw,nosuid - devtmpfs d rw", "/dev/nul", "nodev");
	refuses(NONE, NULL, "30 13 0:6 /4 /dev/pts/4 rw,nosuid - devpts d rw", "/dev/pts/4",
		"nodev");
	refuses(NONE, NULL, "30 13 0:6 /3 /dev/pts/33 rw,nosuid - devpts d rw", "/dev/pts/33",
		"nodev");
	refuses(1, "11 10 0:30 / /dev ro,nosuid - tmpfs none rw", NULL, "/dev", "nodev");
}

static void test_writable_subtree(void **state)
{
	(void)state;
	accepts(NONE, NULL, "30 18 0:9 / /home/al\\040ice/a/b rw,nosuid,nodev - nfs x rw");
	accepts(NONE, NULL, "30 18 0:9 / /home/al\\040ice/a/b ro,nosuid,nodev - nfs x rw");
	refuses(NONE, NULL, "30 18 0:9 / /home/al\\040ice/a rw,nodev - nfs x rw", "/home/al ice/a",
		"nosuid");
	refuses(NONE, NULL, "30 18 0:9 / /home/al\\040ice/a rw,nosuid - nfs x rw", "/home/al ice/a",
		"nodev");
	/* names that only begin like it */
	refuses(NONE, NULL, "30 17 0:9 / /home/al\\040icex rw,nosuid,nodev - nfs x rw",
		"/home/al icex", "ro");
	refuses(NONE, NULL, "30 17 0:9 / /home/al rw,nosuid,nodev - nfs x rw", "/home/al", "ro");
	/* a read-only mount within the writable /proc */
	refuses(6, "16 15 0:32 /sys /proc/sys rw,nosuid,nodev - proc none rw", NULL, "/proc/sys",
		"ro");
	/* a mount that nobody planned, anywhere */
	refuses(NONE, NULL, "30 10 0:9 / /srv/late rw,nosuid,nodev - nfs x rw", "/srv/late", "ro");
	refuses(NONE, NULL, "30 10 0:9 / /etc/passwdx rw,nosuid,nodev - nfs x rw", "/etc/passwdx",
		"ro");
}

static void test_missing_mounts_are_found(void **state)
{
	(void)state;
	for (size_t i = 0; i < GOOD; i++) {
		struct error err;

		if (i == 6 || i == 9) /* optional; of the host's making */
			accepts(i, NULL, NULL);
		else if (compare(i, NULL, NULL, &err) == 0)
			fail_msg("not missed: %s", good[i]);
		else
			assert_non_null(strstr(err.cause, "is not mounted"));
	}
	refuses(8, NULL, NULL, "/home/al ice", "(bind)");
	refuses(11, NULL, NULL, "/etc/shadow", "(hide)");
}

/* Where the host has a mount of its own, that one does not stand for ours. */
static void test_host_mount_at_the_same_place(void **state)
{
	static const char home[] = "17 10 254:3 / /home ro,nosuid,nodev - ext4 /dev/vdc rw";

	(void)state;
	refuses(7, home, NULL, "/home", "is not mounted");
	accepts(NONE, NULL, home);
	refuses(3, "13 11 0:31 / /dev/pts rw,nosuid,noexec - devptsx none rw", NULL, "/dev/pts",
		"is not mounted");
	refuses(5, "15 10 0:32 / /proc rw,nosuid,nodev - pro none rw", NULL, "/proc",
		"is not mounted");
}

/* Two operations with one target: both are there when the mount is. */
static void test_same_target_twice(void **state)
{
	static const struct mount_op twice[] = { { .kind = MOUNT_ROOT, T("/") },
		{ .kind = MOUNT_DEVICE, T("/dev/null"), .flags = MOUNT_RW },
		{ .kind = MOUNT_DEVICE, T("/dev/null"), .flags = MOUNT_RW } };
	static const char text[] = "1 1 8:1 / / ro,nosuid,nodev - ext4 x rw\n"
				   "2 1 8:1 /null /dev/null rw,nosuid - devtmpfs x rw\n"
				   "3 2 8:1 /null /dev/null rw,nosuid - devtmpfs x rw\n";
	struct error err;

	(void)state;
	assert_int_equal(mounts_compare(twice, ARRAY_SIZE(twice), text, &err), 0);
}

static void test_escapes(void **state)
{
	static const struct mount_op odd[] = { { .kind = MOUNT_ROOT, T("/") },
		{ .kind = MOUNT_BIND, T("/a\tb\nc\\d"), .flags = MOUNT_RW } };
	struct error err;

	(void)state;
	assert_int_equal(mounts_compare(odd, 2,
				 "1 1 8:1 / / ro,nosuid,nodev - ext4 x rw\n"
				 "2 1 8:1 / /a\\011b\\012c\\134d rw,nosuid,nodev - ext4 x rw\n",
				 &err),
		0);
	/* a name that holds the text of an escape is another name */
	assert_int_equal(mounts_compare(odd, 2,
				 "1 1 8:1 / / ro,nosuid,nodev - ext4 x rw\n"
				 "2 1 8:1 / /a\\134011b\\012c\\134d rw,nosuid,nodev - ext4 x rw\n",
				 &err),
		-1);
	assert_string_equal(err.object, "/a\\011b\nc\\d");
}

static void test_lines_that_cannot_be_read(void **state)
{
	static const char *const bad[] = { "", "10", "10 9 254:0 /",
		"10 9 254:0 / /x ro,nosuid,nodev", "10 9 254:0 / /x ro,nosuid,nodev ",
		"10 9 254:0 / /x ro,nosuid,nodev shared:1 ext4 x rw",
		"10 9 254:0 / /x\\000y ro,nosuid,nodev - ext4 x rw" };
	char *longest = malloc(6000);
	struct error err;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		refuses(NONE, NULL, bad[i], "mountinfo", "cannot be read");
	assert_non_null(longest);
	strcpy(longest, "10 9 254:0 / /");
	memset(longest + strlen(longest), 'x', 5000);
	strcpy(longest + 5000, " ro,nosuid,nodev - ext4 x rw\n");
	assert_int_equal(mounts_compare(ops, ARRAY_SIZE(ops), longest, &err), -1);
	assert_string_equal(err.object, "mountinfo");
	free(longest);
}

static void test_without_a_root(void **state)
{
	static const struct mount_op rootless[] = { { .kind = MOUNT_TMPFS, T("/tmp") } };
	struct error err;

	(void)state;
	assert_int_equal(
		mounts_compare(rootless, 1, "1 1 8:1 / /x ro,nosuid,nodev - ext4 x rw\n", &err),
		-1);
	assert_string_equal(err.object, "mountinfo");
	/* nothing mounted at all is nothing of what was asked for */
	assert_int_equal(mounts_compare(ops, ARRAY_SIZE(ops), "", &err), -1);
	assert_string_equal(err.object, "/");
}

/* What the host has mounted in a writable path, below one that is hidden there, or at one that is shown read-only. */
static void test_what_is_covered_may_be_writable(void **state)
{
	static const struct mount_op nested[] = {
		{ .kind = MOUNT_ROOT, T("/") },
		{ .kind = MOUNT_BIND, T("/srv"), .flags = MOUNT_RW },
		{ .kind = MOUNT_HIDE, T("/srv/a") },
		{ .kind = MOUNT_BIND, T("/srv/b") },
	};
#define ROOT_LINE "1 1 8:1 / / ro,nosuid,nodev - ext4 x rw\n"
#define SRV_LINE "2 1 8:1 /srv /srv rw,nosuid,nodev - ext4 x rw\n"
#define A_LINE "5 2 0:9 /nothing /srv/a ro,nosuid,nodev - tmpfs t rw\n"
#define B_LINE "6 4 8:3 / /srv/b ro,nosuid,nodev - ext4 z rw\n"
#define B_HOST "4 2 8:3 / /srv/b rw,nosuid,nodev - ext4 z rw\n"
	static const struct {
		const char *text, *object; /* refused over this; NULL: as planned */
	} rows[] = {
		/* 3 hangs beside 5 and below its place, 7 on 3; 4 has 6 on its root, 8 hangs on 4 */
		{ ROOT_LINE SRV_LINE "3 2 8:2 / /srv/a/m rw,nosuid,nodev - ext4 y rw\n"
				     "7 3 8:4 / /srv/a/m/n rw,nosuid,nodev - ext4 y rw\n" B_HOST A_LINE B_LINE
				     "8 4 8:5 / /srv/b/c rw,nosuid,nodev - ext4 z rw\n",
			NULL },
		/* but what hangs on the cover itself can be reached */
		{ ROOT_LINE SRV_LINE A_LINE "3 5 8:2 / /srv/a/m rw,nosuid,nodev - ext4 y rw\n" B_HOST B_LINE, "/srv/a/m" },
		{ ROOT_LINE SRV_LINE A_LINE B_HOST B_LINE "8 6 8:5 / /srv/b/c rw,nosuid,nodev - ext4 z rw\n", "/srv/b/c" },
		{ ROOT_LINE SRV_LINE A_LINE B_HOST "6 4 8:3 / /srv/b rw,nosuid,nodev - ext4 z rw\n", "/srv/b" },
		/* a name that only begins alike covers nothing */
		{ ROOT_LINE SRV_LINE B_HOST B_LINE A_LINE "9 2 8:2 / /srv/bb ro,nosuid,nodev - ext4 y rw\n"
							  "3 2 8:2 / /srv/a rw,nosuid,nodev - ext4 y rw\n",
			"/srv/a" },
		/* devices and setuid files are refused even there */
		{ ROOT_LINE SRV_LINE A_LINE "3 2 8:2 / /srv/a/m rw,nosuid - ext4 y rw\n" B_HOST B_LINE, "/srv/a/m" },
		/* parents that go in a circle end, too */
		{ ROOT_LINE SRV_LINE A_LINE B_HOST B_LINE "10 11 8:2 / /opt rw,nosuid,nodev - ext4 y rw\n"
							  "11 10 8:2 / /opt/x ro,nosuid,nodev - ext4 y rw\n",
			"/opt" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct error err = { 0 };
		int result = mounts_compare(nested, ARRAY_SIZE(nested), rows[i].text, &err);

		if ((result == 0) != !rows[i].object)
			fail_msg("row %zu: %s %s", i, err.object, err.cause);
		if (rows[i].object)
			assert_string_equal(err.object, rows[i].object);
	}
}

static void test_too_many_operations(void **state)
{
	struct mount_op *many = calloc(MOUNTS_MOST + 1, sizeof *many);
	struct error err;

	(void)state;
	assert_non_null(many);
	for (size_t i = 0; i < MOUNTS_MOST + 1; i++)
		many[i] = (struct mount_op){ .kind = MOUNT_ROOT, T("/") };
	assert_int_equal(
		mounts_compare(many, MOUNTS_MOST, "1 1 8:1 / / ro,nosuid,nodev - ext4 x rw\n", &err), 0);
	assert_int_equal(
		mounts_compare(many, MOUNTS_MOST + 1, "1 1 8:1 / / ro,nosuid,nodev - ext4 x rw\n", &err), -1);
	free(many);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_as_planned),
		cmocka_unit_test(test_each_missing_option_is_found),
		cmocka_unit_test(test_devices_are_exempt_exactly),
		cmocka_unit_test(test_writable_subtree),
		cmocka_unit_test(test_missing_mounts_are_found),
		cmocka_unit_test(test_host_mount_at_the_same_place),
		cmocka_unit_test(test_same_target_twice),
		cmocka_unit_test(test_escapes),
		cmocka_unit_test(test_lines_that_cannot_be_read),
		cmocka_unit_test(test_without_a_root),
		cmocka_unit_test(test_what_is_covered_may_be_writable),
		cmocka_unit_test(test_too_many_operations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
