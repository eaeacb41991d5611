#include "store/search.h"

#include <string.h>

#include "base/err.h"
#include "store/rowset.h"
#include "store/search_gram.h"
#include "sys/progress.h"
#include "sys/textfold.h"

enum { MANY = 32 };

/* One statement, in the order of what matters most: one round trip per case. The first row is the case itself; the last column is the case. */
#define WORDS(which)                                                                               \
	"SELECT 1 AS rank, c.id AS at, c.name AS text, COALESCE(c.host, '') AS host, "             \
	"COALESCE(t.name || ' ' || t.name_en, '') || ' ' || COALESCE(a.name, '') AS more, "        \
	"'s:' || c.state || ' k:' || c.kind || ' t:' || CAST(COALESCE(c.target_id, 0) AS TEXT) "   \
	"|| ' a:' || CAST(COALESCE(c.actor_id, 0) AS TEXT) || ' r:' || "                           \
	"CAST(c.source_id AS TEXT) AS tags, c.id "                                                 \
	"FROM cases c LEFT JOIN targets t ON t.id = c.target_id "                                  \
	"LEFT JOIN actors a ON a.id = c.actor_id WHERE c.id " which                                \
	" UNION ALL SELECT 2, 0, label, '', '', '', case_id FROM labels WHERE case_id " which      \
	" UNION ALL SELECT 3, id, url, '', '', '', case_id FROM case_urls WHERE case_id " which    \
	" UNION ALL SELECT 4, id, text, '', '', '', case_id FROM comments WHERE case_id " which    \
	" AND deleted_ms IS NULL"

static hk_rows *
words(hk_db *db, int64_t case_id, GError **error)
{
	return hk_db_query(
		db, HK_SQL(WORDS("= $1") " ORDER BY 1, 2"), HK_ARGS(hk_v_int(case_id)), error);
}

static void
put_line(GString *text, const char *line, bool first)
{
	if (text->len >= HK_SEARCH_TEXT_MAX) {
		return;
	}
	size_t from = text->len;
	hk_textfold(hk_span_str(line), text);
	if (first) { /* line 1 is the name and nothing else */
		for (char *c = text->str + from; *c != '\0'; c++) {
			*c = *c == '\n' ? ' ' : *c;
		}
	}
	if (text->len > HK_SEARCH_TEXT_MAX) {
		const char *end = g_utf8_find_prev_char(text->str, text->str + HK_SEARCH_TEXT_MAX);
		g_string_truncate(text, end ? (size_t)(end - text->str) : 0);
	}
	g_string_append_c(text, '\n');
}

static void
put_row(GString *text, const hk_rows *rows, bool first)
{
	put_line(text, hk_rows_str(rows, 2), first);
	if (first) {
		put_line(text, hk_rows_str(rows, 3), true);
		put_line(text, hk_rows_str(rows, 4), true);
	}
}

/* *ret_tags NULL: there is no such case. */
static bool
read_words(hk_db *db, int64_t case_id, GString *text, char **ret_tags, GError **error)
{
	g_autoptr(hk_rows) rows = words(db, case_id, error);
	GError *inner = NULL;

	*ret_tags = NULL;
	if (!rows) {
		return false;
	}
	while (hk_rows_next(rows, &inner)) {
		bool first = hk_rows_int(rows, 0) == 1;
		put_row(text, rows, first);
		if (first) {
			*ret_tags = g_strdup(hk_rows_str(rows, 5));
		}
	}
	if (inner) {
		g_clear_pointer(ret_tags, g_free);
		g_propagate_error(error, inner);
		return false;
	}
	return true;
}

/* FTS5 without content forgets a row only when it is told what was in it. */
static bool
forget(hk_db *db, int64_t case_id, const char *text, const char *tags, GError **error)
{
	g_autoptr(GArray) grams = hk_grams_of(hk_span_str(text), tags);
	g_autofree char *tokens = hk_grams_print(HK_DB_SQLITE, grams);

	return hk_db_exec(db,
		HK_SQL("INSERT INTO case_grams (case_grams, rowid, grams) VALUES ('delete', $1, "
		       "$2)"),
		HK_ARGS(hk_v_int(case_id), hk_v_str(tokens)), NULL, error);
}

static bool
keep(hk_db *db, int64_t case_id, const char *text, const char *tags, GError **error)
{
	g_autoptr(GArray) grams = hk_grams_of(hk_span_str(text), tags);
	g_autofree char *tokens = hk_grams_print(hk_db_engine_of(db), grams);

	if (!hk_db_exec(db,
		    HK_SQL("INSERT INTO case_texts (case_id, text, tags) VALUES ($1, $2, $3) "
			   "ON CONFLICT (case_id) DO UPDATE SET text = excluded.text, tags = "
			   "excluded.tags"),
		    HK_ARGS(hk_v_int(case_id), hk_v_str(text), hk_v_str(tags)), NULL, error)) {
		return false;
	}
	if (hk_db_engine_of(db) == HK_DB_SQLITE) {
		return hk_db_exec(db,
			HK_SQL("INSERT INTO case_grams (rowid, grams) VALUES ($1, $2)"),
			HK_ARGS(hk_v_int(case_id), hk_v_str(tokens)), NULL, error);
	}
	return hk_db_exec(db,
		HK_SQL("INSERT INTO case_grams (case_id, grams) VALUES ($1, CAST($2 AS INTEGER[])) "
		       "ON CONFLICT (case_id) DO UPDATE SET grams = excluded.grams"),
		HK_ARGS(hk_v_int(case_id), hk_v_str(tokens)), NULL, error);
}

bool
hk_search_index(hk_db *db, int64_t case_id, GError **error)
{
	g_autoptr(GString) text = g_string_new(NULL);
	g_autofree char *tags = NULL;
	g_autofree char *old_text = NULL;
	g_autofree char *old_tags = NULL;
	GError *inner = NULL;

	if (!read_words(db, case_id, text, &tags, error)) {
		return false;
	}
	hk_rows *rows =
		hk_db_query(db, HK_SQL("SELECT text, tags FROM case_texts WHERE case_id = $1"),
			HK_ARGS(hk_v_int(case_id)), error);
	if (!rows) {
		return false;
	}
	if (hk_rows_next(rows, &inner)) {
		old_text = g_strdup(hk_rows_str(rows, 0));
		old_tags = g_strdup(hk_rows_str(rows, 1));
	}
	hk_rows_free(rows);
	if (inner) {
		g_propagate_error(error, inner);
		return false;
	}
	if (!tags ||
		(old_text && strcmp(old_text, text->str) == 0 && strcmp(old_tags, tags) == 0)) {
		return true;
	}
	if (old_text && hk_db_engine_of(db) == HK_DB_SQLITE &&
		!forget(db, case_id, old_text, old_tags, error)) {
		return false;
	}
	return keep(db, case_id, text->str, tags, error);
}

/* Many at once, on PostgreSQL ------------------------------------------------------------------- */

/* What of a case is in the index. */
typedef struct indexed {
	char *text, *tags; /* owned */
} indexed;

static void
indexed_free(void *data)
{
	indexed *old = data;

	g_free(old->text);
	g_free(old->tags);
	g_free(old);
}

/* *ret (owned): case id -> indexed. */
static bool
read_indexed(hk_db *db, const hk_rowset *ids, GHashTable **ret, GError **error)
{
	g_autoptr(GHashTable) all =
		g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, indexed_free);
	GError *inner = NULL;
	g_autoptr(hk_rows) rows = hk_rowset_query(ids, db,
		HK_SQL("SELECT case_id, text, tags FROM case_texts WHERE case_id = ANY($1)"),
		error);

	if (!rows) {
		return false;
	}
	while (hk_rows_next(rows, &inner)) {
		int64_t id = hk_rows_int(rows, 0);
		indexed *old = g_new0(indexed, 1);
		old->text = g_strdup(hk_rows_str(rows, 1));
		old->tags = g_strdup(hk_rows_str(rows, 2));
		g_hash_table_insert(all, g_memdup2(&id, sizeof id), old);
	}
	if (inner) {
		g_propagate_error(error, inner);
		return false;
	}
	*ret = g_steal_pointer(&all);
	return true;
}

/* What is to be written. */
typedef struct words_set {
	GHashTable *old; /* case id -> indexed */
	hk_rowset *texts, *grams;
} words_set;

static void
words_set_clear(words_set *w)
{
	g_clear_pointer(&w->old, g_hash_table_unref);
	hk_rowset_free(w->texts);
	hk_rowset_free(w->grams);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(words_set, words_set_clear)

/* The words of one case are together. */
static void
add_words(words_set *w, int64_t id, const GString *text, const char *tags)
{
	const indexed *old = g_hash_table_lookup(w->old, &id);

	if (id == 0 || (old && strcmp(old->text, text->str) == 0 && strcmp(old->tags, tags) == 0)) {
		return;
	}
	g_autoptr(GArray) grams = hk_grams_of(hk_span_str(text->str), tags);
	g_autofree char *tokens = hk_grams_print(HK_DB_PGSQL, grams);
	hk_rowset_add(
		w->texts, (const hk_value[]){hk_v_int(id), hk_v_str(text->str), hk_v_str(tags)});
	hk_rowset_add(w->grams, (const hk_value[]){hk_v_int(id), hk_v_str(tokens)});
}

static bool
collect_words(hk_db *db, const hk_rowset *ids, words_set *w, GError **error)
{
	g_autoptr(GString) text = g_string_new(NULL);
	g_autofree char *tags = NULL;
	GError *inner = NULL;
	int64_t at = 0;
	g_autoptr(hk_rows) rows =
		hk_rowset_query(ids, db, HK_SQL(WORDS("= ANY($1)") " ORDER BY 7, 1, 2"), error);

	if (!rows) {
		return false;
	}
	while (hk_rows_next(rows, &inner)) {
		bool first = hk_rows_int(rows, 0) == 1;
		if (first) {
			add_words(w, at, text, tags);
			at = hk_rows_int(rows, 6);
			g_string_truncate(text, 0);
			g_free(tags);
			tags = g_strdup(hk_rows_str(rows, 5));
		}
		put_row(text, rows, first);
	}
	if (inner) {
		g_propagate_error(error, inner);
		return false;
	}
	add_words(w, at, text, tags);
	return true;
}

/* A statement is planned once, perhaps while the tables are empty: cases are looked up by index all the same. */
#define BEGIN_MANY                                                                                 \
	"SELECT set_config('enable_seqscan', 'off', true), "                                       \
	"set_config('gin_pending_list_limit', '65536', true)"
#define END_MANY                                                                                   \
	"SELECT set_config('enable_seqscan', 'on', true), "                                        \
	"set_config('gin_pending_list_limit', '256', true), "                                      \
	"(SELECT gin_clean_pending_list(c.oid) FROM pg_class c "                                   \
	"WHERE c.oid = to_regclass('case_grams_grams') AND pg_has_role(c.relowner, 'USAGE'))"

static bool
ask(hk_db *db, hk_sql sql, GError **error)
{
	g_autoptr(hk_rows) rows = hk_db_query(db, sql, HK_NO_ARGS, error);

	return rows != NULL;
}

/* Cases share most of their hashes: the more of them are sorted into the index together, the less each costs. The list of those that are not sorted in may
 * be long while this runs, and is empty behind it, if the index is ours to sort; else who writes next does it. */
static bool
index_many(hk_db *db, const int64_t *ids, size_t count, GError **error)
{
	g_auto(words_set) w = {.texts = hk_rowset_new("itt"), .grams = hk_rowset_new("it")};
	g_autoptr(hk_rowset) set = hk_rowset_new("i");

	for (size_t i = 0; i < count; i++) {
		hk_rowset_add(set, (const hk_value[]){hk_v_int(ids[i])});
	}
	return ask(db, HK_SQL(BEGIN_MANY), error) && read_indexed(db, set, &w.old, error) &&
	       collect_words(db, set, &w, error) &&
	       hk_rowset_exec(w.texts, db,
		       HK_SQL("INSERT INTO case_texts (case_id, text, tags) "
			      "SELECT * FROM UNNEST($1, $2, $3) ON CONFLICT (case_id) DO UPDATE "
			      "SET text = excluded.text, tags = excluded.tags"),
		       NULL, error) &&
	       hk_rowset_exec(w.grams, db,
		       HK_SQL("INSERT INTO case_grams (case_id, grams) "
			      "SELECT v.id, CAST(v.grams AS INTEGER[]) FROM UNNEST($1, $2) AS "
			      "v(id, grams) ON CONFLICT (case_id) DO UPDATE SET grams = "
			      "excluded.grams"),
		       NULL, error) &&
	       ask(db, HK_SQL(END_MANY), error);
}

bool
hk_search_index_all(hk_db *db, const int64_t *ids, size_t count, GError **error)
{
	if (hk_db_engine_of(db) == HK_DB_PGSQL && count >= MANY) {
		return index_many(db, ids, count, error);
	}
	for (size_t i = 0; i < count; i++) {
		if (!hk_search_index(db, ids[i], error)) {
			return false;
		}
	}
	return true;
}

enum { REBUILD_AT_ONCE = 2000 };

/* The next cases behind *at; *at 0 at the end. */
static bool
rebuild_some(hk_db *db, int64_t *at, GError **error)
{
	g_autoptr(GArray) ids = g_array_new(false, false, sizeof(int64_t));
	GError *inner = NULL;
	hk_rows *rows =
		hk_db_query(db, HK_SQL("SELECT id FROM cases WHERE id > $1 ORDER BY id LIMIT $2"),
			HK_ARGS(hk_v_int(*at), hk_v_int(REBUILD_AT_ONCE)), error);

	if (!rows) {
		return false;
	}
	while (hk_rows_next(rows, &inner)) {
		int64_t id = hk_rows_int(rows, 0);
		g_array_append_val(ids, id);
	}
	hk_rows_free(rows);
	if (inner) {
		g_propagate_error(error, inner);
		return false;
	}
	if (!hk_search_index_all(db, (const int64_t *)(void *)ids->data, ids->len, error)) {
		return false;
	}
	*at = ids->len > 0 ? g_array_index(ids, int64_t, ids->len - 1) : 0;
	return true;
}

static bool
empty_index(hk_db *db, GError **error)
{
	bool lite = hk_db_engine_of(db) == HK_DB_SQLITE;

	return (lite ? hk_db_exec(db,
			       HK_SQL("INSERT INTO case_grams (case_grams) VALUES ('delete-all')"),
			       HK_NO_ARGS, NULL, error)
		     : hk_db_exec(db, HK_SQL("DELETE FROM case_grams"), HK_NO_ARGS, NULL, error)) &&
	       hk_db_exec(db, HK_SQL("DELETE FROM case_texts"), HK_NO_ARGS, NULL, error);
}

bool
hk_search_rebuild_within(hk_db *db, GError **error)
{
	int64_t at = 0, last;

	if (!empty_index(db, error) ||
		!hk_db_int(db, HK_SQL("SELECT coalesce(max(id), 0) FROM cases"), HK_NO_ARGS, &last,
			error)) {
		return false;
	}
	g_autoptr(hk_progress) bar = hk_progress_new("indexing", "cases", last);
	do {
		if (!rebuild_some(db, &at, error)) {
			return false;
		}
		hk_progress_update(bar, at > 0 ? at : last);
	} while (at > 0);
	return true;
}

bool
hk_search_rebuild(hk_db *db, GError **error)
{
	int64_t at = 0;

	if (!hk_db_begin(db, true, error)) {
		return false;
	}
	if (!empty_index(db, error)) {
		hk_db_rollback(db);
		return false;
	}
	if (!hk_db_commit(db, error)) {
		return false;
	}
	do {
		if (!hk_db_begin(db, true, error)) {
			return false;
		}
		if (!rebuild_some(db, &at, error)) {
			hk_db_rollback(db);
			return false;
		}
		if (!hk_db_commit(db, error)) {
			return false;
		}
	} while (at > 0);
	return true;
}
