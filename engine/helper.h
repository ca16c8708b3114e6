#pragma once
/*
 * helper: runs a small program under a deadline and collects what it writes, from inside a process
 * that belongs to somebody else (a PAM application).
 *
 * That process is as it was afterwards: no SIGCHLD reached it whatever its disposition, no child is
 * left for a wait(-1) of its own, its mask, handlers, fds, cwd and umask are untouched, and none of
 * its fds, signals ignored or environment reach the program. Knows nothing of what is run.
 */
#include <stddef.h>

#include "error.h"

/*
 * Runs argv[0] (an absolute path) with argv, an empty environment, / as its directory, a session of
 * its own, stdin and stderr on /dev/null and stdout collected into out, which gets a NUL after
 * *length bytes (at most size - 1 of them). Returns when it has ended and closed its stdout;
 * *status is as from waitpid(2). At the deadline it and what it started in its session's process
 * group are killed.
 *
 * 0, or -1 and err: num = ETIMEDOUT at the deadline, EMSGSIZE when it wrote more than fits, the
 * errno of execve(2) when it could not be started. *length and *status are untouched then, out may
 * hold a part.
 */
int helper_run(const char *const argv[], int timeout_ms, char *out, size_t size, size_t *length,
	int *status, struct error *err);
