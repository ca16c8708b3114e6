#include "probe.h"

#include "escape.h"
#include "works.h"

static int usage(void)
{
	(void)fputs("probe escape [DIR]   what must be refused (DIR: for setuid files, $HOME)\n"
		    "probe works [DIR]    what must work\n"
		    "probe status         capabilities, no_new_privs and seccomp of this process\n"
		    "probe fds            its open files\n"
		    "probe forkbomb N     how many of N children can live at once\n"
		    "probe eat MIB        touches so much memory\n",
		stderr);
	return 2;
}

static int status(void)
{
	static const char *const wanted[] = { "Cap", "NoNewPrivs:", "Seccomp" };
	FILE *file = fopen("/proc/self/status", "re");
	char line[256];

	if (!file) {
		(void)fprintf(stderr, "probe: /proc/self/status: %s\n", errno_name(errno));
		return 1;
	}
	while (fgets(line, sizeof line, file)) {
		for (size_t i = 0; i < COUNT(wanted); i++) {
			if (strncmp(line, wanted[i], strlen(wanted[i])) == 0)
				(void)fputs(line, stdout);
		}
	}
	(void)fclose(file);
	return 0;
}

static const char *type_name(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return "file";
	case S_IFDIR:
		return "directory";
	case S_IFCHR:
		return "character";
	case S_IFBLK:
		return "block";
	case S_IFIFO:
		return "pipe";
	case S_IFSOCK:
		return "socket";
	default:
		return "anonymous";
	}
}

/*
 * One line each: number, type, what /proc says it is. Tried by number, as a directory's fd would
 * count.
 */
static int fds(void)
{
	struct rlimit limit = { 0 };
	int end;

	(void)getrlimit(RLIMIT_NOFILE, &limit); /* 0 on failure, and 65536 then */
	end = limit.rlim_cur - 1 < 65536 ? (int)limit.rlim_cur : 65536;
	for (int fd = 0; fd < end; fd++) {
		char path[40], target[4096];
		struct stat st;
		ssize_t length;

		if (fstat(fd, &st) < 0)
			continue;
		(void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
		length = readlink(path, target, sizeof target - 1);
		target[length < 0 ? 0 : length] = '\0';
		printf("%d %s %s\n", fd, type_name(st.st_mode), target);
	}
	return 0;
}

static int forkbomb(unsigned long wanted)
{
	pid_t *pids = calloc(wanted ? wanted : 1, sizeof *pids);
	unsigned long made = 0;
	int num = 0;

	if (!pids)
		return 1;
	for (; made < wanted; made++) {
		pids[made] = fork();
		if (pids[made] == 0) {
			/* ends with us, whatever happens to us */
			(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
			for (;;)
				(void)pause();
		}
		if (pids[made] < 0) {
			num = errno;
			break;
		}
	}
	printf("forked %lu of %lu (%s)\n", made, wanted, errno_name(num));
	(void)fflush(stdout);
	for (unsigned long i = 0; i < made; i++) {
		(void)kill(pids[i], SIGKILL); /* ours, and not yet waited for */
		(void)waitpid(pids[i], NULL, 0);
	}
	free(pids);
	return 0;
}

static int eat(unsigned long mib)
{
	for (unsigned long i = 0; i < mib; i++) {
		char *block = mmap(
			NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (block == MAP_FAILED) {
			printf("ate %lu of %lu MiB (%s)\n", i, mib, errno_name(errno));
			return 1;
		}
		/* not zeros: no kernel merges or skips them */
		memset(block, (int)(i % 255) + 1, 1 << 20);
	}
	printf("ate %lu of %lu MiB (success)\n", mib, mib);
	return 0;
}

static unsigned long number(const char *text)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (end == text || *end || *text == '-') {
		(void)fprintf(stderr, "probe: %s: not a number\n", text);
		exit(2);
	}
	return value;
}

int main(int argc, char **argv)
{
	const char *home = getenv("HOME");
	const char *dir = argc > 2 ? argv[2] : home ? home : "/tmp";

	/* what is printed must be out before a child or a refused call ends us */
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc >= 2 && argc <= 3 && strcmp(argv[1], "escape") == 0)
		return escape(dir);
	if (argc >= 2 && argc <= 3 && strcmp(argv[1], "works") == 0)
		return work(dir);
	if (argc == 2 && strcmp(argv[1], "status") == 0)
		return status();
	if (argc == 2 && strcmp(argv[1], "fds") == 0)
		return fds();
	if (argc == 3 && strcmp(argv[1], "forkbomb") == 0)
		return forkbomb(number(argv[2]));
	if (argc == 3 && strcmp(argv[1], "eat") == 0)
		return eat(number(argv[2]));
	if (argc == 2 && strcmp(argv[1], "true") == 0)
		return 0;
	return usage();
}
