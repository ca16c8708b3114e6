#include "original_options.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "engine/own.h"
#include "engine/text.h"

static const char usage_text[] =
	"usage: contained -m ROOTFS -u UID [OPTION…] -c COMMAND [ARGUMENT…]\n"
	"\n"
	"  -m ROOTFS         the directory that becomes /\n"
	"  -u UID            the user inside; its group is the one that ROOTFS/etc/passwd says, or of the same number\n"
	"  -c COMMAND…       what to run; all that follows belongs to it\n"
	"  -q                no line for each step\n"
	"  --userns=WORD     try (0 is 10000 outside, and so on to 1999), require or off\n"
	"  --profile=NAME    the values of that profile of the configuration, instead of the original's\n"
	"  --conf=FILE       another configuration\n"
	"  --KEY=VALUE       a setting of contained.conf(5), such as --memory=2G --network=host --keep-caps=none\n";

static int usage(const char *complaint, const char *what)
{
	if (complaint)
		fprintf(stderr, "contained: %s%s\n", complaint, what ? what : "");
	fputs(usage_text, stderr);
	return COMMAND_USAGE;
}

/* "cpu_weight" as an option: "cpu-weight". */
static void option_name(const char *key, char *buf, size_t size)
{
	(void)text_format(buf, size, "%s", key);
	for (; *buf; buf++)
		if (*buf == '_')
			*buf = '-';
}

enum { OPTION_USERNS = 1000, OPTION_PROFILE, OPTION_CONF, OPTION_SETTING /* + index */ };

/* Each setting of a session is an option. names has SETTINGS_MAX places of 32 bytes. */
static void make_options(struct option *out, char (*names)[32])
{
	static const struct option own[] = { { "userns", required_argument, NULL, OPTION_USERNS },
		{ "profile", required_argument, NULL, OPTION_PROFILE }, { "conf", required_argument, NULL, OPTION_CONF } };
	size_t count = ARRAY_SIZE(own);

	memcpy(out, own, sizeof own);
	for (size_t i = 0; i < settings_count; i++) {
		if (settings[i].scope != SCOPE_SESSION || text_equal(settings[i].key, "root"))
			continue;
		option_name(settings[i].key, names[i], sizeof names[i]);
		out[count++] = (struct option){ names[i], required_argument, NULL, OPTION_SETTING + (int)i };
	}
	out[count] = (struct option){ 0 };
}

static int say(struct original_options *options, const char *key, const char *value)
{
	if (options->said_count == ARRAY_SIZE(options->said))
		return usage("too many options", NULL);
	options->said[options->said_count++] = (struct said){ key, value };
	return 0;
}

int original_options_parse(int argc, char **argv, struct original_options *out)
{
	struct option names[SETTINGS_MAX + 4];
	char texts[SETTINGS_MAX][32];
	int option;

	*out = (struct original_options){ .conf = CONTAINED_CONF };
	make_options(names, texts);
	while (!out->command && (option = getopt_long(argc, argv, "+m:u:c:q", names, NULL)) != -1) {
		switch (option) {
		case 'm':
			out->root = optarg;
			break;
		case 'u':
			out->uid = optarg;
			break;
		case 'c': /* and all behind it */
			argv[optind - 1] = optarg;
			out->command = argv + optind - 1;
			break;
		case 'q':
			out->quiet = true;
			break;
		case OPTION_USERNS:
			if (say(out, "user_namespace", optarg) != 0)
				return COMMAND_USAGE;
			break;
		case OPTION_PROFILE:
			out->profile = optarg;
			break;
		case OPTION_CONF:
			out->conf = optarg;
			break;
		default:
			if (option < OPTION_SETTING)
				return usage(NULL, NULL);
			if (say(out, settings[option - OPTION_SETTING].key, optarg) != 0)
				return COMMAND_USAGE;
		}
	}
	if (!out->root)
		return usage("no root tree: -m ROOTFS", NULL);
	if (!out->uid)
		return usage("no user: -u UID", NULL);
	if (!out->command && optind < argc)
		return usage("the command stands behind -c: -c ", argv[optind]);
	if (!out->command || !out->command[0][0])
		return usage("no command: -c COMMAND", NULL);
	return 0;
}
