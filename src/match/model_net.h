/* model_net.h: the arithmetic of one name's score. Layer match (core). Private to model*.c.
 *
 * Inlined into callers that are compiled for different vector widths. Each lane is added in a fixed
 * order and nothing is contracted to fused operations, so the width does not change the result. */
#ifndef HK_MATCH_MODEL_NET_H
#define HK_MATCH_MODEL_NET_H

#include <string.h>

#include "match/model.h"

#define HK_NET_INLINE static inline __attribute__((always_inline))

/* GCC and clang lower these to what the target has: SSE2, AVX2, NEON. */
typedef int8_t hk_net_i8 __attribute__((vector_size(16)));
typedef int16_t hk_net_i16 __attribute__((vector_size(32)));
typedef float hk_net_f32 __attribute__((vector_size(32)));
enum { HK_NET_LANES = 8, HK_NET_VECTORS = HK_MODEL_HIDDEN / HK_NET_LANES };

_Static_assert(HK_MODEL_DIM == 16, "a row is one vector of 16 bytes");

HK_NET_INLINE size_t
hk_net_row(const hk_model *model, uint32_t hash)
{
	return (size_t)(hash >> (32 - model->bits)) * HK_MODEL_DIM;
}

HK_NET_INLINE void
hk_net_prefetch(const hk_model *model, const hk_features *f)
{
	for (size_t p = 0; p < HK_POOL_COUNT; p++) {
		for (size_t i = 0; i < f->count[p]; i++) {
			__builtin_prefetch(model->rows + hk_net_row(model, f->hash[p][i]), 0, 3);
		}
	}
}

/* By pointer: a vector as argument or result would depend on the target's calling convention. */
HK_NET_INLINE void
hk_net_add_row(const hk_model *model, uint32_t hash, hk_net_i16 *sum)
{
	hk_net_i8 row;

	memcpy(&row, model->rows + hk_net_row(model, hash), sizeof(row));
	*sum += __builtin_convertvector(row, hk_net_i16);
}

/* Rows of one pool, added: at most 255 int8, so no lane overflows. */
HK_NET_INLINE void
hk_net_pool_sum(const hk_model *model, const uint32_t *hash, size_t n, int16_t ret[HK_MODEL_DIM])
{
	hk_net_i16 a = {0}, b = {0};
	size_t i = 0;

	for (; i + 2 <= n; i += 2) {
		hk_net_add_row(model, hash[i], &a);
		hk_net_add_row(model, hash[i + 1], &b);
	}
	if (i < n) {
		hk_net_add_row(model, hash[i], &a);
	}
	a += b;
	memcpy(ret, &a, sizeof(a));
}

/* The network on the three sums; n[p] rows went into sum[p]. */
HK_NET_INLINE float
hk_net_forward(const hk_model *model, int16_t sum[HK_POOL_COUNT][HK_MODEL_DIM],
	const uint16_t n[HK_POOL_COUNT])
{
	hk_net_f32 h[HK_NET_VECTORS], total = {0};
	float linear = model->bias, lanes[HK_NET_LANES], rest = 0;

	memcpy(h, model->hidden_bias, sizeof(h));
	for (size_t p = 0; p < HK_POOL_COUNT; p++) {
		float root = model->root[n[p]];

		linear += (float)sum[p][0] * model->scale[0];
		if (n[p] == 0) {
			continue;
		}
		for (size_t d = 1; d < HK_MODEL_DIM; d++) {
			float z = (float)sum[p][d] * model->scale[d] * root;
			const float *w = model->hidden[p * HK_MODEL_DIM + d];

			for (size_t v = 0; v < HK_NET_VECTORS; v++) {
				hk_net_f32 wv;

				memcpy(&wv, w + v * HK_NET_LANES, sizeof(wv));
				h[v] += wv * z;
			}
		}
	}
	for (size_t v = 0; v < HK_NET_VECTORS; v++) {
		hk_net_f32 o;

		memcpy(&o, model->out + v * HK_NET_LANES, sizeof(o));
		/* ReLU: a comparison of vectors gives a mask of all ones or zeros */
		total += o * (hk_net_f32)((h[v] > 0) & (__typeof__(h[v] > 0))h[v]);
	}
	memcpy(lanes, &total, sizeof(lanes));
	for (size_t i = 0; i < HK_NET_LANES; i++) {
		rest += lanes[i];
	}
	return linear + rest;
}

HK_NET_INLINE float
hk_net_logit(const hk_model *model, const hk_features *f)
{
	int16_t sum[HK_POOL_COUNT][HK_MODEL_DIM];

	for (size_t p = 0; p < HK_POOL_COUNT; p++) {
		hk_net_pool_sum(model, f->hash[p], f->count[p], sum[p]);
	}
	return hk_net_forward(model, sum, f->count);
}

#endif
