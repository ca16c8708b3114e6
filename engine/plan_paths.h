#pragma once
/*
 * plan_paths: which paths of the host are in the view, and which are hidden: homes, mail, writable, readonly, sockets,
 * hide, automounts. Private to plan_mounts.c.
 *
 * Where one path lies in another the longer holds: they are mounted in the order of their depth. What has to be mounted
 * below something that hides is mounted in an empty file system, where the way to it is made.
 */
#include "plan_maker.h"

struct paths {
	struct path_item *items;
	size_t count;
	char *mail_dir;
};

/* Decides. 0 and *out owned, or -1 (the maker is broken then). */
int plan_paths_make(struct maker *maker, struct paths *out);
void plan_paths_free(struct paths *paths);

/* In a root tree of its own: the places to mount on, while it is writable; those below /etc go into our layer of it. */
void plan_paths_add_places(struct maker *maker, const struct paths *paths);
void plan_paths_add_etc_places(struct maker *maker, const struct paths *paths);
/* The mounts. After /run, and after the layer over /etc. */
void plan_paths_add(struct maker *maker, const struct paths *paths);
