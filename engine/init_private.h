#pragma once
/* init_private: what the files of contained-init share among themselves. */
#include <stdbool.h>
#include <stdint.h>

#include "init_record.h"

/* Capabilities by number (linux/capability.h). */
enum { INIT_CAP_KILL = 5, INIT_CAP_SYS_NICE = 23 };
/* Keeps these capabilities alone, a bit each, sets the name shown by ps, hides /proc/PID from others. */
void init_harden(const char *name, uint32_t kept);

/* own: how many processes of the session are not the user's. */
int watch_run(unsigned own);

/* What a session used, summed over its control groups. */
struct usage {
	uint64_t memory_peak;      /* bytes */
	uint64_t cpu_microseconds;
	uint64_t oom_kills;
	uint64_t pids_refused;
};

/* A session's control groups, as its state directory lists them. */
enum { CLEAN_DIRS = 8 };
struct cleaning {
	int state; /* fd of the state directory; not owned */
	char text[4096];
	const char *leaf[CLEAN_DIRS]; /* into text */
	const char *origin[CLEAN_DIRS];
	unsigned count;
};

/* Reads the list. A session that failed early has none: count 0. */
void clean_load(struct cleaning *cleaning, int state);
/* Raises what `usage` has to what the groups tell now: those that are gone tell nothing. */
void clean_usage(const struct cleaning *cleaning, struct usage *usage);
/* Moves a process back to where it was before it joined. */
void clean_move_back(const struct cleaning *cleaning, int pid);
/* How many processes are in the session's control group (zombies do not count); 0 where there is none. */
unsigned clean_members(const struct cleaning *cleaning);
/* The session process is in a group that is not ours: it is counted there as long as it lives. */
bool clean_leader_stays(const struct cleaning *cleaning);
/*
 * Removes the control groups that are ours, killing what is still in them, for at most that long; spared (0: nobody) is moved
 * back instead. false: some are left.
 */
bool clean_remove(const struct cleaning *cleaning, int spared, int milliseconds);
/* A nice value of a member counts among them alone: one of the groups shares out the processor. */
bool clean_has_cpu(const struct cleaning *cleaning);
/* Removes the state's files and the directory itself. */
void clean_state(int state, const char *name);
/* The name of an open state directory (from /proc/self/fd), into a buffer of 64 bytes. */
bool clean_name(int state, char *name);

/* Children of the session process that run its own program go before the busy ones of the session, none of theirs does. */
void priority_raise_door(const struct cleaning *cleaning, int leader);

/*
 * Lets contained-record write the begin or the end of the login whose STATE_RECORD file this is to the host's wtmpdb,
 * where that program is installed. Waits for nobody.
 */
void database_begin(int record);
void database_end(int record);

/* No limit on the size of files, which the session process may have had from a user (su), stops the records. */
void record_prepare(void);
/* Writes the begin of a login to the host's utmp and wtmp, where the session gets records. */
void record_begin(int state);
/* Writes a login that has begun to the host's lastlog. */
void record_last(int state);
/* Writes the end of a login that has begun, to all of them. Once more does nothing. */
void record_end(int state);

/*
 * Goes through the state root, a path below dir; name: wait for this one, and spare the process (0: none) whose set-up
 * it was. forced: even if somebody did so a moment ago.
 */
int clean_sweep(int dir, const char *path, const char *name, int spared, bool forced);
