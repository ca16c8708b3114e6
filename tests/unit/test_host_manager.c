/* host_manager: whose scope a login's is, and whether there is a manager to ask. */
#include <sys/socket.h>
#include <sys/un.h>

#include "host_manager.h"

#include "host_fixture.h" /* last: cmocka.h defines fail() as a macro */

#define SCOPE "/user.slice/user-1000.slice/session-3.scope"

static void put_socket(const struct tree *tree, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	tree_put_text(tree, path, "");
	assert_int_equal(unlinkat(tree->fd, path, 0), 0);
	assert_true(text_format(address.sun_path, sizeof address.sun_path, "%s/%s", tree->path, path) > 0);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
	close(fd);
}

/* A systemd of the tree, whose logind made session-3.scope for the process `leader`. */
static void make_manager(struct fixture *fix, const char *leader)
{
	char text[128];

	tree_put_text(fix->tree, "run/systemd/system/.keep", "");
	assert_true(text_format(text, sizeof text, "UID=1000\nUSER=alice\nLEADER=%s\nTYPE=tty\n", leader) > 0);
	tree_put_text(fix->tree, "run/systemd/sessions/3", text);
}

static void make_host(struct fixture *fix, uid_t uid, const char *origin)
{
	struct cgroup_hierarchy only = { .controllers = "cpu,io,memory,pids", .mount = "/sys/fs/cgroup" };

	fix->host = (struct host){ .privileged = uid == 0, .uid = uid };
	fix->host.cgroups = (struct cgroup_host){ .layout = CGROUP_V2, .count = 1 };
	assert_true(text_format(only.origin, sizeof only.origin, "%s", origin) >= 0);
	fix->host.cgroups.hierarchies[0] = only;
}

static void find(struct fixture *fix, uid_t uid, const char *origin)
{
	struct error err;

	make_host(fix, uid, origin);
	assert_int_equal(host_manager_find(fix->tree->fd, 4711, &fix->host, &err), 0);
}

static void test_scope_of_this_login(void **state)
{
	static const char *const others[] = { "", "/", "/user.slice/user-1000.slice/session-4.scope",
		"/user.slice/user-1000.slice/session-3.scope/child", "/system.slice/ssh.service",
		"/system.slice/session-3.scope", "/user.slice/user-1000.slice/user@1000.service/session-.scope" };
	struct fixture *fix = *state;

	needs_root();
	make_manager(fix, "4711");
	find(fix, 0, SCOPE);
	assert_int_equal(fix->host.cgroups.layout, CGROUP_V2); /* nobody answers */
	put_socket(fix->tree, "run/dbus/system_bus_socket");
	find(fix, 0, SCOPE);
	assert_int_equal(fix->host.cgroups.layout, CGROUP_SYSTEMD);
	assert_string_equal(fix->host.cgroups.scope, SCOPE);
	assert_string_equal(fix->host.cgroups.base, "");
	assert_false(fix->host.cgroups.of_user);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		find(fix, 0, others[i]);
		assert_int_equal(fix->host.cgroups.layout, CGROUP_SYSTEMD);
		assert_string_equal(fix->host.cgroups.scope, "");
	}
}

/* su and sudo sit in the scope of who calls them: its limits are not theirs to set. */
static void test_scope_of_the_caller(void **state)
{
	static const char *const leaders[] = { "4712", "471", "47110", "", "-4711", "0" };
	struct fixture *fix = *state;

	needs_root();
	put_socket(fix->tree, "run/dbus/system_bus_socket");
	for (size_t i = 0; i < ARRAY_SIZE(leaders); i++) {
		make_manager(fix, leaders[i]);
		find(fix, 0, SCOPE);
		assert_int_equal(fix->host.cgroups.layout, CGROUP_SYSTEMD);
		assert_string_equal(fix->host.cgroups.scope, "");
	}
}

static void test_nobody_to_ask(void **state)
{
	struct fixture *fix = *state;
	struct error err;

	needs_root();
	put_socket(fix->tree, "run/dbus/system_bus_socket");
	find(fix, 0, SCOPE); /* another init, and a bus */
	assert_int_equal(fix->host.cgroups.layout, CGROUP_V2);
	make_manager(fix, "4711");
	make_host(fix, 0, SCOPE);
	fix->host.cgroups.layout = CGROUP_V1;
	assert_int_equal(host_manager_find(fix->tree->fd, 4711, &fix->host, &err), 0);
	assert_int_equal(fix->host.cgroups.layout, CGROUP_V1);
	/* somebody's own, and no socket at all */
	assert_int_equal(fchownat(fix->tree->fd, "run/dbus/system_bus_socket", 1000, 1000, 0), 0);
	find(fix, 0, SCOPE);
	assert_int_equal(fix->host.cgroups.layout, CGROUP_V2);
	assert_int_equal(unlinkat(fix->tree->fd, "run/dbus/system_bus_socket", 0), 0);
	tree_put_text(fix->tree, "run/dbus/system_bus_socket", "");
	find(fix, 0, SCOPE);
	assert_int_equal(fix->host.cgroups.layout, CGROUP_V2);
}

static void test_manager_of_a_user(void **state)
{
	static const char controllers[] =
		"sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/cgroup.controllers";
	struct fixture *fix = *state;

	needs_root();
	make_manager(fix, "4711");
	find(fix, 1000, SCOPE);
	assert_int_equal(fix->host.cgroups.layout, CGROUP_V2);
	put_socket(fix->tree, "run/user/1000/bus");
	tree_put_text(fix->tree, controllers, "memory pids\n");
	find(fix, 1000, SCOPE);
	assert_int_equal(fix->host.cgroups.layout, CGROUP_V2); /* root's, below the name of the user's */
	assert_int_equal(fchownat(fix->tree->fd, "run/user/1000/bus", 1000, 1000, 0), 0);
	find(fix, 1000, SCOPE);
	assert_int_equal(fix->host.cgroups.layout, CGROUP_SYSTEMD);
	assert_true(fix->host.cgroups.of_user);
	assert_string_equal(fix->host.cgroups.bus, "/run/user/1000/bus");
	assert_string_equal(fix->host.cgroups.base, "/user.slice/user-1000.slice/user@1000.service");
	assert_string_equal(fix->host.cgroups.hierarchies[0].controllers, "memory,pids");
	assert_string_equal(fix->host.cgroups.scope, "");
	/* an older one, which no process of the user's may move into */
	assert_int_equal(unlinkat(fix->tree->fd, controllers, 0), 0);
	find(fix, 1000, SCOPE);
	assert_int_equal(fix->host.cgroups.layout, CGROUP_V2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_scope_of_this_login),
		TEST(test_scope_of_the_caller),
		TEST(test_nobody_to_ask),
		TEST(test_manager_of_a_user),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
