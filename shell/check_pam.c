/* contained check: the PAM files. What stands before and after the module, and the module's own line. */
#include "shell/check.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "engine/own.h"
#include "engine/subject.h"
#include "engine/tree.h"
#include "shell/pam_stack.h"

static const char ours[] = "pam_contained";

/* read_arguments() of pam_module/pam_contained.c; tests/static/documented.sh holds the two together */
static const char *const known_arguments[] = { "conf=", "debug", "exempt=", "exempt_group=", "profile=" };

/* What a session module does behind ours: inside, after the seal, in the host's process. */
static const struct {
	const char *module;
	bool misplaced; /* it belongs before ours */
	const char *inside;
} followers[] = {
	{ "pam_afs_session", true, "gets its tokens too late: it belongs before pam_contained" },
	{ "pam_cap", false, "can give no capability any more" },
	{ "pam_elogind", true, "registers the session too late, from inside: it belongs before pam_contained" },
	{ "pam_env", false, "reads its files inside" },
	{ "pam_exec", false, "its program runs inside, as root without capabilities" },
	{ "pam_keyinit", true, "cannot make or revoke a keyring any more: it belongs before pam_contained" },
	{ "pam_krb5", true, "names the tickets too late to be shown inside: it belongs before pam_contained" },
	{ "pam_lastlog", false, "cannot write the host's lastlog" },
	{ "pam_lastlog2", true, "cannot write the host's lastlog2 from inside: it belongs before pam_contained" },
	{ "pam_limits", false, "can raise no limit any more, and logs that; limits are set in contained.conf" },
	{ "pam_loginuid", true, "cannot set the login uid from inside: it belongs before pam_contained" },
	{ "pam_mail", false, "looks for the mailbox inside" },
	{ "pam_mkhomedir", true, "makes a home too late to be shown inside: it belongs before pam_contained" },
	{ "pam_motd", false, "shows the files that there are inside; those of /run are not" },
	{ "pam_oddjob_mkhomedir", true, "makes a home too late to be shown inside: it belongs before pam_contained" },
	{ "pam_permit", false, "does nothing" },
	{ "pam_selinux", false, "sets the context from inside; with SELinux it belongs before pam_contained" },
	{ "pam_sss", false, "tells sssd of the session from inside" },
	{ "pam_systemd", true, "registers the session too late, from inside: it belongs before pam_contained" },
	{ "pam_tty_audit", true, "cannot reach the audit settings from inside: it belongs before pam_contained" },
	{ "pam_umask", false, "works" },
	{ "pam_unix", false, "works; its line in the log comes from inside" },
	{ "pam_wtmpdb", false, "cannot write the host's wtmpdb; pam_contained writes the session's entry itself" },
	{ "pam_xauth", false, "works on the files inside" },
};

/* They record a login at its beginning, before ours, and its end from inside, where that cannot be written. */
static const struct {
	const char *module;
	const char *argument; /* leaves the record to ours: a word, or with the services behind it, divided by "/" */
} recorders[] = {
	{ "pam_lastlog", "nowtmp" },
	{ "pam_wtmpdb", "skip_if=" },
};

/* They mount at the beginning and unmount at the end. */
static const char *const mounters[] = { "pam_ecryptfs", "pam_fscrypt", "pam_mount", "pam_namespace" };

/* What a control does on a return value: "[success=ok default=bad]"; an action, or NULL. */
static const char *find_action(const char *control, const char *value)
{
	for (const char *at = control + 1; *at; at += strcspn(at, " \t"), at += strspn(at, " \t")) {
		const char *action = text_after(at, value);

		if (action && *action == '=')
			return action + 1;
	}
	return NULL;
}

static bool action_is(const char *action, const char *word)
{
	const char *rest = action ? text_after(action, word) : NULL;

	return rest && (!*rest || *rest == ' ' || *rest == '\t');
}

/* Does a failure of this line end in a refusal? Ours returns PAM_PERM_DENIED. */
static bool control_refuses(const char *control)
{
	const char *action;

	if (control[0] != '[')
		return strcasecmp(control, "required") == 0 || strcasecmp(control, "requisite") == 0;
	action = find_action(control, "perm_denied");
	if (!action)
		action = find_action(control, "default");
	return action_is(action, "bad") || action_is(action, "die");
}

/* Can the line end the stack in success, or jump as far as `distance` lines on? */
static bool control_skips(const char *control, size_t distance)
{
	if (control[0] != '[')
		return strcasecmp(control, "sufficient") == 0;
	for (const char *at = control; (at = strchr(at, '=')); at++) {
		unsigned long jump = strtoul(at + 1, NULL, 10);

		if (action_is(at + 1, "done") || (jump && jump >= distance))
			return true;
	}
	return false;
}

/* Is there such a group in the local file? */
static bool has_group(int root_fd, const char *name)
{
	own_text char *text = NULL;
	bool found = false;

	if (tree_read_file(root_fd, "/etc/group", 8 << 20, &text, NULL, NULL) < 0)
		return false;
	for (const char *line = text; *line && !found; line += strcspn(line, "\n"), line += *line == '\n') {
		const char *rest = text_after(line, name);

		found = rest && *rest == ':';
	}
	return found;
}

/* How many names of the comma-separated list there are; the others are told where check is not NULL. */
static unsigned count_exempt(struct check *check, int root_fd, const struct pam_line *line, const char *list,
	bool groups)
{
	unsigned found = 0;

	while (*list) {
		size_t length = strcspn(list, ",");
		char name[256];
		uid_t uid;

		if (length && text_format(name, sizeof name, "%.*s", (int)length, list) > 0) {
			bool there = groups ? has_group(root_fd, name) : subject_local_uid(root_fd, name, &uid) == 1;

			found += there;
			if (!there && check)
				check_warn(check, "%s:%u: there is no local %s %s: nobody is exempt by it", line->file,
					line->number, groups ? "group" : "user", name);
		}
		list += length + (list[length] == ',');
	}
	return found;
}

static unsigned count_exempts(struct check *check, int root_fd, const struct pam_line *line)
{
	unsigned found = 0;

	for (size_t i = 0; i < line->arguments.count; i++) {
		const char *value;

		if ((value = text_after(line->arguments.items[i], "exempt=")))
			found += count_exempt(check, root_fd, line, value, false);
		if ((value = text_after(line->arguments.items[i], "exempt_group=")))
			found += count_exempt(check, root_fd, line, value, true);
	}
	return found;
}

static bool is_known_argument(const char *argument)
{
	for (size_t i = 0; i < ARRAY_SIZE(known_arguments); i++) {
		const char *rest = text_after(argument, known_arguments[i]);

		if (rest && (!*rest || strchr(known_arguments[i], '=')))
			return true;
	}
	return false;
}

static void check_own_line(struct check *check, const char *service, const struct pam_line *line)
{
	check_note(check, "%s is contained: %s:%u: session %s%s %s", service, line->file, line->number, line->control,
		line->control[0] == '[' ? "]" : "", line->module);
	if (!control_refuses(line->control))
		check_warn(check, "%s:%u: the control is not required: a login whose container fails goes on without one",
			line->file, line->number);
	for (size_t i = 0; i < line->arguments.count; i++) {
		const char *argument = line->arguments.items[i], *conf = text_after(argument, "conf=");

		if (!is_known_argument(argument))
			check_warn(check, "%s:%u: %s is not an argument of pam_contained.so: it refuses all users",
				line->file, line->number, argument);
		if (conf && !text_equal(conf, check->conf))
			check_warn(check, "%s:%u: reads %s, which is not the file checked here", line->file, line->number,
				conf);
	}
	(void)count_exempts(check, check->root_fd, line); /* for what it tells */
}

static bool is_mounter(const struct pam_line *line)
{
	for (size_t i = 0; i < ARRAY_SIZE(mounters); i++)
		if (pam_line_is(line, mounters[i]))
			return true;
	return false;
}

static bool leaves_record(const struct pam_line *line, const char *argument, const char *service)
{
	bool lists = strchr(argument, '=');

	for (size_t i = 0; i < line->arguments.count; i++) {
		const char *services = text_after(line->arguments.items[i], argument);

		if (services && (lists ? text_has_word(services, '/', service) : !*services))
			return true;
	}
	return false;
}

static void check_recorder(struct check *check, const char *service, const struct pam_line *line)
{
	for (size_t i = 0; i < ARRAY_SIZE(recorders); i++) {
		const char *argument = recorders[i].argument;

		if (pam_line_is(line, recorders[i].module) && !leaves_record(line, argument, service))
			check_warn(check, "%s:%u: %s records the login beside pam_contained, and from inside cannot write"
				" its end: %s%s stops that", line->file, line->number, line->module, argument,
				strchr(argument, '=') ? service : "");
	}
}

static void check_before(struct check *check, const char *service, const struct pam_stack *stack, size_t own)
{
	for (size_t i = 0; i < own; i++) {
		const struct pam_line *line = &stack->lines[i];
		bool counts = !line->block || line->block == stack->lines[own].block;

		if (is_mounter(line))
			check_warn(check, "%s:%u: %s does not go together with pam_contained: it unmounts at the end"
				" of the session, which happens inside", line->file, line->number, line->module);
		check_recorder(check, service, line);
		if (counts && control_skips(line->control, own - i))
			check_warn(check, "%s:%u: %s can end the stack or jump before pam_contained is reached", line->file,
				line->number, line->module);
	}
}

static void check_after(struct check *check, const struct pam_line *line)
{
	if (pam_line_is(line, ours))
		return;
	if (is_mounter(line)) {
		check_warn(check, "%s:%u: %s does not go together with pam_contained: it would mount inside, where that"
			" is refused", line->file, line->number, line->module);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(followers); i++) {
		if (!pam_line_is(line, followers[i].module))
			continue;
		(followers[i].misplaced ? check_warn : check_note)(check, "%s:%u: %s comes after pam_contained: %s",
			line->file, line->number, line->module, followers[i].inside);
		return;
	}
	check_note(check, "%s:%u: %s comes after pam_contained: it runs inside, without most capabilities", line->file,
		line->number, line->module);
}

/* The first line of ours; the stack's count where there is none. */
static size_t find_own(const struct pam_stack *stack)
{
	size_t i = 0;

	while (i < stack->count && !pam_line_is(&stack->lines[i], ours))
		i++;
	return i;
}

static bool check_service(struct check *check, const char *service)
{
	struct pam_stack stack;
	struct error err;
	size_t own;
	bool named;

	if (pam_stack_read(check->root_fd, service, &stack, &err) < 0) {
		char text[1024];

		error_format(&err, text, sizeof text);
		check_note(check, "%s", text);
		return false;
	}
	own = find_own(&stack);
	named = own < stack.count;
	/* what others only include is judged with them */
	if (named && stack.is_service) {
		for (size_t i = 0; i < stack.problems.count; i++)
			check_warn(check, "%s", stack.problems.items[i]);
		check_own_line(check, service, &stack.lines[own]);
		check_before(check, service, &stack, own);
		for (size_t i = own + 1; i < stack.count; i++)
			check_after(check, &stack.lines[i]);
	}
	pam_stack_free(&stack);
	return named;
}

void check_pam(struct check *check)
{
	struct list services;
	struct error err;
	bool named = false;

	if (pam_stack_services(check->root_fd, &services, &err) < 0)
		return; /* no memory: nothing could be told either */
	for (size_t i = 0; i < services.count; i++)
		named = check_service(check, services.items[i]) || named;
	if (!named)
		check_warn(check, "no PAM file names pam_contained.so: no login is contained");
	list_free(&services);
}

int check_pam_exempts(const struct check *check, const char *service)
{
	struct pam_stack stack;
	size_t own;
	int result;

	if (pam_stack_read(check->root_fd, service, &stack, NULL) < 0)
		return -1;
	own = find_own(&stack);
	result = own == stack.count ? -1 : count_exempts(NULL, check->root_fd, &stack.lines[own]) > 0;
	pam_stack_free(&stack);
	return result;
}

static bool line_exempts(int root_fd, const struct pam_line *line, const char *user)
{
	for (size_t i = 0; i < line->arguments.count; i++) {
		const char *names = text_after(line->arguments.items[i], "exempt=");
		const char *groups = text_after(line->arguments.items[i], "exempt_group=");

		if ((names && subject_local_listed(root_fd, names, user, false)) ||
			(groups && subject_local_listed(root_fd, groups, user, true)))
			return true;
	}
	return false;
}

static bool can_be_skipped(const struct pam_stack *stack, size_t own)
{
	for (size_t i = 0; i < own; i++) {
		const struct pam_line *line = &stack->lines[i];

		if ((!line->block || line->block == stack->lines[own].block) && control_skips(line->control, own - i))
			return true;
	}
	return false;
}

/* "FILE:LINE"; a path that is too long to tell is not told. */
static void tell_where(const struct pam_line *line, char *where, size_t size)
{
	(void)text_format(where, size, "%s:%u", line->file, line->number);
}

enum pam_guard check_pam_guard(int root_fd, const char *service, const char *user, char *where, size_t size)
{
	enum pam_guard guard = PAM_GUARD_ABSENT;
	struct pam_stack stack;
	size_t own;

	where[0] = '\0';
	if (pam_stack_read(root_fd, service, &stack, NULL) < 0)
		return PAM_GUARD_NO_SERVICE;
	own = find_own(&stack);
	if (own < stack.count) {
		const struct pam_line *line = &stack.lines[own];

		tell_where(line, where, size);
		if (user && line_exempts(root_fd, line, user))
			guard = PAM_GUARD_EXEMPT;
		else if (!control_refuses(line->control) || can_be_skipped(&stack, own))
			guard = PAM_GUARD_WEAK;
		else
			guard = PAM_GUARD_FULL;
	}
	pam_stack_free(&stack);
	return guard;
}

bool check_pam_reads_home(int root_fd, const char *service, char *where, size_t size)
{
	struct pam_stack stack;
	bool found = false;

	where[0] = '\0';
	if (pam_stack_read(root_fd, service, &stack, NULL) < 0)
		return false;
	for (size_t i = 0; i < stack.count && !found; i++) {
		found = pam_line_is(&stack.lines[i], "pam_env") &&
			list_has(&stack.lines[i].arguments, "user_readenv=1");
		if (found)
			tell_where(&stack.lines[i], where, size);
	}
	pam_stack_free(&stack);
	return found;
}
