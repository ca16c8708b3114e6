/* program: ELF files that are cut, that lie, and that are of the other class. */
#include "program_fixture.h"

/* Each cut of a good file, and each field set to what a liar would choose, gives an answer. */
static void test_damaged(void **state)
{
	static const uint64_t lies[] = { 0, 1, 0xff, 0xffff, 0x7fffffff, 0xffffffff, INT64_MAX,
		(uint64_t)INT64_MAX + 1, UINT64_MAX - 4095, UINT64_MAX };
	const struct recipe recipe = { .interp = "/lib/ld.so",
		.needed = { "liba.so", "libb.so" },
		.rpath = "/r",
		.runpath = "/x" };
	struct tree *tree = *state;
	struct image image;
	struct error err;
	int refused = 0;

	put_elf(tree, "lib/ld.so", (struct recipe){ .interp = NULL });
	put_elf(tree, "lib/liba.so", (struct recipe){ .interp = NULL });
	put_elf(tree, "lib/libb.so", (struct recipe){ .interp = NULL });
	build(&image, &recipe);
	tree_put(tree, "p", &image, sizeof image, 0755);
	expect_good(tree, "/p");
	/* up to the end of the strings every byte counts, but for those between the parts */
	for (size_t size = 4; size < STRINGS + 8; size++) {
		tree_put(tree, "p", &image, size, 0755);
		assert_int_equal(program_check(tree->fd, "/p", &err), -1);
	}
	for (size_t at = SELFMAG; at < DYNAMIC + 256; at += at < 64 ? 1 : 4)
		for (size_t i = 0; i < ARRAY_SIZE(lies); i++) {
			build(&image, &recipe);
			memcpy(image.bytes + at, &lies[i], sizeof lies[i]);
			tree_put(tree, "p", &image, sizeof image, 0755);
			refused += program_check(tree->fd, "/p", &err) < 0;
		}
	assert_true(refused > 500); /* many do no harm; none crashed or hung */
	/* each of these must be refused */
	build(&image, &recipe);
	image.header.e_phoff = UINT64_MAX - 8;
	tree_put(tree, "p", &image, sizeof image, 0755);
	expect_bad(tree, "/p", ENOEXEC, "program headers are cut off");
	build(&image, &recipe);
	image.header.e_phnum = 0xffff;
	tree_put(tree, "p", &image, sizeof image, 0755);
	expect_bad(tree, "/p", ENOEXEC, "impossible size or number");
	build(&image, &recipe);
	image.header.e_ident[EI_DATA] ^= 3;
	tree_put(tree, "p", &image, sizeof image, 0755);
	expect_bad(tree, "/p", ENOEXEC, "built for another processor");
	build(&image, &recipe);
	phdrs(&image)[0].p_vaddr = 1;
	tree_put(tree, "p", &image, sizeof image, 0755);
	expect_bad(tree, "/p", ENOEXEC, "string table is outside");
	build(&image, &recipe);
	dyns(&image)[0].d_un.d_val = UINT64_MAX;
	tree_put(tree, "p", &image, sizeof image, 0755);
	expect_bad(tree, "/p", ENOEXEC, "name is outside");
	build(&image, &recipe);
	memset(image.bytes + INTERP, 'x', 512);
	tree_put(tree, "p", &image, sizeof image, 0755);
	expect_bad(tree, "/p", ENOEXEC, "loader's name has no end");
}

static void test_elf32(void **state)
{
	struct {
		Elf32_Ehdr header;
		Elf32_Phdr segments[3];
		Elf32_Dyn entries[4];
		char interp[16], strings[16];
	} file = { .interp = "/lib/ld.so", .strings = "\0liba.so" };
	struct image probe;
	struct tree *tree = *state;

	build(&probe, &(struct recipe){ .interp = NULL });
	memcpy(file.header.e_ident, probe.header.e_ident, EI_NIDENT);
	file.header.e_ident[EI_CLASS] = ELFCLASS32;
	file.header.e_machine = EM_386;
	file.header.e_phoff = sizeof file.header;
	file.header.e_phentsize = sizeof file.segments[0];
	file.header.e_phnum = 3;
	file.segments[0] = (Elf32_Phdr){ .p_type = PT_INTERP,
		.p_offset = (uint32_t)((char *)file.interp - (char *)&file),
		.p_filesz = sizeof file.interp };
	file.segments[1] = (Elf32_Phdr){ .p_type = PT_DYNAMIC,
		.p_offset = (uint32_t)((char *)file.entries - (char *)&file),
		.p_filesz = sizeof file.entries };
	file.segments[2] = (Elf32_Phdr){ .p_type = PT_LOAD, .p_filesz = sizeof file };
	file.entries[0] = (Elf32_Dyn){ .d_tag = DT_NEEDED, .d_un.d_val = 1 };
	file.entries[1] = (Elf32_Dyn){ .d_tag = DT_STRTAB,
		.d_un.d_val = (uint32_t)((char *)file.strings - (char *)&file) };
	file.entries[2] = (Elf32_Dyn){ .d_tag = DT_STRSZ, .d_un.d_val = sizeof file.strings };
	tree_put(tree, "p", &file, sizeof file, 0755);
	put_elf(tree, "lib/ld.so", (struct recipe){ .interp = NULL });
	/* a 64-bit library does not serve a 32-bit program */
	put_elf(tree, "lib/liba.so", (struct recipe){ .machine = EM_386 });
	expect_bad(tree, "/p", ENOENT, "needs the library liba.so");
	file.header.e_phnum = 3;
	file.entries[0].d_tag = DT_DEBUG;
	tree_put(tree, "lib32/liba.so", &file, sizeof file, 0755);
	expect_good(tree, "/p");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_damaged, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(test_elf32, tree_setup, tree_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
