#pragma once
/*
 * policy_parts: what the files of policy share. Nobody else includes it.
 *
 *	policy_scan.c     bytes → sections and entries with their lines; iniparser must agree
 *	policy_values.c   text ↔ one typed field
 *	policy_command.c  what may be run without a shell
 *	policy_variables.c  names of environment variables
 *	policy_open.c     a path that nobody else may write → fd
 *	policy.c          all of it → policy_file → policy
 */
#include <stddef.h>

#include "error.h"
#include "policy.h"
#include "settings.h"

/* Where the errors of one file go: each to report, the first to err. */
struct problems {
	policy_report *report; /* may be NULL */
	void *context;
	const char *path;
	struct error *err; /* may be NULL */
	unsigned count;
};

/* line 0: the whole file; key may be NULL. The message is made printable, and cut where it is too
 * long. */
void policy_problem(struct problems *problems, unsigned line, const char *key, const char *format,
	...) __attribute__((format(printf, 4, 5), cold));

struct scan_section {
	const char *name;
	unsigned line;
	bool refused; /* was reported; its entries are still looked at, for their own errors */
};

struct scan_entry {
	size_t section; /* index */
	const char *key, *value;
	unsigned line;
};

/* A file's sections and entries in file order. Texts point into `text`, which it owns. */
struct scan {
	char *text;
	struct scan_section *sections;
	size_t section_count;
	struct scan_entry *entries;
	size_t entry_count;
};

enum { POLICY_SECTIONS_MAX = 256, POLICY_SECTION_NAME_MAX = 32 };

/* Looks at an entry right after it was read, so that errors come in the order of lines. 0, or -1:
 * no memory. */
typedef int policy_check(void *context, const struct scan *scan, const struct scan_entry *entry);

/*
 * Reports everything that is not strictly the form of the file. 0 even then; -1 only for no memory.
 * What was read is in *out either way, and to be freed.
 */
int policy_scan(const char *text, size_t length, struct problems *problems, policy_check *check,
	void *context, struct scan *out);
void policy_scan_free(struct scan *scan);

/*
 * Hands the same bytes to iniparser, and compares: sections, keys and each value must be what the
 * scan found. A difference is reported. 0 even then; -1 and err when the system fails.
 */
int policy_scan_confirm(const char *text, size_t length, const struct scan *scan,
	struct problems *problems, struct error *err);

/*
 * Puts the text into the setting's field of the policy in place of what is there. 0; or -1 with
 * errno = EINVAL and a clause in what, or errno = ENOMEM, the policy unchanged.
 */
int policy_value_parse(const struct setting *setting, const char *text, struct policy *policy,
	char *what, size_t size);
/* The same for KIND_COMMAND and KIND_COMMANDS, whose field is *out. */
int policy_command_parse(const struct setting *setting, const char *text, char **out, char *what, size_t size);
/* Of KIND_VARIABLES: may clients not be let set it? *why: a static clause, or NULL when it is no variable's name. */
bool policy_variable_is_refused(const char *name, const char **why);
/* Frees what the setting's field owns. */
void policy_value_free(const struct setting *setting, struct policy *policy);
