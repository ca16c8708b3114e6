/* What a session gets out of a good configuration, and who gets it. */
#include <sys/resource.h>

#include "policy_fixture.h"
#include "syscalls.h"
#include "text.h"

static struct subject_group groups[] = {
	{ .gid = 5000, .name = (char[]){ "ada" } },
	{ .gid = 6000, .name = (char[]){ "research" } },
};
static const struct subject ada = {
	.user = (char[]){ "ada" },
	.uid = 5000,
	.gid = 5000,
	.groups = groups,
	.group_count = 2,
	.service = (char[]){ "sshd" },
};

static const char *profile_of(const char *text, const char *name)
{
	static char profile[64];
	struct policy_file *file = fixture_file(text);
	struct policy policy;

	assert_int_equal(policy_select(file, &ada, name, &policy, NULL), 0);
	assert_string_equal(policy.file, "t.conf");
	(void)snprintf(profile, sizeof profile, "%s", policy.profile);
	policy_free(&policy);
	policy_file_free(file);
	return profile;
}

static void nothing_gives_the_defaults(void **state)
{
	static const char *const texts[] = { "", "\n", "# nothing", "#", "[default]",
		"[contained]\n", "[default]\n[contained]\n[web]\n", "   \n\t\n;x\n" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct policy_file *file = fixture_file(texts[i]);

		assert_string_equal(policy_globals(file)->profile, "default");
		assert_string_equal(fixture_show(policy_globals(file), "memory"), "50%");
		assert_string_equal(fixture_show(policy_globals(file), "homes"), "/home /root");
		policy_file_free(file);
		assert_string_equal(profile_of(texts[i], NULL), "default");
	}
}

/* A directory that is down decides about nobody's section. */
static void unknown_groups_choose_no_section(void **state)
{
	static const struct {
		const char *text, *profile; /* NULL: refused */
	} cases[] = {
		{ "[default]\n", "default" },
		{ "[p]\nmatch_users = ada\n[q]\nmatch_groups = staff\n", "p" },
		{ "[p]\nmatch_groups = research\n", "p" },
		{ "[p]\nmatch_users = bob\nmatch_groups = staff\n", "default" },
		{ "[p]\nmatch_services = su\nmatch_groups = staff\n", "default" },
		{ "[p]\nmatch_groups = staff\n", NULL },
		{ "[p]\nmatch_groups = staff\n[q]\nmatch_users = ada\n", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct policy_file *file = fixture_file(cases[i].text);
		struct subject subject = ada;
		struct policy policy;
		struct error err = { 0 };
		int result;

		subject.silent = (char[]){ "ldap" };
		result = policy_select(file, &subject, NULL, &policy, &err);
		assert_int_equal(result, cases[i].profile ? 0 : -1);
		if (cases[i].profile) {
			assert_string_equal(policy.profile, cases[i].profile);
			policy_free(&policy);
		} else {
			assert_non_null(strstr(err.cause, "the name service ldap does not answer"));
		}
		policy_file_free(file);
	}
}

static void all_matches_must_hold(void **state)
{
	static const struct {
		const char *matches, *profile;
	} cases[] = {
		{ "", "default" },
		{ "match_users = ada", "p" },
		{ "match_users = bob ada", "p" },
		{ "match_users = ad", "default" },
		{ "match_users = Ada", "default" },
		{ "match_users =", "default" },
		{ "match_groups = research", "p" },
		{ "match_groups = ada", "p" },
		{ "match_groups = wheel, research", "p" },
		{ "match_groups = researc", "default" },
		{ "match_services = sshd", "p" },
		{ "match_services = ssh", "default" },
		{ "match_users = ada\nmatch_services = sshd\nmatch_groups = research", "p" },
		{ "match_users = bob\nmatch_services = sshd\nmatch_groups = research", "default" },
		{ "match_users = ada\nmatch_services = su\nmatch_groups = research", "default" },
		{ "match_users = ada\nmatch_services = sshd\nmatch_groups = wheel", "default" },
		{ "match_users = ada\nmatch_services =\nmatch_groups =", "p" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[256];

		(void)snprintf(text, sizeof text, "[p]\n%s\n", cases[i].matches);
		assert_string_equal(profile_of(text, NULL), cases[i].profile);
	}
}

static void first_match_wins_and_names_choose(void **state)
{
	static const char text[] = "[none]\n[Bobs]\nmatch_users = bob\n[one]\nmatch_users = ada\n"
				   "[two]\nmatch_groups = research\n";
	struct policy_file *file = fixture_file(text);
	struct policy policy = { .profile = (char[]){ "untouched" } };
	struct error err;

	(void)state;
	assert_string_equal(profile_of(text, NULL), "one");
	assert_string_equal(profile_of(text, "two"), "two");
	assert_string_equal(profile_of(text, "none"), "none");
	assert_string_equal(profile_of(text, "Bobs"), "Bobs");
	assert_string_equal(profile_of(text, "default"), "default");
	assert_int_equal(policy_select(file, &ada, "bobs", &policy, &err), -1);
	assert_int_equal(err.num, ENOENT);
	assert_string_equal(err.object, "t.conf");
	assert_string_equal(err.cause, "has no profile [bobs]");
	assert_int_equal(policy_select(file, &ada, "contained", &policy, &err), -1);
	assert_int_equal(err.num, ENOENT);
	assert_int_equal(policy_select(file, &ada, "", &policy, &err), -1);
	assert_string_equal(policy.profile, "untouched");
	policy_file_free(file);
}

static void profiles_lie_over_the_default(void **state)
{
	struct policy_file *file = fixture_file("[p]\n"
						"match_users = ada\n"
						"pids = 7\n"
						"homes = /u\n"
						"rlimit_nofile = 64:128\n"
						"[default]\n"
						"pids = 5\n"
						"memory = 1G\n"
						"homes = /a /b\n"
						"[contained]\n"
						"slots = 3\n"
						"[other]\n"
						"memory = 2G\n");
	struct policy policy;

	(void)state;
	assert_int_equal(policy_globals(file)->pids.value, 5);
	assert_int_equal(policy_globals(file)->homes.count, 2);
	assert_int_equal(policy_globals(file)->match_users.count, 0);
	assert_int_equal(policy_select(file, &ada, NULL, &policy, NULL), 0);
	assert_int_equal(policy.pids.value, 7);
	assert_true(policy.memory.value == (uint64_t)1 << 30);
	assert_int_equal(policy.homes.count, 1);
	assert_int_equal(policy.slots, 3);
	assert_int_equal(policy.rlimits[RLIMIT_NOFILE].soft, 64);
	assert_int_equal(policy.rlimits[RLIMIT_NOFILE].hard, 128);
	assert_int_equal(policy.line[setting_find("pids") - settings], 3);
	assert_int_equal(policy.line[setting_find("homes") - settings], 4);
	assert_int_equal(policy.line[setting_find("memory") - settings], 8);
	assert_int_equal(policy.line[setting_find("slots") - settings], 11);
	assert_int_equal(policy.line[setting_find("swap") - settings], 0);
	policy_free(&policy);
	assert_int_equal(policy_select(file, &ada, "default", &policy, NULL), 0);
	assert_int_equal(policy.line[setting_find("pids") - settings], 7);
	policy_free(&policy);
	policy_file_free(file);
}

static void some_are_exempt(void **state)
{
	struct policy_file *file = fixture_file("[contained]\nexempt_users = bob eve\n"
						"exempt_groups = research\nmin_uid = 2000\n");
	struct policy_file *plain = fixture_file("");
	struct subject subject = ada;
	static const struct {
		uid_t uid;
		const char *why;
	} cases[] = {
		{ 0, "root" },
		{ 1, "min_uid" },
		{ 999, "min_uid" },
		{ 1000, NULL },
		{ 61183, NULL },
		{ 61184, "system uid" },
		{ 65519, "system uid" },
		{ 65520, NULL },
		{ 65533, NULL },
		{ 65534, "system uid" },
		{ 65535, NULL },
		{ 4294967294, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *why;

		subject.uid = cases[i].uid;
		why = policy_exempts(plain, &subject);
		if (why != cases[i].why && !text_equal(why, cases[i].why))
			fail_msg("uid %u: %s", subject.uid, why ? why : "contained");
	}
	subject.uid = 1999;
	assert_string_equal(policy_exempts(file, &subject), "min_uid");
	subject.uid = 2000;
	assert_string_equal(policy_exempts(file, &subject), "exempt_groups");
	subject.group_count = 1;
	assert_null(policy_exempts(file, &subject));
	subject.user = (char[]){ "eve" };
	assert_string_equal(policy_exempts(file, &subject), "exempt_users");
	subject.user = (char[]){ "ev" };
	assert_null(policy_exempts(file, &subject));
	policy_file_free(file);
	policy_file_free(plain);
}

static void values_as_written(void **state)
{
	static const struct {
		const char *key, *text, *shown;
	} cases[] = {
		{ "root", "\"/srv/a b # c\"", "\"/srv/a b # c\"" },
		{ "root", "'/srv/a;b'", "\"/srv/a;b\"" },
		{ "root", "/srv/two words  # a comment", "/srv/two words" },
		{ "root", "\"/srv/end \"", "\"/srv/end \"" },
		{ "root", "/srv/.hidden/..x/x..", "/srv/.hidden/..x/x.." },
		{ "root", "/srv/\xc3\xa4", "/srv/\xc3\xa4" },
		{ "root", "/srv/a=b ; c", "/srv/a=b" },
		{ "root", "\"/srv/jail\" ; quotes \" in \" a comment", "/srv/jail" },
		{ "homes", "show", "show" },
		{ "homes", "", "" },
		{ "homes", "\"\"", "" },
		{ "homes", "# none of them", "" },
		{ "homes", "/a,/b ,\t/c", "/a /b /c" },
		{ "homes", "\"/a#b /c\"", "\"/a#b /c\"" },
		{ "command", "", "" },
		{ "command", "\"\"", "" },
		{ "command", "/usr/bin/rrsync -ro /srv  # a comment", "/usr/bin/rrsync -ro /srv" },
		{ "command", "\"a 'b c' d\"", "\"a 'b c' d\"" },
		{ "command", "'a \"b;c\"'", "'a \"b;c\"'" },
		{ "command", "\" a \"", "\" a \"" },
		{ "allow_commands", "a * | b ...", "a * | b ..." },
		{ "allow_commands", "\"a '|' | b\"", "\"a '|' | b\"" },
		{ "drop_groups", "", "" },
		{ "drop_groups", "docker,disk", "docker disk" },
		{ "pass_env", "", "" },
		{ "pass_env", "GIT_PROTOCOL, ENVIRONMENT,_x PSX", "GIT_PROTOCOL ENVIRONMENT _x PSX" },
		{ "keep_caps", "", "" },
		{ "keep_caps", "NET_RAW cap_chown Cap_Kill net_raw",
			"cap_chown cap_kill cap_net_raw" },
		{ "memory", "1048576", "1M" },
		{ "memory", "1048577", "1048577" },
		{ "memory", "1536M", "1536M" },
		{ "memory", "2048G", "2048G" },
		{ "memory", "100%", "100%" },
		{ "memory", "none", "none" },
		{ "memory", "9223372036854775807", "9223372036854775807" },
		{ "swap", "0", "0" },
		{ "cpu_quota", "150%", "150%" },
		{ "rlimit_core", "0", "0" },
		{ "rlimit_stack", "8192K:unlimited", "8M:unlimited" },
		{ "rlimit_stack", "unlimited:unlimited", "unlimited" },
		{ "rlimit_cpu", "60", "60" },
		{ "rlimit_cpu", "1024", "1024" },
		{ "rlimit_nice", "20:40", "20:40" },
		{ "syslog", "no", "no" },
		{ "seccomp", "off", "off" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[256];
		struct policy_file *file;

		(void)snprintf(text, sizeof text, "[default]\n  %s\t=  %s \n", cases[i].key,
			cases[i].text);
		file = fixture_file(text);
		assert_string_equal(
			fixture_show(policy_globals(file), cases[i].key), cases[i].shown);
		policy_file_free(file);
	}
}

static void times_are_shown_in_their_largest_unit(void **state)
{
	static const char *const cases[][2] = { { "1500ms", "1500ms" }, { "5000ms", "5s" },
		{ "60s", "1m" }, { "61s", "61s" }, { "2m", "2m" } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[64];
		struct policy_file *file;

		(void)snprintf(text, sizeof text, "[contained]\ndeadline = %s\n", cases[i][0]);
		file = fixture_file(text);
		assert_string_equal(fixture_show(policy_globals(file), "deadline"), cases[i][1]);
		policy_file_free(file);
	}
}

/* The whole policy as a configuration. */
static char *printed(const struct policy *policy)
{
	char *text = NULL, value[2048];
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	for (int scope = SCOPE_GLOBAL; scope <= SCOPE_MATCH; scope++) {
		fprintf(out, "[%s]\n",
			scope == SCOPE_GLOBAL    ? "contained"
			: scope == SCOPE_SESSION ? "default"
						 : "p");
		for (size_t i = 0; i < settings_count; i++) {
			policy_show(policy, &settings[i], value, sizeof value);
			if ((int)settings[i].scope == scope)
				fprintf(out, "%s = %s\n", settings[i].key, value);
		}
	}
	assert_int_equal(fclose(out), 0);
	return text;
}

static void is_fix_point(const char *text)
{
	struct policy_file *file = fixture_file(text);
	own_text char *once = NULL, *twice = NULL;
	struct policy policy;

	assert_int_equal(policy_select(file, &ada, "p", &policy, NULL), 0);
	once = printed(&policy);
	policy_free(&policy);
	policy_file_free(file);
	file = fixture_file(once);
	assert_int_equal(policy_select(file, &ada, "p", &policy, NULL), 0);
	twice = printed(&policy);
	policy_free(&policy);
	policy_file_free(file);
	assert_string_equal(once, twice);
}

static void printing_is_a_fix_point(void **state)
{
	(void)state;
	is_fix_point("[p]\n");
	is_fix_point(
		"[contained]\nexempt_users = a, b\nexempt_groups = wheel\nmin_uid = 0\n"
		"deadline = 1500ms\nslots = 256\nslot_wait = 2m\n"
		"[p]\nmatch_users = ada bob\nmatch_groups = research\nmatch_services = sshd,su\n"
		"root = \"/srv/a # b\"\nhome = none\nhomes = show\naccounts = host\n"
		"drop_groups = \nsyslog = no\ntmp_size = none\nshm_size = 65536\n"
		"run_size = 3G\npass_env = GIT_PROTOCOL A_1\nnetwork = host\nuser_namespace = try\nuser_map = subuid\nlimits = off\n"
		"memory = 12345678\nswap = 0\ncpu_weight = 1\ncpu_quota = 1000000%\n"
		"pids = none\nio_read_bandwidth = 20M\nio_write_bandwidth = 4096\nio_weight = 10000\nrlimit_as = 1G:2G\nrlimit_core = none\n"
		"rlimit_cpu = 60:unlimited\nrlimit_data = unlimited\nrlimit_fsize = 0\n"
		"rlimit_locks = 1\nrlimit_memlock = 64K\nrlimit_msgqueue = 819200\n"
		"rlimit_nice = 20:40\nrlimit_nofile = 64:1024\nrlimit_nproc = 7\n"
		"rlimit_rss = 1M\nrlimit_rtprio = 99\nrlimit_rttime = 1000\n"
		"rlimit_sigpending = 5\nrlimit_stack = 8M:unlimited\n"
		"keep_caps = net_bind_service cap_chown\nno_new_privs = no\nseccomp = strict\n");
}

static void show_stays_inside_of_its_buffer(void **state)
{
	struct policy policy;
	char buf[24];

	(void)state;
	assert_int_equal(policy_defaults(&policy, NULL), 0);
	for (size_t size = 0; size < sizeof buf; size++) {
		for (size_t i = 0; i < settings_count; i++) {
			memset(buf, 'x', sizeof buf);
			policy_show(&policy, &settings[i], buf, size);
			assert_int_equal(buf[size], 'x');
			if (size)
				assert_true(strnlen(buf, size) < size);
		}
	}
	policy_free(&policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_gives_the_defaults),
		cmocka_unit_test(unknown_groups_choose_no_section),
		cmocka_unit_test(all_matches_must_hold),
		cmocka_unit_test(first_match_wins_and_names_choose),
		cmocka_unit_test(profiles_lie_over_the_default),
		cmocka_unit_test(some_are_exempt),
		cmocka_unit_test(values_as_written),
		cmocka_unit_test(times_are_shown_in_their_largest_unit),
		cmocka_unit_test(printing_is_a_fix_point),
		cmocka_unit_test(show_stays_inside_of_its_buffer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
