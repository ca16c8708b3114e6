#pragma once
/* plan_maker: how the list of mount operations is put together. Private to plan*.c. */
#include <stdbool.h>

#include "plan.h"

/* Collects operations; the first shortage of memory is remembered and told at the end. */
struct maker {
	struct plan *plan;
	const struct policy *policy;
	const struct subject *subject;
	const struct host *host;
	bool host_view; /* the root is the host's own tree */
	bool overlay;   /* the root is another, and what is written goes over it */
	bool broken;
};

/* The operation's strings are copied; its ids are as they are to be inside. */
void maker_add(struct maker *maker, struct mount_op op);

#define ADD(maker, ...) maker_add(maker, (struct mount_op){ __VA_ARGS__ })

/* The rest of the path, when it is at or below the directory; NULL otherwise. */
const char *path_below(const char *path, const char *directory);

/* The size for a tmpfs of the session's, bytes: as wanted, but all of them stay below half of its memory. */
uint64_t maker_tmpfs_size(const struct maker *maker, const struct amount *wanted);
