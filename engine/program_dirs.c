#include "program_dirs.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "own.h"
#include "tree.h"

enum {
	ENTRIES_MAX = 4096, /* of a directory that may be made to be endless */
	CONF_MAX = 65536,   /* bytes of a file */
	DIR_MAX = 4096,
};

/* The last part of a path. */
static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static int add_dir(struct list *dirs, const char *path)
{
	if (path[0] != '/' || list_has(dirs, path) || dirs->count >= PROGRAM_DIRS_MAX)
		return 0;
	return list_add(dirs, path);
}

static void close_dir(DIR **dir)
{
	if (*dir)
		(void)closedir(*dir); /* was only read */
}
#define own_dir __attribute__((cleanup(close_dir)))

static DIR *open_entries(int root_fd, const char *path)
{
	own_fd int fd = tree_open_dir(root_fd, path);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (dir)
		(void)take_fd(&fd); /* the stream's now */
	return dir;
}

/* Debian's way: /usr/lib/x86_64-linux-gnu. */
static int add_multiarch(int root_fd, const char *parent, struct list *dirs)
{
	own_dir DIR *dir = open_entries(root_fd, parent);
	struct dirent *entry;

	for (int i = 0; dir && i < ENTRIES_MAX && (entry = readdir(dir)); i++) {
		char path[sizeof entry->d_name + 16];

		if (strstr(entry->d_name, "-linux-") &&
			text_format(path, sizeof path, "%s/%s", parent, entry->d_name) > 0 &&
			add_dir(dirs, path) < 0)
			return -1;
	}
	return 0;
}

/* The directories among the lines of a file. `include` is not followed: see add_conf(). */
static int add_lines(int root_fd, const char *path, const char *dividers, struct list *dirs)
{
	own_text char *text = NULL;
	char *rest, *line;
	size_t length;

	if (tree_read_file(root_fd, path, CONF_MAX, &text, &length, NULL) < 0)
		return 0; /* none, or nothing that the loader could read either */
	rest = text;
	while ((line = strsep(&rest, dividers))) {
		line += strspn(line, " \t");
		line[strcspn(line, "# \t\r=")] =
			'\0'; /* "=TYPE" is a relic that ldconfig ignores */
		if (add_dir(dirs, line) < 0)
			return -1;
	}
	return 0;
}

/*
 * ld.so.conf is ldconfig's file; the loader's own is its cache, whose format is private. The
 * distributions include the .conf files of ld.so.conf.d and nothing else.
 */
static int add_conf(int root_fd, struct list *dirs)
{
	own_dir DIR *dir = open_entries(root_fd, "/etc/ld.so.conf.d");
	struct dirent *entry;

	if (add_lines(root_fd, "/etc/ld.so.conf", "\n", dirs) < 0)
		return -1;
	for (int i = 0; dir && i < ENTRIES_MAX && (entry = readdir(dir)); i++) {
		char path[sizeof entry->d_name + 32];
		size_t length = strlen(entry->d_name);

		if (length > 5 && strcmp(entry->d_name + length - 5, ".conf") == 0 &&
			text_format(path, sizeof path, "/etc/ld.so.conf.d/%s", entry->d_name) > 0 &&
			add_lines(root_fd, path, "\n", dirs) < 0)
			return -1;
	}
	return 0;
}

bool program_dirs_is_musl(const char *loader)
{
	return text_after(base_name(loader), "ld-musl-");
}

static int add_musl(int root_fd, const char *loader, struct list *dirs)
{
	const char *name = text_after(base_name(loader), "ld-");
	size_t length = strcspn(name, ".");
	char path[320];
	size_t before = dirs->count;

	if (text_format(path, sizeof path, "/etc/ld-%.*s.path", (int)length, name) > 0 &&
		add_lines(root_fd, path, ":\n", dirs) < 0)
		return -1;
	if (dirs->count > before)
		return 0;
	/* built into musl's loader */
	return add_dir(dirs, "/lib") < 0 || add_dir(dirs, "/usr/local/lib") < 0 ||
			       add_dir(dirs, "/usr/lib") < 0
		       ? -1
		       : 0;
}

int program_dirs_system(int root_fd, const char *loader, struct list *dirs)
{
	static const char *const fixed[] = { "/lib", "/usr/lib", "/lib64", "/usr/lib64", "/lib32",
		"/usr/lib32", "/libx32", "/usr/libx32" };

	if (program_dirs_is_musl(loader))
		return add_musl(root_fd, loader, dirs);
	for (size_t i = 0; i < ARRAY_SIZE(fixed); i++)
		if (add_dir(dirs, fixed[i]) < 0)
			return -1;
	if (add_multiarch(root_fd, "/lib", dirs) < 0 ||
		add_multiarch(root_fd, "/usr/lib", dirs) < 0)
		return -1;
	return add_conf(root_fd, dirs);
}

/* A directory of a search path with $ORIGIN and $LIB, or ${…}, filled in. -1 when it is too long. */
static int expand(const char *text, size_t length, const char *object, const char *lib, char *buf,
	size_t size)
{
	const char *end = text + length, *slash = strrchr(object, '/');
	size_t used = 0;

	while (text < end) {
		static const char *const tokens[] = { "$ORIGIN", "${ORIGIN}", "$LIB", "${LIB}" };
		size_t token = 0, span;
		int added;

		while (token < ARRAY_SIZE(tokens) &&
			((size_t)(end - text) < strlen(tokens[token]) ||
				!text_after(text, tokens[token])))
			token++;
		if (token < 2)
			added = text_format(buf + used, size - used, "%.*s",
				(int)(slash ? slash - object : 0), object);
		else if (token < 4)
			added = text_format(buf + used, size - used, "%s", lib);
		else
			added = text_format(buf + used, size - used, "%c", *text);
		if (added < 0)
			return -1;
		span = token < ARRAY_SIZE(tokens) ? strlen(tokens[token]) : 1;
		used += (size_t)added;
		text += span;
	}
	buf[used] = '\0';
	return 0;
}

int program_dirs_add(const char *search_path, const char *object, struct list *dirs)
{
	static const char *const libs[] = { "lib64", "lib" };
	char path[DIR_MAX];

	while (search_path) {
		size_t length = strcspn(search_path, ":");

		for (size_t i = 0; i < ARRAY_SIZE(libs); i++)
			if (expand(search_path, length, object, libs[i], path, sizeof path) == 0 &&
				add_dir(dirs, path) < 0)
				return -1;
		search_path = search_path[length] ? search_path + length + 1 : NULL;
	}
	return 0;
}
