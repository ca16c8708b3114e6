#include "record.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <utmp.h>

#include "text.h"

#define SAME(ours, our_field, theirs, their_field)                                                          \
	_Static_assert(offsetof(struct ours, our_field) == offsetof(struct theirs, their_field) &&          \
			       sizeof(((struct ours *)0)->our_field) == sizeof(((struct theirs *)0)->their_field), \
		#their_field " is not where glibc has it")

SAME(record_entry, type, utmp, ut_type);
SAME(record_entry, pid, utmp, ut_pid);
SAME(record_entry, line, utmp, ut_line);
SAME(record_entry, id, utmp, ut_id);
SAME(record_entry, user, utmp, ut_user);
SAME(record_entry, host, utmp, ut_host);
SAME(record_entry, session, utmp, ut_session);
SAME(record_entry, seconds, utmp, ut_tv.tv_sec);
SAME(record_entry, microseconds, utmp, ut_tv.tv_usec);
SAME(record_entry, address, utmp, ut_addr_v6);
SAME(record_last, seconds, lastlog, ll_time);
SAME(record_last, line, lastlog, ll_line);
SAME(record_last, host, lastlog, ll_host);
_Static_assert(sizeof(struct record_entry) == sizeof(struct utmp), "struct utmp is glibc's");
_Static_assert(sizeof(struct record_last) == sizeof(struct lastlog), "struct lastlog is glibc's");
_Static_assert(RECORD_USER == USER_PROCESS && RECORD_DEAD == DEAD_PROCESS && RECORD_NONE == EMPTY, "utmp(5)");
_Static_assert(sizeof RECORD_MARKS == 16 + 1, "four bits of the pid");

bool record_wanted(const char *service, const char *rhost)
{
	return rhost[0] || text_equal(service, "login");
}

/* Programs print these fields on terminals as they are. */
static void put(char *field, size_t size, const char *text)
{
	for (size_t i = 0; i < size && text[i]; i++)
		field[i] = text[i] > ' ' && text[i] <= '~' ? text[i] : '?';
}

static void put_address(int address[4], const char *rhost)
{
	unsigned char bytes[16] = { 0 };
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff }; /* ::ffff:192.0.2.1 */

	if (inet_pton(AF_INET, rhost, bytes) == 1 || inet_pton(AF_INET6, rhost, bytes) != 1 ||
		memcmp(bytes, mapped, sizeof mapped) != 0)
		memcpy(address, bytes, sizeof bytes);
	else
		memcpy(address, bytes + sizeof mapped, sizeof bytes - sizeof mapped);
}

void record_make(const char *name, const char *user, uid_t uid, const char *service, const char *rhost,
	struct record *out)
{
	struct record record;

	memset(&record, 0, sizeof record); /* padding, too: it goes into files */
	record.entry.type = RECORD_USER;
	put(record.entry.line, sizeof record.entry.line, name);
	put(record.entry.user, sizeof record.entry.user, user);
	put(record.entry.host, sizeof record.entry.host, rhost);
	put_address(record.entry.address, rhost);
	record.uid = uid;
	put(record.service, sizeof record.service - 1, service);
	memcpy(out, &record, sizeof record);
}

void record_set_process(struct record *record, pid_t pid)
{
	static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";
	unsigned rest = (unsigned)pid;

	record->entry.pid = pid;
	for (int i = 3; i > 0; i--, rest /= 64)
		record->entry.id[i] = digits[rest % 64];
	record->entry.id[0] = RECORD_MARKS[rest % 16];
}
