/* hikeshi model train, hikeshi model eval, hikeshi model show. */
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"
#include "score/corpus.h"
#include "score/eval.h"
#include "score/train.h"
#include "sys/file.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"
#include "sys/modelfile.h"
#include "sys/progress.h"
#include "sys/suffixes.h"

/* Months at the end of the data on which a model is calibrated before the one that is kept is
 * trained on all of them; and that eval judges when it is not told which. */
enum { JUDGED_MONTHS = 6, BRANDS_SHOWN = 20 };

/* ---- input ---- */

typedef struct files {
	hk_opt option;
	hk_corpus_kind kind;
} files;

static const files inputs[] = {
	{HK_OPT_PHISH, HK_CORPUS_PHISH},
	{HK_OPT_FEED, HK_CORPUS_FEED},
	{HK_OPT_BENIGN, HK_CORPUS_BENIGN},
};

static hk_corpus *
read_corpus(const hk_opts *opts, const hk_suffix_table *table, GError **error)
{
	g_autoptr(hk_corpus) corpus =
		hk_corpus_new(table, (uint64_t)hk_opts_int(opts, HK_OPT_SEED));

	if (!hk_opts_require(opts, HK_OPT_PHISH, error) ||
		!hk_opts_require(opts, HK_OPT_BENIGN, error)) {
		return NULL;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(inputs); i++) {
		const char *const *list = hk_opts_list(opts, inputs[i].option);

		for (size_t k = 0; list[k]; k++) {
			if (!hk_corpus_read(corpus, list[k], inputs[i].kind, error)) {
				return NULL;
			}
		}
	}
	return g_steal_pointer(&corpus);
}

static bool
month_option(const hk_opts *opts, hk_opt id, int32_t fallback, int32_t *ret, GError **error)
{
	const char *text = hk_opts_str(opts, id);

	*ret = text ? hk_corpus_month_parse(text) : fallback;
	return *ret >= 0 ||
	       hk_error_set(error, HK_EUSAGE, "--%s must be a month like 2024-06, not '%s'",
		       hk_opt_row_get(id)->name, text ? text : "");
}

static int32_t
last_month(const hk_corpus *corpus)
{
	size_t n;
	const hk_corpus_row *rows = hk_corpus_rows(corpus, &n);
	int32_t last = -1;

	for (size_t i = 0; i < n; i++) {
		if (rows[i].kind == HK_CORPUS_PHISH) {
			last = MAX(last, rows[i].month);
		}
	}
	return last;
}

static hk_train_options
train_options(const hk_opts *opts)
{
	hk_train_options o = hk_train_defaults();

	o.seed = (uint64_t)hk_opts_int(opts, HK_OPT_SEED);
	o.base_rate = hk_opts_real(opts, HK_OPT_BASE_RATE);
	return o;
}

/* ---- progress ---- */

static void
report(void *user, size_t done, size_t total)
{
	hk_progress *bar = user;

	hk_progress_set_total(bar, (int64_t)total);
	hk_progress_update(bar, (int64_t)done);
}

/* ---- train ---- */

/* How scores turn into odds: from the last months, judged by a model that has not seen them. */
static bool
calibrate(const hk_corpus *corpus, const hk_suffix_table *table, const hk_train_options *train,
	hk_calibration *ret, GError **error)
{
	int32_t end = train->until == INT32_MAX ? last_month(corpus) + 1 : train->until;
	hk_eval_options o = {.from = end - JUDGED_MONTHS,
		.to = end - 1,
		.retrain = HK_EVAL_ONCE,
		.train = *train};
	g_autoptr(hk_progress) bar = hk_progress_new("calibrating", "names", -1);
	g_autoptr(hk_eval) eval = hk_eval_run(corpus, table, &o, report, bar, error);

	if (eval == NULL) {
		g_prefix_error(error, "calibrating on the last %d months: ", JUDGED_MONTHS);
		return false;
	}
	*ret = eval->calibration;
	return true;
}

bool
hk_cmd_model_train(const hk_opts *opts, GError **error)
{
	g_autoptr(hk_suffixes) suffixes = NULL;
	g_autoptr(hk_corpus) corpus = NULL;
	g_autoptr(hk_trainer) trainer = NULL;
	g_autofree uint8_t *file = NULL;
	hk_train_options train = train_options(opts);
	hk_calibration calibration;
	const hk_suffix_table *table;
	size_t len = 0;

	if (!hk_opts_require(opts, HK_OPT_OUT, error) ||
		!month_option(opts, HK_OPT_UNTIL, INT32_MAX - 1, &train.until, error)) {
		return false;
	}
	train.until = hk_opts_given(opts, HK_OPT_UNTIL) ? train.until + 1 : INT32_MAX;
	suffixes = hk_suffixes_load(hk_opts_str(opts, HK_OPT_SUFFIXES), error);
	if (suffixes == NULL) {
		return false;
	}
	table = hk_suffixes_table(suffixes);
	corpus = read_corpus(opts, table, error);
	if (corpus == NULL || !calibrate(corpus, table, &train, &calibration, error)) {
		return false;
	}
	trainer = hk_trainer_new(corpus, table, &train);
	g_autoptr(hk_progress) bar = hk_progress_new("training", "names", -1);

	if (!hk_trainer_fit(trainer, report, bar, error)) {
		return false;
	}
	hk_progress_hide();
	file = hk_trainer_export(trainer, &calibration, &len, error);
	return file != NULL &&
	       hk_file_replace(hk_opts_str(opts, HK_OPT_OUT), hk_span_of(file, len), error);
}

/* ---- eval ---- */

static const struct {
	const char *name;
	hk_eval_retrain retrain;
	const char *meaning;
} retrains[] = {
	{"once", HK_EVAL_ONCE,
		"learnt once, from what was confirmed before the first judged month"},
	{"monthly", HK_EVAL_MONTHLY,
		"learnt again for each month, from what was confirmed before it"},
	{"daily", HK_EVAL_DAILY, "learnt again for each month, and every day from the day before"},
};

static bool
retrain_option(const hk_opts *opts, hk_eval_retrain *ret, GError **error)
{
	const char *text = hk_opts_str(opts, HK_OPT_RETRAIN);

	for (size_t i = 0; i < G_N_ELEMENTS(retrains); i++) {
		if (strcmp(text, retrains[i].name) == 0) {
			*ret = retrains[i].retrain;
			return true;
		}
	}
	return hk_error_set(
		error, HK_EUSAGE, "--retrain must be once, monthly or daily, not '%s'", text);
}

static void
print_count(const char *label, const hk_eval_count *c)
{
	printf("%-22s", label);
	for (size_t i = 0; i < HK_MODEL_BUDGETS; i++) {
		printf("%8.1f %%", hk_eval_share(c, i));
	}
	printf("%12zu\n", c->names);
}

/* Numbers of the brands with most names, falling. */
static size_t
top_brands(const hk_eval *e, uint32_t ret[BRANDS_SHOWN])
{
	size_t n = 0;

	for (uint32_t b = 1; b < e->brand_count; b++) {
		size_t at = n;

		if (e->brands[b].names == 0) {
			continue;
		}
		for (; at > 0 && e->brands[ret[at - 1]].names < e->brands[b].names; at--) {
			if (at < BRANDS_SHOWN) {
				ret[at] = ret[at - 1];
			}
		}
		if (at < BRANDS_SHOWN) {
			ret[at] = b;
			n = MIN(n + 1, (size_t)BRANDS_SHOWN);
		}
	}
	return n;
}

static void
print_eval(const hk_eval *e, const hk_corpus *corpus)
{
	uint32_t brands[BRANDS_SHOWN];
	size_t n = top_brands(e, brands);
	int32_t first = e->options.from;

	printf("Names confirmed in %u to %u; %s.\nThresholds on %zu benign names that were kept "
	       "back.\n\n",
		hk_corpus_yyyymm(first), hk_corpus_yyyymm(e->options.to),
		e->options.retrain == HK_EVAL_GIVEN ? "model as given"
						    : retrains[e->options.retrain].meaning,
		e->benign);
	printf("%-22s", "false positives");
	for (size_t i = 0; i < HK_MODEL_BUDGETS; i++) {
		printf("%8g %%", 100 * hk_model_budget[i]);
	}
	printf("%12s\n%-22s", "names", "alerts a day");
	for (size_t i = 0; i < HK_MODEL_BUDGETS; i++) {
		printf("%10.0f", HK_EVAL_NAMES_A_DAY * hk_model_budget[i]);
	}
	printf("%12.0f\n\n", HK_EVAL_NAMES_A_DAY);
	print_count("found: new hosts", &e->fresh);
	print_count("found: all hosts", &e->all);
	printf("\nnew hosts, by month\n");
	for (int32_t m = first; m <= e->options.to; m++) {
		char label[32];
		uint32_t yyyymm = hk_corpus_yyyymm(m);

		snprintf(label, sizeof(label), "  %u-%02u", yyyymm / 100, yyyymm % 100);
		print_count(label, &e->months[m - first]);
	}
	printf("\nnew hosts, by brand (the %zu with most names)\n", n);
	for (size_t i = 0; i < n; i++) {
		print_count("", &e->brands[brands[i]]);
		printf("  ^ %s\n", hk_corpus_brand(corpus, brands[i]));
	}
}

static void
json_count(GString *out, const hk_eval_count *c)
{
	hk_jsonw_key(out, "names");
	hk_jsonw_int(out, (int64_t)c->names);
	hk_jsonw_key(out, "found");
	hk_jsonw_open(out, '[');
	for (size_t i = 0; i < HK_MODEL_BUDGETS; i++) {
		hk_jsonw_int(out, (int64_t)c->found[i]);
	}
	hk_jsonw_close(out, ']');
	hk_jsonw_key(out, "recall");
	hk_jsonw_open(out, '[');
	for (size_t i = 0; i < HK_MODEL_BUDGETS; i++) {
		hk_jsonw_real(out, hk_eval_share(c, i) / 100, 4);
	}
	hk_jsonw_close(out, ']');
}

static void
json_member(GString *out, const char *key, const hk_eval_count *c)
{
	hk_jsonw_key(out, key);
	hk_jsonw_open(out, '{');
	json_count(out, c);
	hk_jsonw_close(out, '}');
}

static void
json_eval(const hk_eval *e, const hk_corpus *corpus)
{
	g_autoptr(GString) out = g_string_new(NULL);

	hk_jsonw_open(out, '{');
	hk_jsonw_key(out, "retrain");
	hk_jsonw_str(out,
		e->options.retrain == HK_EVAL_GIVEN ? "given" : retrains[e->options.retrain].name);
	hk_jsonw_key(out, "benign");
	hk_jsonw_int(out, (int64_t)e->benign);
	hk_jsonw_key(out, "budgets");
	hk_jsonw_open(out, '[');
	for (size_t i = 0; i < HK_MODEL_BUDGETS; i++) {
		hk_jsonw_real(out, hk_model_budget[i], 4);
	}
	hk_jsonw_close(out, ']');
	hk_jsonw_key(out, "alerts_per_day");
	hk_jsonw_open(out, '[');
	for (size_t i = 0; i < HK_MODEL_BUDGETS; i++) {
		hk_jsonw_int(out, (int64_t)(HK_EVAL_NAMES_A_DAY * hk_model_budget[i]));
	}
	hk_jsonw_close(out, ']');
	json_member(out, "new_hosts", &e->fresh);
	json_member(out, "all_hosts", &e->all);
	hk_jsonw_key(out, "months");
	hk_jsonw_open(out, '[');
	for (int32_t m = e->options.from; m <= e->options.to; m++) {
		hk_jsonw_open(out, '{');
		hk_jsonw_key(out, "month");
		hk_jsonw_int(out, hk_corpus_yyyymm(m));
		json_count(out, &e->months[m - e->options.from]);
		hk_jsonw_close(out, '}');
	}
	hk_jsonw_close(out, ']');
	hk_jsonw_key(out, "brands");
	hk_jsonw_open(out, '[');
	for (uint32_t b = 1; b < e->brand_count; b++) {
		if (e->brands[b].names > 0) {
			hk_jsonw_open(out, '{');
			hk_jsonw_key(out, "brand");
			hk_jsonw_str(out, hk_corpus_brand(corpus, b));
			json_count(out, &e->brands[b]);
			hk_jsonw_close(out, '}');
		}
	}
	hk_jsonw_close(out, ']');
	hk_jsonw_close(out, '}');
	puts(out->str);
}

bool
hk_cmd_model_eval(const hk_opts *opts, GError **error)
{
	g_autoptr(hk_suffixes) suffixes = NULL;
	g_autoptr(hk_corpus) corpus = NULL;
	g_autoptr(hk_modelfile) model = NULL;
	g_autoptr(hk_eval) eval = NULL;
	hk_eval_options o = {.train = train_options(opts)};

	if (!retrain_option(opts, &o.retrain, error)) {
		return false;
	}
	suffixes = hk_suffixes_load(hk_opts_str(opts, HK_OPT_SUFFIXES), error);
	if (suffixes == NULL) {
		return false;
	}
	corpus = read_corpus(opts, hk_suffixes_table(suffixes), error);
	if (corpus == NULL || !month_option(opts, HK_OPT_LAST, last_month(corpus), &o.to, error) ||
		!month_option(
			opts, HK_OPT_FIRST, MAX(0, o.to - JUDGED_MONTHS + 1), &o.from, error)) {
		return false;
	}
	if (hk_opts_str(opts, HK_OPT_MODEL)) {
		model = hk_modelfile_open(hk_opts_str(opts, HK_OPT_MODEL), error);
		if (model == NULL) {
			return false;
		}
		o.model = hk_modelfile_model(model);
		o.retrain = HK_EVAL_GIVEN;
		if (o.model->info.last_month >= hk_corpus_yyyymm(o.from)) {
			return hk_error_set(error, HK_ERANGE,
				"the model has learnt from names up to %u: judged on %u it would "
				"only "
				"remember; train one with --until",
				o.model->info.last_month, hk_corpus_yyyymm(o.from));
		}
	}
	g_autoptr(hk_progress) bar = hk_progress_new("training", "names", -1);

	eval = hk_eval_run(corpus, hk_suffixes_table(suffixes), &o, report, bar, error);
	if (eval == NULL) {
		return false;
	}
	hk_progress_hide();
	if (hk_opts_bool(opts, HK_OPT_JSON)) {
		json_eval(eval, corpus);
	} else {
		print_eval(eval, corpus);
	}
	return true;
}

/* ---- show ---- */

bool
hk_cmd_model_show(const hk_opts *opts, GError **error)
{
	const char *const *args = hk_opts_args(opts);
	const char *path = args[0] ? args[0] : hk_opts_str(opts, HK_OPT_MODEL);
	g_autoptr(hk_modelfile) file = NULL;
	const hk_model *m;
	const hk_model_info *i;

	if (path == NULL || hk_opts_arg_count(opts) > 1) {
		return hk_error_set(error, HK_EUSAGE, "name one model FILE");
	}
	file = hk_modelfile_open(path, error);
	if (file == NULL) {
		return false;
	}
	m = hk_modelfile_model(file);
	i = &m->info;
	printf("format        %u, features %u\n", HK_MODEL_VERSION, HK_FEATURES_VERSION);
	printf("checksum      %016" G_GINT64_MODIFIER "x\n", i->checksum);
	printf("size          %zu bytes, %u rows of %u\n",
		hk_model_encoded_size(m->bits, m->fact_count), 1u << m->bits, HK_MODEL_DIM);
	printf("learnt from   %u confirmed names of %u to %u, %u of feeds, %u benign\n", i->phish,
		i->first_month, i->last_month, i->feed, i->benign);
	printf("seed          %" G_GUINT64_FORMAT "\n", i->seed);
	printf("base rate     %g\n", (double)i->base_rate);
	printf("thresholds    on %u benign names that were kept back\n", i->held_out);
	for (size_t b = 0; b < HK_MODEL_BUDGETS; b++) {
		printf("  %6g %%    logit %7.3f   score %.4f   %8.0f alerts a day\n",
			100 * hk_model_budget[b], (double)i->threshold[b],
			(double)hk_model_probability(m, i->threshold[b]),
			HK_EVAL_NAMES_A_DAY * hk_model_budget[b]);
	}
	printf("reasons       %u counts\n", m->fact_count);
	return true;
}
