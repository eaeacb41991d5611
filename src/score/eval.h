/* score/eval: how much phishing a name model finds at what cost in false alarms. Layer: stage.
 *
 * Never the other way round in time: names of a month are scored by what was learnt from earlier
 * months (or days) only. Benign names are those that training kept back (corpus.h); each budget's
 * threshold is the one that lets this share of them through. */
#ifndef HK_SCORE_EVAL_H
#define HK_SCORE_EVAL_H

#include <glib.h>

#include "base/err.h"
#include "match/model.h"
#include "score/corpus.h"
#include "score/train.h"

/* Names that CT logs bring in a day, for the figure of alerts a day. */
#define HK_EVAL_NAMES_A_DAY 86e6

typedef enum hk_eval_retrain {
	HK_EVAL_ONCE,    /* one model, from what was before the first judged month */
	HK_EVAL_MONTHLY, /* one for each month, from what was before it */
	HK_EVAL_DAILY,   /* as monthly, and each evening the day's confirmed names are learnt */
	HK_EVAL_GIVEN,   /* a model file: it must not have seen the judged months */
} hk_eval_retrain;

typedef struct hk_eval_options {
	int32_t from, to; /* judged months, both included (months since 1970) */
	hk_eval_retrain retrain;
	const hk_model *model;  /* GIVEN only; borrowed */
	hk_train_options train; /* all others; its until is not used */
} hk_eval_options;

/* Names judged and, of them, those above the threshold of each budget. */
typedef struct hk_eval_count {
	size_t names, found[HK_MODEL_BUDGETS];
} hk_eval_count;

typedef struct hk_eval {
	hk_eval_options options;
	size_t benign;         /* held-out names that thresholds stand on */
	hk_eval_count fresh;   /* hosts that were in no earlier month */
	hk_eval_count all;     /* all hosts of each month */
	hk_eval_count *months; /* fresh, per month; owned */
	hk_eval_count *brands; /* fresh, by number of the brand; owned */
	uint32_t brand_count;
	hk_calibration calibration; /* of all judged months together */
} hk_eval;

/* hk_eval_run(corpus, table, options, fn, user, error): trains and judges. fn (may be NULL) hears
 * of the training. NULL and error: HK_EFORM when a judged month has no names, or as hk_trainer_fit.
 */
void hk_eval_free(hk_eval *eval);
hk_eval *hk_eval_run(const hk_corpus *corpus, const hk_suffix_table *table,
	const hk_eval_options *options, hk_train_progress fn, void *user, GError **error)
	HK_FREED_BY(hk_eval_free);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_eval, hk_eval_free)

/* hk_eval_share(count, budget): found in per cent of names; 0 when there are none. */
double hk_eval_share(const hk_eval_count *count, size_t budget);

#endif
