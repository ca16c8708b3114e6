#pragma once
/* session_steps: what the files of the session share. Private to session*.c. */
#include "session.h"

/* the steps, by the file they are in */
int step_open(struct session *session, struct error *err); /* session.c */

int step_slot(struct session *session, struct error *err); /* session_build.c */
int step_kept(struct session *session, struct error *err);
int step_cgroup(struct session *session, struct error *err);
int step_netns(struct session *session, struct error *err);
int step_namespaces(struct session *session, struct error *err);
int step_pasta(struct session *session, struct error *err);
int step_init_attach(struct session *session, struct error *err); /* session_init.c */
int step_user(struct session *session, struct error *err);
int step_shift(struct session *session, struct error *err);
int step_private(struct session *session, struct error *err);
int step_mounts(struct session *session, struct error *err);
int step_pivot(struct session *session, struct error *err);
int step_network(struct session *session, struct error *err);
int step_hostname(struct session *session, struct error *err);

int step_attach(struct session *session, struct error *err); /* session_join.c */
void undo_attach(struct session *session);
int step_priority(struct session *session, struct error *err);
void undo_priority(struct session *session);
int step_setns(struct session *session, struct error *err);
int step_groups(struct session *session, struct error *err);
int step_keyring(struct session *session, struct error *err);
int step_limits(struct session *session, struct error *err);
int step_caps(struct session *session, struct error *err);
int step_no_new_privs(struct session *session, struct error *err);
int step_seccomp(struct session *session, struct error *err);
int step_readback(struct session *session, struct error *err);

int step_become(struct session *session, struct error *err); /* session_program.c */

/* Runs the steps of one place and phase in the table's order; stamps the failing step's name. */
int session_run(struct session *session, enum session_phase phase, enum session_place place,
	struct error *err);

/* Forks the builder off, so that it is nobody's child. Its pidfd is in session->builder. */
int session_spawn_builder(struct session *session, struct error *err);

/*
 * In the session process: waits for the three good news (PID 1's pidfd, its exec, the watcher on duty), or the first
 * bad one, under the deadline; writes the maps of PID 1's user namespace when asked.
 */
int session_wait_for_builder(struct session *session, struct error *err);

/* The end of the builder: it becomes the watcher. Returns only on failure. */
int session_become_watcher(struct session *session, struct error *err);
/* The life of PID 1, from the clone to the exec. */
_Noreturn void session_become_init(struct session *session);

/* Sends the error to the session process and ends the calling process. */
_Noreturn void session_report(const struct session *session, const struct error *err);

/*
 * Moves these fds out of the way of the low numbers (-1 stays), close-on-exec, and closes every other one. /dev/null
 * of the present root, checked to be it, becomes 0, 1 and 2.
 */
int session_keep_fds(int *const *fds, size_t count, struct error *err);

/*
 * The messages of the report socket: a byte, and what belongs to it. The session process answers REPORT_MAPS with the
 * same byte once the maps are written.
 */
enum report {
	REPORT_READY = 'r',
	REPORT_ERROR = 'e', /* with a struct error */
	REPORT_STEP = 's',  /* with the number of a row that is done */
	REPORT_MAPS = 'm',  /* PID 1 is in its user namespace and waits for the maps */
};
/* What the builder sends over the control socket: it holds a slot; PID 1's pidfd, attached. */
enum { CONTROL_SLOT = 's', CONTROL_INIT = 'i' };

/* Program start without a path that could have changed meanwhile: execveat(2) of an fd. */
void session_exec(int program, const char *const argv[]);
