/* Observations, and a watch with them as the API shows it. */
#include "store/watches.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"

bool
hk_observations_add(hk_db *db, int64_t case_id, int64_t at_ms, const char *state, const char *saw,
	const char *data, bool same, GError **error)
{
	return hk_db_exec(db,
		HK_SQL("INSERT INTO observations (case_id, at_ms, state, saw, data, same) VALUES "
		       "($1, $2, $3, $4, $5, $6)"),
		HK_ARGS(hk_v_int(case_id), hk_v_int(at_ms), hk_v_str(state), hk_v_str(saw),
			hk_v_str(data), hk_v_int(same)),
		NULL, error);
}

bool
hk_observations_forget(hk_db *db, int64_t now_ms, int64_t *ret_count, GError **error)
{
	return hk_db_exec(db, HK_SQL("DELETE FROM observations WHERE same = 1 AND at_ms < $1"),
		HK_ARGS(hk_v_int(now_ms - HK_OBSERVATIONS_SAME_MS)), ret_count, error);
}

static void
row_free(gpointer row)
{
	hk_watch_row_free(row);
}

bool
hk_watches_below(hk_db *db, int64_t below_id, int64_t limit, GPtrArray **ret, GError **error)
{
	g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(row_free);
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT w.case_id, w.begun_ms, w.state, w.listings, c.state, c.host, c.url "
		       "FROM watches w JOIN cases c ON c.id = w.case_id WHERE w.due_ms IS NOT NULL "
		       "AND w.case_id < $1 AND c.deleted_ms IS NULL AND c.state IN ('confirmed', "
		       "'reported', 'resurrected', 'down') ORDER BY w.case_id DESC LIMIT $2"),
		HK_ARGS(hk_v_int(below_id > 0 ? below_id : INT64_MAX), hk_v_int(limit)), error);
	GError *inner = NULL;

	while (rows && hk_rows_next(rows, &inner)) {
		hk_watch_row *w = g_new0(hk_watch_row, 1);
		*w = (hk_watch_row){.case_id = hk_rows_int(rows, 0),
			.begun_ms = hk_rows_int(rows, 1),
			.state = g_strdup(hk_rows_str(rows, 2)),
			.listings = g_strdup(hk_rows_str(rows, 3)),
			.case_state = g_strdup(hk_rows_str(rows, 4)),
			.host = g_strdup(hk_rows_str(rows, 5)),
			.url = g_strdup(hk_rows_str(rows, 6))};
		g_ptr_array_add(list, w);
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

static void
put_time(GString *out, const char *key, int64_t ms)
{
	hk_jsonw_key(out, key);
	if (ms == 0) {
		hk_jsonw_null(out);
	} else {
		char text[HK_CLOCK_TEXT_SIZE];
		hk_jsonw_str(out, hk_clock_format(ms, text));
	}
}

/* What we wrote as JSON, as it is. */
static void
put_raw(GString *out, const char *key, const char *json)
{
	hk_jsonw_key(out, key);
	g_string_append(out, json);
}

static void
put_watch(const hk_watch_row *w, GString *out)
{
	hk_jsonw_member_str(out, "state", w->state);
	put_time(out, "since", w->since_ms);
	put_time(out, "begun", w->begun_ms);
	put_time(out, "last", w->last_ms);
	put_time(out, "live", w->live_ms);
	put_time(out, "due", w->due_ms);
	hk_jsonw_member_str(out, "stopped", w->stopped);
	hk_jsonw_member_int(out, "checks", w->checks);
	hk_jsonw_member_int(out, "agree", w->agree);
	hk_jsonw_member_str(out, "doubt", w->agree > 0 ? w->doubt : NULL);
	put_raw(out, "visits", w->visits);
	put_raw(out, "signals", w->signals);
	put_raw(out, "listings", w->listings);
}

static bool
put_observations(hk_db *db, int64_t case_id, GString *out, GError **error)
{
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT id, at_ms, state, saw, data FROM observations WHERE case_id = $1 "
		       "AND same = 0 ORDER BY id DESC LIMIT $2"),
		HK_ARGS(hk_v_int(case_id), hk_v_int(HK_WATCHES_READ_MAX)), error);
	GError *inner = NULL;

	hk_jsonw_key(out, "history");
	hk_jsonw_open(out, '[');
	while (rows && hk_rows_next(rows, &inner)) {
		hk_jsonw_open(out, '{');
		hk_jsonw_member_int(out, "id", hk_rows_int(rows, 0));
		put_time(out, "at", hk_rows_int(rows, 1));
		hk_jsonw_member_str(out, "state", hk_rows_str(rows, 2));
		hk_jsonw_member_str(out, "saw", hk_rows_str(rows, 3));
		put_raw(out, "data", hk_rows_str(rows, 4));
		hk_jsonw_close(out, '}');
	}
	hk_jsonw_close(out, ']');
	if (inner) {
		g_propagate_error(error, inner);
	}
	return rows && !inner;
}

bool
hk_watches_read(hk_db *db, int64_t case_id, GString *out, GError **error)
{
	g_autoptr(hk_watch_row) watch = NULL;

	if (!hk_watches_get(db, case_id, &watch, error)) {
		return false;
	}
	hk_jsonw_open(out, '{');
	put_watch(watch, out);
	if (!put_observations(db, case_id, out, error)) {
		return false;
	}
	hk_jsonw_close(out, '}');
	return true;
}
