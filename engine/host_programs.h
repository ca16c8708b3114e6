#pragma once
/* host_programs: programs of the host that a session needs, and what they go by. Part of host_load(). */
#include "host.h"

/* 0, or -1 and err; what was loaded until then is the host's. */
int host_programs_load(int root_fd, const struct policy *policy, const struct subject *subject, struct host *host,
	struct error *err);
