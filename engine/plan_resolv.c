#include "plan_resolv.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "own.h"
#include "pasta.h"
#include "text.h"

/* The address of a "nameserver" line (resolv.conf(5)), or NULL. */
static const char *resolver_of(const char *line)
{
	const char *address = text_after(line, "nameserver");

	return address && isblank((unsigned char)*address) ? address + strspn(address, " \t") : NULL;
}

static bool is_on_loopback(const char *address)
{
	return text_after(address, "127.") || text_after(address, "0.0.0.0") ||
	       (text_after(address, "::1") && strcspn(address, " \t\n#;") == 3);
}

char *plan_resolv_conf(const char *text, bool *forward)
{
	static const char forwarder[] = "nameserver " PASTA_DNS "\n";
	char *out = malloc(strlen(text) + sizeof forwarder + 1);
	size_t used = 0;

	*forward = true;
	while (out && *text) {
		const char *address = resolver_of(text);
		size_t length = strcspn(text, "\n");

		if (!address || !is_on_loopback(address)) {
			memcpy(out + used, text, length);
			used += length;
			out[used++] = '\n';
			*forward = *forward && !address;
		}
		text += length + (text[length] == '\n');
	}
	if (out)
		memcpy(out + used, *forward ? forwarder : "", *forward ? sizeof forwarder : 1);
	return out;
}
