#include "match/features.h"

#include <string.h>

/* How many bytes of a part the recipe reads: the first of R, the last of S (the labels beside the
 * registrable one). The caps bound the cost of one name, and with it the number of features: at most
 * 6 grams a byte of R, 4 of S, 3 words a byte of S; each pool stays below HK_FEATURES_MAX. */
enum { LABEL_READ = 32, SUB_READ = 32 };

_Static_assert((LABEL_READ + 2) * 6 < HK_FEATURES_MAX, "grams of R fit");
_Static_assert((SUB_READ + 2) * 4 + SUB_READ * 3 < HK_FEATURES_MAX, "grams and words of S fit");

/* Texts are read as 8-byte words, so each has zeros after its end. */
enum { TEXT_SIZE = 40, TEXT_PAD = 8 };

#define MIX_A 0x9E3779B97F4A7C15u
#define MIX_B 0xD6E8FEB86659FD93u

#define INLINE static inline __attribute__((always_inline))

INLINE uint32_t
mix(uint64_t x)
{
	x *= MIX_A;
	x ^= x >> 32;
	x *= MIX_B;
	return (uint32_t)(x >> 32);
}

INLINE uint64_t
load64(const char *at)
{
	uint64_t v;

	memcpy(&v, at, sizeof(v));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	v = __builtin_bswap64(v);
#endif
	return v;
}

INLINE uint64_t
low_bytes(uint64_t word, size_t n)
{
	return n == 0 ? 0 : word & (~(uint64_t)0 >> (64 - 8 * n));
}

/* Hash of bytes after which at least 7 more may be read. */
INLINE uint32_t
hash_padded(const char *bytes, size_t len, uint32_t seed)
{
	uint64_t h = seed + ((uint64_t)len << 32);

	for (; len > 8; bytes += 8, len -= 8) {
		h = (h ^ load64(bytes)) * MIX_A;
		h ^= h >> 29;
	}
	return mix(h ^ low_bytes(load64(bytes), len));
}

uint32_t
hk_feature_hash(const char *bytes, size_t len, uint32_t seed)
{
	uint64_t h = seed + ((uint64_t)len << 32), last = 0;

	for (; len > 8; bytes += 8, len -= 8) {
		h = (h ^ load64(bytes)) * MIX_A;
		h ^= h >> 29;
	}
	for (size_t i = 0; i < len; i++) {
		last |= (uint64_t)(uint8_t)bytes[i] << (8 * i);
	}
	return mix(h ^ last);
}

/* Where features go. The counts live here, not in *to, so that they stay in registers; with_group is
 * a constant at each call, so the fast path has no trace of it. */
typedef struct sink {
	hk_features *to;
	size_t n[HK_POOL_COUNT];
	bool with_group;
} sink;

/* A feature, if wanted. The store is made anyway: a branch here would often be guessed wrong. */
INLINE void
emit_if(sink *s, hk_feature_pool pool, hk_feature_group group, uint64_t what, bool wanted)
{
	size_t n = s->n[pool];

	s->to->hash[pool][n] = mix(what + ((uint64_t)group << 56));
	if (s->with_group) {
		s->to->group[pool][n] = (uint8_t)group;
	}
	s->n[pool] = n + wanted;
}

INLINE void
emit(sink *s, hk_feature_pool pool, hk_feature_group group, uint64_t what)
{
	emit_if(s, pool, group, what, true);
}

INLINE void
emit_pair(sink *s, hk_feature_pool pool, hk_feature_group group, uint32_t what, uint32_t suffix)
{
	emit(s, pool, group, what);
	emit(s, pool, group, (uint64_t)what | (uint64_t)(suffix | 1) << 32);
}

/* ---- classes of bytes ---- */

static const char sound_class[256] = {
	['a'] = 'v',
	['e'] = 'v',
	['i'] = 'v',
	['o'] = 'v',
	['u'] = 'v',
	['b'] = 'c',
	['c'] = 'c',
	['d'] = 'c',
	['f'] = 'c',
	['g'] = 'c',
	['h'] = 'c',
	['j'] = 'c',
	['k'] = 'c',
	['l'] = 'c',
	['m'] = 'c',
	['n'] = 'c',
	['p'] = 'c',
	['q'] = 'c',
	['r'] = 'c',
	['s'] = 'c',
	['t'] = 'c',
	['w'] = 'c',
	['x'] = 'c',
	['y'] = 'c',
	['z'] = 'c',
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
};

/* Vowels and consonants are letters; so is any byte that has no class of its own. */
static const char shape_class[256] = {
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
};

/* A part in all the forms that features are made of. */
typedef struct text {
	char bytes[TEXT_SIZE + TEXT_PAD];  /* '^', the part, '$', zeros */
	char sound[TEXT_SIZE + TEXT_PAD];  /* vowels, consonants, digits */
	char shape[TEXT_SIZE + TEXT_PAD];  /* letters, digits */
	char coarse[TEXT_SIZE + TEXT_PAD]; /* shape, each run as one byte */
	size_t len;                        /* of the part */
	size_t coarse_len;
	uint32_t dots, hyphens, digits;
} text;

/* bytes: at most TEXT_SIZE - 2. */
INLINE void
text_of(text *t, const char *bytes, size_t len)
{
	char before = 0;

	memset(t, 0, sizeof(*t));
	t->len = len;
	t->bytes[0] = '^';
	t->bytes[len + 1] = '$';
	for (size_t i = 0; i < len; i++) {
		char c = bytes[i], shape = (char)(shape_class[(uint8_t)c] | 'a');

		t->bytes[i + 1] = c;
		t->sound[i] = sound_class[(uint8_t)c];
		t->shape[i] = shape;
		t->coarse[t->coarse_len] = shape;
		t->coarse_len += shape != before;
		before = shape;
		t->dots += c == '.';
		t->hyphens += c == '-';
		t->digits += shape == ('d' | 'a');
	}
	t->coarse[t->coarse_len] = 0;
}

/* ---- grams ---- */

/* Which grams of a text are features: all of lo..hi bytes, those of xlo..xhi bytes once more under
 * the suffix (none if xhi is 0). */
typedef struct gram_plan {
	hk_feature_pool pool;
	hk_feature_group group, xgroup;
	size_t lo, hi, xlo, xhi;
} gram_plan;

/* A gram of k bytes is the word masked to k bytes: no byte is 0, so different lengths never look the
 * same. Near the end those that would reach past it are not counted. */
INLINE void
grams(sink *s, const text *t, const gram_plan plan, uint64_t xseed)
{
	size_t len = t->len + 2;

	for (size_t i = 0; i + plan.lo <= len; i++) {
		uint64_t word = load64(t->bytes + i);

#pragma GCC unroll 8
		for (size_t k = plan.lo; k <= plan.hi; k++) {
			uint64_t gram = low_bytes(word, k);

			emit_if(s, plan.pool, plan.group, gram, i + k <= len);
			if (k >= plan.xlo && k <= plan.xhi) {
				emit_if(s, plan.pool, plan.xgroup, gram ^ xseed, i + k <= len);
			}
		}
	}
}

/* ---- sound and shape ---- */

INLINE void
forms(sink *s, const text *label, const text *sub, uint32_t x)
{
	const hk_feature_group g = HK_GROUP_SHAPE;
	uint32_t label_shape = hash_padded(label->shape, label->len, 11);
	uint32_t label_coarse = hash_padded(label->coarse, label->coarse_len, 12);
	uint32_t sub_shape = hash_padded(sub->shape, sub->len, 13);
	uint32_t sub_coarse = hash_padded(sub->coarse, sub->coarse_len, 14);

	emit_pair(s, HK_POOL_FORM, g, label_shape, x);
	emit_pair(s, HK_POOL_FORM, g, label_coarse, x);
	emit(s, HK_POOL_FORM, g, (uint64_t)sub_shape << 20 ^ label_shape);
	emit(s, HK_POOL_FORM, g, ((uint64_t)sub_coarse << 20 ^ label_coarse) + ((uint64_t)x << 23));
	emit_pair(s, HK_POOL_FORM, HK_GROUP_SOUND, hash_padded(label->sound, label->len, 31), x);
	if (sub->len > 0) {
		emit_pair(s, HK_POOL_FORM, g, sub_shape, x);
		emit_pair(s, HK_POOL_FORM, g, sub_coarse, x);
		emit_pair(
			s, HK_POOL_FORM, HK_GROUP_SOUND, hash_padded(sub->sound, sub->len, 32), x);
	}
}

size_t
hk_feature_shape(const char *bytes, size_t len, char *out, size_t cap)
{
	size_t n = 0;

	for (size_t i = 0, j; i < len && n < cap; i = j) {
		char c = shape_class[(uint8_t)bytes[i]];

		c = c ? c : 'a';
		for (j = i + 1; j < len && (c == 'a' || c == 'd') &&
				(shape_class[(uint8_t)bytes[j]] ? shape_class[(uint8_t)bytes[j]]
								: 'a') == c;) {
			j++;
		}
		out[n++] = c;
		if (c == 'a' || c == 'd') {
			size_t run = j - i > 99 ? 99 : j - i;

			if (run > 9 && n < cap) {
				out[n++] = (char)('0' + run / 10);
			}
			if (n < cap) {
				out[n++] = (char)('0' + run % 10);
			}
		}
	}
	return n;
}

/* ---- lengths ---- */

/* Exact up to 15, then in steps. */
INLINE uint32_t
length_bin(size_t n)
{
	return (uint32_t)(n < 16 ? n : 16u + (n >= 20) + (n >= 25) + (n >= 32) + (n >= 48));
}

INLINE uint32_t
at_most(uint32_t n, uint32_t cap)
{
	return n < cap ? n : cap;
}

INLINE void
lengths(sink *s, const hk_feature_parts *p, const text *label_text, const text *sub_text,
	uint32_t x)
{
	const hk_feature_group g = HK_GROUP_LENGTH;
	uint32_t label = length_bin(p->label_len), sub = length_bin(p->sub_len);
	uint32_t dots = at_most(sub_text->dots, 6) * 2 + p->had_www;
	uint32_t hyphens = at_most(label_text->hyphens, 4);

	emit_pair(s, HK_POOL_FORM, g, 0x100 + label, x);
	emit_pair(s, HK_POOL_FORM, g, 0x300 + sub, x);
	emit_pair(s, HK_POOL_FORM, g, 0x10000 + label * 64 + sub, x);
	emit_pair(s, HK_POOL_FORM, g, 0x500 + dots, x);
	emit(s, HK_POOL_FORM, g, 0x700 + hyphens);
	emit(s, HK_POOL_FORM, g, 0x800 + hyphens * 16 + at_most(label_text->digits, 12));
	emit(s, HK_POOL_FORM, g, 0xA00 + length_bin(p->sub_full_len));
}

/* ---- words ---- */

/* The labels of S and the parts between hyphens; none of them when S is one plain word. */
INLINE void
sub_words(sink *s, const text *sub, uint32_t x)
{
	const hk_feature_group g = HK_GROUP_WORD;
	const char *at = sub->bytes + 1;

	for (size_t i = 0, j; i < sub->len; i = j + 1) {
		for (j = i; j < sub->len && at[j] != '.';) {
			j++;
		}
		emit_pair(s, HK_POOL_SUB, g, hash_padded(at + i, j - i, 23), x);
		for (size_t a = i, b; a < j && sub->hyphens > 0; a = b + 1) {
			for (b = a; b < j && at[b] != '-';) {
				b++;
			}
			emit_if(s, HK_POOL_SUB, g, hash_padded(at + a, b - a, 25),
				a != i || b != j);
		}
	}
}

INLINE void
words(sink *s, const text *label, const text *sub, uint32_t x)
{
	const hk_feature_group g = HK_GROUP_WORD;
	const char *at = label->bytes + 1;

	emit_pair(s, HK_POOL_FORM, g, hash_padded(at, label->len, 21), x);
	for (size_t i = 0, j; i < label->len && label->hyphens > 0; i = j + 1) {
		for (j = i; j < label->len && at[j] != '-';) {
			j++;
		}
		emit(s, HK_POOL_FORM, g, hash_padded(at + i, j - i, 24));
	}
	if (sub->len > 0) {
		emit_pair(s, HK_POOL_SUB, g, hash_padded(sub->bytes + 1, sub->len, 22), x);
		sub_words(s, sub, x);
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

INLINE void
recipe(sink *s, const hk_feature_parts *p)
{
	uint32_t x = hk_feature_hash(p->suffix, p->suffix_len, 1);
	uint64_t xseed = (uint64_t)mix(x) << 32 | x;
	text label, sub;

	text_of(&label, p->label, p->label_len);
	text_of(&sub, p->sub, p->sub_len);
	emit(s, HK_POOL_FORM, HK_GROUP_SUFFIX, x);
	emit(s, HK_POOL_FORM, HK_GROUP_SUFFIX,
		p->is_private ? hk_feature_hash(p->icann_suffix, p->icann_suffix_len, 1) + 1ull
			      : x + 1ull);
	emit(s, HK_POOL_FORM, HK_GROUP_SUFFIX, p->is_private ? 5 : 6);
	forms(s, &label, &sub, x);
	lengths(s, p, &label, &sub, x);
	words(s, &label, &sub, x);
	grams(s, &label,
		(gram_plan){HK_POOL_LABEL, HK_GROUP_LABEL, HK_GROUP_LABEL_SUFFIX, 2, 5, 3, 3},
		xseed);
	if (sub.len > 0) {
		grams(s, &sub, (gram_plan){HK_POOL_SUB, HK_GROUP_SUB, HK_GROUP_SUB, 3, 5, 1, 0},
			xseed);
	}
}

INLINE void
run_recipe(const hk_feature_parts *parts, hk_features *ret, bool with_group)
{
	sink s = {.to = ret, .with_group = with_group};

	recipe(&s, parts);
	for (size_t p = 0; p < HK_POOL_COUNT; p++) {
		ret->count[p] = (uint16_t)s.n[p];
	}
}

void
hk_features_of(const hk_feature_parts *parts, hk_features *ret)
{
	run_recipe(parts, ret, false);
}

void
hk_features_explained(const hk_feature_parts *parts, hk_features *ret)
{
	run_recipe(parts, ret, true);
}
