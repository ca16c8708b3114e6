/* contained check: every error of a configuration at once. */
#include "commands.h"

#include <stdlib.h>

#include "engine/own.h"
#include "engine/text.h"

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

int command_check(int argc, char **argv)
{
	const char *path = argc > 1 ? argv[1] : CONTAINED_CONF;
	struct policy_file *file;

	if (argc > 2) {
		fputs("usage: contained check [FILE]\n", stderr);
		return COMMAND_USAGE;
	}
	if (load_policy_file(path, &file) < 0)
		return 1;
	printf("%s: no errors\n", path);
	policy_file_free(file);
	return 0;
}
