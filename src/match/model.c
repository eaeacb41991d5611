#include "match/model.h"

#include <math.h>
#include <string.h>

#include "match/model_net.h"

/* Names are worked on in small blocks, in two steps: first all hashes of the block are made and the
 * rows they pick are prefetched, then rows are added. So the loads of one name wait while the next
 * name is hashed, and the block's working memory stays in the first-level cache. */
enum { BLOCK = 4 };

static inline __attribute__((always_inline)) void
score_blocks(const hk_model *model, const hk_suffix_table *table, const hk_name *names, size_t n,
	float *ret_logit)
{
	hk_features features[BLOCK];

	for (size_t from = 0; from < n; from += BLOCK) {
		size_t count = n - from < BLOCK ? n - from : BLOCK;

		for (size_t i = 0; i < count; i++) {
			hk_feature_parts parts;

			hk_feature_parts_of(
				table, names[from + i].text, names[from + i].len, &parts);
			hk_features_of(&parts, &features[i]);
			hk_net_prefetch(model, &features[i]);
		}
		for (size_t i = 0; i < count; i++) {
			ret_logit[from + i] = hk_net_logit(model, &features[i]);
		}
	}
}

static void
score_plain(const hk_model *model, const hk_suffix_table *table, const hk_name *names, size_t n,
	float *ret_logit)
{
	score_blocks(model, table, names, n, ret_logit);
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) static void
score_wide(const hk_model *model, const hk_suffix_table *table, const hk_name *names, size_t n,
	float *ret_logit)
{
	score_blocks(model, table, names, n, ret_logit);
}
#endif

void
hk_model_score_batch(const hk_model *model, const hk_suffix_table *table, const hk_name *names,
	size_t n, float *ret_logit)
{
#if defined(__x86_64__)
	if (model->wide) {
		score_wide(model, table, names, n, ret_logit);
		return;
	}
#endif
	score_plain(model, table, names, n, ret_logit);
}

/* The log likelihood ratio at a logit: linear between knots, level beyond them. */
static float
log_ratio_at(const hk_model *model, float logit)
{
	const hk_model_knot *k = model->knots;
	size_t last = model->knot_count - 1;

	if (!(logit > k[0].logit)) {
		return k[0].log_ratio;
	}
	for (size_t i = 1; i <= last; i++) {
		if (logit < k[i].logit) {
			float part = (logit - k[i - 1].logit) / (k[i].logit - k[i - 1].logit);

			return k[i - 1].log_ratio + part * (k[i].log_ratio - k[i - 1].log_ratio);
		}
	}
	return k[last].log_ratio;
}

float
hk_model_probability_at(const hk_model *model, float logit, float base_rate)
{
	float log_odds = log_ratio_at(model, logit) + logf(base_rate / (1.0f - base_rate));

	return 1.0f / (1.0f + expf(-log_odds));
}

float
hk_model_probability(const hk_model *model, float logit)
{
	return hk_model_probability_at(model, logit, model->info.base_rate);
}
