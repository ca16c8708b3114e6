#pragma once
/*
 * session: makes a plan true. START HERE, with the table of steps in session.c.
 *
 *	session process (sshd's monitor, su, the   builder, then watcher          PID 1 of the session
 *	command contained, …)
 *	  open
 *	  ── double fork ───────────────────────▶  slot, cgroup, netns
 *	                                           namespaces ── clone ────────▶  attach, private, mounts,
 *	                                           pasta (child of PID 1)          pivot, network, hostname
 *	                                           exec contained-init --watch
 *	  ◀── pidfd of PID 1, "on duty" ─────────  (and its twin)                  (user, shift: the session
 *	  ── maps of a user namespace ────────────────────────────────────────▶   process writes the maps)
 *	  ◀── ready, or the one error ─────────────────────────────────────────  exec contained-init
 *	  attach, setns, groups, keyring   (point of no return)
 *	  limits, caps, nonewprivs, seccomp
 *	  readback
 *	  ── begin ─────────────────────────────▶  tells its twin, writes the record
 *	  ◀── begun ─────────────────────────────  waits for either end
 *	  session_start_program(), where the door starts the program itself
 *
 * A session owns fds and pids, nothing else does. Leaving a half-built one is legal at any step. No PAM, no
 * printing, no exit() in the caller's process.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "error.h"
#include "mounts.h"
#include "plan.h"
#include "verify.h"

enum session_phase { PHASE_HOST, PHASE_ENTER, PHASE_JOIN, PHASE_SEAL, PHASE_VERIFY, PHASE_RUN };

/* Which process a step runs in. */
enum session_place { PLACE_LEADER, PLACE_BUILDER, PLACE_INIT, PLACE_PROGRAM };

struct session_step;

struct session {
	const struct plan *plan; /* borrowed while the session is being made */
	const char *helpers;     /* directory of contained-init */
	int deadline_ms;
	const char *last; /* name of the last step completed in this process */

	int state;   /* state directory; its lock */
	int control; /* socket to the watcher: the only fd that outlives session_open() */
	ino_t control_inode;
	int init;    /* pidfd of PID 1 */
	int builder; /* pidfd of the builder, who becomes the watcher */
	bool has_slot; /* the builder's turn has come: the deadline runs */
	bool watched; /* the watcher and its twin are on duty */
	bool maps_wanted; /* PID 1 waits for the maps of its user namespace */

	/* told of each step that is done, in the session process; NULL: nobody listens */
	void (*told)(void *context, const struct session_step *step);
	void *told_context;
	uint64_t heard; /* rows of the table, by bit, that the builder or PID 1 are done with */
	size_t next;    /* and the row to be told next: two processes at work are told in the table's order */

	/* between the processes of the set-up */
	int kept;         /* lock on what is kept of the root; the watchers' for as long as the session */
	int network, owner; /* with pasta: the network namespace, and the user namespace it belongs to; the builder's */
	int slot;         /* held by the builder and PID 1 until their execs, never by a process of the user's */
	int program;      /* contained-init, to be executed */
	int leader;       /* pidfd of the session process, for the watcher */
	int control_peer; /* the watcher's end */
	int report[2];    /* PID 1 and builder → session process: steps done, ready, or a struct error */
	int life[2];      /* watcher → PID 1: end-of-file is the end */
	struct mount_tree tree;
	struct verify verify;
};

struct session_step {
	const char *name;
	enum session_phase phase;
	enum session_place place;
	bool (*wanted)(const struct plan *plan); /* NULL: always */
	int (*run)(struct session *session, struct error *err);
	void (*undo)(struct session *session); /* NULL: the watcher undoes it, or nothing outlives it */
	const char *why;
};

/* The table, for explain and the documentation. */
extern const struct session_step session_steps[];
extern const size_t session_steps_count;
const char *session_phase_name(enum session_phase phase);

/* A session that holds nothing: may be closed and forgotten. */
void session_none(struct session *session);

/*
 * Makes the session and brings the calling process into it: single-threaded, one that forks afterwards (its
 * children are in the new pid namespace, it is not). state: from state_reserve(); owned by the session from
 * here on, in any case. helpers: directory of contained-init. deadline_ms: for the whole set-up. The session is a
 * fresh one of session_none(), with `told` set where somebody wants to hear of the steps.
 *
 * 0: sealed, verified, begun. -1 and err: nothing is left of it on the host; before the setns step the process
 * is as it was, after it the process sits in what is left and can only be ended.
 */
int session_open(struct session *session, const struct plan *plan, int state, const char *helpers,
	int deadline_ms, struct error *err);

/*
 * For doors that start the program themselves: forks, becomes the plan's user, gives up the rest of the privileges and
 * executes the plan's program. *pid: a child to be waited for. 0 once it is executed; -1 and err: it was not, and
 * there is no child (num: ENOENT, EACCES … of execve(2)). Its standard fds are the caller's; it gets no other.
 */
int session_start_program(struct session *session, const struct plan *plan, pid_t *pid, struct error *err);

/*
 * Asks the watcher to end the session and waits until nothing is left of it, at most timeout_ms. The calling
 * process is moved out of the control groups; it stays in the namespaces. Once more does no harm.
 */
void session_close(struct session *session, int timeout_ms);

/* Closes this process's fds and nothing else: for a forked child that inherited the session. */
void session_forget(struct session *session);
