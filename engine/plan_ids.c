#include "plan_ids.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "own.h"

enum {
	SYSTEM_IDS = 1000, /* below it ids are the system's own: nobody has them as subordinate ones */
	ID_LAST = 65535,   /* inside: nogroup and nobody of a whole system are below it */
};

/* The line's third field, which passwd(5) and group(5) have in common. */
static bool id_of_line(const char *line, uint32_t *id)
{
	const char *end = line + strcspn(line, "\n");

	for (int i = 0; i < 2; i++) {
		line = memchr(line, ':', (size_t)(end - line));
		if (!line)
			return false;
		line++;
	}
	if (*line < '0' || *line > '9')
		return false;
	*id = (uint32_t)strtoul(line, NULL, 10);
	return true;
}

static bool in_range(const struct id_range *range, uint32_t id)
{
	return id >= range->first && id - range->first < range->count;
}

static const char unused_ids[] = "give a range of ids that nobody has";

/*
 * Only root writes these files, and by mistake they may give away the ids of somebody: whoever has one could become
 * that somebody wherever both write (newuidmap looks at nothing else).
 */
static int check_range(const struct id_range *range, const char *file, uint32_t own, const char *accounts,
	struct error *err)
{
	uint32_t id;

	if (!range->count) {
		fail(err, 0, file, "has no ids for this user, and the policy has user_map = subuid");
		return error_hint(err, "as root: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 USER, "
				       "with ids nobody else has; or set user_map = self");
	}
	if (range->first < SYSTEM_IDS) {
		fail(err, 0, file, "gives this user ids from %u on: those below %d are the system's", range->first, SYSTEM_IDS);
		return error_hint(err, unused_ids);
	}
	if (in_range(range, own)) {
		fail(err, 0, file, "gives this user %u, which is the user's own id already", own);
		return error_hint(err, unused_ids);
	}
	for (const char *line = accounts; line && *line; line += strcspn(line, "\n"), line += *line == '\n') {
		if (!id_of_line(line, &id) || !in_range(range, id))
			continue;
		fail(err, 0, file, "gives this user %u, which is the id of %.*s", id, (int)strcspn(line, ":"), line);
		return error_hint(err, unused_ids);
	}
	return 0;
}

static void add_extent(struct id_maps *maps, uint32_t inside, uint32_t outside, uint32_t count)
{
	if (count)
		maps->extents[maps->count++] = (struct id_map){ inside, outside, count };
}

/* What of the range goes from `inside` to `last`; the rest of the range is left. */
static void add_part(struct id_maps *maps, uint32_t inside, uint32_t last, struct id_range *range)
{
	uint32_t room = last < inside ? 0 : last - inside + 1;
	uint32_t count = range->count < room ? range->count : room;

	add_extent(maps, inside, range->first, count);
	range->first += count;
	range->count -= count;
}

static void make_maps(struct id_maps *maps, uint32_t inside, uint32_t outside, struct id_range range)
{
	maps->count = 0;
	if (inside > 1)
		add_part(maps, 1, inside - 1 < ID_LAST ? inside - 1 : ID_LAST, &range);
	add_extent(maps, inside, outside, 1);
	if (inside < ID_LAST)
		add_part(maps, inside + 1, ID_LAST, &range);
}

int plan_ids_make(struct plan *plan, const struct policy *policy, const struct host *host, struct error *err)
{
	const struct program *program = &plan->program;
	struct id_range uids = { 0 }, gids = { 0 };

	plan->deny_setgroups = true;
	if (policy->user_map == MAP_SUBUID) {
		uids = host->subuids;
		gids = host->subgids;
		if (check_range(&uids, "/etc/subuid", host->uid, host->passwd, err) < 0 ||
			check_range(&gids, "/etc/subgid", host->gid, host->group, err) < 0)
			return -1;
		if (!host->newuidmap || !host->newgidmap) {
			fail(err, ENOENT, host->newuidmap ? "newgidmap" : "newuidmap",
				"is not installed as root's, and the policy has user_map = subuid");
			return error_hint(err, "apt install uidmap, or set user_map = self");
		}
		plan->newuidmap = strdup(host->newuidmap);
		plan->newgidmap = strdup(host->newgidmap);
		if (!plan->newuidmap || !plan->newgidmap)
			return fail(err, ENOMEM, "user namespace", "cannot plan its maps");
		/* a group may be there to keep its members out of something: only who asked to be root may leave it */
		plan->deny_setgroups = program->uid != 0;
	}
	make_maps(&plan->uids, program->uid, host->uid, uids);
	make_maps(&plan->gids, program->gid, host->gid, gids);
	return 0;
}
