#include "error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "text.h"

int fail(struct error *err, int num, const char *object, const char *format, ...)
{
	int saved = errno;

	if (err) {
		va_list args;

		memset(err, 0, sizeof *err);
		err->num = num;
		/* a cut object or cause is still the right one: the ends of a message are expendable */
		(void)snprintf(err->object, sizeof err->object, "%s", object ? object : "");
		va_start(args, format);
		(void)vsnprintf(err->cause, sizeof err->cause, format, args);
		va_end(args);
	}
	errno = saved;
	return -1;
}

int error_hint(struct error *err, const char *format, ...)
{
	if (err) {
		va_list args;

		va_start(args, format);
		(void)vsnprintf(err->hint, sizeof err->hint, format, args);
		va_end(args);
	}
	return -1;
}

void error_step(struct error *err, const char *step)
{
	if (err && !err->step[0])
		(void)text_format(err->step, sizeof err->step, "%s", step);
}

void error_format(const struct error *err, char *buf, size_t size)
{
	char raw[sizeof *err + 128];
	const char *why = NULL;

	/* strerrordesc_np: untranslated and without locks, unlike strerror (NOTES of strerror(3)) */
	if (err->num)
		why = strerrordesc_np(err->num);
	(void)text_format(raw, sizeof raw, "%s%s%s%s%s%s%s%s%s%s", err->step,
		err->step[0] ? ": " : "", err->object, err->object[0] ? ": " : "", err->cause,
		why ? ": " : "", why ? why : "", err->hint[0] ? " (hint: " : "", err->hint,
		err->hint[0] ? ")" : "");
	text_escape(buf, size, raw);
}
