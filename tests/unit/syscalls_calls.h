#pragma once
/*
 * What must be refused, listed once more and by hand, so that a row lost from the rules is
 * noticed. As the filter answers before the kernel looks at any argument, most calls need none.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "syscalls_rules.h"

#define HIGH (1L << 32) /* no int argument has it, and no rule may be fooled by it */
#define NEWNS_TIME 0x80

struct call {
	const char *name;
	long number;
	int expected; /* errno, or 0: not refused by the filter */
	unsigned profiles;
	long args[4];
};

#define ROW(call, num, which, ...)                                                                 \
	{                                                                                          \
#call, SYS_##call, num, which,                                                     \
		{                                                                                  \
			__VA_ARGS__                                                                \
		}                                                                                  \
	}
#define NEW(call, nr, num)                                                                         \
	{                                                                                          \
		call, nr, num, IN_ALL,                                                             \
		{                                                                                  \
			0                                                                          \
		}                                                                                  \
	}

/* no argument matters */
static const struct call refused[] = {
	NEW("fchmodat2", 452, ENOSYS),
	ROW(openat2, ENOSYS, IN_ALL, 0),
	ROW(io_uring_setup, ENOSYS, IN_ALL, 0),
	ROW(io_uring_enter, ENOSYS, IN_ALL, 0),
	ROW(io_uring_register, EPERM, IN_ALL, 0),
	ROW(io_setup, ENOSYS, IN_ALL, 0),
	ROW(clone3, ENOSYS, IN_ALL, 0),
	ROW(setns, EPERM, IN_ALL, 0),
	ROW(keyctl, EPERM, IN_ALL, 0),
	ROW(add_key, EPERM, IN_ALL, 0),
	ROW(request_key, EPERM, IN_ALL, 0),
	ROW(ptrace, EPERM, IN_ALL & ~IN_DEV, 0),
	ROW(process_vm_readv, EPERM, IN_ALL & ~(IN_DEV | IN_HPC), 0),
	ROW(process_vm_writev, EPERM, IN_ALL & ~(IN_DEV | IN_HPC), 0),
	ROW(pidfd_getfd, EPERM, IN_ALL, 0),
	ROW(kcmp, EPERM, IN_ALL, 0),
	NEW("process_madvise", 440, EPERM),
	ROW(migrate_pages, EPERM, IN_ALL, 0),
	ROW(move_pages, EPERM, IN_ALL, 0),
	ROW(mbind, EPERM, IN_ALL & ~IN_HPC, 0),
	ROW(set_mempolicy, EPERM, IN_ALL & ~IN_HPC, 0),
	{ "set_mempolicy_home_node", 450, EPERM, IN_ALL & ~IN_HPC, { 0 } },
	ROW(userfaultfd, EPERM, IN_ALL, 0),
	ROW(perf_event_open, EPERM, IN_ALL, 0),
	ROW(bpf, EPERM, IN_ALL, 0),
	ROW(mount, EPERM, IN_ALL, 0),
	ROW(umount2, EPERM, IN_ALL, 0),
	ROW(pivot_root, EPERM, IN_ALL, 0),
	ROW(open_tree, ENOSYS, IN_ALL, 0),
	ROW(move_mount, ENOSYS, IN_ALL, 0),
	ROW(fsopen, ENOSYS, IN_ALL, 0),
	ROW(fsconfig, ENOSYS, IN_ALL, 0),
	ROW(fsmount, ENOSYS, IN_ALL, 0),
	ROW(fspick, ENOSYS, IN_ALL, 0),
	NEW("mount_setattr", 442, ENOSYS),
	NEW("open_tree_attr", 467, ENOSYS),
	NEW("statmount", 457, EPERM),
	NEW("listmount", 458, EPERM),
	NEW("listns", 470, ENOSYS),
	ROW(chroot, EPERM, IN_ALL & ~IN_BROWSER, 0),
	ROW(open_by_handle_at, EPERM, IN_ALL, 0),
	ROW(name_to_handle_at, EOPNOTSUPP, IN_ALL, 0),
	ROW(quotactl, EPERM, IN_ALL, 0),
	NEW("quotactl_fd", 443, EPERM),
	ROW(fanotify_init, EPERM, IN_ALL, 0),
	ROW(fanotify_mark, EPERM, IN_ALL, 0),
	NEW("lsm_set_self_attr", 460, EPERM),
	NEW("file_setattr", 469, EPERM),
	ROW(kexec_load, EPERM, IN_ALL, 0),
	ROW(kexec_file_load, EPERM, IN_ALL, 0),
	ROW(reboot, EPERM, IN_ALL, 0),
	ROW(init_module, EPERM, IN_ALL, 0),
	ROW(finit_module, EPERM, IN_ALL, 0),
	ROW(delete_module, EPERM, IN_ALL, 0),
	ROW(swapon, EPERM, IN_ALL, 0),
	ROW(swapoff, EPERM, IN_ALL, 0),
	ROW(acct, EPERM, IN_ALL, 0),
	ROW(syslog, EPERM, IN_ALL, 0),
	ROW(vhangup, EPERM, IN_ALL, 0),
	ROW(settimeofday, EPERM, IN_ALL, 0),
	ROW(clock_settime, EPERM, IN_ALL, 0),
	ROW(sethostname, EPERM, IN_ALL, 0),
	ROW(setdomainname, EPERM, IN_ALL, 0),
	NEW("memfd_secret", 447, ENOSYS),
	ROW(nfsservctl, ENOSYS, IN_ALL, 0),
#if defined(__x86_64__)
	ROW(iopl, EPERM, IN_ALL, 0),
	ROW(ioperm, EPERM, IN_ALL, 0),
	ROW(modify_ldt, ENOSYS, IN_ALL, 0),
	ROW(uselib, ENOSYS, IN_ALL, 0),
	ROW(_sysctl, ENOSYS, IN_ALL, 0),
	ROW(sysfs, ENOSYS, IN_ALL, 0),
	ROW(ustat, ENOSYS, IN_ALL, 0),
	ROW(create_module, ENOSYS, IN_ALL, 0),
	ROW(get_kernel_syms, ENOSYS, IN_ALL, 0),
	ROW(query_module, ENOSYS, IN_ALL, 0),
	{ "lookup_dcookie", 212, ENOSYS, IN_ALL, { 0 } },
	/* no numbers of libseccomp's either: the gap and the end of the table */
	NEW("one above the ceiling", 470, ENOSYS),
	NEW("far above the ceiling", 500, ENOSYS),
	NEW("x32 getpid", 0x40000000 | SYS_getpid, ENOSYS),
	NEW("number -1", -1, ENOSYS),
#endif
};

#define EACH_BIT(call, which, ...)                                                                 \
	ROW(call, EPERM, which, __VA_ARGS__ CLONE_NEWNS),                                          \
		ROW(call, EPERM, which, __VA_ARGS__ CLONE_NEWCGROUP),                              \
		ROW(call, EPERM, which, __VA_ARGS__ CLONE_NEWUTS),                                 \
		ROW(call, EPERM, which, __VA_ARGS__ CLONE_NEWIPC),                                 \
		ROW(call, EPERM, which, __VA_ARGS__ CLONE_NEWPID),                                 \
		ROW(call, EPERM, which, __VA_ARGS__ CLONE_NEWNET)

/* arguments decide */
static const struct call conditional[] = {
#if defined(__x86_64__)
	ROW(chmod, EPERM, IN_ALL, 0, 04755),
	ROW(chmod, EPERM, IN_STRICT, 0, 02755),
	ROW(chmod, EPERM, IN_ALL, 0, HIGH | 0x10000 | 04000),
	ROW(creat, EPERM, IN_ALL, 0, 04755),
	ROW(creat, EPERM, IN_STRICT, 0, 02755),
	ROW(mknod, EPERM, IN_ALL, 0, S_IFREG | 04755),
	ROW(mknod, EPERM, IN_STRICT, 0, S_IFREG | 02755),
	ROW(mkdir, EPERM, IN_ALL, 0, 04755),
	ROW(mkdir, EPERM, IN_STRICT, 0, 02755),
	ROW(open, EPERM, IN_ALL, 0, O_CREAT | O_WRONLY, 04755),
	ROW(open, EPERM, IN_STRICT, 0, O_CREAT | O_WRONLY, 02755),
	ROW(open, EPERM, IN_ALL, 0, O_TMPFILE | O_WRONLY, 04755),
	ROW(open, EPERM, IN_STRICT, 0, O_TMPFILE | O_WRONLY, 02755),
	ROW(open, EPERM, IN_ALL, 0, HIGH | O_CREAT, HIGH | 04000),
#endif
	ROW(fchmod, EPERM, IN_ALL, -1, 04755),
	ROW(fchmod, EPERM, IN_STRICT, -1, 02755),
	ROW(fchmodat, EPERM, IN_ALL, -1, 0, 04755),
	ROW(fchmodat, EPERM, IN_STRICT, -1, 0, 02755),
	ROW(mknodat, EPERM, IN_ALL, -1, 0, S_IFREG | 04755),
	ROW(mknodat, EPERM, IN_STRICT, -1, 0, S_IFREG | 02755),
	ROW(mkdirat, EPERM, IN_ALL, -1, 0, 04755),
	ROW(mkdirat, EPERM, IN_STRICT, -1, 0, 02755),
	ROW(openat, EPERM, IN_ALL, -1, 0, O_CREAT, 06755),
	ROW(openat, EPERM, IN_STRICT, -1, 0, O_CREAT, 02755),
	ROW(openat, EPERM, IN_ALL, -1, 0, O_TMPFILE | O_RDWR, 06755),
	ROW(openat, EPERM, IN_STRICT, -1, 0, O_TMPFILE | O_RDWR, 02755),
	ROW(unshare, EPERM, IN_ALL & ~IN_BROWSER, CLONE_NEWUSER),
	ROW(unshare, EPERM, IN_ALL & ~IN_BROWSER, HIGH | CLONE_NEWUSER),
	ROW(unshare, EPERM, IN_ALL & ~IN_BROWSER, CLONE_NEWUSER | CLONE_NEWNET | CLONE_FS),
	ROW(unshare, EPERM, IN_STRICT, NEWNS_TIME),
	EACH_BIT(unshare, IN_STRICT, ),
	ROW(clone, EPERM, IN_ALL & ~IN_BROWSER, CLONE_NEWUSER | SIGCHLD),
	EACH_BIT(clone, IN_STRICT, SIGCHLD |),
	ROW(ioctl, EPERM, IN_ALL, -1, TIOCSTI),
	ROW(ioctl, EPERM, IN_ALL, -1, HIGH | TIOCSTI),
	ROW(ioctl, EPERM, IN_ALL, -1, TIOCLINUX),
	ROW(ioctl, EPERM, IN_ALL, -1, HIGH | TIOCLINUX),
	ROW(ioctl, EPERM, IN_ALL, -1, TIOCCONS),
	ROW(personality, EPERM, IN_ALL, READ_IMPLIES_EXEC),
	ROW(personality, EPERM, IN_ALL, READ_IMPLIES_EXEC | PER_LINUX32),
	ROW(personality, EPERM, IN_ALL, HIGH | READ_IMPLIES_EXEC),
	ROW(personality, EPERM, IN_ALL, ADDR_COMPAT_LAYOUT),
	ROW(personality, EPERM, IN_ALL, MMAP_PAGE_ZERO),
	ROW(personality, EPERM, IN_ALL, 1),
	ROW(personality, EPERM, IN_ALL, 0xfffffffe),
	ROW(personality, EPERM, IN_ALL & ~IN_DEV, ADDR_NO_RANDOMIZE),
	ROW(personality, EPERM, IN_ALL & ~IN_DEV, ADDR_NO_RANDOMIZE | PER_LINUX32),
	ROW(socket, EAFNOSUPPORT, IN_ALL, 0, SOCK_STREAM),
	ROW(socket, EAFNOSUPPORT, IN_ALL, AF_PACKET, SOCK_RAW),
	ROW(socket, EAFNOSUPPORT, IN_ALL, 33 /* RXRPC */, SOCK_DGRAM),
	ROW(socket, EAFNOSUPPORT, IN_ALL, 38 /* ALG */, SOCK_SEQPACKET),
	ROW(socket, EAFNOSUPPORT, IN_ALL, HIGH | 38, SOCK_SEQPACKET),
	ROW(socket, EAFNOSUPPORT, IN_ALL, 40 /* VSOCK */, SOCK_STREAM),
	ROW(socket, EAFNOSUPPORT, IN_ALL, -1, SOCK_STREAM),
	ROW(socket, EAFNOSUPPORT, IN_ALL, AF_NETLINK, SOCK_RAW, 12 /* NETFILTER */),
	ROW(socket, EAFNOSUPPORT, IN_ALL, AF_NETLINK, SOCK_RAW, 6 /* XFRM */),
	ROW(socket, EAFNOSUPPORT, IN_ALL, HIGH | AF_NETLINK, SOCK_RAW, HIGH | 12),
	ROW(socketpair, EAFNOSUPPORT, IN_ALL, 38, SOCK_SEQPACKET),
	ROW(socketpair, EAFNOSUPPORT, IN_ALL, 30 /* TIPC */, SOCK_SEQPACKET),
};
