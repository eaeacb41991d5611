#include "store/live.h"

#include "store/lookup.h"

bool
hk_live_events(
	hk_db *db, int64_t after, int64_t limit, hk_live_event_fn fn, void *user, GError **error)
{
	GError *why = NULL;
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT seq, at_ms, who, act, object, object_id, case_id FROM events WHERE "
		       "seq "
		       "> $1 ORDER BY seq LIMIT $2"),
		HK_ARGS(hk_v_int(after), hk_v_int(limit)), error);

	if (!rows) {
		return false;
	}
	while (hk_rows_next(rows, &why)) {
		hk_live_event event = {.seq = hk_rows_int(rows, 0),
			.at_ms = hk_rows_int(rows, 1),
			.who = hk_rows_str(rows, 2),
			.act = hk_rows_str(rows, 3),
			.object = hk_rows_str(rows, 4),
			.object_id = hk_rows_int(rows, 5),
			.case_id = hk_rows_int(rows, 6)};
		fn(user, &event);
	}
	if (why) {
		g_propagate_error(error, why);
		return false;
	}
	return true;
}

bool
hk_live_last(hk_db *db, int64_t *ret, GError **error)
{
	return hk_db_int(
		db, HK_SQL("SELECT coalesce(max(seq), 0) FROM events"), HK_NO_ARGS, ret, error);
}

bool
hk_live_intakes(hk_db *db, int64_t since_ms, hk_live_intake_fn fn, void *user, GError **error)
{
	GError *why = NULL;
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT id, user_id, state, line, lines, opened, attached, routed, refused "
		       "FROM "
		       "intakes WHERE state IN ('waiting', 'running') OR done_ms >= $1 ORDER BY id "
		       "DESC LIMIT 100"),
		HK_ARGS(hk_v_int(since_ms)), error);

	if (!rows) {
		return false;
	}
	while (hk_rows_next(rows, &why)) {
		hk_live_intake intake = {.id = hk_rows_int(rows, 0),
			.user_id = hk_rows_int(rows, 1),
			.state = hk_rows_str(rows, 2),
			.line = hk_rows_int(rows, 3),
			.lines = hk_rows_int(rows, 4),
			.opened = hk_rows_int(rows, 5),
			.attached = hk_rows_int(rows, 6),
			.routed = hk_rows_int(rows, 7),
			.refused = hk_rows_int(rows, 8)};
		fn(user, &intake);
	}
	if (why) {
		g_propagate_error(error, why);
		return false;
	}
	return true;
}

bool
hk_live_holds(hk_db *db, int64_t token, const char *csrf, int64_t now_ms, int64_t idle_ms,
	bool *ret, GError **error)
{
	g_autoptr(hk_rows) rows =
		token != 0
			? hk_db_query(db,
				  HK_SQL("SELECT 1 FROM tokens t JOIN users u ON u.id = t.user_id "
					 "WHERE t.id = $1 AND t.revoked_ms IS NULL AND "
					 "t.expires_ms > $2 AND u.state = 'active'"),
				  HK_ARGS(hk_v_int(token), hk_v_int(now_ms)), error)
			: hk_db_query(db,
				  HK_SQL("SELECT 1 FROM sessions s JOIN users u ON u.id = "
					 "s.user_id WHERE s.csrf = $1 AND s.ends_ms > $2 AND "
					 "s.seen_ms > $3 AND u.state = 'active' LIMIT 1"),
				  HK_ARGS(hk_v_str(csrf), hk_v_int(now_ms),
					  hk_v_int(now_ms - idle_ms)),
				  error);

	return hk_rows_one(rows, ret, error);
}
