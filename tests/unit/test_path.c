/* path: where paths lead in trees that somebody else may have prepared. */
#include <errno.h>
#include <fcntl.h>
#include <linux/limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "own.h"
#include "path.h"
#include "text.h"

#include "tree_fixture.h" /* last: cmocka.h defines fail() as a macro */

enum { SOMEBODY = 12345 };

static void make_dir(const struct tree *tree, const char *path, mode_t mode, uid_t owner)
{
	assert_int_equal(mkdirat(tree->fd, path, 0755), 0);
	assert_int_equal(fchmodat(tree->fd, path, mode, 0), 0);
	if (owner)
		assert_int_equal(fchownat(tree->fd, path, owner, owner, 0), 0);
}

static void make_link(const struct tree *tree, const char *path, const char *target)
{
	assert_int_equal(symlinkat(target, tree->fd, path), 0);
}

static void needs_root(void)
{
	if (geteuid() != 0) {
		print_message("skipped: giving files to other users needs root\n");
		skip();
	}
}

/* A tree with a/b/f in it. */
static int setup(void **state)
{
	int result = tree_setup(state);

	(void)umask(022);
	if (result == 0)
		tree_put_text(*state, "a/b/f", "text");
	return result;
}

/* Both calls lead there, and say so. */
static void leads_to(const struct tree *tree, const char *path, const char *expected)
{
	struct stat got, want;
	struct error err;
	char real[PATH_MAX];
	own_fd int fd = path_open(tree->fd, path, PATH_MUST_EXIST, 0, &err);

	if (fd < 0)
		fail_msg("%s: %s %s", path, err.object, err.cause);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_true(fcntl(fd, F_GETFL) & O_PATH);
	assert_int_equal(fstat(fd, &got), 0);
	assert_int_equal(
		fstatat(tree->fd, expected[1] ? expected + 1 : ".", &want, AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(got.st_ino, want.st_ino);
	assert_int_equal(got.st_dev, want.st_dev);
	assert_int_equal(path_resolve(tree->fd, path, real, sizeof real, &err), 0);
	assert_string_equal(real, expected);
}

/* Both calls refuse, with this errno, and leave no fd and no text. */
static void refuses(const struct tree *tree, const char *path, int num)
{
	struct error err = { 0 };
	char real[PATH_MAX] = "untouched";
	int next = dup(tree->fd);

	close(next);
	if (path_open(tree->fd, path, PATH_MUST_EXIST, 0, &err) >= 0)
		fail_msg("%.100s was opened", path);
	assert_int_equal(err.num, num);
	assert_true(err.cause[0]);
	assert_int_equal(path_resolve(tree->fd, path, real, sizeof real, &err), -1);
	assert_int_equal(err.num, num);
	assert_string_equal(real, "untouched");
	assert_int_equal(dup(tree->fd), next);
	close(next);
}

static void test_plain_paths(void **state)
{
	const struct tree *tree = *state;

	leads_to(tree, "/a/b/f", "/a/b/f");
	leads_to(tree, "a/b", "/a/b");
	leads_to(tree, "//a///b/", "/a/b");
	leads_to(tree, "/a/./b/.", "/a/b");
	leads_to(tree, "/", "/");
	leads_to(tree, "", "/");
	leads_to(tree, ".", "/");
	refuses(tree, "/a/x", ENOENT);
	refuses(tree, "/x/b", ENOENT);
	refuses(tree, "/a/b/f/x", ENOTDIR);
}

static void test_dots_stay_inside(void **state)
{
	const struct tree *tree = *state;

	leads_to(tree, "..", "/");
	leads_to(tree, "/../../../../../../a", "/a");
	leads_to(tree, "/a/../../../a/b/../b", "/a/b");
	leads_to(tree, "/a/b/../../..", "/");
	refuses(tree, "/../etc/passwd", ENOENT);
}

static void test_roots_links_are_followed(void **state)
{
	const struct tree *tree = *state;

	needs_root();
	make_link(tree, "relative", "a/b");
	make_link(tree, "absolute", "/a/b");
	make_link(tree, "up", "../../../../../a");
	make_link(tree, "a/sideways", "../a/b/../b");
	make_link(tree, "chain", "absolute/../../relative");
	make_link(tree, "self", ".");
	make_link(tree, "top", "/");
	make_link(tree, "dangling", "/a/none");
	leads_to(tree, "/relative", "/a/b");
	leads_to(tree, "/relative/f", "/a/b/f");
	leads_to(tree, "/absolute/f", "/a/b/f");
	leads_to(tree, "/up/b", "/a/b");
	leads_to(tree, "/a/sideways/f", "/a/b/f");
	leads_to(tree, "/chain/f", "/a/b/f");
	leads_to(tree, "/self/self/a", "/a");
	leads_to(tree, "/top/top/../top/a", "/a");
	/* ".." after a link goes up from where the link led */
	leads_to(tree, "/relative/..", "/a");
	refuses(tree, "/dangling", ENOENT);
	refuses(tree, "/relative/f/x", ENOTDIR);
}

static void test_an_absolute_link_starts_at_this_root(void **state)
{
	const struct tree *tree = *state;

	needs_root();
	tree_put_text(tree, "etc/passwd", "the tree's");
	make_link(tree, "p", "/etc/passwd");
	make_link(tree, "q", "../../../../../../../../etc/passwd");
	leads_to(tree, "/p", "/etc/passwd");
	leads_to(tree, "/q", "/etc/passwd");
}

static void test_others_links_are_refused(void **state)
{
	const struct tree *tree = *state;

	needs_root();
	make_dir(tree, "group", 0775, 0);
	make_dir(tree, "sticky", 01777, 0);
	make_dir(tree, "theirs", 0755, SOMEBODY);
	make_dir(tree, "theirs/roots", 0755, 0);
	make_dir(tree, "good", 0755, 0);
	make_link(tree, "group/l", "/a");
	make_link(tree, "sticky/l", "/a");
	make_link(tree, "theirs/l", "/a");
	make_link(tree, "theirs/roots/l", "/a");
	make_link(tree, "good/l", "/a");
	make_link(tree, "good/to-theirs", "/theirs/l");
	make_link(tree, "good/to-theirs-directory", "/theirs");
	make_link(tree, "link-of-theirs", "/a");
	assert_int_equal(fchownat(tree->fd, "link-of-theirs", SOMEBODY, 0, AT_SYMLINK_NOFOLLOW), 0);
	leads_to(tree, "/good/l", "/a");
	refuses(tree, "/group/l", ELOOP);
	refuses(tree, "/group/l/b", ELOOP);
	refuses(tree, "/sticky/l/b", ELOOP);
	refuses(tree, "/theirs/l/b", ELOOP);
	refuses(tree, "/theirs/roots/l", ELOOP);
	refuses(tree, "/good/to-theirs", ELOOP);
	refuses(tree, "/link-of-theirs/b", ELOOP);
	refuses(tree, "/good/../theirs/../theirs/l", ELOOP);
	/* what is no link is there, whoever owns it, and a trusted link may lead there */
	leads_to(tree, "/theirs/roots", "/theirs/roots");
	leads_to(tree, "/good/to-theirs-directory/roots", "/theirs/roots");
	refuses(tree, "/good/to-theirs-directory/l", ELOOP);
}

/* Without root's rights nothing is root's: no link at all. */
static void test_own_links_are_not_roots(void **state)
{
	const struct tree *tree = *state;

	if (geteuid() == 0) {
		assert_int_equal(fchown(tree->fd, SOMEBODY, SOMEBODY), 0);
		make_link(tree, "l", "a");
		refuses(tree, "/l", ELOOP);
		/* the directory at the top counts as well */
		assert_int_equal(fchown(tree->fd, 0, 0), 0);
		leads_to(tree, "/l", "/a");
		assert_int_equal(fchmod(tree->fd, 0770), 0);
	} else {
		make_link(tree, "l", "a");
	}
	refuses(tree, "/l", ELOOP);
	refuses(tree, "/l/b", ELOOP);
}

static void test_loops_end(void **state)
{
	const struct tree *tree = *state;
	char name[16], target[16];

	needs_root();
	make_link(tree, "me", "me");
	make_link(tree, "ping", "pong/x");
	make_link(tree, "pong", "ping/x");
	refuses(tree, "/me", ELOOP);
	refuses(tree, "/ping", ELOOP);
	make_link(tree, "c0", "a");
	for (int i = 1; i <= 40; i++) {
		(void)snprintf(name, sizeof name, "c%d", i);
		(void)snprintf(target, sizeof target, "c%d", i - 1);
		make_link(tree, name, target);
	}
	leads_to(tree, "/c39", "/a"); /* 40 links, as the kernel has it */
	refuses(tree, "/c40", ELOOP);
}

static void test_long_names(void **state)
{
	const struct tree *tree = *state;
	char path[2 * PATH_MAX], real[8];
	struct error err;

	memset(path, 'n', 255);
	strcpy(path + 255, "");
	refuses(tree, path, ENOENT);
	assert_int_equal(mkdirat(tree->fd, path, 0755), 0);
	real[0] = '/';
	assert_int_equal(path_resolve(tree->fd, path, real, sizeof real, &err), -1);
	assert_int_equal(err.num, ENAMETOOLONG);
	path[255] = 'n';
	path[256] = '\0';
	refuses(tree, path, ENAMETOOLONG);
	for (size_t i = 0; i + 2 < sizeof path; i += 2)
		memcpy(path + i, "./", 3);
	refuses(tree, path, ENAMETOOLONG);
	if (geteuid() != 0)
		return;
	/* a link whose target and the rest are together too long */
	path[4090] = '\0';
	make_link(tree, "dots", path);
	leads_to(tree, "/dots", "/");
	refuses(tree, "/dots/a/b/f/", ENAMETOOLONG);
}

static mode_t mode_of(const struct tree *tree, const char *path)
{
	struct stat info;

	assert_int_equal(fstatat(tree->fd, path, &info, AT_SYMLINK_NOFOLLOW), 0);
	return info.st_mode;
}

static void creates(const struct tree *tree, const char *path, enum path_create create, mode_t mode,
	const char *expected)
{
	struct error err;
	struct stat got, want;
	own_fd int fd = path_open(tree->fd, path, create, mode, &err);

	if (fd < 0)
		fail_msg("%s: %s %s %s", path, err.object, err.cause, strerror(err.num));
	assert_int_equal(fstat(fd, &got), 0);
	assert_int_equal(fstatat(tree->fd, expected, &want, AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(got.st_ino, want.st_ino);
}

static void test_creation(void **state)
{
	const struct tree *tree = *state;
	struct error err;

	creates(tree, "/x/y/z", PATH_CREATE_DIR, 0700, "x/y/z");
	assert_int_equal(mode_of(tree, "x/y/z"), S_IFDIR | 0700);
	assert_int_equal(mode_of(tree, "x/y"), S_IFDIR | 0755);
	creates(tree, "/p/q/file", PATH_CREATE_FILE, 0600, "p/q/file");
	assert_int_equal(mode_of(tree, "p/q/file"), S_IFREG | 0600);
	assert_int_equal(mode_of(tree, "p/q"), S_IFDIR | 0755);
	creates(tree, "top", PATH_CREATE_FILE, 0644, "top");
	/* what is there stays as it is */
	creates(tree, "/a/b/f", PATH_CREATE_FILE, 0600, "a/b/f");
	assert_int_equal(mode_of(tree, "a/b/f"), S_IFREG | 0755);
	creates(tree, "/x", PATH_CREATE_DIR, 0700, "x");
	assert_int_equal(mode_of(tree, "x"), S_IFDIR | 0755);
	/* never above the root, never below a file */
	creates(tree, "/../../new/../../../made", PATH_CREATE_DIR, 0755, "made");
	assert_int_equal(path_open(tree->fd, "/a/b/f/x", PATH_CREATE_DIR, 0755, &err), -1);
	assert_int_equal(err.num, ENOTDIR);
}

static void test_creation_and_links(void **state)
{
	const struct tree *tree = *state;
	struct error err;
	struct stat info;

	needs_root();
	make_link(tree, "roots", "/made/by/link");
	creates(tree, "/roots", PATH_CREATE_FILE, 0640, "made/by/link");
	assert_int_equal(mode_of(tree, "made/by/link"), S_IFREG | 0640);
	make_dir(tree, "theirs", 0777, SOMEBODY);
	make_link(tree, "theirs/l", "/stolen");
	make_link(tree, "theirs/d", "..");
	assert_int_equal(path_open(tree->fd, "/theirs/l", PATH_CREATE_FILE, 0644, &err), -1);
	assert_int_equal(err.num, ELOOP);
	assert_int_equal(path_open(tree->fd, "/theirs/l", PATH_CREATE_DIR, 0755, &err), -1);
	assert_int_equal(path_open(tree->fd, "/theirs/d/stolen", PATH_CREATE_DIR, 0755, &err), -1);
	assert_int_equal(fstatat(tree->fd, "stolen", &info, AT_SYMLINK_NOFOLLOW), -1);
}

/* Nothing is opened for reading or writing: a FIFO, a socket or a device cannot hang or notice. */
static void test_special_files(void **state)
{
	const struct tree *tree = *state;

	assert_int_equal(mkfifoat(tree->fd, "fifo", 0666), 0);
	(void)alarm(20);
	leads_to(tree, "/fifo", "/fifo");
	creates(tree, "/fifo", PATH_CREATE_FILE, 0644, "fifo");
	refuses(tree, "/fifo/x", ENOTDIR);
	(void)alarm(0);
}

/* Swaps a directory and a link for as long as it lives. */
static pid_t swap(const struct tree *tree, const char *a, const char *b)
{
	pid_t pid = fork();

	if (pid == 0) {
		alarm(60);
		for (;;)
			if (renameat2(tree->fd, a, tree->fd, b, RENAME_EXCHANGE) < 0)
				_exit(1);
	}
	assert_true(pid > 0);
	return pid;
}

/* An enemy that swaps what is looked at never makes it lead elsewhere. */
static void test_race(void **state)
{
	const struct tree *tree = *state;
	int opened = 0, refused = 0;
	ino_t inode;
	struct stat info;
	pid_t enemy;

	make_dir(tree, "theirs", 0777, geteuid() == 0 ? SOMEBODY : 0);
	make_dir(tree, "theirs/dir", 0755, 0);
	tree_put_text(tree, "theirs/dir/f", "harmless");
	make_link(tree, "theirs/link", "/a/b");
	assert_int_equal(fstatat(tree->fd, "theirs/dir/f", &info, 0), 0);
	inode = info.st_ino;
	enemy = swap(tree, "theirs/dir", "theirs/link");
	for (int i = 0; i < 20000; i++) {
		struct error err;
		own_fd int fd = path_open(tree->fd,
			i % 2 ? "/theirs/dir/f" : "/theirs/dir/../dir/f", PATH_MUST_EXIST, 0, &err);

		if (fd < 0) {
			assert_int_equal(err.num, ELOOP);
			refused++;
			continue;
		}
		assert_int_equal(fstat(fd, &info), 0);
		assert_int_equal(info.st_ino, inode);
		opened++;
	}
	assert_int_equal(kill(enemy, SIGKILL), 0);
	assert_int_equal(waitpid(enemy, NULL, 0), enemy);
	print_message("opened %d times, refused %d times\n", opened, refused);
	assert_true(opened > 0);
	assert_true(refused > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_plain_paths, setup, tree_teardown),
		cmocka_unit_test_setup_teardown(test_dots_stay_inside, setup, tree_teardown),
		cmocka_unit_test_setup_teardown(
			test_roots_links_are_followed, setup, tree_teardown),
		cmocka_unit_test_setup_teardown(
			test_an_absolute_link_starts_at_this_root, setup, tree_teardown),
		cmocka_unit_test_setup_teardown(
			test_others_links_are_refused, setup, tree_teardown),
		cmocka_unit_test_setup_teardown(test_own_links_are_not_roots, setup, tree_teardown),
		cmocka_unit_test_setup_teardown(test_loops_end, setup, tree_teardown),
		cmocka_unit_test_setup_teardown(test_long_names, setup, tree_teardown),
		cmocka_unit_test_setup_teardown(test_creation, setup, tree_teardown),
		cmocka_unit_test_setup_teardown(test_creation_and_links, setup, tree_teardown),
		cmocka_unit_test_setup_teardown(test_special_files, setup, tree_teardown),
		cmocka_unit_test_setup_teardown(test_race, setup, tree_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
