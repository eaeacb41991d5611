#include "score/train.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "score/train_facts.h"
#include "score/train_net.h"
#include "sys/gerr.h"

#define ROW_RATE    0.03f
#define DENSE_RATE  0.01f
#define RATE_DECAY  0.6f  /* of both, after each pass */
#define SMALL_GRAD  1e-4f /* a name already learnt: no step */
#define NAMES_MIN   100u
#define REPORT_EACH 4096u

struct hk_trainer {
	const hk_corpus *corpus;      /* borrowed */
	const hk_suffix_table *table; /* borrowed */
	hk_train_options options;
	hk_net net;
	uint64_t random;
	uint32_t *rows; /* owned: numbers of the rows to learn from */
	size_t row_count;
	uint32_t *benign; /* owned: those of them that are benign */
	size_t benign_count;
	hk_model_info info;
};

hk_train_options
hk_train_defaults(void)
{
	return (hk_train_options){.until = INT32_MAX,
		.seed = 1,
		.bits = HK_MODEL_BITS_MAX,
		.epochs = 2,
		.memory_months = 6,
		.feed_weight = 0.1,
		.base_rate = 0.0002};
}

hk_trainer *
hk_trainer_new(
	const hk_corpus *corpus, const hk_suffix_table *table, const hk_train_options *options)
{
	hk_trainer *t = g_new0(hk_trainer, 1);

	t->corpus = corpus;
	t->table = table;
	t->options = *options;
	t->random = (options->seed + 1) * 0xD6E8FEB86659FD93u | 1;
	hk_net_init(&t->net, options->bits, options->seed);
	t->net.row_rate = ROW_RATE;
	t->net.dense_rate = DENSE_RATE;
	return t;
}

void
hk_trainer_free(hk_trainer *t)
{
	if (t == NULL) {
		return;
	}
	hk_net_clear(&t->net);
	g_free(t->rows);
	g_free(t->benign);
	g_free(t);
}

/* ---- what is learnt from ---- */

static bool
is_learnt(const hk_trainer *t, const hk_corpus_row *row)
{
	if (row->kind == HK_CORPUS_BENIGN) {
		return !row->held_out;
	}
	/* An undated name may be of any month: it is learnt from only when nothing is kept back. */
	return t->options.until == INT32_MAX || (row->month >= 0 && row->month < t->options.until);
}

static void
choose_rows(hk_trainer *t)
{
	size_t n;
	const hk_corpus_row *rows = hk_corpus_rows(t->corpus, &n);
	int32_t first = INT32_MAX, last = -1;

	t->rows = g_new(uint32_t, n + 1);
	t->benign = g_new(uint32_t, n + 1);
	for (size_t i = 0; i < n; i++) {
		t->info.held_out += rows[i].held_out;
		if (!is_learnt(t, &rows[i])) {
			continue;
		}
		t->rows[t->row_count++] = (uint32_t)i;
		if (rows[i].kind == HK_CORPUS_BENIGN) {
			t->benign[t->benign_count++] = (uint32_t)i;
		} else if (rows[i].kind == HK_CORPUS_FEED) {
			t->info.feed++;
		} else {
			t->info.phish++;
			first = MIN(first, rows[i].month);
			last = MAX(last, rows[i].month);
		}
	}
	t->info.benign = (uint32_t)t->benign_count;
	t->info.first_month = last < 0 ? 0 : hk_corpus_yyyymm(first);
	t->info.last_month = hk_corpus_yyyymm(last);
	t->info.seed = t->options.seed;
	t->info.base_rate = (float)t->options.base_rate;
}

/* The months at which a name counts fully: the last one learnt from. */
static int32_t
last_month(const hk_trainer *t)
{
	return (int32_t)(t->info.last_month / 100 - 1970) * 12 +
	       (int32_t)(t->info.last_month % 100) - 1;
}

static float
weight_of(const hk_trainer *t, const hk_corpus_row *row)
{
	double weight = row->kind == HK_CORPUS_FEED ? t->options.feed_weight : 1;

	if (row->kind == HK_CORPUS_BENIGN) {
		return 1;
	}
	if (row->month >= 0) {
		weight *= exp(-MAX(0, last_month(t) - row->month) / t->options.memory_months);
	}
	return (float)weight;
}

static void
learn(hk_trainer *t, const hk_corpus_row *row, float weight)
{
	hk_name name = hk_corpus_name(t->corpus, row);
	hk_feature_parts parts;
	hk_features f;
	hk_net_state state;
	float logit, gradient;

	hk_feature_parts_of(t->table, name.text, name.len, &parts);
	hk_features_of(&parts, &f);
	logit = hk_net_forward_f(&t->net, &f, &state);
	gradient = (1.0f / (1.0f + expf(-logit)) - (row->kind != HK_CORPUS_BENIGN)) * weight;
	if (fabsf(gradient) > SMALL_GRAD) {
		hk_net_backward(&t->net, &f, &state, gradient);
	}
}

static void
shuffle(uint32_t *rows, size_t n, uint64_t *random)
{
	for (size_t i = n; i > 1; i--) {
		size_t k = (size_t)(hk_net_random(random) % i);
		uint32_t swap = rows[i - 1];

		rows[i - 1] = rows[k];
		rows[k] = swap;
	}
}

bool
hk_trainer_fit(hk_trainer *t, hk_train_progress fn, void *user, GError **error)
{
	size_t unused;
	const hk_corpus_row *rows = hk_corpus_rows(t->corpus, &unused);

	choose_rows(t);
	if (t->info.phish < NAMES_MIN || t->benign_count < NAMES_MIN) {
		return hk_error_set(error, HK_EFORM,
			"%u confirmed and %zu benign names before the end of learning are too few: "
			"at "
			"least %u of each are needed",
			t->info.phish, t->benign_count, NAMES_MIN);
	}
	for (uint32_t epoch = 0; epoch < t->options.epochs; epoch++) {
		shuffle(t->rows, t->row_count, &t->random);
		for (size_t i = 0; i < t->row_count; i++) {
			const hk_corpus_row *row = &rows[t->rows[i]];

			learn(t, row, weight_of(t, row));
			if (fn && i % REPORT_EACH == 0) {
				fn(user, epoch * t->row_count + i,
					t->options.epochs * t->row_count);
			}
		}
		t->net.row_rate *= RATE_DECAY;
		t->net.dense_rate *= RATE_DECAY;
	}
	return true;
}

void
hk_trainer_learn_day(hk_trainer *t, int32_t day)
{
	size_t n;
	const hk_corpus_row *rows = hk_corpus_rows(t->corpus, &n);

	for (size_t i = 0; i < n; i++) {
		if (rows[i].kind == HK_CORPUS_PHISH && rows[i].day == day) {
			uint64_t pick = hk_net_random(&t->random) % t->benign_count;

			learn(t, &rows[i], 1);
			learn(t, &rows[t->benign[pick]], 1);
		}
	}
}

/* ---- scores ---- */

static int
falling(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return (x < y) - (x > y);
}

void
hk_scores_sort(float *logits, size_t n)
{
	qsort(logits, n, sizeof(*logits), falling);
}

float
hk_scores_threshold(const float *sorted, size_t n, double budget)
{
	size_t at = (size_t)(budget * (double)n);

	return sorted[at < n ? at : n - 1];
}

float *
hk_scores(const hk_model *model, const hk_suffix_table *table, const hk_corpus *corpus,
	const uint32_t *rows, size_t n)
{
	size_t unused;
	const hk_corpus_row *all = hk_corpus_rows(corpus, &unused);
	g_autofree hk_name *names = g_new(hk_name, n + 1);
	float *logits = g_new(float, n + 1);

	for (size_t i = 0; i < n; i++) {
		names[i] = hk_corpus_name(corpus, &all[rows[i]]);
	}
	hk_model_score_batch(model, table, names, n, logits);
	return logits;
}

/* ---- calibration ---- */

const double hk_calibration_rank[HK_CALIBRATION_RANKS] = {0.7, 0.35, 0.15, 0.07, 0.035, 0.015,
	0.007, 0.0035, 0.0015, 0.0007, 0.00035, 0.00015, 0.00007, 0.00003};

/* Bounds of the bins around the ranks: the share of benign names above each. */
static const double bin_above[HK_CALIBRATION_RANKS + 1] = {1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01,
	0.005, 0.002, 0.001, 0.0005, 0.0002, 0.0001, 0.00005, 0};

static size_t
count_above(const float *sorted, size_t n, float threshold)
{
	size_t i = 0;

	while (i < n && sorted[i] > threshold) {
		i++;
	}
	return i;
}

hk_calibration
hk_calibration_of(float *phish, size_t n, float *benign, size_t m)
{
	hk_calibration c;
	double mass[HK_CALIBRATION_RANKS], share[HK_CALIBRATION_RANKS];
	size_t above = n;

	hk_scores_sort(phish, n);
	hk_scores_sort(benign, m);
	for (size_t i = 0; i < HK_CALIBRATION_RANKS; i++) {
		size_t next = bin_above[i + 1] > 0
				      ? count_above(phish, n,
						hk_scores_threshold(benign, m, bin_above[i + 1]))
				      : 0;

		/* half a name in each bin, so that an empty one is not a certainty */
		mass[i] = ((double)(above - MIN(next, above)) + 0.5) / ((double)n + 1);
		share[i] = bin_above[i] - bin_above[i + 1];
		above = next;
	}
	/* A higher score never means less: neighbours that say otherwise are pooled. */
	for (size_t i = 0; i < HK_CALIBRATION_RANKS;) {
		double best = INFINITY, sum = 0, width = 0;
		size_t end = i;

		for (size_t k = i; k < HK_CALIBRATION_RANKS; k++) {
			sum += mass[k];
			width += share[k];
			if (sum / width <= best) {
				best = sum / width;
				end = k;
			}
		}
		for (; i <= end; i++) {
			c.log_ratio[i] = (float)log(best);
		}
	}
	return c;
}

/* ---- export ---- */

/* Step of each column: the value of 1 in int8, so that the largest weight still fits. Clipping the
 * few large ones for finer steps was measured and costs recall: they are the strongest evidence. */
static void
quantise(const hk_net *net, float scale[HK_MODEL_DIM], int8_t *out)
{
	size_t n = (size_t)1 << net->bits;

	for (size_t d = 0; d < HK_MODEL_DIM; d++) {
		float most = 0;

		for (size_t i = 0; i < n; i++) {
			most = fmaxf(most, fabsf(net->rows[i * HK_MODEL_DIM + d]));
		}
		scale[d] = most > 0 ? most / 127 : 1e-6f;
		for (size_t i = 0; i < n; i++) {
			float q = roundf(net->rows[i * HK_MODEL_DIM + d] / scale[d]);

			out[i * HK_MODEL_DIM + d] = (int8_t)CLAMP(q, -127.0f, 127.0f);
		}
	}
}

/* Thresholds and knots: where the held-out benign names end up. */
static void
place_marks(hk_model *m, const float *benign, size_t n, const hk_calibration *c)
{
	for (size_t i = 0; i < HK_MODEL_BUDGETS; i++) {
		m->info.threshold[i] = hk_scores_threshold(benign, n, hk_model_budget[i]);
	}
	m->knot_count = 0;
	for (size_t i = 0; i < HK_CALIBRATION_RANKS; i++) {
		hk_model_knot k = {
			hk_scores_threshold(benign, n, hk_calibration_rank[i]), c->log_ratio[i]};

		if (m->knot_count == 0 || k.logit > m->knots[m->knot_count - 1].logit) {
			m->knots[m->knot_count++] = k;
		}
	}
}

int8_t *
hk_trainer_snapshot(const hk_trainer *t, hk_model *ret)
{
	int8_t *rows = g_new(int8_t, (size_t)HK_MODEL_DIM << t->net.bits);

	memset(ret, 0, sizeof(*ret));
	quantise(&t->net, ret->scale, rows);
	ret->info = t->info;
	ret->bits = t->net.bits;
	ret->rows = (const uint8_t *)rows;
	ret->bias = t->net.bias;
	memcpy(ret->hidden, t->net.hidden, sizeof(ret->hidden));
	memcpy(ret->hidden_bias, t->net.hidden_bias, sizeof(ret->hidden_bias));
	memcpy(ret->out, t->net.out, sizeof(ret->out));
	memcpy(ret->root, t->net.root, sizeof(ret->root));
	ret->knot_count = 1;
	return rows;
}

uint8_t *
hk_trainer_export(hk_trainer *t, const hk_calibration *c, size_t *ret_len, GError **error)
{
	g_autofree hk_model *m = g_new0(hk_model, 1);
	g_autofree int8_t *rows = NULL;
	g_autofree uint32_t *held = NULL;
	g_autofree float *benign = NULL;
	g_autofree uint8_t *facts = NULL;
	g_autofree uint8_t *file = NULL;
	size_t held_count, fact_count, len;
	hk_err err;

	held = hk_corpus_held_out(t->corpus, &held_count);
	if (held_count < NAMES_MIN) {
		hk_error_set(error, HK_EFORM,
			"only %zu benign names are held out to measure thresholds on: at least %u "
			"are needed",
			held_count, NAMES_MIN);
		return NULL;
	}
	rows = hk_trainer_snapshot(t, m);
	/* Measured with the rounded rows: they are what the file holds. */
	benign = hk_scores(m, t->table, t->corpus, held, held_count);
	hk_scores_sort(benign, held_count);
	place_marks(m, benign, held_count, c);
	facts = hk_train_facts(t->corpus, t->table, t->rows, t->row_count, &fact_count);
	m->facts = facts;
	m->fact_count = (uint32_t)fact_count;
	len = hk_model_encoded_size(m->bits, fact_count);
	file = g_malloc(len);
	err = hk_model_encode(m, file, len);
	if (err == HK_OK) {
		err = hk_model_open(hk_span_of(file, len), m);
	}
	if (err != HK_OK) {
		hk_error_set(
			error, err, "the trained model is not usable: %s", hk_err_meaning(err));
		return NULL;
	}
	*ret_len = len;
	return g_steal_pointer(&file);
}
