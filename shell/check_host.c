/* contained check: sshd as it would run, and the automounts. */
#include "shell/check.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "engine/own.h"
#include "engine/tree.h"
#include "shell/sshd_config.h"

enum { MOUNTINFO_MOST = 8 << 20 };

static void judge_sshd(struct check *check, const char *text)
{
	own_text char *pam = sshd_config_value(text, "usepam");
	own_text char *chroot = sshd_config_value(text, "chrootdirectory");
	own_text char *root = sshd_config_value(text, "permitrootlogin");
	own_text char *named = sshd_config_value(text, "pamservicename"); /* OpenSSH 9.8; before, the program's name */
	const char *service = named ? named : "sshd";
	int exempts = check_pam_exempts(check, service);

	if (!text_equal(pam, "yes"))
		check_warn(check, "sshd: UsePAM is %s: pam_contained is never called", pam ? pam : "not known");
	if (chroot && !text_equal(chroot, "none"))
		check_warn(check, "sshd: ChrootDirectory %s: chroot is refused inside; use `root` in a profile", chroot);
	if (exempts < 0)
		check_note(check, "sshd: its PAM service %s does not name pam_contained.so: ssh logins are not contained",
			service);
	if (exempts == 0 && (text_equal(root, "no") || text_equal(root, "forced-commands-only")))
		check_warn(check, "sshd: PermitRootLogin is %s, and the PAM line of %s exempts nobody: a broken"
			" configuration keeps everybody out; add exempt=USER or exempt_group=GROUP", root, service);
}

void check_sshd(struct check *check, const char *sshd_config)
{
	own_text char *answer = NULL;
	struct error err;

	if (sshd_config_ask(sshd_config, NULL, &answer, &err) == 0)
		judge_sshd(check, answer);
	else if (err.num != ENOENT || sshd_config)
		check_note(check, "sshd could not be asked for its configuration; as root, try: sshd -T%s%s",
			sshd_config ? " -f " : "", sshd_config ? sshd_config : "");
}

/* "\040" and the like of a field of mountinfo (proc(5)), in place. */
static void unescape(char *text)
{
	char *to = text;

	for (const char *at = text; *at; to++) {
		if (at[0] == '\\' && strspn(at + 1, "01234567") >= 3) {
			*to = (char)((at[1] - '0') * 64 + (at[2] - '0') * 8 + (at[3] - '0'));
			at += 4;
		} else {
			*to = *at++;
		}
	}
	*to = '\0';
}

/* A session has a /proc, /sys and /dev of its own: systemd's binfmt_misc and hugepages do not count. */
static bool is_private(const char *path)
{
	static const char *const trees[] = { "/proc", "/sys", "/dev", "/run" };

	for (size_t i = 0; i < ARRAY_SIZE(trees); i++) {
		const char *rest = text_after(path, trees[i]);

		if (rest && (!*rest || *rest == '/'))
			return true;
	}
	return false;
}

void check_automounts(struct check *check)
{
	own_text char *text = NULL;
	char *rest, *line;

	if (tree_read_file(check->root_fd, "/proc/self/mountinfo", MOUNTINFO_MOST, &text, NULL, NULL) < 0)
		return;
	rest = text;
	while ((line = strsep(&rest, "\n"))) {
		const char *type = strstr(line, " - ");
		char *path = line;

		if (!type || !text_after(type, " - autofs "))
			continue;
		for (int i = 0; i < 4 && path; i++) /* the fifth field is the mount point */
			path = strchr(path, ' ') ? strchr(path, ' ') + 1 : NULL;
		if (!path)
			continue;
		path[strcspn(path, " ")] = '\0';
		unescape(path);
		if (!is_private(path))
			check_note(check, "%s is an automount: only those parts that the policy names are there inside",
				path);
	}
}
