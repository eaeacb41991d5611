#include "store/meta_rows.h"

#include "store/lookup.h"

#define P5 "$3, $4, $5, $6, $7"
#define P8 P5 ", $8, $9, $10"

/* The statements of one table. $1: now, $2: number or key, $3 ...: the columns. */
#define TABLE(table, columns, places)                                                              \
	{                                                                                          \
		{"SELECT id, version, " columns " FROM " table " WHERE id = $1"},                  \
			{"SELECT id, version, " columns " FROM " table " WHERE key = $1"},         \
			{"SELECT id, version, " columns " FROM " table " ORDER BY key"},           \
			{"INSERT INTO " table " (updated_ms, " columns ") SELECT $1, " places      \
			 " WHERE CAST($2 AS BIGINT) IS NULL RETURNING id"},                        \
			{"UPDATE " table " SET (updated_ms, version, " columns                     \
			 ") = ($1, version + 1, " places ") WHERE id = $2"},                       \
	}

static const struct {
	hk_sql by_id, by_key, all, insert, update;
} sql[HK_META_COUNT] = {
	[HK_META_TARGET] =
		TABLE("targets", "key, name, name_en, own, services, domains, note, state", P8),
	[HK_META_ACTOR] = TABLE("actors", "key, name, aliases, note, state", P5),
	[HK_META_CONTACT] = TABLE("contacts", "key, kind, name, mail, url, lang, note, state", P8),
	[HK_META_TASK_TEMPLATE] = TABLE("task_templates", "key, name, steps, kinds, state", P5),
	[HK_META_STATUS] = TABLE("statuses", "key, name, name_en, handled, position", P5),
};

static const char *const columns[HK_META_COUNT][HK_META_COLUMNS_MAX + 1] = {
	[HK_META_TARGET] = {"key", "name", "name_en", "own", "services", "domains", "note",
		"state"},
	[HK_META_ACTOR] = {"key", "name", "aliases", "note", "state"},
	[HK_META_CONTACT] = {"key", "kind", "name", "mail", "url", "lang", "note", "state"},
	[HK_META_TASK_TEMPLATE] = {"key", "name", "steps", "kinds", "state"},
	[HK_META_STATUS] = {"key", "name", "name_en", "handled", "position"},
};
static const char *const numbers[] = {"own", "handled", "position", NULL};

const char *const *
hk_meta_columns(hk_meta meta)
{
	return columns[meta];
}

void
hk_meta_row_clear(hk_meta_row *row)
{
	for (unsigned i = 0; i < HK_META_COLUMNS_MAX; i++) {
		g_clear_pointer(&row->values[i].s, g_free);
	}
}

static void
row_free(gpointer data)
{
	hk_meta_row_clear(data);
	g_free(data);
}

static void
fill(hk_meta meta, const hk_rows *rows, hk_meta_row *ret)
{
	*ret = (hk_meta_row){.id = hk_rows_int(rows, 0), .version = hk_rows_int(rows, 1)};
	for (unsigned i = 0; columns[meta][i]; i++) {
		hk_meta_value *v = &ret->values[i];
		v->is_int = g_strv_contains(numbers, columns[meta][i]);
		v->i = v->is_int ? hk_rows_int(rows, 2 + i) : 0;
		v->s = v->is_int ? NULL : g_strdup(hk_rows_str(rows, 2 + i));
	}
}

bool
hk_meta_rows_get(hk_db *db, hk_meta meta, int64_t id, const char *key, hk_meta_row *ret,
	bool *ret_found, GError **error)
{
	g_autoptr(hk_rows) rows =
		id ? hk_db_query(db, sql[meta].by_id, HK_ARGS(hk_v_int(id)), error)
		   : hk_db_query(db, sql[meta].by_key, HK_ARGS(hk_v_str(key)), error);

	if (!hk_rows_one(rows, ret_found, error)) {
		return false;
	}
	if (*ret_found) {
		fill(meta, rows, ret);
	}
	return true;
}

bool
hk_meta_rows_all(hk_db *db, hk_meta meta, GPtrArray **ret, GError **error)
{
	g_autoptr(hk_rows) rows = hk_db_query(db, sql[meta].all, HK_NO_ARGS, error);
	g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(row_free);
	GError *inner = NULL;

	if (!rows) {
		return false;
	}
	while (hk_rows_next(rows, &inner)) {
		hk_meta_row *row = g_new0(hk_meta_row, 1);
		fill(meta, rows, row);
		g_ptr_array_add(list, row);
	}
	if (inner) {
		g_propagate_error(error, inner);
		return false;
	}
	*ret = g_steal_pointer(&list);
	return true;
}

bool
hk_meta_rows_put(hk_db *db, hk_meta meta, hk_meta_row *row, int64_t now_ms, GError **error)
{
	hk_value values[2 + HK_META_COLUMNS_MAX] = {hk_v_int(now_ms), hk_v_id(row->id)};
	size_t count = 2;

	for (unsigned i = 0; columns[meta][i]; i++) {
		const hk_meta_value *v = &row->values[i];
		values[count++] = v->is_int ? hk_v_int(v->i) : hk_v_str(v->s);
	}
	if (row->id != 0) {
		return hk_db_exec(db, sql[meta].update, values, count, NULL, error);
	}
	return hk_db_int(db, sql[meta].insert, values, count, &row->id, error);
}
