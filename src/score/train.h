/* score/train: learns a name model from a corpus. Layer: stage. One thread, no clock, no randomness
 * but the seed: the same corpus, options and program give the same bytes. (expf comes from libm and
 * floats are added in one fixed order; another processor or libm may differ in the last digits.)
 *
 * Method (docs/model.md has the figures): logistic loss, AdaGrad, two passes in shuffled order,
 * older confirmed names count less (half every few months), then rows rounded to int8. */
#ifndef HK_SCORE_TRAIN_H
#define HK_SCORE_TRAIN_H

#include <glib.h>

#include "base/err.h"
#include "match/model.h"
#include "score/corpus.h"

typedef struct hk_train_options {
	int32_t until; /* months since 1970: confirmed names of this month and later are not learnt
			  from; INT32_MAX: learn from all */
	uint64_t seed;
	uint32_t bits;        /* 2^bits rows; HK_MODEL_BITS_MIN..MAX */
	uint32_t epochs;      /* passes over the data */
	double memory_months; /* a confirmed name of this age counts 1/e */
	double feed_weight;   /* of a name of a feed, beside 1 of a confirmed one */
	double base_rate;     /* goes into the file, see hk_model_info */
} hk_train_options;

/* hk_train_defaults(): what docs/model.md was measured with. */
hk_train_options hk_train_defaults(void);

typedef struct hk_trainer hk_trainer;

/* hk_trainer_new(corpus, table, options): nothing learnt yet. All three borrowed; the options
 * copied. */
void hk_trainer_free(hk_trainer *trainer);
hk_trainer *hk_trainer_new(const hk_corpus *corpus, const hk_suffix_table *table,
	const hk_train_options *options) HK_FREED_BY(hk_trainer_free);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_trainer, hk_trainer_free)

/* Called now and then with names done and names in all. */
typedef void (*hk_train_progress)(void *user, size_t done, size_t total);

/* hk_trainer_fit(trainer, fn, user, error): learn from the corpus. fn may be NULL. HK_EFORM when
 * there are fewer than 100 confirmed or 100 benign names before `until`. */
bool hk_trainer_fit(hk_trainer *trainer, hk_train_progress fn, void *user, GError **error);

/* hk_trainer_learn_day(trainer, day): after fit, learn also from the names confirmed on that day,
 * and as many benign ones. */
void hk_trainer_learn_day(hk_trainer *trainer, int32_t day);

/* How the share of phishing depends on the rank of a score among benign names: log likelihood ratio
 * at each of the ranks of hk_calibration_rank. Taken from months a model had not seen. */
enum { HK_CALIBRATION_RANKS = 14 };
extern const double hk_calibration_rank[HK_CALIBRATION_RANKS];
typedef struct hk_calibration {
	float log_ratio[HK_CALIBRATION_RANKS];
} hk_calibration;

/* hk_calibration_of(phish, n, benign, m): from logits of held-out names; both arrays are sorted
 * here, falling. n and m above 0. */
hk_calibration hk_calibration_of(float *phish, size_t n, float *benign, size_t m);

/* hk_trainer_export(trainer, calibration, ret_len, error): the model file (g_free). Thresholds are
 * measured on the held-out benign names of the corpus with the rounded rows. NULL and HK_EFORM when
 * the corpus has fewer than 100 such names. */
uint8_t *hk_trainer_export(
	hk_trainer *trainer, const hk_calibration *calibration, size_t *ret_len, GError **error);

/* hk_trainer_snapshot(trainer, ret): what has been learnt so far as a model to score with: rows are
 * returned (g_free) and must outlive *ret; no thresholds, calibration or facts. */
int8_t *hk_trainer_snapshot(const hk_trainer *trainer, hk_model *ret);

/* hk_scores(model, table, corpus, rows, n): logits of n rows, newly allocated. */
float *hk_scores(const hk_model *model, const hk_suffix_table *table, const hk_corpus *corpus,
	const uint32_t *rows, size_t n);

/* hk_scores_sort(logits, n): falling. hk_scores_threshold(sorted, n, budget): the logit above which
 * at most budget * n of the n sorted logits lie. */
void hk_scores_sort(float *logits, size_t n);
float hk_scores_threshold(const float *sorted, size_t n, double budget);

#endif
