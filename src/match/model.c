#include "match/model.h"

#include <math.h>
#include <string.h>

#include "match/model_net.h"

static void
prefetch(const hk_model *model, const hk_features *f)
{
	for (size_t p = 0; p < HK_POOL_COUNT; p++) {
		for (size_t i = 0; i < f->count[p]; i++) {
			__builtin_prefetch(model->rows + hk_net_row(model, f->hash[p][i]), 0, 3);
		}
	}
}

static inline float
logit_of(const hk_model *model, const hk_features *f)
{
#if defined(__x86_64__)
	if (model->wide) {
		return hk_net_logit_wide(model, f);
	}
#endif
	return hk_net_logit(model, f);
}

/* One name at a time: all its rows are asked for before the first is added. Working on several names
 * in turns was measured and is slower: their hashes then fall out of the first-level cache. */
void
hk_model_score_batch(const hk_model *model, const hk_suffix_table *table, const hk_name *names,
	size_t n, float *ret_logit)
{
	hk_features features;

	for (size_t i = 0; i < n; i++) {
		hk_feature_parts parts;

		hk_feature_parts_of(table, names[i].text, names[i].len, &parts);
		hk_features_of(&parts, &features);
		prefetch(model, &features);
		ret_logit[i] = logit_of(model, &features);
	}
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
