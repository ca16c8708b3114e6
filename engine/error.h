#pragma once
/*
 * error: one failure, told so that an administrator can act on it.
 *
 * Plain data of fixed size, no pointers: the same bytes travel through a pipe from the process that
 * failed to the one that reports. Knows nothing of syslog or terminals; who prints is the caller.
 */
#include <stddef.h>

struct error {
	int num;          /* errno of the cause, 0 where no system call failed */
	char step[24];    /* the step of engine/session.c, stamped by its runner; may be empty */
	char object[224]; /* what it happened to: a path, a user, a key */
	char cause[256];  /* what was attempted or expected, in words */
	char hint[224];   /* the next thing to do; may be empty */
};

/*
 * Fills *err and returns -1, so that a leaf fails in one line: return fail(err, errno, path, "cannot open");
 * object may be NULL. err may be NULL where the caller does not care. Fails once: a second call
 * overwrites. errno is preserved. Not allocating: safe between fork and exec.
 */
int fail(struct error *err, int num, const char *object, const char *format, ...)
	__attribute__((format(printf, 4, 5), cold));

/* Adds the next thing to do; returns -1, so that it can end a failing path. */
int error_hint(struct error *err, const char *format, ...)
	__attribute__((format(printf, 2, 3), cold));

/* Stamps the step's name unless an inner one did already. */
void error_step(struct error *err, const char *step);

/*
 * "step: object: cause: strerror (hint: …)" with control characters escaped, for a log line or a
 * terminal alike. Parts that are empty are left out. Always terminates; a text that does not fit is
 * cut at the end.
 */
void error_format(const struct error *err, char *buf, size_t size);
