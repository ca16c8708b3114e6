#include "floor.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "engine/syscalls.h"
#include "syscalls_filters.inc"

/* sys/mount.h has the same names as linux/mount.h and cannot stand beside it everywhere */
enum { REC = 0x4000, PRIVATE = 1 << 18, NOSUID = 2, NODEV = 4, NOEXEC = 8, DETACH = 2 };

void floor_init(struct floor *floor)
{
	*floor = (struct floor){ .network = true };
	(void)snprintf(floor->name, sizeof floor->name, "floor-%d", (int)getpid());
	for (size_t i = 0; i < FLOOR_DIRS; i++)
		floor->parents[i] = floor->procs[i] = floor->back[i] = -1;
}

static char *after(char *text, const char *start)
{
	size_t length = strlen(start);

	return strncmp(text, start, length) == 0 ? text + length : NULL;
}

bool floor_option(struct floor *floor, char *text)
{
	char *value, *middle;

	if (strcmp(text, "no-net") == 0) {
		floor->network = false;
		return true;
	}
	if ((value = after(text, "home="))) {
		floor->home = value;
		return true;
	}
	if ((value = after(text, "cgroup=")) && (middle = strchr(value, ',')) &&
		floor->dir_count < FLOOR_DIRS) {
		*middle = '\0';
		floor->mounts[floor->dir_count] = value;
		floor->origins[floor->dir_count++] = middle + 1;
		return true;
	}
	if ((value = after(text, "write=")) && (middle = strchr(value, '=')) && floor->dir_count &&
		floor->write_count < FLOOR_WRITES) {
		*middle = '\0';
		floor->writes[floor->write_count++] =
			(struct floor_write){ floor->dir_count - 1, value, middle + 1 };
		return true;
	}
	return false;
}

unsigned long long floor_namespaces(const struct floor *floor)
{
	return CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS |
	       (floor->network ? CLONE_NEWNET : 0);
}

long floor_clone(unsigned long long flags, int *pidfd)
{
	struct clone_args args = {
		.flags = flags | (pidfd ? CLONE_PIDFD : 0),
		.pidfd = (uint64_t)(uintptr_t)pidfd,
		/* a PAM application gets no SIGCHLD for a child it does not know */
		.exit_signal = pidfd ? 0 : SIGCHLD,
	};

	return syscall(SYS_clone3, &args, sizeof args);
}

static int write_text(int fd, const char *text)
{
	return write(fd, text, strlen(text)) == (ssize_t)strlen(text) ? 0 : -1;
}

static int make_group(struct floor *floor, size_t index)
{
	int mount = open(floor->mounts[index], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int back = open(floor->origins[index], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int leaf = -1, result = -1;

	if (mount < 0 || back < 0)
		goto out;
	floor->back[index] = openat(back, "cgroup.procs", O_WRONLY | O_CLOEXEC);
	floor->parents[index] = openat(mount, "contained", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (floor->back[index] < 0 || mkdirat(floor->parents[index], floor->name, 0755) < 0)
		goto out;
	leaf = openat(floor->parents[index], floor->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < floor->write_count; i++) {
		int fd;

		if (floor->writes[i].dir != index)
			continue;
		fd = openat(leaf, floor->writes[i].file, O_WRONLY | O_CLOEXEC);
		if (fd < 0 || write_text(fd, floor->writes[i].value) < 0)
			goto out;
		close(fd);
	}
	floor->procs[index] = openat(leaf, "cgroup.procs", O_WRONLY | O_CLOEXEC);
	result = floor->procs[index] < 0 ? -1 : 0;
out:
	if (mount >= 0)
		close(mount);
	if (back >= 0)
		close(back);
	if (leaf >= 0)
		close(leaf);
	return result;
}

const char *floor_make_groups(struct floor *floor)
{
	for (size_t i = 0; i < floor->dir_count; i++)
		if (make_group(floor, i) < 0)
			return floor->mounts[i];
	return NULL;
}

const char *floor_enter_groups(const struct floor *floor)
{
	for (size_t i = 0; i < floor->dir_count; i++)
		if (write_text(floor->procs[i], "0") < 0)
			return floor->mounts[i];
	return NULL;
}

void floor_leave_groups(const struct floor *floor)
{
	for (size_t i = 0; i < floor->dir_count; i++)
		(void)write_text(floor->back[i], "0"); /* what stays is seen by the removal */
}

void floor_remove_groups(const struct floor *floor)
{
	for (size_t i = 0; i < floor->dir_count; i++)
		if (floor->parents[i] >= 0 &&
			unlinkat(floor->parents[i], floor->name, AT_REMOVEDIR) < 0)
			perror(floor->mounts[i]);
}

static int new_mount(const char *type, const char *target, unsigned long flags, const char *options)
{
	return (int)syscall(SYS_mount, type, target, type, flags, options);
}

/* A copy of the tree of mounts at path: nosuid, nodev and the attributes. */
static int copy_tree(const char *path, uint64_t attributes)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | attributes };
	int fd = (int)syscall(
		SYS_open_tree, AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);

	if (fd >= 0 && syscall(SYS_mount_setattr, fd, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr,
			       sizeof attr) < 0)
		return -1;
	return fd;
}

static int hang(int tree, const char *target)
{
	return (int)syscall(SYS_move_mount, tree, "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH);
}

/* Relative to the new root, which is the working directory. */
static const char *make_dev(void)
{
	static const struct {
		const char *path;
		unsigned major, minor;
	} devices[] = { { "dev/null", 1, 3 }, { "dev/zero", 1, 5 }, { "dev/full", 1, 7 },
		{ "dev/random", 1, 8 }, { "dev/urandom", 1, 9 }, { "dev/tty", 5, 0 } };

	if (new_mount("tmpfs", "dev", NOSUID | NOEXEC, "mode=0755,size=64k") < 0)
		return "/dev";
	for (size_t i = 0; i < sizeof devices / sizeof *devices; i++)
		if (mknod(devices[i].path, S_IFCHR | 0666,
			    makedev(devices[i].major, devices[i].minor)) < 0)
			return devices[i].path;
	if (mkdir("dev/pts", 0755) < 0 || mkdir("dev/shm", 0755) < 0 ||
		symlink("pts/ptmx", "dev/ptmx") < 0)
		return "/dev";
	if (new_mount("devpts", "dev/pts", NOSUID | NOEXEC,
		    "newinstance,ptmxmode=0666,mode=0620,gid=5") < 0)
		return "/dev/pts";
	return new_mount("tmpfs", "dev/shm", NOSUID | NODEV, "mode=1777,size=512m") < 0 ? "/dev/shm"
											: NULL;
}

/* Covers the parent of the home with an empty directory that holds it alone. */
static const char *show_home(const char *home)
{
	int tree = home ? copy_tree(home, 0) : -1;
	char parent[256];
	char *slash;

	if (!home)
		return NULL;
	if (tree < 0 || home[0] != '/' || strlen(home) >= sizeof parent)
		return home;
	strcpy(parent, home + 1);
	slash = strrchr(parent, '/');
	if (!slash)
		return home;
	*slash = '\0';
	if (new_mount("tmpfs", parent, NOSUID | NODEV, "mode=0755,size=64k") < 0 ||
		mkdir(home + 1, 0755) < 0 || hang(tree, home + 1) < 0)
		return home;
	close(tree);
	return NULL;
}

static const char *build_tree(const struct floor *floor)
{
	static const char *const scratch[] = { "tmp", "var/tmp", "run" };
	int root = copy_tree("/", MOUNT_ATTR_RDONLY);
	const char *failed;

	if (root < 0 || hang(root, "/run") < 0 || fchdir(root) < 0)
		return "the new root";
	close(root);
	for (size_t i = 0; i < sizeof scratch / sizeof *scratch; i++)
		if (new_mount("tmpfs", scratch[i], NOSUID | NODEV, "mode=1777,size=64m") < 0)
			return scratch[i];
	failed = make_dev();
	if (failed || (failed = show_home(floor->home)))
		return failed;
	if (new_mount("proc", "proc", NOSUID | NODEV | NOEXEC, NULL) < 0)
		return "/proc";
	if (syscall(SYS_pivot_root, ".", ".") < 0 || syscall(SYS_umount2, ".", DETACH) < 0 ||
		chdir("/") < 0)
		return "pivot_root";
	return NULL;
}

const char *floor_build(const struct floor *floor)
{
	const char *failed;

	if (syscall(SYS_mount, NULL, "/", NULL, REC | PRIVATE, NULL) < 0)
		return "private";
	failed = build_tree(floor);
	if (failed)
		return failed;
	if (floor->dir_count && unshare(CLONE_NEWCGROUP) < 0)
		return "cgroup namespace";
	if (floor->network) {
		struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
		int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

		if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) < 0)
			return "lo";
		close(fd);
	}
	return sethostname(floor->name, strlen(floor->name)) < 0 ? "hostname" : NULL;
}

const char *floor_drop_bounding(void)
{
	for (int cap = 0; prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == 0; cap++)
		;
	return errno != EINVAL || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? "bounding set"
									     : NULL;
}

const char *floor_load_filter(void)
{
	const struct {
		unsigned short length;
		const struct sock_filter *filter;
	} program = { sizeof filter_default / sizeof *filter_default, filter_default };

	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0 ? "filter" : NULL;
}
