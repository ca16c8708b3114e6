#include "host_terminals.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "host_paths.h"
#include "mounts.h"
#include "own.h"
#include "text.h"

enum { PTMX_MAJOR = 5, PTMX_MINOR = 2 };

/* By the kernel's Documentation/admin-guide/devices.txt: what a PAM application may call its terminal. */
static bool is_terminal(dev_t device)
{
	static const unsigned majors[] = { 4 /* tty, ttyS */, 188 /* ttyUSB */, 204 /* ttyAMA */,
		229 /* hvc */ };

	if (major(device) >= MOUNT_PTY_MAJOR && major(device) < MOUNT_PTY_MAJOR + 8)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(majors); i++)
		if (major(device) == majors[i])
			return true;
	return device == makedev(5, 1); /* console */
}

int host_terminal_named(int root_fd, const char *tty, struct host *host, struct error *err)
{
	char path[64];
	struct stat info;

	if (!*tty || text_format(path, sizeof path, "%s%s", tty[0] == '/' ? "" : "/dev/", tty) < 0)
		return 0;
	if (!text_after(path, "/dev/") || strstr(path, "..") ||
		host_stat(root_fd, path, &info) < 0 || !S_ISCHR(info.st_mode) ||
		!is_terminal(info.st_rdev))
		return 0;
	host->terminal = strdup(path);
	host->terminal_device = info.st_rdev;
	return host->terminal ? 0 : fail(err, ENOMEM, path, "cannot keep the path");
}

/* The number of the pty behind an fd of this process, either end; false where it is none of the host's devpts. */
static bool pty_of(int root_fd, int fd, unsigned *number)
{
	own_fd int peer = -1;
	struct stat held, named;
	char path[64];

	if (fstat(fd, &held) < 0 || !S_ISCHR(held.st_mode))
		return false;
	if (held.st_rdev == makedev(PTMX_MAJOR, PTMX_MINOR)) {
		/*
		 * Which devpts a master is of, only its slave tells; O_PATH, because to open the terminal and close it again
		 * would be a hangup (the kernel's ptm_open_peer(), 4.13, hands the flags to dentry_open()).
		 */
		peer = ioctl(fd, TIOCGPTPEER, O_PATH | O_CLOEXEC);
		if (peer < 0 || fstat(peer, &held) < 0)
			return false;
	}
	if (major(held.st_rdev) != MOUNT_PTY_MAJOR)
		return false;
	*number = minor(held.st_rdev);
	return text_format(path, sizeof path, "/dev/pts/%u", *number) > 0 &&
	       host_stat(root_fd, path, &named) == 0 && named.st_dev == held.st_dev &&
	       named.st_ino == held.st_ino;
}

static bool is_known(const struct host *host, unsigned number)
{
	if (host->terminal && host->terminal_device == makedev(MOUNT_PTY_MAJOR, number))
		return true;
	for (size_t i = 0; i < host->pty_count; i++)
		if (host->ptys[i] == number)
			return true;
	return false;
}

void host_terminals_held(int root_fd, const char *own_fds, struct host *host)
{
	DIR *list = opendir(own_fds);
	const struct dirent *entry;

	while (list && host->pty_count < HOST_PTYS && (entry = readdir(list))) {
		uint64_t fd;
		unsigned number;

		if (text_parse_u64(entry->d_name, &fd) && fd < INT32_MAX &&
			pty_of(root_fd, (int)fd, &number) && number < MOUNT_PTY_NUMBERS && !is_known(host, number))
			host->ptys[host->pty_count++] = number;
	}
	if (list)
		(void)closedir(list);
}
