/* nocheck: tested in tests/unit/match/test_model.c */
#include "match/model_net.h"

#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

_Static_assert(HK_MODEL_DIM == 16, "a row is one vector of 16 bytes");

/* The last layer: ReLU, weights, and a sum in a fixed order. */
static inline float
last_layer(const hk_model *model, const float h[HK_MODEL_HIDDEN])
{
	float lanes[HK_NET_LANES] = {0}, rest = 0;

	for (size_t v = 0; v < HK_NET_VECTORS; v++) {
		for (size_t i = 0; i < HK_NET_LANES; i++) {
			size_t j = v * HK_NET_LANES + i;

			lanes[i] += model->out[j] * (h[j] > 0 ? h[j] : 0);
		}
	}
	for (size_t i = 0; i < HK_NET_LANES; i++) {
		rest += lanes[i];
	}
	return rest;
}

float
hk_net_logit(const hk_model *model, const hk_features *f)
{
	float h[HK_MODEL_HIDDEN], linear = model->bias;

	memcpy(h, model->hidden_bias, sizeof(h));
	for (size_t p = 0; p < HK_POOL_COUNT; p++) {
		int16_t sum[HK_MODEL_DIM] = {0};
		float root = model->root[f->count[p]];

		if (f->count[p] == 0) {
			continue;
		}
		/* At most 255 int8: no lane overflows. */
		for (size_t i = 0; i < f->count[p]; i++) {
			const int8_t *row =
				(const int8_t *)model->rows + hk_net_row(model, f->hash[p][i]);

			for (size_t d = 0; d < HK_MODEL_DIM; d++) {
				sum[d] = (int16_t)(sum[d] + row[d]);
			}
		}
		linear += (float)sum[0] * model->scale[0];
		for (size_t d = 1; d < HK_MODEL_DIM; d++) {
			const float *w = model->hidden[p * HK_MODEL_DIM + d];
			float z = (float)sum[d] * model->scale[d] * root;

			for (size_t j = 0; j < HK_MODEL_HIDDEN; j++) {
				h[j] += w[j] * z;
			}
		}
	}
	return linear + last_layer(model, h);
}

#if defined(__x86_64__)

__attribute__((target("avx2"))) static inline __m256i
pool_sum_wide(const hk_model *model, const uint32_t *hash, size_t n)
{
	const uint8_t *rows = model->rows;
	unsigned shift = 32 - model->bits;
	__m256i a = _mm256_setzero_si256(), b = a;
	size_t i = 0;

	for (; i + 2 <= n; i += 2) {
		const uint8_t *x = rows + (size_t)(hash[i] >> shift) * HK_MODEL_DIM;
		const uint8_t *y = rows + (size_t)(hash[i + 1] >> shift) * HK_MODEL_DIM;

		a = _mm256_add_epi16(
			a, _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(const void *)x)));
		b = _mm256_add_epi16(
			b, _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(const void *)y)));
	}
	if (i < n) {
		const uint8_t *x = rows + (size_t)(hash[i] >> shift) * HK_MODEL_DIM;

		a = _mm256_add_epi16(
			a, _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(const void *)x)));
	}
	return _mm256_add_epi16(a, b);
}

__attribute__((target("avx2"))) float
hk_net_logit_wide(const hk_model *model, const hk_features *f)
{
	float linear = model->bias, out[HK_MODEL_HIDDEN], z[HK_MODEL_DIM];
	__m256 h[HK_NET_VECTORS];

	for (size_t v = 0; v < HK_NET_VECTORS; v++) {
		h[v] = _mm256_loadu_ps(model->hidden_bias + v * HK_NET_LANES);
	}
	for (size_t p = 0; p < HK_POOL_COUNT; p++) {
		__m256 root = _mm256_set1_ps(model->root[f->count[p]]), low, high;
		__m256i sum;

		if (f->count[p] == 0) {
			continue;
		}
		sum = pool_sum_wide(model, f->hash[p], f->count[p]);
		low = _mm256_cvtepi32_ps(_mm256_cvtepi16_epi32(_mm256_castsi256_si128(sum)));
		high = _mm256_cvtepi32_ps(_mm256_cvtepi16_epi32(_mm256_extracti128_si256(sum, 1)));
		low = _mm256_mul_ps(low, _mm256_loadu_ps(model->scale));
		high = _mm256_mul_ps(high, _mm256_loadu_ps(model->scale + 8));
		linear += _mm256_cvtss_f32(low);
		_mm256_storeu_ps(z, _mm256_mul_ps(low, root));
		_mm256_storeu_ps(z + 8, _mm256_mul_ps(high, root));
		for (size_t d = 1; d < HK_MODEL_DIM; d++) {
			const float *w = model->hidden[p * HK_MODEL_DIM + d];
			__m256 zv = _mm256_broadcast_ss(&z[d]);

			for (size_t v = 0; v < HK_NET_VECTORS; v++) {
				__m256 wv = _mm256_loadu_ps(w + v * HK_NET_LANES);

				h[v] = _mm256_add_ps(h[v], _mm256_mul_ps(wv, zv));
			}
		}
	}
	for (size_t v = 0; v < HK_NET_VECTORS; v++) {
		_mm256_storeu_ps(out + v * HK_NET_LANES, h[v]);
	}
	return linear + last_layer(model, out);
}

#endif
