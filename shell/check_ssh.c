/* contained check --ssh: what contains somebody who comes by ssh, and which doors lead past that. */
#include "shell/check_ssh.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "engine/own.h"
#include "engine/tree.h"
#include "shell/commands.h"
#include "shell/sshd_config.h"

enum { FILE_MOST = 8 << 20, SUBJECT_MS = 5000 };

static const char program[] = "contained-shell";

void check_ssh_tell(struct ssh_look *look, enum ssh_finding finding, const char *what, const char *why,
	const char *remedy)
{
	static const char *const kinds[] = { [SSH_OPEN] = "open", [SSH_REFUSES] = "refuses", [SSH_NOTE] = "note" };
	char text[512];

	text_escape(text, sizeof text, what);
	printf("%s: %s\n    %s\n", kinds[finding], text, why);
	if (remedy)
		printf("    to %s it: %s\n", finding == SSH_OPEN ? "close" : "mend", remedy);
	look->open += finding == SSH_OPEN;
}

static void tell_sshd(void *context, enum ssh_finding finding, const char *what, const char *why, const char *remedy)
{
	check_ssh_tell(context, finding, what, why, remedy);
}

static int load_text(const struct ssh_look *look, char **text, struct error *err)
{
	const struct check_options *options = look->options;
	char spec[256];

	if (options->sshd_output) {
		own_text char *path = realpath(options->sshd_output, NULL);
		own_fd int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

		if (!path)
			return fail(err, errno, options->sshd_output, "cannot open");
		return tree_read_file(root, path, FILE_MOST, text, NULL, err);
	}
	if (!options->user)
		return sshd_config_ask(options->sshd_config, NULL, text, err);
	/* as from another host (RFC 5737); older versions want all of the first three, Match LocalAddress the rest */
	if (text_format(spec, sizeof spec, "user=%s,host=192.0.2.1,addr=192.0.2.1,laddr=192.0.2.2,lport=22",
		    options->user) < 0)
		return fail(err, errno, options->user, "is too long a name");
	return sshd_config_ask(options->sshd_config, spec, text, err);
}

static bool is_ours(const char *shell)
{
	return text_equal(ssh_doors_name(shell), program);
}

/* Whether one of the local accounts has contained-shell: then it is for such users that the question is answered. */
static bool is_somebodys_shell(int root_fd)
{
	own_text char *text = NULL;
	char *rest, *line;

	if (tree_read_file(root_fd, "/etc/passwd", FILE_MOST, &text, NULL, NULL) < 0)
		return false;
	rest = text;
	while ((line = strsep(&rest, "\n"))) {
		const char *shell = strrchr(line, ':');

		if (shell && is_ours(shell + 1))
			return true;
	}
	return false;
}

/* The ways without the module. why: what is told of the user whom nothing contains. */
static void find_other_way(struct ssh_look *look, const char *what, const char *why, const char *remedy)
{
	bool shell = look->subject ? is_ours(look->subject->shell) : is_somebodys_shell(look->root_fd);

	if (shell || ssh_doors_forces(look->ssh.text, program)) {
		look->ssh.way = shell ? SSH_SHELL : SSH_FORCED;
		if (shell && !look->subject)
			look->whom = "a user whose shell is contained-shell, as not everybody's is";
		printf("%s, by ssh: contained by contained-shell, %s\n", look->whom,
			shell ? "the shell in passwd" : "forced by sshd's ForceCommand");
		check_ssh_tell(look, SSH_NOTE, what, "so it is only what is started through contained-shell", NULL);
		return;
	}
	printf("%s, by ssh: not contained\n", look->whom);
	check_ssh_tell(look, SSH_OPEN, what, why, remedy);
}

/* By whom the user is left alone whatever the door: text, or NULL. */
static const char *find_exemption(const struct ssh_look *look, const struct policy_file *file)
{
	if (!look->subject)
		return NULL;
	return look->subject->uid == 0 ? "uid 0" : file ? policy_exempts(file, look->subject) : NULL;
}

static void find_way(struct ssh_look *look, const struct policy_file *file)
{
	own_text char *pam = sshd_config_value(look->ssh.text, "usepam");
	const char *exemption = find_exemption(look, file);
	char where[256], what[512];
	enum pam_guard guard =
		check_pam_guard(look->root_fd, look->service, look->options->user, where, sizeof where);

	look->ssh.way = SSH_NONE;
	if (exemption) {
		printf("%s, by ssh: not contained\n", look->whom);
		(void)snprintf(what, sizeof what, "%s: %s", look->options->conf, exemption);
		check_ssh_tell(look, SSH_OPEN, text_equal(exemption, "uid 0") ? exemption : what,
			"the user is left alone, by the module and by contained-shell", NULL);
		look->exempt = true;
		return;
	}
	if (!text_equal(pam, "yes")) {
		(void)snprintf(what, sizeof what, "sshd: usepam %s", pam ? pam : "not known");
		find_other_way(look, what, "sshd calls no PAM module, and the user's shell is not contained-shell",
			"UsePAM yes (sshd_config, globally), and the module in sshd's PAM service");
	} else if (guard == PAM_GUARD_NO_SERVICE || guard == PAM_GUARD_ABSENT) {
		(void)snprintf(what, sizeof what, "PAM: the service %s does not name pam_contained.so", look->service);
		find_other_way(look, what, "nor is the user's shell contained-shell",
			"session required pam_contained.so, as the last session line of that service");
	} else if (guard == PAM_GUARD_EXEMPT) {
		(void)snprintf(what, sizeof what, "PAM: %s exempts the user", where);
		find_other_way(look, what, "the module leaves the user alone, and the shell is not contained-shell", NULL);
	} else {
		look->ssh.way = SSH_PAM;
		printf("%s, by ssh: contained by pam_contained.so, %s, and with all of the connection\n", look->whom, where);
		(void)snprintf(what, sizeof what, "PAM: %s", where);
		if (guard == PAM_GUARD_WEAK)
			check_ssh_tell(look, SSH_OPEN, what,
				"the control is not required, or a line before it can end the stack: a session may go on"
				" without a container", "session required pam_contained.so (contained check tells more)");
	}
}

/* policy: of the way in; an ordinary user is in no list and no group. 0, or -1 and err. */
static int select_policy(struct ssh_look *look, const struct policy_file *file, struct subject *subject,
	struct policy *policy, struct error *err)
{
	char service[256], none[] = "";
	struct subject ordinary = { .user = none, .gecos = none, .home = none, .shell = none, .service = service,
		.tty = none, .rhost = none, .uid = (uid_t)policy_globals(file)->min_uid };

	if (text_format(service, sizeof service, "%s", look->ssh.way == SSH_PAM ? look->service : program) < 0)
		return fail(err, errno, look->service, "is too long a name");
	if (look->subject && subject_set_login(subject, service, NULL, NULL, err) < 0)
		return -1;
	return policy_select(file, look->subject ? look->subject : &ordinary, NULL, policy, err);
}

/* file: NULL where the configuration has errors, which were told. */
static int look_around(struct ssh_look *look, const struct policy_file *file, struct subject *subject,
	struct error *err)
{
	own_text char *text = NULL, *service = NULL;
	own_fd int sshrc = tree_open_file(look->root_fd, "/etc/ssh/sshrc", NULL, NULL);
	struct policy policy = { 0 };

	if (load_text(look, &text, err) < 0)
		return -1;
	service = sshd_config_value(text, "pamservicename"); /* OpenSSH 9.8; before, the program's name */
	look->service = service ? service : "sshd";
	look->ssh.text = text;
	look->ssh.sshrc = sshrc >= 0;
	find_way(look, file);
	if (file && select_policy(look, file, subject, &policy, err) < 0)
		return -1;
	look->policy = file ? &policy : NULL;
	if (!look->exempt) {
		ssh_doors_judge(&look->ssh, tell_sshd, look);
		check_ssh_host(look);
	}
	policy_free(&policy);
	look->policy = NULL;
	printf("%u %s open\n", look->open, look->open == 1 ? "door is" : "doors are");
	return 0;
}

int check_ssh(const struct check_options *options, int root_fd)
{
	const char *helper = options->host_root ? NULL : CONTAINED_LIBEXEC "/contained-subject";
	struct ssh_look look = { .options = options, .root_fd = root_fd, .whom = "an ordinary user" };
	struct subject subject = { 0 };
	struct policy_file *file = NULL;
	struct error err;
	bool good = load_policy_file(options->conf, &file) == 0;
	int result = 0;

	if (options->user) {
		result = subject_load(root_fd, options->user, helper,
			good ? (int)policy_globals(file)->deadline : SUBJECT_MS, &subject, &err);
		look.whom = options->user;
		look.subject = &subject;
		look.ssh.user = subject.user;
		look.ssh.home = subject.home;
	}
	if (result == 0)
		result = look_around(&look, file, &subject, &err);
	subject_free(&subject);
	policy_file_free(file);
	if (result < 0)
		return print_error(&err);
	return good && !look.open ? 0 : 1;
}
