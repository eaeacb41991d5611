#include "store/looks.h"

#include "sys/gerr.h"

void
hk_look_row_free(hk_look_row *row)
{
	if (row) {
		g_free(row->host);
		g_free(row->data);
		g_free(row->source);
		g_free(row->target);
		g_free(row);
	}
}

static void
row_free(gpointer row)
{
	hk_look_row_free(row);
}

bool
hk_looks_add(hk_db *db, const hk_look_seed *seed, bool *ret_new, GError **error)
{
	int64_t changed = 0;

	if (!hk_db_exec(db,
		    HK_SQL("INSERT INTO looks (host, source_id, score, target_id, data, seen_ms, "
			   "due_ms) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING"),
		    HK_ARGS(hk_v_str(seed->host), hk_v_int(seed->source_id), hk_v_real(seed->score),
			    hk_v_id(seed->target_id), hk_v_str(seed->data ? seed->data : "{}"),
			    hk_v_int(seed->seen_ms), hk_v_int(seed->due_ms)),
		    &changed, error)) {
		return false;
	}
	*ret_new = changed == 1;
	return true;
}

bool
hk_looks_since(hk_db *db, int64_t ms, int64_t *ret, GError **error)
{
	return hk_db_int(db, HK_SQL("SELECT COUNT(*) FROM looks WHERE seen_ms >= $1"),
		HK_ARGS(hk_v_int(ms)), ret, error);
}

/* The row locks of PostgreSQL keep two workers off the same rows; SQLite's writers stand in line. */
static bool
lease(hk_db *db, const char *owner, int64_t now_ms, int64_t lease_ms, int64_t limit, GError **error)
{
	g_autoptr(hk_sqlb) b = hk_sqlb_new(db);

	hk_sqlb_add(b, HK_SQL("UPDATE looks SET owner = "));
	hk_sqlb_value(b, hk_v_str(owner));
	hk_sqlb_add(b, HK_SQL(", lease_ms = "));
	hk_sqlb_value(b, hk_v_int(now_ms + lease_ms));
	hk_sqlb_add(b, HK_SQL(" WHERE id IN (SELECT id FROM looks WHERE due_ms IS NOT NULL AND "
			      "due_ms <= "));
	hk_sqlb_value(b, hk_v_int(now_ms));
	hk_sqlb_add(b, HK_SQL(" AND lease_ms < "));
	hk_sqlb_value(b, hk_v_int(now_ms));
	hk_sqlb_add(b, HK_SQL(" ORDER BY due_ms, id LIMIT "));
	hk_sqlb_value(b, hk_v_int(limit));
	hk_sqlb_both(b, HK_SQL(")"), HK_SQL(" FOR UPDATE SKIP LOCKED)"));
	return hk_sqlb_exec(b, db, NULL, error);
}

bool
hk_looks_claim(hk_db *db, const char *owner, int64_t now_ms, int64_t lease_ms, int64_t limit,
	GPtrArray **ret, GError **error)
{
	g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(row_free);
	GError *inner = NULL;

	if (!lease(db, owner, now_ms, lease_ms, limit, error)) {
		return false;
	}
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT l.id, l.host, l.source_id, l.score, l.target_id, l.data, l.seen_ms, "
		       "l.tries, s.key, t.key FROM looks l JOIN sources s ON s.id = l.source_id "
		       "LEFT JOIN targets t ON t.id = l.target_id WHERE l.due_ms IS NOT NULL AND "
		       "l.due_ms <= $3 AND l.owner = $1 AND l.lease_ms = $2 ORDER BY l.due_ms, "
		       "l.id"),
		HK_ARGS(hk_v_str(owner), hk_v_int(now_ms + lease_ms), hk_v_int(now_ms)), error);
	while (rows && hk_rows_next(rows, &inner)) {
		hk_look_row *row = g_new0(hk_look_row, 1);
		row->id = hk_rows_int(rows, 0);
		row->host = g_strdup(hk_rows_str(rows, 1));
		row->source_id = hk_rows_int(rows, 2);
		row->score = hk_rows_real(rows, 3);
		row->target_id = hk_rows_int(rows, 4);
		row->data = g_strdup(hk_rows_str(rows, 5));
		row->seen_ms = hk_rows_int(rows, 6);
		row->tries = hk_rows_int(rows, 7);
		row->source = g_strdup(hk_rows_str(rows, 8));
		row->target = g_strdup(hk_rows_str(rows, 9));
		g_ptr_array_add(list, row);
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
hk_looks_done(hk_db *db, const char *owner, const hk_look_result *r, int64_t now_ms, bool *ret_mine,
	GError **error)
{
	int64_t changed = 0;

	if (!hk_db_exec(db,
		    HK_SQL("UPDATE looks SET tries = tries + 1, due_ms = $3, owner = NULL, "
			   "lease_ms "
			   "= 0, outcome = $4, page_score = $5, reasons = $6, case_id = "
			   "COALESCE($7, case_id), last_ms = $8 WHERE id = $1 AND owner = $2"),
		    HK_ARGS(hk_v_int(r->id), hk_v_str(owner), hk_v_id(r->due_ms),
			    hk_v_str(r->outcome),
			    r->page_score < 0 ? hk_v_null() : hk_v_real(r->page_score),
			    hk_v_str(r->reasons ? r->reasons : "[]"), hk_v_id(r->case_id),
			    hk_v_int(now_ms)),
		    &changed, error)) {
		return false;
	}
	*ret_mine = changed == 1;
	return true;
}

bool
hk_looks_yield(hk_db *db, const char *owner, GError **error)
{
	return hk_db_exec(db,
		HK_SQL("UPDATE looks SET owner = NULL, lease_ms = 0 WHERE due_ms IS NOT NULL AND "
		       "owner = $1"),
		HK_ARGS(hk_v_str(owner)), NULL, error);
}

bool
hk_looks_forget(hk_db *db, int64_t before_ms, int64_t *ret_count, GError **error)
{
	return hk_db_exec(db, HK_SQL("DELETE FROM looks WHERE due_ms IS NULL AND last_ms < $1"),
		HK_ARGS(hk_v_int(before_ms)), ret_count, error);
}

bool
hk_looks_next(hk_db *db, int64_t *ret_ms, GError **error)
{
	return hk_db_int(db,
		HK_SQL("SELECT COALESCE(MIN(due_ms), 0) FROM looks WHERE due_ms IS NOT NULL"),
		HK_NO_ARGS, ret_ms, error);
}
