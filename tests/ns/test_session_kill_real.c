/*
 * session: any one of its processes killed at any moment of the set-up and after it. Two seconds later nothing is left
 * of it. Needs root. CONTAINED_KILLS: how often each of them is killed.
 */
#include "session_fixture.h"

enum { KILLS = 15 };

static struct plan like; /* for its directories of control groups */
static long usual_us;    /* what opening takes here */
static unsigned seed;

struct tally {
	unsigned refused, ended, swept, survived;
	long longest;
};

static struct leader *start(void)
{
	struct leader *leader = leader_new();

	if (leader_fork(leader) == 0) {
		struct session session;
		struct plan plan;

		if (leader_open(leader, &session, &plan) < 0)
			_exit(3);
		for (;;)
			(void)pause();
	}
	assert_true(wait_for_stage(leader, STAGE_RESERVED, 10000));
	return leader;
}

static int group_setup(void **state)
{
	struct error err;

	(void)state;
	if (geteuid() != 0)
		return 0;
	seed = (unsigned)time(NULL) ^ (unsigned)getpid();
	print_message("seed %u\n", seed);
	return fixture_plan("like", &like, &err);
}

static int group_teardown(void **state)
{
	(void)state;
	plan_free(&like);
	return 0;
}

static void measure(void)
{
	struct leader *leader = start();

	assert_true(wait_for_stage(leader, STAGE_OPEN, 10000));
	assert_int_equal(leader->stage, STAGE_OPEN);
	usual_us = leader->open_us;
	assert_int_equal(kill(leader->pid, SIGKILL), 0);
	(void)reap_leader(leader, GONE_MS);
	assert_true(wait_until_gone(&like, leader, GONE_MS) >= 0);
}

/* A part of the session that is there by now, or comes while it is being set up. */
static pid_t find_victim(const struct leader *leader, int part)
{
	pid_t parts[PARTS];

	if (part == PART_LEADER)
		return leader->pid;
	for (long end = now_ms() + 3000; now_ms() < end;) {
		(void)session_parts(leader, parts);
		if (part == PART_BUILDER && !parts[PART_BUILDER] && parts[PART_WATCH])
			return parts[PART_WATCH];
		if (parts[part])
			return parts[part];
		if (leader->stage == STAGE_REFUSED)
			return 0;
	}
	return 0;
}

/* What is left is the name alone: its only process died before there was another one to clear up. */
static bool is_for_the_sweep(const struct leader *leader)
{
	pid_t parts[PARTS];

	(void)session_parts(leader, parts);
	for (int i = 0; i < PARTS; i++)
		if (parts[i])
			return false;
	if (has_cgroup(&like, leader->name))
		return false;
	sweep_up(leader);
	return !has_state(leader->name);
}

static void kill_one(int part, long delay_us, struct tally *tally)
{
	struct leader *leader = start();
	int status;
	pid_t victim;
	long gone;

	pause_us(delay_us);
	victim = find_victim(leader, part);
	if (!victim)
		fail_msg("%s: no victim, stage %d: %s: %s: %s: %s", leader->name, leader->stage,
			leader->err.step, leader->err.object, leader->err.cause,
			strerror(leader->err.num));
	/* ESRCH: it went by itself just now, which the rest finds out about */
	assert_true(kill(victim, SIGKILL) == 0 || errno == ESRCH);
	/* a session that is open ends with each of its parts; one that was being built is refused, and its leader lives */
	status = reap_leader(leader, GONE_MS);
	if (part != PART_LEADER && status == -1)
		fail_msg("%s: the leader lives on, stage %d", leader->name, leader->stage);
	if (part != PART_LEADER && leader->stage != STAGE_OPEN && status != 3 << 8)
		fail_msg("%s: the leader ended with status %x while it was setting up",
			leader->name, status);
	tally->refused += leader->stage == STAGE_REFUSED;
	tally->ended += leader->stage == STAGE_OPEN;
	gone = wait_until_gone(&like, leader, GONE_MS);
	if (gone < 0 && part == PART_LEADER && is_for_the_sweep(leader)) {
		tally->swept++;
		gone = 0;
	}
	if (gone < 0)
		fail_msg("%s: something is left, %ld us after the start", leader->name, delay_us);
	if (gone > tally->longest)
		tally->longest = gone;
	assert_int_equal(munmap(leader, sizeof *leader), 0);
}

static void kill_many(int part, const char *name)
{
	const char *wanted = getenv("CONTAINED_KILLS");
	long count = wanted ? strtol(wanted, NULL, 10) : KILLS;
	struct tally tally = { 0 };

	needs_root();
	measure();
	/* some at its very beginning, when the fewest are there to clear up; all over the set-up; a few after it */
	for (long i = 0; i < count; i++)
		kill_one(part, rand_r(&seed) % (i % 3 ? usual_us * 5 / 4 : 300), &tally);
	print_message(
		"%s killed %ld times: refused %u, ended %u, left to the sweep %u, longest %ld ms\n",
		name, count, tally.refused, tally.ended, tally.swept, tally.longest);
}

static void test_leader(void **state)
{
	(void)state;
	kill_many(PART_LEADER, "leader");
}

static void test_builder_or_watcher(void **state)
{
	(void)state;
	kill_many(PART_BUILDER, "builder or watcher");
}

static void test_watcher(void **state)
{
	(void)state;
	kill_many(PART_WATCH, "watcher");
}

static void test_twin(void **state)
{
	(void)state;
	kill_many(PART_TWIN, "twin");
}

static void test_init(void **state)
{
	(void)state;
	if (geteuid() == 0 && !like.cgroup.dir_count) {
		print_message("skipped: without control groups PID 1 is not found\n");
		skip();
	}
	kill_many(PART_INIT, "PID 1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_leader),
		cmocka_unit_test(test_builder_or_watcher),
		cmocka_unit_test(test_watcher),
		cmocka_unit_test(test_twin),
		cmocka_unit_test(test_init),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
