/*
 * pair [-r ROUNDS] [-g GAP_MS] [-t SECONDS] COMMAND… -- COMMAND… [-- COMMAND…]…
 *
 * Runs the commands in turn, in a different order each round, and times each from its start to its end. Other work
 * on the machine hits neighbours alike: the ratio to the first command is taken round by round, and the median
 * of those is told. One line for each command but the first:
 *
 *	RATIO FIRST_QUARTILE THIRD_QUARTILE ROUNDS MEDIAN_MS_OF_FIRST MEDIAN_MS
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { COMMANDS = 8, ROUNDS_MOST = 4096, WARM_UP = 3 };

static double now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* Milliseconds of a command that ends well; the benchmark is worth nothing otherwise. */
static double run(char **argv, const posix_spawn_file_actions_t *actions)
{
	char *const no_environment[] = { NULL };
	double start = now_ms(), end;
	int status = 0, num;
	pid_t pid;

	num = posix_spawn(&pid, argv[0], actions, NULL, argv, no_environment);
	if (num) {
		fprintf(stderr, "pair: %s: %s\n", argv[0], strerror(num));
		exit(1);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	end = now_ms();
	if (status == 0)
		return end - start;
	fprintf(stderr, "pair: %s failed (wait status %#x)\n", argv[0], (unsigned)status);
	exit(1);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double quantile(double *values, size_t count, double part)
{
	qsort(values, count, sizeof *values, compare);
	return values[(size_t)((double)(count - 1) * part + 0.5)];
}

static void tell(double times[COMMANDS][ROUNDS_MOST], size_t commands, size_t rounds)
{
	static double ratios[ROUNDS_MOST];

	for (size_t c = 1; c < commands; c++) {
		for (size_t i = 0; i < rounds; i++)
			ratios[i] = times[c][i] / times[0][i];
		printf("%.3f %.3f %.3f %zu", quantile(ratios, rounds, 0.5),
			quantile(ratios, rounds, 0.25), quantile(ratios, rounds, 0.75), rounds);
		/* a copy: the pairs must stay together for the next command */
		memcpy(ratios, times[0], rounds * sizeof *ratios);
		printf(" %.3f", quantile(ratios, rounds, 0.5));
		memcpy(ratios, times[c], rounds * sizeof *ratios);
		printf(" %.3f\n", quantile(ratios, rounds, 0.5));
	}
}

int main(int argc, char **argv)
{
	static double times[COMMANDS][ROUNDS_MOST];
	char **commands[COMMANDS];
	size_t count = 0, wanted = 60, done = 0;
	long gap_ms = 0, seconds = 60;
	posix_spawn_file_actions_t actions;
	double end;
	int option;

	while ((option = getopt(argc, argv, "+r:g:t:")) != -1) {
		if (option == 'r')
			wanted = strtoul(optarg, NULL, 10);
		else if (option == 'g')
			gap_ms = strtol(optarg, NULL, 10);
		else if (option == 't')
			seconds = strtol(optarg, NULL, 10);
		else
			return 2;
	}
	for (int i = optind, start = optind; i <= argc && count < COMMANDS; i++)
		if (i == argc || strcmp(argv[i], "--") == 0) {
			argv[i] = NULL;
			commands[count++] = argv + start;
			start = i + 1;
		}
	if (count < 2 || !wanted || wanted > ROUNDS_MOST) {
		fprintf(stderr, "usage: pair [-r ROUNDS] [-g GAP_MS] [-t SECONDS] COMMAND... -- "
				"COMMAND...\n");
		return 2;
	}
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	end = now_ms() + (double)seconds * 1e3;
	for (size_t round = 0; round < wanted + WARM_UP && (done < 3 || now_ms() < end); round++) {
		for (size_t i = 0; i < count; i++) {
			/* forwards and backwards: nobody always runs after the same one */
			size_t c = round % 2 ? count - 1 - i : i;
			struct timespec gap = { gap_ms / 1000, gap_ms % 1000 * 1000000 };

			nanosleep(&gap, NULL);
			times[c][done] = run(commands[c], &actions);
		}
		done += round >= WARM_UP;
	}
	tell(times, count, done);
	return 0;
}
