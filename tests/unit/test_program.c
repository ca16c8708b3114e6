/* program: made-up trees, whole and lacking. */
#include "program_fixture.h"

static void test_static_and_scripts(void **state)
{
	struct tree *tree = *state;
	char longest[400] = "#!/";

	put_elf(tree, "bin/static", (struct recipe){ .interp = NULL });
	expect_good(tree, "/bin/static");
	tree_put_text(tree, "bin/script", "#! /bin/static -x\nmore\n");
	expect_good(tree, "/bin/script");
	tree_put_text(tree, "bin/end", "#!/bin/static");
	expect_good(tree, "/bin/end");
	tree_put_text(tree, "bin/missing", "#!/bin/none\n");
	expect_bad(tree, "/bin/missing", ENOENT,
		"is a script for /bin/none, which is not in the root tree");
	tree_put_text(tree, "bin/crlf", "#!/bin/static\r\n");
	expect_bad(tree, "/bin/crlf", ENOENT, "/bin/static\r");
	tree_put_text(tree, "bin/relative", "#!static\n");
	expect_bad(tree, "/bin/relative", 0, "no absolute path");
	tree_put_text(tree, "bin/empty", "");
	expect_bad(tree, "/bin/empty", ENOEXEC, "neither");
	tree_put_text(tree, "bin/text", "echo hello\n");
	expect_bad(tree, "/bin/text", ENOEXEC, "neither");
	tree_put_text(tree, "bin/nobody", "#!  \n/bin/static\n");
	expect_bad(tree, "/bin/nobody", ENOEXEC, "names no interpreter");
	tree_put_text(tree, "bin/itself", "#!/bin/itself\n");
	expect_bad(tree, "/bin/itself", ELOOP, "is a script");
	memset(longest + 3, 'a', sizeof longest - 4);
	tree_put_text(tree, "bin/long", longest);
	expect_bad(tree, "/bin/long", ENOEXEC, "too long a name");
	expect_bad(tree, "bin/static", EINVAL, "no absolute path");
	expect_bad(tree, "/bin/absent", ENOENT, "is not in the root tree");
	expect_bad(tree, "/none/absent", ENOENT, "is not in the root tree");
	tree_put(tree, "bin/plain", "#!/bin/static\n", 14, 0644);
	expect_bad(tree, "/bin/plain", EACCES, "may not be executed");
}

static void test_not_files(void **state)
{
	struct tree *tree = *state;

	expect_bad(tree, "/", 0, "not a regular file");
	assert_int_equal(mkfifoat(tree->fd, "fifo", 0777), 0);
	expect_bad(tree, "/fifo", 0, "not a regular file");
	tree_put_text(tree, "to-fifo", "#!/fifo\n");
	expect_bad(tree, "/to-fifo", 0, "not a regular file");
	assert_int_equal(symlinkat("loop", tree->fd, "loop"), 0);
	expect_bad(tree, "/loop", ELOOP, "cannot open");
	if (mknodat(tree->fd, "null", S_IFCHR | 0777, (dev_t)(1 << 8 | 3)) == 0)
		expect_bad(tree, "/null", 0, "not a regular file");
	else
		print_message("no device node tried: %s\n", strerror(errno));
	/* out of the tree leads nowhere: the host's /bin/sh is not the tree's */
	assert_int_equal(symlinkat("../../../../../../bin/sh", tree->fd, "out"), 0);
	expect_bad(tree, "/out", ENOENT, "is not in the root tree");
	assert_int_equal(symlinkat("/proc/self/exe", tree->fd, "exe"), 0);
	expect_bad(tree, "/exe", ENOENT, "is not in the root tree");
}

static void test_libraries(void **state)
{
	struct tree *tree = *state;

	put_elf(tree, "bin/prog",
		(struct recipe){ .interp = "/lib64/ld.so", .needed = { "liba.so.1", "libb.so" } });
	expect_bad(tree, "/bin/prog", ENOENT,
		"needs the loader /lib64/ld.so, which is not in the root tree");
	tree_put_text(tree, "lib64/ld.so", "a text and no library");
	expect_bad(tree, "/bin/prog", ENOEXEC, "not an ELF file");
	put_elf(tree, "lib64/ld.so", (struct recipe){ .interp = NULL });
	expect_bad(tree, "/bin/prog", ENOENT,
		"needs the library liba.so.1, which is not in the root tree");
	put_elf(tree, "usr/lib/liba.so.1", (struct recipe){ .needed = { "libc.so.9", "ld.so" } });
	put_elf(tree, "usr/lib/x86_64-linux-gnu/libb.so",
		(struct recipe){ .needed = { "libb.so" } });
	expect_bad(
		tree, "/bin/prog", ENOENT, "needs the library libc.so.9 (for /usr/lib/liba.so.1)");
	/* one for another processor, and one that is a text, are passed over */
	put_elf(tree, "lib/libc.so.9", (struct recipe){ .machine = EM_AARCH64 });
	expect_bad(tree, "/bin/prog", ENOENT, "needs the library libc.so.9");
	tree_put_text(tree, "usr/lib/libc.so.9", "/* GNU ld script */");
	expect_bad(tree, "/bin/prog", ENOEXEC, "needs /usr/lib/libc.so.9, which");
	put_elf(tree, "lib64/libc.so.9", (struct recipe){ .interp = NULL });
	expect_good(tree, "/bin/prog");
	tree_put_text(tree, "bin/script", "#!/bin/prog\n");
	expect_good(tree, "/bin/script");
	assert_int_equal(unlinkat(tree->fd, "usr/lib/liba.so.1", 0), 0);
	expect_bad(tree, "/bin/script", ENOENT,
		"is a script for /bin/prog, which needs the library liba.so.1");
	assert_int_equal(mkfifoat(tree->fd, "usr/lib/liba.so.1", 0755), 0);
	expect_bad(tree, "/bin/prog", ENOENT, "needs the library liba.so.1");
	tree_put(tree, "lib64/ld.so", "\177ELF", 4, 0644);
	expect_bad(tree, "/bin/prog", EACCES, "may not be executed");
}

/* All that a tree would have to hold, each once. */
static void test_files(void **state)
{
	static const char *const wanted[] = { "/script", "/bin/prog", "/lib64/ld.so", "/usr/lib/liba.so.1", "/opt/libb.so" };
	struct tree *tree = *state;
	struct list files = { 0 };
	struct error err;

	put_elf(tree, "lib64/ld.so", (struct recipe){ .interp = NULL });
	put_elf(tree, "bin/prog",
		(struct recipe){ .interp = "/lib64/ld.so", .needed = { "liba.so.1", "libb.so" }, .runpath = "/opt" });
	put_elf(tree, "usr/lib/liba.so.1", (struct recipe){ .needed = { "ld.so" } });
	put_elf(tree, "opt/libb.so", (struct recipe){ .needed = { "liba.so.1" } });
	tree_put_text(tree, "script", "#!/bin/prog\n");
	assert_int_equal(program_files(tree->fd, "/script", &files, &err), 0);
	/* another program with the same needs adds itself alone */
	put_elf(tree, "bin/other", (struct recipe){ .interp = "/lib64/ld.so", .needed = { "liba.so.1" } });
	assert_int_equal(program_files(tree->fd, "/bin/other", &files, &err), 0);
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		assert_true(list_has(&files, wanted[i]));
	assert_true(list_has(&files, "/bin/other"));
	assert_int_equal(files.count, ARRAY_SIZE(wanted) + 1);
	assert_int_equal(program_files(tree->fd, "/bin/absent", &files, &err), -1);
	list_free(&files);
}

static void test_search_paths(void **state)
{
	struct tree *tree = *state;

	put_elf(tree, "lib64/ld.so", (struct recipe){ .interp = NULL });
	put_elf(tree, "opt/app/lib/liba.so",
		(struct recipe){ .needed = { "libdeep.so" }, .runpath = "$ORIGIN/deep" });
	put_elf(tree, "opt/app/lib/deep/libdeep.so", (struct recipe){ .interp = NULL });
	put_elf(tree, "opt/app/bin/prog",
		(struct recipe){ .interp = "/lib64/ld.so",
			.needed = { "liba.so" },
			.runpath = "/none:${ORIGIN}/../lib" });
	expect_good(tree, "/opt/app/bin/prog");
	/* $ORIGIN is where the program really is */
	tree_put_text(tree, "bin/x", "");
	assert_int_equal(symlinkat("/opt/app/bin/prog", tree->fd, "bin/link"), 0);
	expect_good(tree, "/bin/link");
	/* DT_RUNPATH is not for the libraries of libraries, DT_RPATH is */
	put_elf(tree, "opt/app/lib/liba.so", (struct recipe){ .needed = { "libonly.so" } });
	put_elf(tree, "opt/app/lib/libonly.so", (struct recipe){ .interp = NULL });
	expect_bad(tree, "/opt/app/bin/prog", ENOENT, "needs the library libonly.so");
	put_elf(tree, "opt/app/bin/prog",
		(struct recipe){ .interp = "/lib64/ld.so",
			.needed = { "liba.so" },
			.rpath = "relative:$ORIGIN/../$LIB" });
	expect_good(tree, "/opt/app/bin/prog");
	/* ld.so.conf and its parts */
	put_elf(tree, "srv/one/libone.so", (struct recipe){ .interp = NULL });
	put_elf(tree, "srv/two/libtwo.so", (struct recipe){ .interp = NULL });
	put_elf(tree, "bin/conf",
		(struct recipe){
			.interp = "/lib64/ld.so", .needed = { "libone.so", "libtwo.so" } });
	tree_put_text(
		tree, "etc/ld.so.conf", "include /etc/ld.so.conf.d/*.conf\n  /srv/one # one\n");
	expect_bad(tree, "/bin/conf", ENOENT, "needs the library libtwo.so");
	tree_put_text(tree, "etc/ld.so.conf.d/two.conf", "# two\n/srv/two");
	expect_good(tree, "/bin/conf");
	/* a name with a slash is a path */
	put_elf(tree, "bin/direct",
		(struct recipe){ .interp = "/lib64/ld.so", .needed = { "/srv/one/libone.so" } });
	expect_good(tree, "/bin/direct");
	put_elf(tree, "bin/direct",
		(struct recipe){ .interp = "/lib64/ld.so", .needed = { "/srv/one/libtwo.so" } });
	expect_bad(tree, "/bin/direct", ENOENT, "needs the library /srv/one/libtwo.so");
}

static void test_musl(void **state)
{
	struct tree *tree = *state;

	put_elf(tree, "lib/ld-musl-x86_64.so.1", (struct recipe){ .interp = NULL });
	put_elf(tree, "bin/prog",
		(struct recipe){ .interp = "/lib/ld-musl-x86_64.so.1",
			.needed = { "libc.so", "libc.musl-x86_64.so.1", "libpthread.so.0" } });
	expect_good(tree, "/bin/prog");
	put_elf(tree, "bin/prog",
		(struct recipe){ .interp = "/lib/ld-musl-x86_64.so.1", .needed = { "libz.so" } });
	put_elf(tree, "lib64/libz.so", (struct recipe){ .interp = NULL });
	expect_bad(tree, "/bin/prog", ENOENT, "needs the library libz.so"); /* not among musl's */
	tree_put_text(tree, "etc/ld-musl-x86_64.path", "/srv:/lib64\n");
	expect_good(tree, "/bin/prog");
}

/* More objects than are followed: told, not an endless search. */
static void test_many_objects(void **state)
{
	struct tree *tree = *state;
	char path[64], name[64];

	put_elf(tree, "lib/ld.so", (struct recipe){ .interp = NULL });
	put_elf(tree, "bin/prog",
		(struct recipe){ .interp = "/lib/ld.so", .needed = { "lib0.so" } });
	for (int i = 0; i < 300; i++) {
		assert_true(text_format(path, sizeof path, "lib/lib%d.so", i) > 0);
		assert_true(text_format(name, sizeof name, "lib%d.so", i + 1) > 0);
		put_elf(tree, path, (struct recipe){ .needed = { name } });
	}
	expect_bad(tree, "/bin/prog", 0, "more than 256 libraries");
}

/* Whatever runs this test is a dynamic program whose libraries the host has. */
static void test_this_program(void **state)
{
	struct tree host = { .fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC) };
	char self[4096];
	ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);

	(void)state;
	assert_true(host.fd >= 0 && length > 0);
	self[length] = '\0';
	expect_good(&host, self);
	expect_good(&host, "/bin/sh");
	close(host.fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_static_and_scripts, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(test_not_files, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(test_libraries, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(test_files, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(test_search_paths, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(test_musl, tree_setup, tree_teardown),
		cmocka_unit_test_setup_teardown(test_many_objects, tree_setup, tree_teardown),
		cmocka_unit_test(test_this_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
