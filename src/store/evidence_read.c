#include "store/evidence_read.h"

#include <inttypes.h>
#include <string.h>

#include "store/lookup.h"
#include "store/rowjson.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"

/* One literal each: heads that end with a condition. */
#define RUN_SQL                                                                                    \
	"SELECT id, case_id, url, plan, asked, state, why, verdict, dimensions, diff, manifest, "  \
	"CASE WHEN stamp IS NULL THEN 0 ELSE 1 END, stamp_why, asked_ms, done_ms FROM runs WHERE "
#define CAPTURE_SQL                                                                                \
	"SELECT id, run_id, profile, referrer, exit, visit, step, how, why, status, url, title, "  \
	"address, certificate, at_ms, took_ms, data FROM captures WHERE "
#define FILE_SQL                                                                                   \
	"SELECT a.capture_id, a.position + 1, a.kind, a.name, a.type, a.bytes, a.sha256 FROM "     \
	"artefacts a "

static const hk_col run_cols[] = {{HK_COL_INT, "id"}, {HK_COL_INT, "case_id"}, {HK_COL_TEXT, "url"},
	{HK_COL_TEXT, "plan"}, {HK_COL_TEXT, "asked_by"}, {HK_COL_TEXT, "state"},
	{HK_COL_TEXT, "why"}, {HK_COL_TEXT, "verdict"}, {HK_COL_RAW, "dimensions"},
	{HK_COL_RAW, "diff"}, {HK_COL_HEX, "manifest"}, {HK_COL_BOOL, "stamped"},
	{HK_COL_TEXT, "stamp_why"}, {HK_COL_TIME, "asked"}, {HK_COL_TIME, "done"},
	{HK_COL_END, NULL}};
#define CAPTURE_COLS                                                                               \
	{HK_COL_INT, "id"}, {HK_COL_INT, "run_id"}, {HK_COL_TEXT, "profile"},                      \
		{HK_COL_TEXT, "referrer"}, {HK_COL_TEXT, "exit"}, {HK_COL_INT, "visit"},           \
		{HK_COL_TEXT, "step"}, {HK_COL_TEXT, "how"}, {HK_COL_TEXT, "why"},                 \
		{HK_COL_INT, "status"}, {HK_COL_TEXT, "url"}, {HK_COL_TEXT, "title"},              \
		{HK_COL_TEXT, "address"}, {HK_COL_HEX, "certificate"}, {HK_COL_TIME, "at"},        \
	{                                                                                          \
		HK_COL_INT, "took_ms"                                                              \
	}
static const hk_col capture_cols[] = {CAPTURE_COLS, {HK_COL_END, NULL}};
static const hk_col capture_whole_cols[] = {CAPTURE_COLS, {HK_COL_RAW, "data"}, {HK_COL_END, NULL}};
static const hk_col file_cols[] = {{HK_COL_SKIP, NULL}, {HK_COL_INT, "n"}, {HK_COL_TEXT, "kind"},
	{HK_COL_TEXT, "name"}, {HK_COL_TEXT, "type"}, {HK_COL_INT, "bytes"}, {HK_COL_HEX, "sha256"},
	{HK_COL_END, NULL}};
static const hk_col fact_cols[] = {{HK_COL_INT, "id"}, {HK_COL_TEXT, "subject"},
	{HK_COL_TEXT, "kind"}, {HK_COL_TEXT, "value"}, {HK_COL_TEXT, "source"}, {HK_COL_HEX, "raw"},
	{HK_COL_TIME, "first"}, {HK_COL_TIME, "last"}, {HK_COL_TIME, "gone"}, {HK_COL_END, NULL}};
static const hk_col contact_cols[] = {{HK_COL_TEXT, "kind"}, {HK_COL_TEXT, "subject"},
	{HK_COL_TEXT, "name"}, {HK_COL_TEXT, "address"}, {HK_COL_TEXT, "source"},
	{HK_COL_REAL, "confidence"}, {HK_COL_TIME, "at"}, {HK_COL_END, NULL}};

/* Rows that hang on a row of another table: its number -> "[{...},{...}", still open. */
typedef struct level {
	const hk_col *cols;
	unsigned parent;     /* column with the number that the row hangs on */
	const char *member;  /* what hangs on this row itself, or NULL */
	GHashTable *hanging; /* of the level below */
} level;

static void
free_string(void *data)
{
	g_string_free(data, true);
}

static GHashTable *
lists_new(void)
{
	return g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, free_string);
}

static void
put_row(const hk_rows *rows, const level *l, GString *out)
{
	int64_t id = hk_rows_int(rows, 0);

	hk_jsonw_open(out, '{');
	hk_row_json(rows, l->cols, out);
	if (l->member) {
		const GString *list = g_hash_table_lookup(l->hanging, &id);
		hk_jsonw_key(out, l->member);
		hk_jsonw_open(out, '[');
		if (list) {
			g_string_append(out, list->str + 1);
		}
		hk_jsonw_close(out, ']');
	}
	hk_jsonw_close(out, '}');
}

/* Takes rows (NULL: the query failed). With out: they go there, else into lists by their parent. *ret_count (or NULL): how many. */
static bool
read_level(hk_rows *rows, const level *l, GHashTable *lists, GString *out, size_t *ret_count,
	GError **error)
{
	g_autoptr(hk_rows) own = rows;
	GError *inner = NULL;
	size_t count = 0;

	if (!own) {
		return false;
	}
	for (; hk_rows_next(own, &inner); count++) {
		GString *to = out;
		if (!to) {
			int64_t parent = hk_rows_int(own, l->parent);
			to = g_hash_table_lookup(lists, &parent);
			if (!to) {
				to = g_string_new("[");
				g_hash_table_insert(lists, g_memdup2(&parent, sizeof parent), to);
			}
		}
		put_row(own, l, to);
	}
	if (inner) {
		g_propagate_error(error, inner);
		return false;
	}
	if (ret_count) {
		*ret_count = count;
	}
	return true;
}

/* The statements of a tree of runs; $1 is what chooses. */
typedef struct tree {
	hk_sql files, captures, runs;
} tree;

static bool
read_tree(hk_db *db, const tree *t, int64_t id, GString *out, size_t *ret_count, GError **error)
{
	g_autoptr(GHashTable) files = lists_new();
	g_autoptr(GHashTable) captures = lists_new();
	const level file = {file_cols, 0, NULL, NULL}, capture = {capture_cols, 1, "files", files},
		    run = {run_cols, 0, "captures", captures};

	return read_level(hk_db_query(db, t->files, HK_ARGS(hk_v_int(id)), error), &file, files,
		       NULL, NULL, error) &&
	       read_level(hk_db_query(db, t->captures, HK_ARGS(hk_v_int(id)), error), &capture,
		       captures, NULL, NULL, error) &&
	       read_level(hk_db_query(db, t->runs, HK_ARGS(hk_v_int(id)), error), &run, NULL, out,
		       ret_count, error);
}

#define NEWEST "(SELECT id FROM runs WHERE case_id = $1 ORDER BY id DESC LIMIT 50)"
G_STATIC_ASSERT(HK_EVIDENCE_READ_RUNS == 50);

bool
hk_evidence_read_runs(hk_db *db, int64_t case_id, GString *out, GError **error)
{
	static const tree t = {
		HK_SQL(FILE_SQL "JOIN captures c ON c.id = a.capture_id WHERE c.run_id IN " NEWEST
				" ORDER BY a.capture_id, a.position"),
		HK_SQL(CAPTURE_SQL "run_id IN " NEWEST " ORDER BY run_id, position"),
		HK_SQL(RUN_SQL "case_id = $1 ORDER BY id DESC LIMIT 50"),
	};

	return read_tree(db, &t, case_id, out, NULL, error);
}

bool
hk_evidence_read_run(hk_db *db, int64_t id, GString *out, GError **error)
{
	static const tree t = {
		HK_SQL(FILE_SQL "JOIN captures c ON c.id = a.capture_id WHERE c.run_id = $1 "
				"ORDER BY a.capture_id, a.position"),
		HK_SQL(CAPTURE_SQL "run_id = $1 ORDER BY position"),
		HK_SQL(RUN_SQL "id = $1"),
	};
	size_t count;

	if (!read_tree(db, &t, id, out, &count, error)) {
		return false;
	}
	return count == 1 || hk_rows_none("run", id, error);
}

bool
hk_evidence_read_capture(hk_db *db, int64_t id, GString *out, GError **error)
{
	g_autoptr(GHashTable) files = lists_new();
	const level file = {file_cols, 0, NULL, NULL},
		    capture = {capture_whole_cols, 1, "files", files};
	size_t count;

	if (!read_level(
		    hk_db_query(db, HK_SQL(FILE_SQL "WHERE a.capture_id = $1 ORDER BY a.position"),
			    HK_ARGS(hk_v_int(id)), error),
		    &file, files, NULL, NULL, error) ||
		!read_level(hk_db_query(db, HK_SQL(CAPTURE_SQL "id = $1"), HK_ARGS(hk_v_int(id)),
				    error),
			&capture, NULL, out, &count, error)) {
		return false;
	}
	return count == 1 || hk_rows_none("capture", id, error);
}

bool
hk_evidence_read_facts(hk_db *db, int64_t case_id, GString *out, GError **error)
{
	return hk_rows_json(
		hk_db_query(db,
			HK_SQL("SELECT id, subject, kind, value, source, raw, first_ms, last_ms, "
			       "gone_ms FROM facts WHERE case_id = $1 ORDER BY subject, kind, CASE "
			       "WHEN gone_ms IS NULL THEN 0 ELSE 1 END, last_ms DESC, id LIMIT "
			       "2000"),
			HK_ARGS(hk_v_int(case_id)), error),
		fact_cols, out, HK_EVIDENCE_READ_FACTS, NULL, NULL, error);
}

bool
hk_evidence_read_contacts(hk_db *db, int64_t case_id, GString *out, GError **error)
{
	return hk_rows_json(
		hk_db_query(db,
			HK_SQL("SELECT kind, subject, name, address, source, confidence, at_ms "
			       "FROM case_contacts WHERE case_id = $1 ORDER BY confidence DESC, "
			       "kind, address LIMIT 200"),
			HK_ARGS(hk_v_int(case_id)), error),
		contact_cols, out, HK_EVIDENCE_READ_CONTACTS, NULL, NULL, error);
}

bool
hk_evidence_read_picture(hk_db *db, int64_t case_id, uint8_t ret_sha256[32], GError **error)
{
	g_autoptr(hk_rows) rows = hk_db_query(db, HK_SQL("SELECT capture FROM cases WHERE id = $1"),
		HK_ARGS(hk_v_int(case_id)), error);
	bool found;

	if (!hk_rows_one(rows, &found, error)) {
		return false;
	}
	if (!found || hk_rows_blob(rows, 0).len != 32) {
		return hk_error_set(error, HK_ENOENT,
			found ? "case %" PRId64 " has no picture yet" : "there is no case %" PRId64,
			case_id);
	}
	memcpy(ret_sha256, hk_rows_blob(rows, 0).data, 32);
	return true;
}
