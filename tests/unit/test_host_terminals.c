/* host_terminals: the ptys that this process holds, by either end. */
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/sysmacros.h>
#include <termios.h>

#include "host_terminals.h"
#include "own.h"
#include "tree_fixture.h"
#include "child_fixture.h" /* after cmocka.h */

static size_t count_of(const struct host *host, unsigned number)
{
	size_t count = 0;

	for (size_t i = 0; i < host->pty_count; i++)
		count += host->ptys[i] == number;
	return count;
}

/* A pty of this machine; skips where it has none. */
static int open_pty(unsigned *number, int *slave)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	struct stat info;

	if (master < 0 || unlockpt(master) < 0 ||
		(*slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC)) < 0) {
		print_message("skipped: no pty can be made here\n");
		skip();
	}
	assert_int_equal(fstat(*slave, &info), 0);
	*number = minor(info.st_rdev);
	return master;
}

static void test_each_end_is_found_once(void **state)
{
	own_fd int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct host before = { 0 }, host = { 0 };
	unsigned number;
	int slave, master;

	(void)state;
	host_terminals_held(root, "/proc/self/fd", &before);
	master = open_pty(&number, &slave);
	host_terminals_held(root, "/proc/self/fd", &host);
	assert_int_equal(count_of(&host, number), before.pty_count == HOST_PTYS ? 0 : 1);
	close(slave);
	host = (struct host){ 0 };
	host_terminals_held(root, "/proc/self/fd", &host);
	assert_int_equal(count_of(&host, number), before.pty_count == HOST_PTYS ? 0 : 1);
	/* the one that the application named is there already */
	host = (struct host){ .terminal = (char[]){ "/dev/pts/x" },
		.terminal_device = makedev(136, number) };
	host_terminals_held(root, "/proc/self/fd", &host);
	assert_int_equal(count_of(&host, number), 0);
	close(master);
	host = (struct host){ 0 };
	host_terminals_held(root, "/proc/self/fd", &host);
	assert_int_equal(count_of(&host, number), 0);
}

static void test_no_more_than_there_is_room_for(void **state)
{
	own_fd int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int masters[HOST_PTYS + 2], slaves[HOST_PTYS + 2];
	struct host host = { 0 };
	unsigned number;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(masters); i++)
		masters[i] = open_pty(&number, &slaves[i]);
	host_terminals_held(root, "/proc/self/fd", &host);
	assert_int_equal(host.pty_count, HOST_PTYS);
	for (size_t i = 0; i < ARRAY_SIZE(masters); i++) {
		close(masters[i]);
		close(slaves[i]);
	}
}

/* What the host has under the name is another file than the one that is held. */
static void test_none_of_another_devpts(void **state)
{
	struct tree *tree = *state;
	struct host host = { 0 };
	unsigned number;
	int slave, master = open_pty(&number, &slave);
	char path[32];

	host_terminals_held(tree->fd, "/proc/self/fd", &host);
	assert_int_equal(host.pty_count, 0);
	assert_true(text_format(path, sizeof path, "dev/pts/%u", number) > 0);
	tree_put_text(tree, path, "");
	host_terminals_held(tree->fd, "/proc/self/fd", &host);
	host_terminals_held(tree->fd, "/nonexistent", &host);
	assert_int_equal(host.pty_count, 0);
	close(master);
	close(slave);
}

enum { NO_DEVPTS_HERE = 77 };

static struct {
	int master, slave;
	unsigned number;
} of_host; /* a pty of the host's devpts, which the parent holds and the child does not */

/* A master of another devpts, and of one whose number the host has, too. */
static int held_of_another(void)
{
	own_fd int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct host host = { 0 };
	unsigned number;
	int unlock = 0;

	close(of_host.master);
	close(of_host.slave);
	/* as root, or where anybody may be it in a namespace */
	if ((unshare(CLONE_NEWNS) < 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0) ||
		mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		mount("devpts", "/mnt", "devpts", 0, "newinstance,ptmxmode=0666") < 0)
		return NO_DEVPTS_HERE;
	do {
		/* each stays open, so that the next has the next number */
		int master = open("/mnt/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);

		CHECK(master >= 0 && ioctl(master, TIOCSPTLCK, &unlock) == 0 &&
			ioctl(master, TIOCGPTN, &number) == 0);
	} while (number < of_host.number);
	CHECK(number == of_host.number);
	host_terminals_held(root, "/proc/self/fd", &host);
	CHECK(count_of(&host, number) == 0);
	return 0;
}

static void test_no_master_of_another_devpts(void **state)
{
	int result;

	(void)state;
	of_host.master = open_pty(&of_host.number, &of_host.slave);
	result = in_child(held_of_another);
	close(of_host.master);
	close(of_host.slave);
	if (result == NO_DEVPTS_HERE) {
		print_message("skipped: no devpts can be mounted here\n");
		skip();
	}
	assert_int_equal(result, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_end_is_found_once),
		cmocka_unit_test(test_no_more_than_there_is_room_for),
		cmocka_unit_test_setup_teardown(
			test_none_of_another_devpts, tree_setup, tree_teardown),
		cmocka_unit_test(test_no_master_of_another_devpts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
