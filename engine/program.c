#include "program.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "own.h"
#include "program_dirs.h"
#include "program_elf.h"
#include "text.h"
#include "tree.h"

enum {
	SCRIPT_DEPTH = 4,  /* the kernel follows five files (fs/exec.c, exec_binprm) */
	SCRIPT_LINE = 256, /* BINPRM_BUF_SIZE: what the kernel reads of a file to tell what it is */
	OBJECTS_MAX = 256,
};

/* A program or library with what it asks for. */
struct object {
	char *path;
	struct program_elf elf;
};

/* The closure of an ELF program. */
struct closure {
	int root_fd;
	const char *loader;
	struct list system;   /* directories */
	struct list names;    /* of libraries that were found already */
	struct object *found; /* OBJECTS_MAX of them; the program first */
	size_t count;
	bool damaged; /* a file of the library's name was no library: why, unless another one is */
	struct error why;
};

static void closure_free(struct closure *closure)
{
	list_free(&closure->system);
	list_free(&closure->names);
	for (size_t i = 0; i < closure->count; i++) {
		free(closure->found[i].path);
		program_elf_free(&closure->found[i].elf);
	}
	free(closure->found);
}
#define own_closure __attribute__((cleanup(closure_free)))

static void elf_free(struct program_elf *elf)
{
	program_elf_free(elf);
}
#define own_elf __attribute__((cleanup(elf_free)))

static int no_memory(struct error *err, const char *path)
{
	return fail(err, ENOMEM, path, "cannot check it");
}

static int take_object(
	struct closure *closure, const char *path, struct program_elf *elf, struct error *err)
{
	char *copy = strdup(path);

	if (!copy)
		return no_memory(err, path);
	closure->found[closure->count++] = (struct object){ .path = copy, .elf = *elf };
	*elf = (struct program_elf){ 0 };
	return 0;
}

enum tried { TRIED_ABSENT, TRIED_FOUND, TRIED_FAILED };

/* Is that file the library? One for another processor is passed over, as the loader does. */
static enum tried try_file(struct closure *closure, const char *path, struct error *err)
{
	const struct program_elf *main_elf = &closure->found[0].elf;
	own_elf struct program_elf elf = { 0 };
	own_fd int fd = tree_open_file(closure->root_fd, path, NULL, NULL);

	if (fd < 0)
		return TRIED_ABSENT;
	if (program_elf_read(fd, path, &elf, &closure->why) < 0) {
		closure->damaged = true;
		return TRIED_ABSENT;
	}
	if (elf.class != main_elf->class || elf.machine != main_elf->machine)
		return TRIED_ABSENT;
	return take_object(closure, path, &elf, err) < 0 ? TRIED_FAILED : TRIED_FOUND;
}

static enum tried try_dirs(
	struct closure *closure, const struct list *dirs, const char *name, struct error *err)
{
	char path[ELF_PATH_MAX];

	for (size_t i = 0; i < dirs->count; i++) {
		enum tried tried;

		if (text_format(path, sizeof path, "%s/%s", dirs->items[i], name) < 0)
			continue;
		tried = try_file(closure, path, err);
		if (tried != TRIED_ABSENT)
			return tried;
	}
	return TRIED_ABSENT;
}

/* The directories that the object and the program name themselves (ld.so(8)). */
static int own_dirs(const struct closure *closure, const struct object *object, struct list *dirs)
{
	const struct object *program = &closure->found[0];

	if (object->elf.runpath)
		return program_dirs_add(object->elf.runpath, object->path, dirs);
	if (program_dirs_add(object->elf.rpath, object->path, dirs) < 0)
		return -1;
	/* DT_RPATH holds for what the libraries need too, unless DT_RUNPATH stands beside it */
	return program->elf.runpath ? 0 : program_dirs_add(program->elf.rpath, program->path, dirs);
}

/* The loader itself, and with musl the C library's several names. */
static bool is_loader(const struct closure *closure, const char *name)
{
	static const char *const musl[] = { "c", "pthread", "rt", "m", "dl", "util", "xnet" };
	const char *slash = strrchr(closure->loader, '/');
	const char *lib = text_after(name, "lib");

	if (text_equal(name, slash ? slash + 1 : closure->loader))
		return true;
	for (size_t i = 0; lib && program_dirs_is_musl(closure->loader) && i < ARRAY_SIZE(musl);
		i++) {
		const char *rest = text_after(lib, musl[i]);

		if (rest && *rest == '.')
			return true;
	}
	return false;
}

static int missing_library(const struct object *object, const struct object *program,
	const char *name, const char *path, struct error *err)
{
	if (object == program)
		(void)fail(err, ENOENT, path,
			"needs the library %.100s, which is not in the root tree", name);
	else
		(void)fail(err, ENOENT, path,
			"needs the library %.80s (for %.80s), which is not in the root tree", name,
			object->path);
	return error_hint(
		err, "copy it there; ldd %.100s, where the program works, lists them all", path);
}

static int find_library(struct closure *closure, const struct object *object, const char *name,
	const char *path, struct error *err)
{
	struct list dirs = { 0 };
	enum tried tried = TRIED_ABSENT;

	if (list_has(&closure->names, name) || is_loader(closure, name))
		return 0;
	if (closure->count == OBJECTS_MAX)
		return fail(err, 0, path, "needs more than %d libraries", OBJECTS_MAX);
	if (list_add(&closure->names, name) < 0)
		return no_memory(err, path);
	closure->damaged = false;
	if (strchr(name, '/')) {
		/* a path; program_dirs_add() fills $ORIGIN in and leaves a relative one out */
		if (program_dirs_add(name, object->path, &dirs) < 0) {
			(void)no_memory(err, path);
			tried = TRIED_FAILED;
		}
		for (size_t i = 0; tried == TRIED_ABSENT && i < dirs.count; i++)
			tried = try_file(closure, dirs.items[i], err);
	} else if (own_dirs(closure, object, &dirs) < 0) {
		(void)no_memory(err, path);
		tried = TRIED_FAILED;
	} else {
		tried = try_dirs(closure, &dirs, name, err);
		if (tried == TRIED_ABSENT)
			tried = try_dirs(closure, &closure->system, name, err);
	}
	list_free(&dirs);
	if (tried == TRIED_ABSENT && closure->damaged) {
		(void)fail(err, closure->why.num, path, "needs %.80s, which %.120s",
			closure->why.object, closure->why.cause);
		return error_hint(err, "%s", closure->why.hint);
	}
	if (tried == TRIED_ABSENT)
		return missing_library(object, &closure->found[0], name, path, err);
	return tried == TRIED_FOUND ? 0 : -1;
}

static int check_loader(int root_fd, const char *path, const char *loader, struct error *err)
{
	own_elf struct program_elf elf = { 0 };
	own_fd int fd = -1;
	struct error why;
	struct stat st;

	fd = tree_open_file(root_fd, loader, &st, &why);
	if (fd < 0 && why.num == ENOENT) {
		(void)fail(err, ENOENT, path,
			"needs the loader %.100s, which is not in the root tree", loader);
		return error_hint(err, "copy it there, or use a statically linked program");
	}
	if (fd < 0)
		return fail(
			err, why.num, path, "needs the loader %.100s: %.100s", loader, why.cause);
	if (!(st.st_mode & 0111))
		return fail(err, EACCES, path, "needs the loader %.100s, which may not be executed",
			loader);
	if (program_elf_read(fd, loader, &elf, &why) < 0)
		return fail(err, why.num, path, "needs the loader %.100s, which %.100s", loader,
			why.cause);
	return 0;
}

/*
 * The program's path with symlinks resolved, as seen in the tree: $ORIGIN is where it really is.
 * Falls back on the path as given.
 */
static const char *real_path(int root_fd, int fd, const char *path, char *buf, size_t size)
{
	char root_link[32], link[32], root[ELF_PATH_MAX];
	ssize_t root_length, length;

	if (text_format(root_link, sizeof root_link, "/proc/self/fd/%d", root_fd) < 0 ||
		text_format(link, sizeof link, "/proc/self/fd/%d", fd) < 0)
		return path;
	root_length = readlink(root_link, root, sizeof root);
	length = readlink(link, buf, size);
	if (root_length <= 0 || length <= 0 || (size_t)root_length == sizeof root ||
		(size_t)length == size)
		return path;
	buf[length] = '\0';
	if (root_length == 1)
		return buf[0] == '/' ? buf : path;
	if (length > root_length && memcmp(buf, root, (size_t)root_length) == 0 &&
		buf[root_length] == '/')
		return buf + root_length;
	return path;
}

/* Each once; files NULL: nobody wants to know. */
static int list_file(struct list *files, const char *path, struct error *err)
{
	if (!files || list_has(files, path))
		return 0;
	return list_add(files, path) < 0 ? no_memory(err, path) : 0;
}

static int check_elf(int root_fd, int fd, const char *path, struct list *files, struct error *err)
{
	own_closure struct closure closure = { .root_fd = root_fd };
	own_elf struct program_elf elf = { 0 };
	char real[ELF_PATH_MAX], loader[ELF_INTERP_MAX];

	if (program_elf_read(fd, path, &elf, err) < 0)
		return -1;
	if (!elf.interp[0])
		return 0; /* static: there is nobody to load libraries */
	if (elf.interp[0] != '/')
		return fail(err, 0, path, "needs the loader \"%.100s\", which is no absolute path",
			elf.interp);
	memcpy(loader, elf.interp, sizeof loader);
	if (check_loader(root_fd, path, loader, err) < 0)
		return -1;
	closure.loader = loader;
	closure.found = calloc(OBJECTS_MAX, sizeof *closure.found);
	if (!closure.found || program_dirs_system(root_fd, loader, &closure.system) < 0)
		return no_memory(err, path);
	if (take_object(&closure, real_path(root_fd, fd, path, real, sizeof real), &elf, err) < 0)
		return -1;
	if (list_file(files, loader, err) < 0)
		return -1;
	for (size_t i = 0; i < closure.count; i++)
		for (size_t j = 0; j < closure.found[i].elf.needed.count; j++)
			if (find_library(&closure, &closure.found[i],
				    closure.found[i].elf.needed.items[j], path, err) < 0)
				return -1;
	/* the first is the program, by its real path */
	for (size_t i = 1; i < closure.count; i++)
		if (list_file(files, closure.found[i].path, err) < 0)
			return -1;
	return 0;
}

static int check_file(
	int root_fd, const char *path, int depth, struct list *files, struct error *err);

/* line: the start of a file, without its "#!" and NUL-terminated; whole: it is not cut off. */
static int check_script(
	int root_fd, const char *path, char *line, bool whole, int depth, struct list *files, struct error *err)
{
	struct error why;
	size_t length;

	line += strspn(line, " \t");
	length = strcspn(line, " \t\n");
	if (!length)
		return fail(err, ENOEXEC, path, "is a script whose \"#!\" names no interpreter");
	if (!line[length] && !whole)
		return fail(
			err, ENOEXEC, path, "is a script whose interpreter has too long a name");
	line[length] = '\0';
	if (line[0] != '/')
		return fail(err, 0, path,
			"is a script whose interpreter \"%.100s\" is no absolute path", line);
	if (depth == SCRIPT_DEPTH)
		return fail(err, ELOOP, path, "is a script of a script of a script");
	if (check_file(root_fd, line, depth + 1, files, &why) == 0)
		return 0;
	(void)fail(err, why.num, path, "is a script for %.80s, which %.150s", line, why.cause);
	return error_hint(err, "%s", why.hint);
}

static int check_file(
	int root_fd, const char *path, int depth, struct list *files, struct error *err)
{
	char start[SCRIPT_LINE + 1];
	own_fd int fd = -1;
	struct stat st;
	struct error why;
	size_t used = 0;
	ssize_t got;

	fd = tree_open_file(root_fd, path, &st, &why);
	if (fd < 0 && why.num == ENOENT) {
		(void)fail(err, ENOENT, path, "is not in the root tree");
		return error_hint(err, "copy it there, or name another program");
	}
	if (fd < 0)
		return fail(err, why.num, path, "%s", why.cause);
	if (!(st.st_mode & 0111)) {
		(void)fail(err, EACCES, path, "may not be executed");
		return error_hint(err, "chmod a+x, if it is a program");
	}
	while (used < SCRIPT_LINE &&
		(got = pread(fd, start + used, SCRIPT_LINE - used, (off_t)used))) {
		if (got < 0)
			return fail(err, errno, path, "cannot read");
		used += (size_t)got;
	}
	start[used] = '\0';
	if (list_file(files, path, err) < 0)
		return -1;
	if (program_elf_magic(start, used))
		return check_elf(root_fd, fd, path, files, err);
	if (start[0] == '#' && start[1] == '!')
		return check_script(root_fd, path, start + 2, used < SCRIPT_LINE, depth, files, err);
	(void)fail(err, ENOEXEC, path, "is neither an ELF program nor a script with \"#!\"");
	return error_hint(err, "a script needs a first line such as #!/bin/sh");
}

int program_check(int root_fd, const char *path, struct error *err)
{
	if (path[0] != '/')
		return fail(err, EINVAL, path, "is no absolute path");
	return check_file(root_fd, path, 0, NULL, err);
}

int program_files(int root_fd, const char *path, struct list *files, struct error *err)
{
	if (path[0] != '/')
		return fail(err, EINVAL, path, "is no absolute path");
	return check_file(root_fd, path, 0, files, err);
}
