#include "host_disk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "host_paths.h"
#include "own.h"
#include "text.h"
#include "tree.h"

enum { SMALL_FILE = 65536 };

/* A file of /sys/dev/block/MAJ:MIN, which leads to the device's directory. NULL where there is none; owned. */
static char *read_attribute(int root_fd, dev_t device, const char *file)
{
	char path[96], *text = NULL;

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

int host_disk_find(int root_fd, const char *directory, struct cgroup_disk *out, struct error *err)
{
	own_text char *partition = NULL, *whole = NULL, *event = NULL;
	struct stat info;
	dev_t device;

	if (host_stat(root_fd, directory, &info) < 0)
		return errno == ENOENT
			       ? 0
			       : fail(err, errno, directory, "cannot look up which disk it is on");
	device = info.st_dev;
	/* a partition's directory is in that of its disk */
	partition = read_attribute(root_fd, device, "partition");
	whole = partition ? read_attribute(root_fd, device, "../dev") : NULL;
	if (partition && (!whole || !parse_device(whole, &device)))
		return fail(err, 0, directory, "is on a partition of an unknown disk");
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
