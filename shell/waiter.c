#include "waiter.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/own.h"

/* What is meant for the program: sent to this process, or by the terminal to the group it is in. */
static const int passed_on[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM, SIGWINCH, SIGTSTP };

static void make_set(sigset_t *set)
{
	struct sigaction action;

	(void)sigemptyset(set);
	/* what is ignored is to be ignored by the program, too; blocked, it would be kept waiting all the same */
	for (size_t i = 0; i < ARRAY_SIZE(passed_on); i++)
		if (sigaction(passed_on[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
			(void)sigaddset(set, passed_on[i]);
	(void)sigaddset(set, SIGCHLD);
	(void)sigaddset(set, SIGTTOU); /* it takes the terminal back from the background */
}

int waiter_status_of(const struct error *err)
{
	if (err->num == ENOENT)
		return EXIT_NOT_FOUND;
	/* a shortage is not the program's fault */
	return err->step[0] || err->num == EAGAIN || err->num == ENOMEM ? EXIT_CONTAINED : EXIT_CANNOT_RUN;
}

static void ignore_nothing(int number)
{
	(void)number;
}

void waiter_start(void)
{
	/* an ignored SIGCHLD would take the status away */
	const struct sigaction action = { .sa_handler = ignore_nothing };
	sigset_t set;

	make_set(&set);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	(void)sigaction(SIGCHLD, &action, NULL);
}

/* The terminal in whose foreground this process is; -1. */
static int find_terminal(void)
{
	for (int fd = 0; fd < 3; fd++)
		if (tcgetpgrp(fd) == getpgrp())
			return fd;
	return -1;
}

int waiter_terminal(void)
{
	/* in a pipeline it is the others' as well: a pager without it would stop, and the pipeline with it */
	return tcgetpgrp(0) == getpgrp() && tcgetpgrp(1) == getpgrp() ? 0 : -1;
}

/* The program's group, and the terminal while it is lent to it; -1. */
struct job {
	pid_t pid;
	int lent;
};

static void lend_terminal(struct job *job)
{
	int terminal = find_terminal();

	/* hung up, or in the background, where the shell keeps it: nobody needs it */
	if (terminal >= 0 && tcsetpgrp(terminal, job->pid) == 0)
		job->lent = terminal;
}

static void take_back(struct job *job)
{
	if (job->lent >= 0)
		(void)tcsetpgrp(job->lent, getpgrp()); /* hung up: nobody needs it any more */
	job->lent = -1;
}

/* Where no shell looks after our group nobody would continue us: there the kernel drops this signal (setpgid(2)). */
static void stop_self(void)
{
	sigset_t stop;

	(void)sigemptyset(&stop);
	(void)sigaddset(&stop, SIGTSTP);
	(void)kill(getpid(), SIGTSTP);
	(void)sigprocmask(SIG_UNBLOCK, &stop, NULL); /* here it stops */
	(void)sigprocmask(SIG_BLOCK, &stop, NULL);
}

/* As the job of the shell that started us: stopped with the program, and with it in the foreground again. */
static void stop_with(struct job *job, int number)
{
	bool had = job->lent >= 0;
	/* we are in the foreground and it is not, and now it wants to read what is typed */
	bool wants = (number == SIGTTIN || number == SIGTTOU) && find_terminal() >= 0;

	if (!wants) {
		take_back(job);
		stop_self();
	}
	if (had || wants)
		lend_terminal(job);
	(void)kill(-job->pid, SIGCONT);
}

/*
 * A session leader is what sshd or its like started, whose end is the connection's: without a terminal nothing else
 * would tell. The kernel forgets this at each change of credentials: last, and then a parent may be gone already.
 */
static pid_t watch_parent(pid_t parent)
{
	return getsid(0) == getpid() && prctl(PR_SET_PDEATHSIG, SIGHUP, 0, 0, 0) == 0 ? parent : 0;
}

/* What a signal's sender means for the program. What the terminal says, it says to all of a group. */
static void pass_on(const struct signalfd_siginfo *info, pid_t pid)
{
	if (info->ssi_signo == SIGCHLD || info->ssi_signo == SIGTTOU)
		return;
	(void)kill(info->ssi_code == SI_KERNEL ? -pid : pid, (int)info->ssi_signo); /* it may have ended just now */
}

int waiter_wait(pid_t pid, int terminal, pid_t parent)
{
	/* the kernel tells a hang-up to the leader of the session alone, and su(1), which may be that, does not listen */
	struct pollfd fds[2] = { { .fd = -1, .events = POLLIN }, { .fd = terminal } };
	struct job job = { pid, terminal };
	sigset_t set;
	int status;

	make_set(&set);
	fds[0].fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	parent = watch_parent(parent);
	for (;;) {
		struct signalfd_siginfo info;
		pid_t changed = waitpid(pid, &status, WNOHANG | WUNTRACED);

		if (changed == pid && WIFSTOPPED(status)) {
			stop_with(&job, WSTOPSIG(status));
			continue;
		}
		if (changed == pid || (changed < 0 && errno != EINTR))
			break;
		if ((parent && getppid() != parent) || fds[1].revents & (POLLHUP | POLLERR)) {
			status = SIGHUP; /* as waitpid(2) has it; whatever ignores that ends with the session */
			break;
		}
		/* without an fd to spare: a look now and then */
		(void)poll(fds, 2, fds[0].fd < 0 ? 50 : -1);
		while (read(fds[0].fd, &info, sizeof info) == sizeof info)
			pass_on(&info, pid);
	}
	own_close_fd(&fds[0].fd);
	take_back(&job);
	return status;
}
