#pragma once
/*
 * host_ccache: which file of the host's a login's KRB5CCNAME names, and whether a session may have it.
 *
 * The text comes out of the PAM environment, where a user may have a say in it: nothing of it is believed.
 */
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * The path of FILE:PATH, PATH, DIR:PATH and DIR::PATH/FILE (of the last, the directory), when it is normal, and below
 * a place where a session has an empty one of its own: /tmp, /var/tmp, /run/user/UID. true and buf, or false: of
 * another kind (KEYRING:, KCM:, MEMORY:), of another place, or none. Pure.
 */
bool host_ccache_path(const char *ccache, uid_t uid, char *buf, size_t size, bool *directory);

/*
 * Is it there, below root_fd, without a symbolic link or a mount on the way, the user's own, and of the right kind: a
 * regular file with one link, or a directory?
 */
bool host_ccache_usable(int root_fd, const char *path, uid_t uid, bool directory);
