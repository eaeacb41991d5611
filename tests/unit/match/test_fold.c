#include "match/fold.h"

#include <stdlib.h>
#include <string.h>

#include "tap.h"

static void
check_row(const char *text, const char *want)
{
	char folded[64], again[64];
	size_t len = hk_fold(text, strlen(text), folded);
	size_t again_len = hk_fold(folded, len, again);

	folded[len] = 0;
	is_str(folded, want, "'%s' folds", text);
	ok(again_len == len && memcmp(again, folded, len) == 0, "'%s' folds once", text);
}

static void
check_vectors(void)
{
	size_t len;
	char *file = (char *)tap_file("tests/vectors/fold.tsv", &len), *rest = file, *line;

	/* nocheck: our own vectors, empty fields matter */
	while ((line = strsep(&rest, "\n")) != NULL) {
		char *tab = strchr(line, '\t');

		if (*line != '#' && tab != NULL) {
			*tab = 0;
			check_row(line, tab + 1);
		}
	}
	free(file);
}

/* Every pair that variants are made of must be undone by folding, or the gate would let pass what nobody recognises. */
static void
check_pairs(void)
{
	for (size_t i = 0; i < HK_FOLD_PAIR_COUNT; i++) {
		const hk_fold_pair *pair = &hk_fold_pairs[i];
		char a[4], b[4];
		size_t a_len = hk_fold(pair->plain, strlen(pair->plain), a);
		size_t b_len = hk_fold(pair->fake, strlen(pair->fake), b);

		ok(a_len == b_len && memcmp(a, b, a_len) == 0, "%s looks like %s", pair->fake,
			pair->plain);
	}
}

int
main(void)
{
	char text[] = "rn-ih0n";
	size_t len = hk_fold(text, strlen(text), text);

	ok(len == 5 && memcmp(text, "mihon", 5) == 0, "in place");
	is_int(hk_fold("", 0, text), 0, "nothing");
	check_vectors();
	check_pairs();
	return tap_done();
}
