/*
 * contained-record begin|end: writes the begin or the end of a login to the host's wtmpdb(8), as one line whose terminal
 * is the session's name. Started by the watchers and the sweep (init_database.c), who wait for nobody; never setuid.
 * Its standard input is the session's record (init_record.h), open for writing, with or without a name.
 *
 * Exactly once, whoever starts it when: the record's flock makes them take turns, and the number in it says what is
 * written. An end that comes first writes both, and the begin finds nothing left to do.
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>
#include <wtmpdb.h>

#include "clock.h"
#include "init_record.h"
#include "text.h"

enum {
	RECORD = STDIN_FILENO,
	/* wtmpdb gives up while others write ("database is locked"): a crowd of logins needs more than one try */
	PATIENCE_S = 10,
	PAUSE_MS = 50,
	BOUND_S = 40, /* for all of it: the other's turn, begin and end */
};

/* A login's texts, which have no terminator where they fill their field. */
struct login {
	char line[sizeof ((struct record_entry *)0)->line + 1];
	char user[sizeof ((struct record_entry *)0)->user + 1];
	char host[sizeof ((struct record_entry *)0)->host + 1];
	const char *service;
	uint64_t begin; /* microseconds since 1970, as all times of wtmpdb's */
};

static void fill(struct login *login, const struct record *record)
{
	memset(login, 0, sizeof *login);
	memcpy(login->line, record->entry.line, sizeof record->entry.line);
	memcpy(login->user, record->entry.user, sizeof record->entry.user);
	memcpy(login->host, record->entry.host, sizeof record->entry.host);
	login->service = record->service;
	login->begin = (uint64_t)record->entry.seconds * 1000000 + (uint64_t)record->entry.microseconds;
}

/* One try: wtmpdb's number of the login (any number for its end), or negative. */
static int64_t put_once(const struct login *login, int64_t id, uint64_t end, char **error)
{
	if (end)
		return wtmpdb_logout(NULL, id, end, error);
	return wtmpdb_login(NULL, USER_PROCESS, login->user, login->begin, login->line, login->host, login->service, error);
}

/* end: 0 for the begin. */
static int64_t put(const struct login *login, int64_t id, uint64_t end)
{
	const struct timespec pause = { .tv_nsec = PAUSE_MS * 1000000L };
	const long last = clock_ms() + PATIENCE_S * 1000L;

	for (;;) {
		const bool is_last = clock_ms() >= last;
		char *error = NULL;
		int64_t result = put_once(login, id, end, &error);

		if (result < 0 && is_last)
			syslog(LOG_WARNING, "%s: record: wtmpdb: the %s is not written: %s (hint: fuser -v /var/log/wtmp.db)",
				login->line, end ? "end" : "begin", error ? error : "no reason given");
		free(error);
		if (result >= 0 || is_last)
			return result;
		(void)nanosleep(&pause, NULL); /* sooner does no harm */
	}
}

/* Over what is there: no full disk keeps it from being written. */
static bool set_number(struct record *record, int64_t number)
{
	record->number = number;
	return pwrite(RECORD, record, sizeof *record, 0) == (ssize_t)sizeof *record;
}

/* end: 0 for the begin. */
static bool write_event(struct record *record, uint64_t end)
{
	struct login login;

	fill(&login, record);
	if (record->number == 0) {
		int64_t number = put(&login, 0, 0);

		if (number <= 0 || !set_number(record, number))
			return false;
	}
	if (!end || record->number == RECORD_CLOSED)
		return true;
	return put(&login, record->number, end) >= 0 && set_number(record, RECORD_CLOSED);
}

/* A host without this database wants none. Debian has it elsewhere, and a link in the package of its commands alone. */
static bool has_database(void)
{
	return access(_PATH_WTMPDB, F_OK) == 0 || access("/var/log/wtmp.db", F_OK) == 0;
}

int main(int argc, char **argv)
{
	const bool end = argc == 2 && text_equal(argv[1], "end");
	struct record record;
	struct timespec now;

	if (!end && (argc != 2 || !text_equal(argv[1], "begin")))
		return EXIT_FAILURE;
	/* as the watcher had them from sshd: a lock that never comes must be able to end this */
	(void)signal(SIGALRM, SIG_DFL);
	(void)alarm(BOUND_S);
	openlog("contained", LOG_PID, LOG_AUTHPRIV);
	if (!has_database())
		return EXIT_SUCCESS;
	if (clock_gettime(CLOCK_REALTIME, &now) < 0 || flock(RECORD, LOCK_EX) < 0 ||
		pread(RECORD, &record, sizeof record, 0) != (ssize_t)sizeof record || record.entry.type != RECORD_USER) {
		syslog(LOG_WARNING, "record: standard input is no record of a session: %s", strerror(errno));
		return EXIT_FAILURE;
	}
	record.service[sizeof record.service - 1] = '\0';
	return write_event(&record, end ? wtmpdb_timespec2usec(now) : 0) ? EXIT_SUCCESS : EXIT_FAILURE;
}
