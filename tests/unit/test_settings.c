/* The table, and what the build makes out of it. */
#include <sys/resource.h>

#include "policy_fixture.h"
#include "syscalls.h"
#include "text.h"

/* the generator's functions are tested where they are: it is a program, not part of the engine */
int emit_main(int argc, char **argv);
#define main emit_main
#include "../../conf/emit.c"
#undef main

static void rows_are_sound(void **state)
{
	(void)state;
	for (size_t i = 0; i < settings_count; i++) {
		const struct setting *setting = &settings[i];
		size_t length = strlen(setting->doc);
		char expects[160];

		assert_int_equal(
			setting->key[strspn(setting->key, "abcdefghijklmnopqrstuvwxyz_")], 0);
		assert_in_range(length, 10, SETTING_DOC_MAX);
		assert_int_equal(setting->doc[length - 1], '.');
		assert_null(strchr(setting->doc, '\n'));
		assert_in_range(setting->offset, 0, sizeof(struct policy) - 1);
		assert_true(setting->min <= setting->max);
		assert_ptr_equal(setting_find(setting->key), setting);
		assert_true(strlen(setting_expects(setting, expects, sizeof expects)) > 3);
		assert_int_equal(setting->kind == KIND_CHOICE,
			setting->choices != NULL && setting->kind != KIND_PATHS && setting->kind != KIND_PATH);
		for (size_t j = 0; j < i; j++) {
			assert_string_not_equal(settings[j].key, setting->key);
			assert_int_not_equal(settings[j].offset, setting->offset);
		}
	}
	assert_null(setting_find("nothing"));
	assert_null(setting_find("Memory"));
	assert_null(setting_find(""));
}

static void every_rlimit_has_its_row(void **state)
{
	unsigned seen = 0;

	(void)state;
	for (size_t i = 0; i < settings_count; i++) {
		if (settings[i].kind != KIND_RLIMIT)
			continue;
		seen |= 1U << settings[i].resource;
		assert_int_equal(settings[i].offset,
			offsetof(struct policy, rlimits) +
				(size_t)settings[i].resource * sizeof(struct rlimit_setting));
	}
	assert_int_equal(seen, (1U << RLIM_NLIMITS) - 1);
}

static void is_word(const char *key, int index, const char *word)
{
	assert_string_equal(setting_find(key)->choices[index], word);
}

static void words_are_in_the_order_of_the_enums(void **state)
{
	(void)state;
	is_word("limits", LIMITS_REQUIRE, "require");
	is_word("limits", LIMITS_TRY, "try");
	is_word("limits", LIMITS_OFF, "off");
	is_word("accounts", ACCOUNTS_AUTO, "auto");
	is_word("accounts", ACCOUNTS_MERGED, "merged");
	is_word("accounts", ACCOUNTS_MINIMAL, "minimal");
	is_word("accounts", ACCOUNTS_HOST, "host");
	is_word("network", NETWORK_NONE, "none");
	is_word("network", NETWORK_HOST, "host");
	is_word("network", NETWORK_PASTA, "pasta");
	is_word("user_namespace", USERNS_OFF, "off");
	is_word("user_namespace", USERNS_TRY, "try");
	is_word("user_namespace", USERNS_REQUIRE, "require");
	is_word("user_map", MAP_SELF, "self");
	is_word("user_map", MAP_SUBUID, "subuid");
	is_word("lxcfs", LXCFS_AUTO, "auto");
	is_word("lxcfs", LXCFS_OFF, "off");
	is_word("home", HOME_OWN, "own");
	is_word("home", HOME_EPHEMERAL, "ephemeral");
	is_word("root_mode", ROOT_READONLY, "readonly");
	is_word("root_mode", ROOT_OVERLAY_EPHEMERAL, "overlay-ephemeral");
	is_word("root_mode", ROOT_OVERLAY_KEPT, "overlay-kept");
	is_word("home", HOME_NONE, "none");
	is_word("keyring", KEYRING_NEW, "new");
	is_word("keyring", KEYRING_KEEP, "keep");
	for (size_t i = 0; i < syscalls_profiles_count; i++)
		is_word("seccomp", (int)i, syscalls_profiles[i].name);
}

static void defaults_are_as_written(void **state)
{
	struct policy policy;
	struct error err;

	(void)state;
	assert_int_equal(policy_defaults(&policy, &err), 0);
	assert_null(policy.file);
	assert_string_equal(policy.profile, "default");
	assert_int_equal(policy.min_uid, 1000);
	assert_int_equal(policy.deadline, 5000);
	assert_int_equal(policy.slots, 8);
	assert_int_equal(policy.slot_wait, 60000);
	assert_string_equal(policy.root, "/");
	assert_int_equal(policy.homes.count, 2);
	assert_string_equal(policy.homes.items[1], "/root");
	assert_int_equal(policy.drop_groups.count, 13);
	assert_true(list_has(&policy.drop_groups, "docker"));
	assert_true(policy.syslog && policy.no_new_privs);
	assert_int_equal(policy.keyring, KEYRING_NEW);
	assert_true(policy.tmp_size.set && policy.tmp_size.value == (uint64_t)1 << 30);
	assert_true(policy.memory.set && policy.memory.percent && policy.memory.value == 50);
	assert_false(policy.swap.set || policy.cpu_weight.set || policy.cpu_quota.set);
	assert_true(policy.pids.set && policy.pids.value == 1024);
	for (int i = 0; i < RLIMITS; i++)
		assert_int_equal(policy.rlimits[i].set, i == RLIMIT_CORE);
	/* not 0: a piped core_pattern ignores that, and runs as host root */
	assert_int_equal(policy.rlimits[RLIMIT_CORE].soft, 1);
	assert_int_equal(policy.rlimits[RLIMIT_CORE].hard, 1);
	assert_int_equal(policy.keep_caps, 0);
	assert_string_equal(syscalls_profiles[policy.seccomp].name, "default");
	for (size_t i = 0; i < settings_count; i++)
		assert_int_equal(policy.line[i], 0);
	policy_free(&policy);
	policy_free(&policy); /* twice is fine */
}

static void nearest_helps_and_does_not_guess(void **state)
{
	(void)state;
	assert_string_equal(setting_nearest("memroy"), "memory");
	assert_string_equal(setting_nearest("pid"), "pids");
	assert_string_equal(setting_nearest("exempt_user"), "exempt_users");
	assert_string_equal(setting_nearest("rlimit_nofiles"), "rlimit_nofile");
	assert_null(setting_nearest("xyz"));
	assert_null(setting_nearest(""));
	assert_null(setting_nearest("completely_different"));
}

static void expectations(void **state)
{
	static const char *const texts[][2] = {
		{ "syslog", "yes or no" },
		{ "home", "own, none or ephemeral" },
		{ "limits", "require, try or off" },
		{ "slots", "a number from 1 to 256" },
		{ "deadline", "a time from 100ms to 5m, such as 500ms, 5s or 1m" },
		{ "tmp_size", "a size such as 512M, or none" },
		{ "cpu_weight", "a number from 1 to 10000, or none" },
		{ "rlimit_stack", "a size such as 64M, SOFT:HARD, unlimited or none" },
		{ "rlimit_nofile", "a number from 16 to 1073741816, SOFT:HARD or none" },
	};
	char buf[160], tiny[8];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_string_equal(
			setting_expects(setting_find(texts[i][0]), buf, sizeof buf), texts[i][1]);
	for (size_t i = 0; i < settings_count; i++)
		assert_true(strlen(setting_expects(&settings[i], tiny, sizeof tiny)) < sizeof tiny);
}

/* noinline: gcc 12 takes what open_memstream() stores for the address of its own variable */
static __attribute__((noinline)) char *emitted(void (*emit)(FILE *out))
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	emit(out);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void same_values(const struct policy *a, const struct policy *b)
{
	char one[2048], other[2048];

	for (size_t i = 0; i < settings_count; i++) {
		policy_show(a, &settings[i], one, sizeof one);
		policy_show(b, &settings[i], other, sizeof other);
		assert_string_equal(one, other);
	}
}

static void sample_says_the_defaults(void **state)
{
	own_text char *sample = emitted(emit_sample);
	struct policy_file *file = fixture_file(sample);
	struct policy defaults;
	unsigned opened = 0, matches = 0;

	(void)state;
	assert_int_equal(policy_defaults(&defaults, NULL), 0);
	same_values(policy_globals(file), &defaults);
	policy_file_free(file);

	/* with every '#' before a default taken away it says the same */
	for (char *line = sample; line; line = strchr(line, '\n')) {
		char key[64] = "";

		line += *line == '\n';
		if (strncmp(line, "# --- Profiles", 14) == 0)
			break;
		if (sscanf(line, "#%63[a-z_] =", key) == 1 && setting_find(key)) {
			*line = ' ';
			opened++;
		}
	}
	for (size_t i = 0; i < settings_count; i++)
		matches += settings[i].scope == SCOPE_MATCH;
	assert_int_equal(opened, settings_count - matches);
	file = fixture_file(sample);
	same_values(policy_globals(file), &defaults);
	for (size_t i = 0; i < settings_count; i++)
		assert_int_equal(
			policy_globals(file)->line[i] == 0, settings[i].scope == SCOPE_MATCH);
	policy_file_free(file);
	policy_free(&defaults);
}

static void sample_profile_works(void **state)
{
	own_text char *sample = emitted(emit_sample);
	struct subject_group group = { .gid = 5000, .name = (char[]){ "research" } };
	struct subject subject = { .user = (char[]){ "ada" },
		.uid = 5000,
		.groups = &group,
		.group_count = 1,
		.service = (char[]){ "sshd" } };
	struct policy_file *file;
	struct policy policy;
	char *profile = strstr(sample, "#[research]");

	(void)state;
	assert_non_null(profile);
	for (char *line = profile; line[1] != '\n'; line = strchr(line, '\n') + 1)
		*line = ' ';
	file = fixture_file(sample);
	assert_int_equal(policy_select(file, &subject, NULL, &policy, NULL), 0);
	assert_string_equal(policy.profile, "research");
	assert_int_equal(policy.network, NETWORK_HOST);
	policy_free(&policy);
	policy_file_free(file);
}

static void manual_has_every_key(void **state)
{
	own_text char *man = emitted(emit_man);
	own_text char *keys = emitted(emit_keys);
	const char *line = keys;

	(void)state;
	for (size_t i = 0; i < settings_count; i++) {
		char entry[128];

		(void)snprintf(entry, sizeof entry, "\n.TP\n.B %s\n", settings[i].key);
		assert_non_null(strstr(man, entry));
		assert_memory_equal(line, settings[i].key, strlen(settings[i].key));
		line = strchr(line, '\n') + 1;
	}
	assert_int_equal(*line, '\0');
	for (size_t i = 0; i < syscalls_profiles_count; i++)
		assert_non_null(strstr(man, syscalls_profiles[i].name));
	for (size_t i = 0; i < ARRAY_SIZE(groups); i++)
		assert_non_null(setting_find(groups[i].first));
	policy_file_free(fixture_file(manual_example));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_sound),
		cmocka_unit_test(every_rlimit_has_its_row),
		cmocka_unit_test(words_are_in_the_order_of_the_enums),
		cmocka_unit_test(defaults_are_as_written),
		cmocka_unit_test(nearest_helps_and_does_not_guess),
		cmocka_unit_test(expectations),
		cmocka_unit_test(sample_says_the_defaults),
		cmocka_unit_test(sample_profile_works),
		cmocka_unit_test(manual_has_every_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
