#include "priority.h"

#include <sched.h>
#include <stdbool.h>
#include <sys/resource.h>

enum { FIRST = -15 }; /* short of -20, which an administrator's own emergency may need */

static bool is_ordinary(void)
{
	return sched_getscheduler(0) == SCHED_OTHER && getpriority(PRIO_PROCESS, 0) == 0;
}

void priority_raise(void)
{
	static const struct sched_param none = { 0 };

	if (!is_ordinary() || setpriority(PRIO_PROCESS, 0, FIRST) < 0)
		return;
	/* what cannot be kept from the children is not taken */
	if (sched_setscheduler(0, SCHED_OTHER | SCHED_RESET_ON_FORK, &none) < 0)
		(void)setpriority(PRIO_PROCESS, 0, 0);
}

void priority_restore(void)
{
	static const struct sched_param none = { 0 };

	if (sched_getscheduler(0) != (SCHED_OTHER | SCHED_RESET_ON_FORK))
		return;
	(void)sched_setscheduler(0, SCHED_OTHER, &none);
	(void)setpriority(PRIO_PROCESS, 0, 0);
}
