#include "store/logs.h"

#include "sys/gerr.h"

bool
hk_logs_claim(hk_db *db, hk_span id, const char *name, const char *owner, int64_t now_ms,
	int64_t lease_ms, bool *ret, GError **error)
{
	int64_t changed = 0;

	if (!hk_db_exec(db,
		    HK_SQL("INSERT INTO ct_logs (log_id, name, status) VALUES ($1, $2, 'active') "
			   "ON CONFLICT DO NOTHING"),
		    HK_ARGS(hk_v_blob(id), hk_v_str(name)), NULL, error) ||
		!hk_db_exec(db,
			HK_SQL("UPDATE ct_logs SET owner = $2, lease_ms = $3, name = $5"
			       " WHERE log_id = $1 AND (owner IS NULL OR owner = $2 OR lease_ms < "
			       "$4)"),
			HK_ARGS(hk_v_blob(id), hk_v_str(owner), hk_v_int(now_ms + lease_ms),
				hk_v_int(now_ms), hk_v_str(name)),
			&changed, error)) {
		return false;
	}
	*ret = changed > 0;
	return true;
}

bool
hk_logs_renew(hk_db *db, const char *owner, int64_t now_ms, int64_t lease_ms, GError **error)
{
	return hk_db_exec(db, HK_SQL("UPDATE ct_logs SET lease_ms = $2 WHERE owner = $1"),
		HK_ARGS(hk_v_str(owner), hk_v_int(now_ms + lease_ms)), NULL, error);
}

bool
hk_logs_yield(hk_db *db, hk_span id, const char *owner, GError **error)
{
	if (id.len == 0) {
		return hk_db_exec(db,
			HK_SQL("UPDATE ct_logs SET owner = NULL, lease_ms = 0 WHERE owner = $1"),
			HK_ARGS(hk_v_str(owner)), NULL, error);
	}
	return hk_db_exec(db,
		HK_SQL("UPDATE ct_logs SET owner = NULL, lease_ms = 0 WHERE owner = $1 AND log_id "
		       "= $2"),
		HK_ARGS(hk_v_str(owner), hk_v_blob(id)), NULL, error);
}

#define COLUMNS "log_id, name, status, why, begun, verified, root, head_ms, read, range, health"

static bool
each_row(hk_rows *rows, hk_logs_each each, void *user, int64_t *ret_count, GError **error)
{
	g_autoptr(hk_rows) owned = rows;
	g_autoptr(GError) local = NULL;

	*ret_count = 0;
	while (rows && hk_rows_next(rows, &local)) {
		const hk_log_row row = {
			.id = hk_rows_blob(rows, 0),
			.name = hk_rows_str(rows, 1),
			.status = hk_rows_str(rows, 2),
			.why = hk_rows_str(rows, 3),
			.begun = hk_rows_int(rows, 4) != 0,
			.verified = hk_rows_int(rows, 5),
			.root = hk_rows_blob(rows, 6),
			.head_ms = hk_rows_int(rows, 7),
			.read = hk_rows_int(rows, 8),
			.range = hk_rows_blob(rows, 9),
			.health = hk_rows_str(rows, 10),
		};
		each(user, &row);
		(*ret_count)++;
	}
	if (local) {
		g_propagate_error(error, g_steal_pointer(&local));
		return false;
	}
	return rows != NULL;
}

bool
hk_logs_get(hk_db *db, hk_span id, hk_logs_each each, void *user, GError **error)
{
	int64_t count;

	if (!each_row(hk_db_query(db, HK_SQL("SELECT " COLUMNS " FROM ct_logs WHERE log_id = $1"),
			      HK_ARGS(hk_v_blob(id)), error),
		    each, user, &count, error)) {
		return false;
	}
	return count > 0 || hk_error_set(error, HK_ENOENT, "no such log in the database");
}

bool
hk_logs_all(hk_db *db, hk_logs_each each, void *user, GError **error)
{
	int64_t count;

	return each_row(
		hk_db_query(db, HK_SQL("SELECT " COLUMNS " FROM ct_logs ORDER BY name, log_id"),
			HK_NO_ARGS, error),
		each, user, &count, error);
}

bool
hk_logs_put(hk_db *db, const hk_log_row *row, const char *owner, GError **error)
{
	int64_t changed = 0;

	if (!hk_db_exec(db,
		    HK_SQL("UPDATE ct_logs SET name = $3, status = $4, why = $5, begun = $6, "
			   "verified = $7, root = $8,"
			   " head_ms = $9, read = $10, range = $11, health = COALESCE($12, health)"
			   " WHERE log_id = $1 AND owner = $2"),
		    HK_ARGS(hk_v_blob(row->id), hk_v_str(owner), hk_v_str(row->name),
			    hk_v_str(row->status), hk_v_str(row->why), hk_v_int(row->begun),
			    hk_v_int(row->verified), hk_v_blob(row->root), hk_v_int(row->head_ms),
			    hk_v_int(row->read), hk_v_blob(row->range), hk_v_str(row->health)),
		    &changed, error)) {
		return false;
	}
	return changed > 0 ||
	       hk_error_set(error, HK_EINCONSISTENT,
		       "%s: another watch process has taken this log over (its lease had run out)",
		       row->name);
}

bool
hk_logs_hold(
	hk_db *db, hk_span id, const char *owner, int64_t now_ms, int64_t lease_ms, GError **error)
{
	int64_t changed = 0;

	if (!hk_db_exec(db,
		    HK_SQL("UPDATE ct_logs SET lease_ms = $3 WHERE log_id = $1 AND owner = $2"),
		    HK_ARGS(hk_v_blob(id), hk_v_str(owner), hk_v_int(now_ms + lease_ms)), &changed,
		    error)) {
		return false;
	}
	return changed > 0 || hk_error_set(error, HK_EINCONSISTENT,
				      "another watch process has taken this log over (its lease "
				      "had run out)");
}

bool
hk_logs_pend(hk_db *db, hk_span id, int64_t entry, hk_span key, const char *data, GError **error)
{
	return hk_db_exec(db,
		HK_SQL("INSERT INTO ct_pending (log_id, entry, key, data) VALUES ($1, $2, $3, $4) "
		       "ON CONFLICT DO NOTHING"),
		HK_ARGS(hk_v_blob(id), hk_v_int(entry), hk_v_blob(key), hk_v_str(data)), NULL,
		error);
}

bool
hk_logs_pending(hk_db *db, hk_span id, int64_t below, int64_t limit, hk_logs_pending_each each,
	void *user, GError **error)
{
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT entry, key, data FROM ct_pending WHERE log_id = $1 AND entry < $2 "
		       "ORDER BY entry LIMIT $3"),
		HK_ARGS(hk_v_blob(id), hk_v_int(below), hk_v_int(limit)), error);
	g_autoptr(GError) local = NULL;

	while (rows && hk_rows_next(rows, &local)) {
		if (!each(user, hk_rows_int(rows, 0), hk_rows_blob(rows, 1), hk_rows_str(rows, 2),
			    error)) {
			return false;
		}
	}
	if (local) {
		g_propagate_error(error, g_steal_pointer(&local));
		return false;
	}
	return rows != NULL;
}

bool
hk_logs_unpend(hk_db *db, hk_span id, int64_t below, GError **error)
{
	return hk_db_exec(db, HK_SQL("DELETE FROM ct_pending WHERE log_id = $1 AND entry < $2"),
		HK_ARGS(hk_v_blob(id), hk_v_int(below)), NULL, error);
}
