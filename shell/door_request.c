#include "door_request.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/own.h"

/*
 * What passes. Everything else stays outside: LD_*, BASH_ENV, ENV, IFS, PERL5LIB and what nobody has thought of. The
 * agent's socket lies in the host's /tmp, where the session has one of its own: its name would only mislead.
 */
static const struct {
	const char *name;
	bool prefix, x11;
} passing[] = { { "TERM", false, false }, { "COLORTERM", false, false }, { "LANG", false, false },
	{ "LANGUAGE", false, false }, { "LC_", true, false }, { "TZ", false, false }, { "SSH_CLIENT", false, false },
	{ "SSH_CONNECTION", false, false }, { "SSH_TTY", false, false }, { "SSH_ORIGINAL_COMMAND", false, false },
	{ "DISPLAY", false, true } };

static const char *value_in(char *const *environment, const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; environment[i]; i++)
		if (strncmp(environment[i], name, length) == 0 && environment[i][length] == '=')
			return environment[i] + length + 1;
	return NULL;
}

/* As a forced command it is handed to the login shell, which may be the same program. */
static bool is_this_door(const char *command)
{
	const char *slash = strrchr(command, '/');

	return text_equal(slash ? slash + 1 : command, "contained-shell") && (command[0] == '/' || !slash) &&
		!command[strcspn(command, " \t\n$`;&|<>()\\'\"")];
}

int door_request_parse(int argc, char **argv, char *const *environment, struct door_request *out, struct error *err)
{
	struct door_request request = { .login = argc > 0 && argv[0][0] == '-' };
	int i = 1;

	for (; i < argc && argv[i][0] == '-'; i++) {
		const char *flags = argv[i] + 1;
		bool command = false;

		if (text_equal(argv[i], "--")) {
			i++;
			break;
		}
		if (text_equal(argv[i], "--login"))
			flags = "l";
		if (!*flags)
			return fail(err, EINVAL, argv[i], "is no option of contained-shell");
		for (; *flags; flags++) {
			request.login = request.login || *flags == 'l';
			request.interactive = request.interactive || *flags == 'i';
			command = command || *flags == 'c';
			if (!strchr("lic", *flags))
				return fail(err, EINVAL, argv[i], "is no option of contained-shell");
		}
		if (!command)
			continue;
		if (++i >= argc)
			return fail(err, EINVAL, "-c", "needs a command");
		request.command = argv[i];
		request.arguments = argv + i + 1;
		if (is_this_door(argv[i]) && !argv[i + 1])
			request.command = value_in(environment, "SSH_ORIGINAL_COMMAND");
		*out = request;
		return 0;
	}
	if (i < argc) {
		fail(err, EINVAL, argv[i], "cannot be run: contained-shell takes commands with -c");
		return -1;
	}
	/* as a forced command (ForceCommand, command=): what the client asked for; nothing for a shell */
	request.command = value_in(environment, "SSH_ORIGINAL_COMMAND");
	*out = request;
	return 0;
}

static bool is_listed(const struct list *list, const char *entry, size_t name)
{
	for (size_t i = 0; i < list->count; i++)
		if (strlen(list->items[i]) == name && strncmp(entry, list->items[i], name) == 0)
			return true;
	return false;
}

static bool passes(const char *entry, bool x11, const struct list *more)
{
	size_t name = strcspn(entry, "=");

	if (!entry[name])
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(passing); i++) {
		size_t length = strlen(passing[i].name);

		if (strncmp(entry, passing[i].name, length) != 0 || (passing[i].x11 && !x11))
			continue;
		if (passing[i].prefix ? name > length : name == length)
			return true;
	}
	return is_listed(more, entry, name);
}

/* Appends "name=value"; name NULL: the entry as it is. */
static int add(char *out[DOOR_ENVIRONMENT], size_t *count, const char *name, const char *value, struct error *err)
{
	if (*count + 1 >= DOOR_ENVIRONMENT)
		return 0; /* more of LC_* than there are categories: nobody misses them */
	if (asprintf(&out[*count], "%s%s%s", name ? name : "", name ? "=" : "", value) < 0) {
		out[*count] = NULL;
		return fail(err, ENOMEM, "environment", "cannot be made");
	}
	out[++*count] = NULL;
	return 0;
}

int door_environment(char *const *given, const struct subject *subject, const char *shell, bool x11,
	const struct list *pass, char *out[DOOR_ENVIRONMENT], struct error *err)
{
	const char *const own[][2] = { { "HOME", subject->home }, { "USER", subject->user }, { "LOGNAME", subject->user },
		{ "SHELL", shell }, { "PATH", "/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games" } };
	char text[128];
	size_t count = 0;

	out[0] = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		if (add(out, &count, own[i][0], own[i][1], err) < 0)
			return -1;
	(void)text_format(text, sizeof text, "/run/user/%u", subject->uid);
	if (add(out, &count, "XDG_RUNTIME_DIR", text, err) < 0)
		return -1;
	(void)text_format(text, sizeof text, "/var/mail/%s", subject->user);
	if (add(out, &count, "MAIL", text, err) < 0)
		return -1;
	for (size_t i = 0; given[i]; i++)
		if (passes(given[i], x11, pass) && add(out, &count, NULL, given[i], err) < 0)
			return -1;
	return 0;
}

int door_shell_arguments(const struct door_request *request, const char *shell, const char **out, size_t most,
	char **name, struct error *err)
{
	const char *slash = strrchr(shell, '/');
	size_t count = 0;

	if (asprintf(name, "%s%s", request->login ? "-" : "", slash ? slash + 1 : shell) < 0) {
		*name = NULL;
		return fail(err, ENOMEM, shell, "cannot make its arguments");
	}
	out[count++] = *name;
	if (request->interactive)
		out[count++] = "-i";
	if (request->command) {
		out[count++] = "-c";
		out[count++] = request->command;
	}
	for (char **argument = request->arguments; argument && *argument; argument++) {
		if (count + 1 >= most)
			return fail(err, E2BIG, shell, "more arguments than %zu", most);
		out[count++] = *argument;
	}
	out[count] = NULL;
	return 0;
}
