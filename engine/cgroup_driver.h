#pragma once
/*
 * cgroup_driver: what the common code (cgroup*.c) asks of a cgroup version. Private to it.
 *
 * A driver is a table of knobs, one for each limit: which controller gives it and which files it
 * becomes. The dearest difference beside that is v2's enabling of controllers, level by level.
 */
#include "cgroup.h"

/* A plan being drawn up. */
struct cgroup_draft {
	const struct cgroup_host *host;
	const struct cgroup_limits *limits;
	struct cgroup_plan *plan;
	uint64_t page; /* bytes: memory amounts are rounded down to it, as the kernel does */
	const char *lack, *remedy; /* set by a knob that returns CGROUP_LACKING; static texts */
	struct error *err;
};

enum { CGROUP_GIVEN = 0, CGROUP_LACKING = 1 };

struct cgroup_knob {
	const char *setting;    /* the key of the setting */
	const char *controller; /* that gives it */
	size_t wanted;          /* offset of its has_… in struct cgroup_limits */
	/* Adds the writes. CGROUP_GIVEN, CGROUP_LACKING, or -1 and draft->err. */
	int (*add)(struct cgroup_draft *draft, size_t dir, const struct cgroup_hierarchy *on);
};

struct cgroup_driver {
	unsigned long magic; /* of its file system, statfs(2) */
	/* used whether or not a limit is set: peaks and counts for the record. NULL-terminated */
	const char *const *accounting;
	const struct cgroup_knob *knobs;
	size_t knob_count;
	/* Fills in the path and the origin of the session's directory in a hierarchy. */
	int (*place)(struct cgroup_draft *draft, const struct cgroup_hierarchy *on, struct cgroup_dir *dir);
	/* v2: what the new directory needs before any limit; NULL where there is nothing */
	int (*defaults)(struct cgroup_draft *draft, size_t dir);
	/* systemd: what the writes are for its manager; NULL where they are written as they are */
	int (*finish)(struct cgroup_draft *draft);
	/* v2: lets the children of the directory use the plan's controllers; NULL on v1 */
	int (*enable)(
		int dir_fd, const char *path, const struct cgroup_plan *plan, struct error *err);
	/* Makes the session's directories and puts the limits in force. */
	int (*create)(const struct cgroup_plan *plan, const struct cgroup_maker *maker, struct error *err);
};

extern const struct cgroup_driver cgroup_v1, cgroup_v2, cgroup_systemd;

/* CGROUP_GIVEN where there is a disk whose bandwidth can be bounded; else CGROUP_LACKING, and why. */
int cgroup_need_disk(struct cgroup_draft *draft);

/* What systemd has in common with v2: the files, and what has to be in them. */
enum { CGROUP_V2_KNOBS = 8 };
extern const struct cgroup_knob cgroup_v2_knobs[CGROUP_V2_KNOBS];
extern const char *const cgroup_v2_accounting[];
int cgroup_v2_defaults(struct cgroup_draft *draft, size_t dir);

/* What v1 and v2 have in common: directories of our own, contained/NAME. */
int cgroup_place_directory(struct cgroup_draft *draft, const struct cgroup_hierarchy *on, struct cgroup_dir *dir);
int cgroup_create_directories(const struct cgroup_plan *plan, const struct cgroup_maker *maker, struct error *err);

/* Compares the files of a plan with what they show now. 0, or -1 naming the first difference. */
int cgroup_check_files(const struct cgroup_plan *plan, struct error *err);

/* NULL for CGROUP_NONE. */
const struct cgroup_driver *cgroup_driver_of(enum cgroup_layout layout);

/* Appends a write whose value the kernel shows as it was written. 0, or -1 and draft->err. */
int cgroup_add_write(struct cgroup_draft *draft, size_t dir, const char *file, const char *format,
	...) __attribute__((format(printf, 4, 5)));

/* A weight of 1..10000 on bfq's scale of 1..1000; both have 100 as the default. */
uint64_t cgroup_bfq_weight(uint64_t weight);
