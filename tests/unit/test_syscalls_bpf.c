/*
 * The filters' instructions, run by an interpreter: each number of both tables of calls, which
 * on the kernel would need calls that a test cannot make. Also the documentation made from the
 * same rules.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include "own.h"
#include "syscalls.h"
#include "syscalls_rules.h"
#include <cmocka.h> /* last: it defines fail() as a macro */

static bool taken(const struct sock_filter *in, uint32_t a)
{
	switch (BPF_OP(in->code)) {
	case BPF_JA:
		return true;
	case BPF_JEQ:
		return a == in->k;
	case BPF_JGT:
		return a > in->k;
	case BPF_JGE:
		return a >= in->k;
	case BPF_JSET:
		return a & in->k;
	}
	fail_msg("an unknown jump, 0x%x", in->code);
	return false;
}

/* The filter's answer: an errno, or 0 for a call that it lets through. */
static int verdict(const struct syscalls_profile *profile, const struct seccomp_data *data)
{
	uint32_t a = 0;

	for (size_t pc = 0; pc < profile->length; pc++) {
		const struct sock_filter *in = &profile->filter[pc];

		switch (in->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			assert_true(in->k + 4 <= sizeof *data && in->k % 4 == 0);
			memcpy(&a, (const char *)data + in->k, 4);
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= in->k;
			break;
		case BPF_JMP | BPF_JA:
			pc += in->k;
			break;
		case BPF_RET | BPF_K:
			if (in->k == SECCOMP_RET_ALLOW)
				return 0;
			assert_int_equal(in->k & SECCOMP_RET_ACTION_FULL, SECCOMP_RET_ERRNO);
			return (int)(in->k & SECCOMP_RET_DATA);
		default:
			assert_int_equal(BPF_CLASS(in->code), BPF_JMP);
			pc += taken(in, a) ? in->jt : in->jf;
		}
	}
	fail_msg("%s: ran off the end", profile->name);
	return -1;
}

static int answer(const struct syscalls_profile *profile, uint32_t arch, int number, uint64_t arg0,
	uint64_t arg1, uint64_t arg2)
{
	const struct seccomp_data data = {
		.nr = number, .arch = arch, .args = { arg0, arg1, arg2 }
	};

	return verdict(profile, &data);
}

static const struct syscalls_profile *profile_named(const char *name)
{
	for (size_t i = 0; i < syscalls_profiles_count; i++) {
		if (strcmp(syscalls_profiles[i].name, name) == 0)
			return &syscalls_profiles[i];
	}
	fail_msg("no profile %s", name);
	return NULL;
}

static void profiles_are_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < syscalls_profiles_count; i++) {
		const struct syscalls_profile *profile = &syscalls_profiles[i];
		bool off = strcmp(profile->name, "off") == 0;

		assert_string_equal(profile->name, syscalls_profile_names[i]);
		assert_true(strlen(profile->doc) > 5);
		assert_int_equal(off, profile->filter == NULL);
		assert_int_equal(off, profile->length == 0);
		assert_true(profile->length <= BPF_MAXINSNS);
		/* the order that the rules' bits have */
		if (!off)
			assert_string_equal(profile->name, syscalls_rule_profiles[i]);
	}
	assert_null(syscalls_profile_names[SYSCALLS_RULE_PROFILES + 1]);
	assert_int_equal(syscalls_profiles_count, SYSCALLS_RULE_PROFILES + 1);
}

static void every_other_architecture_is_unknown(void **state)
{
	static const uint32_t others[] = { AUDIT_ARCH_ARM, AUDIT_ARCH_S390X, AUDIT_ARCH_RISCV64,
		AUDIT_ARCH_MIPS, 0, 0xffffffff };

	(void)state;
	for (size_t i = 0; i < SYSCALLS_RULE_PROFILES; i++) {
		for (size_t a = 0; a < ARRAY_SIZE(others); a++) {
			for (int number = 0; number < 600; number++)
				assert_int_equal(
					answer(&syscalls_profiles[i], others[a], number, 0, 0, 0),
					ENOSYS);
		}
	}
}

#if defined(__x86_64__)
#define X86_64 AUDIT_ARCH_X86_64
#define I386 AUDIT_ARCH_I386

/* [number] = errno with arguments that no condition matches; the others get through */
static const int unconditional[600] = {
	[SYS_openat2] = ENOSYS,
	[SYS_io_uring_setup] = ENOSYS,
	[SYS_io_uring_enter] = ENOSYS,
	[SYS_io_uring_register] = EPERM, [SYS_io_setup] = ENOSYS,
	[SYS_clone3] = ENOSYS,
	[SYS_setns] = EPERM,
	[SYS_keyctl] = EPERM,
	[SYS_add_key] = EPERM,
	[SYS_request_key] = EPERM,
	[SYS_ptrace] = EPERM,
	[SYS_process_vm_readv] = EPERM,
	[SYS_process_vm_writev] = EPERM,
	[SYS_pidfd_getfd] = EPERM,
	[SYS_kcmp] = EPERM,
	[SYS_migrate_pages] = EPERM,
	[SYS_move_pages] = EPERM,
	[SYS_mbind] = EPERM,
	[SYS_set_mempolicy] = EPERM,
	[SYS_userfaultfd] = EPERM,
	[SYS_perf_event_open] = EPERM,
	[SYS_bpf] = EPERM,
	[SYS_mount] = EPERM,
	[SYS_umount2] = EPERM,
	[SYS_pivot_root] = EPERM,
	[SYS_open_tree] = ENOSYS,
	[SYS_move_mount] = ENOSYS,
	[SYS_fsopen] = ENOSYS,
	[SYS_fsconfig] = ENOSYS,
	[SYS_fsmount] = ENOSYS,
	[SYS_fspick] = ENOSYS,
	[SYS_chroot] = EPERM,
	[SYS_open_by_handle_at] = EPERM,
	[SYS_name_to_handle_at] = EOPNOTSUPP,
	[SYS_quotactl] = EPERM,
	[SYS_fanotify_init] = EPERM,
	[SYS_fanotify_mark] = EPERM,
	[SYS_kexec_load] = EPERM,
	[SYS_kexec_file_load] = EPERM,
	[SYS_reboot] = EPERM,
	[SYS_init_module] = EPERM,
	[SYS_finit_module] = EPERM,
	[SYS_delete_module] = EPERM,
	[SYS_iopl] = EPERM,
	[SYS_ioperm] = EPERM,
	[SYS_modify_ldt] = ENOSYS,
	[SYS_swapon] = EPERM,
	[SYS_swapoff] = EPERM,
	[SYS_acct] = EPERM,
	[SYS_syslog] = EPERM,
	[SYS_vhangup] = EPERM,
	[SYS_settimeofday] = EPERM,
	[SYS_clock_settime] = EPERM,
	[SYS_sethostname] = EPERM,
	[SYS_setdomainname] = EPERM,
	[SYS_nfsservctl] = ENOSYS,
	[SYS_uselib] = ENOSYS,
	[SYS__sysctl] = ENOSYS,
	[SYS_sysfs] = ENOSYS,
	[SYS_ustat] = ENOSYS,
	[SYS_create_module] = ENOSYS,
	[SYS_get_kernel_syms] = ENOSYS,
	[SYS_query_module] = ENOSYS,
	[212 /* lookup_dcookie */] = ENOSYS,
	[440 /* process_madvise */] = EPERM,
	[442 /* mount_setattr */] = ENOSYS,
	[443 /* quotactl_fd */] = EPERM,
	[447 /* memfd_secret */] = ENOSYS,
	[450 /* set_mempolicy_home_node */] = EPERM,
	[452 /* fchmodat2 */] = ENOSYS,
	[457 /* statmount */] = EPERM,
	[458 /* listmount */] = EPERM,
	[460 /* lsm_set_self_attr */] = EPERM,
	[467 /* open_tree_attr */] = ENOSYS,
	[469 /* file_setattr */] = EPERM,
	[470 ... 599] = ENOSYS,
};

/* what the wider profiles leave open, and nothing beside it */
static bool left_open(unsigned profile, int number)
{
	switch (number) {
	case SYS_ptrace:
		return profile == IN_DEV;
	case SYS_process_vm_readv:
	case SYS_process_vm_writev:
		return profile == IN_DEV || profile == IN_HPC;
	case SYS_mbind:
	case SYS_set_mempolicy:
	case 450: /* set_mempolicy_home_node */
		return profile == IN_HPC;
	case SYS_chroot:
		return profile == IN_BROWSER;
	default:
		return false;
	}
}

static void nothing_else_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < SYSCALLS_RULE_PROFILES; i++) {
		for (int number = 0; number < 600; number++) {
			uint64_t family = number == SYS_socket || number == SYS_socketpair;
			int got = answer(&syscalls_profiles[i], X86_64, number, family, 0, 0);
			int want = left_open(1u << i, number) ? 0 : unconditional[number];

			if (got != want)
				fail_msg("%s: call %d is %d", syscalls_profiles[i].name, number,
					got);
		}
	}
}

static void namespace_flags_bit_by_bit(void **state)
{
	(void)state;
	for (size_t i = 0; i < SYSCALLS_RULE_PROFILES; i++) {
		const struct syscalls_profile *profile = &syscalls_profiles[i];
		uint32_t refused = 1u << i == IN_STRICT    ? 0x7e020000
				   : 1u << i == IN_BROWSER ? 0
							   : 0x10000000 /* CLONE_NEWUSER */;
		uint32_t more = 1u << i == IN_STRICT ? 0x80 /* CLONE_NEWTIME */ : 0;

		for (unsigned bit = 0; bit < 32; bit++) {
			uint32_t flag = UINT32_C(1) << bit;

			assert_int_equal(answer(profile, X86_64, SYS_clone, flag, 0, 0),
				flag & refused ? EPERM : 0);
			assert_int_equal(answer(profile, X86_64, SYS_unshare, flag, 0, 0),
				flag & (refused | more) ? EPERM : 0);
		}
	}
}

static void x32_and_negative_numbers_are_unknown(void **state)
{
	(void)state;
	for (size_t i = 0; i < SYSCALLS_RULE_PROFILES; i++) {
		for (int number = 0; number < 600; number++) {
			assert_int_equal(
				answer(&syscalls_profiles[i], X86_64, 0x40000000 | number, 0, 0, 0),
				ENOSYS);
			assert_int_equal(
				answer(&syscalls_profiles[i], X86_64, -1 - number, 0, 0, 0),
				ENOSYS);
			assert_int_equal(
				answer(&syscalls_profiles[i], I386, 0x40000000 | number, 0, 0, 0),
				ENOSYS);
			if (1u << i != IN_COMPAT32)
				assert_int_equal(
					answer(&syscalls_profiles[i], I386, number, 0, 0, 0),
					ENOSYS);
		}
	}
}

/* --- all families, all protocols, all personalities -------------------------------------- */

static void socket_families_by_32_bits(void **state)
{
	static const uint64_t high[] = { 0, UINT64_C(1) << 32, UINT64_C(0xffffffff) << 32 };

	(void)state;
	for (size_t i = 0; i < SYSCALLS_RULE_PROFILES; i++) {
		const struct syscalls_profile *profile = &syscalls_profiles[i];

		for (uint32_t family = 0; family < 4096; family++) {
			bool good = family == 1 || family == 2 || family == 10 || family == 16;

			for (size_t h = 0; h < ARRAY_SIZE(high); h++)
				assert_int_equal(
					answer(profile, X86_64, SYS_socket, high[h] | family, 1, 0),
					good ? 0 : EAFNOSUPPORT);
		}
		for (unsigned bit = 2; bit < 32; bit++)
			assert_int_equal(answer(profile, X86_64, SYS_socketpair,
						 1 | UINT32_C(1) << bit, 1, 0),
				EAFNOSUPPORT);
		for (uint32_t protocol = 0; protocol < 1024; protocol++) {
			bool good = protocol == 0 || protocol == 9;

			assert_int_equal(answer(profile, X86_64, SYS_socket, 16, 3, protocol),
				good ? 0 : EAFNOSUPPORT);
			/* other families have their own protocols, TCP and UDP among them */
			assert_int_equal(answer(profile, X86_64, SYS_socket, 2, 1, protocol), 0);
		}
	}
}

static void personalities_are_few(void **state)
{
	static const uint32_t good[] = { 0, 8, 0x20000, 0x20008, 0xffffffff };
	const struct syscalls_profile *profile = profile_named("default");

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(answer(profile, X86_64, SYS_personality, good[i], 0, 0), 0);
		for (unsigned bit = 0; bit < 32; bit++) {
			uint32_t other = good[i] ^ UINT32_C(1) << bit;
			bool known =
				other == 0 || other == 8 || other == 0x20000 || other == 0x20008;

			assert_int_equal(answer(profile, X86_64, SYS_personality, other, 0, 0),
				known ? 0 : EPERM);
		}
	}
}

/* --- compat32: the same rules by the other table's numbers ------------------------------- */

static void compat32_refuses_the_same(void **state)
{
	static const struct {
		int number, expected;
		uint32_t args[3];
	} calls[] = {
		{ 1, 0, { 0 } } /* exit */,
		{ 4, 0, { 0 } } /* write */,
		{ 20, 0, { 0 } } /* getpid */,
		{ 192, 0, { 0 } } /* mmap2 */,
		{ 243, 0, { 0 } } /* set_thread_area */,
		{ 15, 0, { 0, 0755 } } /* chmod */,
		{ 15, EPERM, { 0, 04755 } },
		{ 94, EPERM, { 0, 04755 } } /* fchmod */,
		{ 8, EPERM, { 0, 04755 } } /* creat */,
		{ 14, EPERM, { 0, 04755 } } /* mknod */,
		{ 5, EPERM, { 0, 0101, 04755 } } /* open */,
		{ 5, 0, { 0, 0, 04755 } },
		{ 120, EPERM, { 0x10000011 } } /* clone */,
		{ 120, 0, { 0x11 } },
		{ 310, EPERM, { 0x10000000 } } /* unshare */,
		{ 54, EPERM, { 0, 0x5412 } } /* ioctl TIOCSTI */,
		{ 54, 0, { 0, 0x5413 } } /* ioctl TIOCGWINSZ */,
		{ 21, EPERM, { 0 } } /* mount */,
		{ 22, EPERM, { 0 } } /* umount */,
		{ 52, EPERM, { 0 } } /* umount2 */,
		{ 25, EPERM, { 0 } } /* stime */,
		{ 26, EPERM, { 0 } } /* ptrace */,
		{ 88, EPERM, { 0 } } /* reboot */,
		{ 113, ENOSYS, { 0 } } /* vm86old */,
		{ 123, ENOSYS, { 0 } } /* modify_ldt */,
		{ 134, ENOSYS, { 0 } } /* bdflush */,
		{ 136, EPERM, { 0x400000 } } /* personality */,
		{ 166, ENOSYS, { 0 } } /* vm86 */,
		{ 288, EPERM, { 0 } } /* keyctl */,
		{ 359, 0, { 2, 1 } } /* socket */,
		{ 359, EAFNOSUPPORT, { 38, 5 } },
		{ 359, EAFNOSUPPORT, { 16, 3, 12 } },
		{ 360, EAFNOSUPPORT, { 38, 5 } } /* socketpair */,
		{ 404, EPERM, { 0 } } /* clock_settime64 */,
		{ 425, ENOSYS, { 0 } } /* io_uring_setup */,
		{ 435, ENOSYS, { 0 } } /* clone3 */,
		{ 437, ENOSYS, { 0 } } /* openat2 */,
		{ 452, ENOSYS, { 0 } } /* fchmodat2 */,
		{ 467, ENOSYS, { 0 } } /* open_tree_attr */,
		{ 469, EPERM, { 0 } } /* file_setattr */,
		{ 470, ENOSYS, { 0 } },
	};
	const struct syscalls_profile *profile = profile_named("compat32");

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		int got = answer(profile, I386, calls[i].number, calls[i].args[0], calls[i].args[1],
			calls[i].args[2]);

		if (got != calls[i].expected)
			fail_msg("32-bit call %d is %d", calls[i].number, got);
	}
	for (uint32_t call = 0; call < 32; call++)
		assert_int_equal(answer(profile, I386, 102 /* socketcall */, call, 0, 0), ENOSYS);
}
#endif

/* --- documentation ----------------------------------------------------------------------- */

static void docs_follow_the_rules(void **state)
{
	(void)state;
	assert_int_equal(syscalls_rule_docs_count, syscalls_rules_count);
	for (size_t i = 0; i < syscalls_rule_docs_count; i++) {
		const struct syscalls_rule_doc *doc = &syscalls_rule_docs[i];

		assert_true(*doc->what && *doc->reason && *doc->profiles);
		assert_null(strpbrk(doc->what, "="));
		if (syscalls_rules[i].action)
			assert_string_equal(doc->action, strerrorname_np(syscalls_rules[i].action));
		else
			assert_string_equal(doc->action, "allowed");
		assert_string_equal(doc->reason, syscalls_rules[i].reason);
		assert_string_equal(doc->breaks, syscalls_rules[i].breaks);
		for (unsigned p = 0; p < SYSCALLS_RULE_PROFILES; p++)
			assert_int_equal(strstr(doc->profiles, syscalls_rule_profiles[p]) != NULL,
				syscalls_rules[i].profiles >> p & 1);
	}
	assert_string_equal(syscalls_rule_docs[0].what,
		"chmod, fchmod, creat, mknod, mkdir: mode with S_ISUID");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(profiles_are_whole),
		cmocka_unit_test(every_other_architecture_is_unknown),
#if defined(__x86_64__)
		cmocka_unit_test(nothing_else_is_refused),
		cmocka_unit_test(namespace_flags_bit_by_bit),
		cmocka_unit_test(x32_and_negative_numbers_are_unknown),
		cmocka_unit_test(socket_families_by_32_bits),
		cmocka_unit_test(personalities_are_few),
		cmocka_unit_test(compat32_refuses_the_same),
#endif
		cmocka_unit_test(docs_follow_the_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
