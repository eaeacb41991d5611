#include "store/views.h"

#include "store/lookup.h"

void
hk_view_row_clear(hk_view_row *row)
{
	g_clear_pointer(&row->name, g_free);
	g_clear_pointer(&row->query, g_free);
	g_clear_pointer(&row->sort, g_free);
	g_clear_pointer(&row->columns, g_free);
}

bool
hk_views_get(hk_db *db, int64_t id, int64_t user_id, hk_view_row *ret, GError **error)
{
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT id, user_id, position, name, query, sort, columns FROM views "
		       "WHERE id = $1 AND deleted_ms IS NULL AND (user_id IS NULL OR user_id = "
		       "$2)"),
		HK_ARGS(hk_v_int(id), hk_v_int(user_id)), error);

	if (!hk_rows_the(rows, "view", id, error)) {
		return false;
	}
	*ret = (hk_view_row){.id = hk_rows_int(rows, 0),
		.user_id = hk_rows_int(rows, 1),
		.position = hk_rows_int(rows, 2),
		.name = g_strdup(hk_rows_str(rows, 3)),
		.query = g_strdup(hk_rows_str(rows, 4)),
		.sort = g_strdup(hk_rows_str(rows, 5)),
		.columns = g_strdup(hk_rows_str(rows, 6))};
	return true;
}

bool
hk_views_add(hk_db *db, const hk_view_row *row, int64_t *ret_id, GError **error)
{
	return hk_db_int(db,
		HK_SQL("INSERT INTO views (user_id, position, name, query, sort, columns) "
		       "VALUES ($1, $2, $3, $4, $5, $6) RETURNING id"),
		HK_ARGS(hk_v_id(row->user_id), hk_v_int(row->position), hk_v_str(row->name),
			hk_v_str(row->query), hk_v_str(row->sort), hk_v_str(row->columns)),
		ret_id, error);
}

bool
hk_views_set(hk_db *db, const hk_view_row *row, GError **error)
{
	return hk_db_exec(db,
		HK_SQL("UPDATE views SET user_id = $2, position = $3, name = $4, query = $5, sort "
		       "= $6, "
		       "columns = $7 WHERE id = $1"),
		HK_ARGS(hk_v_int(row->id), hk_v_id(row->user_id), hk_v_int(row->position),
			hk_v_str(row->name), hk_v_str(row->query), hk_v_str(row->sort),
			hk_v_str(row->columns)),
		NULL, error);
}

bool
hk_views_delete(hk_db *db, int64_t id, int64_t now_ms, GError **error)
{
	return hk_db_exec(db, HK_SQL("UPDATE views SET deleted_ms = $2 WHERE id = $1"),
		HK_ARGS(hk_v_int(id), hk_v_int(now_ms)), NULL, error);
}
