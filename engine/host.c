#include "host.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "helper.h"
#include "host_ccache.h"
#include "host_disk.h"
#include "host_manager.h"
#include "host_paths.h"
#include "host_programs.h"
#include "host_terminals.h"
#include "namespaces.h"
#include "own.h"
#include "path.h"
#include "tree.h"

enum { FILE_MOST = 8 << 20, SMALL_FILE = 65536 };

/* The text of a file, or NULL where it is missing or unreadable: the caller knows what that means. */
static char *read_text(int root_fd, const char *path, size_t most)
{
	char *text = NULL;

	return tree_read_file(root_fd, path, most, &text, NULL, NULL) == 0 ? text : NULL;
}

int host_resolve(int root_fd, const char *path, char **out, struct error *err)
{
	char real[PATH_MAX];
	struct error local;

	*out = NULL;
	if (path_resolve(root_fd, path, real, sizeof real, &local) < 0) {
		if (local.num == ENOENT || local.num == ENOTDIR)
			return 0;
		*err = local;
		return -1;
	}
	*out = strdup(real);
	return *out ? 0 : fail(err, ENOMEM, path, "cannot keep the path");
}

int host_stat(int root_fd, const char *path, struct stat *info)
{
	own_fd int fd = path_open(root_fd, path, PATH_MUST_EXIST, 0, NULL);

	return fd < 0 ? -1 : fstat(fd, info);
}

static int load_kernel(int root_fd, struct host *host, struct error *err)
{
	own_text char *caps = read_text(root_fd, "/proc/sys/kernel/cap_last_cap", SMALL_FILE);
	own_text char *mountinfo = read_text(root_fd, "/proc/self/mountinfo", FILE_MOST);
	own_text char *cgroup = read_text(root_fd, "/proc/self/cgroup", SMALL_FILE);
	own_text char *meminfo = read_text(root_fd, "/proc/meminfo", SMALL_FILE);
	own_text char *release = read_text(root_fd, "/proc/sys/kernel/osrelease", SMALL_FILE);
	const char *total = meminfo ? strstr(meminfo, "MemTotal:") : NULL;
	uint64_t last;

	if (!caps || !mountinfo || !cgroup) {
		fail(err, errno, "/proc", "cannot read what the kernel says of itself");
		return error_hint(err, "is procfs mounted?");
	}
	caps[strcspn(caps, "\n")] = '\0';
	if (!text_parse_u64(caps, &last) || last < 1 || last > 63)
		return fail(err, 0, "/proc/sys/kernel/cap_last_cap", "is not the number of a capability");
	if (total)
		host->memory = strtoull(total + strlen("MemTotal:"), NULL, 10) * 1024;
	host->last_cap = (int)last;
	if (!release || sscanf(release, "%u.%u", &host->linux_major, &host->linux_minor) != 2)
		host->linux_major = host->linux_minor = 0;
	host->page = (uint64_t)sysconf(_SC_PAGESIZE);
	if (host_mounts_load(mountinfo, host, err) < 0)
		return -1;
	if (cgroup_host_read(root_fd, mountinfo, cgroup, &host->cgroups, err) < 0)
		return -1;
	return host_manager_find(root_fd, getpid(), host, err);
}

/* "tty:x:5:" of the group file. */
static gid_t find_tty_group(const char *group)
{
	for (const char *line = group; line && *line; line += strcspn(line, "\n"), line += *line == '\n') {
		const char *password = text_after(line, "tty:");
		size_t length = password ? strcspn(password, ":\n") : 0;

		if (password && password[length] == ':' && password[length + 1] >= '0' && password[length + 1] <= '9')
			return (gid_t)strtoul(password + length + 1, NULL, 10);
	}
	return 5;
}

static void load_files(int root_fd, struct host *host)
{
	host->passwd = read_text(root_fd, "/etc/passwd", FILE_MOST);
	host->group = read_text(root_fd, "/etc/group", FILE_MOST);
	host->hosts = read_text(root_fd, "/etc/hosts", FILE_MOST); /* lists of advertisers are long */
	host->resolv_conf = read_text(root_fd, "/etc/resolv.conf", SMALL_FILE);
	host->tty_group = find_tty_group(host->group);
}

/*
 * Directories that hold more than homes are never covered as "the parent of the home"; nor is what the session
 * has an empty one of its own of, in any case.
 */
static bool is_shared_parent(const char *path)
{
	static const char *const shared[] = { "", "/", "/var", "/var/lib", "/srv", "/usr", "/etc", "/opt" };
	static const char *const empty[] = { "/tmp", "/var/tmp", "/dev", "/run" };

	for (size_t i = 0; i < ARRAY_SIZE(shared); i++)
		if (text_equal(path, shared[i]))
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(empty); i++) {
		const char *rest = text_after(path, empty[i]);

		if (rest && (!*rest || *rest == '/'))
			return true;
	}
	return false;
}

static int add_homes(int root_fd, const char *path, struct host *host, struct error *err)
{
	own_text char *real = NULL;
	struct stat info;

	if (host_resolve(root_fd, path, &real, err) < 0)
		return -1;
	if (!real || host_stat(root_fd, real, &info) < 0 || !S_ISDIR(info.st_mode) || list_has(&host->homes, real))
		return 0;
	return list_add(&host->homes, real) == 0 ? 0 : fail(err, ENOMEM, path, "cannot keep the path");
}

/*
 * Homes are only ever opened with O_PATH and looked at by fstat(), here and by whoever mounts them: on a network file
 * system that takes root for nobody (root_squash), root may not read a home, nor what is in it.
 */
static int load_homes(int root_fd, const struct policy *policy, const struct subject *subject,
	struct host *host, struct error *err)
{
	char parent[PATH_MAX];
	struct stat info;
	char *slash;

	if (*subject->home == '/' && host_resolve(root_fd, subject->home, &host->home, err) < 0)
		return -1;
	if (host->home && (host_stat(root_fd, host->home, &info) < 0 || !S_ISDIR(info.st_mode))) {
		free(host->home);
		host->home = NULL;
	}
	if (policy->homes.count == 1 && text_equal(policy->homes.items[0], "show"))
		return 0;
	for (size_t i = 0; i < policy->homes.count; i++)
		if (add_homes(root_fd, policy->homes.items[i], host, err) < 0)
			return -1;
	if (!host->home || text_format(parent, sizeof parent, "%s", host->home) < 0)
		return 0;
	slash = strrchr(parent, '/');
	*slash = '\0';
	return is_shared_parent(parent) ? 0 : add_homes(root_fd, parent, host, err);
}

static int load_secrets(int root_fd, struct host *host, struct error *err)
{
	static const char *const fixed[] = { "/etc/shadow", "/etc/shadow-", "/etc/gshadow", "/etc/gshadow-" };
	int fd = tree_open_dir(root_fd, "/etc/ssh");
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	struct stat info;
	int result = 0;

	for (size_t i = 0; i < ARRAY_SIZE(fixed) && result == 0; i++)
		if (host_stat(root_fd, fixed[i], &info) == 0)
			result = list_add(&host->secrets, fixed[i]);
	while (dir && result == 0 && (entry = readdir(dir))) {
		size_t length = strlen(entry->d_name);
		char path[PATH_MAX];

		if (!text_after(entry->d_name, "ssh_host_") || length < 4 ||
			strcmp(entry->d_name + length - 4, "_key") != 0)
			continue;
		if (text_format(path, sizeof path, "/etc/ssh/%s", entry->d_name) > 0)
			result = list_add(&host->secrets, path);
	}
	if (dir)
		(void)closedir(dir); /* was read only; closes fd */
	else
		own_close_fd(&fd);
	return result == 0 ? 0 : fail(err, ENOMEM, "/etc", "cannot keep the paths");
}

/*
 * One that nobody could know beforehand, and the same for all of a user's sessions, so that later ones sweep what was
 * left of earlier ones. The path stays as it is where there is none: that is refused, with its reason.
 */
static void find_other_root(struct state_root *root)
{
	DIR *dir = opendir("/tmp");
	char prefix[32], path[sizeof root->path];
	struct dirent *entry;
	struct stat info;

	(void)snprintf(prefix, sizeof prefix, "contained-%u-", root->owner);
	while (dir && (entry = readdir(dir)) != NULL)
		if (text_after(entry->d_name, prefix) && text_format(path, sizeof path, "/tmp/%s", entry->d_name) > 0 &&
			lstat(path, &info) == 0 && S_ISDIR(info.st_mode) && info.st_uid == root->owner)
			break;
	if (!dir || !entry)
		(void)snprintf(path, sizeof path, "/tmp/%sXXXXXX", prefix);
	if ((dir && entry) || mkdtemp(path))
		(void)snprintf(root->path, sizeof root->path, "%s", path);
	if (dir)
		(void)closedir(dir);
}

struct state_root host_state_root(void)
{
	struct state_root root = { .owner = geteuid(), .mode = 0700 };
	struct stat info;
	char path[48];

	if (root.owner == 0)
		return state_root_of_host;
	(void)snprintf(path, sizeof path, "/run/user/%u", root.owner);
	if (lstat(path, &info) == 0 && S_ISDIR(info.st_mode) && info.st_uid == root.owner) {
		(void)snprintf(root.path, sizeof root.path, "%s/contained", path);
		return root;
	}
	(void)snprintf(root.path, sizeof root.path, "/tmp/contained-%u", root.owner);
	/* somebody else was here first, to keep this user out */
	if (lstat(root.path, &info) == 0 && (!S_ISDIR(info.st_mode) || info.st_uid != root.owner))
		find_other_root(&root);
	return root;
}

void host_try_userns(struct host *host)
{
	host->userns_num = namespaces_try_user();
	host->userns = host->userns_num == 0;
}

static int load_ccache(int root_fd, const struct subject *subject, struct host *host, struct error *err)
{
	char path[PATH_MAX];
	bool directory;

	if (!host_ccache_path(subject->ccache, subject->uid, path, sizeof path, &directory) ||
		!host_ccache_usable(root_fd, path, subject->uid, directory))
		return 0;
	host->ccache = strdup(path);
	return host->ccache ? 0 : fail(err, ENOMEM, path, "cannot keep the path");
}

static int load_lxcfs(int root_fd, const struct policy *policy, struct host *host, struct error *err)
{
	static const char *const names[] = { "cpuinfo", "diskstats", "loadavg", "meminfo", "stat", "swaps", "uptime" };
	struct stat info;

	for (size_t i = 0; policy->lxcfs == LXCFS_AUTO && i < ARRAY_SIZE(names); i++) {
		char path[64];

		(void)text_format(path, sizeof path, HOST_LXCFS "/%s", names[i]);
		if (host_stat(root_fd, path, &info) == 0 && S_ISREG(info.st_mode) && list_add(&host->lxcfs, names[i]) < 0)
			return fail(err, ENOMEM, path, "cannot keep the path");
	}
	return 0;
}

static int load_disk(int root_fd, const struct policy *policy, const struct subject *subject, struct host *host,
	struct error *err)
{
	if (!policy->io_read_bandwidth.set && !policy->io_write_bandwidth.set)
		return 0;
	return host_disk_find(root_fd, subject->home, host->cgroups.layout == CGROUP_SYSTEMD, &host->cgroups.disk, err);
}

static int load_kept(const struct policy *policy, const struct subject *subject, struct host *host, struct error *err)
{
	char path[PATH_MAX];

	if (policy->root_mode != ROOT_OVERLAY_KEPT)
		return 0;
	if (policy_path_expand(policy->root_kept, subject, path, sizeof path, err) < 0)
		return -1;
	host->root_kept = strdup(path);
	return host->root_kept ? 0 : fail(err, ENOMEM, path, "cannot keep the path");
}

int host_load(int root_fd, const struct policy *policy, const struct subject *subject, struct host *out,
	struct error *err)
{
	if (host_load_as(geteuid(), root_fd, policy, subject, out, err) < 0)
		return -1;
	if (out->privileged)
		host_terminals_held(root_fd, "/proc/self/fd", out);
	return 0;
}

int host_load_as(uid_t uid, int root_fd, const struct policy *policy, const struct subject *subject, struct host *out,
	struct error *err)
{
	struct host host = { .privileged = uid == 0, .uid = uid, .gid = getegid(),
		.state_root = state_root_of_host };

	load_files(root_fd, &host);
	if (load_kernel(root_fd, &host, err) < 0 ||
		host_terminal_named(root_fd, subject->tty, &host, err) < 0 ||
		load_homes(root_fd, policy, subject, &host, err) < 0 ||
		host_paths_load(root_fd, policy, subject, &host, err) < 0 ||
		load_secrets(root_fd, &host, err) < 0 ||
		load_disk(root_fd, policy, subject, &host, err) < 0 ||
		load_kept(policy, subject, &host, err) < 0 ||
		load_lxcfs(root_fd, policy, &host, err) < 0 ||
		load_ccache(root_fd, subject, &host, err) < 0 ||
		host_programs_load(root_fd, policy, subject, &host, err) < 0 ||
		(policy->syslog && host_resolve(root_fd, "/dev/log", &host.syslog_socket, err) < 0)) {
		host_free(&host);
		return -1;
	}
	*out = host;
	return 0;
}

int host_wake(const char *helpers, const struct list *paths, int timeout_ms, struct error *err)
{
	own_text const char **argv = calloc(paths->count + 3, sizeof *argv);
	own_text char *out = calloc(paths->count + 2, 1);
	char program[PATH_MAX];
	size_t length;
	int status;

	if (!argv || !out)
		return fail(err, ENOMEM, helpers, "cannot look the paths up");
	if (text_format(program, sizeof program, "%s/contained-init", helpers) < 0)
		return fail(err, errno, helpers, "is too long a path");
	argv[0] = program;
	argv[1] = "--look";
	for (size_t i = 0; i < paths->count; i++)
		argv[2 + i] = paths->items[i];
	if (helper_run(argv, timeout_ms, out, paths->count + 2, &length, &status, err) == 0)
		return 0;
	if (err->num != ETIMEDOUT)
		return error_hint(err, "install contained again");
	/* a byte is written behind each path that has answered */
	length = strnlen(out, paths->count - 1);
	fail(err, ETIMEDOUT, paths->items[length], "the file system did not answer within %d ms", timeout_ms);
	return error_hint(err, "is its server alive?");
}

void host_free(struct host *host)
{
	free(host->passwd);
	free(host->group);
	free(host->hosts);
	free(host->resolv_conf);
	free(host->home);
	free(host->root_kept);
	free(host->syslog_socket);
	free(host->terminal);
	free(host->ccache);
	free(host->pasta);
	free(host->newuidmap);
	free(host->newgidmap);
	list_free(&host->homes);
	list_free(&host->lxcfs);
	list_free(&host->secrets);
	host_paths_free(host);
	*host = (struct host){ 0 };
}
