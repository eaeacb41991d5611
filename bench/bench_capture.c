/* bench_capture HTTP-PORT HTTPS-PORT URL [ROUNDS [DIR]]: from an address to full evidence with three profiles, and captures a minute, beside a bare
 * `chromium-headless-shell --screenshot`. The ports are those of a site on loopback (tests/scenario/lib/site.mjs); every name leads there. With DIR
 * the last round's evidence is kept there. `bench/capture.sh` starts the site and calls this. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "evidence/files.h"
#include "evidence/page.h"
#include "sys/clock.h"
#include "way.h"

enum { ROUNDS = 9, ROUNDS_MAX = 1000, TABS = 2 };

typedef struct work {
	hk_browser *browser;
	const char *url, *dir;
	GArray *plan;
	GMutex lock;
	guint next, end; /* visits taken, and to take */
	unsigned complete;
} work;

static void *
visit_some(void *user)
{
	work *w = user;

	for (;;) {
		g_mutex_lock(&w->lock);
		guint n = w->next++;
		g_mutex_unlock(&w->lock);
		if (n >= w->end) {
			return NULL;
		}
		hk_page_job job = {.url = w->url,
			.variant = g_array_index(w->plan, hk_variant, n % w->plan->len),
			.limits = hk_page_defaults};
		g_autoptr(GError) error = NULL;
		g_autoptr(hk_capture) capture = hk_page_capture(w->browser, &job, &error);

		if (!capture) {
			fprintf(stderr, "bench_capture: %s\n", error->message);
			exit(1);
		}
		if (getenv("HK_BENCH_SAY")) {
			fprintf(stderr,
				"%s: %s %" G_GINT64_FORMAT " ms, %u pages, %u requests, %s\n",
				capture->profile, hk_capture_end_code(capture->end),
				capture->duration_ms, capture->pages->len, capture->exchanges->len,
				capture->reason ? capture->reason : "");
		}
		if (w->dir) {
			g_autofree char *name = hk_variant_name(&job.variant);
			g_autofree char *dir = g_build_filename(w->dir, name, NULL);

			if (!hk_capture_write(capture, dir, &error)) {
				fprintf(stderr, "bench_capture: %s\n", error->message);
			}
		}
		g_mutex_lock(&w->lock);
		w->complete += capture->end == HK_CAPTURE_COMPLETE;
		g_mutex_unlock(&w->lock);
	}
}

/* Milliseconds for `count` visits, two at once. */
static double
run(work *w, guint count)
{
	GThread *threads[TABS];
	int64_t start_us = hk_clock_mono_us();

	w->next = 0;
	w->end = count;
	for (int i = 0; i < TABS; i++) {
		threads[i] = g_thread_new("visit", visit_some, w);
	}
	for (int i = 0; i < TABS; i++) {
		g_thread_join(threads[i]);
	}
	return (double)(hk_clock_mono_us() - start_us) / 1000;
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* What everybody does: a browser for each picture. */
static double
bare(const char *url, unsigned port)
{
	int64_t start_us = hk_clock_mono_us();
	pid_t pid = fork();

	if (pid == 0) {
		g_autofree char *local = g_strdup_printf("http://127.0.0.1:%u/", port);

		(void)url;
		if (!freopen("/dev/null", "w", stderr) || !freopen("/dev/null", "w", stdout)) {
			_exit(1);
		}
		execl("/usr/lib/chromium/chromium-headless-shell", "chromium-headless-shell",
			"--no-sandbox", "--disable-gpu", "--screenshot=/tmp/hikeshi-bench.png",
			"--window-size=1280,720", local, (char *)NULL);
		_exit(1);
	}
	waitpid(pid, NULL, 0);
	return (double)(hk_clock_mono_us() - start_us) / 1000;
}

int
main(int argc, char **argv)
{
	unsigned http = argc > 2 ? (unsigned)strtoul(argv[1], NULL, 10) : 0;
	unsigned https = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 0;
	unsigned rounds = argc > 4 ? (unsigned)strtoul(argv[4], NULL, 10) : ROUNDS;
	g_autoptr(GError) error = NULL;
	hk_browser_config config = {.tabs = TABS, .way = test_way_get(test_way_new(http, https))};

	if (argc < 4 || rounds == 0 || rounds > ROUNDS_MAX) {
		fprintf(stderr, "usage: bench_capture HTTP-PORT HTTPS-PORT URL [ROUNDS [DIR]]\n");
		return 64;
	}
	g_autoptr(hk_browser) browser = hk_browser_new(&config, &error);
	if (!browser || !hk_browser_start(browser, &error)) {
		fprintf(stderr, "bench_capture: %s\n", error->message);
		return 1;
	}
	work w = {.browser = browser,
		.url = argv[3],
		.plan = hk_plan_new(NULL, HK_PLAN_STANDARD, NULL, 0),
		.dir = argc > 5 ? argv[5] : NULL};
	g_autofree double *ms = g_new0(double, rounds);
	g_autofree double *alone = g_new0(double, rounds);

	for (unsigned i = 0; i < rounds; i++) {
		ms[i] = run(&w, 3);
		alone[i] = bare(argv[3], http);
	}
	hk_browser_tally tally;
	hk_browser_count(browser, &tally);
	double throughput_ms = rounds > 1 ? run(&w, 40) : ms[0];
	qsort(ms, rounds, sizeof *ms, by_value);
	qsort(alone, rounds, sizeof *alone, by_value);
	double p50 = ms[rounds / 2], p95 = ms[(rounds * 95 + 99) / 100 - 1];
	bench_figure("capture", "URL to full evidence, 3 profiles, wall p50", p50 / 1000, "s",
		"three bare screenshots", p50 / (3 * alone[rounds / 2]), "<= 5 s");
	bench_figure("capture", "URL to full evidence, 3 profiles, wall p95", p95 / 1000, "s", NULL,
		0, "<= 10 s");
	bench_figure("capture", "bare chromium-headless-shell --screenshot, wall p50",
		alone[rounds / 2] / 1000, "s", NULL, 0, NULL);
	if (rounds > 1) {
		bench_figure("capture", "captures a minute, two at once",
			40 * 60000 / throughput_ms, "/min", "one bare screenshot after the other",
			40 * alone[rounds / 2] / throughput_ms, "200 in 3 min");
	}
	bench_figure("capture", "memory of the browser, warm", (double)tally.memory / 1048576,
		"MiB", NULL, 0, "<= 400 MiB");
	g_array_unref(w.plan);
	return w.complete == 3 * rounds + (rounds > 1 ? 40 : 0) ? 0 : 2;
}
