#include "store/runs.h"

#include "store/lookup.h"
#include "sys/gerr.h"

void
hk_run_row_clear(hk_run_row *row)
{
	g_free(row->url);
	g_free(row->plan);
	g_free(row->asked);
	g_free(row->state);
	g_free(row->why);
	g_free(row->verdict);
	g_free(row->dimensions);
	g_free(row->diff);
	*row = (hk_run_row){0};
}

bool
hk_runs_add(hk_db *db, const hk_run_row *row, int64_t *ret_id, GError **error)
{
	return hk_db_int(db,
		HK_SQL("INSERT INTO runs (case_id, url, plan, asked, state, asked_ms) "
		       "VALUES ($1, $2, $3, $4, 'waiting', $5) RETURNING id"),
		HK_ARGS(hk_v_int(row->case_id), hk_v_str(row->url), hk_v_str(row->plan),
			hk_v_str(row->asked), hk_v_int(row->asked_ms)),
		ret_id, error);
}

bool
hk_runs_get(hk_db *db, int64_t id, hk_run_row *ret, GError **error)
{
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT case_id, url, plan, asked, state, why, verdict, dimensions, diff, "
		       "manifest, asked_ms, done_ms FROM runs WHERE id = $1"),
		HK_ARGS(hk_v_int(id)), error);

	if (!hk_rows_the(rows, "run", id, error)) {
		return false;
	}
	hk_span manifest = hk_rows_blob(rows, 9);
	*ret = (hk_run_row){.id = id,
		.case_id = hk_rows_int(rows, 0),
		.url = g_strdup(hk_rows_str(rows, 1)),
		.plan = g_strdup(hk_rows_str(rows, 2)),
		.asked = g_strdup(hk_rows_str(rows, 3)),
		.state = g_strdup(hk_rows_str(rows, 4)),
		.why = g_strdup(hk_rows_str(rows, 5)),
		.verdict = g_strdup(hk_rows_str(rows, 6)),
		.dimensions = g_strdup(hk_rows_str(rows, 7)),
		.diff = g_strdup(hk_rows_str(rows, 8)),
		.has_manifest = manifest.len == sizeof ret->manifest,
		.asked_ms = hk_rows_int(rows, 10),
		.done_ms = hk_rows_int(rows, 11)};
	if (ret->has_manifest) {
		memcpy(ret->manifest, manifest.data, sizeof ret->manifest);
	}
	return true;
}

bool
hk_runs_open(hk_db *db, int64_t case_id, const char *url, const char *plan, int64_t *ret_id,
	GError **error)
{
	return hk_db_int(db,
		HK_SQL("SELECT COALESCE(MIN(id), 0) FROM runs WHERE case_id = $1 AND state = "
		       "'waiting' AND url = $2 AND plan = $3"),
		HK_ARGS(hk_v_int(case_id), hk_v_str(url), hk_v_str(plan)), ret_id, error);
}

bool
hk_runs_finish(hk_db *db, const hk_run_row *row, GError **error)
{
	int64_t changed = 0;

	if (!hk_db_exec(db,
		    HK_SQL("UPDATE runs SET state = $2, why = $3, verdict = $4, dimensions = $5, "
			   "diff = $6, manifest = $7, done_ms = $8 "
			   "WHERE id = $1 AND state = 'waiting'"),
		    HK_ARGS(hk_v_int(row->id), hk_v_str(row->state), hk_v_str(row->why),
			    hk_v_str(row->verdict ? row->verdict : ""),
			    hk_v_str(row->dimensions ? row->dimensions : "[]"),
			    hk_v_str(row->diff ? row->diff : "{}"),
			    row->has_manifest ? hk_v_blob(hk_span_of(row->manifest, 32))
					      : hk_v_null(),
			    hk_v_int(row->done_ms)),
		    &changed, error)) {
		return false;
	}
	return changed == 1 || hk_error_set(error, HK_EINCONSISTENT,
				       "run %" G_GINT64_FORMAT " is finished already", row->id);
}

bool
hk_runs_stamp(hk_db *db, int64_t id, hk_span token, const char *why, GError **error)
{
	return hk_db_exec(db,
		HK_SQL("UPDATE runs SET stamp = COALESCE(stamp, $2), stamp_why = $3 WHERE id = $1"),
		HK_ARGS(hk_v_int(id), token.len > 0 ? hk_v_blob(token) : hk_v_null(),
			hk_v_str(token.len > 0 ? NULL : why)),
		NULL, error);
}

bool
hk_runs_unstamped(hk_db *db, int64_t limit, GArray **ret, GError **error)
{
	g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(hk_run_key));
	GError *inner = NULL;
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT id, case_id FROM runs WHERE manifest IS NOT NULL AND stamp IS NULL "
		       "AND NOT EXISTS (SELECT 1 FROM jobs WHERE jobs.stage = 'stamp' AND "
		       "jobs.key = CAST(runs.id AS TEXT) AND jobs.state <> 'done') "
		       "ORDER BY id LIMIT $1"),
		HK_ARGS(hk_v_int(limit)), error);

	while (rows && hk_rows_next(rows, &inner)) {
		const hk_run_key run = {hk_rows_int(rows, 0), hk_rows_int(rows, 1)};
		g_array_append_val(list, run);
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
hk_captures_add(hk_db *db, const hk_capture_row *row, int64_t *ret_id, GError **error)
{
	return hk_db_int(db,
		HK_SQL("INSERT INTO captures (run_id, position, profile, referrer, exit, visit, "
		       "step, how, why, status, url, title, address, certificate, data, at_ms, "
		       "took_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, "
		       "$14, $15, $16, $17) RETURNING id"),
		HK_ARGS(hk_v_int(row->run_id), hk_v_int(row->position), hk_v_str(row->profile),
			hk_v_str(row->referrer), hk_v_str(row->exit), hk_v_int(row->visit),
			hk_v_str(row->step), hk_v_str(row->how), hk_v_str(row->why),
			hk_v_id(row->status), hk_v_str(row->url),
			hk_v_str(row->title ? row->title : ""), hk_v_str(row->address),
			row->certificate ? hk_v_blob(hk_span_of(row->certificate, 32))
					 : hk_v_null(),
			hk_v_str(row->data ? row->data : "{}"), hk_v_int(row->at_ms),
			hk_v_int(row->took_ms)),
		ret_id, error);
}

bool
hk_artefacts_add(
	hk_db *db, int64_t capture_id, int64_t position, const hk_artefact_row *row, GError **error)
{
	return hk_db_exec(db,
		HK_SQL("INSERT INTO artefacts (capture_id, position, kind, name, type, bytes, "
		       "sha256) VALUES ($1, $2, $3, $4, $5, $6, $7)"),
		HK_ARGS(hk_v_int(capture_id), hk_v_int(position), hk_v_str(row->kind),
			hk_v_str(row->name), hk_v_str(row->type), hk_v_int(row->bytes),
			hk_v_blob(hk_span_of(row->sha256, 32))),
		NULL, error);
}

bool
hk_artefacts_find(hk_db *db, int64_t capture_id, int64_t position, int64_t *ret_case,
	char **ret_type, char **ret_kind, char **ret_name, uint8_t ret_sha256[32], GError **error)
{
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT r.case_id, a.type, a.kind, a.name, a.sha256 FROM artefacts a "
		       "JOIN captures c ON c.id = a.capture_id JOIN runs r ON r.id = c.run_id "
		       "WHERE a.capture_id = $1 AND a.position = $2"),
		HK_ARGS(hk_v_int(capture_id), hk_v_int(position)), error);
	bool found;

	if (!hk_rows_one(rows, &found, error)) {
		return false;
	}
	if (!found || hk_rows_blob(rows, 4).len != 32) {
		return hk_error_set(error, HK_ENOENT,
			"capture %" G_GINT64_FORMAT " has no file %" G_GINT64_FORMAT, capture_id,
			position);
	}
	*ret_case = hk_rows_int(rows, 0);
	*ret_type = g_strdup(hk_rows_str(rows, 1));
	*ret_kind = g_strdup(hk_rows_str(rows, 2));
	*ret_name = g_strdup(hk_rows_str(rows, 3));
	memcpy(ret_sha256, hk_rows_blob(rows, 4).data, 32);
	return true;
}

bool
hk_pivots_put(hk_db *db, int64_t case_id, const char *kind, const char *key, int64_t seen_ms,
	GError **error)
{
	return hk_db_exec(db,
		HK_SQL("INSERT INTO case_keys (kind, key, case_id, last_ms) VALUES ($1, $2, $3, "
		       "$4) "
		       "ON CONFLICT (kind, key, case_id) DO UPDATE SET last_ms = "
		       "CASE WHEN excluded.last_ms > case_keys.last_ms THEN excluded.last_ms "
		       "ELSE case_keys.last_ms END"),
		HK_ARGS(hk_v_str(kind), hk_v_str(key), hk_v_int(case_id), hk_v_int(seen_ms)), NULL,
		error);
}
