/* Commands in a configuration: checked, and kept as written. Who runs them reads them again. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "policy_parts.h"

int policy_command_parse(const struct setting *setting, const char *text, char **out, char *what, size_t size)
{
	struct command_list list = { 0 };
	struct command command = { 0 };
	int result = 0;
	char *copy;

	if (*text && setting->kind == KIND_COMMAND)
		result = command_parse_forced(text, &command, what, size);
	else if (*text)
		result = command_parse_patterns(text, &list, what, size);
	command_free(&command); /* free() keeps errno (glibc since 2.33) */
	command_list_free(&list);
	if (result < 0)
		return -1;
	copy = strdup(text);
	if (!copy)
		return -1;
	free(*out);
	*out = copy;
	return 0;
}
