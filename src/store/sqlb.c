#include "store/db_int.h"

#include <string.h>

struct hk_sqlb {
	hk_db_engine engine;
	GString *text;
	GArray *values;    /* of hk_value; their spans point into copies */
	GPtrArray *copies; /* owns */
};

hk_sqlb *
hk_sqlb_new(const hk_db *db)
{
	hk_sqlb *b = g_new0(hk_sqlb, 1);

	b->engine = hk_db_engine_of(db);
	b->text = g_string_sized_new(512);
	b->values = g_array_new(false, false, sizeof(hk_value));
	b->copies = g_ptr_array_new_with_free_func(g_free);
	return b;
}

void
hk_sqlb_free(hk_sqlb *b)
{
	if (b) {
		g_string_free(b->text, true);
		g_array_unref(b->values);
		g_ptr_array_unref(b->copies);
		g_free(b);
	}
}

void
hk_sqlb_add(hk_sqlb *b, hk_sql piece)
{
	g_string_append(b->text, piece.text);
}

void
hk_sqlb_both(hk_sqlb *b, hk_sql sqlite, hk_sql pgsql)
{
	hk_sqlb_add(b, b->engine == HK_DB_SQLITE ? sqlite : pgsql);
}

void
hk_sqlb_value(hk_sqlb *b, hk_value value)
{
	if (value.s.len > 0) {
		void *copy = g_memdup2(value.s.data, value.s.len);
		g_ptr_array_add(b->copies, copy);
		value.s.data = copy;
	}
	g_array_append_val(b->values, value);
	g_string_append_printf(b->text, "$%u", b->values->len);
}

hk_rows *
hk_sqlb_query(hk_sqlb *b, hk_db *db, GError **error)
{
	return hk_db_run(db, b->text->str, true, (const hk_value *)(void *)b->values->data,
		b->values->len, error);
}

bool
hk_sqlb_exec(hk_sqlb *b, hk_db *db, int64_t *ret_changed, GError **error)
{
	return hk_db_run_exec(db, b->text->str, true, (const hk_value *)(void *)b->values->data,
		b->values->len, ret_changed, error);
}
