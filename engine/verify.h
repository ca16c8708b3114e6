#pragma once
/*
 * verify: reads back what is really in force and compares it with the plan; a difference refuses the login.
 *
 * After the switch the host's /proc, /sys and /run are out of reach, and the session process has no entry in
 * its new /proc. So files (never directories: from a kept /proc/self a child listed every process of the host)
 * are opened before, read after, and closed before the login goes on.
 */
#include "cgroup.h"
#include "error.h"
#include "namespaces.h"
#include "plan.h"

struct verify {
	int status;                 /* /proc/self/status */
	int cgroup;                 /* /proc/self/cgroup */
	int uids, gids, setgroups;  /* of PID 1's user namespace: /proc/PID/uid_map and so on; -1 without one */
	int links[NAMESPACE_LINKS]; /* the namespace links themselves, O_PATH */
	int limits[CGROUP_WRITES];
	char expected[NAMESPACE_LINKS][40]; /* what the links have to say: PID 1's, or this process's own */
};

void verify_init(struct verify *verify);

/* Before the switch. init_pidfd: of PID 1. 0, or -1; what was opened is closed by verify_close(). */
int verify_open(struct verify *verify, const struct plan *plan, int init_pidfd, struct error *err);

/* After the seal, inside. 0, or -1 naming the first difference. */
int verify_compare(const struct verify *verify, const struct plan *plan, struct error *err);

void verify_close(struct verify *verify);
