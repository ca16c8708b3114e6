#pragma once
/*
 * pasta: the packaged program that connects a network namespace to the world through sockets of an ordinary process
 * (passt, pasta(1)). Here it never has a privilege over the host, and lives in the session's pid namespace: when PID 1
 * ends, however it ends, the kernel ends pasta. Plain values in; runs between fork and exec, system calls only.
 */
#include <stdbool.h>

#include "cgroup.h"
#include "error.h"

/* Where pasta answers for the host's first resolver, for hosts that have none but on their loopback. UDP only. */
#define PASTA_DNS "169.254.1.1"

/* NULL-terminated, with the program's name first; the network namespace is its standard input. Static. */
const char *const *pasta_arguments(bool forward_dns);

/*
 * As root: a network namespace that belongs to a user namespace of an id that nobody has, whose capabilities are good for it and
 * for nothing else on this host. Both are fds of the caller's afterwards. 0, or -1 and err.
 */
int pasta_make_network(int *network, int *owner, struct error *err);

/*
 * Without root: a fd of the network namespace of PID 1, once its user namespace has its maps (before, pasta could not
 * mount in it). 0, or -1 and err when it died.
 */
int pasta_find_network(int init, int *network, struct error *err);

struct pasta_start {
	const char *program; /* where it is on the host */
	bool forward_dns;
	int init;            /* pidfd of PID 1 */
	int network;
	int owner; /* the user namespace that the network belongs to; -1: the one PID 1 is in */
	const struct cgroup_plan *cgroup; /* what it uses counts as the session's; dir_count 0: none */
};

/*
 * Starts it and returns when the interface is up. Its cgroup apart it shares nothing with the caller: no fd, no
 * environment, nobody's child but PID 1's. 0; or -1 and err, with what pasta said.
 */
int pasta_run(const struct pasta_start *start, struct error *err);
