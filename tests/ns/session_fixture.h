#pragma once
/* Real sessions for tests: a plan from the built-in defaults, a leader to put in, and what there is of one by its name. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "host.h"
#include "init.h"
#include "own.h"
#include "plan.h"
#include "policy.h"
#include "session.h"
#include "state.h"
#include "text.h"

#include <cmocka.h> /* last: it defines fail() as a macro */

enum { SUBJECT_UID = 54321, GONE_MS = 2000, DEADLINE_MS = 8000 };

/* For the children: a failed check ends the child, and with it the test. */
#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			print_message("%s:%d: %s (%s)\n", __FILE__, __LINE__, #condition,          \
				strerror(errno));                                                  \
			_exit(1);                                                                  \
		}                                                                                  \
	} while (0)

static inline void needs_root(void)
{
	if (geteuid() != 0) {
		print_message("skipped: making sessions needs root\n");
		skip();
	}
}

static inline long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static inline void pause_us(long microseconds)
{
	const struct timespec pause = { microseconds / 1000000, microseconds % 1000000 * 1000 };

	(void)nanosleep(&pause, NULL); /* only a pause */
}

/* The directory of contained-init: this program is build/tests/ns/test_NAME. */
static inline const char *helpers(char buf[256])
{
	ssize_t length = readlink("/proc/self/exe", buf, 255);

	CHECK(length > 0);
	buf[length] = '\0';
	for (int i = 0; i < 3; i++)
		*strrchr(buf, '/') = '\0';
	return buf;
}

/* What the tests and the leaders share. */
struct leader {
	char name[TAROT_NAME]; /* set when the name is reserved */
	volatile int stage;
	struct error err;
	pid_t pid;
	long open_us; /* how long session_open() took */
};
enum { STAGE_NONE, STAGE_RESERVED, STAGE_OPEN, STAGE_REFUSED, STAGE_CLOSED };

/* A plan for a user of no passwd, from the defaults; a host that cannot give the limits gets none. */
static inline int fixture_plan(const char *name, struct plan *plan, struct error *err)
{
	static struct subject_group groups[] = { { SUBJECT_UID, (char *)"test-of-contained" } };
	const struct subject subject = { .user = (char *)"test-of-contained",
		.uid = SUBJECT_UID,
		.gid = SUBJECT_UID,
		.gecos = (char *)"",
		.home = (char *)"/nonexistent",
		.shell = (char *)"/bin/sh",
		.groups = groups,
		.group_count = 1,
		.service = (char *)"test",
		.tty = (char *)"",
		.rhost = (char *)"" };
	own_fd int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct policy policy;
	struct host host = { 0 };
	int result;

	if (policy_defaults(&policy, err) < 0)
		return -1;
	policy.limits = LIMITS_TRY;
	result = host_load(root, &policy, &subject, &host, err);
	if (result == 0)
		result = plan_make(&policy, &subject, &host, name, plan, err);
	host_free(&host);
	policy_free(&policy);
	return result;
}

static inline struct leader *leader_new(void)
{
	struct leader *leader = mmap(
		NULL, sizeof *leader, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(leader, MAP_FAILED);
	return leader;
}

/* As fork(2). */
static inline pid_t leader_fork(struct leader *leader)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid > 0)
		leader->pid = pid; /* shared with the child, who must not set it to 0 */
	else
		(void)alarm(60);
	return pid;
}

/* In the leader: reserves, plans, opens. 0, or -1 and leader->err. */
static inline int leader_open(struct leader *leader, struct session *session, struct plan *plan)
{
	char directory[256], name[TAROT_NAME];
	struct timespec begin, end;
	int state = -1, result;

	*plan = (struct plan){ 0 };
	session_none(session);
	CHECK(state_reserve(&state_root_of_host, name, &state, &leader->err) == 0);
	memcpy(leader->name, name, sizeof name);
	if (fixture_plan(name, plan, &leader->err) < 0) {
		state_discard(&state_root_of_host, name, &state);
		leader->stage = STAGE_REFUSED;
		return -1;
	}
	leader->stage = STAGE_RESERVED;
	clock_gettime(CLOCK_MONOTONIC, &begin);
	result = session_open(session, plan, state, helpers(directory), DEADLINE_MS, &leader->err);
	clock_gettime(CLOCK_MONOTONIC, &end);
	leader->open_us =
		(end.tv_sec - begin.tv_sec) * 1000000 + (end.tv_nsec - begin.tv_nsec) / 1000;
	leader->stage = result == 0 ? STAGE_OPEN : STAGE_REFUSED;
	return result;
}

static inline bool wait_for_stage(const struct leader *leader, int stage, long milliseconds)
{
	for (long end = now_ms() + milliseconds; leader->stage < stage && now_ms() < end;)
		pause_us(200);
	return leader->stage >= stage;
}

/* The first word after "key" of a file of procfs, or "". */
static inline void proc_text(pid_t pid, const char *file, char *buf, size_t size)
{
	char path[96];
	own_fd int fd = -1;
	ssize_t got;

	buf[0] = '\0';
	(void)snprintf(path, sizeof path, "/proc/%d/%s", pid, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	got = fd < 0 ? -1 : read(fd, buf, size - 1);
	buf[got > 0 ? got : 0] = '\0';
}

/* Zombies count as dead: their parent may be slow. */
static inline bool is_alive(pid_t pid)
{
	char text[1024];
	const char *end;

	proc_text(pid, "stat", text, sizeof text);
	end = strrchr(text, ')');
	return end && end[1] == ' ' && end[2] != 'Z' && end[2] != 'X';
}

static inline pid_t parent_of(pid_t pid)
{
	char text[1024];
	const char *end;

	proc_text(pid, "stat", text, sizeof text);
	end = strrchr(text, ')');
	return end ? (pid_t)strtol(end + 4, NULL, 10) : -1;
}

/* Does the process hold the lock on that session's state directory? Others may look into it at any time. */
static inline bool holds_state(pid_t pid, const char *name)
{
	char path[64], target[256], wanted[128], info[1024];
	bool found = false;
	DIR *dir;

	(void)snprintf(path, sizeof path, "/proc/%d/fd", pid);
	(void)snprintf(wanted, sizeof wanted, INIT_STATE_ROOT "/%s", name);
	dir = opendir(path);
	for (const struct dirent *entry; dir && !found && (entry = readdir(dir));) {
		ssize_t length = readlinkat(dirfd(dir), entry->d_name, target, sizeof target - 1);

		target[length > 0 ? length : 0] = '\0';
		if (!text_after(target, wanted)) /* "… (deleted)" counts */
			continue;
		(void)snprintf(path, sizeof path, "fdinfo/%.16s", entry->d_name);
		proc_text(pid, path, info, sizeof info);
		found = strstr(info, "FLOCK") != NULL;
	}
	if (dir)
		closedir(dir);
	return found;
}

enum { PART_LEADER, PART_BUILDER, PART_WATCH, PART_TWIN, PART_INIT, PARTS };

/* The living processes of a session by their parts, 0 where there is none. */
static inline unsigned session_parts(const struct leader *leader, pid_t parts[PARTS])
{
	DIR *dir = opendir("/proc");
	unsigned count = 0;

	memset(parts, 0, PARTS * sizeof *parts);
	for (const struct dirent *entry; dir && (entry = readdir(dir));) {
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
		char comm[32], cgroup[2048];
		int part = -1;

		if (pid <= 1 || !is_alive(pid))
			continue;
		proc_text(pid, "comm", comm, sizeof comm);
		proc_text(pid, "cgroup", cgroup, sizeof cgroup);
		if (pid == leader->pid)
			part = PART_LEADER;
		else if (parent_of(pid) == leader->pid)
			continue; /* the one that only forks the builder: a moment later it is no part of anything */
		else if (holds_state(pid, leader->name))
			part = strcmp(comm, "contained-twin\n") == 0  ? PART_TWIN
			       : strncmp(comm, "contained-", 10) == 0 ? PART_WATCH
								      : PART_BUILDER;
		else if (strstr(cgroup, leader->name))
			part = PART_INIT;
		if (part < 0)
			continue;
		parts[part] = pid;
		count++;
	}
	if (dir)
		closedir(dir);
	return count;
}

/* Is there a control group of that name? In any of the plan's directories. */
static inline bool has_cgroup(const struct plan *plan, const char *name)
{
	for (size_t i = 0; i < plan->cgroup.dir_count; i++) {
		char path[CGROUP_PATH + 80];

		(void)snprintf(
			path, sizeof path, "%s/contained/%s", plan->cgroup.dirs[i].mount, name);
		if (access(path, F_OK) == 0)
			return true;
	}
	return false;
}

static inline bool has_state(const char *name)
{
	char path[128];

	(void)snprintf(path, sizeof path, INIT_STATE_ROOT "/%s", name);
	return access(path, F_OK) == 0;
}

static inline void tell_process(int part, pid_t pid)
{
	static const char *const names[PARTS] = { "leader", "builder", "watcher", "twin",
		"inside" };
	char stat[128], wchan[64];

	if (!pid)
		return;
	proc_text(pid, "stat", stat, sizeof stat);
	proc_text(pid, "wchan", wchan, sizeof wchan);
	print_message("  %s: %s … in %s\n", names[part], stat, wchan);
}

/* Waits until nothing is left of the session but perhaps its leader; how long that took, or -1 and it is told. */
static inline long wait_until_gone(
	const struct plan *like, const struct leader *leader, long milliseconds)
{
	long begin = now_ms();
	pid_t parts[PARTS];

	for (;;) {
		bool last = now_ms() - begin > milliseconds;
		bool state = has_state(leader->name), cgroup = has_cgroup(like, leader->name);

		if (!state && !cgroup) {
			(void)session_parts(leader, parts);
			if (!parts[PART_BUILDER] && !parts[PART_WATCH] && !parts[PART_TWIN] &&
				!parts[PART_INIT])
				return now_ms() - begin;
		}
		if (last) {
			(void)session_parts(leader, parts);
			print_message("%s is left:%s%s\n", leader->name, state ? " state" : "",
				cgroup ? " cgroup" : "");
			for (int i = 0; i < PARTS; i++)
				tell_process(i, parts[i]);
			return -1;
		}
		pause_us(2000);
	}
}

/* Waits for the leader to end, at most that long; its status, or -1 (and it is killed). */
static inline int reap_leader(const struct leader *leader, long milliseconds)
{
	int status = -1;

	for (long end = now_ms() + milliseconds; now_ms() < end; pause_us(1000))
		if (waitpid(leader->pid, &status, WNOHANG) == leader->pid)
			return status;
	assert_true(leader->pid > 1);
	(void)kill(leader->pid, SIGKILL);
	(void)waitpid(leader->pid, NULL, 0); /* it was too slow, that is what counts */
	return -1;
}

/* What a watcher that was killed with its twin left: as the next login does it. */
static inline void sweep_up(const struct leader *leader)
{
	char directory[256], path[300];
	pid_t pid = fork();

	if (pid == 0) {
		(void)snprintf(path, sizeof path, "%s/contained-init", helpers(directory));
		execl(path, "contained-init", "--sweep", leader->name, NULL);
		_exit(127);
	}
	(void)waitpid(pid, NULL, 0); /* what is left is looked at by the caller */
}
