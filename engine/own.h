#pragma once
/*
 * own: what a scope owns is given back when the scope ends.
 *
 *	own_fd int fd = open(…);        closed on every way out
 *	keep->fd = take_fd(&fd);        …unless the ownership visibly moves
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void own_close_fd(int *fd)
{
	if (*fd >= 0) {
		int saved = errno;

		(void)close(*fd); /* nothing can be done, and the fd is gone either way (close(2)) */
		errno = saved;
	}
	*fd = -1;
}

static inline int take_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

static inline void own_free_pointer(void *pointer)
{
	int saved = errno;

	free(*(void **)pointer);
	errno = saved;
}

static inline void own_close_file(FILE **file)
{
	if (*file)
		(void)fclose(*file); /* only ever files that were read */
	*file = NULL;
}

#define own_fd __attribute__((cleanup(own_close_fd)))
#define own_text __attribute__((cleanup(own_free_pointer)))
#define own_file __attribute__((cleanup(own_close_file)))

#define take_pointer(pointer)                          \
	__extension__({                                \
		__typeof__(pointer) taken_ = (pointer); \
		(pointer) = NULL;                      \
		taken_;                                \
	})

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
