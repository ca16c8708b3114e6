#pragma once
/* narrate: a session's steps as one line each, as the program this grew from told them. */
#include <stdbool.h>

#include "engine/plan.h"
#include "engine/session.h"

struct narration {
	const struct plan *plan;
	bool quiet;
};

/* A step that is done; for session->told, with a struct narration. */
void narrate_step(void *narration, const struct session_step *step);
/* A step that failed, by the name in the error; the error itself is the caller's to tell. */
void narrate_failure(const struct narration *narration, const char *step);
/* Anything else that is done, in the same form: "…" and details are the caller's. */
void narrate(const struct narration *narration, const char *text);
