#pragma once
/*
 * host: what this machine is and can do. The only place that asks for the effective uid, kernel
 * features, the layout of the control groups and which of the host's paths exist.
 *
 * Reads through a root directory's fd, so that a test can hand it a made-up tree. Const after
 * loading, owns its strings, holds no fds.
 */
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "cgroup.h"
#include "error.h"
#include "policy.h"
#include "policy_paths.h"
#include "state.h"
#include "subject.h"
#include "text.h"

/* A path that the policy gives this subject, or the subject's mail. */
struct host_path {
	enum path_use use;
	char *named;    /* as the policy names it, % filled in */
	char *real;     /* where that leads; NULL where there is nothing. Of hide in another root: in its tree */
	char *place;    /* where `named` will be in a root that is not the host's; NULL otherwise */
	bool directory; /* what is at real */
};

enum { HOST_PTYS = 3 };

struct host {
	bool privileged; /* may make namespaces without a user namespace */
	uid_t uid;       /* of this process */
	gid_t gid;
	bool userns;     /* makes user namespaces: what host_try_userns() found; else not known, and false */
	int userns_num;  /* errno where it does not */
	unsigned linux_major, linux_minor; /* of the kernel's version; 0.0 when unknown */
	struct state_root state_root; /* root's; a door without root puts its own here */
	int last_cap;
	uint64_t memory; /* bytes; 0 when unknown */
	uint64_t page;   /* bytes */
	struct cgroup_host cgroups;

	/* texts of the host's files; NULL where there is none */
	char *passwd, *group, *hosts, *resolv_conf;

	/* paths, resolved by the rules of path.h; NULL where they do not exist */
	char *home;          /* the subject's */
	char *root_kept;     /* the policy's, filled in; NULL where nothing is kept. Need not exist */
	char *syslog_socket; /* what /dev/log leads to */
	char *terminal;      /* the subject's terminal, "/dev/pts/3", "/dev/tty1" */
	dev_t terminal_device;
	/* numbers of other ptys of the host's that the session process holds, such as the one that sudo makes */
	unsigned ptys[HOST_PTYS];
	size_t pty_count;
	char *ccache; /* the login's Kerberos cache, below /tmp, /var/tmp or /run/user/UID: the user's own */
	struct list homes;   /* of the policy's list (and the parent of the subject's home): those that exist */
	struct host_path *paths; /* in the order of enum path_use */
	size_t path_count;
	struct list automounts;    /* mount points of autofs, triggered or not */
	struct list kernel_mounts; /* mount points of procfs, sysfs and their like, wherever they are */
	struct list lxcfs;   /* names of the files of /proc that LXCFS has here */
	struct list secrets; /* shadow files and ssh host keys that exist */
	char *pasta;         /* the program, where the policy has network = pasta; not for others to write */
	struct id_range subuids, subgids; /* of this process's user, where the policy has user_map = subuid */
	char *newuidmap, *newgidmap;      /* the programs for these: root's, not for others to write */
	bool tun;            /* pasta, without privilege, may make its interface (/dev/net/tun) */
	gid_t tty_group;     /* of the local group file; 5 where it has none */
};

/* The paths that host_load() will look at for the sake of this policy and subject. 0 and *out owned, or -1 and err. */
int host_paths_name(const struct policy *policy, const struct subject *subject, struct list *out, struct error *err);

/*
 * Looks the paths up in a helper process, under a deadline, before this process ever does: a file system that hangs
 * (a dead NFS server) would hang a PAM application, which nothing can interrupt. Automounts of the host are triggered
 * by it; in a session they cannot be. helpers: directory of contained-init. 0, or -1 and err (num = ETIMEDOUT, the
 * object is the path that did not answer).
 */
int host_wake(const char *helpers, const struct list *paths, int timeout_ms, struct error *err);

/* Where LXCFS shows the files of /proc as a control group's (lxcfs(1)). */
#define HOST_LXCFS "/var/lib/lxcfs/proc"

/* 0, or -1 and err. root_fd: the host's /. */
int host_load(int root_fd, const struct policy *policy, const struct subject *subject, struct host *out,
	struct error *err);
/* The same as a process of that uid would find it: whoever asks, a login through PAM is root's to make. */
int host_load_as(uid_t uid, int root_fd, const struct policy *policy, const struct subject *subject, struct host *out,
	struct error *err);
void host_free(struct host *host);

/* Whether this process may make a user namespace, by making one in a child. For doors that need to know. */
void host_try_userns(struct host *host);

/* Where the calling process's sessions have their state: to be asked once, before there is a plan. */
struct state_root host_state_root(void);
