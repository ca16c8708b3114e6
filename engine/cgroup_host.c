#include "cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup_driver.h"
#include "own.h"
#include "text.h"
#include "tree.h"

enum { SMALL_FILE = 65536 }; /* far above what the control files read here ever hold */

/* The controllers that a session can use, in either version's name. */
static const char *const known[] = { "memory", "cpu", "cpuacct", "pids", "blkio", "io" };

/* A part of a line: not terminated. */
struct span {
	const char *text;
	size_t length;
};

/* The fields of a line of mountinfo that matter here (proc_pid_mountinfo(5)). */
struct mount_line {
	struct span root, point, options, type, super;
};

/* Takes the next field, divided by `divider`, from the rest of a line. */
static bool span_take(struct span *rest, char divider, struct span *field)
{
	const char *end;

	if (!rest->length)
		return false;
	end = memchr(rest->text, divider, rest->length);
	field->text = rest->text;
	field->length = end ? (size_t)(end - rest->text) : rest->length;
	rest->text += field->length + (end ? 1 : 0);
	rest->length -= field->length + (end ? 1 : 0);
	return true;
}

static bool span_is(const struct span *span, const char *text)
{
	return span->length == strlen(text) && memcmp(span->text, text, span->length) == 0;
}

static bool span_has(struct span words, const char *word)
{
	struct span field;

	while (span_take(&words, ',', &field))
		if (span_is(&field, word))
			return true;
	return false;
}

/* Undoes the octal escapes of space, tab, newline and backslash. -1 when it does not fit. */
static int span_unescape(const struct span *span, char *buf, size_t size)
{
	size_t used = 0;

	for (size_t i = 0; i < span->length; i++) {
		const char *at = span->text + i;
		char c = *at;

		if (c == '\\' && span->length - i > 3 && at[1] >= '0' && at[1] <= '3' &&
			at[2] >= '0' && at[2] <= '7' && at[3] >= '0' && at[3] <= '7') {
			c = (char)((at[1] - '0') * 64 + (at[2] - '0') * 8 + (at[3] - '0'));
			i += 3;
		}
		if (used + 1 >= size || c == '\0')
			return -1;
		buf[used++] = c;
	}
	buf[used] = '\0';
	return 0;
}

static bool parse_mount(struct span line, struct mount_line *out)
{
	struct span field;

	for (int i = 0; i < 3; i++) /* mount id, parent id, device */
		if (!span_take(&line, ' ', &field))
			return false;
	if (!span_take(&line, ' ', &out->root) || !span_take(&line, ' ', &out->point) ||
		!span_take(&line, ' ', &out->options))
		return false;
	do { /* optional fields, as many as there are */
		if (!span_take(&line, ' ', &field))
			return false;
	} while (!span_is(&field, "-"));
	return span_take(&line, ' ', &out->type) && span_take(&line, ' ', &field) &&
	       span_take(&line, ' ', &out->super);
}

/* Where a process of the group `path` is seen below a mount of `root`: "" or "/a/b". */
static int set_origin(
	struct cgroup_hierarchy *on, const char *root, const struct span *path, struct error *err)
{
	size_t skip = strcmp(root, "/") == 0 ? 0 : strlen(root);
	struct span rest = *path, field;

	on->origin[0] = '\0';
	if (path->length < skip || memcmp(path->text, root, skip) != 0 ||
		(path->length > skip && path->text[skip] != '/'))
		return 0; /* outside of what is mounted: its top is the nearest place */
	/* "..": above the own cgroup namespace (cgroup_namespaces(7)), not reachable here */
	while (span_take(&rest, '/', &field))
		if (span_is(&field, ".."))
			return 0;
	if (path->length - skip <= 1)
		return 0;
	if (text_format(on->origin, sizeof on->origin, "%.*s", (int)(path->length - skip),
		    path->text + skip) < 0)
		return fail(err, ENAMETOOLONG, on->mount,
			"the control group of this process has too long a path");
	return 0;
}

/* The line "ID:controllers:path" of /proc/self/cgroup of this hierarchy. */
static int find_origin(struct cgroup_hierarchy *on, bool v2, const char *root,
	const char *self_cgroup, struct error *err)
{
	struct span text = { self_cgroup, strlen(self_cgroup) }, line, id, names;

	while (span_take(&text, '\n', &line)) {
		struct span field, left;

		if (!span_take(&line, ':', &id) || !span_take(&line, ':', &names))
			continue;
		if (v2 && span_is(&id, "0") && !names.length)
			return set_origin(on, root, &line, err);
		for (left = names; !v2 && span_take(&left, ',', &field);)
			for (size_t i = 0; i < ARRAY_SIZE(known); i++)
				if (span_is(&field, known[i]) &&
					text_has_word(on->controllers, ',', known[i]))
					return set_origin(on, root, &line, err);
	}
	return 0;
}

/* Those of the words that a session can use, commas between. */
static int keep_known(struct span words, char divider, char *buf, size_t size)
{
	struct span field;
	size_t used = 0;

	buf[0] = '\0';
	while (span_take(&words, divider, &field))
		for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
			int more;

			if (!span_is(&field, known[i]) || text_has_word(buf, ',', known[i]))
				continue;
			more = text_format(
				buf + used, size - used, "%s%s", used ? "," : "", known[i]);
			if (more < 0)
				return -1;
			used += (size_t)more;
		}
	return 0;
}

/* The controllers that v2 has to give; none is not an error. */
static void read_v2(int root_fd, struct cgroup_hierarchy *on)
{
	char path[CGROUP_PATH + 32];
	own_text char *text = NULL;
	size_t length;

	on->controllers[0] = '\0';
	if (text_format(path, sizeof path, "%s/cgroup.controllers", on->mount) < 0 ||
		tree_read_file(root_fd, path, SMALL_FILE, &text, &length, NULL) < 0)
		return;
	text[strcspn(text, "\n")] = '\0';
	if (keep_known((struct span){ text, strlen(text) }, ' ', on->controllers,
		    sizeof on->controllers) < 0)
		on->controllers[0] = '\0';
}

static bool has_file(int root_fd, const char *mount, const char *name)
{
	char path[CGROUP_PATH + 64];
	own_fd int fd = -1;

	if (text_format(path, sizeof path, "%s/%s", mount, name) < 0)
		return false;
	fd = tree_open_file(root_fd, path, NULL, NULL);
	return fd >= 0;
}

/* Is some disk scheduled by bfq? The weight files are there whenever bfq is built in. */
static bool bfq_in_use(int root_fd)
{
	int fd = tree_open_dir(root_fd, "/sys/block");
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	bool found = false;
	struct dirent *entry;

	if (!dir) {
		own_close_fd(&fd);
		return false;
	}
	while (!found && (entry = readdir(dir))) {
		char path[sizeof entry->d_name + 64];
		own_text char *text = NULL;
		size_t length;

		/* loop devices can be many, and stand on a disk that is looked at as well */
		if (entry->d_name[0] == '.' || text_after(entry->d_name, "loop") ||
			text_after(entry->d_name, "ram"))
			continue;
		if (text_format(path, sizeof path, "/sys/block/%s/queue/scheduler", entry->d_name) >
				0 &&
			tree_read_file(root_fd, path, SMALL_FILE, &text, &length, NULL) == 0)
			found = strstr(text, "[bfq]") != NULL;
	}
	(void)closedir(dir); /* was only read */
	return found;
}

static bool iocost_in_use(int root_fd, const char *mount)
{
	char path[CGROUP_PATH + 32];
	own_text char *text = NULL;
	size_t length;

	return text_format(path, sizeof path, "%s/io.cost.qos", mount) > 0 &&
	       tree_read_file(root_fd, path, SMALL_FILE, &text, &length, NULL) == 0 &&
	       strstr(text, "enable=1");
}

static void look_closer(int root_fd, bool v2, struct cgroup_hierarchy *on)
{
	if (v2 && text_has_word(on->controllers, ',', "io")) {
		bool iocost = iocost_in_use(root_fd, on->mount);

		on->bfq = !iocost && bfq_in_use(root_fd);
		on->no_weight = !iocost && !on->bfq;
	}
	if (!v2 && text_has_word(on->controllers, ',', "blkio"))
		on->no_weight = !bfq_in_use(root_fd);
	if (!v2 && text_has_word(on->controllers, ',', "memory"))
		on->no_swap = !has_file(root_fd, on->mount, "memory.memsw.limit_in_bytes");
}

/*
 * A hierarchy of one mount into the list of its version. Of several mounts of the same one, the first
 * whose root is the hierarchy's own is taken, else the first.
 */
static int add_hierarchy(struct cgroup_host *host, const struct cgroup_hierarchy *on, bool whole,
	bool have_whole[CGROUP_DIRS], struct error *err)
{
	for (size_t i = 0; i < host->count; i++) {
		if (strcmp(host->hierarchies[i].controllers, on->controllers) != 0)
			continue;
		if (whole && !have_whole[i]) {
			host->hierarchies[i] = *on;
			have_whole[i] = true;
		}
		return 0;
	}
	if (host->count == CGROUP_DIRS)
		return fail(err, E2BIG, on->mount, "one hierarchy more than can be used");
	have_whole[host->count] = whole;
	host->hierarchies[host->count++] = *on;
	return 0;
}

static int read_version(int root_fd, bool v2, const char *mountinfo, const char *self_cgroup,
	struct cgroup_host *out, struct error *err)
{
	struct span text = { mountinfo, strlen(mountinfo) }, line;
	bool have_whole[CGROUP_DIRS] = { false };

	while (span_take(&text, '\n', &line)) {
		struct cgroup_hierarchy on = { 0 };
		struct mount_line mount;
		char root[4096];

		if (!parse_mount(line, &mount) ||
			!span_is(&mount.type, v2 ? "cgroup2" : "cgroup") ||
			span_has(mount.options, "ro") || span_has(mount.super, "ro"))
			continue;
		if (span_unescape(&mount.root, root, sizeof root) < 0 ||
			span_unescape(&mount.point, on.mount, sizeof on.mount) < 0)
			return fail(err, ENAMETOOLONG, "/proc/self/mountinfo",
				"a control group hierarchy has too long a path");
		if (v2)
			read_v2(root_fd, &on);
		else if (keep_known(mount.super, ',', on.controllers, sizeof on.controllers) < 0)
			on.controllers[0] = '\0';
		if (!on.controllers[0])
			continue;
		if (find_origin(&on, v2, root, self_cgroup, err) < 0 ||
			add_hierarchy(out, &on, strcmp(root, "/") == 0, have_whole, err) < 0)
			return -1;
	}
	for (size_t i = 0; i < out->count; i++)
		look_closer(root_fd, v2, &out->hierarchies[i]);
	return 0;
}

/* How many of the kinds of limit it can give. */
static int worth(const struct cgroup_host *host)
{
	static const char *const kinds[] = { "memory", "cpu", "pids", "blkio", "io" };
	int sum = 0;

	for (size_t i = 0; i < host->count; i++)
		for (size_t j = 0; j < ARRAY_SIZE(kinds); j++)
			sum += text_has_word(host->hierarchies[i].controllers, ',', kinds[j]);
	return sum;
}

int cgroup_host_read(int root_fd, const char *mountinfo, const char *self_cgroup,
	struct cgroup_host *out, struct error *err)
{
	struct cgroup_host v1 = { .layout = CGROUP_V1 }, v2 = { .layout = CGROUP_V2 };

	if (read_version(root_fd, false, mountinfo, self_cgroup, &v1, err) < 0 ||
		read_version(root_fd, true, mountinfo, self_cgroup, &v2, err) < 0)
		return -1;
	/* hybrid: a controller is on one of the two only, and v2's usually has none */
	if (v1.count && worth(&v1) >= worth(&v2))
		*out = v1;
	else if (v2.count)
		*out = v2;
	else
		*out = (struct cgroup_host){ .layout = CGROUP_NONE };
	return 0;
}
