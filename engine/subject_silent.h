#pragma once
/* subject_silent: which service of nsswitch.conf(5) does not answer. Part of the program contained-subject. */
#include <stddef.h>

/*
 * Asks each service that the file names for the groups of a user, the local ones aside, for a group that nobody has. The
 * name of the first that does not answer, into buf; "" where all do, and where a service is not installed at all: glibc
 * passes over it, and so does everybody else on that host. Later look-ups of the process use that last service alone.
 */
void subject_find_silent(const char *nsswitch, char *buf, size_t size);
