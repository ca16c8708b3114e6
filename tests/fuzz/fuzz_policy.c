/*
 * Any bytes as a configuration: refused with a reason, or understood, and what is understood can be
 * printed and read again with the same meaning.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "own.h"
#include "policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct subject subject = {
	.user = (char[]){ "ada" }, .uid = 5000, .service = (char[]){ "sshd" }
};

static void require(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "%s\n", what);
	abort();
}

static void count(void *context, const char *file, unsigned line, const char *key, const char *what)
{
	(void)file;
	(void)line;
	(void)key;
	require(what && *what, "an error without words");
	++*(unsigned *)context;
}

static struct policy_file *parse(const void *data, size_t size)
{
	own_fd int fd = memfd_create("fuzz", MFD_CLOEXEC);
	struct policy_file *file = NULL;
	unsigned reported = 0;
	struct error err;

	require(fd >= 0 && write(fd, data, size) == (ssize_t)size, "no memfd");
	if (policy_parse(fd, "fuzz.conf", count, &reported, &file, &err) == 0) {
		require(file && !reported, "errors, and yet a policy");
		return file;
	}
	require(!file && reported, "refused without a reason");
	require(err.cause[0] && strnlen(err.cause, sizeof err.cause) < sizeof err.cause,
		"refused without words");
	return NULL;
}

static char *print(const struct policy_file *file)
{
	static const char *const sections[] = { "contained", "default", "p" };
	struct policy policy;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	require(out && policy_select(file, &subject, NULL, &policy, NULL) == 0, "nothing selected");
	for (int scope = SCOPE_GLOBAL; scope <= SCOPE_MATCH; scope++) {
		fprintf(out, "[%s]\n", sections[scope]);
		for (size_t i = 0; i < settings_count; i++) {
			char value[4096];

			policy_show(&policy, &settings[i], value, sizeof value);
			if ((int)settings[i].scope == scope)
				fprintf(out, "%s = %s\n", settings[i].key, value);
		}
	}
	policy_free(&policy);
	require(fclose(out) == 0, "no memory");
	return text;
}

/* A line of our own may be longer than those of files: a list is then shown with its key in front.
 */
static bool is_within_lines(const char *text)
{
	for (; *text; text += strcspn(text, "\n") + 1)
		if (strcspn(text, "\n") > POLICY_LINE_MAX)
			return false;
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct policy_file *file = parse(data, size);
	own_text char *once = NULL, *twice = NULL;

	if (!file)
		return 0;
	once = print(file);
	policy_file_free(file);
	if (!is_within_lines(once))
		return 0;
	file = parse(once, strlen(once));
	require(file != NULL, "what was printed is refused");
	twice = print(file);
	policy_file_free(file);
	require(strcmp(once, twice) == 0, "what was printed reads otherwise");
	return 0;
}
