#include "host_disk.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "host_paths.h"
#include "own.h"
#include "text.h"
#include "tree.h"

enum { SMALL_FILE = 65536, LAYERS_MOST = 16 };

/* A file of /sys/dev/block/MAJ:MIN, which leads to the device's directory. NULL where there is none; owned. */
static char *read_attribute(int root_fd, dev_t device, const char *file)
{
	char path[384], *text = NULL;

	if (text_format(path, sizeof path, "/sys/dev/block/%u:%u/%s", major(device), minor(device),
		    file) < 0)
		return NULL;
	return tree_read_file(root_fd, path, SMALL_FILE, &text, NULL, NULL) == 0 ? text : NULL;
}

/* "254:0\n" of an attribute dev. */
static bool parse_device(const char *text, dev_t *out)
{
	char *end, *last;
	unsigned long first = strtoul(text, &end, 10), second;

	if (end == text || *end != ':')
		return false;
	second = strtoul(end + 1, &last, 10);
	*out = makedev((unsigned)first, (unsigned)second);
	return last > end + 1;
}

static bool read_device(int root_fd, dev_t device, const char *file, dev_t *out)
{
	own_text char *text = read_attribute(root_fd, device, file);

	return text && parse_device(text, out);
}

/* Of a partition, whose directory is in that of its disk; another device stays as it is. */
static bool find_whole(int root_fd, dev_t *device)
{
	own_text char *partition = read_attribute(root_fd, *device, "partition");

	return !partition || read_device(root_fd, *device, "../dev", device);
}

/* Of a volume that is made of one disk's space, that disk. False: it is made of several's, or is no volume. */
static bool find_below(int root_fd, dev_t device, dev_t *out)
{
	char path[64];
	int fd = text_format(path, sizeof path, "/sys/dev/block/%u:%u/slaves", major(device), minor(device)) < 0 ?
		-1 : tree_open_dir(root_fd, path);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	bool one = true, found = false;
	struct dirent *entry;
	dev_t below = 0, slave;

	if (!dir) {
		own_close_fd(&fd);
		return false;
	}
	while (one && (entry = readdir(dir))) {
		char file[sizeof entry->d_name + 16];

		if (entry->d_name[0] == '.')
			continue;
		one = text_format(file, sizeof file, "slaves/%s/dev", entry->d_name) > 0 &&
			read_device(root_fd, device, file, &slave) && find_whole(root_fd, &slave) &&
			(!found || slave == below);
		if (one)
			below = slave;
		found = true;
	}
	(void)closedir(dir); /* was only read */
	if (!one || !found)
		return false;
	*out = below;
	return true;
}

/* The value of "DEVNAME=…" in an attribute uevent. */
static bool find_name(const char *text, char *out, size_t size)
{
	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		const char *value = text_after(line, "DEVNAME=");

		if (value)
			return text_format(out, size, "%.*s", (int)strcspn(value, "\n"), value) > 0;
	}
	return false;
}

int host_disk_find(int root_fd, const char *directory, bool below, struct cgroup_disk *out, struct error *err)
{
	own_text char *event = NULL;
	struct stat info;
	dev_t device, next;

	if (host_stat(root_fd, directory, &info) < 0)
		return errno == ENOENT
			       ? 0
			       : fail(err, errno, directory, "cannot look up which disk it is on");
	device = info.st_dev;
	if (!find_whole(root_fd, &device))
		return fail(err, 0, directory, "is on a partition of an unknown disk");
	for (int layer = 0; below && layer < LAYERS_MOST && find_below(root_fd, device, &next); layer++)
		device = next;
	event = read_attribute(root_fd, device, "uevent");
	if (!event)
		return 0; /* no block device */
	*out = (struct cgroup_disk){ .major = major(device), .minor = minor(device) };
	if (!find_name(event, out->name, sizeof out->name))
		return fail(err, 0, directory,
			"is on a disk without a name (DEVNAME in /sys/dev/block/%u:%u/uevent)",
			out->major, out->minor);
	return 0;
}
