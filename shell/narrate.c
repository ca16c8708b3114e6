#include "narrate.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "engine/namespaces.h"
#include "engine/own.h"
#include "engine/rlimits.h"
#include "engine/text.h"

static void tell_cgroup(FILE *out, const struct plan *plan)
{
	static const char *const files[][2] = { { "memory", "memory" }, { "cpu", "cpu" }, { "pids", "pids" },
		{ "blkio", "blkio" }, { "io.", "io" } };

	for (size_t f = 0; f < ARRAY_SIZE(files); f++)
		for (size_t i = 0; i < plan->cgroup.write_count; i++)
			if (text_after(plan->cgroup.writes[i].file, files[f][0])) {
				fprintf(out, "%s…", files[f][1]);
				break;
			}
}

static void tell_namespaces(FILE *out, const struct plan *plan)
{
	char names[128];
	char *rest = names;
	const char *word;

	/* one that comes last has a line of its own */
	(void)namespaces_names(plan->namespaces & ~(plan->userns == USERNS_LAST ? (uint64_t)CLONE_NEWUSER : 0), names,
		sizeof names);
	while ((word = strsep(&rest, ", ")))
		if (*word)
			fprintf(out, "%s…", word);
}

static void tell_maps(FILE *out, const struct plan *plan)
{
	fputs("writing uid_map", out);
	for (size_t i = 0; i < plan->uids.count; i++)
		fprintf(out, "%s %u → %u × %u", i ? "," : "", plan->uids.extents[i].inside, plan->uids.extents[i].outside,
			plan->uids.extents[i].count);
	fputs("…writing gid_map…", out);
}

static void tell_hostname(FILE *out, const struct plan *plan)
{
	fprintf(out, "%s…", plan->name);
}

static void tell_limits(FILE *out, const struct plan *plan)
{
	for (size_t i = 0; i < plan->rlimit_count; i++)
		fprintf(out, "%s…", limit_name(plan->rlimits[i].resource));
}

static void tell_caps(FILE *out, const struct plan *plan)
{
	(void)plan;
	fputs("bounding…inheritable…", out);
}

static void tell_seccomp(FILE *out, const struct plan *plan)
{
	fprintf(out, "%s…", plan->seccomp->name);
}

/* In the words of the original where it had the step. */
static const struct line {
	const char *step, *doing;
	void (*tell)(FILE *out, const struct plan *plan);
	const char *done; /* NULL: "done." */
} lines[] = {
	{ "open", "looking at the root tree", NULL, NULL },
	{ "slot", "waiting for a set-up slot", NULL, NULL },
	{ "kept", "locking what is kept of the root", NULL, NULL },
	{ "cgroup", "setting cgroups", tell_cgroup, NULL },
	{ "netns", "making a network of nobody's", NULL, NULL },
	{ "namespaces", "making namespaces", tell_namespaces, NULL },
	{ "pasta", "starting pasta", NULL, NULL },
	{ "user", "trying a user namespace", tell_maps, NULL },
	{ "attach", "entering the cgroups", NULL, NULL },
	{ "priority", "going before the busy ones", NULL, NULL },
	{ "private", "remounting everything with MS_PRIVATE", NULL, "remounted." },
	{ "mounts", "making a tree of mounts there", NULL, NULL },
	{ "pivot", "pivoting root", NULL, NULL },
	{ "network", "bringing up the loopback interface", NULL, NULL },
	{ "hostname", "setting the hostname", tell_hostname, NULL },
	{ "shift", "trying a user namespace", tell_maps, NULL },
	{ "join", "joining the cgroups", NULL, NULL },
	{ "setns", "joining the namespaces", NULL, NULL },
	{ "keyring", "leaving the session keyring", NULL, NULL },
	{ "groups", "giving up groups", NULL, NULL },
	{ "limits", "setting rlimit", tell_limits, NULL },
	{ "caps", "dropping capabilities", tell_caps, NULL },
	{ "nonewprivs", "setting no_new_privs", NULL, NULL },
	{ "seccomp", "filtering syscalls", tell_seccomp, NULL },
	{ "readback", "reading back what is in force", NULL, NULL },
	{ "become", NULL, NULL, NULL }, /* by its ids */
};

static const struct line *line_of(const char *step)
{
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		if (text_equal(lines[i].step, step))
			return &lines[i];
	return NULL;
}

/* "=> doing…"; a step without words of its own is called by its name. */
static void begin_line(FILE *out, const struct plan *plan, const char *step)
{
	const struct line *line = line_of(step);

	if (text_equal(step, "become"))
		fprintf(out, "=> switching to uid %u / gid %u…", plan->program.uid, plan->program.gid);
	else
		fprintf(out, "=> %s…", line ? line->doing : step);
}

void narrate(const struct narration *narration, const char *text)
{
	if (!narration->quiet)
		fprintf(stderr, "=> %s\n", text);
}

void narrate_step(void *context, const struct session_step *step)
{
	const struct narration *narration = context;
	const struct line *line = line_of(step->name);

	if (narration->quiet)
		return;
	begin_line(stderr, narration->plan, step->name);
	if (line && line->tell)
		line->tell(stderr, narration->plan);
	fprintf(stderr, "%s\n", line && line->done ? line->done : "done.");
	if (text_equal(step->name, "hostname") && narration->plan->userns_left_out)
		fputs("=> trying a user namespace…unsupported? continuing.\n", stderr);
}

void narrate_failure(const struct narration *narration, const char *step)
{
	if (narration->quiet || !*step)
		return;
	begin_line(stderr, narration->plan, step);
	fputs("failed.\n", stderr);
}
