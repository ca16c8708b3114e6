#pragma once
/*
 * priority: the calling process goes before the busy ones of its control group, and none that it forks does.
 *
 * Beside a thousand processes that spin each turn takes seconds to come (sched(7)), and a session's end is a few turns
 * of its own processes. A nice value counts within the group alone: nobody outside waits for it (sched(7), autogroup
 * and group scheduling). Best effort: where root may not, the end takes longer, and that is all.
 */

/*
 * Nice -15, given up by every child at its fork (SCHED_RESET_ON_FORK, sched_setscheduler(2)). A process that was given
 * another policy or nice value keeps it.
 */
void priority_raise(void);
/* Back to nice 0, for a process that priority_raise() raised; it needs the same right. */
void priority_restore(void);
