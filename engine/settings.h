#pragma once
/*
 * settings: THE table. The parser, the defaults, `contained check` and `explain`, the sample
 * file, the man page and the completions all read it, so they cannot drift apart.
 *
 * Adding a setting is: one field in struct policy, one row in settings.c.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum setting_scope {
	SCOPE_GLOBAL,  /* only in [contained] */
	SCOPE_SESSION, /* in [default] and in any profile */
	SCOPE_MATCH,   /* only in profiles: whom they apply to */
};

enum setting_kind {
	KIND_BOOL,   /* bool: yes no */
	KIND_CHOICE, /* int: index into choices */
	KIND_NUMBER, /* uint64_t within min..max */
	KIND_TIME,   /* uint64_t milliseconds: 500ms 5s 2m */
	KIND_BYTES,  /* struct amount: 64K 512M 4G, or "none" for no value */
	KIND_SHARE,  /* struct amount: bytes, or N% of the host's memory, or "none" */
	KIND_WEIGHT, /* struct amount: a number within min..max, or "none" */
	KIND_QUOTA,  /* struct amount: percent of one CPU, 150% = one and a half; or "none" */
	KIND_NAMES, /* struct list: user, group or service names, each within text_is_user_name() */
	KIND_VARIABLES, /* struct list: names of environment variables that clients may be let set; at most max */
	KIND_PATHS, /* struct list of absolute, normal paths other than "/"; or one of the row's words */
	KIND_PLACES, /* struct list of paths as policy_paths.h has them; resource is the enum path_use */
	KIND_PATH, /* char *: one absolute, normal path */
	KIND_COMMAND,  /* char *: a command line as command.h has it, as written; or empty */
	KIND_COMMANDS, /* char *: patterns of command lines, as written; or empty */
	KIND_CAPS, /* uint64_t mask: names as in capabilities(7), with or without "cap_", any case */
	KIND_RLIMIT, /* struct rlimit_setting: N, SOFT:HARD, "unlimited"; bytes take K M G; or "none" */
};

/* A value that may be absent: what a policy does not set is never required to be in force. */
struct amount {
	bool set;
	bool percent; /* KIND_SHARE: value is percent of the host's memory, still to be resolved by plan */
	uint64_t value;
};

#define RLIMIT_UNLIMITED UINT64_MAX
struct rlimit_setting {
	bool set;
	uint64_t soft, hard; /* RLIMIT_UNLIMITED for no bound */
};

struct setting {
	const char *key;
	enum setting_scope scope;
	enum setting_kind kind;
	size_t offset;        /* of the field in struct policy */
	const char *fallback; /* the default, as one would write it; "" for an empty list */
	const char *doc;      /* one line, a whole sentence, at most SETTING_DOC_MAX bytes */
	/* KIND_CHOICE: the words; KIND_PATH, KIND_PATHS: a word that stands alone; NULL-terminated */
	const char *const *choices;
	uint64_t min, max; /* bounds in the value's unit; KIND_SHARE: of bytes, not of percents; KIND_PLACES: of their number */
	bool filled;       /* KIND_PATH: %u, %h and %g stand for the user's name, home and group */
	int resource;      /* KIND_RLIMIT: RLIMIT_…; KIND_PLACES: USE_… */
};

extern const struct setting settings[];
extern const size_t settings_count;
enum { SETTINGS_MAX = 80 }; /* an upper bound for arrays; settings.c asserts it */
enum { SETTING_DOC_MAX = 98 };

/* The row, or NULL. */
const struct setting *setting_find(const char *key);
/* The known key nearest to a mistyped one, or NULL when none is near. */
const char *setting_nearest(const char *key);
/* Is its number one of bytes, so that K, M and G may follow? */
bool setting_takes_bytes(const struct setting *setting);
/* Is "unlimited" a value of it? */
bool setting_takes_unlimited(const struct setting *setting);
/* A word for "expected …" in messages: "yes or no", "a size such as 512M", … */
const char *setting_expects(const struct setting *setting, char *buf, size_t size);
