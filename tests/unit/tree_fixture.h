#pragma once
/* A made-up directory tree for tests: made, filled, removed. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h> /* last: it defines fail() as a macro */

struct tree {
	char path[64];
	int fd;
};

static inline int tree_setup(void **state)
{
	struct tree *tree = calloc(1, sizeof *tree);

	*state = tree;
	if (!tree)
		return -1;
	strcpy(tree->path, "/tmp/test_tree.XXXXXX");
	if (!mkdtemp(tree->path))
		return -1;
	tree->fd = open(tree->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return tree->fd < 0 ? -1 : 0;
}

static inline int tree_teardown(void **state)
{
	struct tree *tree = *state;
	char command[128];
	int result;

	close(tree->fd);
	result = text_format(command, sizeof command, "rm -rf %s", tree->path);
	free(tree);
	return result < 0 ? -1 : system(command);
}

/* A file, with the directories above it. */
static inline void tree_put(
	const struct tree *tree, const char *path, const void *bytes, size_t size, mode_t mode)
{
	char part[256];
	int fd;

	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		assert_true(text_format(part, sizeof part, "%.*s", (int)(slash - path), path) > 0);
		assert_true(mkdirat(tree->fd, part, 0755) == 0 || errno == EEXIST);
	}
	fd = openat(tree->fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, size), size);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static inline void tree_put_text(const struct tree *tree, const char *path, const char *text)
{
	tree_put(tree, path, text, strlen(text), 0755);
}
