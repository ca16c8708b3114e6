/*
 * The program of a door that starts it itself. The session process, which has joined and is sealed, forks; the child
 * becomes the plan's user and gives up the rest. From the fork to the exec the child is nobody's but ours.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel.h"
#include "own.h"
#include "session_steps.h"

/* The session process keeps what lets it do this; without root there is one id, and it is that one already. */
static int become_user(const struct plan *plan, struct error *err)
{
	const struct program *program = &plan->program;

	if (plan->userns != USERNS_FIRST && setgroups(0, NULL) < 0)
		return fail(err, errno, "groups", "cannot be given up");
	if (setresgid(program->gid, program->gid, program->gid) < 0)
		return fail(err, errno, "group", "cannot become %u", program->gid);
	if (setresuid(program->uid, program->uid, program->uid) < 0)
		return fail(err, errno, "user", "cannot become %u", program->uid);
	return 0;
}

/* In the session's own /proc, where this child has an entry. */
static int read_back(const struct plan *plan, struct error *err)
{
	own_fd int fd = open("/proc/self/status", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	char text[8192];
	ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof text - 1);

	if (got < 0)
		return fail(err, errno, "/proc/self/status", "cannot be read back");
	text[got] = '\0';
	return caps_compare(&plan->program_caps, text, err);
}

/* Nothing is blocked. Handlers go with the exec, and what is ignored stays so: nohup(1) and a shell's & mean it. */
static void unblock_signals(void)
{
	sigset_t none;

	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

int step_become(struct session *session, struct error *err)
{
	const struct plan *plan = session->plan;

	/* first, or the change from user 0 would take what locking the rest needs (capabilities(7), NO_SETUID_FIXUP) */
	if (caps_set_securebits(plan->program_caps.securebits, err) < 0 || become_user(plan, err) < 0 ||
		caps_apply(&plan->program_caps, err) < 0)
		return -1;
	return read_back(plan, err);
}

/*
 * As a shell starts one: in a process group of its own, and in the terminal's foreground. In its caller's it could
 * signal who called by kill(0, …), which knows no pid namespaces.
 */
static int take_terminal(const struct program *program, struct error *err)
{
	sigset_t blocked;

	if (setpgid(0, 0) < 0)
		return fail(err, errno, program->path, "cannot get a process group of its own");
	if (program->terminal < 0)
		return 0;
	(void)sigemptyset(&blocked);
	(void)sigaddset(&blocked, SIGTTOU); /* what a background process gets for taking the terminal */
	(void)sigprocmask(SIG_BLOCK, &blocked, NULL);
	if (tcsetpgrp(program->terminal, getpgrp()) < 0)
		return fail(err, errno, "terminal", "cannot be given to the program");
	return 0;
}

/* Nothing of ours beside the standard fds; the report closes itself in the exec. */
static int close_others(int *report, struct error *err)
{
	if (*report != 3 && dup3(*report, 3, O_CLOEXEC) != 3)
		return fail(err, errno, "file descriptors", "cannot be moved");
	*report = 3;
	return k_close_range(4, ~0u) == 0 ? 0 : fail(err, errno, "file descriptors", "cannot be closed");
}

static _Noreturn void run_child(struct session *session)
{
	const struct program *program = &session->plan->program;
	int *report = &session->report[1];
	struct error err;
	char message;

	if (take_terminal(program, &err) == 0 && session_run(session, PHASE_RUN, PLACE_PROGRAM, &err) == 0 &&
		close_others(report, &err) == 0) {
		unblock_signals();
		/* what is told of the steps is told before the program says anything */
		if (!session->told || recv(*report, &message, 1, 0) == 1) {
			(void)execve(program->path, (char *const *)(uintptr_t)program->argv,
				(char *const *)(uintptr_t)program->environment);
			fail(&err, errno, program->path, "cannot be executed");
		}
	}
	session_report(session, &err);
}

/* 1: executed; 0: a step is done; -1: the error that was reported. */
static int hear_child(struct session *session, struct error *err)
{
	char buf[sizeof *err + 1];
	ssize_t got;

	while ((got = recv(session->report[0], buf, sizeof buf, 0)) < 0 && errno == EINTR)
		continue;
	if (got == 0)
		return 1;
	if (got == 2 && buf[0] == REPORT_STEP && (size_t)buf[1] < session_steps_count) {
		session->told(session->told_context, &session_steps[(size_t)buf[1]]);
		/* it may have died: its end is heard as such */
		(void)send(session->report[0], buf, 1, MSG_NOSIGNAL);
		return 0;
	}
	if (got != (ssize_t)sizeof buf || buf[0] != REPORT_ERROR)
		return fail(err, 0, session->plan->program.path, "the process that should run it died");
	memcpy(err, buf + 1, sizeof *err);
	return -1;
}

int session_start_program(struct session *session, const struct plan *plan, pid_t *pid, struct error *err)
{
	pid_t child;
	int result;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, session->report) < 0)
		return fail(err, errno, "socket", "cannot be made");
	session->plan = plan;
	child = fork();
	if (child == 0) {
		own_close_fd(&session->report[0]);
		run_child(session);
	}
	own_close_fd(&session->report[1]);
	result = child < 0 ? fail(err, errno, plan->program.path, "cannot fork") : 0;
	while (result == 0)
		result = hear_child(session, err);
	if (result < 0 && child > 0)
		while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
			continue;
	own_close_fd(&session->report[0]);
	session->plan = NULL;
	if (result < 0)
		return -1;
	*pid = child;
	return 0;
}
