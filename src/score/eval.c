/* nocheck: tested in tests/unit/score/test_train.c */
#include "score/eval.h"

#include <string.h>

#include "sys/gerr.h"

/* What one run carries along. */
typedef struct judge {
	const hk_corpus *corpus;
	const hk_suffix_table *table;
	hk_eval *eval;
	uint32_t *held; /* held-out benign rows; owned */
	size_t held_count;
	float *held_logits; /* of the model at hand, falling; owned */
	GArray *ranked_phish,
		*ranked; /* logits of all judged names and of benign ones, for calibration */
	hk_model model;
	int8_t *rows; /* of model, when it is trained here; owned */
} judge;

void
hk_eval_free(hk_eval *e)
{
	if (e != NULL) {
		g_free(e->months);
		g_free(e->brands);
		g_free(e);
	}
}

double
hk_eval_share(const hk_eval_count *c, size_t budget)
{
	return c->names ? 100.0 * (double)c->found[budget] / (double)c->names : 0;
}

static void
count_add(hk_eval_count *c, const bool found[HK_MODEL_BUDGETS])
{
	c->names++;
	for (size_t i = 0; i < HK_MODEL_BUDGETS; i++) {
		c->found[i] += found[i];
	}
}

/* Thresholds of the model at hand. */
static void
measure_benign(judge *j)
{
	g_clear_pointer(&j->held_logits, g_free);
	j->held_logits = hk_scores(&j->model, j->table, j->corpus, j->held, j->held_count);
	hk_scores_sort(j->held_logits, j->held_count);
	for (size_t i = 0; i < HK_MODEL_BUDGETS; i++) {
		j->model.info.threshold[i] =
			hk_scores_threshold(j->held_logits, j->held_count, hk_model_budget[i]);
	}
}

/* The share of benign names at or above a logit, so that scores of different models can be pooled.
 */
static float
rank_of(const judge *j, float logit)
{
	size_t from = 0, to = j->held_count;

	while (from < to) {
		size_t mid = from + (to - from) / 2;

		if (j->held_logits[mid] > logit) {
			from = mid + 1;
		} else {
			to = mid;
		}
	}
	return -((float)from + 0.5f) / (float)j->held_count;
}

static void
judge_row(judge *j, const hk_corpus_row *row, float logit)
{
	hk_eval *e = j->eval;
	bool found[HK_MODEL_BUDGETS];
	float rank = rank_of(j, logit);

	for (size_t i = 0; i < HK_MODEL_BUDGETS; i++) {
		found[i] = logit > j->model.info.threshold[i];
	}
	count_add(&e->all, found);
	if (!row->seen) {
		count_add(&e->fresh, found);
		count_add(&e->months[row->month - e->options.from], found);
		count_add(&e->brands[row->brand], found);
		g_array_append_val(j->ranked_phish, rank);
	}
}

/* Judge the names of the month; of one day only unless day is below 0. */
static void
judge_names(judge *j, int32_t month, int32_t day)
{
	size_t n, picked = 0;
	const hk_corpus_row *rows = hk_corpus_rows(j->corpus, &n);
	g_autofree uint32_t *pick = g_new(uint32_t, n + 1);
	g_autofree float *logits = NULL;

	for (size_t i = 0; i < n; i++) {
		if (rows[i].kind == HK_CORPUS_PHISH && rows[i].month == month &&
			(day < 0 || rows[i].day == day)) {
			pick[picked++] = (uint32_t)i;
		}
	}
	logits = hk_scores(&j->model, j->table, j->corpus, pick, picked);
	for (size_t i = 0; i < picked; i++) {
		judge_row(j, &rows[pick[i]], logits[i]);
	}
}

static hk_trainer *
train_until(judge *j, int32_t month, hk_train_progress fn, void *user, GError **error)
{
	hk_train_options options = j->eval->options.train;
	g_autoptr(hk_trainer) t = NULL;

	options.until = month;
	t = hk_trainer_new(j->corpus, j->table, &options);
	if (!hk_trainer_fit(t, fn, user, error)) {
		g_prefix_error(
			error, "learning from the months before %u: ", hk_corpus_yyyymm(month));
		return NULL;
	}
	return g_steal_pointer(&t);
}

static void
take_model(judge *j, const hk_trainer *t)
{
	g_clear_pointer(&j->rows, g_free);
	j->rows = hk_trainer_snapshot(t, &j->model);
	measure_benign(j);
}

/* First and last day that has names of the month. */
static void
days_of(const judge *j, int32_t month, int32_t *ret_first, int32_t *ret_last)
{
	size_t n;
	const hk_corpus_row *rows = hk_corpus_rows(j->corpus, &n);

	*ret_first = INT32_MAX;
	*ret_last = -1;
	for (size_t i = 0; i < n; i++) {
		if (rows[i].kind == HK_CORPUS_PHISH && rows[i].month == month) {
			*ret_first = MIN(*ret_first, rows[i].day);
			*ret_last = MAX(*ret_last, rows[i].day);
		}
	}
}

static bool
judge_months(judge *j, hk_train_progress fn, void *user, GError **error)
{
	const hk_eval_options *o = &j->eval->options;

	for (int32_t month = o->from; month <= o->to; month++) {
		g_autoptr(hk_trainer) t = NULL;
		int32_t first, last;

		if (o->retrain != HK_EVAL_GIVEN &&
			(month == o->from || o->retrain != HK_EVAL_ONCE)) {
			t = train_until(j, month, fn, user, error);
			if (t == NULL) {
				return false;
			}
			take_model(j, t);
		}
		if (o->retrain != HK_EVAL_DAILY) {
			judge_names(j, month, -1);
			continue;
		}
		days_of(j, month, &first, &last);
		for (int32_t day = first; day <= last; day++) {
			judge_names(j, month, day);
			hk_trainer_learn_day(t, day);
			take_model(j, t);
		}
	}
	return true;
}

static hk_eval *
finish(judge *j, GError **error)
{
	hk_eval *e = j->eval;

	for (int32_t m = e->options.from; m <= e->options.to; m++) {
		if (e->months[m - e->options.from].names == 0) {
			hk_error_set(error, HK_EFORM, "no confirmed names in %u to judge on",
				hk_corpus_yyyymm(m));
			return NULL;
		}
	}
	for (size_t i = 0; i < j->held_count; i++) {
		float rank = -((float)i + 0.5f) / (float)j->held_count;

		g_array_append_val(j->ranked, rank);
	}
	e->calibration = hk_calibration_of((float *)(void *)j->ranked_phish->data,
		j->ranked_phish->len, (float *)(void *)j->ranked->data, j->ranked->len);
	return g_steal_pointer(&j->eval);
}

hk_eval *
hk_eval_run(const hk_corpus *corpus, const hk_suffix_table *table, const hk_eval_options *options,
	hk_train_progress fn, void *user, GError **error)
{
	g_autofree judge *j = g_new0(judge, 1);
	hk_eval *result = NULL;

	if (options->from < 0 || options->to < options->from) {
		hk_error_set(error, HK_ERANGE, "the judged months end before they begin");
		return NULL;
	}
	j->corpus = corpus;
	j->table = table;
	j->held = hk_corpus_held_out(corpus, &j->held_count);
	j->ranked = g_array_new(FALSE, FALSE, sizeof(float));
	j->ranked_phish = g_array_new(FALSE, FALSE, sizeof(float));
	j->eval = g_new0(hk_eval, 1);
	j->eval->options = *options;
	j->eval->benign = j->held_count;
	j->eval->months = g_new0(hk_eval_count, (gsize)(options->to - options->from) + 1);
	j->eval->brand_count = hk_corpus_brand_count(corpus);
	j->eval->brands = g_new0(hk_eval_count, j->eval->brand_count);
	if (j->held_count < 100) {
		hk_error_set(error, HK_EFORM,
			"only %zu benign names are held out: too few to judge on", j->held_count);
	} else {
		if (options->retrain == HK_EVAL_GIVEN) {
			j->model = *options->model;
			measure_benign(j);
		}
		if (judge_months(j, fn, user, error)) {
			result = finish(j, error);
		}
	}
	hk_eval_free(j->eval);
	g_array_unref(j->ranked);
	g_array_unref(j->ranked_phish);
	g_free(j->held);
	g_free(j->held_logits);
	g_free(j->rows);
	return result;
}
