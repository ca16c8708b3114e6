/*
 * contained-record login LINE TIME LABEL | logout LINE TIME: writes a login and its end to the host's wtmpdb(8). Started by
 * contained-init (init_database.c), which waits for nobody; never setuid.
 *
 *	LINE   the session's name, where others have the terminal
 *	TIME   microseconds since 1970
 *	LABEL  "user=alice uid=1000 service=sshd rhost=192.0.2.1", as plan.c makes it
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <wtmpdb.h>

#include "text.h"

enum { PATIENCE_S = 10, LOGIN_TRIES = 50 /* of 100 ms */ };

/* The value of a word "KEY=value" of the label, which is cut there; NULL where there is none. */
static const char *field(const char *label, const char *key, char *buf, size_t size)
{
	size_t length;

	for (; label; label = strchr(label, ' '), label = label ? label + 1 : NULL) {
		const char *value = text_after(label, key);

		if (!value)
			continue;
		length = strcspn(value, " ");
		return text_format(buf, size, "%.*s", (int)length, value) < 0 ? NULL : buf;
	}
	return NULL;
}

static int fail_told(const char *what, char *error)
{
	(void)fprintf(stderr, "contained-record: %s: %s\n", what, error ? error : "failed");
	free(error);
	return EXIT_FAILURE;
}

static int login(const char *line, uint64_t when, const char *label)
{
	char user[128], service[128], rhost[300];
	char *error = NULL;

	if (wtmpdb_login(NULL, USER_PROCESS, field(label, "user=", user, sizeof user), when, line,
		    field(label, "rhost=", rhost, sizeof rhost),
		    field(label, "service=", service, sizeof service), &error) < 0)
		return fail_told(line, error);
	return EXIT_SUCCESS;
}

/* A session may end before its login is written: both are on their way then. */
static int64_t find_login(const char *line)
{
	const struct timespec pause = { .tv_nsec = 100000000 };

	for (int i = 0; i < LOGIN_TRIES; i++) {
		char *error = NULL;
		int64_t id = wtmpdb_get_id(NULL, line, &error);

		free(error);
		if (id >= 0)
			return id;
		(void)nanosleep(&pause, NULL);
	}
	return -1;
}

static int logout(const char *line, uint64_t when)
{
	int64_t id = find_login(line);
	char *error = NULL;

	if (id < 0)
		return EXIT_SUCCESS; /* there is none, or it was closed by the twin */
	return wtmpdb_logout(NULL, id, when, &error) < 0 ? fail_told(line, error) : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	uint64_t when = 0;

	/* a database that is locked by somebody else, who stays */
	(void)alarm(PATIENCE_S);
	if (argc == 5 && text_equal(argv[1], "login") && text_parse_u64(argv[3], &when))
		return login(argv[2], when, argv[4]);
	if (argc == 4 && text_equal(argv[1], "logout") && text_parse_u64(argv[3], &when))
		return logout(argv[2], when);
	return fail_told("usage", NULL);
}
