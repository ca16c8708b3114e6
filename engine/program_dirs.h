#pragma once
/* program_dirs: where the loader of a tree looks for libraries. Private to program*.c. */
#include "text.h"

enum { PROGRAM_DIRS_MAX = 256 };

/*
 * The directories that need no word from the program, in no particular order: the built-in ones,
 * those of ld.so.conf and its .d, or those of musl when the loader is musl's. The list is to be
 * freed. 0, or -1 with errno.
 */
int program_dirs_system(int root_fd, const char *loader, struct list *dirs);

/*
 * Adds the directories of a search path of an ELF file, $ORIGIN being the directory of `object` and
 * $LIB lib64 as well as lib. Relative ones are left out: they depend on where the program is
 * started.
 */
int program_dirs_add(const char *search_path, const char *object, struct list *dirs);

/* Is it the loader of musl? It is the C library too, under each of the names that libraries need. */
bool program_dirs_is_musl(const char *loader);
