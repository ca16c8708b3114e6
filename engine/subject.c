#include "subject.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "helper.h"
#include "own.h"
#include "subject_files.h"
#include "subject_line.h"
#include "text.h"

int subject_add_group(struct subject *subject, gid_t gid, const char *name)
{
	struct subject_group *grown;
	char number[16], *copy;

	for (size_t i = 0; i < subject->group_count; i++)
		if (subject->groups[i].gid == gid)
			return 0;
	if (subject->group_count == SUBJECT_GROUPS_MAX) {
		errno = E2BIG;
		return -1;
	}
	if (!text_is_user_name(name)) { /* a gid without a usable name gets its number */
		if (text_format(number, sizeof number, "%u", (unsigned)gid) < 0)
			return -1;
		name = number;
	}
	grown = reallocarray(subject->groups, subject->group_count + 1, sizeof *grown);
	if (!grown)
		return -1;
	subject->groups = grown;
	copy = strdup(name);
	if (!copy)
		return -1;
	grown[subject->group_count++] = (struct subject_group){ .gid = gid, .name = copy };
	return 0;
}

bool subject_parse_id(const char *text, uint32_t *id)
{
	uint64_t value;

	/* the last number means "no change" to setresuid(2) and chown(2) */
	if (!text_parse_u64(text, &value) || value >= UINT32_MAX)
		return false;
	*id = (uint32_t)value;
	return true;
}

/* The next line of *rest without its newline; NULL at the end, or when the last one is cut. */
static char *next_line(char **rest)
{
	char *line = *rest, *end = strchr(line, '\n');

	if (!end)
		return NULL;
	*end = '\0';
	*rest = end + 1;
	return line;
}

/* The value of a line "key value", which must be that. */
static const char *line_value(char **rest, const char *key)
{
	const char *line = next_line(rest), *value = line ? text_after(line, key) : NULL;

	return value && *value == ' ' ? value + 1 : NULL;
}

static bool take_text(char **rest, const char *key, char **out)
{
	const char *value = line_value(rest, key);

	*out = value ? strdup(value) : NULL;
	return *out;
}

static bool take_id(char **rest, const char *key, uint32_t *out)
{
	const char *value = line_value(rest, key);

	return value && subject_parse_id(value, out);
}

/* "group N NAME" …, perhaps "silent SERVICE", "end" */
static bool take_groups(char **rest, struct subject *subject)
{
	char *line;

	while ((line = next_line(rest))) {
		const char *value = text_after(line, "group ");
		char *space;
		uint32_t gid;

		if (strcmp(line, "end") == 0)
			return **rest == '\0' && subject->group_count > 0 &&
			       subject->groups[0].gid == subject->gid;
		if (!subject->silent && text_after(line, "silent ")) {
			subject->silent = strdup(text_after(line, "silent "));
			if (!subject->silent || !text_is_user_name(subject->silent))
				return false;
			continue;
		}
		space = value ? strchr(value, ' ') : NULL;
		if (!space)
			return false;
		*space = '\0';
		if (!subject_parse_id(value, &gid) || (space[1] && !text_is_user_name(space + 1)) ||
			subject_add_group(subject, gid, space + 1) < 0)
			return false;
	}
	return false;
}

/* What contained-subject wrote (subject_main.c). true when it is whole and well-formed. */
static bool parse_answer(char *text, struct subject *out)
{
	return take_text(&text, "user", &out->user) && text_is_user_name(out->user) &&
	       take_id(&text, "uid", &out->uid) && take_id(&text, "gid", &out->gid) &&
	       take_text(&text, "gecos", &out->gecos) && take_text(&text, "home", &out->home) &&
	       take_text(&text, "shell", &out->shell) && take_groups(&text, out);
}

static int fail_missing(struct error *err, const char *user)
{
	return fail(err, ENOENT, user, "no such user");
}

/* user: a name, or with by_uid a number. */
static int ask_helper(const char *user, bool by_uid, const char *helper, int timeout_ms, struct subject *out,
	struct error *err)
{
	const char *const argv[] = { helper, by_uid ? "-u" : user, by_uid ? user : NULL, NULL };
	own_text char *answer =
		malloc(SUBJECT_ANSWER_MAX); /* touched only as far as it is filled */
	const char *number;
	uint64_t num = 0;
	size_t length;
	int status;

	if (!answer)
		return fail(err, ENOMEM, user, "cannot look the user up");
	if (helper_run(argv, timeout_ms, answer, SUBJECT_ANSWER_MAX, &length, &status, err) < 0) {
		if (!err || err->num != ETIMEDOUT)
			return -1;
		(void)fail(err, ETIMEDOUT, user, "the name service did not answer within %d ms",
			timeout_ms);
		return error_hint(err, "try: getent passwd %s", user);
	}
	if (strcmp(answer, "missing\n") == 0)
		return fail_missing(err, user);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && strlen(answer) == length &&
		parse_answer(answer, out))
		return 0;
	number = text_after(answer, "error ");
	if (number) {
		answer[strcspn(answer, "\n")] = '\0';
		if (!text_parse_u64(number, &num) || num > 4095) /* MAX_ERRNO */
			num = 0;
	}
	if (num == EILSEQ)
		(void)fail(err, 0, user,
			"its name, home or shell holds characters that passwd(5) does not allow");
	else if (num)
		(void)fail(err, (int)num, user, "the name service failed");
	else
		(void)fail(err, EPROTO, user, "%s gave no usable answer", helper);
	return error_hint(err, "try: getent passwd %s; id %s", user, user);
}

int subject_load(int root_fd, const char *user, const char *helper, int timeout_ms,
	struct subject *out, struct error *err)
{
	struct subject found = { 0 };
	int result;

	if (!text_is_user_name(user)) {
		(void)fail(err, EINVAL, user, "is not a valid user name");
		return error_hint(err, "letters, digits and _ . @ + -, at most 64");
	}
	/* 1 found, 0 not there or not to be answered from files, -1 */
	result = subject_files_load(root_fd, user, helper != NULL, &found, err);
	if (result == 0)
		result = helper ? ask_helper(user, false, helper, timeout_ms, &found, err)
				: fail_missing(err, user);
	if (result >= 0 && subject_set_login(&found, NULL, NULL, NULL, err) < 0)
		result = -1;
	if (result < 0) {
		subject_free(&found);
		return -1;
	}
	*out = found;
	return 0;
}

int subject_load_by_uid(int root_fd, uid_t uid, const char *helper, int timeout_ms, struct subject *out,
	struct error *err)
{
	own_text char *name = subject_local_name(root_fd, uid);
	struct subject found = { 0 };
	char number[16];

	if (name)
		return subject_load(root_fd, name, helper, timeout_ms, out, err);
	(void)text_format(number, sizeof number, "%u", uid);
	if (!helper)
		return fail_missing(err, number);
	if (ask_helper(number, true, helper, timeout_ms, &found, err) < 0 ||
		subject_set_login(&found, NULL, NULL, NULL, err) < 0) {
		subject_free(&found);
		return -1;
	}
	*out = found;
	return 0;
}

int subject_set_login(struct subject *subject, const char *service, const char *tty,
	const char *rhost, struct error *err)
{
	own_text char *new_service = strdup(service ? service : "");
	own_text char *new_tty = strdup(tty ? tty : "");
	own_text char *new_rhost = strdup(rhost ? rhost : "");

	if (!new_service || !new_tty || !new_rhost)
		return fail(err, ENOMEM, subject->user, "cannot keep what is known of the login");
	free(subject->service);
	free(subject->tty);
	free(subject->rhost);
	subject->service = take_pointer(new_service);
	subject->tty = take_pointer(new_tty);
	subject->rhost = take_pointer(new_rhost);
	return 0;
}

int subject_set_ccache(struct subject *subject, const char *ccache, struct error *err)
{
	own_text char *copy = ccache ? strdup(ccache) : NULL;

	if (ccache && !copy)
		return fail(err, ENOMEM, subject->user, "cannot keep what is known of the login");
	free(subject->ccache);
	subject->ccache = take_pointer(copy);
	return 0;
}

void subject_free(struct subject *subject)
{
	for (size_t i = 0; i < subject->group_count; i++)
		free(subject->groups[i].name);
	free(subject->groups);
	free(subject->silent);
	free(subject->user);
	free(subject->gecos);
	free(subject->home);
	free(subject->shell);
	free(subject->service);
	free(subject->tty);
	free(subject->rhost);
	free(subject->ccache);
	*subject = (struct subject){ 0 };
}

bool subject_in_group(const struct subject *subject, const char *name)
{
	for (size_t i = 0; i < subject->group_count; i++)
		if (strcmp(subject->groups[i].name, name) == 0)
			return true;
	return false;
}
