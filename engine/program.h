#pragma once
/*
 * program: can a program be executed inside a directory tree? Asked before a session is built, so
 * that a root without its loader or a library is refused with the missing name and not by a login
 * that ends at once with "No such file or directory".
 *
 * The tree may be hostile: it is only read, through bounded reads of regular files, with symlinks
 * resolved inside it. The answer is advice for an administrator and never a permission.
 */
#include "error.h"
#include "text.h"

/*
 * path: absolute inside the tree at root_fd. A script is followed to its interpreter, an ELF
 * program to its loader and to the libraries it needs, directly and through each other (at most
 * 256; looked for where ld.so(8), or musl's loader, looks; what is loaded later by dlopen is not
 * known). 0; or -1 and err, whose object is path and whose cause names what is missing.
 */
int program_check(int root_fd, const char *path, struct error *err);

/*
 * The same, and adds to files what would have to be in a tree for it: the program, an interpreter, the loader and the
 * libraries, by the absolute paths under which they were found, each once. The list is the caller's to free, also
 * after a failure.
 */
int program_files(int root_fd, const char *path, struct list *files, struct error *err);
