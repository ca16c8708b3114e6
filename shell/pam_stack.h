#pragma once
/*
 * pam_stack: the session lines of a PAM service as libpam would run them, with what it includes (pam.conf(5)).
 *
 * Reads the files of /etc/pam.d, and of /usr/lib/pam.d where the first has none of that name, below a root
 * directory's fd. Judges nothing.
 */
#include <stdbool.h>
#include <stddef.h>

#include "engine/error.h"
#include "engine/text.h"

struct pam_line {
	char *control; /* a word, or "[value=action …]" */
	char *module;  /* as it is written; pam_line_name() for its last part */
	struct list arguments;
	char *file; /* "/etc/pam.d/sshd" */
	unsigned number;
	unsigned block; /* the substack it stands in, by number; 0: in none */
};

struct pam_stack {
	struct pam_line *lines; /* of the type session, in order */
	size_t count;
	bool is_service;      /* has lines of another type, too: not only a part for others to include */
	struct list problems; /* "FILE:LINE: what": a circle of includes, a file that cannot be read */
};

/* 0 and *out owned, or -1 and err (ENOENT: there is no such service; ENOMEM; …). */
int pam_stack_read(int root_fd, const char *service, struct pam_stack *out, struct error *err);
void pam_stack_free(struct pam_stack *stack);

/* The names of all services, sorted; to be freed. 0, or -1 and err. */
int pam_stack_services(int root_fd, struct list *out, struct error *err);

/* "pam_limits" of "/lib/security/pam_limits.so": does the line call it? */
bool pam_line_is(const struct pam_line *line, const char *name);
