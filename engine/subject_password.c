#include "subject_password.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "text.h"
#include "tree.h"

enum { SHADOW_MOST = 32 << 20, DAY_SECONDS = 24 * 60 * 60 };

/* The line of the user, behind its name; NULL where there is none. */
static const char *find_entry(const char *shadow, const char *user)
{
	for (const char *line = shadow; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		const char *rest = text_after(line, user);

		if (rest && *rest == ':')
			return rest;
	}
	return NULL;
}

/*
 * The number in a field of the entry (the name is field 0): -1 where it is empty, missing or none, which is how
 * getspent(3) tells it.
 */
static long read_field(const char *entry, unsigned index)
{
	uint64_t value;
	char text[16];
	size_t length;

	while (index-- > 0) {
		entry += strcspn(entry, ":\n");
		if (*entry != ':')
			return -1;
		entry++;
	}
	length = strcspn(entry, ":\n");
	if (text_format(text, sizeof text, "%.*s", (int)length, entry) < 0 || !text_parse_u64(text, &value) ||
		value > INT32_MAX)
		return -1;
	return (long)value;
}

/*
 * As pam_unix judges it for PAM_NEW_AUTHTOK_REQD (check_shadow_expiry() in its passverify.c): 0 as the day of the last
 * change demands a new password; without such a day, with one in the future or without a maximum there is no age.
 * Linux-PAM later began to count the last day itself as expired, too: on that one day this errs to the user's side.
 */
bool subject_shadow_expired(const char *shadow, const char *user, long today)
{
	const char *entry = find_entry(shadow, user);
	long changed = entry ? read_field(entry, 2) : -1;
	long most = entry ? read_field(entry, 4) : -1;

	if (changed == 0)
		return true;
	return changed > 0 && most >= 0 && today > changed + most;
}

bool subject_password_expired(int root_fd, const char *user)
{
	char *text = NULL;
	size_t length;
	bool expired;

	if (tree_read_file(root_fd, "/etc/shadow", SHADOW_MOST, &text, &length, NULL) < 0)
		return false;
	expired = subject_shadow_expired(text, user, (long)(time(NULL) / DAY_SECONDS));
	explicit_bzero(text, length);
	free(text);
	return expired;
}
