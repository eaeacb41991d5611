#include "store/case_rows.h"

#include "store/later.h"
#include "store/lookup.h"

bool
hk_case_urls_add(hk_db *db, int64_t case_id, const char *url, const uint8_t hash[32],
	const char *host, int64_t seen_ms, bool *ret_new, GError **error)
{
	hk_later *later = hk_later_of(db);
	int64_t times;

	if (later && hk_later_url(later, case_id, url, hash, host, seen_ms, ret_new)) {
		return true;
	}
	if (!hk_db_int(db,
		    HK_SQL("INSERT INTO case_urls (case_id, url, hash, host, first_ms, last_ms) "
			   "VALUES ($1, $2, $3, $4, $5, $5) ON CONFLICT (case_id, hash) DO UPDATE "
			   "SET "
			   "times = case_urls.times + 1, "
			   "first_ms = CASE WHEN excluded.first_ms < case_urls.first_ms "
			   "THEN excluded.first_ms ELSE case_urls.first_ms END, "
			   "last_ms = CASE WHEN excluded.last_ms > case_urls.last_ms "
			   "THEN excluded.last_ms ELSE case_urls.last_ms END RETURNING times"),
		    HK_ARGS(hk_v_int(case_id), hk_v_str(url), hk_v_blob(hk_span_of(hash, 32)),
			    hk_v_str(host), hk_v_int(seen_ms)),
		    &times, error)) {
		return false;
	}
	*ret_new = times == 1;
	return true;
}

bool
hk_case_urls_first(hk_db *db, int64_t case_id, const char *url, const uint8_t hash[32],
	const char *host, int64_t seen_ms, GError **error)
{
	hk_later *later = hk_later_of(db);
	bool fresh;

	if (later && hk_later_url(later, case_id, url, hash, host, seen_ms, &fresh)) {
		return true;
	}
	return hk_db_exec(db,
		HK_SQL("INSERT INTO case_urls (case_id, url, hash, host, first_ms, last_ms) "
		       "VALUES ($1, $2, $3, $4, $5, $5)"),
		HK_ARGS(hk_v_int(case_id), hk_v_str(url), hk_v_blob(hk_span_of(hash, 32)),
			hk_v_str(host), hk_v_int(seen_ms)),
		NULL, error);
}

#define KEY(kind, place) "SELECT '" kind "' AS kind, CAST(" place " AS TEXT) AS key"

/* One statement for all kinds: a round trip is what costs most on PostgreSQL. */
bool
hk_case_keys_put(
	hk_db *db, int64_t case_id, const hk_case_keys *keys, int64_t seen_ms, GError **error)
{
	hk_later *later = hk_later_of(db);

	if (later) {
		hk_later_keys(later, case_id, keys, seen_ms);
		return true;
	}
	return hk_db_exec(db,
		HK_SQL("INSERT INTO case_keys (kind, key, case_id, last_ms) "
		       "SELECT v.kind, v.key, CAST($1 AS BIGINT), CAST($2 AS BIGINT) FROM (" KEY(
			       "url", "$3") " UNION ALL " KEY("host",
			       "$4") " UNION ALL " KEY("certi"
						       "ficat"
						       "e",
			       "$5") " UNION ALL " KEY("domain", "$6") " UNION ALL " KEY("landing",
			       "$7") ") v WHERE v.key IS NOT NULL "
				     "ON CONFLICT (kind, key, case_id) DO UPDATE SET last_ms = "
				     "CASE WHEN excluded.last_ms > case_keys.last_ms "
				     "THEN excluded.last_ms ELSE case_keys.last_ms END"),
		HK_ARGS(hk_v_int(case_id), hk_v_int(seen_ms), hk_v_str(keys->url),
			hk_v_str(keys->host), hk_v_str(keys->certificate), hk_v_str(keys->domain),
			hk_v_str(keys->landing)),
		NULL, error);
}

bool
hk_case_keys_loose(hk_db *db, const char *kind, const char *key, GArray **ret, GError **error)
{
	g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(int64_t));
	hk_later *later = hk_later_of(db);
	GError *inner = NULL;

	if (later && hk_later_loose(later, kind, key, list)) {
		*ret = g_steal_pointer(&list);
		return true;
	}
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT c.id FROM case_keys k JOIN cases c ON c.id = k.case_id "
		       "WHERE k.kind = $1 AND k.key = $2 AND c.campaign_id IS NULL "
		       "AND c.deleted_ms IS NULL AND c.state <> 'duplicate' ORDER BY c.id"),
		HK_ARGS(hk_v_str(kind), hk_v_str(key)), error);

	if (!rows) {
		return false;
	}
	while (hk_rows_next(rows, &inner)) {
		int64_t id = hk_rows_int(rows, 0);
		g_array_append_val(list, id);
	}
	if (inner) {
		g_propagate_error(error, inner);
		return false;
	}
	*ret = g_steal_pointer(&list);
	return true;
}

bool
hk_comments_add(hk_db *db, int64_t case_id, int64_t user_id, int64_t at_ms, const char *text,
	int64_t *ret_id, GError **error)
{
	hk_later *later = ret_id ? NULL : hk_later_of(db);

	if (later) {
		hk_later_comment(later, case_id, user_id, at_ms, text);
		return true;
	}
	if (!ret_id) {
		return hk_db_exec(db,
			HK_SQL("INSERT INTO comments (case_id, user_id, at_ms, text) VALUES ($1, "
			       "$2, $3, $4)"),
			HK_ARGS(hk_v_int(case_id), hk_v_id(user_id), hk_v_int(at_ms),
				hk_v_str(text)),
			NULL, error);
	}
	return hk_db_int(db,
		HK_SQL("INSERT INTO comments (case_id, user_id, at_ms, text) VALUES ($1, $2, $3, "
		       "$4) "
		       "RETURNING id"),
		HK_ARGS(hk_v_int(case_id), hk_v_id(user_id), hk_v_int(at_ms), hk_v_str(text)),
		ret_id, error);
}

bool
hk_comments_get(hk_db *db, int64_t id, hk_comment_row *ret, GError **error)
{
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT case_id, user_id, text, deleted_ms FROM comments WHERE id = $1"),
		HK_ARGS(hk_v_int(id)), error);

	if (!hk_rows_the(rows, "comment", id, error)) {
		return false;
	}
	*ret = (hk_comment_row){.case_id = hk_rows_int(rows, 0),
		.user_id = hk_rows_int(rows, 1),
		.text = g_strdup(hk_rows_str(rows, 2)),
		.deleted = !hk_rows_is_null(rows, 3)};
	return true;
}

bool
hk_comments_set(hk_db *db, int64_t id, const char *text, int64_t now_ms, GError **error)
{
	return hk_db_exec(db, HK_SQL("UPDATE comments SET text = $2, edited_ms = $3 WHERE id = $1"),
		HK_ARGS(hk_v_int(id), hk_v_str(text), hk_v_int(now_ms)), NULL, error);
}

bool
hk_comments_delete(hk_db *db, int64_t id, int64_t now_ms, GError **error)
{
	return hk_db_exec(db, HK_SQL("UPDATE comments SET deleted_ms = $2 WHERE id = $1"),
		HK_ARGS(hk_v_int(id), hk_v_int(now_ms)), NULL, error);
}

/* By pointer: the count is known only after the call beside it. */
static bool
changed(bool good, const int64_t *count, bool *ret)
{
	*ret = *count > 0;
	return good;
}

bool
hk_labels_put(hk_db *db, int64_t case_id, const char *label, bool *ret, GError **error)
{
	int64_t n = 0;

	return changed(hk_db_exec(db,
			       HK_SQL("INSERT INTO labels (case_id, label) VALUES ($1, $2) "
				      "ON CONFLICT (label, case_id) DO NOTHING"),
			       HK_ARGS(hk_v_int(case_id), hk_v_str(label)), &n, error),
		&n, ret);
}

bool
hk_labels_take(hk_db *db, int64_t case_id, const char *label, bool *ret, GError **error)
{
	int64_t n = 0;

	return changed(
		hk_db_exec(db, HK_SQL("DELETE FROM labels WHERE case_id = $1 AND label = $2"),
			HK_ARGS(hk_v_int(case_id), hk_v_str(label)), &n, error),
		&n, ret);
}

bool
hk_labels_count(hk_db *db, int64_t case_id, int64_t *ret, GError **error)
{
	return hk_db_int(db, HK_SQL("SELECT COUNT(*) FROM labels WHERE case_id = $1"),
		HK_ARGS(hk_v_int(case_id)), ret, error);
}

bool
hk_links_put(hk_db *db, int64_t a, int64_t b, const char *note, int64_t now_ms, bool *ret,
	GError **error)
{
	int64_t n = 0;

	return changed(hk_db_exec(db,
			       HK_SQL("INSERT INTO links (case_a, case_b, note, at_ms) "
				      "VALUES ($1, $2, $3, $4) ON CONFLICT (case_a, case_b) "
				      "DO UPDATE SET note = excluded.note "
				      "WHERE links.note <> excluded.note"),
			       HK_ARGS(hk_v_int(MIN(a, b)), hk_v_int(MAX(a, b)), hk_v_str(note),
				       hk_v_int(now_ms)),
			       &n, error),
		&n, ret);
}

bool
hk_links_take(hk_db *db, int64_t a, int64_t b, bool *ret, GError **error)
{
	int64_t n = 0;

	return changed(hk_db_exec(db, HK_SQL("DELETE FROM links WHERE case_a = $1 AND case_b = $2"),
			       HK_ARGS(hk_v_int(MIN(a, b)), hk_v_int(MAX(a, b))), &n, error),
		&n, ret);
}

bool
hk_attachments_add(hk_db *db, int64_t case_id, const char *name, const char *type, int64_t bytes,
	const uint8_t sha256[32], int64_t user_id, int64_t at_ms, int64_t *ret_id, GError **error)
{
	return hk_db_int(db,
		HK_SQL("INSERT INTO attachments (case_id, name, type, bytes, sha256, user_id, "
		       "at_ms) "
		       "VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id"),
		HK_ARGS(hk_v_int(case_id), hk_v_str(name), hk_v_str(type), hk_v_int(bytes),
			hk_v_blob(hk_span_of(sha256, 32)), hk_v_id(user_id), hk_v_int(at_ms)),
		ret_id, error);
}

void
hk_task_row_clear(hk_task_row *row)
{
	g_clear_pointer(&row->title, g_free);
}

bool
hk_tasks_add(hk_db *db, int64_t case_id, const char *title, int64_t due_ms, int64_t *ret_id,
	GError **error)
{
	return hk_db_int(db,
		HK_SQL("INSERT INTO tasks (case_id, title, state, due_ms, position) "
		       "VALUES ($1, $2, 'open', $3, "
		       "(SELECT COALESCE(MAX(position), 0) + 1 FROM tasks WHERE case_id = $1)) "
		       "RETURNING id"),
		HK_ARGS(hk_v_int(case_id), hk_v_str(title), hk_v_id(due_ms)), ret_id, error);
}

bool
hk_tasks_get(hk_db *db, int64_t id, hk_task_row *ret, GError **error)
{
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT id, case_id, assignee_id, due_ms, done_ms, version, title, state "
		       "FROM tasks WHERE id = $1"),
		HK_ARGS(hk_v_int(id)), error);

	if (!hk_rows_the(rows, "task", id, error)) {
		return false;
	}
	*ret = (hk_task_row){.id = hk_rows_int(rows, 0),
		.case_id = hk_rows_int(rows, 1),
		.assignee_id = hk_rows_int(rows, 2),
		.due_ms = hk_rows_int(rows, 3),
		.done_ms = hk_rows_int(rows, 4),
		.version = hk_rows_int(rows, 5),
		.title = g_strdup(hk_rows_str(rows, 6)),
		.state = g_intern_string(hk_rows_str(rows, 7))};
	return true;
}

bool
hk_tasks_set(hk_db *db, const hk_task_row *row, GError **error)
{
	return hk_db_exec(db,
		HK_SQL("UPDATE tasks SET assignee_id = $2, due_ms = $3, done_ms = $4, title = $5, "
		       "state = $6, version = version + 1 WHERE id = $1"),
		HK_ARGS(hk_v_int(row->id), hk_v_id(row->assignee_id), hk_v_id(row->due_ms),
			hk_v_id(row->done_ms), hk_v_str(row->title), hk_v_str(row->state)),
		NULL, error);
}
