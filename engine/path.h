#pragma once
/*
 * path: opens paths below a root directory's fd so that nobody but root has a say in where they lead.
 *
 * A symbolic link is followed by hand, and only where it and every directory up to it belong to root and
 * are writable by root alone (/home → /export/home, /bin → usr/bin); any other refuses. ".." never leaves the
 * root, absolute links start at the root. Works on trees that an enemy prepared.
 */
#include <sys/stat.h>
#include <sys/types.h>

#include "error.h"

enum path_create {
	PATH_MUST_EXIST,
	PATH_CREATE_DIR,  /* missing directories are made, root's, 0755; the last with the mode given */
	PATH_CREATE_FILE, /* the same, but the last is an empty file */
};

/*
 * An O_PATH fd of root/path, or -1 and err (num = ENOENT when it is missing). Made directories and files
 * belong to the caller.
 */
int path_open(int root, const char *path, enum path_create create, mode_t mode, struct error *err);

/*
 * Could nobody but root and the owner have had a say in the path, as far as it exists? Links on it refuse. 0, or -1
 * and err naming the component.
 */
int path_is_owned(int root, const char *path, uid_t owner, struct error *err);

/*
 * Where the path leads, without links and dots, absolute, into buf. The same rules. 0, or -1 and err (num =
 * ENOENT when it is missing).
 */
int path_resolve(int root, const char *path, char *buf, size_t size, struct error *err);
