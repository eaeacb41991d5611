#include "store/merges.h"

#include <string.h>

#include "base/codec.h"
#include "store/lookup.h"
#include "sys/gerr.h"

#define ALL(table)                                                                                 \
	{                                                                                          \
		"UPDATE " table " SET case_id = $2 WHERE case_id = $1 RETURNING id"                \
	}
#define ONE(table)                                                                                 \
	{                                                                                          \
		"UPDATE " table " SET case_id = $3 WHERE id = $1 AND case_id = $2"                 \
	}
#define AT(table)                                                                                  \
	{                                                                                          \
		"SELECT COALESCE(case_id, 0) FROM " table " WHERE id = $1"                         \
	}
#define UNLESS_THERE(place)                                                                        \
	" AND NOT EXISTS (SELECT 1 FROM case_urls o WHERE o.case_id = " place                      \
	" AND o.hash = case_urls.hash)"
/* schema/0007_reports.sql, reports_once. */
#define SAME_TOLD(a, b)                                                                            \
	a ".channel = " b ".channel AND " a ".recipient = " b ".recipient AND " a ".step = " b     \
	  ".step AND " a ".round = " b ".round AND " a ".state <> 'dropped' AND " b                \
	  ".state <> 'dropped' AND " a ".step <> 'followup'"
#define UNLESS_TOLD(place)                                                                         \
	" AND NOT EXISTS (SELECT 1 FROM reports o WHERE o.case_id = " place                        \
	" AND " SAME_TOLD("o", "reports") ")"

static const struct {
	hk_sql all, one, at;
} moves[HK_MOVING_COUNT] = {
	[HK_MOVING_URLS] = {{"UPDATE case_urls SET case_id = $2 WHERE case_id = $1" UNLESS_THERE(
				    "$2") " RETURNING id"},
		{"UPDATE case_urls SET case_id = $3 WHERE id = $1 AND case_id = $2" UNLESS_THERE(
			"$3")},
		AT("case_urls")},
	[HK_MOVING_COMMENTS] = {ALL("comments"), ONE("comments"), AT("comments")},
	[HK_MOVING_TASKS] = {ALL("tasks"), ONE("tasks"), AT("tasks")},
	[HK_MOVING_ATTACHMENTS] = {ALL("attachments"), ONE("attachments"), AT("attachments")},
	[HK_MOVING_SIGHTINGS] = {ALL("sightings"), ONE("sightings"), AT("sightings")},
	[HK_MOVING_RUNS] = {ALL("runs"), ONE("runs"), AT("runs")},
	[HK_MOVING_REPORTS] = {{"UPDATE reports SET case_id = $2 WHERE case_id = $1" UNLESS_TOLD(
				       "$2") " RETURNING id"},
		{"UPDATE reports SET case_id = $3 WHERE id = $1 AND case_id = $2" UNLESS_TOLD(
			"$3")},
		AT("reports")},
};

static int
compare_ids(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static bool
all_ids(hk_rows *rows, GArray **ret, GError **error)
{
	g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(int64_t));
	GError *inner = NULL;

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
	g_array_sort(list, compare_ids);
	*ret = g_steal_pointer(&list);
	return true;
}

bool
hk_moving_all(hk_db *db, hk_moving what, int64_t from, int64_t into, GArray **ret, GError **error)
{
	g_autoptr(hk_rows) rows =
		hk_db_query(db, moves[what].all, HK_ARGS(hk_v_int(from), hk_v_int(into)), error);

	return all_ids(rows, ret, error);
}

bool
hk_moving_one(hk_db *db, hk_moving what, int64_t id, int64_t from, int64_t into, bool *ret,
	GError **error)
{
	int64_t n = 0;
	bool good = hk_db_exec(db, moves[what].one,
		HK_ARGS(hk_v_int(id), hk_v_int(from), hk_v_int(into)), &n, error);

	*ret = n == 1;
	return good;
}

bool
hk_moving_at(hk_db *db, hk_moving what, int64_t id, int64_t *ret_case, GError **error)
{
	g_autoptr(hk_rows) rows = hk_db_query(db, moves[what].at, HK_ARGS(hk_v_int(id)), error);
	bool found;

	if (!hk_rows_one(rows, &found, error)) {
		return false;
	}
	*ret_case = found ? hk_rows_int(rows, 0) : 0;
	return true;
}

static int
compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool
all_texts(hk_rows *rows, GPtrArray **ret, GError **error)
{
	g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(g_free);
	GError *inner = NULL;

	if (!rows) {
		return false;
	}
	while (hk_rows_next(rows, &inner)) {
		g_ptr_array_add(list, g_strdup(hk_rows_str(rows, 0)));
	}
	if (inner) {
		g_propagate_error(error, inner);
		return false;
	}
	g_ptr_array_sort(list, compare_texts);
	*ret = g_steal_pointer(&list);
	return true;
}

bool
hk_moving_labels(hk_db *db, int64_t from, int64_t into, GPtrArray **ret, GError **error)
{
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("UPDATE labels SET case_id = $2 WHERE case_id = $1 AND NOT EXISTS "
		       "(SELECT 1 FROM labels o WHERE o.case_id = $2 AND o.label = labels.label) "
		       "RETURNING label"),
		HK_ARGS(hk_v_int(from), hk_v_int(into)), error);

	return all_texts(rows, ret, error);
}

bool
hk_reports_clashes(hk_db *db, int64_t from, int64_t into, GArray **ret, GError **error)
{
	g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(hk_report_clash));
	GError *inner = NULL;
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT a.id, b.id FROM reports a JOIN reports b ON " SAME_TOLD(
			"a", "b") " WHERE a.case_id = $1 AND b.case_id = $2 ORDER BY a.id, b.id"),
		HK_ARGS(hk_v_int(from), hk_v_int(into)), error);

	if (!rows) {
		return false;
	}
	while (hk_rows_next(rows, &inner)) {
		hk_report_clash clash = {
			.from = hk_rows_int(rows, 0), .into = hk_rows_int(rows, 1)};
		g_array_append_val(list, clash);
	}
	if (inner) {
		g_propagate_error(error, inner);
		return false;
	}
	*ret = g_steal_pointer(&list);
	return true;
}

#define PLACE "RETURNING CAST(report_id AS TEXT) || ' ' || CAST(position AS TEXT)"

bool
hk_moving_sites(hk_db *db, int64_t from, int64_t into, GPtrArray **ret, GError **error)
{
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("UPDATE report_sites SET case_id = $2 WHERE case_id = $1 " PLACE),
		HK_ARGS(hk_v_int(from), hk_v_int(into)), error);

	return all_texts(rows, ret, error);
}

bool
hk_moving_sites_of(
	hk_db *db, const char *url, int64_t from, int64_t into, GPtrArray **ret, GError **error)
{
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("UPDATE report_sites SET case_id = $3 WHERE case_id = $2 AND url = "
		       "$1 " PLACE),
		HK_ARGS(hk_v_str(url), hk_v_int(from), hk_v_int(into)), error);

	return all_texts(rows, ret, error);
}

bool
hk_moving_site(
	hk_db *db, int64_t report_id, int64_t position, int64_t from, int64_t into, GError **error)
{
	return hk_db_exec(db,
		HK_SQL("UPDATE report_sites SET case_id = $4 WHERE report_id = $1 AND position = "
		       "$2 "
		       "AND case_id = $3"),
		HK_ARGS(hk_v_int(report_id), hk_v_int(position), hk_v_int(from), hk_v_int(into)),
		NULL, error);
}

bool
hk_moving_keys(hk_db *db, int64_t from, int64_t into, GPtrArray **ret, GError **error)
{
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("UPDATE case_keys SET case_id = $2 WHERE case_id = $1 AND NOT EXISTS "
		       "(SELECT 1 FROM case_keys o WHERE o.case_id = $2 AND o.kind = "
		       "case_keys.kind "
		       "AND o.key = case_keys.key) RETURNING kind || ' ' || key"),
		HK_ARGS(hk_v_int(from), hk_v_int(into)), error);

	return all_texts(rows, ret, error);
}

bool
hk_moving_label(hk_db *db, const char *label, int64_t from, int64_t into, GError **error)
{
	return hk_db_exec(db,
		HK_SQL("UPDATE labels SET case_id = $3 WHERE case_id = $2 AND label = $1 AND NOT "
		       "EXISTS "
		       "(SELECT 1 FROM labels o WHERE o.case_id = $3 AND o.label = $1)"),
		HK_ARGS(hk_v_str(label), hk_v_int(from), hk_v_int(into)), NULL, error);
}

bool
hk_moving_key_drop(hk_db *db, const char *kind, const char *key, int64_t case_id, GError **error)
{
	return hk_db_exec(db,
		HK_SQL("DELETE FROM case_keys WHERE kind = $1 AND key = $2 AND case_id = $3"),
		HK_ARGS(hk_v_str(kind), hk_v_str(key), hk_v_int(case_id)), NULL, error);
}

bool
hk_moving_key(hk_db *db, const char *kind, const char *key, int64_t from, int64_t into, bool *ret,
	GError **error)
{
	int64_t n = 0;

	if (!hk_db_exec(db,
		    HK_SQL("UPDATE case_keys SET case_id = $4 WHERE kind = $1 AND key = $2 AND "
			   "case_id = $3 AND NOT EXISTS (SELECT 1 FROM case_keys o "
			   "WHERE o.case_id = $4 AND o.kind = $1 AND o.key = $2)"),
		    HK_ARGS(hk_v_str(kind), hk_v_str(key), hk_v_int(from), hk_v_int(into)), &n,
		    error)) {
		return false;
	}
	*ret = n == 1;
	return n == 1 || hk_moving_key_drop(db, kind, key, from, error);
}

bool
hk_urls_hosts(hk_db *db, int64_t case_id, const char *host, int64_t *ret, GError **error)
{
	return hk_db_int(db,
		HK_SQL("SELECT COUNT(*) FROM case_urls WHERE case_id = $1 AND host = $2"),
		HK_ARGS(hk_v_int(case_id), hk_v_str(host)), ret, error);
}

bool
hk_urls_count(hk_db *db, int64_t case_id, int64_t *ret, GError **error)
{
	return hk_db_int(db, HK_SQL("SELECT COUNT(*) FROM case_urls WHERE case_id = $1"),
		HK_ARGS(hk_v_int(case_id)), ret, error);
}

bool
hk_urls_first(hk_db *db, int64_t case_id, char **ret_url, char **ret_host, GError **error)
{
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT url, host FROM case_urls WHERE case_id = $1 ORDER BY id LIMIT 1"),
		HK_ARGS(hk_v_int(case_id)), error);
	bool found;

	if (!hk_rows_one(rows, &found, error)) {
		return false;
	}
	*ret_url = found ? g_strdup(hk_rows_str(rows, 0)) : NULL;
	*ret_host = found ? g_strdup(hk_rows_str(rows, 1)) : NULL;
	return true;
}

bool
hk_urls_get(
	hk_db *db, int64_t id, int64_t case_id, char **ret_host, char **ret_hash, GError **error)
{
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT host, hash FROM case_urls WHERE id = $1 AND case_id = $2"),
		HK_ARGS(hk_v_int(id), hk_v_int(case_id)), error);
	bool found;

	if (!hk_rows_one(rows, &found, error)) {
		return false;
	}
	if (!found) {
		return hk_error_set(error, HK_ENOENT,
			"urls: case %" G_GINT64_FORMAT " has no URL %" G_GINT64_FORMAT, case_id,
			id);
	}
	hk_span hash = hk_rows_blob(rows, 1);
	*ret_host = g_strdup(hk_rows_str(rows, 0));
	*ret_hash = g_malloc(2 * hash.len + 1);
	hk_hex_encode(hash, *ret_hash);
	return true;
}

bool
hk_urls_has(hk_db *db, int64_t case_id, const uint8_t hash[32], bool *ret, GError **error)
{
	g_autoptr(hk_rows) rows =
		hk_db_query(db, HK_SQL("SELECT 1 FROM case_urls WHERE case_id = $1 AND hash = $2"),
			HK_ARGS(hk_v_int(case_id), hk_v_blob(hk_span_of(hash, 32))), error);

	return hk_rows_one(rows, ret, error);
}

bool
hk_case_keys_has(
	hk_db *db, int64_t case_id, const char *kind, const char *key, bool *ret, GError **error)
{
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT 1 FROM case_keys WHERE kind = $1 AND key = $2 AND case_id = $3"),
		HK_ARGS(hk_v_str(kind), hk_v_str(key), hk_v_int(case_id)), error);

	return hk_rows_one(rows, ret, error);
}

bool
hk_urls_text(hk_db *db, int64_t id, char **ret_url, char **ret_host, GError **error)
{
	g_autoptr(hk_rows) rows =
		hk_db_query(db, HK_SQL("SELECT url, host FROM case_urls WHERE id = $1"),
			HK_ARGS(hk_v_int(id)), error);
	bool found;

	if (!hk_rows_one(rows, &found, error)) {
		return false;
	}
	if (!found) {
		return hk_error_set(
			error, HK_ENOENT, "urls: there is no URL %" G_GINT64_FORMAT, id);
	}
	*ret_url = g_strdup(hk_rows_str(rows, 0));
	*ret_host = g_strdup(hk_rows_str(rows, 1));
	return true;
}

bool
hk_case_bare(hk_db *db, int64_t case_id, bool *ret, GError **error)
{
	int64_t n;

	if (!hk_db_int(db,
		    HK_SQL("SELECT (SELECT COUNT(*) FROM case_urls WHERE case_id = $1) + "
			   "(SELECT COUNT(*) FROM comments WHERE case_id = $1) + "
			   "(SELECT COUNT(*) FROM tasks WHERE case_id = $1) + "
			   "(SELECT COUNT(*) FROM attachments WHERE case_id = $1) + "
			   "(SELECT COUNT(*) FROM sightings WHERE case_id = $1) + "
			   "(SELECT COUNT(*) FROM runs WHERE case_id = $1) + "
			   "(SELECT COUNT(*) FROM reports WHERE case_id = $1) + "
			   "(SELECT COUNT(*) FROM report_sites WHERE case_id = $1) + "
			   "(SELECT COUNT(*) FROM labels WHERE case_id = $1)"),
		    HK_ARGS(hk_v_int(case_id)), &n, error)) {
		return false;
	}
	*ret = n == 0;
	return true;
}

void
hk_merge_row_clear(hk_merge_row *row)
{
	g_clear_pointer(&row->act, g_free);
	g_clear_pointer(&row->moved, g_free);
}

static void
merge_row_free(gpointer data)
{
	hk_merge_row_clear(data);
	g_free(data);
}

#define MERGE_COLUMNS "id, from_case, into_case, act, moved, undone_ms"

static void
fill(const hk_rows *rows, hk_merge_row *ret)
{
	*ret = (hk_merge_row){.id = hk_rows_int(rows, 0),
		.from_case = hk_rows_int(rows, 1),
		.into_case = hk_rows_int(rows, 2),
		.act = g_strdup(hk_rows_str(rows, 3)),
		.moved = g_strdup(hk_rows_str(rows, 4)),
		.undone = !hk_rows_is_null(rows, 5)};
}

bool
hk_merges_add(hk_db *db, const hk_merge_row *row, int64_t at_ms, int64_t *ret_id, GError **error)
{
	return hk_db_int(db,
		HK_SQL("INSERT INTO merges (act, from_case, into_case, moved, at_ms) "
		       "VALUES ($1, $2, $3, $4, $5) RETURNING id"),
		HK_ARGS(hk_v_str(row->act), hk_v_int(row->from_case), hk_v_int(row->into_case),
			hk_v_str(row->moved), hk_v_int(at_ms)),
		ret_id, error);
}

bool
hk_merges_get(hk_db *db, int64_t id, hk_merge_row *ret, GError **error)
{
	g_autoptr(hk_rows) rows =
		hk_db_query(db, HK_SQL("SELECT " MERGE_COLUMNS " FROM merges WHERE id = $1"),
			HK_ARGS(hk_v_int(id)), error);

	if (!hk_rows_the(rows, "merge", id, error)) {
		return false;
	}
	fill(rows, ret);
	return true;
}

bool
hk_merges_undone(hk_db *db, int64_t id, int64_t at_ms, GError **error)
{
	return hk_db_exec(db, HK_SQL("UPDATE merges SET undone_ms = $2 WHERE id = $1"),
		HK_ARGS(hk_v_int(id), hk_v_int(at_ms)), NULL, error);
}

bool
hk_merges_remember(hk_db *db, int64_t id, const char *moved, GError **error)
{
	return hk_db_exec(db, HK_SQL("UPDATE merges SET moved = $2 WHERE id = $1"),
		HK_ARGS(hk_v_int(id), hk_v_str(moved)), NULL, error);
}

static bool
all_merges(hk_rows *rows, GPtrArray **ret, GError **error)
{
	g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(merge_row_free);
	GError *inner = NULL;

	if (!rows) {
		return false;
	}
	while (hk_rows_next(rows, &inner)) {
		hk_merge_row *row = g_new0(hk_merge_row, 1);
		fill(rows, row);
		g_ptr_array_add(list, row);
	}
	if (inner) {
		g_propagate_error(error, inner);
		return false;
	}
	*ret = g_steal_pointer(&list);
	return true;
}

bool
hk_merges_into(hk_db *db, int64_t case_id, GPtrArray **ret, GError **error)
{
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT " MERGE_COLUMNS
		       " FROM merges WHERE into_case = $1 AND act = 'merge' "
		       "AND undone_ms IS NULL ORDER BY id"),
		HK_ARGS(hk_v_int(case_id)), error);

	return all_merges(rows, ret, error);
}

bool
hk_merges_later(hk_db *db, int64_t id, int64_t case_id, GPtrArray **ret, GError **error)
{
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT " MERGE_COLUMNS " FROM merges WHERE from_case = $2 AND id > $1 "
		       "AND undone_ms IS NULL ORDER BY id"),
		HK_ARGS(hk_v_int(id), hk_v_int(case_id)), error);

	return all_merges(rows, ret, error);
}
