#include "host_paths.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "mountinfo.h"
#include "own.h"
#include "path.h"

static const char *const mail_dirs[] = { "/var/mail", "/var/spool/mail" };

/* The policy's lists; a later one holds where two name the same path. */
struct uses {
	const struct list *lists[USE_HIDE + 1];
	const char *names[USE_HIDE + 1];
};

static struct uses uses_of(const struct policy *policy)
{
	return (struct uses){
		.lists = { [USE_WRITABLE] = &policy->writable, [USE_READONLY] = &policy->readonly,
			[USE_SOCKETS] = &policy->sockets, [USE_HIDE] = &policy->hide },
		.names = { [USE_MAIL] = "mail", [USE_WRITABLE] = "writable", [USE_READONLY] = "readonly",
			[USE_SOCKETS] = "sockets", [USE_HIDE] = "hide" },
	};
}

/*
 * Where a path of a root tree will be: the part of it that exists, without links, and the rest, which is to be made.
 * What verify reads back has no links in it either.
 */
static int find_place(int tree, const char *path, char **out, struct error *err)
{
	char head[PATH_MAX], real[PATH_MAX];

	if (text_format(head, sizeof head, "%s", path) < 0)
		return fail(err, errno, path, "cannot look up");
	for (;;) {
		struct error local;

		if (path_resolve(tree, head[0] ? head : "/", real, sizeof real, &local) == 0)
			break;
		if (local.num != ENOENT || !head[0]) {
			*err = local;
			return -1;
		}
		*strrchr(head, '/') = '\0';
	}
	if (asprintf(out, "%s%s", real[1] ? real : "", path + strlen(head)) < 0) {
		*out = NULL;
		return fail(err, ENOMEM, path, "cannot keep the path");
	}
	return 0;
}

/* A path that is fine by its name may lead to one that is not. */
static int check_target(enum path_use use, const char *named, const char *path, struct error *err)
{
	char why[160];

	if (!path || !policy_path_is_refused(use, path, why, sizeof why))
		return 0;
	if (text_equal(named, path))
		return fail(err, 0, named, "%s", why);
	return fail(err, 0, named, "leads to %.80s, which %s", path, why);
}

/* tree: of the session's root where that is not the host's, else -1. found->named is set and owned. */
static int look_up(int root_fd, int tree, struct host_path *found, struct error *err)
{
	bool of_tree = tree >= 0 && found->use == USE_HIDE;
	struct stat info;

	if (host_resolve(of_tree ? tree : root_fd, found->named, &found->real, err) < 0 ||
		check_target(found->use, found->named, found->real, err) < 0)
		return -1;
	if (!found->real)
		return 0;
	if (host_stat(of_tree ? tree : root_fd, found->real, &info) < 0)
		return fail(err, errno, found->real, "cannot look at");
	found->directory = S_ISDIR(info.st_mode);
	if (tree < 0)
		return 0;
	if (find_place(tree, found->named, &found->place, err) < 0)
		return -1;
	return check_target(found->use, found->named, found->place, err);
}

static struct host_path *add_path(struct host *host, enum path_use use, const char *named)
{
	struct host_path *paths = reallocarray(host->paths, host->path_count + 1, sizeof *paths);

	if (!paths)
		return NULL;
	host->paths = paths;
	paths[host->path_count] = (struct host_path){ .use = use, .named = strdup(named) };
	return paths[host->path_count].named ? &paths[host->path_count++] : NULL;
}

static void free_path(struct host_path *path)
{
	free(path->named);
	free(path->real);
	free(path->place);
}

static int load_list(int root_fd, int tree, enum path_use use, const struct list *list,
	const struct subject *subject, struct host *host, struct error *err)
{
	for (size_t i = 0; i < list->count; i++) {
		char named[PATH_MAX];
		struct host_path *path;

		if (policy_path_expand(list->items[i], subject, named, sizeof named, err) < 0 ||
			check_target(use, named, named, err) < 0)
			return -1;
		path = add_path(host, use, named);
		if (!path)
			return fail(err, ENOMEM, named, "cannot keep the path");
		if (look_up(root_fd, tree, path, err) < 0)
			return -1;
	}
	return 0;
}

/*
 * The user's spool: a file or, as a maildir, a directory. Members of group mail can put things into /var/mail, so what is
 * not the user's own, or a link, or odd, is no error but nobody's mail.
 */
static int load_mail(int root_fd, int tree, const struct subject *subject, struct host *host, struct error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(mail_dirs) && text_is_user_name(subject->user); i++) {
		struct host_path *path;
		struct stat info;
		struct error ignored;
		char named[PATH_MAX];

		if (text_format(named, sizeof named, "%s/%s", mail_dirs[i], subject->user) < 0 ||
			(tree >= 0 && host_stat(tree, mail_dirs[i], &info) < 0))
			continue;
		path = add_path(host, USE_MAIL, named);
		if (!path)
			return fail(err, ENOMEM, named, "cannot keep the path");
		if (look_up(root_fd, tree, path, &ignored) == 0 && path->real &&
			host_stat(root_fd, path->real, &info) == 0 && info.st_uid == subject->uid &&
			(S_ISREG(info.st_mode) || S_ISDIR(info.st_mode)))
			return 0;
		free_path(path);
		host->path_count--;
	}
	return 0;
}

int host_paths_load(int root_fd, const struct policy *policy, const struct subject *subject, struct host *host,
	struct error *err)
{
	const struct uses uses = uses_of(policy);
	own_fd int tree = -1;

	if (!text_equal(policy->root, "/")) {
		tree = path_open(root_fd, policy->root, PATH_MUST_EXIST, 0, err);
		if (tree < 0)
			return error_hint(err, "create the root tree, or change `root`");
	}
	if (policy->mail && load_mail(root_fd, tree, subject, host, err) < 0)
		return -1;
	for (int use = USE_WRITABLE; use <= USE_HIDE; use++)
		if (load_list(root_fd, tree, (enum path_use)use, uses.lists[use], subject, host, err) < 0)
			return err->hint[0] ? -1 : error_hint(err, "the path is one of `%s`", uses.names[use]);
	return 0;
}

void host_paths_free(struct host *host)
{
	for (size_t i = 0; i < host->path_count; i++)
		free_path(&host->paths[i]);
	free(host->paths);
	list_free(&host->automounts);
	list_free(&host->kernel_mounts);
}

/* What the kernel shows as files: of the host as a whole, so not for a session, wherever somebody mounted it. */
static bool is_of_kernel(const struct mountinfo_line *line)
{
	static const char *const types[] = { "proc", "sysfs", "cgroup", "cgroup2", "devtmpfs", "devpts", "mqueue",
		"securityfs", "debugfs", "tracefs", "configfs", "bpf", "pstore", "efivarfs", "binfmt_misc", "fusectl",
		"selinuxfs", "rpc_pipefs", "nfsd" };

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (mountinfo_is_type(line, types[i]))
			return true;
	return false;
}

int host_mounts_load(const char *mountinfo, struct host *host, struct error *err)
{
	struct mountinfo_line line;

	for (const char *text = mountinfo; *text; text = mountinfo_next(text)) {
		struct list *list;

		if (!mountinfo_parse(text, &line))
			continue;
		list = mountinfo_is_type(&line, "autofs") ? &host->automounts :
			is_of_kernel(&line)		      ? &host->kernel_mounts :
							    NULL;
		if (list && !list_has(list, line.point) && list_add(list, line.point) < 0)
			return fail(err, ENOMEM, line.point, "cannot keep the path");
	}
	return 0;
}

int host_paths_name(const struct policy *policy, const struct subject *subject, struct list *out, struct error *err)
{
	const struct uses uses = uses_of(policy);
	struct list list = { 0 };
	char path[PATH_MAX];
	int result = list_add(&list, policy->root);

	if (result == 0 && subject->home[0] == '/')
		result = list_add(&list, subject->home);
	for (size_t i = 0; result == 0 && policy->mail && i < ARRAY_SIZE(mail_dirs); i++)
		if (text_format(path, sizeof path, "%s/%s", mail_dirs[i], subject->user) > 0)
			result = list_add(&list, path);
	if (result == 0 && policy->lxcfs == LXCFS_AUTO) /* a file system of a program's */
		result = list_add(&list, HOST_LXCFS);
	for (size_t i = 0; result == 0 && i < policy->homes.count; i++)
		if (policy->homes.items[i][0] == '/') /* not "show" */
			result = list_add(&list, policy->homes.items[i]);
	for (int use = USE_WRITABLE; use <= USE_HIDE; use++)
		for (size_t i = 0; result == 0 && i < uses.lists[use]->count; i++) {
			if (policy_path_expand(uses.lists[use]->items[i], subject, path, sizeof path, err) < 0) {
				list_free(&list);
				return -1;
			}
			result = list_add(&list, path);
		}
	if (result < 0) {
		list_free(&list);
		return fail(err, ENOMEM, "paths", "cannot be kept");
	}
	*out = list;
	return 0;
}
