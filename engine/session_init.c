/*
 * PID 1 of the session, from the clone to its exec. Until then it holds a copy of the host application's
 * memory, host keys and all: it is not dumpable, nobody else is in its namespaces yet, and the exec ends it.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "init.h"
#include "kernel.h"
#include "namespaces.h"
#include "own.h"
#include "path.h"
#include "session_steps.h"
#include "text.h"

/* The session process is outside, and may write what this one may not. */
static int get_mapped(const struct session *session, struct error *err)
{
	char message = REPORT_MAPS;

	if (send(session->report[1], &message, 1, MSG_NOSIGNAL) != 1 ||
		recv(session->report[1], &message, 1, 0) != 1 || message != REPORT_MAPS)
		return fail(err, 0, "user namespace", "the session process is gone");
	return 0;
}

/* Killed with the builder; once that is the watcher, the life pipe tells the same. A change of ids forgets it (prctl(2)). */
static int tie_to_builder(struct error *err)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return fail(err, errno, "PID 1", "cannot be tied to its builder");
	return 0;
}

int step_user(struct session *session, struct error *err)
{
	return get_mapped(session, err);
}

int step_shift(struct session *session, struct error *err)
{
	if (namespaces_enter_user(err) < 0 || get_mapped(session, err) < 0 || namespaces_become_root(err) < 0)
		return -1;
	return tie_to_builder(err);
}

int step_init_attach(struct session *session, struct error *err)
{
	const struct cgroup_plan *cgroup = &session->plan->cgroup;
	own_fd int keeper = -1;

	if (cgroup_open_keeper(cgroup, &keeper, err) < 0 || cgroup_join(cgroup, err) < 0 || namespaces_enter_cgroup(err) < 0)
		return -1;
	return cgroup_enter_keeper(cgroup, keeper, err);
}

int step_private(struct session *session, struct error *err)
{
	(void)session;
	return mounts_private(err);
}

/* Below Linux 5.12 (mount_setattr(2)): a copy in memory that nobody can write to. A fd to execute it by, or -1. */
static int copy_program(int file)
{
	own_fd int memory = (int)syscall(SYS_memfd_create, "contained-init", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	own_fd int from = -1;
	char link[32];
	struct stat info;

	(void)text_format(link, sizeof link, "/proc/self/fd/%d", file);
	from = open(link, O_RDONLY | O_CLOEXEC);
	if (memory < 0 || from < 0 || fstat(from, &info) < 0 || sendfile(memory, from, NULL, (size_t)info.st_size) != info.st_size ||
		fcntl(memory, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
		return -1;
	(void)text_format(link, sizeof link, "/proc/self/fd/%d", memory);
	return open(link, O_RDONLY | O_CLOEXEC); /* while the first is open for writing it cannot be executed */
}

/*
 * The program of PID 1 through a read-only mount of its own: through /proc/1/exe, too, nobody inside can open
 * the host's file for writing (CVE-2019-5736).
 */
static int open_program(struct session *session, struct error *err)
{
	own_fd int host = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	own_fd int file = -1;
	own_fd int tree = -1;
	char path[256];

	if (text_format(path, sizeof path, "%s/contained-init", session->helpers) < 0)
		return fail(err, errno, session->helpers, "is too long a path");
	file = path_open(host, path, PATH_MUST_EXIST, 0, err);
	if (file < 0)
		return -1;
	tree = k_open_tree(file, "", AT_EMPTY_PATH | OPEN_TREE_CLONE);
	if (tree >= 0 && k_mount_setattr(tree, 0, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, 0, 0) < 0) {
		own_close_fd(&tree);
		if (errno == ENOSYS)
			tree = copy_program(file);
	}
	if (tree < 0)
		return fail(err, errno, path, "cannot be mounted read-only");
	own_close_fd(&session->program);
	session->program = take_fd(&tree);
	return 0;
}

int step_mounts(struct session *session, struct error *err)
{
	const struct plan *plan = session->plan;

	if (open_program(session, err) < 0)
		return -1;
	return mounts_build(plan->state_root.path, plan->mounts, plan->mount_count, &session->tree, err);
}

int step_pivot(struct session *session, struct error *err)
{
	if (mounts_pivot(&session->tree, err) < 0)
		return -1;
	own_close_fd(&session->tree.root);
	return 0;
}

int step_network(struct session *session, struct error *err)
{
	(void)session;
	return namespaces_loopback_up(err);
}

int step_hostname(struct session *session, struct error *err)
{
	return namespaces_set_hostname(session->plan->name, err);
}

/* Everything is in place: only the fds that PID 1 keeps, at their places, and two that its exec closes. */
static int place_fds(struct session *session, struct error *err)
{
	int *ptys = session->tree.ptys;
	int *const kept[] = { &session->life[0], &session->report[1], &session->program, &ptys[0], &ptys[1], &ptys[2],
		&ptys[3] };
	bool placed;

	static_assert(MOUNT_PTYS == 4, "all of them are kept");
	if (session_keep_fds(kept, ARRAY_SIZE(kept), err) < 0)
		return -1;
	placed = dup2(session->life[0], INIT_LIFE) >= 0;
	for (int i = 0; placed && i < MOUNT_PTYS && ptys[i] >= 0; i++)
		placed = dup2(ptys[i], INIT_PTY + i) >= 0;
	return placed ? 0 : fail(err, errno, "PID 1", "cannot place its file descriptors");
}

_Noreturn void session_become_init(struct session *session)
{
	static const char *const argv[] = { "contained-init", NULL };
	const char ready = REPORT_READY;
	struct error err = { 0 };

	if (tie_to_builder(&err) < 0)
		session_report(session, &err);
	own_close_fd(&session->life[1]);
	own_close_fd(&session->state);
	own_close_fd(&session->control_peer);
	own_close_fd(&session->leader);
	if (session->network >= 0 && setns(session->network, CLONE_NEWNET) < 0) {
		fail(&err, errno, "network", "cannot be joined");
		error_step(&err, "namespaces");
		session_report(session, &err);
	}
	if (session_run(session, PHASE_ENTER, PLACE_INIT, &err) < 0 || place_fds(session, &err) < 0)
		session_report(session, &err);
	/* the end of file that follows says that the exec went well */
	if (send(session->report[1], &ready, 1, MSG_NOSIGNAL) != 1)
		_exit(1);
	session_exec(session->program, argv);
	fail(&err, errno, "contained-init", "cannot be executed as PID 1");
	session_report(session, &err);
}
