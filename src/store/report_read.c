#include "store/report_read.h"

#include <string.h>

#include "store/rowjson.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"

#define MS_PER_DAY INT64_C(86400000)

/* One literal: the head of the statements, which end with a condition. Column 0 is the number, column 1 what holds it up. */
#define ITEM_SQL                                                                                   \
	"SELECT r.id, r.stops, c.id, c.name, c.host, c.domain, c.state, t.key, t.name, "           \
	"t.name_en, "                                                                              \
	"r.channel, r.kind, r.recipient, r.name, r.subject, r.lang, r.step, r.round, "             \
	"r.parent_id, "                                                                            \
	"r.state, r.title, r.type, r.bytes, r.digest, COALESCE(p.login, 'auto'), a.login, "        \
	"r.policy, r.sample, r.drafted_ms, r.approved_ms, r.send_ms, r.sent_ms, "                  \
	"r.acknowledged_ms, "                                                                      \
	"r.ended_ms, r.due_ms, r.remote_id, r.remote_state, r.why, r.tries, "                      \
	"(SELECT COUNT(*) FROM report_sites s WHERE s.report_id = r.id), "                         \
	"(SELECT s.url FROM report_sites s WHERE s.report_id = r.id AND s.position = 0), "         \
	"(SELECT COUNT(*) FROM letters l WHERE l.report_id = r.id), r.version"
#define ITEM_FROM                                                                                  \
	" FROM reports r JOIN cases c ON c.id = r.case_id LEFT JOIN targets t ON t.id = "          \
	"c.target_id LEFT JOIN users p ON p.id = r.proposer_id LEFT JOIN users a ON a.id = "       \
	"r.approver_id "
#define ITEM_COLS                                                                                  \
	{HK_COL_INT, "id"}, {HK_COL_SKIP, NULL}, {HK_COL_OPEN, "case"}, {HK_COL_INT, "id"},        \
		{HK_COL_TEXT, "name"}, {HK_COL_TEXT, "host"}, {HK_COL_TEXT, "domain"},             \
		{HK_COL_TEXT, "state"}, {HK_COL_CLOSE, NULL}, {HK_COL_OPEN, "target"},             \
		{HK_COL_TEXT, "key"}, {HK_COL_TEXT, "name"}, {HK_COL_TEXT, "name_en"},             \
		{HK_COL_CLOSE, NULL}, {HK_COL_TEXT, "channel"}, {HK_COL_TEXT, "kind"},             \
		{HK_COL_TEXT, "recipient"}, {HK_COL_TEXT, "name"}, {HK_COL_TEXT, "subject"},       \
		{HK_COL_TEXT, "lang"}, {HK_COL_TEXT, "step"}, {HK_COL_INT, "round"},               \
		{HK_COL_INT, "parent_id"}, {HK_COL_TEXT, "state"}, {HK_COL_TEXT, "title"},         \
		{HK_COL_TEXT, "type"}, {HK_COL_INT, "bytes"}, {HK_COL_HEX, "digest"},              \
		{HK_COL_TEXT, "proposer"}, {HK_COL_TEXT, "approver"}, {HK_COL_TEXT, "policy"},     \
		{HK_COL_INT, "sample"}, {HK_COL_TIME, "drafted"}, {HK_COL_TIME, "approved"},       \
		{HK_COL_TIME, "send"}, {HK_COL_TIME, "sent"}, {HK_COL_TIME, "acknowledged"},       \
		{HK_COL_TIME, "ended"}, {HK_COL_TIME, "due"}, {HK_COL_TEXT, "remote_id"},          \
		{HK_COL_TEXT, "remote_state"}, {HK_COL_TEXT, "why"}, {HK_COL_INT, "tries"},        \
		{HK_COL_INT, "sites"}, {HK_COL_TEXT, "url"}, {HK_COL_INT, "letters"},              \
	{                                                                                          \
		HK_COL_INT, "version"                                                              \
	}
enum { ITEM_VERSION = 42 };

static const hk_col item_cols[] = {ITEM_COLS, {HK_COL_END, NULL}};
static const hk_col whole_cols[] = {ITEM_COLS, {HK_COL_RAW, "request"}, {HK_COL_HEX, "content"},
	{HK_COL_TEXT, "token"}, {HK_COL_RAW, "facts"}, {HK_COL_INT, "polls"}, {HK_COL_END, NULL}};
static const hk_col site_cols[] = {
	{HK_COL_INT, "case_id"}, {HK_COL_TEXT, "url"}, {HK_COL_TEXT, "state"}, {HK_COL_END, NULL}};
static const hk_col receipt_cols[] = {{HK_COL_INT, "id"}, {HK_COL_TEXT, "act"},
	{HK_COL_TEXT, "phase"}, {HK_COL_TEXT, "how"}, {HK_COL_INT, "status"},
	{HK_COL_HEX, "request"}, {HK_COL_HEX, "answer"}, {HK_COL_TEXT, "why"},
	{HK_COL_TIME, "begun"}, {HK_COL_TIME, "ended"}, {HK_COL_END, NULL}};
static const hk_col history_cols[] = {{HK_COL_INT, "seq"}, {HK_COL_TIME, "at"},
	{HK_COL_TEXT, "who"}, {HK_COL_TEXT, "via"}, {HK_COL_TEXT, "act"}, {HK_COL_RAW, "data"},
	{HK_COL_END, NULL}};
static const hk_col ledger_cols[] = {{HK_COL_INT, "id"}, {HK_COL_TEXT, "channel"},
	{HK_COL_TEXT, "kind"}, {HK_COL_TEXT, "recipient"}, {HK_COL_TEXT, "name"},
	{HK_COL_TEXT, "step"}, {HK_COL_INT, "round"}, {HK_COL_TEXT, "state"},
	{HK_COL_TEXT, "remote_id"}, {HK_COL_TIME, "drafted"}, {HK_COL_TIME, "approved"},
	{HK_COL_TIME, "sent"}, {HK_COL_TIME, "acknowledged"}, {HK_COL_TIME, "ended"},
	{HK_COL_END, NULL}};

/* ---- which ---- */

static void
put_states(hk_sqlb *b, const char *const *states)
{
	hk_sqlb_add(b, HK_SQL(" AND r.state IN ("));
	for (size_t i = 0; states[i]; i++) {
		hk_sqlb_add(b, i > 0 ? HK_SQL(", ") : HK_SQL(""));
		hk_sqlb_value(b, hk_v_str(states[i]));
	}
	hk_sqlb_add(b, HK_SQL(")"));
}

static void
put_text(hk_sqlb *b, hk_sql before, const char *text)
{
	if (text) {
		hk_sqlb_add(b, before);
		hk_sqlb_value(b, hk_v_str(text));
	}
}

static void
put_people(hk_sqlb *b, const hk_report_filter *f)
{
	if (f->mine) {
		hk_sqlb_add(b, HK_SQL(" AND (r.proposer_id = "));
		hk_sqlb_value(b, hk_v_int(f->user_id));
		hk_sqlb_add(b, HK_SQL(" OR r.approver_id = "));
		hk_sqlb_value(b, hk_v_int(f->user_id));
		hk_sqlb_add(b, HK_SQL(")"));
	}
	if (f->waiting) {
		hk_sqlb_add(
			b, HK_SQL(" AND r.state = 'drafted' AND COALESCE(r.proposer_id, 0) <> "));
		hk_sqlb_value(b, hk_v_int(f->user_id));
	}
}

static void
put_filter(hk_sqlb *b, const hk_report_filter *f)
{
	hk_sqlb_add(b, HK_SQL("WHERE 1 = 1"));
	if (f->states) {
		put_states(b, f->states);
	}
	put_text(b, HK_SQL(" AND r.channel = "), f->channel);
	put_text(b, HK_SQL(" AND r.kind = "), f->kind);
	put_text(b, HK_SQL(" AND r.recipient = "), f->recipient);
	if (f->case_id != 0) {
		hk_sqlb_add(b, HK_SQL(" AND r.id IN (SELECT report_id FROM report_sites WHERE "
				      "case_id = "));
		hk_sqlb_value(b, hk_v_int(f->case_id));
		hk_sqlb_add(b, HK_SQL(")"));
	}
	put_people(b, f);
	if (f->held) {
		hk_sqlb_add(b, HK_SQL(" AND r.stops <> 0 AND r.state IN ('drafted', 'approved', "
				      "'queued')"));
	}
	if (f->overdue) {
		hk_sqlb_add(b, HK_SQL(" AND r.state IN ('sent', 'acknowledged') AND r.due_ms < "));
		hk_sqlb_value(b, hk_v_int(f->now_ms));
	}
	if (f->sample) {
		hk_sqlb_add(b, HK_SQL(" AND r.sample = 1"));
	}
	if (f->after != 0) {
		hk_sqlb_add(b, f->oldest ? HK_SQL(" AND r.id > ") : HK_SQL(" AND r.id < "));
		hk_sqlb_value(b, hk_v_int(f->after));
	}
	hk_sqlb_add(b,
		f->oldest ? HK_SQL(" ORDER BY r.id LIMIT ") : HK_SQL(" ORDER BY r.id DESC LIMIT "));
	hk_sqlb_value(b, hk_v_int(f->limit + 1));
}

/* Where rows end: true, unless they ended with an error. */
static bool
ended(GError *inner, GError **error)
{
	if (inner) {
		g_propagate_error(error, inner);
	}
	return inner == NULL;
}

static void
put_members(const hk_rows *rows, const hk_col *cols, hk_stops_put stops, GString *out)
{
	hk_row_json(rows, cols, out);
	hk_jsonw_key(out, "stops");
	stops((unsigned)hk_rows_int(rows, 1), out);
}

bool
hk_report_read_list(hk_db *db, const hk_report_filter *filter, hk_stops_put stops, GString *out,
	int64_t *ret_next, GError **error)
{
	g_autoptr(hk_sqlb) b = hk_sqlb_new(db);
	GError *inner = NULL;
	int64_t last = 0;

	hk_sqlb_add(b, HK_SQL(ITEM_SQL ITEM_FROM));
	put_filter(b, filter);
	*ret_next = 0;
	g_autoptr(hk_rows) rows = hk_sqlb_query(b, db, error);
	if (!rows) {
		return false;
	}
	for (int64_t shown = 0; hk_rows_next(rows, &inner); shown++) {
		if (shown == filter->limit) {
			*ret_next = last;
			break;
		}
		last = hk_rows_int(rows, 0);
		hk_jsonw_open(out, '{');
		put_members(rows, item_cols, stops, out);
		hk_jsonw_close(out, '}');
	}
	return ended(inner, error);
}

bool
hk_report_read_ids(hk_db *db, const hk_report_filter *filter, GArray **ret, GError **error)
{
	g_autoptr(hk_sqlb) b = hk_sqlb_new(db);
	g_autoptr(GArray) ids = g_array_new(false, false, sizeof(int64_t));
	GError *inner = NULL;

	hk_sqlb_add(b, HK_SQL("SELECT r.id FROM reports r "));
	put_filter(b, filter);
	g_autoptr(hk_rows) rows = hk_sqlb_query(b, db, error);
	if (!rows) {
		return false;
	}
	while (ids->len < (uint64_t)filter->limit && hk_rows_next(rows, &inner)) {
		int64_t id = hk_rows_int(rows, 0);
		g_array_append_val(ids, id);
	}
	if (!ended(inner, error)) {
		return false;
	}
	*ret = g_steal_pointer(&ids);
	return true;
}

/* ---- one ---- */

static bool
put_list(const char *key, hk_rows *rows, const hk_col *cols, size_t limit, GString *out,
	GError **error)
{
	hk_jsonw_key(out, key);
	hk_jsonw_open(out, '[');
	if (!hk_rows_json(rows, cols, out, limit, NULL, NULL, error)) {
		return false;
	}
	hk_jsonw_close(out, ']');
	return true;
}

/* A letter: of a list without its text, of a report with it. */
#define LETTER_SQL                                                                                 \
	"SELECT l.id, l.report_id, l.mailbox, l.matched, l.proof, l.class, l.number, l.sender, "   \
	"l.subject, "                                                                              \
	"l.sent_ms, l.at_ms, "
#define LETTER_COLS                                                                                \
	{HK_COL_INT, "id"}, {HK_COL_INT, "report_id"}, {HK_COL_TEXT, "mailbox"},                   \
		{HK_COL_TEXT, "matched"}, {HK_COL_TEXT, "proof"}, {HK_COL_TEXT, "class"},          \
		{HK_COL_TEXT, "number"}, {HK_COL_TEXT, "sender"}, {HK_COL_TEXT, "subject"},        \
		{HK_COL_TIME, "sent"},                                                             \
	{                                                                                          \
		HK_COL_TIME, "at"                                                                  \
	}
static const hk_col letter_cols[] = {
	LETTER_COLS, {HK_COL_TEXT, "begin"}, {HK_COL_INT, "case_id"}, {HK_COL_END, NULL}};
static const hk_col letter_whole_cols[] = {LETTER_COLS, {HK_COL_TEXT, "text"},
	{HK_COL_TEXT, "message_id"}, {HK_COL_HEX, "content"}, {HK_COL_END, NULL}};

static bool
put_parts(hk_db *db, int64_t id, int64_t case_id, GString *out, GError **error)
{
	const hk_value one[] = {hk_v_int(id)}, of_case[] = {hk_v_int(case_id)};

	return put_list("urls",
		       hk_db_query(db,
			       HK_SQL("SELECT s.case_id, s.url, c.state FROM report_sites s JOIN "
				      "cases c ON c.id = s.case_id WHERE s.report_id = $1 ORDER "
				      "BY s.position"),
			       one, 1, error),
		       site_cols, SIZE_MAX, out, error) &&
	       put_list("receipts",
		       hk_db_query(db,
			       HK_SQL("SELECT id, act, phase, how, status, request, answer, why, "
				      "begun_ms, ended_ms FROM receipts WHERE report_id = $1 "
				      "ORDER BY id DESC LIMIT 200"),
			       one, 1, error),
		       receipt_cols, HK_REPORT_READ_RECEIPTS, out, error) &&
	       put_list("thread",
		       hk_db_query(db,
			       HK_SQL(LETTER_SQL "l.text, l.message_id, l.content FROM letters l "
						 "WHERE l.report_id = $1 ORDER BY l.id LIMIT 50"),
			       one, 1, error),
		       letter_whole_cols, HK_REPORT_READ_LETTERS, out, error) &&
	       put_list("history",
		       hk_db_query(db,
			       HK_SQL("SELECT seq, at_ms, who, via, act, data FROM events WHERE "
				      "object = 'report' AND object_id = $1 ORDER BY seq LIMIT "
				      "500"),
			       one, 1, error),
		       history_cols, HK_REPORT_READ_HISTORY, out, error) &&
	       put_list("ledger",
		       hk_db_query(db,
			       HK_SQL("SELECT id, channel, kind, recipient, name, step, round, "
				      "state, remote_id, drafted_ms, approved_ms, sent_ms, "
				      "acknowledged_ms, ended_ms FROM reports WHERE case_id = $1 "
				      "ORDER BY id LIMIT 200"),
			       of_case, 1, error),
		       ledger_cols, HK_REPORT_READ_LEDGER, out, error);
}

bool
hk_report_read_members(hk_db *db, int64_t id, hk_stops_put stops, GString *out,
	int64_t *ret_version, GError **error)
{
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL(ITEM_SQL ", r.request, r.content, r.token, r.facts, r.polls" ITEM_FROM
				"WHERE r.id = $1"),
		HK_ARGS(hk_v_int(id)), error);

	if (!hk_rows_the(rows, "report", id, error)) {
		return false;
	}
	put_members(rows, whole_cols, stops, out);
	*ret_version = hk_rows_int(rows, ITEM_VERSION);
	return put_parts(db, id, hk_rows_int(rows, 2), out, error);
}

/* ---- counters ---- */

bool
hk_report_read_counters(hk_db *db, int64_t user_id, int64_t now_ms, GString *out, GError **error)
{
	static const hk_col cols[] = {{HK_COL_INT, "drafted"}, {HK_COL_INT, "waiting"},
		{HK_COL_INT, "approved"}, {HK_COL_INT, "held"}, {HK_COL_INT, "unsure"},
		{HK_COL_INT, "bounced"}, {HK_COL_INT, "overdue"}, {HK_COL_INT, "sample"},
		{HK_COL_INT, "letters"}, {HK_COL_END, NULL}};

	return hk_rows_json(
		hk_db_query(db,
			HK_SQL("SELECT (SELECT COUNT(*) FROM reports WHERE state = 'drafted'), "
			       "(SELECT COUNT(*) FROM reports WHERE state = 'drafted' AND "
			       "COALESCE(proposer_id, 0) <> $1), "
			       "(SELECT COUNT(*) FROM reports WHERE state IN ('approved', "
			       "'queued')), "
			       "(SELECT COUNT(*) FROM reports WHERE state IN ('drafted', "
			       "'approved', 'queued') AND stops <> 0), "
			       "(SELECT COUNT(*) FROM reports WHERE state = 'unsure'), "
			       "(SELECT COUNT(*) FROM reports r JOIN cases c ON c.id = r.case_id "
			       "WHERE r.state = 'bounced' AND c.state IN ('confirmed', "
			       "'reported', 'resurrected')), "
			       "(SELECT COUNT(*) FROM reports WHERE due_ms < $2 AND state IN "
			       "('sent', 'acknowledged')), "
			       "(SELECT COUNT(*) FROM reports WHERE sample = 1), "
			       "(SELECT COUNT(*) FROM letters WHERE report_id IS NULL)"),
			HK_ARGS(hk_v_int(user_id), hk_v_int(now_ms)), error),
		cols, out, 1, NULL, NULL, error);
}

/* ---- letters ---- */

bool
hk_report_read_letters(hk_db *db, bool open, int64_t report_id, int64_t after, int64_t limit,
	GString *out, int64_t *ret_next, GError **error)
{
	g_autoptr(hk_sqlb) b = hk_sqlb_new(db);
	int64_t last = 0;
	bool more = false;

	hk_sqlb_add(b, HK_SQL(LETTER_SQL "SUBSTR(l.text, 1, 400), r.case_id FROM letters l LEFT "
					 "JOIN reports r ON r.id = l.report_id WHERE 1 = 1"));
	if (open) {
		hk_sqlb_add(b, HK_SQL(" AND l.report_id IS NULL"));
	}
	if (report_id != 0) {
		hk_sqlb_add(b, HK_SQL(" AND l.report_id = "));
		hk_sqlb_value(b, hk_v_int(report_id));
	}
	if (after != 0) {
		hk_sqlb_add(b, HK_SQL(" AND l.id < "));
		hk_sqlb_value(b, hk_v_int(after));
	}
	hk_sqlb_add(b, HK_SQL(" ORDER BY l.id DESC LIMIT "));
	hk_sqlb_value(b, hk_v_int(limit + 1));
	if (!hk_rows_json(hk_sqlb_query(b, db, error), letter_cols, out, (size_t)limit, &last,
		    &more, error)) {
		return false;
	}
	*ret_next = more ? last : 0;
	return true;
}

bool
hk_report_read_letter(hk_db *db, int64_t id, GString *out, GError **error)
{
	int64_t found = 0;

	return hk_rows_json(hk_db_query(db,
				    HK_SQL(LETTER_SQL "l.text, l.message_id, l.content FROM "
						      "letters l WHERE l.id = $1"),
				    HK_ARGS(hk_v_int(id)), error),
		       letter_whole_cols, out, 1, &found, NULL, error) &&
	       (found == id || hk_rows_none("letter", id, error));
}

/* The one hash that a query finds. */
static bool
read_hash(hk_rows *taken, const char *none, uint8_t ret_sha256[32], GError **error)
{
	g_autoptr(hk_rows) rows = taken;
	bool found;

	if (!hk_rows_one(rows, &found, error)) {
		return false;
	}
	if (!found || hk_rows_blob(rows, 0).len != 32) {
		return hk_error_set(error, HK_ENOENT, "%s", none);
	}
	memcpy(ret_sha256, hk_rows_blob(rows, 0).data, 32);
	return true;
}

bool
hk_report_read_letter_content(hk_db *db, int64_t id, uint8_t ret_sha256[32], GError **error)
{
	return read_hash(hk_db_query(db, HK_SQL("SELECT content FROM letters WHERE id = $1"),
				 HK_ARGS(hk_v_int(id)), error),
		"there is no such letter", ret_sha256, error);
}

bool
hk_report_read_answer(
	hk_db *db, int64_t report_id, int64_t receipt_id, uint8_t ret_sha256[32], GError **error)
{
	return read_hash(
		hk_db_query(db,
			HK_SQL("SELECT answer FROM receipts WHERE id = $1 AND report_id = $2"),
			HK_ARGS(hk_v_int(receipt_id), hk_v_int(report_id)), error),
		"there is no such receipt, or nothing was answered", ret_sha256, error);
}

/* ---- channels ---- */

bool
hk_report_read_channels(hk_db *db, GPtrArray **ret, GError **error)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	GError *inner = NULL;
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT name FROM channels UNION SELECT channel FROM reports ORDER BY 1"),
		HK_NO_ARGS, error);

	while (rows && hk_rows_next(rows, &inner)) {
		g_ptr_array_add(names, g_strdup(hk_rows_str(rows, 0)));
	}
	if (!rows || !ended(inner, error)) {
		return false;
	}
	*ret = g_steal_pointer(&names);
	return true;
}

bool
hk_report_read_channel(hk_db *db, const char *name, int64_t now_ms, GString *out, GError **error)
{
	static const hk_col cols[] = {{HK_COL_TEXT, "state"}, {HK_COL_TEXT, "why"},
		{HK_COL_TIME, "free"}, {HK_COL_INT, "sent_today"}, {HK_COL_TIME, "ok"},
		{HK_COL_TIME, "error_at"}, {HK_COL_TEXT, "error"}, {HK_COL_INT, "version"},
		{HK_COL_INT, "waiting"}, {HK_COL_INT, "sent"}, {HK_COL_END, NULL}};
	GError *inner = NULL;
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT COALESCE(h.state, 'open'), h.why, h.free_ms, CASE WHEN h.day = $2 "
		       "THEN h.sent_day ELSE 0 END, h.ok_ms, h.error_ms, h.error, "
		       "COALESCE(h.version, 0), (SELECT COUNT(*) FROM reports WHERE channel = $1 "
		       "AND state IN ('approved', 'queued')), (SELECT COUNT(*) FROM reports WHERE "
		       "channel = $1 AND sent_ms IS NOT NULL) FROM (SELECT 1 AS one) o LEFT JOIN "
		       "channels h ON h.name = $1"),
		HK_ARGS(hk_v_str(name), hk_v_int(now_ms / MS_PER_DAY)), error);

	if (!rows) {
		return false;
	}
	if (hk_rows_next(rows, &inner)) {
		hk_row_json(rows, cols, out);
	}
	return ended(inner, error);
}
