/* cgroup against the running kernel: made, read back, entered, limiting, left. Needs root. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cgroup.h"
#include "own.h"
#include "text.h"
#include "tree.h"

#include <cmocka.h> /* last: it defines fail() as a macro */

enum { MEMORY = 64 << 20, PIDS = 20 };

/* directories need to know nothing of who makes them */
static const struct cgroup_maker nobody;

struct fixture {
	const char *skip; /* why nothing can be tried here, or NULL */
	char *mountinfo, *self_cgroup;
	struct cgroup_host host;
	struct cgroup_plan plan;
	char missing[128];
};

/* A file of the host as text for the caller to free, or NULL. */
static char *read_host(const char *path)
{
	own_fd int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char *text = NULL;
	size_t length;

	return tree_read_file(root, path, 1 << 24, &text, &length, NULL) < 0 ? NULL : text;
}

static void told(const struct error *err)
{
	char line[1024];

	error_format(err, line, sizeof line);
	print_message("%s\n", line);
}

/* Children of a killed test need a moment until their group counts as empty. */
static void remove_dirs(const struct cgroup_plan *plan)
{
	const struct timespec pause = { .tv_nsec = 10 * 1000 * 1000 };

	for (size_t i = 0; i < plan->dir_count; i++)
		for (int tries = 0; tries < 200; tries++) {
			if (rmdir(plan->dirs[i].path) == 0 || errno == ENOENT)
				break;
			(void)nanosleep(&pause, NULL); /* only a pause between tries */
		}
}

static int group_setup(void **state)
{
	static const struct cgroup_limits wanted = {
		.has_memory = true,
		.has_swap = true,
		.has_cpu_weight = true,
		.has_cpu_quota = true,
		.has_pids = true,
		.has_io_weight = true,
		.memory = MEMORY,
		.swap = 0,
		.cpu_weight = 50,
		.cpu_quota = 50,
		.pids = PIDS,
		.io_weight = 200,
	};
	struct fixture *fix = calloc(1, sizeof *fix);
	own_fd int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct error err = { 0 };
	char name[64];

	*state = fix;
	if (!fix)
		return -1;
	if (geteuid() != 0) {
		fix->skip = "making control groups needs root";
		return 0;
	}
	fix->mountinfo = read_host("/proc/self/mountinfo");
	fix->self_cgroup = read_host("/proc/self/cgroup");
	if (!fix->mountinfo || !fix->self_cgroup)
		return -1;
	if (text_format(name, sizeof name, "test-%d", (int)getpid()) < 0 ||
		cgroup_host_read(root, fix->mountinfo, fix->self_cgroup, &fix->host, &err) < 0 ||
		cgroup_plan_make(&fix->host, name, &wanted, false, &fix->plan, fix->missing,
			sizeof fix->missing, &err) < 0) {
		told(&err);
		return -1;
	}
	if (fix->host.layout == CGROUP_NONE)
		fix->skip = "no usable control groups are mounted here";
	else
		print_message("layout v%d, %zu directories, not on this host: %s\n",
			fix->host.layout == CGROUP_V2 ? 2 : 1, fix->plan.dir_count,
			fix->missing[0] ? fix->missing : "nothing");
	return 0;
}

static int group_teardown(void **state)
{
	struct fixture *fix = *state;

	if (fix) {
		free(fix->mountinfo);
		free(fix->self_cgroup);
	}
	free(fix);
	return 0;
}

static int one_setup(void **state)
{
	struct fixture *fix = *state;
	struct error err;

	if (fix->skip)
		return 0;
	if (cgroup_create(&fix->plan, &nobody, &err) < 0) {
		told(&err);
		remove_dirs(&fix->plan);
		return -1;
	}
	return 0;
}

static int one_teardown(void **state)
{
	struct fixture *fix = *state;
	struct stat st;

	if (fix->skip)
		return 0;
	remove_dirs(&fix->plan);
	for (size_t i = 0; i < fix->plan.dir_count; i++)
		if (stat(fix->plan.dirs[i].path, &st) == 0)
			return -1;
	return 0;
}

static void skip_unless_usable(const struct fixture *fix)
{
	if (fix->skip) {
		print_message("skipped: %s\n", fix->skip);
		skip();
	}
}

/* Runs body in a forked child that is inside the group; its exit status. */
static int inside(const struct fixture *fix, int (*body)(const struct fixture *))
{
	int fds[CGROUP_DIRS], status = 0;
	struct error err;
	pid_t pid;

	assert_int_equal(cgroup_open_procs(&fix->plan, fds, &err), 0);
	pid = fork();
	if (pid == 0) {
		alarm(60);
		if (cgroup_enter(&fix->plan, fds, &err) < 0) {
			told(&err);
			_exit(99);
		}
		_exit(body(fix));
	}
	assert_true(pid > 0);
	for (size_t i = 0; i < fix->plan.dir_count; i++)
		close(fds[i]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

static void test_readback(void **state)
{
	struct fixture *fix = *state;
	int fds[CGROUP_WRITES], dirty;
	struct error err;
	char path[CGROUP_PATH + 64];
	size_t i = 0;

	skip_unless_usable(fix);
	assert_int_equal(cgroup_open_readback(&fix->plan, fds, &err), 0);
	assert_int_equal(cgroup_compare(&fix->plan, fds, &err), 0);
	assert_int_equal(cgroup_compare(&fix->plan, fds, &err), 0);
	while (i < fix->plan.write_count && strcmp(fix->plan.writes[i].file, "pids.max") != 0)
		i++;
	assert_true(i < fix->plan.write_count);
	/* changed behind our back: noticed through the fds that were open before */
	assert_true(text_format(path, sizeof path, "%s/pids.max",
			    fix->plan.dirs[fix->plan.writes[i].dir].path) > 0);
	dirty = open(path, O_WRONLY | O_CLOEXEC);
	assert_true(dirty >= 0);
	assert_int_equal(write(dirty, "max", 3), 3);
	close(dirty);
	assert_int_equal(cgroup_compare(&fix->plan, fds, &err), -1);
	assert_string_equal(err.object, path);
	for (size_t j = 0; j < fix->plan.write_count; j++)
		close(fds[j]);
}

static void test_taken_name(void **state)
{
	struct fixture *fix = *state;
	struct error err;

	skip_unless_usable(fix);
	assert_int_equal(cgroup_create(&fix->plan, &nobody, &err), -1);
	assert_int_equal(err.num, EEXIST);
	assert_string_equal(err.object, fix->plan.dirs[0].path);
}

static int body_leave(const struct fixture *fix)
{
	char *in = read_host("/proc/self/cgroup"), *back;

	if (!in || !strstr(in, fix->plan.name))
		return 1;
	cgroup_leave(&fix->plan);
	back = read_host("/proc/self/cgroup");
	return back && strcmp(back, fix->self_cgroup) == 0 ? 0 : 2;
}

static void test_enter_and_leave(void **state)
{
	skip_unless_usable(*state);
	assert_int_equal(inside(*state, body_leave), 0);
}

static int body_hog(const struct fixture *fix)
{
	int status;
	pid_t hog = fork();

	(void)fix;
	if (hog < 0)
		return 1;
	if (hog == 0) {
		size_t size = (size_t)MEMORY * 4;
		volatile char *bytes = mmap(
			NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (bytes == MAP_FAILED)
			_exit(1);
		for (size_t i = 0; i < size; i += 4096)
			bytes[i] = 1;
		_exit(0);
	}
	if (waitpid(hog, &status, 0) != hog)
		return 2;
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL ? 0 : 3;
}

static void test_hog_dies_alone(void **state)
{
	skip_unless_usable(*state);
	assert_int_equal(inside(*state, body_hog), 0);
}

static int body_forks(const struct fixture *fix)
{
	pid_t pids[PIDS * 2];
	int count = 0, refused = 0;

	(void)fix;
	while (count < PIDS * 2) {
		pid_t pid = fork();

		if (pid == 0) {
			pause();
			_exit(0);
		}
		if (pid < 0) {
			refused = errno;
			break;
		}
		pids[count++] = pid;
	}
	for (int i = 0; i < count; i++) {
		kill(pids[i], SIGKILL);
		(void)waitpid(pids[i], NULL, 0); /* only reaped */
	}
	return refused == EAGAIN && count == PIDS - 1 ? 0 : 1;
}

static void test_forks_stop(void **state)
{
	skip_unless_usable(*state);
	assert_int_equal(inside(*state, body_forks), 0);
}

static bool write_text(const char *dir, const char *file, const char *text)
{
	char path[CGROUP_PATH + 64];
	own_fd int fd = -1;

	if (text_format(path, sizeof path, "%s/%s", dir, file) < 0)
		return false;
	fd = open(path, O_WRONLY | O_CLOEXEC);
	return fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
}

/* Finds a cgroup2 mount and a controller there that nobody has enabled yet. */
static bool find_v2(const char *mountinfo, char *mount, char *controller)
{
	static const char type[] = " - cgroup2 ";
	const char *at = strstr(mountinfo, type);
	char path[CGROUP_PATH + 64], *text;
	bool found;

	if (!at)
		return false;
	while (at > mountinfo && at[-1] != '\n')
		at--;
	if (sscanf(at, "%*s %*s %*s %*s %255s", mount) != 1)
		return false;
	if (text_format(path, sizeof path, "%s/cgroup.controllers", mount) < 0)
		return false;
	text = read_host(path);
	if (!text)
		return false;
	found = sscanf(text, "%31s", controller) == 1;
	free(text);
	if (!found || text_format(path, sizeof path, "%s/cgroup.subtree_control", mount) < 0)
		return false;
	text = read_host(path);
	if (!text)
		return false;
	found = !strstr(text, controller);
	free(text);
	return found;
}

/*
 * A hybrid host gives the limits on v1; its v2 tree is still good for trying the v2 driver: enabling level
 * by level, a write, entering and leaving.
 */
static void test_v2_tree(void **state)
{
	struct fixture *fix = *state, v2 = { 0 };
	char controller[32], minus[64], parent[CGROUP_PATH + 16];
	int fds[CGROUP_WRITES];
	struct error err;

	skip_unless_usable(fix);
	if (fix->host.layout == CGROUP_V2 ||
		!find_v2(fix->mountinfo, v2.plan.dirs[0].mount, controller)) {
		print_message("skipped: no cgroup2 tree beside v1 with a controller to enable\n");
		skip();
	}
	v2.self_cgroup = fix->self_cgroup;
	v2.plan.layout = CGROUP_V2;
	v2.plan.dir_count = v2.plan.write_count = 1;
	strcpy(v2.plan.name, fix->plan.name);
	assert_true(text_format(v2.plan.dirs[0].path, CGROUP_PATH, "%.100s/contained/%s",
			    v2.plan.dirs[0].mount, v2.plan.name) > 0);
	strcpy(v2.plan.dirs[0].origin, v2.plan.dirs[0].mount);
	assert_true(text_format(v2.plan.enable, sizeof v2.plan.enable, "+%s", controller) > 0);
	strcpy(v2.plan.writes[0].file, "cgroup.max.depth");
	strcpy(v2.plan.writes[0].value, "3");
	strcpy(v2.plan.writes[0].readback, "3");
	if (cgroup_create(&v2.plan, &nobody, &err) < 0) {
		told(&err);
		assert_true(false);
	}
	assert_int_equal(cgroup_open_readback(&v2.plan, fds, &err), 0);
	assert_int_equal(cgroup_compare(&v2.plan, fds, &err), 0);
	close(fds[0]);
	assert_int_equal(inside(&v2, body_leave), 0);
	remove_dirs(&v2.plan);
	/* a second time nothing needs enabling */
	assert_int_equal(cgroup_create(&v2.plan, &nobody, &err), 0);
	remove_dirs(&v2.plan);
	assert_true(text_format(minus, sizeof minus, "-%s", controller) > 0);
	assert_true(text_format(parent, sizeof parent, "%s/contained", v2.plan.dirs[0].mount) > 0);
	assert_true(write_text(parent, "cgroup.subtree_control", minus));
	assert_true(write_text(v2.plan.dirs[0].mount, "cgroup.subtree_control", minus));
	assert_int_equal(rmdir(parent), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_readback, one_setup, one_teardown),
		cmocka_unit_test_setup_teardown(test_taken_name, one_setup, one_teardown),
		cmocka_unit_test_setup_teardown(test_enter_and_leave, one_setup, one_teardown),
		cmocka_unit_test_setup_teardown(test_hog_dies_alone, one_setup, one_teardown),
		cmocka_unit_test_setup_teardown(test_forks_stop, one_setup, one_teardown),
		cmocka_unit_test(test_v2_tree),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
