#include "plan_paths.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "own.h"

/* Of two items at the same path the one of the higher rank holds. */
enum rank {
	RANK_COVER,   /* homes of others */
	RANK_PRIVATE, /* a file system of the session's own */
	RANK_HOME,
	RANK_PATH,    /* and enum path_use above it */
};

enum { ROOT = -1 };

struct path_item {
	int rank;
	bool covers; /* nothing of the host is there */
	bool found;  /* false: left out, but explained */
	bool directory;
	bool holds; /* covers, and something is to be mounted in it */
	int in;     /* index of the deepest item above, or ROOT */
	struct mount_op op; /* its strings are borrowed */
};

static void put(struct paths *paths, struct path_item item)
{
	paths->items[paths->count++] = item;
}

/* An ephemeral one need not exist on the host. */
static const char *home_of(const struct maker *maker)
{
	const char *home = maker->policy->home == HOME_NONE ? NULL : maker->host->home;

	if (!home && maker->policy->home == HOME_EPHEMERAL && policy_path_is_normal(maker->subject->home))
		home = maker->subject->home;
	return text_equal(home, "/") ? NULL : home;
}

/* Another root has homes of its own, which are its owner's business: only the way to the user's own is made. */
static void put_homes(const struct maker *maker, struct paths *paths)
{
	const struct list *homes = &maker->host->homes;
	const char *home = home_of(maker);
	struct path_item item = { .rank = RANK_HOME, .found = true, .directory = true,
		.op = { .kind = MOUNT_BIND, .flags = MOUNT_RW, .target = (char *)home, .source = (char *)home,
			.why = "the own home is writable" } };

	if (maker->policy->home == HOME_EPHEMERAL)
		item.op = (struct mount_op){ .kind = MOUNT_TMPFS, .flags = MOUNT_RW, .target = (char *)home, .mode = 0700,
			.uid = maker->subject->uid, .gid = maker->subject->gid,
			.size = maker_tmpfs_size(maker, &maker->policy->home_size), .why = "an empty home, gone at the end" };
	for (size_t i = 0; i < homes->count; i++)
		if (!text_equal(homes->items[i], "/") &&
			(maker->host_view || (home && path_below(home, homes->items[i]))))
			put(paths, (struct path_item){ .rank = RANK_COVER, .covers = true, .found = true,
					   .directory = true,
					   .op = { .target = homes->items[i], .why = "homes of others" } });
	if (home)
		put(paths, item);
}

static void put_private(const struct maker *maker, struct paths *paths)
{
	static const char *const directories[] = { "/tmp", "/var/tmp" };

	for (size_t i = 0; i < ARRAY_SIZE(directories); i++)
		put(paths, (struct path_item){ .rank = RANK_PRIVATE, .found = true, .directory = true,
				   .op = { .kind = MOUNT_TMPFS, .target = (char *)directories[i], .mode = 01777,
					   .size = maker_tmpfs_size(maker, &maker->policy->tmp_size),
					   .flags = MOUNT_RW | (i ? MOUNT_OPTIONAL : 0) } });
}

/*
 * In the host's view a path is where it leads, so that both its names are right; in another root where it is named.
 * What was not found is left out by the builder, too, and so is a mailbox that has gone meanwhile.
 */
static void put_path(struct paths *paths, const struct host_path *path)
{
	static const struct {
		unsigned flags;
		const char *why;
	} uses[] = {
		[USE_MAIL] = { MOUNT_RW | MOUNT_NOEXEC | MOUNT_OPTIONAL, "mail" },
		[USE_WRITABLE] = { MOUNT_RW, "writable" },
		[USE_READONLY] = { 0, "readonly" },
		[USE_SOCKETS] = { MOUNT_NOEXEC, "sockets" },
		[USE_HIDE] = { 0, "hide" },
	};
	char *target = path->place ? path->place : path->real ? path->real : path->named;
	struct path_item item = { .rank = RANK_PATH + (int)path->use, .found = path->real,
		.directory = path->directory };

	item.op = (struct mount_op){ .kind = MOUNT_BIND, .target = target,
		.flags = uses[path->use].flags | (path->real ? 0 : MOUNT_OPTIONAL), .why = uses[path->use].why };
	if (path->use == USE_HIDE) {
		item.op.kind = MOUNT_HIDE;
		item.covers = item.found;
		if (path->place) /* it may lie in a path of the host that is shown there */
			item.op.flags |= MOUNT_OPTIONAL;
	} else {
		item.op.source = path->real ? path->real : path->named;
	}
	put(paths, item);
}

/* In another root the directory of all mail is covered, or the tree would fill with the names of those who came. */
static int put_mail_cover(const struct maker *maker, struct paths *paths)
{
	for (size_t i = 0; i < maker->host->path_count; i++) {
		const struct host_path *path = &maker->host->paths[i];

		if (path->use != USE_MAIL || !path->place)
			continue;
		paths->mail_dir = strndup(path->place, (size_t)(strrchr(path->place, '/') - path->place));
		if (!paths->mail_dir)
			return -1;
		put(paths, (struct path_item){ .rank = RANK_COVER, .covers = true, .found = true, .directory = true,
				   .op = { .target = paths->mail_dir, .why = "mail of others" } });
	}
	return 0;
}

static unsigned depth(const char *path)
{
	unsigned count = 0;

	for (; *path; path++)
		count += *path == '/';
	return count;
}

static int compare_items(const void *left, const void *right)
{
	const struct path_item *a = left, *b = right;
	unsigned depth_a = depth(a->op.target), depth_b = depth(b->op.target);
	int order = strcmp(a->op.target, b->op.target);

	if (depth_a != depth_b)
		return depth_a < depth_b ? -1 : 1;
	return order ? order : a->rank - b->rank;
}

/* The deepest of the first items that is above the path, or ROOT. */
static int find_above(const struct paths *paths, size_t count, const char *path)
{
	size_t longest = 0;
	int best = ROOT;

	for (size_t i = 0; i < count; i++) {
		const char *target = paths->items[i].op.target, *rest = path_below(path, target);

		if (paths->items[i].found && rest && *rest && strlen(target) > longest) {
			longest = strlen(target);
			best = (int)i;
		}
	}
	return best;
}

/* Is what is below the item (or the root) at this path made by us, with nothing of the host in it? */
static bool is_ours(const struct paths *paths, int in, const char *path)
{
	if (in != ROOT)
		return paths->items[in].covers || paths->items[in].op.kind == MOUNT_TMPFS;
	return path_below(path, "/run") || path_below(path, "/dev/shm");
}

/* In order of depth, each path once, and without what hides in a place where nothing is to be seen anyway. */
static void settle(struct paths *paths)
{
	struct path_item *items = paths->items;
	size_t kept = 0;

	qsort(items, paths->count, sizeof *items, compare_items);
	for (size_t i = 0; i < paths->count; i++) {
		struct path_item item = items[i];
		bool ours;

		if (i + 1 < paths->count && strcmp(item.op.target, items[i + 1].op.target) == 0)
			continue;
		item.in = find_above(paths, kept, item.op.target);
		ours = is_ours(paths, item.in, item.op.target);
		if (item.covers && ours)
			continue;
		if (item.found && ours)
			item.op.flags |= MOUNT_CREATE;
		if (item.found && item.in != ROOT && items[item.in].covers)
			items[item.in].holds = true;
		items[kept++] = item;
	}
	paths->count = kept;
	for (size_t i = 0; i < kept; i++) {
		struct mount_op *op = &items[i].op;

		if (!items[i].covers)
			continue;
		op->kind = items[i].holds ? MOUNT_TMPFS : MOUNT_HIDE;
		if (!items[i].holds)
			continue;
		op->mode = 0755;
		op->size = 65536;
		op->flags |= MOUNT_NOEXEC;
	}
}

/*
 * The host's links that lead to a path are in its view; but where the link's own place is covered it is not, and the
 * path is mounted there as well.
 */
static void put_second_names(const struct maker *maker, struct paths *paths)
{
	for (size_t i = 0; maker->host_view && i < maker->host->path_count; i++) {
		struct host_path path = maker->host->paths[i];

		if (!path.real || path.use == USE_HIDE || text_equal(path.real, path.named) ||
			!is_ours(paths, find_above(paths, paths->count, path.named), path.named))
			continue;
		path.place = path.named;
		put_path(paths, &path);
	}
}

int plan_paths_make(struct maker *maker, struct paths *out)
{
	const struct host *host = maker->host;
	struct paths paths = { 0 };

	/* homes, the own one, the private two, mail's directory, and each path under two names */
	paths.items = calloc(host->homes.count + 4 + 2 * host->path_count, sizeof *paths.items);
	if (!paths.items)
		return -1;
	put_homes(maker, &paths);
	put_private(maker, &paths);
	for (size_t i = 0; i < host->path_count; i++)
		put_path(&paths, &host->paths[i]);
	if (put_mail_cover(maker, &paths) < 0) {
		plan_paths_free(&paths);
		return -1;
	}
	put_second_names(maker, &paths);
	settle(&paths);
	*out = paths;
	return 0;
}

void plan_paths_free(struct paths *paths)
{
	free(paths->items);
	free(paths->mail_dir);
	*paths = (struct paths){ 0 };
}

/* A mount that hangs in the tree itself, where there may be no place for it. */
static bool needs_place(const struct paths *paths, const struct path_item *item)
{
	return item->found && item->in == ROOT && item->op.kind != MOUNT_HIDE && item->rank != RANK_PRIVATE &&
		!is_ours(paths, ROOT, item->op.target);
}

void plan_paths_add_places(struct maker *maker, const struct paths *paths)
{
	for (size_t i = 0; !maker->host_view && i < paths->count; i++) {
		const struct path_item *item = &paths->items[i];

		if (needs_place(paths, item) && !path_below(item->op.target, "/etc"))
			ADD(maker, .kind = item->directory ? MOUNT_DIR : MOUNT_TOUCH, .target = item->op.target,
				.mode = item->directory ? 0755 : 0644, .why = "a place to mount on");
	}
}

/* A root that takes writing has no layer over its /etc. */
static enum mount_kind place_kind(const struct maker *maker, bool directory)
{
	if (maker->overlay)
		return directory ? MOUNT_DIR : MOUNT_TOUCH;
	return directory ? MOUNT_PUT_DIR : MOUNT_PUT;
}

void plan_paths_add_etc_places(struct maker *maker, const struct paths *paths)
{
	for (size_t i = 0; !maker->host_view && i < paths->count; i++) {
		const struct path_item *item = &paths->items[i];

		if (needs_place(paths, item) && path_below(item->op.target, "/etc"))
			ADD(maker, .kind = place_kind(maker, item->directory), .target = item->op.target,
				.mode = item->directory ? 0755 : 0644, .why = "a place to mount on");
	}
}

/* Is something mounted at the path, or shown below it? */
static bool is_needed(const struct paths *paths, const char *path)
{
	for (size_t i = 0; i < paths->count; i++) {
		const struct path_item *item = &paths->items[i];
		const char *rest = item->found ? path_below(item->op.target, path) : NULL;

		if (rest && (!*rest || item->op.kind != MOUNT_HIDE))
			return true;
	}
	return false;
}

static void cover_mount(struct maker *maker, const struct paths *paths, int in, const char *target, const char *rest,
	const char *why)
{
	own_text char *path = NULL;

	if (asprintf(&path, "%s%s", target, rest) < 0) {
		path = NULL;
		maker->broken = true;
		return;
	}
	/* who makes a session without root is who will be in it, and may not reach more than that one */
	if (find_above(paths, paths->count, path) == in && !is_needed(paths, path))
		ADD(maker, .kind = MOUNT_HIDE, .target = path,
			.flags = MOUNT_OPTIONAL | (maker->plan->privileged ? 0 : MOUNT_USER), .why = why);
}

/*
 * Mounts of the host that are not for a session, wherever they come along. The daemon behind an automount mounts on the
 * host, and the session would wait for it forever; one on the way to something that is shown was triggered by
 * host_wake(), and what it mounted came along. A procfs, say of a chroot, shows the host's processes.
 */
static void cover_mounts(struct maker *maker, const struct paths *paths, const struct list *points, const char *why)
{
	static const char *const ours[] = { "/proc", "/sys", "/dev", "/run", "/etc" };

	for (size_t i = 0; i < points->count; i++) {
		const char *point = points->items[i];
		const char *rest = maker->host_view ? point : path_below(point, maker->plan->root);

		for (size_t j = 0; rest && j < ARRAY_SIZE(ours); j++)
			if (path_below(rest, ours[j]))
				rest = NULL;
		if (rest && *rest)
			cover_mount(maker, paths, ROOT, "", rest, why);
		for (size_t j = 0; j < paths->count; j++) {
			const struct path_item *item = &paths->items[j];

			rest = item->found && item->op.source ? path_below(point, item->op.source) : NULL;
			if (rest && *rest)
				cover_mount(maker, paths, (int)j, item->op.target, rest, why);
		}
	}
}

void plan_paths_add(struct maker *maker, const struct paths *paths)
{
	for (size_t i = 0; i < paths->count; i++)
		maker_add(maker, paths->items[i].op);
	cover_mounts(maker, paths, &maker->host->automounts, "an automount, which nothing would answer in here");
	cover_mounts(maker, paths, &maker->host->kernel_mounts, "tells of the host");
	for (size_t i = 0; i < paths->count; i++)
		if (paths->items[i].covers && paths->items[i].holds)
			ADD(maker, .kind = MOUNT_FREEZE, .target = paths->items[i].op.target);
}
