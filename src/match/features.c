#include "match/features.h"

#include <string.h>

/* How many bytes of a part the recipe reads: the first of R, the last of S (the labels beside the
 * registrable one). The cap keeps the cost of one name bounded; hardly any real name is longer. */
enum { LABEL_READ = 32, SUB_READ = 32 };

/* Grams are read as 8-byte words, so each text has room after its end. */
enum { TEXT_SIZE = 64, GRAM_PAD = 8 };

#define MIX_A 0x9E3779B97F4A7C15u
#define MIX_B 0xD6E8FEB86659FD93u

typedef struct text {
	char bytes[TEXT_SIZE + GRAM_PAD]; /* '^', the part, '$', zeros */
	size_t len;                       /* with both marks */
} text;

static inline uint32_t
mix(uint64_t x)
{
	x *= MIX_A;
	x ^= x >> 32;
	x *= MIX_B;
	return (uint32_t)(x >> 32);
}

uint32_t
hk_feature_hash(const char *bytes, size_t len, uint32_t seed)
{
	uint32_t h = seed ^ 0x811C9DC5u;

	for (size_t i = 0; i < len; i++) {
		h = (h ^ (uint8_t)bytes[i]) * 0x01000193u;
	}
	return h;
}

static inline uint64_t
load64(const char *at)
{
	uint64_t v;

	memcpy(&v, at, sizeof(v));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	v = __builtin_bswap64(v);
#endif
	return v;
}

/* Where features go. with_group is a constant at each call, so the fast path has no trace of it. */
typedef struct sink {
	hk_features *to;
	bool with_group;
} sink;

static inline __attribute__((always_inline)) void
emit(sink s, hk_feature_pool pool, hk_feature_group group, uint64_t what)
{
	uint16_t n = s.to->count[pool];

	/* One slot more than the cap is there, so the store needs no branch. */
	s.to->hash[pool][n] = mix(what + ((uint64_t)group << 56));
	if (s.with_group) {
		s.to->group[pool][n] = (uint8_t)group;
	}
	s.to->count[pool] = (uint16_t)(n + (n < HK_FEATURES_MAX));
}

static inline __attribute__((always_inline)) void
emit_pair(sink s, hk_feature_pool pool, hk_feature_group group, uint32_t what, uint32_t suffix)
{
	emit(s, pool, group, what);
	emit(s, pool, group, (uint64_t)what | (uint64_t)(suffix | 1) << 32);
}

static void
text_of(text *t, const char *bytes, size_t len)
{
	memset(t->bytes, 0, sizeof(t->bytes));
	t->bytes[0] = '^';
	memcpy(t->bytes + 1, bytes, len);
	t->bytes[len + 1] = '$';
	t->len = len + 2;
}

/* All grams of lo..hi bytes of t, and those of xlo..xhi bytes again under the suffix. A gram of k
 * bytes is the word masked to k bytes: no byte is 0, so different lengths never look the same. */
static inline __attribute__((always_inline)) void
grams(sink s, hk_feature_pool pool, const text *t, hk_feature_group group, size_t lo, size_t hi,
	hk_feature_group xgroup, size_t xlo, size_t xhi, uint64_t xseed)
{
	for (size_t i = 0; i < t->len; i++) {
		uint64_t word = load64(t->bytes + i);
		size_t left = t->len - i;

		for (size_t k = 1; k <= hi; k++) {
			uint64_t gram = word & (~(uint64_t)0 >> (64 - 8 * k));

			if (k > left) {
				break;
			}
			if (k >= lo) {
				emit(s, pool, group, gram);
			}
			if (k >= xlo && k <= xhi) {
				emit(s, pool, xgroup, gram ^ xseed);
			}
		}
	}
}

/* ---- sound: vowels, consonants, digits ---- */

static const char sound_class[256] = {
	['a'] = 'v',
	['e'] = 'v',
	['i'] = 'v',
	['o'] = 'v',
	['u'] = 'v',
	['0'] = 'd',
	['1'] = 'd',
	['2'] = 'd',
	['3'] = 'd',
	['4'] = 'd',
	['5'] = 'd',
	['6'] = 'd',
	['7'] = 'd',
	['8'] = 'd',
	['9'] = 'd',
	['-'] = '-',
	['.'] = '.',
	['_'] = '_',
	['^'] = '^',
	['$'] = '$',
};

static inline __attribute__((always_inline)) void
sound(sink s, const text *t, uint32_t seed, uint32_t suffix)
{
	text c = {.len = t->len};
	uint32_t whole;

	for (size_t i = 0; i < t->len; i++) {
		char k = sound_class[(uint8_t)t->bytes[i]];

		c.bytes[i] = k ? k : 'c';
	}
	whole = hk_feature_hash(c.bytes, c.len, seed);
	emit_pair(s, HK_POOL_FORM, HK_GROUP_SOUND, whole, suffix);
}

/* ---- shape ---- */

static inline char
shape_class(char c)
{
	if (c >= '0' && c <= '9') {
		return 'd';
	}
	return c == '-' || c == '.' || c == '_' ? c : 'a';
}

/* Runs with lengths as one byte each: what is hashed. Without lengths for the coarse shape. */
static uint32_t
shape_hash(const char *bytes, size_t len, bool lengths, uint32_t seed)
{
	uint32_t h = seed;

	for (size_t i = 0, j; i < len; i = j) {
		char c = shape_class(bytes[i]);

		for (j = i; j < len && shape_class(bytes[j]) == c;) {
			j++;
		}
		h = (h ^ (uint8_t)c) * 0x01000193u;
		if (lengths) {
			h = (h ^ (uint32_t)(j - i)) * 0x01000193u;
		}
	}
	return h;
}

size_t
hk_feature_shape(const char *bytes, size_t len, char *out, size_t cap)
{
	size_t n = 0;

	for (size_t i = 0, j; i < len && n < cap; i = j) {
		char c = shape_class(bytes[i]);

		for (j = i; j < len && shape_class(bytes[j]) == c;) {
			j++;
		}
		if (c == 'a' || c == 'd') {
			size_t run = j - i > 99 ? 99 : j - i;

			out[n++] = c;
			if (run > 9 && n < cap) {
				out[n++] = (char)('0' + run / 10);
			}
			if (n < cap) {
				out[n++] = (char)('0' + run % 10);
			}
		} else {
			out[n++] = c;
			j = i + 1;
		}
	}
	return n;
}

static inline __attribute__((always_inline)) void
shapes(sink s, const hk_feature_parts *p, uint32_t x)
{
	const hk_feature_group g = HK_GROUP_SHAPE;
	uint32_t label = shape_hash(p->label, p->label_len, true, 11);
	uint32_t coarse = shape_hash(p->label, p->label_len, false, 12);
	uint32_t sub = shape_hash(p->sub, p->sub_len, true, 13);
	uint32_t sub_coarse = shape_hash(p->sub, p->sub_len, false, 14);

	emit_pair(s, HK_POOL_FORM, g, label, x);
	emit_pair(s, HK_POOL_FORM, g, coarse, x);
	emit_pair(s, HK_POOL_FORM, g, sub, x);
	emit_pair(s, HK_POOL_FORM, g, sub_coarse, x);
	emit(s, HK_POOL_FORM, g, (uint64_t)sub << 20 ^ label);
	emit(s, HK_POOL_FORM, g, ((uint64_t)sub_coarse << 20 ^ coarse) + ((uint64_t)x << 23));
}

/* ---- lengths ---- */

/* Exact up to 15, then in steps. */
static uint32_t
length_bin(size_t n)
{
	static const uint8_t from[] = {16, 20, 25, 32, 48};
	uint32_t bin = 15;

	if (n < 16) {
		return (uint32_t)n;
	}
	for (size_t i = 0; i < sizeof(from) && n >= from[i]; i++) {
		bin++;
	}
	return bin;
}

static uint32_t
at_most(uint32_t n, uint32_t cap)
{
	return n < cap ? n : cap;
}

static inline __attribute__((always_inline)) void
lengths(sink s, const hk_feature_parts *p, uint32_t x)
{
	const hk_feature_group g = HK_GROUP_LENGTH;
	uint32_t label = length_bin(p->label_len), sub = length_bin(p->sub_len);
	uint32_t dots = 0, hyphens = 0, digits = 0;

	for (size_t i = 0; i < p->sub_len; i++) {
		dots += p->sub[i] == '.';
	}
	for (size_t i = 0; i < p->label_len; i++) {
		hyphens += p->label[i] == '-';
		digits += p->label[i] >= '0' && p->label[i] <= '9';
	}
	dots = at_most(dots, 6) * 2 + p->had_www;
	hyphens = at_most(hyphens, 4);
	emit_pair(s, HK_POOL_FORM, g, 0x100 + label, x);
	emit_pair(s, HK_POOL_FORM, g, 0x300 + sub, x);
	emit_pair(s, HK_POOL_FORM, g, 0x10000 + label * 64 + sub, x);
	emit_pair(s, HK_POOL_FORM, g, 0x500 + dots, x);
	emit(s, HK_POOL_FORM, g, 0x700 + hyphens);
	emit(s, HK_POOL_FORM, g, 0x800 + hyphens * 16 + at_most(digits, 12));
	emit(s, HK_POOL_FORM, g, 0xA00 + length_bin(p->sub_full_len));
}

/* ---- words ---- */

static inline __attribute__((always_inline)) void
words(sink s, const hk_feature_parts *p, uint32_t x)
{
	const hk_feature_group g = HK_GROUP_WORD;

	emit_pair(s, HK_POOL_FORM, g, hk_feature_hash(p->label, p->label_len, 21), x);
	for (size_t i = 0, j; i < p->label_len; i = j + 1) {
		for (j = i; j < p->label_len && p->label[j] != '-';) {
			j++;
		}
		if (i != 0 || j != p->label_len) {
			emit(s, HK_POOL_FORM, g, hk_feature_hash(p->label + i, j - i, 24));
		}
	}
	if (p->sub_len == 0) {
		return;
	}
	emit_pair(s, HK_POOL_SUB, g, hk_feature_hash(p->sub, p->sub_len, 22), x);
	for (size_t i = 0, j; i < p->sub_len; i = j + 1) {
		for (j = i; j < p->sub_len && p->sub[j] != '.';) {
			j++;
		}
		emit_pair(s, HK_POOL_SUB, g, hk_feature_hash(p->sub + i, j - i, 23), x);
		for (size_t a = i, b; a < j; a = b + 1) {
			for (b = a; b < j && p->sub[b] != '-';) {
				b++;
			}
			if (a != i || b != j) {
				emit(s, HK_POOL_SUB, g, hk_feature_hash(p->sub + a, b - a, 25));
			}
		}
	}
}

/* ---- the recipe ---- */

void
hk_feature_parts_of(
	const hk_suffix_table *table, const char *name, size_t len, hk_feature_parts *ret)
{
	hk_suffix_split split;
	hk_feature_parts p = {0};

	if (len > UINT16_MAX) {
		name += len - UINT16_MAX;
		len = UINT16_MAX;
	}
	if (len > 2 && name[0] == '*' && name[1] == '.') {
		name += 2;
		len -= 2;
	}
	hk_suffix_split_name(table, name, len, &split);
	p.is_private = split.is_private;
	p.suffix = name + split.suffix_off;
	p.suffix_len = (size_t)(split.end - split.suffix_off);
	p.icann_suffix = name + split.icann_suffix_off;
	p.icann_suffix_len = (size_t)(split.end - split.icann_suffix_off);
	p.label = name + split.registrable_off;
	if (split.suffix_off > split.registrable_off) {
		p.label_len = (size_t)(split.suffix_off - split.registrable_off) - 1;
	}
	p.sub = name;
	p.sub_len = split.registrable_off > 0 ? split.registrable_off - 1u : 0;
	if (p.sub_len >= 3 && memcmp(p.sub, "www", 3) == 0 && (p.sub_len == 3 || p.sub[3] == '.')) {
		size_t cut = p.sub_len == 3 ? 3 : 4;

		p.had_www = true;
		p.sub += cut;
		p.sub_len -= cut;
	}
	p.sub_full_len = p.sub_len;
	if (p.sub_len > SUB_READ) {
		p.sub += p.sub_len - SUB_READ;
		p.sub_len = SUB_READ;
	}
	if (p.label_len > LABEL_READ) {
		p.label_len = LABEL_READ;
	}
	*ret = p;
}

static inline __attribute__((always_inline)) void
recipe(sink s, const hk_feature_parts *p)
{
	uint32_t x = hk_feature_hash(p->suffix, p->suffix_len, 1);
	uint32_t icann = hk_feature_hash(p->icann_suffix, p->icann_suffix_len, 2);
	uint64_t xseed = (uint64_t)mix(x) << 32 | x;
	text t;

	memset(s.to->count, 0, sizeof(s.to->count));
	emit(s, HK_POOL_FORM, HK_GROUP_SUFFIX, x);
	emit(s, HK_POOL_FORM, HK_GROUP_SUFFIX, icann);
	emit(s, HK_POOL_FORM, HK_GROUP_SUFFIX, p->is_private ? 5 : 6);
	shapes(s, p, x);
	lengths(s, p, x);
	words(s, p, x);
	text_of(&t, p->label, p->label_len);
	grams(s, HK_POOL_LABEL, &t, HK_GROUP_LABEL, 2, 5, HK_GROUP_LABEL_SUFFIX, 2, 3, xseed);
	sound(s, &t, 31, x);
	if (p->sub_len > 0) {
		text_of(&t, p->sub, p->sub_len);
		grams(s, HK_POOL_SUB, &t, HK_GROUP_SUB, 2, 5, HK_GROUP_SUB, 1, 0, 0);
		sound(s, &t, 32, x);
	}
}

void
hk_features_of(const hk_feature_parts *parts, hk_features *ret)
{
	recipe((sink){ret, false}, parts);
}

void
hk_features_explained(const hk_feature_parts *parts, hk_features *ret)
{
	recipe((sink){ret, true}, parts);
}
