#include "shell/pam_stack.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "engine/own.h"
#include "engine/tree.h"

/* libpam's own bound for substacks is 16 */
enum { FILE_MOST = 1 << 20, DEPTH_MOST = 16 };

static const char *const directories[] = { "/etc/pam.d", "/usr/lib/pam.d" };

/* The way from the service to the file that is being read. */
struct place {
	const struct place *up;
	const char *file;
	unsigned depth, block;
};

struct reader {
	int root_fd;
	struct pam_stack *stack;
	unsigned blocks;
};

static int read_stack(struct reader *reader, const char *name, const char *only, const struct place *up,
	bool substack, struct error *err);

static int no_memory(struct error *err, const char *object)
{
	return fail(err, ENOMEM, object, "cannot be read");
}

static int add_problem(struct reader *reader, const struct place *place, unsigned number, const char *name,
	const char *what, struct error *err)
{
	char text[512];

	if (text_format(text, sizeof text, "%s:%u: includes %s, %s", place->file, number, name, what) < 0)
		return 0; /* names as long as that are nobody's */
	return list_add(&reader->stack->problems, text) == 0 ? 0 : no_memory(err, place->file);
}

/*
 * The next logical line of *rest, in place: comments cut, a backslash at the end joins. NULL at the end. *number is
 * counted on; the line began at *first.
 */
static char *next_line(char **rest, unsigned *number, unsigned *first)
{
	char *line = *rest, *at = line, *to = line;

	if (!*at)
		return NULL;
	*first = *number + 1;
	for (;;) {
		size_t length = strcspn(at, "\n"), kept = strcspn(at, "\n#");
		bool more = at[length] == '\n', joined;

		while (kept && (at[kept - 1] == ' ' || at[kept - 1] == '\t' || at[kept - 1] == '\r'))
			kept--;
		joined = more && kept && at[kept - 1] == '\\';
		memmove(to, at, kept);
		to += kept;
		at += length + more;
		++*number;
		if (!joined)
			break;
		to[-1] = ' ';
	}
	/* `at` is past `to` unless this was the text's last line, which ends there anyway */
	*rest = at;
	*to = '\0';
	return line;
}

/* The next word of a line, in place; one in brackets is whole, with the bracket that opens it. NULL at the end. */
static char *next_word(char **rest)
{
	char *word = *rest + strspn(*rest, " \t"), *end;

	if (!*word)
		return NULL;
	end = word + (*word == '[' ? strcspn(word, "]") : strcspn(word, " \t"));
	*rest = end + (*end != '\0');
	*end = '\0';
	return word;
}

static void free_line(struct pam_line *line)
{
	free(line->control);
	free(line->module);
	list_free(&line->arguments);
	free(line->file);
}

static int add_line(struct reader *reader, const struct place *place, unsigned number, const char *control,
	const char *module, char *rest, struct error *err)
{
	struct pam_stack *stack = reader->stack;
	struct pam_line *lines = reallocarray(stack->lines, stack->count + 1, sizeof *lines);
	struct pam_line line = { .number = number, .block = place->block };
	bool whole;

	if (!lines)
		return no_memory(err, place->file);
	stack->lines = lines;
	line.control = strdup(control);
	line.module = strdup(module);
	line.file = strdup(place->file);
	whole = line.control && line.module && line.file;
	for (const char *word; whole && (word = next_word(&rest));)
		whole = list_add(&line.arguments, word + (*word == '[')) == 0;
	if (!whole) {
		free_line(&line);
		return no_memory(err, place->file);
	}
	lines[stack->count++] = line;
	return 0;
}

static int include(struct reader *reader, const struct place *place, unsigned number, const char *name,
	const char *only, bool substack, struct error *err)
{
	struct error local;

	if (place->depth == DEPTH_MOST)
		return add_problem(reader, place, number, name, "too deep: a circle?", err);
	if (read_stack(reader, name, only, place, substack, &local) == 0)
		return 0;
	if (local.num == ELOOP)
		return add_problem(reader, place, number, name, "which is being read already: a circle", err);
	if (local.num != ENOMEM)
		return add_problem(reader, place, number, name, "which cannot be read", err);
	*err = local;
	return -1;
}

/* only: the type that an include is for; NULL for all of them. */
static int take_line(struct reader *reader, const struct place *place, unsigned number, char *text,
	const char *only, struct error *err)
{
	const char *type = next_word(&text), *control, *module;
	bool session;

	if (!type)
		return 0;
	if (strcasecmp(type, "@include") == 0) {
		module = next_word(&text);
		return module ? include(reader, place, number, module, only, false, err) : 0;
	}
	type += *type == '-'; /* a missing module is not worth a line in the log */
	control = next_word(&text);
	module = next_word(&text);
	if (!control || !module || (only && strcasecmp(type, only) != 0))
		return 0;
	session = strcasecmp(type, "session") == 0;
	if (!session)
		reader->stack->is_service = true;
	if (strcasecmp(control, "include") == 0 || strcasecmp(control, "substack") == 0)
		return include(reader, place, number, module, type, strcasecmp(control, "substack") == 0, err);
	return session ? add_line(reader, place, number, control, module, text, err) : 0;
}

/* The text and the path of a service's file, or of one that an include names. */
static int open_stack(int root_fd, const char *name, char *path, size_t size, char **text, struct error *err)
{
	if (name[0] == '/')
		return text_format(path, size, "%s", name) < 0 ?
			fail(err, ENAMETOOLONG, name, "is too long a path") :
			tree_read_file(root_fd, path, FILE_MOST, text, NULL, err);
	for (size_t i = 0; i < ARRAY_SIZE(directories); i++) {
		struct error local;

		if (text_format(path, size, "%s/%s", directories[i], name) < 0)
			return fail(err, ENAMETOOLONG, name, "is too long a name");
		if (tree_read_file(root_fd, path, FILE_MOST, text, NULL, &local) == 0)
			return 0;
		if (i == 0 || local.num != ENOENT)
			*err = local;
		if (local.num != ENOENT)
			break;
	}
	return -1;
}

static int read_stack(struct reader *reader, const char *name, const char *only, const struct place *up,
	bool substack, struct error *err)
{
	own_text char *text = NULL;
	char path[512], *rest;
	struct place place = { .up = up, .file = path, .depth = up ? up->depth + 1 : 0 };
	unsigned number = 0, first;

	if (open_stack(reader->root_fd, name, path, sizeof path, &text, err) < 0)
		return -1;
	for (const struct place *at = up; at; at = at->up)
		if (text_equal(at->file, path))
			return fail(err, ELOOP, path, "is in a circle of includes");
	place.block = substack ? ++reader->blocks : up ? up->block : 0;
	rest = text;
	for (char *line; rest && (line = next_line(&rest, &number, &first));)
		if (take_line(reader, &place, first, line, only, err) < 0)
			return -1;
	return 0;
}

int pam_stack_read(int root_fd, const char *service, struct pam_stack *out, struct error *err)
{
	struct pam_stack stack = { 0 };
	struct reader reader = { .root_fd = root_fd, .stack = &stack };
	struct error local; /* for callers that do not care */

	if (read_stack(&reader, service, NULL, NULL, false, err ? err : &local) < 0) {
		pam_stack_free(&stack);
		return -1;
	}
	*out = stack;
	return 0;
}

void pam_stack_free(struct pam_stack *stack)
{
	for (size_t i = 0; i < stack->count; i++)
		free_line(&stack->lines[i]);
	free(stack->lines);
	list_free(&stack->problems);
	*stack = (struct pam_stack){ 0 };
}

/* What editors and package managers leave beside a service's file is nobody's service. */
static bool is_leftover(const char *name)
{
	static const char *const marks[] = { ".dpkg-", ".rpmsave", ".rpmnew", ".rpmorig", ".pacsave", ".pacnew",
		".pam-old", "~" };

	for (size_t i = 0; i < ARRAY_SIZE(marks); i++)
		if (strstr(name, marks[i]))
			return true;
	return name[0] == '.';
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int pam_stack_services(int root_fd, struct list *out, struct error *err)
{
	struct list names = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(directories); i++) {
		int fd = tree_open_dir(root_fd, directories[i]);
		DIR *dir = fd < 0 ? NULL : fdopendir(fd);
		const struct dirent *entry;
		int result = 0;

		if (!dir && fd >= 0)
			own_close_fd(&fd);
		while (dir && result == 0 && (entry = readdir(dir)))
			if (!is_leftover(entry->d_name) && !list_has(&names, entry->d_name))
				result = list_add(&names, entry->d_name);
		if (dir)
			(void)closedir(dir); /* was read only; closes fd */
		if (result < 0) {
			list_free(&names);
			return no_memory(err, directories[i]);
		}
	}
	if (names.count)
		qsort(names.items, names.count, sizeof *names.items, compare_names);
	*out = names;
	return 0;
}

bool pam_line_is(const struct pam_line *line, const char *name)
{
	const char *slash = strrchr(line->module, '/');
	const char *rest = text_after(slash ? slash + 1 : line->module, name);

	return rest && (!*rest || strcmp(rest, ".so") == 0);
}
