#include "door_jail.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/own.h"
#include "engine/tree.h"

/* Where a program without a slash is looked for: never where the user could put one. */
static const char *const directories[] = { "/usr/local/bin", "/usr/bin", "/bin" };

static bool is_program(int root_fd, const char *path)
{
	struct stat info;
	own_fd int fd = tree_open_file(root_fd, path, &info, NULL);

	return fd >= 0 && info.st_mode & 0111;
}

static int find_sftp_server(int root_fd, char **path, struct error *err)
{
	for (size_t i = 0; command_sftp_servers[i]; i++) {
		if (!is_program(root_fd, command_sftp_servers[i]))
			continue;
		*path = strdup(command_sftp_servers[i]);
		return *path ? 0 : fail(err, ENOMEM, "sftp-server", "cannot be run");
	}
	fail(err, ENOENT, "internal-sftp", "there is no sftp-server in this root");
	return error_hint(err, "install it there (openssh-sftp-server): %s", command_sftp_servers[0]);
}

static int find_program(int root_fd, const char *name, char **path, struct error *err)
{
	if (text_equal(name, "internal-sftp"))
		return find_sftp_server(root_fd, path, err);
	if (*name == '/') {
		*path = strdup(name);
		return *path ? 0 : fail(err, ENOMEM, name, "cannot be run");
	}
	for (size_t i = 0; i < ARRAY_SIZE(directories); i++) {
		if (asprintf(path, "%s/%s", directories[i], name) < 0) {
			*path = NULL;
			return fail(err, ENOMEM, name, "cannot be run");
		}
		if (is_program(root_fd, *path))
			return 0;
		free(*path);
		*path = NULL;
	}
	fail(err, ENOENT, name, "is no program of /usr/local/bin, /usr/bin or /bin");
	return error_hint(err, "install it, or write its path into `command` or `allow_commands`");
}

static int unreadable(struct error *err, const char *key, const char *why)
{
	return errno == ENOMEM ? fail(err, ENOMEM, key, "cannot be read") : fail(err, 0, key, "%s", why);
}

static int fill_in(struct command *command, bool pattern, const char *key, const struct subject *subject,
	struct error *err)
{
	if (command_fill_in(command, pattern, subject->user, subject->home) == 0)
		return 0;
	return unreadable(err, key, "the user's name or home has a character that cannot stand there");
}

static int refuse(struct door_jail *jail, const char *why, struct error *err)
{
	char wish[256];

	text_escape(wish, sizeof wish, jail->wish ? jail->wish : "a shell");
	(void)text_format(jail->refused, sizeof jail->refused, "%s%s%s%s", wish, *why ? " (" : "", why, *why ? ")" : "");
	return fail(err, EPERM, "allow_commands", "%s", jail->refused);
}

/* Is the line one of those allowed? The pattern's program then, which is what is to be run: owned. */
static int find_allowed(struct door_jail *jail, const struct policy *policy, const struct subject *subject,
	const struct command *line, char **program, struct error *err)
{
	struct command_list list = { 0 };
	char why[128];
	int result = 0;

	if (command_parse_patterns(policy->allow_commands, &list, why, sizeof why) < 0)
		return unreadable(err, "allow_commands", why);
	for (size_t i = 0; i < list.count && !result; i++)
		result = fill_in(&list.items[i], true, "allow_commands", subject, err);
	for (size_t i = 0; i < list.count && !result && !*program; i++) {
		if (!command_matches(&list.items[i], line))
			continue;
		*program = strdup(list.items[i].words.items[0]);
		if (!*program)
			result = fail(err, ENOMEM, "allow_commands", "cannot be compared");
	}
	command_list_free(&list);
	return result < 0 ? -1 : *program ? 0 : refuse(jail, "", err);
}

/* The wish, held against allow_commands: taken apart into *line. */
static int check_wish(struct door_jail *jail, const struct door_request *request, const struct policy *policy,
	const struct subject *subject, struct command *line, char **program, struct error *err)
{
	char why[128];

	if (!jail->wish)
		/* `command` has an answer to that */
		return policy->command[0] ? 0 : refuse(jail, "", err);
	if (command_parse(jail->wish, line, why, sizeof why) < 0)
		return errno == ENOMEM ? fail(err, ENOMEM, "command", "cannot be read") : refuse(jail, why, err);
	if (request->arguments && request->arguments[0])
		return refuse(jail, "with more arguments behind it", err);
	return find_allowed(jail, policy, subject, line, program, err);
}

/* `command`, in place of whatever was asked for. */
static int force(struct door_jail *jail, const struct policy *policy, const struct subject *subject, char **program,
	struct error *err)
{
	char why[128];

	if (command_parse_forced(policy->command, &jail->command, why, sizeof why) < 0)
		return unreadable(err, "command", why);
	jail->tells_wish = true;
	free(*program);
	*program = strdup(jail->command.words.items[0]);
	if (!*program)
		return fail(err, ENOMEM, "command", "cannot be read");
	return fill_in(&jail->command, false, "command", subject, err);
}

/* Without a jail every wish is the shell's, but the one that is no program. */
static int look_for_sftp(struct door_jail *jail, char **program, struct error *err)
{
	char why[128];

	if (!jail->wish || !text_after(jail->wish, "internal-sftp"))
		return 0;
	if (command_parse(jail->wish, &jail->command, why, sizeof why) < 0)
		return errno == ENOMEM ? fail(err, ENOMEM, "command", "cannot be read") : 0;
	if (!text_equal(jail->command.words.items[0], "internal-sftp")) {
		command_free(&jail->command);
		return 0;
	}
	*program = strdup("internal-sftp");
	return *program ? 0 : fail(err, ENOMEM, "command", "cannot be read");
}

int door_jail_decide(const struct door_request *request, const struct policy *policy, const struct subject *subject,
	int root_fd, struct door_jail *out, struct error *err)
{
	own_text char *program = NULL;
	struct command line = { 0 };

	*out = (struct door_jail){ .wish = request->command };
	if (!policy || (!policy->command[0] && !policy->allow_commands[0])) {
		if (look_for_sftp(out, &program, err) < 0)
			return -1;
		return program ? find_program(root_fd, program, &out->path, err) : 0;
	}
	if (policy->allow_commands[0] && check_wish(out, request, policy, subject, &line, &program, err) < 0) {
		command_free(&line);
		return -1;
	}
	if (!policy->command[0]) {
		out->command = line;
	} else {
		command_free(&line);
		if (force(out, policy, subject, &program, err) < 0)
			return -1;
	}
	/* nothing to run would be the shell's turn */
	return program ? find_program(root_fd, program, &out->path, err) : fail(err, 0, "command", "there is no program");
}

int door_jail_environment(const struct door_jail *jail, char *environment[DOOR_ENVIRONMENT], struct error *err)
{
	static const char name[] = "SSH_ORIGINAL_COMMAND=";
	size_t count = 0;

	if (!jail->tells_wish)
		return 0;
	/* what was looked at is what is told, and nothing else */
	for (size_t i = 0; environment[i]; i++) {
		if (text_after(environment[i], name))
			free(environment[i]);
		else
			environment[count++] = environment[i];
	}
	environment[count] = NULL;
	if (!jail->wish)
		return 0;
	if (count + 1 >= DOOR_ENVIRONMENT)
		free(environment[--count]); /* one of too many LC_* */
	environment[count + 1] = NULL;
	if (asprintf(&environment[count], "%s%s", name, jail->wish) < 0) {
		environment[count] = NULL;
		return fail(err, ENOMEM, "environment", "cannot be made");
	}
	return 0;
}

void door_jail_free(struct door_jail *jail)
{
	free(jail->path);
	jail->path = NULL;
	command_free(&jail->command);
}
