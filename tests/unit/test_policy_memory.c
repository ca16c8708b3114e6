/* Without memory: -1 and ENOMEM wherever it runs out, nothing half-made, nothing kept. */
#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "policy_fixture.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif

static const struct subject ada = {
	.user = (char[]){ "ada" }, .uid = 5000, .service = (char[]){ "sshd" }
};

/* So many allocations, and so many bytes at a time, are granted until end(), which tells what was
 * kept. */
static void begin(long allocations, size_t bytes);
static long end(void);

#ifdef __SANITIZE_ADDRESS__
/* A sanitizer's allocator cannot be taken over: the tests run once then, for what it sees itself.
 */
enum { OURS = 0 };

static void begin(long allocations, size_t bytes)
{
	(void)allocations;
	(void)bytes;
}
static long end(void)
{
	return 0;
}
#else
enum { OURS = 1 };

/* glibc's own, under the names by which a replacement may call them */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *pointer, size_t size);
extern void __libc_free(void *pointer);

/* strdup() and stdio, in libc, have to find these */
#define EXPORTED __attribute__((visibility("default")))

static bool counting;
static long left, kept;
static size_t most, used;

static bool is_refused(size_t size)
{
	if (!counting || (left-- > 0 && used + size <= most))
		return false;
	errno = ENOMEM;
	return true;
}

static void *taken(void *pointer)
{
	if (counting && pointer) {
		kept++;
		used += malloc_usable_size(pointer);
	}
	return pointer;
}

static void given(void *pointer)
{
	if (counting && pointer) {
		kept--;
		used -= malloc_usable_size(pointer);
	}
}

EXPORTED void *malloc(size_t size)
{
	return is_refused(size) ? NULL : taken(__libc_malloc(size));
}

EXPORTED void *calloc(size_t count, size_t size)
{
	return is_refused(count * size) ? NULL : taken(__libc_calloc(count, size));
}

EXPORTED void *realloc(void *pointer, size_t size)
{
	if (is_refused(size))
		return NULL;
	given(pointer);
	return taken(__libc_realloc(pointer, size));
}

EXPORTED void free(void *pointer)
{
	given(pointer);
	__libc_free(pointer);
}

static void begin(long allocations, size_t bytes)
{
	left = allocations;
	most = bytes;
	kept = 0;
	used = 0;
	counting = true;
}

static long end(void)
{
	counting = false;
	return kept;
}
#endif

static const char good[] = "[contained]\nexempt_users = a b c d\n"
			   "[default]\nroot = /srv/a\nhomes = /a /b\nkeep_caps = cap_chown\n"
			   "[p]\nmatch_users = ada\nroot = /srv/b\n";
static const char bad[] = "[contained]\nexempt_users = a @b\nslots = x\n"
			  "[default]\nroot = /srv/../a\nhomes = /a /b/\nkeep_caps = chown no\n";

static void defaults(void **state)
{
	struct policy policy = { .min_uid = 42 };
	struct error err;
	long allowed = 0;

	(void)state;
	for (;; allowed++) {
		int result;

		begin(allowed, SIZE_MAX);
		result = policy_defaults(&policy, &err);
		if (result == 0)
			break;
		assert_int_equal(end(), 0);
		assert_int_equal(err.num, ENOMEM);
		assert_int_equal(policy.min_uid, 42);
	}
	policy_free(&policy);
	assert_int_equal(end(), 0);
	assert_in_range(allowed, 20 * OURS, 200);
}

static void selection(void **state)
{
	struct policy_file *file = fixture_file(good);
	struct policy policy = { .min_uid = 42 };
	struct error err;
	long allowed = 0;

	(void)state;
	for (;; allowed++) {
		int result;

		begin(allowed, SIZE_MAX);
		result = policy_select(file, &ada, NULL, &policy, &err);
		if (result == 0)
			break;
		assert_int_equal(end(), 0);
		assert_int_equal(err.num, ENOMEM);
		assert_int_equal(policy.min_uid, 42);
	}
	policy_free(&policy);
	assert_int_equal(end(), 0);
	assert_in_range(allowed, 40 * OURS, 300);
	policy_file_free(file);
}

/* By bytes: iniparser may fail one small allocation after a large one was granted only by crashing.
 */
static void good_file(void **state)
{
	own_fd int fd = fixture_fd(good, strlen(good));
	struct policy_file *file = NULL;
	struct error err;
	size_t bytes = 0;

	(void)state;
	for (;; bytes += 24) {
		int result;

		begin(INT32_MAX, bytes);
		result = policy_parse(fd, "t.conf", NULL, NULL, &file, &err);
		if (result == 0)
			break;
		assert_int_equal(end(), 0);
		assert_null(file);
		if (err.num != ENOMEM)
			fail_msg("%zu bytes: %s: %s", bytes, err.object, err.cause);
	}
	policy_file_free(file);
	assert_int_equal(end(), 0);
	assert_in_range(bytes, (64 << 10) * OURS, 1 << 20);
}

/* The exit status of a process in which that many allocations were granted; -1: it crashed. */
static int parse_apart(int fd, long allowed)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (!pid) {
		const struct rlimit no_core = { 0, 0 };
		struct policy_file *file = NULL;
		struct error err = { .num = 0 };
		int result;

		(void)setrlimit(RLIMIT_CORE, &no_core);
		(void)signal(SIGSEGV, SIG_DFL);
		begin(allowed, SIZE_MAX);
		result = policy_parse(fd, "t.conf", NULL, NULL, &file, &err);
		if (result == 0)
			policy_file_free(file);
		if (end() != 0)
			_exit(2);
		_exit(result == 0 ? 0 : err.num == ENOMEM ? 1 : 3);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* By number: a dictionary with a gap is found, wherever the gap is. */
static void good_file_with_gaps(void **state)
{
	own_fd int fd = fixture_fd(good, strlen(good));
	int result = 1, crashes = 0;
	long allowed = 0;

	(void)state;
	for (; result; allowed++) {
		result = parse_apart(fd, allowed);
		if (result > 1)
			fail_msg("allocation %ld: %s", allowed,
				result == 2 ? "memory was kept" : "not ENOMEM");
		crashes += result < 0;
	}
	assert_in_range(allowed, 60 * OURS, 600);
	/* the three callocs of dictionary_new(), which the bytes above keep from failing */
	assert_in_range(crashes, 0, 3);
}

static void bad_file(void **state)
{
	own_fd int fd = fixture_fd(bad, strlen(bad));
	struct policy_file *file = NULL;
	struct error err = { .num = ENOMEM };

	(void)state;
	for (long allowed = 0; err.num == ENOMEM; allowed++) {
		assert_in_range(allowed, 0, 300);
		begin(allowed, SIZE_MAX);
		assert_int_equal(policy_parse(fd, "t.conf", NULL, NULL, &file, &err), -1);
		assert_int_equal(end(), 0);
		assert_null(file);
	}
	assert_string_equal(err.object, "t.conf:2: exempt_users");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),
		cmocka_unit_test(selection),
		cmocka_unit_test(good_file),
		cmocka_unit_test(good_file_with_gaps),
		cmocka_unit_test(bad_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
