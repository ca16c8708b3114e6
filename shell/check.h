#pragma once
/* check: what the files of `contained check` share. Findings go to stdout, each once; none is an error. */
#include <stdbool.h>
#include <stddef.h>

#include "engine/error.h"
#include "engine/text.h"

struct check_options {
	const char *conf, *host_root, *sshd_config;
	bool ssh; /* the two below are for it alone */
	const char *user, *sshd_output;
};

/* contained check --ssh: the doors around a container; the exit status. root_fd: of the host's /, or of host_root. */
int check_ssh(const struct check_options *options, int root_fd);

struct check {
	int root_fd;      /* of the host's /, or of a made-up tree */
	const char *conf; /* the configuration that is checked */
	struct list told; /* services have lines in common */
};

/* "note: …" and "warning: …", escaped. */
void check_note(struct check *check, const char *format, ...) __attribute__((format(printf, 2, 3)));
void check_warn(struct check *check, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Every PAM service that names the module. */
void check_pam(struct check *check);

/* 1: the service's line of the module exempts a local user or group; 0: nobody; -1: it does not name the module. */
int check_pam_exempts(const struct check *check, const char *service);

/* What the module does in a service. */
enum pam_guard {
	PAM_GUARD_NO_SERVICE, /* there is no such service; or it cannot be read */
	PAM_GUARD_ABSENT,     /* the service does not name the module */
	PAM_GUARD_EXEMPT,     /* its line leaves the user alone */
	PAM_GUARD_WEAK,       /* a session may go on without it: the control, or a line before it */
	PAM_GUARD_FULL,
};

/* user: NULL for one whom no line exempts. where: of size bytes, gets "FILE:LINE", or "" where there is no line. */
enum pam_guard check_pam_guard(int root_fd, const char *service, const char *user, char *where, size_t size);

/* Does the service's pam_env read the user's ~/.pam_environment? where as above. */
bool check_pam_reads_home(int root_fd, const char *service, char *where, size_t size);

/* sshd as it is configured: by the file, or by its own when that is NULL. */
void check_sshd(struct check *check, const char *sshd_config);

/* Automounts of the host. */
void check_automounts(struct check *check);
