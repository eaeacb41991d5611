#include "store/workers.h"

bool
hk_workers_seen(hk_db *db, const char *name, const char *role, int64_t started_ms, int64_t now_ms,
	const char *data, GError **error)
{
	/* Those that died without a word are swept by whoever comes next. */
	return hk_db_exec(db,
		       HK_SQL("INSERT INTO workers (name, role, started_ms, seen_ms, data) VALUES "
			      "($1, $2, $3, $4, $5)"
			      " ON CONFLICT (name) DO UPDATE SET seen_ms = $4, data = $5"),
		       HK_ARGS(hk_v_str(name), hk_v_str(role), hk_v_int(started_ms),
			       hk_v_int(now_ms), hk_v_str(data)),
		       NULL, error) &&
	       hk_db_exec(db, HK_SQL("DELETE FROM workers WHERE seen_ms < $1"),
		       HK_ARGS(hk_v_int(now_ms - 10 * HK_WORKER_GONE_MS)), NULL, error);
}

bool
hk_workers_left(hk_db *db, const char *name, GError **error)
{
	return hk_db_exec(db, HK_SQL("DELETE FROM workers WHERE name = $1"),
		HK_ARGS(hk_v_str(name)), NULL, error);
}

bool
hk_workers_died(hk_db *db, const char *names, GError **error)
{
	return hk_db_exec(db,
		HK_SQL("DELETE FROM workers WHERE substr(name, 1, length(CAST($1 AS TEXT))) = $1"),
		HK_ARGS(hk_v_str(names)), NULL, error);
}

bool
hk_workers_alive(hk_db *db, const char *role, int64_t now_ms, int64_t *ret, GError **error)
{
	return hk_db_int(db,
		HK_SQL("SELECT COUNT(*) FROM workers WHERE role = $1 AND seen_ms > $2"),
		HK_ARGS(hk_v_str(role), hk_v_int(now_ms - HK_WORKER_GONE_MS)), ret, error);
}

bool
hk_workers_is_first(hk_db *db, const char *role, const char *name, bool *ret, GError **error)
{
	int64_t before = 0;

	if (!hk_db_int(db,
		    HK_SQL("SELECT COUNT(*) FROM workers WHERE role = $1 AND name < $2"
			   " AND seen_ms > (SELECT MAX(seen_ms) FROM workers) - $3"),
		    HK_ARGS(hk_v_str(role), hk_v_str(name), hk_v_int(HK_WORKER_GONE_MS)), &before,
		    error)) {
		return false;
	}
	*ret = before == 0;
	return true;
}
