#pragma once
/* rlimits: rlimits of a session. Plain values in. */
#include <stdint.h>
#include <sys/resource.h>

#include "error.h"

struct limit {
	int resource; /* RLIMIT_… */
	rlim_t soft, hard;
};

/* "nofile" for RLIMIT_NOFILE, as in limits.conf(5); NULL for an unknown number. */
const char *limit_name(int resource);
/* The label of the row in /proc/PID/limits; NULL for an unknown number. */
const char *limit_proc_name(int resource);

/*
 * Sets them. A hard limit above the present one needs CAP_SYS_RESOURCE: without it, EPERM names the
 * limit, the value asked and the present one. 0, or -1 and err.
 */
int limits_apply(const struct limit *limits, size_t count, struct error *err);
/* Reads them back with getrlimit and compares. */
int limits_compare(const struct limit *limits, size_t count, struct error *err);
