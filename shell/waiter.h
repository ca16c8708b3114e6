#pragma once
/* waiter: what stands before a session's program, as a shell stands before its jobs. */
#include <sys/types.h>

/*
 * Signals that are meant for the program are blocked from here on, in this process; they reach the program through
 * waiter_wait(). Call it before the program is started.
 */
void waiter_start(void);

/* The terminal in whose foreground this process is, by its standard fds; -1: there is none. Not to be closed. */
int waiter_terminal(void);

/*
 * Waits for the program's end and returns its status as from waitpid(2). Signals go on to it; when it stops, this
 * process stops, and with it goes on. terminal: of waiter_terminal(), taken back at the end; -1.
 */
int waiter_wait(pid_t pid, int terminal);
