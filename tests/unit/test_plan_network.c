/* network = pasta: what it is planned as, what it refuses, whom the session asks for names. */
#include <errno.h>
#include <linux/sched.h>
#include <sys/stat.h>

#include "pasta.h"
#include "plan.h"
#include "plan_resolv.h"

#include "policy_fixture.h" /* last: cmocka.h defines fail() as a macro */
#include "tree_fixture.h"

static const struct subject subject = { .user = (char *)"alice", .uid = 1000, .gid = 1000, .gecos = (char *)"",
	.home = (char *)"/nowhere", .shell = (char *)"/bin/sh", .service = (char *)"sshd", .tty = (char *)"ssh",
	.rhost = (char *)"" };

static int make(const char *config, struct host *host, struct plan *plan, struct error *err)
{
	struct policy_file *file = fixture_file(config);
	struct policy policy;
	int result;

	assert_int_equal(policy_select(file, &subject, NULL, &policy, err), 0);
	result = plan_make(&policy, &subject, host, "05fe5c-fool", plan, err);
	policy_free(&policy);
	policy_file_free(file);
	return result;
}

static void pasta_is_planned(void **state)
{
	struct host host = { .privileged = true, .last_cap = 40, .memory = 1 << 30, .page = 4096,
		.resolv_conf = (char *)"nameserver 192.0.2.53\n", .pasta = (char *)"/usr/bin/passt", .tun = true };
	struct plan plan;
	struct error err;

	(void)state;
	assert_int_equal(make("[default]\nlimits = off\nnetwork = pasta\n", &host, &plan, &err), 0);
	assert_string_equal(plan.pasta, "/usr/bin/passt");
	assert_false(plan.pasta_dns);
	assert_true(plan.namespaces & CLONE_NEWNET);
	assert_true(plan.loopback);
	/* a login through PAM has no user namespace: only the network belongs to one */
	assert_false(plan.namespaces & CLONE_NEWUSER);
	plan_free(&plan);

	host.resolv_conf = (char *)"nameserver 127.0.0.53\n";
	assert_int_equal(make("[default]\nlimits = off\nnetwork = pasta\n", &host, &plan, &err), 0);
	assert_true(plan.pasta_dns);
	plan_free(&plan);

	assert_int_equal(make("[default]\nlimits = off\nnetwork = none\n", &host, &plan, &err), 0);
	assert_null(plan.pasta);
	plan_free(&plan);
}

static void what_is_missing_refuses(void **state)
{
	struct host host = { .privileged = true, .last_cap = 40, .memory = 1 << 30, .page = 4096, .tun = true };
	struct plan plan;
	struct error err;

	(void)state;
	assert_int_equal(make("[default]\nlimits = off\nnetwork = pasta\n", &host, &plan, &err), -1);
	assert_string_equal(err.object, "pasta");
	assert_non_null(strstr(err.hint, "apt install passt"));
	host.pasta = (char *)"/usr/bin/passt";
	host.tun = false;
	assert_int_equal(make("[default]\nlimits = off\nnetwork = pasta\n", &host, &plan, &err), -1);
	assert_string_equal(err.object, "/dev/net/tun");
}

static void resolvers_on_loopback_are_left_out(void **state)
{
	static const struct {
		const char *host, *session;
		bool forward;
	} cases[] = {
		{ "nameserver 192.0.2.53\nsearch example.org\n", "nameserver 192.0.2.53\nsearch example.org\n", false },
		{ "nameserver 127.0.0.53\noptions edns0\n", "options edns0\nnameserver " PASTA_DNS "\n", true },
		{ "nameserver\t::1\nnameserver 127.0.0.1", "nameserver " PASTA_DNS "\n", true },
		{ "nameserver 127.0.0.1\nnameserver 2001:db8::53", "nameserver 2001:db8::53\n", false },
		{ "nameserver ::1:2\n", "nameserver ::1:2\n", false },
		{ "nameservers 192.0.2.1\n# nameserver 192.0.2.1\n",
			"nameservers 192.0.2.1\n# nameserver 192.0.2.1\nnameserver " PASTA_DNS "\n", true },
		{ "", "nameserver " PASTA_DNS "\n", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		bool forward;
		own_text char *text = plan_resolv_conf(cases[i].host, &forward);

		assert_string_equal(text, cases[i].session);
		assert_int_equal(forward, cases[i].forward);
	}
}

static bool has(const char *const *arguments, const char *word)
{
	for (; *arguments; arguments++)
		if (text_equal(*arguments, word))
			return true;
	return false;
}

static void nothing_comes_in(void **state)
{
	static const char *const shut[] = { "-t", "-u", "-T", "-U" };

	(void)state;
	for (int forward = 0; forward < 2; forward++) {
		const char *const *arguments = pasta_arguments(forward);

		assert_string_equal(arguments[0], "pasta");
		assert_true(has(arguments, "--no-map-gw"));
		assert_int_equal(has(arguments, "--dns-forward"), forward);
		for (size_t i = 0; i < ARRAY_SIZE(shut); i++) {
			size_t at = 0;

			while (arguments[at] && !text_equal(arguments[at], shut[i]))
				at++;
			assert_non_null(arguments[at]);
			assert_string_equal(arguments[at + 1], "none");
		}
	}
}

static void the_program_is_not_for_others_to_write(void **state)
{
	struct tree *tree = *state;
	struct policy policy;
	struct host host;
	struct error err;

	assert_int_equal(policy_defaults(&policy, &err), 0);
	policy.network = NETWORK_PASTA;
	tree_put_text(tree, "proc/sys/kernel/cap_last_cap", "40\n");
	tree_put_text(tree, "proc/self/mountinfo", "1 1 8:1 / / rw - ext4 /dev/sda1 rw\n");
	tree_put_text(tree, "proc/self/cgroup", "0::/\n");
	tree_put(tree, "usr/bin/pasta", "", 0, 0755);
	assert_int_equal(host_load(tree->fd, &policy, &subject, &host, &err), 0);
	assert_string_equal(host.pasta, "/usr/bin/pasta");
	assert_false(host.tun);
	host_free(&host);
	assert_int_equal(fchmodat(tree->fd, "usr/bin/pasta", 0777, 0), 0);
	/* what is no device does not count, whoever may open it */
	tree_put(tree, "dev/net/tun", "", 0, 0666);
	assert_int_equal(host_load(tree->fd, &policy, &subject, &host, &err), 0);
	assert_null(host.pasta);
	assert_false(host.tun);
	host_free(&host);
	assert_int_equal(fchmodat(tree->fd, "usr/bin/pasta", 0755, 0), 0);
	policy.network = NETWORK_NONE;
	assert_int_equal(host_load(tree->fd, &policy, &subject, &host, &err), 0);
	assert_null(host.pasta);
	host_free(&host);
	policy_free(&policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pasta_is_planned),
		cmocka_unit_test(what_is_missing_refuses),
		cmocka_unit_test(resolvers_on_loopback_are_left_out),
		cmocka_unit_test(nothing_comes_in),
		cmocka_unit_test_setup_teardown(the_program_is_not_for_others_to_write, tree_setup, tree_teardown),
	};

	return cmocka_run_group_tests_name("plan_network", tests, NULL, NULL);
}
