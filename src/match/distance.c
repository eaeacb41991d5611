#include "match/distance.h"

#include <stdint.h>
#include <string.h>

/* A value that no path inside the band can reach. */
#define FAR ((uint8_t)(HK_DISTANCE_MAX + 1))

static uint8_t
least(unsigned a, unsigned b)
{
	return (uint8_t)(a < b ? a : b);
}

/* One row of the table: cells outside |i - j| <= max are FAR. Returns the least cell. */
static uint8_t
fill_row(const char *a, size_t i, const char *b, size_t b_len, unsigned max,
	const uint8_t *before_last, const uint8_t *last, uint8_t *row)
{
	size_t from = i > max ? i - max : 0, to = i + max < b_len ? i + max : b_len;
	uint8_t best = FAR;

	memset(row, FAR, b_len + 1);
	for (size_t j = from; j <= to; j++) {
		uint8_t cell;

		if (j == 0) {
			cell = least((unsigned)i, FAR);
		} else {
			cell = least(last[j - 1] + (a[i - 1] != b[j - 1] ? 1u : 0u), FAR);
			cell = least(cell, last[j] + 1u);
			cell = least(cell, row[j - 1] + 1u);
		}
		if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
			cell = least(cell, before_last[j - 2] + 1u);
		}
		row[j] = cell;
		best = least(best, cell);
	}
	return best;
}

unsigned
hk_distance(const char *a, size_t a_len, const char *b, size_t b_len, unsigned max)
{
	uint8_t rows[3][HK_DISTANCE_LEN_MAX + 1];
	size_t gap = a_len > b_len ? a_len - b_len : b_len - a_len;

	max = max > HK_DISTANCE_MAX ? HK_DISTANCE_MAX : max;
	if (a_len > HK_DISTANCE_LEN_MAX || b_len > HK_DISTANCE_LEN_MAX || gap > max) {
		return max + 1;
	}
	/* What both begin with never needs an edit. What is left is short when the texts are near. */
	while (a_len > 0 && b_len > 0 && *a == *b) {
		a++, b++, a_len--, b_len--;
	}
	memset(rows, FAR, sizeof(rows));
	for (size_t j = 0; j <= b_len && j < FAR; j++) {
		rows[0][j] = (uint8_t)j;
	}
	for (size_t i = 1; i <= a_len; i++) {
		uint8_t best = fill_row(
			a, i, b, b_len, max, rows[(i + 1) % 3], rows[(i - 1) % 3], rows[i % 3]);

		/* A swap reaches two rows back, at a cost of 1: only then is nothing left to find. */
		if (best > max + 1u) {
			return max + 1;
		}
	}
	return rows[a_len % 3][b_len] <= max ? rows[a_len % 3][b_len] : max + 1;
}
