/* contained explain: the policy with the line behind each value, then the plan. Runs nothing. */
#include "commands.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>

#include "engine/host.h"
#include "engine/own.h"
#include "engine/subject.h"
#include "engine/text.h"

/* Stands for the card that is drawn at login. */
#define NAME_TO_COME "NAME"

struct options {
	const char *user, *service, *profile, *tty, *conf, *host_root;
};

static int parse_options(int argc, char **argv, struct options *out)
{
	static const struct option names[] = { { "service", required_argument, NULL, 's' },
		{ "profile", required_argument, NULL, 'p' }, { "tty", required_argument, NULL, 't' },
		{ "conf", required_argument, NULL, 'c' }, { "host-root", required_argument, NULL, 'r' },
		{ NULL, 0, NULL, 0 } };
	int option;

	*out = (struct options){ .service = "sshd", .conf = CONTAINED_CONF, .host_root = "/" };
	while ((option = getopt_long(argc, argv, "", names, NULL)) != -1) {
		switch (option) {
		case 's':
			out->service = optarg;
			break;
		case 'p':
			out->profile = optarg;
			break;
		case 't':
			out->tty = optarg;
			break;
		case 'c':
			out->conf = optarg;
			break;
		case 'r':
			out->host_root = optarg;
			break;
		default:
			return -1;
		}
	}
	if (optind + 1 != argc)
		return -1;
	out->user = argv[optind];
	return 0;
}

/* The host's own root asks NSS through the helper, as a login does; a made-up tree has only its files. */
static int load_subject(const struct options *options, int root_fd, const struct policy_file *file,
	struct subject *subject, struct error *err)
{
	const char *helper = text_equal(options->host_root, "/") ? CONTAINED_LIBEXEC "/contained-subject" : NULL;

	if (subject_load(root_fd, options->user, helper, (int)policy_globals(file)->deadline, subject, err) < 0)
		return -1;
	return subject_set_login(subject, options->service, options->tty, NULL, err);
}

static int explain(const struct options *options, int root_fd, const struct policy_file *file,
	const struct subject *subject, struct error *err)
{
	struct policy policy = { 0 };
	struct host host = { 0 };
	struct plan plan = { 0 };
	const char *why = subject->uid == 0 ? "uid 0" : policy_exempts(file, subject);
	int result;

	if (why) {
		printf("%s is left alone: %s\n", subject->user, why);
		return 0;
	}
	if (policy_select(file, subject, options->profile, &policy, err) < 0)
		return -1;
	print_policy(stdout, &policy);
	result = host_load_as(0, root_fd, &policy, subject, &host, err);
	if (result == 0)
		result = plan_make(&policy, subject, &host, NAME_TO_COME, &plan, err);
	if (result == 0)
		print_plan(stdout, &plan);
	plan_free(&plan);
	host_free(&host);
	policy_free(&policy);
	return result;
}

int command_explain(int argc, char **argv)
{
	struct options options;
	struct policy_file *file;
	struct subject subject = { 0 };
	struct error err;
	own_fd int root_fd = -1;
	int result;

	if (parse_options(argc, argv, &options) < 0) {
		fputs("usage: contained explain USER [--service S] [--profile P] [--tty T] [--conf FILE]"
		      " [--host-root DIR]\n",
			stderr);
		return COMMAND_USAGE;
	}
	root_fd = open(options.host_root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root_fd < 0) {
		fail(&err, errno, options.host_root, "cannot open");
		return print_error(&err);
	}
	if (load_policy_file(options.conf, &file) < 0)
		return 1;
	result = load_subject(&options, root_fd, file, &subject, &err);
	if (result == 0)
		result = explain(&options, root_fd, file, &subject, &err);
	subject_free(&subject);
	policy_file_free(file);
	return result < 0 ? print_error(&err) : 0;
}
