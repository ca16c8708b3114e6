#include "plan_maker.h"

#include <stdlib.h>
#include <string.h>

/*
 * Ids of mounts and files are told as PID 1 sees them when it makes them: as the host's own where the user namespace
 * comes last or not at all, as the namespace's where it came first.
 */
static uint32_t id_of(const struct maker *maker, uint32_t inside)
{
	const struct plan *plan = maker->plan;

	const struct id_map *map = &plan->uids.extents[0];

	return plan->userns == USERNS_LAST ? map->outside + inside - map->inside : inside;
}

void maker_add(struct maker *maker, struct mount_op op)
{
	struct plan *plan = maker->plan;
	struct mount_op *ops = reallocarray(plan->mounts, plan->mount_count + 1, sizeof *ops);

	if (!ops) {
		maker->broken = true;
		return;
	}
	plan->mounts = ops;
	/* directories are the tree's own, even those that are made in it */
	if (op.kind == MOUNT_TMPFS || op.kind == MOUNT_FILE || op.kind == MOUNT_PUT || op.kind == MOUNT_DEVPTS) {
		op.uid = id_of(maker, op.uid);
		op.gid = id_of(maker, op.gid);
	}
	op.target = op.target ? strdup(op.target) : NULL;
	op.source = op.source ? strdup(op.source) : NULL;
	op.text = op.text ? strdup(op.text) : NULL;
	ops[plan->mount_count++] = op;
	if (!op.target)
		maker->broken = true;
}

const char *path_below(const char *path, const char *directory)
{
	const char *rest = text_after(path, directory);

	return rest && (!*rest || *rest == '/') ? rest : NULL;
}

/*
 * What a session may put into memory as files stays below half of its memory: "no space left" has to come before the
 * kernel looks for a victim, who may be sshd. Sizes that add up to more are scaled down alike.
 */
uint64_t maker_tmpfs_size(const struct maker *maker, const struct amount *wanted)
{
	const struct policy *policy = maker->policy;
	uint64_t budget = maker->plan->memory / 2;
	/* twice tmp_size: /tmp and /var/tmp; twice run_size: /run and /run/user/UID */
	uint64_t total = 2 * policy->tmp_size.value + policy->shm_size.value + 2 * policy->run_size.value;
	uint64_t size = wanted->value;

	if (maker->overlay && policy->root_mode == ROOT_OVERLAY_EPHEMERAL)
		total += policy->root_size.value;
	if (policy->home == HOME_EPHEMERAL)
		total += policy->home_size.value;
	if (!budget)
		return size;
	if (!wanted->set)
		return budget / 8 & ~(maker->host->page - 1);
	if (total > budget)
		size = (uint64_t)((double)size * (double)budget / (double)total);
	return (size & ~(maker->host->page - 1)) + (size < maker->host->page ? maker->host->page : 0);
}
