#pragma once
/*
 * subject: who logs in. The only place that looks users and groups up.
 *
 * Knows passwd, group and NSS; knows nothing of policies. Const after loading, owns its strings.
 *
 * A directory (LDAP, SSSD) can hang inside a name look-up, and nothing can interrupt that in the
 * process of a PAM application. So: where the host's nsswitch.conf answers users and groups from
 * local files (alone, or with systemd's synthetic users after them) and the user is found there,
 * the files are read directly; otherwise an exec'd helper, contained-subject, asks NSS and is
 * killed at the deadline.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "error.h"

struct subject_group {
	gid_t gid;
	char *name; /* never NULL: a gid without a name gets its number */
};

struct subject {
	char *user;
	uid_t uid;
	gid_t gid; /* primary */
	char *gecos, *home, *shell;
	/* primary first, then supplementary ones; each gid once */
	struct subject_group *groups;
	size_t group_count;
	/* a service of nsswitch.conf's that did not answer, which may know of more groups; NULL: the list is whole */
	char *silent;
	/* what the PAM application said of the login; "" where it said nothing, never NULL */
	char *service, *tty, *rhost;
	char *ccache; /* KRB5CCNAME of the PAM environment, not to be believed; NULL where there is none */
};

/*
 * Looks the user up below root_fd (a directory fd of the host's /; tests hand in a made-up tree).
 * helper: path of contained-subject, or NULL to use local files only. timeout_ms: bound for the
 * helper. 0, or -1 and err (num = ENOENT: no such user; ETIMEDOUT: the helper did not answer; …).
 */
int subject_load(int root_fd, const char *user, const char *helper, int timeout_ms,
	struct subject *out, struct error *err);

/* The same for who has this uid. */
int subject_load_by_uid(int root_fd, uid_t uid, const char *helper, int timeout_ms, struct subject *out,
	struct error *err);

/* Copies service, tty and rhost in (NULL counts as ""). 0, or -1 and err (ENOMEM). */
int subject_set_login(struct subject *subject, const char *service, const char *tty,
	const char *rhost, struct error *err);

/* Copies in what names the login's Kerberos cache; NULL for none. 0, or -1 and err (ENOMEM). */
int subject_set_ccache(struct subject *subject, const char *ccache, struct error *err);

void subject_free(struct subject *subject);

/*
 * The user of this uid by the files of a tree at root_fd, whose own names count there; one that they do not know is
 * called root or user, and has the group of the same number. *known: whether they do. 0, or -1 and err.
 */
int subject_load_uid(int root_fd, uid_t uid, struct subject *out, bool *known, struct error *err);

/* The name that the local files have for the uid, owned; NULL where they have none. */
char *subject_local_name(int root_fd, uid_t uid);

/* The uid of this name by the /etc/passwd below root_fd. 1 found, 0 not there, -1 unreadable. */
int subject_local_uid(int root_fd, const char *user, uid_t *uid);

/* Is user in that group by the local /etc/passwd (primary) or /etc/group (member)? Exact names. */
bool subject_local_member(int root_fd, const char *user, const char *group);

/* Ids from `first` on. count 0: none. */
struct id_range {
	uint32_t first, count;
};

/*
 * The first range that a file such as /etc/subuid (subuid(5)) gives the user, by the name (NULL: none is known) or by
 * the uid. Lines that give nobody anything are skipped. 0 and *out, with count 0 where there is no file or no range;
 * -1 and err.
 */
int subject_id_range(int root_fd, const char *path, const char *user, uid_t uid, struct id_range *out, struct error *err);

/*
 * Does the comma-separated list, as exempt= and exempt_group= of a PAM line have it, name the user (or, with groups,
 * one of the user's local groups)? A user counts who is in the local /etc/passwd.
 */
bool subject_local_listed(int root_fd, const char *list, const char *user, bool groups);

bool subject_in_group(const struct subject *subject, const char *name);
