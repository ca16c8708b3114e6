#include "shell/ssh_doors.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "engine/own.h"
#include "engine/text.h"
#include "shell/sshd_config.h"

static const char internal[] = "internal-sftp";

/* Variables by which a program, or a shell that reads no more than its environment, runs what the user wrote. */
static const char *const loading[] = { "LD_PRELOAD", "LD_AUDIT", "LD_LIBRARY_PATH", "BASH_ENV", "ENV", "SHELLOPTS",
	"ZDOTDIR", "BASH_FUNC_x%%" };

static bool is_no(const char *value)
{
	return strcasecmp(value, "no") == 0 || strcasecmp(value, "none") == 0;
}

/* Is the option set, and to something else than no or none? */
static bool is_on(const char *text, const char *key)
{
	own_text char *value = sshd_config_value(text, key);

	return value && !is_no(value);
}

static bool always(const struct ssh_case *ssh, const char *value)
{
	(void)ssh;
	(void)value;
	return true;
}

static bool on(const struct ssh_case *ssh, const char *value)
{
	(void)ssh;
	return !is_no(value);
}

static bool forwards(const struct ssh_case *ssh, const char *value)
{
	return !is_no(value) && !is_on(ssh->text, "disableforwarding");
}

/*
 * DisableForwarding did not hold for the agent and X11 from 7.4 on up to 9.9 (CVE-2025-32728). 10.0 is the first that
 * has an sshdauthpath to tell of; whether a distribution mended an older one cannot be seen.
 */
static bool forwards_display(const struct ssh_case *ssh, const char *value)
{
	own_text char *since_10 = sshd_config_value(ssh->text, "sshdauthpath");

	return !is_no(value) && !(since_10 && is_on(ssh->text, "disableforwarding"));
}

static bool listens(const struct ssh_case *ssh, const char *value)
{
	own_text char *tcp = sshd_config_value(ssh->text, "allowtcpforwarding");

	return forwards(ssh, value) && tcp && !is_no(tcp) && strcasecmp(tcp, "local") != 0;
}

const char *ssh_doors_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* The first word of a command. sshd knows internal-sftp by what a space or tab may follow. */
static bool command_is(const char *command, const char *program, bool whole)
{
	own_text char *word = strndup(command, strcspn(command, " \t"));

	return word && text_equal(whole ? word : ssh_doors_name(word), program);
}

bool ssh_doors_forces(const char *text, const char *program)
{
	own_text char *command = sshd_config_value(text, "forcecommand");

	return command && command_is(command, program, text_equal(program, internal));
}

static bool is_internal_sftp(const struct ssh_case *ssh, const char *value)
{
	(void)ssh;
	return command_is(value, internal, true);
}

/* "sftp internal-sftp -l INFO"; a ForceCommand goes before any subsystem. */
static bool has_internal_sftp(const struct ssh_case *ssh, const char *value)
{
	const char *command = value + strcspn(value, " \t");

	return !is_on(ssh->text, "forcecommand") && is_internal_sftp(ssh, command + strspn(command, " \t"));
}

/* sshd leaves ~/.ssh/rc out where a command is forced by its own configuration. */
static bool runs_rc(const struct ssh_case *ssh, const char *value)
{
	return !is_no(value) && !is_on(ssh->text, "forcecommand");
}

bool ssh_doors_environment(const struct ssh_case *ssh)
{
	own_text char *rc = sshd_config_value(ssh->text, "permituserrc");
	own_text char *x11 = sshd_config_value(ssh->text, "x11forwarding");

	return ssh->way == SSH_FORCED ||
	       (ssh->way == SSH_SHELL &&
		       (ssh->sshrc || (rc && runs_rc(ssh, rc)) || (x11 && forwards_display(ssh, x11))));
}

/* Does the list of patterns let one of the variables through? One with a "!" takes away (PATTERNS in ssh_config(5)). */
static bool passes(const char *patterns, const char *name)
{
	struct list list = { 0 };
	bool found = false;

	if (list_add_words(&list, patterns) < 0)
		found = true; /* without memory: rather one door too many */
	for (size_t i = 0; i < list.count; i++) {
		const char *taken = text_after(list.items[i], "!");

		if (fnmatch(taken ? taken : list.items[i], name, FNM_NOESCAPE) != 0)
			continue;
		found = !taken;
		if (taken)
			break;
	}
	list_free(&list);
	return found;
}

static bool sets_environment(const struct ssh_case *ssh, const char *value)
{
	bool harmful = strcasecmp(value, "yes") == 0;

	for (size_t i = 0; i < ARRAY_SIZE(loading) && !harmful; i++)
		harmful = passes(value, loading[i]);
	return harmful && !is_no(value) && ssh_doors_environment(ssh);
}

/* Is a file that sshd_config names in the home? Relative ones are, %h is the home, %u the user. */
static bool is_in_home(const struct ssh_case *ssh, const char *file)
{
	const char *home = ssh->home ? ssh->home : "/home", *rest, *name = strstr(file, "%u");
	own_text char *path = NULL;

	if (file[0] != '/' || strstr(file, "%h"))
		return true;
	if (asprintf(&path, "%.*s%s%s", (int)(name ? name - file : (ptrdiff_t)strlen(file)), file,
		    name ? (ssh->user ? ssh->user : "USER") : "", name ? name + 2 : "") < 0) {
		path = NULL;
		return true;
	}
	rest = text_after(path, home);
	return rest && *rest == '/';
}

static bool has_keys_at_home(const struct ssh_case *ssh, const char *value)
{
	struct list files = { 0 };
	bool found = false;

	if (is_no(value) || list_add_words(&files, value) < 0)
		return false;
	for (size_t i = 0; i < files.count && !found; i++)
		found = is_in_home(ssh, files.items[i]);
	list_free(&files);
	return found;
}

/* A forced command of sshd's goes before that of a key. */
static bool has_keys_that_force(const struct ssh_case *ssh, const char *value)
{
	own_text char *subsystem = sshd_config_value(ssh->text, "subsystem");

	return subsystem && !is_on(ssh->text, "forcecommand") && has_keys_at_home(ssh, value);
}

/* Where a setting may stand: the keywords of Match in sshd_config(5). */
#define ANYWHERE " (sshd_config, globally or in a Match block)"
#define GLOBALLY " (sshd_config, globally)"

enum { OUTSIDE = SSH_SHELL | SSH_FORCED }; /* sshd itself stays outside of the container */

static const struct {
	const char *key;
	bool (*matters)(const struct ssh_case *ssh, const char *value);
	unsigned ways;
	enum ssh_finding finding;
	const char *why, *remedy;
} doors[] = {
	{ "allowtcpforwarding", forwards, OUTSIDE, SSH_OPEN,
		"sshd makes the connections of -L, -R and -D outside, in the host's network",
		"DisableForwarding yes" ANYWHERE },
	{ "allowstreamlocalforwarding", forwards, OUTSIDE, SSH_OPEN,
		"sshd connects to Unix sockets of the host and makes some, outside", "DisableForwarding yes" ANYWHERE },
	{ "gatewayports", listens, OUTSIDE, SSH_OPEN,
		"ports of -R listen on the host's own addresses", "GatewayPorts no" ANYWHERE },
	{ "x11forwarding", forwards_display, OUTSIDE, SSH_OPEN,
		"sshd listens for X clients outside, and runs xauth there; before 10.0 DisableForwarding does not stop it",
		"X11Forwarding no" ANYWHERE },
	{ "allowagentforwarding", forwards_display, OUTSIDE, SSH_OPEN,
		"sshd makes the agent's socket outside; before 10.0 DisableForwarding does not stop it",
		"AllowAgentForwarding no" ANYWHERE },
	{ "permittunnel", forwards, OUTSIDE, SSH_OPEN,
		"sshd makes network devices of the host", "PermitTunnel no" ANYWHERE },
	{ "subsystem", has_internal_sftp, OUTSIDE, SSH_OPEN,
		"sshd serves the files itself, outside; a program of its own is started through the shell",
		"Subsystem sftp /usr/lib/openssh/sftp-server, or where it is" GLOBALLY },
	{ "forcecommand", is_internal_sftp, SSH_NONE | SSH_SHELL, SSH_OPEN,
		"sshd serves the files itself, outside; a program of its own is started through the shell",
		"ForceCommand /usr/lib/openssh/sftp-server, or where it is, and contained-shell as the shell in passwd" },
	{ "forcecommand", always, SSH_FORCED, SSH_OPEN,
		"the shell in passwd runs it, and before that ~/.bashrc, ~/.zshenv and the like, outside",
		"usermod -s /usr/bin/contained-shell USER" },
	{ "permituserrc", runs_rc, SSH_SHELL, SSH_OPEN,
		"a /bin/sh outside starts the shell for ~/.ssh/rc, in an environment that the user may have set",
		"PermitUserRC no" ANYWHERE },
	{ "permituserenvironment", sets_environment, SSH_FORCED, SSH_OPEN,
		"the shell in passwd, outside, loads what LD_PRELOAD, BASH_ENV and the like name",
		"PermitUserEnvironment no" GLOBALLY },
	{ "permituserenvironment", sets_environment, SSH_SHELL, SSH_OPEN,
		"the /bin/sh that sshd starts for ~/.ssh/rc, /etc/ssh/sshrc or xauth loads what LD_PRELOAD names, outside",
		"PermitUserEnvironment no" GLOBALLY },
	{ "acceptenv", sets_environment, SSH_FORCED, SSH_OPEN,
		"the shell in passwd, outside, loads what LD_PRELOAD, BASH_ENV and the like name",
		"take the pattern out of AcceptEnv (sshd_config, globally and in Match blocks)" },
	{ "acceptenv", sets_environment, SSH_SHELL, SSH_OPEN,
		"the /bin/sh that sshd starts for ~/.ssh/rc, /etc/ssh/sshrc or xauth loads what LD_PRELOAD names, outside",
		"take the pattern out of AcceptEnv (sshd_config, globally and in Match blocks)" },
	{ "authorizedkeysfile", has_keys_that_force, SSH_SHELL, SSH_OPEN,
		"the user may add a key with command=\"internal-sftp\", which sshd itself serves, outside",
		"AuthorizedKeysFile /etc/ssh/authorized_keys/%u" ANYWHERE },
	{ "authorizedkeysfile", has_keys_at_home, SSH_NONE, SSH_OPEN,
		"where command= in it is to contain the user: the user may add a key without one",
		"AuthorizedKeysFile /etc/ssh/authorized_keys/%u" ANYWHERE },
	{ "chrootdirectory", on, OUTSIDE, SSH_REFUSES, "no user namespace can be made in a chroot",
		"ChrootDirectory none" ANYWHERE "; root = DIR in a profile does the same" },
	{ "chrootdirectory", on, SSH_PAM, SSH_REFUSES, "chroot is refused inside",
		"ChrootDirectory none" ANYWHERE "; root = DIR in a profile does the same" },
};

void ssh_doors_judge(const struct ssh_case *ssh, ssh_report *report, void *context)
{
	for (size_t i = 0; i < ARRAY_SIZE(doors); i++) {
		const char *rest = ssh->text;
		char *value;

		if (!(doors[i].ways & ssh->way))
			continue;
		while ((value = sshd_config_next(&rest, doors[i].key))) {
			char what[256];

			/* longer ones are cut */
			(void)snprintf(what, sizeof what, "sshd: %s %s", doors[i].key, value);
			if (doors[i].matters(ssh, value))
				report(context, doors[i].finding, what, doors[i].why, doors[i].remedy);
			free(value);
		}
	}
}
