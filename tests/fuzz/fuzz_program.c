/*
 * Fuzzing of the program check with libFuzzer: the input is a file of a hostile tree. It is read as an ELF
 * file directly, and checked as a program in a tree where it is also its own loader and library.
 *
 *	clang -fsanitize=fuzzer,address,undefined -D_GNU_SOURCE -Iengine tests/fuzz/fuzz_program.c \
 *		engine/program*.c engine/tree.c engine/text.c engine/error.c
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "own.h"
#include "program.h"
#include "program_elf.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int root = -1, file = -1;
static char path[] = "/tmp/fuzz_program.XXXXXX";

static void remove_tree(void)
{
	static const char *const names[] = { "lib/ld.so", "lib/liba.so", "p" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		(void)unlinkat(root, names[i], 0); /* best effort, the run is over */
	(void)unlinkat(root, "lib", AT_REMOVEDIR);
	(void)rmdir(path);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	if (!mkdtemp(path))
		abort();
	root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root < 0 || mkdirat(root, "lib", 0755) < 0)
		abort();
	file = openat(root, "p", O_RDWR | O_CREAT | O_CLOEXEC, 0755);
	if (file < 0 || linkat(root, "p", root, "lib/ld.so", 0) < 0 ||
		linkat(root, "p", root, "lib/liba.so", 0) < 0 || atexit(remove_tree) != 0)
		abort();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct program_elf elf;
	struct error err;

	if (ftruncate(file, 0) < 0 || pwrite(file, data, size, 0) != (ssize_t)size)
		abort();
	if (program_elf_read(file, "p", &elf, &err) == 0) {
		/* what is handed on are bounded, terminated texts */
		if (strlen(elf.interp) >= sizeof elf.interp || elf.needed.count > 256)
			abort();
		for (size_t i = 0; i < elf.needed.count; i++)
			if (!elf.needed.items[i][0] || strlen(elf.needed.items[i]) > 255)
				abort();
		program_elf_free(&elf);
	} else if (!err.cause[0]) {
		abort();
	}
	if (program_check(root, "/p", &err) < 0 && !err.cause[0])
		abort();
	return 0;
}
