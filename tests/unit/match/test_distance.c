#include "match/distance.h"

#include <stdlib.h>
#include <string.h>

#include "tap.h"

static unsigned
of(const char *a, const char *b, unsigned max)
{
	return hk_distance(a, strlen(a), b, strlen(b), max);
}

static void
check_row(const char *a, const char *b, unsigned want)
{
	is_int(of(a, b, 2), want, "'%s' to '%s'", a, b);
	is_int(of(b, a, 2), want, "'%s' to '%s'", b, a);
	is_int(of(a, b, 1), want > 1 ? 2 : want, "'%s' to '%s', at most 1", a, b);
	is_int(of(a, b, 0), want > 0 ? 1 : 0, "'%s' to '%s', at most 0", a, b);
}

static void
check_vectors(void)
{
	size_t len;
	char *file = (char *)tap_file("tests/vectors/distance.tsv", &len), *rest = file, *line;

	/* nocheck: our own vectors, empty fields matter */
	while ((line = strsep(&rest, "\n")) != NULL) {
		/* nocheck: our own vectors, empty fields matter */
		char *a = strsep(&line, "\t"), *b = strsep(&line, "\t");

		if (*a != '#' && b != NULL && line != NULL) {
			check_row(a, b, (unsigned)(*line - '0'));
		}
	}
	free(file);
}

/* The textbook table, without a band or an early end. */
static unsigned
slow(const char *a, size_t n, const char *b, size_t m)
{
	unsigned t[16][16];

	for (size_t i = 0; i <= n; i++) {
		for (size_t j = 0; j <= m; j++) {
			unsigned best = (unsigned)(i == 0 ? j : i);

			if (i > 0 && j > 0) {
				unsigned edit = t[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
				unsigned gap =
					(t[i - 1][j] < t[i][j - 1] ? t[i - 1][j] : t[i][j - 1]) + 1;

				best = edit < gap ? edit : gap;
			}
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
				t[i - 2][j - 2] + 1 < best) {
				best = t[i - 2][j - 2] + 1;
			}
			t[i][j] = best;
		}
	}
	return t[n][m];
}

static void
check_against_slow(void)
{
	unsigned seed = 1, wrong = 0, near = 0;

	for (int round = 0; round < 200000; round++) {
		char text[2][12];
		size_t len[2];
		unsigned want;

		for (int k = 0; k < 2; k++) {
			seed = seed * 1103515245u + 12345u;
			len[k] = seed >> 16 & 7;
			for (size_t i = 0; i < len[k]; i++) {
				seed = seed * 1103515245u + 12345u;
				text[k][i] = (char)('a' + (seed >> 16) % 3);
			}
		}
		want = slow(text[0], len[0], text[1], len[1]);
		near += want <= 2;
		want = want > 2 ? 3 : want;
		wrong += hk_distance(text[0], len[0], text[1], len[1], 2) != want;
	}
	is_int(wrong, 0, "agrees with the textbook on 200,000 pairs");
	ok(near > 1000, "of which many are near");
}

int
main(void)
{
	char longest[70];

	memset(longest, 'a', sizeof(longest));
	is_int(hk_distance(longest, 64, longest, 63, 2), 1, "64 characters");
	is_int(hk_distance(longest, 65, longest, 65, 2), 3, "65 are too many");
	is_int(of("mihon", "bank", 9), 3, "a max over the cap is the cap");
	check_vectors();
	check_against_slow();
	return tap_done();
}
