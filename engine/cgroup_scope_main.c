/*
 * contained-scope BUS BUILDER KEEPER LEADER UNIT [PROPERTY=VALUE…]: asks systemd's manager for a session's units, by
 * the bus at the socket BUS. Started by cgroup_systemd.c under a deadline, with an empty environment; never setuid.
 *
 *	KEEPER  a scope to make, and to move the process BUILDER into; "": none, BUILDER goes with LEADER
 *	UNIT    the scope with the limits: made around the process LEADER; or, where LEADER is 0, there already
 *	VALUE   a number, or yes, or a device and a number
 *
 * It ends when the manager has done it, with status 0; or with 1 and, on stdout, "UNIT: what the manager said".
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <systemd/sd-bus.h>

#include "text.h"

#define SYSTEMD "org.freedesktop.systemd1"
#define MANAGER SYSTEMD ".Manager"

enum { PROPERTIES_MOST = 32, JOBS_MOST = 2 };

struct pid_list {
	uint32_t pids[2];
	size_t count;
};

/* Jobs that the manager has been given and that it has not told the end of. */
struct jobs {
	char *paths[JOBS_MOST];
	const char *units[JOBS_MOST];
	size_t count;
	const char *failed; /* unit of the first whose result was not "done" */
	char result[64];
};

static int told(const char *unit, const sd_bus_error *error, int number)
{
	printf("%s: %s\n", unit, error && error->message ? error->message : strerror(number < 0 ? -number : number));
	return EXIT_FAILURE;
}

static int on_job_removed(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct jobs *jobs = userdata;
	const char *path, *unit, *result;
	uint32_t id;

	(void)error;
	if (sd_bus_message_read(message, "uoss", &id, &path, &unit, &result) < 0)
		return 0;
	for (size_t i = 0; i < jobs->count; i++) {
		if (!jobs->paths[i] || strcmp(jobs->paths[i], path) != 0)
			continue;
		if (strcmp(result, "done") != 0 && !jobs->failed) {
			jobs->failed = jobs->units[i];
			(void)snprintf(jobs->result, sizeof jobs->result, "%s", result);
		}
		free(jobs->paths[i]);
		jobs->paths[i] = NULL;
	}
	return 0;
}

static int append_property(sd_bus_message *message, const char *assignment)
{
	const char *equals = strchr(assignment, '=');
	char name[64];
	uint64_t number;

	if (!equals || text_format(name, sizeof name, "%.*s", (int)(equals - assignment), assignment) < 0)
		return -EINVAL;
	if (strcmp(equals + 1, "yes") == 0)
		return sd_bus_message_append(message, "(sv)", name, "b", 1);
	if (equals[1] == '/') {
		const char *space = strchr(equals, ' ');
		char device[64];

		if (!space || !text_parse_u64(space + 1, &number) ||
			text_format(device, sizeof device, "%.*s", (int)(space - equals - 1), equals + 1) < 0)
			return -EINVAL;
		return sd_bus_message_append(message, "(sv)", name, "a(st)", 1, device, number);
	}
	if (!text_parse_u64(equals + 1, &number))
		return -EINVAL;
	return sd_bus_message_append(message, "(sv)", name, "t", number);
}

static int append_properties(sd_bus_message *message, char *const properties[])
{
	int result = 0;

	for (; *properties && result >= 0; properties++)
		result = append_property(message, *properties);
	return result;
}

static int append_pids(sd_bus_message *message, const struct pid_list *list)
{
	int result = sd_bus_message_open_container(message, 'r', "sv");

	if (result < 0 || (result = sd_bus_message_append(message, "s", "PIDs")) < 0 ||
		(result = sd_bus_message_open_container(message, 'v', "au")) < 0 ||
		(result = sd_bus_message_append_array(message, 'u', list->pids, list->count * sizeof *list->pids)) < 0 ||
		(result = sd_bus_message_close_container(message)) < 0)
		return result;
	return sd_bus_message_close_container(message);
}

/* limits: an out-of-memory kill in there takes the hog and leaves the rest, which the manager has to be told since 253. */
static int fill_scope(sd_bus_message *message, const char *unit, const char *description, const struct pid_list *list,
	char *const properties[], bool oom_policy)
{
	int result = sd_bus_message_append(message, "ss", unit, "fail");

	if (result < 0 || (result = sd_bus_message_open_container(message, 'a', "(sv)")) < 0 ||
		(result = append_pids(message, list)) < 0 ||
		/* one that failed is not kept to be looked at */
		(result = sd_bus_message_append(message, "(sv)(sv)(sv)(sv)", "Description", "s", description, "Slice", "s",
			 "contained.slice", "CollectMode", "s", "inactive-or-failed", "TimeoutStopUSec", "t",
			 UINT64_C(5000000))) < 0 ||
		(oom_policy && (result = sd_bus_message_append(message, "(sv)", "OOMPolicy", "s", "continue")) < 0) ||
		(result = append_properties(message, properties)) < 0 ||
		(result = sd_bus_message_close_container(message)) < 0)
		return result;
	return sd_bus_message_append(message, "a(sa(sv))", 0);
}

static int call_start(sd_bus *bus, const char *unit, const char *description, const struct pid_list *list,
	char *const properties[], bool oom_policy, sd_bus_error *error, sd_bus_message **reply)
{
	sd_bus_message *message = NULL;
	int result = sd_bus_message_new_method_call(bus, &message, SYSTEMD, "/org/freedesktop/systemd1", MANAGER,
		"StartTransientUnit");

	if (result >= 0)
		result = fill_scope(message, unit, description, list, properties, oom_policy);
	if (result >= 0)
		result = sd_bus_call(bus, message, 0, error, reply);
	sd_bus_message_unref(message);
	return result;
}

static int start_scope(sd_bus *bus, const char *unit, const char *description, const struct pid_list *list,
	char *const properties[], struct jobs *jobs)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *reply = NULL;
	const char *path;
	int result = call_start(bus, unit, description, list, properties, true, &error, &reply);

	/* before 253 scopes had no such property, and no such policy */
	if (result < 0 && error.message && strstr(error.message, "OOMPolicy")) {
		sd_bus_error_free(&error);
		result = call_start(bus, unit, description, list, properties, false, &error, &reply);
	}
	if (result >= 0)
		result = sd_bus_message_read(reply, "o", &path);
	if (result >= 0 && !(jobs->paths[jobs->count] = strdup(path)))
		result = -ENOMEM;
	if (result < 0)
		return told(unit, &error, result);
	jobs->units[jobs->count++] = unit;
	sd_bus_message_unref(reply);
	return 0;
}

/* For as long as the unit lives: what it is set to at run time goes with it. */
static int set_properties(sd_bus *bus, const char *unit, char *const properties[])
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *message = NULL;
	int result = sd_bus_message_new_method_call(bus, &message, SYSTEMD, "/org/freedesktop/systemd1", MANAGER,
		"SetUnitProperties");

	if (result < 0 || (result = sd_bus_message_append(message, "sb", unit, 1)) < 0 ||
		(result = sd_bus_message_open_container(message, 'a', "(sv)")) < 0 ||
		(result = append_properties(message, properties)) < 0 ||
		(result = sd_bus_message_close_container(message)) < 0 ||
		(result = sd_bus_call(bus, message, 0, &error, NULL)) < 0)
		return told(unit, &error, result);
	sd_bus_message_unref(message);
	return 0;
}

static int wait_for_jobs(sd_bus *bus, const struct jobs *jobs)
{
	for (;;) {
		bool waiting = false;
		int result;

		for (size_t i = 0; i < jobs->count; i++)
			waiting = waiting || jobs->paths[i];
		if (jobs->failed)
			break;
		if (!waiting)
			return 0;
		result = sd_bus_process(bus, NULL);
		if (result == 0)
			result = sd_bus_wait(bus, UINT64_MAX);
		if (result < 0)
			return told(jobs->units[0], NULL, result);
	}
	printf("%s: systemd could not start it: %s\n", jobs->failed, jobs->result);
	return EXIT_FAILURE;
}

static int open_bus(const char *socket, sd_bus **bus)
{
	char address[160];
	int result;

	if (text_format(address, sizeof address, "unix:path=%s", socket) < 0)
		return -EINVAL;
	if ((result = sd_bus_new(bus)) < 0 || (result = sd_bus_set_address(*bus, address)) < 0 ||
		(result = sd_bus_set_bus_client(*bus, 1)) < 0)
		return result;
	return sd_bus_start(*bus);
}

static int run(sd_bus *bus, char *const argv[])
{
	char *const none[] = { NULL };
	char *const *properties = argv + 6;
	const char *keeper = argv[3], *unit = argv[5];
	struct pid_list builder = { { (uint32_t)strtoul(argv[2], NULL, 10) }, 1 };
	struct pid_list members = { { (uint32_t)strtoul(argv[4], NULL, 10) }, 1 };
	struct jobs jobs = { 0 };
	int result = sd_bus_match_signal(bus, NULL, SYSTEMD, "/org/freedesktop/systemd1", MANAGER, "JobRemoved",
		on_job_removed, &jobs);

	if (result < 0)
		return told(unit, NULL, result);
	if (!*keeper)
		members.pids[members.count++] = builder.pids[0];
	else if (start_scope(bus, keeper, "contained: PID 1 and the watchers of a session", &builder, none, &jobs) != 0)
		return EXIT_FAILURE;
	if (members.pids[0])
		result = start_scope(bus, unit, "contained: a session", &members, properties, &jobs);
	else
		result = *properties ? set_properties(bus, unit, properties) : 0;
	return result != 0 ? EXIT_FAILURE : wait_for_jobs(bus, &jobs);
}

int main(int argc, char **argv)
{
	sd_bus *bus = NULL;
	int result;

	if (argc < 6 || argc > 6 + PROPERTIES_MOST)
		return told("contained-scope", NULL, EINVAL);
	result = open_bus(argv[1], &bus);
	result = result < 0 ? told(argv[1], NULL, result) : run(bus, argv);
	sd_bus_flush_close_unref(bus);
	return fflush(stdout) == 0 ? result : EXIT_FAILURE;
}
