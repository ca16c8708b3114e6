#include "cgroup_driver.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "own.h"
#include "text.h"

/* A limit's amount and what the kernels take for it. */
struct bound {
	const char *setting;
	size_t wanted, value; /* offsets in struct cgroup_limits */
	uint64_t min, max;
	const char *why;
};

#define BOUND(field, low, high, reason)                                                            \
	{                                                                                          \
#field, offsetof(struct cgroup_limits, has_##field),                               \
			offsetof(struct cgroup_limits, field), (low), (high), (reason)             \
	}

static const struct bound bounds[] = {
	BOUND(memory, 1, INT64_MAX, "page counters are signed"),
	BOUND(swap, 0, INT64_MAX, "page counters are signed"),
	BOUND(cpu_weight, 1, 10000, "cpu.weight, cgroups v2"),
	BOUND(cpu_quota, 1, 100000000,
		"at least 1 ms of a period; the top is far below the kernel's"),
	BOUND(pids, 1, 4194304, "PID_MAX_LIMIT; above it pids.max says EINVAL"),
	BOUND(io_weight, 1, 10000, "io.weight, cgroups v2"),
	BOUND(io_read_bandwidth, 1, INT64_MAX, "io.max counts in 64 bits"),
	BOUND(io_write_bandwidth, 1, INT64_MAX, "io.max counts in 64 bits"),
};

const struct cgroup_driver *cgroup_driver_of(enum cgroup_layout layout)
{
	switch (layout) {
	case CGROUP_V1:
		return &cgroup_v1;
	case CGROUP_V2:
		return &cgroup_v2;
	case CGROUP_SYSTEMD:
		return &cgroup_systemd;
	case CGROUP_NONE:
		break;
	}
	return NULL;
}

uint64_t cgroup_bfq_weight(uint64_t weight)
{
	/* the lower parts of the scales are the same; 101..10000 are spread over 101..1000 */
	return weight <= 100 ? weight : 100 + (weight - 100) / 11;
}

int cgroup_add_write(
	struct cgroup_draft *draft, size_t dir, const char *file, const char *format, ...)
{
	struct cgroup_plan *plan = draft->plan;
	struct cgroup_write *new = &plan->writes[plan->write_count];
	va_list args;
	int length;

	if (plan->write_count == CGROUP_WRITES)
		return fail(draft->err, E2BIG, file, "one write more than a plan can hold");
	va_start(args, format);
	length = vsnprintf(new->value, sizeof new->value, format, args);
	va_end(args);
	if (length < 0 || (size_t)length >= sizeof new->value ||
		text_format(new->file, sizeof new->file, "%s", file) < 0 ||
		text_format(new->readback, sizeof new->readback, "%s", new->value) < 0)
		return fail(draft->err, ENAMETOOLONG, file, "cannot plan the write");
	new->dir = dir;
	plan->write_count++;
	return 0;
}

int cgroup_need_disk(struct cgroup_draft *draft)
{
	if (draft->host->disk.major || draft->host->disk.minor)
		return CGROUP_GIVEN;
	draft->lack = "the home is on no disk of this host (NFS, memory, btrfs …)";
	draft->remedy = "leave it unset where the file server bounds it, or set limits = try";
	return CGROUP_LACKING;
}

static bool limit_wanted(const struct cgroup_limits *limits, size_t offset)
{
	return *(const bool *)((const char *)limits + offset);
}

static int check_amounts(const struct cgroup_limits *limits, uint64_t page, struct error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(bounds); i++) {
		const struct bound *bound = &bounds[i];
		uint64_t value = *(const uint64_t *)((const char *)limits + bound->value);

		if (!limit_wanted(limits, bound->wanted))
			continue;
		if (value < bound->min || value > bound->max)
			return fail(err, ERANGE, bound->setting, "%llu is not within %llu and %llu",
				(unsigned long long)value, (unsigned long long)bound->min,
				(unsigned long long)bound->max);
	}
	if (limits->has_memory && limits->memory < page)
		return fail(err, ERANGE, "memory", "%llu bytes are less than a page",
			(unsigned long long)limits->memory);
	return 0;
}

static const struct cgroup_hierarchy *find_hierarchy(
	const struct cgroup_host *host, const char *controller)
{
	for (size_t i = 0; i < host->count; i++)
		if (text_has_word(host->hierarchies[i].controllers, ',', controller))
			return &host->hierarchies[i];
	return NULL;
}

int cgroup_place_directory(struct cgroup_draft *draft, const struct cgroup_hierarchy *on, struct cgroup_dir *dir)
{
	if (text_format(dir->path, sizeof dir->path, "%s/contained/%s", on->mount, draft->plan->name) < 0)
		return -1;
	return text_format(dir->origin, sizeof dir->origin, "%s%s", on->mount, on->origin) < 0 ? -1 : 0;
}

/* The index of the hierarchy's directory in the plan, added when it is not there; -1 and err. */
static int use_hierarchy(
	const struct cgroup_driver *driver, struct cgroup_draft *draft, const struct cgroup_hierarchy *on)
{
	struct cgroup_plan *plan = draft->plan;
	struct cgroup_dir *dir = &plan->dirs[plan->dir_count];

	for (size_t i = 0; i < plan->dir_count; i++)
		if (strcmp(plan->dirs[i].mount, on->mount) == 0)
			return (int)i;
	if (plan->dir_count == CGROUP_DIRS)
		return fail(draft->err, E2BIG, on->mount, "one hierarchy more than a plan can hold");
	if (text_format(dir->controllers, sizeof dir->controllers, "%s", on->controllers) < 0 ||
		text_format(dir->mount, sizeof dir->mount, "%s", on->mount) < 0 ||
		driver->place(draft, on, dir) < 0)
		return fail(
			draft->err, ENAMETOOLONG, on->mount, "its control groups have too long a path");
	return (int)plan->dir_count++;
}

/* v2: each controller once in "+memory +cpu". */
static int add_enable(struct cgroup_plan *plan, const char *controller, struct error *err)
{
	char sign[sizeof plan->enable], more[sizeof plan->enable];

	if (text_format(sign, sizeof sign, "+%s", controller) < 0)
		return fail(err, ENAMETOOLONG, controller, "cannot plan the controller");
	for (const char *at = plan->enable; *at; at += strspn(at, " ")) {
		size_t length = strcspn(at, " ");

		if (length == strlen(sign) && memcmp(at, sign, length) == 0)
			return 0;
		at += length;
	}
	if (text_format(more, sizeof more, "%s%s%s", plan->enable, plan->enable[0] ? " " : "",
		    sign) < 0)
		return fail(err, ENAMETOOLONG, controller, "cannot plan the controller");
	memcpy(plan->enable, more, sizeof more);
	return 0;
}

static int use_controller(const struct cgroup_driver *driver, struct cgroup_draft *draft,
	const struct cgroup_hierarchy *on, const char *controller)
{
	if (driver->enable && add_enable(draft->plan, controller, draft->err) < 0)
		return -1;
	return use_hierarchy(driver, draft, on);
}

static int plan_accounting(const struct cgroup_driver *driver, const struct cgroup_host *host,
	struct cgroup_draft *draft)
{
	for (const char *const *name = driver->accounting; *name; name++) {
		const struct cgroup_hierarchy *on = find_hierarchy(host, *name);

		if (on && use_controller(driver, draft, on, *name) < 0)
			return -1;
	}
	if (driver->defaults && draft->plan->dir_count)
		return driver->defaults(draft, 0);
	return 0;
}

static int plan_knob(const struct cgroup_driver *driver, const struct cgroup_host *host,
	const struct cgroup_knob *knob, struct cgroup_draft *draft)
{
	const struct cgroup_hierarchy *on = driver ? find_hierarchy(host, knob->controller) : NULL;
	struct cgroup_plan before = *draft->plan;
	int dir, given;

	if (!on) {
		draft->lack = "no control group hierarchy that gives it is mounted writable";
		draft->remedy =
			"mount it (cgroups(7)); in a container, have its runtime delegate it";
		return CGROUP_LACKING;
	}
	dir = use_controller(driver, draft, on, knob->controller);
	if (dir < 0)
		return -1;
	given = knob->add(draft, (size_t)dir, on);
	if (given == CGROUP_LACKING)
		*draft->plan = before; /* nor a directory for a limit that is not given */
	return given;
}

static int tell_missing(const char *setting, char *missing, size_t size, struct error *err)
{
	size_t used = missing ? strlen(missing) : 0;

	if (missing &&
		text_format(missing + used, size - used, "%s%s", used ? " " : "", setting) < 0)
		return fail(err, ENAMETOOLONG, setting, "no room to tell that it is missing");
	return 0;
}

static int plan_limits(const struct cgroup_host *host, bool require, struct cgroup_draft *draft,
	char *missing, size_t missing_size)
{
	const struct cgroup_driver *driver = cgroup_driver_of(host->layout);
	const struct cgroup_driver *rows =
		driver ? driver : &cgroup_v2; /* for the settings' names */

	for (size_t i = 0; i < rows->knob_count; i++) {
		const struct cgroup_knob *knob = &rows->knobs[i];
		int given;

		if (!limit_wanted(draft->limits, knob->wanted))
			continue;
		given = plan_knob(driver, host, knob, draft);
		if (given < 0)
			return -1;
		if (given == CGROUP_GIVEN)
			continue;
		if (require) {
			(void)fail(draft->err, 0, knob->setting,
				"this host cannot give the limit: %s", draft->lack);
			return error_hint(draft->err, "%s", draft->remedy);
		}
		if (tell_missing(knob->setting, missing, missing_size, draft->err) < 0)
			return -1;
	}
	return 0;
}

bool cgroup_has_cpu(const struct cgroup_plan *plan)
{
	/* systemd gives a scope the controllers that its properties ask for */
	for (size_t i = 0; plan->layout == CGROUP_SYSTEMD && i < plan->write_count; i++)
		if (text_after(plan->writes[i].file, "cpu."))
			return true;
	for (size_t i = 0; plan->layout != CGROUP_SYSTEMD && i < plan->dir_count; i++)
		if (text_has_word(plan->dirs[i].controllers, ',', "cpu"))
			return true;
	return false;
}

int cgroup_plan_make(const struct cgroup_host *host, const char *name,
	const struct cgroup_limits *limits, bool require, struct cgroup_plan *out, char *missing,
	size_t missing_size, struct error *err)
{
	const struct cgroup_driver *driver = cgroup_driver_of(host->layout);
	struct cgroup_plan plan = { .layout = host->layout };
	struct cgroup_draft draft = { .host = host, .limits = limits, .plan = &plan, .err = err };
	long page = sysconf(_SC_PAGESIZE);
	char told[128] = "";

	draft.page = page > 0 ? (uint64_t)page : 4096;
	if (!text_is_user_name(name)) /* one safe path component */
		return fail(err, EINVAL, name, "is not a name for a control group");
	if (text_format(plan.name, sizeof plan.name, "%s", name) < 0)
		return fail(err, ENAMETOOLONG, name, "is too long a name for a control group");
	if (check_amounts(limits, draft.page, err) < 0)
		return -1;
	if (driver && plan_accounting(driver, host, &draft) < 0)
		return -1;
	if (plan_limits(host, require, &draft, told, sizeof told) < 0)
		return -1;
	if (driver && driver->finish && driver->finish(&draft) < 0)
		return -1;
	if (missing && text_format(missing, missing_size, "%s", told) < 0)
		return fail(err, ENAMETOOLONG, told, "no room to tell what is missing");
	*out = plan;
	return 0;
}
