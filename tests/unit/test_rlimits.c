#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rlimits.h"
#include <cmocka.h> /* last: it defines fail() as a macro */

/* Runs in a child, as limits cannot be raised again; 0 is success, else the line that failed. */
static int in_child(int (*body)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		/* root could raise what the tests expect to be final */
		if (geteuid() == 0 && setresuid(65534, 65534, 65534) < 0)
			_exit(255);
		_exit(body());
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition))                                                                  \
			return __LINE__ % 256;                                                     \
	} while (0)

static int lower_body(void)
{
	const struct limit limits[] = {
		{ RLIMIT_NOFILE, 60, 64 },
		{ RLIMIT_CORE, 1, 1 },
		{ RLIMIT_FSIZE, 4096, 1 << 20 },
	};
	struct error err = { 0 };
	struct rlimit now;

	CHECK(limits_compare(limits, 3, &err) == -1);
	CHECK(limits_apply(limits, 3, &err) == 0);
	CHECK(limits_compare(limits, 3, &err) == 0);
	CHECK(getrlimit(RLIMIT_NOFILE, &now) == 0 && now.rlim_cur == 60 && now.rlim_max == 64);
	CHECK(getrlimit(RLIMIT_CORE, &now) == 0 && now.rlim_cur == 1 && now.rlim_max == 1);
	/* 60 descriptors are open at most: the kernel holds it, too */
	for (int i = 0; i < 60; i++) {
		if (dup(STDERR_FILENO) < 0)
			return errno == EMFILE ? 0 : __LINE__ % 256;
	}
	return __LINE__ % 256;
}

static void lowering_works_and_binds(void **state)
{
	(void)state;
	assert_int_equal(in_child(lower_body), 0);
}

static int raise_body(void)
{
	const struct limit low = { RLIMIT_NOFILE, 60, 64 }, high = { RLIMIT_NOFILE, 65, 65 };
	struct error err = { 0 };

	CHECK(limits_apply(&low, 1, &err) == 0);
	CHECK(limits_apply(&high, 1, &err) == -1);
	CHECK(err.num == EPERM && strcmp(err.object, "nofile") == 0);
	CHECK(strstr(err.cause, "65:65") && strstr(err.cause, "60:64"));
	CHECK(strstr(err.hint, "CAP_SYS_RESOURCE") && strstr(err.hint, "64:64"));
	return limits_compare(&low, 1, &err) == 0 ? 0 : __LINE__ % 256;
}

static void raising_is_refused_with_both_values(void **state)
{
	(void)state;
	assert_int_equal(in_child(raise_body), 0);
}

static int soft_body(void)
{
	const struct limit wrong = { RLIMIT_CORE, 2, 1 };
	struct error err = { 0 };

	CHECK(limits_apply(&wrong, 1, &err) == -1);
	CHECK(err.num == EINVAL && strcmp(err.object, "core") == 0);
	return strstr(err.hint, "soft") ? 0 : __LINE__ % 256;
}

static void soft_above_hard_is_refused(void **state)
{
	(void)state;
	assert_int_equal(in_child(soft_body), 0);
}

static int difference_body(void)
{
	const struct limit set[] = { { RLIMIT_CORE, 1, 1 }, { RLIMIT_NOFILE, 60, 64 } };
	const struct limit want[] = { { RLIMIT_CORE, 1, 1 }, { RLIMIT_NOFILE, 60, RLIM_INFINITY } };
	struct error err = { 0 };

	CHECK(limits_apply(set, 2, &err) == 0);
	CHECK(limits_compare(want, 2, &err) == -1);
	CHECK(err.num == 0 && strcmp(err.object, "nofile") == 0);
	return strstr(err.cause, "60:unlimited") && strstr(err.cause, "60:64") ? 0 : __LINE__ % 256;
}

static void difference_names_limit_and_values(void **state)
{
	(void)state;
	assert_int_equal(in_child(difference_body), 0);
}

static void unknown_number_is_an_error(void **state)
{
	const struct limit unknown = { RLIM_NLIMITS, 1, 1 };
	struct error err = { 0 };

	(void)state;
	assert_null(limit_name(RLIM_NLIMITS));
	assert_null(limit_name(-1));
	assert_null(limit_proc_name(RLIM_NLIMITS));
	assert_null(limit_proc_name(-1));
	assert_int_equal(limits_apply(&unknown, 1, &err), -1);
	assert_int_equal(err.num, EINVAL);
	assert_int_equal(limits_compare(&unknown, 1, &err), -1);
	assert_int_equal(err.num, EINVAL);
}

static void names_are_the_kernels(void **state)
{
	char line[256];
	unsigned rows = 0;
	FILE *file = fopen("/proc/self/limits", "re");

	(void)state;
	assert_non_null(file);
	/* the rows come in the order of the numbers, below one line of headings */
	assert_non_null(fgets(line, sizeof line, file));
	for (; fgets(line, sizeof line, file); rows++) {
		const char *name = limit_proc_name((int)rows);

		assert_non_null(name);
		assert_int_equal(strncmp(line, name, strlen(name)), 0);
		assert_int_equal(line[strlen(name)], ' ');
		assert_non_null(limit_name((int)rows));
	}
	fclose(file);
	assert_int_equal(rows, RLIM_NLIMITS);
	assert_string_equal(limit_name(RLIMIT_NOFILE), "nofile");
	assert_string_equal(limit_name(RLIMIT_NPROC), "nproc");
	assert_string_equal(limit_name(RLIMIT_AS), "as");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lowering_works_and_binds),
		cmocka_unit_test(raising_is_refused_with_both_values),
		cmocka_unit_test(soft_above_hard_is_refused),
		cmocka_unit_test(difference_names_limit_and_values),
		cmocka_unit_test(unknown_number_is_an_error),
		cmocka_unit_test(names_are_the_kernels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
