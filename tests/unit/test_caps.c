#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/securebits.h>
#include <stdio.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "caps.h"
#include <cmocka.h> /* last: it defines fail() as a macro */
#include "child_fixture.h"

#define BIT(c) (UINT64_C(1) << (c))

static void need_root(void)
{
	if (geteuid() != 0) {
		print_message("skipped: needs root\n");
		skip();
	}
}

static int last_cap(void)
{
	int last = 0;

	while (prctl(PR_CAPBSET_READ, last + 1) >= 0)
		last++;
	return last;
}

static int read_status(char *buf, size_t size)
{
	int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, buf, size - 1);

	if (fd >= 0)
		close(fd);
	if (got < 0)
		return -1;
	buf[got] = '\0';
	return 0;
}

static uint64_t mask_of(const char *label)
{
	char status[8192];
	const char *line;
	unsigned long long mask = 0;

	if (read_status(status, sizeof status) < 0)
		return 0;
	line = strstr(status, label);
	return line && sscanf(line + strlen(label), ": %llx", &mask) == 1 ? mask : 0;
}

static void table_is_whole(void **state)
{
	char buf[16];
	unsigned original = 0;

	(void)state;
	/* each capability that this kernel has is judged here; one that is not is dropped anyway */
	assert_true((int)capabilities_count > last_cap());
	for (size_t i = 0; i < capabilities_count; i++) {
		char *name = cap_to_name((cap_value_t)i);

		assert_int_equal(capabilities[i].number, i);
		assert_non_null(capabilities[i].reason);
		assert_true(strlen(capabilities[i].reason) > 10);
		assert_string_equal(capabilities[i].name, name);
		assert_string_equal(caps_name((int)i, buf, sizeof buf), name);
		assert_int_equal(caps_number(name), i);
		assert_int_equal(caps_number(name + 4), i);
		cap_free(name);
		original += capabilities[i].original;
	}
	assert_int_equal(original, 20);
}

static void names_are_forgiving_but_exact(void **state)
{
	char buf[16];

	(void)state;
	assert_int_equal(caps_number("CAP_NET_RAW"), CAP_NET_RAW);
	assert_int_equal(caps_number("Net_Raw"), CAP_NET_RAW);
	assert_int_equal(caps_number(""), -1);
	assert_int_equal(caps_number("cap_"), -1);
	assert_int_equal(caps_number("net_ra"), -1);
	assert_int_equal(caps_number("net_raw "), -1);
	assert_int_equal(caps_number("cap_cap_chown"), -1);
	assert_int_equal(caps_number("41"), -1);
	assert_string_equal(caps_name(41, buf, sizeof buf), "cap_41");
	assert_string_equal(caps_name(-1, buf, sizeof buf), "cap_-1");
}

static void host_keeps_what_a_login_needs(void **state)
{
	static const int kept[] = { CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER,
		CAP_FSETID, CAP_KILL, CAP_SETGID, CAP_SETUID, CAP_AUDIT_WRITE, CAP_SYS_TTY_CONFIG,
		CAP_SYS_NICE };
	uint64_t mask = 0;

	(void)state;
	for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
		mask |= BIT(kept[i]);
	assert_int_equal(caps_host_mask(), mask);
	/* with it, pam_limits later in the stack would raise what was sealed */
	assert_false(caps_host_mask() & BIT(CAP_SYS_RESOURCE));
}

static int drop_all_body(void)
{
	const struct caps_plan plan = { .last_cap = last_cap(), .securebits = 0xef };
	char status[8192];
	struct error err = { 0 };
	int fd;

	CHECK(caps_apply(&plan, &err) == 0);
	CHECK(read_status(status, sizeof status) == 0);
	CHECK(caps_compare(&plan, status, &err) == 0);
	CHECK(mask_of("CapBnd") == 0 && mask_of("CapEff") == 0 && mask_of("CapPrm") == 0);
	for (int c = 0; c <= last_cap(); c++)
		CHECK(prctl(PR_CAPBSET_READ, c) == 0);
	CHECK(prctl(PR_GET_SECUREBITS) == 0xef);
	CHECK(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_CHOWN, 0, 0) == -1);
	/* root by number only: what needs a capability fails */
	fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	CHECK(fd >= 0 && chroot("/") == -1 && errno == EPERM);
	/* again: nothing is left to do, and nothing needs CAP_SETPCAP for it */
	CHECK(caps_apply(&plan, &err) == 0);
	return 0;
}

static void a_session_keeps_nothing(void **state)
{
	(void)state;
	need_root();
	assert_int_equal(in_child(drop_all_body), 0);
}

static int host_body(void)
{
	const struct caps_plan plan = {
		.last_cap = last_cap(),
		.permitted = caps_host_mask(),
		.securebits = 0xe3,
	};
	uint64_t before = mask_of("CapPrm");
	char status[8192];
	struct error err = { 0 };
	struct stat st;

	CHECK(caps_apply(&plan, &err) == 0);
	CHECK(read_status(status, sizeof status) == 0 && caps_compare(&plan, status, &err) == 0);
	CHECK(mask_of("CapPrm") == (before & caps_host_mask()));
	CHECK(mask_of("CapEff") == mask_of("CapPrm") && mask_of("CapBnd") == 0);
	CHECK(mask_of("CapInh") == 0 && mask_of("CapAmb") == 0);
	/* what sshd does next */
	CHECK(stat("/proc/self", &st) == 0);
	CHECK(setgid(65534) == 0 && setresuid(65534, 65534, 65534) == 0);
	/* and with the set-up of 0xe3 (not 0xef) nothing is left afterwards */
	CHECK(mask_of("CapEff") == 0 && mask_of("CapPrm") == 0);
	CHECK(setuid(0) == -1 && errno == EPERM);
	return 0;
}

static void a_pam_host_can_become_the_user(void **state)
{
	(void)state;
	need_root();
	assert_int_equal(in_child(host_body), 0);
}

static int ambient_body(void)
{
	const struct caps_plan plan = { .last_cap = last_cap(),
		.bounding = BIT(CAP_CHOWN) | BIT(CAP_KILL),
		.permitted = BIT(CAP_CHOWN) | BIT(CAP_KILL),
		.inheritable = BIT(CAP_KILL),
		.ambient = BIT(CAP_KILL) };
	const cap_value_t raised[] = { CAP_CHOWN, CAP_KILL, CAP_SETUID };
	cap_t caps = cap_get_proc();
	char status[8192];
	struct error err = { 0 };

	CHECK(caps && cap_set_flag(caps, CAP_INHERITABLE, 3, raised, CAP_SET) == 0);
	CHECK(cap_set_proc(caps) == 0);
	cap_free(caps);
	for (int i = 0; i < 3; i++)
		CHECK(cap_set_ambient(raised[i], CAP_SET) == 0);
	CHECK(caps_apply(&plan, &err) == 0);
	CHECK(mask_of("CapAmb") == BIT(CAP_KILL) && mask_of("CapInh") == BIT(CAP_KILL));
	CHECK(mask_of("CapBnd") == plan.bounding && mask_of("CapEff") == plan.permitted);
	CHECK(prctl(PR_GET_SECUREBITS) == 0);
	CHECK(read_status(status, sizeof status) == 0);
	return caps_compare(&plan, status, &err) == 0 ? 0 : __LINE__ % 256;
}

static void what_the_plan_keeps_stays(void **state)
{
	(void)state;
	need_root();
	assert_int_equal(in_child(ambient_body), 0);
}

static int missing_body(void)
{
	struct caps_plan plan = { .last_cap = last_cap(),
		.bounding = ~UINT64_C(0),
		.permitted = BIT(CAP_CHOWN),
		.inheritable = ~UINT64_C(0),
		.ambient = ~UINT64_C(0) };
	struct error err = { 0 };

	CHECK(caps_apply(&plan, &err) == 0);
	CHECK(mask_of("CapPrm") == BIT(CAP_CHOWN));
	/* asking for more than there is gives nothing, and is no error */
	plan.permitted = ~UINT64_C(0);
	CHECK(caps_apply(&plan, &err) == 0);
	CHECK(mask_of("CapPrm") == BIT(CAP_CHOWN) && mask_of("CapEff") == BIT(CAP_CHOWN));
	CHECK(mask_of("CapInh") == 0 && mask_of("CapAmb") == 0);
	/* the bounding set cannot be lowered any more, which is an error */
	plan.bounding = 0;
	CHECK(caps_apply(&plan, &err) == -1 && err.num == EPERM);
	CHECK(strncmp(err.object, "cap_", 4) == 0 && strstr(err.hint, "CAP_SETPCAP"));
	plan.bounding = ~UINT64_C(0);
	plan.securebits = SECBIT_NOROOT;
	CHECK(caps_apply(&plan, &err) == -1 && err.num == EPERM);
	CHECK(strcmp(err.object, "securebits") == 0);
	return 0;
}

static void what_is_missing_is_not_missed(void **state)
{
	(void)state;
	need_root();
	assert_int_equal(in_child(missing_body), 0);
}

static int unprivileged_body(void)
{
	const struct caps_plan nothing = { .last_cap = last_cap(), .bounding = ~UINT64_C(0) };
	struct error err = { 0 };

	if (geteuid() == 0)
		CHECK(setresuid(65534, 65534, 65534) == 0);
	return caps_apply(&nothing, &err) == 0 && mask_of("CapPrm") == 0 ? 0 : __LINE__ % 256;
}

static void an_ordinary_user_may_apply_nothing(void **state)
{
	(void)state;
	assert_int_equal(in_child(unprivileged_body), 0);
}

static int future_body(void)
{
	const struct caps_plan plan = { .last_cap = 63, .bounding = ~UINT64_C(0) };
	struct error err = { 0 };

	CHECK(caps_apply(&plan, &err) == -1 && strncmp(err.object, "cap_", 4) == 0);
	return err.num == EINVAL ? 0 : __LINE__ % 256;
}

static void a_kernel_with_fewer_than_planned_is_an_error(void **state)
{
	(void)state;
	assert_int_equal(in_child(future_body), 0);
}

/* what a /proc/PID/status says between its other lines */
#define STATUS(inh, prm, eff, bnd, amb)                                                            \
	"Name:\tx\nCapInhX:\t1\nCapInh:\t" inh "\nCapPrm:\t" prm "\nCapEff:\t" eff                 \
	"\nCapBnd:\t" bnd "\nCapAmb:\t" amb "\nNoNewPrivs:\t1\n"
#define NONE "0000000000000000"
#define CHOWN "0000000000000001"
#define NEWER "0000020000000000" /* bit 41 */

static void compare_finds_each_difference(void **state)
{
	const struct caps_plan none = { .last_cap = 40 };
	const struct caps_plan chown = { .last_cap = 40, .permitted = 1, .bounding = 1 };
	const struct {
		const struct caps_plan *plan;
		const char *status, *set; /* NULL: no difference */
	} cases[] = {
		{ &none, STATUS(NONE, NONE, NONE, NONE, NONE), NULL },
		{ &none, STATUS(CHOWN, NONE, NONE, NONE, NONE), "CapInh" },
		{ &none, STATUS(NONE, CHOWN, CHOWN, NONE, NONE), "CapPrm" },
		{ &none, STATUS(NONE, NONE, CHOWN, NONE, NONE), "CapEff" },
		{ &none, STATUS(NONE, NONE, NONE, CHOWN, NONE), "CapBnd" },
		{ &none, STATUS(NONE, NONE, NONE, NONE, CHOWN), "CapAmb" },
		{ &none, STATUS(NONE, NONE, NONE, NEWER, NONE), "CapBnd" },
		{ &chown, STATUS(NONE, CHOWN, CHOWN, CHOWN, NONE), NULL },
		{ &chown, STATUS(NONE, NONE, NONE, NONE, NONE), NULL },
		{ &chown, STATUS(NONE, CHOWN, NONE, CHOWN, NONE), "CapEff" },
		{ &chown, STATUS(NONE, CHOWN, CHOWN, NEWER, NONE), "CapBnd" },
		{ &none, "", "CapInh" },
		{ &none, "CapInh:\t" NONE "\nCapPrm:\t" NONE "\n", "CapEff" },
		{ &none, STATUS("xyz", NONE, NONE, NONE, NONE), "CapInh" },
		{ &none, STATUS(NONE, NONE, NONE, "-1", NONE), "CapBnd" },
		{ &none, STATUS(NONE, NONE, NONE, "", NONE), "CapBnd" },
		{ &none, STATUS(NONE, NONE, NONE, NONE, "10000000000000000"), "CapAmb" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct error err = { 0 };

		assert_int_equal(
			caps_compare(cases[i].plan, cases[i].status, &err), cases[i].set ? -1 : 0);
		assert_string_equal(err.object, cases[i].set ? cases[i].set : "");
	}
}

static void compare_tells_both_masks(void **state)
{
	const struct caps_plan none = { .last_cap = 40 };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(caps_compare(&none, STATUS(NONE, NONE, NONE, NEWER, NONE), &err), -1);
	assert_non_null(strstr(err.cause, NONE));
	assert_non_null(strstr(err.cause, NEWER));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_is_whole),
		cmocka_unit_test(names_are_forgiving_but_exact),
		cmocka_unit_test(host_keeps_what_a_login_needs),
		cmocka_unit_test(a_session_keeps_nothing),
		cmocka_unit_test(a_pam_host_can_become_the_user),
		cmocka_unit_test(what_the_plan_keeps_stays),
		cmocka_unit_test(what_is_missing_is_not_missed),
		cmocka_unit_test(an_ordinary_user_may_apply_nothing),
		cmocka_unit_test(a_kernel_with_fewer_than_planned_is_an_error),
		cmocka_unit_test(compare_finds_each_difference),
		cmocka_unit_test(compare_tells_both_masks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
