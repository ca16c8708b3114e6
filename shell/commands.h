#pragma once
/* commands: the subcommands of contained, and what they share. */
#include <stdio.h>

#include "engine/error.h"
#include "engine/plan.h"
#include "engine/policy.h"

enum { COMMAND_USAGE = 2 };

struct command {
	const char *name;
	int (*run)(int argc, char **argv); /* argv[0] is the command's name; the exit status */
	const char *arguments, *doc;
};

int command_explain(int argc, char **argv);
int command_rootfs(int argc, char **argv);
int command_check(int argc, char **argv);

/* "contained: STEP: OBJECT: …" on stderr; returns 1, the exit status of a failure. */
int print_error(const struct error *err);

/* Parses a configuration file. Every error goes to stderr as "file:line: key: what is wrong". 0 or -1. */
int load_policy_file(const char *path, struct policy_file **out);

/* The settings with where each comes from; the plan step by step. */
void print_policy(FILE *out, const struct policy *policy);
void print_plan(FILE *out, const struct plan *plan);
