/* nocheck: tested in tests/unit/score/test_train.c */
#include "score/train_net.h"

#include <math.h>
#include <string.h>

#include <glib.h>

/* Start of the squared sums: keeps the first steps small. */
#define SQ_START 0.1f

/* sqrtf without errno, and loops over a row as vectors; neither changes a result. */
#if defined(__GNUC__) && !defined(__clang__)
#define HOT __attribute__((optimize("O3", "no-math-errno", "no-trapping-math")))
#else
#define HOT
#endif

uint64_t
hk_net_random(uint64_t *state)
{
	uint64_t x = *state;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	*state = x;
	return x * 0x2545F4914F6CDD1Du >> 11;
}

/* Uniform in -half..half. */
static float
small(uint64_t *random, float half)
{
	return ((float)(hk_net_random(random) & 0xFFFF) / 32768.0f - 1.0f) * half;
}

void
hk_net_init(hk_net *net, uint32_t bits, uint64_t seed)
{
	size_t n = (size_t)HK_MODEL_DIM << bits;
	uint64_t random = seed * 0x9E3779B97F4A7C15u | 1;

	memset(net, 0, sizeof(*net));
	net->bits = bits;
	net->rows = g_new0(float, n);
	net->rows_sq = g_new(float, n);
	for (size_t i = 0; i < n; i++) {
		net->rows_sq[i] = SQ_START;
	}
	for (size_t j = 0; j < HK_MODEL_HIDDEN; j++) {
		for (size_t k = 0; k < HK_MODEL_WIDTH; k++) {
			net->hidden[k][j] = small(&random, 0.25f);
			net->hidden_sq[k][j] = SQ_START;
		}
		net->hidden_bias[j] = 0.1f;
		net->hidden_bias_sq[j] = SQ_START;
		net->out[j] = small(&random, 0.25f);
		net->out_sq[j] = SQ_START;
	}
	net->bias_sq = SQ_START;
	for (size_t i = 1; i <= HK_FEATURES_MAX; i++) {
		net->root[i] = 1.0f / sqrtf((float)i);
	}
}

void
hk_net_clear(hk_net *net)
{
	g_clear_pointer(&net->rows, g_free);
	g_clear_pointer(&net->rows_sq, g_free);
}

static inline size_t
row_of(const hk_net *net, uint32_t hash)
{
	return (size_t)(hash >> (32 - net->bits)) * HK_MODEL_DIM;
}

HOT float
hk_net_forward_f(const hk_net *net, const hk_features *f, hk_net_state *state)
{
	float logit = net->bias;

	memcpy(state->h, net->hidden_bias, sizeof(state->h));
	for (size_t p = 0; p < HK_POOL_COUNT; p++) {
		float sum[HK_MODEL_DIM] = {0};
		float *z = state->z + p * HK_MODEL_DIM;
		float root = net->root[f->count[p]];

		for (size_t i = 0; i < f->count[p]; i++) {
			const float *row = net->rows + row_of(net, f->hash[p][i]);

			for (size_t d = 0; d < HK_MODEL_DIM; d++) {
				sum[d] += row[d];
			}
		}
		logit += sum[0];
		z[0] = 0;
		for (size_t d = 1; d < HK_MODEL_DIM; d++) {
			const float *w = net->hidden[p * HK_MODEL_DIM + d];

			z[d] = sum[d] * root;
			for (size_t j = 0; j < HK_MODEL_HIDDEN; j++) {
				state->h[j] += w[j] * z[d];
			}
		}
	}
	for (size_t j = 0; j < HK_MODEL_HIDDEN; j++) {
		state->h[j] = state->h[j] > 0 ? state->h[j] : 0;
		logit += net->out[j] * state->h[j];
	}
	return logit;
}

/* One AdaGrad step of n weights. */
static inline void
step(float *w, float *sq, const float *g, size_t n, float rate)
{
	for (size_t i = 0; i < n; i++) {
		sq[i] += g[i] * g[i];
		w[i] -= rate * g[i] / sqrtf(sq[i]);
	}
}

HOT void
hk_net_backward(hk_net *net, const hk_features *f, const hk_net_state *state, float gradient)
{
	float dh[HK_MODEL_HIDDEN], dout[HK_MODEL_HIDDEN];
	float drow[HK_POOL_COUNT][HK_MODEL_DIM];

	for (size_t j = 0; j < HK_MODEL_HIDDEN; j++) {
		dh[j] = state->h[j] > 0 ? gradient * net->out[j] : 0;
		dout[j] = gradient * state->h[j];
	}
	for (size_t p = 0; p < HK_POOL_COUNT; p++) {
		float root = net->root[f->count[p]];

		drow[p][0] = gradient;
		if (f->count[p] == 0) {
			continue;
		}
		for (size_t d = 1; d < HK_MODEL_DIM; d++) {
			size_t k = p * HK_MODEL_DIM + d;
			float dw[HK_MODEL_HIDDEN], dz = 0;

			for (size_t j = 0; j < HK_MODEL_HIDDEN; j++) {
				dz += dh[j] * net->hidden[k][j];
				dw[j] = dh[j] * state->z[k];
			}
			drow[p][d] = dz * root;
			step(net->hidden[k], net->hidden_sq[k], dw, HK_MODEL_HIDDEN,
				net->dense_rate);
		}
	}
	step(net->hidden_bias, net->hidden_bias_sq, dh, HK_MODEL_HIDDEN, net->dense_rate);
	step(net->out, net->out_sq, dout, HK_MODEL_HIDDEN, net->dense_rate);
	step(&net->bias, &net->bias_sq, &gradient, 1, net->dense_rate);
	for (size_t p = 0; p < HK_POOL_COUNT; p++) {
		for (size_t i = 0; i < f->count[p]; i++) {
			size_t at = row_of(net, f->hash[p][i]);

			step(net->rows + at, net->rows_sq + at, drow[p], HK_MODEL_DIM,
				net->row_rate);
		}
	}
}
