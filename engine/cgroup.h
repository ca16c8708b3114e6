#pragma once
/*
 * cgroup: a session's control group, behind one small interface.
 *
 * Plain values in: which directories, which files with which text. Never sees a policy. Which
 * hierarchy wants what is decided by cgroup_plan_*() of the driver (pure), so that a plan can be
 * printed and tested; making, attaching and reading back work the same for v1, v2 and systemd.
 *
 * Removal is not here: the watcher, which outlives everybody, does it (init_watch.c), from the list
 * of directories in the session's state.
 *
 * Where systemd has the groups, they are its units: a limit is a property that its manager is told and a file
 * that is read back. A login for which logind made a scope gets its limits there; PID 1 and the watchers move to
 * a scope of their own, the keeper, so that whoever stops the login's scope ends the session, and is not waited for.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "error.h"

enum cgroup_layout {
	CGROUP_NONE, /* nothing usable is mounted */
	CGROUP_V1,   /* v1, or hybrid with the controllers on v1 */
	CGROUP_V2,
	CGROUP_SYSTEMD, /* v2, and its groups are the units of a manager that answers on a bus */
};

enum { CGROUP_DIRS = 8, CGROUP_WRITES = 16, CGROUP_PATH = 256 };

/* What the host offers; found by host.c, made up by tests. Paths are absolute host paths. */
struct cgroup_hierarchy {
	char controllers
		[128]; /* "memory", "cpu,cpuacct"; on v2 the list of cgroup.controllers, commas */
	char mount[CGROUP_PATH];
	/* where the calling process is now, below mount: "" or "/a/b"; it goes back there */
	char origin[CGROUP_PATH];
	/* no block device of the host is scheduled by weight (neither bfq nor iocost): one could be
	 * written, and would do nothing */
	bool no_weight;
	bool bfq;     /* v2: the weights that count are bfq's (io.bfq.weight), not iocost's */
	bool no_swap; /* v1: booted without swap accounting, no memory.memsw.* files */
};

/* A whole disk, as the kernel counts bandwidth by. */
struct cgroup_disk {
	unsigned major, minor; /* 0:0: none */
	char name[32];         /* in /dev */
};

struct cgroup_host {
	enum cgroup_layout layout;
	struct cgroup_hierarchy hierarchies[CGROUP_DIRS];
	size_t count;

	struct cgroup_disk disk; /* that the user's home is on; looked for where a policy asks for its bandwidth */

	/* CGROUP_SYSTEMD */
	char bus[64];             /* path of the socket of the bus */
	char base[CGROUP_PATH];   /* where the manager's units are, below the mount; "": the system's manager */
	char scope[CGROUP_PATH];  /* the scope that logind made for this login, below the mount; "": none */
	bool of_user;             /* the manager is the user's */
};

/* What a session should get. Absent amounts are not touched. */
struct cgroup_limits {
	bool has_memory, has_swap, has_cpu_weight, has_cpu_quota, has_pids, has_io_weight;
	bool has_io_read_bandwidth, has_io_write_bandwidth;
	uint64_t memory;     /* bytes, rounded down to pages in the plan, as the kernel does */
	uint64_t swap;       /* bytes of swap beside the memory */
	uint64_t cpu_weight; /* 1..10000 */
	uint64_t cpu_quota;  /* percent of one CPU */
	uint64_t pids;
	uint64_t io_weight; /* 1..10000 */
	uint64_t io_read_bandwidth, io_write_bandwidth; /* bytes a second, on the host's disk below */
};

struct cgroup_write {
	size_t dir; /* index into dirs */
	char file[48];
	char value[96]; /* what is written; on CGROUP_SYSTEMD the property that the manager is told, or "" */
	char readback
		[96]; /* what the kernel shows afterwards; compared after stripping the newline */
};

struct cgroup_dir {
	char controllers[128];
	char mount[CGROUP_PATH];
	char path[CGROUP_PATH];   /* mount + "/contained/" + name, or the scope's */
	/* directory of the process before: mount + origin. "": the session process is in it already, and neither that
	 * nor the directory is ours to move or to remove */
	char origin[CGROUP_PATH];
};

struct cgroup_plan {
	enum cgroup_layout layout;
	char name[64];
	struct cgroup_dir dirs[CGROUP_DIRS];
	size_t dir_count;
	struct cgroup_write writes[CGROUP_WRITES];
	size_t write_count;
	/* v2: "+memory +cpu +pids +io" for cgroup.subtree_control, only what is wanted */
	char enable[64];
	bool oom_group_off; /* v2: memory.oom.group = 0 is written (the default, made sure) */

	/* CGROUP_SYSTEMD */
	char bus[64];
	char unit[96];             /* the scope with the limits */
	bool unit_is_new;          /* it is made for this session, and the session process moved into it */
	bool whole;                /* the builder, too: there is no keeper */
	char keeper[96];           /* the scope for PID 1 and the watchers, made for this session; "": none */
	char keeper_path[CGROUP_PATH];
};

/* Who makes it. */
struct cgroup_maker {
	const char *helpers; /* directory of contained-scope */
	pid_t leader;        /* the session process */
	pid_t builder;       /* the calling process */
	int timeout_ms;      /* for the manager's answer */
};

/*
 * The directories and writes that give these limits on this host. A limit that the host cannot give
 * is an error naming it (require), or is left out and told in *missing (a space-separated list of
 * the settings' names, at most missing_size; may be NULL) when `require` is false. Pure.
 */
int cgroup_plan_make(const struct cgroup_host *host, const char *name,
	const struct cgroup_limits *limits, bool require, struct cgroup_plan *out, char *missing,
	size_t missing_size, struct error *err);

/* Processes of the session share out the processor among themselves: a nice value counts in there alone (sched(7)). */
bool cgroup_has_cpu(const struct cgroup_plan *plan);

/*
 * Makes contained/ and the session's directory in each hierarchy, writes the limits and reads each
 * back. EEXIST when the name is taken. On failure what was made stays for the watcher or the sweep
 * (its list is in the state directory already). Uses system calls only: runs between fork and exec.
 *
 * With systemd: has the manager make the scopes and set the properties, by a program of its own under a deadline (D-Bus
 * can hang), and reads the files back. The calling process is in the keeper afterwards.
 */
int cgroup_create(const struct cgroup_plan *plan, const struct cgroup_maker *maker, struct error *err);

/* Opens each directory's cgroup.procs for writing into fds[dir_count]. All or none. */
int cgroup_open_procs(const struct cgroup_plan *plan, int fds[CGROUP_DIRS], struct error *err);
/* Moves the calling process into each ("0", cgroups(7)). */
int cgroup_enter(const struct cgroup_plan *plan, const int fds[CGROUP_DIRS], struct error *err);
/* Both in one: the fds are gone again afterwards. */
int cgroup_join(const struct cgroup_plan *plan, struct error *err);
/*
 * The way of PID 1 out again, whose cgroup namespace has to begin where the limits are: *fd is to be opened before that
 * is made (a group outside could not be named after), -1 where there is no keeper.
 */
int cgroup_open_keeper(const struct cgroup_plan *plan, int *fd, struct error *err);
int cgroup_enter_keeper(const struct cgroup_plan *plan, int fd, struct error *err);
/* Moves the calling process back to where it was. Best effort, after a failed set-up. */
void cgroup_leave(const struct cgroup_plan *plan);

/* Opens each limit's file for reading, for verify: fds[write_count]. All or none. */
int cgroup_open_readback(const struct cgroup_plan *plan, int fds[CGROUP_WRITES], struct error *err);
/* Compares each file's present text with the plan. 0, or -1 naming the first difference. */
int cgroup_compare(const struct cgroup_plan *plan, const int fds[CGROUP_WRITES], struct error *err);

/*
 * Finds the hierarchies from the text of /proc/self/mountinfo and /proc/self/cgroup (pure; both
 * NUL-terminated). root_fd is the host's / (or a test's tree): below it are read cgroup.controllers
 * (v2), the presence of the memory.memsw files (v1) and which block schedulers are in use. A
 * hierarchy that is mounted read-only does not count. 0, or -1.
 */
int cgroup_host_read(int root_fd, const char *mountinfo, const char *self_cgroup,
	struct cgroup_host *out, struct error *err);
