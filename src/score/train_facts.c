/* nocheck: tested in tests/unit/score/test_train.c */
#include "score/train_facts.h"

#include <stdlib.h>
#include <string.h>

/* A fact is kept from this many confirmed names on; more when there would be too many facts. */
enum { LEAST = 5, FACTS_KEPT = 24000, RECORD = 12 };

static void
count(GHashTable *facts, hk_model_fact_kind kind, const char *text, size_t len, bool phish)
{
	uint32_t key = hk_model_fact_key(kind, text, len);
	hk_model_fact *fact = g_hash_table_lookup(facts, GUINT_TO_POINTER(key));

	if (fact == NULL) {
		fact = g_new0(hk_model_fact, 1);
		fact->key = key;
		g_hash_table_insert(facts, GUINT_TO_POINTER(key), fact);
	}
	fact->phish += phish;
	fact->benign += !phish;
}

static void
count_name(GHashTable *facts, const hk_feature_parts *p, bool phish)
{
	char shape[48];

	count(facts, HK_FACT_SUFFIX, p->suffix, p->suffix_len, phish);
	count(facts, HK_FACT_SHAPE, shape,
		hk_feature_shape(p->label, p->label_len, shape, sizeof(shape)), phish);
	for (size_t i = 0, j; i < p->sub_len; i = j + 1) {
		for (j = i; j < p->sub_len && p->sub[j] != '.';) {
			j++;
		}
		count(facts, HK_FACT_SUB_WORD, p->sub + i, j - i, phish);
	}
}

static int
by_key(const void *a, const void *b)
{
	uint32_t x = ((const hk_model_fact *)a)->key, y = ((const hk_model_fact *)b)->key;

	return (x > y) - (x < y);
}

static size_t
collect(GHashTable *facts, uint32_t least, hk_model_fact *out)
{
	GHashTableIter it;
	gpointer value;
	size_t n = 0;

	g_hash_table_iter_init(&it, facts);
	while (g_hash_table_iter_next(&it, NULL, &value)) {
		const hk_model_fact *fact = value;

		if (fact->phish >= least) {
			out[n++] = *fact;
		}
	}
	return n;
}

static void
put_u32(uint8_t *at, uint32_t v)
{
	for (unsigned i = 0; i < 4; i++) {
		at[i] = (uint8_t)(v >> (8 * i));
	}
}

uint8_t *
hk_train_facts(const hk_corpus *corpus, const hk_suffix_table *table, const uint32_t *rows,
	size_t n, size_t *ret_count)
{
	g_autoptr(GHashTable) facts =
		g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, g_free);
	g_autofree hk_model_fact *kept = NULL;
	size_t unused, kept_count;
	const hk_corpus_row *all = hk_corpus_rows(corpus, &unused);
	uint32_t least = LEAST;
	uint8_t *out;

	for (size_t i = 0; i < n; i++) {
		const hk_corpus_row *row = &all[rows[i]];
		hk_name name = hk_corpus_name(corpus, row);
		hk_feature_parts parts;

		if (row->kind != HK_CORPUS_FEED) {
			hk_feature_parts_of(table, name.text, name.len, &parts);
			count_name(facts, &parts, row->kind == HK_CORPUS_PHISH);
		}
	}
	kept = g_new(hk_model_fact, g_hash_table_size(facts) + 1u);
	while ((kept_count = collect(facts, least, kept)) > FACTS_KEPT) {
		least++;
	}
	qsort(kept, kept_count, sizeof(*kept), by_key);
	out = g_malloc(kept_count * RECORD + 1);
	for (size_t i = 0; i < kept_count; i++) {
		put_u32(out + i * RECORD, kept[i].key);
		put_u32(out + i * RECORD + 4, kept[i].phish);
		put_u32(out + i * RECORD + 8, kept[i].benign);
	}
	*ret_count = kept_count;
	return out;
}
