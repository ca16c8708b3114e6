/* mounts against the running kernel: each operation, in trees that are as planned and in hostile ones. Needs root. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mounts.h"
#include "own.h"
#include "text.h"
#include "tree.h"

#include "tests/unit/tree_fixture.h" /* last: cmocka.h defines fail() as a macro */

enum { SOMEBODY = 12345 };
#define T(path) .target = (char *)(path)

/* For the children: a failed check ends the child, and with it the test. */
#define CHECK(condition) ((condition) ? (void)0 : check_failed(__LINE__, #condition))
static _Noreturn void check_failed(int line, const char *what)
{
	print_message("line %d: %s (%s)\n", line, what, strerror(errno));
	_exit(1);
}

/* tree: "base", where the new root is hung; "jail", a root tree; "host", what is bound from it. */
static int setup(void **state)
{
	struct tree *tree;

	(void)umask(022);
	if (tree_setup(state) < 0)
		return -1;
	tree = *state;
	if (fchmod(tree->fd, 0755) < 0 || mkdirat(tree->fd, "base", 0700) < 0)
		return -1;
	tree_put_text(tree, "jail/etc/secret", "secret");
	tree_put_text(tree, "jail/etc/passwd", "the tree's");
	tree_put_text(tree, "jail/hidden/file", "secret");
	tree_put_text(tree, "jail/frozen/file", "");
	tree_put_text(tree, "host/home/file", "mine");
	tree_put_text(tree, "host/victim", "untouched");
	return 0;
}

/* Nothing of a test may be mounted on the host, or remain. */
static int teardown(void **state)
{
	const struct tree *tree = *state;
	own_fd int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	own_text char *text = NULL;
	own_text char *victim = NULL;
	bool clean = tree_read_file(root, "/proc/self/mountinfo", 1 << 24, &text, NULL, NULL) == 0 &&
		!strstr(text, tree->path) &&
		tree_read_file(tree->fd, "host/victim", 4096, &victim, NULL, NULL) == 0 &&
		text_equal(victim, "untouched");

	return tree_teardown(state) < 0 || !clean ? -1 : 0;
}

static void needs_root(void)
{
	if (geteuid() != 0) {
		print_message("skipped: mounting needs root\n");
		skip();
	}
}

/* Runs the body in a forked child with mounts of its own, which are detached from the host's. */
static void inside(const struct tree *tree, void (*body)(const struct tree *tree))
{
	struct error err;
	int status = -1;
	pid_t pid;

	needs_root();
	pid = fork();
	if (pid == 0) {
		(void)alarm(60);
		(void)umask(0);
		CHECK(unshare(CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWNET) == 0);
		CHECK(mounts_private(&err) == 0);
		body(tree);
		_exit(0);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* A path below the tree, absolute; remembered until the child ends. */
static char *in(const struct tree *tree, const char *path)
{
	char *text;

	CHECK(asprintf(&text, "%s/%s", tree->path, path) > 0);
	return text;
}

static int build(const struct tree *tree, const struct mount_op *ops, size_t count, struct mount_tree *out,
	struct error *err)
{
	return mounts_build(in(tree, "base"), ops, count, out, err);
}

static void builds(const struct tree *tree, const struct mount_op *ops, size_t count)
{
	struct mount_tree made;
	struct error err;

	if (build(tree, ops, count, &made, &err) < 0 || mounts_pivot(&made, &err) < 0) {
		print_message("%s: %s: %s\n", err.object, err.cause, strerror(err.num));
		_exit(1);
	}
	close(made.root);
}

static void refuses(const struct tree *tree, const struct mount_op *ops, size_t count, const char *object, int num)
{
	struct mount_tree made = { 77, { 77 } };
	struct error err;
	int next = dup(0), after;

	close(next);
	CHECK(build(tree, ops, count, &made, &err) == -1);
	if (!strstr(err.object, object) || err.num != num) {
		print_message("%s: %s: %s\n", err.object, err.cause, strerror(err.num));
		_exit(1);
	}
	CHECK(made.root == 77 && made.ptys[0] == 77);
	after = dup(0);
	CHECK(after == next); /* no fd is left */
	close(after);
}

static bool holds(const char *path, const char *text)
{
	char buf[256] = "";
	own_fd int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	return fd >= 0 && read(fd, buf, sizeof buf - 1) >= 0 && strcmp(buf, text) == 0;
}

/* Tries to write there: 0, or the errno. */
static int write_error(const char *directory)
{
	char path[256];
	int fd;

	CHECK(text_format(path, sizeof path, "%s/new", directory) > 0);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return errno;
	close(fd);
	return unlink(path) == 0 ? 0 : errno;
}

static bool has_flags(const char *path, unsigned long set, unsigned long clear)
{
	struct statvfs fs;

	return statvfs(path, &fs) == 0 && (fs.f_flag & set) == set && !(fs.f_flag & clear);
}

static bool is(const char *path, mode_t mode, uid_t uid, gid_t gid)
{
	struct stat info;

	return lstat(path, &info) == 0 && info.st_mode == mode && info.st_uid == uid && info.st_gid == gid;
}

static void compares(const struct mount_op *ops, size_t count)
{
	own_fd int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char *text;
	struct error err;

	CHECK(tree_read_file(root, "/proc/self/mountinfo", 1 << 24, &text, NULL, &err) == 0);
	if (mounts_compare(ops, count, text, &err) < 0) {
		print_message("%s: %s\n%s", err.object, err.cause, text);
		_exit(1);
	}
}

static void body_every_kind(const struct tree *tree)
{
	static char large[5 << 20];
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), number = -1;
	char pts[32], byte = 0;
	struct stat host, here;

	memset(large, 'x', sizeof large - 1);
	CHECK(master >= 0 && ioctl(master, TIOCGPTN, &number) == 0 && unlockpt(master) == 0);
	CHECK(text_format(pts, sizeof pts, "/dev/pts/%d", number) > 0 && stat(pts, &host) == 0);
	const struct mount_op ops[] = {
		{ .kind = MOUNT_ROOT, T("/"), .source = in(tree, "jail") },
		{ .kind = MOUNT_DIR, T("/dev"), .mode = 0755 },
		{ .kind = MOUNT_DIR, T("/proc"), .mode = 0755 },
		{ .kind = MOUNT_DIR, T("/sys"), .mode = 0755 },
		{ .kind = MOUNT_DIR, T("/made/here"), .mode = 0750, .uid = 7, .gid = 8 },
		{ .kind = MOUNT_TOUCH, T("/made/file"), .mode = 0640, .uid = 9, .gid = 10 },
		{ .kind = MOUNT_TOUCH, T("/etc/passwd"), .mode = 0600 },
		{ .kind = MOUNT_FREEZE, T("/"), .flags = MOUNT_DEEP },
		{ .kind = MOUNT_TMPFS, T("/dev"), .mode = 0755, .size = 65536 },
		{ .kind = MOUNT_DEVICE, T("/dev/null"), .source = (char *)"/dev/null", .rdev = makedev(1, 3),
			.flags = MOUNT_CREATE | MOUNT_RW },
		{ .kind = MOUNT_LINK, T("/dev/fd"), .text = (char *)"/proc/self/fd" },
		{ .kind = MOUNT_DEVPTS, T("/dev/pts"), .gid = 5, .flags = MOUNT_CREATE | MOUNT_RW },
		{ .kind = MOUNT_MQUEUE, T("/dev/mqueue"), .flags = MOUNT_CREATE | MOUNT_RW },
		{ .kind = MOUNT_PTY, T(pts), .source = pts, .flags = MOUNT_RW },
		{ .kind = MOUNT_FREEZE, T("/dev") },
		{ .kind = MOUNT_PROC, T("/proc"), .flags = MOUNT_RW },
		{ .kind = MOUNT_READONLY, T("/proc/sys"), .flags = MOUNT_NOEXEC },
		{ .kind = MOUNT_HIDE, T("/proc/none"), .flags = MOUNT_OPTIONAL },
		{ .kind = MOUNT_SYSFS, T("/sys") },
		{ .kind = MOUNT_TMPFS, T("/hidden"), .mode = 01777, .uid = 3, .gid = 4, .size = 16 << 20,
			.flags = MOUNT_RW | MOUNT_NOEXEC },
		{ .kind = MOUNT_BIND, T("/hidden/a/home"), .source = in(tree, "host/home"),
			.flags = MOUNT_RW | MOUNT_CREATE },
		{ .kind = MOUNT_BIND, T("/hidden/victim"), .source = in(tree, "host/victim"),
			.flags = MOUNT_CREATE },
		{ .kind = MOUNT_BIND, T("/hidden/gone"), .source = in(tree, "host/gone"),
			.flags = MOUNT_CREATE | MOUNT_OPTIONAL },
		{ .kind = MOUNT_HIDE, T("/frozen") },
		{ .kind = MOUNT_PUT, T("/etc/secret") },
		{ .kind = MOUNT_PUT, T("/etc/passwd"), .text = (char *)"ours", .mode = 0444, .uid = 1, .gid = 2 },
		{ .kind = MOUNT_PUT, T("/etc/deep/er/file"), .text = (char *)"deep", .mode = 0644 },
		{ .kind = MOUNT_PUT_DIR, T("/etc/place"), .mode = 0755 },
		{ .kind = MOUNT_LAYER, T("/etc") },
		{ .kind = MOUNT_BIND, T("/etc/place"), .source = in(tree, "host/home") },
		{ .kind = MOUNT_FILE, T("/hidden/large"), .text = large, .mode = 0644 },
	};

	builds(tree, ops, ARRAY_SIZE(ops));
	compares(ops, ARRAY_SIZE(ops));
	CHECK(has_flags("/", ST_RDONLY | ST_NOSUID | ST_NODEV, 0) && write_error("/") == EROFS);
	CHECK(is("/made/here", S_IFDIR | 0750, 7, 8) && is("/made/file", S_IFREG | 0640, 9, 10));
	CHECK(is("/dev", S_IFDIR | 0755, 0, 0) && write_error("/dev") == EROFS);
	CHECK(holds("/dev/null", "") && has_flags("/dev/null", ST_NOSUID | ST_NOEXEC, ST_NODEV | ST_RDONLY));
	CHECK(readlink("/dev/fd", large, 64) == 13);
	CHECK(access("/dev/pts/ptmx", R_OK | W_OK) == 0 && stat(pts, &here) == 0);
	CHECK(here.st_rdev == host.st_rdev && here.st_ino == host.st_ino && here.st_dev == host.st_dev);
	/* what is written to the host's master arrives under the name in here */
	number = open(pts, O_RDONLY | O_NOCTTY | O_CLOEXEC);
	CHECK(number >= 0 && write(master, "y\n", 2) == 2 && read(number, &byte, 1) == 1 && byte == 'y');
	CHECK(has_flags("/proc", ST_NOSUID | ST_NODEV | ST_NOEXEC, ST_RDONLY));
	CHECK(has_flags("/proc/sys", ST_RDONLY | ST_NOSUID | ST_NODEV | ST_NOEXEC, 0));
	CHECK(has_flags("/sys", ST_RDONLY | ST_NOSUID | ST_NODEV | ST_NOEXEC, 0));
	CHECK(is("/hidden", S_IFDIR | 01777, 3, 4) && write_error("/hidden") == 0);
	CHECK(has_flags("/hidden", ST_NOSUID | ST_NODEV | ST_NOEXEC, ST_RDONLY));
	CHECK(access("/hidden/file", F_OK) < 0 && access("/hidden/gone", F_OK) < 0);
	CHECK(holds("/hidden/a/home/file", "mine") && write_error("/hidden/a/home") == 0);
	CHECK(is("/hidden/a", S_IFDIR | 0755, 0, 0) && has_flags("/hidden/a/home", ST_NOSUID | ST_NODEV, ST_RDONLY));
	CHECK(holds("/hidden/victim", "untouched") && open("/hidden/victim", O_WRONLY) < 0 && errno == EROFS);
	CHECK(holds("/etc/secret", "") && is("/etc/secret", S_IFREG, 0, 0));
	CHECK(is("/frozen", S_IFDIR | 0555, 0, 0) && access("/frozen/file", F_OK) < 0);
	CHECK(write_error("/frozen") == EROFS);
	CHECK(holds("/etc/passwd", "ours") && is("/etc/passwd", S_IFREG | 0444, 1, 2));
	CHECK(open("/etc/passwd", O_WRONLY) < 0 && errno == EROFS && write_error("/etc") == EROFS);
	CHECK(holds("/etc/deep/er/file", "deep") && holds("/etc/place/file", "mine"));
	CHECK(has_flags("/etc", ST_RDONLY | ST_NOSUID | ST_NODEV, 0));
	/* as passwd and useradd replace a file; over a mount point this would have taken the mount away */
	close(openat(tree->fd, "jail/etc/newer", O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
	CHECK(renameat(tree->fd, "jail/etc/newer", tree->fd, "jail/etc/passwd") == 0);
	CHECK(holds("/etc/passwd", "ours") && holds("/etc/secret", ""));
	CHECK(stat("/hidden/large", &here) == 0 && here.st_size == sizeof large - 1);
	CHECK(getcwd(large, sizeof large) && strcmp(large, "/") == 0);
}

static void test_every_kind(void **state)
{
	inside(*state, body_every_kind);
	/* the tree on the host got the places and nothing else */
	assert_int_equal(faccessat(((struct tree *)*state)->fd, "jail/etc/secret", R_OK, 0), 0);
}

static void body_host_view(const struct tree *tree)
{
	const struct mount_op ops[] = {
		{ .kind = MOUNT_ROOT, T("/"), .source = (char *)"/" },
		{ .kind = MOUNT_DROP, T("/dev") },
		{ .kind = MOUNT_DROP, T("/proc") },
		{ .kind = MOUNT_DROP, T("/sys") },
		{ .kind = MOUNT_DROP, T("/no-such-directory") },
		{ .kind = MOUNT_FREEZE, T("/"), .flags = MOUNT_DEEP },
		{ .kind = MOUNT_PROC, T("/proc"), .flags = MOUNT_RW },
	};
	own_text char *text = NULL;
	own_fd int root = -1;

	/* two on one another, and one below */
	CHECK(mount("none", "/sys", "tmpfs", 0, "") == 0 && mkdir("/sys/below", 0755) == 0);
	CHECK(mount("none", "/sys/below", "tmpfs", 0, "") == 0);
	builds(tree, ops, ARRAY_SIZE(ops));
	root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	CHECK(tree_read_file(root, "/proc/self/mountinfo", 1 << 24, &text, NULL, NULL) == 0);
	CHECK(!strstr(text, " /sys ") && !strstr(text, " /sys/"));
	CHECK(!strstr(text, " /dev ") && !strstr(text, " /dev/pts "));
	compares(ops, ARRAY_SIZE(ops));
	CHECK(write_error(tree->path) == EROFS);
}

static void test_host_view(void **state)
{
	inside(*state, body_host_view);
}

static void body_wrong_devices(const struct tree *tree)
{
	struct mount_op ops[] = {
		{ .kind = MOUNT_ROOT, T("/"), .source = in(tree, "jail") },
		{ .kind = MOUNT_DEVICE, T("/etc/passwd"), .source = (char *)"/dev/zero", .rdev = makedev(1, 3) },
	};

	refuses(tree, ops, 2, "/dev/zero", 0);
	ops[1].source = in(tree, "host/victim");
	refuses(tree, ops, 2, "host/victim", 0);
	ops[1] = (struct mount_op){ .kind = MOUNT_PTY, T("/etc/passwd"), .source = (char *)"/dev/null" };
	refuses(tree, ops, 2, "/dev/null", 0);
	ops[1] = (struct mount_op){ .kind = MOUNT_TMPFS, T("/etc/passwd") };
	refuses(tree, ops, 2, "/etc/passwd", EINVAL);
	ops[1] = (struct mount_op){ .kind = MOUNT_BIND, T("/etc/none"), .source = in(tree, "host/home") };
	refuses(tree, ops, 2, "/etc/none", ENOENT);
	ops[1] = (struct mount_op){ .kind = MOUNT_BIND, T("/etc"), .source = in(tree, "host/none") };
	refuses(tree, ops, 2, "host/none", ENOENT);
	ops[0].source = in(tree, "none");
	refuses(tree, ops, 2, "none", ENOENT);
}

static void test_what_is_refused(void **state)
{
	inside(*state, body_wrong_devices);
}

static void body_hostile(const struct tree *tree)
{
	struct mount_op ops[] = {
		{ .kind = MOUNT_ROOT, T("/"), .source = in(tree, "jail") },
		{ .kind = MOUNT_PROC, T("/proc"), .flags = MOUNT_RW },
	};

	/* a link of root's is followed, and ends inside the tree whatever it says */
	refuses(tree, ops, 2, "/proc", ENOENT);
	CHECK(symlinkat("/etc", tree->fd, "jail/proc") == 0);
	CHECK(fchownat(tree->fd, "jail/proc", SOMEBODY, SOMEBODY, AT_SYMLINK_NOFOLLOW) == 0);
	refuses(tree, ops, 2, "/proc", ELOOP);
	CHECK(symlinkat(in(tree, "host/home/stolen"), tree->fd, "jail/etc/new") == 0);
	ops[1] = (struct mount_op){ .kind = MOUNT_TOUCH, T("/etc/new"), .mode = 0644 };
	CHECK(fchownat(tree->fd, "jail/etc", SOMEBODY, SOMEBODY, 0) == 0);
	refuses(tree, ops, 2, "/etc/new", ELOOP);
	ops[1] = (struct mount_op){ .kind = MOUNT_FILE, T("/etc/new"), .text = (char *)"" };
	refuses(tree, ops, 2, "/etc/new", EEXIST);
	ops[1] = (struct mount_op){ .kind = MOUNT_DIR, T("/etc/new/x"), .mode = 0755 };
	refuses(tree, ops, 2, "/etc/new", ELOOP);
	ops[1] = (struct mount_op){ .kind = MOUNT_HIDE, T("/etc/new") };
	refuses(tree, ops, 2, "/etc/new", ELOOP);
	ops[1] = (struct mount_op){ .kind = MOUNT_LINK, T("/etc/new/x"), .text = (char *)"x" };
	refuses(tree, ops, 2, "/etc/new", ELOOP);
	ops[1] = (struct mount_op){ .kind = MOUNT_LINK, T("/etc/new"), .text = (char *)"x" };
	refuses(tree, ops, 2, "/etc/new", EEXIST);
	CHECK(faccessat(tree->fd, "host/home/stolen", F_OK, AT_SYMLINK_NOFOLLOW) < 0);
}

static void test_hostile_tree(void **state)
{
	inside(*state, body_hostile);
}

static void body_outward_link(const struct tree *tree)
{
	const struct mount_op ops[] = {
		{ .kind = MOUNT_ROOT, T("/"), .source = in(tree, "jail") },
		{ .kind = MOUNT_PUT, T("/etc/out"), .text = (char *)"ours", .mode = 0644 },
		{ .kind = MOUNT_PUT, T("/etc/fifo"), .text = (char *)"a file", .mode = 0644 },
		{ .kind = MOUNT_LAYER, T("/etc") },
		{ .kind = MOUNT_HIDE, T("/etc/fifo2") },
	};

	CHECK(symlinkat(in(tree, "host/victim"), tree->fd, "jail/etc/out") == 0);
	CHECK(mkfifoat(tree->fd, "jail/etc/fifo", 0666) == 0 && mkfifoat(tree->fd, "jail/etc/fifo2", 0666) == 0);
	builds(tree, ops, ARRAY_SIZE(ops));
	CHECK(holds("/etc/out", "ours"));
	CHECK(holds("/etc/fifo", "a file") && holds("/etc/fifo2", ""));
}

/* A link of root's out of the tree, and FIFOs in the places of files: nothing outside changes, nothing hangs. */
static void test_outward_link_and_fifo(void **state)
{
	inside(*state, body_outward_link);
}

static void body_late_mounts(const struct tree *tree)
{
	const struct mount_op ops[] = {
		{ .kind = MOUNT_ROOT, T("/"), .source = in(tree, "jail") },
		{ .kind = MOUNT_BIND, T("/frozen"), .source = in(tree, "host"), .flags = MOUNT_RW },
	};
	int status, ready[2], go[2];
	struct error err;
	char byte;
	pid_t pid;

	/* this namespace plays the host, whose mounts are shared as systemd leaves them */
	CHECK(mount("none", "/", NULL, MS_REC | MS_SHARED, NULL) == 0);
	CHECK(pipe(ready) == 0 && pipe(go) == 0);
	pid = fork();
	if (pid == 0) {
		CHECK(unshare(CLONE_NEWNS) == 0 && mounts_private(&err) == 0);
		builds(tree, ops, ARRAY_SIZE(ops));
		CHECK(write(ready[1], "r", 1) == 1 && read(go[0], &byte, 1) == 1);
		CHECK(access("/frozen/home/file", F_OK) == 0 && access("/frozen/home/late", F_OK) < 0);
		_exit(0);
	}
	CHECK(pid > 0 && read(ready[0], &byte, 1) == 1);
	/* nothing went out … */
	CHECK(access(in(tree, "jail/frozen/victim"), F_OK) < 0);
	CHECK(access(in(tree, "jail/frozen/file"), F_OK) == 0);
	/* … and nothing comes in */
	CHECK(mount("none", in(tree, "host/home"), "tmpfs", 0, "") == 0);
	CHECK(mkdir(in(tree, "host/home/late"), 0755) == 0);
	CHECK(write(go[1], "g", 1) == 1);
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
}

static void test_late_mounts(void **state)
{
	inside(*state, body_late_mounts);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_every_kind),
		TEST(test_host_view),
		TEST(test_what_is_refused),
		TEST(test_hostile_tree),
		TEST(test_outward_link_and_fifo),
		TEST(test_late_mounts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
