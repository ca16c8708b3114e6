/*
 * floor [--no-net] [--home=PATH] [--cgroup=MOUNT,ORIGIN [--write=FILE=VALUE]…]… UID GID PROGRAM
 *
 * The floor around a command: what anything that does this needs, in one process beside the command's own.
 */
#include <grp.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "floor.h"

static void check(const char *failed)
{
	if (!failed)
		return;
	perror(failed);
	_exit(1);
}

static void run(const struct floor *floor, gid_t gid, uid_t uid, char **argv)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2] = { { 0, 0, 0 }, { 0, 0, 0 } };
	char *const no_environment[] = { NULL };

	(void)umask(0); /* the modes are meant */
	check(floor_enter_groups(floor));
	check(floor_build(floor));
	check(floor_drop_bounding());
	if (setgroups(0, NULL) < 0 || setresgid(gid, gid, gid) < 0 ||
		setresuid(uid, uid, uid) < 0 || syscall(SYS_capset, &header, none) < 0)
		check("user");
	check(floor_load_filter());
	execve(argv[0], argv, no_environment);
	check(argv[0]);
}

int main(int argc, char **argv)
{
	struct floor floor;
	int at = 1, status = 1;
	long pid;

	floor_init(&floor);
	for (; at < argc && strncmp(argv[at], "--", 2) == 0; at++)
		if (!floor_option(&floor, argv[at] + 2))
			break;
	if (argc - at != 3) {
		fprintf(stderr, "usage: floor [--no-net] [--home=PATH] [--cgroup=MOUNT,ORIGIN "
				"[--write=FILE=VALUE]...]... UID GID PROGRAM\n");
		return 2;
	}
	check(floor_make_groups(&floor));
	pid = floor_clone(floor_namespaces(&floor), NULL);
	if (pid == 0)
		run(&floor, (gid_t)atol(argv[at + 1]), (uid_t)atol(argv[at]), argv + at + 2);
	if (pid < 0)
		check("clone3");
	if (waitpid((pid_t)pid, &status, 0) < 0)
		check("wait");
	floor_remove_groups(&floor);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
