#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ROUNDS_MAX = 31, ROWS_MAX = 32 };

double
bench_cpu_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

void
bench_run(bench_row *rows, size_t count, unsigned rounds)
{
	static double taken[ROWS_MAX][ROUNDS_MAX];

	if (count > ROWS_MAX || rounds > ROUNDS_MAX) {
		abort();
	}
	for (size_t i = 0; i < count; i++) {
		rows[i].fn(rows[i].user);
	}
	for (unsigned round = 0; round < rounds; round++) {
		for (size_t i = 0; i < count; i++) {
			double start = bench_cpu_s();
			uint64_t items = rows[i].fn(rows[i].user);
			taken[i][round] =
				(bench_cpu_s() - start) * 1e9 / (double)(items ? items : 1);
		}
	}
	for (size_t i = 0; i < count; i++) {
		qsort(taken[i], rounds, sizeof(double), by_value);
		rows[i].ns = taken[i][rounds / 2];
	}
}

void
bench_figure(const char *group, const char *name, double value, const char *unit,
	const char *beside, double ratio, const char *target)
{
	const char *out = getenv("HK_BENCH_OUT");

	printf("%-8s %-52s %12.3f %-10s", group, name, value, unit);
	if (beside) {
		printf("  %8.2fx %s", ratio, beside);
	}
	if (target) {
		printf("  (asked: %s)", target);
	}
	putchar('\n');
	fflush(stdout);
	FILE *file = out ? fopen(out, "a") : NULL;
	if (file) {
		fprintf(file,
			"{\"group\":\"%s\",\"name\":\"%s\",\"value\":%.6g,\"unit\":\"%s\","
			"\"beside\":\"%s\",\"ratio\":%.4g,"
			"\"target\":\"%s\"}\n",
			group, name, value, unit, beside ? beside : "", beside ? ratio : 0,
			target ? target : "");
		fclose(file);
	}
}
