/* host_terminals: the ptys that this process holds, by either end. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/sysmacros.h>

#include "host_terminals.h"
#include "own.h"
#include "tree_fixture.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_end_is_found_once),
		cmocka_unit_test(test_no_more_than_there_is_room_for),
		cmocka_unit_test_setup_teardown(
			test_none_of_another_devpts, tree_setup, tree_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
