#pragma once
/* Bodies of tests that change what does not come back: each in a child. Include after cmocka.h. */
#include <sys/wait.h>
#include <unistd.h>

/* In a body: the line that failed is its result. */
#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition))                                                                  \
			return __LINE__ % 256;                                                     \
	} while (0)

/* 0 is success, else the line that failed. */
static inline int in_child(int (*body)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(body());
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}
