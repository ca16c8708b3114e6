#pragma once
/*
 * probe: one static program that the tests run inside a session, in any root tree. It is one
 * translation unit, probe.c, so that a single compiler call makes it; the headers hold one
 * subcommand each.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <sys/ioctl.h>
#include <sys/syscall.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int failures;

/* One line of TAP. The detail says what was seen, whichever way it went. */
static __attribute__((format(printf, 3, 4))) bool say(
	bool good, const char *name, const char *format, ...)
{
	va_list args;

	printf("%s %s", good ? "ok" : "not ok", name);
	va_start(args, format);
	(void)vprintf(format, args);
	va_end(args);
	putchar('\n');
	failures += !good;
	return good;
}

static const char *errno_name(int num)
{
	const char *name = num ? strerrorname_np(num) : "success";

	return name ? name : "an unknown errno";
}

/* A terminal that is ours: stdin's, else a fresh pty's slave; -1 where there is none. */
static int open_terminal(int *master)
{
	int unlock = 0;

	*master = -1;
	if (isatty(STDIN_FILENO))
		return STDIN_FILENO;
	*master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (*master < 0 || ioctl(*master, TIOCSPTLCK, &unlock) < 0)
		return -1;
	/* 4.13: no path needed, whatever devpts is mounted */
	return ioctl(*master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
}
