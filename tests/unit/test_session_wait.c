/* What the session process makes of the reports of builder and PID 1, who run side by side. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "init.h"
#include "kernel.h"
#include "plan.h"
#include "session_steps.h"

static const struct error cause = { .object = "/srv" };

#include <cmocka.h> /* last: it defines fail() as a macro */

static char told[512];

static void tell(void *context, const struct session_step *step)
{
	size_t used = strlen(told);

	(void)context;
	(void)snprintf(told + used, sizeof told - used, "%s ", step->name);
}

static void report_step(int fd, const char *name)
{
	char message[2] = { REPORT_STEP, 0 };

	for (size_t i = 0; i < session_steps_count; i++)
		if (strcmp(session_steps[i].name, name) == 0)
			message[1] = (char)i;
	assert_int_equal(send(fd, message, sizeof message, 0), sizeof message);
}

/* A session that waits; the other ends are the caller's. */
static void start(struct session *session, const struct plan *plan, int *builder, int *report)
{
	int pair[2];

	told[0] = '\0';
	session_none(session);
	session->plan = plan;
	session->deadline_ms = 2000;
	session->told = tell;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	session->control = pair[0];
	*builder = pair[1];
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, session->report), 0);
	*report = session->report[1];
	session->report[1] = -1;
}

static void test_order(void **state)
{
	const char ready = REPORT_READY, on_duty = WATCH_READY;
	struct plan plan = { .name = "00000-fool" };
	struct error err = { 0 };
	struct session session;
	int builder, report;

	(void)state;
	start(&session, &plan, &builder, &report);
	session.has_slot = true;
	session.init = k_pidfd_open(getpid());
	report_step(report, "private");
	report_step(report, "mounts");
	report_step(report, "namespaces");
	report_step(report, "pivot");
	report_step(report, "hostname");
	assert_int_equal(send(report, &ready, 1, 0), 1);
	(void)close(report);
	assert_int_equal(send(builder, &on_duty, 1, 0), 1);
	assert_int_equal(session_wait_for_builder(&session, &err), 0);
	assert_string_equal(told, "namespaces private mounts pivot hostname ");
	session_forget(&session);
	(void)close(builder);
}

static void test_failure(void **state)
{
	struct error err = { 0 };
	char message[sizeof cause + 1] = { REPORT_ERROR };
	struct plan plan = { .name = "00000-fool" };
	struct session session;
	int builder, report;

	(void)state;
	start(&session, &plan, &builder, &report);
	session.has_slot = true;
	report_step(report, "private");
	memcpy(message + 1, &cause, sizeof cause);
	assert_int_equal(send(report, message, sizeof message, 0), sizeof message);
	assert_int_equal(session_wait_for_builder(&session, &err), -1);
	assert_string_equal(err.object, "/srv");
	assert_string_equal(told, "private ");
	session_forget(&session);
	(void)close(builder);
	(void)close(report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_failure),
	};

	return cmocka_run_group_tests_name("session_wait", tests, NULL, NULL);
}
