#pragma once
/*
 * policy_paths: what the paths of writable, readonly, sockets and hide may be, and what they stand for.
 *
 * The same rules hold when the file is read and, for where a path leads on the host, at each login.
 */
#include <stdbool.h>
#include <stddef.h>

#include "error.h"
#include "subject.h"

/* Of two settings that name one path the later here holds. */
enum path_use { USE_MAIL, USE_WRITABLE, USE_READONLY, USE_SOCKETS, USE_HIDE };

/* Absolute, without empty, "." and ".." components and without a slash at the end; "/" is one, too. */
bool policy_path_is_normal(const char *path);

/*
 * May no session have this normal path for that use? Then why holds a clause that ends a sentence about the path:
 * "reaches the system bus", "holds /run/dbus, which reaches the system bus".
 */
bool policy_path_is_refused(enum path_use use, const char *path, char *why, size_t size);

/*
 * Fills in %u, %h (at the start alone), %g and %%. NULL and a normal path in buf, or a clause that ends a sentence about
 * the text.
 */
const char *policy_path_fill(
	const char *text, const char *user, const char *home, const char *group, char *buf, size_t size);

/* The same for one who logs in. 0, or -1 and err. */
int policy_path_expand(
	const char *text, const struct subject *subject, char *buf, size_t size, struct error *err);
