/* Prints a policy and a plan for a person. The plan's lines follow the table of steps. */
#include "commands.h"

#include <inttypes.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "engine/rlimits.h"
#include "engine/namespaces.h"
#include "engine/own.h"
#include "engine/pasta.h"
#include "engine/session.h"
#include "engine/text.h"

void print_policy(FILE *out, const struct policy *policy)
{
	fprintf(out, "policy: profile %s\n", policy->profile);
	for (size_t i = 0; i < settings_count; i++) {
		char value[4096];

		policy_show(policy, &settings[i], value, sizeof value);
		fprintf(out, "  %-18s = %-24s ", settings[i].key, value);
		if (policy->line[i])
			fprintf(out, "# %s:%u\n", policy->file, policy->line[i]);
		else
			fputs("# default\n", out);
	}
}

/* What the manager is asked for; the files below it are what has to come of it. */
static void print_units(FILE *out, const struct cgroup_plan *cgroup)
{
	fprintf(out, "      systemd, by %s\n", cgroup->bus);
	if (cgroup->keeper[0])
		fprintf(out, "        %s: PID 1 and the watchers\n", cgroup->keeper);
	fprintf(out, "        %s:", cgroup->unit);
	for (size_t w = 0; w < cgroup->write_count; w++)
		if (cgroup->writes[w].value[0])
			fprintf(out, " %s", cgroup->writes[w].value);
	fputs(cgroup->unit_is_new ? "  # made; a login that has a scope of logind's gets them there\n" : "\n", out);
}

static void print_cgroup(FILE *out, const struct plan *plan)
{
	const struct cgroup_plan *cgroup = &plan->cgroup;

	if (cgroup->layout == CGROUP_SYSTEMD && cgroup->dir_count)
		print_units(out, cgroup);
	for (size_t i = 0; i < cgroup->dir_count; i++) {
		fprintf(out, "      %s\n", cgroup->dirs[i].path);
		for (size_t w = 0; w < cgroup->write_count; w++)
			if (cgroup->writes[w].dir == i)
				fprintf(out, "        %s = %s\n", cgroup->writes[w].file, cgroup->writes[w].readback);
	}
	if (plan->limits_left_out[0])
		fprintf(out, "      left out, this host cannot give them: %s\n", plan->limits_left_out);
}

static void print_namespaces(FILE *out, const struct plan *plan)
{
	char names[128];

	fprintf(out, "      %s\n", namespaces_names(plan->namespaces, names, sizeof names));
}

static void print_map(FILE *out, const char *name, const struct id_maps *maps)
{
	fprintf(out, "      %s", name);
	for (size_t i = 0; i < maps->count; i++)
		fprintf(out, "%s %u is %u × %u", i ? "," : "", maps->extents[i].inside, maps->extents[i].outside,
			maps->extents[i].count);
	fputc('\n', out);
}

static void print_user(FILE *out, const struct plan *plan)
{
	print_map(out, "uids", &plan->uids);
	print_map(out, "gids", &plan->gids);
	if (plan->newuidmap)
		fprintf(out, "      written by %s, %s; setgroups %s\n", plan->newuidmap, plan->newgidmap,
			plan->deny_setgroups ? "denied" : "allowed");
}

static void print_pasta(FILE *out, const struct plan *plan)
{
	const char *const *arguments = pasta_arguments(plan->pasta_dns);

	fprintf(out, "      %s:", plan->pasta);
	for (; *arguments; arguments++)
		fprintf(out, " %s", *arguments);
	fputc('\n', out);
}

static void print_mounts(FILE *out, const struct plan *plan)
{
	for (size_t i = 0; i < plan->mount_count; i++) {
		const struct mount_op *op = &plan->mounts[i];

		fprintf(out, "      %-9s %s", mount_kind_name(op->kind), op->target);
		if (op->source)
			fprintf(out, " from %s", op->source);
		if (op->kind == MOUNT_LINK)
			fprintf(out, " -> %s", op->text);
		if (op->text && op->kind == MOUNT_ROOT)
			fprintf(out, ", written over in %s", op->text);
		else if (op->text && op->kind != MOUNT_LINK)
			fprintf(out, " (%zu bytes)", strlen(op->text));
		if (op->rdev)
			fprintf(out, " %u:%u", major(op->rdev), minor(op->rdev));
		if (op->kind == MOUNT_TMPFS)
			fprintf(out, " mode=%04o", op->mode);
		if (op->size)
			fprintf(out, " size=%" PRIu64, op->size);
		if (op->uid || op->gid)
			fprintf(out, " owner=%u:%u", op->uid, op->gid);
		fprintf(out, "%s%s%s%s", op->flags & MOUNT_RW ? " rw" : "", op->flags & MOUNT_NOEXEC ? " noexec" : "",
			op->flags & MOUNT_OPTIONAL ? " if-there" : "", op->flags & MOUNT_DEEP ? " deep" : "");
		if (op->why)
			fprintf(out, "  # %s", op->why);
		fputc('\n', out);
	}
}

static void print_groups(FILE *out, const struct plan *plan)
{
	fputs("      gives up:", out);
	for (size_t i = 0; i < plan->lost_group_count; i++)
		fprintf(out, " %u", plan->lost_groups[i]);
	fprintf(out, "%s; names from %s\n", plan->lost_group_count ? "" : " none",
		plan->own_names ? "the session's own files" : "the host's");
}

static void print_limits(FILE *out, const struct plan *plan)
{
	for (size_t i = 0; i < plan->rlimit_count; i++) {
		const struct limit *limit = &plan->rlimits[i];

		fprintf(out, "      %s", limit_name(limit->resource));
		for (int hard = 0; hard < 2; hard++) {
			rlim_t value = hard ? limit->hard : limit->soft;

			if (value == RLIM_INFINITY)
				fprintf(out, " %s=unlimited", hard ? "hard" : "soft");
			else
				fprintf(out, " %s=%" PRIu64, hard ? "hard" : "soft", (uint64_t)value);
		}
		fputc('\n', out);
	}
}

static void print_caps(FILE *out, const struct plan *plan)
{
	fprintf(out, "      0 to %d: bounding %016" PRIx64 " inheritable %016" PRIx64 " ambient %016" PRIx64 "\n",
		plan->caps.last_cap, plan->caps.bounding, plan->caps.inheritable, plan->caps.ambient);
	fprintf(out, "      session process, until it becomes the user: %016" PRIx64 ", securebits %02x\n",
		plan->caps.permitted, plan->caps.securebits);
}

static void print_seccomp(FILE *out, const struct plan *plan)
{
	fprintf(out, "      profile %s: %s (%u instructions)\n", plan->seccomp->name, plan->seccomp->doc,
		plan->seccomp->length);
}

static void print_hostname(FILE *out, const struct plan *plan)
{
	fprintf(out, "      %s\n", plan->name);
}

static const struct {
	const char *step;
	void (*print)(FILE *out, const struct plan *plan);
} details[] = { { "cgroup", print_cgroup }, { "namespaces", print_namespaces }, { "pasta", print_pasta },
	{ "user", print_user }, { "shift", print_user }, { "mounts", print_mounts },
	{ "hostname", print_hostname }, { "groups", print_groups }, { "limits", print_limits },
	{ "caps", print_caps }, { "seccomp", print_seccomp } };

void print_plan(FILE *out, const struct plan *plan)
{
	fprintf(out, "plan: %s\n", plan->label);
	for (size_t i = 0; i < session_steps_count; i++) {
		const struct session_step *step = &session_steps[i];

		if (step->wanted && !step->wanted(plan))
			continue;
		fprintf(out, "  %-6s %-10s  # %s\n", session_phase_name(step->phase), step->name, step->why);
		for (size_t d = 0; d < ARRAY_SIZE(details); d++)
			if (strcmp(details[d].step, step->name) == 0)
				details[d].print(out, plan);
	}
}
