#include "waiter.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/own.h"

/* What somebody sends to this process and means the program. The terminal's own go to the program's group. */
static const int passed_on[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM, SIGWINCH };

static void add_passed_on(sigset_t *set)
{
	for (size_t i = 0; i < ARRAY_SIZE(passed_on); i++)
		(void)sigaddset(set, passed_on[i]);
}

static void make_set(sigset_t *set)
{
	(void)sigemptyset(set);
	add_passed_on(set);
	(void)sigaddset(set, SIGCHLD);
	(void)sigaddset(set, SIGTTOU); /* it takes the terminal back from the background */
}

static void ignore_nothing(int number)
{
	(void)number;
}

void waiter_start(void)
{
	/* a signal that is ignored is not kept waiting, and an ignored SIGCHLD would take the status away */
	const struct sigaction action = { .sa_handler = ignore_nothing };
	sigset_t set;

	make_set(&set);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	(void)sigaction(SIGCHLD, &action, NULL);
}

int waiter_terminal(void)
{
	for (int fd = 0; fd < 3; fd++)
		if (tcgetpgrp(fd) == getpgrp())
			return fd;
	return -1;
}

static void give_terminal(int terminal, pid_t group)
{
	if (terminal >= 0)
		(void)tcsetpgrp(terminal, group); /* hung up: nobody needs it any more */
}

/* As the job of the shell that started us: stopped with the program, and with it in the foreground again. */
static void stop_with(pid_t pid, int terminal)
{
	give_terminal(terminal, getpgrp());
	(void)kill(getpid(), SIGSTOP);
	/* continued; in the background the shell keeps the terminal */
	if (terminal >= 0 && tcgetpgrp(terminal) == getpgrp())
		give_terminal(terminal, pid);
	(void)kill(terminal >= 0 ? -pid : pid, SIGCONT);
}

int waiter_wait(pid_t pid, int terminal)
{
	sigset_t set;
	int status;

	make_set(&set);
	for (;;) {
		siginfo_t info;
		pid_t changed = waitpid(pid, &status, WNOHANG | WUNTRACED);

		if (changed == pid && WIFSTOPPED(status)) {
			stop_with(pid, terminal);
			continue;
		}
		if (changed == pid || (changed < 0 && errno != EINTR))
			break;
		if (changed != 0 || sigwaitinfo(&set, &info) < 0 || info.si_signo == SIGCHLD || info.si_signo == SIGTTOU)
			continue;
		/* without a group of its own the program has had what the kernel sent to ours */
		if (terminal >= 0 || info.si_code != SI_KERNEL)
			(void)kill(pid, info.si_signo); /* it may have ended just now */
	}
	give_terminal(terminal, getpgrp());
	return status;
}
