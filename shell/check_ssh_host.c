/* contained check --ssh: the ways into an account beside sshd, and what of the host contained-shell needs. */
#include "shell/check_ssh.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/accounts.h"
#include "engine/own.h"
#include "engine/tree.h"
#include "shell/sshd_config.h"

enum { FILE_MOST = 8 << 20, OUTSIDE = SSH_SHELL | SSH_FORCED };

/* Services that start something as the user. login and su run the shell in passwd: no module is needed for ours. */
static const struct {
	const char *service;
	unsigned ways;
	const char *lists; /* who may use it: /etc/NAME.allow and .deny (crontab(1), at(1)) */
	bool closed;       /* where there is neither, nobody may */
	const char *why;
} services[] = {
	{ "su", SSH_PAM | SSH_FORCED, NULL, false, "su from another account runs the user's shell, outside" },
	{ "su-l", SSH_PAM | SSH_FORCED, NULL, false, "su - from another account runs the user's shell, outside" },
	{ "login", SSH_PAM | SSH_FORCED, NULL, false, "a login on the console runs the user's shell, outside" },
	{ "cron", SSH_PAM | OUTSIDE, "cron", false, "the user's jobs run outside, by /bin/sh" },
	{ "crond", SSH_PAM | OUTSIDE, "cron", false, "the user's jobs run outside, by /bin/sh" },
	{ "atd", SSH_PAM | OUTSIDE, "at", true, "the user's jobs run outside, by /bin/sh" },
	{ "systemd-user", SSH_PAM | OUTSIDE, NULL, false, "a login starts the user's systemd --user, outside" },
};

static bool exists(const struct ssh_look *look, const char *path)
{
	own_fd int fd = tree_open_file(look->root_fd, path, NULL, NULL);

	return fd >= 0;
}

/* Is the name a line of the file? -1: there is no file, or none that can be read. */
static int list_says(const struct ssh_look *look, const char *lists, const char *suffix, const char *name)
{
	own_text char *text = NULL;
	char path[64];

	if (text_format(path, sizeof path, "/etc/%s.%s", lists, suffix) < 0 ||
		tree_read_file(look->root_fd, path, FILE_MOST, &text, NULL, NULL) < 0)
		return -1;
	for (const char *line = text; name && *line; line += strcspn(line, "\n"), line += *line == '\n') {
		const char *rest = text_after(line, name);

		if (rest && strchr(" \t\n", *rest))
			return 1;
	}
	return 0;
}

static bool may_use(const struct ssh_look *look, const char *lists, bool closed)
{
	int allowed = list_says(look, lists, "allow", look->ssh.user);
	int denied = allowed < 0 ? list_says(look, lists, "deny", look->ssh.user) : 0;

	if (allowed >= 0)
		return allowed > 0;
	return denied >= 0 ? denied == 0 : !closed;
}

static void check_service(struct ssh_look *look, size_t i)
{
	const char *service = services[i].service, *lists = services[i].lists;
	char where[256], what[512], remedy[256];
	enum pam_guard guard = check_pam_guard(look->root_fd, service, look->ssh.user, where, sizeof where);

	if (guard == PAM_GUARD_NO_SERVICE || guard == PAM_GUARD_FULL)
		return;
	if (lists && !may_use(look, lists, services[i].closed))
		return;
	if (guard == PAM_GUARD_ABSENT)
		(void)snprintf(what, sizeof what, "PAM: the service %s does not name pam_contained.so", service);
	else
		(void)snprintf(what, sizeof what, "PAM: %s %s", where,
			guard == PAM_GUARD_WEAK ? "does not have to be reached, or is not required" : "exempts the user");
	(void)snprintf(remedy, sizeof remedy, "session required pam_contained.so, as the last session line of %s%s%s%s",
		service, lists ? "; or keep the user out by /etc/" : "", lists ? lists : "", lists ? ".deny" : "");
	check_ssh_tell(look, SSH_OPEN, what, services[i].why, remedy);
}

/* What runs without anybody logging in: jobs that are there already, whoever may make new ones. */
static void check_left(struct ssh_look *look)
{
	static const struct {
		const char *directory, *service, *why, *remedy;
	} left[] = {
		{ "/var/spool/cron/crontabs", "cron", "these jobs run outside",
			"crontab -r -u USER, or the module in the PAM service cron" },
		{ "/var/spool/cron", "crond", "these jobs run outside",
			"crontab -r -u USER, or the module in the PAM service crond" },
		{ "/var/spool/cron/tabs", "crond", "these jobs run outside",
			"crontab -r -u USER, or the module in the PAM service crond" },
		{ "/var/lib/systemd/linger", "systemd-user", "the user's systemd --user runs from boot on, outside",
			"loginctl disable-linger USER, or the module in the PAM service systemd-user" },
	};

	for (size_t i = 0; look->ssh.user && i < ARRAY_SIZE(left); i++) {
		char path[256], where[256];

		if (text_format(path, sizeof path, "%s/%s", left[i].directory, look->ssh.user) > 0 && exists(look, path) &&
			check_pam_guard(look->root_fd, left[i].service, look->ssh.user, where, sizeof where) !=
				PAM_GUARD_FULL)
			check_ssh_tell(look, SSH_OPEN, path, left[i].why, left[i].remedy);
	}
}

static void check_shells(struct ssh_look *look)
{
	own_text char *text = NULL;
	char *rest, *line;

	if (tree_read_file(look->root_fd, "/etc/shells", FILE_MOST, &text, NULL, NULL) < 0)
		return;
	rest = text;
	while ((line = strsep(&rest, "\n")))
		if (text_equal(ssh_doors_name(line), "contained-shell")) {
			check_ssh_tell(look, SSH_OPEN, "/etc/shells lists contained-shell",
				"su -s and chsh then serve the user with another shell, and ftp, cockpit and others let in whose"
				" shell is listed", "take the line out of /etc/shells");
			return;
		}
}

/* ~/.pam_environment, of Debian 12 and older. */
static void check_environment(struct ssh_look *look)
{
	own_text char *pam = sshd_config_value(look->ssh.text, "usepam");
	char where[256], what[512];

	if (!text_equal(pam, "yes") || !ssh_doors_environment(&look->ssh) ||
		!check_pam_reads_home(look->root_fd, look->service, where, sizeof where))
		return;
	(void)snprintf(what, sizeof what, "PAM: %s: pam_env.so user_readenv=1", where);
	check_ssh_tell(look, SSH_OPEN, what,
		"what sshd starts outside loads what LD_PRELOAD in ~/.pam_environment names",
		"take user_readenv=1 out of that line");
}

/* Those of drop_groups: the module drops them, contained-shell cannot. */
static void check_groups(struct ssh_look *look)
{
	own_text char *text = NULL;
	char what[512];

	if (!look->policy || !look->subject)
		return;
	(void)tree_read_file(look->root_fd, "/etc/group", FILE_MOST, &text, NULL, NULL); /* NULL will do, too */
	for (size_t i = 0; i < look->subject->group_count; i++) {
		const struct subject_group *group = &look->subject->groups[i];

		if (!accounts_drops(&look->policy->drop_groups, text, group))
			continue;
		(void)snprintf(what, sizeof what, "the user is in the group %s", group->name);
		if (look->ssh.way != SSH_PAM)
			check_ssh_tell(look, SSH_REFUSES, what,
				"it opens the host (drop_groups), and without root contained-shell cannot give it up",
				"take the user out of it, or let the PAM module make the session");
		else if (group->gid == look->subject->gid)
			check_ssh_tell(look, SSH_REFUSES, what, "it opens the host (drop_groups), and is the primary one",
				"give the user another primary group");
		else
			check_ssh_tell(look, SSH_NOTE, what,
				"it opens the host (drop_groups): a session is without it, what runs outside of one is not", NULL);
	}
}

static bool file_says(const struct ssh_look *look, const char *path, const char *value)
{
	own_text char *text = NULL;

	if (tree_read_file(look->root_fd, path, 4096, &text, NULL, NULL) < 0)
		return false;
	text[strcspn(text, "\n")] = '\0';
	return text_equal(text, value);
}

/* What a user namespace needs, and limits: without them contained-shell lets nobody in. */
static void check_needs(struct ssh_look *look)
{
	static const struct {
		const char *path, *value, *what, *why, *remedy;
	} switches[] = {
		{ "/proc/sys/user/max_user_namespaces", "0", "user.max_user_namespaces = 0",
			"nobody can make a user namespace, which contained-shell needs", "sysctl user.max_user_namespaces=10000" },
		{ "/proc/sys/kernel/unprivileged_userns_clone", "0", "kernel.unprivileged_userns_clone = 0",
			"users can make no user namespace, which contained-shell needs",
			"sysctl kernel.unprivileged_userns_clone=1" },
	};
	static const char restricted[] = "/proc/sys/kernel/apparmor_restrict_unprivileged_userns";

	for (size_t i = 0; i < ARRAY_SIZE(switches); i++)
		if (file_says(look, switches[i].path, switches[i].value))
			check_ssh_tell(look, SSH_REFUSES, switches[i].what, switches[i].why, switches[i].remedy);
	if (file_says(look, restricted, "1") && !exists(look, "/etc/apparmor.d/contained-shell"))
		check_ssh_tell(look, SSH_REFUSES, "kernel.apparmor_restrict_unprivileged_userns = 1",
			"only programs whose AppArmor profile says so can use a user namespace, which contained-shell needs",
			"a profile /etc/apparmor.d/contained-shell with the rule userns, or the sysctl set to 0");
	if (look->policy && look->policy->limits == LIMITS_REQUIRE &&
		(look->policy->memory.set || look->policy->swap.set || look->policy->cpu_weight.set ||
			look->policy->cpu_quota.set || look->policy->pids.set || look->policy->io_weight.set ||
			look->policy->io_read_bandwidth.set || look->policy->io_write_bandwidth.set)) {
		char what[512];

		(void)snprintf(what, sizeof what, "%s: limits = require, in [%s]", look->options->conf,
			look->policy->profile);
		check_ssh_tell(look, SSH_REFUSES, what, "without root contained-shell can make no control group",
			"limits = try, in a profile with match_services = contained-shell");
	}
}

void check_ssh_host(struct ssh_look *look)
{
	for (size_t i = 0; i < ARRAY_SIZE(services); i++)
		if (services[i].ways & look->ssh.way)
			check_service(look, i);
	if (look->ssh.way == SSH_NONE)
		return;
	check_left(look);
	check_groups(look);
	if (!(look->ssh.way & OUTSIDE))
		return;
	check_environment(look);
	check_needs(look);
	if (look->ssh.way == SSH_SHELL)
		check_shells(look);
}
