#include "policy_paths.h"

#include <stdint.h>
#include <string.h>

#include "own.h"
#include "text.h"

bool policy_path_is_normal(const char *path)
{
	if (*path != '/')
		return false;
	if (!path[1])
		return true;
	while (*path) {
		size_t length = strcspn(path + 1, "/");

		if (!length || (length == 1 && path[1] == '.') ||
			(length == 2 && path[1] == '.' && path[2] == '.'))
			return false;
		path += 1 + length;
	}
	return true;
}

#define WRITABLE (1u << USE_WRITABLE)
#define SHOWN (1u << USE_WRITABLE | 1u << USE_READONLY | 1u << USE_SOCKETS)
#define ANY (SHOWN | 1u << USE_HIDE)

/*
 * A bind keeps nobody from connecting to a socket, read-only or not: what opens the host is never shown. A path that
 * ends in * stands for all names that begin so.
 */
static const struct {
	const char *path;
	unsigned uses;
	const char *reason;
} refused[] = {
	{ "/proc", ANY, "is the session's own" },
	{ "/sys", ANY, "is the session's own" },
	{ "/dev", ANY, "is the session's own" },
	{ "/run/contained", ANY, "is how a session is recognised" },
	{ "/run/user", ANY, "is the session's own; on the host it holds the user's service manager" },
	{ "/run/lock", SHOWN, "is the session's own" },
	{ "/run/utmp", SHOWN, "is the session's own" },

	{ "/etc/passwd", ANY, "is the session's own" },
	{ "/etc/group", ANY, "is the session's own" },
	{ "/etc/nsswitch.conf", ANY, "is the session's own" },
	{ "/etc/hosts", ANY, "is the session's own" },
	{ "/etc/hostname", ANY, "is the session's own" },
	{ "/etc/resolv.conf", ANY, "is the session's own" },
	{ "/etc/shadow*", ANY, "holds passwords" },
	{ "/etc/gshadow*", ANY, "holds passwords" },
	{ "/etc/ssh", SHOWN, "holds the host's keys" },
	{ "/etc/security", SHOWN, "is there for PAM already" },
	{ "/etc/environment", SHOWN, "is there for PAM already" },
	{ "/etc/default/locale", SHOWN, "is there for PAM already" },
	{ "/etc", WRITABLE, "is read-only, with files of the session's own" },

	{ "/run/dbus", SHOWN, "reaches the system bus, whose services act as root" },
	{ "/run/polkit*", SHOWN, "gives privileges" },
	{ "/run/systemd", SHOWN, "reaches the service manager, which starts what it is told outside" },
	{ "/run/initctl", SHOWN, "tells init what to do" },
	{ "/run/openrc", SHOWN, "reaches the service manager" },
	{ "/run/runit", SHOWN, "reaches the service manager" },
	{ "/run/service", SHOWN, "reaches the service manager" },
	{ "/run/s6*", SHOWN, "reaches the service manager" },
	{ "/run/supervis*", SHOWN, "reaches the service manager" },
	{ "/run/varlink", SHOWN, "reaches services of the host that act as root" },
	{ "/run/udev", SHOWN, "reaches the host's devices" },
	{ "/run/udisks2", SHOWN, "reaches the host's disks" },
	{ "/run/lvm", SHOWN, "reaches the host's disks" },
	{ "/run/dmeventd*", SHOWN, "reaches the host's disks" },
	{ "/run/multipathd*", SHOWN, "reaches the host's disks" },
	{ "/run/netns", SHOWN, "holds network namespaces of the host" },
	{ "/run/NetworkManager", SHOWN, "steers the host's network" },
	{ "/run/wpa_supplicant*", SHOWN, "steers the host's network" },
	{ "/run/openvswitch", SHOWN, "steers the host's network" },
	{ "/run/tailscale", SHOWN, "steers the host's network" },

	{ "/run/docker*", SHOWN, "starts containers as root" },
	{ "/run/balena*", SHOWN, "starts containers as root" },
	{ "/run/buildkit*", SHOWN, "starts containers as root" },
	{ "/run/containerd", SHOWN, "starts containers as root" },
	{ "/run/containers", SHOWN, "holds containers of the host" },
	{ "/run/podman", SHOWN, "starts containers as root" },
	{ "/run/crio", SHOWN, "starts containers as root" },
	{ "/run/cri-*", SHOWN, "starts containers as root" },
	{ "/run/k3s", SHOWN, "starts containers as root" },
	{ "/run/runc", SHOWN, "holds containers of the host" },
	{ "/run/crun", SHOWN, "holds containers of the host" },
	{ "/run/lxc*", SHOWN, "holds containers of the host" },
	{ "/run/lxd*", SHOWN, "starts containers as root" },
	{ "/run/incus*", SHOWN, "starts containers as root" },
	{ "/run/libvirt", SHOWN, "starts virtual machines as root" },
	{ "/run/qemu*", SHOWN, "reaches virtual machines of the host" },
	{ "/run/xen*", SHOWN, "reaches virtual machines of the host" },
	{ "/run/snapd*", SHOWN, "installs software as root" },
	{ "/run/fwupd*", SHOWN, "writes firmware" },
	{ "/run/packagekit*", SHOWN, "installs software as root" },
	{ "/run/cockpit", SHOWN, "gives shells outside" },
	{ "/run/screen*", SHOWN, "holds terminals outside" },
	{ "/run/tmux*", SHOWN, "holds terminals outside" },
	{ "/run/sudo", SHOWN, "holds who may become root without a password" },
	{ "/run/faillock", SHOWN, "holds failed logins" },
	{ "/run/sshd", SHOWN, "is where sshd locks itself in" },
	{ "/run/log", SHOWN, "holds the host's log" },
	{ "/run/credentials", SHOWN, "holds secrets of services" },
	{ "/run/initramfs", SHOWN, "is run when the host shuts down" },
};

/* The path at or below the entry? */
static bool is_within(const char *path, const char *entry)
{
	size_t length = strlen(entry);

	if (length && entry[length - 1] == '*')
		return strncmp(path, entry, length - 1) == 0;
	return strncmp(path, entry, length) == 0 && (!path[length] || path[length] == '/');
}

bool policy_path_is_refused(enum path_use use, const char *path, char *why, size_t size)
{
	if (use == USE_MAIL)
		return false;
	if (!path[1]) {
		(void)text_format(why, size, "is everything");
		return true;
	}
	if (use == USE_SOCKETS && !text_after(path, "/run/")) {
		const char *name = is_within(path, "/var/run") ? path + strlen("/var") : NULL;

		if (name)
			(void)text_format(why, size, "is %s by another name: write that", name);
		else
			(void)text_format(why, size, "%s", text_equal(path, "/run") ?
				"is all of /run: name what in it is needed" : "is not below /run");
		return true;
	}
	if (is_within(path, "/var/run"))
		path += strlen("/var");
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		if (!(refused[i].uses >> use & 1))
			continue;
		if (is_within(path, refused[i].path))
			(void)text_format(why, size, "%s", refused[i].reason);
		else if (is_within(refused[i].path, path))
			(void)text_format(why, size, "holds %s, which %s", refused[i].path, refused[i].reason);
		else
			continue;
		return true;
	}
	return false;
}

static bool append(char *buf, size_t size, size_t *used, const char *text, size_t length)
{
	if (*used + length >= size)
		return false;
	memcpy(buf + *used, text, length);
	*used += length;
	buf[*used] = '\0';
	return true;
}

const char *policy_path_fill(
	const char *text, const char *user, const char *home, const char *group, char *buf, size_t size)
{
	static const char long_one[] = "is too long";
	size_t used = 0, home_length = strlen(home);

	/* as passwd(5) has it; "/" becomes "", and what follows begins with a slash of its own */
	while (home_length && home[home_length - 1] == '/')
		home_length--;
	buf[0] = '\0';
	for (const char *at = text; *at; at++) {
		const char *value = at;
		size_t length = 1;

		if (*at == '%') {
			switch (*++at) {
			case 'u':
				value = user;
				break;
			case 'g':
				value = group;
				break;
			case 'h':
				value = home;
				break;
			case '%':
				value = "%";
				break;
			default:
				return "has a '%' that is none of %u, %h, %g and %%";
			}
			if (value == home && at != text + 1)
				return "has %h elsewhere than at its start";
			if (value != home && strchr(value, '/'))
				return "would get a name with a slash in it";
			length = value == home ? home_length : strlen(value);
		}
		if (!append(buf, size, &used, value, length))
			return long_one;
	}
	if (text_after(text, "%h") && !home_length)
		return "would be all of the host: the home directory is /";
	return policy_path_is_normal(buf) ? NULL :
						  "is not an absolute path without //, /./, /../ or a slash at the end";
}

int policy_path_expand(
	const char *text, const struct subject *subject, char *buf, size_t size, struct error *err)
{
	const char *group = subject->group_count ? subject->groups[0].name : "";
	const char *why = policy_path_fill(text, subject->user, subject->home, group, buf, size);

	if (!why)
		return 0;
	fail(err, 0, text, "%s (it became \"%.100s\")", why, buf);
	return error_hint(err, "this user's name, home directory or group does not fit the path of the policy");
}
