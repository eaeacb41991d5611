/* score/train_net: the network of match/model.h in floats, with its gradient. Layer: stage. Private
 * to score/train*.c. */
#ifndef HK_SCORE_TRAIN_NET_H
#define HK_SCORE_TRAIN_NET_H

#include <stddef.h>
#include <stdint.h>

#include "match/model.h"

/* Weights and, of each, the sum of squared gradients (AdaGrad). rows and rows_sq are owned. */
typedef struct hk_net {
	uint32_t bits;
	float *rows, *rows_sq; /* HK_MODEL_DIM for each bucket */
	float bias, bias_sq;
	float hidden[HK_MODEL_WIDTH][HK_MODEL_HIDDEN], hidden_sq[HK_MODEL_WIDTH][HK_MODEL_HIDDEN];
	float hidden_bias[HK_MODEL_HIDDEN], hidden_bias_sq[HK_MODEL_HIDDEN];
	float out[HK_MODEL_HIDDEN], out_sq[HK_MODEL_HIDDEN];
	float row_rate, dense_rate; /* learning rates */
	float root[HK_FEATURES_MAX + 1];
} hk_net;

/* What forward leaves for backward. */
typedef struct hk_net_state {
	float z[HK_MODEL_WIDTH];
	float h[HK_MODEL_HIDDEN];
} hk_net_state;

/* hk_net_init(net, bits, seed): rows 0, hidden layer small and random by the seed. */
void hk_net_init(hk_net *net, uint32_t bits, uint64_t seed);
void hk_net_clear(hk_net *net);

/* hk_net_forward_f(net, f, state): the logit. */
float hk_net_forward_f(const hk_net *net, const hk_features *f, hk_net_state *state);

/* hk_net_backward(net, f, state, gradient): one AdaGrad step for d loss / d logit = gradient. */
void hk_net_backward(hk_net *net, const hk_features *f, const hk_net_state *state, float gradient);

/* hk_net_random(state): the next number of a xorshift generator; state must not be 0. */
uint64_t hk_net_random(uint64_t *state);

#endif
