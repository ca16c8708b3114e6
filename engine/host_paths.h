#pragma once
/* host_paths: the paths that a policy names, looked up on the host. Private to host*.c. */
#include <sys/stat.h>

#include "host.h"

/* Where the path leads, owned; NULL where it is missing. A path that may not be followed is an error. */
int host_resolve(int root_fd, const char *path, char **out, struct error *err);
/* Of what the path leads to. 0, or -1. */
int host_stat(int root_fd, const char *path, struct stat *info);

/* Fills host->paths. 0, or -1 and err. */
int host_paths_load(int root_fd, const struct policy *policy, const struct subject *subject, struct host *host,
	struct error *err);
/* Fills host->automounts and host->kernel_mounts. 0, or -1 and err. */
int host_mounts_load(const char *mountinfo, struct host *host, struct error *err);
/* Frees what the two filled. */
void host_paths_free(struct host *host);
