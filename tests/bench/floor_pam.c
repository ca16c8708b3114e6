/*
 * floor_pam.so [only-groups] [no-net] [home=PATH] [cgroup=MOUNT,ORIGIN [write=FILE=VALUE]…]…
 *
 * The floor inside open_session: PID 1 is a bare fork of the application that sleeps, the application
 * joins it and is sealed. No contained module could be written so (PID 1 keeps the application's memory, host
 * keys and all, and nobody cleans up after a killed one): it bounds what is possible. only-groups: nothing but
 * the control groups, which is what a login with limits pays in any case.
 */
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#define PAM_SM_SESSION
#include <security/pam_ext.h>
#include <security/pam_modules.h>

#include "floor.h"

#define EXPORTED __attribute__((visibility("default")))
#define DATA_NAME "floor"

struct kept {
	struct floor floor;
	pid_t init; /* 0: control groups only */
	int life;   /* writing end of PID 1's pipe */
};

static void forget(pam_handle_t *pamh, void *data, int status)
{
	(void)pamh;
	(void)status;
	free(data);
}

static _Noreturn void become_init(const struct floor *floor, const int life[2], int ready)
{
	char byte = 'r';

	close(life[1]);
	if (floor_enter_groups(floor) || floor_build(floor) || write(ready, &byte, 1) != 1)
		_exit(1);
	(void)!read(life[0], &byte, 1); /* the end of file is the end */
	_exit(0);
}

static const char *enter(struct kept *kept, unsigned long long namespaces)
{
	int life[2], ready[2], pidfd = -1;
	const char *failed;
	char byte;
	long pid;

	if (pipe(life) < 0 || pipe(ready) < 0)
		return "pipe";
	pid = floor_clone(namespaces, &pidfd);
	if (pid == 0)
		become_init(&kept->floor, life, ready[1]);
	close(life[0]);
	close(ready[1]);
	kept->life = life[1];
	kept->init = (pid_t)pid;
	if (pid < 0 || read(ready[0], &byte, 1) != 1)
		return "PID 1";
	close(ready[0]);
	if (kept->floor.dir_count)
		namespaces |= CLONE_NEWCGROUP;
	failed = floor_enter_groups(&kept->floor);
	if (failed || setns(pidfd, (int)namespaces) < 0)
		return "setns";
	close(pidfd);
	failed = floor_drop_bounding();
	return failed ? failed : floor_load_filter();
}

EXPORTED int pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	struct kept *kept = calloc(1, sizeof *kept);
	bool only_groups = false;
	const char *failed = NULL;

	(void)flags;
	if (!kept || pam_set_data(pamh, DATA_NAME, kept, forget) != PAM_SUCCESS)
		return PAM_BUF_ERR;
	floor_init(&kept->floor);
	for (int i = 0; i < argc && !failed; i++) {
		char *text = strdup(argv[i]); /* lives as long as this short process */

		if (strcmp(argv[i], "only-groups") == 0)
			only_groups = true;
		else if (!text || !floor_option(&kept->floor, text))
			failed = argv[i];
	}
	if (!failed)
		failed = floor_make_groups(&kept->floor);
	if (!failed)
		failed = only_groups ? floor_enter_groups(&kept->floor)
				     : enter(kept, floor_namespaces(&kept->floor));
	if (!failed)
		return PAM_SUCCESS;
	pam_syslog(pamh, LOG_ERR, "floor: %s: %m", failed);
	return PAM_SESSION_ERR;
}

EXPORTED int pam_sm_close_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	const void *data = NULL;
	const struct kept *kept;

	(void)flags;
	(void)argc;
	(void)argv;
	if (pam_get_data(pamh, DATA_NAME, &data) != PAM_SUCCESS || !data)
		return PAM_SUCCESS;
	kept = data;
	floor_leave_groups(&kept->floor);
	if (kept->init > 0) {
		close(kept->life);
		(void)waitpid(kept->init, NULL, __WALL);
	}
	floor_remove_groups(&kept->floor);
	return PAM_SUCCESS;
}
