#pragma once
/*
 * mounts: builds the session's view of the files out of a list of operations, and makes it the root.
 *
 * Plain values in; never sees a policy. Runs in the new mount namespace with the host's tree still at /,
 * detached from the host (private) already. Everything is resolved by path.h and acted on by fd; every mount that
 * is made gets nosuid, and nodev unless it is a device or the devpts.
 */
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "error.h"

enum mount_kind {
	MOUNT_ROOT,    /* source, with all below it, becomes the tree the other targets are in */
	MOUNT_BIND,    /* source (a host path) appears at target, with all below it */
	MOUNT_DEVICE,  /* a bind of a device node whose number has to be `rdev` */
	MOUNT_TMPFS,   /* an empty file system: size, mode, uid, gid */
	MOUNT_PROC,
	MOUNT_SYSFS,
	MOUNT_DEVPTS,  /* an instance of its own */
	MOUNT_MQUEUE,
	MOUNT_PTY,     /* host pty `source` at target, under the same number: that of the new devpts is used up */
	MOUNT_DROP,    /* forget what of the host is mounted at target and below */
	MOUNT_DIR,     /* make the directory: mode, uid, gid where it is new */
	MOUNT_TOUCH,   /* make an empty file to mount on, where there is none */
	MOUNT_LINK,    /* make a symbolic link at target with the text */
	MOUNT_FILE,    /* write a file with the text, mode, uid, gid, in a file system made above */
	MOUNT_PUT,     /* the same, into our layer: MOUNT_LAYER shows it; without a text empty and unreadable */
	MOUNT_PUT_DIR, /* a directory in our layer, as a place to mount on */
	MOUNT_LAYER,   /* our layer's directory of this name goes over the tree's, both read-only */
	MOUNT_HIDE,    /* target becomes an empty, unreadable file or an empty directory */
	MOUNT_FREEZE,  /* the mount at target becomes read-only; with MOUNT_DEEP all below it too */
	MOUNT_READONLY, /* the path at target (no mount yet) becomes a read-only mount of itself */
};

enum mount_flag {
	MOUNT_OPTIONAL = 1, /* a missing source or target is fine: the operation is left out */
	MOUNT_DEEP = 2,
	MOUNT_RW = 4,     /* stays writable: verify expects every other mount to be read-only */
	MOUNT_NOEXEC = 8,
	MOUNT_CREATE = 16, /* make a missing target */
	MOUNT_OVERLAY = 32, /* of a root: what is written goes into memory, `size` bytes at most; of a file in it: replaced */
	/* of an overlay: made inside a user namespace; of what is hidden: where the user cannot reach it, it need not be */
	MOUNT_USER = 64,
	MOUNT_OWNED = 128,  /* of a bind: the source is uid's, a directory or a file of one link, or else it is missing */
};

struct mount_op {
	enum mount_kind kind;
	unsigned flags;
	char *target; /* absolute, in the new root */
	char *source; /* absolute, on the host */
	char *text;   /* content of a file, target of a link; of an overlay: the host's directory where it is kept */
	uint64_t size; /* bytes, 0 for the file system's default; of a devpts: the number of ptys */
	mode_t mode;
	uid_t uid;
	gid_t gid;
	dev_t rdev;
	const char *why; /* static; shown by explain */
};

enum { MOUNTS_MOST = 4096 }; /* operations of one view */
enum { MOUNT_PTYS = 4 };     /* of kind MOUNT_PTY in it */
enum { MOUNT_PTY_MAJOR = 136 }; /* of their devices; devpts has no other: the kernel's devices.txt */
enum { MOUNT_PTY_NUMBERS = 1000 }; /* and theirs are below this */

const char *mount_kind_name(enum mount_kind kind);

/* What building leaves open for the steps after it. */
struct mount_tree {
	int root; /* fd of the new root's directory */
	int ptys[MOUNT_PTYS]; /* masters of the used-up ptys, to be kept open by PID 1; -1 behind the last */
};

/* No mount made here reaches the host, and none made there later appears here. */
int mounts_private(struct error *err);

/*
 * Runs the operations in order. base: an existing directory of the host to hang the new root on (it is
 * covered in this namespace alone). 0 and *out owned, or -1; a half-built tree dies with the namespace.
 */
int mounts_build(const char *base, const struct mount_op *ops, size_t count, struct mount_tree *out,
	struct error *err);

/* Makes the tree the root and forgets the old one; ends with / as the working directory, checked. */
int mounts_pivot(const struct mount_tree *tree, struct error *err);

/*
 * Compares the text of a mountinfo with the operations: every mount nosuid and, but for devices and the
 * devpts, nodev; read-only but for those with MOUNT_RW and what no path leads to any more; no mount that is not below
 * an operation's target.
 * 0, or -1 naming the first difference. Pure.
 */
int mounts_compare(const struct mount_op *ops, size_t count, const char *mountinfo,
	struct error *err);
