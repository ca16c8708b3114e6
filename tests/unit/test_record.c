#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <utmp.h>

#include "record.h"
#include <cmocka.h> /* last: it defines fail() as a macro */

/* As who(1) and last(1) read it: by glibc's layout. */
static struct utmp entry_of(const struct record *record)
{
	struct utmp entry;

	memcpy(&entry, &record->entry, sizeof entry);
	return entry;
}

static void fields_are_where_programs_look(void **state)
{
	struct record record;
	struct utmp entry;
	struct in_addr address;

	(void)state;
	memset(&record, 0xff, sizeof record);
	record_make("05fe5c-three-of-pentacles", "alice", 1002, "sshd", "192.0.2.7", &record);
	record_set_process(&record, 4711);
	entry = entry_of(&record);
	assert_int_equal(entry.ut_type, USER_PROCESS);
	assert_int_equal(entry.ut_pid, 4711);
	assert_string_equal(entry.ut_line, "05fe5c-three-of-pentacles");
	assert_string_equal(entry.ut_user, "alice");
	assert_string_equal(entry.ut_host, "192.0.2.7");
	assert_int_equal(record.uid, 1002);
	memcpy(&address, &entry.ut_addr_v6[0], sizeof address);
	assert_string_equal(inet_ntoa(address), "192.0.2.7");
	assert_int_equal(entry.ut_addr_v6[1], 0);
	assert_int_equal(entry.ut_tv.tv_sec, 0); /* the watcher's to set */
	assert_int_equal(entry.ut_session, 0);
}

static void address_is(const char *rhost, int family, const char *expected)
{
	static const char nothing[16];
	unsigned char bytes[16] = { 0 };
	struct record record;

	if (expected)
		assert_int_equal(inet_pton(family, expected, bytes), 1);
	record_make("x", "alice", 1000, "sshd", rhost, &record);
	assert_memory_equal(record.entry.address, expected ? (const void *)bytes : nothing, 16);
}

static void numeric_hosts_give_addresses(void **state)
{
	(void)state;
	address_is("2001:db8::1", AF_INET6, "2001:db8::1");
	address_is("::1", AF_INET6, "::1");
	address_is("::ffff:192.0.2.7", AF_INET, "192.0.2.7");
	address_is("host.example.org", 0, NULL);
	address_is("192.0.2", 0, NULL);
	address_is("192.0.2.7 ", 0, NULL);
	address_is("", 0, NULL);
}

static void texts_fill_their_fields_and_no_more(void **state)
{
	char longest[2000];
	struct record record;
	struct utmp entry;

	(void)state;
	memset(longest, 'x', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	record_make(longest, longest, 4294967294, longest, longest, &record);
	entry = entry_of(&record);
	assert_memory_equal(entry.ut_line, longest, sizeof entry.ut_line);
	assert_memory_equal(entry.ut_user, longest, sizeof entry.ut_user);
	assert_memory_equal(entry.ut_host, longest, sizeof entry.ut_host);
	assert_memory_equal(entry.ut_id, "\0\0\0\0", 4);
	assert_int_equal(entry.ut_exit.e_termination, 0);
	assert_int_equal(record.uid, 4294967294);
}

/* who(1) writes these to a terminal as they are, and its reader takes them apart at spaces */
static void what_is_not_visible_is_replaced(void **state)
{
	struct record record;

	(void)state;
	record_make("x", "al\nice", 1000, "s d\n", "a b\t\x1b[2J\x7f\xc3\xa4\\~", &record);
	assert_string_equal(record.entry.user, "al?ice");
	assert_string_equal(record.entry.host, "a?b??[2J???\\~");
}

static int compare_ids(const void *a, const void *b)
{
	return memcmp(a, b, 4);
}

static void every_process_has_an_id_of_its_own(void **state)
{
	enum { pids = 1 << 22 };
	char(*ids)[4] = malloc(pids * sizeof *ids);

	(void)state;
	assert_non_null(ids);
	for (int pid = 0; pid < pids; pid++) {
		struct record record = { 0 };

		record_set_process(&record, pid);
		assert_int_equal(record.entry.pid, pid);
		memcpy(ids[pid], record.entry.id, 4);
	}
	qsort(ids, pids, sizeof *ids, compare_ids);
	for (int i = 1; i < pids; i++)
		if (memcmp(ids[i], ids[i - 1], 4) == 0)
			fail_msg("two processes have the id %.4s", ids[i]);
	free(ids);
}

/* getty: "1", "tty1"; sshd and xterm: the line's last four, "ts/1", "/100"; display managers ":0"; init "si", "~~" */
static void ids_are_nobody_elses(void **state)
{
	(void)state;
	for (int pid = 1; pid < 1 << 22; pid += 997) {
		struct record record = { 0 };

		record_set_process(&record, pid);
		assert_non_null(strchr("!#$%&()*+,;<=>@^", record.entry.id[0]));
		for (int i = 0; i < 4; i++)
			assert_in_range((unsigned char)record.entry.id[i], '!', '~');
	}
}

static void only_logins_are_wanted(void **state)
{
	(void)state;
	assert_true(record_wanted("sshd", "192.0.2.1"));
	assert_true(record_wanted("login", ""));
	assert_true(record_wanted("remote", "host"));
	assert_false(record_wanted("su", ""));
	assert_false(record_wanted("sudo", ""));
	assert_false(record_wanted("cron", ""));
	assert_false(record_wanted("", ""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_are_where_programs_look),
		cmocka_unit_test(numeric_hosts_give_addresses),
		cmocka_unit_test(texts_fill_their_fields_and_no_more),
		cmocka_unit_test(what_is_not_visible_is_replaced),
		cmocka_unit_test(every_process_has_an_id_of_its_own),
		cmocka_unit_test(ids_are_nobody_elses),
		cmocka_unit_test(only_logins_are_wanted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
