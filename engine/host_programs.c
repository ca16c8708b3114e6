#include "host_programs.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host_paths.h"
#include "own.h"

/* A program in the place that packages put it, or /usr/local: not for others to write. NULL where there is none. */
static int load_program(int root_fd, const char *name, bool roots, char **out, struct error *err)
{
	static const char *const directories[] = { "/usr/bin", "/usr/local/bin" };
	struct stat info;

	for (size_t i = 0; i < ARRAY_SIZE(directories); i++) {
		char path[64];

		(void)text_format(path, sizeof path, "%s/%s", directories[i], name);
		if (host_resolve(root_fd, path, out, err) < 0)
			return -1;
		if (*out && host_stat(root_fd, *out, &info) == 0 && S_ISREG(info.st_mode) && info.st_mode & 0111 &&
			!(info.st_mode & 022) && (!roots || info.st_uid == 0))
			return 0;
		free(*out);
		*out = NULL;
	}
	return 0;
}

/* Of the account that runs this, which need not be the subject: that is one of the tree's, where the tree has a passwd. */
static int load_subids(int root_fd, const struct subject *subject, struct host *host, struct error *err)
{
	own_text char *name = subject_local_name(root_fd, host->uid);
	const char *user = name ? name : subject->uid == host->uid ? subject->user : NULL;

	if (subject_id_range(root_fd, "/etc/subuid", user, host->uid, &host->subuids, err) < 0 ||
		subject_id_range(root_fd, "/etc/subgid", user, host->uid, &host->subgids, err) < 0 ||
		load_program(root_fd, "newuidmap", true, &host->newuidmap, err) < 0)
		return -1;
	return load_program(root_fd, "newgidmap", true, &host->newgidmap, err);
}

/* Who runs pasta may be nobody: the device has to be open to all, or without root to this user. */
static int load_pasta(int root_fd, struct host *host, struct error *err)
{
	static const char tun[] = "/dev/net/tun";
	struct stat info;

	if (load_program(root_fd, "pasta", false, &host->pasta, err) < 0)
		return -1;
	host->tun = host_stat(root_fd, tun, &info) == 0 && S_ISCHR(info.st_mode) &&
		    (host->privileged ? (info.st_mode & 06) == 06 : faccessat(root_fd, tun + 1, R_OK | W_OK, 0) == 0);
	return 0;
}

int host_programs_load(int root_fd, const struct policy *policy, const struct subject *subject, struct host *host,
	struct error *err)
{
	if (policy->network == NETWORK_PASTA && load_pasta(root_fd, host, err) < 0)
		return -1;
	return policy->user_map == MAP_SUBUID && !host->privileged ? load_subids(root_fd, subject, host, err) : 0;
}
