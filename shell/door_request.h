#pragma once
/*
 * door_request: what somebody asked contained-shell for, from its arguments and its environment; and the environment
 * that the program inside gets. Both are the user's: nothing of them is trusted beyond its form.
 */
#include <stdbool.h>
#include <stddef.h>

#include "engine/error.h"
#include "engine/subject.h"
#include "engine/text.h"

struct door_request {
	bool login;          /* argv[0] begins with a dash, or -l */
	bool interactive;    /* -i */
	const char *command; /* of -c, or what ssh's client asked for where the command was forced; NULL: a shell */
	char **arguments;    /* behind the command of -c, NULL-terminated: $0, $1 … */
};

/* 0, or -1 and err: an option that is none of a shell's. environment: as main() got it. */
int door_request_parse(int argc, char **argv, char *const *environment, struct door_request *out, struct error *err);

enum { DOOR_ENVIRONMENT = 64 };
/*
 * The environment for the program: what the list lets through of the given one, and what is said of the user. Owned
 * strings, NULL-terminated. 0, or -1 (ENOMEM). shell: the real one; pass: more names to let through, checked ones.
 */
int door_environment(char *const *given, const struct subject *subject, const char *shell, bool x11,
	const struct list *pass, char *out[DOOR_ENVIRONMENT], struct error *err);

/* The shell's arguments for the request, into out (NULL-terminated, at most most - 1; borrowed but for *name, owned). */
int door_shell_arguments(const struct door_request *request, const char *shell, const char **out, size_t most,
	char **name, struct error *err);
