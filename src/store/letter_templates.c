#include "store/letter_templates.h"

#define ROW_SQL                                                                                    \
	"SELECT l.kind, l.lang, l.subject, l.body, u.login, l.user_id, l.updated_ms, l.version "   \
	"FROM letter_templates l LEFT JOIN users u ON u.id = l.user_id "

void
hk_letter_template_row_free(void *data)
{
	hk_letter_template_row *row = data;

	if (row) {
		g_free(row->kind);
		g_free(row->lang);
		g_free(row->subject);
		g_free(row->body);
		g_free(row->by);
		g_free(row);
	}
}

static hk_letter_template_row *
row_of(const hk_rows *rows)
{
	hk_letter_template_row *row = g_new0(hk_letter_template_row, 1);

	row->kind = g_strdup(hk_rows_str(rows, 0));
	row->lang = g_strdup(hk_rows_str(rows, 1));
	row->subject = g_strdup(hk_rows_str(rows, 2));
	row->body = g_strdup(hk_rows_str(rows, 3));
	row->by = g_strdup(hk_rows_str(rows, 4));
	row->user_id = hk_rows_int(rows, 5);
	row->updated_ms = hk_rows_int(rows, 6);
	row->version = hk_rows_int(rows, 7);
	return row;
}

/* Takes rows; NULL: the query failed. */
static bool
read_all(hk_rows *taken, GPtrArray **ret, GError **error)
{
	g_autoptr(hk_rows) rows = taken;
	g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(hk_letter_template_row_free);
	GError *inner = NULL;

	while (rows && hk_rows_next(rows, &inner)) {
		g_ptr_array_add(list, row_of(rows));
	}
	if (inner) {
		g_propagate_error(error, inner);
	}
	if (!rows || inner) {
		return false;
	}
	*ret = g_steal_pointer(&list);
	return true;
}

bool
hk_letter_templates_get(
	hk_db *db, const char *kind, const char *lang, hk_letter_template_row **ret, GError **error)
{
	g_autoptr(GPtrArray) list = NULL;

	if (!read_all(hk_db_query(db, HK_SQL(ROW_SQL "WHERE l.kind = $1 AND l.lang = $2"),
			      HK_ARGS(hk_v_str(kind), hk_v_str(lang)), error),
		    &list, error)) {
		return false;
	}
	*ret = list->len > 0 ? g_ptr_array_steal_index(list, 0) : NULL;
	return true;
}

bool
hk_letter_templates_all(hk_db *db, GPtrArray **ret, GError **error)
{
	return read_all(
		hk_db_query(db, HK_SQL(ROW_SQL "ORDER BY l.kind, l.lang"), HK_NO_ARGS, error), ret,
		error);
}

bool
hk_letter_templates_put(hk_db *db, const hk_letter_template_row *row, GError **error)
{
	return hk_db_exec(db,
		HK_SQL("INSERT INTO letter_templates (kind, lang, subject, body, user_id, "
		       "updated_ms) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (kind, lang) DO "
		       "UPDATE SET subject = excluded.subject, body = excluded.body, user_id = "
		       "excluded.user_id, updated_ms = excluded.updated_ms, version = "
		       "letter_templates.version + 1"),
		HK_ARGS(hk_v_str(row->kind), hk_v_str(row->lang), hk_v_str(row->subject),
			hk_v_str(row->body), hk_v_id(row->user_id), hk_v_int(row->updated_ms)),
		NULL, error);
}

bool
hk_letter_templates_drop(
	hk_db *db, const char *kind, const char *lang, int64_t *ret_changed, GError **error)
{
	return hk_db_exec(db, HK_SQL("DELETE FROM letter_templates WHERE kind = $1 AND lang = $2"),
		HK_ARGS(hk_v_str(kind), hk_v_str(lang)), ret_changed, error);
}

bool
hk_letter_templates_after(hk_db *db, const char *key, int64_t *ret, GError **error)
{
	return hk_db_int(db,
		HK_SQL("SELECT COUNT(*) FROM letter_templates WHERE updated_ms > COALESCE((SELECT "
		       "updated_ms FROM settings WHERE key = $1), 0)"),
		HK_ARGS(hk_v_str(key)), ret, error);
}
