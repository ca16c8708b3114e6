#pragma once
/* host_disk: the disk behind a directory. Part of host_load(). */
#include "host.h"

/*
 * The whole disk that the directory's file system is on; *out stays 0:0 where there is none: a file system of the network
 * or in memory, or one whose number is of no single disk (btrfs). A device mapper's volume is a disk; with `below` it is
 * the disk that the volume is made of, where that is one: systemd's manager goes down there by itself, whatever it is told
 * (IOReadBandwidthMax= in systemd.resource-control(5)), and the disk at the bottom is what stays as it is. 0, or -1 and err.
 */
int host_disk_find(int root_fd, const char *directory, bool below, struct cgroup_disk *out, struct error *err);
