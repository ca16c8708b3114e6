#include "plan_mounts.h"

#include <errno.h>
#include <linux/sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "own.h"
#include "plan_paths.h"
#include "plan_resolv.h"

enum { PTYS_MOST = 256 };

/* What the session modules that stand after ours read (pam_limits, pam_env): the host's, in another root too. */
static const struct {
	const char *path;
	enum mount_kind place; /* to mount it on */
} pam_files[] = { { "/etc/security", MOUNT_PUT_DIR }, { "/etc/environment", MOUNT_PUT },
	{ "/etc/default/locale", MOUNT_PUT } };

static void add_root(struct maker *maker)
{
	static const char *const kernel_trees[] = { "/proc", "/sys", "/dev", "/run" };
	static const char *const directories[] = { "/proc", "/sys", "/dev", "/run", "/tmp", "/var/tmp", "/etc" };

	if (maker->overlay)
		ADD(maker, .kind = MOUNT_ROOT, .target = "/", .source = maker->plan->root, .text = maker->plan->kept,
			.size = maker->plan->kept ? 0 : maker_tmpfs_size(maker, &maker->policy->root_size),
			.flags = MOUNT_OVERLAY | MOUNT_RW | (maker->plan->userns == USERNS_FIRST ? MOUNT_USER : 0),
			.why = maker->plan->kept ? "the session's tree; what is written over it is kept" :
						   "the session's tree; what is written over it is gone at the end");
	else
		ADD(maker, .kind = MOUNT_ROOT, .target = "/", .source = maker->plan->root,
			.why = "the session's tree, nosuid and nodev throughout");
	if (maker->host_view && maker->plan->userns == USERNS_FIRST) {
		/* what came with the namespace cannot be taken off in it (mount_namespaces(7)): ours goes over it */
	} else if (maker->host_view) {
		for (size_t i = 0; i < ARRAY_SIZE(kernel_trees); i++)
			ADD(maker, .kind = MOUNT_DROP, .target = (char *)kernel_trees[i],
				.why = "the host's own is not even below the new one");
	} else {
		for (size_t i = 0; i < ARRAY_SIZE(directories); i++)
			ADD(maker, .kind = MOUNT_DIR, .target = (char *)directories[i], .mode = 0755,
				.why = "a place to mount on");
	}
}

/* Where the user namespace knows one group, the terminals are that one's. */
static gid_t terminals_group(const struct maker *maker)
{
	return maker->plan->userns == USERNS_FIRST ? maker->plan->program.gid : maker->host->tty_group;
}

/* Numbers are used up to there. */
static unsigned highest_pty(const struct host *host)
{
	unsigned highest = host->terminal ? minor(host->terminal_device) : 0;

	for (size_t i = 0; i < host->pty_count; i++)
		if (host->ptys[i] > highest)
			highest = host->ptys[i];
	return highest;
}

static void add_devices(struct maker *maker)
{
	static const struct {
		const char *path;
		unsigned major, minor;
	} devices[] = { { "/dev/null", 1, 3 }, { "/dev/zero", 1, 5 }, { "/dev/full", 1, 7 },
		{ "/dev/random", 1, 8 }, { "/dev/urandom", 1, 9 }, { "/dev/tty", 5, 0 } };
	static const char *const links[][2] = { { "/dev/fd", "/proc/self/fd" },
		{ "/dev/stdin", "/proc/self/fd/0" }, { "/dev/stdout", "/proc/self/fd/1" },
		{ "/dev/stderr", "/proc/self/fd/2" }, { "/dev/ptmx", "pts/ptmx" } };
	const struct host *host = maker->host;

	ADD(maker, .kind = MOUNT_TMPFS, .target = "/dev", .mode = 0755, .size = 65536, .flags = MOUNT_NOEXEC,
		.why = "devices that are safe to give, and no others");
	for (size_t i = 0; i < ARRAY_SIZE(devices); i++)
		ADD(maker, .kind = MOUNT_DEVICE, .target = (char *)devices[i].path,
			.source = (char *)devices[i].path, .rdev = makedev(devices[i].major, devices[i].minor),
			.flags = MOUNT_CREATE | MOUNT_RW);
	for (size_t i = 0; i < ARRAY_SIZE(links); i++)
		ADD(maker, .kind = MOUNT_LINK, .target = (char *)links[i][0], .text = (char *)links[i][1]);
	/* the kernel's ptys are one pool for all: without a bound, one session takes everybody's */
	ADD(maker, .kind = MOUNT_DEVPTS, .target = "/dev/pts", .gid = terminals_group(maker),
		.size = PTYS_MOST + highest_pty(host), .flags = MOUNT_CREATE | MOUNT_RW | MOUNT_NOEXEC,
		.why = "terminals of its own");
	ADD(maker, .kind = MOUNT_TMPFS, .target = "/dev/shm", .mode = 01777,
		.size = maker_tmpfs_size(maker, &maker->policy->shm_size), .flags = MOUNT_CREATE | MOUNT_RW);
	ADD(maker, .kind = MOUNT_MQUEUE, .target = "/dev/mqueue",
		.flags = MOUNT_CREATE | MOUNT_RW | MOUNT_NOEXEC);
	if (host->syslog_socket)
		ADD(maker, .kind = MOUNT_BIND, .target = "/dev/log", .source = host->syslog_socket,
			.flags = MOUNT_CREATE | MOUNT_OPTIONAL, .why = "syslog = yes");
	if (host->terminal && path_below(host->terminal, "/dev/pts"))
		ADD(maker, .kind = MOUNT_PTY, .target = host->terminal, .source = host->terminal,
			.flags = MOUNT_RW, .why = "the terminal this login came on");
	else if (host->terminal && !text_equal(host->terminal, "/dev/tty"))
		ADD(maker, .kind = MOUNT_DEVICE, .target = host->terminal, .source = host->terminal,
			.rdev = host->terminal_device, .flags = MOUNT_CREATE | MOUNT_RW,
			.why = "the terminal this login came on");
	for (size_t i = 0; i < host->pty_count; i++) {
		char path[32];

		(void)text_format(path, sizeof path, "/dev/pts/%u", host->ptys[i]);
		ADD(maker, .kind = MOUNT_PTY, .target = path, .source = path, .flags = MOUNT_RW,
			.why = "a terminal that the login's program holds");
	}
	ADD(maker, .kind = MOUNT_FREEZE, .target = "/dev");
}

static void add_proc(struct maker *maker)
{
	static const char *const readonly[] = { "/proc/sys", "/proc/sysrq-trigger", "/proc/bus", "/proc/fs",
		"/proc/irq", "/proc/pressure" };
	static const char *const hidden[] = { "/proc/kcore", "/proc/keys", "/proc/key-users", "/proc/timer_list",
		"/proc/sched_debug", "/proc/latency_stats", "/proc/acpi", "/proc/scsi" };

	ADD(maker, .kind = MOUNT_PROC, .target = "/proc", .flags = MOUNT_RW, .why = "the session's processes only");
	for (size_t i = 0; i < ARRAY_SIZE(readonly); i++)
		ADD(maker, .kind = MOUNT_READONLY, .target = (char *)readonly[i],
			.flags = MOUNT_OPTIONAL | MOUNT_NOEXEC, .why = "steers the host's kernel");
	for (size_t i = 0; i < ARRAY_SIZE(hidden); i++)
		ADD(maker, .kind = MOUNT_HIDE, .target = (char *)hidden[i], .flags = MOUNT_OPTIONAL,
			.why = "tells of the host");
}

static void add_lxcfs(struct maker *maker)
{
	const struct list *names = &maker->host->lxcfs;

	for (size_t i = 0; i < names->count; i++) {
		char source[64], target[64];

		(void)text_format(source, sizeof source, HOST_LXCFS "/%s", names->items[i]);
		(void)text_format(target, sizeof target, "/proc/%s", names->items[i]);
		ADD(maker, .kind = MOUNT_BIND, .target = target, .source = source, .flags = MOUNT_OPTIONAL | MOUNT_NOEXEC,
			.why = "lxcfs = auto: the session's own limits");
	}
}

static void add_sys(struct maker *maker)
{
	const struct cgroup_plan *cgroup = &maker->plan->cgroup;

	if (maker->plan->userns == USERNS_FIRST && !(maker->plan->namespaces & CLONE_NEWNET)) {
		/* a sysfs shows a network namespace, and is only for those to make who own it */
		ADD(maker, .kind = MOUNT_BIND, .target = "/sys", .source = "/sys", .why = "read-only");
		ADD(maker, .kind = MOUNT_HIDE, .target = "/sys/fs/cgroup", .flags = MOUNT_OPTIONAL,
			.why = "tells of the host");
	} else {
		ADD(maker, .kind = MOUNT_SYSFS, .target = "/sys", .why = "read-only");
	}
	ADD(maker, .kind = MOUNT_HIDE, .target = "/sys/firmware", .flags = MOUNT_OPTIONAL,
		.why = "tells of the host");
	if (cgroup->layout != CGROUP_V1 && cgroup->dir_count) {
		ADD(maker, .kind = MOUNT_BIND, .target = "/sys/fs/cgroup",
			.source = (char *)cgroup->dirs[0].path, .why = "the session's own limits, to be read");
	} else if (cgroup->dir_count) {
		ADD(maker, .kind = MOUNT_TMPFS, .target = "/sys/fs/cgroup", .mode = 0755, .size = 65536,
			.flags = MOUNT_NOEXEC, .why = "the session's own limits, to be read");
		for (size_t i = 0; i < cgroup->dir_count; i++) {
			const char *name = strrchr(cgroup->dirs[i].mount, '/');
			char target[CGROUP_PATH + 32];

			(void)snprintf(target, sizeof target, "/sys/fs/cgroup%s", name ? name : "/cgroup");
			ADD(maker, .kind = MOUNT_BIND, .target = target, .source = (char *)cgroup->dirs[i].path,
				.flags = MOUNT_CREATE | MOUNT_NOEXEC);
		}
		ADD(maker, .kind = MOUNT_FREEZE, .target = "/sys/fs/cgroup");
	}
}

static void add_run(struct maker *maker)
{
	const struct subject *subject = maker->subject;
	char runtime[64];

	(void)snprintf(runtime, sizeof runtime, "/run/user/%u", subject->uid);
	ADD(maker, .kind = MOUNT_TMPFS, .target = "/run", .mode = 0755, .size = maker_tmpfs_size(maker, &maker->policy->run_size),
		.flags = MOUNT_RW | MOUNT_NOEXEC, .why = "no socket of the host's services");
	ADD(maker, .kind = MOUNT_DIR, .target = "/run/lock", .mode = 01777);
	ADD(maker, .kind = MOUNT_TOUCH, .target = "/run/utmp", .mode = 0644, .why = "nobody else is logged in here");
	ADD(maker, .kind = MOUNT_TMPFS, .target = runtime, .mode = 0700, .uid = subject->uid, .gid = subject->gid,
		.size = maker_tmpfs_size(maker, &maker->policy->run_size), .flags = MOUNT_RW | MOUNT_CREATE, .why = "XDG_RUNTIME_DIR");
	ADD(maker, .kind = MOUNT_FILE, .target = "/run/contained/session", .text = maker->plan->name, .mode = 0444,
		.why = "by this a login inside the session is recognised");
}

/* Over the private directories, at the path that KRB5CCNAME says. */
static void add_ccache(struct maker *maker)
{
	if (maker->host->ccache)
		ADD(maker, .kind = MOUNT_BIND, .target = maker->host->ccache, .source = maker->host->ccache,
			.uid = maker->subject->uid, .why = "KRB5CCNAME",
			.flags = MOUNT_RW | MOUNT_NOEXEC | MOUNT_CREATE | MOUNT_OPTIONAL | MOUNT_OWNED);
}

/* In our layer over a read-only /etc; or right where a root that takes writing has it. */
static void put(struct maker *maker, const char *path, const char *text, mode_t mode, const char *why)
{
	ADD(maker, .kind = maker->overlay ? MOUNT_FILE : MOUNT_PUT, .target = (char *)path, .text = (char *)text,
		.mode = mode, .flags = maker->overlay ? MOUNT_OVERLAY : 0, .why = why);
}

static void add_file(struct maker *maker, const char *path, const char *text, const char *why)
{
	put(maker, path, text, 0644, why);
}

static void add_secrets(struct maker *maker)
{
	static const char *const secrets[] = { "/etc/shadow", "/etc/shadow-", "/etc/gshadow", "/etc/gshadow-" };
	const struct list *hosts = &maker->host->secrets;
	size_t count = maker->host_view ? hosts->count : ARRAY_SIZE(secrets);

	for (size_t i = 0; i < count; i++)
		put(maker, maker->host_view ? hosts->items[i] : secrets[i], NULL, 0, "a secret: empty");
}

static void add_resolvers(struct maker *maker)
{
	const char *text = maker->host->resolv_conf;
	own_text char *reached = NULL;

	if (!text || maker->policy->network == NETWORK_NONE)
		return;
	if (maker->policy->network == NETWORK_HOST) {
		add_file(maker, "/etc/resolv.conf", text, "what the host's led to");
		return;
	}
	reached = plan_resolv_conf(text, &maker->plan->pasta_dns);
	maker->broken = maker->broken || !reached;
	add_file(maker, "/etc/resolv.conf", reached, "those of the host's that can be reached, or pasta's");
}

/* What /etc says of users and of this host is ours; it lies in a layer over the tree's. */
static void add_etc(struct maker *maker, const struct paths *paths, const struct accounts *accounts)
{
	const struct host *host = maker->host;
	const char *name = maker->plan->name;
	bool pam = !maker->host_view && !maker->plan->program.path;
	own_text char *hosts = NULL;
	char hostname[TAROT_NAME + 2];

	if (accounts) {
		add_file(maker, "/etc/passwd", accounts->passwd, "accounts");
		add_file(maker, "/etc/group", accounts->group, "accounts");
		add_file(maker, "/etc/nsswitch.conf", accounts_nsswitch, "accounts");
	}
	if (asprintf(&hosts, "127.0.0.1\tlocalhost %s\n::1\tlocalhost ip6-localhost ip6-loopback %s\n%s", name,
		    name, host->hosts ? host->hosts : "") < 0) {
		hosts = NULL;
		maker->broken = true;
		return;
	}
	(void)snprintf(hostname, sizeof hostname, "%s\n", name);
	add_file(maker, "/etc/hosts", hosts, "the card is an address of this host");
	add_file(maker, "/etc/hostname", hostname, "the card");
	add_resolvers(maker);
	add_secrets(maker);
	for (size_t i = 0; pam && !maker->overlay && i < ARRAY_SIZE(pam_files); i++)
		ADD(maker, .kind = pam_files[i].place, .target = (char *)pam_files[i].path,
			.mode = pam_files[i].place == MOUNT_PUT_DIR ? 0755 : 0644, .why = "a place to mount on");
	plan_paths_add_etc_places(maker, paths);
	if (!maker->overlay)
		ADD(maker, .kind = MOUNT_LAYER, .target = "/etc", .why = "the files above over the tree's");
	for (size_t i = 0; pam && i < ARRAY_SIZE(pam_files); i++)
		ADD(maker, .kind = MOUNT_BIND, .target = (char *)pam_files[i].path, .source = (char *)pam_files[i].path,
			.flags = MOUNT_OPTIONAL | MOUNT_NOEXEC | (maker->overlay ? MOUNT_CREATE : 0),
			.why = "PAM modules after ours read it");
}

int plan_mounts_make(struct plan *plan, const struct policy *policy, const struct subject *subject,
	const struct host *host, const struct accounts *accounts, struct error *err)
{
	struct maker maker = { .plan = plan, .policy = policy, .subject = subject, .host = host,
		.host_view = text_equal(plan->root, "/") };
	struct paths paths;

	maker.overlay = !maker.host_view && policy->root_mode != ROOT_READONLY;
	if (plan_paths_make(&maker, &paths) < 0)
		return fail(err, ENOMEM, plan->root, "cannot plan the mounts");
	add_root(&maker);
	plan_paths_add_places(&maker, &paths);
	if (!maker.overlay)
		ADD(&maker, .kind = MOUNT_FREEZE, .target = "/", .flags = MOUNT_DEEP, .why = "read-only from here on");
	add_devices(&maker);
	add_proc(&maker);
	add_lxcfs(&maker);
	add_sys(&maker);
	add_run(&maker);
	add_etc(&maker, &paths, accounts);
	plan_paths_add(&maker, &paths);
	plan_paths_free(&paths);
	add_ccache(&maker);
	if (plan->mount_count > MOUNTS_MOST)
		return fail(err, 0, "mounts", "would be %zu operations, at most %d can be", plan->mount_count, MOUNTS_MOST);
	if (maker.broken)
		return fail(err, ENOMEM, plan->root, "cannot plan the mounts");
	return 0;
}
