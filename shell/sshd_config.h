#pragma once
/* sshd_config: what sshd says of its own configuration (sshd -T), and reading that text. Judges nothing. */
#include "engine/error.h"

/*
 * The text of `sshd -T`, to be freed. file: as sshd's -f, or NULL. spec: as sshd's -C ("user=…,host=…"), by which Match
 * blocks hold, or NULL for none of them. 0, or -1 and err (num = ENOENT: there is no sshd), within 5 s.
 */
int sshd_config_ask(const char *file, const char *spec, char **text, struct error *err);

/*
 * The value of the next line of that key: from *rest on, which moves behind it. Owned; NULL at the end, or without
 * memory. Keys are told in small letters by some versions of sshd and as in sshd_config(5) by others: either will do.
 */
char *sshd_config_next(const char **rest, const char *key);

/* The first one. */
char *sshd_config_value(const char *text, const char *key);
