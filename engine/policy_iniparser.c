/*
 * The only use of iniparser: what the scan found must be what it finds. Its own ways to fail are
 * met like this: it reads only a path, so it gets the checked bytes in a memfd; errors print to
 * stderr through a process-global callback, which is ours for the time of the call; without memory
 * it gives a partial dictionary, which the comparison finds.
 */
#include <ctype.h>
#include <errno.h>
#include <iniparser/iniparser.h>
#include <string.h>
#include <sys/mman.h>

#include "own.h"
#include "policy_parts.h"
#include "text.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U /* Linux 6.3 */
#endif

/*
 * The callback has no context, and the engine has no mutable globals: errno carries the news out of
 * iniparser_load(), which only frees and closes after calling it.
 */
static int refuse(const char *format, ...)
{
	(void)format;
	if (!errno) /* a system call's own reason says more */
		errno = EBADMSG;
	return 0;
}

static int open_bytes(const char *text, size_t length)
{
	/* vm.memfd_noexec may insist on the flag, and logs a line where it is missing */
	own_fd int fd = memfd_create("contained.conf", MFD_CLOEXEC | MFD_NOEXEC_SEAL);

	if (fd < 0 && errno == EINVAL)
		fd = memfd_create("contained.conf", MFD_CLOEXEC);
	if (fd < 0)
		return -1;
	for (size_t done = 0; done < length;) {
		ssize_t written = write(fd, text + done, length - done);

		if (written < 0 && errno != EINTR)
			return -1;
		if (written > 0)
			done += (size_t)written;
	}
	return take_fd(&fd);
}

/*
 * iniparser 4.1 writes to what calloc() gave it without a look (dictionary_new(), 3 KiB; all else
 * it does look at, or leaves a gap that the comparison finds). So that there is memory for that,
 * there must be a lot more of it just before.
 */
static bool has_memory(void)
{
	enum { plenty = 65536 };
	void *volatile reserve = malloc(plenty); /* volatile: or the pair is optimized away */

	free(reserve);
	return reserve != NULL;
}

static dictionary *load_bytes(const char *text, size_t length, const char *path, struct error *err)
{
	own_fd int fd = open_bytes(text, length);
	dictionary *dict;
	char name[32];

	if (fd < 0) {
		(void)fail(err, errno, path, "cannot copy the configuration to memory");
		return NULL;
	}
	if (!has_memory()) {
		(void)fail(err, ENOMEM, path, "cannot load the configuration");
		return NULL;
	}
	(void)text_format(name, sizeof name, "/proc/self/fd/%d", fd);
	iniparser_set_error_callback(refuse);
	errno = 0;
	dict = iniparser_load(name);
	iniparser_set_error_callback(NULL);
	if (dict && !errno)
		return dict;
	if (errno == EBADMSG)
		(void)fail(err, 0, path, "iniparser cannot read the configuration");
	else
		(void)fail(err, errno ? errno : ENOMEM, path,
			"cannot load the configuration (is /proc mounted?)");
	if (dict)
		iniparser_freedict(dict);
	return NULL;
}

/* iniparser's name of a section, or of an entry: all in lower case, "section:key". */
static void ini_name(const char *section, const char *key, char *buf, size_t size)
{
	(void)text_format(buf, size, "%s%s%s", section, key ? ":" : "", key ? key : "");
	for (; *buf; buf++)
		*buf = (char)tolower((unsigned char)*buf);
}

static int section_keys(const struct scan *scan, size_t section)
{
	int count = 0;

	for (size_t i = 0; i < scan->entry_count; i++)
		if (scan->entries[i].section == section)
			count++;
	return count;
}

static void compare(const dictionary *dict, const struct scan *scan, struct problems *problems)
{
	char name[2 * POLICY_LINE_MAX];

	if (iniparser_getnsec(dict) != (int)scan->section_count)
		policy_problem(problems, 0, NULL, "iniparser reads %d sections (expected %zu)",
			iniparser_getnsec(dict), scan->section_count);
	for (size_t i = 0; i < scan->section_count; i++) {
		const struct scan_section *section = &scan->sections[i];

		ini_name(section->name, NULL, name, sizeof name);
		if (!iniparser_find_entry(dict, name) ||
			iniparser_getsecnkeys(dict, name) != section_keys(scan, i))
			policy_problem(problems, section->line, NULL,
				"iniparser reads [%s] otherwise than it is written", section->name);
	}
	for (size_t i = 0; i < scan->entry_count; i++) {
		const struct scan_entry *entry = &scan->entries[i];
		const char *value;

		ini_name(scan->sections[entry->section].name, entry->key, name, sizeof name);
		value = iniparser_getstring(dict, name, NULL);
		if (!text_equal(value, entry->value))
			policy_problem(problems, entry->line, entry->key,
				"iniparser reads \"%s\" (expected \"%s\")", value ? value : "",
				entry->value);
	}
}

int policy_scan_confirm(const char *text, size_t length, const struct scan *scan,
	struct problems *problems, struct error *err)
{
	dictionary *dict = load_bytes(text, length, problems->path, err);

	if (!dict)
		return -1;
	compare(dict, scan, problems);
	iniparser_freedict(dict);
	return 0;
}
