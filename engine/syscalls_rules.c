#include "syscalls_rules.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "own.h"

const char *const syscalls_rule_profiles[SYSCALLS_RULE_PROFILES] = {
	"strict",
	"default",
	"dev",
	"hpc",
	"browser",
	"compat32",
};

#define BITS(n, bits)                                                                              \
	{                                                                                          \
		COND_BITS, (n), 1,                                                                 \
		{                                                                                  \
			(bits)                                                                     \
		}                                                                                  \
	}
#define EQUALS(n, ...)                                                                             \
	{                                                                                          \
		COND_EQUALS, (n), COUNT(__VA_ARGS__),                                              \
		{                                                                                  \
			__VA_ARGS__                                                                \
		}                                                                                  \
	}
#define OTHER(n, ...)                                                                              \
	{                                                                                          \
		COND_OTHER, (n), COUNT(__VA_ARGS__),                                               \
		{                                                                                  \
			__VA_ARGS__                                                                \
		}                                                                                  \
	}
#define COUNT(...) (sizeof((uint32_t[]){ __VA_ARGS__ }) / sizeof(uint32_t))

/* s390 has the flags of clone second (clone(2), NOTES) */
#if defined(__s390__)
#define CLONE_FLAGS 1
#else
#define CLONE_FLAGS 0
#endif

/* open(2) ignores the mode, and callers leave garbage in it, unless one of these is set */
#define CREATES (O_CREAT | (O_TMPFILE & ~O_DIRECTORY))
/*
 * every namespace flag of clone(2); unshare(2) has CLONE_NEWTIME too, which is CSIGNAL's in
 * clone
 */
#define NEW_NAMESPACE                                                                              \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |             \
		CLONE_NEWPID | CLONE_NEWNET)

static const char suid[] = "a setuid file on a bound file system; nosuid and no_new_privs are "
			   "the first lock, this is the second";
static const char suid_breaks[] = "tar -p, dpkg and cp -p of setuid files";
static const char sgid[] = "as setuid; directories of projects need it, so only where asked for";
static const char sgid_breaks[] = "chmod g+s, rsync -a, git init --shared";
static const char userns[] = "full capabilities in a namespace of its own is where most local "
			     "kernel exploits of these years begin";
static const char userns_breaks[] = "rootless podman, bwrap, flatpak, the sandboxes of browsers";
static const char remount[] = "would take the masks and the read-only view off again";

const struct syscalls_rule syscalls_rules[] = {
	/* setuid and setgid files: every way to make one */
	{ "chmod fchmod creat mknod mkdir", "mode with S_ISUID", EPERM, IN_ALL,
		{ BITS(1, S_ISUID) }, suid, suid_breaks },
	{ "fchmodat mknodat mkdirat", "mode with S_ISUID", EPERM, IN_ALL, { BITS(2, S_ISUID) },
		suid, suid_breaks },
	{ "open", "creating, mode with S_ISUID", EPERM, IN_ALL,
		{ BITS(1, CREATES), BITS(2, S_ISUID) }, suid, suid_breaks },
	{ "openat", "creating, mode with S_ISUID", EPERM, IN_ALL,
		{ BITS(2, CREATES), BITS(3, S_ISUID) }, suid, suid_breaks },
	{ "chmod fchmod creat mknod mkdir", "mode with S_ISGID", EPERM, IN_STRICT,
		{ BITS(1, S_ISGID) }, sgid, sgid_breaks },
	{ "fchmodat mknodat mkdirat", "mode with S_ISGID", EPERM, IN_STRICT, { BITS(2, S_ISGID) },
		sgid, sgid_breaks },
	{ "open", "creating, mode with S_ISGID", EPERM, IN_STRICT,
		{ BITS(1, CREATES), BITS(2, S_ISGID) }, sgid, sgid_breaks },
	{ "openat", "creating, mode with S_ISGID", EPERM, IN_STRICT,
		{ BITS(2, CREATES), BITS(3, S_ISGID) }, sgid, sgid_breaks },
	{ "fchmodat2=452", "", ENOSYS, IN_ALL, { { 0 } },
		"chmod's newer twin (6.6); callers fall back to fchmodat", "" },
	{ "openat2", "", ENOSYS, IN_ALL, { { 0 } },
		"the mode lies behind a pointer, where no filter can look",
		"nothing that falls back to openat" },
	{ "io_uring_setup io_uring_enter", "", ENOSYS, IN_ALL, { { 0 } },
		"its operations pass by every rule on openat and socket; a history of exploits",
		"fio's and other io_uring engines; libuv and PostgreSQL fall back" },
	{ "io_uring_register", "", EPERM, IN_ALL, { { 0 } }, "as io_uring_setup", "" },
	{ "io_setup", "", ENOSYS, IN_ALL, { { 0 } },
		"fs.aio-max-nr is one pool for the host: a single session used it up (seen)",
		"native AIO of InnoDB, QEMU and fio, which fall back to threads" },

	/* namespaces */
	{ "clone", "CLONE_NEWUSER", EPERM, IN_ALL & ~IN_BROWSER,
		{ BITS(CLONE_FLAGS, CLONE_NEWUSER) }, userns, userns_breaks },
	{ "unshare", "CLONE_NEWUSER", EPERM, IN_ALL & ~IN_BROWSER, { BITS(0, CLONE_NEWUSER) },
		userns, userns_breaks },
	{ "clone", "any namespace flag", EPERM, IN_STRICT,
		{ BITS(CLONE_FLAGS, NEW_NAMESPACE & ~CLONE_NEWUSER) },
		"no namespaces at all, not even with a capability", "" },
	{ "unshare", "any namespace flag", EPERM, IN_STRICT,
		{ BITS(0, (NEW_NAMESPACE & ~CLONE_NEWUSER) | 0x80 /* CLONE_NEWTIME, 5.6 */) },
		"no namespaces at all, not even with a capability", "" },
	{ "clone3", "", ENOSYS, IN_ALL, { { 0 } },
		"the flags lie behind a pointer; every libc falls back to clone",
		"users of set_tid and CLONE_INTO_CGROUP" },
	{ "setns", "", EPERM, IN_ALL, { { 0 } }, "enters a namespace whose fd leaked in",
		"nsenter" },

	/* the terminal */
	{ "ioctl", "TIOCSTI, TIOCLINUX, TIOCCONS", EPERM, IN_ALL,
		{ EQUALS(1, TIOCSTI, TIOCLINUX, TIOCCONS) },
		"types into the terminal that root started the session from (CVE-2017-5226), "
		"pastes the console's selection (CVE-2023-28100), takes the console's output",
		"gpm, consolation" },

	/* other processes and their memory */
	{ "keyctl add_key request_key", "", EPERM, IN_ALL, { { 0 } },
		"keyrings are not per container, and request_key has the host's root call a "
		"program",
		"KEYRING: Kerberos caches, fscrypt" },
	{ "ptrace", "", EPERM, IN_ALL & ~IN_DEV, { { 0 } },
		"a long history of races with credentials (CVE-2026-46333)",
		"gdb, strace, ltrace, rr, LeakSanitizer" },
	{ "process_vm_readv process_vm_writev", "", EPERM, IN_ALL & ~(IN_DEV | IN_HPC), { { 0 } },
		"the same access check as ptrace", "gdb; MPI falls back to copies" },
	{ "pidfd_getfd", "", EPERM, IN_ALL, { { 0 } },
		"takes the open files of another process (CVE-2026-46333)", "" },
	{ "kcmp", "", EPERM, IN_ALL, { { 0 } }, "shows the order of kernel pointers",
		"CRIU; Mesa falls back" },
	{ "process_madvise=440", "", EPERM, IN_ALL, { { 0 } }, "acts on others' memory",
		"Android's lmkd" },
	{ "migrate_pages move_pages", "", EPERM, IN_ALL, { { 0 } },
		"moves memory between nodes, others' included: slows the whole machine",
		"migratepages; numactl's and hwloc's page queries" },
	{ "mbind set_mempolicy set_mempolicy_home_node=450", "", EPERM, IN_ALL & ~IN_HPC, { { 0 } },
		"fills one memory node until its users stall", "numactl, JVM +UseNUMA" },
	{ "userfaultfd", "", EPERM, IN_ALL, { { 0 } },
		"holds the kernel inside a copy for as long as an exploit's race needs",
		"QEMU's postcopy, CRIU" },
	{ "perf_event_open", "", EPERM, IN_ALL, { { 0 } }, "leaks and exploits of the kernel",
		"perf" },
	{ "bpf", "", EPERM, IN_ALL, { { 0 } }, "the verifier is a large target", "bpftrace" },

	/* the view of the files */
	{ "mount umount umount2 pivot_root", "", EPERM, IN_ALL, { { 0 } }, remount,
		"sshfs and other FUSE file systems" },
	{ "open_tree move_mount fsopen fsconfig fsmount fspick mount_setattr=442 "
	  "open_tree_attr=467",
		"", ENOSYS, IN_ALL, { { 0 } },
		"the newer mount calls (CVE-2022-0185); callers fall back to mount", "" },
	{ "statmount=457 listmount=458", "", EPERM, IN_ALL, { { 0 } },
		"lists mounts of the host; util-linux falls back", "" },
	{ "chroot", "", EPERM, IN_ALL & ~IN_BROWSER, { { 0 } },
		"a way out with a leaked directory; browsers lock their own children up with it",
		"sshd's ChrootDirectory behind the PAM door" },
	{ "open_by_handle_at", "", EPERM, IN_ALL, { { 0 } },
		"reaches files that are not in the view, by inode number", "nfs-ganesha" },
	{ "name_to_handle_at", "", EOPNOTSUPP, IN_ALL, { { 0 } },
		"gives the inode numbers for open_by_handle_at", "" },
	{ "quotactl quotactl_fd=443", "", EPERM, IN_ALL, { { 0 } }, "shows others' quotas",
		"quota(1)" },
	{ "fanotify_init fanotify_mark", "", EPERM, IN_ALL, { { 0 } }, "watches whole mounts", "" },
	{ "lsm_set_self_attr=460 file_setattr=469", "", EPERM, IN_ALL, { { 0 } },
		"labels and inode flags, by calls too new to be trusted", "" },

	/* the machine */
	{ "kexec_load kexec_file_load reboot", "", EPERM, IN_ALL, { { 0 } },
		"replaces or stops the running kernel", "" },
	{ "init_module finit_module delete_module", "", EPERM, IN_ALL, { { 0 } },
		"code in the kernel", "" },
	{ "iopl ioperm", "", EPERM, IN_ALL, { { 0 } }, "I/O ports", "very old X servers" },
	{ "modify_ldt", "", ENOSYS, IN_ALL, { { 0 } },
		"a history of exploits, used by emulators only", "Wine for 16-bit, dosemu" },
	{ "swapon swapoff acct syslog vhangup", "", EPERM, IN_ALL, { { 0 } },
		"state of the whole machine", "dmesg" },
	{ "settimeofday clock_settime clock_settime64 stime", "", EPERM, IN_ALL, { { 0 } },
		"the clock is the whole machine's; adjtimex keeps its mode behind a pointer and is "
		"left to CAP_SYS_TIME",
		"" },
	{ "sethostname setdomainname", "", EPERM, IN_ALL, { { 0 } },
		"the hostname is the session's name", "" },
	{ "personality", "other than query, PER_LINUX, PER_LINUX32, UNAME26 and ADDR_NO_RANDOMIZE",
		EPERM, IN_DEV,
		{ OTHER(0, 0, PER_LINUX32, UNAME26, UNAME26 | PER_LINUX32, ADDR_NO_RANDOMIZE,
			ADDR_NO_RANDOMIZE | PER_LINUX32, ADDR_NO_RANDOMIZE | UNAME26,
			ADDR_NO_RANDOMIZE | UNAME26 | PER_LINUX32, 0xffffffff) },
		"READ_IMPLIES_EXEC and its like undo hardening; gdb may switch ASLR off", "" },
	{ "personality", "other than query, PER_LINUX, PER_LINUX32 and UNAME26", EPERM,
		IN_ALL & ~IN_DEV,
		{ OTHER(0, 0, PER_LINUX32, UNAME26, UNAME26 | PER_LINUX32, 0xffffffff) },
		"READ_IMPLIES_EXEC, a weaker ASLR and their like undo hardening", "setarch -R" },
	{ "memfd_secret=447", "", ENOSYS, IN_ALL, { { 0 } },
		"memory that the admin can neither see nor swap out", "" },

	/* sockets: each other family loads a kernel module on demand */
	{ "socket socketpair", "families other than UNIX, INET, INET6, NETLINK", EAFNOSUPPORT,
		IN_ALL, { OTHER(0, AF_UNIX, AF_INET, AF_INET6, AF_NETLINK) },
		"rarely tested code: ALG (CVE-2026-31431), RXRPC (CVE-2026-43500), PACKET "
		"(CVE-2020-14386); VSOCK reaches the hypervisor",
		"BlueZ, CAN, TIPC; tcpdump, even with CAP_NET_RAW kept" },
	{ "socket socketpair", "NETLINK protocols other than ROUTE and AUDIT", EAFNOSUPPORT, IN_ALL,
		{ EQUALS(0, AF_NETLINK), OTHER(2, 0 /* ROUTE */, 9 /* AUDIT */) },
		"netfilter, xfrm and others; AUDIT is for the PAM host, and useless without "
		"CAP_AUDIT_WRITE",
		"ss, ipset" },

	/* dead code */
	{ "nfsservctl uselib _sysctl sysfs ustat create_module get_kernel_syms query_module "
	  "bdflush "
	  "vm86 vm86old lookup_dcookie",
		"", ENOSYS, IN_ALL, { { 0 } }, "left over from old kernels; nobody tests it",
		"libc5 programs" },

	/* other tables of calls; the ceiling's part has no names */
	{ "socketcall", "of 32-bit programs", ENOSYS, IN_COMPAT32, { { 0 } },
		"the family lies behind a pointer", "networking of very old 32-bit programs" },
	{ "", "32-bit programs", ENOSYS, IN_ALL & ~IN_COMPAT32, { { 0 } },
		"a second table of calls for nobody to watch; refused, not killed",
		"Steam, 32-bit Wine: profile compat32" },
	{ "", "x32 programs", ENOSYS, IN_ALL, { { 0 } }, "a third table of calls", "" },
	{ "", "calls newer than number 469, and number -1", ENOSYS, IN_ALL, { { 0 } },
		"nobody has judged them; listns (470) is one", "" },

	/* considered, and allowed */
	{ "memfd_create execveat", "", 0, IN_ALL, { { 0 } },
		"execution without a file is too common to refuse", "" },
	{ "pidfd_open pidfd_send_signal", "", 0, IN_ALL, { { 0 } },
		"safer signals to one's own processes", "" },
	{ "adjtimex clock_adjtime", "", 0, IN_ALL, { { 0 } },
		"reads the clock's state; setting it needs CAP_SYS_TIME", "" },
	{ "seccomp prctl rseq landlock_create_ruleset=444 landlock_add_rule=445 "
	  "landlock_restrict_self=446 futex_waitv=449 cachestat=451 map_shadow_stack=453 "
	  "futex_wake=454 futex_wait=455 futex_requeue=456 lsm_get_self_attr=459 "
	  "lsm_list_modules=461 mseal=462 setxattrat=463 getxattrat=464 listxattrat=465 "
	  "removexattrat=466 file_getattr=468",
		"", 0, IN_ALL, { { 0 } },
		"a program restricting itself, or harmless; nested "
		"filters only tighten",
		"" },
};
const size_t syscalls_rules_count = ARRAY_SIZE(syscalls_rules);
