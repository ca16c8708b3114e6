#include "syscalls.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/syscall.h>

#include "own.h"

/*
 * filter_NAME[] of each profile and syscalls_rule_docs[], by syscalls_generate from
 * syscalls_rules.c
 */
#include "syscalls_filters.inc"

const size_t syscalls_rule_docs_count = ARRAY_SIZE(syscalls_rule_docs);

#define PROFILE(label, sentence)                                                                   \
	{                                                                                          \
		.name = #label, .doc = (sentence), .filter = filter_##label,                       \
		.length = ARRAY_SIZE(filter_##label)                                               \
	}

const struct syscalls_profile syscalls_profiles[] = {
	PROFILE(strict, "Everything of default; also setgid files and every new namespace."),
	PROFILE(default, "What a login needs: no setuid files, namespaces, mounts, tracing, odd "
			 "sockets or 32-bit programs."),
	PROFILE(dev, "As default, with debuggers: ptrace, process_vm_readv and personality without "
		     "address randomization."),
	PROFILE(hpc, "As default, with NUMA policies and process_vm_readv, for MPI jobs."),
	PROFILE(browser,
		"As default, with user namespaces and chroot for the sandboxes of browsers. "
		"WARNING: opens the kernel code that most local exploits begin with."),
	PROFILE(compat32, "As default, with 32-bit programs under the same rules."),
	{ .name = "off", .doc = "No filter." },
};
const size_t syscalls_profiles_count = ARRAY_SIZE(syscalls_profiles);

const char *const syscalls_profile_names[] = {
	"strict",
	"default",
	"dev",
	"hpc",
	"browser",
	"compat32",
	"off",
	NULL,
};
_Static_assert(ARRAY_SIZE(syscalls_profile_names) == ARRAY_SIZE(syscalls_profiles) + 1,
	"a name for each profile");

int syscalls_load(const struct syscalls_profile *profile, struct error *err)
{
	struct sock_fprog program = {
		.len = profile->length,
		/* the kernel copies it and writes nothing; the header has no const */
		.filter = (struct sock_filter *)profile->filter,
	};

	if (!profile->filter)
		return 0;
	/* no TSYNC: several threads are refused long before, and it would hide one that is left */
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0)
		return 0;
	(void)fail(err, errno, profile->name, "cannot load the seccomp profile");
	if (errno == EACCES)
		return error_hint(err, "no_new_privs is not set, and CAP_SYS_ADMIN is missing");
	if (errno == ENOSYS || errno == EINVAL)
		return error_hint(
			err, "the kernel needs CONFIG_SECCOMP_FILTER; or set seccomp = off");
	return -1;
}
