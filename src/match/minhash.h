/* match/minhash: sets of things compared by a sketch of fixed size. Layer: match. Libc only. Input is hostile.
 *
 * Broder 1997: for each of many hash functions keep the least value over the set; the share of equal least values estimates the Jaccard index
 * (size of the intersection by size of the union). With 128 of them the standard error is at most 0.045. */
#ifndef HK_MATCH_MINHASH_H
#define HK_MATCH_MINHASH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

#define HK_MINHASH_SLOTS 128u

typedef struct hk_minhash {
	uint32_t slot[HK_MINHASH_SLOTS];
	uint32_t count; /* things added, repeats counted; stays at UINT32_MAX */
} hk_minhash;

/* hk_minhash_init(ret): of the empty set. */
void hk_minhash_init(hk_minhash *ret);

/* hk_minhash_add(sketch, thing): adds any bytes. Order and repeats do not matter for the slots. */
void hk_minhash_add(hk_minhash *sketch, hk_span thing);

/* hk_minhash_near(a, b): estimated Jaccard index, 0..1. Two empty sets: 1; an empty one and another: 0. */
double hk_minhash_near(const hk_minhash *a, const hk_minhash *b);

#endif
