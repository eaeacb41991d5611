#include "store/sightings_write.h"

#include "store/lookup.h"
#include "sys/gerr.h"

bool
hk_sightings_add(hk_db *db, const hk_sighting_row *row, int64_t *ret_id, GError **error)
{
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("INSERT INTO sightings (source_id, key, kind, state, seen_ms, host, url, "
		       "title, "
		       "score, target_id, data) VALUES ($1, $2, $3, 'new', $4, $5, $6, $7, $8, $9, "
		       "$10) "
		       "ON CONFLICT (source_id, key) DO NOTHING RETURNING id"),
		HK_ARGS(hk_v_int(row->source_id), hk_v_blob(row->key), hk_v_str(row->kind),
			hk_v_int(row->seen_ms), hk_v_str(row->host), hk_v_str(row->url),
			hk_v_str(row->title), hk_v_real(row->score), hk_v_id(row->target_id),
			hk_v_str(row->data)),
		error);
	bool found;

	if (!hk_rows_one(rows, &found, error)) {
		return false;
	}
	*ret_id = found ? hk_rows_int(rows, 0) : 0;
	return true;
}

bool
hk_sightings_state(hk_db *db, int64_t id, const char **ret_state, int64_t *ret_case_id,
	int64_t *ret_version, GError **error)
{
	hk_sql sql =
		hk_db_engine_of(db) == HK_DB_PGSQL
			? HK_SQL("SELECT state, case_id, version FROM sightings WHERE id = $1 "
				 "FOR UPDATE")
			: HK_SQL("SELECT state, case_id, version FROM sightings WHERE id = $1");
	g_autoptr(hk_rows) rows = hk_db_query(db, sql, HK_ARGS(hk_v_int(id)), error);
	bool found;

	if (!hk_rows_one(rows, &found, error)) {
		return false;
	}
	if (!found) {
		return hk_error_set(error, HK_ENOENT, "there is no sighting %" G_GINT64_FORMAT, id);
	}
	*ret_state = g_intern_string(hk_rows_str(rows, 0));
	*ret_case_id = hk_rows_int(rows, 1);
	*ret_version = hk_rows_int(rows, 2);
	return true;
}

bool
hk_sightings_set(hk_db *db, int64_t id, const char *state, int64_t case_id, GError **error)
{
	return hk_db_exec(db,
		HK_SQL("UPDATE sightings SET state = $2, case_id = $3, version = version + 1 "
		       "WHERE id = $1"),
		HK_ARGS(hk_v_int(id), hk_v_str(state), hk_v_id(case_id)), NULL, error);
}
