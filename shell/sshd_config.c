#include "shell/sshd_config.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/helper.h"
#include "engine/own.h"

enum { SSHD_MS = 5000, ANSWER_MOST = 1 << 18 };

int sshd_config_ask(const char *file, const char *spec, char **text, struct error *err)
{
	static const char *const programs[] = { "/usr/sbin/sshd", "/usr/local/sbin/sshd", "/sbin/sshd" };
	const char *argv[7] = { NULL, "-T" };
	own_text char *answer = malloc(ANSWER_MOST);
	size_t length, count = 2;
	int status;

	for (size_t i = 0; i < ARRAY_SIZE(programs) && !argv[0]; i++)
		if (access(programs[i], X_OK) == 0)
			argv[0] = programs[i];
	if (!argv[0])
		return fail(err, ENOENT, "sshd", "is not installed");
	if (!answer)
		return fail(err, ENOMEM, argv[0], "cannot be asked");
	if (file) {
		argv[count++] = "-f";
		argv[count++] = file;
	}
	if (spec) {
		argv[count++] = "-C";
		argv[count++] = spec;
	}
	if (helper_run(argv, SSHD_MS, answer, ANSWER_MOST, &length, &status, err) < 0)
		return -1;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		fail(err, 0, argv[0], "does not tell its configuration");
		return error_hint(err, "as root, try: sshd -T%s%s%s%s", file ? " -f " : "", file ? file : "",
			spec ? " -C " : "", spec ? spec : "");
	}
	*text = take_pointer(answer);
	return 0;
}

char *sshd_config_next(const char **rest, const char *key)
{
	size_t length = strlen(key);

	for (const char *line = *rest; *line;) {
		size_t whole = strcspn(line, "\n");
		const char *next = line + whole + (line[whole] == '\n');

		if (whole > length && strncasecmp(line, key, length) == 0 && line[length] == ' ') {
			*rest = next;
			return strndup(line + length + 1, whole - length - 1);
		}
		line = next;
	}
	return NULL;
}

char *sshd_config_value(const char *text, const char *key)
{
	return sshd_config_next(&text, key);
}
