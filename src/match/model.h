/* model.h: the name model: how much a host name looks like the phishing names that were confirmed.
 * Layer match (core). Names are hostile; the model file is checked as if it were.
 *
 * Each feature of a name (features.h) picks one row of HK_MODEL_DIM small integers. Rows are added
 * in three pools; the first column of each pool goes straight to the logit (a linear model), the
 * rest, divided by the root of the number of rows, through one hidden layer. docs/model.md tells
 * how it is trained and what it reaches. Scores do not depend on the processor's vector width. */
#ifndef HK_MATCH_MODEL_H
#define HK_MATCH_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/name.h"
#include "base/span.h"
#include "match/features.h"
#include "match/suffix.h"

#define HK_MODEL_FILE_MAX   (4u << 20)
#define HK_MODEL_VERSION    1u
#define HK_MODEL_DIM        16u
#define HK_MODEL_HIDDEN     32u
#define HK_MODEL_WIDTH      (HK_POOL_COUNT * HK_MODEL_DIM)
#define HK_MODEL_BITS_MIN   4u
#define HK_MODEL_BITS_MAX   17u
#define HK_MODEL_KNOTS_MAX  32u
#define HK_MODEL_FACTS_MAX  65536u
#define HK_MODEL_REASON_MAX 120u

/* The false-positive budgets that thresholds are stored for: 1 %, 0.3 %, 0.1 %, 0.01 %. */
#define HK_MODEL_BUDGETS 4u
extern const double hk_model_budget[HK_MODEL_BUDGETS];

/* What a model says of itself. */
typedef struct hk_model_info {
	uint32_t first_month, last_month;  /* of the confirmed names it learnt from, as YYYYMM */
	uint32_t phish, feed, benign;      /* names it learnt from */
	uint32_t held_out;                 /* benign names kept back, on which thresholds stand */
	uint64_t seed;                     /* of the trainer */
	uint64_t checksum;                 /* of the file */
	float threshold[HK_MODEL_BUDGETS]; /* logit above which the budget's share of benign names
					      lies */
	float base_rate; /* share of phishing among all names, for probabilities */
} hk_model_info;

/* Number of confirmed and benign names in which something was seen (for reasons only). */
typedef struct hk_model_fact {
	uint32_t key; /* hk_model_fact_key */
	uint32_t phish, benign;
} hk_model_fact;

typedef enum hk_model_fact_kind {
	HK_FACT_SUFFIX = 1, /* the public suffix */
	HK_FACT_SHAPE,      /* shape of the registrable label, with lengths */
	HK_FACT_SUB_WORD,   /* one label of the sub-domain part */
} hk_model_fact_kind;

/* One point of the calibration: log likelihood ratio (phishing : benign) at a logit. Rising. */
typedef struct hk_model_knot {
	float logit, log_ratio;
} hk_model_knot;

/* An open model. Read-only after hk_model_open, so threads may share it. rows and facts borrow from
 * the file's bytes; the small parts are copied. */
typedef struct hk_model {
	hk_model_info info;
	const uint8_t *rows;  /* int8, HK_MODEL_DIM for each of 2^bits buckets */
	const uint8_t *facts; /* 12 bytes each, rising by key */
	uint32_t bits, fact_count, knot_count;
	bool wide; /* the processor has AVX2 */
	float bias;
	float scale[HK_MODEL_DIM]; /* value of 1 in each column of the rows */
	float hidden[HK_MODEL_WIDTH][HK_MODEL_HIDDEN];
	float hidden_bias[HK_MODEL_HIDDEN];
	float out[HK_MODEL_HIDDEN];
	float root[HK_FEATURES_MAX + 1]; /* 1 / sqrt(n) */
	hk_model_knot knots[HK_MODEL_KNOTS_MAX];
} hk_model;

/* hk_model_open(file, ret): check all of a model file and make *ret use it. file must outlive *ret
 * and not change (map it read-only). No allocation. HK_EFORM (no model file, or a field that makes
 * no sense), HK_ETRUNC, HK_ETRAIL (length is not what the header says), HK_ELIMIT (over
 * HK_MODEL_FILE_MAX), HK_EVERSION (another format or another recipe of features), HK_ECHECK
 * (checksum). *ret is untouched unless HK_OK. */
HK_MUST hk_err hk_model_open(hk_span file, hk_model *ret);

/* hk_model_score_batch(model, table, names, n, ret_logit): logits of n names. Any bytes and lengths
 * are taken; a leading "*." and a trailing dot are passed over. The suffix table must be of the
 * list that is in use (the model holds none). About 0.3 us per name; stack below 64 KiB. */
void hk_model_score_batch(const hk_model *model, const hk_suffix_table *table, const hk_name *names,
	size_t n, float *ret_logit);

/* hk_model_probability(model, logit): share of phishing among names with this logit, 0..1, if the
 * share among all names is info.base_rate; _at: if it is base_rate (0 < base_rate < 1). Rises with
 * logit. */
float hk_model_probability(const hk_model *model, float logit);
float hk_model_probability_at(const hk_model *model, float logit, float base_rate);

/* Why a name has its score: one group of features each. */
typedef struct hk_model_reason {
	hk_feature_group group;
	float weight; /* by how much the logit falls without the group; above 0: speaks for phishing
		       */
	char text[HK_MODEL_REASON_MAX]; /* one clause in words and numbers, UTF-8, NUL-terminated;
					   bytes of the name that are not printable ASCII stand as
					   '?' */
} hk_model_reason;

/* hk_model_explain(model, table, name, ret_logit, ret, max): the groups that speak for phishing,
 * strongest first, at most max (HK_GROUP_COUNT is always enough). Returns how many; *ret_logit (may
 * be NULL) gets the logit, equal to that of hk_model_score_batch. About 20 us. */
size_t hk_model_explain(const hk_model *model, const hk_suffix_table *table, hk_name name,
	float *ret_logit, hk_model_reason *ret, size_t max);

/* hk_model_fact_key(kind, text, len): the key of a fact. */
uint32_t hk_model_fact_key(hk_model_fact_kind kind, const char *text, size_t len);

/* hk_model_fact_find(model, key, ret): counts of a fact; false and zeros if the model has none. */
bool hk_model_fact_find(const hk_model *model, uint32_t key, hk_model_fact *ret);

/* ---- writing (used by the trainer) ---- */

/* hk_model_encoded_size(bits, facts): bytes of a model file; 0 if bits or facts are over their
 * caps. */
size_t hk_model_encoded_size(uint32_t bits, size_t facts);

/* hk_model_encode(model, out, len): write the file for model (rows and facts as hk_model describes,
 * facts as hk_model_fact records in little-endian) to out, len = hk_model_encoded_size. Sets the
 * checksum in out, not in model. HK_ERANGE if a count is over its cap or len is wrong. */
HK_MUST hk_err hk_model_encode(const hk_model *model, uint8_t *out, size_t len);

/* hk_model_seal(file, len): set the checksum in the bytes of a model file; too few bytes are left
 * alone. */
void hk_model_seal(uint8_t *file, size_t len);

#endif
