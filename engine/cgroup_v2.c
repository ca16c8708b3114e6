#include "cgroup_driver.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <unistd.h>

#include "own.h"
#include "text.h"

enum { PERIOD_US = 100000 };

static int add_memory(struct cgroup_draft *draft, size_t dir,
	const struct cgroup_hierarchy *on __attribute__((unused)))
{
	uint64_t bytes = draft->limits->memory / draft->page * draft->page;

	return cgroup_add_write(draft, dir, "memory.max", "%llu", (unsigned long long)bytes);
}

static int add_swap(struct cgroup_draft *draft, size_t dir,
	const struct cgroup_hierarchy *on __attribute__((unused)))
{
	uint64_t bytes = draft->limits->swap / draft->page * draft->page;

	return cgroup_add_write(draft, dir, "memory.swap.max", "%llu", (unsigned long long)bytes);
}

static int add_cpu_weight(struct cgroup_draft *draft, size_t dir,
	const struct cgroup_hierarchy *on __attribute__((unused)))
{
	return cgroup_add_write(
		draft, dir, "cpu.weight", "%llu", (unsigned long long)draft->limits->cpu_weight);
}

static int add_cpu_quota(struct cgroup_draft *draft, size_t dir,
	const struct cgroup_hierarchy *on __attribute__((unused)))
{
	uint64_t quota = draft->limits->cpu_quota * (PERIOD_US / 100);

	return cgroup_add_write(
		draft, dir, "cpu.max", "%llu %d", (unsigned long long)quota, PERIOD_US);
}

static int add_pids(struct cgroup_draft *draft, size_t dir,
	const struct cgroup_hierarchy *on __attribute__((unused)))
{
	return cgroup_add_write(
		draft, dir, "pids.max", "%llu", (unsigned long long)draft->limits->pids);
}

static int add_io_weight(struct cgroup_draft *draft, size_t dir, const struct cgroup_hierarchy *on)
{
	uint64_t weight = draft->limits->io_weight;

	if (on->no_weight) {
		draft->lack = "this host's block schedulers have no weights";
		draft->remedy = "give a disk the bfq scheduler, or turn iocost on (io.cost.qos)";
		return CGROUP_LACKING;
	}
	if (on->bfq)
		return cgroup_add_write(draft, dir, "io.bfq.weight", "default %llu",
			(unsigned long long)cgroup_bfq_weight(weight));
	return cgroup_add_write(
		draft, dir, "io.weight", "default %llu", (unsigned long long)weight);
}

static void format_bytes(char *buf, size_t size, bool set, uint64_t bytes)
{
	if (set)
		(void)text_format(buf, size, "%llu", (unsigned long long)bytes);
	else
		(void)text_format(buf, size, "max");
}

/* One line of io.max for both, whichever of them it is: what was written before is not undone. */
static int add_io_bandwidth(struct cgroup_draft *draft, size_t dir,
	const struct cgroup_hierarchy *on __attribute__((unused)))
{
	const struct cgroup_limits *limits = draft->limits;
	const struct cgroup_disk *disk = &draft->host->disk;
	char reads[24], writes[24];
	struct cgroup_write *row;

	if (cgroup_need_disk(draft) == CGROUP_LACKING)
		return CGROUP_LACKING;
	format_bytes(reads, sizeof reads, limits->has_io_read_bandwidth, limits->io_read_bandwidth);
	format_bytes(writes, sizeof writes, limits->has_io_write_bandwidth, limits->io_write_bandwidth);
	if (cgroup_add_write(draft, dir, "io.max", "%u:%u rbps=%s wbps=%s", disk->major, disk->minor, reads, writes) < 0)
		return -1;
	row = &draft->plan->writes[draft->plan->write_count - 1];
	if (text_format(row->readback, sizeof row->readback, "%s riops=max wiops=max", row->value) < 0)
		return fail(draft->err, errno, "io.max", "cannot plan the write");
	return CGROUP_GIVEN;
}

/* An out-of-memory kill takes the hog, never the session: the PAM host sits in the group too. */
int cgroup_v2_defaults(struct cgroup_draft *draft, size_t dir)
{
	if (!text_has_word(draft->plan->dirs[dir].controllers, ',', "memory"))
		return 0;
	draft->plan->oom_group_off = true;
	return cgroup_add_write(draft, dir, "memory.oom.group", "0");
}

/* Is word among the space-separated words of text? */
static bool has_name(const char *text, const char *word, size_t length)
{
	while (*text) {
		size_t span = strcspn(text, " \n");

		if (span == length && memcmp(text, word, length) == 0)
			return true;
		text += span;
		text += strspn(text, " \n");
	}
	return false;
}

static int enable_one(int fd, const char *path, const char *word, size_t length, struct error *err)
{
	if (write(fd, word, length) == (ssize_t)length)
		return 0;
	(void)fail(
		err, errno, path, "cannot write %.*s to cgroup.subtree_control", (int)length, word);
	if (errno == EBUSY)
		return error_hint(err, "processes sit in this group (cgroups(7), no internal "
				       "processes): is this a container?");
	if (errno == ENOENT)
		return error_hint(err, "the controller is not available here: is it delegated?");
	return -1;
}

static int enable(int dir_fd, const char *path, const struct cgroup_plan *plan, struct error *err)
{
	own_fd int fd = -1;
	char present[256];
	ssize_t got;

	if (!plan->enable[0])
		return 0;
	fd = openat(dir_fd, "cgroup.subtree_control", O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return fail(err, errno, path, "cannot open cgroup.subtree_control");
	got = pread(fd, present, sizeof present - 1, 0);
	if (got < 0)
		return fail(err, errno, path, "cannot read cgroup.subtree_control");
	present[got] = '\0';
	/* only what is missing: after the first session on a host nothing is written at all */
	for (const char *word = plan->enable; *word; word += strspn(word, " ")) {
		size_t length = strcspn(word, " ");

		if (!has_name(present, word + 1, length - 1) &&
			enable_one(fd, path, word, length, err) < 0)
			return -1;
		word += length;
	}
	return 0;
}

const struct cgroup_knob cgroup_v2_knobs[CGROUP_V2_KNOBS] = {
	{ "memory", "memory", offsetof(struct cgroup_limits, has_memory), add_memory },
	{ "swap", "memory", offsetof(struct cgroup_limits, has_swap), add_swap },
	{ "cpu_weight", "cpu", offsetof(struct cgroup_limits, has_cpu_weight), add_cpu_weight },
	{ "cpu_quota", "cpu", offsetof(struct cgroup_limits, has_cpu_quota), add_cpu_quota },
	{ "pids", "pids", offsetof(struct cgroup_limits, has_pids), add_pids },
	{ "io_weight", "io", offsetof(struct cgroup_limits, has_io_weight), add_io_weight },
	{ "io_read_bandwidth", "io", offsetof(struct cgroup_limits, has_io_read_bandwidth), add_io_bandwidth },
	{ "io_write_bandwidth", "io", offsetof(struct cgroup_limits, has_io_write_bandwidth), add_io_bandwidth },
};

const char *const cgroup_v2_accounting[] = { "memory", "cpu", "pids", NULL };

const struct cgroup_driver cgroup_v2 = {
	.magic = CGROUP2_SUPER_MAGIC,
	.accounting = cgroup_v2_accounting,
	.knobs = cgroup_v2_knobs,
	.knob_count = CGROUP_V2_KNOBS,
	.place = cgroup_place_directory,
	.defaults = cgroup_v2_defaults,
	.enable = enable,
	.create = cgroup_create_directories,
};
