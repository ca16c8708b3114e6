/* The session keyring of a login: which keys a session possesses. Needs root; seccomp is off, so that keyctl answers. */
#include <linux/keyctl.h>
#include <sys/syscall.h>

#include "session_fixture.h"

#define KEY_NAME "contained-test-key"

static long key_control(int what, long a, long b, long c, long d)
{
	return syscall(SYS_keyctl, what, a, b, c, d);
}

static long search_key(void)
{
	return key_control(KEYCTL_SEARCH, KEY_SPEC_SESSION_KEYRING, (long)"user", (long)KEY_NAME, 0);
}

/* A login whose session keyring holds a key, as pam_krb5 or an AFS PAG leave one. */
static void run_keyring(struct leader *leader, int mode)
{
	struct session session;
	char directory[256], byte[8];
	struct plan plan;
	long keyring, key;
	int fd;

	CHECK(key_control(KEYCTL_JOIN_SESSION_KEYRING, 0, 0, 0, 0) > 0);
	keyring = key_control(KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0, 0, 0);
	key = syscall(SYS_add_key, "user", KEY_NAME, "secret", 6, KEY_SPEC_SESSION_KEYRING);
	CHECK(keyring > 0 && key > 0 && search_key() == key);
	session_none(&session);
	CHECK(state_reserve(&state_root_of_host, leader->name, &fd, &leader->err) == 0);
	CHECK(fixture_plan(leader->name, &plan, &leader->err) == 0);
	CHECK(plan.new_keyring); /* the default */
	plan.new_keyring = mode == KEYRING_NEW;
	for (size_t i = 0; i < syscalls_profiles_count; i++)
		if (strcmp(syscalls_profiles[i].name, "off") == 0)
			plan.seccomp = &syscalls_profiles[i];
	CHECK(!plan.seccomp->filter);
	CHECK(session_open(&session, &plan, fd, helpers(directory), DEADLINE_MS, &leader->err) == 0);
	if (mode == KEYRING_KEEP) {
		CHECK(search_key() == key);
		CHECK(key_control(KEYCTL_READ, key, (long)byte, sizeof byte, 0) == 6);
	} else {
		long now = key_control(KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0, 0, 0);

		CHECK(now > 0 && now != keyring);
		CHECK(key_control(KEYCTL_READ, now, (long)byte, sizeof byte, 0) == 0); /* holds nothing */
		CHECK(search_key() == -1 && errno == ENOKEY);
		CHECK(key_control(KEYCTL_READ, key, (long)byte, sizeof byte, 0) == -1 && errno == EACCES);
	}
	session_close(&session, 3000);
	_exit(0);
}

static void keyring_is(int mode)
{
	struct leader *leader = leader_new();

	needs_root();
	if (syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0) < 0 && errno == ENOSYS) {
		print_message("skipped: this kernel has no keys\n");
		skip();
	}
	if (leader_fork(leader) == 0)
		run_keyring(leader, mode);
	assert_int_equal(reap_leader(leader, 30000), 0);
}

static void test_new_keyring(void **state)
{
	(void)state;
	keyring_is(KEYRING_NEW);
}

static void test_kept_keyring(void **state)
{
	(void)state;
	keyring_is(KEYRING_KEEP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_new_keyring),
		cmocka_unit_test(test_kept_keyring),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
