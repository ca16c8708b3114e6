/* contained check: every error of a configuration at once, and what of the host does not fit. */
#include "commands.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>

#include "engine/own.h"
#include "engine/text.h"
#include "shell/check.h"

int print_error(const struct error *err)
{
	char text[1024];

	error_format(err, text, sizeof text);
	fprintf(stderr, "contained: %s\n", text);
	return 1;
}

static void report(void *context, const char *file, unsigned line, const char *key, const char *what)
{
	unsigned *count = context;
	char text[512], name[128];

	text_escape(text, sizeof text, what);
	text_escape(name, sizeof name, key ? key : "");
	fprintf(stderr, "%s:%u: %s%s%s\n", file, line, name, key ? ": " : "", text);
	(*count)++;
}

int load_policy_file(const char *path, struct policy_file **out)
{
	struct error err;
	unsigned count = 0;
	own_fd int fd = policy_open(path, &err);

	if (fd < 0) {
		print_error(&err);
		return -1;
	}
	if (policy_parse(fd, path, report, &count, out, &err) < 0) {
		/* what has no line of its own (out of memory, a read error) was not reported above */
		if (!count)
			print_error(&err);
		return -1;
	}
	return 0;
}

__attribute__((format(printf, 3, 0)))
static void tell(struct check *check, const char *kind, const char *format, va_list values)
{
	char text[1024], shown[1200];

	if (vsnprintf(text, sizeof text, format, values) < 0)
		return;
	text_escape(shown, sizeof shown, text);
	if (list_has(&check->told, shown))
		return;
	printf("%s: %s\n", kind, shown);
	(void)list_add(&check->told, shown); /* without memory it is told twice */
}

void check_note(struct check *check, const char *format, ...)
{
	va_list values;

	va_start(values, format);
	tell(check, "note", format, values);
	va_end(values);
}

void check_warn(struct check *check, const char *format, ...)
{
	va_list values;

	va_start(values, format);
	tell(check, "warning", format, values);
	va_end(values);
}

/* FILE and --conf are the same; with --ssh what stands alone is a user. */
static int parse_options(int argc, char **argv, struct check_options *out)
{
	static const struct option names[] = { { "conf", required_argument, NULL, 'c' },
		{ "host-root", required_argument, NULL, 'r' }, { "ssh", no_argument, NULL, 'd' },
		{ "sshd-config", required_argument, NULL, 's' }, { "sshd-output", required_argument, NULL, 'o' },
		{ NULL, 0, NULL, 0 } };
	int option;

	*out = (struct check_options){ .conf = CONTAINED_CONF };
	while ((option = getopt_long(argc, argv, "", names, NULL)) != -1) {
		if (option == 'c')
			out->conf = optarg;
		else if (option == 'd')
			out->ssh = true;
		else if (option == 'o')
			out->sshd_output = optarg;
		else if (option == 's')
			out->sshd_config = optarg;
		else if (option == 'r')
			out->host_root = optarg;
		else
			return -1;
	}
	if (optind < argc)
		*(out->ssh ? &out->user : &out->conf) = argv[optind++];
	/* one text of sshd's: of a file, or asked for, which only this host's own sshd can be */
	if (out->ssh ? (out->sshd_output && out->sshd_config) || (out->host_root && !out->sshd_output) :
		       out->sshd_output != NULL)
		return -1;
	return optind == argc ? 0 : -1;
}

/* What of the host does not fit. Findings, not errors: a configuration may be checked before it is in place. */
static void check_host(const struct check_options *options, int root_fd)
{
	struct check check = { .root_fd = root_fd, .conf = options->conf };

	check_pam(&check);
	if (options->host_root)
		check_note(&check, "sshd is not asked: --host-root");
	else
		check_sshd(&check, options->sshd_config);
	check_automounts(&check);
	list_free(&check.told);
}

int command_check(int argc, char **argv)
{
	struct check_options options;
	struct policy_file *file;
	own_fd int root_fd = -1;
	bool good;

	if (parse_options(argc, argv, &options) < 0) {
		fputs("usage: contained check [--sshd-config FILE] [--host-root DIR] [--conf FILE | FILE]\n"
		      "       contained check --ssh [--sshd-config FILE | --sshd-output FILE] [--host-root DIR]"
		      " [--conf FILE] [USER]\n"
		      "       (--host-root goes with --sshd-output)\n",
			stderr);
		return COMMAND_USAGE;
	}
	root_fd = open(options.host_root ? options.host_root : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root_fd < 0) {
		struct error err;

		fail(&err, errno, options.host_root, "cannot open");
		return print_error(&err);
	}
	if (options.ssh)
		return check_ssh(&options, root_fd);
	good = load_policy_file(options.conf, &file) == 0;
	if (good) {
		printf("%s: no errors\n", options.conf);
		policy_file_free(file);
	}
	check_host(&options, root_fd);
	return good ? 0 : 1;
}
