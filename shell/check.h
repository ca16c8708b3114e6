#pragma once
/* check: what the files of `contained check` share. Findings go to stdout, each once; none is an error. */
#include "engine/error.h"
#include "engine/text.h"

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

/* sshd as it is configured: by the file, or by its own when that is NULL. */
void check_sshd(struct check *check, const char *sshd_config);

/* Automounts of the host. */
void check_automounts(struct check *check);
