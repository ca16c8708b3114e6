#pragma once
/* host_manager: systemd's manager, where the host's control groups are its units. Part of host_load(). */
#include "host.h"

/*
 * Makes a CGROUP_V2 host CGROUP_SYSTEMD where a manager answers on a bus: the system's for root, the own one for
 * anybody else. pid: of the process that logs in. 0, or -1 and err.
 */
int host_manager_find(int root_fd, pid_t pid, struct host *host, struct error *err);
