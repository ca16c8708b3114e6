/*
 * contained-init --watch: the watcher of a session. It stays outside, alone holds fds of the host, and ends
 * what is left when either end of the session ends: PID 1, or the session process (sshd's monitor, su,
 * login …). A host application killed with SIGKILL never closes its PAM session; this one notices.
 *
 * It has a twin, so that no single death leaves anything behind: each watches the other, and the death of one
 * makes the other end the session. Cleaning up twice does no harm.
 */
#include "init.h"
#include "init_private.h"
#include "init_sys.h"

/* RFC 3164 as glibc's syslog() sends it, less the time, which the receiver adds: facility authpriv. */
static void log_line(const char *name, const char *event, const char *label, const struct str *more)
{
	struct {
		uint16_t family;
		char path[108];
	} address = { 1 /* AF_UNIX */, "/dev/log" };
	struct sys_time patience = { 0, 200000 }; /* struct timeval: microseconds */
	enum { datagram = 2, cloexec = 02000000, nosignal = 0x4000, sol_socket = 1, send_timeout = 21 };
	int fd = (int)sys(__NR_socket, 1, datagram | cloexec, 0);
	char line[1024];
	struct str text = { line, sizeof line, 0 };

	if (fd < 0)
		return;
	str_add(&text, "<86>contained[");
	str_add_number(&text, (uint64_t)sys(__NR_getpid));
	str_add(&text, "]: ");
	str_add(&text, name);
	str_add(&text, event);
	str_add(&text, label);
	if (more)
		str_add(&text, more->data);
	sys(__NR_setsockopt, fd, sol_socket, send_timeout, &patience, sizeof patience);
	if (sys(__NR_connect, fd, &address, sizeof address.family + 9) == 0)
		sys(__NR_sendto, fd, line, text.used, nosignal, 0, 0);
	sys_close(fd);
}

struct watch {
	struct cleaning cleaning;
	char name[64];
	char label[512];
	int64_t begin; /* 0: the session has not begun */
	int patience;  /* ms; -1: nothing to do until something happens */
	unsigned own;  /* members of the control group that are not the user's */
	int twin;      /* writing end of a pipe to the twin: "it has begun" */
	bool closing;  /* the session process asked for the end, or is still setting up: it lives on */
};

static void log_end(const struct watch *watch, const struct usage *usage)
{
	char more[256];
	struct str text = { more, sizeof more, 0 };

	str_add(&text, " seconds=");
	str_add_number(&text, (uint64_t)(sys_milliseconds() - watch->begin) / 1000);
	str_add(&text, " memory_peak=");
	str_add_number(&text, usage->memory_peak);
	str_add(&text, " cpu_milliseconds=");
	str_add_number(&text, usage->cpu_microseconds / 1000);
	str_add(&text, " oom_kills=");
	str_add_number(&text, usage->oom_kills);
	str_add(&text, " pids_refused=");
	str_add_number(&text, usage->pids_refused);
	log_line(watch->name, " end ", watch->label, &text);
}

static bool ended(int pidfd, int milliseconds)
{
	struct sys_poll poll = { pidfd, SYS_POLLIN, 0 };

	return sys_poll(&poll, 1, milliseconds) > 0 && poll.revents;
}

static void signal_to(int pidfd, int number)
{
	sys(__NR_pidfd_send_signal, pidfd, number, NULL, 0);
}

/* The pid behind a pidfd, as this namespace counts ("Pid:" in fdinfo, pidfd_open(2)); 0 when it has ended. */
static int pid_of(int pidfd)
{
	char path[48], info[512];
	struct str text = { path, sizeof path, 0 };

	str_add(&text, "/proc/self/fdinfo/");
	str_add_number(&text, (uint64_t)pidfd);
	if (sys_read_file(AT_FDCWD, path, info, sizeof info) <= 0)
		return 0;
	for (const char *at = info; *at; at++)
		if ((at == info || at[-1] == '\n') && at[0] == 'P' && at[1] == 'i' && at[2] == 'd' && at[3] == ':') {
			for (at += 4; *at == ' ' || *at == '\t'; at++)
				;
			return (int)str_number(at);
		}
	return 0;
}

/* Only PID 1 left, and pasta, which it may not even be allowed to ask, and a session process that stays. */
static bool is_empty(const struct watch *watch)
{
	unsigned stays = clean_leader_stays(&watch->cleaning) && !ended(WATCH_LEADER, 0);

	return clean_members(&watch->cleaning) <= watch->own + stays;
}

/* The programs of the session get the time to save their work; then PID 1 takes all of them down with it. */
static void end_container(const struct watch *watch)
{
	int64_t end = sys_milliseconds() + END_GRACE_MS;

	if (!watch->begin || ended(WATCH_INIT, 0))
		goto kill;
	signal_to(WATCH_INIT, SIG_TERM);
	while (!ended(WATCH_INIT, 5)) {
		/* a session without control groups cannot be counted and gets a short while */
		if (watch->cleaning.count ? is_empty(watch) : sys_milliseconds() > end - END_GRACE_MS * 3 / 4)
			break;
		if (sys_milliseconds() >= end)
			break;
	}
kill:
	signal_to(WATCH_INIT, SIG_KILL);
	/* of groups that are not ours to remove nobody waits for the end: what PID 1 takes along is gone in a moment */
	for (end = sys_milliseconds() + END_LEADER_MS; clean_leader_stays(&watch->cleaning) && !is_empty(watch);) {
		if (ended(WATCH_INIT, 2) || sys_milliseconds() >= end)
			break;
	}
}

/* Without its container the session process has nothing to do: it ends by itself, or is made to. */
static void end_leader(void)
{
	if (ended(WATCH_LEADER, END_LEADER_MS))
		return;
	signal_to(WATCH_LEADER, SIG_TERM);
	if (!ended(WATCH_LEADER, END_LEADER_MS / 2))
		signal_to(WATCH_LEADER, SIG_KILL);
	(void)ended(WATCH_LEADER, END_LEADER_MS);
}

static void finish(struct watch *watch)
{
	struct usage usage = { 0, 0, 0, 0 };
	bool gone;
	/* whom its own close_session leaves alive; nobody once it has ended by itself */
	int leader = watch->closing ? pid_of(WATCH_LEADER) : 0;

	/* now, too: a group of systemd's goes with its last member */
	clean_usage(&watch->cleaning, &usage);
	/* a database takes its time: beside all that follows */
	record_end(WATCH_STATE);
	if (leader > 0)
		clean_move_back(&watch->cleaning, leader);
	end_container(watch);
	if (!watch->closing)
		end_leader();
	clean_usage(&watch->cleaning, &usage);
	gone = clean_remove(&watch->cleaning, leader > 0 ? leader : 0, END_REMOVE_MS);
	if (watch->begin)
		log_end(watch, &usage);
	/* what stays busy is the next sweep's, which finds it by the state */
	if (gone)
		clean_state(WATCH_STATE, watch->name);
}

/* Has the other twin cleaned up already? The directory has no name any more then. */
static bool state_is_gone(void)
{
	enum { at_empty_path = 0x1000, statx_nlink = 4 };
	struct {
		uint32_t mask, blksize;
		uint64_t attributes;
		uint32_t nlink;
		char rest[236];
	} info = { 0, 0, 0, 0, { 0 } };

	return sys(__NR_statx, WATCH_STATE, "", at_empty_path, statx_nlink, &info) == 0 && info.nlink == 0;
}

static void send_byte(char message)
{
	enum { dontwait_nosignal = 0x4040 };

	sys(__NR_sendto, WATCH_CONTROL, &message, 1, dontwait_nosignal, 0, 0);
}

/* What the session process says: false when the session is to end. */
static bool heard(struct watch *watch, struct sys_poll *control)
{
	enum { dontwait = 0x40 };
	char message = 0;
	long got = sys(__NR_recvfrom, WATCH_CONTROL, &message, 1, dontwait, 0, 0);

	if (got == 1 && message == WATCH_BEGIN && !watch->begin) {
		/* the twin first: should this process be killed next, it has to end what the session process counts on */
		watch->begin = sys_milliseconds();
		sys(__NR_write, watch->twin, "b", 1);
		send_byte(WATCH_BEGUN);
		log_line(watch->name, " begin ", watch->label, NULL);
		record_begin(WATCH_STATE);
		watch->patience = DOOR_MS;
		return true;
	}
	if (got == 1 && message == WATCH_CLOSE) {
		watch->closing = true;
		return false;
	}
	if (got == -11 /* EAGAIN */ || got == -SYS_EINTR)
		return true;
	/* Nobody holds the other end: a failed set-up ends here; a running session goes by its pidfds. */
	control->fd = -1;
	return watch->begin != 0;
}

/* What a session that has begun gets after a while; then nothing until it ends. */
static void attend(struct watch *watch)
{
	if (watch->patience == DOOR_MS) {
		clean_load(&watch->cleaning, WATCH_STATE);
		priority_raise_door(&watch->cleaning, pid_of(WATCH_LEADER));
		watch->patience = RECORD_LAST_MS;
	} else {
		record_last(WATCH_STATE);
		watch->patience = -1;
	}
}

/* The twin: sleeps until the watcher is gone. It never speaks on the control socket. */
static int run_twin(struct watch *watch, int watcher, int begun)
{
	char byte;

	init_harden("contained-twin", 1u << INIT_CAP_KILL);
	clean_sweep(WATCH_STATE, "..", NULL, 0, false);
	while (!ended(watcher, -1))
		;
	if (state_is_gone())
		return 0;
	if (sys(__NR_read, begun, &byte, 1) != 1) {
		/* killed while the session was being set up: the session process reads end-of-file and refuses */
		watch->begin = 0;
		watch->closing = true;
	}
	clean_load(&watch->cleaning, WATCH_STATE);
	finish(watch);
	return 0;
}

int watch_run(unsigned own)
{
	enum { fd_init, fd_leader, fd_control, fd_twin, fd_signal, fds };
	const uint64_t term = 1ull << (SIG_TERM - 1);
	enum { clone_pidfd = 0x1000 };
	struct sys_poll poll[fds] = { { WATCH_INIT, SYS_POLLIN, 0 }, { WATCH_LEADER, SYS_POLLIN, 0 },
		{ WATCH_CONTROL, SYS_POLLIN, 0 }, { -1, SYS_POLLIN, 0 }, { -1, SYS_POLLIN, 0 } };
	struct watch watch;
	int self, pipe[2], twin_fd = -1;
	long twin;

	watch.begin = 0;
	watch.patience = BEGIN_MS;
	watch.closing = false;
	watch.own = own;
	if (!clean_name(WATCH_STATE, watch.name))
		return 1;
	record_prepare();
	sys_read_file(WATCH_STATE, STATE_SESSION, watch.label, sizeof watch.label);
	/* a manager that stops the session's scope, or the host, asks all in it: this one ends it, and its twin stays */
	sys(__NR_rt_sigprocmask, 0 /* SIG_BLOCK */, &term, 0, 8);
	self = (int)sys(__NR_pidfd_open, sys(__NR_getpid), 0);
	if (self < 0 || sys(__NR_pipe2, pipe, O_CLOEXEC | O_NONBLOCK) < 0)
		return 1;
	twin = sys(__NR_clone, clone_pidfd, 0, &twin_fd, 0, 0);
	if (twin < 0)
		return 1;
	if (twin == 0) {
		sys_close(WATCH_CONTROL);
		sys_close(pipe[1]);
		/* a time for the end record, should it fall to the twin to write it */
		watch.begin = sys_milliseconds();
		return run_twin(&watch, self, pipe[0]);
	}
	sys_close(self);
	sys_close(pipe[0]);
	watch.twin = pipe[1];
	poll[fd_twin].fd = twin_fd;
	poll[fd_signal].fd = (int)sys(__NR_signalfd4, -1, &term, 8, O_CLOEXEC | O_NONBLOCK);
	init_harden("contained-watch", 1u << INIT_CAP_KILL | 1u << INIT_CAP_SYS_NICE);
	send_byte(WATCH_READY);
	for (;;) {
		/* a session process that is stopped in the middle of its set-up does not keep all this for ever */
		if (sys_poll(poll, fds, watch.patience) == 0) {
			if (!watch.begin)
				break;
			attend(&watch);
		}
		if (poll[fd_control].revents && !heard(&watch, &poll[fd_control]))
			break;
		if (poll[fd_init].revents || poll[fd_leader].revents || poll[fd_twin].revents || poll[fd_signal].revents)
			break;
	}
	/* a process that is still setting up is not ended: it reads end-of-file here, and refuses the session itself */
	watch.closing = watch.closing || !watch.begin;
	clean_load(&watch.cleaning, WATCH_STATE);
	finish(&watch);
	if (watch.closing)
		send_byte(WATCH_GONE);
	return 0;
}
