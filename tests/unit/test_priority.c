#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "priority.h"
#include <cmocka.h> /* last: it defines fail() as a macro */
#include "child_fixture.h"

static int nice_value(void)
{
	return getpriority(PRIO_PROCESS, 0);
}

/* root of a machine that lets it; the others are ordinary before and after */
static bool may_raise(void)
{
	bool may = setpriority(PRIO_PROCESS, 0, -1) == 0;

	return may && setpriority(PRIO_PROCESS, 0, 0) == 0;
}

static int is_ordinary_body(void)
{
	CHECK(nice_value() == 0);
	CHECK(sched_getscheduler(0) == SCHED_OTHER);
	return 0;
}

static int raise_body(void)
{
	const int wanted = may_raise() ? -15 : 0;

	priority_raise();
	CHECK(nice_value() == wanted);
	CHECK(in_child(is_ordinary_body) == 0);
	priority_raise(); /* as often as it is called */
	CHECK(nice_value() == wanted);
	priority_restore();
	return is_ordinary_body();
}

static void no_child_is_raised(void **state)
{
	(void)state;
	assert_int_equal(in_child(raise_body), 0);
}

static int unprivileged_body(void)
{
	CHECK(geteuid() != 0 || setresuid(65534, 65534, 65534) == 0);
	priority_raise();
	return is_ordinary_body();
}

static void nobody_is_raised_without_the_right(void **state)
{
	(void)state;
	assert_int_equal(in_child(unprivileged_body), 0);
}

static int own_nice_body(void)
{
	CHECK(setpriority(PRIO_PROCESS, 0, 7) == 0);
	priority_raise();
	CHECK(nice_value() == 7 && sched_getscheduler(0) == SCHED_OTHER);
	priority_restore();
	CHECK(nice_value() == 7);
	return 0;
}

static int own_policy_body(void)
{
	static const struct sched_param none = { 0 };

	CHECK(sched_setscheduler(0, SCHED_BATCH, &none) == 0);
	priority_raise();
	CHECK(nice_value() == 0 && sched_getscheduler(0) == SCHED_BATCH);
	priority_restore();
	CHECK(sched_getscheduler(0) == SCHED_BATCH);
	return 0;
}

static void what_an_administrator_gave_stays(void **state)
{
	(void)state;
	assert_int_equal(in_child(own_nice_body), 0);
	assert_int_equal(in_child(own_policy_body), 0);
}

/* The tests may have been started at another nice value, by which nobody is ordinary. */
static int be_ordinary(void **state)
{
	(void)state;
	return nice_value() == 0 || setpriority(PRIO_PROCESS, 0, 0) == 0 ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_child_is_raised),
		cmocka_unit_test(nobody_is_raised_without_the_right),
		cmocka_unit_test(what_an_administrator_gave_stays),
	};

	return cmocka_run_group_tests(tests, be_ordinary, NULL);
}
