#pragma once
/*
 * policy: the INI file becomes typed values. The only user of iniparser.
 *
 * text → policy is the first arrow of the data flow. A policy_file is the whole file, checked; a
 * policy is what one session gets out of it: [default] overlaid by the first profile, in file
 * order, all of whose matches hold. Const after loading, owns its strings, holds no fds.
 */
#include <stdbool.h>
#include <stdint.h>

#include "error.h"
#include "settings.h"
#include "subject.h"
#include "text.h"

enum limits_mode { LIMITS_REQUIRE, LIMITS_TRY, LIMITS_OFF };
enum accounts_mode { ACCOUNTS_AUTO, ACCOUNTS_MERGED, ACCOUNTS_MINIMAL, ACCOUNTS_HOST };
enum network_mode { NETWORK_NONE, NETWORK_HOST, NETWORK_PASTA };
enum userns_mode { USERNS_OFF, USERNS_TRY, USERNS_REQUIRE };
enum user_map { MAP_SELF, MAP_SUBUID };
enum root_mode { ROOT_READONLY, ROOT_OVERLAY_EPHEMERAL, ROOT_OVERLAY_KEPT };
enum lxcfs_mode { LXCFS_AUTO, LXCFS_OFF };
enum home_mode { HOME_OWN, HOME_NONE, HOME_EPHEMERAL };
enum keyring_mode { KEYRING_NEW, KEYRING_KEEP };

enum { POLICY_VARIABLES_MAX = 32 }; /* of pass_env */
enum { RLIMITS = 16 }; /* RLIM_NLIMITS of every Linux architecture */

struct policy {
	/* [contained] */
	struct list exempt_users, exempt_groups;
	uint64_t min_uid;
	uint64_t deadline;  /* ms, from the moment a set-up slot is held */
	uint64_t slots;     /* set-ups at the same time */
	uint64_t slot_wait; /* ms a login waits for a slot */

	/* matches of the profile */
	struct list match_users, match_groups, match_services;

	/* view of the files */
	char *root; /* "/" or a directory tree */
	int root_mode; /* enum root_mode, of a directory tree */
	struct amount root_size;
	char *root_kept; /* with %u, %h, %g */
	int home;   /* enum home_mode */
	struct amount home_size;
	struct list homes;
	struct list writable, readonly, hide, sockets; /* as written, % and all: policy_paths.h */
	bool mail;
	int accounts; /* enum accounts_mode */
	struct list drop_groups;
	bool syslog;
	int lxcfs; /* enum lxcfs_mode */
	struct amount tmp_size, shm_size, run_size;
	char *shell; /* of contained-shell: a path, or "auto" */
	char *command;        /* of contained-shell: command_parse_forced() reads it; "" for none */
	char *allow_commands; /* of contained-shell: command_parse_patterns() reads it; "" for any */
	struct list pass_env; /* of contained-shell: names of variables */

	/* namespaces */
	int network;        /* enum network_mode */
	int user_namespace; /* enum userns_mode */
	int user_map;       /* enum user_map */

	/* limits */
	int limits; /* enum limits_mode */
	struct amount memory, swap;
	struct amount cpu_weight; /* 1..10000, 100 is the kernel's default (cgroup v2's scale) */
	struct amount cpu_quota;  /* percent of one CPU */
	struct amount pids;
	struct amount io_read_bandwidth;        /* bytes a second */
	struct amount io_write_bandwidth;
	struct amount io_weight;                /* 1..10000 as cpu_weight */
	struct rlimit_setting rlimits[RLIMITS]; /* by RLIMIT_… */

	/* privileges */
	uint64_t keep_caps; /* mask */
	int keyring;        /* enum keyring_mode */
	bool no_new_privs;
	int seccomp; /* index into syscalls_profiles */

	/* where the values came from */
	char *file;                  /* as opened; NULL when built from defaults alone */
	char *profile;               /* "default", or the section that was laid over it */
	uint32_t line[SETTINGS_MAX]; /* by index into settings[]; 0 is the built-in default */
};

struct policy_file; /* opaque: sections in file order with their values and lines */

/*
 * Called for every error of a file. line 0: the file as a whole; key may be NULL. `what` is a whole
 * clause, printable.
 */
typedef void policy_report(
	void *context, const char *file, unsigned line, const char *key, const char *what);

enum { POLICY_FILE_MAX = 65536, POLICY_LINE_MAX = 1000 };

/*
 * Opens a configuration file so that neither a FIFO, a directory, a device nor a file that others
 * may write gets through: O_NONBLOCK, regular, owned by root (or by the caller when it is not
 * root), not writable by group or others, at most POLICY_FILE_MAX bytes. The fd, or -1 and err with
 * its own words for each.
 */
int policy_open(const char *path, struct error *err);

/*
 * Parses the whole file from fd (not closed). Each error goes to report (may be NULL); err holds
 * the first. 0 and *out owned, or -1 and *out untouched.
 */
int policy_parse(int fd, const char *path, policy_report *report, void *context,
	struct policy_file **out, struct error *err);
/* Opens and parses, for who wants the first error alone. */
int policy_load(const char *path, struct policy_file **out, struct error *err);
void policy_file_free(struct policy_file *file);

/* The global part and [default] alone: what is known before anybody is looked up. Owned by the
 * file. */
const struct policy *policy_globals(const struct policy_file *file);

/* Why this subject is left alone (a static text such as "exempt_users"), or NULL: it is contained.
 */
const char *policy_exempts(const struct policy_file *file, const struct subject *subject);

/*
 * The policy of one session. profile: NULL to match, or the name that the PAM line or the command
 * gives (ENOENT when there is no such section). 0 and *out owned, or -1.
 */
int policy_select(const struct policy_file *file, const struct subject *subject,
	const char *profile, struct policy *out, struct error *err);

/*
 * Sets one setting of a session as a line of the file would. 0, or -1 and err, whose object is the key: no such
 * setting for a session, or a value that cannot be.
 */
int policy_set(struct policy *policy, const char *key, const char *value, struct error *err);

/* The built-in defaults, without any file. 0, or -1 (ENOMEM). */
int policy_defaults(struct policy *out, struct error *err);
void policy_free(struct policy *policy);

/* A value of the policy as one would write it in the file ("512M", "root, daemon"). */
void policy_show(
	const struct policy *policy, const struct setting *setting, char *buf, size_t size);
