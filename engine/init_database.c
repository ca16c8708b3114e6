/*
 * The wtmpdb of a host that has one in the place of wtmp (wtmpdb(8)). It is an SQL database: a program of its own
 * writes it, contained-record, which is there where it was built. Nobody waits for it: a database that is locked
 * holds up no login and no end of one. It puts begin and end in order by itself (record_main.c).
 */
#include "init_private.h"
#include "init_sys.h"

/* The program beside this one, whatever the prefix; false where there is none. */
static bool find_program(char *path, size_t size)
{
	enum { x_ok = 1 };
	long length = sys(__NR_readlinkat, AT_FDCWD, "/proc/self/exe", path, size - 1);
	struct str text;

	/* "… (deleted)" after an upgrade: its directory is the same */
	while (length > 0 && path[length - 1] != '/')
		length--;
	if (length <= 0)
		return false;
	text = (struct str){ path, size, (size_t)length };
	str_add(&text, "contained-record");
	return text.used + 1 < size && sys(__NR_faccessat, AT_FDCWD, path, x_ok) == 0;
}

/* In the place of the calling process, with the record as its standard input and nothing else of ours. */
static void execute(const char *path, int record, const char *event)
{
	const char *const argv[] = { path, event, NULL };
	static const char *const none[] = { NULL };
	const uint64_t signals = 0;

	if (sys(__NR_dup3, record, 0, 0) == 0) {
		sys(__NR_close_range, 3, ~0u, 0);
		sys(__NR_rt_sigprocmask, 2 /* SIG_SETMASK */, &signals, 0, 8);
		sys(__NR_execve, path, argv, none);
	}
	sys(__NR_exit_group, 127);
}

/* As no child of the watcher's, which would wait for none. */
static void run(int record, const char *event)
{
	char path[256];
	long child;

	/* most hosts have none, and need no process to find that out */
	if (!find_program(path, sizeof path))
		return;
	child = sys(__NR_clone, SIG_CHLD, 0, 0, 0, 0);
	if (child == 0) {
		if (sys(__NR_clone, SIG_CHLD, 0, 0, 0, 0) == 0)
			execute(path, record, event);
		sys(__NR_exit_group, 0);
	}
	if (child > 0)
		sys(__NR_wait4, child, 0, 0, 0);
}

void database_begin(int record)
{
	run(record, "begin");
}

void database_end(int record)
{
	run(record, "end");
}
