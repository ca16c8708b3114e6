#pragma once
/*
 * plan: policy + subject + host → everything a session will be, with no decision left.
 *
 * Pure: never touches the kernel, so that it can be printed (contained explain) and tested without root.
 * Everything that can be refused before a process is made is refused here. Privileged and unprivileged
 * sessions differ in here, not in the code that carries it out.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "caps.h"
#include "cgroup.h"
#include "error.h"
#include "host.h"
#include "mounts.h"
#include "policy.h"
#include "rlimits.h"
#include "subject.h"
#include "syscalls.h"
#include "tarot.h"

struct plan {
	char name[TAROT_NAME]; /* hostname, control group, state directory, log field */
	char label[480];       /* "user=alice uid=1000 service=sshd rhost=192.0.2.1", escaped, for the records */

	unsigned slots;      /* set-ups at the same time on this host; 0: as many as come */
	int slot_wait;       /* ms to wait for one */

	bool privileged;     /* the builder becomes root in full */
	uint64_t namespaces; /* CLONE_NEW… */
	bool loopback;       /* bring lo up in the session's own network namespace */

	char *root;  /* "/" or the tree; owned */
	char *shell; /* of the subject: has to be startable in a tree that is not the host's; owned */
	struct mount_op *mounts;
	size_t mount_count;

	uint64_t memory;           /* bytes the session may use; 0: not limited */
	struct cgroup_plan cgroup; /* dir_count 0: none */
	char limits_left_out[128]; /* under limits = try: the settings this host cannot give */

	struct limit rlimits[RLIMITS];
	size_t rlimit_count;
	struct caps_plan caps; /* of the process that joins (a PAM application's): see caps.h */
	bool no_new_privs;
	const struct syscalls_profile *seccomp;

	gid_t *lost_groups; /* supplementary groups the joining process gives up; owned */
	size_t lost_group_count;
	bool own_names; /* look-ups after the joining only in the session's own passwd and group */
};

/*
 * name: the card that was reserved for the session. 0 and *out owned, or -1 and err. A limit that this host
 * cannot give, a primary group that opens the host, a user namespace at the PAM door: refused here.
 */
int plan_make(const struct policy *policy, const struct subject *subject, const struct host *host,
	const char *name, struct plan *out, struct error *err);
void plan_free(struct plan *plan);
