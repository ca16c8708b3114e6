#include "host_manager.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "host_paths.h"
#include "own.h"
#include "tree.h"

enum { SMALL_FILE = 65536 };

/* sd_booted(3): systemd is PID 1 where it has made this directory. */
static bool has_systemd(int root_fd)
{
	struct stat info;

	return CONTAINED_SYSTEMD && host_stat(root_fd, "/run/systemd/system", &info) == 0 && S_ISDIR(info.st_mode);
}

static bool is_socket_of(int root_fd, const char *path, uid_t owner)
{
	struct stat info;

	return host_stat(root_fd, path, &info) == 0 && S_ISSOCK(info.st_mode) && info.st_uid == owner;
}

/* A line "KEY=NUMBER" of a file of logind's. */
static bool line_has(const char *text, const char *key, pid_t number)
{
	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		const char *value = text_after(line, key);

		if (value && strtol(value, NULL, 10) == number)
			return true;
	}
	return false;
}

/*
 * "/user.slice/user-1000.slice/session-3.scope" is this login's where logind made it for this very process: what
 * pam_systemd does before us. su and sudo sit in their caller's. By the file that sd-login(3) reads, too; where it
 * should ever say it otherwise, the session gets a scope of its own.
 */
static bool is_scope_of_login(int root_fd, const char *origin, pid_t pid)
{
	const char *id = strrchr(origin, '/');
	const char *end;
	own_text char *text = NULL;
	char path[96];

	if (!text_after(origin, "/user.slice/") || !id || !(id = text_after(id, "/session-")))
		return false;
	end = strstr(id, ".scope");
	if (!end || end[strlen(".scope")] ||
		text_format(path, sizeof path, "/run/systemd/sessions/%.*s", (int)(end - id), id) < 0)
		return false;
	return tree_read_file(root_fd, path, SMALL_FILE, &text, NULL, NULL) == 0 && line_has(text, "LEADER=", pid);
}

static int use_system_manager(int root_fd, pid_t pid, struct cgroup_host *cgroups, struct error *err)
{
	static const char bus[] = "/run/dbus/system_bus_socket";
	const struct cgroup_hierarchy *on = &cgroups->hierarchies[0];

	if (!is_socket_of(root_fd, bus, 0))
		return 0;
	cgroups->layout = CGROUP_SYSTEMD;
	if (text_format(cgroups->bus, sizeof cgroups->bus, "%s", bus) < 0 ||
		(is_scope_of_login(root_fd, on->origin, pid) &&
			text_format(cgroups->scope, sizeof cgroups->scope, "%s", on->origin) < 0))
		return fail(err, errno, on->origin, "is too long a path");
	return 0;
}

/* What it may give is what the system's manager delegates to it: by default memory, pids and cpu. */
static int use_user_manager(int root_fd, uid_t uid, struct cgroup_host *cgroups, struct error *err)
{
	struct cgroup_hierarchy *on = &cgroups->hierarchies[0];
	own_text char *text = NULL;
	char path[2 * CGROUP_PATH];

	(void)text_format(cgroups->bus, sizeof cgroups->bus, "/run/user/%u/bus", uid);
	(void)text_format(cgroups->base, sizeof cgroups->base, "/user.slice/user-%u.slice/user@%u.service", uid, uid);
	if (!is_socket_of(root_fd, cgroups->bus, uid) ||
		text_format(path, sizeof path, "%s%s/cgroup.controllers", on->mount, cgroups->base) < 0 ||
		tree_read_file(root_fd, path, SMALL_FILE, &text, NULL, NULL) < 0)
		return 0;
	text[strcspn(text, "\n")] = '\0';
	for (char *at = text; *at; at++)
		if (*at == ' ')
			*at = ',';
	if (text_format(on->controllers, sizeof on->controllers, "%s", text) < 0)
		return fail(err, errno, path, "is too long a list");
	cgroups->layout = CGROUP_SYSTEMD;
	cgroups->of_user = true;
	return 0;
}

int host_manager_find(int root_fd, pid_t pid, struct host *host, struct error *err)
{
	if (host->cgroups.layout != CGROUP_V2 || !has_systemd(root_fd))
		return 0;
	if (host->privileged)
		return use_system_manager(root_fd, pid, &host->cgroups, err);
	return use_user_manager(root_fd, host->uid, &host->cgroups, err);
}
