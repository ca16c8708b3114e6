#include "cgroup_driver.h"

#include <errno.h>
#include <linux/magic.h>

#include "own.h"

/* 100 ms: what the kernel starts with, written so that nobody else's default decides */
enum { PERIOD_US = 100000 };

static int add_memory(struct cgroup_draft *draft, size_t dir,
	const struct cgroup_hierarchy *on __attribute__((unused)))
{
	uint64_t bytes = draft->limits->memory / draft->page * draft->page;

	return cgroup_add_write(
		draft, dir, "memory.limit_in_bytes", "%llu", (unsigned long long)bytes);
}

static int add_swap(struct cgroup_draft *draft, size_t dir, const struct cgroup_hierarchy *on)
{
	uint64_t sum;

	if (on->no_swap) {
		draft->lack =
			"this kernel does not account for swap (no memory.memsw.limit_in_bytes)";
		draft->remedy = "boot with swapaccount=1, or leave swap unset";
		return CGROUP_LACKING;
	}
	/* v1 has only a bound on the sum, which must not be below the bound on memory */
	if (!draft->limits->has_memory) {
		(void)fail(draft->err, 0, "swap",
			"is set without memory, and cgroup v1 can only bound their sum");
		return error_hint(draft->err, "set memory too");
	}
	if (__builtin_add_overflow(draft->limits->memory / draft->page * draft->page,
		    draft->limits->swap / draft->page * draft->page, &sum) ||
		sum > INT64_MAX)
		return fail(
			draft->err, ERANGE, "swap", "memory and swap together are out of range");
	return cgroup_add_write(
		draft, dir, "memory.memsw.limit_in_bytes", "%llu", (unsigned long long)sum);
}

static int add_cpu_weight(struct cgroup_draft *draft, size_t dir,
	const struct cgroup_hierarchy *on __attribute__((unused)))
{
	/* 1024 shares are the default, as a weight of 100 is */
	uint64_t shares = draft->limits->cpu_weight * 1024 / 100;

	/* MIN_SHARES and MAX_SHARES of kernel/sched: the kernel would clamp silently */
	if (shares < 2)
		shares = 2;
	if (shares > 262144)
		shares = 262144;
	return cgroup_add_write(draft, dir, "cpu.shares", "%llu", (unsigned long long)shares);
}

static int add_cpu_quota(struct cgroup_draft *draft, size_t dir,
	const struct cgroup_hierarchy *on __attribute__((unused)))
{
	uint64_t quota = draft->limits->cpu_quota * (PERIOD_US / 100);

	if (cgroup_add_write(draft, dir, "cpu.cfs_period_us", "%d", PERIOD_US) < 0)
		return -1;
	return cgroup_add_write(draft, dir, "cpu.cfs_quota_us", "%llu", (unsigned long long)quota);
}

static int add_pids(struct cgroup_draft *draft, size_t dir,
	const struct cgroup_hierarchy *on __attribute__((unused)))
{
	return cgroup_add_write(
		draft, dir, "pids.max", "%llu", (unsigned long long)draft->limits->pids);
}

static int add_io_weight(struct cgroup_draft *draft, size_t dir, const struct cgroup_hierarchy *on)
{
	if (on->no_weight) {
		draft->lack = "this host's block schedulers have no weights";
		draft->remedy = "give a disk the bfq scheduler (/sys/block/DISK/queue/scheduler)";
		return CGROUP_LACKING;
	}
	/* blkio.weight was CFQ's, which is gone since 5.0 */
	return cgroup_add_write(draft, dir, "blkio.bfq.weight", "%llu",
		(unsigned long long)cgroup_bfq_weight(draft->limits->io_weight));
}

static int add_throttle(struct cgroup_draft *draft, size_t dir, const char *file, uint64_t bytes)
{
	const struct cgroup_disk *disk = &draft->host->disk;

	if (cgroup_need_disk(draft) == CGROUP_LACKING)
		return CGROUP_LACKING;
	return cgroup_add_write(draft, dir, file, "%u:%u %llu", disk->major, disk->minor, (unsigned long long)bytes);
}

static int add_io_reads(struct cgroup_draft *draft, size_t dir,
	const struct cgroup_hierarchy *on __attribute__((unused)))
{
	return add_throttle(draft, dir, "blkio.throttle.read_bps_device", draft->limits->io_read_bandwidth);
}

static int add_io_writes(struct cgroup_draft *draft, size_t dir,
	const struct cgroup_hierarchy *on __attribute__((unused)))
{
	return add_throttle(draft, dir, "blkio.throttle.write_bps_device", draft->limits->io_write_bandwidth);
}

static const struct cgroup_knob knobs[] = {
	/* memory before swap: the sum must never be below the limit on memory */
	{ "memory", "memory", offsetof(struct cgroup_limits, has_memory), add_memory },
	{ "swap", "memory", offsetof(struct cgroup_limits, has_swap), add_swap },
	{ "cpu_weight", "cpu", offsetof(struct cgroup_limits, has_cpu_weight), add_cpu_weight },
	{ "cpu_quota", "cpu", offsetof(struct cgroup_limits, has_cpu_quota), add_cpu_quota },
	{ "pids", "pids", offsetof(struct cgroup_limits, has_pids), add_pids },
	{ "io_weight", "blkio", offsetof(struct cgroup_limits, has_io_weight), add_io_weight },
	{ "io_read_bandwidth", "blkio", offsetof(struct cgroup_limits, has_io_read_bandwidth), add_io_reads },
	{ "io_write_bandwidth", "blkio", offsetof(struct cgroup_limits, has_io_write_bandwidth), add_io_writes },
};

static const char *const accounting[] = { "memory", "cpu", "cpuacct", "pids", NULL };

const struct cgroup_driver cgroup_v1 = {
	.magic = CGROUP_SUPER_MAGIC,
	.accounting = accounting,
	.knobs = knobs,
	.knob_count = ARRAY_SIZE(knobs),
	.place = cgroup_place_directory,
	.create = cgroup_create_directories,
};
