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
#include "namespaces.h"
#include "policy.h"
#include "record.h"
#include "rlimits.h"
#include "state.h"
#include "subject.h"
#include "syscalls.h"
#include "tarot.h"

enum userns {
	USERNS_NONE,
	USERNS_FIRST, /* without root: made with the others, which belong to it */
	USERNS_LAST,  /* as root: made when everything stands, and nothing but ids belongs to it */
};

/* What a door starts by itself, inside. Ids as they are inside. */
struct program {
	uid_t uid;
	gid_t gid;
	const char *path; /* absolute, in the session's root */
	const char *const *argv, *const *environment;
	int terminal; /* fd of the controlling terminal, in whose foreground it is to run; -1: none */
};

struct plan {
	char name[TAROT_NAME]; /* hostname, control group, state directory, log field */
	char label[480];       /* "user=alice uid=1000 service=sshd rhost=192.0.2.1", escaped, for the records */
	struct record record; /* for the host's utmp, wtmp and lastlog; the process is set when it is known */

	unsigned slots;      /* set-ups at the same time on this host; 0: as many as come */
	int slot_wait;       /* ms to wait for one */

	bool privileged;     /* the builder becomes root in full */
	struct state_root state_root;
	uint64_t namespaces; /* CLONE_NEW… */
	enum userns userns;
	struct id_maps uids, gids;    /* of the user namespace */
	bool deny_setgroups;          /* nobody in it can leave a group */
	char *newuidmap, *newgidmap;  /* the host's programs that write the maps; owned, or NULL: they need none */
	bool userns_left_out; /* under user_namespace = try: this host makes none */
	bool loopback;       /* bring lo up in the session's own network namespace */
	char *pasta;         /* the program that connects it, on the host; owned, or NULL: nothing does */
	bool pasta_dns;      /* it answers for the host's resolver */

	char *root;  /* "/" or the tree; owned */
	char *kept;  /* directory in which what is written over the tree is kept; owned, or NULL */
	char *shell; /* what has to be startable in a tree that is not the host's: of the subject; owned, or NULL */
	struct mount_op *mounts;
	size_t mount_count;

	uint64_t memory;           /* bytes the session may use; 0: not limited */
	struct cgroup_plan cgroup; /* dir_count 0: none */
	char limits_left_out[128]; /* under limits = try: the settings this host cannot give */

	struct limit rlimits[RLIMITS];
	size_t rlimit_count;
	struct caps_plan caps; /* of the process that joins (a PAM application's): see caps.h */
	bool new_keyring; /* the joining process gets an empty session keyring */
	bool no_new_privs;
	const struct syscalls_profile *seccomp;

	gid_t *lost_groups; /* supplementary groups the joining process gives up; owned */
	size_t lost_group_count;
	bool own_names; /* look-ups after the joining only in the session's own passwd and group */

	struct program program; /* borrowed; path NULL: the process that joins is a PAM application */
	struct caps_plan program_caps;
};

/*
 * name: the card that was reserved for the session. 0 and *out owned, or -1 and err. A limit that this host
 * cannot give, a primary group that opens the host, a user namespace at the PAM door: refused here.
 */
int plan_make(const struct policy *policy, const struct subject *subject, const struct host *host,
	const char *name, struct plan *out, struct error *err);

/*
 * The same for a door that starts a program itself. The program is borrowed for as long as the plan. With a user
 * namespace as root, ids from 0 to 1999 are those from 10000 on outside; without root the program's id is the
 * caller's, and others are as user_map says (plan_ids.h). Refused: an id that is not in the map, a required user namespace that this host does not make.
 */
int plan_make_program(const struct policy *policy, const struct subject *subject, const struct host *host,
	const char *name, const struct program *program, struct plan *out, struct error *err);
void plan_free(struct plan *plan);
