/*
 * The host's records of a login: utmp (who is here), wtmp (who was when) and lastlog (when each was here last), and
 * wtmpdb by a program of its own (init_database.c). They
 * are written from outside, by the watcher, its twin or the sweep; sshd and login write theirs inside, where each
 * has a pts/0. What is not there is not made: a host without these files wants none.
 *
 * Exactly once, whoever is killed when: STATE_RECORD becomes STATE_RECORD_OPEN just before the begin is written, and
 * goes away just after the end is. A kill in between leaves an end without a begin, or a second end in wtmp; last(1)
 * passes over both. Never a begin without an end.
 */
#include <linux/stat.h>

#include "init.h"
#include "init_private.h"
#include "init_sys.h"

enum {
	LOCK_MS = 200, /* for others who write; then it is done without the lock */
	LOCK_STEP_MS = 5,
	FEW = 4, /* entries of utmp that are read at once */
};

struct file {
	int fd;
	bool locked;
	int64_t size;
};

void record_prepare(void)
{
	enum { rlimit_fsize = 1, block = 0, sigxfsz = 25 };
	const uint64_t no_limit[2] = { ~0ull, ~0ull };
	uint64_t soft[2], signals = 1ull << (sigxfsz - 1);

	if (sys(__NR_prlimit64, 0, rlimit_fsize, no_limit, NULL) < 0 &&
		sys(__NR_prlimit64, 0, rlimit_fsize, NULL, soft) == 0) {
		soft[0] = soft[1];
		sys(__NR_prlimit64, 0, rlimit_fsize, soft, NULL);
	}
	sys(__NR_rt_sigprocmask, block, &signals, NULL, 8);
}

/*
 * All of a file, against glibc's own writers (fcntl(2), as login/utmp_file.c does it). Whoever may read a file may hold
 * a lock on it, for ever, and keep glibc's writers out; wtmp can be read by all, in a session too. No login goes
 * unrecorded for that: the lock only orders those who behave.
 */
static bool lock_file(int fd)
{
	struct flock lock = { F_WRLCK, 0 /* SEEK_SET */, 0, 0, 0 };
	int64_t end = sys_milliseconds() + LOCK_MS;

	while (sys(__NR_fcntl, fd, F_SETLK, &lock) < 0) {
		if (sys_milliseconds() >= end)
			return false;
		sys_sleep(LOCK_STEP_MS);
	}
	return true;
}

/* Only a regular file under one name: nothing that hangs, and nothing that is also somewhere else. */
static bool open_file(const char *path, int flags, bool lock, struct file *file)
{
	enum { asked = STATX_TYPE | STATX_MODE | STATX_NLINK | STATX_SIZE };
	struct statx info;

	file->fd = sys_openat(AT_FDCWD, path, flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (file->fd < 0)
		return false;
	file->locked = lock && lock_file(file->fd);
	if (sys(__NR_statx, file->fd, "", AT_EMPTY_PATH, asked, &info) == 0 && (info.stx_mode & S_IFMT) == S_IFREG &&
		info.stx_nlink == 1) {
		file->size = (int64_t)info.stx_size;
		return true;
	}
	sys_close(file->fd);
	return false;
}

static bool same_bytes(const char *a, const char *b, size_t size)
{
	while (size && *a == *b)
		a++, b++, size--;
	return size == 0;
}

/* A dead entry that only we can have made. */
static bool is_free(const struct record_entry *entry)
{
	if (entry->type != RECORD_DEAD)
		return false;
	for (const char *mark = RECORD_MARKS; *mark; mark++)
		if (entry->id[0] == *mark)
			return true;
	return false;
}

/*
 * Where in utmp an entry goes. The begin: over one of the same id, else over a dead one of ours, so that the file
 * does not grow with each login; else to the end. The end: over the begin of the same session alone, since the pid that
 * the id comes from may be another's by now. -1: nowhere.
 */
static int64_t find_place(const struct file *file, const struct record_entry *entry)
{
	struct record_entry few[FEW];
	int64_t at = 0, free = -1;
	long got;

	while ((got = sys(__NR_pread64, file->fd, few, sizeof few, at)) >= (long)sizeof *few) {
		for (long i = 0; i < got / (long)sizeof *few; i++, at += (int64_t)sizeof *few) {
			bool same = same_bytes(few[i].id, entry->id, sizeof entry->id);

			if (entry->type == RECORD_DEAD)
				same = same && few[i].type == RECORD_USER &&
					same_bytes(few[i].line, entry->line, sizeof entry->line);
			if (same)
				return at;
			if (free < 0 && is_free(&few[i]))
				free = at;
		}
	}
	if (got < 0 || entry->type == RECORD_DEAD)
		return -1;
	return free >= 0 ? free : at; /* a piece of an entry at the end is written over */
}

static void write_utmp(const struct record_entry *entry)
{
	struct file file;
	int64_t at;
	long put;

	if (!open_file("/run/utmp", O_RDWR, true, &file) && !open_file("/var/run/utmp", O_RDWR, true, &file))
		return;
	at = find_place(&file, entry);
	put = at < 0 ? 0 : sys(__NR_pwrite64, file.fd, entry, sizeof *entry, at);
	/* a full disk: no piece of an entry stays */
	if (put > 0 && put < (long)sizeof *entry && at + (long)sizeof *entry > file.size)
		sys(__NR_ftruncate, file.fd, at);
	sys_close(file.fd);
}

static void append_wtmp(const struct record_entry *entry)
{
	struct file file;
	int64_t end;
	long put;

	if (!open_file("/var/log/wtmp", O_WRONLY | O_APPEND, true, &file))
		return;
	/* whoever died over the last entry left a piece of it, which would shift all that follow */
	end = file.size - file.size % (int64_t)sizeof *entry;
	if (end == file.size || (file.locked && sys(__NR_ftruncate, file.fd, end) == 0)) {
		put = sys(__NR_write, file.fd, entry, sizeof *entry);
		if (put > 0 && put < (long)sizeof *entry && file.locked)
			sys(__NR_ftruncate, file.fd, end);
	}
	sys_close(file.fd);
}

/* Over an older login's. */
static void write_last(const struct record *record)
{
	struct record_last last, before;
	int64_t at = (int64_t)record->uid * (int64_t)sizeof last;
	struct file file;

	if (!open_file("/var/log/lastlog", O_RDWR, false, &file))
		return;
	if (sys(__NR_pread64, file.fd, &before, sizeof before, at) != (long)sizeof before ||
		before.seconds < record->entry.seconds) {
		last.seconds = record->entry.seconds;
		memcpy(last.line, record->entry.line, sizeof last.line);
		memcpy(last.host, record->entry.host, sizeof last.host);
		sys(__NR_pwrite64, file.fd, &last, sizeof last, at);
	}
	sys_close(file.fd);
}

/* The record in the state directory; its fd, or -1. */
static int load(int state, const char *name, struct record *record)
{
	int fd = sys_openat(state, name, O_RDWR | O_NOFOLLOW);

	if (fd >= 0 && sys(__NR_pread64, fd, record, sizeof *record, 0) == (long)sizeof *record)
		return fd;
	sys_close(fd);
	return -1;
}

static void set_time(struct record_entry *entry)
{
	struct sys_time now = { 0, 0 };

	sys(__NR_clock_gettime, 0 /* CLOCK_REALTIME */, &now);
	entry->seconds = (record_time)now.seconds;
	entry->microseconds = (record_time)(now.nanoseconds / 1000);
}

void record_begin(int state)
{
	struct record record;
	int fd = load(state, STATE_RECORD, &record);
	long put;

	if (fd < 0)
		return;
	set_time(&record.entry);
	put = sys(__NR_pwrite64, fd, &record, sizeof record, 0);
	if (put == (long)sizeof record &&
		sys(__NR_renameat2, state, STATE_RECORD, state, STATE_RECORD_OPEN, 0) == 0) {
		write_utmp(&record.entry);
		append_wtmp(&record.entry);
		database_begin(fd);
	}
	sys_close(fd);
}

void record_last(int state)
{
	struct record record;
	int fd = load(state, STATE_RECORD_OPEN, &record);

	if (fd >= 0)
		write_last(&record);
	sys_close(fd);
}

void record_end(int state)
{
	struct record record;
	int fd = load(state, STATE_RECORD_OPEN, &record);

	if (fd < 0)
		return;
	database_end(fd); /* the program has the file, even when its name is gone */
	sys_close(fd);
	write_last(&record); /* it may have been too short a session */
	record.entry.type = RECORD_DEAD;
	/* as logout(3) leaves it */
	memset(record.entry.user, 0, sizeof record.entry.user);
	memset(record.entry.host, 0, sizeof record.entry.host);
	memset(record.entry.address, 0, sizeof record.entry.address);
	set_time(&record.entry);
	write_utmp(&record.entry);
	append_wtmp(&record.entry);
	sys(__NR_unlinkat, state, STATE_RECORD_OPEN, 0);
}
