#pragma once
/* namespaces: what is done inside new ones beside mounts. Plain values in. */
#include <stdint.h>

#include "error.h"

/* "mount, pid, ipc, …" for CLONE_NEW… flags, into buf. */
const char *namespaces_names(uint64_t flags, char *buf, size_t size);

/* Brings lo up in the calling process's network namespace (netdevice(7)). */
int namespaces_loopback_up(struct error *err);
int namespaces_set_hostname(const char *name, struct error *err);
/* The cgroup namespace: its root is where the calling process is now (cgroup_namespaces(7)). */
int namespaces_enter_cgroup(struct error *err);

/* The links of /proc/PID/ns that a session's processes have of their own. */
struct namespace_link {
	uint64_t flag;      /* CLONE_NEW… */
	const char *joined; /* of a process that joined: its children's pid namespace, not its own */
	const char *init;   /* of PID 1 */
	const char *name;   /* "mount" */
};
enum { NAMESPACE_LINKS = 7 };
extern const struct namespace_link namespace_links[NAMESPACE_LINKS];
