/*
 * contained-subject USER | -u UID: what NSS says of a user, on stdout. Started by subject.c under a
 * deadline, with an empty environment; never setuid. See parse_answer() there for the format:
 *
 *	user NAME / uid N / gid N / gecos TEXT / home TEXT / shell TEXT / group N NAME … / silent SERVICE / end
 *
 * one a line, the primary group first, "silent" only where a service did not answer; or "missing" alone; or "error N" with an errno.
 * A group without a usable name has none ("group N ").
 */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "subject_line.h"
#include "subject_silent.h"
#include "text.h"

enum { BUFFER_MAX = 16 << 20 }; /* bytes for one entry: groups with very many members */

static int report_error(int num)
{
	printf("error %d\n", num ? num : EIO);
	return EXIT_FAILURE;
}

/* A text that can stand in a line of passwd(5): no control characters, no colon. */
static bool is_field(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f || *text == ':')
			return false;
	return true;
}

/* getpwnam_r or, without a name, getpwuid_r with as large a buffer as it takes: 0 and *found, or an errno. */
static int find_user(const char *name, uid_t uid, struct passwd *entry, struct passwd **found)
{
	char *buf = NULL;
	int num = ERANGE;

	for (size_t size = 4096; num == ERANGE && size <= BUFFER_MAX; size *= 4) {
		char *grown = realloc(buf, size);

		if (!grown)
			return ENOMEM;
		buf = grown;
		num = name ? getpwnam_r(name, entry, buf, size, found) : getpwuid_r(uid, entry, buf, size, found);
	}
	return num; /* buf holds the entry's texts until the program ends */
}

/* The group's name, or "" when it has none that can be used. */
static const char *group_name(gid_t gid, char **buf, size_t *size)
{
	struct group entry, *found = NULL;
	int num;

	for (;;) {
		char *grown;

		num = *buf ? getgrgid_r(gid, &entry, *buf, *size, &found) : ERANGE;
		if (num != ERANGE || *size >= BUFFER_MAX)
			break;
		grown = realloc(*buf, *size * 4);
		if (!grown)
			break;
		*buf = grown;
		*size *= 4;
	}
	return num == 0 && found && text_is_user_name(found->gr_name) ? found->gr_name : "";
}

static int find_groups(const struct passwd *user, gid_t **out)
{
	int room = 64;

	for (;;) {
		gid_t *grown = reallocarray(*out, (size_t)room, sizeof *grown);
		int count = room;

		if (!grown)
			return -1;
		*out = grown;
		if (getgrouplist(user->pw_name, user->pw_gid, grown, &count) >= 0)
			return count;
		/* count is what it takes; some modules do not say so */
		room = count > room ? count : room * 2;
		if (room > SUBJECT_GROUPS_MAX * 2) {
			errno = E2BIG;
			return -1;
		}
	}
}

static void print_groups(const gid_t *gids, int count, gid_t primary)
{
	char *buf = NULL;
	size_t size = 1024;

	printf("group %u %s\n", (unsigned)primary, group_name(primary, &buf, &size));
	for (int i = 0; i < count; i++)
		if (gids[i] != primary)
			printf("group %u %s\n", (unsigned)gids[i],
				group_name(gids[i], &buf, &size));
	free(buf);
}

int main(int argc, char **argv)
{
	struct passwd entry, *user = NULL;
	gid_t *gids = NULL;
	int num, count;
	uint64_t uid = 0;
	char silent[64] = "";
	bool by_uid = argc == 3 && text_equal(argv[1], "-u") && text_parse_u64(argv[2], &uid) && uid < UINT32_MAX;

	if (!by_uid && (argc != 2 || !text_is_user_name(argv[1])))
		return report_error(EINVAL);
	num = find_user(by_uid ? NULL : argv[1], (uid_t)uid, &entry, &user);
	if (!user && (num == 0 || num == ENOENT || num == ESRCH)) {
		puts("missing");
		return EXIT_SUCCESS;
	}
	if (!user)
		return report_error(num);
	if (!text_is_user_name(user->pw_name) || !is_field(user->pw_dir) ||
		!is_field(user->pw_shell))
		return report_error(EILSEQ);
	count = find_groups(user, &gids);
	if (count < 0)
		return report_error(errno);
	printf("user %s\nuid %u\ngid %u\ngecos %s\nhome %s\nshell %s\n", user->pw_name,
		(unsigned)user->pw_uid, (unsigned)user->pw_gid,
		user->pw_gecos && is_field(user->pw_gecos) ? user->pw_gecos : "", user->pw_dir,
		user->pw_shell);
	print_groups(gids, count, user->pw_gid);
	free(gids);
	/* getgrouplist(3) does not tell a service that knows of no group from one that is down; last, see there */
	subject_find_silent("/etc/nsswitch.conf", silent, sizeof silent);
	if (silent[0])
		printf("silent %s\n", silent);
	puts("end");
	return fflush(stdout) == 0 && !ferror(stdout) ? EXIT_SUCCESS : EXIT_FAILURE;
}
