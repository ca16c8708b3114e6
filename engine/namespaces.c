#include "namespaces.h"

#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "own.h"

const struct namespace_link namespace_links[NAMESPACE_LINKS] = {
	{ CLONE_NEWUSER, "user", "user", "user" },
	{ CLONE_NEWNS, "mnt", "mnt", "mount" },
	{ CLONE_NEWPID, "pid_for_children", "pid", "pid" },
	{ CLONE_NEWIPC, "ipc", "ipc", "ipc" },
	{ CLONE_NEWUTS, "uts", "uts", "uts" },
	{ CLONE_NEWNET, "net", "net", "network" },
	{ CLONE_NEWCGROUP, "cgroup", "cgroup", "cgroup" },
};

const char *namespaces_names(uint64_t flags, char *buf, size_t size)
{
	size_t used = 0;

	if (size)
		buf[0] = '\0';
	for (size_t i = 0; i < NAMESPACE_LINKS && used < size; i++)
		if (flags & namespace_links[i].flag)
			used += (size_t)snprintf(buf + used, size - used, "%s%s", used ? ", " : "",
				namespace_links[i].name);
	return buf;
}

int namespaces_loopback_up(struct error *err)
{
	own_fd int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };

	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) < 0)
		return fail(err, errno, "lo", "cannot bring the loopback interface up");
	return 0;
}

int namespaces_set_hostname(const char *name, struct error *err)
{
	if (sethostname(name, strlen(name)) < 0)
		return fail(err, errno, name, "cannot set the hostname");
	return 0;
}

int namespaces_enter_cgroup(struct error *err)
{
	if (unshare(CLONE_NEWCGROUP) < 0)
		return fail(err, errno, "cgroup namespace", "cannot make one");
	return 0;
}
