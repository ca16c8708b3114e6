/* contained rootfs create: makes a directory tree that is good as `root =` and for contained -m. */
#include "rootfs.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "commands.h"
#include "engine/own.h"
#include "engine/program.h"
#include "engine/text.h"

struct options {
	const char *dir, *suite, *include;
	bool busybox, from_host;
	char **programs;
};

static int usage(const char *complaint)
{
	if (complaint)
		fprintf(stderr, "contained: %s\n", complaint);
	fputs("usage: contained rootfs create DIR --busybox\n"
	      "       contained rootfs create DIR --debian SUITE [--include PACKAGE,…]\n"
	      "       contained rootfs create DIR --from-host PROGRAM…\n",
		stderr);
	return COMMAND_USAGE;
}

static int parse_options(int argc, char **argv, struct options *out)
{
	static const struct option names[] = { { "busybox", no_argument, NULL, 'b' },
		{ "debian", required_argument, NULL, 'd' }, { "include", required_argument, NULL, 'i' },
		{ "from-host", no_argument, NULL, 'h' }, { NULL, 0, NULL, 0 } };
	int option;

	*out = (struct options){ 0 };
	if (argc < 2 || !text_equal(argv[1], "create"))
		return usage(argc < 2 ? NULL : "rootfs: there is nothing but create");
	argc--, argv++;
	while ((option = getopt_long(argc, argv, "", names, NULL)) != -1) {
		switch (option) {
		case 'b':
			out->busybox = true;
			break;
		case 'd':
			out->suite = optarg;
			break;
		case 'i':
			out->include = optarg;
			break;
		case 'h':
			out->from_host = true;
			break;
		default:
			return usage(NULL);
		}
	}
	if (optind >= argc)
		return usage("rootfs create: which directory?");
	out->dir = argv[optind++];
	out->programs = argv + optind;
	if (out->busybox + !!out->suite + out->from_host != 1)
		return usage("rootfs create: one of --busybox, --debian and --from-host");
	if (out->from_host ? !*out->programs : *out->programs != NULL)
		return usage(out->from_host ? "--from-host: which programs?" : "rootfs create: one directory");
	if (out->include && !out->suite)
		return usage("--include is for --debian");
	return 0;
}

/* All that sessions mount on, so that nothing has to be made in it later and it may lie on a read-only file system. */
static int make_places(const struct rootfs *rootfs, struct error *err)
{
	static const struct {
		const char *path;
		mode_t mode;
	} dirs[] = { { "/proc", 0555 }, { "/sys", 0555 }, { "/dev", 0755 }, { "/run", 0755 }, { "/tmp", 01777 },
		{ "/var/tmp", 01777 }, { "/etc", 0755 }, { "/etc/security", 0755 }, { "/etc/default", 0755 }, { "/home", 0755 },
		{ "/root", 0700 }, { "/usr/bin", 0755 } };
	static const struct {
		const char *path, *text;
	} files[] = {
		{ "/etc/passwd", "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n" },
		{ "/etc/group", "root:x:0:\ntty:x:5:\nusers:x:100:\nnogroup:x:65534:\n" },
		{ "/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n" },
		{ "/etc/profile", "PATH=/usr/local/bin:/usr/bin:/bin\nexport PATH\nPS1='\\$ '\n" },
		{ "/etc/hosts", "127.0.0.1\tlocalhost\n::1\tlocalhost\n" },
		{ "/etc/hostname", "localhost\n" },
		{ "/etc/resolv.conf", "" },
		{ "/etc/environment", "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		if (rootfs_dir(rootfs, dirs[i].path, dirs[i].mode, err) < 0)
			return -1;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		if (!rootfs_has(rootfs, files[i].path) && rootfs_text(rootfs, files[i].path, files[i].text, err) < 0)
			return -1;
	return 0;
}

/* *shell: what to try it with. */
static int check(const struct rootfs *rootfs, const struct options *options, const char **shell, struct error *err)
{
	static char path[PATH_MAX];

	*shell = "/bin/sh";
	if (!rootfs_has(rootfs, *shell) && options->from_host) {
		if (rootfs_find_program(options->programs[0], path, sizeof path, err) < 0)
			return -1;
		*shell = path;
	}
	return program_check(rootfs->dir, *shell, err);
}

static int fill(const struct rootfs *rootfs, const struct options *options, const struct narration *narration,
	const char **shell, struct error *err)
{
	int result;

	if (options->busybox)
		result = rootfs_make_busybox(rootfs, narration, err);
	else if (options->suite)
		result = rootfs_make_debian(rootfs, options->suite, options->include, narration, err);
	else
		result = rootfs_make_from_host(rootfs, options->programs, narration, err);
	if (result < 0 || make_places(rootfs, err) < 0)
		return -1;
	narrate(narration, "making what sessions mount on…done.");
	if (check(rootfs, options, shell, err) < 0)
		return -1;
	if (rootfs_is_interrupted())
		return fail(err, EINTR, rootfs->path, "was not finished");
	narrate(narration, "looking whether its programs would start…done.");
	return 0;
}

int command_rootfs(int argc, char **argv)
{
	const struct narration narration = { 0 };
	struct rootfs rootfs = { .parent = -1, .dir = -1 };
	struct options options;
	const char *shell;
	struct error err;
	int status = parse_options(argc, argv, &options);

	if (status != 0)
		return status;
	(void)umask(022);
	rootfs_watch_signals();
	if (rootfs_open(options.dir, &rootfs, &err) < 0)
		return print_error(&err);
	if (fill(&rootfs, &options, &narration, &shell, &err) < 0) {
		status = print_error(&err);
		rootfs_remove(&rootfs);
	} else {
		printf("root = %s\n", rootfs.path);
		fprintf(stderr, "That line goes into contained.conf. To try it: contained -m %s -u 0 -c %s\n", rootfs.path, shell);
	}
	rootfs_close(&rootfs);
	return status;
}
