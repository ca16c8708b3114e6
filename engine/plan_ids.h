#pragma once
/* plan_ids: who is who in the user namespace of a session made without root. Pure; part of plan_make(). */
#include "plan.h"

/*
 * The program's ids are the caller's own. With user_map = subuid others are there, too, from 1 to 65535 at most: those
 * of the host's ranges, which must not be anybody's here. Nobody is user 0 inside but a program that is. 0, or -1 and
 * err.
 */
int plan_ids_make(struct plan *plan, const struct policy *policy, const struct host *host, struct error *err);
