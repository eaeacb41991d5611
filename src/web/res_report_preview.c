/* /reports/preview: before many are approved: what would go to whom, recipient by recipient, and what stands against it. Nothing is kept.
 *
 * What a row says about its stops is what was so when somebody looked last. So each draft is approved as if all had been agreed to, and taken back: what stands
 * against it now is what flow/report itself says. */
#include <inttypes.h>
#include <string.h>

#include "store/reports.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"
#include "web/res_report.h"

/* URLs of one report that are shown; the rest are counted. */
enum { URLS_SHOWN = 5 };

/* One report with all that is asked about it. */
typedef struct entry {
	hk_report_row row;
	GPtrArray *urls;
	GArray *cases;
} entry;

static void
entry_free(void *data)
{
	entry *e = data;

	hk_report_row_clear(&e->row);
	g_clear_pointer(&e->urls, g_ptr_array_unref);
	g_clear_pointer(&e->cases, g_array_unref);
	g_free(e);
}

static bool
take_ids(const hk_json *list, GArray *ids, GError **error)
{
	size_t n = hk_json_len(list);

	if (n == 0 || n > HK_RES_REPORTS_MAX) {
		return hk_error_set(error, n == 0 ? HK_ERANGE : HK_ELIMIT,
			"ids: name 1 to %d reports", (int)HK_RES_REPORTS_MAX);
	}
	for (size_t i = 0; i < n; i++) {
		hk_json item = hk_json_at(list, i);
		int64_t id = hk_json_int(&item);
		if (id <= 0) {
			return hk_json_fail(
				&item, HK_EFORM, error, "the number of a report is expected");
		}
		g_array_append_val(ids, id);
	}
	return true;
}

static bool
optional_text(const hk_json *obj, const char *key, const char **ret, GError **error)
{
	return !hk_json_has(obj, key) || hk_json_str(obj, key, ret, error);
}

static bool
optional_flag(const hk_json *obj, const char *key, bool *ret, GError **error)
{
	return !hk_json_has(obj, key) || hk_json_bool(obj, key, ret, error);
}

/* The same words as the list's parameters. */
static bool
take_query(hk_req *req, const hk_json *query, GArray **ids, GError **error)
{
	static const char *const known[] = {
		"state", "channel", "kind", "recipient", "case", "waiting", "held", NULL};
	hk_report_filter f = {.user_id = req->who.user_id,
		.now_ms = hk_clock_wall_ms(),
		.oldest = true,
		.limit = HK_RES_REPORTS_MAX};
	g_auto(GStrv) states = NULL;
	const char *key, *state = NULL;
	void *pos = NULL;
	hk_json value;

	while (hk_json_each(query, &pos, &key, &value)) {
		if (!g_strv_contains(known, key)) {
			return hk_json_fail(&value, HK_EFORM, error, "is not known here");
		}
	}
	if (!optional_text(query, "state", &state, error) ||
		!optional_text(query, "channel", &f.channel, error) ||
		!optional_text(query, "kind", &f.kind, error) ||
		!optional_text(query, "recipient", &f.recipient, error) ||
		!optional_flag(query, "waiting", &f.waiting, error) ||
		!optional_flag(query, "held", &f.held, error) ||
		(hk_json_has(query, "case") && !hk_json_i64(query, "case", &f.case_id, error)) ||
		(state && !hk_res_report_states(state, &states, error))) {
		return false;
	}
	f.states = (const char *const *)states;
	GArray *found = NULL;
	if (!hk_report_read_ids(req->db, &f, &found, error)) {
		return false;
	}
	g_array_unref(*ids);
	*ids = found;
	return true;
}

static bool
take_which(hk_req *req, GArray **ids, GError **error)
{
	hk_json list, query;

	if (!hk_req_json_only(req, error, "ids", "query", NULL)) {
		return false;
	}
	if (req->json && hk_json_has(req->json, "query")) {
		return hk_json_object(req->json, "query", &query, error) &&
		       take_query(req, &query, ids, error);
	}
	return hk_req_need(req, error, "ids", NULL) &&
	       hk_json_array(req->json, "ids", &list, error) && take_ids(&list, *ids, error);
}

static int
by_recipient(const void *a, const void *b)
{
	const entry *x = *(const entry *const *)a, *y = *(const entry *const *)b;
	int order = strcmp(x->row.channel, y->row.channel);

	order = order ? order : strcmp(x->row.recipient, y->row.recipient);
	return order ? order : (x->row.id > y->row.id) - (x->row.id < y->row.id);
}

static bool
load(hk_req *req, const GArray *ids, GPtrArray *entries, GError **error)
{
	for (unsigned i = 0; i < ids->len; i++) {
		entry *e = g_new0(entry, 1);
		int64_t id = g_array_index(ids, int64_t, i);
		g_ptr_array_add(entries, e);
		if (!hk_reports_get(req->db, id, &e->row, error) ||
			!hk_reports_sites(req->db, id, &e->urls, &e->cases, error)) {
			return false;
		}
	}
	g_ptr_array_sort(entries, by_recipient);
	return true;
}

static unsigned
stops_of(hk_stop_how how)
{
	unsigned bits = 0;

	for (unsigned i = 0; i < HK_STOP_COUNT; i++) {
		bits |= hk_stop_rows[i].how == how ? 1u << i : 0;
	}
	return bits;
}

/* What flow/report refused it for; HK_STOP_COUNT: for something else ("STOP: what it is"). */
static hk_stop
stop_of(const GError *why)
{
	const char *colon = strchr(why->message, ':');
	g_autofree char *word =
		colon ? g_strndup(why->message, (gsize)(colon - why->message)) : g_strdup("");

	return hk_stop_find(word);
}

/* Asks as often as there is one more thing to agree to. False: the database failed. */
static bool
look_at(hk_flow *flow, hk_report_row *row, GError **error)
{
	g_auto(hk_report_row) then = {0};
	unsigned found = 0, agreed = 0;

	for (unsigned i = 0; i < HK_STOP_COUNT; i++) {
		g_autoptr(GError) why = NULL;
		if (hk_report_approve(flow, row->id, row->digest, agreed, &why)) {
			if (!hk_reports_get(hk_flow_db(flow), row->id, &then, error)) {
				return false;
			}
			row->stops = found | then.stops;
			return true;
		}
		if (hk_error_code(why) != HK_EPOLICY) {
			g_propagate_error(error, g_steal_pointer(&why));
			return false;
		}
		hk_stop stop = stop_of(why);
		if (stop == HK_STOP_COUNT) {
			return true; /* the own proposal: what the row says is as good as anything */
		}
		found |= 1u << stop;
		row->stops = found;
		if (hk_stop_rows[stop].how != HK_STOP_ASK) {
			return true;
		}
		agreed |= 1u << stop;
	}
	return true;
}

static bool
look(hk_req *req, GPtrArray *entries, GError **error)
{
	for (unsigned i = 0; i < entries->len; i++) {
		entry *e = g_ptr_array_index(entries, i);
		if (strcmp(e->row.state, "drafted") == 0 && !look_at(req->flow, &e->row, error)) {
			return false;
		}
	}
	return true;
}

/* Why this person could not approve it; NULL: they could. The acts say it again when it comes to that. */
static const char *
against(const hk_req *req, const hk_report_row *row)
{
	return strcmp(row->state, "drafted") != 0        ? "state"
	       : row->proposer_id == req->who.user_id    ? "self"
	       : row->stops & stops_of(HK_STOP_HARD)     ? "stop"
	       : hk_req_may(req, HK_PERM_REPORT_APPROVE) ? NULL
							 : "role";
}

static void
put_entry(const hk_req *req, const entry *e, GString *out)
{
	const hk_report_row *row = &e->row;

	hk_jsonw_open(out, '{');
	hk_jsonw_member_int(out, "id", row->id);
	hk_jsonw_member_int(out, "case_id", row->case_id);
	hk_jsonw_member_str(out, "state", row->state);
	hk_jsonw_member_str(out, "step", row->step);
	hk_jsonw_member_str(out, "title", row->title);
	hk_jsonw_member_str(out, "type", row->type);
	hk_jsonw_member_int(out, "bytes", row->bytes);
	hk_jsonw_key(out, "digest");
	hk_jsonw_hex(out, hk_span_of(row->digest, sizeof row->digest));
	hk_jsonw_key(out, "content");
	if (row->has_content) {
		hk_jsonw_hex(out, hk_span_of(row->content, sizeof row->content));
	} else {
		hk_jsonw_null(out);
	}
	hk_jsonw_member_int(out, "cases", e->cases->len);
	hk_jsonw_member_int(out, "sites", e->urls->len);
	hk_jsonw_strs(out, "urls", (const char *const *)e->urls->pdata,
		MIN(e->urls->len, (unsigned)URLS_SHOWN));
	hk_res_holds(row->stops, out);
	hk_jsonw_member_str(out, "against", against(req, row));
	hk_jsonw_close(out, '}');
}

static bool
open_group(hk_req *req, const hk_report_row *row, GString *out, GError **error)
{
	bool known, bounced;
	int64_t sent;

	if (!hk_recipients_known(req->db, row->channel, row->recipient, &known, &bounced, error) ||
		!hk_reports_volume(req->db, 0, row->channel, row->recipient, &sent, error)) {
		return false;
	}
	hk_jsonw_open(out, '{');
	hk_jsonw_member_str(out, "channel", row->channel);
	hk_jsonw_member_str(out, "kind", row->kind);
	hk_jsonw_member_str(out, "recipient", row->recipient);
	hk_jsonw_member_str(out, "name", row->name);
	hk_jsonw_member_bool(out, "known", known);
	hk_jsonw_member_bool(out, "bounced", bounced);
	hk_jsonw_member_int(out, "sent", sent);
	hk_jsonw_key(out, "reports");
	hk_jsonw_open(out, '[');
	return true;
}

static bool
put_groups(hk_req *req, const GPtrArray *entries, GString *out, GError **error)
{
	const entry *last = NULL;

	hk_jsonw_key(out, "recipients");
	hk_jsonw_open(out, '[');
	for (unsigned i = 0; i < entries->len; i++) {
		const entry *e = g_ptr_array_index(entries, i);
		bool fresh = !last || strcmp(last->row.channel, e->row.channel) != 0 ||
			     strcmp(last->row.recipient, e->row.recipient) != 0;
		if (fresh && last) {
			hk_jsonw_close(out, ']');
			hk_jsonw_close(out, '}');
		}
		if (fresh && !open_group(req, &e->row, out, error)) {
			return false;
		}
		put_entry(req, e, out);
		last = e;
	}
	if (last) {
		hk_jsonw_close(out, ']');
		hk_jsonw_close(out, '}');
	}
	hk_jsonw_close(out, ']');
	return true;
}

static bool
answer(hk_req *req, hk_reply *reply, const GPtrArray *entries, GError **error)
{
	GString *out = hk_reply_json(reply, 200);
	unsigned agree = 0;
	int64_t ready = 0, bytes = 0;

	for (unsigned i = 0; i < entries->len; i++) {
		const entry *e = g_ptr_array_index(entries, i);
		if (!against(req, &e->row)) {
			ready++;
			bytes += e->row.bytes;
			agree |= e->row.stops & stops_of(HK_STOP_ASK);
		}
	}
	hk_jsonw_open(out, '{');
	hk_jsonw_member_int(out, "count", entries->len);
	hk_jsonw_member_int(out, "ready", ready);
	hk_jsonw_member_int(out, "bytes", bytes);
	hk_jsonw_key(out, "agree");
	hk_stops_json(agree, out);
	if (!put_groups(req, entries, out, error)) {
		return false;
	}
	hk_jsonw_close(out, '}');
	return true;
}

bool
hk_web_reports_preview(hk_req *req, hk_reply *reply, GError **error)
{
	g_autoptr(GPtrArray) entries = g_ptr_array_new_with_free_func(entry_free);
	GArray *ids = g_array_new(false, false, sizeof(int64_t));
	bool good = take_which(req, &ids, error) && hk_flow_begin(req->flow, &req->who, error);

	if (good) {
		good = load(req, ids, entries, error) && look(req, entries, error);
		hk_flow_rollback(req->flow);
	}
	/* The rest is of one state of the database; the caller rolls back. */
	good = good && hk_db_begin(req->db, false, error) && answer(req, reply, entries, error);

	g_array_unref(ids);
	return good;
}
