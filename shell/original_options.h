#pragma once
/* original_options: the command line of contained -m … -c …, as text. */
#include <stdbool.h>
#include <stddef.h>

#include "engine/settings.h"

/* A value that was said on the command line; kept as text until the policy it goes over is known. */
struct said {
	const char *key, *value;
};

struct original_options {
	const char *root, *uid, *profile, *conf;
	bool quiet;
	struct said said[SETTINGS_MAX];
	size_t said_count;
	char **command;
};

/* 0; or COMMAND_USAGE, and what is wrong is told. Texts are argv's; what stands behind -c is the command, NULL at its end. */
int original_options_parse(int argc, char **argv, struct original_options *out);
