/*
 * contained-init: PID 1 of a session. Reaps, ends the session on SIGTERM, ends itself when both
 * watchers are dead. Holds no fd of the host, and CAP_KILL alone.
 *
 * The other faces of the same binary are init_watch.c (the watcher) and init_clean.c (the sweep).
 */
#include "init.h"
#include "init_private.h"
#include "init_sys.h"

void *memset(void *to, int byte, size_t size)
{
	volatile char *at = to;

	while (size--)
		*at++ = (char)byte;
	return to;
}

void *memcpy(void *to, const void *from, size_t size)
{
	const char *source = from;
	volatile char *at = to;

	while (size--)
		*at++ = *source++;
	return to;
}

/*
 * Keeps CAP_KILL and nothing else, for ever: both faces run as root beside a user who may find a bug in
 * them. PR_SET_DUMPABLE 0 keeps /proc/PID of the process root's.
 */
void init_harden(const char *name, uint32_t kept)
{
	enum { set_dumpable = 4, set_name = 15, capbset_drop = 24, set_no_new_privs = 38 };
	struct {
		uint32_t version;
		int32_t pid;
	} header = { 0x20080522 /* _LINUX_CAPABILITY_VERSION_3, capset(2) */, 0 };
	struct {
		uint32_t effective, permitted, inheritable;
	} sets[2] = { { kept, kept, 0 }, { 0, 0, 0 } };

	sys(__NR_prctl, set_dumpable, 0, 0, 0, 0);
	sys(__NR_prctl, set_name, name, 0, 0, 0);
	for (long cap = 0; sys(__NR_prctl, capbset_drop, cap, 0, 0, 0) == 0; cap++)
		;
	sys(__NR_prctl, set_no_new_privs, 1, 0, 0, 0);
	sys(__NR_capset, &header, sets);
}

static void reap(void)
{
	enum { wnohang = 1 };

	while (sys(__NR_wait4, -1, 0, wnohang, 0) > 0)
		;
}

static int run_init(void)
{
	enum { LOOK_MS = 2 };
	uint64_t signals = 1ull << (SIG_TERM - 1) | 1ull << (SIG_CHLD - 1);
	struct sys_poll fds[2] = { { INIT_LIFE, SYS_POLLIN, 0 }, { -1, SYS_POLLIN, 0 } };
	int64_t end = 0;

	init_harden("contained-init", 1u << INIT_CAP_KILL);
	/* A blocked signal is never "ignored because this is PID 1" (sig_ignored() in kernel/signal.c). */
	sys(__NR_rt_sigprocmask, 2 /* SIG_SETMASK */, &signals, 0, 8);
	fds[1].fd = (int)sys(__NR_signalfd4, -1, &signals, 8, O_CLOEXEC | O_NONBLOCK);
	if (fds[1].fd < 0)
		return 1;
	/* from here on nothing may fail: a session lives in here */
	for (;;) {
		char info[128]; /* struct signalfd_siginfo; its first word is the signal's number */
		int left = end ? (int)(end - sys_milliseconds()) : -1;

		/* the programs that joined are nobody's children in here: their ends are seen by looking */
		if (end && (left <= 0 || sys(__NR_kill, -1, 0) == -SYS_ESRCH))
			return 0;
		sys_poll(fds, 2, end && left > LOOK_MS ? LOOK_MS : left);
		if (fds[0].revents)
			return 0;
		while (sys(__NR_read, fds[1].fd, info, sizeof info) == sizeof info) {
			if (*(uint32_t *)(void *)info != SIG_TERM || end)
				continue;
			/* what a hang-up of the terminal would do, then a plain request, then the means to hear it */
			sys(__NR_kill, -1, SIG_HUP);
			sys(__NR_kill, -1, SIG_TERM);
			sys(__NR_kill, -1, SIG_CONT);
			end = sys_milliseconds() + 2 * END_GRACE_MS; /* the watcher ends it earlier */
		}
		reap();
	}
}

/* What is missing is somebody else's business: this only has to come back, and to tell how far it got. */
static int look(const char *const *paths)
{
	for (; *paths; paths++) {
		sys_close(sys_openat(AT_FDCWD, *paths, O_RDONLY | O_DIRECTORY | O_NONBLOCK));
		sys(__NR_write, 1, ".", 1);
	}
	return 0;
}

/* Called by the entry point below with the stack as the kernel laid it: argc, argv…, NULL, envp… */
__attribute__((used, noreturn)) void init_start(long *stack);

void init_start(long *stack)
{
	long argc = stack[0];
	const char *const *argv = (const char *const *)(stack + 1);
	int status = 2;

	if (argc <= 1)
		status = run_init();
	else if (str_equal(argv[1], "--watch"))
		status = watch_run(argc > 2 ? (unsigned)str_number(argv[2]) : 1);
	else if (str_equal(argv[1], "--sweep"))
		status = clean_sweep(AT_FDCWD, argc > 3 ? argv[3] : INIT_STATE_ROOT, argc > 2 ? argv[2] : NULL,
			argc > 4 ? (int)str_number(argv[4]) : 0, true);
	else if (str_equal(argv[1], "--look"))
		status = look(argv + 2);
	for (;;)
		sys(__NR_exit_group, status);
}

#if defined(__x86_64__)
__asm__(".globl _start\n_start:\n\txor %ebp,%ebp\n\tmov %rsp,%rdi\n\tand $-16,%rsp\n\tcall init_start\n");
#elif defined(__aarch64__)
__asm__(".globl _start\n_start:\n\tmov x29,#0\n\tmov x0,sp\n\tbl init_start\n");
#endif
