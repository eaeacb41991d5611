/* /reports: what is told to whom: lists, one report, its bytes.
 *
 * What a report says was made of what attackers wrote. It is handed out as plain text in a sandbox, or to be saved, never as what it
 * claims to be. */
#include <inttypes.h>
#include <string.h>

#include "base/codec.h"
#include "flow/states.h"
#include "store/case_read.h"
#include "store/reports.h"
#include "sys/blob.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "sys/json.h"
#include "sys/jsonw.h"
#include "sys/png.h"
#include "web/res_report.h"
#include "web/web.h"

/* A mail with its pictures is at most 25 MB (docs/reports.md); an answer far less. */
enum { CONTENT_MAX = 64 << 20, STATES_MAX = 20, FACTS_MAX = 1 << 20 };

void
hk_res_holds(unsigned stops, GString *out)
{
	static const char *const hows[] = {
		[HK_STOP_HARD] = "hard", [HK_STOP_WAIT] = "wait", [HK_STOP_ASK] = "ask"};

	hk_jsonw_key(out, "holds");
	hk_jsonw_open(out, '[');
	for (unsigned i = 0; i < HK_STOP_COUNT; i++) {
		if (stops >> i & 1) {
			hk_jsonw_open(out, '{');
			hk_jsonw_member_str(out, "stop", hk_stop_rows[i].text);
			hk_jsonw_member_str(out, "how", hows[hk_stop_rows[i].how]);
			hk_jsonw_member_str(out, "en", hk_stop_rows[i].en);
			hk_jsonw_member_str(out, "ja", hk_stop_rows[i].ja);
			hk_jsonw_close(out, '}');
		}
	}
	hk_jsonw_close(out, ']');
}

/* ---- lists ---- */

static bool
no_such_state(GError **error)
{
	g_autoptr(GString) known = g_string_new(NULL);

	for (size_t i = 0; i < hk_state_count; i++) {
		if (hk_states[i].machine == HK_MACHINE_REPORT) {
			g_string_append_printf(known, " %s", hk_states[i].text);
		}
	}
	return hk_error_set(
		error, HK_ERANGE, "state: there is no such state; known are%s", known->str);
}

bool
hk_res_report_states(const char *text, char ***ret, GError **error)
{
	g_autoptr(GStrvBuilder) list = g_strv_builder_new();

	for (unsigned i = 0; i < STATES_MAX; i++) {
		size_t len = strcspn(text, ",");
		g_autofree char *state = g_strndup(text, len);
		if (!hk_states_find(HK_MACHINE_REPORT, state)) {
			return no_such_state(error);
		}
		g_strv_builder_add(list, state);
		if (text[len] == '\0') {
			*ret = g_strv_builder_end(list);
			return true;
		}
		text += len + 1;
	}
	return hk_error_set(error, HK_ELIMIT, "state: at most %d of them", (int)STATES_MAX);
}

static bool
take_filter(hk_req *req, hk_report_filter *f, char ***states, GError **error)
{
	const char *state = hk_req_query(req, "state"), *order = hk_req_query(req, "order");

	f->channel = hk_req_query(req, "channel");
	f->kind = hk_req_query(req, "kind");
	f->recipient = hk_req_query(req, "recipient");
	f->user_id = req->who.user_id;
	f->now_ms = hk_clock_wall_ms();
	f->oldest = order && strcmp(order, "oldest") == 0;
	if (order && !f->oldest && strcmp(order, "newest") != 0) {
		return hk_error_set(error, HK_ERANGE, "order: oldest or newest");
	}
	if (state && !hk_res_report_states(state, states, error)) {
		return false;
	}
	f->states = (const char *const *)*states;
	return hk_req_query_int(req, "case", 1, INT64_MAX, 0, &f->case_id, error) &&
	       hk_req_query_bool(req, "mine", &f->mine, error) &&
	       hk_req_query_bool(req, "waiting", &f->waiting, error) &&
	       hk_req_query_bool(req, "held", &f->held, error) &&
	       hk_req_query_bool(req, "overdue", &f->overdue, error) &&
	       hk_req_query_bool(req, "sample", &f->sample, error) &&
	       hk_req_query_int(req, "after", 0, INT64_MAX, 0, &f->after, error) &&
	       hk_req_query_int(req, "limit", 1, 200, 50, &f->limit, error);
}

static bool
put_list(hk_req *req, hk_reply *reply, const hk_report_filter *f, GError **error)
{
	GString *out = hk_reply_json(reply, 200);
	int64_t next;

	hk_jsonw_open(out, '{');
	hk_jsonw_key(out, "items");
	hk_jsonw_open(out, '[');
	if (!hk_report_read_list(req->db, f, hk_stops_json, out, &next, error)) {
		return false;
	}
	g_autofree char *cursor = next > 0 ? g_strdup_printf("%" PRId64, next) : NULL;
	hk_res_list_end(out, cursor, -1, false);
	return true;
}

bool
hk_web_reports_list(hk_req *req, hk_reply *reply, GError **error)
{
	hk_report_filter f = {0};
	g_auto(GStrv) states = NULL;

	return hk_req_query_only(req, error, "state", "channel", "kind", "recipient", "case",
		       "mine", "waiting", "held", "overdue", "sample", "order", "after", "limit",
		       NULL) &&
	       take_filter(req, &f, &states, error) && put_list(req, reply, &f, error);
}

bool
hk_web_cases_reports(hk_req *req, hk_reply *reply, GError **error)
{
	hk_report_filter f = {
		.case_id = hk_req_id(req, "id"), .oldest = true, .limit = HK_REPORT_READ_LEDGER};

	return hk_req_query_only(req, error, NULL) && hk_case_exists(req->db, f.case_id, error) &&
	       put_list(req, reply, &f, error);
}

bool
hk_web_reports_counters(hk_req *req, hk_reply *reply, GError **error)
{
	return hk_req_query_only(req, error, NULL) &&
	       hk_report_read_counters(req->db, req->who.user_id, hk_clock_wall_ms(),
		       hk_reply_json(reply, 200), error);
}

/* ---- one ---- */

/* Moves that only the program makes. */
static bool
by_hand(const hk_move *move, bool assisted)
{
	static const char *const never[] = {"queue", "doubt", NULL};

	if (g_strv_contains(never, move->act)) {
		return false;
	}
	/* What is on its way ends by itself, unless a person is to hand it in. */
	return strcmp(move->from, "queued") != 0 || strcmp(move->act, "undo") == 0 || assisted;
}

/* mail | http | assisted; "" when it does not say. */
static char *
way_of(const hk_report_row *row)
{
	g_autoptr(hk_json_doc) doc = hk_json_load(hk_span_str(row->request), HK_REQ_JSON_MAX, NULL);
	hk_json root = doc ? hk_json_root(doc) : (hk_json){0};
	const char *way = "";

	if (doc && hk_json_has(&root, "way") && !hk_json_str(&root, "way", &way, NULL)) {
		way = "";
	}
	return g_strdup(way);
}

static bool
may_approve(const hk_req *req, const hk_report_row *row)
{
	return hk_req_may(req, HK_PERM_REPORT_APPROVE) && row->proposer_id != req->who.user_id;
}

static void
put_may(const hk_req *req, const hk_report_row *row, GString *out)
{
	g_autofree char *way = way_of(row);
	bool assisted = strcmp(way, "assisted") == 0;
	bool write = hk_req_may(req, HK_PERM_REPORT_WRITE);

	hk_jsonw_member_str(out, "way", way);
	hk_jsonw_key(out, "may");
	hk_jsonw_open(out, '[');
	for (size_t i = 0; i < hk_move_count; i++) {
		const hk_move *m = &hk_moves[i];
		if (m->machine != HK_MACHINE_REPORT || strcmp(m->from, row->state) != 0) {
			continue;
		}
		bool may = strcmp(m->act, "approve") == 0 ? may_approve(req, row)
							  : write && by_hand(m, assisted);
		if (may) {
			hk_jsonw_str(out, m->act);
		}
	}
	/* One that a person hands in goes from approved to sent by one act (flow/report.h). */
	if (write && assisted && strcmp(row->state, "approved") == 0) {
		hk_jsonw_str(out, "send");
	}
	if (write && strcmp(row->state, "drafted") == 0 && strcmp(way, "mail") == 0) {
		hk_jsonw_str(out, "edit");
	}
	if (row->sample == 1 && hk_req_may(req, HK_PERM_REPORT_APPROVE)) {
		hk_jsonw_str(out, "sample");
	}
	hk_jsonw_close(out, ']');
}

bool
hk_res_report(hk_req *req, hk_reply *reply, int status, int64_t id, GError **error)
{
	GString *out = hk_reply_json(reply, status);
	g_auto(hk_report_row) row = {0};
	int64_t version = 0;

	hk_jsonw_open(out, '{');
	if (!hk_report_read_members(req->db, id, hk_stops_json, out, &version, error) ||
		!hk_reports_get(req->db, id, &row, error)) {
		return false;
	}
	hk_res_holds(row.stops, out);
	put_may(req, &row, out);
	hk_jsonw_close(out, '}');
	hk_reply_version(reply, version);
	return true;
}

bool
hk_web_reports_get(hk_req *req, hk_reply *reply, GError **error)
{
	return hk_req_query_only(req, error, NULL) &&
	       hk_res_report(req, reply, 200, hk_req_id(req, "id"), error);
}

/* ---- bytes ---- */

/* Media types that are text, whatever stands in it. */
static bool
is_text(const char *type)
{
	static const char *const begins[] = {"text/", "message/", "application/json",
		"application/x-www-form-urlencoded", "application/xml", NULL};

	for (const char *const *begin = begins; type && *begin; begin++) {
		if (g_str_has_prefix(type, *begin)) {
			return true;
		}
	}
	return false;
}

bool
hk_res_blob(hk_req *req, hk_reply *reply, const uint8_t sha256[32], const char *type,
	const char *name, GError **error)
{
	bool save;

	if (!hk_req_query_only(req, error, "download", NULL) ||
		!hk_req_query_bool(req, "download", &save, error)) {
		return false;
	}
	if (!req->config || !req->config->blobs) {
		return hk_error_set(error, HK_ECONFIG, "no place for evidence is configured");
	}
	g_autoptr(GBytes) content = hk_blobs_get(req->config->blobs, sha256, CONTENT_MAX, error);
	if (!content) {
		return false;
	}
	if (save || !is_text(type)) {
		hk_reply_download(reply, "application/octet-stream", name);
	} else {
		hk_reply_show(reply, "text/plain; charset=utf-8");
	}
	hk_reply_bytes(reply, content);
	return true;
}

bool
hk_web_reports_content(hk_req *req, hk_reply *reply, GError **error)
{
	g_auto(hk_report_row) row = {0};

	if (!hk_reports_get(req->db, hk_req_id(req, "id"), &row, error)) {
		return false;
	}
	if (!row.has_content) {
		return hk_error_set(error, HK_ENOENT, "report %" PRId64 " has no body", row.id);
	}
	/* A page or picture that is saved must not open as one when it is clicked. */
	g_autofree char *name = g_strdup_printf("report-%" PRId64 "%s", row.id,
		g_str_has_prefix(row.type, "message/") ? ".eml.txt" : ".txt");
	return hk_res_blob(req, reply, row.content, row.type, name, error);
}

bool
hk_web_reports_answer(hk_req *req, hk_reply *reply, GError **error)
{
	int64_t id = hk_req_id(req, "id"), n = hk_req_id(req, "n");
	uint8_t sha256[32];

	if (!hk_report_read_answer(req->db, id, n, sha256, error)) {
		return false;
	}
	g_autofree char *name = g_strdup_printf("report-%" PRId64 "-answer-%" PRId64 ".txt", id, n);
	return hk_res_blob(req, reply, sha256, "text/plain", name, error);
}

/* What stands in the facts is what report/poll has written there. */
bool
hk_web_reports_picture(hk_req *req, hk_reply *reply, GError **error)
{
	g_auto(hk_report_row) row = {0};
	uint8_t sha256[32];
	const char *hex = NULL;

	if (!hk_reports_get(req->db, hk_req_id(req, "id"), &row, error)) {
		return false;
	}
	g_autoptr(hk_json_doc) doc =
		row.facts ? hk_json_load(hk_span_str(row.facts), FACTS_MAX, NULL) : NULL;
	hk_json root = doc ? hk_json_root(doc) : (hk_json){0};
	if (!doc || !hk_json_has(&root, "picture") || !hk_json_str(&root, "picture", &hex, NULL) ||
		strlen(hex) != 2 * sizeof sha256 ||
		hk_hex_decode(hk_span_str(hex), sha256, sizeof sha256) != HK_OK) {
		return hk_error_set(error, HK_ENOENT, "report %" PRId64 " has no picture", row.id);
	}
	if (!req->config || !req->config->blobs) {
		return hk_error_set(error, HK_ECONFIG, "no place for evidence is configured");
	}
	g_autoptr(GBytes) content = hk_blobs_get(req->config->blobs, sha256, CONTENT_MAX, error);
	uint32_t width, height;
	if (!content) {
		return false;
	}
	gsize len;
	const void *data = g_bytes_get_data(content, &len);
	if (!hk_png_size(hk_span_of(data, len), &width, &height)) {
		return hk_error_set(error, HK_ENOENT, "what is there is no picture");
	}
	hk_reply_show(reply, "image/png");
	hk_reply_bytes(reply, content);
	return true;
}
