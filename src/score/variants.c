#include "score/variants.h"

#include <string.h>

#include "match/fold.h"

enum { CONTEXT_MIN = 4, TEXT_MAX = 2 * HK_BRAND_TOKEN_MAX + 2 };

static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz0123456789-";

/* The list while it grows, and the token at hand. */
typedef struct maker {
	GArray *list;
	GHashTable *seen; /* texts of list, borrowed */
	size_t dropped;
	const hk_brand_token *token;
	uint32_t number;
	hk_variant_kind kind;
} maker;

void
hk_variants_free(GArray *variants)
{
	if (variants == NULL) {
		return;
	}
	for (size_t i = 0; i < variants->len; i++) {
		g_free(g_array_index(variants, hk_variant, i).text);
	}
	g_array_unref(variants);
}

static void
add(maker *m, const char *text, size_t len)
{
	hk_variant v = {.target = m->token->brand, .token = m->number, .kind = m->kind};
	char copy[TEXT_MAX + 1];

	if (len == 0 || len > TEXT_MAX) {
		return;
	}
	memcpy(copy, text, len);
	copy[len] = 0;
	if (g_hash_table_contains(m->seen, copy)) {
		return;
	}
	if (m->list->len >= HK_VARIANTS_MAX) {
		m->dropped++;
		return;
	}
	v.text = g_strdup(copy);
	g_array_append_val(m->list, v);
	g_hash_table_add(m->seen, v.text);
}

static void
add_token(maker *m)
{
	m->kind = HK_VARIANT_TOKEN;
	add(m, m->token->text, m->token->len);
	add(m, m->token->word, m->token->word_len);
}

/* mihon-bank.example -> "mihon-bank.example." and, as one label, "mihon-bank-example". */
static void
add_domain(maker *m)
{
	char text[TEXT_MAX];
	size_t len = m->token->len;

	m->kind = HK_VARIANT_OFFICIAL;
	memcpy(text, m->token->text, len);
	text[len] = '.';
	add(m, text, len + 1);
	for (size_t i = 0; i < len; i++) {
		text[i] = text[i] == '.' ? '-' : text[i];
	}
	add(m, text, len);
}

/* text with pair->plain at `at` written as pair->fake. 0 if it is not there. */
static size_t
replace_at(const char *text, size_t len, size_t at, const hk_fold_pair *pair, char *ret)
{
	size_t plain = strlen(pair->plain), fake = strlen(pair->fake);

	if (at + plain > len || memcmp(text + at, pair->plain, plain) != 0 ||
		len - plain + fake > TEXT_MAX) {
		return 0;
	}
	memcpy(ret, text, at);
	memcpy(ret + at, pair->fake, fake);
	memcpy(ret + at + fake, text + at + plain, len - at - plain);
	return len - plain + fake;
}

/* Two neighbouring changes may make a third letter ("cl" to "ci"): only what folds back is a look-alike. */
static void
add_fold(maker *m, const char *text, size_t len)
{
	char folded[TEXT_MAX];

	if (hk_fold(text, len, folded) == m->token->folded_len &&
		memcmp(folded, m->token->folded, m->token->folded_len) == 0) {
		add(m, text, len);
	}
}

/* One place changed, by every pair; every place changed, by one pair; then two places, up to the cap. */
static void
add_folds(maker *m)
{
	const char *word = m->token->word;
	size_t len = m->token->word_len, start = m->list->len;
	char one[TEXT_MAX], two[TEXT_MAX];

	m->kind = HK_VARIANT_FOLD;
	for (size_t p = 0; p < HK_FOLD_PAIR_COUNT; p++) {
		size_t all_len = len, step = strlen(hk_fold_pairs[p].fake);

		memcpy(two, word, len);
		for (size_t at = 0; at < len; at++) {
			add_fold(m, one, replace_at(word, len, at, &hk_fold_pairs[p], one));
		}
		for (size_t at = 0; at < all_len; at++) {
			size_t got = replace_at(two, all_len, at, &hk_fold_pairs[p], one);

			if (got > 0) {
				memcpy(two, one, got);
				all_len = got;
				at += step - 1;
			}
		}
		add_fold(m, two, all_len);
	}
	for (size_t p = 0; p < HK_FOLD_PAIR_COUNT; p++) {
		for (size_t at = 0; at < len; at++) {
			size_t one_len = replace_at(word, len, at, &hk_fold_pairs[p], one);
			size_t from = at + strlen(hk_fold_pairs[p].fake);

			for (size_t q = 0; one_len > 0 && q < HK_FOLD_PAIR_COUNT; q++) {
				for (size_t next = from; next < one_len; next++) {
					if (m->list->len - start >= HK_VARIANTS_FOLD_MAX) {
						return;
					}
					add_fold(m, two,
						replace_at(one, one_len, next, &hk_fold_pairs[q],
							two));
				}
			}
		}
	}
}

static void
add_edits(maker *m)
{
	const char *word = m->token->word;
	size_t len = m->token->word_len;
	char text[TEXT_MAX];

	m->kind = HK_VARIANT_EDIT;
	for (size_t at = 0; at < len; at++) {
		memcpy(text, word, at);
		memcpy(text + at, word + at + 1, len - at - 1);
		add(m, text, len - 1);
		memcpy(text, word, len);
		if (at + 1 < len) {
			text[at] = word[at + 1];
			text[at + 1] = word[at];
			add(m, text, len);
		}
	}
	/* At the ends an insertion still contains the token itself; a hyphen there is no letter. */
	for (size_t at = 0; at < len; at++) {
		for (const char *c = alphabet; *c != 0; c++) {
			if (*c != '-' || (at > 0 && at + 1 < len)) {
				memcpy(text, word, len);
				text[at] = *c;
				add(m, text, len);
			}
			if (at > 0) {
				memcpy(text, word, at);
				text[at] = *c;
				memcpy(text + at + 1, word + at, len - at);
				add(m, text, len + 1);
			}
		}
	}
}

static bool
wants_edits(const hk_targets *targets, const hk_brand_token *token, uint32_t number)
{
	const hk_target *brand = hk_targets_get(targets, token->brand);
	unsigned least = brand != NULL && brand->main_token == number ? HK_VARIANTS_EDIT_MIN
								      : HK_VARIANTS_EDIT_MIN2;

	return token->word_len >= least;
}

GArray *
hk_variants_new(const hk_targets *targets, size_t *ret_dropped)
{
	maker m = {.list = g_array_new(FALSE, FALSE, sizeof(hk_variant)),
		.seen = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, NULL)};
	size_t count;
	const hk_brand_token *tokens = hk_targets_tokens(targets, &count);

	/* Pass by pass, so that the strongest kind keeps a text and a cap cuts off the weakest. */
	for (int pass = HK_VARIANT_TOKEN; pass <= HK_VARIANT_EDIT; pass++) {
		for (uint32_t i = 0; i < count; i++) {
			const hk_brand_token *t = m.token = &tokens[i];
			bool lone = t->role == HK_BRAND_TOKEN && !t->needs_context;

			m.number = i;
			if (pass == HK_VARIANT_TOKEN && t->role == HK_BRAND_TOKEN &&
				(lone || t->word_len >= CONTEXT_MIN)) {
				add_token(&m);
			} else if (pass == HK_VARIANT_OFFICIAL && t->role == HK_BRAND_DOMAIN) {
				add_domain(&m);
			} else if (pass == HK_VARIANT_FOLD && lone) {
				add_folds(&m);
			} else if (pass == HK_VARIANT_EDIT && lone && wants_edits(targets, t, i)) {
				add_edits(&m);
			}
		}
	}
	g_hash_table_unref(m.seen);
	if (ret_dropped != NULL) {
		*ret_dropped = m.dropped;
	}
	return m.list;
}
