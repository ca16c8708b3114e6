#pragma once
/* host_terminals: the terminals that come along with the process that logs in. Part of host_load(). */
#include "host.h"

/*
 * The terminal that the PAM application names, "pts/3", "/dev/pts/3" or "tty1"; sshd, cron and others put words of their
 * own there, which name none. 0, or -1 and err.
 */
int host_terminal_named(int root_fd, const char *tty, struct host *host, struct error *err);

/*
 * The ptys that this process holds open, either end of them, beside the one that was named: sudo has made one for its
 * program by the time that it opens the session (use_pty). Each is shown under its name, and may be opened there by whom
 * the host's own file lets, who need not have been given it: su's caller may have left any terminal open to it. More than
 * HOST_PTYS are left out, and those whose number the session could not use up. own_fds: "/proc/self/fd".
 */
void host_terminals_held(int root_fd, const char *own_fds, struct host *host);
