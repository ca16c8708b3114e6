#pragma once
/* plan_resolv: which resolvers a session with pasta asks. Pure text. */

#include <stdbool.h>

/*
 * The host's resolv.conf for a network in which the host's loopback is not the host's: resolvers on it are left out;
 * *forward: there are no others, and pasta's forwarder stands in. Owned; NULL when there is no memory.
 */
char *plan_resolv_conf(const char *text, bool *forward);
