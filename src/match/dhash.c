#include "match/dhash.h"

#include <math.h>
#include <string.h>

#define LOW 8u /* frequencies of pHash in each direction */

/* The part [from, to) of total that is cell i of count: never empty. */
static void
part(size_t i, size_t count, size_t total, size_t *from, size_t *to)
{
	*from = i * total / count;
	*to = (i + 1) * total / count;
	if (*to <= *from) {
		*to = *from + 1;
	}
}

static float
mean_of(const uint8_t *pixels, size_t stride, const size_t x[2], const size_t y[2])
{
	uint64_t sum = 0;

	for (size_t row = y[0]; row < y[1]; row++) {
		for (size_t column = x[0]; column < x[1]; column++) {
			const uint8_t *p = pixels + row * stride + column * 3;

			sum += 299u * p[0] + 587u * p[1] + 114u * p[2];
		}
	}
	return (float)((double)sum / 1000.0 / (double)((x[1] - x[0]) * (y[1] - y[0])));
}

void
hk_grey_shrink(const uint8_t *pixels, size_t width, size_t height, size_t stride, float *ret,
	size_t columns, size_t rows)
{
	size_t x[2], y[2];

	for (size_t row = 0; row < rows; row++) {
		part(row, rows, height, &y[0], &y[1]);
		for (size_t column = 0; column < columns; column++) {
			part(column, columns, width, &x[0], &x[1]);
			ret[row * columns + column] = mean_of(pixels, stride, x, y);
		}
	}
}

uint64_t
hk_dhash(const float cells[HK_DHASH_COLUMNS * HK_DHASH_ROWS])
{
	uint64_t hash = 0;

	for (size_t row = 0; row < HK_DHASH_ROWS; row++) {
		const float *at = cells + row * HK_DHASH_COLUMNS;

		for (size_t i = 0; i + 1 < HK_DHASH_COLUMNS; i++) {
			hash = hash << 1 | (at[i] > at[i + 1]);
		}
	}
	return hash;
}

/* The u-th cosine at x, of the DCT-II. */
static double
wave(size_t u, size_t x)
{
	return cos(
		3.14159265358979323846 * (double)u * (2.0 * (double)x + 1) / (2.0 * HK_PHASH_SIDE));
}

static void
lowest(const float *cells, double ret[LOW * LOW])
{
	double rows[HK_PHASH_SIDE][LOW] = {{0}}, waves[LOW][HK_PHASH_SIDE];

	for (size_t u = 0; u < LOW; u++) {
		for (size_t x = 0; x < HK_PHASH_SIDE; x++) {
			waves[u][x] = wave(u, x);
		}
	}
	for (size_t y = 0; y < HK_PHASH_SIDE; y++) {
		for (size_t u = 0; u < LOW; u++) {
			for (size_t x = 0; x < HK_PHASH_SIDE; x++) {
				rows[y][u] += (double)cells[y * HK_PHASH_SIDE + x] * waves[u][x];
			}
		}
	}
	for (size_t i = 0; i < LOW * LOW; i++) {
		ret[i] = 0;
		for (size_t y = 0; y < HK_PHASH_SIDE; y++) {
			ret[i] += rows[y][i % LOW] * waves[i / LOW][y];
		}
	}
}

/* Upper and lower middle of 64 values. */
static double
median(const double values[LOW * LOW])
{
	double sorted[LOW * LOW];

	memcpy(sorted, values, sizeof sorted);
	for (size_t i = 1; i < LOW * LOW; i++) {
		double v = sorted[i];
		size_t at = i;

		for (; at > 0 && sorted[at - 1] > v; at--) {
			sorted[at] = sorted[at - 1];
		}
		sorted[at] = v;
	}
	return (sorted[LOW * LOW / 2 - 1] + sorted[LOW * LOW / 2]) / 2;
}

uint64_t
hk_phash(const float cells[HK_PHASH_SIDE * HK_PHASH_SIDE])
{
	double low[LOW * LOW];
	uint64_t hash = 0;

	lowest(cells, low);
	double middle = median(low);
	for (size_t i = 0; i < LOW * LOW; i++) {
		/* Rounding noise of a plain picture is no frequency. */
		hash = hash << 1 | (low[i] > middle + 1e-6);
	}
	return hash;
}

unsigned
hk_hash_distance(uint64_t a, uint64_t b)
{
	return (unsigned)__builtin_popcountll(a ^ b);
}
