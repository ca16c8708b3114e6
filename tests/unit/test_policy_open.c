/* Which files are read at all. */
#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "policy_fixture.h"
#include "text.h"

static char directory[64], path[96];

static int make_directory(void **state)
{
	(void)state;
	(void)snprintf(directory, sizeof directory, "/tmp/contained-test.XXXXXX");
	if (!mkdtemp(directory))
		return -1;
	(void)snprintf(path, sizeof path, "%s/t.conf", directory);
	alarm(20); /* a FIFO that is opened for reading would wait for ever */
	return 0;
}

static int remove_directory(void **state)
{
	(void)state;
	(void)chmod(directory, 0700);
	(void)unlink(path);
	return rmdir(directory);
}

static void make_file(mode_t mode, off_t size)
{
	own_fd int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, size), 0);
	assert_int_equal(fchmod(fd, mode), 0);
}

static void is_opened(const char *name)
{
	struct error err;
	own_fd int fd = policy_open(name, &err);

	if (fd < 0)
		fail_msg("%s: %s", err.object, err.cause);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDONLY);
	assert_int_equal(fcntl(fd, F_GETFL) & O_PATH, 0);
}

static void is_refused(const char *name, int num, const char *cause)
{
	struct error err;

	assert_int_equal(policy_open(name, &err), -1);
	assert_string_equal(err.object, name);
	assert_string_equal(err.cause, cause);
	assert_int_equal(err.num, num);
	assert_int_equal(policy_open(name, NULL), -1);
}

static void ordinary_files(void **state)
{
	static const mode_t modes[] = { 0644, 0600, 0400, 0444 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		make_file(modes[i], 0);
		is_opened(path);
		assert_int_equal(unlink(path), 0);
	}
	make_file(0644, POLICY_FILE_MAX);
	is_opened(path);
}

static void relative_paths(void **state)
{
	own_fd int here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	make_file(0644, 0);
	assert_int_equal(chdir(directory), 0);
	is_opened("t.conf");
	is_opened("./t.conf");
	is_refused("u.conf", ENOENT, "cannot open the configuration");
	assert_int_equal(fchdir(here), 0);
}

static void missing(void **state)
{
	(void)state;
	is_refused(path, ENOENT, "cannot open the configuration");
}

static void fifo_does_not_hang(void **state)
{
	(void)state;
	assert_int_equal(mkfifo(path, 0644), 0);
	is_refused(path, 0, "is a FIFO (expected a regular file)");
}

static void directories_devices_sockets(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	own_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)state;
	is_refused(directory, 0, "is a directory (expected a regular file)");
	is_refused("/dev/null", 0, "is a device (expected a regular file)");
	(void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	is_refused(path, 0, "is not a regular file");
}

static void files_that_others_may_write(void **state)
{
	(void)state;
	make_file(0664, 0);
	is_refused(path, 0, "is writable by group or others (mode 0664)");
	make_file(0646, 0);
	is_refused(path, 0, "is writable by group or others (mode 0646)");
}

static void files_of_others(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip(); /* only root can make one */
	make_file(0644, 0);
	assert_int_equal(chown(path, 12345, 0), 0);
	is_refused(path, 0, "belongs to uid 12345 (expected root)");
	assert_int_equal(chown(path, 0, 12345), 0);
	is_opened(path);
	assert_int_equal(chown(directory, 12345, 0), 0);
	assert_int_equal(policy_open(path, NULL), -1);
	assert_int_equal(chown(directory, 0, 0), 0);
}

static void directories_that_others_may_write(void **state)
{
	char cause[160];

	(void)state;
	make_file(0644, 0);
	assert_int_equal(chmod(directory, 0775), 0);
	(void)snprintf(cause, sizeof cause,
		"others may exchange it: %s belongs to uid %u, mode 0775", directory, geteuid());
	is_refused(path, 0, cause);
	assert_int_equal(chmod(directory, 01777), 0); /* sticky, as /tmp is */
	is_opened(path);
}

static void links_that_others_could_have_placed(void **state)
{
	char target[96];
	struct error err;

	(void)state;
	(void)snprintf(target, sizeof target, "%s/real.conf", directory);
	make_file(0644, 0);
	assert_int_equal(rename(path, target), 0);
	assert_int_equal(symlink("real.conf", path), 0);
	is_opened(target);
	assert_int_equal(policy_open(path, &err), -1); /* below /tmp anybody may */
	assert_int_equal(err.num, ELOOP);
	assert_true(err.hint[0]);
	assert_int_equal(unlink(target), 0);
}

static void too_large(void **state)
{
	(void)state;
	make_file(0644, POLICY_FILE_MAX + 1);
	is_refused(path, 0, "is 65537 bytes long (expected at most 65536)");
}

#define IN_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, make_directory, remove_directory)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_DIRECTORY(ordinary_files),
		IN_DIRECTORY(relative_paths),
		IN_DIRECTORY(missing),
		IN_DIRECTORY(fifo_does_not_hang),
		IN_DIRECTORY(directories_devices_sockets),
		IN_DIRECTORY(files_that_others_may_write),
		IN_DIRECTORY(files_of_others),
		IN_DIRECTORY(directories_that_others_may_write),
		IN_DIRECTORY(links_that_others_could_have_placed),
		IN_DIRECTORY(too_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
