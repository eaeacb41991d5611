#include "store/case_read.h"

#include <inttypes.h>
#include <string.h>

#include "store/rowjson.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"

/* One literal: the head of the statement, which hk_case_items ends with its numbers. */
#define ITEM_SQL                                                                                   \
	"SELECT c.id, c.name, c.kind, c.state, c.score, c.host, c.domain, c.url, c.urls, t.id, "   \
	"t.key, t.name, t.name_en, t.own, "                                                        \
	"c.service, a.id, a.key, a.name, g.id, g.name, g.cases, s.key, s.name, COALESCE(r.login, " \
	"'auto'), u.login, c.capture, "                                                            \
	"c.first_seen_ms, c.detected_ms, c.opened_ms, c.updated_ms, c.last_seen_ms, c.due_ms, "    \
	"c.due_clock, c.breached, c.merged_into, "                                                 \
	"c.deleted_ms, c.version"
#define ITEM_FROM                                                                                  \
	" FROM cases c JOIN sources s ON s.id = c.source_id LEFT JOIN targets t ON t.id = "        \
	"c.target_id "                                                                             \
	"LEFT JOIN actors a ON a.id = c.actor_id LEFT JOIN campaigns g ON g.id = c.campaign_id "   \
	"LEFT JOIN users r ON r.id = c.reporter_id LEFT JOIN users u ON u.id = c.assignee_id "
#define ITEM_COLS                                                                                  \
	{HK_COL_INT, "id"}, {HK_COL_TEXT, "name"}, {HK_COL_TEXT, "kind"}, {HK_COL_TEXT, "state"},  \
		{HK_COL_REAL, "score"}, {HK_COL_TEXT, "host"}, {HK_COL_TEXT, "domain"},            \
		{HK_COL_TEXT, "url"}, {HK_COL_INT, "urls"}, {HK_COL_OPEN, "target"},               \
		{HK_COL_INT, "id"}, {HK_COL_TEXT, "key"}, {HK_COL_TEXT, "name"},                   \
		{HK_COL_TEXT, "name_en"}, {HK_COL_BOOL, "own"}, {HK_COL_CLOSE, NULL},              \
		{HK_COL_TEXT, "service"}, {HK_COL_OPEN, "actor"}, {HK_COL_INT, "id"},              \
		{HK_COL_TEXT, "key"}, {HK_COL_TEXT, "name"}, {HK_COL_CLOSE, NULL},                 \
		{HK_COL_OPEN, "campaign"}, {HK_COL_INT, "id"}, {HK_COL_TEXT, "name"},              \
		{HK_COL_INT, "cases"}, {HK_COL_CLOSE, NULL}, {HK_COL_OPEN, "source"},              \
		{HK_COL_TEXT, "key"}, {HK_COL_TEXT, "name"}, {HK_COL_CLOSE, NULL},                 \
		{HK_COL_TEXT, "reported_by"}, {HK_COL_TEXT, "assignee"}, {HK_COL_HEX, "capture"},  \
		{HK_COL_TIME, "first_seen"}, {HK_COL_TIME, "detected"}, {HK_COL_TIME, "opened"},   \
		{HK_COL_TIME, "updated"}, {HK_COL_TIME, "last_seen"}, {HK_COL_TIME, "due"},        \
		{HK_COL_TEXT, "due_clock"}, {HK_COL_BOOL, "breached"},                             \
		{HK_COL_INT, "merged_into"}, {HK_COL_TIME, "deleted"},                             \
	{                                                                                          \
		HK_COL_INT, "version"                                                              \
	}
enum { ITEM_VERSION = 36, MANY = 1000, FEW = 200 };

static const hk_col item_cols[] = {ITEM_COLS, {HK_COL_END, NULL}};

static void
put_ids(hk_sqlb *b, const GArray *ids)
{
	for (size_t i = 0; i < ids->len; i++) {
		hk_sqlb_add(b, i > 0 ? HK_SQL(", ") : HK_SQL("("));
		hk_sqlb_value(b, hk_v_int(g_array_index(ids, int64_t, i)));
	}
	hk_sqlb_add(b, HK_SQL(")"));
}

/* "labels" of each case: number -> JSON list. */
static bool
read_labels(hk_db *db, const GArray *ids, GHashTable *lists, GError **error)
{
	g_autoptr(hk_sqlb) b = hk_sqlb_new(db);
	GError *inner = NULL;

	hk_sqlb_add(b, HK_SQL("SELECT case_id, label FROM labels WHERE case_id IN "));
	put_ids(b, ids);
	hk_sqlb_add(b, HK_SQL(" ORDER BY case_id, label"));
	g_autoptr(hk_rows) rows = hk_sqlb_query(b, db, error);
	if (!rows) {
		return false;
	}
	while (hk_rows_next(rows, &inner)) {
		int64_t id = hk_rows_int(rows, 0);
		GString *list = g_hash_table_lookup(lists, &id);
		if (!list) {
			list = g_string_new("[");
			g_hash_table_insert(lists, g_memdup2(&id, sizeof id), list);
		}
		hk_jsonw_str(list, hk_rows_str(rows, 1));
	}
	if (inner) {
		g_propagate_error(error, inner);
		return false;
	}
	return true;
}

static void
free_string(void *data)
{
	g_string_free(data, true);
}

static void
put_labels(GHashTable *lists, int64_t id, GString *out)
{
	const GString *list = g_hash_table_lookup(lists, &id);

	hk_jsonw_key(out, "labels");
	hk_jsonw_open(out, '[');
	if (list) {
		g_string_append(out, list->str + 1);
	}
	hk_jsonw_close(out, ']');
}

/* Number -> the item as a GString. */
static bool
read_items(hk_db *db, const GArray *ids, GHashTable *items, GError **error)
{
	g_autoptr(GHashTable) labels =
		g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, free_string);
	g_autoptr(hk_sqlb) b = hk_sqlb_new(db);
	GError *inner = NULL;

	if (ids->len == 0) {
		return true;
	}
	if (!read_labels(db, ids, labels, error)) {
		return false;
	}
	hk_sqlb_add(b, HK_SQL(ITEM_SQL ITEM_FROM "WHERE c.id IN "));
	put_ids(b, ids);
	g_autoptr(hk_rows) rows = hk_sqlb_query(b, db, error);
	if (!rows) {
		return false;
	}
	while (hk_rows_next(rows, &inner)) {
		int64_t id = hk_rows_int(rows, 0);
		GString *item = g_string_sized_new(1024);
		hk_jsonw_open(item, '{');
		hk_row_json(rows, item_cols, item);
		put_labels(labels, id, item);
		hk_jsonw_close(item, '}');
		g_hash_table_insert(items, g_memdup2(&id, sizeof id), item);
	}
	if (inner) {
		g_propagate_error(error, inner);
		return false;
	}
	return true;
}

/* Each item, by one of the two. */
static bool
put_items(hk_db *db, const GArray *ids, bool lines, GString *out, GError **error)
{
	g_autoptr(GHashTable) items =
		g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, free_string);

	if (!read_items(db, ids, items, error)) {
		return false;
	}
	for (size_t i = 0; i < ids->len; i++) {
		const GString *item = g_hash_table_lookup(items, &g_array_index(ids, int64_t, i));
		if (item && lines) {
			g_string_append_len(out, item->str, (gssize)item->len);
			g_string_append_c(out, '\n');
		} else if (item) {
			hk_json_raw(out, item->str);
		}
	}
	return true;
}

bool
hk_case_items(hk_db *db, const GArray *ids, GString *out, GError **error)
{
	return put_items(db, ids, false, out, error);
}

bool
hk_case_lines(hk_db *db, const GArray *ids, GString *out, GError **error)
{
	return put_items(db, ids, true, out, error);
}

/* One case -------------------------------------------------------------------------------------- */

bool
hk_case_exists(hk_db *db, int64_t id, GError **error)
{
	int64_t n;

	return (hk_db_int(db, HK_SQL("SELECT count(*) FROM cases WHERE id = $1"),
		       HK_ARGS(hk_v_int(id)), &n, error)) &&
	       (n > 0 || hk_rows_none("case", id, error));
}

static bool
put_case(
	hk_db *db, int64_t id, GString *out, int64_t *ret_version, char **ret_state, GError **error)
{
	static const hk_col cols[] = {ITEM_COLS, {HK_COL_RAW, "reasons"}, {HK_COL_OPEN, "clocks"},
		{HK_COL_SKIP, NULL}, {HK_COL_TIME, "triaged"}, {HK_COL_TIME, "confirmed"},
		{HK_COL_TIME, "evidence"}, {HK_COL_TIME, "approved"}, {HK_COL_TIME, "reported"},
		{HK_COL_TIME, "acknowledged"}, {HK_COL_TIME, "listed"},
		{HK_COL_TIME, "content_gone"}, {HK_COL_TIME, "on_hold"}, {HK_COL_TIME, "dns_gone"},
		{HK_COL_TIME, "down"}, {HK_COL_TIME, "closed"}, {HK_COL_CLOSE, NULL},
		{HK_COL_RAW, "wants"}, {HK_COL_TEXT, "gsb_type"}, {HK_COL_TEXT, "ticket_type"},
		{HK_COL_TEXT, "scope_rule"}, {HK_COL_END, NULL}};
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL(ITEM_SQL ", c.reasons, 1, c.triaged_ms, c.confirmed_ms, c.evidence_ms, "
				"c.approved_ms, c.reported_ms, c.acknowledged_ms, "
				"c.listed_ms, c.content_gone_ms, c.on_hold_ms, c.dns_gone_ms, "
				"c.down_ms, c.closed_ms, c.wants, c.gsb_type, "
				"c.ticket_type, c.scope_rule" ITEM_FROM "WHERE c.id = $1"),
		HK_ARGS(hk_v_int(id)), error);

	if (!hk_rows_the(rows, "case", id, error)) {
		return false;
	}
	hk_row_json(rows, cols, out);
	*ret_version = hk_rows_int(rows, ITEM_VERSION);
	*ret_state = g_strdup(hk_rows_str(rows, 3));
	return true;
}

/* What hangs on a case: member, statement with $1, columns. */
static const hk_col url_cols[] = {{HK_COL_INT, "id"}, {HK_COL_TEXT, "url"}, {HK_COL_TEXT, "host"},
	{HK_COL_INT, "times"}, {HK_COL_TIME, "first"}, {HK_COL_TIME, "last"}, {HK_COL_END, NULL}};
static const hk_col key_cols[] = {{HK_COL_TEXT, "kind"}, {HK_COL_TEXT, "key"}, {HK_COL_END, NULL}};
static const hk_col task_cols[] = {{HK_COL_INT, "id"}, {HK_COL_INT, "case_id"},
	{HK_COL_TEXT, "title"}, {HK_COL_TEXT, "state"}, {HK_COL_TEXT, "assignee"},
	{HK_COL_TIME, "due"}, {HK_COL_TIME, "done"}, {HK_COL_INT, "version"}, {HK_COL_END, NULL}};
static const hk_col attachment_cols[] = {{HK_COL_INT, "id"}, {HK_COL_TEXT, "name"},
	{HK_COL_TEXT, "type"}, {HK_COL_INT, "bytes"}, {HK_COL_HEX, "sha256"}, {HK_COL_TEXT, "by"},
	{HK_COL_TIME, "at"}, {HK_COL_END, NULL}};
static const hk_col merge_cols[] = {{HK_COL_INT, "id"}, {HK_COL_TEXT, "act"}, {HK_COL_INT, "from"},
	{HK_COL_INT, "into"}, {HK_COL_TIME, "at"}, {HK_COL_TIME, "undone"}, {HK_COL_END, NULL}};

static const hk_col wave_cols[] = {{HK_COL_INT, "id"}, {HK_COL_TEXT, "text"},
	{HK_COL_TIME, "first"}, {HK_COL_TIME, "last"}, {HK_COL_INT, "commands"},
	{HK_COL_INT, "numbers"}, {HK_COL_END, NULL}};

#define TASK_SQL                                                                                   \
	"SELECT k.id, k.case_id, k.title, k.state, u.login, k.due_ms, k.done_ms, k.version FROM "  \
	"tasks k LEFT JOIN users u ON u.id = k.assignee_id WHERE "
#define ATTACHMENT_SQL                                                                             \
	"SELECT m.id, m.name, m.type, m.bytes, m.sha256, COALESCE(u.login, 'auto'), m.at_ms FROM " \
	"attachments m LEFT JOIN users u ON u.id = m.user_id WHERE m.deleted_ms IS NULL AND "
#define MERGE_SQL "SELECT id, act, from_case, into_case, at_ms, undone_ms FROM merges WHERE "

static const struct {
	const char *member;
	hk_sql sql;
	const hk_col *cols;
} hanging[] = {
	{"case_urls",
		HK_SQL("SELECT id, url, host, times, first_ms, last_ms FROM case_urls WHERE "
		       "case_id = $1 ORDER BY id LIMIT 1000"),
		url_cols},
	{"keys",
		HK_SQL("SELECT kind, key FROM case_keys WHERE case_id = $1 ORDER BY kind, key "
		       "LIMIT 1000"),
		key_cols},
	{"tasks", HK_SQL(TASK_SQL "k.case_id = $1 ORDER BY k.position, k.id LIMIT 1000"),
		task_cols},
	{"attachments", HK_SQL(ATTACHMENT_SQL "m.case_id = $1 ORDER BY m.id LIMIT 1000"),
		attachment_cols},
	{"merges", HK_SQL(MERGE_SQL "from_case = $1 OR into_case = $1 ORDER BY id LIMIT 1000"),
		merge_cols},
	{"waves",
		/* Its own, and those that led, or lead, to one of its URLs: a landing that moved made it another case's wave. */
		HK_SQL("SELECT id, text, first_ms, last_ms, commands, numbers FROM waves WHERE id "
		       "IN (SELECT id FROM waves WHERE case_id = $1 UNION SELECT k.wave_id FROM "
		       "case_urls u JOIN c2_links l ON l.url = u.url JOIN wave_links k ON "
		       "k.link_id = l.id WHERE u.case_id = $1 UNION SELECT k.wave_id FROM "
		       "c2_landings l JOIN wave_links k ON k.link_id = l.link_id WHERE l.landing "
		       "IN (SELECT url FROM case_urls WHERE case_id = $1)) ORDER BY id DESC LIMIT "
		       "50"),
		wave_cols},
};

static bool
put_hanging(hk_db *db, int64_t id, GString *out, GError **error)
{
	for (size_t i = 0; i < G_N_ELEMENTS(hanging); i++) {
		hk_jsonw_key(out, hanging[i].member);
		hk_jsonw_open(out, '[');
		if (!hk_rows_json(hk_db_query(db, hanging[i].sql, HK_ARGS(hk_v_int(id)), error),
			    hanging[i].cols, out, MANY, NULL, NULL, error)) {
			return false;
		}
		hk_jsonw_close(out, ']');
	}
	return true;
}

/* Cases that share a key, or were linked by hand; a key that very many share names some of them. */
static bool
put_related(hk_db *db, int64_t id, GString *out, GError **error)
{
	GError *inner = NULL;
	int64_t open_case = 0;
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT c.id, x.by, c.name, c.state, t.key, t.name, t.name_en, "
		       "c.first_seen_ms FROM ("
		       "SELECT * FROM (SELECT o.case_id AS other, o.kind AS by FROM case_keys k "
		       "JOIN case_keys o ON o.kind = k.kind AND o.key = "
		       "k.key WHERE k.case_id = $1 AND o.case_id <> $1 LIMIT 200) p "
		       "UNION SELECT case_b, 'link' FROM links WHERE case_a = $1 "
		       "UNION SELECT case_a, 'link' FROM links WHERE case_b = $1) x "
		       "JOIN cases c ON c.id = x.other LEFT JOIN targets t ON t.id = c.target_id "
		       "WHERE c.deleted_ms IS NULL ORDER BY c.id DESC, x.by"),
		HK_ARGS(hk_v_int(id)), error);

	if (!rows) {
		return false;
	}
	hk_jsonw_key(out, "related");
	hk_jsonw_open(out, '[');
	while (hk_rows_next(rows, &inner)) {
		int64_t other = hk_rows_int(rows, 0);
		if (other != open_case) {
			static const hk_col cols[] = {{HK_COL_INT, "id"}, {HK_COL_SKIP, NULL},
				{HK_COL_TEXT, "name"}, {HK_COL_TEXT, "state"},
				{HK_COL_OPEN, "target"}, {HK_COL_TEXT, "key"},
				{HK_COL_TEXT, "name"}, {HK_COL_TEXT, "name_en"},
				{HK_COL_CLOSE, NULL}, {HK_COL_TIME, "first_seen"},
				{HK_COL_END, NULL}};
			if (open_case != 0) {
				hk_jsonw_close(out, ']');
				hk_jsonw_close(out, '}');
			}
			hk_jsonw_open(out, '{');
			hk_jsonw_key(out, "case");
			hk_jsonw_open(out, '{');
			hk_row_json(rows, cols, out);
			hk_jsonw_close(out, '}');
			hk_jsonw_key(out, "by");
			hk_jsonw_open(out, '[');
			open_case = other;
		}
		hk_jsonw_str(out, hk_rows_str(rows, 1));
	}
	if (open_case != 0) {
		hk_jsonw_close(out, ']');
		hk_jsonw_close(out, '}');
	}
	hk_jsonw_close(out, ']');
	if (inner) {
		g_propagate_error(error, inner);
		return false;
	}
	return true;
}

bool
hk_case_whole(
	hk_db *db, int64_t id, GString *out, int64_t *ret_version, char **ret_state, GError **error)
{
	g_autoptr(GHashTable) labels =
		g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, free_string);
	g_autoptr(GArray) ids = g_array_new(false, false, sizeof(int64_t));
	g_autofree char *state = NULL;

	g_array_append_val(ids, id);
	hk_jsonw_open(out, '{');
	if (!put_case(db, id, out, ret_version, &state, error) ||
		!read_labels(db, ids, labels, error)) {
		return false;
	}
	put_labels(labels, id, out);
	if (!put_hanging(db, id, out, error) || !put_related(db, id, out, error)) {
		return false;
	}
	*ret_state = g_steal_pointer(&state);
	return true;
}

/* The timeline ---------------------------------------------------------------------------------- */

static const hk_col event_cols[] = {{HK_COL_SKIP, NULL}, {HK_COL_SKIP, NULL}, {HK_COL_INT, "seq"},
	{HK_COL_TIME, "at"}, {HK_COL_TEXT, "who"}, {HK_COL_TEXT, "via"}, {HK_COL_TEXT, "act"},
	{HK_COL_RAW, "data"}, {HK_COL_END, NULL}};
static const hk_col comment_cols[] = {{HK_COL_SKIP, NULL}, {HK_COL_SKIP, NULL}, {HK_COL_INT, "id"},
	{HK_COL_TIME, "at"}, {HK_COL_TEXT, "who"}, {HK_COL_SKIP, NULL}, {HK_COL_TEXT, "text"},
	{HK_COL_SKIP, NULL}, {HK_COL_TIME, "edited"}, {HK_COL_END, NULL}};
static const hk_col sighting_cols[] = {{HK_COL_SKIP, NULL}, {HK_COL_SKIP, NULL}, {HK_COL_INT, "id"},
	{HK_COL_TIME, "at"}, {HK_COL_TEXT, "who"}, {HK_COL_SKIP, NULL}, {HK_COL_TEXT, "title"},
	{HK_COL_SKIP, NULL}, {HK_COL_SKIP, NULL}, {HK_COL_REAL, "score"}, {HK_COL_END, NULL}};

static bool
timeline_at(const char *after, int64_t *ret_at, int64_t *ret_rank, int64_t *ret_id, GError **error)
{
	int64_t *const parts[] = {ret_at, ret_rank, ret_id};

	*ret_at = INT64_MAX;
	*ret_rank = *ret_id = 0;
	for (size_t i = 0; after && i < G_N_ELEMENTS(parts); i++) {
		size_t len = strcspn(after, ".");
		g_autofree char *number = g_strndup(after, len);
		if (!g_ascii_string_to_signed(number, 10, 0, INT64_MAX, parts[i], NULL) ||
			(after[len] == '\0') != (i == 2)) {
			return hk_error_set(error, HK_EFORM,
				"after: this is no cursor of this list; begin again without it");
		}
		after += len + 1;
	}
	return true;
}

bool
hk_case_timeline(hk_db *db, int64_t id, const char *after, size_t limit, GString *out,
	char **ret_next, GError **error)
{
	int64_t at, rank, number;
	GError *inner = NULL;
	size_t count = 0;

	*ret_next = NULL;
	if (!timeline_at(after, &at, &rank, &number, error)) {
		return false;
	}
	/* Each part is cut by itself first, so that none is read whole. */
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT rank, key, id, at_ms, who, via, what, data, edited_ms, score FROM ("
		       "SELECT * FROM (SELECT 1 AS rank, '' AS key, seq AS id, at_ms, who, via, "
		       "act AS what, data, CAST(NULL AS BIGINT) AS "
		       "edited_ms, CAST(NULL AS DOUBLE PRECISION) AS score FROM events WHERE "
		       "case_id = $1 AND (at_ms, 1, seq) < ($2, $3, $4) "
		       "ORDER BY at_ms DESC, seq DESC LIMIT $5) a "
		       "UNION ALL SELECT * FROM (SELECT 2, '', m.id, m.at_ms, COALESCE(u.login, "
		       "'auto'), '', m.text, '', m.edited_ms, CAST(NULL AS DOUBLE PRECISION) FROM "
		       "comments m LEFT JOIN users u ON u.id = m.user_id WHERE m.case_id = $1 AND "
		       "m.deleted_ms IS NULL AND (m.at_ms, 2, m.id) < ($2, $3, $4) "
		       "ORDER BY m.at_ms DESC, m.id DESC LIMIT $5) b "
		       "UNION ALL SELECT * FROM (SELECT 3, s.key, g.id, g.seen_ms, s.key, '', "
		       "g.title, '', CAST(NULL AS BIGINT), g.score FROM sightings g JOIN sources s "
		       "ON s.id = "
		       "g.source_id WHERE g.case_id = $1 AND (g.seen_ms, 3, g.id) < ($2, $3, $4) "
		       "ORDER BY g.seen_ms DESC, g.id DESC LIMIT $5) c"
		       ") x ORDER BY at_ms DESC, rank DESC, id DESC LIMIT $5"),
		HK_ARGS(hk_v_int(id), hk_v_int(at), hk_v_int(rank), hk_v_int(number),
			hk_v_int((int64_t)limit + 1)),
		error);
	if (!rows) {
		return false;
	}
	while (hk_rows_next(rows, &inner)) {
		if (count++ == limit) {
			*ret_next = g_strdup_printf(
				"%" PRId64 ".%" PRId64 ".%" PRId64, at, rank, number);
			break;
		}
		rank = hk_rows_int(rows, 0);
		number = hk_rows_int(rows, 2);
		at = hk_rows_int(rows, 3);
		hk_jsonw_open(out, '{');
		hk_jsonw_key(out, "kind");
		hk_jsonw_str(out, rank == 1 ? "event" : rank == 2 ? "comment" : "sighting");
		hk_row_json(rows,
			rank == 1   ? event_cols
			: rank == 2 ? comment_cols
				    : sighting_cols,
			out);
		hk_jsonw_close(out, '}');
	}
	if (inner) {
		g_propagate_error(error, inner);
		return false;
	}
	return true;
}

/* Parts of their own ---------------------------------------------------------------------------- */

#define COMMENT_SQL                                                                                \
	"SELECT m.id, m.case_id, COALESCE(u.login, 'auto'), m.at_ms, m.text, m.edited_ms FROM "    \
	"comments m LEFT JOIN users u ON u.id = m.user_id WHERE m.deleted_ms IS NULL AND "
static const hk_col log_cols[] = {{HK_COL_INT, "id"}, {HK_COL_INT, "case_id"}, {HK_COL_TEXT, "who"},
	{HK_COL_TIME, "at"}, {HK_COL_TEXT, "text"}, {HK_COL_TIME, "edited"}, {HK_COL_END, NULL}};

bool
hk_case_comments(hk_db *db, int64_t id, GString *out, GError **error)
{
	return hk_rows_json(
		hk_db_query(db, HK_SQL(COMMENT_SQL "m.case_id = $1 ORDER BY m.id LIMIT 1000"),
			HK_ARGS(hk_v_int(id)), error),
		log_cols, out, MANY, NULL, NULL, error);
}

/* One object of a statement with its number as $1. */
static bool
one(hk_db *db, hk_sql sql, const hk_col *cols, const char *what, int64_t id, int version_column,
	GString *out, int64_t *ret_version, GError **error)
{
	g_autoptr(hk_rows) rows = hk_db_query(db, sql, HK_ARGS(hk_v_int(id)), error);

	if (!hk_row_json_one(rows, cols, what, id, out, error)) {
		return false;
	}
	if (ret_version) {
		*ret_version = hk_rows_int(rows, (unsigned)version_column);
	}
	return true;
}

bool
hk_comment_json(hk_db *db, int64_t id, GString *out, GError **error)
{
	return one(
		db, HK_SQL(COMMENT_SQL "m.id = $1"), log_cols, "comment", id, 0, out, NULL, error);
}

bool
hk_task_json(hk_db *db, int64_t id, GString *out, int64_t *ret_version, GError **error)
{
	return one(db, HK_SQL(TASK_SQL "k.id = $1"), task_cols, "task", id, 7, out, ret_version,
		error);
}

bool
hk_attachment_json(hk_db *db, int64_t id, GString *out, GError **error)
{
	return one(db, HK_SQL(ATTACHMENT_SQL "m.id = $1"), attachment_cols, "attachment", id, 0,
		out, NULL, error);
}

bool
hk_merge_json(hk_db *db, int64_t id, GString *out, GError **error)
{
	return one(db, HK_SQL(MERGE_SQL "id = $1"), merge_cols, "merge", id, 0, out, NULL, error);
}

bool
hk_attachment_get(hk_db *db, int64_t id, char **ret_name, uint8_t ret_sha256[32],
	int64_t *ret_bytes, int64_t *ret_case, GError **error)
{
	GError *inner = NULL;
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT name, sha256, bytes, case_id FROM attachments WHERE id = $1 AND "
		       "deleted_ms IS NULL"),
		HK_ARGS(hk_v_int(id)), error);

	if (!rows) {
		return false;
	}
	if (!hk_rows_next(rows, &inner)) {
		if (inner) {
			g_propagate_error(error, inner);
			return false;
		}
		return hk_rows_none("attachment", id, error);
	}
	hk_span sha256 = hk_rows_blob(rows, 1);
	if (sha256.len != 32) {
		return hk_error_set(error, HK_ECHECK, "attachment %" PRId64 " has no hash", id);
	}
	memcpy(ret_sha256, sha256.data, 32);
	*ret_name = g_strdup(hk_rows_str(rows, 0));
	*ret_bytes = hk_rows_int(rows, 2);
	*ret_case = hk_rows_int(rows, 3);
	return true;
}
