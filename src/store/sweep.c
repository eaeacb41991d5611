#include "store/sweep.h"

#define DAY_MS INT64_C(86400000)

bool
hk_sweep_broken(hk_db *db, int64_t now_ms, int64_t count, GArray **ret, GError **error)
{
	g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(int64_t));
	GError *inner = NULL;
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT id FROM cases WHERE due_ms IS NOT NULL AND due_ms < $1 AND breached "
		       "= 0 "
		       "AND deleted_ms IS NULL AND state <> 'duplicate' ORDER BY id LIMIT $2"),
		HK_ARGS(hk_v_int(now_ms), hk_v_int(count)), error);

	if (!rows) {
		return false;
	}
	while (hk_rows_next(rows, &inner)) {
		int64_t id = hk_rows_int(rows, 0);
		g_array_append_val(list, id);
	}
	if (inner) {
		g_propagate_error(error, inner);
		return false;
	}
	*ret = g_steal_pointer(&list);
	return true;
}

bool
hk_sweep_forget(hk_db *db, int64_t now_ms, GError **error)
{
	const hk_value old[] = {hk_v_int(now_ms - DAY_MS)};

	return hk_db_exec(db, HK_SQL("DELETE FROM sessions WHERE seen_ms < $1"), old, 1, NULL,
		       error) &&
	       hk_db_exec(db, HK_SQL("DELETE FROM attempts WHERE since_ms < $1"), old, 1, NULL,
		       error) &&
	       hk_db_exec(db, HK_SQL("DELETE FROM replies WHERE at_ms < $1"), old, 1, NULL, error);
}

bool
hk_sweep_anchored(hk_db *db, int64_t *ret_ms, GError **error)
{
	return hk_db_int(db, HK_SQL("SELECT COALESCE(MAX(at_ms), 0) FROM anchors"), HK_NO_ARGS,
		ret_ms, error);
}
