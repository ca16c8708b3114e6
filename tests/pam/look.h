#pragma once
/*
 * look: what a process is, as far as a PAM module could change it, and what differs between two looks. Part of
 * manners.c, which is one translation unit.
 */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FDS = 256, SIGNALS = 64, TEXT = 8192 };

extern char **environ;

static int bad;

static void say(bool good, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
static void say(bool good, const char *name, const char *format, ...)
{
	va_list args;

	printf("%s %s: ", good ? "ok" : "not ok", name);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	(void)fflush(stdout);
	bad += !good;
}

struct open_file {
	bool open;
	dev_t device;
	ino_t inode;
	mode_t mode;
	int flags, status;
};

struct snapshot {
	struct open_file files[FDS];
	sigset_t blocked;
	struct sigaction actions[SIGNALS];
	char environment[TEXT];
	char locale[256], directory[512], name[16];
	mode_t mask;
	uid_t real, effective, saved;
	gid_t group;
	int groups, dumpable, keep;
	pid_t pid, session, process_group;
	unsigned alarm;
	/* these change for good once a session is joined */
	char namespaces[TEXT], cgroups[TEXT], privileges[TEXT];
	struct rlimit limits[RLIM_NLIMITS];
	int securebits;
};

static void read_text(const char *path, char *buf, size_t size, const char *only)
{
	FILE *file = fopen(path, "re");
	char line[512];
	size_t used = 0;

	buf[0] = '\0';
	while (file && fgets(line, sizeof line, file)) {
		if (only && strncmp(line, only, strlen(only)) != 0 &&
			strncmp(line, "NoNewPrivs", 10) != 0 && strncmp(line, "Seccomp", 7) != 0)
			continue;
		used += (size_t)snprintf(buf + used, size - used, "%s", line);
		if (used >= size)
			break;
	}
	if (file)
		(void)fclose(file);
}

static void read_namespaces(char *buf, size_t size)
{
	static const char *const kinds[] = { "mnt", "pid", "pid_for_children", "net", "ipc", "uts",
		"cgroup", "user" };

	buf[0] = '\0';
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		char path[64], target[128] = "";
		size_t used = strlen(buf);

		(void)snprintf(path, sizeof path, "/proc/self/ns/%s", kinds[i]);
		if (readlink(path, target, sizeof target - 1) < 0)
			(void)snprintf(target, sizeof target, "?");
		(void)snprintf(buf + used, size - used, "%s %s\n", kinds[i], target);
	}
}

static void look_at_files(struct open_file *files)
{
	for (int fd = 0; fd < FDS; fd++) {
		struct stat info;

		memset(&files[fd], 0, sizeof files[fd]);
		if (fstat(fd, &info) < 0)
			continue;
		files[fd] = (struct open_file){ true, info.st_dev, info.st_ino, info.st_mode,
			fcntl(fd, F_GETFD), fcntl(fd, F_GETFL) };
	}
}

static void look(struct snapshot *shot)
{
	size_t used = 0;

	memset(shot, 0, sizeof *shot);
	(void)sigprocmask(SIG_SETMASK, NULL, &shot->blocked);
	for (int i = 1; i < SIGNALS; i++)
		(void)sigaction(i, NULL, &shot->actions[i]);
	for (char **entry = environ; *entry && used < sizeof shot->environment; entry++)
		used += (size_t)snprintf(shot->environment + used, sizeof shot->environment - used,
			"%p %s\n", (void *)*entry, *entry);
	(void)snprintf(shot->locale, sizeof shot->locale, "%s", setlocale(LC_ALL, NULL));
	if (!getcwd(shot->directory, sizeof shot->directory))
		(void)snprintf(shot->directory, sizeof shot->directory, "?");
	(void)prctl(PR_GET_NAME, shot->name);
	shot->mask = umask(0);
	(void)umask(shot->mask);
	(void)getresuid(&shot->real, &shot->effective, &shot->saved);
	shot->group = getegid();
	shot->groups = getgroups(0, NULL);
	shot->dumpable = prctl(PR_GET_DUMPABLE);
	shot->keep = prctl(PR_GET_KEEPCAPS);
	shot->pid = getpid();
	shot->session = getsid(0);
	shot->process_group = getpgid(0);
	shot->alarm = alarm(0);
	read_namespaces(shot->namespaces, sizeof shot->namespaces);
	read_text("/proc/self/cgroup", shot->cgroups, sizeof shot->cgroups, NULL);
	read_text("/proc/self/status", shot->privileges, sizeof shot->privileges, "Cap");
	for (int i = 0; i < (int)RLIM_NLIMITS; i++)
		(void)getrlimit((__rlimit_resource_t)i, &shot->limits[i]);
	shot->securebits = prctl(PR_GET_SECUREBITS);
	look_at_files(shot->files);
}

static void same_text(const char *what, const char *name, const char *before, const char *after)
{
	char label[128];

	(void)snprintf(label, sizeof label, "%s: %s", name, what);
	say(strcmp(before, after) == 0, label, "%s",
		strcmp(before, after) == 0 ? "as found" : after);
}

static void same_number(const char *what, const char *name, long before, long after)
{
	char label[128];

	(void)snprintf(label, sizeof label, "%s: %s", name, what);
	say(before == after, label, "%ld, was %ld", after, before);
}

static void compare_files(
	const char *name, const struct snapshot *before, const struct snapshot *after)
{
	char label[128];
	int differing = 0, which = -1;

	for (int fd = 0; fd < FDS; fd++) {
		if (memcmp(&before->files[fd], &after->files[fd], sizeof before->files[fd]) != 0) {
			differing++;
			which = fd;
		}
	}
	(void)snprintf(label, sizeof label, "%s: open files", name);
	say(differing == 0, label, "%d differ%s, the last is %d", differing,
		differing == 1 ? "s" : "", which);
}

/* What a module leaves alone whatever it does. */
static void compare(const char *name, const struct snapshot *before, const struct snapshot *after)
{
	int handlers = 0;

	for (int i = 1; i < SIGNALS; i++)
		handlers += before->actions[i].sa_handler != after->actions[i].sa_handler ||
			    before->actions[i].sa_flags != after->actions[i].sa_flags;
	same_number("signal handlers that differ", name, 0, handlers);
	same_number("blocked signals", name, 0,
		memcmp(&before->blocked, &after->blocked, sizeof before->blocked));
	same_text("environment", name, before->environment, after->environment);
	same_text("locale", name, before->locale, after->locale);
	same_text("current directory", name, before->directory, after->directory);
	same_text("name", name, before->name, after->name);
	same_number("umask", name, before->mask, after->mask);
	same_number("real uid", name, before->real, after->real);
	same_number("effective uid", name, before->effective, after->effective);
	same_number("saved uid", name, before->saved, after->saved);
	same_number("gid", name, before->group, after->group);
	same_number("keepcaps", name, before->keep, after->keep);
	same_number("pid", name, before->pid, after->pid);
	same_number("session", name, before->session, after->session);
	same_number("process group", name, before->process_group, after->process_group);
	same_number("alarm", name, before->alarm, after->alarm);
}

/* What a refused session must not have touched either. */
static void compare_all(
	const char *name, const struct snapshot *before, const struct snapshot *after)
{
	compare(name, before, after);
	compare_files(name, before, after);
	same_number("supplementary groups", name, before->groups, after->groups);
	same_number("dumpable", name, before->dumpable, after->dumpable);
	same_text("namespaces", name, before->namespaces, after->namespaces);
	same_text("control groups", name, before->cgroups, after->cgroups);
	same_text(
		"capabilities, no_new_privs, seccomp", name, before->privileges, after->privileges);
	same_number(
		"rlimits", name, 0, memcmp(before->limits, after->limits, sizeof before->limits));
	same_number("securebits", name, before->securebits, after->securebits);
}
