/*
 * What priority.h does for the session process, for its children that serve the login with it: sshd's process without
 * privilege is forked after the session has begun, and by it the other end of a connection is seen to go. Beside a
 * thousand busy processes it would get a turn after seconds only.
 */
#include "init_private.h"
#include "init_sys.h"

enum { FIRST = -15, prio_process = 0, sched_other = 0, reset_on_fork = 0x40000000 };

/* "/proc/PID/file" into text. */
static void add_path(struct str *text, uint64_t pid, const char *file)
{
	text->used = 0;
	str_add(text, "/proc/");
	str_add_number(text, pid);
	str_add(text, file);
}

static void read_comm(uint64_t pid, char *comm, size_t size)
{
	char path[64];
	struct str text = { path, sizeof path, 0 };

	add_path(&text, pid, "/comm");
	sys_read_file(AT_FDCWD, path, comm, size);
}

/* One that another program or priority was given keeps it; getpriority(2) of the kernel says 20 for nice 0. */
static void raise(uint64_t pid)
{
	static const int none = 0;

	if (sys(__NR_getpriority, prio_process, pid) != 20 ||
		sys(__NR_sched_getscheduler, pid) != sched_other)
		return;
	/* first what keeps it from those that it forks: the user's programs */
	if (sys(__NR_sched_setscheduler, pid, sched_other | reset_on_fork, &none) == 0)
		sys(__NR_setpriority, prio_process, pid, FIRST);
}

void priority_raise_door(const struct cleaning *cleaning, int leader)
{
	/* a kernel without CONFIG_PROC_CHILDREN has no such file, and the end takes longer there */
	char path[80], children[256], own[32], comm[32];
	struct str text = { path, sizeof path, 0 };

	if (leader <= 0 || !clean_has_cpu(cleaning))
		return;
	add_path(&text, (uint64_t)leader, "/task/");
	str_add_number(&text, (uint64_t)leader);
	str_add(&text, "/children");
	if (sys_read_file(AT_FDCWD, path, children, sizeof children) <= 0)
		return;
	read_comm((uint64_t)leader, own, sizeof own);
	for (const char *at = children; *at >= '0' && *at <= '9';) {
		uint64_t pid = str_number(at);

		/* su's child is the user's shell, which is one of the busy ones */
		read_comm(pid, comm, sizeof comm);
		if (own[0] && str_equal(own, comm))
			raise(pid);
		while (*at && *at++ != ' ')
			;
	}
}
