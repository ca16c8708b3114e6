/*
 * A configuration is opened only where nobody but root (or the caller, for itself) could have had a
 * hand in it: by its own mode, or by exchanging it or a directory above it.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "own.h"
#include "path.h"
#include "policy.h"
#include "text.h"

static bool is_trusted_owner(uid_t owner)
{
	return owner == 0 || owner == geteuid();
}

/* The text of a /proc/self/fd link: the path without symbolic links. */
static int real_path(int fd, char *buf, size_t size)
{
	char link[32];
	ssize_t length;

	(void)text_format(link, sizeof link, "/proc/self/fd/%d", fd);
	length = readlink(link, buf, size);
	if (length < 0)
		return -1;
	if ((size_t)length >= size) {
		errno = ENAMETOOLONG;
		return -1;
	}
	buf[length] = '\0';
	return 0;
}

/* From / down, so that once a directory has passed nobody can move what is below it. */
static int check_directories(int fd, const char *path, struct error *err)
{
	char real[4096];
	struct stat info;

	if (real_path(fd, real, sizeof real) < 0)
		return fail(err, errno, path, "cannot find the real path (is /proc mounted?)");
	for (char *slash = real; slash; slash = strchr(slash + 1, '/')) {
		const char *directory = slash == real ? "/" : real;
		bool open_to_others;

		*slash = '\0';
		if (lstat(directory, &info) < 0)
			return fail(err, errno, directory, "cannot look at the directory");
		/* in a sticky directory nobody exchanges what is root's */
		open_to_others = (info.st_mode & 022) && !(info.st_mode & S_ISVTX);
		if (open_to_others || !is_trusted_owner(info.st_uid)) {
			(void)fail(err, 0, path,
				"others may exchange it: %s belongs to uid %u, mode %04o",
				directory, info.st_uid, info.st_mode & 07777);
			return error_hint(err, "chown root and chmod go-w that directory");
		}
		*slash = '/';
	}
	return 0;
}

static int check_file(const struct stat *info, const char *path, struct error *err)
{
	if (S_ISDIR(info->st_mode))
		return fail(err, 0, path, "is a directory (expected a regular file)");
	if (S_ISFIFO(info->st_mode))
		return fail(err, 0, path, "is a FIFO (expected a regular file)");
	if (S_ISCHR(info->st_mode) || S_ISBLK(info->st_mode))
		return fail(err, 0, path, "is a device (expected a regular file)");
	if (!S_ISREG(info->st_mode))
		return fail(err, 0, path, "is not a regular file");
	if (!is_trusted_owner(info->st_uid)) {
		(void)fail(err, 0, path, "belongs to uid %u (expected root)", info->st_uid);
		return error_hint(err, "chown root it, after reading what it says");
	}
	if (info->st_mode & 022) {
		(void)fail(err, 0, path, "is writable by group or others (mode %04o)",
			info->st_mode & 07777);
		return error_hint(err, "chmod go-w it, after reading what it says");
	}
	if (info->st_size > POLICY_FILE_MAX)
		return fail(err, 0, path, "is %jd bytes long (expected at most %d)",
			(intmax_t)info->st_size, POLICY_FILE_MAX);
	return 0;
}

/* Component by component, without openat2(2), which a session's filter does not have: no link at all is followed. */
static int walk(int root, const char *path, struct error *err)
{
	own_fd int at = fcntl(root, F_DUPFD_CLOEXEC, 3);
	char component[256];

	for (path += strspn(path, "/"); at >= 0 && *path; path += strspn(path, "/")) {
		size_t length = strcspn(path, "/");
		struct stat info;
		int next;

		if (text_format(component, sizeof component, "%.*s", (int)length, path) < 0 || text_equal(component, ".."))
			return fail(err, EINVAL, path, "is no path that is followed within a session");
		next = openat(at, component, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		own_close_fd(&at);
		at = next;
		if (at >= 0 && fstat(at, &info) == 0 && S_ISLNK(info.st_mode))
			return fail(err, ELOOP, component, "is a link, and none is followed within a session");
		path += length;
	}
	return at < 0 ? fail(err, errno, path, "cannot open") : take_fd(&at);
}

static int open_path(const char *path, struct error *err)
{
	own_fd int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	own_text char *working = NULL, *absolute = NULL;
	int fd;

	if (root < 0)
		return fail(err, errno, "/", "cannot open");
	if (*path != '/') {
		working = getcwd(NULL, 0);
		if (!working || asprintf(&absolute, "%s/%s", working, path) < 0) {
			absolute = NULL; /* undefined after a failure (asprintf(3)) */
			return fail(err, errno, path, "cannot find the working directory");
		}
	}
	fd = path_open(root, absolute ? absolute : path, PATH_MUST_EXIST, 0, err);
	if (fd < 0 && err && err->num == ENOSYS)
		fd = walk(root, absolute ? absolute : path, err);
	if (fd < 0 && err && err->num != ELOOP) /* that one tells of a link and what to do */
		return fail(err, err->num, path, "cannot open the configuration");
	return fd;
}

int policy_open(const char *path, struct error *err)
{
	/* O_PATH touches neither FIFO nor device: only what turned out to be a file is opened to be
	 * read */
	own_fd int place = open_path(path, err);
	own_fd int fd = -1;
	struct stat info;
	char link[32];

	if (place < 0)
		return -1;
	if (fstat(place, &info) < 0)
		return fail(err, errno, path, "cannot look at the configuration");
	if (check_file(&info, path, err) < 0 || check_directories(place, path, err) < 0)
		return -1;
	(void)text_format(link, sizeof link, "/proc/self/fd/%d", place);
	fd = open(link, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return fail(err, errno, path, "cannot read the configuration");
	return take_fd(&fd);
}
