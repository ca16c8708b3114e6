/* Names of environment variables that a client may set for what contained-shell runs. */
#include <ctype.h>
#include <stddef.h>
#include <string.h>

#include "own.h"
#include "policy_parts.h"
#include "text.h"

enum { VARIABLE_NAME_MAX = 64 };

static const char made[] = "is made for each session";
static const char loader[] = "steers the dynamic loader or the C library";
static const char shells[] = "makes a shell run or find something of the client's before what was asked for";
static const char languages[] = "makes an interpreter run or find code of the client's";
static const char programs[] = "names a program or a configuration that others then run";

/*
 * What lets a client, who may be kept to a few commands, run something else. A prefix ends in '*'. The C library's own
 * list for setuid programs (sysdeps/generic/unsecvars.h in glibc), sudo's (plugins/sudoers/env.c), and git's and
 * rsync's.
 */
static const struct {
	const char *name, *why;
} refused[] = {
	{ "PATH", made }, { "SHELL", made }, { "HOME", made }, { "USER", made }, { "LOGNAME", made }, { "MAIL", made },
	{ "XDG_RUNTIME_DIR", made },

	{ "LD_*", loader }, { "GLIBC_TUNABLES", loader }, { "GCONV_PATH", loader }, { "GETCONF_DIR", loader },
	{ "HOSTALIASES", loader }, { "LOCALDOMAIN", loader }, { "LOCPATH", loader }, { "MALLOC_TRACE", loader },
	{ "NIS_PATH", loader }, { "NLSPATH", loader }, { "RESOLV_*", loader }, { "RES_OPTIONS", loader },
	{ "TZDIR", loader }, { "TERMINFO*", loader }, { "TERMPATH", loader }, { "TERMCAP", loader },
	{ "OPENSSL_*", loader }, { "SSLKEYLOGFILE", loader },

	{ "ENV", shells }, { "BASH*", shells }, { "SHELLOPTS", shells }, { "IFS", shells },
	{ "PS0", shells }, { "PS1", shells }, { "PS2", shells }, { "PS4", shells },
	{ "PROMPT_COMMAND", shells }, { "CDPATH", shells }, { "FPATH", shells }, { "GLOBIGNORE", shells }, { "ZDOTDIR", shells }, { "NULLCMD", shells },
	{ "READNULLCMD", shells }, { "TMPPREFIX", shells },

	{ "PERL*", languages }, { "PYTHON*", languages }, { "RUBY*", languages }, { "NODE_*", languages },
	{ "LUA_*", languages }, { "PHP*", languages }, { "TCL*", languages }, { "GUILE_*", languages },
	{ "JAVA*", languages }, { "JDK_JAVA_OPTIONS", languages }, { "_JAVA_OPTIONS", languages },
	{ "CLASSPATH", languages }, { "AWKPATH", languages }, { "AWKLIBPATH", languages },

	{ "EDITOR", programs }, { "VISUAL", programs }, { "PAGER", programs }, { "MANPAGER", programs },
	{ "BROWSER", programs }, { "LESS*", programs }, { "VIMINIT", programs }, { "EXINIT", programs },
	{ "GIT_SSH*", programs }, { "GIT_CONFIG*", programs }, { "GIT_EXEC_PATH", programs }, { "GIT_EDITOR", programs },
	{ "GIT_SEQUENCE_EDITOR", programs }, { "GIT_PAGER", programs }, { "GIT_ASKPASS", programs },
	{ "GIT_EXTERNAL_DIFF", programs }, { "GIT_PROXY_COMMAND", programs }, { "GIT_TEMPLATE_DIR", programs },
	{ "GIT_DIR", programs }, { "SSH_ASKPASS*", programs }, { "RSYNC_*", programs }, { "TAR_OPTIONS", programs },
	{ "XDG_CONFIG_*", programs }, { "XDG_DATA_*", programs },
};

static bool is_variable_name(const char *text)
{
	size_t length = strlen(text);

	for (size_t i = 0; i < length; i++)
		if (!isascii(text[i]) || !(isalnum(text[i]) || text[i] == '_'))
			return false;
	return length > 0 && length <= VARIABLE_NAME_MAX && !isdigit(text[0]);
}

bool policy_variable_is_refused(const char *name, const char **why)
{
	*why = NULL;
	if (!is_variable_name(name))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		size_t length = strlen(refused[i].name) - 1;
		bool prefix = refused[i].name[length] == '*';

		if (prefix ? strncmp(name, refused[i].name, length) != 0 : !text_equal(name, refused[i].name))
			continue;
		*why = refused[i].why;
		return true;
	}
	return false;
}
