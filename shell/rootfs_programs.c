/* Trees made of the host's own programs: its static busybox, or any with their loaders and libraries. */
#include "rootfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/helper.h"
#include "engine/own.h"
#include "engine/program.h"
#include "engine/text.h"

enum { APPLETS_TEXT = 65536, APPLETS_MS = 5000 };

int rootfs_find_program(const char *name, char *buf, size_t size, struct error *err)
{
	static const char *const dirs[] = { "/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin" };

	if (name[0] == '/') {
		if (text_format(buf, size, "%s", name) < 0)
			return fail(err, errno, name, "is too long a path");
		return access(buf, X_OK) == 0 ? 0 : fail(err, errno, name, "is no program of this host");
	}
	for (size_t i = 0; i < ARRAY_SIZE(dirs) && !strchr(name, '/'); i++)
		if (text_format(buf, size, "%s/%s", dirs[i], name) > 0 && access(buf, X_OK) == 0)
			return 0;
	fail(err, ENOENT, name, "is no program of this host");
	return error_hint(err, "give its absolute path");
}

/* It has no loader, hence no libraries either. */
static int check_static(const char *path, struct error *err)
{
	own_fd int host = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct list files = { 0 };
	int result = program_files(host, path, &files, err);

	if (result == 0 && files.count > 1) {
		fail(err, 0, path, "is linked dynamically: it would not start without its libraries");
		result = error_hint(err, "apt install busybox-static, or use --from-host busybox");
	}
	list_free(&files);
	return result;
}

static int link_applets(const struct rootfs *rootfs, const char *busybox, struct error *err)
{
	const char *const argv[] = { busybox, "--list-full", NULL };
	own_text char *text = malloc(APPLETS_TEXT);
	char *rest = text, *line;
	size_t length;
	int status;

	if (!text)
		return fail(err, ENOMEM, busybox, "cannot read its list");
	if (helper_run(argv, APPLETS_MS, text, APPLETS_TEXT, &length, &status, err) < 0)
		return -1;
	if (status != 0)
		return fail(err, 0, busybox, "does not tell its names (--list-full)");
	while ((line = strsep(&rest, "\n"))) {
		char path[128];

		/* names of a program of the host's: not to be believed to be paths */
		if (!*line || line[0] == '/' || strstr(line, "..") || text_equal(line, "bin/busybox") ||
			text_format(path, sizeof path, "/%s", line) < 0)
			continue;
		if (rootfs_link(rootfs, "/bin/busybox", path, err) < 0)
			return -1;
	}
	return 0;
}

int rootfs_make_busybox(const struct rootfs *rootfs, const struct narration *narration, struct error *err)
{
	char busybox[PATH_MAX], text[128];

	if (rootfs_find_program("busybox", busybox, sizeof busybox, err) < 0)
		return error_hint(err, "apt install busybox-static");
	if (check_static(busybox, err) < 0 || rootfs_copy(rootfs, busybox, "/bin/busybox", err) < 0 ||
		link_applets(rootfs, busybox, err) < 0)
		return -1;
	(void)snprintf(text, sizeof text, "copying busybox and linking its names…done.");
	narrate(narration, text);
	return 0;
}

/* /bin -> usr/bin and the like: as the host has it, so that every path of a program means the same. */
static int make_usr(const struct rootfs *rootfs, struct error *err)
{
	static const char *const merged[] = { "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32" };

	for (size_t i = 0; i < ARRAY_SIZE(merged); i++) {
		char target[64], below[64];
		ssize_t length = readlink(merged[i], target, sizeof target - 1);

		if (length <= 0)
			continue;
		target[length] = '\0';
		if (text_format(below, sizeof below, "/usr%s", merged[i]) < 0 || !text_equal(target, below + (target[0] != '/')))
			continue;
		if (rootfs_dir(rootfs, below, 0755, err) < 0 || rootfs_link(rootfs, below + 1, merged[i], err) < 0)
			return -1;
	}
	return 0;
}

/* A file where it really is, and a link by the name it was found under. */
static int put_file(const struct rootfs *rootfs, const char *path, struct error *err)
{
	char real[PATH_MAX];

	if (rootfs_has(rootfs, path))
		return 0;
	if (!realpath(path, real))
		return fail(err, errno, path, "cannot be found");
	if (!rootfs_has(rootfs, real) && rootfs_copy(rootfs, real, real, err) < 0)
		return -1;
	return rootfs_has(rootfs, path) ? 0 : rootfs_link(rootfs, real, path, err);
}

/*
 * Without a cache the loader looks in its built-in directories alone: what the host's ld.so.conf adds (/usr/local/lib)
 * is linked into the one that has the C library.
 */
static int link_library(const struct rootfs *rootfs, const struct list *files, const char *path, struct error *err)
{
	static const char *const builtin[] = { "/lib", "/usr/lib" };
	const char *name = strrchr(path, '/') + 1;
	char beside[PATH_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(builtin); i++)
		if (text_after(path, builtin[i]))
			return 0;
	for (size_t i = 0; strstr(name, ".so") && i < files->count; i++) {
		const char *slash = strrchr(files->items[i], '/');

		if (text_equal(slash + 1, "libc.so.6") &&
			text_format(beside, sizeof beside, "%.*s/%s", (int)(slash - files->items[i]), files->items[i], name) > 0)
			return rootfs_link(rootfs, path, beside, err);
	}
	return 0;
}

static bool uses(const struct list *files, const char *library)
{
	for (size_t i = 0; i < files->count; i++)
		if (strstr(files->items[i], library))
			return true;
	return false;
}

/* What programs open when they run, where the host has it: names, terminals, C.UTF-8. */
static int put_data(const struct rootfs *rootfs, const struct list *files, struct error *err)
{
	static const char *const names[] = { "libnss_files.so.2", "libnss_dns.so.2" };
	static const char *const locales[] = { "/usr/lib/locale/C.utf8", "/usr/lib/locale/C.UTF-8" };
	static const char terminals[] = "/lib/terminfo";

	for (size_t i = 0; i < files->count; i++) {
		const char *slash = strrchr(files->items[i], '/');

		for (size_t n = 0; text_equal(slash + 1, "libc.so.6") && n < ARRAY_SIZE(names); n++) {
			char path[PATH_MAX];

			if (text_format(path, sizeof path, "%.*s/%s", (int)(slash - files->items[i]), files->items[i], names[n]) > 0 &&
				access(path, R_OK) == 0 && put_file(rootfs, path, err) < 0)
				return -1;
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(locales); i++)
		if (access(locales[i], R_OK) == 0 && rootfs_copy_below(rootfs, locales[i], err) < 0)
			return -1;
	/* Debian's small set; where there is one directory for all, it is the one */
	if (uses(files, "libtinfo.so") || uses(files, "libncurses"))
		return rootfs_copy_below(rootfs, access(terminals, R_OK) == 0 ? terminals : "/usr/share/terminfo", err);
	return 0;
}

static int put_programs(const struct rootfs *rootfs, char *const *programs, struct list *files, struct error *err)
{
	static const char *const shells[] = { "bash", "dash", "zsh", "ksh", "mksh", "busybox" };
	own_fd int host = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	for (; *programs; programs++) {
		char path[PATH_MAX];

		if (rootfs_find_program(*programs, path, sizeof path, err) < 0 ||
			program_files(host, path, files, err) < 0)
			return -1;
		for (size_t i = 0; i < ARRAY_SIZE(shells); i++)
			if (text_equal(strrchr(path, '/') + 1, shells[i]) && !rootfs_has(rootfs, "/bin/sh") &&
				rootfs_link(rootfs, path, "/bin/sh", err) < 0)
				return -1;
	}
	return 0;
}

int rootfs_make_from_host(
	const struct rootfs *rootfs, char *const *programs, const struct narration *narration, struct error *err)
{
	struct list files = { 0 };
	char text[128];
	int result = make_usr(rootfs, err);

	if (result == 0)
		result = put_programs(rootfs, programs, &files, err);
	for (size_t i = 0; result == 0 && i < files.count; i++) {
		result = put_file(rootfs, files.items[i], err);
		if (result == 0)
			result = link_library(rootfs, &files, files.items[i], err);
	}
	if (result == 0) {
		(void)snprintf(text, sizeof text, "copying programs, loaders and libraries…%zu files…done.", files.count);
		narrate(narration, text);
		result = put_data(rootfs, &files, err);
	}
	if (result == 0)
		narrate(narration, "copying what they read: names, terminals, C.UTF-8…done.");
	list_free(&files);
	return result;
}
