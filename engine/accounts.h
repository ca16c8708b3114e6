#pragma once
/*
 * accounts: the passwd, group and nsswitch.conf a session sees. Pure: texts in, texts out.
 *
 * sshd runs initgroups() after the switch, when no directory (LDAP, SSSD) can be reached; and a user who may
 * list the other accounts need not be able to. So the files are ours: built from the host's and from
 * what NSS said of the subject before.
 */
#include <stdbool.h>

#include "error.h"
#include "subject.h"
#include "text.h"

struct accounts {
	char *passwd, *group; /* owned */
	/* the groups the subject keeps: primary first; into the subject, owned array */
	const struct subject_group **kept;
	size_t kept_count;
};

/*
 * merged: passwd and group are the texts of the host's files (lines that NIS once used, "+…", are left out, and no
 * password hash survives), with the subject and all its kept groups added; otherwise (minimal, both may
 * be NULL): root, nobody, the subject and its groups alone. drop: names of groups that open the host; the
 * subject is a member of none of them in there. 0; -1 and err where the primary group is one of them.
 */
int accounts_make(const struct subject *subject, bool merged, const char *passwd, const char *group,
	const struct list *drop, struct accounts *out, struct error *err);
/*
 * Does this group open the host: by its name, or by the number that a name of the list has in the group file's text
 * (which may be NULL)? Two names of one number are one group to the kernel.
 */
bool accounts_drops(const struct list *drop, const char *group, const struct subject_group *one);

void accounts_free(struct accounts *accounts);

/* Names from the files alone: no library of the session's root is ever loaded for a look-up. */
extern const char accounts_nsswitch[];
