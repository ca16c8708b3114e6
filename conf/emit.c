/*
 * emit: what the build makes out of the settings table, so that no list is kept twice.
 *
 *	emit sample     contained.conf, every key commented out with its default
 *	emit man        contained.conf.5, in man(7)
 *	emit keys       the keys, one a line, for completions
 */
#include <stdio.h>
#include <string.h>

#include "own.h"
#include "settings.h"
#include "syscalls.h"
#include "text.h"

/* Where a group of settings begins, in the order of the table. */
static const struct group {
	const char *first; /* key */
	const char *title;
} groups[] = {
	{ "root", "View of the files" },
	{ "shell", "What contained-shell runs" },
	{ "network", "Namespaces" },
	{ "limits", "Limits of a session as a whole" },
	{ "rlimit_as", "Limits of each process, as in setrlimit(2): SOFT:HARD, or one for both" },
	{ "keep_caps", "Privileges" },
};

static const char sample_intro[] =
	"# contained.conf: which logins are put in a container, and what it is like. See "
	"contained.conf(5).\n"
	"#\n"
	"# [contained]  holds for every login.\n"
	"# [default]    what a session is like.\n"
	"# [NAME]       a profile: lays its values over [default], for those whom it matches.\n"
	"#\n"
	"# Every key stands below with its default, commented out. A value is written without "
	"quotes; text\n"
	"# after a blank and # is a comment. An unknown key, a value that cannot be right, "
	"anything given\n"
	"# twice: the whole file is refused then, and with it every login but root's and those "
	"that the PAM\n"
	"# line exempts. So look before you leave: contained check\n";

static const char sample_profile[] =
	"# A profile is for a login when each match_ key it has names the user, one of the groups, "
	"or the\n"
	"# service. The first such profile in this file is taken, and no other. One without any "
	"match_ key\n"
	"# is taken only where a PAM line says profile=NAME.\n"
	"#\n"
	"# Here members of research who come by ssh get the host's network, more memory and more\n"
	"# processes; for everybody else the values of [default] hold.\n"
	"#\n"
	"#[research]\n"
	"#match_groups = research\n"
	"#match_services = sshd\n"
	"#network = host\n"
	"#memory = 16G\n"
	"#pids = 4096\n"
	"#\n"
	"# To open the network for everybody, write network = host below [default].\n";

/* The example of the manual; tests parse it. */
static const char manual_example[] = "[contained]\n"
				     "exempt_groups = wheel\n"
				     "\n"
				     "[default]\n"
				     "memory = 2G\n"
				     "pids = 512\n"
				     "\n"
				     "[research]\n"
				     "match_groups = research\n"
				     "match_services = sshd\n"
				     "network = host\n"
				     "memory = 25%\n"
				     "\n"
				     "[sftp]\n"
				     "match_users = backup, mirror\n"
				     "root = /srv/jails/sftp\n"
				     "cpu_quota = 50%\n"
				     "rlimit_nofile = 256:1024\n";

static void sample_settings(FILE *out, enum setting_scope scope, const char *indent)
{
	for (size_t i = 0; i < settings_count; i++) {
		const struct setting *setting = &settings[i];
		char expects[160];

		if (setting->scope != scope)
			continue;
		for (size_t j = 0; j < ARRAY_SIZE(groups); j++)
			if (text_equal(groups[j].first, setting->key))
				fprintf(out, "\n# --- %s\n", groups[j].title);
		fprintf(out, "\n# %s\n# Expects %s.\n", setting->doc,
			setting_expects(setting, expects, sizeof expects));
		fprintf(out, "#%s%s =%s%s\n", indent, setting->key, setting->fallback[0] ? " " : "",
			setting->fallback);
	}
}

static void emit_sample(FILE *out)
{
	fprintf(out, "%s\n[contained]\n", sample_intro);
	sample_settings(out, SCOPE_GLOBAL, "");
	fputs("\n[default]\n", out);
	sample_settings(out, SCOPE_SESSION, "");
	fprintf(out, "\n# --- Profiles\n#\n%s#\n# Whom a profile is for:\n", sample_profile);
	sample_settings(out, SCOPE_MATCH, " ");
}

/* Text for roff: a leading '.' or '\'' would be a request, '-' a hyphen, '\\' an escape. */
static void roff(FILE *out, const char *text)
{
	if (*text == '.' || *text == '\'')
		fputs("\\&", out);
	for (; *text; text++) {
		if (*text == '-')
			fputs("\\-", out);
		else if (*text == '\\')
			fputs("\\e", out);
		else if (*text == '\'')
			fputs("\\(aq", out);
		else
			fputc(*text, out);
	}
}

/* A paragraph behind a tag. */
static void tagged(FILE *out, const char *tag, const char *text)
{
	fputs(".TP\n.B ", out);
	roff(out, tag);
	fputc('\n', out);
	roff(out, text);
	fputc('\n', out);
}

static const char manual_intro[] =
	".TH CONTAINED.CONF 5 \"2026-11-22\" contained \"File formats\"\n"
	".SH NAME\n"
	"contained.conf \\- which logins are put in a container, and what it is like\n"
	".SH DESCRIPTION\n"
	"The PAM module\n.BR pam_contained (8),\n"
	"the login shell contained\\-shell and the command\n.BR contained (8)\n"
	"read this file. It is a regular file that belongs to root and that nobody else may "
	"write,\n"
	"as may be said of each directory above it.\n"
	".PP\n"
	"A file with an error is refused as a whole, and with it every contained login: never "
	"root\\(aqs,\n"
	"nor those that the PAM line exempts. One line of the log names the file, the line, the "
	"key,\n"
	"the value and what was expected. The command\n"
	".B contained check\n"
	"tells all the errors before anybody is kept out.\n"
	".SH FORMAT\n"
	"A section is a name in brackets, alone on its line. A setting is\n"
	".IR \"key \" = \" value\" ,\n"
	"in lower case, in a section. A line that begins with # or ; is a comment, as is what "
	"follows\n"
	"a blank and # or ; behind a value. A value that holds # or ; itself stands in quotes, of "
	"either\n"
	"kind and around all of it. Backslashes have no meaning in values, and end no line. A file "
	"is\n"
	"at most 64 KiB long, a line at most 1000 bytes.\n"
	".PP\n"
	"Errors are also: an unknown key, a key in a section where it has no meaning, a key or a "
	"section\n"
	"that is there twice, names of sections that differ only in case, an empty value where no "
	"list\n"
	"is expected.\n"
	".SH SECTIONS\n";

static const char manual_matching[] =
	".SH MATCHING\n"
	"A profile is for a login when each\n.B match_\nkey it has holds: the user is one of\n"
	".BR match_users ,\n"
	"is in one of\n.BR match_groups ,\n"
	"comes through one of\n.BR match_services .\n"
	"Names are compared exactly. The first profile of the file that matches is laid over "
	"[default];\n"
	"no other is looked at. A profile without any\n.B match_\nkey matches nobody; it is taken "
	"where a\n"
	"PAM line says\n.BI profile= NAME\nor the command is told its name.\n"
	".PP\n"
	"Not contained at all are root, nobody (65534), the users that systemd makes for a "
	"service\n"
	"(61184 to 65519), those below\n.BR min_uid ,\n"
	"and those of\n.BR exempt_users \" and\" \" exempt_groups\" .\n";

static const struct value_form {
	const char *tag, *text;
} value_forms[] = {
	{ "switch", "yes or no." },
	{ "number", "Decimal digits, without sign, leading zero or anything behind them." },
	{ "time", "A number with its unit: 500ms, 5s, 2m." },
	{ "size", "A number of bytes, or with K, M or G of 1024, 1024^2 or 1024^3 bytes: 512M." },
	{ "share", "A size, or a percentage from 1% to 100% of the host's memory." },
	{ "quota", "A percentage of one processor: 150% is one and a half." },
	{ "none", "In place of an amount: nothing is set, and nothing is promised." },
	{ "names", "User, group or service names, divided by blanks or commas. May be empty." },
	{ "variables", "Names of environment variables, divided by blanks or commas, without wildcards. What the client has put "
		       "into one is not looked at, and reaches the program: so names are refused that make it load, find or "
		       "run something else (LD_PRELOAD, PATH, BASH_ENV, PYTHONPATH, GIT_SSH_COMMAND and many more), but not "
		       "all such names are known. Look a name up before it is passed on to an account that is kept to a few "
		       "commands." },
	{ "path", "Absolute, without //, /./, /../ or a slash at the end. A % is refused: it "
		  "stands for "
		  "nothing here. Several are divided by blanks or commas." },
	{ "places", "Paths, several divided by blanks or commas, in which %u stands for the user's name, %h (at the start "
		    "alone) for the home directory, %g for the name of the primary group and %% for a percent sign. One "
		    "that is not there when somebody logs in is left out. Where one lies in another, the longer holds; of "
		    "the same path hide goes before readonly, and that before writable. What reaches services that act "
		    "as root (/run/dbus, /run/systemd, /run/docker.sock) or is the session's own (/proc, /sys, /dev, "
		    "/run/user) is refused, as is a path that leads there or holds such a one." },
	{ "command", "A program and its arguments; see COMMANDS." },
	{ "capabilities", "As in capabilities(7), in any case, with or without cap_, divided by "
			  "blanks or commas. "
			  "May be empty." },
	{ "rlimit", "A number for the soft and the hard limit, or SOFT:HARD; unlimited where the "
		    "kernel has "
		    "that. Limits of bytes are sizes." },
};

static const struct value_form command_forms[] = {
	{ "command", "This is run, whatever the client asks for, and for a shell, too. The program finds the client's own "
		     "command line in SSH_ORIGINAL_COMMAND, as rrsync expects it; where a shell was asked for there is no such "
		     "variable." },
	{ "allow_commands", "Commands divided by | between blanks. What the client asks for is run when it is one of them. "
			    "Everything else, and a shell, is refused with exit status 126 and a line in the log." },
	{ "both", "What the client asks for has to be one of allow_commands, or a shell; what is run is command." },
	{ "words", "The client's line is taken apart as a POSIX shell would: blanks divide, '...', \"...\" and \\ quote. It is "
		   "refused where a shell would do more: with a $ or a backquote that neither '...' nor \\ quotes, with an "
		   "unquoted one of "
		   "; & | < > ( ) * ? [ { }, with ~ or # at the beginning of a word, with a = in the first word, with a "
		   "control character (a newline) anywhere, with a quote that is not closed, with more than 1000 words. "
		   "Nothing is ever expanded, and no shell is started." },
	{ "in this file", "The same, but there are no backslashes; quotes can stand in a value that has the other kind of quotes "
			  "around all of it. Behind the program %u is the user's name, %h the home directory, %% a percent "
			  "sign." },
	{ "program", "A name, which the client has to use, and which is looked for in /usr/local/bin, /usr/bin and /bin; or an "
		     "absolute path, of which the client may use the last part alone. Without wildcards. internal-sftp is "
		     "sftp-server where OpenSSH installs it, and the client may call it by one of those paths." },
	{ "arguments", "As many as the pattern has, each equal to its word there. In a pattern's word * stands for any bytes, / "
		       "too, and ? for one. A word with a wildcard matches no empty argument; none that begins with -, unless the "
		       "word does; and none in which .. stands before /, a colon, a comma or the end." },
	{ "...", "As the last word of a pattern: any number of arguments, each as if * stood for it. So no option is one of "
		 "them." },
};

static void manual_commands(FILE *out)
{
	fputs(".SH COMMANDS\n"
	      "What\n.BR command \" and\" \" allow_commands\"\n"
	      "mean to contained\\-shell, as the login shell or as sshd\\(aqs\n.BR ForceCommand ;\n"
	      "in a session that the PAM module made, too. They hold for nothing that sshd does without it:\n"
	      "forwarding, and\n.B internal\\-sftp\nas the\n.B Subsystem\nwithout\n.BR ForceCommand .\n",
		out);
	for (size_t i = 0; i < ARRAY_SIZE(command_forms); i++)
		tagged(out, command_forms[i].tag, command_forms[i].text);
	fputs(".PP\nA program may do more than its name says: what it reads, and what options and files make it run, "
	      "is to be\nlooked up before it is allowed. The examples in the directory of the documentation say what "
	      "they do not\nstop.\n",
		out);
}

static void manual_settings(FILE *out, enum setting_scope scope)
{
	for (size_t i = 0; i < settings_count; i++) {
		const struct setting *setting = &settings[i];
		char expects[160];

		if (setting->scope != scope)
			continue;
		for (size_t j = 0; j < ARRAY_SIZE(groups); j++) {
			if (!text_equal(groups[j].first, setting->key))
				continue;
			fputs(".SS ", out);
			roff(out, groups[j].title);
			fputc('\n', out);
		}
		tagged(out, setting->key, setting->doc);
		fputs("Expects ", out);
		roff(out, setting_expects(setting, expects, sizeof expects));
		if (!setting->fallback[0]) {
			fputs("; empty by default.\n", out);
			continue;
		}
		fputs(".\nDefault:\n.I ", out);
		roff(out, setting->fallback);
		fputc('\n', out);
	}
}

static void manual_profiles(FILE *out)
{
	fputs(".SH SECCOMP PROFILES\nThe values of\n.BR seccomp :\n", out);
	for (size_t i = 0; i < syscalls_profiles_count; i++)
		tagged(out, syscalls_profiles[i].name, syscalls_profiles[i].doc);
}

static void manual_example_lines(FILE *out)
{
	fputs(".SH EXAMPLE\n.nf\n", out);
	for (const char *line = manual_example; *line; line += strcspn(line, "\n") + 1) {
		char text[80];

		(void)text_format(text, sizeof text, "%.*s", (int)strcspn(line, "\n"), line);
		roff(out, text);
		fputc('\n', out);
	}
	fputs(".fi\n", out);
}

static void emit_man(FILE *out)
{
	fputs(manual_intro, out);
	tagged(out, "[contained]", "Holds for every login.");
	tagged(out, "[default]", "What a session is like.");
	tagged(out, "[NAME]",
		"A profile: its values are laid over those of [default] for whom it matches. A "
		"name is 1 "
		"to 32 of A-Z, a-z, 0-9, _ and -.");
	fputs(manual_matching, out);
	fputs(".SH VALUES\n", out);
	for (size_t i = 0; i < ARRAY_SIZE(value_forms); i++)
		tagged(out, value_forms[i].tag, value_forms[i].text);
	fputs(".SH SETTINGS OF [contained]\n", out);
	manual_settings(out, SCOPE_GLOBAL);
	fputs(".SH SETTINGS OF PROFILES ALONE\n", out);
	manual_settings(out, SCOPE_MATCH);
	fputs(".SH SETTINGS OF [default] AND OF PROFILES\n", out);
	manual_settings(out, SCOPE_SESSION);
	manual_commands(out);
	manual_profiles(out);
	manual_example_lines(out);
	fputs(".SH FILES\n.I " CONTAINED_CONF "\n"
	      ".SH SEE ALSO\n.BR contained (8),\n.BR pam_contained (8),\n.BR setrlimit (2),\n"
	      ".BR capabilities (7),\n.BR cgroups (7)\n",
		out);
}

static void emit_keys(FILE *out)
{
	for (size_t i = 0; i < settings_count; i++)
		fprintf(out, "%s\n", settings[i].key);
}

static const struct emitter {
	const char *name;
	void (*emit)(FILE *out);
} emitters[] = {
	{ "sample", emit_sample },
	{ "man", emit_man },
	{ "keys", emit_keys },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc == 2 && i < ARRAY_SIZE(emitters); i++) {
		if (!text_equal(argv[1], emitters[i].name))
			continue;
		emitters[i].emit(stdout);
		return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
	}
	fputs("usage: emit sample | man | keys\n", stderr);
	return 2;
}
