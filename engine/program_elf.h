#pragma once
/*
 * program_elf: what an ELF file asks of the system that starts it. Private to program*.c.
 *
 * The file may be crafted: each offset and size is checked against bounds before it is used, reads
 * are pread(2) into buffers of fixed size, nothing is mapped. Knows nothing of directories.
 */
#include <stdbool.h>
#include <stdint.h>

#include "error.h"
#include "text.h"

enum { ELF_INTERP_MAX = 256, ELF_PATH_MAX = 4096 };

struct program_elf {
	unsigned char class;         /* ELFCLASS32 or ELFCLASS64 */
	uint16_t machine;            /* EM_… */
	char interp[ELF_INTERP_MAX]; /* the loader's path, "" for a static program */
	struct list needed;          /* names of libraries, in order */
	char *rpath, *runpath;       /* colon-separated directories, NULL where there is none */
};

/* Do the first bytes make it an ELF file? length may be short. */
bool program_elf_magic(const void *bytes, size_t length);

/* 0 and *out, to be freed; or -1 and err, whose object is path (only used for that). */
int program_elf_read(int fd, const char *path, struct program_elf *out, struct error *err);
void program_elf_free(struct program_elf *elf);
