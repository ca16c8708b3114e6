/* contained: the administrator's command. A table of subcommands, one file each. */
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "engine/own.h"
#include "original.h"

static const struct command commands[] = {
	{ "explain", command_explain, "USER [--service S] [--profile P] [--tty T] [--conf FILE] [--host-root DIR]",
		"what a login of USER would get, with the line of the file behind each value; runs nothing" },
	{ "rootfs", command_rootfs, "create DIR --busybox | --debian SUITE [--include PACKAGE,…] | --from-host PROGRAM…",
		"makes a directory tree for `root =` and for -m" },
	{ "check", command_check, "[--sshd-config FILE] [--host-root DIR] [FILE]\n"
		"  contained check --ssh [--sshd-config FILE | --sshd-output FILE] [--host-root DIR] [--conf FILE] [USER]",
		"every error of a configuration at once (exit status 0 or 1), and what of the host does not fit;\n"
		"      --ssh: the doors that lead past USER's container (exit status 1 where one is open)" },
};

static int usage(FILE *out, int status)
{
	fputs("usage: contained -m ROOTFS -u UID [OPTION…] -c COMMAND…\n       contained SUBCOMMAND …\n", out);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(out, "\n  contained %s %s\n      %s\n", commands[i].name, commands[i].arguments,
			commands[i].doc);
	return status;
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return usage(stderr, COMMAND_USAGE);
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0)
		return usage(stdout, 0);
	if (strcmp(argv[1], "--version") == 0) {
		puts("contained " CONTAINED_VERSION);
		return 0;
	}
	if (argv[1][0] == '-')
		return command_original(argc, argv);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	fprintf(stderr, "contained: there is no command '%s'\n", argv[1]);
	return usage(stderr, COMMAND_USAGE);
}
