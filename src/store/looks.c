#include "store/looks.h"

#include "sys/gerr.h"
#include "sys/json.h"

void
hk_look_row_free(hk_look_row *row)
{
	if (row) {
		g_free(row->host);
		g_free(row->data);
		g_free(row->source);
		g_free(row->target);
		g_free(row->outcome);
		g_free(row);
	}
}

static void
row_free(gpointer row)
{
	hk_look_row_free(row);
}

bool
hk_looks_add(hk_db *db, const hk_look_seed *seed, bool *ret_new, GError **error)
{
	int64_t changed = 0;

	if (!hk_db_exec(db,
		    HK_SQL("INSERT INTO looks (host, source_id, score, target_id, data, seen_ms, "
			   "due_ms) SELECT CAST($1 AS TEXT), CAST($2 AS BIGINT), CAST($3 AS "
			   "DOUBLE PRECISION), CAST($4 AS BIGINT), CAST($5 AS TEXT), CAST($6 AS "
			   "BIGINT), CAST($7 AS BIGINT) WHERE NOT EXISTS (SELECT 1 FROM case_keys "
			   "k JOIN cases c ON c.id = k.case_id WHERE k.kind = 'host' AND k.key = "
			   "$1 AND c.deleted_ms IS NULL) ON CONFLICT DO NOTHING"),
		    HK_ARGS(hk_v_str(seed->host), hk_v_int(seed->source_id), hk_v_real(seed->score),
			    hk_v_id(seed->target_id), hk_v_str(seed->data ? seed->data : "{}"),
			    hk_v_int(seed->seen_ms), hk_v_int(seed->due_ms)),
		    &changed, error)) {
		return false;
	}
	*ret_new = changed == 1;
	return true;
}

bool
hk_looks_since(hk_db *db, int64_t ms, int64_t *ret, GError **error)
{
	return hk_db_int(db, HK_SQL("SELECT COUNT(*) FROM looks WHERE seen_ms >= $1"),
		HK_ARGS(hk_v_int(ms)), ret, error);
}

/* The row locks of PostgreSQL keep two workers off the same rows; SQLite's writers stand in line. */
static hk_rows *
lease(hk_db *db, const char *owner, int64_t now_ms, int64_t lease_ms, int64_t limit, GError **error)
{
	g_autoptr(hk_sqlb) b = hk_sqlb_new(db);

	hk_sqlb_add(b, HK_SQL("UPDATE looks SET owner = "));
	hk_sqlb_value(b, hk_v_str(owner));
	hk_sqlb_add(b, HK_SQL(", lease_ms = "));
	hk_sqlb_value(b, hk_v_int(now_ms + lease_ms));
	hk_sqlb_add(b, HK_SQL(" WHERE id IN (SELECT id FROM looks WHERE due_ms IS NOT NULL AND "
			      "due_ms <= "));
	hk_sqlb_value(b, hk_v_int(now_ms));
	hk_sqlb_add(b, HK_SQL(" AND lease_ms < "));
	hk_sqlb_value(b, hk_v_int(now_ms));
	hk_sqlb_add(b, HK_SQL(" ORDER BY due_ms, id LIMIT "));
	hk_sqlb_value(b, hk_v_int(limit));
	hk_sqlb_both(b, HK_SQL(")"), HK_SQL(" FOR UPDATE SKIP LOCKED)"));
	hk_sqlb_add(b, HK_SQL(" RETURNING id, host, source_id, score, target_id, data, seen_ms, "
			      "tries, outcome, due_ms"));
	return hk_sqlb_query(b, db, error);
}

/* A row of the list that is being made, with when it was due: UPDATE returns them in any order. */
typedef struct leased {
	int64_t due_ms;
	hk_look_row *row;
} leased;

static int
by_due(gconstpointer a, gconstpointer b)
{
	const leased *x = a, *y = b;

	if (x->due_ms != y->due_ms) {
		return x->due_ms < y->due_ms ? -1 : 1;
	}
	return (x->row->id > y->row->id) - (x->row->id < y->row->id);
}

static void
leased_clear(gpointer data)
{
	hk_look_row_free(((leased *)data)->row);
}

static bool
lease_all(hk_rows *rows, GArray *ret, GError **error)
{
	GError *inner = NULL;

	while (rows && hk_rows_next(rows, &inner)) {
		leased one = {hk_rows_int(rows, 9), g_new0(hk_look_row, 1)};
		hk_look_row *row = one.row;
		row->id = hk_rows_int(rows, 0);
		row->host = g_strdup(hk_rows_str(rows, 1));
		row->source_id = hk_rows_int(rows, 2);
		row->score = hk_rows_real(rows, 3);
		row->target_id = hk_rows_int(rows, 4);
		row->data = g_strdup(hk_rows_str(rows, 5));
		row->seen_ms = hk_rows_int(rows, 6);
		row->tries = hk_rows_int(rows, 7);
		row->outcome = g_strdup(hk_rows_str(rows, 8));
		g_array_append_val(ret, one);
	}
	if (inner) {
		g_propagate_error(error, inner);
	}
	return rows && !inner;
}

/* The word for a row of sources or targets; asked once for each of a list, of which there are few. */
static bool
key_of(hk_db *db, hk_sql sql, GHashTable *known, int64_t id, char **ret, GError **error)
{
	const char *key = g_hash_table_lookup(known, &id);

	if (id == 0 || key) {
		*ret = g_strdup(key);
		return true;
	}
	g_autoptr(hk_rows) rows = hk_db_query(db, sql, HK_ARGS(hk_v_int(id)), error);
	bool found;

	if (!hk_rows_one(rows, &found, error)) {
		return false;
	}
	*ret = found ? g_strdup(hk_rows_str(rows, 0)) : NULL;
	if (found) {
		g_hash_table_insert(known, g_memdup2(&id, sizeof id), g_strdup(*ret));
	}
	return true;
}

bool
hk_looks_claim(hk_db *db, const char *owner, int64_t now_ms, int64_t lease_ms, int64_t limit,
	GPtrArray **ret, GError **error)
{
	g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(row_free);
	g_autoptr(GArray) got = g_array_new(FALSE, FALSE, sizeof(leased));
	g_autoptr(GHashTable) sources =
		g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
	g_autoptr(GHashTable) targets =
		g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
	hk_rows *rows = lease(db, owner, now_ms, lease_ms, limit, error);

	g_array_set_clear_func(got, leased_clear);
	bool good = lease_all(rows, got, error);
	hk_rows_free(rows);
	g_array_sort(got, by_due);
	for (unsigned i = 0; good && i < got->len; i++) {
		hk_look_row *row = g_array_index(got, leased, i).row;
		good = key_of(db, HK_SQL("SELECT key FROM sources WHERE id = $1"), sources,
			       row->source_id, &row->source, error) &&
		       key_of(db, HK_SQL("SELECT name FROM targets WHERE id = $1"), targets,
			       row->target_id, &row->target, error);
		if (good) {
			g_ptr_array_add(list, row);
			g_array_index(got, leased, i).row = NULL;
		}
	}
	if (good) {
		*ret = g_steal_pointer(&list);
	}
	return good;
}

bool
hk_looks_mine(hk_db *db, int64_t id, const char *owner, bool *ret, GError **error)
{
	g_autoptr(hk_sqlb) b = hk_sqlb_new(db);

	hk_sqlb_add(b, HK_SQL("SELECT id FROM looks WHERE id = "));
	hk_sqlb_value(b, hk_v_int(id));
	hk_sqlb_add(b, HK_SQL(" AND owner = "));
	hk_sqlb_value(b, hk_v_str(owner));
	hk_sqlb_both(b, HK_SQL(""), HK_SQL(" FOR UPDATE"));
	g_autoptr(hk_rows) rows = hk_sqlb_query(b, db, error);
	return hk_rows_one(rows, ret, error);
}

bool
hk_looks_done(hk_db *db, const char *owner, const hk_look_result *r, int64_t now_ms, bool *ret_mine,
	GError **error)
{
	int64_t changed = 0;

	if (!hk_db_exec(db,
		    HK_SQL("UPDATE looks SET tries = tries + 1, due_ms = $3, owner = NULL, "
			   "lease_ms "
			   "= 0, outcome = $4, page_score = $5, reasons = $6, case_id = "
			   "COALESCE($7, case_id), last_ms = $8 WHERE id = $1 AND owner = $2"),
		    HK_ARGS(hk_v_int(r->id), hk_v_str(owner), hk_v_id(r->due_ms),
			    hk_v_str(r->outcome),
			    r->page_score < 0 ? hk_v_null() : hk_v_real(r->page_score),
			    hk_v_str(r->reasons ? r->reasons : "[]"), hk_v_id(r->case_id),
			    hk_v_int(now_ms)),
		    &changed, error)) {
		return false;
	}
	*ret_mine = changed == 1;
	return true;
}

bool
hk_looks_yield(hk_db *db, const char *owner, GError **error)
{
	return hk_db_exec(db,
		HK_SQL("UPDATE looks SET owner = NULL, lease_ms = 0 WHERE due_ms IS NOT NULL AND "
		       "owner = $1"),
		HK_ARGS(hk_v_str(owner)), NULL, error);
}

bool
hk_looks_abandon(hk_db *db, const char *owners, GError **error)
{
	return hk_db_exec(db,
		HK_SQL("UPDATE looks SET owner = NULL, lease_ms = 0 WHERE due_ms IS NOT NULL AND "
		       "substr(owner, 1, length(CAST($1 AS TEXT))) = $1"),
		HK_ARGS(hk_v_str(owners)), NULL, error);
}

bool
hk_looks_forget(hk_db *db, int64_t before_ms, int64_t *ret_count, GError **error)
{
	return hk_db_exec(db, HK_SQL("DELETE FROM looks WHERE due_ms IS NULL AND last_ms < $1"),
		HK_ARGS(hk_v_int(before_ms)), ret_count, error);
}

bool
hk_looks_next(hk_db *db, int64_t *ret_ms, GError **error)
{
	return hk_db_int(db,
		HK_SQL("SELECT COALESCE(MIN(due_ms), 0) FROM looks WHERE due_ms IS NOT NULL"),
		HK_NO_ARGS, ret_ms, error);
}

bool
hk_looks_count(hk_db *db, int64_t since_ms, hk_looks_counts *ret, GError **error)
{
	return hk_db_int(db, HK_SQL("SELECT COUNT(*) FROM looks WHERE due_ms IS NOT NULL"),
		       HK_NO_ARGS, &ret->waiting, error) &&
	       hk_looks_since(db, since_ms, &ret->taken, error) &&
	       hk_db_int(db,
		       HK_SQL("SELECT (SELECT COUNT(*) FROM looks WHERE due_ms IS NULL AND last_ms "
			      ">= $1) + (SELECT COUNT(*) FROM looks WHERE due_ms IS NOT NULL AND "
			      "last_ms >= $1)"),
		       HK_ARGS(hk_v_int(since_ms)), &ret->looked, error) &&
	       hk_db_int(db,
		       HK_SQL("SELECT COUNT(*) FROM looks WHERE due_ms IS NULL AND last_ms >= $1 "
			      "AND outcome = 'suspect' AND case_id IS NOT NULL"),
		       HK_ARGS(hk_v_int(since_ms)), &ret->cases, error);
}

bool
hk_looks_later(hk_db *db, const char *owner, int64_t id, int64_t due_ms, GError **error)
{
	return hk_db_exec(db,
		HK_SQL("UPDATE looks SET due_ms = $3, owner = NULL, lease_ms = 0 WHERE id = $1 AND "
		       "owner = $2"),
		HK_ARGS(hk_v_int(id), hk_v_str(owner), hk_v_int(due_ms)), NULL, error);
}

bool
hk_looks_case_of(hk_db *db, const char *host, int64_t *ret_case, GError **error)
{
	return hk_db_int(db,
		HK_SQL("SELECT COALESCE(MIN(k.case_id), 0) FROM case_keys k JOIN cases c ON c.id = "
		       "k.case_id WHERE k.kind = 'host' AND k.key = $1 AND c.deleted_ms IS NULL"),
		HK_ARGS(hk_v_str(host)), ret_case, error);
}

/* --- kits --- */

enum { CAPTURE_DATA_MAX = 16 << 20 };

static bool
each_key(hk_db *db, hk_looks_kit_fn each, void *user, GError **error)
{
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT k.kind, k.key, k.case_id FROM case_keys k JOIN cases c ON c.id = "
		       "k.case_id WHERE k.kind IN ('favicon', 'form', 'resource') AND c.state IN "
		       "('confirmed', 'reported', 'down', 'closed', 'resurrected') AND "
		       "c.deleted_ms IS NULL ORDER BY k.last_ms DESC LIMIT $1"),
		HK_ARGS(hk_v_int(HK_LOOKS_KITS_MAX)), error);
	GError *inner = NULL;

	while (rows && hk_rows_next(rows, &inner)) {
		each(user, hk_rows_str(rows, 0), hk_rows_str(rows, 1), hk_rows_int(rows, 2));
	}
	if (inner) {
		g_propagate_error(error, inner);
	}
	return rows && !inner;
}

/* traits.tag_paths of a capture's data, as evidence/run wrote them. */
static void
tell_page(const char *data, int64_t case_id, hk_looks_kit_fn each, void *user)
{
	g_autoptr(hk_json_doc) doc = hk_json_load(hk_span_str(data), CAPTURE_DATA_MAX, NULL);
	hk_json traits = {0};
	const char *paths = NULL;

	if (!doc) {
		return;
	}
	hk_json root = hk_json_root(doc);
	if (hk_json_object(&root, "traits", &traits, NULL) &&
		hk_json_str(&traits, "tag_paths", &paths, NULL)) {
		each(user, "tag_paths", paths, case_id);
	}
}

static bool
each_page(hk_db *db, hk_looks_kit_fn each, void *user, GError **error)
{
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT p.data, r.case_id FROM captures p JOIN runs r ON r.id = p.run_id "
		       "JOIN "
		       "cases c ON c.id = r.case_id WHERE p.how = 'whole' AND c.state IN "
		       "('confirmed', 'reported', 'down', 'closed', 'resurrected') AND "
		       "c.deleted_ms IS NULL ORDER BY p.id DESC LIMIT $1"),
		HK_ARGS(hk_v_int(HK_LOOKS_PAGES_MAX)), error);
	GError *inner = NULL;

	while (rows && hk_rows_next(rows, &inner)) {
		tell_page(hk_rows_str(rows, 0), hk_rows_int(rows, 1), each, user);
	}
	if (inner) {
		g_propagate_error(error, inner);
	}
	return rows && !inner;
}

bool
hk_looks_kits(hk_db *db, hk_looks_kit_fn each, void *user, GError **error)
{
	return each_key(db, each, user, error) && each_page(db, each, user, error);
}
