/* bench_tool: what the benchmark scripts need and a shell has not. Input is ours.
 *
 *   bench_tool run FILE COMMAND...    runs it; FILE gets "WALL CPU": seconds, and CPU seconds of the command without its
 *                                     children. Exits as it does.
 *   bench_tool stamp                  each line of standard input with the time of its arrival (ms since 1970) before it
 *   bench_tool now                    seconds of the monotonic clock */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double
seconds(clockid_t which)
{
	struct timespec now;

	clock_gettime(which, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double
of_timeval(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

/* What the children have used that a process has waited for: readable until it is waited for itself. */
static double
of_children(pid_t pid)
{
	char path[64];
	char line[1024] = "";
	unsigned long user = 0;
	unsigned long kernel = 0;

	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	FILE *file = fopen(path, "r");
	if (file) {
		size_t len = fread(line, 1, sizeof line - 1, file);
		line[len] = '\0';
		fclose(file);
	}
	const char *at = strrchr(line, ')');
	if (!at || sscanf(at + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %lu %lu",
			   &user, &kernel) != 2) {
		return 0;
	}
	return (double)(user + kernel) / (double)sysconf(_SC_CLK_TCK);
}

static int
run(const char *path, char **command)
{
	double start = seconds(CLOCK_MONOTONIC);
	struct rusage used;
	int status;
	pid_t pid = fork();

	if (pid < 0) {
		return 71;
	}
	if (pid == 0) {
		execvp(command[0], command);
		fprintf(stderr, "bench_tool: %s: %s\n", command[0], strerror(errno));
		_exit(127);
	}
	siginfo_t info;
	if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) < 0) {
		return 71;
	}
	double children = of_children(pid);
	if (wait4(pid, &status, 0, &used) < 0) {
		return 71;
	}
	double wall = seconds(CLOCK_MONOTONIC) - start;
	FILE *file = fopen(path, "w");
	if (!file) {
		return 73;
	}
	fprintf(file, "%.4f %.4f\n", wall,
		of_timeval(used.ru_utime) + of_timeval(used.ru_stime) - children);
	fclose(file);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int
stamp(void)
{
	char *line = NULL;
	size_t size = 0;

	while (getline(&line, &size, stdin) > 0) {
		printf("%" PRId64 " %s", (int64_t)(seconds(CLOCK_REALTIME) * 1000), line);
		fflush(stdout);
	}
	free(line);
	return 0;
}

int
main(int argc, char **argv)
{
	if (argc > 3 && strcmp(argv[1], "run") == 0) {
		return run(argv[2], argv + 3);
	}
	if (argc == 2 && strcmp(argv[1], "stamp") == 0) {
		return stamp();
	}
	if (argc == 2 && strcmp(argv[1], "now") == 0) {
		printf("%.3f\n", seconds(CLOCK_MONOTONIC));
		return 0;
	}
	fprintf(stderr, "usage: bench_tool run FILE COMMAND...|stamp|now\n");
	return 64;
}
