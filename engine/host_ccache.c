#include "host_ccache.h"

#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>

#include "kernel.h"
#include "own.h"
#include "text.h"

enum { PLACES = 3 };

/* The places that plan_mounts.c and plan_paths.c make empty. */
static void name_places(uid_t uid, char places[PLACES][32])
{
	(void)text_format(places[0], sizeof places[0], "/tmp");
	(void)text_format(places[1], sizeof places[1], "/var/tmp");
	(void)text_format(places[2], sizeof places[2], "/run/user/%u", uid);
}

/* The path below its place, without a slash before it; NULL where it is in none. */
static const char *find_place(const char *path, uid_t uid, char place[32])
{
	char places[PLACES][32];

	name_places(uid, places);
	for (int i = 0; i < PLACES; i++) {
		const char *rest = text_after(path, places[i]);

		if (rest && rest[0] == '/' && rest[1]) {
			memcpy(place, places[i], sizeof places[i]);
			return rest + 1;
		}
	}
	return NULL;
}

/* Absolute, without empty components, dots and control characters. */
static bool is_normal(const char *path)
{
	for (const char *at = path; *at; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			return false;
	while (*path == '/') {
		size_t length = strcspn(++path, "/");

		if (!length || (path[0] == '.' && (length == 1 || (length == 2 && path[1] == '.'))))
			return false;
		path += length;
	}
	return !*path;
}

bool host_ccache_path(const char *ccache, uid_t uid, char *buf, size_t size, bool *directory)
{
	const char *path = ccache, *rest;
	char place[32];
	int length;

	*directory = false;
	if (!ccache)
		return false;
	if ((rest = text_after(ccache, "FILE:"))) {
		path = rest;
	} else if ((rest = text_after(ccache, "DIR:"))) {
		bool member = *rest == ':';

		*directory = true;
		path = rest + member;
		length = (int)strlen(path);
		/* DIR::PATH/FILE is one cache of a collection; the library also wants the file that names the first */
		if (member)
			length = strrchr(path, '/') ? (int)(strrchr(path, '/') - path) : 0;
		if (text_format(buf, size, "%.*s", length, path) < 0)
			return false;
		path = buf;
	}
	if (path != buf && text_format(buf, size, "%s", path) < 0)
		return false;
	return buf[0] == '/' && is_normal(buf) && find_place(buf, uid, place);
}

bool host_ccache_usable(int root_fd, const char *path, uid_t uid, bool directory)
{
	static const uint64_t strict = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
	char place[32];
	const char *rest = find_place(path, uid, place);
	own_fd int parent = -1;
	own_fd int fd = -1;
	struct stat info;

	if (!rest)
		return false;
	parent = k_openat2(root_fd, place, O_PATH | O_DIRECTORY, 0, strict | RESOLVE_IN_ROOT);
	/* not across a mount: a file system of the user's own could answer as it likes, or never */
	fd = parent < 0 ? -1 : k_openat2(parent, rest, O_PATH | O_NOFOLLOW, 0,
				       strict | RESOLVE_BENEATH | RESOLVE_NO_XDEV);
	if (fd < 0 || fstat(fd, &info) < 0 || info.st_uid != uid)
		return false;
	/* a second link could be to a file that is hidden from sessions */
	return directory ? S_ISDIR(info.st_mode) : S_ISREG(info.st_mode) && info.st_nlink == 1;
}
