#pragma once
/*
 * caps: capability sets of a session. Numbers go to the last one the running kernel knows; an
 * unknown number is dropped, never kept. The table carries a reason for each.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

struct capability {
	int number;
	const char *name;   /* "cap_chown" */
	const char *reason; /* why a session must not have it */
	bool original;      /* dropped by the program this grew from */
	bool host;          /* a PAM host process keeps it to finish a login (setuid, pty, audit) */
};

extern const struct capability capabilities[];
extern const size_t capabilities_count;

/* "cap_net_raw", "CAP_NET_RAW" or "net_raw" → number, or -1. */
int caps_number(const char *name);
/* "cap_chown", or "cap_41" for an unknown number; a static text or buf. */
const char *caps_name(int number, char *buf, size_t size);
/* The mask of capabilities a PAM host process keeps effective after the seal. */
uint64_t caps_host_mask(void);

/* Masks are upper bounds: what the process does not have is not given to it and not missed. */
struct caps_plan {
	int last_cap;       /* of the running kernel */
	uint64_t bounding;  /* what may stay in the bounding set */
	uint64_t permitted; /* of this process afterwards, permitted = effective */
	uint64_t inheritable;
	uint64_t ambient;
	unsigned securebits; /* SECBIT_… bits to be set, locks included; 0 leaves them */
};

/*
 * Applies: ambient, bounding set, securebits, then permitted/effective/inheritable. Only ever
 * takes away: each set afterwards is the plan's mask and what was there (effective: what was
 * permitted). Through libcap. 0, or -1 and err. Needs CAP_SETPCAP where bounding or securebits
 * change.
 */
int caps_apply(const struct caps_plan *plan, struct error *err);

/* That part of it alone: SECBIT_… bits to be set beside those there are. 0, or -1 and err. */
int caps_set_securebits(unsigned wanted, struct error *err);

/*
 * Compares with the text of a /proc/PID/status ("CapInh:" … "CapAmb:"): any bit outside the plan
 * is a difference, and so is an effective set that is not the permitted one. 0, or -1 naming the
 * first set that differs, with both masks.
 */
int caps_compare(const struct caps_plan *plan, const char *status, struct error *err);
