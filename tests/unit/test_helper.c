/* helper: a program runs under a deadline, and the process that asked is as it was. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "helper.h"
#include "own.h"

#include <cmocka.h> /* last: it defines fail() as a macro */

static volatile sig_atomic_t sigchld_count;

static void count_sigchld(int number)
{
	(void)number;
	sigchld_count++;
}

static int shell(const char *script, int timeout_ms, char *out, size_t size, size_t *length,
	int *status, struct error *err)
{
	const char *const argv[] = { "/bin/sh", "-c", script, NULL };

	return helper_run(argv, timeout_ms, out, size, length, status, err);
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int count = 0;

	assert_non_null(dir);
	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

/* No child is left, of whatever kind. */
static void assert_no_children(void)
{
	assert_int_equal(waitpid(-1, NULL, __WALL | WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void test_output(void **state)
{
	char out[64];
	size_t length = 0;
	int status = -1;
	struct error err;

	(void)state;
	assert_int_equal(
		shell("echo hello; exit 3", 10000, out, sizeof out, &length, &status, &err), 0);
	assert_string_equal(out, "hello\n");
	assert_int_equal(length, 6);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 3);
	assert_int_equal(shell("kill -TERM $$", 10000, out, sizeof out, &length, &status, &err), 0);
	assert_int_equal(length, 0);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGTERM);
	assert_no_children();
}

/* The same with each disposition a host may have: nothing reaches it, and the result is the same. */
static void try_dispositions(const char *script, int timeout_ms, int expected_num)
{
	struct sigaction old, after;
	struct sigaction actions[4] = {
		{ .sa_handler = count_sigchld },
		{ .sa_handler = SIG_IGN },
		{ .sa_handler = SIG_DFL },
		{ .sa_handler = count_sigchld, .sa_flags = SA_NOCLDWAIT },
	};
	char out[64];

	for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
		size_t length = 0;
		int status = -1, result;
		sigset_t mask, pending;
		struct error err;

		sigchld_count = 0;
		sigaction(SIGCHLD, &actions[i], &old);
		errno = 4242;
		result = shell(script, timeout_ms, out, sizeof out, &length, &status, &err);
		if (expected_num) {
			assert_int_equal(result, -1);
			assert_int_equal(err.num, expected_num);
			assert_int_equal(status, -1);
		} else {
			assert_int_equal(result, 0);
			assert_string_equal(out, "hello\n");
			assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 7);
		}
		assert_int_equal(errno, 4242);
		sigaction(SIGCHLD, &old, &after);
		assert_ptr_equal(after.sa_handler, actions[i].sa_handler);
		assert_int_equal(sigchld_count, 0);
		sigpending(&pending);
		assert_false(sigismember(&pending, SIGCHLD));
		sigprocmask(SIG_BLOCK, NULL, &mask);
		assert_false(sigismember(&mask, SIGCHLD));
		assert_false(sigismember(&mask, SIGTERM));
		assert_no_children();
	}
}

static void test_sigchld_never_seen(void **state)
{
	(void)state;
	try_dispositions("echo hello; exit 7", 10000, 0);
	try_dispositions("sleep 100", 100, ETIMEDOUT);
}

/* Blocked signals stay blocked and pending, and the program starts with none blocked or ignored. */
static void test_signals_reset_for_the_program(void **state)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN }, old_pipe;
	sigset_t block, before, after;
	char out[256];
	size_t length;
	int status, result;
	struct error err;

	(void)state;
	sigaction(SIGPIPE, &ignore, &old_pipe);
	sigemptyset(&block);
	sigaddset(&block, SIGUSR1);
	sigprocmask(SIG_BLOCK, &block, &before);
	raise(SIGUSR1);
	result = shell("exec sed -n '/^Sig[BIC]/p' /proc/self/status", 10000, out, sizeof out, &length,
		&status, &err);
	sigpending(&after);
	/* before any assertion: one that fails leaves at once */
	sigaction(SIGUSR1, &ignore, NULL); /* drops the pending one */
	sigprocmask(SIG_SETMASK, &before, NULL);
	sigaction(SIGPIPE, &old_pipe, NULL);
	assert_int_equal(result, 0);
	assert_string_equal(out, "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n"
				 "SigCgt:\t0000000000000000\n");
	assert_true(sigismember(&after, SIGUSR1));
}

/* fds, environment and directory of the program; fds, directory and umask of the host. */
static void test_nothing_leaks(void **state)
{
	char out[512], cwd_before[256], cwd_after[256];
	int open_fd = open("/etc/passwd", O_RDONLY); /* not close-on-exec, on purpose */
	int fds = count_fds(), status;
	mode_t mask = umask(077);
	size_t length;
	struct error err;

	(void)state;
	assert_true(open_fd > 2);
	assert_non_null(getcwd(cwd_before, sizeof cwd_before));
	setenv("LEAK", "1", 1);
	assert_int_equal(shell("exec tr '\\0' '\\n' < /proc/self/environ", 10000, out, sizeof out,
				 &length, &status, &err),
		0);
	assert_null(strstr(out, "LEAK"));
	assert_int_equal(shell("pwd; readlink /proc/self/fd/0 /proc/self/fd/2; "
			       "n=3; while [ $n -lt 200 ]; do [ -e /proc/$$/fd/$n ] && echo $n; "
			       "n=$((n+1)); done",
				 10000, out, sizeof out, &length, &status, &err),
		0);
	assert_string_equal(out, "/\n/dev/null\n/dev/null\n");
	unsetenv("LEAK");
	assert_int_equal(umask(mask), 077);
	assert_non_null(getcwd(cwd_after, sizeof cwd_after));
	assert_string_equal(cwd_before, cwd_after);
	assert_int_equal(count_fds(), fds);
	assert_int_equal(fcntl(open_fd, F_GETFD), 0);
	close(open_fd);
}

static void test_hanging(void **state)
{
	static const char *const scripts[] = {
		"echo part; sleep 100",            /* holds its stdout */
		"exec >&-; sleep 100",             /* closes it and stays */
		"sleep 100 & exit 0",              /* leaves somebody with it */
		"trap '' TERM HUP INT; sleep 100", /* and will not listen */
	};
	char out[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(scripts); i++) {
		int64_t start = now_ms();
		size_t length = 77;
		int status = 78;
		struct error err;

		assert_int_equal(
			shell(scripts[i], 200, out, sizeof out, &length, &status, &err), -1);
		assert_int_equal(err.num, ETIMEDOUT);
		assert_string_equal(err.object, "/bin/sh");
		assert_int_equal(length, 77);
		assert_int_equal(status, 78);
		assert_true(now_ms() - start >= 199);
		assert_true(now_ms() - start < 5000);
		assert_no_children();
	}
}

/* What the program started in its group is gone with it. */
static void test_group_killed(void **state)
{
	char name[] = "/tmp/test_helper.XXXXXX", script[128], out[16];
	const struct timespec pause = { .tv_nsec = 20 * 1000 * 1000 };
	int fd = mkstemp(name), status, gone = 0;
	size_t length;
	pid_t child;
	struct error err;

	(void)state;
	assert_true(fd >= 0);
	(void)strcat(strcpy(script, "sleep 100 & echo $! >"), name);
	(void)strcat(script, "; wait");
	assert_int_equal(shell(script, 300, out, sizeof out, &length, &status, &err), -1);
	assert_int_equal(err.num, ETIMEDOUT);
	length = (size_t)read(fd, out, sizeof out - 1);
	out[length] = '\0';
	child = atoi(out);
	assert_true(child > 1);
	for (int i = 0; i < 100 && !gone; i++) {
		char path[64], stat_text[128] = "";
		int stat_fd;

		(void)strcat(strcat(strcpy(path, "/proc/"), strtok(out, "\n")), "/stat");
		stat_fd = open(path, O_RDONLY);
		if (stat_fd >= 0 && read(stat_fd, stat_text, sizeof stat_text - 1) < 0)
			stat_text[0] = '\0';
		close(stat_fd);
		gone = stat_fd < 0 || strstr(stat_text, ") Z ") || !stat_text[0];
		nanosleep(&pause, NULL);
	}
	assert_true(gone);
	close(fd);
	unlink(name);
}

static void test_overflow(void **state)
{
	char out[8];
	size_t length = 77;
	int status = 78;
	struct error err;

	(void)state;
	/* seven bytes and the NUL fit */
	assert_int_equal(
		shell("printf 1234567", 10000, out, sizeof out, &length, &status, &err), 0);
	assert_string_equal(out, "1234567");
	length = 77;
	status = 78;
	assert_int_equal(
		shell("printf 12345678", 10000, out, sizeof out, &length, &status, &err), -1);
	assert_int_equal(err.num, EMSGSIZE);
	assert_int_equal(length, 77);
	assert_int_equal(status, 78);
	assert_int_equal(shell("while :; do echo yyyyyyy; done", 10000, out, sizeof out, &length,
				 &status, &err),
		-1);
	assert_int_equal(err.num, EMSGSIZE);
	assert_no_children();
}

static void test_cannot_run(void **state)
{
	const char *const missing[] = { "/nonexistent/program", NULL };
	const char *const directory[] = { "/", NULL };
	const char *const relative[] = { "sh", NULL };
	char out[8];
	size_t length;
	int status;
	struct error err;

	(void)state;
	assert_int_equal(helper_run(missing, 10000, out, sizeof out, &length, &status, &err), -1);
	assert_int_equal(err.num, ENOENT);
	assert_string_equal(err.object, missing[0]);
	assert_int_equal(helper_run(directory, 10000, out, sizeof out, &length, &status, &err), -1);
	assert_int_equal(err.num, EACCES);
	assert_int_equal(helper_run(relative, 10000, out, sizeof out, &length, &status, &err), -1);
	assert_int_equal(err.num, EINVAL);
	assert_int_equal(helper_run(missing, 10000, out, 0, &length, &status, &err), -1);
	assert_int_equal(err.num, EINVAL);
	assert_no_children();
}

/* A host's other child is not touched, and its own end still arrives. */
static void test_other_children_left_alone(void **state)
{
	struct sigaction action = { .sa_handler = count_sigchld }, old;
	char out[64];
	size_t length;
	int status;
	struct error err;
	pid_t other;

	(void)state;
	sigaction(SIGCHLD, &action, &old);
	sigchld_count = 0;
	other = fork();
	if (other == 0) {
		usleep(100000);
		_exit(5);
	}
	assert_int_equal(
		shell("sleep 0.4; echo x", 10000, out, sizeof out, &length, &status, &err), 0);
	assert_int_equal(sigchld_count, 1); /* the other one's, delivered after the call */
	assert_int_equal(waitpid(other, &status, 0), other);
	assert_int_equal(WEXITSTATUS(status), 5);
	sigaction(SIGCHLD, &old, NULL);
}

/* With no fd to spare in the host it still runs: the keeper has a table of its own. */
static void test_host_out_of_fds(void **state)
{
	struct rlimit old, few;
	int fds[64], count = 0, status;
	char out[64];
	size_t length;
	struct error err;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	few = (struct rlimit){ .rlim_cur = ARRAY_SIZE(fds), .rlim_max = old.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	while ((fds[count] = dup(1)) >= 0)
		count++;
	assert_int_equal(errno, EMFILE);
	assert_int_equal(shell("echo x", 10000, out, sizeof out, &length, &status, &err), 0);
	assert_string_equal(out, "x\n");
	while (count > 0)
		close(fds[--count]);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_output),
		cmocka_unit_test(test_sigchld_never_seen),
		cmocka_unit_test(test_signals_reset_for_the_program),
		cmocka_unit_test(test_nothing_leaks),
		cmocka_unit_test(test_hanging),
		cmocka_unit_test(test_group_killed),
		cmocka_unit_test(test_overflow),
		cmocka_unit_test(test_cannot_run),
		cmocka_unit_test(test_other_children_left_alone),
		cmocka_unit_test(test_host_out_of_fds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
