#pragma once
/*
 * probe escape: everything that a session must refuse. The errno tells who refused it: most by
 * the filter.
 */
#include "probe.h"

/*
 * any of these will do where the errno is 0 in a row: the refusal may be the kernel's or a
 * mount's
 */
static bool is_refusal(int num)
{
	return num == EPERM || num == EACCES || num == ENOSYS || num == EROFS || num == ENOENT ||
	       num == EAFNOSUPPORT || num == EOPNOTSUPP || num == ENODEV;
}

/* want: the one errno that is right, or 0 for any refusal */
static void refused(const char *name, long result, int want)
{
	int num = result < 0 ? errno : 0;

	if (want)
		say(num == want, name, " got %s%s%s", errno_name(num), num == want ? "" : ", not ",
			num == want ? "" : errno_name(want));
	else
		say(is_refusal(num), name, " got %s", errno_name(num));
}

struct attempt {
	const char *name;
	long number;
	int want;
	long args[4];
};

/*
 * In a child, so that one that is let through (a new namespace) does not spoil the next. 0 or
 * the errno.
 */
static int errno_of(const struct attempt *a)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(syscall(a->number, a->args[0], a->args[1], a->args[2], a->args[3]) == -1
				? errno
				: 0);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return ECHILD;
	return WEXITSTATUS(status);
}

/*
 * Harmless where nothing refuses them: bad magic, no path, the present state. The filter answers
 * before the kernel sees any of it.
 */
static void try_plain_calls(void)
{
	static char hostname[65];
	static const struct attempt attempts[] = {
		{ "unshare_newuser", SYS_unshare, EPERM, { CLONE_NEWUSER } },
		{ "unshare_newns", SYS_unshare, EPERM, { CLONE_NEWNS } },
		{ "mount", SYS_mount, EPERM, { 0 } },
		{ "umount2", SYS_umount2, EPERM, { 0 } },
		{ "pivot_root", SYS_pivot_root, EPERM, { 0 } },
		{ "fsopen", SYS_fsopen, ENOSYS, { 0 } },
		{ "open_tree", SYS_open_tree, ENOSYS, { 0 } },
		{ "mount_setattr", 442, ENOSYS, { 0 } },
		{ "statmount", 457, EPERM, { 0 } },
		{ "keyctl", SYS_keyctl, EPERM, { 0, -3 /* session keyring */ } },
		{ "add_key", SYS_add_key, EPERM, { 0 } },
		{ "request_key", SYS_request_key, EPERM, { 0 } },
		{ "ptrace", SYS_ptrace, EPERM, { 1 /* PEEKTEXT of pid 0 */ } },
		{ "process_vm_readv", SYS_process_vm_readv, EPERM, { 0 } },
		{ "process_vm_writev", SYS_process_vm_writev, EPERM, { 0 } },
		{ "pidfd_getfd", SYS_pidfd_getfd, EPERM, { -1 } },
		{ "kcmp", SYS_kcmp, EPERM, { 0 } },
		{ "io_uring_setup", SYS_io_uring_setup, ENOSYS, { 1 } },
		{ "io_setup", SYS_io_setup, ENOSYS, { 1 } },
		{ "openat2", SYS_openat2, ENOSYS, { -1 } },
		{ "fchmodat2", 452, ENOSYS, { -1 } },
		{ "clone3", SYS_clone3, ENOSYS, { 0 } },
		{ "number_500", 500, ENOSYS, { 0 } },
		{ "memfd_secret", 447, ENOSYS, { 0 } },
		{ "bpf", SYS_bpf, EPERM, { 0 } },
		{ "perf_event_open", SYS_perf_event_open, EPERM, { 0 } },
		{ "userfaultfd", SYS_userfaultfd, EPERM, { 0 } },
		{ "chroot", SYS_chroot, EPERM, { (long)"/" } },
		{ "open_by_handle_at", SYS_open_by_handle_at, EPERM, { -1 } },
		{ "name_to_handle_at", SYS_name_to_handle_at, EOPNOTSUPP, { -1 } },
		{ "quotactl", SYS_quotactl, EPERM, { 0 } },
		{ "fanotify_init", SYS_fanotify_init, EPERM, { 0 } },
		{ "reboot", SYS_reboot, EPERM, { 0 } },
		{ "kexec_load", SYS_kexec_load, EPERM, { 0, 0, 0, -1 } },
		{ "init_module", SYS_init_module, EPERM, { 0 } },
		{ "delete_module", SYS_delete_module, EPERM, { 0 } },
		{ "swapon", SYS_swapon, EPERM, { (long)"/nonexistent" } },
		{ "swapoff", SYS_swapoff, EPERM, { (long)"/nonexistent" } },
		{ "acct", SYS_acct, EPERM, { (long)"/nonexistent" } },
		{ "syslog", SYS_syslog, EPERM, { 10 /* size of the buffer */ } },
		{ "settimeofday", SYS_settimeofday, EPERM, { 0 } },
		{ "clock_settime", SYS_clock_settime, EPERM, { -1 } },
		{ "personality", SYS_personality, EPERM, { 0x400000 /* READ_IMPLIES_EXEC */ } },
		{ "socket_alg", SYS_socket, EAFNOSUPPORT, { 38, SOCK_SEQPACKET } },
		{ "socket_vsock", SYS_socket, EAFNOSUPPORT, { 40, SOCK_STREAM } },
		{ "socket_packet", SYS_socket, EAFNOSUPPORT, { AF_PACKET, SOCK_RAW } },
		{ "socket_netfilter", SYS_socket, EAFNOSUPPORT, { AF_NETLINK, SOCK_RAW, 12 } },
		{ "socket_raw", SYS_socket, EPERM, { AF_INET, SOCK_RAW, 1 } },
#if defined(__x86_64__)
		{ "iopl", SYS_iopl, EPERM, { 3 } },
		{ "modify_ldt", SYS_modify_ldt, ENOSYS, { 0 } },
		{ "x32_getpid", 0x40000000 | SYS_getpid, ENOSYS, { 0 } },
#endif
	};

	for (size_t i = 0; i < COUNT(attempts); i++) {
		errno = errno_of(&attempts[i]);
		refused(attempts[i].name, errno ? -1 : 0, attempts[i].want);
	}
	(void)gethostname(hostname, sizeof hostname - 1);
	refused("sethostname", sethostname(hostname, strlen(hostname)), EPERM);
}

/* In a child: the attempts that would go on as another process. */
static void try_clones(void)
{
	struct {
		uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, rest[6];
	} args = { .flags = CLONE_NEWUSER, .exit_signal = SIGCHLD };
	long pid = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);

	if (pid == 0)
		_exit(0);
	refused("clone_newuser", pid, EPERM);
	pid = syscall(SYS_clone3, &args, sizeof args);
	if (pid == 0)
		_exit(0);
	refused("clone3_newuser", pid, ENOSYS);
#if defined(__x86_64__)
	pid = fork();
	if (pid == 0) {
		long result;

		__asm__ volatile("int $0x80"
				 : "=a"(result)
				 : "a"(20L /* getpid */)
				 : "memory", "r8", "r9", "r10", "r11");
		/* a kernel without these calls ends us by SIGSEGV, which is a refusal, too */
		_exit((int)result == -ENOSYS ? 0 : 1);
	}
	int status = -1;

	(void)waitpid((pid_t)pid, &status, 0);
	say(status == 0 || (WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV), "int80_getpid",
		" got status 0x%x", (unsigned)status);
#endif
}

static void try_namespaces(void)
{
	static const char *const names[] = { "user", "mnt", "pid", "net", "uts", "ipc", "cgroup" };

	for (size_t i = 0; i < COUNT(names); i++) {
		char path[40], name[40];
		int fd;

		(void)snprintf(path, sizeof path, "/proc/self/ns/%s", names[i]);
		(void)snprintf(name, sizeof name, "setns_%s", names[i]);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		refused(name, syscall(SYS_setns, fd, 0), EPERM);
		if (fd >= 0)
			close(fd);
	}
}

static void route(const char *name, long result, const char *file)
{
	int num = result == -1 ? errno : 0;
	struct stat st;
	bool made = stat(file, &st) == 0 && st.st_mode & S_ISUID;

	say(!made && (num == EPERM || num == ENOSYS), name, " got %s%s", errno_name(num),
		made ? ", and the file is there" : "");
	if (made)
		(void)unlink(file); /* best effort: reported already */
}

/* Made without a name, and named afterwards (open(2), O_TMPFILE). */
static long try_tmpfile(const char *name)
{
	int fd = openat(AT_FDCWD, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 06755);
	char path[40];

	if (fd < 0)
		return -1;
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	return linkat(AT_FDCWD, path, AT_FDCWD, name, AT_SYMLINK_FOLLOW);
}

#if defined(__x86_64__)
/* chmod of 32-bit programs, whose pointers are short; in a child that the kernel may end. */
static long try_int80_chmod(const char *name)
{
	char *low = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	int status = 0;
	pid_t pid;

	if (low == MAP_FAILED)
		return 0;
	(void)snprintf(low, 4096, "%s", name);
	pid = fork();
	if (pid == 0) {
		long result;

		__asm__ volatile("int $0x80"
				 : "=a"(result)
				 : "a"(15L /* chmod */), "b"((long)low), "c"(06755L)
				 : "memory", "r8", "r9", "r10", "r11");
		_exit(result < 0 ? (int)-result : 0);
	}
	(void)waitpid(pid, &status, 0);
	errno = WIFEXITED(status) ? WEXITSTATUS(status) : ENOSYS; /* SIGSEGV: there is no such call */
	return errno ? -1 : 0;
}
#endif

/* Every way to a setuid file that is known, in a directory that the user may write. */
static void try_setuid_files(const char *dir)
{
	const struct {
		uint64_t flags, mode, resolve;
	} how = { O_CREAT | O_WRONLY, 06755, 0 };
	static const char s[] = "probe-suid", plain[] = "probe-plain";
	static unsigned char ring[120]; /* struct io_uring_params */
	int fd;

	if (chdir(dir) < 0 || (fd = open(plain, O_CREAT | O_RDWR | O_CLOEXEC, 0755)) < 0) {
		say(false, "suid_directory", " %s: %s", dir, errno_name(errno));
		return;
	}
#if defined(__x86_64__)
	route("suid_open", syscall(SYS_open, s, O_CREAT | O_WRONLY, 06755), s);
	route("suid_creat", syscall(SYS_creat, s, 06755), s);
	route("suid_mknod", syscall(SYS_mknod, s, S_IFREG | 06755, 0), s);
	route("suid_chmod", syscall(SYS_chmod, plain, 06755), plain);
	route("suid_x32_chmod", syscall(0x40000000 | SYS_chmod, plain, 06755), plain);
	route("suid_int80_chmod", try_int80_chmod(plain), plain);
#endif
	route("suid_openat", syscall(SYS_openat, AT_FDCWD, s, O_CREAT | O_WRONLY, 06755), s);
	route("suid_tmpfile", try_tmpfile(s), s);
	route("suid_openat2", syscall(SYS_openat2, AT_FDCWD, s, &how, sizeof how), s);
	route("suid_mknodat", syscall(SYS_mknodat, AT_FDCWD, s, S_IFREG | 06755, 0), s);
	route("suid_fchmodat2", syscall(452, AT_FDCWD, plain, 06755, 0), plain);
	route("suid_fchmodat", syscall(SYS_fchmodat, AT_FDCWD, plain, 06755), plain);
	route("suid_fchmod", syscall(SYS_fchmod, fd, 06755), plain);
	/* a ring could open (IORING_OP_OPENAT) without any call that a filter sees */
	route("suid_io_uring", syscall(SYS_io_uring_setup, 1, ring), s);
	close(fd);
	(void)unlink(plain); /* best effort: the directory is the test's */
	refused("mknod_device", mknod("probe-null", S_IFCHR | 0666, makedev(1, 3)), 0);
	refused("mknod_disk", mknod("probe-disk", S_IFBLK | 0666, makedev(8, 0)), 0);
}

static void try_terminal(void)
{
	int master;
	/* without any terminal, the filter must still refuse before the kernel sees the bad fd */
	int tty = open_terminal(&master);
	pid_t pid = fork();
	int status = -1;

	if (pid == 0) {
		/* only on its own controlling terminal does the kernel itself allow TIOCSTI */
		if (master >= 0 && (setsid() < 0 || ioctl(tty, TIOCSCTTY, 0) < 0))
			_exit(0xff);
		errno = 0;
		_exit(ioctl(tty, TIOCSTI, " ") == -1 ? errno : 0);
	}
	(void)waitpid(pid, &status, 0);
	say(WIFEXITED(status) && WEXITSTATUS(status) == EPERM, "tiocsti", " got %s on %s",
		WIFEXITED(status) ? errno_name(WEXITSTATUS(status)) : "a signal",
		master >= 0 ? "a new pty"
		: tty >= 0  ? "stdin"
			    : "no terminal");
	refused("tiocsti_high_bit",
		syscall(SYS_ioctl, tty, (long)TIOCSTI | (long)(UINT64_C(1) << 32), " "), EPERM);
	refused("tioclinux", ioctl(tty, TIOCLINUX, "\6"), EPERM);
	refused("tioccons", ioctl(-1, TIOCCONS), EPERM);
	if (master >= 0) {
		close(tty);
		close(master);
	}
}

/* Only opened, never written: a hole must not do harm. */
static void try_files(void)
{
	static const char *const paths[] = { "/proc/sys/kernel/core_pattern",
		"/proc/sys/kernel/modprobe", "/proc/sys/kernel/hostname",
		"/proc/sys/vm/overcommit_memory", "/proc/sysrq-trigger", "/proc/kcore",
		"/proc/acpi/wakeup", "/proc/scsi/scsi", "/sys/kernel/uevent_helper",
		"/sys/kernel/mm/ksm/run", "/sys/power/state", "/sys/fs/cgroup/release_agent",
		"/sys/fs/cgroup/cgroup.procs", "/dev/mem", "/dev/kmsg", "/etc/passwd",
		"/etc/shadow" };
	static const char *const reads[] = { "/proc/kcore", "/etc/shadow", "/etc/gshadow",
		"/etc/ssh/ssh_host_ed25519_key", "/etc/ssh/ssh_host_rsa_key" };

	for (size_t i = 0; i < COUNT(paths) + COUNT(reads); i++) {
		bool write = i < COUNT(paths);
		const char *path = write ? paths[i] : reads[i - COUNT(paths)];
		int fd = open(path, (write ? O_WRONLY : O_RDONLY) | O_NONBLOCK | O_CLOEXEC);
		char name[80], byte;

		(void)snprintf(name, sizeof name, "%s %s", write ? "write" : "read", path);
		if (fd >= 0 && !write && read(fd, &byte, 1) == 0) {
			say(true, name, " got nothing: it is covered");
		} else {
			refused(name, fd, 0);
		}
		if (fd >= 0)
			close(fd);
	}
	refused("mkdir_cgroup", mkdir("/sys/fs/cgroup/probe", 0755), 0);
}

static void try_limits(void)
{
	for (int resource = 0; resource < (int)RLIM_NLIMITS; resource++) {
		struct rlimit now, raised;
		char name[32];

		if (getrlimit((__rlimit_resource_t)resource, &now) < 0 ||
			now.rlim_max == RLIM_INFINITY)
			continue;
		raised = now;
		raised.rlim_max++;
		(void)snprintf(name, sizeof name, "raise_rlimit_%d", resource);
		refused(name, setrlimit((__rlimit_resource_t)resource, &raised), EPERM);
	}
}

static void try_capabilities(void)
{
	unsigned bounding = 0, ambient = 0;

	for (int c = 0; c < 64; c++) {
		bounding += prctl(PR_CAPBSET_READ, c) == 1;
		ambient += prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, c, 0, 0) == 0;
	}
	say(bounding == 0, "bounding_set", " holds %u", bounding);
	say(ambient == 0, "ambient_raise", " gave %u", ambient);
	say(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1, "no_new_privs", "%s", "");
	refused("setuid_0", setuid(0), EPERM);
	refused("setgroups", syscall(SYS_setgroups, 0, 0), EPERM);
}

static int escape(const char *dir)
{
	try_plain_calls();
	try_clones();
	try_namespaces();
	try_terminal();
	try_files();
	try_limits();
	try_capabilities();
	try_setuid_files(dir);
	return failures != 0;
}
