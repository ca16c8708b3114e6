#pragma once
/*
 * subject_files: users and groups of the local files; private to subject*.c. Reads passwd(5),
 * group(5) and nsswitch.conf(5) below a root fd, never NSS.
 */
#include <stdbool.h>
#include <stdint.h>

#include "subject.h"

/*
 * Fills out from the local files. strict: only when nsswitch.conf says that they are the whole
 * truth. 1 found; 0 the user is not there, or the files are not to be asked; -1 and err. out is to
 * be freed in each case.
 */
int subject_files_load(
	int root_fd, const char *user, bool strict, struct subject *out, struct error *err);

/* Is this nsswitch.conf one by which users and groups come from local files alone? Pure. */
bool subject_files_suffice(const char *nsswitch);

/* Adds a group unless the gid is there. 0, or -1 with errno. */
int subject_add_group(struct subject *subject, gid_t gid, const char *name);

/* A uid or gid and nothing else. */
bool subject_parse_id(const char *text, uint32_t *id);
