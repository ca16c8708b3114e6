/*
 * contained -m ROOTFS -u UID -c COMMAND…: the program this grew from. A container around one command, with the
 * original's values; each setting of a session has an option of its name.
 */
#include "original.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "commands.h"
#include "engine/host.h"
#include "engine/own.h"
#include "engine/program.h"
#include "engine/session.h"
#include "engine/state.h"
#include "engine/text.h"
#include "engine/tree.h"
#include "narrate.h"
#include "original_options.h"
#include "waiter.h"

/* The values of the original, over the built-in defaults. */
static const struct {
	const char *key, *value;
} original_values[] = {
	{ "home", "none" },
	{ "homes", "show" },
	{ "drop_groups", "" },
	{ "syslog", "no" },
	{ "limits", "try" }, /* it ran on hosts whose disks know no weights; what is left out is told */
	{ "memory", "1G" },
	{ "cpu_weight", "25" }, /* 256 shares of 1024 */
	{ "pids", "64" },
	{ "io_weight", "10" },
	{ "rlimit_nofile", "64" },
	{ "user_namespace", "try" },
	{ "seccomp", "strict" }, /* the original's calls, and what has come since */
};

/* Capabilities that the original left; in a user namespace of its own they reach the session's own ids alone. */
static const char original_caps[] = "chown dac_override fowner kill setgid setuid setpcap linux_immutable "
				    "net_bind_service net_broadcast net_admin net_raw ipc_owner sys_chroot "
				    "sys_ptrace sys_pacct sys_tty_config lease";
/* Without root the other namespaces belong to the user namespace: net_admin would open the kernel's packet filters. */
static const char fewer_caps[] = "chown dac_override fowner fsetid kill setgid setuid net_bind_service";

/* Everything a session is made from. */
struct made {
	struct original_options options;
	uint32_t uid;
	char root[PATH_MAX];
	int host_fd, root_fd;
	struct policy_file *file;
	struct policy policy;
	struct subject subject;
	struct list paths;
	struct host host;
	struct plan plan;
	char path[PATH_MAX]; /* of the command, inside */
	char *environment[8];
	int state;
};

static void free_made(struct made *made)
{
	plan_free(&made->plan);
	host_free(&made->host);
	list_free(&made->paths);
	subject_free(&made->subject);
	policy_free(&made->policy);
	policy_file_free(made->file);
	for (size_t i = 0; i < ARRAY_SIZE(made->environment); i++)
		free(made->environment[i]);
	own_close_fd(&made->host_fd);
	own_close_fd(&made->root_fd);
}

static int check_kernel(const struct narration *narration, struct error *err)
{
	struct utsname names;
	char text[128];
	unsigned major, minor;

	if (uname(&names) < 0 || sscanf(names.release, "%u.%u", &major, &minor) != 2)
		return fail(err, errno, "Linux", "has no version that can be read");
	if (major < 5 || (major == 5 && minor < 10)) {
		fail(err, 0, names.release, "is too old a Linux");
		return error_hint(err, "5.10 is the oldest that this is written for");
	}
	(void)snprintf(text, sizeof text, "validating Linux version…%u.%u…done.", major, minor);
	narrate(narration, text);
	return 0;
}

static int open_tree(struct made *made, struct error *err)
{
	const char *root = made->options.root;
	struct stat info;

	if (!realpath(root, made->root)) {
		fail(err, errno, root, "cannot be used as the root tree");
		return error_hint(err, errno == ENOENT ? "make one: for busybox a directory with bin/busybox in it will do" :
							 "every directory above it has to let you through");
	}
	if (stat(made->root, &info) < 0)
		return fail(err, errno, root, "cannot look at");
	if (!S_ISDIR(info.st_mode)) {
		fail(err, ENOTDIR, root, "is no root tree");
		return error_hint(err, "unpack an archive or mount an image, and give the directory");
	}
	made->host_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	made->root_fd = open(made->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (made->root_fd < 0) {
		fail(err, errno, root, "cannot be read");
		return error_hint(err, "run it as root, or let yourself read it");
	}
	return 0;
}

/* The configuration's profile, or the original's values; then the root, and what was said on the command line. */
static int make_policy(struct made *made, bool privileged, struct error *err)
{
	const struct original_options *options = &made->options;

	if (options->profile) {
		if (load_policy_file(options->conf, &made->file) < 0)
			return fail(err, 0, options->conf, "has errors, see above");
		if (policy_select(made->file, &made->subject, options->profile, &made->policy, err) < 0)
			return -1;
	} else {
		if (policy_defaults(&made->policy, err) < 0)
			return -1;
		for (size_t i = 0; i < ARRAY_SIZE(original_values); i++)
			if (policy_set(&made->policy, original_values[i].key, original_values[i].value, err) < 0)
				return -1;
		if (policy_set(&made->policy, "keep_caps", privileged ? original_caps : fewer_caps, err) < 0)
			return -1;
	}
	for (size_t i = 0; i < options->said_count; i++)
		if (policy_set(&made->policy, options->said[i].key, options->said[i].value, err) < 0)
			return -1;
	free(made->policy.root);
	made->policy.root = strdup(made->root);
	return made->policy.root ? 0 : fail(err, ENOMEM, made->root, "cannot keep the path");
}

static bool is_said(const struct original_options *options, const char *key)
{
	for (size_t i = 0; i < options->said_count; i++)
		if (text_equal(options->said[i].key, key))
			return true;
	return false;
}

/* A home is a directory of the host's; the passwd of a tree that is not the host's must not choose which. */
static int leave_home_out(struct made *made, struct error *err)
{
	if (text_equal(made->root, "/"))
		return 0;
	if (made->policy.home != HOME_NONE && is_said(&made->options, "home")) {
		fail(err, 0, "home", "of a user of another root tree, is nowhere on this host");
		return error_hint(err, "it is what the tree has there; own is for -m /");
	}
	made->policy.home = HOME_NONE;
	return 0;
}

static int make_subject(struct made *made, struct error *err)
{
	uint64_t uid;
	bool known;

	if (!text_parse_u64(made->options.uid, &uid) || uid >= UINT32_MAX) {
		fail(err, 0, made->options.uid, "is not a user id");
		return error_hint(err, "a number from 0 on");
	}
	made->uid = (uint32_t)uid;
	if (subject_load_uid(made->root_fd, made->uid, &made->subject, &known, err) < 0 ||
		subject_set_login(&made->subject, "contained", isatty(0) ? ttyname(0) : NULL, NULL, err) < 0)
		return -1;
	return known;
}

/* The directories in which a command without a slash is looked for, inside. */
#define COMMAND_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static int find_command(struct made *made, struct error *err)
{
	const char *name = made->options.command[0];
	struct error local;
	bool found = false;

	if (strchr(name, '/')) {
		if (name[0] != '/') {
			fail(err, EINVAL, name, "is a relative path");
			return error_hint(err, "give the path that the command has inside, or a name in %s", COMMAND_PATH);
		}
		if (text_format(made->path, sizeof made->path, "%s", name) < 0)
			return fail(err, errno, name, "is too long a path");
		return program_check(made->root_fd, made->path, err);
	}
	for (const char *dir = COMMAND_PATH; *dir; dir += strcspn(dir, ":"), dir += *dir == ':') {
		own_fd int fd = -1;

		if (text_format(made->path, sizeof made->path, "%.*s/%s", (int)strcspn(dir, ":"), dir, name) < 0)
			return fail(err, errno, name, "is too long a name");
		fd = tree_open_file(made->root_fd, made->path, NULL, &local);
		if (fd >= 0)
			return program_check(made->root_fd, made->path, err);
		/* one that is there and cannot be read: told, if no other is found */
		if (!found && local.num && local.num != ENOENT && local.num != ENOTDIR) {
			*err = local;
			found = true;
		}
	}
	if (found)
		return -1;
	fail(err, ENOENT, name, "is in none of %s of the root tree", COMMAND_PATH);
	return error_hint(err, "give its path inside");
}

static int make_environment(struct made *made, struct error *err)
{
	const struct subject *subject = &made->subject;
	const char *term = getenv("TERM");
	const char *pairs[][2] = { { "PATH", COMMAND_PATH }, { "HOME", subject->home }, { "USER", subject->user },
		{ "LOGNAME", subject->user }, { "SHELL", subject->shell }, { "TERM", term } };
	size_t count = 0;

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++)
		if (pairs[i][1] && asprintf(&made->environment[count++], "%s=%s", pairs[i][0], pairs[i][1]) < 0) {
			made->environment[count - 1] = NULL;
			return fail(err, ENOMEM, pairs[i][0], "cannot make the environment");
		}
	return 0;
}

/* 0, or -1; *status: the exit status that goes with the error. */
static int prepare(struct made *made, int terminal, const struct narration *narration,
	const struct state_root *states, char name[TAROT_NAME], int *status, struct error *err)
{
	int known;

	*status = EXIT_CONTAINED;
	if (check_kernel(narration, err) < 0 || open_tree(made, err) < 0)
		return -1;
	known = make_subject(made, err);
	if (known < 0 || make_policy(made, states->owner == 0, err) < 0 || leave_home_out(made, err) < 0)
		return -1;
	/* a tree that knows the user keeps its own names */
	if (made->policy.accounts == ACCOUNTS_AUTO)
		made->policy.accounts = known ? ACCOUNTS_HOST : ACCOUNTS_MINIMAL;
	if (find_command(made, err) < 0) {
		*status = err->num == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN;
		return -1;
	}
	if (make_environment(made, err) < 0 || host_paths_name(&made->policy, &made->subject, &made->paths, err) < 0 ||
		host_wake(CONTAINED_LIBEXEC, &made->paths, (int)made->policy.deadline, err) < 0 ||
		host_load(made->host_fd, &made->policy, &made->subject, &made->host, err) < 0)
		return -1;
	made->host.state_root = *states;
	host_try_userns(&made->host);
	/* without a user namespace whatever is kept would be the host's own */
	if (made->host.privileged && !made->options.profile && !is_said(&made->options, "keep_caps") &&
		(!made->host.userns || made->policy.user_namespace == USERNS_OFF))
		made->policy.keep_caps = 0;
	if (state_reserve(states, name, &made->state, err) < 0)
		return -1;
	return plan_make_program(&made->policy, &made->subject, &made->host, name,
		&(struct program){ .uid = made->uid, .gid = made->subject.gid, .path = made->path,
			.argv = (const char *const *)made->options.command,
			.environment = (const char *const *)made->environment, .terminal = terminal },
		&made->plan, err);
}

static int run(struct made *made, int terminal, struct narration *narration, struct session *session, int *status,
	struct error *err)
{
	int ended;
	pid_t pid;

	session->told = narrate_step;
	session->told_context = narration;
	*status = EXIT_CONTAINED;
	if (chdir("/") < 0)
		return fail(err, errno, "/", "cannot enter");
	if (session_open(session, &made->plan, take_fd(&made->state), CONTAINED_LIBEXEC, (int)made->policy.deadline,
		    err) < 0)
		return -1;
	waiter_start();
	if (session_start_program(session, &made->plan, &pid, err) < 0) {
		*status = waiter_status_of(err);
		session_close(session, CLOSE_MS);
		return -1;
	}
	ended = waiter_wait(pid, terminal, 0);
	session_close(session, CLOSE_MS);
	if (made->plan.cgroup.dir_count)
		narrate(narration, "cleaning cgroups…done.");
	*status = WIFEXITED(ended) ? WEXITSTATUS(ended) : EXIT_SIGNAL + WTERMSIG(ended);
	return 0;
}

/* What the host could not give, in any case, and above all when nobody listens to the steps. */
static void tell_left_out(const struct made *made)
{
	if (made->plan.limits_left_out[0])
		fprintf(stderr, "contained: warning: this host cannot give the limits: %s\n", made->plan.limits_left_out);
	if (made->plan.userns_left_out)
		fputs("contained: warning: without a user namespace, which this host does not make\n", stderr);
}

/* A standard fd that is closed would be given to what is opened next, and the lines of the steps would go there. */
static void open_standard_fds(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR); /* for the program, too */
	while (fd >= 0 && fd < 3);
	own_close_fd(&fd);
}

int command_original(int argc, char **argv)
{
	struct made made = { .host_fd = -1, .root_fd = -1, .state = -1 };
	struct narration narration = { .plan = &made.plan };
	const struct state_root states = host_state_root();
	char name[TAROT_NAME] = "";
	struct session session;
	struct error err = { 0 };
	int terminal = waiter_terminal();
	int status = original_options_parse(argc, argv, &made.options);

	open_standard_fds();
	if (status != 0)
		return status;
	(void)setvbuf(stderr, NULL, _IOLBF, 0);
	narration.quiet = made.options.quiet;
	session_none(&session);
	if (prepare(&made, terminal, &narration, &states, name, &status, &err) < 0) {
		print_error(&err);
	} else {
		tell_left_out(&made);
		if (run(&made, terminal, &narration, &session, &status, &err) < 0) {
			narrate_failure(&narration, err.step);
			print_error(&err);
		}
	}
	if (made.state >= 0)
		state_discard(&states, name, &made.state);
	session_forget(&session);
	free_made(&made);
	return status;
}
