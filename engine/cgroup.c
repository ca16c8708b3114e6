#include "cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "cgroup_driver.h"
#include "own.h"
#include "text.h"

static const char parent_name[] = "contained";

/* One place for what an errno of cgroupfs means to an administrator. */
static int fail_hinted(struct error *err, int num, const char *object, const char *cause)
{
	(void)fail(err, num, object, "%s", cause);
	switch (num) {
	case EROFS:
		return error_hint(
			err, "it is mounted read-only: mount it read-write, or set limits = try");
	case EACCES:
	case EPERM:
		return error_hint(err, "is this a container without cgroup delegation?");
	case ENOENT:
	case ENODEV:
		return error_hint(err, "is the hierarchy still mounted?");
	case EBUSY:
		return error_hint(err, "processes sit in this group (cgroups(7), no internal "
				       "processes): is this a container?");
	}
	return -1;
}

static int open_dir(int at, const char *name, const char *path, struct error *err)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	return fd < 0 ? fail_hinted(err, errno, path, "cannot open the control group directory")
		      : fd;
}

static int check_type(int fd, const char *path, unsigned long magic, struct error *err)
{
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return fail(err, errno, path, "cannot ask for its file system");
	if ((unsigned long)fs.f_type != magic)
		return fail(err, 0, path,
			"is not on a control group file system of the expected version");
	return 0;
}

/* name below the fd of path, made when it is not there yet. */
static int make_parent(int at, const char *path, struct error *err)
{
	int fd = openat(at, parent_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	if (fd >= 0 || errno != ENOENT)
		return fd >= 0 ? fd : fail_hinted(err, errno, path, "cannot open contained/ in it");
	if (mkdirat(at, parent_name, 0755) < 0 && errno != EEXIST) /* another login was first */
		return fail_hinted(err, errno, path, "cannot make contained/ in it");
	return open_dir(at, parent_name, path, err);
}

static int make_dir(const struct cgroup_driver *driver, const struct cgroup_plan *plan,
	const struct cgroup_dir *dir, struct error *err)
{
	own_fd int mount = -1, parent = -1, leaf = -1;

	mount = open_dir(AT_FDCWD, dir->mount, dir->mount, err);
	if (mount < 0 || check_type(mount, dir->mount, driver->magic, err) < 0)
		return -1;
	if (driver->enable && driver->enable(mount, dir->mount, plan, err) < 0)
		return -1;
	parent = make_parent(mount, dir->mount, err);
	if (parent < 0)
		return -1;
	if (driver->enable && driver->enable(parent, dir->mount, plan, err) < 0)
		return -1;
	if (mkdirat(parent, plan->name, 0755) < 0)
		return fail_hinted(err, errno, dir->path, "cannot make the control group");
	leaf = open_dir(parent, plan->name, dir->path, err);
	if (leaf < 0 || check_type(leaf, dir->path, driver->magic, err) < 0)
		return -1;
	return take_fd(&leaf);
}

/*
 * A directory of the session, which exists already. Nothing but its last name is checked for links on the way: a
 * control group file system has none.
 */
static int open_below(const struct cgroup_plan *plan, const struct cgroup_dir *dir, const char *path, struct error *err)
{
	const struct cgroup_driver *driver = cgroup_driver_of(plan->layout);
	const char *below = text_after(path, dir->mount);
	own_fd int mount = -1, leaf = -1;

	if (!driver)
		return fail(err, EINVAL, path, "the plan has directories and no layout");
	mount = open_dir(AT_FDCWD, dir->mount, dir->mount, err);
	if (mount < 0)
		return -1;
	leaf = open_dir(mount, below && *below ? below + 1 : path, path, err);
	if (leaf < 0 || check_type(leaf, path, driver->magic, err) < 0)
		return -1;
	return take_fd(&leaf);
}

static int open_session(const struct cgroup_plan *plan, const struct cgroup_dir *dir, struct error *err)
{
	return open_below(plan, dir, dir->path, err);
}

static const char *file_path(
	const struct cgroup_plan *plan, const struct cgroup_write *write, char *buf, size_t size)
{
	/* for messages only: a path that does not fit is told by its file's name */
	if (text_format(buf, size, "%s/%s", plan->dirs[write->dir].path, write->file) < 0)
		return write->file;
	return buf;
}

static int compare_one(
	const struct cgroup_plan *plan, const struct cgroup_write *write, int fd, struct error *err)
{
	char path[CGROUP_PATH + sizeof write->file + 1], text[256];
	ssize_t got = pread(fd, text, sizeof text - 1, 0);

	if (got < 0)
		return fail(err, errno, file_path(plan, write, path, sizeof path),
			"cannot read it back");
	text[got] = '\0';
	/* io.weight goes on with a line for each device, which is not ours to judge */
	if (text_after(write->readback, "default "))
		text[strcspn(text, "\n")] = '\0';
	else if (got > 0 && text[got - 1] == '\n')
		text[got - 1] = '\0';
	if (strcmp(text, write->readback) == 0)
		return 0;
	return fail(err, 0, file_path(plan, write, path, sizeof path),
		"shows \"%.64s\" instead of \"%s\"", text, write->readback);
}

static int write_one(const struct cgroup_plan *plan, const struct cgroup_write *row, int dir_fd,
	struct error *err)
{
	own_fd int fd = openat(dir_fd, row->file, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	char path[CGROUP_PATH + sizeof row->file + 1];
	size_t length = strlen(row->value);
	ssize_t done;

	if (fd < 0) {
		(void)fail_hinted(err, errno, file_path(plan, row, path, sizeof path),
			errno == ENOENT ? "this kernel has no such limit" : "cannot open");
		if (errno == ENOENT)
			return error_hint(
				err, strstr(row->file, "sw")
					     ? "boot with swapaccount=1, or leave swap unset"
					     : "leave the setting unset, or set limits = try");
		return -1;
	}
	done = write(fd, row->value, length);
	if (done != (ssize_t)length) {
		(void)fail(err, done < 0 ? errno : EIO, file_path(plan, row, path, sizeof path),
			"cannot write \"%s\"", row->value);
		if (done < 0 && errno == EINVAL)
			return error_hint(err, "a group above it may allow less");
		return -1;
	}
	return compare_one(plan, row, fd, err);
}

int cgroup_create(const struct cgroup_plan *plan, const struct cgroup_maker *maker, struct error *err)
{
	const struct cgroup_driver *driver = cgroup_driver_of(plan->layout);

	if (!plan->dir_count)
		return 0;
	if (!driver)
		return fail(err, EINVAL, plan->name, "the plan has directories and no layout");
	return driver->create(plan, maker, err);
}

int cgroup_create_directories(const struct cgroup_plan *plan, const struct cgroup_maker *maker, struct error *err)
{
	const struct cgroup_driver *driver = cgroup_driver_of(plan->layout);

	(void)maker;
	for (size_t i = 0; i < plan->dir_count; i++) {
		own_fd int leaf = make_dir(driver, plan, &plan->dirs[i], err);

		if (leaf < 0)
			return -1;
		for (size_t j = 0; j < plan->write_count; j++)
			if (plan->writes[j].dir == i &&
				write_one(plan, &plan->writes[j], leaf, err) < 0)
				return -1;
	}
	return 0;
}

static void close_all(int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++)
		own_close_fd(&fds[i]);
}

int cgroup_open_procs(const struct cgroup_plan *plan, int fds[CGROUP_DIRS], struct error *err)
{
	int opened[CGROUP_DIRS] = { 0 };

	for (size_t i = 0; i < plan->dir_count; i++) {
		own_fd int leaf = open_session(plan, &plan->dirs[i], err);

		opened[i] =
			leaf < 0 ? -1
				 : openat(leaf, "cgroup.procs", O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
		if (opened[i] < 0) {
			if (leaf >= 0)
				(void)fail_hinted(
					err, errno, plan->dirs[i].path, "cannot open cgroup.procs");
			close_all(opened, i);
			return -1;
		}
	}
	memcpy(fds, opened, plan->dir_count * sizeof *fds);
	return 0;
}

int cgroup_enter(const struct cgroup_plan *plan, const int fds[CGROUP_DIRS], struct error *err)
{
	for (size_t i = 0; i < plan->dir_count; i++)
		if (write(fds[i], "0", 1) != 1)
			return fail_hinted(
				err, errno, plan->dirs[i].path, "cannot move this process into it");
	return 0;
}

int cgroup_join(const struct cgroup_plan *plan, struct error *err)
{
	int fds[CGROUP_DIRS];
	int result;

	if (cgroup_open_procs(plan, fds, err) < 0)
		return -1;
	result = cgroup_enter(plan, fds, err);
	close_all(fds, plan->dir_count);
	return result;
}

int cgroup_open_keeper(const struct cgroup_plan *plan, int *fd, struct error *err)
{
	own_fd int leaf = -1;

	*fd = -1;
	if (!plan->keeper[0])
		return 0;
	leaf = open_below(plan, &plan->dirs[0], plan->keeper_path, err);
	if (leaf < 0)
		return -1;
	*fd = openat(leaf, "cgroup.procs", O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	return *fd < 0 ? fail_hinted(err, errno, plan->keeper_path, "cannot open cgroup.procs") : 0;
}

int cgroup_enter_keeper(const struct cgroup_plan *plan, int fd, struct error *err)
{
	if (fd < 0 || write(fd, "0", 1) == 1)
		return 0;
	return fail_hinted(err, errno, plan->keeper_path, "cannot move this process into it");
}

void cgroup_leave(const struct cgroup_plan *plan)
{
	for (size_t i = 0; i < plan->dir_count; i++) {
		own_fd int origin =
			open(plan->dirs[i].origin, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
		own_fd int procs = -1;

		if (origin < 0)
			continue;
		procs = openat(origin, "cgroup.procs", O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
		/* best effort: the set-up has failed already, and its error is the one to tell */
		if (procs >= 0 && write(procs, "0", 1) != 1)
			continue;
	}
}

int cgroup_open_readback(const struct cgroup_plan *plan, int fds[CGROUP_WRITES], struct error *err)
{
	int opened[CGROUP_WRITES] = { 0 };

	for (size_t i = 0; i < plan->write_count; i++) {
		const struct cgroup_write *row = &plan->writes[i];
		own_fd int leaf = open_session(plan, &plan->dirs[row->dir], err);
		char path[CGROUP_PATH + sizeof row->file + 1];

		opened[i] =
			leaf < 0 ? -1 : openat(leaf, row->file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
		if (opened[i] < 0) {
			if (leaf >= 0)
				(void)fail_hinted(err, errno,
					file_path(plan, row, path, sizeof path),
					"cannot open it for reading back");
			close_all(opened, i);
			return -1;
		}
	}
	memcpy(fds, opened, plan->write_count * sizeof *fds);
	return 0;
}

int cgroup_compare(const struct cgroup_plan *plan, const int fds[CGROUP_WRITES], struct error *err)
{
	for (size_t i = 0; i < plan->write_count; i++)
		if (compare_one(plan, &plan->writes[i], fds[i], err) < 0)
			return -1;
	return 0;
}

int cgroup_check_files(const struct cgroup_plan *plan, struct error *err)
{
	int fds[CGROUP_WRITES], result;

	if (cgroup_open_readback(plan, fds, err) < 0)
		return -1;
	result = cgroup_compare(plan, fds, err);
	close_all(fds, plan->write_count);
	return result;
}
