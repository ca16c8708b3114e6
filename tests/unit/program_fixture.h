#pragma once
/* Made-up ELF files, and what program_check() is expected to say of a tree. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "own.h"
#include "program.h"
#include "text.h"
#include "tree_fixture.h"

/* What an ELF file of the tests asks for. Little-endian hosts and big-endian ones alike: native order. */
struct recipe {
	const char *interp, *rpath, *runpath;
	const char *needed[4];
	uint16_t machine; /* 0: EM_X86_64 */
};

enum { BASE = 0x10000, FILE_SIZE = 4096, STRINGS = 2048, DYNAMIC = 1024, INTERP = 512 };

struct image {
	union {
		unsigned char bytes[FILE_SIZE];
		Elf64_Ehdr header;
	};
};

static inline Elf64_Phdr *phdrs(struct image *image)
{
	return (void *)(image->bytes + sizeof(Elf64_Ehdr));
}

static inline Elf64_Dyn *dyns(struct image *image)
{
	return (void *)(image->bytes + DYNAMIC);
}

static inline uint64_t add_string(struct image *image, size_t *used, const char *text)
{
	uint64_t at = *used;

	assert_true(STRINGS + *used + strlen(text) + 1 <= FILE_SIZE);
	strcpy((char *)image->bytes + STRINGS + *used, text);
	*used += strlen(text) + 1;
	return at;
}

static inline void build(struct image *image, const struct recipe *recipe)
{
	const uint16_t probe = 1;
	size_t used = 1, d = 0, p = 0;

	memset(image, 0, sizeof *image);
	memcpy(image->header.e_ident, ELFMAG, SELFMAG);
	image->header.e_ident[EI_CLASS] = ELFCLASS64;
	image->header.e_ident[EI_DATA] = *(const char *)&probe ? ELFDATA2LSB : ELFDATA2MSB;
	image->header.e_ident[EI_VERSION] = EV_CURRENT;
	image->header.e_type = ET_DYN;
	image->header.e_machine = recipe->machine ? recipe->machine : EM_X86_64;
	image->header.e_phoff = sizeof(Elf64_Ehdr);
	image->header.e_phentsize = sizeof(Elf64_Phdr);
	phdrs(image)[p++] =
		(Elf64_Phdr){ .p_type = PT_LOAD, .p_vaddr = BASE, .p_filesz = FILE_SIZE };
	if (recipe->interp) {
		strcpy((char *)image->bytes + INTERP, recipe->interp);
		phdrs(image)[p++] = (Elf64_Phdr){ .p_type = PT_INTERP,
			.p_offset = INTERP,
			.p_filesz = strlen(recipe->interp) + 1 };
	}
	for (size_t i = 0; i < ARRAY_SIZE(recipe->needed) && recipe->needed[i]; i++)
		dyns(image)[d++] = (Elf64_Dyn){ .d_tag = DT_NEEDED,
			.d_un.d_val = add_string(image, &used, recipe->needed[i]) };
	if (recipe->rpath)
		dyns(image)[d++] = (Elf64_Dyn){ .d_tag = DT_RPATH,
			.d_un.d_val = add_string(image, &used, recipe->rpath) };
	if (recipe->runpath)
		dyns(image)[d++] = (Elf64_Dyn){ .d_tag = DT_RUNPATH,
			.d_un.d_val = add_string(image, &used, recipe->runpath) };
	dyns(image)[d++] = (Elf64_Dyn){ .d_tag = DT_STRTAB, .d_un.d_val = BASE + STRINGS };
	dyns(image)[d++] = (Elf64_Dyn){ .d_tag = DT_STRSZ, .d_un.d_val = used };
	dyns(image)[d++] = (Elf64_Dyn){ .d_tag = DT_NULL };
	phdrs(image)[p++] = (Elf64_Phdr){
		.p_type = PT_DYNAMIC, .p_offset = DYNAMIC, .p_filesz = d * sizeof(Elf64_Dyn)
	};
	image->header.e_phnum = (uint16_t)p;
}

static inline void put_elf(const struct tree *tree, const char *path, struct recipe recipe)
{
	struct image image;

	build(&image, &recipe);
	tree_put(tree, path, &image, sizeof image, 0755);
}

static inline void expect_good(const struct tree *tree, const char *path)
{
	char line[1024];
	struct error err;

	if (program_check(tree->fd, path, &err) < 0) {
		error_format(&err, line, sizeof line);
		print_error("%s\n", line);
		assert_true(false);
	}
}

static inline void expect_bad(const struct tree *tree, const char *path, int num, const char *words)
{
	char line[1024];
	struct error err;

	if (program_check(tree->fd, path, &err) != -1) {
		print_error("%s: expected \"%s\"\n", path, words);
		assert_true(false);
	}
	error_format(&err, line, sizeof line);
	if (err.num != num || !strstr(err.cause, words) || strcmp(err.object, path) != 0) {
		print_error("\"%s\" (%d) instead of \"%s\" (%d)\n", line, err.num, words, num);
		assert_true(false);
	}
}
