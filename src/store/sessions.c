#include "store/sessions.h"

#include <string.h>

#include "sys/gerr.h"

#define DAY_MS ((int64_t)24 * 60 * 60 * 1000)

#define COLUMNS                                                                                    \
	"hash, user_id, csrf, stage, address, agent, created_ms, seen_ms, rotated_ms, ends_ms"

void
hk_session_free(hk_session *session)
{
	if (session) {
		g_free(session->csrf);
		g_free(session->address);
		g_free(session->agent);
		g_free(session);
	}
}

static hk_session *
session_of(const hk_rows *rows)
{
	hk_session *s = g_new0(hk_session, 1);
	hk_span hash = hk_rows_blob(rows, 0);

	memcpy(s->hash, hash.data, MIN(hash.len, sizeof s->hash));
	s->user_id = hk_rows_int(rows, 1);
	s->csrf = g_strdup(hk_rows_str(rows, 2));
	s->full = strcmp(hk_rows_str(rows, 3), "full") == 0;
	s->address = g_strdup(hk_rows_str(rows, 4));
	s->agent = g_strdup(hk_rows_str(rows, 5));
	s->created_ms = hk_rows_int(rows, 6);
	s->seen_ms = hk_rows_int(rows, 7);
	s->rotated_ms = hk_rows_int(rows, 8);
	s->ends_ms = hk_rows_int(rows, 9);
	return s;
}

bool
hk_session_insert(hk_db *db, const hk_session *s, GError **error)
{
	return hk_db_exec(db,
		HK_SQL("INSERT INTO sessions (" COLUMNS
		       ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"),
		HK_ARGS(hk_v_blob(hk_span_of(s->hash, sizeof s->hash)), hk_v_int(s->user_id),
			hk_v_str(s->csrf), hk_v_str(s->full ? "full" : "totp"),
			hk_v_str(s->address), hk_v_str(s->agent), hk_v_int(s->created_ms),
			hk_v_int(s->seen_ms), hk_v_int(s->rotated_ms), hk_v_int(s->ends_ms)),
		NULL, error);
}

hk_session *
hk_session_get(hk_db *db, const uint8_t hash[32], GError **error)
{
	GError *why = NULL;
	g_autoptr(hk_rows) rows =
		hk_db_query(db, HK_SQL("SELECT " COLUMNS " FROM sessions WHERE hash = $1"),
			HK_ARGS(hk_v_blob(hk_span_of(hash, 32))), error);

	if (!rows) {
		return NULL;
	}
	if (!hk_rows_next(rows, &why)) {
		if (why) {
			g_propagate_error(error, why);
		} else {
			hk_error_set(error, HK_ENOENT, "there is no such session");
		}
		return NULL;
	}
	return session_of(rows);
}

static void
free_session(void *session)
{
	hk_session_free(session);
}

GPtrArray *
hk_sessions_of(hk_db *db, int64_t user_id, GError **error)
{
	GError *why = NULL;
	g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(free_session);
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT " COLUMNS
		       " FROM sessions WHERE user_id = $1 ORDER BY seen_ms DESC LIMIT 200"),
		HK_ARGS(hk_v_int(user_id)), error);

	if (!rows) {
		return NULL;
	}
	while (hk_rows_next(rows, &why)) {
		g_ptr_array_add(list, session_of(rows));
	}
	if (why) {
		g_propagate_error(error, why);
		return NULL;
	}
	return g_steal_pointer(&list);
}

bool
hk_session_touch(hk_db *db, const uint8_t hash[32], int64_t now_ms, GError **error)
{
	return hk_db_exec(db, HK_SQL("UPDATE sessions SET seen_ms = $1 WHERE hash = $2"),
		HK_ARGS(hk_v_int(now_ms), hk_v_blob(hk_span_of(hash, 32))), NULL, error);
}

bool
hk_session_retire(
	hk_db *db, const uint8_t hash[32], int64_t ends_ms, bool *ret_first, GError **error)
{
	int64_t changed = 0;

	/* rotated_ms lies behind every clock then: it is never due again. */
	if (!hk_db_exec(db,
		    HK_SQL("UPDATE sessions SET ends_ms = $1, rotated_ms = $3 WHERE hash = $2 AND "
			   "rotated_ms < $3"),
		    HK_ARGS(hk_v_int(ends_ms), hk_v_blob(hk_span_of(hash, 32)),
			    hk_v_int(INT64_MAX)),
		    &changed, error)) {
		return false;
	}
	*ret_first = changed > 0;
	return true;
}

bool
hk_session_end(hk_db *db, const char *csrf, GError **error)
{
	return hk_db_exec(db, HK_SQL("DELETE FROM sessions WHERE csrf = $1"),
		HK_ARGS(hk_v_str(csrf)), NULL, error);
}

bool
hk_session_end_user(hk_db *db, int64_t user_id, const char *but, GError **error)
{
	return hk_db_exec(db, HK_SQL("DELETE FROM sessions WHERE user_id = $1 AND csrf <> $2"),
		HK_ARGS(hk_v_int(user_id), hk_v_str(but ? but : "")), NULL, error);
}

bool
hk_sessions_sweep(hk_db *db, int64_t now_ms, int64_t idle_ms, GError **error)
{
	return hk_db_exec(db, HK_SQL("DELETE FROM sessions WHERE ends_ms < $1 OR seen_ms < $2"),
		       HK_ARGS(hk_v_int(now_ms), hk_v_int(now_ms - idle_ms)), NULL, error) &&
	       hk_db_exec(db, HK_SQL("DELETE FROM attempts WHERE since_ms < $1"),
		       HK_ARGS(hk_v_int(now_ms - DAY_MS)), NULL, error) &&
	       hk_db_exec(db, HK_SQL("DELETE FROM replies WHERE at_ms < $1"),
		       HK_ARGS(hk_v_int(now_ms - DAY_MS)), NULL, error);
}

bool
hk_attempt_get(hk_db *db, const char *key, hk_attempt *ret, GError **error)
{
	GError *why = NULL;
	g_autoptr(hk_rows) rows =
		hk_db_query(db, HK_SQL("SELECT count, since_ms FROM attempts WHERE key = $1"),
			HK_ARGS(hk_v_str(key)), error);

	if (!rows) {
		return false;
	}
	hk_attempt found = {0};
	if (hk_rows_next(rows, &why)) {
		found.count = hk_rows_int(rows, 0);
		found.since_ms = hk_rows_int(rows, 1);
	}
	if (why) {
		g_propagate_error(error, why);
		return false;
	}
	*ret = found;
	return true;
}

bool
hk_attempt_add(hk_db *db, const char *key, int64_t now_ms, int64_t window_ms, hk_attempt *ret,
	GError **error)
{
	int64_t count;

	if (!hk_db_int(db,
		    HK_SQL("INSERT INTO attempts (key, count, since_ms) VALUES ($1, 1, $2) ON "
			   "CONFLICT (key) DO UPDATE SET count = CASE WHEN attempts.since_ms < $3 "
			   "THEN 1 ELSE attempts.count + 1 END, since_ms = $2 RETURNING count"),
		    HK_ARGS(hk_v_str(key), hk_v_int(now_ms), hk_v_int(now_ms - window_ms)), &count,
		    error)) {
		return false;
	}
	*ret = (hk_attempt){.count = count, .since_ms = now_ms};
	return true;
}

bool
hk_attempt_clear(hk_db *db, const char *key, GError **error)
{
	return hk_db_exec(db, HK_SQL("DELETE FROM attempts WHERE key = $1"), HK_ARGS(hk_v_str(key)),
		NULL, error);
}

void
hk_kept_reply_clear(hk_kept_reply *kept)
{
	g_clear_pointer(&kept->body, g_free);
}

bool
hk_reply_claim(hk_db *db, int64_t user_id, const char *key, const uint8_t request[32],
	int64_t now_ms, bool *ret_ours, hk_kept_reply *ret_other, GError **error)
{
	int64_t made = 0;

	if (!hk_db_exec(db,
		    HK_SQL("DELETE FROM replies WHERE user_id = $1 AND key = $2 AND at_ms < $3"),
		    HK_ARGS(hk_v_int(user_id), hk_v_str(key), hk_v_int(now_ms - DAY_MS)), NULL,
		    error) ||
		!hk_db_exec(db,
			HK_SQL("INSERT INTO replies (user_id, key, request, status, body, at_ms) "
			       "VALUES "
			       "($1, $2, $3, 0, '', $4) ON CONFLICT (user_id, key) DO NOTHING"),
			HK_ARGS(hk_v_int(user_id), hk_v_str(key),
				hk_v_blob(hk_span_of(request, 32)), hk_v_int(now_ms)),
			&made, error)) {
		return false;
	}
	if (made > 0) {
		*ret_ours = true;
		return true;
	}
	GError *why = NULL;
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT request, status, body, at_ms FROM replies WHERE user_id = $1 AND "
		       "key "
		       "= $2"),
		HK_ARGS(hk_v_int(user_id), hk_v_str(key)), error);
	if (!rows) {
		return false;
	}
	if (!hk_rows_next(rows, &why)) {
		if (why) {
			g_propagate_error(error, why);
			return false;
		}
		return hk_error_set(error, HK_EAGAIN, "the key's first request has just failed");
	}
	hk_span hash = hk_rows_blob(rows, 0);
	*ret_ours = false;
	*ret_other = (hk_kept_reply){.status = (int)hk_rows_int(rows, 1),
		.body = g_strdup(hk_rows_str(rows, 2)),
		.at_ms = hk_rows_int(rows, 3)};
	memcpy(ret_other->request, hash.data, MIN(hash.len, sizeof ret_other->request));
	return true;
}

bool
hk_reply_keep(
	hk_db *db, int64_t user_id, const char *key, int status, const char *body, GError **error)
{
	return hk_db_exec(db,
		HK_SQL("UPDATE replies SET status = $1, body = $2 WHERE user_id = $3 AND key = $4"),
		HK_ARGS(hk_v_int(status), hk_v_str(body), hk_v_int(user_id), hk_v_str(key)), NULL,
		error);
}

bool
hk_reply_drop(hk_db *db, int64_t user_id, const char *key, GError **error)
{
	return hk_db_exec(db, HK_SQL("DELETE FROM replies WHERE user_id = $1 AND key = $2"),
		HK_ARGS(hk_v_int(user_id), hk_v_str(key)), NULL, error);
}
