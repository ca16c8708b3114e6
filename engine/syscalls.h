#pragma once
/*
 * syscalls: the seccomp profiles. The rules are a table with reasons (syscalls_rules.c);
 * libseccomp turns them into BPF once, when contained is built (syscalls_generate.c), so that a
 * login only loads it and sshd need not carry libseccomp. Before libseccomp's program stands a
 * ceiling of our own: other architectures, x32 and numbers above the audited ones get ENOSYS.
 */
#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>

#include "error.h"

struct syscalls_profile {
	const char *name; /* "strict", "default", "dev", "hpc", "browser", "compat32", "off" */
	const char *doc;  /* one sentence for the man page */
	const struct sock_filter *filter; /* NULL for "off" */
	unsigned short length;
};

extern const struct syscalls_profile syscalls_profiles[];
extern const size_t syscalls_profiles_count;
/* For the settings table: NULL-terminated names, same order. */
extern const char *const syscalls_profile_names[];

/*
 * Loads the filter into the calling thread (single-threaded processes only). Needs no_new_privs or
 * CAP_SYS_ADMIN (seccomp(2)). 0, or -1 and err. Nothing to do for "off".
 */
int syscalls_load(const struct syscalls_profile *profile, struct error *err);

/* One row of the rules, for `contained explain` and the man page. */
struct syscalls_rule_doc {
	const char *what;   /* "keyctl, add_key, request_key" or "ioctl TIOCSTI" */
	const char *action; /* "EPERM" */
	const char *reason;
	const char *breaks;   /* may be "" */
	const char *profiles; /* the profiles it applies to, spaces */
};
extern const struct syscalls_rule_doc syscalls_rule_docs[];
extern const size_t syscalls_rule_docs_count;
