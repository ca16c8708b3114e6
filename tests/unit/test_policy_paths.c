/* policy_paths: what the paths of writable, readonly, hide and sockets may be, and what a login makes of them. */
#include "policy_paths.h"

#include "policy_fixture.h" /* last: cmocka.h defines fail() as a macro */

#define EXPECTED \
	" (expected absolute paths divided by blanks or commas; %u, %h, %g and %% are filled in)"
#define SOCKETS_EXPECTED " (expected paths below /run divided by blanks or commas)"
#define IS_NOT "is not an absolute path without //, /./, /../ or a slash at the end"

struct row {
	const char *key, *path, *what;
};

static void refused_in_the_file(void **state)
{
	static const struct row rows[] = {
		{ "writable", "srv", IS_NOT EXPECTED },
		{ "writable", "/srv/", IS_NOT EXPECTED },
		{ "readonly", "/srv//%u", IS_NOT EXPECTED },
		{ "hide", "/srv/../%u", IS_NOT EXPECTED },
		{ "writable", "%u", IS_NOT EXPECTED },
		{ "writable", "%hx/..", IS_NOT EXPECTED },
		{ "writable", "/", "is everything" EXPECTED },
		{ "hide", "/", "is everything" EXPECTED },
		{ "writable", "/srv/%x", "has a '%' that is none of %u, %h, %g and %%" EXPECTED },
		{ "writable", "/srv/%", "has a '%' that is none of %u, %h, %g and %%" EXPECTED },
		{ "hide", "/srv/%h", "has %h elsewhere than at its start" EXPECTED },
		{ "writable", "%%/%h", "has %h elsewhere than at its start" EXPECTED },
		{ "writable", "/proc", "is the session's own" EXPECTED },
		{ "readonly", "/sys/kernel", "is the session's own" EXPECTED },
		{ "hide", "/dev/shm/%u", "is the session's own" EXPECTED },
		{ "writable", "/etc", "holds /etc/passwd, which is the session's own" EXPECTED },
		{ "writable", "/etc/app", "is read-only, with files of the session's own" EXPECTED },
		{ "readonly", "/etc", "holds /etc/passwd, which is the session's own" EXPECTED },
		{ "hide", "/etc/group", "is the session's own" EXPECTED },
		{ "readonly", "/etc/shadow-", "holds passwords" EXPECTED },
		{ "readonly", "/etc/ssh/x", "holds the host's keys" EXPECTED },
		{ "hide", "/run", "holds /run/contained, which is how a session is recognised" EXPECTED },
		{ "writable", "/run", "holds /run/contained, which is how a session is recognised" EXPECTED },
		{ "readonly", "/var/run", "holds /run/contained, which is how a session is recognised" EXPECTED },
		{ "readonly", "/var/run/docker.sock", "starts containers as root" EXPECTED },
		{ "writable", "/run/dbus", "reaches the system bus, whose services act as root" EXPECTED },
		{ "sockets", "/run/dbus", "reaches the system bus, whose services act as root" SOCKETS_EXPECTED },
		{ "sockets", "/run/dbus/system_bus_socket",
			"reaches the system bus, whose services act as root" SOCKETS_EXPECTED },
		{ "sockets", "/run/systemd/journal",
			"reaches the service manager, which starts what it is told outside" SOCKETS_EXPECTED },
		{ "sockets", "/run/docker.sock", "starts containers as root" SOCKETS_EXPECTED },
		{ "sockets", "/run/snapd-snap.socket", "installs software as root" SOCKETS_EXPECTED },
		{ "sockets", "/run/user/1000/bus",
			"is the session's own; on the host it holds the user's service manager" SOCKETS_EXPECTED },
		{ "sockets", "/run", "is all of /run: name what in it is needed" SOCKETS_EXPECTED },
		{ "sockets", "/var/run/mysqld",
			"is /run/mysqld by another name: write that" SOCKETS_EXPECTED },
		{ "sockets", "/var/lib/mysql", "is not below /run" SOCKETS_EXPECTED },
		{ "sockets", "/runx/y", "is not below /run" SOCKETS_EXPECTED },
		{ "sockets", "/run/%u", "has a '%', which stands for nothing here" SOCKETS_EXPECTED },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char text[256], expected[512];

		(void)snprintf(text, sizeof text, "[default]\n%s = /run/ok %s\n", rows[i].key, rows[i].path);
		(void)snprintf(expected, sizeof expected, "2: %s: \"%s\" %s", rows[i].key, rows[i].path,
			rows[i].what);
		fixture_refused(text, expected);
	}
}

/* Each of these opens the host, by any setting that shows it; none but the session's own is refused for hide. */
static void what_opens_the_host(void **state)
{
	static const char *const names[] = { "dbus", "systemd", "docker", "docker.sock", "containerd", "podman",
		"crio", "libvirt", "lxd", "incus", "snapd", "snapd.socket", "udev", "varlink", "sudo", "screen",
		"tmux", "sshd", "NetworkManager", "polkit", "initctl", "k3s", "netns", "log" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char path[64], why[160];

		(void)snprintf(path, sizeof path, "/run/%s", names[i]);
		for (int use = USE_WRITABLE; use <= USE_SOCKETS; use++)
			if (!policy_path_is_refused((enum path_use)use, path, why, sizeof why))
				fail_msg("%s is not refused", path);
		assert_false(policy_path_is_refused(USE_HIDE, path, why, sizeof why));
		(void)snprintf(path, sizeof path, "/run/%s/below", names[i]);
		assert_true(policy_path_is_refused(USE_SOCKETS, path, why, sizeof why));
	}
}

static void allowed(void **state)
{
	static const struct row rows[] = {
		{ "writable", "/scratch/%u, /srv/%g/x%%,%h/.cache", "/scratch/%u /srv/%g/x%% %h/.cache" },
		{ "writable", "%h", "%h" },
		{ "writable", "", "" },
		{ "readonly", "/home/shared /etcetera /etc/ssl /run/nscd /process", NULL },
		{ "hide", "/srv/secret /etc/ssl/private /run/lock", NULL },
		{ "sockets", "/run/mysqld /run/munge /run/postgresql /run/dbusx /run/system", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct policy_file *file;
		char text[256];

		(void)snprintf(text, sizeof text, "[default]\n%s = %s\n", rows[i].key, rows[i].path);
		file = fixture_file(text);
		assert_string_equal(fixture_show(policy_globals(file), rows[i].key),
			rows[i].what ? rows[i].what : rows[i].path);
		policy_file_free(file);
	}
}

static void many_paths(void **state)
{
	char text[512] = "[default]\nhide =";

	(void)state;
	for (int i = 0; i < 64; i++)
		strcat(text, " /x");
	policy_file_free(fixture_file(text));
	strcat(text, " /y");
	fixture_refused(text, "2: hide: names 65 paths (expected at most 64)");
}

static void filled_in(void **state)
{
	static const struct {
		const char *text, *home, *group, *path; /* path NULL: refused */
	} rows[] = {
		{ "/scratch/%u", "/home/alice", "staff", "/scratch/alice" },
		{ "/srv/%g/%u/100%%", "/home/alice", "domain users", "/srv/domain users/alice/100%" },
		{ "%h", "/home/alice", "staff", "/home/alice" },
		{ "%h/x", "/home/alice//", "staff", "/home/alice/x" },
		{ "%h", "/", "staff", NULL },
		{ "%h/x", "/", "staff", NULL },
		{ "%h", "", "staff", NULL },
		{ "%h/x", "home/alice", "staff", NULL },
		{ "%h/x", "/home/../etc", "staff", NULL },
		{ "/srv/%g", "/home/alice", "..", NULL },
		{ "/srv/%g", "/home/alice", "", NULL },
		{ "/srv/%g", "/home/alice", "a/../../etc", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct subject_group group = { 50, (char *)rows[i].group };
		const struct subject subject = { .user = (char *)"alice", .home = (char *)rows[i].home,
			.groups = &group, .group_count = 1 };
		struct error err;
		char path[64];
		int result = policy_path_expand(rows[i].text, &subject, path, sizeof path, &err);

		if ((result == 0) != !!rows[i].path)
			fail_msg("%s with %s and %s", rows[i].text, rows[i].home, rows[i].group);
		if (result == 0)
			assert_string_equal(path, rows[i].path);
		else
			assert_string_equal(err.object, rows[i].text);
	}
}

static void too_long_to_fill_in(void **state)
{
	char buf[8];

	(void)state;
	assert_null(policy_path_fill("/%u", "aliced", "/", "g", buf, sizeof buf));
	assert_string_equal(policy_path_fill("/%u", "alicedd", "/", "g", buf, sizeof buf), "is too long");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refused_in_the_file),
		cmocka_unit_test(what_opens_the_host),
		cmocka_unit_test(allowed),
		cmocka_unit_test(many_paths),
		cmocka_unit_test(filled_in),
		cmocka_unit_test(too_long_to_fill_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
