#pragma once
/* record: the entry that a login gets in the host's utmp, wtmp and lastlog. Pure; the watcher writes it. */
#include <stdbool.h>
#include <sys/types.h>

#include "init_record.h"

/*
 * Is this a login, which `who` and `last` are about? One from another host, or login's own. su, sudo and cron
 * write no such records without us either.
 */
bool record_wanted(const char *service, const char *rhost);

/*
 * Fills all but what the process and the time give. name: the session's; service, rhost: as the application said it, ""
 * where nothing. What does not fit is cut, and what is not a visible character of ASCII becomes '?'.
 */
void record_make(const char *name, const char *user, uid_t uid, const char *service, const char *rhost,
	struct record *out);

/* pid: of the session process, below 2^22 (PID_MAX_LIMIT of the kernel). The id is unique among live ones. */
void record_set_process(struct record *record, pid_t pid);
