#pragma once
/* namespaces: what is done inside new ones beside mounts. Plain values in. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "error.h"

/* "mount, pid, ipc, …" for CLONE_NEW… flags, into buf. */
const char *namespaces_names(uint64_t flags, char *buf, size_t size);

/* Brings lo up in the calling process's network namespace (netdevice(7)). */
int namespaces_loopback_up(struct error *err);
int namespaces_set_hostname(const char *name, struct error *err);
/* The cgroup namespace: its root is where the calling process is now (cgroup_namespaces(7)). */
int namespaces_enter_cgroup(struct error *err);

/* An extent of a user namespace's map: ids from `inside` on are those from `outside` on (user_namespaces(7)). */
struct id_map {
	uint32_t inside, outside, count;
};

enum { ID_EXTENTS = 3 };

struct id_maps {
	struct id_map extents[ID_EXTENTS];
	size_t count;
};

/* The number of the process behind a pidfd, in this process's pid namespace; -1 when it has died. */
pid_t namespaces_pid(int pidfd);

/*
 * Writes the maps of that process's user namespace. The writer is in the parent namespace, and is root there or owns
 * the new one and maps its own ids alone. deny: setgroups(2) is given up for it, without which nobody but root may
 * (user_namespaces(7)). 0, or -1 and err.
 */
int namespaces_write_maps(int pidfd, const struct id_maps *uids, const struct id_maps *gids, bool deny, struct error *err);

/*
 * The same without privilege, and with ids that are the caller's by /etc/subuid: newuidmap(1) and newgidmap(1), at these
 * paths, write them. They look at the files again. timeout_ms: for each. 0, or -1 and err.
 */
struct id_programs {
	const char *uids, *gids;
};
int namespaces_run_maps(int pidfd, const struct id_maps *uids, const struct id_maps *gids, bool deny,
	const struct id_programs *programs, int timeout_ms, struct error *err);

/* Compares the text of a uid_map or gid_map with what it was to be. file: for the error. 0, or -1 and err. Pure. */
int namespaces_compare_map(const char *text, const char *file, const struct id_maps *wanted, struct error *err);

/* A user namespace for the calling process alone: nothing made before belongs to it. Without maps until they are written. */
int namespaces_enter_user(struct error *err);
/* The calling process becomes user and group 0 of its user namespace, without supplementary groups. */
int namespaces_become_root(struct error *err);

/* Why this host makes no user namespace for the calling process: an errno, 0 where it does. Tries it in a child. */
int namespaces_try_user(void);
/* In words, with what to do about it, for errors of making user namespaces. Returns -1. */
int namespaces_fail_user(struct error *err, int num);

/* The links of /proc/PID/ns that a session's processes have of their own. */
struct namespace_link {
	uint64_t flag;      /* CLONE_NEW… */
	const char *joined; /* of a process that joined: its children's pid namespace, not its own */
	const char *init;   /* of PID 1 */
	const char *name;   /* "mount" */
};
enum { NAMESPACE_LINKS = 7 };
extern const struct namespace_link namespace_links[NAMESPACE_LINKS];
