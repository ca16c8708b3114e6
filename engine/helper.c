#include "helper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "own.h"

/*
 * Three processes. The host, which called; the keeper, cloned from it; the program, which the
 * keeper starts.
 *
 * A child that execs cannot be the host's own: execve(2) resets the termination signal to SIGCHLD,
 * so its end would be told to the host. The keeper never execs, ends with no signal at all, and is
 * waited for with __WALL by its pid. As in vfork(2) it shares the host's memory while the host is
 * suspended: that costs no copy of page tables, and results are simply stored. Since the host's
 * thread cannot run meanwhile, sharing its errno does no harm; libc functions with more state than
 * that are not called. Other threads of the host, where it has some (pkexec), go on undisturbed.
 *
 * fds, handlers, cwd and umask are not shared, so the keeper can clear and reset its own.
 */

enum {
	KEEPER_STACK = 64 * 1024,
	PROGRAM_STACK = 32 * 1024,
	GUARD = 64 * 1024, /* a multiple of every page size in use */
};

enum trouble {
	TROUBLE_KILLED, /* the keeper died before it said anything else */
	TROUBLE_NONE,
	TROUBLE_SETUP,
	TROUBLE_EXEC,
	TROUBLE_READ,
	TROUBLE_TIMEOUT,
	TROUBLE_OVERFLOW,
};

struct job {
	const char *const *argv;
	struct timespec end; /* CLOCK_MONOTONIC */
	char *out;
	size_t size, used;
	int status;
	enum trouble trouble;
	int num;       /* errno that goes with it */
	int exec_num;  /* stored by the program's process before it execs */
	int write_end; /* for the program */
	char *program_stack;
};

/*
 * For what runs on the mapped stacks. It ends by _exit, within its frames, and AddressSanitizer would
 * keep those marked as dead: the next call gets the same addresses.
 */
#define on_mapped_stack __attribute__((no_sanitize("address")))

/* All 64, those that libc keeps to itself too; the raw call for that reason. */
static void mask_all(uint64_t *old)
{
	const uint64_t all = ~UINT64_C(0);

	(void)syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, old, sizeof all); /* cannot fail */
}

static void mask_restore(const uint64_t *old)
{
	(void)syscall(SYS_rt_sigprocmask, SIG_SETMASK, old, NULL, sizeof *old); /* cannot fail */
}

/*
 * Neither the host's handlers nor its ignored signals (SIGCHLD, SIGPIPE) hold from here on. Raw: libc's sigaction()
 * refuses the two signals that it keeps to itself, which a parent may have ignored all the same.
 */
on_mapped_stack static void reset_signals(void)
{
	enum { SIGNALS = 64 };
	const uint64_t standard[8] = { 0 }; /* the kernel's struct sigaction: SIG_DFL, no flags, empty mask */

	for (long number = 1; number <= SIGNALS; number++)
		/* SIGKILL and SIGSTOP refuse, rightly */
		(void)syscall(SYS_rt_sigaction, number, standard, NULL, sizeof(uint64_t));
}

/*
 * A caller of su may signal a process whose real uid is his own: real and saved ids become the
 * effective ones. Raw calls: libc's wrappers speak to all threads of the memory they share.
 */
on_mapped_stack static int settle_ids(void)
{
	uid_t ruid, euid, suid;
	gid_t rgid, egid, sgid;

	if (getresuid(&ruid, &euid, &suid) < 0 || getresgid(&rgid, &egid, &sgid) < 0)
		return -1;
	if (syscall(SYS_setresgid, egid, egid, egid) < 0)
		return -1;
	return (int)syscall(SYS_setresuid, euid, euid, euid);
}

on_mapped_stack static int program_main(void *argument)
{
	struct job *job = argument;
	char *const environment[] = { NULL };
	const uint64_t none = 0;

	/* if the keeper is killed, so is the program */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || setsid() < 0 || chdir("/") < 0 ||
		dup2(job->write_end, STDOUT_FILENO) < 0)
		goto failed;
	mask_restore(&none);
	(void)execve(job->argv[0], (char *const *)(uintptr_t)job->argv, environment);
failed:
	job->exec_num = errno;
	_exit(127);
}

on_mapped_stack static int remaining_ms(const struct job *job)
{
	struct timespec now;
	int64_t left;

	(void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail with this clock */
	left = (int64_t)(job->end.tv_sec - now.tv_sec) * 1000 +
	       (job->end.tv_nsec - now.tv_nsec) / 1000000;
	if (left <= 0)
		return 0;
	return left > INT32_MAX ? INT32_MAX : (int)left;
}

on_mapped_stack static enum trouble wait_for(struct job *job, int fd)
{
	struct pollfd item = { .fd = fd, .events = POLLIN };
	int ready = poll(&item, 1, remaining_ms(job));

	if (ready < 0) {
		job->num = errno; /* not EINTR: every signal is blocked */
		return TROUBLE_READ;
	}
	return ready == 0 ? TROUBLE_TIMEOUT : TROUBLE_NONE;
}

on_mapped_stack static enum trouble collect(struct job *job, int fd)
{
	for (;;) {
		enum trouble trouble = wait_for(job, fd);
		ssize_t got;
		char beyond;

		if (trouble != TROUBLE_NONE)
			return trouble;
		if (job->used == job->size - 1) {
			/* full: only the end may come now */
			got = read(fd, &beyond, 1);
			if (got > 0)
				return TROUBLE_OVERFLOW;
		} else {
			got = read(fd, job->out + job->used, job->size - 1 - job->used);
		}
		if (got < 0) {
			job->num = errno;
			return TROUBLE_READ;
		}
		if (got == 0)
			return TROUBLE_NONE;
		job->used += (size_t)got;
	}
}

/* 0, 1 and 2 on /dev/null, nothing else open: fds[0] to read from and fds[1] for the program. */
on_mapped_stack static int open_own_fds(int fds[2])
{
	if (close_range(0, ~0U, 0) < 0)
		return -1;
	if (open("/dev/null", O_RDWR) != 0 || dup(0) != 1 || dup(0) != 2)
		return -1;
	return pipe2(fds, O_CLOEXEC);
}

on_mapped_stack static enum trouble keep(struct job *job)
{
	int fds[2], pidfd = -1;
	enum trouble trouble;
	pid_t pid;

	reset_signals();
	/* ids first: a change of them may clear the signal (PR_SET_PDEATHSIG(2const)) */
	if (settle_ids() < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || open_own_fds(fds) < 0) {
		job->num = errno;
		return TROUBLE_SETUP;
	}
	job->write_end = fds[1];
	pid = clone(program_main, job->program_stack + PROGRAM_STACK,
		CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, job, &pidfd);
	if (pid < 0) {
		job->num = errno;
		return TROUBLE_SETUP;
	}
	(void)close(fds[1]); /* so that the program's end is the end of the pipe */
	trouble = collect(job, fds[0]);
	if (trouble == TROUBLE_NONE)
		trouble = wait_for(job, pidfd); /* it may close its stdout and go on */
	if (trouble != TROUBLE_NONE) {
		/* not reaped yet: the number is still its own, and its group's after setsid */
		(void)kill(-pid, SIGKILL); /* ESRCH when it has not come to setsid */
		(void)kill(pid, SIGKILL);
	}
	while (waitpid(pid, &job->status, __WALL) < 0 && errno == EINTR)
		continue;
	if (job->exec_num) {
		job->num = job->exec_num;
		return TROUBLE_EXEC;
	}
	return trouble;
}

on_mapped_stack static int keeper_main(void *argument)
{
	struct job *job = argument;

	job->trouble = keep(job);
	_exit(0);
}

/* Guard, keeper's stack, guard, program's stack. Both grow down. */
static char *map_stacks(size_t *size, char **program)
{
	char *base;

	*size = GUARD + KEEPER_STACK + GUARD + PROGRAM_STACK;
	base = mmap(NULL, *size, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
	if (base == MAP_FAILED)
		return NULL;
	if (mprotect(base, GUARD, PROT_NONE) < 0 ||
		mprotect(base + GUARD + KEEPER_STACK, GUARD, PROT_NONE) < 0) {
		(void)munmap(base, *size); /* only the error is of interest */
		return NULL;
	}
	*program = base + GUARD + KEEPER_STACK + GUARD;
	return base;
}

static int tell(const struct job *job, int timeout_ms, struct error *err)
{
	const char *path = job->argv[0];

	switch (job->trouble) {
	case TROUBLE_NONE:
		return 0;
	case TROUBLE_SETUP:
		return fail(err, job->num, path, "cannot prepare to run it");
	case TROUBLE_EXEC:
		return fail(err, job->num, path, "cannot run it");
	case TROUBLE_READ:
		return fail(err, job->num, path, "cannot read its output");
	case TROUBLE_TIMEOUT:
		return fail(err, ETIMEDOUT, path, "did not finish within %d ms", timeout_ms);
	case TROUBLE_OVERFLOW:
		return fail(err, EMSGSIZE, path, "wrote more than %zu bytes", job->size - 1);
	case TROUBLE_KILLED:
		break;
	}
	return fail(err, 0, path, "the process that ran it was killed");
}

static int run(struct job *job, int timeout_ms, struct error *err)
{
	const struct timespec now = job->end;
	size_t stacks_size;
	uint64_t mask;
	char *stacks;
	pid_t pid;
	int num;

	job->end.tv_sec = now.tv_sec + timeout_ms / 1000;
	job->end.tv_nsec = now.tv_nsec + (long)(timeout_ms % 1000) * 1000000;
	stacks = map_stacks(&stacks_size, &job->program_stack);
	if (!stacks)
		return fail(err, errno, job->argv[0], "no memory to run it");
	mask_all(&mask);
	pid = clone(keeper_main, stacks + GUARD + KEEPER_STACK, CLONE_VM | CLONE_VFORK, job);
	num = errno;
	if (pid > 0)
		while (waitpid(pid, NULL, __WALL) < 0 && errno == EINTR)
			continue;
	mask_restore(&mask);
	(void)munmap(stacks,
		stacks_size); /* nobody runs on them any more: that is what CLONE_VFORK waits for */
	if (pid < 0)
		return fail(err, num, job->argv[0], "cannot start a process to run it");
	return tell(job, timeout_ms, err);
}

int helper_run(const char *const argv[], int timeout_ms, char *out, size_t size, size_t *length,
	int *status, struct error *err)
{
	struct job job = { .argv = argv, .out = out, .size = size };
	int saved = errno, result;

	if (!argv[0] || argv[0][0] != '/' || timeout_ms < 0 || size == 0)
		return fail(err, EINVAL, argv[0], "cannot be run: no absolute path, time or room");
	(void)clock_gettime(CLOCK_MONOTONIC, &job.end); /* cannot fail with this clock */
	result = run(&job, timeout_ms, err);
	errno = saved;
	if (result < 0)
		return -1;
	out[job.used] = '\0';
	*length = job.used;
	*status = job.status;
	return 0;
}
