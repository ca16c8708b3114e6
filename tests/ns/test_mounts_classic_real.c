/*
 * A whole session where the kernel has no mount_setattr(2) (before Linux 5.12), forced by a filter: every mount of the
 * host's below the root becomes read-only and nosuid all the same. Needs root.
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "session_fixture.h"

enum { MOUNT_SETATTR = 442 };

static int refuse_mount_setattr(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, MOUNT_SETATTR, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { ARRAY_SIZE(filter), filter };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static bool writes_to(const char *directory)
{
	char path[64];
	int fd;

	(void)snprintf(path, sizeof path, "%s/new", directory);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static void run_classic(struct leader *leader)
{
	struct session session;
	struct plan plan;
	char line[1024];

	/* mounts of the host's, one below another, in a namespace of the test's own */
	CHECK(unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
	CHECK(mount("tmpfs", "/mnt", "tmpfs", 0, NULL) == 0 && mkdir("/mnt/a b", 0777) == 0);
	CHECK(mount("tmpfs", "/mnt/a b", "tmpfs", 0, NULL) == 0 && mkdir("/mnt/a b/c", 0777) == 0);
	CHECK(mount("tmpfs", "/mnt/a b/c", "tmpfs", 0, NULL) == 0 && writes_to("/mnt/a b/c"));
	CHECK(writes_to("/mnt") && writes_to("/mnt/a b"));
	CHECK(refuse_mount_setattr() == 0);
	CHECK(syscall(MOUNT_SETATTR, -1, "", 0, NULL, 0) < 0 && errno == ENOSYS);
	if (leader_open(leader, &session, &plan) < 0) {
		error_format(&leader->err, line, sizeof line);
		print_message("%s\n", line);
		_exit(2);
	}
	CHECK(unlink("/mnt/new") < 0 && errno == EROFS);
	CHECK(unlink("/mnt/a b/new") < 0 && errno == EROFS);
	CHECK(unlink("/mnt/a b/c/new") < 0 && errno == EROFS);
	CHECK(!writes_to("/etc") && errno == EROFS);
	CHECK(!writes_to("/usr") && errno == EROFS);
	CHECK(writes_to("/tmp"));
	session_close(&session, 3000);
	_exit(0);
}

static void test_classic(void **state)
{
	struct leader *leader = leader_new();

	(void)state;
	needs_root();
	if (leader_fork(leader) == 0)
		run_classic(leader);
	assert_int_equal(reap_leader(leader, 30000), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_classic) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
