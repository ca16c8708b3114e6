/* accounts: the session's own passwd and group, line by line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "accounts.h"
#include "own.h"

#include <cmocka.h> /* last: it defines fail() as a macro */

static struct subject_group groups[] = { { 1000, "alice" }, { 50, "staff" }, { 998, "docker" },
	{ 5000, "remote" } };
static const struct subject alice = { .user = "alice",
	.uid = 1000,
	.gid = 1000,
	.gecos = "Alice A,,,",
	.home = "/home/alice",
	.shell = "/bin/bash",
	.groups = groups,
	.group_count = ARRAY_SIZE(groups),
	.service = "",
	.tty = "",
	.rhost = "" };
static char *dropped[] = { "disk", "docker" };
static const struct list drop = { dropped, ARRAY_SIZE(dropped) };
static const struct list drop_none = { NULL, 0 };

#define ALICE "alice:x:1000:1000:Alice A,,,:/home/alice:/bin/bash\n"

/* What becomes of these texts must be exactly that. */
static void makes(const struct subject *subject, const char *passwd, const char *group,
	const char *new_passwd, const char *new_group)
{
	struct accounts made;
	struct error err;

	assert_int_equal(accounts_make(subject, true, passwd, group, &drop, &made, &err), 0);
	if (new_passwd)
		assert_string_equal(made.passwd, new_passwd);
	if (new_group)
		assert_string_equal(made.group, new_group);
	accounts_free(&made);
}

static void test_passwd_is_merged(void **state)
{
	(void)state;
	makes(&alice, "root:x:0:0:root:/root:/bin/bash\nbob:x:1001:1001::/home/bob:/bin/sh\n", NULL,
		"root:x:0:0:root:/root:/bin/bash\nbob:x:1001:1001::/home/bob:/bin/sh\n" ALICE,
		NULL);
	/* where the local file has the user, its line stands where it stood, with what NSS said */
	makes(&alice,
		"al:x:7:7::/:/bin/sh\nalice:x:1000:1000:old:/old:/bin/old\nalicex:x:8:8::/:/bin/sh",
		NULL, "al:x:7:7::/:/bin/sh\n" ALICE "alicex:x:8:8::/:/bin/sh\n", NULL);
	makes(&alice, "", NULL, ALICE, NULL);
}

static void test_hashes_never_survive(void **state)
{
	struct accounts made;
	struct error err;

	(void)state;
	makes(&alice,
		"old:$6$salt$HASH:5:5:O:/o:/bin/sh\nnone::6:6:N:/n:/bin/"
		"sh\nalice:HASH:1000:1000:::\n",
		"wheel:HASH:10:root\nopen::11:\n",
		"old:x:5:5:O:/o:/bin/sh\nnone:x:6:6:N:/n:/bin/sh\n" ALICE,
		"wheel:x:10:root\nopen:x:11:\nalice:x:1000:\nstaff:x:50:alice\nremote:x:5000:"
		"alice\n");
	/* a line of the wrong shape could carry one in any of its fields: it goes */
	assert_int_equal(accounts_make(&alice, true, "broken:HASH:5:5\n", "broken:HASH\n", &drop,
				 &made, &err),
		0);
	assert_null(strstr(made.passwd, "HASH"));
	assert_null(strstr(made.group, "HASH"));
	accounts_free(&made);
}

static void test_nis_lines_are_left_out(void **state)
{
	(void)state;
	makes(&alice, "+::::::\n-bad:x:1:1:::\n+@net:x:2:2:::\n::3:3:::\nroot:x:0:0:::\n+\n",
		"+:::\n-bad:x:1:alice\n+more:x:2:alice\nroot:x:0:\n", "root:x:0:0:::\n" ALICE,
		"root:x:0:\nalice:x:1000:\nstaff:x:50:alice\nremote:x:5000:alice\n");
}

static void test_members_are_edited_exactly(void **state)
{
	(void)state;
	makes(&alice, NULL,
		"al:x:1:al,alice2,xalice,alic\n" /* names that begin or end like it stay */
		"docker:x:998:bob,alice,carol\n" /* dropped: in the middle */
		"disk:x:6:alice\n"               /* dropped: alone */
		"kvm:x:7:alice,bob\n"            /* not a group of the subject's */
		"staff:x:50:bob\n"               /* kept: added at the end */
		"alice:x:1000:alice\n"           /* primary: not a member twice */
		"remote:x:5000:alice,alice,,dave\n",
		NULL,
		"al:x:1:al,alice2,xalice,alic\n"
		"docker:x:998:bob,carol\n"
		"disk:x:6:\n"
		"kvm:x:7:bob\n"
		"staff:x:50:bob,alice\n"
		"alice:x:1000:\n"
		"remote:x:5000:dave,alice\n");
}

/* libc reads "bob, alice" as bob and alice (parse_list() in nss/nss_files/files-parse.c). */
static void test_blanks_hide_no_member(void **state)
{
	(void)state;
	makes(&alice, NULL,
		"docker:x:998:bob, alice\ndisk:x:6: \talice ,bob\nstaff:x:50: alice, bob\n", NULL,
		"docker:x:998:bob\n"
		"disk:x:6:alice ,bob\n" /* another name: with a blank at its end */
		"staff:x:50:bob,alice\n"
		"alice:x:1000:\nremote:x:5000:alice\n");
}

/* A directory's group may have the name of a local one with another number. */
static void test_same_name_is_not_the_same_group(void **state)
{
	(void)state;
	makes(&alice, NULL, "staff:x:20:bob\nremote:x:0500:\n", NULL,
		"staff:x:20:bob\nremote:x:0500:\nalice:x:1000:\nstaff:x:50:alice\nremote:x:5000:"
		"alice\n");
}

static void test_dropped_groups(void **state)
{
	struct accounts made;
	struct error err;

	(void)state;
	assert_int_equal(accounts_make(&alice, true, NULL, NULL, &drop, &made, &err), 0);
	assert_int_equal(made.kept_count, 3);
	assert_ptr_equal(made.kept[0], &groups[0]);
	assert_ptr_equal(made.kept[1], &groups[1]);
	assert_ptr_equal(made.kept[2], &groups[3]);
	assert_null(strstr(made.group, "docker"));
	accounts_free(&made);
	assert_int_equal(accounts_make(&alice, true, NULL, NULL, &drop_none, &made, &err), 0);
	assert_int_equal(made.kept_count, 4);
	assert_non_null(strstr(made.group, "\ndocker:x:998:alice\n"));
	accounts_free(&made);
	assert_null(made.passwd);
	assert_null(made.group);
	assert_null(made.kept);
}

static void test_primary_group_that_opens_the_host(void **state)
{
	static struct subject_group primary[] = { { 998, "docker" } };
	struct subject subject = alice;
	struct accounts made = { .kept_count = 77 };
	struct error err;

	(void)state;
	subject.gid = 998;
	subject.groups = primary;
	subject.group_count = 1;
	assert_int_equal(accounts_make(&subject, true, "", "", &drop, &made, &err), -1);
	assert_string_equal(err.object, "alice");
	assert_non_null(strstr(err.cause, "docker"));
	assert_non_null(strstr(err.hint, "drop_groups"));
	assert_int_equal(made.kept_count, 77); /* untouched */
	assert_int_equal(accounts_make(&subject, false, NULL, NULL, &drop, &made, &err), -1);
}

static unsigned count_of(const char *text, const char *part)
{
	unsigned count = 0;

	while ((text = strstr(text, part))) {
		count++;
		text += strlen(part);
	}
	return count;
}

static void test_no_field_forges_a_line(void **state)
{
	static struct subject_group odd[] = { { 1000, "a\nroot:x:0:alice" }, { 51, "b:c" } };
	struct subject subject = alice;
	struct accounts made;
	struct error err;

	(void)state;
	subject.gecos = "A\nroot2:x:0:0::/:/bin/sh\n";
	subject.home = "/home/a:0:/bin/evil\rx";
	subject.shell = "/bin/sh\nroot3:x:0:0:::";
	subject.groups = odd;
	subject.group_count = 2;
	assert_int_equal(accounts_make(&subject, true, "", "", &drop, &made, &err), 0);
	assert_int_equal(count_of(made.passwd, "\n"), 1);
	assert_int_equal(count_of(made.passwd, ":"), 6);
	assert_int_equal(count_of(made.passwd, "\r"), 0);
	assert_memory_equal(made.passwd,
		"alice:x:1000:1000:A_root2_x_0_0__/_/bin/sh_:/home/a_0_/bin/evil_x:",
		strlen("alice:x:1000:1000:A_root2_x_0_0__/_/bin/sh_:/home/a_0_/bin/evil_x:"));
	assert_string_equal(made.group, "a_root_x_0_alice:x:1000:\nb_c:x:51:alice\n");
	accounts_free(&made);
}

static void test_minimal(void **state)
{
	static const char passwd[] =
		"root:x:0:0:root:/root:/bin/sh\n"
		"nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n" ALICE;
	static const char group[] = "root:x:0:\ntty:x:5:\nnogroup:x:65534:\n"
				    "alice:x:1000:\nstaff:x:50:alice\nremote:x:5000:alice\n";
	struct accounts made;
	struct error err;

	(void)state;
	/* minimal means that nobody else's name gets in, whatever the host's files say */
	assert_int_equal(accounts_make(&alice, false, "bob:x:1:1:::\n", "secret:x:9:alice\n", &drop,
				 &made, &err),
		0);
	assert_string_equal(made.passwd, passwd);
	assert_string_equal(made.group, group);
	accounts_free(&made);
	/* merged without files to merge is the same */
	assert_int_equal(accounts_make(&alice, true, NULL, NULL, &drop, &made, &err), 0);
	assert_string_equal(made.passwd, passwd);
	assert_string_equal(made.group, group);
	accounts_free(&made);
}

static void test_nsswitch_asks_files_alone(void **state)
{
	(void)state;
	assert_non_null(strstr(accounts_nsswitch, "\npasswd: files\n"));
	assert_non_null(strstr(accounts_nsswitch, "\ngroup: files\n"));
	assert_non_null(strstr(accounts_nsswitch, "\nhosts: files dns\n"));
	assert_null(strstr(accounts_nsswitch, "systemd"));
	assert_int_equal(accounts_nsswitch[strlen(accounts_nsswitch) - 1], '\n');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_passwd_is_merged),
		cmocka_unit_test(test_hashes_never_survive),
		cmocka_unit_test(test_nis_lines_are_left_out),
		cmocka_unit_test(test_members_are_edited_exactly),
		cmocka_unit_test(test_blanks_hide_no_member),
		cmocka_unit_test(test_same_name_is_not_the_same_group),
		cmocka_unit_test(test_dropped_groups),
		cmocka_unit_test(test_primary_group_that_opens_the_host),
		cmocka_unit_test(test_no_field_forges_a_line),
		cmocka_unit_test(test_minimal),
		cmocka_unit_test(test_nsswitch_asks_files_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
