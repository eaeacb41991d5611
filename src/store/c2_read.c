#include "store/c2_read.h"

#include <inttypes.h>
#include <string.h>

#include "store/rowjson.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"

/* What is the matter with a session; $1: tries, $2: a heartbeat from before then is too old. A beat belongs to the connection that is: one from before it says nothing. */
#define TROUBLE                                                                                    \
	"CASE WHEN s.state = 'silent' OR s.state = 'refused' THEN s.state "                        \
	"WHEN s.state = 'lost' AND s.failed >= $1 THEN 'lost' "                                    \
	"WHEN s.state = 'open' AND s.since_ms < $2 AND COALESCE(s.opened_ms, 0) < $2 AND "         \
	"COALESCE(s.beat_ms, 0) < $2 THEN 'stale' END"

/* One row as a value; no row: HK_ENOENT. */
static bool
put_one(hk_rows *taken, const hk_col *cols, const char *what, int64_t id, GString *out,
	GError **error)
{
	g_autoptr(hk_rows) rows = taken;

	return hk_row_json_one(rows, cols, what, id, out, error);
}

/* ---- What is now ---- */

static const hk_col drop_cols[] = {{HK_COL_INT, "id"}, {HK_COL_TEXT, "url"}, {HK_COL_TEXT, "state"},
	{HK_COL_TIME, "since"}, {HK_COL_TIME, "last"}, {HK_COL_INT, "status"},
	{HK_COL_TEXT, "etag"}, {HK_COL_TEXT, "modified"}, {HK_COL_INT, "checks"},
	{HK_COL_TEXT, "why"}, {HK_COL_OPEN, "named"}, {HK_COL_TEXT, "address"},
	{HK_COL_TIME, "first"}, {HK_COL_TIME, "last"}, {HK_COL_CLOSE, NULL}, {HK_COL_END, NULL}};

static bool
put_drops(hk_db *db, const char *family, GString *out, GError **error)
{
	hk_jsonw_key(out, "drops");
	hk_jsonw_open(out, '[');
	hk_rows *rows = hk_db_query(db,
		HK_SQL("SELECT d.id, d.url, d.state, d.since_ms, d.last_ms, d.status, d.etag, "
		       "d.modified, d.checks, d.why, n.address, n.first_ms, n.last_ms FROM "
		       "c2_drops d LEFT JOIN c2_named n ON n.id = (SELECT max(m.id) FROM c2_named "
		       "m WHERE m.drop_id = d.id) WHERE d.family = $1 ORDER BY d.url LIMIT $2"),
		HK_ARGS(hk_v_str(family), hk_v_int(HK_C2_READ_DROPS)), error);
	if (!hk_rows_json(rows, drop_cols, out, HK_C2_READ_DROPS, NULL, NULL, error)) {
		return false;
	}
	hk_jsonw_close(out, ']');
	return true;
}

static const hk_col session_cols[] = {{HK_COL_INT, "id"}, {HK_COL_TEXT, "host"},
	{HK_COL_INT, "port"}, {HK_COL_TEXT, "state"}, {HK_COL_TEXT, "trouble"},
	{HK_COL_TIME, "since"}, {HK_COL_TIME, "opened"}, {HK_COL_TIME, "beat"},
	{HK_COL_INT, "connects"}, {HK_COL_INT, "failed"}, {HK_COL_INT, "commands"},
	{HK_COL_RAW, "print"}, {HK_COL_TEXT, "why"}, {HK_COL_OPEN, "command"}, {HK_COL_TIME, "at"},
	{HK_COL_TEXT, "verb"}, {HK_COL_TEXT, "word"}, {HK_COL_TEXT, "text"},
	{HK_COL_INT, "wave_id"}, {HK_COL_CLOSE, NULL}, {HK_COL_OPEN, "printed"},
	{HK_COL_TIME, "at"}, {HK_COL_RAW, "change"}, {HK_COL_CLOSE, NULL}, {HK_COL_END, NULL}};

static bool
put_sessions(hk_db *db, const char *family, int64_t now_ms, GString *out, GError **error)
{
	hk_jsonw_key(out, "sessions");
	hk_jsonw_open(out, '[');
	hk_rows *rows = hk_db_query(db,
		HK_SQL("SELECT s.id, s.host, s.port, s.state, " TROUBLE
		       ", s.since_ms, s.opened_ms, s.beat_ms, s.opened, s.failed, s.commands, "
		       "s.print, s.why, c.at_ms, c.verb, c.word, c.text, c.wave_id, e.at_ms, "
		       "e.data FROM c2_sessions s LEFT JOIN c2_commands c ON c.id = (SELECT "
		       "max(m.id) FROM c2_commands m WHERE m.session_id = s.id) LEFT JOIN events e "
		       "ON e.seq = (SELECT max(p.seq) FROM events p WHERE p.object = 'c2' AND "
		       "p.object_id = s.id AND p.act = 'c2.print') WHERE s.family = $3 AND "
		       "(s.state <> 'over' OR s.since_ms > $4) ORDER BY s.host, s.port LIMIT $5"),
		HK_ARGS(hk_v_int(HK_C2_READ_TRIES), hk_v_int(now_ms - HK_C2_READ_STALE_MS),
			hk_v_str(family), hk_v_int(now_ms - HK_C2_READ_OVER_MS),
			hk_v_int(HK_C2_READ_SESSIONS)),
		error);
	if (!hk_rows_json(rows, session_cols, out, HK_C2_READ_SESSIONS, NULL, NULL, error)) {
		return false;
	}
	hk_jsonw_close(out, ']');
	return true;
}

static bool
read_families(hk_db *db, GPtrArray *ret, GError **error)
{
	GError *inner = NULL;
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT family FROM c2_drops UNION SELECT family FROM c2_sessions ORDER BY "
		       "1 LIMIT $1"),
		HK_ARGS(hk_v_int(HK_C2_READ_FAMILIES)), error);

	while (rows && hk_rows_next(rows, &inner)) {
		g_ptr_array_add(ret, g_strdup(hk_rows_str(rows, 0)));
	}
	if (inner) {
		g_propagate_error(error, inner);
	}
	return rows && !inner;
}

bool
hk_c2_read(hk_db *db, int64_t now_ms, GString *out, GError **error)
{
	g_autoptr(GPtrArray) families = g_ptr_array_new_with_free_func(g_free);
	hk_c2_pulse pulse;

	if (!read_families(db, families, error) || !hk_c2_read_pulse(db, now_ms, &pulse, error)) {
		return false;
	}
	hk_jsonw_open(out, '{');
	hk_jsonw_key(out, "families");
	hk_jsonw_open(out, '[');
	for (unsigned i = 0; i < families->len; i++) {
		const char *family = g_ptr_array_index(families, i);
		hk_jsonw_open(out, '{');
		hk_jsonw_member_str(out, "family", family);
		if (!put_drops(db, family, out, error) ||
			!put_sessions(db, family, now_ms, out, error)) {
			return false;
		}
		hk_jsonw_close(out, '}');
	}
	hk_jsonw_close(out, ']');
	hk_jsonw_member_int(out, "trouble", pulse.trouble);
	hk_jsonw_close(out, '}');
	return true;
}

hk_rows *
hk_c2_read_troubles(hk_db *db, int64_t now_ms, GError **error)
{
	return hk_db_query(db,
		HK_SQL("SELECT x.family, x.host, x.port, x.trouble, x.since_ms, x.failed, x.why "
		       "FROM (SELECT s.family, s.host, s.port, s.since_ms, s.failed, s.why, s.id, "
		       "" TROUBLE " AS trouble FROM c2_sessions s) x WHERE x.trouble IS NOT NULL "
		       "ORDER BY x.since_ms DESC, x.id LIMIT $3"),
		HK_ARGS(hk_v_int(HK_C2_READ_TRIES), hk_v_int(now_ms - HK_C2_READ_STALE_MS),
			hk_v_int(HK_C2_READ_TROUBLES)),
		error);
}

bool
hk_c2_read_pulse(hk_db *db, int64_t now_ms, hk_c2_pulse *ret, GError **error)
{
	GError *inner = NULL;
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT CAST(COALESCE(sum(CASE WHEN x.state <> 'over' THEN 1 ELSE 0 END), "
		       "0) AS BIGINT), CAST(COALESCE(sum(CASE WHEN x.state = 'open' THEN 1 ELSE 0 "
		       "END), 0) AS BIGINT), count(x.trouble), CAST(COALESCE(sum(x.commands), 0) "
		       "AS BIGINT), COALESCE(max(x.since_ms), 0), CAST(COALESCE(sum(x.opened), 0) "
		       "AS BIGINT), (SELECT COALESCE(max(since_ms), 0) FROM c2_drops) FROM (SELECT "
		       "s.state, s.commands, s.since_ms, s.opened, " TROUBLE
		       " AS trouble FROM c2_sessions s) x"),
		HK_ARGS(hk_v_int(HK_C2_READ_TRIES), hk_v_int(now_ms - HK_C2_READ_STALE_MS)), error);

	if (!rows) {
		return false;
	}
	if (!hk_rows_next(rows, &inner)) {
		g_propagate_error(error, inner);
		return false;
	}
	*ret = (hk_c2_pulse){.sessions = hk_rows_int(rows, 0),
		.open = hk_rows_int(rows, 1),
		.trouble = hk_rows_int(rows, 2),
		.commands = hk_rows_int(rows, 3),
		.since_ms = MAX(hk_rows_int(rows, 4), hk_rows_int(rows, 6)),
		.opened = hk_rows_int(rows, 5)};
	return true;
}

/* ---- Who named whom ---- */

bool
hk_c2_read_history(
	hk_db *db, const hk_c2_history_filter *f, GString *out, int64_t *ret_next, GError **error)
{
	static const hk_col cols[] = {{HK_COL_INT, "id"}, {HK_COL_OPEN, "drop"}, {HK_COL_INT, "id"},
		{HK_COL_TEXT, "family"}, {HK_COL_TEXT, "url"}, {HK_COL_TEXT, "state"},
		{HK_COL_CLOSE, NULL}, {HK_COL_TEXT, "address"}, {HK_COL_TEXT, "body"},
		{HK_COL_TIME, "first"}, {HK_COL_TIME, "last"}, {HK_COL_BOOL, "newest"},
		{HK_COL_END, NULL}};
	const struct {
		hk_sql sql;
		bool on;
		hk_value value;
	} terms[] = {
		{HK_SQL(" AND n.id < "), f->after != 0, hk_v_int(f->after)},
		{HK_SQL(" AND d.family = "), f->family != NULL, hk_v_str(f->family)},
		{HK_SQL(" AND d.id = "), f->drop_id != 0, hk_v_int(f->drop_id)},
		{HK_SQL(" AND n.last_ms >= "), f->from_ms != 0, hk_v_int(f->from_ms)},
		{HK_SQL(" AND n.first_ms < "), f->to_ms != 0, hk_v_int(f->to_ms)},
	};
	g_autoptr(hk_sqlb) b = hk_sqlb_new(db);
	int64_t last;
	bool more;

	hk_sqlb_add(
		b, HK_SQL("SELECT n.id, d.id, d.family, d.url, d.state, n.address, n.body, "
			  "n.first_ms, n.last_ms, CASE WHEN EXISTS (SELECT 1 FROM c2_named m "
			  "WHERE m.drop_id = n.drop_id AND m.id > n.id) THEN 0 ELSE 1 END "
			  "FROM c2_named n JOIN c2_drops d ON d.id = n.drop_id WHERE n.id > 0"));
	for (size_t i = 0; i < G_N_ELEMENTS(terms); i++) {
		if (terms[i].on) {
			hk_sqlb_add(b, terms[i].sql);
			hk_sqlb_value(b, terms[i].value);
		}
	}
	hk_sqlb_add(b, HK_SQL(" ORDER BY n.id DESC LIMIT "));
	hk_sqlb_value(b, hk_v_int(f->limit + 1));
	if (!hk_rows_json(hk_sqlb_query(b, db, error), cols, out, (size_t)f->limit, &last, &more,
		    error)) {
		return false;
	}
	*ret_next = more ? last : 0;
	return true;
}

/* ---- Records ---- */

bool
hk_c2_read_session(hk_db *db, int64_t id, GString *out, GError **error)
{
	static const hk_col cols[] = {{HK_COL_INT, "id"}, {HK_COL_TEXT, "family"},
		{HK_COL_TEXT, "host"}, {HK_COL_INT, "port"}, {HK_COL_TEXT, "state"},
		{HK_COL_TIME, "since"}, {HK_COL_END, NULL}};

	return put_one(hk_db_query(db,
			       HK_SQL("SELECT id, family, host, port, state, since_ms FROM "
				      "c2_sessions WHERE id = $1"),
			       HK_ARGS(hk_v_int(id)), error),
		cols, "session", id, out, error);
}

/* "sealed": until when what was received in clear is kept; null: it is not. */
#define PIECE_SQL                                                                                  \
	"SELECT t.id, t.begun_ms, t.ended_ms, t.frames, t.commands, t.bytes, t.sha256, CASE WHEN " \
	"t.stamp IS NULL THEN 0 ELSE 1 END, t.stamp_why, (SELECT max(x.until_ms) FROM c2_sealed "  \
	"x WHERE x.transcript_id = t.id)"
#define PIECE_COLS                                                                                 \
	{HK_COL_INT, "id"}, {HK_COL_TIME, "begun"}, {HK_COL_TIME, "ended"},                        \
		{HK_COL_INT, "frames"}, {HK_COL_INT, "commands"}, {HK_COL_INT, "bytes"},           \
		{HK_COL_HEX, "sha256"}, {HK_COL_BOOL, "stamped"}, {HK_COL_TEXT, "stamp_why"},      \
	{                                                                                          \
		HK_COL_TIME, "sealed"                                                              \
	}

bool
hk_c2_read_transcripts(hk_db *db, int64_t session_id, int64_t after, int64_t limit, GString *out,
	int64_t *ret_next, GError **error)
{
	static const hk_col cols[] = {PIECE_COLS, {HK_COL_END, NULL}};
	int64_t last;
	bool more;
	hk_rows *rows = hk_db_query(db,
		HK_SQL(PIECE_SQL " FROM c2_transcripts t WHERE t.session_id = $1 AND ($2 = 0 OR "
				 "t.id < $2) ORDER BY t.id DESC LIMIT $3"),
		HK_ARGS(hk_v_int(session_id), hk_v_int(after), hk_v_int(limit + 1)), error);

	if (!hk_rows_json(rows, cols, out, (size_t)limit, &last, &more, error)) {
		return false;
	}
	*ret_next = more ? last : 0;
	return true;
}

bool
hk_c2_read_transcript(hk_db *db, int64_t id, GString *out, uint8_t ret_sha256[32], GError **error)
{
	static const hk_col cols[] = {PIECE_COLS, {HK_COL_OPEN, "session"}, {HK_COL_INT, "id"},
		{HK_COL_TEXT, "family"}, {HK_COL_TEXT, "host"}, {HK_COL_INT, "port"},
		{HK_COL_TEXT, "state"}, {HK_COL_TIME, "since"}, {HK_COL_CLOSE, NULL},
		{HK_COL_END, NULL}};
	enum { SHA256 = 6 };
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL(PIECE_SQL ", s.id, s.family, s.host, s.port, s.state, s.since_ms FROM "
				 "c2_transcripts t JOIN c2_sessions s ON s.id = t.session_id WHERE "
				 "t.id = $1"),
		HK_ARGS(hk_v_int(id)), error);

	if (!hk_rows_the(rows, "record", id, error)) {
		return false;
	}
	hk_span hash = hk_rows_blob(rows, SHA256);
	if (hash.len != 32) {
		return hk_error_set(
			error, HK_ECHECK, "the hash of record %" PRId64 " is damaged", id);
	}
	memcpy(ret_sha256, hash.data, 32);
	hk_jsonw_open(out, '{');
	hk_row_json(rows, cols, out);
	hk_jsonw_close(out, '}');
	return true;
}
