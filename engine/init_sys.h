#pragma once
/*
 * init_sys: system calls without a C library, for contained-init alone.
 *
 * Two of its processes stay with every session and one exec of it stands in every login's way: starting a
 * static program of a C library costs a millisecond here and 50 KiB a process, this one 0.1 ms and
 * 12 KiB. Only what the files init_*.c need; errors come back as -errno.
 */
#include <asm/unistd.h>
#include <linux/fcntl.h>
#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__x86_64__)
static inline long sys6(long number, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}
#elif defined(__aarch64__)
static inline long sys6(long number, long a, long b, long c, long d, long e, long f)
{
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;

	__asm__ volatile("svc 0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory");
	return x0;
}
#else
#error "contained-init: write the system call instruction of this architecture here"
#endif

#define SYS_ARGS_(n, a, b, c, d, e, f, ...) \
	sys6(n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))
#define sys(...) SYS_ARGS_(__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0)

/* the kernel's own layouts (poll(2), clock_gettime(2)); the headers of a C library are not used */
struct sys_poll {
	int fd;
	short events, revents;
};
enum { SYS_POLLIN = 1 };

struct sys_time {
	int64_t seconds, nanoseconds;
};

enum {
	SYS_ENOENT = 2,
	SYS_ESRCH = 3,
	SYS_EINTR = 4,
	SYS_EBUSY = 16,
	SIG_HUP = 1,
	SIG_KILL = 9,
	SIG_TERM = 15,
	SIG_CHLD = 17,
	SIG_CONT = 18,
};

/* The compiler may call these for assignments and initialisers; init_main.c provides them. */
void *memset(void *to, int byte, size_t size);
void *memcpy(void *to, const void *from, size_t size);

static inline int64_t sys_milliseconds(void)
{
	struct sys_time now = { 0, 0 };

	sys(__NR_clock_gettime, 7 /* CLOCK_BOOTTIME: counts suspended time too */, &now);
	return now.seconds * 1000 + now.nanoseconds / 1000000;
}

static inline void sys_sleep(int milliseconds)
{
	struct sys_time pause = { 0, (int64_t)milliseconds * 1000000 };

	sys(__NR_nanosleep, &pause, 0);
}

static inline int sys_poll(struct sys_poll *fds, unsigned count, int milliseconds)
{
	struct sys_time limit = { milliseconds / 1000, (int64_t)(milliseconds % 1000) * 1000000 };

	return (int)sys(__NR_ppoll, fds, count, milliseconds < 0 ? NULL : &limit, NULL, 8);
}

static inline void sys_close(int fd)
{
	if (fd >= 0)
		sys(__NR_close, fd);
}

static inline int sys_openat(int dir, const char *path, int flags)
{
	return (int)sys(__NR_openat, dir, path, flags | O_CLOEXEC, 0);
}

static inline size_t str_length(const char *text)
{
	size_t length = 0;

	while (text[length])
		length++;
	return length;
}

static inline bool str_equal(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return *a == *b;
}

/* Appends to a buffer that always stays terminated; what does not fit is cut. */
struct str {
	char *data;
	size_t size, used;
};

static inline void str_add(struct str *str, const char *text)
{
	while (*text && str->used + 1 < str->size)
		str->data[str->used++] = *text++;
	str->data[str->used] = '\0';
}

static inline void str_add_number(struct str *str, uint64_t number)
{
	char digits[24];
	size_t at = sizeof digits - 1;

	digits[at] = '\0';
	do
		digits[--at] = (char)('0' + number % 10);
	while (number /= 10);
	str_add(str, digits + at);
}

/* The decimal digits at the start of text; 0 where there are none. */
static inline uint64_t str_number(const char *text)
{
	uint64_t number = 0;

	while (*text >= '0' && *text <= '9')
		number = number * 10 + (uint64_t)(*text++ - '0');
	return number;
}

/* Reads a small file below dir: the length, or -errno. Always terminates. */
static inline long sys_read_file(int dir, const char *path, char *buf, size_t size)
{
	int fd = sys_openat(dir, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
	size_t used = 0;
	long got = fd;

	buf[0] = '\0';
	if (fd < 0)
		return fd;
	while (used + 1 < size) {
		got = sys(__NR_read, fd, buf + used, size - 1 - used);
		if (got <= 0)
			break;
		used += (size_t)got;
	}
	buf[used] = '\0';
	sys_close(fd);
	return got < 0 ? got : (long)used;
}
