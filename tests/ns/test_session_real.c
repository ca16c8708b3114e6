/* session: one that is opened for real, looked at from inside and outside, and ended in each way. Needs root. */
#include <grp.h>
#include <sys/resource.h>
#include <sys/utsname.h>

#include "session_fixture.h"

enum { FDS = 256 };

static struct plan like; /* for its directories of control groups */

static int group_setup(void **state)
{
	struct error err;

	(void)state;
	if (geteuid() != 0)
		return 0;
	return fixture_plan("like", &like, &err);
}

static int group_teardown(void **state)
{
	(void)state;
	plan_free(&like);
	return 0;
}

/* Runs the body as a leader whose session is open. */
static void with_session(
	struct leader *leader, void (*body)(struct leader *, struct session *, const struct plan *))
{
	if (leader_fork(leader) == 0) {
		struct session session;
		struct plan plan;

		if (leader_open(leader, &session, &plan) < 0) {
			char line[1024];

			error_format(&leader->err, line, sizeof line);
			print_message("%s\n", line);
			_exit(2);
		}
		body(leader, &session, &plan);
		_exit(0);
	}
}

/* Ends well, and nothing is left. */
static void ends_well(const struct leader *leader)
{
	assert_int_equal(reap_leader(leader, 30000), 0);
	assert_true(wait_until_gone(&like, leader, GONE_MS) >= 0);
}

static void text_of(const char *path, char *buf, size_t size)
{
	own_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, buf, size - 1);

	buf[got > 0 ? got : 0] = '\0';
}

static int run_child(void (*body)(void))
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		body();
		_exit(0);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid ? status : -1;
}

static const char *const links[] = { "user", "mnt", "pid", "ipc", "uts", "net", "cgroup" };
static char outside[ARRAY_SIZE(links)][64];

static void read_links(char texts[ARRAY_SIZE(links)][64])
{
	for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
		char path[32];
		ssize_t length;

		memset(texts[i], 0, sizeof texts[i]);
		(void)snprintf(path, sizeof path, "/proc/self/ns/%s", links[i]);
		length = readlink(path, texts[i], 63);
		CHECK(length > 0);
		texts[i][length] = '\0';
	}
}

/* A program of the user's, as sshd starts one. */
static void as_user(void)
{
	char text[8192], inside[ARRAY_SIZE(links)][64];

	CHECK(setgroups(0, NULL) == 0 && setgid(SUBJECT_UID) == 0 && setuid(SUBJECT_UID) == 0);
	read_links(inside);
	for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
		bool same = strcmp(inside[i], outside[i]) == 0;

		if (strcmp(links[i], "cgroup") == 0)
			CHECK(same == !like.cgroup.dir_count);
		else
			CHECK(same == (strcmp(links[i], "user") == 0));
	}
	CHECK(getpid() > 1 && getpid() < 20);
	text_of("/proc/1/comm", text, sizeof text);
	CHECK(strcmp(text, "contained-init\n") == 0);
	text_of("/proc/self/status", text, sizeof text);
	CHECK(strstr(text, "\nCapEff:\t0000000000000000\n") &&
		strstr(text, "\nCapPrm:\t0000000000000000\n"));
	CHECK(strstr(text, "\nCapBnd:\t0000000000000000\n") &&
		strstr(text, "\nCapInh:\t0000000000000000\n"));
	CHECK(strstr(text, "\nNoNewPrivs:\t1\n") && strstr(text, "\nSeccomp:\t2\n"));
	CHECK(open("/etc/new", O_WRONLY | O_CREAT, 0600) < 0 &&
		(errno == EROFS || errno == EACCES));
	CHECK(open("/tmp/new", O_WRONLY | O_CREAT | O_CLOEXEC, 0600) >= 0);
	CHECK(open("/etc/shadow", O_RDONLY) < 0);
	text_of("/etc/passwd", text, sizeof text);
	CHECK(strstr(text, "test-of-contained:x:54321:54321:"));
	CHECK(kill(1, SIGTERM) < 0 && errno == EPERM);
}

static void body_as_planned(struct leader *leader, struct session *session, const struct plan *plan)
{
	struct utsname names;
	struct rlimit core;
	char text[256];

	CHECK(uname(&names) == 0 && strcmp(names.nodename, leader->name) == 0);
	CHECK(strcmp(plan->name, leader->name) == 0);
	CHECK(getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_cur == 1 && core.rlim_max == 1);
	CHECK(state_is_inside(0));
	text_of("/etc/hostname", text, sizeof text);
	CHECK(strncmp(text, leader->name, strlen(leader->name)) == 0);
	CHECK(run_child(as_user) == 0);
	session_close(session, 3000);
	session_close(session, 3000);
	session_forget(session);
}

static void test_as_planned(void **state)
{
	struct leader *leader = leader_new();

	(void)state;
	needs_root();
	read_links(outside);
	assert_false(state_is_inside(0));
	with_session(leader, body_as_planned);
	ends_well(leader);
	print_message("opened in %ld us\n", leader->open_us);
}

/* What a host application must not notice. */
struct manners {
	bool open[FDS];
	sigset_t mask;
	mode_t mask_of_files;
	char directory[256];
	char **environment;
	pid_t group, session;
};

static volatile sig_atomic_t children;

static void count_child(int number)
{
	(void)number;
	children++;
}

static void look(struct manners *out)
{
	memset(out, 0, sizeof *out); /* the kernel fills only the part of a set that it knows */
	for (int fd = 0; fd < FDS; fd++)
		out->open[fd] = fcntl(fd, F_GETFD) >= 0;
	CHECK(sigprocmask(SIG_SETMASK, NULL, &out->mask) == 0);
	out->mask_of_files = umask(0);
	(void)umask(out->mask_of_files);
	CHECK(getcwd(out->directory, sizeof out->directory));
	out->environment = environ;
	out->group = getpgrp();
	out->session = getsid(0);
}

static void run_manners(struct leader *leader)
{
	struct sigaction action = { .sa_handler = count_child }, now;
	struct manners before, after;
	struct session session;
	struct plan plan;
	struct stat info;
	sigset_t mask;
	int more = 0;

	CHECK(sigemptyset(&mask) == 0 && sigaddset(&mask, SIGUSR2) == 0 &&
		sigaddset(&mask, SIGHUP) == 0);
	CHECK(sigprocmask(SIG_SETMASK, &mask, NULL) == 0 && sigaction(SIGCHLD, &action, NULL) == 0);
	(void)umask(027);
	CHECK(chdir("/usr") == 0);
	/* as a daemon may be: standard fds closed, others anywhere */
	CHECK(close(0) == 0 && dup2(1, 100) == 100);
	look(&before);
	CHECK(leader_open(leader, &session, &plan) == 0);
	look(&after);
	for (int fd = 0; fd < FDS; fd++) {
		CHECK(after.open[fd] || !before.open[fd]);
		if (!after.open[fd] || before.open[fd])
			continue;
		more++;
		CHECK(fd > 2 && fstat(fd, &info) == 0 && S_ISSOCK(info.st_mode));
		CHECK(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	}
	CHECK(more == 1);
	CHECK(memcmp(&before.mask, &after.mask, sizeof before.mask) == 0);
	CHECK(before.mask_of_files == after.mask_of_files &&
		strcmp(before.directory, after.directory) == 0);
	CHECK(before.environment == after.environment);
	CHECK(before.group == after.group && before.session == after.session);
	CHECK(sigaction(SIGCHLD, NULL, &now) == 0 && now.sa_handler == count_child &&
		children == 0);
	CHECK(waitpid(-1, NULL, WNOHANG | __WALL) == -1 && errno == ECHILD);
	session_close(&session, 3000);
	session_forget(&session);
	look(&after);
	CHECK(memcmp(before.open, after.open, sizeof before.open) == 0 && children == 0);
	CHECK(waitpid(-1, NULL, WNOHANG | __WALL) == -1 && errno == ECHILD);
	_exit(0);
}

static void test_manners(void **state)
{
	struct leader *leader = leader_new();

	(void)state;
	needs_root();
	if (leader_fork(leader) == 0)
		run_manners(leader);
	ends_well(leader);
}

/* A refused one, after some of it was built: the same, and the process is where it was. */
static void run_refused(struct leader *leader)
{
	struct manners before, after;
	struct session session;
	char directory[256], links_now[ARRAY_SIZE(links)][64], cgroup[4096], cgroup_now[4096];
	struct plan plan;
	int fd;

	text_of("/proc/self/cgroup", cgroup, sizeof cgroup);
	look(&before);
	CHECK(state_reserve(&state_root_of_host, leader->name, &fd, &leader->err) == 0);
	CHECK(fixture_plan(leader->name, &plan, &leader->err) == 0);
	/* the last but one of the mounts cannot be made */
	plan.mounts[plan.mount_count - 1].kind = MOUNT_HIDE;
	free(plan.mounts[plan.mount_count - 1].target);
	plan.mounts[plan.mount_count - 1].target = strdup("/no/such/file");
	plan.mounts[plan.mount_count - 1].flags = 0;
	session_none(&session);
	CHECK(session_open(&session, &plan, fd, helpers(directory), DEADLINE_MS, &leader->err) ==
		-1);
	CHECK(strcmp(leader->err.step, "mounts") == 0 && leader->err.num == ENOENT);
	CHECK(strcmp(leader->err.object, "/no/such/file") == 0);
	look(&after);
	CHECK(memcmp(before.open, after.open, sizeof before.open) == 0);
	CHECK(memcmp(&before.mask, &after.mask, sizeof before.mask) == 0);
	read_links(links_now);
	CHECK(memcmp(outside, links_now, sizeof outside) == 0);
	text_of("/proc/self/cgroup", cgroup_now, sizeof cgroup_now);
	CHECK(strcmp(cgroup, cgroup_now) == 0);
	CHECK(waitpid(-1, NULL, WNOHANG | __WALL) == -1 && errno == ECHILD);
	/* nothing is left by the time that it returns, not two seconds later */
	CHECK(!has_state(leader->name) && !has_cgroup(&plan, leader->name));
	_exit(0);
}

static void test_refused(void **state)
{
	struct leader *leader = leader_new();

	(void)state;
	needs_root();
	read_links(outside);
	if (leader_fork(leader) == 0)
		run_refused(leader);
	ends_well(leader);
}

static void body_wait(struct leader *leader, struct session *session, const struct plan *plan)
{
	(void)leader;
	(void)session;
	(void)plan;
	for (;;)
		(void)pause();
}

/* What each process of a session holds of the host. */
static void test_fds_of_the_others(void **state)
{
	struct leader *leader = leader_new();
	pid_t parts[PARTS];

	(void)state;
	needs_root();
	with_session(leader, body_wait);
	assert_true(wait_for_stage(leader, STAGE_OPEN, 10000));
	(void)session_parts(leader, parts);
	assert_true(parts[PART_WATCH] > 0 && parts[PART_TWIN] > 0);
	assert_int_equal(parts[PART_BUILDER], 0);
	if (like.cgroup.dir_count)
		assert_true(parts[PART_INIT] > 0);
	for (int fd = 0; parts[PART_INIT] && fd < FDS; fd++) {
		char path[64], target[256];
		ssize_t length;

		(void)snprintf(path, sizeof path, "/proc/%d/fd/%d", parts[PART_INIT], fd);
		length = readlink(path, target, sizeof target - 1);
		if (length < 0)
			continue;
		target[length] = '\0';
		if (fd <= 2)
			assert_string_equal(target, "/dev/null");
		else if (fd == INIT_LIFE)
			assert_non_null(text_after(target, "pipe:"));
		else
			assert_string_equal(target, "anon_inode:[signalfd]");
	}
	/* neither sees its parent's end by a signal that it does not know of */
	assert_int_equal(parent_of(parts[PART_INIT]), parts[PART_WATCH]);
	assert_int_not_equal(parent_of(parts[PART_WATCH]), leader->pid);
	assert_int_equal(kill(leader->pid, SIGKILL), 0);
	assert_int_equal(reap_leader(leader, GONE_MS), SIGKILL);
	assert_true(wait_until_gone(&like, leader, GONE_MS) >= 0);
}

static void body_leave(struct leader *leader, struct session *session, const struct plan *plan)
{
	(void)leader;
	(void)session;
	(void)plan;
	/* programs of the session that would rather stay */
	for (int i = 0; i < 3; i++)
		if (fork() == 0) {
			(void)signal(SIGHUP, SIG_IGN);
			(void)signal(SIGTERM, SIG_IGN);
			for (;;)
				(void)pause();
		}
}

/* A host application that ends without closing its session. */
static void test_end_without_close(void **state)
{
	struct leader *leader = leader_new();

	(void)state;
	needs_root();
	with_session(leader, body_leave);
	ends_well(leader);
}

static void body_close_alive(
	struct leader *leader, struct session *session, const struct plan *plan)
{
	struct stat info;
	int socket;

	(void)plan;
	body_leave(leader, session, plan);
	session_close(session, 3000);
	leader->stage = STAGE_CLOSED;
	/* its number may be somebody else's by now: a second call must not touch that */
	socket = open("/dev/null", O_RDONLY | O_CLOEXEC);
	CHECK(socket >= 0);
	session->control = socket;
	session_close(session, 3000);
	CHECK(fstat(socket, &info) == 0);
	/* and goes on living: the watcher ends only what never asked */
	pause_us(900000);
}

static void test_close_lets_the_leader_live(void **state)
{
	struct leader *leader = leader_new();

	(void)state;
	needs_root();
	with_session(leader, body_close_alive);
	assert_true(wait_for_stage(leader, STAGE_CLOSED, 10000));
	assert_false(has_state(leader->name));
	assert_false(has_cgroup(&like, leader->name));
	ends_well(leader);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_as_planned),
		cmocka_unit_test(test_manners),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_fds_of_the_others),
		cmocka_unit_test(test_end_without_close),
		cmocka_unit_test(test_close_lets_the_leader_live),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
