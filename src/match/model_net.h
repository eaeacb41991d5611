/* model_net.h: the arithmetic of one name's score. Layer match (core). Private to model*.c.
 *
 * hk_net_logit does it in plain C; hk_net_logit_wide, for processors with AVX2, gives the same bits:
 * each lane is added in the same fixed order and nothing is contracted to fused operations. */
#ifndef HK_MATCH_MODEL_NET_H
#define HK_MATCH_MODEL_NET_H

#include "match/model.h"

/* Lanes in which the outputs of the hidden layer are added up before the last sum. */
enum { HK_NET_LANES = 8, HK_NET_VECTORS = HK_MODEL_HIDDEN / HK_NET_LANES };

/* Where the row of a hash begins. */
static inline size_t
hk_net_row(const hk_model *model, uint32_t hash)
{
	return (size_t)(hash >> (32 - model->bits)) * HK_MODEL_DIM;
}

/* hk_net_logit(model, f): the logit of a name with these features. */
float hk_net_logit(const hk_model *model, const hk_features *f);

#if defined(__x86_64__)
/* The same; only if model->wide. */
float hk_net_logit_wide(const hk_model *model, const hk_features *f);
#endif

#endif
