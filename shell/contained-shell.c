/*
 * contained-shell: a login shell and a forced command that puts what it starts into a container, with no privilege
 * of its own. The second door: what it can do an ordinary user can do, by user namespaces.
 *
 * It is linked statically: no library, preload or audit object of the user's is ever loaded into it, whatever
 * ~/.pam_environment or AcceptEnv set.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include "door_jail.h"
#include "door_request.h"
#include "engine/accounts.h"
#include "engine/host.h"
#include "engine/mountinfo.h"
#include "engine/own.h"
#include "engine/plan.h"
#include "engine/policy.h"
#include "engine/session.h"
#include "engine/state.h"
#include "engine/subject.h"
#include "engine/text.h"
#include "engine/tree.h"
#include "waiter.h"

enum {
	ARGUMENTS_MOST = 1024,
	STACK_USED = 256 * 1024, /* at most, by a set-up */
};

static_assert((int)COMMAND_WORDS_MAX < (int)ARGUMENTS_MOST, "arguments of a command have room");

/* Everything a session is made from. */
struct door {
	struct door_request request;
	char **given; /* environment */
	int host_fd;
	struct policy_file *file;
	struct subject subject;
	struct policy policy;
	struct list paths; /* to be looked up before anything else looks at them */
	struct host host;
	struct plan plan;
	bool jailed; /* the policy's `command` and `allow_commands` are for this user */
	struct door_jail jail;
	const char *shell; /* the real one; into policy, subject, or static */
	char *name_of_shell;
	const char *arguments[ARGUMENTS_MOST];
	char *environment[DOOR_ENVIRONMENT];
	struct state_root states;
	char name[TAROT_NAME];
	int state;
	int terminal;
	pid_t parent;
};

static void free_door(struct door *door)
{
	if (!door)
		return;
	plan_free(&door->plan);
	host_free(&door->host);
	list_free(&door->paths);
	policy_free(&door->policy);
	subject_free(&door->subject);
	policy_file_free(door->file);
	door_jail_free(&door->jail);
	free(door->name_of_shell);
	for (size_t i = 0; i < ARRAY_SIZE(door->environment); i++)
		free(door->environment[i]);
	own_close_fd(&door->host_fd);
	free(door);
}

/* The administrator's line; the user reads one calm sentence with the name to quote. */
static int refuse(const struct door *door, const struct error *err, int status)
{
	char text[1024], who[160];

	error_format(err, text, sizeof text);
	text_escape(who, sizeof who, door->subject.user ? door->subject.user : "");
	openlog("contained-shell", LOG_PID, LOG_AUTHPRIV);
	syslog(LOG_ERR, "%s: %s [%s]", who, text, door->name);
	closelog();
	fprintf(stderr, "This session could not be set up. Please tell the administrator: %s\n", door->name);
	return status;
}

/* What the policy does not allow: told to the user, and to the log with what was tried. */
static int refuse_wish(const struct door *door)
{
	char who[160], allowed[1024];

	text_escape(who, sizeof who, door->subject.user);
	text_escape(allowed, sizeof allowed, door->policy.allow_commands);
	openlog("contained-shell", LOG_PID, LOG_AUTHPRIV);
	syslog(LOG_WARNING, "%s: refused by allow_commands of [%s]: %s [%s]", who, door->policy.profile, door->jail.refused,
		door->name);
	closelog();
	fprintf(stderr, "This account may only run: %s; not: %s\n", allowed, door->jail.refused);
	return EXIT_CANNOT_RUN;
}

static bool is_this_program(const char *shell)
{
	const char *slash = strrchr(shell, '/');

	return text_equal(slash ? slash + 1 : shell, "contained-shell");
}

static bool is_program(int root_fd, const char *path)
{
	struct stat info;
	own_fd int fd = tree_open_file(root_fd, path, &info, NULL);

	return fd >= 0 && info.st_mode & 0111;
}

/* The policy's; or passwd's; or where that is this very program, what people expect. In the session's root. */
static const char *real_shell(const struct door *door, int root_fd)
{
	const char *policys = door->policy.shell, *passwds = door->subject.shell;

	if (policys && !text_equal(policys, "auto"))
		return policys;
	if (passwds[0] && !is_this_program(passwds))
		return passwds;
	return is_program(root_fd, "/bin/bash") ? "/bin/bash" : "/bin/sh";
}

/* The session's passwd has the real one, for what looks there: tmux, su, this program within the session. */
static int set_shell(struct door *door, const char *shell, struct error *err)
{
	char *copy = strdup(shell);

	if (!copy)
		return fail(err, ENOMEM, shell, "cannot be kept");
	free(door->subject.shell);
	door->subject.shell = copy;
	door->shell = copy;
	return 0;
}

/* What is run in the session's root, and its arguments. The path, or NULL and err. */
static const char *choose_program(struct door *door, int root_fd, struct error *err)
{
	struct door_jail *jail = &door->jail;

	if (set_shell(door, real_shell(door, root_fd), err) < 0 ||
		door_jail_decide(&door->request, door->jailed ? &door->policy : NULL, &door->subject, root_fd, jail, err) < 0)
		return NULL;
	if (!jail->path)
		return door_shell_arguments(&door->request, door->shell, door->arguments, ARGUMENTS_MOST,
			       &door->name_of_shell, err) < 0 ?
			NULL :
			door->shell;
	for (size_t i = 0; i < jail->command.words.count; i++)
		door->arguments[i] = jail->command.words.items[i];
	return jail->path;
}

static int make_environment(struct door *door, bool x11, struct error *err)
{
	if (door_environment(door->given, &door->subject, door->shell, x11, &door->policy.pass_env,
		    door->environment, err) < 0)
		return -1;
	return door_jail_environment(&door->jail, door->environment, err);
}

/*
 * Without a container: for root and for who is exempt, and in a session that stands already, whose environment is that
 * of its login; who is kept to a command has one without a way out of it. Returns only on failure.
 */
static int run_here(struct door *door, struct error *err)
{
	const char *program = choose_program(door, door->host_fd, err);
	bool jailed = program && door->jailed && door->jail.path;
	own_text char *shell = NULL;

	if (!program || (jailed && make_environment(door, true, err) < 0))
		return -1;
	if (asprintf(&shell, "SHELL=%s", door->shell) < 0)
		shell = NULL;
	if (!shell)
		return fail(err, ENOMEM, door->shell, "cannot be executed");
	for (char **entry = door->given; *entry; entry++)
		if (text_after(*entry, "SHELL="))
			*entry = shell;
	(void)execve(program, (char *const *)(uintptr_t)door->arguments, jailed ? door->environment : door->given);
	return fail(err, errno, program, "cannot be executed");
}

static int load_subject(struct door *door, struct error *err)
{
	int timeout = door->file ? (int)policy_globals(door->file)->deadline : 5000;

	if (subject_load_by_uid(door->host_fd, getuid(), CONTAINED_LIBEXEC "/contained-subject", timeout, &door->subject,
		    err) < 0)
		return -1;
	return subject_set_login(&door->subject, "contained-shell", isatty(0) ? ttyname(0) : NULL, NULL, err);
}

/* The kernel lets nobody give up a group in a user namespace of one id: who is in one that opens the host stays out. */
static int check_groups(const struct door *door, struct error *err)
{
	int count = getgroups(0, NULL);
	own_text gid_t *groups = count > 0 ? calloc((size_t)count, sizeof *groups) : NULL;

	if (count < 0 || (count > 0 && (!groups || getgroups(count, groups) != count)))
		return fail(err, errno, "groups", "cannot be read");
	for (int i = 0; i < count; i++) {
		char number[16];
		struct subject_group group = { groups[i], number };

		(void)text_format(number, sizeof number, "%u", groups[i]);
		for (size_t j = 0; j < door->subject.group_count; j++)
			if (door->subject.groups[j].gid == groups[i])
				group.name = door->subject.groups[j].name;
		if (!accounts_drops(&door->policy.drop_groups, door->host.group, &group))
			continue;
		fail(err, 0, group.name, "the user is in this group, which opens the host, and without root it cannot be given up");
		return error_hint(err, "take the user out of it, or let the PAM module make the session");
	}
	return 0;
}

/* A mount of the root is what a chroot does not have. */
static int check_chroot(struct error *err)
{
	own_text char *text = NULL;
	own_fd int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (tree_read_file(root, "/proc/self/mountinfo", 8 << 20, &text, NULL, NULL) < 0)
		return fail(err, errno, "/proc/self/mountinfo", "cannot be read: is this a chroot?");
	for (const char *at = text; *at; at = mountinfo_next(at)) {
		struct mountinfo_line line;

		if (mountinfo_parse(at, &line) && text_equal(line.point, "/"))
			return 0;
	}
	fail(err, 0, "/", "is a chroot, in which the kernel makes no user namespace");
	return error_hint(err, "take ChrootDirectory out for these users, and set root = DIR in the profile");
}

static int open_root(const struct door *door, struct error *err)
{
	int fd = open(door->policy.root, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0) {
		fail(err, errno, door->policy.root, "cannot open the root tree");
		return error_hint(err, "create it, or change `root`; the user has to be able to read it");
	}
	return fd;
}

static int plan(struct door *door, struct error *err)
{
	struct program program = { .uid = door->subject.uid, .gid = getgid(), .terminal = door->terminal };
	own_fd int root_fd = open_root(door, err);
	bool x11 = door->policy.network == NETWORK_HOST;

	if (root_fd < 0 || check_chroot(err) < 0)
		return -1;
	if (host_paths_name(&door->policy, &door->subject, &door->paths, err) < 0 ||
		host_wake(CONTAINED_LIBEXEC, &door->paths, (int)door->policy.deadline, err) < 0 ||
		host_load(door->host_fd, &door->policy, &door->subject, &door->host, err) < 0 ||
		check_groups(door, err) < 0)
		return -1;
	door->host.state_root = door->states;
	host_try_userns(&door->host);
	program.path = choose_program(door, root_fd, err);
	if (!program.path || make_environment(door, x11, err) < 0 ||
		state_reserve(&door->states, door->name, &door->state, err) < 0)
		return -1;
	program.argv = door->arguments;
	program.environment = (const char *const *)door->environment;
	return plan_make_program(&door->policy, &door->subject, &door->host, door->name, &program, &door->plan, err);
}

/*
 * What is left here stays for as long as the session. The stack below this frame was the set-up's alone, and within the
 * guard gap below it nothing is mapped (stack_guard_gap in mm/mmap.c). The heap from heap on is nobody's any
 * more, malloc()'s own records included: FROM HERE TO THE END OF THE PROCESS NOTHING IS ALLOCATED OR FREED. It reads as
 * zeros: a malloc() would abort, and the watcher end the session.
 *
 * The frame has to be this function's own, which is less than a page: inlined, it would be that of main(), and what
 * lies a page below the beginning of that is still in use.
 */
static __attribute__((noinline)) void give_back_memory(uintptr_t heap)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uintptr_t frame = (uintptr_t)__builtin_frame_address(0) / page * page, end = (uintptr_t)sbrk(0) / page * page;

	heap = (heap + page - 1) / page * page;
	if (heap < end)
		(void)madvise((void *)heap, end - heap, MADV_DONTNEED);
	(void)madvise((void *)(frame - page - STACK_USED), STACK_USED, MADV_DONTNEED);
}

/* 0 and *ended, and *door is freed; -1: nothing was run, *status. */
static int run(struct door **door, int *ended, int *status, struct error *err)
{
	int terminal = (*door)->terminal;
	uintptr_t heap = (uintptr_t)*door; /* the first that was allocated */
	pid_t pid, parent = (*door)->parent;
	struct session session;

	session_none(&session);
	*status = EXIT_CONTAINED;
	if (session_open(&session, &(*door)->plan, take_fd(&(*door)->state), CONTAINED_LIBEXEC,
		    (int)(*door)->policy.deadline, err) < 0)
		return -1;
	waiter_start();
	if (session_start_program(&session, &(*door)->plan, &pid, err) < 0) {
		*status = waiter_status_of(err);
		session_close(&session, CLOSE_MS);
		session_forget(&session);
		return -1;
	}
	free_door(*door);
	*door = NULL;
	give_back_memory(heap);
	*ended = waiter_wait(pid, terminal, parent);
	session_close(&session, CLOSE_MS);
	session_forget(&session);
	return 0;
}

/* As the program ended, so does this: sshd tells its client of a signal, too. */
static _Noreturn void end_as(int ended)
{
	const struct rlimit none = { 0, 0 };
	sigset_t set;

	if (WIFEXITED(ended))
		_exit(WEXITSTATUS(ended)); /* no exit(): its handlers might free */
	(void)setrlimit(RLIMIT_CORE, &none); /* the program's core is enough */
	(void)signal(WTERMSIG(ended), SIG_DFL);
	(void)sigemptyset(&set);
	(void)sigaddset(&set, WTERMSIG(ended));
	(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
	(void)raise(WTERMSIG(ended));
	_exit(EXIT_SIGNAL + WTERMSIG(ended));
}

/* 0: a container it is; 1: run_here(); -1. */
static int decide(struct door *door, struct error *err)
{
	bool inside = state_is_inside(getuid());

	if (getuid() != 0 && (getuid() != geteuid() || getgid() != getegid()))
		return fail(err, 0, "contained-shell", "is not to be setuid or setgid");
	/*
	 * In a session of this door's what may run was decided when it was made, and nobody's file there is one to trust.
	 * Where the PAM module made it (the mark is root's) that is still to be done.
	 */
	if (getuid() == 0 || (inside && !state_is_inside(0)))
		return subject_load_uid(door->host_fd, getuid(), &door->subject, &(bool){ false }, err) < 0 ? -1 : 1;
	if (policy_load(CONTAINED_CONF, &door->file, err) < 0 || load_subject(door, err) < 0)
		return -1;
	if (policy_exempts(door->file, &door->subject))
		return 1;
	if (policy_select(door->file, &door->subject, NULL, &door->policy, err) < 0)
		return -1;
	door->jailed = true;
	if (!inside)
		return 0;
	(void)gethostname(door->name, sizeof door->name); /* the session's own is what the log has */
	door->name[sizeof door->name - 1] = '\0';
	return 1;
}

int main(int argc, char **argv, char **environment)
{
	static char *no_environment[] = { NULL };
	struct door *door = calloc(1, sizeof *door);
	struct error err = { 0 };
	int ended = 0, status = EXIT_CONTAINED, decided;

	/* from here on nothing in this process looks at what the user set */
	environ = no_environment;
	(void)signal(SIGXFSZ, SIG_IGN); /* `ulimit -f 0` is an error like others */
	if (!door)
		return EXIT_CONTAINED;
	*door = (struct door){ .given = environment, .host_fd = -1, .state = -1, .parent = getppid(),
		.states = host_state_root() };
	/* for what goes wrong before there is a session to name */
	if (tarot_draw(0, door->name, NULL) < 0)
		(void)text_format(door->name, sizeof door->name, "no name");
	if (door_request_parse(argc, argv, environment, &door->request, &err) < 0) {
		char text[512];

		error_format(&err, text, sizeof text);
		fprintf(stderr, "contained-shell: %s\nusage: contained-shell [-l] [-i] [-c COMMAND [ARGUMENT…]]\n", text);
		return 2;
	}
	door->terminal = waiter_terminal();
	door->host_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	decided = decide(door, &err);
	if (decided > 0) {
		(void)run_here(door, &err);
		status = err.num == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN;
	} else if (decided == 0 && plan(door, &err) == 0 && run(&door, &ended, &status, &err) == 0) {
		end_as(ended);
	}
	if (door->state >= 0)
		state_discard(&door->states, door->name, &door->state);
	return door->jail.refused[0] ? refuse_wish(door) : refuse(door, &err, status);
}
