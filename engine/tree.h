#pragma once
/*
 * tree: reading files of a directory tree that is not to be trusted, below a directory fd.
 *
 * Symlinks, absolute ones too, are resolved inside the tree (RESOLVE_IN_ROOT, openat2(2)). A FIFO
 * cannot hang the caller and a device is not opened: a path is looked at before it is opened, and
 * only a regular file is.
 */
#include <stddef.h>
#include <sys/stat.h>

#include "error.h"

/*
 * Opens a regular file for reading. st may be NULL. The fd, or -1 and err (ENOENT, ELOOP, EACCES …;
 * num = 0 for what is not a regular file).
 */
int tree_open_file(int root_fd, const char *path, struct stat *st, struct error *err);

/* Opens a directory for reading its entries. The fd, or -1 with errno. */
int tree_open_dir(int root_fd, const char *path);

/*
 * The whole content of a regular file of at most max bytes, with a NUL after it; *text is the
 * caller's to free. 0, or -1 and err (EFBIG above max, ENOMEM, …).
 */
int tree_read_file(
	int root_fd, const char *path, size_t max, char **text, size_t *length, struct error *err);
