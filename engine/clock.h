#pragma once
/* clock: milliseconds of the monotonic clock, for deadlines. */
#include <time.h>

static inline long clock_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail with this clock */
	return (long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
