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

/* The line of the database that groups come from: "initgroups" before "group" (nsswitch.conf(5)). */
static char *read_line(const char *nsswitch)
{
	FILE *file = fopen(nsswitch, "re");
	char *line = NULL, *best = NULL;
	size_t size = 0;

	while (file && getline(&line, &size, file) >= 0) {
		char *at = line + strspn(line, " \t");
		bool first = text_after(at, "initgroups:") != NULL;

		at[strcspn(at, "#\n")] = '\0';
		if (!first && (best || !text_after(at, "group:")))
			continue;
		free(best);
		best = strdup(strchr(at, ':') + 1);
		if (first)
			break;
	}
	free(line);
	if (file)
		(void)fclose(file);
	return best;
}

void subject_find_silent(const char *nsswitch, char *buf, size_t size)
{
	own_text char *line = read_line(nsswitch);
	char *rest = line, *word;

	buf[0] = '\0';
	while ((word = strsep(&rest, " \t"))) {
		/* "[NOTFOUND=return]", in as many words as it likes, and names that are none */
		if (!text_is_user_name(word) || is_local(word) || !is_installed(word) || answers(word))
			continue;
		if (text_format(buf, size, "%s", word) > 0)
			return;
	}
}
