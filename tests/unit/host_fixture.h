#pragma once
/* A made-up host for tests of host. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host.h"
#include "own.h"

#include "tree_fixture.h" /* last: cmocka.h defines fail() as a macro */

struct fixture {
	struct tree *tree;
	struct policy policy;
	struct subject subject;
	struct host host;
};

static inline int setup(void **state)
{
	struct fixture *fix = calloc(1, sizeof *fix);
	struct error err;

	*state = fix;
	if (!fix || tree_setup((void **)&fix->tree) < 0 || policy_defaults(&fix->policy, &err) < 0)
		return -1;
	(void)umask(022);
	fix->subject = (struct subject){ .user = (char *)"alice",
		.uid = 1000,
		.gid = 1000,
		.gecos = (char *)"",
		.home = (char *)"/home/alice",
		.shell = (char *)"/bin/sh",
		.service = (char *)"sshd",
		.tty = (char *)"ssh",
		.rhost = (char *)"" };
	tree_put_text(fix->tree, "proc/sys/kernel/cap_last_cap", "40\n");
	tree_put_text(fix->tree, "proc/self/mountinfo", "1 1 8:1 / / rw - ext4 /dev/sda1 rw\n");
	tree_put_text(fix->tree, "proc/self/cgroup", "0::/\n");
	tree_put_text(fix->tree, "proc/meminfo", "MemTotal:       16384000 kB\nMemFree: 1 kB\n");
	tree_put_text(fix->tree, "etc/passwd", "alice:x:1000:1000::/home/alice:/bin/sh\n");
	tree_put_text(fix->tree, "etc/group", "root:x:0:\ntty:x:7:alice\n");
	tree_put_text(fix->tree, "home/alice/.keep", "");
	return 0;
}

static inline int teardown(void **state)
{
	struct fixture *fix = *state;
	void *tree = fix->tree;

	host_free(&fix->host);
	policy_free(&fix->policy);
	free(fix);
	return tree_teardown(&tree);
}

static inline void loads(struct fixture *fix)
{
	struct error err;

	host_free(&fix->host);
	if (host_load(fix->tree->fd, &fix->policy, &fix->subject, &fix->host, &err) < 0)
		fail_msg("%s: %s", err.object, err.cause);
}

static inline void refuses(struct fixture *fix, const char *object, int num)
{
	struct host host = { .last_cap = 77 };
	struct error err;

	assert_int_equal(host_load(fix->tree->fd, &fix->policy, &fix->subject, &host, &err), -1);
	assert_string_equal(err.object, object);
	assert_int_equal(err.num, num);
	assert_int_equal(host.last_cap, 77); /* untouched */
}

static inline void needs_root(void)
{
	if (geteuid() != 0) {
		print_message("skipped: a link counts only when it is root's\n");
		skip();
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
