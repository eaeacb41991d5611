/* bench_names: names scored per second on one core, by the full name model, beside what cannot be
 * beaten: reading the bytes of each name once.
 *
 *   bench_names [MODEL [NAMES]]     default: conf/model/jp.hkmodel, a million names of its own making
 *
 * NAMES holds one name per line. Made-up names have the lengths and numbers of labels of those in CT
 * logs (two thirds with a sub-domain part, 24 bytes on average). Each figure is the median of 7 runs
 * over all names. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <glib.h>

#include "bench.h"
#include "match/model.h"
#include "sys/modelfile.h"
#include "sys/suffixes.h"

enum { NAMES = 1000000, RUNS = 7 };

typedef struct bench {
	const hk_model *model;
	const hk_suffix_table *table;
	hk_name *names;
	size_t n;
	float *logits;
} bench;

static double
now(void)
{
	struct timespec t;

	/* of this thread: what else runs on the machine does not count */
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static uint32_t
next(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

static void
put_label(GString *text, uint32_t *random, size_t len)
{
	static const char consonants[] = "bcdfghjklmnprstvwyz", vowels[] = "aeiou";
	bool digits = next(random) % 5 == 0;

	for (size_t i = 0; i < len; i++) {
		char c = i % 2 ? vowels[next(random) % 5] : consonants[next(random) % 19];

		if (digits && i > 2 && next(random) % 3 == 0) {
			c = (char)('0' + next(random) % 10);
		}
		if (len > 8 && i == len / 2 && next(random) % 3 == 0) {
			c = '-';
		}
		g_string_append_c(text, c);
	}
}

static GString *
made_up(void)
{
	static const char *const suffixes[] = {"com", "com", "com", "com", "net", "org", "co.jp",
		"cn", "de", "co.uk", "xyz", "top", "duckdns.org", "workers.dev", "io", "com.br"};
	static const char *const first[] = {
		"www", "www", "www", "mail", "*", "autodiscover", "api", "cpanel"};
	GString *text = g_string_new(NULL);
	uint32_t random = 20240601;

	for (size_t i = 0; i < NAMES; i++) {
		if (next(&random) % 3 > 0) {
			g_string_append(text, first[next(&random) % G_N_ELEMENTS(first)]);
			g_string_append_c(text, '.');
		}
		if (next(&random) % 4 == 0) {
			put_label(text, &random, 3 + next(&random) % 9);
			g_string_append_c(text, '.');
		}
		put_label(text, &random, 4 + next(&random) % 14);
		g_string_append_c(text, '.');
		g_string_append(text, suffixes[next(&random) % G_N_ELEMENTS(suffixes)]);
		g_string_append_c(text, '\n');
	}
	return text;
}

static void
cut_lines(bench *b, const char *text, size_t len)
{
	b->names = g_new(hk_name, len / 2 + 1);
	for (size_t at = 0, end; at < len; at = end + 1) {
		const char *nl = memchr(text + at, '\n', len - at);

		end = nl ? (size_t)(nl - text) : len;
		if (end > at) {
			b->names[b->n++] =
				(hk_name){.text = text + at, .len = (uint32_t)(end - at)};
		}
	}
	b->logits = g_new(float, b->n + 1);
}

static void
run_floor(bench *b)
{
	for (size_t i = 0; i < b->n; i++) {
		b->logits[i] = (float)hk_feature_hash(b->names[i].text, b->names[i].len, 1);
	}
}

static void
run_split(bench *b)
{
	for (size_t i = 0; i < b->n; i++) {
		hk_suffix_split s;

		hk_suffix_split_name(b->table, b->names[i].text, b->names[i].len, &s);
		b->logits[i] = (float)s.suffix_off;
	}
}

static void
run_features(bench *b)
{
	for (size_t i = 0; i < b->n; i++) {
		hk_feature_parts p;
		hk_features f;

		hk_feature_parts_of(b->table, b->names[i].text, b->names[i].len, &p);
		hk_features_of(&p, &f);
		b->logits[i] = (float)f.hash[0][0];
	}
}

static void
run_model(bench *b)
{
	hk_model_score_batch(b->model, b->table, b->names, b->n, b->logits);
}

static const struct {
	const char *what;
	void (*run)(bench *b);
} steps[] = {
	{"floor: hash each byte once", run_floor},
	{"public suffix only", run_split},
	{"suffix and features, no model", run_features},
	{"the full name model", run_model},
};

static int
rising(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
median_seconds(bench *b, void (*run)(bench *))
{
	double took[RUNS];

	for (size_t i = 0; i < RUNS; i++) {
		double start = now();

		run(b);
		took[i] = now() - start;
	}
	qsort(took, RUNS, sizeof(*took), rising);
	return took[RUNS / 2];
}

int
main(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(hk_suffixes) suffixes = hk_suffixes_load(NULL, &error);
	g_autoptr(hk_modelfile) file = NULL;
	g_autofree char *read = NULL;
	g_autofree char *path = NULL;
	GString *text = NULL;
	bench b = {0};
	gsize len = 0;
	double floor_seconds = 0, bytes = 0;

	path = argc > 1 ? g_strdup(argv[1])
			: g_build_filename(HK_SOURCE_DIR, "conf/model/jp.hkmodel", NULL);
	file = suffixes ? hk_modelfile_open(path, &error) : NULL;
	if (file == NULL || (argc > 2 && !g_file_get_contents(argv[2], &read, &len, &error))) {
		fprintf(stderr, "bench_names: %s\n", error->message);
		return 1;
	}
	if (read == NULL) {
		text = made_up();
	}
	b.model = hk_modelfile_model(file);
	b.table = hk_suffixes_table(suffixes);
	cut_lines(&b, read ? read : text->str, read ? len : text->len);
	for (size_t i = 0; i < b.n; i++) {
		bytes += b.names[i].len;
	}
	printf("%zu names of %.1f bytes on average, one core, median of %d runs%s\n\n", b.n,
		bytes / (double)MAX(b.n, 1u), RUNS, b.model->wide ? ", AVX2" : "");
	printf("%-34s%14s%12s%12s\n", "", "names/s", "ns/name", "of floor");
	for (size_t i = 0; i < G_N_ELEMENTS(steps); i++) {
		double s = median_seconds(&b, steps[i].run);

		floor_seconds = i == 0 ? s : floor_seconds;
		printf("%-34s%14.0f%12.1f%11.1fx\n", steps[i].what, (double)b.n / s,
			s * 1e9 / (double)b.n, s / floor_seconds);
		bool model = i == G_N_ELEMENTS(steps) - 1;
		bench_figure("names", steps[i].what, (double)b.n / s, "names/s",
			i > 0 ? "of the floor's time" : NULL, s / floor_seconds,
			model ? ">= 2,000,000" : NULL);
	}
	g_free(b.names);
	g_free(b.logits);
	if (text) {
		g_string_free(text, TRUE);
	}
	return 0;
}
