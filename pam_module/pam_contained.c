/*
 * pam_contained: every login in a container of its own.
 *
 *	session required pam_contained.so [conf=FILE] [profile=NAME] [exempt=USER,…] [exempt_group=GROUP,…] [debug]
 *
 * Runs inside somebody else's root process. Who is exempt by uid 0 or by the PAM line is decided before any file of
 * ours is opened, so that no broken file locks the administrator out; every other failure refuses the session.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#define PAM_SM_SESSION
#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <security/pam_modutil.h>

#include "engine/host.h"
#include "engine/own.h"
#include "engine/plan.h"
#include "engine/policy.h"
#include "engine/session.h"
#include "engine/state.h"
#include "engine/subject.h"
#include "engine/subject_password.h"
#include "engine/text.h"

#define EXPORTED __attribute__((visibility("default")))
#define DATA_NAME "contained-session"
#define SSHD_TTY "ssh" /* what sshd, and nobody else, calls its terminal */
enum { CLOSE_MS = 2500 };
/*
 * Not PAM_SESSION_ERR: sudo alone goes on after that one, as if there had been no session to open
 * (sudo_pam_begin_session() in its auth/pam.c; seen), and would run the command outside.
 */
enum { SESSION_REFUSED = PAM_PERM_DENIED };

struct arguments {
	const char *conf, *profile;
	const char *unknown; /* the first argument that is none of ours */
	bool debug;
};

/* What outlives open_session, under DATA_NAME. */
struct kept {
	pid_t opener; /* a forked child that runs our callbacks is somebody else */
	bool failed;  /* the process may sit in what is left of a session: never a success any more */
	bool silent;  /* PAM_SILENT */
	struct session session;
};

static void read_arguments(int argc, const char **argv, struct arguments *out)
{
	*out = (struct arguments){ .conf = CONTAINED_CONF };
	for (int i = 0; i < argc; i++) {
		const char *value;

		if ((value = text_after(argv[i], "conf=")))
			out->conf = value;
		else if ((value = text_after(argv[i], "profile=")))
			out->profile = value;
		else if (text_equal(argv[i], "debug"))
			out->debug = true;
		else if (!text_after(argv[i], "exempt=") && !text_after(argv[i], "exempt_group=") && !out->unknown)
			out->unknown = argv[i];
	}
}

/* uid 0 and the PAM line's exempt: by the local files, before any file of ours. */
static const char *exempt_by_line(pam_handle_t *pamh, int root_fd, const char *user, int argc, const char **argv)
{
	uid_t uid;

	if (subject_local_uid(root_fd, user, &uid) == 1) {
		if (uid == 0)
			return "uid 0";
	} else {
		const struct passwd *entry = pam_modutil_getpwnam(pamh, user);

		if (entry && entry->pw_uid == 0)
			return "uid 0";
	}
	for (int i = 0; i < argc; i++) {
		const char *value;

		if ((value = text_after(argv[i], "exempt=")) && subject_local_listed(root_fd, value, user, false))
			return "exempt";
		if ((value = text_after(argv[i], "exempt_group=")) && subject_local_listed(root_fd, value, user, true))
			return "exempt_group";
	}
	return NULL;
}

static const char *item(pam_handle_t *pamh, int type)
{
	const void *value = NULL;

	if (pam_get_item(pamh, type, &value) != PAM_SUCCESS || !value)
		return "";
	return value;
}

static const char refused[] = "This login could not be set up. Please tell the administrator";
static const char expired[] = "Your password has expired and has to be changed by the administrator first";

/* The administrator's line, and the user's sentence; both carry the name to quote. */
static int refuse(pam_handle_t *pamh, bool silent, const char *user, const char *name, const char *sentence,
	const struct error *err)
{
	char text[1024], who[160];

	error_format(err, text, sizeof text);
	text_escape(who, sizeof who, user);
	/*
	 * sshd looks at an expired password before it looks at the session (do_child() in its session.c), and runs
	 * passwd on the host for a login that was refused (seen): a program of the user's own, without privileges.
	 */
	if (text_equal(item(pamh, PAM_TTY), SSHD_TTY))
		(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); /* cannot fail (prctl(2)) */
	pam_syslog(pamh, LOG_ERR, "%s: %s [%s]", who, text, name);
	if (!silent)
		(void)pam_error(pamh, "%s: %s", sentence, name);
	return SESSION_REFUSED;
}

/* Namespaces and capabilities are a thread's: with a second one, half of the process would stay outside. */
static int check_threads(struct error *err)
{
	struct stat info;

	/* a directory's links: itself, its parent and its subdirectories, here one a thread (proc(5)) */
	if (stat("/proc/self/task", &info) < 0)
		return fail(err, errno, "/proc/self/task", "cannot look at");
	if (info.st_nlink != 3)
		return fail(err, 0, "process", "has more than one thread, and namespaces are per thread");
	return 0;
}

/* Everything a session is made from, freed together. */
struct setting_up {
	struct policy_file *file;
	struct subject subject;
	struct policy policy;
	struct list paths;
	struct host host;
	struct plan plan;
};

static void free_setting_up(struct setting_up *up)
{
	plan_free(&up->plan);
	host_free(&up->host);
	list_free(&up->paths);
	policy_free(&up->policy);
	subject_free(&up->subject);
	policy_file_free(up->file);
}

/* systemd's user manager, which gets no session: whom it is for is all that has to be known. */
static bool is_manager(pam_handle_t *pamh)
{
	return text_equal(item(pamh, PAM_SERVICE), "systemd-user");
}

static int load_subject(pam_handle_t *pamh, int root_fd, const char *user, const struct policy *globals,
	struct subject *out, struct error *err)
{
	/* the login waits for the manager meanwhile, which a directory shall not make longer for a local user */
	if (is_manager(pamh) && !globals->exempt_groups.count && subject_load(root_fd, user, NULL, 0, out, NULL) == 0)
		return 0;
	return subject_load(root_fd, user, CONTAINED_LIBEXEC "/contained-subject", (int)globals->deadline, out, err);
}

/* 0: there is a plan, or no need of one; 1: this subject is left alone, *why says so; -1. */
static int make_plan(pam_handle_t *pamh, int root_fd, const struct arguments *arguments, const char *user,
	char name[TAROT_NAME], int *state, struct setting_up *up, const char **why, struct error *err)
{
	const struct policy *globals;

	if (geteuid() != 0)
		return fail(err, 0, "process", "is not root: a PAM session module needs to be");
	if (arguments->unknown)
		return fail(err, 0, arguments->unknown, "is not an argument of pam_contained.so");
	if (!text_is_user_name(user))
		return fail(err, 0, user, "is not a user name that is safe to use");
	if (policy_load(arguments->conf, &up->file, err) < 0)
		return -1;
	globals = policy_globals(up->file);
	if (load_subject(pamh, root_fd, user, globals, &up->subject, err) < 0 ||
		subject_set_login(&up->subject, item(pamh, PAM_SERVICE), item(pamh, PAM_TTY),
			item(pamh, PAM_RHOST), err) < 0 ||
		subject_set_ccache(&up->subject, pam_getenv(pamh, "KRB5CCNAME"), err) < 0)
		return -1;
	*why = policy_exempts(up->file, &up->subject);
	if (*why)
		return 1;
	if (is_manager(pamh))
		return 0;
	if (check_threads(err) < 0)
		return -1;
	if (policy_select(up->file, &up->subject, arguments->profile, &up->policy, err) < 0)
		return -1;
	if (host_paths_name(&up->policy, &up->subject, &up->paths, err) < 0 ||
		host_wake(CONTAINED_LIBEXEC, &up->paths, (int)globals->deadline, err) < 0 ||
		host_load(root_fd, &up->policy, &up->subject, &up->host, err) < 0)
		return -1;
	if (arguments->debug && up->subject.ccache && !up->host.ccache)
		pam_syslog(pamh, LOG_DEBUG, "%s: KRB5CCNAME names no cache to be shown inside", user);
	/* as late as can be: the name is the first thing that has to be cleared up, and until there is a builder only
	 * this process could */
	if (state_reserve(&state_root_of_host, name, state, err) < 0)
		return -1;
	return plan_make(&up->policy, &up->subject, &up->host, name, &up->plan, err);
}

/*
 * sshd alone asks for the new password after the session is open, by running passwd inside (do_pwchange() in its
 * session.c), where a setuid program is without effect: nosuid, whatever no_new_privs says. The others ask before it.
 */
static bool needs_password(int root_fd, const struct setting_up *up, struct error *err)
{
	const char *user = up->subject.user;

	if (!text_equal(up->subject.tty, SSHD_TTY) || !subject_password_expired(root_fd, user))
		return false;
	fail(err, 0, user, "the password has expired, and passwd is without effect inside");
	error_step(err, "plan");
	error_hint(err, "as root: passwd %s, or chage %s", user, user);
	return true;
}

static void forget(pam_handle_t *pamh, void *data, int status)
{
	struct kept *kept = data;

	(void)pamh;
	(void)status;
	/* in a forked child too, where it closes that child's copy; the session goes by the process's life */
	session_forget(&kept->session);
	free(kept);
}

static int open_contained(pam_handle_t *pamh, int root_fd, const struct arguments *arguments, const char *user,
	struct kept *kept)
{
	struct setting_up up = { 0 };
	struct error err = { 0 };
	own_fd int state = -1;
	char name[TAROT_NAME] = "no name";
	const char *why = NULL, *sentence = refused;
	int result = SESSION_REFUSED, planned;

	/* for what goes wrong before there is a session to name; tarot_draw() leaves "no name" where it fails */
	(void)tarot_draw(0, name, NULL);
	planned = make_plan(pamh, root_fd, arguments, user, name, &state, &up, &why, &err);
	if (planned < 0)
		error_step(&err, "plan");
	if (planned > 0) {
		if (arguments->debug)
			pam_syslog(pamh, LOG_DEBUG, "%s: left alone: %s", user, why);
		result = PAM_SUCCESS;
	} else if (planned == 0 && is_manager(pamh)) {
		/* it executes in the same process, whose /proc/self would dangle; the login goes on without it */
		pam_syslog(pamh, LOG_INFO, "%s: no user manager for a contained user", user);
	} else if (planned == 0 && needs_password(root_fd, &up, &err)) {
		sentence = expired;
	} else if (planned == 0) {
		if (up.plan.limits_left_out[0])
			pam_syslog(pamh, LOG_WARNING, "%s: limits = try: this host cannot give: %s [%s]", user,
				up.plan.limits_left_out, name);
		result = session_open(&kept->session, &up.plan, take_fd(&state), CONTAINED_LIBEXEC,
				 (int)up.policy.deadline, &err) == 0 ?
			PAM_SUCCESS :
			SESSION_REFUSED;
	}
	/* nothing is left before anybody is told: the application may be killed over the message */
	if (state >= 0)
		state_discard(&state_root_of_host, name, &state);
	if (err.cause[0])
		(void)refuse(pamh, kept->silent, user, name, sentence, &err);
	free_setting_up(&up);
	return result;
}

EXPORTED int pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	own_fd int root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	const char *user = item(pamh, PAM_USER);
	struct arguments arguments;
	const void *present = NULL;
	struct kept *kept;
	const char *why;
	int result;

	read_arguments(argc, argv, &arguments);
	why = exempt_by_line(pamh, root_fd, user, argc, argv);
	if (!why && pam_get_data(pamh, DATA_NAME, &present) == PAM_SUCCESS && present) {
		if (((const struct kept *)present)->failed)
			return SESSION_REFUSED;
		why = "in a session already"; /* the module stands in the stack twice */
	}
	if (!why && state_is_inside(0))
		why = "in a session already";
	if (why) {
		if (arguments.debug)
			pam_syslog(pamh, LOG_DEBUG, "%s: left alone: %s", user, why);
		return PAM_SUCCESS;
	}
	kept = calloc(1, sizeof *kept);
	if (!kept)
		return PAM_BUF_ERR;
	session_none(&kept->session);
	kept->opener = getpid();
	kept->silent = flags & PAM_SILENT;
	/* before anything is made: what must be found again at the close has its place already */
	result = pam_set_data(pamh, DATA_NAME, kept, forget);
	if (result != PAM_SUCCESS) {
		free(kept);
		return result;
	}
	result = open_contained(pamh, root_fd, &arguments, user, kept);
	kept->failed = result != PAM_SUCCESS;
	return result;
}

EXPORTED int pam_sm_close_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	const void *data = NULL;

	(void)flags;
	(void)argc;
	(void)argv;
	if (pam_get_data(pamh, DATA_NAME, &data) == PAM_SUCCESS && data) {
		struct kept *kept = (struct kept *)data; /* ours: pam_get_data() only promises not to change it */

		if (kept->opener == getpid())
			session_close(&kept->session, CLOSE_MS);
	}
	return PAM_SUCCESS;
}
