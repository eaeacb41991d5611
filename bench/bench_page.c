/* bench_page: what it costs to read and judge the page of a candidate, and what is made of given ones.
 *
 *   bench_page                       over the pages of tests/unit/score/pages.def, and over hostile ones
 *   bench_page TARGETS FILE...       a line for each: outcome, score, target, microseconds of reading, name; nothing is recorded
 *
 * CPU time of the process and of the children that read. */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "bench.h"
#include "score/page_int.h"
#include "sys/file.h"

#define LOGO_BASE64 "QUJD"
enum { BATCH = 64, ROUNDS = 40, FILE_MAX = 64 << 20 };

static const char *const pages[] = {
#define PAGE(name, host, status, outcome, target, html) html,
#include "pages.def"
#undef PAGE
};

static double
cpu_us(void)
{
	struct rusage own, children;

	getrusage(RUSAGE_SELF, &own);
	getrusage(RUSAGE_CHILDREN, &children);
	const struct timeval all[] = {
		own.ru_utime, own.ru_stime, children.ru_utime, children.ru_stime};
	double sum = 0;

	for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
		sum += (double)all[i].tv_sec * 1e6 + (double)all[i].tv_usec;
	}
	return sum;
}

static hk_page_answer
answer_of(hk_span body)
{
	return (hk_page_answer){.host = "k3x9.test",
		.url = "https://k3x9.test/",
		.status = 200,
		.type = "text/html",
		.body = body,
		.name_score = -1};
}

/* Microseconds per page, read by the batch in the sandbox, and judged. */
static double
measure(hk_page_judge *judge, const hk_page_answer *answers, size_t count, unsigned rounds)
{
	hk_page_verdict verdict;
	double before = cpu_us();

	for (unsigned n = 0; n < rounds; n++) {
		g_autoptr(GPtrArray) list = hk_page_read(answers, count, NULL);

		for (guint i = 0; list && i < list->len; i++) {
			hk_page_judge_one(judge, &answers[i], list->pdata[i], &verdict);
		}
	}
	return (cpu_us() - before) / rounds / (double)count;
}

static void
over_pages(hk_page_judge *judge)
{
	hk_page_answer answers[BATCH];
	g_autoptr(GString) large = g_string_new(NULL);

	for (size_t i = 0; i < BATCH; i++) {
		answers[i] = answer_of(hk_span_str(pages[i % G_N_ELEMENTS(pages)]));
	}
	double small = measure(judge, answers, BATCH, ROUNDS);
	while (large->len < 100000) {
		g_string_append(large, "<div class='a b'><p>全国の銀行の金利を毎月お伝えします。<a "
				       "href=/x>次</a></p></div>");
	}
	for (size_t i = 0; i < BATCH; i++) {
		answers[i] = answer_of(hk_span_of(large->str, large->len));
	}
	double big = measure(judge, answers, BATCH, ROUNDS / 4);
	bench_figure("page", "login page read in the sandbox and judged", small, "us/page", NULL, 0,
		"< 1000");
	bench_figure("page", "the same of 100 kB", big, "us/page", NULL, 0, NULL);
}

/* The slowest of what was thought of to make it slow. */
static void
over_hostile(hk_page_judge *judge)
{
	static const char *const units[] = {"<div>", "</b>", " a=b", "&aaaaaa", "&zzzzzzzzzz;",
		"\xef\xb7\xba", "<input name=a placeholder=お客さま番号>", "<label for=a>x",
		"<a href=https://a.example/>x</a>", "<h1>みほん銀行", "みほん銀行",
		"<script>unescape('%3Cinput%3E%3Cinput%3E%3Cinput%3E%3Cinput%3E%3Cinput%3E')</"
		"script>",
		"\xa4\xa2\xff", "<p><table><tr>", "<meta content=x>",
		"<img alt=みほん銀行 src=/x.png>"};
	double worst = 0;
	size_t which = 0;

	for (size_t i = 0; i < G_N_ELEMENTS(units); i++) {
		g_autoptr(GString) html =
			g_string_new(*units[i] == ' ' ? "<title>x</title><a " : "<title>x</title>");

		while (html->len < HK_PAGE_BODY_MAX) {
			g_string_append(html, units[i]);
		}
		const hk_page_answer one = answer_of(hk_span_of(html->str, html->len));
		double us = measure(judge, &one, 1, 3);

		printf("#   256 KiB of %-40.40s %8.0f us\n", units[i], us);
		which = us > worst ? i : which;
		worst = MAX(worst, us);
	}
	g_autofree char *name = g_strdup_printf("256 KiB made to be slow (%.12s)", units[which]);
	bench_figure("page", name, worst / 1000, "ms/page", NULL, 0, NULL);
}

static void
tell(hk_page_judge *judge, const char *path)
{
	g_autoptr(GBytes) bytes = hk_file_read(path, FILE_MAX, NULL);
	size_t len = 0;
	const void *data = bytes ? g_bytes_get_data(bytes, &len) : NULL;
	hk_page_answer a = answer_of(hk_span_of(data, len));
	g_autoptr(GString) record = g_string_new(NULL);
	hk_page_verdict v;
	double before = cpu_us();

	hk_page_describe(&a, record);
	double us = cpu_us() - before;
	hk_page_sketch *s = hk_page_sketch_parse(hk_span_of(record->str, record->len));
	if (!s) {
		return;
	}
	hk_page_judge_one(judge, &a, s, &v);
	g_autofree char *form = hk_form_tokens_text(&s->form);
	printf("%s\t%.3f\t%s\t%.0f\t%s\t%s", hk_page_outcome_code(v.outcome), v.score,
		v.target ? v.target : "-", us, path, form);
	for (size_t i = 0; i < v.reason_count; i++) {
		printf("\t%+.1f %s", v.reasons[i].weight, v.reasons[i].text);
	}
	putchar('\n');
	hk_page_sketch_free(s);
}

int
main(int argc, char **argv)
{
	const char *targets = argc > 1 ? argv[1] : HK_SOURCE_DIR "/conf/targets";
	g_autoptr(GError) error = NULL;
	g_autoptr(hk_page_judge) judge = hk_page_judge_new(
		&(hk_page_judge_config){.targets = targets, .threshold = HK_PAGE_THRESHOLD},
		&error);

	if (!judge) {
		fprintf(stderr, "bench_page: %s\n", error->message);
		return 1;
	}
	hk_page_warm();
	for (int i = 2; i < argc; i++) {
		tell(judge, argv[i]);
	}
	if (argc <= 2) {
		over_pages(judge);
		over_hostile(judge);
	}
	return 0;
}
