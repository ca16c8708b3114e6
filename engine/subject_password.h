#pragma once
/*
 * subject_password: does the password have to be changed before this user may do anything else? By the local
 * shadow(5) alone, never NSS. Its text is wiped after use.
 */
#include <stdbool.h>

/*
 * By the /etc/shadow below root_fd, on the present day. false also where there is no such entry (a directory's user)
 * or the file cannot be read, as while it is being replaced: nobody is let in by that.
 */
bool subject_password_expired(int root_fd, const char *user);

/*
 * The same of the text of a shadow file. today: days since 1970, in UTC. An entry that is not well-formed has no
 * age. Pure.
 */
bool subject_shadow_expired(const char *shadow, const char *user, long today);
