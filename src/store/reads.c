#include "store/reads.h"

#include "sys/gerr.h"

/* "below" for newest-first pages: none given means all. */
static hk_value
below(int64_t before)
{
	return hk_v_int(before > 0 ? before : INT64_MAX);
}

hk_rows *
hk_read_intakes(hk_db *db, int64_t id, int64_t before, int64_t limit, GError **error)
{
	return hk_db_query(db,
		HK_SQL("SELECT i.id, i.state, i.kind, i.dry_run, i.line, i.lines, i.opened, "
		       "i.attached, i.routed, i.refused,"
		       " i.skipped, i.at_ms, i.done_ms, u.login, s.key, i.options FROM intakes i"
		       " JOIN sources s ON s.id = i.source_id LEFT JOIN users u ON u.id = i.user_id"
		       " WHERE ($1 = 0 OR i.id = $1) AND i.id < $2 ORDER BY i.id DESC LIMIT $3"),
		HK_ARGS(hk_v_int(id), below(before), hk_v_int(limit)), error);
}

hk_rows *
hk_read_intake_lines(
	hk_db *db, int64_t intake, const char *how, int64_t after, int64_t limit, GError **error)
{
	return hk_db_query(db,
		HK_SQL("SELECT line, text, url, how, case_id, why FROM intake_lines"
		       " WHERE intake_id = $1 AND line > $2 AND ($3 = '' OR how = $3) ORDER BY "
		       "line LIMIT $4"),
		HK_ARGS(hk_v_int(intake), hk_v_int(after), hk_v_str(how ? how : ""),
			hk_v_int(limit)),
		error);
}

hk_rows *
hk_read_sightings(hk_db *db, const int64_t *ids, size_t count, GError **error)
{
	g_autoptr(hk_sqlb) b = hk_sqlb_new(db);

	hk_sqlb_add(b, HK_SQL("SELECT g.id, s.key, s.name, g.kind, g.state, g.seen_ms, g.host, "
			      "g.url, g.title, g.score, t.id, t.key,"
			      " t.name, t.name_en, t.own, g.case_id, g.campaign_id, g.version, "
			      "g.data, g.key FROM sightings g"
			      " JOIN sources s ON s.id = g.source_id LEFT JOIN targets t ON t.id = "
			      "g.target_id WHERE g.id IN (0"));
	for (size_t i = 0; i < count; i++) {
		hk_sqlb_add(b, HK_SQL(", "));
		hk_sqlb_value(b, hk_v_int(ids[i]));
	}
	hk_sqlb_add(b, HK_SQL(")"));
	return hk_sqlb_query(b, db, error);
}

hk_rows *
hk_read_campaigns(hk_db *db, int64_t id, int64_t before, int64_t limit, GError **error)
{
	return hk_db_query(db,
		HK_SQL("SELECT c.id, c.name, c.kind, c.key, a.id, a.key, a.name, c.cases, "
		       "c.opened_ms, c.updated_ms, c.version"
		       " FROM campaigns c LEFT JOIN actors a ON a.id = c.actor_id"
		       " WHERE ($1 = 0 OR c.id = $1) AND c.id < $2 ORDER BY c.id DESC LIMIT $3"),
		HK_ARGS(hk_v_int(id), below(before), hk_v_int(limit)), error);
}

hk_rows *
hk_read_views(hk_db *db, int64_t user, GError **error)
{
	return hk_db_query(db,
		HK_SQL("SELECT id, user_id, name, query, sort, columns, position FROM views"
		       " WHERE deleted_ms IS NULL AND (user_id IS NULL OR user_id = $1) ORDER BY "
		       "position, id LIMIT 200"),
		HK_ARGS(hk_v_int(user)), error);
}

hk_rows *
hk_read_workers(hk_db *db, GError **error)
{
	return hk_db_query(db,
		HK_SQL("SELECT name, role, started_ms, seen_ms, data FROM workers ORDER BY role, "
		       "name"),
		HK_NO_ARGS, error);
}

hk_rows *
hk_read_job_counts(hk_db *db, GError **error)
{
	return hk_db_query(db,
		HK_SQL("SELECT stage, state, COUNT(*) FROM jobs WHERE state <> 'done' GROUP BY "
		       "stage, state ORDER BY stage, state"),
		HK_NO_ARGS, error);
}

hk_rows *
hk_read_jobs(hk_db *db, const char *state, int64_t before, int64_t limit, GError **error)
{
	return hk_db_query(db,
		HK_SQL("SELECT id, stage, key, state, case_id, due_ms, owner, attempts, error, "
		       "made_ms FROM jobs"
		       " WHERE state = $1 AND id < $2 ORDER BY id DESC LIMIT $3"),
		HK_ARGS(hk_v_str(state), below(before), hk_v_int(limit)), error);
}

hk_rows *
hk_read_targets(hk_db *db, GError **error)
{
	return hk_db_query(db,
		HK_SQL("SELECT key, name, name_en, own, services, domains FROM targets "
		       "WHERE state = 'active' ORDER BY id"),
		HK_NO_ARGS, error);
}

hk_rows *
hk_read_sources(hk_db *db, GError **error)
{
	return hk_db_query(db,
		HK_SQL("SELECT key, name, kind, state, trust, health FROM sources ORDER BY key"),
		HK_NO_ARGS, error);
}

hk_rows *
hk_read_logs(hk_db *db, GError **error)
{
	return hk_db_query(db,
		HK_SQL("SELECT name, status, verified, head_ms, why, health FROM ct_logs ORDER BY "
		       "name, log_id"),
		HK_NO_ARGS, error);
}

hk_rows *
hk_read_audit(hk_db *db, const char *object, const char *who, int64_t before, int64_t limit,
	GError **error)
{
	return hk_db_query(db,
		HK_SQL("SELECT seq, at_ms, who, via, address, act, object, object_id, case_id, "
		       "data FROM events"
		       " WHERE seq < $1 AND ($2 = '' OR object = $2) AND ($3 = '' OR who = $3) "
		       "ORDER BY seq DESC LIMIT $4"),
		HK_ARGS(below(before), hk_v_str(object), hk_v_str(who), hk_v_int(limit)), error);
}

bool
hk_read_database(hk_db *db, char **ret_version, int64_t *ret_bytes, GError **error)
{
	g_autoptr(hk_sqlb) b = hk_sqlb_new(db);
	bool found;

	hk_sqlb_both(b,
		HK_SQL("SELECT sqlite_version(), (SELECT page_count FROM pragma_page_count) * "
		       "(SELECT page_size FROM pragma_page_size)"),
		HK_SQL("SELECT current_setting('server_version'), "
		       "pg_database_size(current_database())"));
	g_autoptr(hk_rows) rows = hk_sqlb_query(b, db, error);
	if (!hk_rows_one(rows, &found, error)) {
		return false;
	}
	if (!found) {
		return hk_error_set(error, HK_EINTERNAL, "the engine does not say its version");
	}
	*ret_version = g_strdup(hk_rows_str(rows, 0));
	*ret_bytes = hk_rows_int(rows, 1);
	return true;
}

/* The first row of a query for two numbers, which always has one. */
static bool
two_numbers(hk_rows *taken, int64_t *ret_first, int64_t *ret_second, GError **error)
{
	g_autoptr(hk_rows) rows = taken;
	bool found;

	if (!hk_rows_one(rows, &found, error)) {
		return false;
	}
	if (!found) {
		return hk_error_set(error, HK_EINTERNAL, "an aggregate without a row");
	}
	*ret_first = hk_rows_int(rows, 0);
	*ret_second = hk_rows_int(rows, 1);
	return true;
}

bool
hk_read_clock(hk_db *db, int64_t *ret_ms, int64_t *ret_newest_ms, GError **error)
{
	g_autoptr(hk_sqlb) b = hk_sqlb_new(db);

	hk_sqlb_both(b,
		HK_SQL("SELECT CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER), "),
		HK_SQL("SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT), "));
	hk_sqlb_add(b, HK_SQL("COALESCE((SELECT at_ms FROM events ORDER BY seq DESC LIMIT 1), 0)"));
	return two_numbers(hk_sqlb_query(b, db, error), ret_ms, ret_newest_ms, error);
}
