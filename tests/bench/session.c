/*
 * session [--no-net] [--no-limits] HELPERS USER UID GID HOME PROGRAM
 * session … --times COUNT    the same, printing "PLAN OPEN CLOSE" in microseconds of each
 * session … --hold COUNT     makes that many sessions, says "ready", keeps them until its input ends
 * session … --cgroups        prints the control groups and writes of such a session, as floor.c takes them
 *
 * A session through the engine, by the calls of the PAM module, around a program: this process stands in the
 * place of sshd's monitor and opens it, a child runs the program as the user, it is closed and nothing is left.
 * HELPERS: directory of contained-init. The policy is the built-in one.
 */
#include <fcntl.h>
#include <grp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "engine/host.h"
#include "engine/own.h"
#include "engine/plan.h"
#include "engine/policy.h"
#include "engine/session.h"
#include "engine/state.h"
#include "engine/subject.h"

enum { CLOSE_MS = 2500 };

struct job {
	bool network, limits;
	unsigned times, hold;
	bool cgroups;
	const char *helpers, *user, *home, *program;
	uid_t uid;
	gid_t gid;
};

/* What the module keeps while it sets a session up. */
struct parts {
	struct policy policy;
	struct subject subject;
	struct host host;
	struct plan plan;
	char name[TAROT_NAME];
	int state;
};

static _Noreturn void die(const struct error *err)
{
	char text[1024];

	error_format(err, text, sizeof text);
	fprintf(stderr, "session: %s\n", text);
	exit(1);
}

static double now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/* By hand: a look-up is no part of what is measured, and the floor has none either. */
static int make_subject(const struct job *job, struct subject *subject, struct error *err)
{
	subject->user = strdup(job->user);
	subject->uid = job->uid;
	subject->gid = job->gid;
	subject->gecos = strdup("");
	subject->home = strdup(job->home);
	subject->shell = strdup("/bin/sh");
	subject->groups = calloc(1, sizeof *subject->groups);
	if (!subject->user || !subject->gecos || !subject->home || !subject->shell ||
		!subject->groups)
		return fail(err, errno, job->user, "no memory");
	subject->groups[0] = (struct subject_group){ job->gid, strdup(job->user) };
	subject->group_count = 1;
	return subject_set_login(subject, "contained-bench", "", "", err);
}

static int prepare(const struct job *job, struct parts *parts, struct error *err)
{
	own_fd int root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	parts->state = -1;
	if (state_reserve(&state_root_of_host, parts->name, &parts->state, err) < 0 ||
		policy_defaults(&parts->policy, err) < 0)
		return -1;
	if (!job->network)
		parts->policy.network = NETWORK_HOST;
	if (!job->limits)
		parts->policy.limits = LIMITS_OFF;
	if (make_subject(job, &parts->subject, err) < 0 ||
		host_load(root_fd, &parts->policy, &parts->subject, &parts->host, err) < 0)
		return -1;
	return plan_make(
		&parts->policy, &parts->subject, &parts->host, parts->name, &parts->plan, err);
}

static void release(struct parts *parts)
{
	plan_free(&parts->plan);
	host_free(&parts->host);
	policy_free(&parts->policy);
	subject_free(&parts->subject);
}

static void open_session(const struct job *job, struct session *session, double *planned)
{
	struct parts parts = { 0 };
	struct error err = { 0 };
	own_fd int slot = -1;

	if (prepare(job, &parts, &err) < 0)
		die(&err);
	session_none(session);
	*planned = now_us();
	slot = state_take_slot((unsigned)parts.policy.slots, (int)parts.policy.slot_wait, &err);
	if (slot < 0 || session_open(session, &parts.plan, take_fd(&parts.state), job->helpers,
				(int)parts.policy.deadline, &err) < 0)
		die(&err);
	release(&parts);
}

static void run_program(const struct job *job)
{
	char *const argv[] = { (char *)job->program, NULL };
	char *const no_environment[] = { NULL };
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		if (setgroups(0, NULL) == 0 && setgid(job->gid) == 0 && setuid(job->uid) == 0)
			execve(job->program, argv, no_environment);
		perror(job->program);
		_exit(1);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0 || status != 0) {
		fprintf(stderr, "session: %s failed\n", job->program);
		exit(1);
	}
}

/* From the opening to the end of one session; this process is inside it afterwards. */
static void serve(const struct job *job)
{
	double start = now_us(), planned, opened, closing;
	struct session session;

	open_session(job, &session, &planned);
	opened = now_us();
	run_program(job);
	closing = now_us();
	session_close(&session, CLOSE_MS);
	if (job->times)
		printf("%.0f %.0f %.0f\n", planned - start, opened - planned, now_us() - closing);
}

static int run_times(const struct job *job)
{
	for (unsigned i = 0; i < job->times; i++) {
		/* a pause: without one, the kernel's RCU waits of the control groups are left out */
		struct timespec gap = { 0, 30000000 };
		pid_t pid = fork();
		int status = 1;

		if (pid == 0) {
			serve(job);
			exit(0);
		}
		if (pid < 0 || waitpid(pid, &status, 0) < 0 || status != 0)
			return 1;
		nanosleep(&gap, NULL);
	}
	return 0;
}

static _Noreturn void hold_one(const struct job *job, int ready, int end)
{
	struct session session;
	double planned;
	char byte = 'r';

	open_session(job, &session, &planned);
	if (write(ready, &byte, 1) != 1)
		exit(1);
	close(ready);
	(void)!read(end, &byte, 1); /* end of file */
	session_close(&session, CLOSE_MS);
	exit(0);
}

/* One more session. 0, or -1 when it failed. */
static int hold_another(const struct job *job, const int end[2])
{
	int ready[2];
	char byte;
	ssize_t got;
	pid_t pid;

	if (pipe(ready) < 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		/* or the input's end would never reach the others */
		close(end[1]);
		close(ready[0]);
		hold_one(job, ready[1], end[0]);
	}
	close(ready[1]);
	got = read(ready[0], &byte, 1);
	close(ready[0]);
	return pid > 0 && got == 1 ? 0 : -1;
}

static int run_hold(const struct job *job)
{
	int end[2], failed = 0, status;
	char byte;

	if (pipe(end) < 0)
		return 1;
	for (unsigned i = 0; i < job->hold && !failed; i++) {
		/* a second has 78 names; fifty sessions in one rarely run out of luck */
		struct timespec pause = { 0, 16000000 };

		failed = hold_another(job, end) < 0;
		nanosleep(&pause, NULL);
	}
	if (!failed)
		puts("ready");
	(void)fflush(stdout);
	while (!failed && read(0, &byte, 1) > 0)
		;
	close(end[1]);
	while (waitpid(-1, &status, 0) > 0)
		failed = failed || status != 0;
	return failed;
}

static int print_cgroups(const struct job *job)
{
	struct parts parts = { 0 };
	struct error err = { 0 };

	if (prepare(job, &parts, &err) < 0)
		die(&err);
	for (size_t i = 0; i < parts.plan.cgroup.dir_count; i++) {
		const struct cgroup_plan *plan = &parts.plan.cgroup;

		printf("cgroup=%s,%s\n", plan->dirs[i].mount, plan->dirs[i].origin);
		for (size_t j = 0; j < plan->write_count; j++)
			if (plan->writes[j].dir == i)
				printf("write=%s=%s\n", plan->writes[j].file,
					plan->writes[j].value);
	}
	state_discard(&state_root_of_host, parts.name, &parts.state);
	release(&parts);
	return 0;
}

int main(int argc, char **argv)
{
	struct job job = { .network = true, .limits = true };
	int at = 1;

	for (; at < argc && strncmp(argv[at], "--", 2) == 0; at++) {
		if (strcmp(argv[at], "--no-net") == 0)
			job.network = false;
		else if (strcmp(argv[at], "--no-limits") == 0)
			job.limits = false;
		else if (strcmp(argv[at], "--cgroups") == 0)
			job.cgroups = true;
		else if (strcmp(argv[at], "--times") == 0 && at + 1 < argc)
			job.times = (unsigned)strtoul(argv[++at], NULL, 10);
		else if (strcmp(argv[at], "--hold") == 0 && at + 1 < argc)
			job.hold = (unsigned)strtoul(argv[++at], NULL, 10);
		else
			break;
	}
	if (argc - at != 6) {
		fprintf(stderr, "usage: session [--no-net] [--no-limits] [--times N | --hold N | "
				"--cgroups] HELPERS USER UID GID HOME PROGRAM\n");
		return 2;
	}
	job.helpers = argv[at];
	job.user = argv[at + 1];
	job.uid = (uid_t)strtoul(argv[at + 2], NULL, 10);
	job.gid = (gid_t)strtoul(argv[at + 3], NULL, 10);
	job.home = argv[at + 4];
	job.program = argv[at + 5];
	if (job.cgroups)
		return print_cgroups(&job);
	if (job.hold)
		return run_hold(&job);
	if (job.times)
		return run_times(&job);
	serve(&job);
	return 0;
}
