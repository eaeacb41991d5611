/* bench: measuring in one run and printing ratios. Input is ours.
 *
 * A benchmark measures each of its candidates several times in turn (so that a busy machine hits all of them alike), takes the
 * median, and prints one line per figure: what, value, unit, what it is compared with, ratio. Times are CPU time of the
 * process unless the name says "wall". Lines also go, as JSON, to the file that HK_BENCH_OUT names: docs/performance.md is made
 * of it (tools/gen-performance). */
#ifndef HK_BENCH_H
#define HK_BENCH_H

#include <stddef.h>
#include <stdint.h>

#include "sys/patterns.h"

/* Work of one candidate; returns how many items it went through (entries, names, bytes). */
typedef uint64_t (*bench_fn)(void *user);

typedef struct bench_row {
	const char *name;
	bench_fn fn;
	void *user;
	double ns; /* median CPU nanoseconds per item, set by bench_run */
} bench_row;

/* bench_run(rows, count, rounds): one warm-up, then rounds times all rows in turn. */
void bench_run(bench_row *rows, size_t count, unsigned rounds);

/* bench_figure(group, name, value, unit, beside, ratio, target): prints and records one figure. beside: what the ratio is to,
 * NULL: nothing; target: what DESIGN section 9 or the issue asks for, NULL: nothing. */
void bench_figure(const char *group, const char *name, double value, const char *unit,
	const char *beside, double ratio, const char *target);

/* bench_cpu_s(): CPU seconds of this process so far. */
double bench_cpu_s(void);

/* bench_patterns(n): n words of 7 to 14 letters that look like brand names with something done to them; deterministic. */
hk_patterns *bench_patterns(size_t n);

#endif
