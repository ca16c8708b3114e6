#pragma once
/*
 * syscalls_rules: what the seccomp profiles refuse, and why, as data. The generator turns it
 * into BPF and into the texts of syscalls_rule_docs when contained is built; the tests try each
 * row on the running kernel. Nothing of it is read at a login. Knows neither libseccomp nor BPF.
 */
#include <stddef.h>
#include <stdint.h>

/* Bit n is profile n of syscalls_rule_profiles. "off" has no rules and is not here. */
enum {
	IN_STRICT = 1 << 0,
	IN_DEFAULT = 1 << 1,
	IN_DEV = 1 << 2,
	IN_HPC = 1 << 3,
	IN_BROWSER = 1 << 4,
	IN_COMPAT32 = 1 << 5,
	IN_ALL = (1 << 6) - 1,
	SYSCALLS_RULE_PROFILES = 6,
};
extern const char *const syscalls_rule_profiles[SYSCALLS_RULE_PROFILES];

/*
 * The newest call that was judged: 469 is file_setattr of Linux 6.18. All that is above gets
 * ENOSYS, on every architecture (numbers from 424 on are the same everywhere).
 */
enum { SYSCALLS_CEILING = 469 };

/*
 * A test of one argument. The kernel's int and unsigned arguments are 32 bits wide, so only
 * those are compared: with all 64, a set high bit walks past the rule (CVE-2019-10063).
 */
struct syscalls_condition {
	enum {
		COND_NONE,   /* always holds */
		COND_BITS,   /* any bit of values[0] is set */
		COND_EQUALS, /* it is one of values */
		COND_OTHER,  /* it is none of values */
	} kind;
	unsigned arg;
	unsigned count;
	uint32_t values[10];
};

struct syscalls_rule {
	/*
	 * Names divided by spaces; "name=451" gives the number of a call that libseccomp may be
	 * too old to know (only from 424 on, and without conditions). Empty: what the ceiling
	 * does by itself.
	 */
	const char *calls;
	const char *when; /* the conditions in words; may be "" */
	int action; /* errno; 0 is a call that is allowed on purpose, told in the documentation */
	unsigned profiles;
	struct syscalls_condition conditions[2]; /* both must hold */
	const char *reason;
	const char *breaks; /* what stops working; may be "" */
};

extern const struct syscalls_rule syscalls_rules[];
extern const size_t syscalls_rules_count;
