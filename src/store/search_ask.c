/* Questions to the index of store/search. */
#include "base/err.h"
#include "store/search_gram.h"

struct hk_search_ask {
	hk_db_engine engine;
	GArray *all;     /* hashes that all must be there */
	GPtrArray *some; /* of GArray: of each, one must be there */
	size_t parts, texts;
};

hk_search_ask *
hk_search_ask_new(const hk_db *db)
{
	hk_search_ask *ask = g_new0(hk_search_ask, 1);

	ask->engine = hk_db_engine_of(db);
	ask->all = g_array_new(false, false, sizeof(uint32_t));
	ask->some = g_ptr_array_new_with_free_func((GDestroyNotify)g_array_unref);
	return ask;
}

void
hk_search_ask_free(hk_search_ask *ask)
{
	if (ask) {
		g_array_unref(ask->all);
		g_ptr_array_unref(ask->some);
		g_free(ask);
	}
}

void
hk_search_ask_text(hk_search_ask *ask, hk_span folded)
{
	g_autoptr(GArray) chars = hk_gram_chars(folded);
	const uint32_t *c = (const uint32_t *)(void *)chars->data;
	size_t n = MIN(chars->len, (size_t)HK_GRAM_MAX);

	/* Side by side, the last one moved back to end with the text: each letter is asked for once, and the lists are few. */
	for (size_t i = 0; n > 0 && i < chars->len; i += n) {
		uint32_t h = hk_gram_hash(c + MIN(i, chars->len - n), n);
		g_array_append_val(ask->all, h);
	}
	ask->parts++;
	ask->texts++;
}

void
hk_search_ask_any(hk_search_ask *ask, const char *const *folded, size_t count)
{
	GArray *some = g_array_new(false, false, sizeof(uint32_t));

	for (size_t i = 0; i < count; i++) {
		g_autoptr(GArray) chars = hk_gram_chars(hk_span_str(folded[i]));
		uint32_t h = hk_gram_hash((const uint32_t *)(void *)chars->data,
			MIN(chars->len, (size_t)HK_GRAM_MAX));
		g_array_append_val(some, h);
	}
	g_ptr_array_add(ask->some, some);
	ask->parts++;
	ask->texts++;
}

void
hk_search_ask_tag(hk_search_ask *ask, hk_search_tag tag, const char *const *values, size_t count)
{
	GArray *some = g_array_new(false, false, sizeof(uint32_t));

	for (size_t i = 0; i < count; i++) {
		uint32_t h = hk_gram_hash_tag(tag, values[i]);
		g_array_append_val(some, h);
	}
	g_ptr_array_add(ask->some, some);
	ask->parts++;
}

size_t
hk_search_ask_parts(const hk_search_ask *ask)
{
	return ask->parts;
}

size_t
hk_search_ask_texts(const hk_search_ask *ask)
{
	return ask->texts;
}

static void
ask_sqlite(const hk_search_ask *ask, hk_sqlb *b)
{
	g_autoptr(GString) match = g_string_new(NULL);

	for (size_t i = 0; i < ask->all->len; i++) {
		g_string_append(match, match->len > 0 ? " AND " : "");
		hk_gram_put_token(match, g_array_index(ask->all, uint32_t, i));
	}
	for (size_t i = 0; i < ask->some->len; i++) {
		const GArray *some = g_ptr_array_index(ask->some, i);
		g_string_append(match, match->len > 0 ? " AND (" : "(");
		for (size_t k = 0; k < some->len; k++) {
			g_string_append(match, k > 0 ? " OR " : "");
			hk_gram_put_token(match, g_array_index(some, uint32_t, k));
		}
		g_string_append_c(match, ')');
	}
	hk_sqlb_add(b, HK_SQL("SELECT rowid AS case_id FROM case_grams WHERE case_grams MATCH "));
	hk_sqlb_value(b, hk_v_str(match->str));
}

static void
ask_pgsql(const hk_search_ask *ask, hk_sqlb *b)
{
	g_autofree char *all = hk_grams_print(HK_DB_PGSQL, ask->all);
	bool more = ask->all->len > 0;

	hk_sqlb_add(b, HK_SQL("SELECT case_id FROM case_grams WHERE "));
	if (more) {
		hk_sqlb_add(b, HK_SQL("grams @> CAST("));
		hk_sqlb_value(b, hk_v_str(all));
		hk_sqlb_add(b, HK_SQL(" AS INTEGER[])"));
	}
	for (size_t i = 0; i < ask->some->len; i++) {
		g_autofree char *some =
			hk_grams_print(HK_DB_PGSQL, g_ptr_array_index(ask->some, i));
		hk_sqlb_add(b,
			more || i > 0 ? HK_SQL(" AND grams && CAST(") : HK_SQL("grams && CAST("));
		hk_sqlb_value(b, hk_v_str(some));
		hk_sqlb_add(b, HK_SQL(" AS INTEGER[])"));
	}
}

void
hk_search_ask_sql(const hk_search_ask *ask, hk_sqlb *b)
{
	if (ask->parts == 0) {
		HK_BUG("a question without parts");
	}
	if (ask->engine == HK_DB_SQLITE) {
		ask_sqlite(ask, b);
	} else {
		ask_pgsql(ask, b);
	}
}
