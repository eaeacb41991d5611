#include "match/fold.h"

const hk_fold_pair hk_fold_pairs[HK_FOLD_PAIR_COUNT] = {
	{"o", "0"},
	{"l", "1"},
	{"i", "1"},
	{"l", "i"},
	{"i", "l"},
	{"e", "3"},
	{"a", "4"},
	{"s", "5"},
	{"t", "7"},
	{"m", "rn"},
	{"w", "vv"},
	{"d", "cl"},
	{"rn", "m"},
	{"vv", "w"},
	{"cl", "d"},
};

/* i, not l, stands for the class of 1, l and i: so "ci" stays apart from "cl", which looks like d. */
static char
fold_char(char c)
{
	switch (c) {
	case '0':
		return 'o';
	case '1':
	case 'l':
		return 'i';
	case '3':
		return 'e';
	case '4':
		return 'a';
	case '5':
		return 's';
	case '7':
		return 't';
	default:
		return c;
	}
}

/* What two neighbours look like together, or 0. The first is folded already, the second is not. No result is itself
 * half of a pair, which is why one pass is enough. */
static char
fold_two(char first, char second)
{
	if (first == 'r' && second == 'n') {
		return 'm';
	}
	if (first == 'v' && second == 'v') {
		return 'w';
	}
	if (first == 'c' && (second == 'l' || second == '1')) {
		return 'd';
	}
	return 0;
}

size_t
hk_fold(const char *text, size_t len, char *ret)
{
	size_t out = 0;

	for (size_t i = 0; i < len; i++) {
		char c = text[i], two = out > 0 ? fold_two(ret[out - 1], c) : 0;

		if (c == '-') {
			continue;
		}
		if (two != 0) {
			ret[out - 1] = two;
		} else {
			ret[out++] = fold_char(c);
		}
	}
	return out;
}
