#include "rlimits.h"

#include <errno.h>

#include "own.h"
#include "text.h"

/* By number, as in limits.conf(5) and in fs/proc/base.c of the kernel. */
static const struct {
	const char *name, *proc;
} names[] = {
	[RLIMIT_CPU] = { "cpu", "Max cpu time" },
	[RLIMIT_FSIZE] = { "fsize", "Max file size" },
	[RLIMIT_DATA] = { "data", "Max data size" },
	[RLIMIT_STACK] = { "stack", "Max stack size" },
	[RLIMIT_CORE] = { "core", "Max core file size" },
	[RLIMIT_RSS] = { "rss", "Max resident set" },
	[RLIMIT_NPROC] = { "nproc", "Max processes" },
	[RLIMIT_NOFILE] = { "nofile", "Max open files" },
	[RLIMIT_MEMLOCK] = { "memlock", "Max locked memory" },
	[RLIMIT_AS] = { "as", "Max address space" },
	[RLIMIT_LOCKS] = { "locks", "Max file locks" },
	[RLIMIT_SIGPENDING] = { "sigpending", "Max pending signals" },
	[RLIMIT_MSGQUEUE] = { "msgqueue", "Max msgqueue size" },
	[RLIMIT_NICE] = { "nice", "Max nice priority" },
	[RLIMIT_RTPRIO] = { "rtprio", "Max realtime priority" },
	[RLIMIT_RTTIME] = { "rttime", "Max realtime timeout" },
};
_Static_assert(ARRAY_SIZE(names) == RLIM_NLIMITS, "a name for each limit");

const char *limit_name(int resource)
{
	return resource >= 0 && resource < (int)ARRAY_SIZE(names) ? names[resource].name : NULL;
}

const char *limit_proc_name(int resource)
{
	return resource >= 0 && resource < (int)ARRAY_SIZE(names) ? names[resource].proc : NULL;
}

enum { PAIR = 48 };

/* "64:unlimited", as one writes it in the configuration */
static const char *show(rlim_t soft, rlim_t hard, char buf[PAIR])
{
	char a[24] = "unlimited", b[24] = "unlimited";

	if (soft != RLIM_INFINITY)
		(void)text_format(
			a, sizeof a, "%llu", (unsigned long long)soft); /* 20 digits fit */
	if (hard != RLIM_INFINITY)
		(void)text_format(b, sizeof b, "%llu", (unsigned long long)hard);
	(void)text_format(buf, PAIR, "%s:%s", a, b);
	return buf;
}

static int refused(const struct limit *limit, int num, struct error *err)
{
	char asked[PAIR], present[PAIR];
	struct rlimit now;

	if (getrlimit((__rlimit_resource_t)limit->resource, &now) < 0)
		return fail(err, num, limit_name(limit->resource), "no such limit in this kernel");
	(void)fail(err, num, limit_name(limit->resource),
		"cannot set the limit to %s, it is %s now", show(limit->soft, limit->hard, asked),
		show(now.rlim_cur, now.rlim_max, present));
	if (limit->soft > limit->hard)
		return error_hint(err, "the soft limit must not be above the hard one");
	if (num == EPERM)
		return error_hint(err,
			"raising a hard limit needs CAP_SYS_RESOURCE, and nofile "
			"ends at /proc/sys/fs/nr_open: ask for %s at most",
			show(now.rlim_max, now.rlim_max, present));
	return -1;
}

int limits_apply(const struct limit *limits, size_t count, struct error *err)
{
	for (size_t i = 0; i < count; i++) {
		struct rlimit value = { .rlim_cur = limits[i].soft, .rlim_max = limits[i].hard };

		if (setrlimit((__rlimit_resource_t)limits[i].resource, &value) < 0)
			return refused(&limits[i], errno, err);
	}
	return 0;
}

int limits_compare(const struct limit *limits, size_t count, struct error *err)
{
	char want[PAIR], found[PAIR];

	for (size_t i = 0; i < count; i++) {
		const char *name = limit_name(limits[i].resource);
		struct rlimit now;

		if (getrlimit((__rlimit_resource_t)limits[i].resource, &now) < 0)
			return fail(err, errno, name, "cannot read the limit back");
		if (now.rlim_cur != limits[i].soft || now.rlim_max != limits[i].hard)
			return fail(err, 0, name, "the limit should be %s and is %s",
				show(limits[i].soft, limits[i].hard, want),
				show(now.rlim_cur, now.rlim_max, found));
	}
	return 0;
}
