#include "accounts.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "own.h"

const char accounts_nsswitch[] = "# this session's names come from its own files\n"
				 "passwd: files\ngroup: files\nshadow: files\ngshadow: files\n"
				 "hosts: files dns\nnetworks: files\nprotocols: files\nservices: files\n"
				 "ethers: files\nrpc: files\nnetgroup: files\n";

/* A line's fields, pointing into it; the line itself is not changed. */
struct field {
	const char *start;
	size_t length;
};

static size_t split(const char *line, size_t length, struct field *fields, size_t most)
{
	size_t count = 0;
	const char *end = line + length;

	while (count < most) {
		const char *colon = memchr(line, ':', (size_t)(end - line));

		fields[count].start = line;
		fields[count++].length = (size_t)((colon ? colon : end) - line);
		if (!colon)
			break;
		line = colon + 1;
	}
	return count;
}

static bool field_is(const struct field *field, const char *text)
{
	return strlen(text) == field->length && memcmp(field->start, text, field->length) == 0;
}

/* A name or a number in a place where a colon or a newline would forge a field or a line. */
static void put_text(FILE *out, const char *text)
{
	for (; *text; text++)
		fputc(*text == ':' || *text == '\n' || *text == '\r' ? '_' : *text, out);
}

static void put_subject(FILE *out, const struct subject *subject)
{
	put_text(out, subject->user);
	fprintf(out, ":x:%u:%u:", subject->uid, subject->gid);
	put_text(out, subject->gecos);
	fputc(':', out);
	put_text(out, subject->home);
	fputc(':', out);
	put_text(out, subject->shell);
	fputc('\n', out);
}

static void put_passwd(FILE *out, const struct subject *subject, const char *passwd)
{
	enum { name, password, uid, gid, gecos, home, shell, fields };
	bool found = false;

	for (const char *line = passwd; *line;) {
		size_t length = strcspn(line, "\n");
		struct field field[fields];

		if (split(line, length, field, fields) == fields && field[name].length && *line != '+' &&
			*line != '-') {
			found = found || field_is(&field[name], subject->user);
			if (field_is(&field[name], subject->user))
				put_subject(out, subject);
			else
				fprintf(out, "%.*s:x:%.*s\n", (int)field[name].length, field[name].start,
					(int)(line + length - field[uid].start), field[uid].start);
		}
		line += length + (line[length] == '\n');
	}
	if (!found)
		put_subject(out, subject);
}

/* By name and number: a directory may have a group of its own with the name of a local one. */
static const struct subject_group *kept_group(const struct accounts *accounts, const struct field *name,
	const struct field *gid)
{
	for (size_t i = 0; i < accounts->kept_count; i++) {
		char number[16];

		(void)snprintf(number, sizeof number, "%u", accounts->kept[i]->gid);
		if (field_is(name, accounts->kept[i]->name) && field_is(gid, number))
			return accounts->kept[i];
	}
	return NULL;
}

/* The members of a line without the subject, which is added back where it belongs. */
static void put_members(FILE *out, const struct field *members, const char *user, bool member)
{
	const char *at = members->start, *end = at + members->length;
	bool first = true;

	while (at < end) {
		const char *comma = memchr(at, ',', (size_t)(end - at));
		struct field one = { at, (size_t)((comma ? comma : end) - at) };

		/* libc takes blanks before a name away: " alice" is alice */
		for (; one.length && (*one.start == ' ' || *one.start == '\t'); one.length--)
			one.start++;
		if (one.length && !field_is(&one, user)) {
			fprintf(out, "%s%.*s", first ? "" : ",", (int)one.length, one.start);
			first = false;
		}
		at = comma ? comma + 1 : end;
	}
	if (member)
		fprintf(out, "%s%s", first ? "" : ",", user);
}

/* written: a flag for each kept group, all false. */
static void put_groups(FILE *out, const struct subject *subject, const struct accounts *accounts,
	const char *group, bool *written)
{
	enum { name, password, gid, members, fields };

	for (const char *line = group; *line;) {
		size_t length = strcspn(line, "\n");
		struct field field[fields];

		if (split(line, length, field, fields) == fields && field[name].length && *line != '+' &&
			*line != '-') {
			const struct subject_group *kept = kept_group(accounts, &field[name], &field[gid]);

			fprintf(out, "%.*s:x:%.*s:", (int)field[name].length, field[name].start,
				(int)field[gid].length, field[gid].start);
			put_members(out, &field[members], subject->user, kept && kept->gid != subject->gid);
			fputc('\n', out);
			for (size_t i = 0; kept && i < accounts->kept_count; i++)
				written[i] = written[i] || accounts->kept[i] == kept;
		}
		line += length + (line[length] == '\n');
	}
	for (size_t i = 0; i < accounts->kept_count; i++) {
		if (written[i])
			continue;
		put_text(out, accounts->kept[i]->name);
		fprintf(out, ":x:%u:%s\n", accounts->kept[i]->gid, i ? subject->user : "");
	}
}

bool accounts_drops(const struct list *drop, const char *group, const struct subject_group *one)
{
	enum { name, password, gid, fields = 4 };
	char number[16];

	if (list_has(drop, one->name))
		return true;
	(void)snprintf(number, sizeof number, "%u", one->gid);
	for (const char *line = group ? group : ""; *line;) {
		size_t length = strcspn(line, "\n");
		struct field field[fields];

		if (split(line, length, field, fields) == fields && field_is(&field[gid], number))
			for (size_t i = 0; i < drop->count; i++)
				if (field_is(&field[name], drop->items[i]))
					return true;
		line += length + (line[length] == '\n');
	}
	return false;
}

static int keep_groups(const struct subject *subject, const char *group_text, const struct list *drop,
	struct accounts *out, struct error *err)
{
	out->kept = calloc(subject->group_count + 1, sizeof(const struct subject_group *));
	if (!out->kept)
		return fail(err, ENOMEM, subject->user, "cannot make the groups");
	for (size_t i = 0; i < subject->group_count; i++) {
		const struct subject_group *group = &subject->groups[i];

		if (!accounts_drops(drop, group_text, group)) {
			out->kept[out->kept_count++] = group;
			continue;
		}
		if (group->gid == subject->gid) {
			fail(err, 0, subject->user, "the primary group %s opens the host", group->name);
			return error_hint(err, "give the user another primary group, or take %s out of drop_groups",
				group->name);
		}
	}
	return 0;
}

int accounts_make(const struct subject *subject, bool merged, const char *passwd, const char *group,
	const struct list *drop, struct accounts *out, struct error *err)
{
	static const char few_users[] = "root:x:0:0:root:/root:/bin/sh\n"
					"nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n";
	static const char few_groups[] = "root:x:0:\ntty:x:5:\nnogroup:x:65534:\n";
	struct accounts made = { 0 };
	own_text bool *written = calloc(subject->group_count + 1, sizeof *written);
	size_t size;
	FILE *stream;
	bool broken;

	if (!written)
		return fail(err, ENOMEM, subject->user, "cannot make passwd and group");
	if (keep_groups(subject, group, drop, &made, err) < 0) {
		accounts_free(&made);
		return -1;
	}
	stream = open_memstream(&made.passwd, &size);
	if (stream)
		put_passwd(stream, subject, merged && passwd ? passwd : few_users);
	broken = !stream || ferror(stream) | fclose(stream);
	stream = broken ? NULL : open_memstream(&made.group, &size);
	if (stream)
		put_groups(stream, subject, &made, merged && group ? group : few_groups, written);
	broken = broken || !stream || ferror(stream) | fclose(stream);
	if (broken) {
		accounts_free(&made);
		return fail(err, ENOMEM, subject->user, "cannot make passwd and group");
	}
	*out = made;
	return 0;
}

void accounts_free(struct accounts *accounts)
{
	free(accounts->passwd);
	free(accounts->group);
	free(accounts->kept);
	*accounts = (struct accounts){ 0 };
}
