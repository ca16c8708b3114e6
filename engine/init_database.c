/*
 * The wtmpdb of hosts that have no wtmp any more (wtmpdb(8)). A program of its own writes it, contained-record, which is
 * there where it was built: a database has no place in a process that stays. Nobody waits for it.
 */
#include "init.h"
#include "init_private.h"
#include "init_sys.h"

static const char program[] = CONTAINED_LIBEXEC "/contained-record";

/* The program in the place of the calling process: of what the watchers hold it has nothing, and it can be ended. */
static void execute(const char *const argv[])
{
	static const char *const none[] = { NULL };
	const uint64_t signals = 0;

	sys(__NR_close_range, 3, ~0u, 0);
	sys(__NR_rt_sigprocmask, 2 /* SIG_SETMASK */, &signals, 0, 8);
	sys(__NR_execve, program, argv, none);
	sys(__NR_exit_group, 127);
}

/* As nobody's child, so that it leaves no zombie to a process that waits for none. */
static void run(const char *const argv[])
{
	enum { sigchld = 17, x_ok = 1 };
	long child;

	/* most hosts have none, and need no process to find out */
	if (sys(__NR_faccessat, AT_FDCWD, program, x_ok) < 0)
		return;
	child = sys(__NR_clone, sigchld, 0, 0, 0, 0);
	if (child == 0) {
		if (sys(__NR_clone, sigchld, 0, 0, 0, 0) == 0)
			execute(argv);
		sys(__NR_exit_group, 0);
	}
	if (child > 0)
		sys(__NR_wait4, child, 0, 0, 0);
}

/* The line of an entry with a terminator, and its time in microseconds since 1970. */
struct texts {
	char line[sizeof((struct record_entry *)0)->line + 1], time[24];
};

static void fill(struct texts *texts, const struct record_entry *entry)
{
	struct str time = { texts->time, sizeof texts->time, 0 };

	memcpy(texts->line, entry->line, sizeof entry->line);
	texts->line[sizeof entry->line] = '\0';
	str_add_number(&time, (uint64_t)entry->seconds * 1000000 + (uint64_t)entry->microseconds);
}

void database_login(int state, const struct record_entry *entry)
{
	char label[512];
	struct texts texts;
	const char *const argv[] = { program, "login", texts.line, texts.time, label, NULL };

	fill(&texts, entry);
	if (sys_read_file(state, STATE_SESSION, label, sizeof label) > 0)
		run(argv);
}

void database_logout(const struct record_entry *entry)
{
	struct texts texts;
	const char *const argv[] = { program, "logout", texts.line, texts.time, NULL };

	fill(&texts, entry);
	run(argv);
}
