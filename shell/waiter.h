#pragma once
/* waiter: what stands before a session's program, as a shell stands before its jobs. */
#include <sys/types.h>

#include "engine/error.h"

/* The exit statuses of a door whose program did not end by itself. */
enum {
	EXIT_CONTAINED = 125, /* nothing was run, and it is not the program's fault */
	EXIT_CANNOT_RUN = 126,
	EXIT_NOT_FOUND = 127,
	EXIT_SIGNAL = 128, /* and the number of the signal */
};
enum { CLOSE_MS = 3000 }; /* for what is left of a session to go */

/* Of an error of session_start_program(). */
int waiter_status_of(const struct error *err);

/*
 * Signals that are meant for the program are blocked from here on, in this process; they reach the program through
 * waiter_wait(). Call it before the program is started.
 */
void waiter_start(void);

/*
 * The terminal that the program is to have from the beginning: in whose foreground this process is, and where it reads
 * and writes. -1: there is none. Not to be closed.
 */
int waiter_terminal(void);

/*
 * Waits for the program's end and returns its status as from waitpid(2). Signals go on to it; when it stops, this
 * process stops, and with it goes on. The program is the leader of a process group. terminal: of waiter_terminal(), lent
 * to it; another terminal is lent when it wants to read there. What is lent is taken back at the end. parent: getppid()
 * from before the program's start: where this process leads a session, its parent's end is the end, as by a SIGHUP; 0:
 * not.
 */
int waiter_wait(pid_t pid, int terminal, pid_t parent);
