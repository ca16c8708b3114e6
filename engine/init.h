#pragma once
/*
 * init: what the three faces of contained-init and those who start it agree on.
 *
 *	contained-init                  PID 1 of a session
 *	contained-init --watch [N]      the watcher, outside; N processes of the session are ours: PID 1, pasta
 *	contained-init --sweep [NAME [ROOT [PID]]]   removes what dead watchers left behind; PID lives on
 *	contained-init --look PATH…     looks the directories up, so that a file system that hangs hangs this
 *
 * Shared with session.c, hence without any system header.
 */

/* Where each process finds its fds after the exec. */
enum init_fd {
	INIT_LIFE = 3, /* PID 1: reading end of a pipe; end-of-file: both watchers are dead */
	INIT_PTY = 4,  /* PID 1: optional, and up to three more behind it: ptys that only have to stay open */

	WATCH_INIT = 3,    /* pidfd of PID 1 */
	WATCH_LEADER = 4,  /* pidfd of the session process: sshd's monitor, su, login … */
	WATCH_CONTROL = 5, /* socket (SOCK_SEQPACKET) to the session process */
	WATCH_STATE = 6,   /* the session's state directory, locked with flock */
	WATCH_LIFE = 7,    /* writing end of PID 1's pipe */
	WATCH_KEPT = 8,    /* optional, the lock on what is kept of the session's root */
};

/* One-byte messages on the control socket. */
enum watch_message {
	WATCH_READY = 'w',  /* watcher → session process: I and my twin are on duty */
	WATCH_BEGIN = 'b',  /* session process → watcher: sealed and verified, the session begins */
	WATCH_BEGUN = 'k',  /* watcher → session process: my twin and I know; its end is ours to see to */
	WATCH_CLOSE = 'c',  /* session process → watcher: it ends (a hint: each end's death is watched too), or its set-up failed */
	WATCH_GONE = 'd',   /* watcher → session process: nothing is left */
};

/* Files of a session's state directory, INIT_STATE_ROOT/NAME (0700, root). */
#define INIT_STATE_ROOT "/run/contained"
#define STATE_SESSION "session" /* one line: "user=alice uid=1000 service=sshd rhost=192.0.2.1", escaped */
#define STATE_RECORD "record"           /* a struct record (init_record.h), of a login whose session has not begun */
#define STATE_RECORD_OPEN "record.open" /* the same from the begin to the end, with the time of the begin */
#define STATE_CGROUPS "cgroups" /* a line each: the session's directory, a tab, where the leader came from */

enum {
	BEGIN_MS = 30000, /* from the watcher's start to the session's begin */
	/* from the begin until the session process has forked those that serve the login with it: sshd does at once */
	DOOR_MS = 500,
	/* and then to the entry in lastlog: sshd and login first look there for the time of the login before */
	RECORD_LAST_MS = 4500,
	END_GRACE_MS = 500,  /* from SIGHUP and SIGTERM to SIGKILL for the programs of a session */
	END_LEADER_MS = 400, /* for the session process to end by itself once its container is gone */
	END_REMOVE_MS = 1500, /* for the control groups to become empty */
	END_PASSING_MS = 10, /* for those of a dead session that a new one's twin comes across */
};
