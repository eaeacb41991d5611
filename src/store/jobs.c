#include "store/jobs.h"

#include "store/lookup.h"

void
hk_job_row_clear(hk_job_row *row)
{
	g_clear_pointer(&row->stage, g_free);
	g_clear_pointer(&row->key, g_free);
	g_clear_pointer(&row->data, g_free);
	g_clear_pointer(&row->owner, g_free);
	row->id = 0;
}

/* While one runs, it may have read too early to see why it is asked for again: it runs once more after it is done. */
bool
hk_jobs_add(hk_db *db, const char *stage, const char *key, int64_t case_id, const char *data,
	int64_t due_ms, int64_t now_ms, GError **error)
{
	return hk_db_exec(db,
		HK_SQL("INSERT INTO jobs (stage, key, state, data, case_id, due_ms, made_ms) "
		       "VALUES ($1, $2, 'ready', $3, $4, $5, $6) "
		       "ON CONFLICT (stage, key) WHERE state <> 'done' DO UPDATE SET "
		       "due_ms = CASE WHEN jobs.state = 'ready' AND excluded.due_ms < jobs.due_ms "
		       "THEN excluded.due_ms ELSE jobs.due_ms END, "
		       "again_ms = CASE WHEN jobs.state <> 'leased' THEN NULL "
		       "WHEN jobs.again_ms < excluded.due_ms THEN jobs.again_ms "
		       "ELSE excluded.due_ms END"),
		HK_ARGS(hk_v_str(stage), hk_v_str(key), hk_v_str(data), hk_v_id(case_id),
			hk_v_int(due_ms), hk_v_int(now_ms)),
		NULL, error);
}

bool
hk_jobs_data_get(hk_db *db, const char *stage, const char *key, char **ret, GError **error)
{
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT data FROM jobs WHERE stage = $1 AND key = $2 AND state <> 'done'"),
		HK_ARGS(hk_v_str(stage), hk_v_str(key)), error);
	bool found;

	if (!hk_rows_one(rows, &found, error)) {
		return false;
	}
	*ret = found ? g_strdup(hk_rows_str(rows, 0)) : NULL;
	return true;
}

bool
hk_jobs_data_set(hk_db *db, const char *stage, const char *key, const char *data, GError **error)
{
	return hk_db_exec(db,
		HK_SQL("UPDATE jobs SET data = $3 WHERE stage = $1 AND key = $2 AND state <> "
		       "'done'"),
		HK_ARGS(hk_v_str(stage), hk_v_str(key), hk_v_str(data)), NULL, error);
}

static bool
any(hk_rows *rows, bool *ret, GError **error)
{
	return hk_rows_one(rows, ret, error);
}

bool
hk_jobs_due(hk_db *db, const char *stage, int64_t now_ms, bool *ret, GError **error)
{
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT 1 FROM jobs WHERE state = 'ready' AND stage = $1 AND due_ms <= $2 "
		       "LIMIT 1"),
		HK_ARGS(hk_v_str(stage), hk_v_int(now_ms)), error);

	return any(rows, ret, error);
}

bool
hk_jobs_late(hk_db *db, int64_t now_ms, bool *ret, GError **error)
{
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT 1 FROM jobs WHERE state = 'leased' AND lease_ms < $1 LIMIT 1"),
		HK_ARGS(hk_v_int(now_ms)), error);

	return any(rows, ret, error);
}

static bool
one_job(hk_rows *rows, hk_job_row *ret, GError **error)
{
	bool found;

	if (!hk_rows_one(rows, &found, error)) {
		return false;
	}
	*ret = (hk_job_row){0};
	if (found) {
		ret->id = hk_rows_int(rows, 0);
		ret->case_id = hk_rows_int(rows, 1);
		ret->attempts = hk_rows_int(rows, 2);
		ret->lease_ms = hk_rows_int(rows, 3);
		ret->stage = g_strdup(hk_rows_str(rows, 4));
		ret->key = g_strdup(hk_rows_str(rows, 5));
		ret->data = g_strdup(hk_rows_str(rows, 6));
		ret->owner = g_strdup(hk_rows_str(rows, 7));
	}
	return true;
}

#define JOB_COLUMNS "id, case_id, attempts, lease_ms, stage, key, data, owner"
#define LEASE(tail)                                                                                \
	"UPDATE jobs SET state = 'leased', owner = $2, lease_ms = $4, attempts = attempts + 1 "    \
	"WHERE id = (SELECT id FROM jobs WHERE state = 'ready' AND stage = $1 AND due_ms <= $3 "   \
	"ORDER BY due_ms, id LIMIT 1" tail ") RETURNING " JOB_COLUMNS
#define EXPIRED(tail)                                                                              \
	"SELECT " JOB_COLUMNS " FROM jobs WHERE state = 'leased' AND lease_ms < $1 "               \
	"ORDER BY lease_ms LIMIT 1" tail

bool
hk_jobs_lease(hk_db *db, const char *stage, const char *owner, int64_t now_ms, int64_t lease_ms,
	hk_job_row *ret, GError **error)
{
	hk_sql sql = hk_db_engine_of(db) == HK_DB_PGSQL ? HK_SQL(LEASE(" FOR UPDATE SKIP LOCKED"))
							: HK_SQL(LEASE(""));
	g_autoptr(hk_rows) rows = hk_db_query(db, sql,
		HK_ARGS(hk_v_str(stage), hk_v_str(owner), hk_v_int(now_ms),
			hk_v_int(now_ms + lease_ms)),
		error);

	return one_job(rows, ret, error);
}

bool
hk_jobs_expired(hk_db *db, int64_t now_ms, hk_job_row *ret, GError **error)
{
	hk_sql sql = hk_db_engine_of(db) == HK_DB_PGSQL ? HK_SQL(EXPIRED(" FOR UPDATE SKIP LOCKED"))
							: HK_SQL(EXPIRED(""));
	g_autoptr(hk_rows) rows = hk_db_query(db, sql, HK_ARGS(hk_v_int(now_ms)), error);

	return one_job(rows, ret, error);
}

/* Which row is the holder's. */
#define HELD "WHERE id = $1 AND owner = $2 AND lease_ms = $3 AND state = 'leased'"

/* By pointer: the count is known only after the call beside it. */
static bool
held(bool good, const int64_t *changed, bool *ret)
{
	*ret = *changed == 1;
	return good;
}

bool
hk_jobs_done(hk_db *db, int64_t id, const char *owner, int64_t lease_ms, int64_t now_ms, bool *ret,
	GError **error)
{
	int64_t n = 0;

	return held(
		hk_db_exec(db,
			HK_SQL("UPDATE jobs SET "
			       "state = CASE WHEN again_ms IS NULL THEN 'done' ELSE 'ready' END, "
			       "done_ms = CASE WHEN again_ms IS NULL THEN CAST($4 AS BIGINT) END, "
			       "due_ms = COALESCE(again_ms, due_ms), again_ms = NULL, "
			       "attempts = 0, error = NULL, owner = NULL " HELD),
			HK_ARGS(hk_v_int(id), hk_v_str(owner), hk_v_int(lease_ms),
				hk_v_int(now_ms)),
			&n, error),
		&n, ret);
}

bool
hk_jobs_again(hk_db *db, int64_t id, const char *owner, int64_t lease_ms, int64_t due_ms, bool *ret,
	GError **error)
{
	int64_t n = 0;

	return held(hk_db_exec(db,
			    HK_SQL("UPDATE jobs SET state = 'ready', due_ms = CASE WHEN "
				   "again_ms < $4 THEN again_ms ELSE $4 END, again_ms = NULL, "
				   "attempts = 0, error = NULL, owner = NULL " HELD),
			    HK_ARGS(hk_v_int(id), hk_v_str(owner), hk_v_int(lease_ms),
				    hk_v_int(due_ms)),
			    &n, error),
		&n, ret);
}

bool
hk_jobs_back(hk_db *db, int64_t id, const char *owner, int64_t lease_ms, int64_t due_ms,
	const char *why, bool *ret, GError **error)
{
	int64_t n = 0;

	return held(hk_db_exec(db,
			    HK_SQL("UPDATE jobs SET state = 'ready', due_ms = $4, error = $5, "
				   "again_ms = NULL, owner = NULL " HELD),
			    HK_ARGS(hk_v_int(id), hk_v_str(owner), hk_v_int(lease_ms),
				    hk_v_int(due_ms), hk_v_str(why)),
			    &n, error),
		&n, ret);
}

bool
hk_jobs_dead(hk_db *db, int64_t id, const char *owner, int64_t lease_ms, const char *why, bool *ret,
	GError **error)
{
	int64_t n = 0;

	return held(
		hk_db_exec(db,
			HK_SQL("UPDATE jobs SET state = 'dead', error = $4, owner = NULL " HELD),
			HK_ARGS(hk_v_int(id), hk_v_str(owner), hk_v_int(lease_ms), hk_v_str(why)),
			&n, error),
		&n, ret);
}

bool
hk_jobs_renew(hk_db *db, int64_t id, const char *owner, int64_t lease_ms, int64_t until_ms,
	bool *ret, GError **error)
{
	int64_t n = 0;

	return held(hk_db_exec(db, HK_SQL("UPDATE jobs SET lease_ms = $4 " HELD),
			    HK_ARGS(hk_v_int(id), hk_v_str(owner), hk_v_int(lease_ms),
				    hk_v_int(until_ms)),
			    &n, error),
		&n, ret);
}

bool
hk_jobs_abandon(hk_db *db, const char *owners, int64_t *ret_count, GError **error)
{
	return hk_db_exec(db,
		HK_SQL("UPDATE jobs SET lease_ms = 0 WHERE state = 'leased' "
		       "AND substr(owner, 1, length(CAST($1 AS TEXT))) = $1"),
		HK_ARGS(hk_v_str(owners)), ret_count, error);
}

bool
hk_jobs_revive(hk_db *db, int64_t id, int64_t now_ms, int64_t *ret_count, GError **error)
{
	return hk_db_exec(db,
		HK_SQL("UPDATE jobs SET state = 'ready', due_ms = $2, attempts = 0 "
		       "WHERE state = 'dead' AND (id = $1 OR $1 = 0)"),
		HK_ARGS(hk_v_int(id), hk_v_int(now_ms)), ret_count, error);
}

bool
hk_jobs_revive_key(hk_db *db, const char *stage, const char *key, int64_t now_ms, GError **error)
{
	return hk_db_exec(db,
		HK_SQL("UPDATE jobs SET state = 'ready', due_ms = $3, attempts = 0 "
		       "WHERE state = 'dead' AND stage = $1 AND key = $2"),
		HK_ARGS(hk_v_str(stage), hk_v_str(key), hk_v_int(now_ms)), NULL, error);
}

bool
hk_jobs_later(hk_db *db, const char *stage, const char *key, int64_t due_ms, GError **error)
{
	return hk_db_exec(db,
		HK_SQL("UPDATE jobs SET due_ms = $3 WHERE state = 'ready' AND stage = $1 AND key = "
		       "$2 AND due_ms < $3"),
		HK_ARGS(hk_v_str(stage), hk_v_str(key), hk_v_int(due_ms)), NULL, error);
}

bool
hk_jobs_forget(hk_db *db, int64_t before_ms, int64_t *ret_count, GError **error)
{
	return hk_db_exec(db, HK_SQL("DELETE FROM jobs WHERE state = 'done' AND done_ms < $1"),
		HK_ARGS(hk_v_int(before_ms)), ret_count, error);
}
