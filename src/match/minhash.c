#include "match/minhash.h"

#include <string.h>

#include "match/mmh3.h"

void
hk_minhash_init(hk_minhash *ret)
{
	memset(ret->slot, 0xff, sizeof ret->slot);
	ret->count = 0;
}

void
hk_minhash_add(hk_minhash *sketch, hk_span thing)
{
	/* Kirsch and Mitzenmacher 2006: two hashes make as many as are wanted; the mixing afterwards keeps the order of one slot from being that of
	 * the next. */
	uint32_t a = hk_mmh3(thing, 0x9747b28cu), b = hk_mmh3(thing, 0x2f0b4c47u) | 1u;

	for (uint32_t i = 0; i < HK_MINHASH_SLOTS; i++) {
		uint32_t h = a + i * b;

		h = (h ^ h >> 16) * 0x85ebca6bu;
		h = (h ^ h >> 13) * 0xc2b2ae35u;
		h ^= h >> 16;
		if (h < sketch->slot[i]) {
			sketch->slot[i] = h;
		}
	}
	if (sketch->count < UINT32_MAX) {
		sketch->count++;
	}
}

double
hk_minhash_near(const hk_minhash *a, const hk_minhash *b)
{
	unsigned same = 0;

	if (a->count == 0 || b->count == 0) {
		return a->count == b->count ? 1 : 0;
	}
	for (uint32_t i = 0; i < HK_MINHASH_SLOTS; i++) {
		same += a->slot[i] == b->slot[i];
	}
	return (double)same / HK_MINHASH_SLOTS;
}
