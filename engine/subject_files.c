#include "subject_files.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "own.h"
#include "text.h"
#include "tree.h"

enum {
	FILE_MAX = 64 << 20, /* bytes: some 800,000 users */
	PASSWD_FIELDS = 7,
	GROUP_FIELDS = 4,
	RANGE_FIELDS = 3,
};

/* A whole file, walked line by line; its text is cut up on the way. */
struct table {
	char *text, *end, *at;
};

static void table_free(struct table *table)
{
	free(table->text);
}
#define own_table __attribute__((cleanup(table_free)))

static int table_open(int root_fd, const char *path, struct table *table, struct error *err)
{
	size_t length;

	if (tree_read_file(root_fd, path, FILE_MAX, &table->text, &length, err) < 0)
		return -1;
	table->at = table->text;
	table->end = table->text + length;
	return 0;
}

/*
 * The next line of exactly `count` fields. Lines that are not (comments, NIS entries, a NUL within,
 * garbage) are skipped, as libc does.
 */
static bool table_next(struct table *table, char **fields, size_t count)
{
	while (table->at < table->end) {
		char *line = table->at;
		char *stop = memchr(line, '\n', (size_t)(table->end - line));
		size_t found = 0;

		if (!stop)
			stop = table->end;
		table->at = stop + 1;
		*stop = '\0'; /* there is room for one after the end: tree_read_file() */
		if (strlen(line) != (size_t)(stop - line))
			continue;
		for (char *field = line; field && found <= count; found++) {
			char *colon = strchr(field, ':');

			if (colon)
				*colon = '\0';
			if (found < count)
				fields[found] = field;
			field = colon ? colon + 1 : NULL;
		}
		/* any name: a gid counts even when its name is of no use (subject_add_group) */
		if (found == count && *line && !strchr("+-#", *line))
			return true;
	}
	return false;
}

/* The user's line. 1 found, 0 not there, -1 and err. The fields point into *table. */
static int find_user(int root_fd, const char *user, struct table *table,
	char *fields[PASSWD_FIELDS], uint32_t *uid, uint32_t *gid, struct error *err)
{
	if (table_open(root_fd, "/etc/passwd", table, err) < 0)
		return -1;
	while (table_next(table, fields, PASSWD_FIELDS))
		if (strcmp(fields[0], user) == 0 && subject_parse_id(fields[2], uid) &&
			subject_parse_id(fields[3], gid))
			return 1;
	return 0;
}

static bool has_member(const char *members, const char *user)
{
	size_t length = strlen(user);

	for (;;) {
		size_t span;

		members += strspn(members, " \t"); /* as libc does */
		span = strcspn(members, ",");
		if (span == length && memcmp(members, user, length) == 0)
			return true;
		if (!members[span])
			return false;
		members += span + 1;
	}
}

static int load_groups(
	int root_fd, const char *user, uint32_t primary, struct subject *out, struct error *err)
{
	own_table struct table table = { 0 };
	char *fields[GROUP_FIELDS];
	const char *name = "";
	struct error why;
	uint32_t gid;

	if (table_open(root_fd, "/etc/group", &table, &why) < 0 && why.num != ENOENT) {
		if (err)
			*err = why;
		return -1;
	}
	/*
	 * Without the file every group is a number, and there are no others: an empty table. The primary
	 * one goes first and may stand anywhere: its place is kept, the name filled in after.
	 */
	if (subject_add_group(out, primary, "") < 0)
		return fail(err, errno, user, "cannot keep its groups");
	while (table_next(&table, fields, GROUP_FIELDS)) {
		if (!subject_parse_id(fields[2], &gid))
			continue;
		if (gid == primary && !*name)
			name = fields[0];
		if (has_member(fields[3], user) && subject_add_group(out, gid, fields[0]) < 0)
			return fail(err, errno, user, "cannot keep its groups");
	}
	if (*name) {
		char *copy = strdup(name);

		if (!copy)
			return fail(err, ENOMEM, user, "cannot keep its groups");
		free(out->groups[0].name);
		out->groups[0].name = copy;
	}
	return 0;
}

/* Are the sources of one database local files, first of all, and systemd's synthetic entries? */
static bool sources_local(char *sources)
{
	bool files = false;
	char *rest = sources, *word;

	while ((word = strsep(&rest, " \t"))) {
		if (!*word)
			continue;
		/* systemd has nothing to add to a local group (nss-systemd(8)) */
		if (strcasecmp(word, "[SUCCESS=merge]") == 0 && files)
			continue;
		if (strcmp(word, "files") == 0)
			files = true;
		else if (strcmp(word, "systemd") != 0 || !files)
			return false;
	}
	return files;
}

bool subject_files_suffice(const char *nsswitch)
{
	own_text char *copy = strdup(nsswitch);
	char *rest = copy, *line;

	if (!copy)
		return false;
	while ((line = strsep(&rest, "\n"))) {
		char *colon;

		line[strcspn(line, "#\r")] = '\0';
		line += strspn(line, " \t");
		colon = strchr(line, ':');
		if (!colon)
			continue;
		*colon = '\0';
		line[strcspn(line, " \t")] = '\0';
		if (strcmp(line, "passwd") != 0 && strcmp(line, "group") != 0 &&
			strcmp(line, "initgroups") != 0)
			continue;
		if (!sources_local(colon + 1))
			return false;
	}
	/* a database without a line is "files" (nsswitch.conf(5)) */
	return true;
}

static bool files_are_whole_truth(int root_fd)
{
	own_text char *text = NULL;
	struct error err;
	size_t length;

	if (tree_read_file(root_fd, "/etc/nsswitch.conf", 1 << 20, &text, &length, &err) < 0)
		return err.num == ENOENT; /* without the file too */
	return strlen(text) == length && subject_files_suffice(text);
}

int subject_files_load(
	int root_fd, const char *user, bool strict, struct subject *out, struct error *err)
{
	own_table struct table table = { 0 };
	char *fields[PASSWD_FIELDS];
	uint32_t uid, gid;
	int found;

	if (strict && !files_are_whole_truth(root_fd))
		return 0;
	found = find_user(root_fd, user, &table, fields, &uid, &gid, err);
	if (found <= 0)
		return found;
	out->uid = uid;
	out->gid = gid;
	out->user = strdup(fields[0]);
	out->gecos = strdup(fields[4]);
	out->home = strdup(fields[5]);
	out->shell = strdup(fields[6]);
	if (!out->user || !out->gecos || !out->home || !out->shell)
		return fail(err, ENOMEM, user, "cannot keep its entry");
	return load_groups(root_fd, user, gid, out, err) < 0 ? -1 : 1;
}

char *subject_local_name(int root_fd, uid_t uid)
{
	own_table struct table table = { 0 };
	char *fields[PASSWD_FIELDS];
	uint32_t id;

	if (table_open(root_fd, "/etc/passwd", &table, NULL) < 0)
		return NULL;
	while (table_next(&table, fields, PASSWD_FIELDS))
		if (subject_parse_id(fields[2], &id) && id == uid && text_is_user_name(fields[0]))
			return strdup(fields[0]);
	return NULL;
}

int subject_load_uid(int root_fd, uid_t uid, struct subject *out, bool *known, struct error *err)
{
	own_text char *name = subject_local_name(root_fd, uid);
	struct subject made = { 0 };
	int found = name ? subject_files_load(root_fd, name, false, &made, err) : 0;

	/* a name that stands there twice is its first uid's */
	if (found > 0 && made.uid != uid) {
		subject_free(&made);
		found = 0;
	}
	if (found == 0) {
		made.uid = made.gid = uid;
		made.user = strdup(uid ? "user" : "root");
		made.gecos = strdup("");
		made.home = strdup("/");
		made.shell = strdup("/bin/sh");
		if (!made.user || !made.gecos || !made.home || !made.shell || subject_add_group(&made, uid, made.user) < 0)
			found = fail(err, ENOMEM, "passwd", "cannot make an entry");
	}
	if (found < 0 || subject_set_login(&made, NULL, NULL, NULL, err) < 0) {
		subject_free(&made);
		return -1;
	}
	*known = found > 0;
	*out = made;
	return 0;
}

int subject_local_uid(int root_fd, const char *user, uid_t *uid)
{
	own_table struct table table = { 0 };
	char *fields[PASSWD_FIELDS];
	uint32_t id, gid;
	int found;

	if (!text_is_user_name(user))
		return 0;
	found = find_user(root_fd, user, &table, fields, &id, &gid, NULL);
	if (found == 1)
		*uid = id;
	return found;
}

bool subject_local_member(int root_fd, const char *user, const char *group)
{
	own_table struct table users = { 0 }, groups = { 0 };
	char *fields[PASSWD_FIELDS];
	uint32_t uid, primary = 0, gid;
	int found;

	if (!text_is_user_name(user) || !text_is_user_name(group))
		return false;
	found = find_user(root_fd, user, &users, fields, &uid, &primary, NULL);
	if (table_open(root_fd, "/etc/group", &groups, NULL) < 0)
		return false;
	while (table_next(&groups, fields, GROUP_FIELDS))
		if (strcmp(fields[0], group) == 0 && subject_parse_id(fields[2], &gid) &&
			((found == 1 && gid == primary) || has_member(fields[3], user)))
			return true;
	return false;
}

int subject_id_range(int root_fd, const char *path, const char *user, uid_t uid, struct id_range *out, struct error *err)
{
	own_table struct table table = { 0 };
	char *fields[RANGE_FIELDS];
	struct id_range range;
	struct error why;
	uint32_t id;

	*out = (struct id_range){ 0 };
	if (table_open(root_fd, path, &table, &why) < 0) {
		if (why.num == ENOENT)
			return 0;
		*err = why;
		return -1;
	}
	while (table_next(&table, fields, RANGE_FIELDS)) {
		bool own = text_equal(user, fields[0]) || (subject_parse_id(fields[0], &id) && id == uid);

		if (!own || !subject_parse_id(fields[1], &range.first) || !subject_parse_id(fields[2], &range.count) ||
			!range.count || range.count > UINT32_MAX - range.first)
			continue;
		*out = range;
		break;
	}
	return 0;
}

bool subject_local_listed(int root_fd, const char *list, const char *user, bool groups)
{
	while (*list) {
		size_t length = strcspn(list, ",");
		char name[256];
		uid_t uid;

		if (length && text_format(name, sizeof name, "%.*s", (int)length, list) > 0 &&
			(groups ? subject_local_member(root_fd, user, name) :
				  strcmp(name, user) == 0 && subject_local_uid(root_fd, user, &uid) == 1))
			return true;
		list += length + (list[length] == ',');
	}
	return false;
}
