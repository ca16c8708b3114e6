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

/*
 * path: absolute inside the tree at root_fd. A script is followed to its interpreter, an ELF
 * program to its loader and to the libraries it needs, directly and through each other (at most
 * 256; looked for where ld.so(8), or musl's loader, looks; what is loaded later by dlopen is not
 * known). 0; or -1 and err, whose object is path and whose cause names what is missing.
 */
int program_check(int root_fd, const char *path, struct error *err);
