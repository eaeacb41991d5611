/* match/distance: how many slips of the keyboard lie between two words. Layer: match. Libc only. Input is hostile.
 *
 * Optimal string alignment: an insertion, a deletion, a replacement or a swap of two neighbours costs 1, and no letter is
 * edited twice. Only small distances matter here, so the work is bounded by a band around the diagonal. */
#ifndef HK_MATCH_DISTANCE_H
#define HK_MATCH_DISTANCE_H

#include <stddef.h>

/* The largest distance that is told apart, and the longest text that is compared (a label is at most 63). */
#define HK_DISTANCE_MAX     2u
#define HK_DISTANCE_LEN_MAX 64u

/* hk_distance(a, a_len, b, b_len, max): the distance if it is at most max (itself at most HK_DISTANCE_MAX, else it is
 * taken as that), otherwise max + 1. Texts over HK_DISTANCE_LEN_MAX are max + 1 from everything. Bytes are compared,
 * case counts. */
unsigned hk_distance(const char *a, size_t a_len, const char *b, size_t b_len, unsigned max);

#endif
