/* match/dhash: what a picture looks like, in 64 bits. Layer: match. Libc only. Input is hostile.
 *
 * Two hashes of a grey picture: dHash (is a cell brighter than its right neighbour, 9x8 cells; Krawetz 2013) and pHash (the 8x8 lowest
 * frequencies of the DCT of 32x32 cells against their median; Zauner 2010). Pictures that a person would take for the same differ in few
 * bits; under 10 of 64 is near. Both can be fooled by who wants to. */
#ifndef HK_MATCH_DHASH_H
#define HK_MATCH_DHASH_H

#include <stddef.h>
#include <stdint.h>

/* hk_grey_shrink(pixels, width, height, stride, ret, columns, rows): RGB, 8 bits each, row after row `stride` bytes apart, as columns x rows grey
 * cells (ITU-R BT.601), each the mean of its part of the picture. width and height are at least 1; a picture smaller than the cells is
 * enlarged by repetition. ret: columns * rows values, 0..255. */
void hk_grey_shrink(const uint8_t *pixels, size_t width, size_t height, size_t stride, float *ret,
	size_t columns, size_t rows);

#define HK_DHASH_COLUMNS 9u
#define HK_DHASH_ROWS    8u
#define HK_PHASH_SIDE    32u

/* hk_dhash(cells): of 9 x 8 cells. Bit 63 is the first row's first pair; set: the left one is brighter. A plain picture is 0. */
uint64_t hk_dhash(const float cells[HK_DHASH_COLUMNS * HK_DHASH_ROWS]);

/* hk_phash(cells): of 32 x 32 cells. Bit 63 is the lowest frequency (the mean); set: above the median of the 64. */
uint64_t hk_phash(const float cells[HK_PHASH_SIDE * HK_PHASH_SIDE]);

/* hk_hash_distance(a, b): bits that differ, 0..64. */
unsigned hk_hash_distance(uint64_t a, uint64_t b);

#endif
