#pragma once
/*
 * door_jail: what the policy's `command` and `allow_commands` make of what somebody asked for. Decides, runs nothing.
 *
 * The wish is the request's command: what sshd handed to the login shell, or where that was contained-shell itself
 * as a forced command, SSH_ORIGINAL_COMMAND. Both are the client's, and neither is ever given to a shell from here.
 */
#include <stdbool.h>

#include "door_request.h"
#include "engine/command.h"
#include "engine/policy.h"

struct door_jail {
	char *path;             /* what is executed, in the session's root; NULL: the shell. Owned */
	struct command command; /* its arguments, the program's name first */
	bool tells_wish;        /* the program reads the client's own wish as SSH_ORIGINAL_COMMAND */
	const char *wish;       /* borrowed from the request; NULL: a shell was asked for */
	char refused[512];      /* not empty: the wish is refused, and why, for a log line (escaped) */
};

/*
 * policy: NULL where nobody is jailed: then only internal-sftp is seen to, which is no program but sshd's own. root_fd:
 * the session's root, in which programs are looked for. 0; or -1 and err: nothing may be run. With err->num = EPERM
 * and out->refused it is the policy that says no.
 */
int door_jail_decide(const struct door_request *request, const struct policy *policy, const struct subject *subject,
	int root_fd, struct door_jail *out, struct error *err);

/* Puts the wish into the program's environment. 0, or -1 (ENOMEM). */
int door_jail_environment(const struct door_jail *jail, char *environment[DOOR_ENVIRONMENT], struct error *err);

void door_jail_free(struct door_jail *jail);
