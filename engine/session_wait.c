/* What the session process hears from the builder, PID 1 and the watcher while they set the session up. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "clock.h"
#include "init.h"
#include "namespaces.h"
#include "own.h"
#include "session_steps.h"

/* A message of the builder or the watcher. false: they are gone. */
static bool hear_control(struct session *session)
{
	char byte = 0;
	struct iovec part = { &byte, 1 };
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.space,
		.msg_controllen = sizeof control.space };
	const struct cmsghdr *attached;
	ssize_t got = recvmsg(session->control, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);

	if (got <= 0)
		return got < 0 && (errno == EAGAIN || errno == EINTR);
	attached = CMSG_FIRSTHDR(&message);
	if (byte == CONTROL_INIT && attached && attached->cmsg_type == SCM_RIGHTS && session->init < 0)
		memcpy(&session->init, CMSG_DATA(attached), sizeof session->init);
	if (byte == CONTROL_SLOT)
		session->has_slot = true;
	if (byte == WATCH_READY)
		session->watched = true;
	return true;
}

/* A row of the builder's or PID 1's that the plan has. */
static bool is_heard_of(const struct session *session, const struct session_step *step)
{
	return (step->place == PLACE_BUILDER || step->place == PLACE_INIT) &&
		(!step->wanted || step->wanted(session->plan));
}

/* The builder and PID 1 run side by side and report as they come. all: no more will come. */
static void tell_steps(struct session *session, bool all)
{
	for (; session->told && session->next < session_steps_count; session->next++) {
		const struct session_step *step = &session_steps[session->next];
		bool done = session->heard >> session->next & 1;

		if (is_heard_of(session, step) && !done && !all)
			return;
		if (done)
			session->told(session->told_context, step);
	}
}

/* 1: PID 1 is executed; 0: not yet; -1: the error that was reported. */
static int hear_report(struct session *session, bool *ready, struct error *err)
{
	char buf[sizeof(struct error) + 1];
	ssize_t got = recv(session->report[0], buf, sizeof buf, MSG_DONTWAIT);

	if (got < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : fail(err, errno, "report", "cannot be read");
	if (got == 0 && !*ready)
		return fail(err, 0, session->plan->name, "the processes that build the session died");
	if (got == 0)
		return 1;
	if (buf[0] == REPORT_READY && got == 1) {
		*ready = true;
	} else if (buf[0] == REPORT_MAPS && got == 1) {
		session->maps_wanted = true;
	} else if (buf[0] == REPORT_STEP && got == 2 && (size_t)buf[1] < session_steps_count) {
		session->heard |= UINT64_C(1) << buf[1];
		tell_steps(session, false);
	} else if (buf[0] == REPORT_ERROR && (size_t)got == sizeof buf) {
		tell_steps(session, true);
		memcpy(err, buf + 1, sizeof *err);
		return -1;
	} else {
		return fail(err, 0, session->plan->name, "an unreadable report");
	}
	return 0;
}

/* This process is outside of PID 1's user namespace and may write its maps: asked for before, or after, its pidfd came. */
static int write_maps(struct session *session, int timeout_ms, struct error *err)
{
	const struct plan *plan = session->plan;
	const struct id_programs programs = { plan->newuidmap, plan->newgidmap };
	const char message = REPORT_MAPS;
	int result;

	session->maps_wanted = false;
	if (plan->newuidmap)
		result = namespaces_run_maps(session->init, &plan->uids, &plan->gids, plan->deny_setgroups, &programs,
			timeout_ms, err);
	else
		result = namespaces_write_maps(session->init, &plan->uids, &plan->gids, plan->deny_setgroups, err);
	if (result < 0) {
		error_step(err, plan->userns == USERNS_FIRST ? "user" : "shift");
		return -1;
	}
	/* PID 1 may have died: its end is heard as such */
	(void)send(session->report[0], &message, 1, MSG_NOSIGNAL);
	return 0;
}

static int fail_late(const struct session *session, struct error *err)
{
	if (session->has_slot) {
		fail(err, ETIMEDOUT, session->plan->name, "the set-up took longer than %d ms", session->deadline_ms);
		return error_hint(err, "look for a file system that hangs, or raise `deadline`");
	}
	fail(err, ETIMEDOUT, session->plan->name, "the builder did not come");
	return error_hint(err, "this host is overloaded");
}

int session_wait_for_builder(struct session *session, struct error *err)
{
	/* the builder keeps the time of its wait itself, and reports it; a second more for the report */
	long end = clock_ms() + session->plan->slot_wait + 1000;
	bool ready = false, executed = false, counting = false;

	while (!executed || !session->watched || session->init < 0) {
		struct pollfd fds[2] = { { .fd = session->control, .events = POLLIN },
			{ .fd = executed ? -1 : session->report[0], .events = POLLIN } };
		long left;

		if (session->has_slot && !counting) {
			end = clock_ms() + session->deadline_ms;
			counting = true;
		}
		left = end - clock_ms();
		if (left <= 0 || poll(fds, 2, (int)left) == 0)
			return fail_late(session, err);
		if (fds[1].revents) {
			int result = hear_report(session, &ready, err);

			if (result < 0)
				return -1;
			executed = result > 0;
		}
		/* after the report: its error says more than a closed socket */
		if (fds[0].revents && !fds[1].revents && !hear_control(session))
			return fail(err, 0, session->plan->name, "the watcher died while the session was built");
		/* whichever of the two came last: nothing else may be on its way to wake this loop again */
		if (session->maps_wanted && session->init >= 0 && write_maps(session, (int)left, err) < 0)
			return -1;
	}
	return 0;
}
