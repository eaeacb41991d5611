#include "match/blend.h"

#include <math.h>

#define SHARE_MIN 1e-9

double
hk_blend_odds(double share)
{
	if (!(share > SHARE_MIN)) {
		share = SHARE_MIN;
	}
	if (share > 1 - SHARE_MIN) {
		share = 1 - SHARE_MIN;
	}
	return log(share / (1 - share));
}

double
hk_blend_share(double odds)
{
	return 1 / (1 + exp(-odds));
}

double
hk_blend_burst(uint32_t count)
{
	static const uint32_t first = 5;
	static const uint32_t full = 100;
	static const double at_first = 1;
	static const double at_full = 5;

	if (count < first) {
		return 0;
	}
	if (count >= full) {
		return at_full;
	}
	return at_first +
	       (at_full - at_first) * log((double)count / first) / log((double)full / first);
}

double
hk_blend_entropy(const char *text, uint32_t len)
{
	uint32_t counts[256] = {0};
	double bits = 0;

	for (uint32_t i = 0; i < len; i++) {
		counts[(uint8_t)text[i]]++;
	}
	for (uint32_t i = 0; i < 256; i++) {
		if (counts[i] > 0) {
			double share = (double)counts[i] / len;
			bits -= share * log2(share);
		}
	}
	return bits;
}
