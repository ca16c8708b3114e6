#pragma once
/* check_ssh: what the files of `contained check --ssh` share: whom it is about, and how many doors are open so far. */
#include "engine/policy.h"
#include "engine/subject.h"
#include "shell/check.h"
#include "shell/ssh_doors.h"

struct ssh_look {
	const struct check_options *options;
	int root_fd;
	const char *whom;      /* the user's name, or "an ordinary user" */
	const char *service;   /* sshd's PAM service */
	struct ssh_case ssh;
	const struct subject *subject; /* NULL: an ordinary user */
	const struct policy *policy;   /* that the way in would get; NULL: there is none */
	bool exempt; /* left alone, whatever the door */
	unsigned open;
};

/* Tells one finding on stdout; look->open counts. */
void check_ssh_tell(struct ssh_look *look, enum ssh_finding finding, const char *what, const char *why,
	const char *remedy);

/* The other ways into the account, and what of the host contained-shell needs. */
void check_ssh_host(struct ssh_look *look);
