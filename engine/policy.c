#include "policy.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "own.h"
#include "policy_parts.h"

struct policy_file {
	char *path;
	struct scan scan;
	struct policy globals;
	struct policy *own; /* by section: only what it says itself; all else is zero */
};

static const char *section_name(const struct policy_file *file, size_t section)
{
	return file->scan.sections[section].name;
}

static bool is_profile(const char *section)
{
	return !text_equal(section, "contained") && !text_equal(section, "default");
}

static int no_memory(struct error *err, const char *path)
{
	errno = ENOMEM;
	return fail(err, ENOMEM, path, "cannot load the configuration");
}

void policy_free(struct policy *policy)
{
	for (size_t i = 0; i < settings_count; i++)
		policy_value_free(&settings[i], policy);
	free(policy->file);
	free(policy->profile);
	*policy = (struct policy){ 0 };
}

int policy_defaults(struct policy *out, struct error *err)
{
	struct policy policy = { 0 };
	char what[256];

	policy.profile = strdup("default");
	if (!policy.profile)
		return no_memory(err, NULL);
	for (size_t i = 0; i < settings_count; i++) {
		if (policy_value_parse(
			    &settings[i], settings[i].fallback, &policy, what, sizeof what) == 0)
			continue;
		policy_free(&policy);
		if (errno == ENOMEM)
			return no_memory(err, NULL);
		return fail(err, 0, settings[i].key, "the built-in default %s", what);
	}
	*out = policy;
	return 0;
}

int policy_set(struct policy *policy, const char *key, const char *value, struct error *err)
{
	const struct setting *setting = setting_find(key);
	char what[256];

	if (!setting || setting->scope != SCOPE_SESSION)
		return fail(err, 0, key, "is no setting of a session");
	if (policy_value_parse(setting, value, policy, what, sizeof what) == 0)
		return 0;
	return errno == ENOMEM ? no_memory(err, key) : fail(err, 0, key, "%s", what);
}

/* Lays a section's values over the policy. They were parsed once: only memory can be lacking. */
static int lay_over(const struct policy_file *file, const char *section, struct policy *policy)
{
	char what[256];

	for (size_t i = 0; i < file->scan.entry_count; i++) {
		const struct scan_entry *entry = &file->scan.entries[i];
		const struct setting *setting = setting_find(entry->key);

		if (!text_equal(section_name(file, entry->section), section))
			continue;
		if (policy_value_parse(setting, entry->value, policy, what, sizeof what) < 0)
			return -1;
		policy->line[setting - settings] = entry->line;
	}
	return 0;
}

/* profile: "default" for none */
static int build(
	const struct policy_file *file, const char *profile, struct policy *out, struct error *err)
{
	struct policy policy = { 0 };
	char *name;

	if (policy_defaults(&policy, err) < 0)
		return -1;
	policy.file = strdup(file->path);
	name = strdup(profile);
	if (name) {
		free(policy.profile);
		policy.profile = name;
	}
	if (!policy.file || !name || lay_over(file, "contained", &policy) < 0 ||
		lay_over(file, "default", &policy) < 0 ||
		(is_profile(profile) && lay_over(file, profile, &policy) < 0)) {
		policy_free(&policy);
		return no_memory(err, file->path);
	}
	*out = policy;
	return 0;
}

static void unknown_key(struct problems *problems, const struct scan_entry *entry)
{
	const char *near = setting_nearest(entry->key);

	if (near)
		policy_problem(problems, entry->line, entry->key,
			"unknown key '%.60s' (did you mean '%s'?)", entry->key, near);
	else
		policy_problem(
			problems, entry->line, entry->key, "unknown key '%.60s'", entry->key);
}

/* Is the key in a section where it has a meaning? */
static bool is_in_place(
	struct problems *problems, const struct scan_entry *entry, const char *section)
{
	enum setting_scope scope = setting_find(entry->key)->scope;
	bool contained = text_equal(section, "contained"), profile = is_profile(section);

	if (scope == SCOPE_GLOBAL && !contained)
		policy_problem(problems, entry->line, entry->key,
			"stands in [%s] (expected it in [contained]: it holds for every login)",
			section);
	else if (scope == SCOPE_SESSION && contained)
		policy_problem(problems, entry->line, entry->key,
			"stands in [contained] (expected it in [default] or in a profile)");
	else if (scope == SCOPE_MATCH && !profile)
		policy_problem(problems, entry->line, entry->key,
			"stands in [%s] (expected it in a profile: [%s] is for everybody)", section,
			section);
	else
		return true;
	return false;
}

struct checking {
	struct problems *problems;
	struct policy *own; /* by section */
};

static int check_entry(void *context, const struct scan *scan, const struct scan_entry *entry)
{
	const struct checking *checking = context;
	struct problems *problems = checking->problems;
	const struct scan_section *section = &scan->sections[entry->section];
	const struct setting *setting = setting_find(entry->key);
	struct policy *own = &checking->own[entry->section];
	uint32_t *line;
	char what[256];

	if (!setting) {
		unknown_key(problems, entry);
		return 0;
	}
	if (!section->refused && !is_in_place(problems, entry, section->name))
		return 0;
	line = &own->line[setting - settings];
	if (*line) {
		policy_problem(problems, entry->line, entry->key,
			"is there twice in [%s] (first in line %u)", section->name, *line);
		return 0;
	}
	*line = entry->line;
	if (policy_value_parse(setting, entry->value, own, what, sizeof what) == 0)
		return 0;
	if (errno == ENOMEM)
		return -1;
	policy_problem(problems, entry->line, entry->key, "%s", what);
	return 0;
}

/* The bytes of the file, all from one state of it. */
static char *read_all(int fd, const char *path, size_t *length, struct error *err)
{
	own_text char *text = malloc(POLICY_FILE_MAX + 1);
	struct stat before, after;
	size_t used = 0;

	if (!text) {
		(void)no_memory(err, path);
		return NULL;
	}
	if (fstat(fd, &before) < 0) {
		(void)fail(err, errno, path, "cannot look at the configuration");
		return NULL;
	}
	while (used <= POLICY_FILE_MAX) {
		ssize_t got = pread(fd, text + used, POLICY_FILE_MAX + 1 - used, (off_t)used);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			(void)fail(err, errno, path, "cannot read the configuration");
			return NULL;
		}
		if (got == 0)
			break;
		used += (size_t)got;
	}
	if (used > POLICY_FILE_MAX) {
		(void)fail(
			err, 0, path, "is too long (expected at most %d bytes)", POLICY_FILE_MAX);
		return NULL;
	}
	if (fstat(fd, &after) < 0 || (off_t)used != after.st_size ||
		before.st_mtim.tv_sec != after.st_mtim.tv_sec ||
		before.st_mtim.tv_nsec != after.st_mtim.tv_nsec) {
		(void)fail(err, EAGAIN, path, "changed while it was read");
		return NULL;
	}
	*length = used;
	return take_pointer(text);
}

static int parse_text(
	struct policy_file *file, const char *text, size_t length, struct problems *problems)
{
	struct error *err = problems->err;
	struct checking checking = { .problems = problems };

	/* large, but only what is used of it is ever touched */
	file->own = calloc(POLICY_SECTIONS_MAX, sizeof *file->own);
	checking.own = file->own;
	if (!file->own ||
		policy_scan(text, length, problems, check_entry, &checking, &file->scan) < 0)
		return no_memory(err, file->path);
	if (!problems->count && policy_scan_confirm(text, length, &file->scan, problems, err) < 0)
		return -1;
	if (problems->count)
		return -1; /* err holds the first */
	return build(file, "default", &file->globals, err);
}

static int parse_file(int fd, struct problems *problems, struct policy_file **out)
{
	const char *path = problems->path;
	own_text char *text = NULL;
	struct policy_file *file;
	size_t length = 0;

	text = read_all(fd, path, &length, problems->err);
	if (!text)
		return -1;
	file = calloc(1, sizeof *file);
	if (!file)
		return no_memory(problems->err, path);
	file->path = strdup(path);
	if (!file->path || parse_text(file, text, length, problems) < 0) {
		if (!file->path)
			(void)no_memory(problems->err, path);
		policy_file_free(file);
		return -1;
	}
	*out = file;
	return 0;
}

int policy_parse(int fd, const char *path, policy_report *report, void *context,
	struct policy_file **out, struct error *err)
{
	struct error first;
	struct problems problems = { report, context, path, err ? err : &first, 0 };
	char what[sizeof first.cause + 64];

	if (parse_file(fd, &problems, out) == 0)
		return 0;
	if (report && !problems.count) { /* not a line's fault: the file's, or the system's */
		struct error whole = *problems.err;

		whole.object[0] = '\0';
		error_format(&whole, what, sizeof what);
		report(context, path, 0, NULL, what);
	}
	return -1;
}

int policy_load(const char *path, struct policy_file **out, struct error *err)
{
	own_fd int fd = policy_open(path, err);

	return fd < 0 ? -1 : policy_parse(fd, path, NULL, NULL, out, err);
}

void policy_file_free(struct policy_file *file)
{
	if (!file)
		return;
	for (size_t i = 0; file->own && i < file->scan.section_count; i++)
		policy_free(&file->own[i]);
	free(file->own);
	policy_free(&file->globals);
	policy_scan_free(&file->scan);
	free(file->path);
	free(file);
}

const struct policy *policy_globals(const struct policy_file *file)
{
	return &file->globals;
}

static bool is_in_one_of(const struct subject *subject, const struct list *groups)
{
	for (size_t i = 0; i < groups->count; i++)
		if (subject_in_group(subject, groups->items[i]))
			return true;
	return false;
}

const char *policy_exempts(const struct policy_file *file, const struct subject *subject)
{
	const struct policy *globals = &file->globals;

	if (subject->uid == 0)
		return "root";
	if (subject->uid < globals->min_uid)
		return "min_uid";
	/* nobody, and the users that systemd makes for a service's time (systemd.exec(5),
	 * DynamicUser=) */
	if (subject->uid == 65534 || (subject->uid >= 61184 && subject->uid <= 65519))
		return "system uid";
	if (list_has(&globals->exempt_users, subject->user))
		return "exempt_users";
	if (is_in_one_of(subject, &globals->exempt_groups))
		return "exempt_groups";
	return NULL;
}

/* All that a profile asks for must hold, less the groups; one that asks for nothing is for nobody. */
static bool may_match(const struct policy *profile, const struct subject *subject)
{
	if (!profile->match_users.count && !profile->match_groups.count &&
		!profile->match_services.count)
		return false;
	if (profile->match_users.count && !list_has(&profile->match_users, subject->user))
		return false;
	return !profile->match_services.count ||
	       list_has(&profile->match_services, subject->service);
}

static bool groups_match(const struct policy *profile, const struct subject *subject)
{
	return !profile->match_groups.count || is_in_one_of(subject, &profile->match_groups);
}

/* Nobody gets another section for as long as a directory is down. */
static int fail_silent(const struct subject *subject, const char *profile, struct error *err)
{
	fail(err, 0, subject->user, "the name service %s does not answer, and the groups decide about [%s]", subject->silent,
		profile);
	return error_hint(err, "try: getent -s %s group", subject->silent);
}

int policy_select(const struct policy_file *file, const struct subject *subject,
	const char *profile, struct policy *out, struct error *err)
{
	for (size_t i = 0; i < file->scan.section_count; i++) {
		const char *name = section_name(file, i);

		if (!is_profile(name) || (profile ? !text_equal(profile, name) : !may_match(&file->own[i], subject)))
			continue;
		if (profile || groups_match(&file->own[i], subject))
			return build(file, name, out, err);
		if (subject->silent)
			return fail_silent(subject, name, err);
	}
	if (profile && !text_equal(profile, "default"))
		return fail(err, ENOENT, file->path, "has no profile [%s]", profile);
	return build(file, "default", out, err);
}
