#pragma once
/* A child behind a profile's filter, and what it finds wrong there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "syscalls.h"
#include "syscalls_rules.h"
#include <cmocka.h> /* last: it defines fail() as a macro */

static unsigned bit_of(const struct syscalls_profile *profile)
{
	for (unsigned p = 0; p < SYSCALLS_RULE_PROFILES; p++) {
		if (strcmp(syscalls_rule_profiles[p], profile->name) == 0)
			return 1u << p;
	}
	return 0;
}

static const struct syscalls_profile *profile_named(const char *name)
{
	for (size_t i = 0; i < syscalls_profiles_count; i++) {
		if (strcmp(syscalls_profiles[i].name, name) == 0)
			return &syscalls_profiles[i];
	}
	return NULL;
}

/* Prints; one more failure of the child, whose exit status is their number. */
static int wrong(const struct syscalls_profile *profile, const char *what, long result, int num)
{
	fprintf(stderr, "%s: %s: gave %ld, %s\n", profile->name, what, result,
		result < 0 ? strerrorname_np(num) : "success");
	return 1;
}

/*
 * Runs body behind the profile's filter as an ordinary user: a hole in a filter must do no harm
 * here.
 */
static void behind(
	const struct syscalls_profile *profile, int (*body)(const struct syscalls_profile *profile))
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		struct error err = { 0 };

		if (geteuid() == 0 &&
			(setresgid(65534, 65534, 65534) < 0 || setresuid(65534, 65534, 65534) < 0))
			_exit(120);
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
			_exit(121);
		if (syscalls_load(profile, &err) < 0)
			_exit(122);
		_exit(body(profile));
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void behind_each(int (*body)(const struct syscalls_profile *profile))
{
	for (size_t i = 0; i < syscalls_profiles_count; i++) {
		if (syscalls_profiles[i].filter)
			behind(&syscalls_profiles[i], body);
	}
}

/* In a body with a profile and a count of failures: one more unless the condition holds. */
#define EXPECT(condition)                                                                          \
	do {                                                                                       \
		errno = 0;                                                                         \
		long result_ = (condition) ? 1 : 0;                                                \
		if (!result_)                                                                      \
			failures += wrong(profile, #condition, errno ? -1 : 0, errno);             \
	} while (0)
