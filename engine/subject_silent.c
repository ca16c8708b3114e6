#include "subject_silent.h"

#include <dlfcn.h>
#include <errno.h>
#include <grp.h>
#include <nss.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "own.h"
#include "text.h"

/* What has no server that could be down. */
static bool is_local(const char *service)
{
	static const char *const names[] = { "files", "compat", "db", "systemd", "altfiles", "extrausers" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (text_equal(service, names[i]))
			return true;
	return false;
}

static bool is_installed(const char *service)
{
	char library[96];
	void *handle;

	if (text_format(library, sizeof library, "libnss_%s.so.2", service) < 0)
		return false;
	handle = dlopen(library, RTLD_LAZY | RTLD_LOCAL);
	if (handle)
		(void)dlclose(handle);
	return handle != NULL;
}

/*
 * With a single service in the line its own status is seen: "not found" comes back as 0, "unavailable" and "try again"
 * as an errno (nss/getXXbyYY_r.c of glibc).
 */
static bool answers(const char *service)
{
	enum { NOBODYS = 0x7ffffff0 };
	char buf[4096];
	struct group entry, *found;
	int num;

	if (__nss_configure_lookup("group", service) < 0)
		return true;
	num = getgrgid_r(NOBODYS, &entry, buf, sizeof buf, &found);
	return num == 0 || num == ERANGE;
}

/* What follows the name of that database in the line; NULL where it is another's. glibc needs no colon. */
static const char *database_line(const char *line, const char *name)
{
	const char *rest = text_after(line + strspn(line, " \t"), name);

	return rest && *rest && strchr(" \t:", *rest) ? rest + 1 : NULL;
}

/*
 * The line of the database that groups come from: "initgroups" before "group" (nsswitch.conf(5)), and the last of several
 * (process_line() in nss/nss_database.c of glibc).
 */
static char *read_line(const char *nsswitch)
{
	FILE *file = fopen(nsswitch, "re");
	char *line = NULL, *best = NULL;
	bool is_first = false; /* best is of "initgroups" */
	size_t size = 0;

	while (file && getline(&line, &size, file) >= 0) {
		const char *first, *rest;

		line[strcspn(line, "#\n")] = '\0';
		first = database_line(line, "initgroups");
		rest = first || is_first ? first : database_line(line, "group");
		if (!rest)
			continue;
		free(best);
		best = strdup(rest);
		is_first = first != NULL;
	}
	free(line);
	if (file)
		(void)fclose(file);
	return best;
}

/* "ldap[NOTFOUND=return]": what to do is no service, and needs no space before it. */
static void blank_actions(char *line)
{
	bool inside = false;

	for (; *line; line++) {
		bool closes = *line == ']';

		inside = inside || *line == '[';
		if (inside)
			*line = ' ';
		inside = inside && !closes;
	}
}

void subject_find_silent(const char *nsswitch, char *buf, size_t size)
{
	own_text char *line = read_line(nsswitch);
	char *rest = line, *word;

	buf[0] = '\0';
	if (line)
		blank_actions(line);
	while ((word = strsep(&rest, " \t"))) {
		/* an empty word between two spaces, and names that are none */
		if (!text_is_user_name(word) || is_local(word) || !is_installed(word) || answers(word))
			continue;
		if (text_format(buf, size, "%s", word) > 0)
			return;
	}
}
