#pragma once
/* plan_mounts: the list of mount operations of a plan. Private to plan.c. */
#include "accounts.h"
#include "plan.h"

/* Appends to plan->mounts. accounts is NULL where the host's own files stay. 0, or -1 (ENOMEM). */
int plan_mounts_make(struct plan *plan, const struct policy *policy, const struct subject *subject,
	const struct host *host, const struct accounts *accounts, struct error *err);
