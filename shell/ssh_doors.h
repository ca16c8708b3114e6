#pragma once
/*
 * ssh_doors: what of sshd's own settings leads past a container. Pure: looks at the text of `sshd -T` and at what it is
 * told of the user, and at nothing else.
 *
 * What a setting means depends on what contains the user. The PAM module holds the whole connection; contained-shell
 * holds what starts through it, and sshd does much by itself.
 */
#include <stdbool.h>
#include <stddef.h>

/* What contains a user who comes by ssh. */
enum ssh_way {
	SSH_NONE = 1,
	SSH_PAM = 2,    /* the module, in sshd's PAM service */
	SSH_SHELL = 4,  /* contained-shell is the shell in passwd */
	SSH_FORCED = 8, /* ForceCommand is contained-shell, run by another shell */
};

struct ssh_case {
	const char *text; /* of sshd -T */
	enum ssh_way way;
	const char *user, *home; /* NULL: an ordinary user, whose home is below /home */
	bool sshrc;              /* the host has /etc/ssh/sshrc */
};

enum ssh_finding {
	SSH_OPEN,    /* leads past the container */
	SSH_REFUSES, /* lets nobody in */
	SSH_NOTE,
};

/* what: "sshd: KEY VALUE"; why: a clause; remedy: what to do, or NULL. */
typedef void ssh_report(void *context, enum ssh_finding finding, const char *what, const char *why, const char *remedy);

/* Reports each of sshd's lines that matters for the case, in the order of the table. */
void ssh_doors_judge(const struct ssh_case *ssh, ssh_report *report, void *context);

/* Does something outside of the container start in an environment that the user may have set? */
bool ssh_doors_environment(const struct ssh_case *ssh);

/* Is the text's ForceCommand, of that name at its beginning ("contained-shell", "internal-sftp")? */
bool ssh_doors_forces(const char *text, const char *program);

/* The last part of the path of a program. */
const char *ssh_doors_name(const char *path);
