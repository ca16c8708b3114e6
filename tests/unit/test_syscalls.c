/* The profiles on the running kernel: a child loads the filter and makes the calls. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "own.h"
#include "syscalls.h"
#include "syscalls_calls.h"
#include "syscalls_rules.h"
#include "syscalls_child.h"

static long make(const struct call *call)
{
	return syscall(call->number, call->args[0], call->args[1], call->args[2], call->args[3]);
}

static int make_all(const struct syscalls_profile *profile, const struct call *calls, size_t count)
{
	int failures = 0;

	for (size_t i = 0; i < count; i++) {
		long result;

		if (!(calls[i].profiles & bit_of(profile)))
			continue;
		errno = 0;
		result = make(&calls[i]);
		if (result != -1 || errno != calls[i].expected)
			failures += wrong(profile, calls[i].name, result, errno);
	}
	return failures;
}

static int refused_body(const struct syscalls_profile *profile)
{
	return make_all(profile, refused, ARRAY_SIZE(refused)) +
	       make_all(profile, conditional, ARRAY_SIZE(conditional));
}

static void the_kernel_refuses_what_is_listed(void **state)
{
	(void)state;
	behind_each(refused_body);
}

/* --- what a profile leaves open ---------------------------------------------------------- */

static int open_body(const struct syscalls_profile *profile)
{
	unsigned bit = bit_of(profile);
	int failures = 0;
	int queued, fd, pair[2];

	EXPECT(getpid() > 0 && syscall(SYS_getppid) > 0);
	/* garbage in an unused mode is no setuid file */
	EXPECT((fd = open("/dev/null", O_RDONLY | O_CLOEXEC, 06777)) >= 0 && close(fd) == 0);
	EXPECT(openat(AT_FDCWD, "/nonexistent/x", O_CREAT | O_WRONLY, 0755) < 0 && errno == ENOENT);
	EXPECT(chmod("/nonexistent", 01755) < 0 && errno == ENOENT);
	EXPECT(unshare(CLONE_FS | CLONE_FILES) == 0);
	EXPECT(socket(AF_NETLINK, SOCK_RAW, 0) >= 0);
	/* AUDIT: the kernel's own answer, not the filter's */
	EXPECT(socket(AF_NETLINK, SOCK_RAW, 9) >= 0 || errno == EPROTONOSUPPORT);
	EXPECT(socket(AF_UNIX, SOCK_STREAM, 0) >= 0 && socket(AF_INET, SOCK_STREAM, 0) >= 0);
	EXPECT(socket(AF_INET6, SOCK_STREAM, 0) >= 0 || errno == EAFNOSUPPORT);
	EXPECT(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == 0);
	EXPECT(ioctl(pair[0], FIONREAD, &queued) == 0 && queued == 0);
	EXPECT(ioctl(pair[0], FIOASYNC, &queued) == 0);
	EXPECT(ioctl(pair[0], TIOCGWINSZ, 0) < 0 && errno == ENOTTY);
	EXPECT(personality(0xffffffff) == PER_LINUX);
	EXPECT(personality(PER_LINUX32) == PER_LINUX && personality(PER_LINUX) == PER_LINUX32);
	EXPECT(personality(UNAME26) >= 0 && personality(UNAME26 | PER_LINUX32) >= 0);
	EXPECT(personality(PER_LINUX) >= 0);
	EXPECT(syscall(SYS_memfd_create, "x", 0) >= 0);
	EXPECT(syscall(SYS_execveat, -1, "x", 0, 0, 0) < 0 && errno == EBADF);
	EXPECT(syscall(SYS_pidfd_open, -1, 0) < 0 && errno == EINVAL);
	EXPECT(syscall(SYS_close_range, 500, 600, 0) == 0);
	EXPECT(prctl(PR_SET_NAME, "x") == 0);
	if (bit == IN_STRICT)
		return failures;
	EXPECT(chmod("/nonexistent", 02755) < 0 && errno == ENOENT);
	EXPECT(mkdir("/nonexistent/x", 02755) < 0 && errno == ENOENT);
	/* the other namespaces are left to the kernel, which wants a capability */
	EXPECT(unshare(CLONE_NEWNS) < 0 && errno == EPERM);
	return failures;
}

static void each_profile_leaves_the_usual_open(void **state)
{
	(void)state;
	behind_each(open_body);
}

static int dev_body(const struct syscalls_profile *profile)
{
	int failures = 0;

	EXPECT(personality(ADDR_NO_RANDOMIZE) == PER_LINUX);
	EXPECT(personality(0xffffffff) == ADDR_NO_RANDOMIZE);
	EXPECT(syscall(SYS_process_vm_readv, getpid(), 0, 0, 0, 0, 0) == 0);
	EXPECT(ptrace(PTRACE_TRACEME, 0, 0, 0) == 0);
	return failures;
}

static int hpc_body(const struct syscalls_profile *profile)
{
	int failures = 0;

	/* ENOSYS: a kernel without NUMA */
	EXPECT(syscall(SYS_set_mempolicy, 0, 0, 0) == 0 || errno == ENOSYS);
	EXPECT(syscall(SYS_mbind, 0, 0, 0, 0, 0, 0) == 0 || errno == ENOSYS);
	EXPECT(syscall(SYS_process_vm_readv, getpid(), 0, 0, 0, 0, 0) == 0);
	return failures;
}

static int browser_body(const struct syscalls_profile *profile)
{
	int failures = 0;

	/*
	 * the kernel looks for unknown bits (1) first: nothing is made, and whether it may be is
	 * not asked
	 */
	EXPECT(chroot("/nonexistent") < 0 && errno == ENOENT);
	EXPECT(unshare(CLONE_NEWUSER | CLONE_NEWNET | 1) < 0 && errno == EINVAL);
	return failures;
}

static void wider_profiles_are_wider(void **state)
{
	(void)state;
	behind(profile_named("dev"), dev_body);
	behind(profile_named("hpc"), hpc_body);
	behind(profile_named("browser"), browser_body);
}

/* --- a login goes on --------------------------------------------------------------------- */

static int processes_body(const struct syscalls_profile *profile)
{
	int failures = 0;
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		execl("/bin/true", "true", (char *)NULL);
		_exit(1);
	}
	EXPECT(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0);
	/* vfork and posix_spawn are what system() is made of */
	EXPECT(system("exit 3") == 3 << 8);
	return failures;
}

static void programs_start(void **state)
{
	(void)state;
	behind_each(processes_body);
}

static int terminal_body(const struct syscalls_profile *profile)
{
	struct winsize size = { .ws_row = 24 };
	int failures = 0;
	int queued, on = 0;
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (master < 0)
		return 0; /* said by the caller */
	EXPECT(ioctl(master, TIOCSWINSZ, &size) == 0);
	EXPECT(ioctl(master, TIOCGWINSZ, &size) == 0 && size.ws_row == 24);
	EXPECT(ioctl(master, FIONREAD, &queued) == 0);
	EXPECT(ioctl(master, FIOASYNC, &on) == 0);
	EXPECT(ioctl(master, TIOCSTI, "x") == -1 && errno == EPERM);
	close(master);
	return failures;
}

static void terminals_work(void **state)
{
	(void)state;
	if (access("/dev/ptmx", R_OK | W_OK) < 0) {
		print_message("skipped: no /dev/ptmx\n");
		skip();
	}
	behind_each(terminal_body);
}

/* --- a setuid file, eight ways ----------------------------------------------------------- */

static int route(const struct syscalls_profile *profile, const char *name, long result)
{
	int num = errno;
	struct stat st;

	if (result == -1 && (num == EPERM || num == ENOSYS) &&
		(stat("file", &st) < 0 || !(st.st_mode & S_ISUID)))
		return 0;
	return wrong(profile, name, result, num);
}

static int routes_body(const struct syscalls_profile *profile)
{
	const struct {
		uint64_t flags, mode, resolve;
	} how = { O_CREAT | O_WRONLY, 06755, 0 };
	char dir[] = "/tmp/contained-test-XXXXXX";
	uint32_t params[30] = { 0 }; /* struct io_uring_params */
	int failures = 0;
	own_fd int fd = -1;

	if (!mkdtemp(dir) || chdir(dir) < 0 ||
		(fd = open("plain", O_CREAT | O_RDWR | O_CLOEXEC, 0755)) < 0)
		return wrong(profile, dir, -1, errno);
#if defined(__x86_64__)
	failures += route(profile, "open", syscall(SYS_open, "file", O_CREAT | O_WRONLY, 06755));
	failures += route(profile, "creat", syscall(SYS_creat, "file", 06755));
	failures += route(profile, "mknod", syscall(SYS_mknod, "file", S_IFREG | 06755, 0));
	failures += route(profile, "chmod", syscall(SYS_chmod, "plain", 06755));
#endif
	failures += route(profile, "openat",
		syscall(SYS_openat, AT_FDCWD, "file", O_CREAT | O_WRONLY, 06755));
	failures += route(profile, "O_TMPFILE",
		syscall(SYS_openat, AT_FDCWD, ".", O_TMPFILE | O_WRONLY, 06755));
	failures +=
		route(profile, "openat2", syscall(SYS_openat2, AT_FDCWD, "file", &how, sizeof how));
	failures += route(
		profile, "mknodat", syscall(SYS_mknodat, AT_FDCWD, "file", S_IFREG | 06755, 0));
	failures += route(profile, "fchmodat2", syscall(452, AT_FDCWD, "plain", 06755, 0));
	failures += route(profile, "fchmodat", syscall(SYS_fchmodat, AT_FDCWD, "plain", 06755));
	failures += route(profile, "fchmod", syscall(SYS_fchmod, fd, 06755));
	failures += route(profile, "io_uring", syscall(SYS_io_uring_setup, 4, params));
	/* and the library's calls do what they should with ordinary modes */
	EXPECT(chmod("plain", 0700) == 0 && fchmod(fd, 0755) == 0);
	EXPECT(fchmodat(AT_FDCWD, "plain", 0750, 0) == 0);
	EXPECT(mkdir("dir", 0775) == 0);
	if (bit_of(profile) != IN_STRICT)
		EXPECT(chmod("dir", 02775) == 0);
	EXPECT(rmdir("dir") == 0 && unlink("plain") == 0 && rmdir(dir) == 0);
	return failures;
}

static void no_route_makes_a_setuid_file(void **state)
{
	(void)state;
	behind_each(routes_body);
}

/* --- the 32-bit table -------------------------------------------------------------------- */
#if defined(__x86_64__)

static long call32(long number, long a, long b)
{
	long result;

	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"(number), "b"(a), "c"(b), "d"(0L)
			 : "memory", "r8", "r9", "r10", "r11");
	return (int)result;
}

enum { I386_GETPID = 20, I386_CHMOD = 15, I386_SOCKETCALL = 102, I386_SOCKET = 359 };

static int int80_body(const struct syscalls_profile *profile)
{
	int failures = 0;

	if (bit_of(profile) != IN_COMPAT32) {
		EXPECT(call32(I386_GETPID, 0, 0) == -ENOSYS);
		EXPECT(call32(I386_CHMOD, 0, 04755) == -ENOSYS);
		return failures;
	}
	EXPECT(call32(I386_GETPID, 0, 0) == getpid());
	EXPECT(call32(I386_CHMOD, 0, 04755) == -EPERM);
	EXPECT(call32(I386_CHMOD, 0, 0755) == -EFAULT);
	EXPECT(call32(I386_SOCKETCALL, 1, 0) == -ENOSYS);
	EXPECT(call32(I386_SOCKET, 38, SOCK_SEQPACKET) == -EAFNOSUPPORT);
	EXPECT(call32(I386_SOCKET, AF_UNIX, SOCK_STREAM) >= 0);
	EXPECT(call32(452, 0, 0) == -ENOSYS && call32(470, 0, 0) == -ENOSYS);
	EXPECT(call32(467, 0, 0) == -ENOSYS && call32(469, 0, 0) == -EPERM);
	return failures;
}

static void int80_is_refused_not_killed(void **state)
{
	pid_t pid;
	int status = -1;

	(void)state;
	/* a kernel without the table, and some hypervisors, answer by SIGSEGV, filter or not; cmocka's handler would go on */
	pid = fork();
	if (pid == 0) {
		(void)signal(SIGSEGV, SIG_DFL);
		_exit(call32(I386_GETPID, 0, 0) == getpid() ? 0 : 1);
	}
	assert_true(pid > 0 && waitpid(pid, &status, 0) == pid);
	if (status != 0) {
		print_message("cannot run here: the machine takes no 32-bit calls\n");
		skip();
	}
	behind_each(int80_body);
}
#endif

/* --- loading ----------------------------------------------------------------------------- */

static void loading_without_right_is_told(void **state)
{
	int status = -1;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		struct error err = { 0 };

		if (geteuid() == 0 && setresuid(65534, 65534, 65534) < 0)
			_exit(1);
		/* no_new_privs cannot be taken back where the tests were started with it */
		if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
			_exit(0);
		if (syscalls_load(profile_named("default"), &err) != -1 || err.num != EACCES)
			_exit(2);
		_exit(strstr(err.hint, "no_new_privs") && strcmp(err.object, "default") == 0 ? 0
											     : 3);
	}
	assert_true(pid > 0 && waitpid(pid, &status, 0) == pid);
	assert_int_equal(status, 0);
}

static int off_body(const struct syscalls_profile *profile)
{
	int failures = 0;

	EXPECT(prctl(PR_GET_SECCOMP) == 0 || syscall(SYS_openat2, -1, 0, 0, 0) == -1);
	EXPECT(chmod("/nonexistent", 04755) < 0 && errno == ENOENT);
	return failures;
}

static void off_loads_nothing(void **state)
{
	(void)state;
	behind(profile_named("off"), off_body);
}

static int stacked_body(const struct syscalls_profile *profile)
{
	struct error err = { 0 };
	int failures = 0;

	EXPECT(syscalls_load(profile_named("strict"), &err) == 0);
	EXPECT(chmod("/nonexistent", 02755) < 0 && errno == EPERM);
	EXPECT(syscalls_load(profile_named("dev"), &err) == 0);
	EXPECT(ptrace(PTRACE_TRACEME, 0, 0, 0) < 0 && errno == EPERM);
	return failures;
}

static void a_second_filter_only_tightens(void **state)
{
	(void)state;
	behind(profile_named("default"), stacked_body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_kernel_refuses_what_is_listed),
		cmocka_unit_test(each_profile_leaves_the_usual_open),
		cmocka_unit_test(wider_profiles_are_wider),
		cmocka_unit_test(programs_start),
		cmocka_unit_test(terminals_work),
		cmocka_unit_test(no_route_makes_a_setuid_file),
#if defined(__x86_64__)
		cmocka_unit_test(int80_is_refused_not_killed),
#endif
		cmocka_unit_test(loading_without_right_is_told),
		cmocka_unit_test(off_loads_nothing),
		cmocka_unit_test(a_second_filter_only_tightens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
