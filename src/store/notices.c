#include "store/notices.h"

#include "store/lookup.h"

void
hk_notice_row_clear(hk_notice_row *row)
{
	g_clear_pointer(&row->chat, g_free);
	g_clear_pointer(&row->event, g_free);
	g_clear_pointer(&row->body, g_free);
	row->id = 0;
}

bool
hk_notices_add(hk_db *db, const hk_notice_row *row, int64_t *ret_id, GError **error)
{
	return hk_db_int(db,
		HK_SQL("INSERT INTO notices (chat, event, case_id, report_id, body, at_ms) "
		       "VALUES ($1, $2, $3, $4, $5, $6) RETURNING id"),
		HK_ARGS(hk_v_str(row->chat), hk_v_str(row->event), hk_v_id(row->case_id),
			hk_v_id(row->report_id), hk_v_str(row->body), hk_v_int(row->at_ms)),
		ret_id, error);
}

static void
fill(const hk_rows *rows, hk_notice_row *ret)
{
	ret->id = hk_rows_int(rows, 0);
	ret->chat = g_strdup(hk_rows_str(rows, 1));
	ret->event = g_strdup(hk_rows_str(rows, 2));
	ret->case_id = hk_rows_int(rows, 3);
	ret->report_id = hk_rows_int(rows, 4);
	ret->body = g_strdup(hk_rows_str(rows, 5));
	ret->at_ms = hk_rows_int(rows, 6);
}

#define COLUMNS "id, chat, event, case_id, report_id, body, at_ms"

bool
hk_notices_get(hk_db *db, int64_t id, hk_notice_row *ret, bool *ret_waiting, GError **error)
{
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT " COLUMNS ", CASE WHEN state = 'waiting' THEN 1 ELSE 0 END "
		       "FROM notices WHERE id = $1"),
		HK_ARGS(hk_v_int(id)), error);
	bool found;

	*ret = (hk_notice_row){0};
	*ret_waiting = false;
	if (!hk_rows_one(rows, &found, error)) {
		return false;
	}
	if (found) {
		fill(rows, ret);
		*ret_waiting = hk_rows_int(rows, 7) == 1;
	}
	return true;
}

bool
hk_notices_next(
	hk_db *db, const char *chat, hk_notice_row *ret, int64_t *ret_waiting, GError **error)
{
	bool found;

	*ret = (hk_notice_row){0};
	if (!hk_db_int(db,
		    HK_SQL("SELECT COUNT(*) FROM notices WHERE chat = $1 AND state = 'waiting'"),
		    HK_ARGS(hk_v_str(chat)), ret_waiting, error)) {
		return false;
	}
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT " COLUMNS " FROM notices WHERE chat = $1 AND state = 'waiting' "
		       "ORDER BY id LIMIT 1"),
		HK_ARGS(hk_v_str(chat)), error);
	if (!hk_rows_one(rows, &found, error)) {
		return false;
	}
	if (found) {
		fill(rows, ret);
	}
	return true;
}

bool
hk_notices_end(hk_db *db, int64_t id, const char *state, const char *why, int64_t now_ms, bool *ret,
	GError **error)
{
	int64_t changed = 0;

	if (!hk_db_exec(db,
		    HK_SQL("UPDATE notices SET state = $2, why = $3, sent_ms = CASE WHEN $2 = "
			   "'sent' THEN CAST($4 AS BIGINT) END WHERE id = $1 AND state = "
			   "'waiting'"),
		    HK_ARGS(hk_v_int(id), hk_v_str(state), hk_v_str(why), hk_v_int(now_ms)),
		    &changed, error)) {
		return false;
	}
	*ret = changed == 1;
	return true;
}

bool
hk_notices_drop(hk_db *db, int64_t id, bool *ret, GError **error)
{
	int64_t changed = 0;

	if (!hk_db_exec(db,
		    HK_SQL("DELETE FROM notices WHERE id = $1 AND chat = '' AND state = "
			   "'waiting'"),
		    HK_ARGS(hk_v_int(id)), &changed, error)) {
		return false;
	}
	*ret = changed == 1;
	return true;
}

bool
hk_notices_forget(hk_db *db, int64_t before_ms, GError **error)
{
	/* One that is folded and not told yet is still to be counted. */
	return hk_db_exec(db,
		HK_SQL("DELETE FROM notices WHERE at_ms < $1 AND (state IN ('sent', 'failed') OR "
		       "(state = 'folded' AND sent_ms IS NOT NULL))"),
		HK_ARGS(hk_v_int(before_ms)), NULL, error);
}

/* The first row of a question, or none. */
static bool
is_any(hk_rows *asked, bool *ret, GError **error)
{
	g_autoptr(hk_rows) rows = asked;

	return hk_rows_one(rows, ret, error);
}

bool
hk_notices_since(hk_db *db, const char *event, int64_t since_ms, bool *ret, GError **error)
{
	return is_any(hk_db_query(db,
			      HK_SQL("SELECT id FROM notices WHERE event = $1 AND at_ms >= $2 "
				     "LIMIT 1"),
			      HK_ARGS(hk_v_str(event), hk_v_int(since_ms)), error),
		ret, error);
}

bool
hk_notices_any(hk_db *db, bool *ret, GError **error)
{
	return is_any(hk_db_query(db,
			      HK_SQL("SELECT name FROM channels WHERE name LIKE 'chat:%' LIMIT 1"),
			      HK_NO_ARGS, error),
		ret, error);
}

static bool
take_names(hk_rows *rows, GPtrArray *ret, GError **error)
{
	GError *why = NULL;

	while (rows && hk_rows_next(rows, &why)) {
		g_ptr_array_add(ret, g_strdup(hk_rows_str(rows, 0)));
	}
	if (why) {
		g_propagate_error(error, why);
	}
	return rows && !why;
}

bool
hk_notices_chats(hk_db *db, const char *const *names, GError **error)
{
	g_autoptr(GPtrArray) were = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT name FROM channels WHERE name LIKE 'chat:%'"), HK_NO_ARGS, error);

	if (!take_names(rows, were, error)) {
		return false;
	}
	for (unsigned i = 0; i < were->len; i++) {
		const char *name = were->pdata[i];
		if (!g_strv_contains(names, name + strlen("chat:")) &&
			!hk_db_exec(db, HK_SQL("DELETE FROM channels WHERE name = $1"),
				HK_ARGS(hk_v_str(name)), NULL, error)) {
			return false;
		}
	}
	for (; *names; names++) {
		g_autofree char *name = g_strconcat("chat:", *names, NULL);
		if (!hk_db_exec(db,
			    HK_SQL("INSERT INTO channels (name) VALUES ($1) ON CONFLICT (name) DO "
				   "NOTHING"),
			    HK_ARGS(hk_v_str(name)), NULL, error)) {
			return false;
		}
	}
	return true;
}

bool
hk_notices_why(hk_db *db, int64_t id, const char *why, GError **error)
{
	return hk_db_exec(db,
		HK_SQL("UPDATE notices SET why = $2 WHERE id = $1 AND state = 'waiting'"),
		HK_ARGS(hk_v_int(id), hk_v_str(why)), NULL, error);
}

bool
hk_notices_fold(hk_db *db, const char *chat, GError **error)
{
	return hk_db_exec(db,
		HK_SQL("UPDATE notices SET state = 'folded' WHERE chat = $1 AND state = "
		       "'waiting'"),
		HK_ARGS(hk_v_str(chat)), NULL, error);
}

bool
hk_notices_folded(hk_db *db, const char *chat, GArray **ret, GError **error)
{
	g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(hk_notice_count));
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT event, COUNT(*) FROM notices WHERE chat = $1 AND state = 'folded' "
		       "AND sent_ms IS NULL AND event <> 'digest' GROUP BY event ORDER BY event"),
		HK_ARGS(hk_v_str(chat)), error);
	GError *why = NULL;

	if (!rows) {
		return false;
	}
	while (hk_rows_next(rows, &why)) {
		hk_notice_count one = {.count = hk_rows_int(rows, 1)};
		g_strlcpy(one.event, hk_rows_str(rows, 0), sizeof one.event);
		g_array_append_val(list, one);
	}
	if (why) {
		g_propagate_error(error, why);
		return false;
	}
	*ret = g_steal_pointer(&list);
	return true;
}

bool
hk_notices_unfold(hk_db *db, const char *chat, int64_t digest, int64_t now_ms, GError **error)
{
	return hk_db_exec(db,
		HK_SQL("UPDATE notices SET sent_ms = $3 WHERE chat = $1 AND state = 'folded' AND "
		       "sent_ms IS NULL AND id < $2"),
		HK_ARGS(hk_v_str(chat), hk_v_int(digest), hk_v_int(now_ms)), NULL, error);
}

bool
hk_notices_fail_all(hk_db *db, const char *chat, int64_t before_ms, const char *why, GError **error)
{
	return hk_db_exec(db,
		HK_SQL("UPDATE notices SET state = 'failed', why = $3 WHERE chat = $1 AND state = "
		       "'waiting' AND at_ms < $2 AND event <> 'digest'"),
		HK_ARGS(hk_v_str(chat), hk_v_int(before_ms), hk_v_str(why)), NULL, error);
}

bool
hk_notices_free(hk_db *db, const char *chat, int64_t *ret, GError **error)
{
	bool found;
	g_autofree char *name = g_strconcat("chat:", chat, NULL);
	g_autoptr(hk_rows) rows =
		hk_db_query(db, HK_SQL("SELECT free_ms FROM channels WHERE name = $1"),
			HK_ARGS(hk_v_str(name)), error);

	if (!hk_rows_one(rows, &found, error)) {
		return false;
	}
	*ret = found ? hk_rows_int(rows, 0) : 0;
	return true;
}

bool
hk_notices_fares(hk_db *db, const char *chat, int64_t free_ms, const char *trouble, int64_t now_ms,
	GError **error)
{
	g_autofree char *name = g_strconcat("chat:", chat, NULL);

	return hk_db_exec(db,
		HK_SQL("INSERT INTO channels (name, free_ms, ok_ms, error_ms, error) VALUES ($1, "
		       "$2, $3, $4, $5) ON CONFLICT (name) DO UPDATE SET free_ms = "
		       "excluded.free_ms, ok_ms = COALESCE(excluded.ok_ms, channels.ok_ms), "
		       "error_ms = COALESCE(excluded.error_ms, channels.error_ms), "
		       "error = excluded.error"),
		HK_ARGS(hk_v_str(name), hk_v_int(free_ms), trouble ? hk_v_null() : hk_v_int(now_ms),
			trouble ? hk_v_int(now_ms) : hk_v_null(), hk_v_str(trouble)),
		NULL, error);
}

void
hk_notice_facts_clear(hk_notice_facts *facts)
{
	g_clear_pointer(&facts->url, g_free);
	g_clear_pointer(&facts->host, g_free);
	g_clear_pointer(&facts->target, g_free);
	g_clear_pointer(&facts->target_en, g_free);
	g_clear_pointer(&facts->reasons, g_free);
	g_clear_pointer(&facts->channel, g_free);
	g_clear_pointer(&facts->recipient, g_free);
	g_clear_pointer(&facts->party, g_free);
	g_clear_pointer(&facts->kind, g_free);
	g_clear_pointer(&facts->wave_landing, g_free);
}

static bool
case_facts(hk_db *db, int64_t case_id, hk_notice_facts *ret, GError **error)
{
	bool found;
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT c.id, c.url, c.host, t.name, t.name_en, c.reasons, c.score, "
		       "c.capture FROM cases c LEFT JOIN targets t ON t.id = c.target_id "
		       "WHERE c.id = $1"),
		HK_ARGS(hk_v_int(case_id)), error);

	if (!hk_rows_one(rows, &found, error)) {
		return false;
	}
	if (found) {
		ret->case_id = hk_rows_int(rows, 0);
		ret->url = g_strdup(hk_rows_str(rows, 1));
		ret->host = g_strdup(hk_rows_str(rows, 2));
		ret->target = g_strdup(hk_rows_str(rows, 3));
		ret->target_en = g_strdup(hk_rows_str(rows, 4));
		ret->reasons = g_strdup(hk_rows_str(rows, 5));
		ret->score = hk_rows_real(rows, 6);
		hk_span picture = hk_rows_blob(rows, 7);
		ret->has_picture = picture.len == sizeof ret->picture;
		if (ret->has_picture) {
			memcpy(ret->picture, picture.data, sizeof ret->picture);
		}
	}
	return true;
}

static bool
report_facts(hk_db *db, int64_t report_id, hk_notice_facts *ret, GError **error)
{
	bool found;
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT channel, recipient, name, kind FROM reports WHERE id = $1"),
		HK_ARGS(hk_v_int(report_id)), error);

	if (!hk_rows_one(rows, &found, error)) {
		return false;
	}
	if (found) {
		ret->channel = g_strdup(hk_rows_str(rows, 0));
		ret->recipient = g_strdup(hk_rows_str(rows, 1));
		ret->party = g_strdup(hk_rows_str(rows, 2));
		ret->kind = g_strdup(hk_rows_str(rows, 3));
	}
	return true;
}

bool
hk_notices_facts(
	hk_db *db, int64_t case_id, int64_t report_id, hk_notice_facts *ret, GError **error)
{
	hk_notice_facts facts = {0};

	if ((case_id != 0 && !case_facts(db, case_id, &facts, error)) ||
		(report_id != 0 && !report_facts(db, report_id, &facts, error))) {
		hk_notice_facts_clear(&facts);
		return false;
	}
	*ret = facts;
	return true;
}

bool
hk_notices_wave(hk_db *db, int64_t wave_id, hk_notice_facts *ret, int64_t *ret_case, GError **error)
{
	bool found;
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT id, numbers, landing, case_id FROM waves WHERE id = $1"),
		HK_ARGS(hk_v_int(wave_id)), error);

	if (!hk_rows_one(rows, &found, error)) {
		return false;
	}
	*ret_case = 0;
	if (found) {
		ret->wave_id = hk_rows_int(rows, 0);
		ret->wave_numbers = hk_rows_int(rows, 1);
		g_free(ret->wave_landing);
		ret->wave_landing = g_strdup(hk_rows_str(rows, 2));
		*ret_case = hk_rows_int(rows, 3);
	}
	return true;
}
