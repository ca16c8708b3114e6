/* A tree of Debian packages. mmdebstrap writes an archive, tar unpacks it: as the caller's files, and by our fd. */
#include "rootfs.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/own.h"
#include "engine/text.h"

/* Forks and runs it in that directory with these standard fds; -1: the parent's own. */
static pid_t spawn(const char *path, const char *const *argv, int dir, int in, int out)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	if ((dir >= 0 && fchdir(dir) < 0) || (in >= 0 && dup2(in, 0) < 0) || (out >= 0 && dup2(out, 1) < 0))
		_exit(127);
	(void)execv(path, (char *const *)(uintptr_t)argv);
	fprintf(stderr, "contained: %s: cannot be executed: %s\n", path, strerror(errno));
	_exit(127);
}

/* An interruption is passed on: whoever asked for it may have asked this process alone. */
static int wait_for(pid_t pid)
{
	int status = -1;
	bool told = false;

	for (;;) {
		pid_t got = waitpid(pid, &status, 0);

		if (got == pid)
			return status;
		if (got < 0 && errno != EINTR)
			return -1;
		if (rootfs_is_interrupted() && !told) {
			(void)kill(pid, SIGTERM); /* it may have ended */
			told = true;
		}
	}
}

int rootfs_make_debian(const struct rootfs *rootfs, const char *suite, const char *include,
	const struct narration *narration, struct error *err)
{
	bool root = geteuid() == 0;
	char maker[PATH_MAX], tar[PATH_MAX], packages[1024];
	const char *make[] = { "mmdebstrap", "--quiet", root ? "--mode=root" : "--mode=unshare", "--variant=minbase",
		"--format=tar", "--dpkgopt=path-exclude=/usr/share/doc/*", "--dpkgopt=path-exclude=/usr/share/man/*",
		/* an empty list is an error to it */
		include ? packages : "--format=tar", suite, "-", NULL };
	const char *const unpack[] = { "tar", "-x", "-f", "-", "--numeric-owner", "--exclude=./dev/*",
		root ? "--same-owner" : "--no-same-owner", NULL };
	int made, unpacked, pipes[2];
	pid_t maker_pid, tar_pid;

	if (text_format(packages, sizeof packages, "--include=%s", include ? include : "") < 0)
		return fail(err, errno, "--include", "names too many packages");
	if (rootfs_find_program("mmdebstrap", maker, sizeof maker, err) < 0)
		return error_hint(err, "apt install mmdebstrap");
	if (rootfs_find_program("tar", tar, sizeof tar, err) < 0)
		return -1;
	narrate(narration, "mmdebstrap is fetching and unpacking packages…");
	if (pipe2(pipes, O_CLOEXEC) < 0)
		return fail(err, errno, "pipe", "cannot be made");
	maker_pid = spawn(maker, make, -1, -1, pipes[1]);
	tar_pid = spawn(tar, unpack, rootfs->dir, pipes[0], -1);
	own_close_fd(&pipes[0]);
	own_close_fd(&pipes[1]);
	made = maker_pid < 0 ? -1 : wait_for(maker_pid);
	unpacked = tar_pid < 0 ? -1 : wait_for(tar_pid);
	if (made != 0) {
		fail(err, rootfs_is_interrupted() ? EINTR : 0, suite, "mmdebstrap did not make it, see above");
		return error_hint(err, root ? "is the suite known, and does the mirror answer?" :
					      "without root it needs user namespaces, newuidmap and a range in /etc/subuid: "
					      "run it as root otherwise");
	}
	if (unpacked != 0)
		return fail(err, 0, suite, "tar did not unpack it, see above");
	narrate(narration, "unpacking Debian…done.");
	return rootfs_tame(rootfs, err);
}
