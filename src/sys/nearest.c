#include "sys/nearest.h"

#include <string.h>

#include <glib.h>

enum { WORD_MAX = 64 };

static size_t
min_of(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Optimal string alignment over three rows. */
static size_t
distance(const char *a, const char *b)
{
	size_t rows[3][WORD_MAX + 1];
	size_t a_len = strlen(a);
	size_t b_len = strlen(b);

	if (a_len > WORD_MAX || b_len > WORD_MAX) {
		return WORD_MAX;
	}
	for (size_t j = 0; j <= b_len; j++) {
		rows[0][j] = j;
	}
	for (size_t i = 1; i <= a_len; i++) {
		size_t *row = rows[i % 3];
		const size_t *above = rows[(i - 1) % 3];
		const size_t *above2 = rows[(i + 1) % 3];

		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			size_t cost = a[i - 1] != b[j - 1];

			row[j] = min_of(min_of(above[j] + 1, row[j - 1] + 1), above[j - 1] + cost);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
				row[j] = min_of(row[j], above2[j - 2] + 1);
			}
		}
	}
	return rows[a_len % 3][b_len];
}

const char *
hk_nearest(const char *word, const char *const *candidates, size_t count)
{
	const char *best = NULL;
	size_t best_distance = strlen(word) / 3 + 2;
	size_t best_letters = 0;

	for (size_t i = 0; i < count; i++) {
		if (!candidates[i]) {
			continue;
		}
		size_t letters = distance(word, candidates[i]);
		size_t d = letters;

		if (d > 1 && strlen(word) >= 2 && g_str_has_prefix(candidates[i], word)) {
			d = 1;
		}
		if (d < best_distance || (best && d == best_distance && letters < best_letters)) {
			best = candidates[i];
			best_distance = d;
			best_letters = letters;
		}
	}
	return best;
}
