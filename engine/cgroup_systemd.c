/*
 * The limits as properties of a unit: systemd's manager writes the files, and what it writes is what v2 would have
 * (cgroup_v2.c). Child groups of a scope that is not delegated would be emptied by the manager (seen).
 */
#include <errno.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "cgroup_driver.h"
#include "helper.h"
#include "own.h"
#include "text.h"

#define SLICE "contained.slice"

/* What v2's files are for the manager (systemd.resource-control(5)). */
static const struct {
	const char *file, *property;
	size_t amount;   /* offset in struct cgroup_limits */
	unsigned factor; /* from our unit to the property's */
} properties[] = {
	{ "memory.max", "MemoryMax", offsetof(struct cgroup_limits, memory), 1 },
	{ "memory.swap.max", "MemorySwapMax", offsetof(struct cgroup_limits, swap), 1 },
	{ "cpu.weight", "CPUWeight", offsetof(struct cgroup_limits, cpu_weight), 1 },
	{ "cpu.max", "CPUQuotaPerSecUSec", offsetof(struct cgroup_limits, cpu_quota), 10000 /* us of a second */ },
	{ "pids.max", "TasksMax", offsetof(struct cgroup_limits, pids), 1 },
	{ "io.weight", "IOWeight", offsetof(struct cgroup_limits, io_weight), 1 },
	{ "io.bfq.weight", "IOWeight", offsetof(struct cgroup_limits, io_weight), 1 },
};

/* The scope that logind made for the login, or one of our own. */
static int place(struct cgroup_draft *draft, const struct cgroup_hierarchy *on, struct cgroup_dir *dir)
{
	const struct cgroup_host *host = draft->host;
	struct cgroup_plan *plan = draft->plan;

	if (text_format(plan->bus, sizeof plan->bus, "%s", host->bus) < 0)
		return -1;
	plan->whole = host->of_user;
	if (!plan->whole && (text_format(plan->keeper, sizeof plan->keeper, "contained-%s.scope", plan->name) < 0 ||
		    text_format(plan->keeper_path, sizeof plan->keeper_path, "%s%s/" SLICE "/%s", on->mount, host->base,
			    plan->keeper) < 0))
		return -1;
	if (host->scope[0]) {
		if (text_format(plan->unit, sizeof plan->unit, "%s", strrchr(host->scope, '/') + 1) < 0)
			return -1;
		return text_format(dir->path, sizeof dir->path, "%s%s", on->mount, host->scope) < 0 ? -1 : 0;
	}
	plan->unit_is_new = true;
	if (text_format(plan->unit, sizeof plan->unit, "contained-%s%s.scope", plan->name, plan->whole ? "" : "-login") < 0 ||
		text_format(dir->path, sizeof dir->path, "%s%s/" SLICE "/%s", on->mount, host->base, plan->unit) < 0)
		return -1;
	/* a user's manager has its scope to itself, and clears up */
	return !plan->whole && text_format(dir->origin, sizeof dir->origin, "%s%s", on->mount, on->origin) < 0 ? -1 : 0;
}

/* The manager has a property each for what is a line of io.max, and takes the name of the disk. */
static int finish_bandwidth(const struct cgroup_draft *draft, bool reads, struct cgroup_write *row)
{
	const struct cgroup_limits *limits = draft->limits;

	return text_format(row->value, sizeof row->value, "%s=/dev/%s %llu", reads ? "IOReadBandwidthMax" : "IOWriteBandwidthMax",
		draft->host->disk.name,
		(unsigned long long)(reads ? limits->io_read_bandwidth : limits->io_write_bandwidth));
}

static int finish(struct cgroup_draft *draft)
{
	bool reads = draft->limits->has_io_read_bandwidth; /* their row is the first */

	for (size_t i = 0; i < draft->plan->write_count; i++) {
		struct cgroup_write *row = &draft->plan->writes[i];

		/* 0 in every scope whose OOMPolicy is continue, as logind's is; there to be read where memory is accounted for */
		(void)text_format(row->value, sizeof row->value, "%s",
			text_equal(row->file, "memory.oom.group") ? "MemoryAccounting=yes" : "");
		for (size_t p = 0; p < ARRAY_SIZE(properties); p++) {
			const char *amount = (const char *)draft->limits + properties[p].amount;

			if (text_equal(row->file, properties[p].file) &&
				text_format(row->value, sizeof row->value, "%s=%llu", properties[p].property,
					(unsigned long long)*(const uint64_t *)(const void *)amount * properties[p].factor) < 0)
				return fail(draft->err, ENAMETOOLONG, row->file, "cannot plan the property");
		}
		if (text_equal(row->file, "io.max")) {
			if (finish_bandwidth(draft, reads, row) < 0)
				return fail(draft->err, errno, row->file, "cannot plan the property");
			reads = false;
		}
	}
	return 0;
}

/* "UNIT: what the manager said of it", as the program printed it. */
static int fail_told(const struct cgroup_plan *plan, char *told, int status, struct error *err)
{
	char *cause = strstr(told, ": ");

	if (!cause) {
		fail(err, 0, plan->unit, "the program that asks systemd for it ended with status %d",
			WIFEXITED(status) ? WEXITSTATUS(status) : -1);
		return error_hint(err, "install contained again");
	}
	*cause = '\0';
	cause[2 + strcspn(cause + 2, "\n")] = '\0';
	fail(err, 0, told, "%s", cause + 2);
	return error_hint(err, plan->whole ? "journalctl --user -b" : "systemctl status %s; journalctl -b _PID=1", told);
}

static int ask_manager(const struct cgroup_plan *plan, const struct cgroup_maker *maker, struct error *err)
{
	const char *argv[8 + CGROUP_WRITES];
	char program[256], leader[16], builder[16], told[512];
	size_t used = 0, length;
	int status;

	if (text_format(program, sizeof program, "%s/contained-scope", maker->helpers) < 0 ||
		text_format(leader, sizeof leader, "%d", (int)maker->leader) < 0 ||
		text_format(builder, sizeof builder, "%d", (int)maker->builder) < 0)
		return fail(err, errno, maker->helpers, "is too long a path");
	argv[used++] = program;
	argv[used++] = plan->bus;
	argv[used++] = builder;
	argv[used++] = plan->keeper;
	argv[used++] = plan->unit_is_new ? leader : "0";
	argv[used++] = plan->unit;
	for (size_t i = 0; i < plan->write_count; i++)
		if (plan->writes[i].value[0])
			argv[used++] = plan->writes[i].value;
	argv[used] = NULL;
	if (helper_run(argv, maker->timeout_ms, told, sizeof told, &length, &status, err) < 0) {
		if (err && err->num == ETIMEDOUT) {
			fail(err, ETIMEDOUT, plan->bus, "systemd did not answer within %d ms", maker->timeout_ms);
			return error_hint(err, "systemctl status dbus; systemctl list-jobs");
		}
		return error_hint(err, "install contained again");
	}
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return fail_told(plan, told, status, err);
	return 0;
}

static int create(const struct cgroup_plan *plan, const struct cgroup_maker *maker, struct error *err)
{
	if (ask_manager(plan, maker, err) < 0)
		return -1;
	return cgroup_check_files(plan, err);
}

const struct cgroup_driver cgroup_systemd = {
	.magic = CGROUP2_SUPER_MAGIC,
	.accounting = cgroup_v2_accounting,
	.knobs = cgroup_v2_knobs,
	.knob_count = CGROUP_V2_KNOBS,
	.place = place,
	.defaults = cgroup_v2_defaults,
	.finish = finish,
	.create = create,
};
