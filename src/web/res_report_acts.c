/* Acts on reports: to have them drafted, to approve them, and what people do with one. */
#include <inttypes.h>
#include <string.h>

#include "base/codec.h"
#include "store/reports.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"
#include "web/res_report.h"
#include "web/rows.h"

enum { TEXT_MAX = 50000, NOTE_MAX = 2000 };

/* ---- drafts ---- */

typedef struct act {
	int64_t id, version;
	const char *act, *note, *subject, *text;
	bool good;
} act;

static bool
act_ask(hk_flow *flow, void *data, GError **error)
{
	const act *a = data;

	return hk_report_ask(flow, a->id, error);
}

bool
hk_web_cases_report(hk_req *req, hk_reply *reply, GError **error)
{
	act a = {.id = hk_req_id(req, "id")};

	if (!hk_req_json_only(req, error, NULL) ||
		!hk_flow_do(req->flow, &req->who, act_ask, &a, error)) {
		return false;
	}
	hk_reply_empty(reply, 202);
	return true;
}

static bool
act_edit(hk_flow *flow, void *data, GError **error)
{
	const act *a = data;

	return hk_report_edit(flow, a->id, a->version, a->subject, a->text, error);
}

bool
hk_web_reports_edit(hk_req *req, hk_reply *reply, GError **error)
{
	act a = {.id = hk_req_id(req, "id"), .version = req->if_match};

	return hk_req_json_only(req, error, "subject", "text", NULL) &&
	       hk_req_need(req, error, "subject", "text", NULL) &&
	       hk_req_json_text(req, "subject", 1000, &a.subject, error) &&
	       hk_req_json_text(req, "text", TEXT_MAX, &a.text, error) &&
	       hk_flow_do(req->flow, &req->who, act_edit, &a, error) &&
	       hk_res_report(req, reply, 200, a.id, error);
}

/* ---- acts on one ---- */

static bool
act_move(hk_flow *flow, void *data, GError **error)
{
	const act *a = data;

	return hk_report_act(
		flow, a->id, a->version, a->act, a->note && *a->note ? a->note : NULL, error);
}

bool
hk_web_reports_act(hk_req *req, hk_reply *reply, GError **error)
{
	act a = {.id = hk_req_id(req, "id"), .version = req->if_match};

	return hk_req_json_only(req, error, "act", "note", NULL) &&
	       hk_req_need(req, error, "act", NULL) &&
	       hk_req_json_text(req, "act", 60, &a.act, error) &&
	       hk_req_json_text(req, "note", NOTE_MAX, &a.note, error) &&
	       hk_flow_do(req->flow, &req->who, act_move, &a, error) &&
	       hk_res_report(req, reply, 200, a.id, error);
}

static bool
act_sample(hk_flow *flow, void *data, GError **error)
{
	const act *a = data;

	return hk_report_sample(flow, a->id, a->good, a->note && *a->note ? a->note : NULL, error);
}

bool
hk_web_reports_sample(hk_req *req, hk_reply *reply, GError **error)
{
	act a = {.id = hk_req_id(req, "id")};

	return hk_req_json_only(req, error, "good", "note", NULL) &&
	       hk_req_need(req, error, "good", NULL) &&
	       hk_req_json_flag(req, "good", &a.good, error) &&
	       hk_req_json_text(req, "note", NOTE_MAX, &a.note, error) &&
	       hk_flow_do(req->flow, &req->who, act_sample, &a, error) &&
	       hk_res_report(req, reply, 200, a.id, error);
}

/* ---- approval ---- */

typedef struct approval {
	int64_t id;
	uint8_t digest[32];
	unsigned agreed;
	int64_t send_ms, version;
	char *state;
} approval;

static bool
act_approve(hk_flow *flow, void *data, GError **error)
{
	approval *a = data;
	g_auto(hk_report_row) row = {0};

	if (!hk_report_approve(flow, a->id, a->digest, a->agreed, error) ||
		!hk_reports_get(hk_flow_db(flow), a->id, &row, error)) {
		return false;
	}
	a->send_ms = row.send_ms;
	a->version = row.version;
	g_free(a->state);
	a->state = g_strdup(row.state);
	return true;
}

/* What one report is refused for; anything else ends the whole request. */
static bool
is_refusal(const GError *why)
{
	hk_err code = hk_error_code(why);

	return code == HK_EPOLICY || code == HK_ENOENT || code == HK_EINCONSISTENT;
}

/* flow/report says "STOP: what it is"; other refusals have no stop. */
static void
put_refused(const approval *a, const GError *why, GString *out)
{
	const char *colon = strchr(why->message, ':');
	g_autofree char *word =
		colon ? g_strndup(why->message, (gsize)(colon - why->message)) : g_strdup("");
	hk_stop stop = hk_stop_find(word);

	hk_jsonw_open(out, '{');
	hk_jsonw_member_int(out, "id", a->id);
	hk_jsonw_member_str(out, "stop", stop < HK_STOP_COUNT ? hk_stop_rows[stop].text : NULL);
	hk_jsonw_member_str(out, "code", hk_err_code(hk_error_code(why)));
	hk_jsonw_member_str(
		out, "why", stop < HK_STOP_COUNT ? hk_stop_rows[stop].en : why->message);
	hk_jsonw_close(out, '}');
}

static void
put_approved(const approval *a, GString *out)
{
	hk_jsonw_open(out, '{');
	hk_jsonw_member_int(out, "id", a->id);
	hk_jsonw_member_str(out, "state", a->state);
	hk_web_time(out, "send", a->send_ms);
	hk_jsonw_member_int(out, "version", a->version);
	hk_jsonw_close(out, '}');
}

static bool
take_one(const hk_json *item, approval *ret, GError **error)
{
	const char *digest;

	if (!hk_json_i64(item, "id", &ret->id, error) ||
		!hk_json_str(item, "digest", &digest, error)) {
		return false;
	}
	if (hk_hex_decode(hk_span_str(digest), ret->digest, sizeof ret->digest) != HK_OK) {
		return hk_json_fail(item, HK_EFORM, error,
			"the digest must be the 64 hexadecimal digits that were shown");
	}
	return true;
}

static bool
take_agreed(const hk_req *req, unsigned *ret, GError **error)
{
	hk_json list;

	if (!hk_json_has(req->json, "agree")) {
		return true;
	}
	if (!hk_json_array(req->json, "agree", &list, error)) {
		return false;
	}
	for (size_t i = 0; i < hk_json_len(&list); i++) {
		hk_json item = hk_json_at(&list, i);
		const char *text = hk_json_text(&item);
		hk_stop stop = text ? hk_stop_find(text) : HK_STOP_COUNT;
		if (stop == HK_STOP_COUNT || hk_stop_rows[stop].how != HK_STOP_ASK) {
			return hk_json_fail(
				&item, HK_EFORM, error, "is nothing that can be agreed to");
		}
		*ret |= 1u << stop;
	}
	return true;
}

/* All of the request is read before the first is approved: a mistake in it approves nothing. */
static bool
take_all(const hk_req *req, GArray *all, GError **error)
{
	unsigned agreed = 0;
	hk_json list;

	if (!take_agreed(req, &agreed, error) ||
		!hk_json_array(req->json, "reports", &list, error)) {
		return false;
	}
	size_t n = hk_json_len(&list);
	if (n == 0 || n > HK_RES_REPORTS_MAX) {
		return hk_error_set(error, n == 0 ? HK_ERANGE : HK_ELIMIT,
			"reports: name 1 to %d of them", (int)HK_RES_REPORTS_MAX);
	}
	for (size_t i = 0; i < n; i++) {
		hk_json item = hk_json_at(&list, i);
		approval a = {.agreed = agreed};
		if (!take_one(&item, &a, error)) {
			return false;
		}
		g_array_append_val(all, a);
	}
	return true;
}

/* Each in a transaction of its own: what one is refused for does not hold up the others. */
static bool
approve_all(hk_req *req, hk_reply *reply, GArray *all, GError **error)
{
	g_autoptr(GString) refused = g_string_new("[");
	GString *out = hk_reply_json(reply, 200);

	hk_jsonw_open(out, '{');
	hk_jsonw_key(out, "approved");
	hk_jsonw_open(out, '[');
	for (unsigned i = 0; i < all->len; i++) {
		approval *a = &g_array_index(all, approval, i);
		g_autoptr(GError) why = NULL;
		if (hk_flow_do(req->flow, &req->who, act_approve, a, &why)) {
			put_approved(a, out);
		} else if (is_refusal(why)) {
			put_refused(a, why, refused);
		} else {
			g_propagate_error(error, g_steal_pointer(&why));
			return false;
		}
	}
	hk_jsonw_close(out, ']');
	hk_jsonw_key(out, "refused");
	g_string_append(out, refused->str);
	hk_jsonw_close(out, ']');
	hk_jsonw_close(out, '}');
	return true;
}

static void
clear(void *data)
{
	g_free(((approval *)data)->state);
}

bool
hk_web_reports_approve(hk_req *req, hk_reply *reply, GError **error)
{
	g_autoptr(GArray) all = g_array_new(false, false, sizeof(approval));

	g_array_set_clear_func(all, clear);
	return hk_req_json_only(req, error, "reports", "agree", NULL) &&
	       hk_req_need(req, error, "reports", NULL) && take_all(req, all, error) &&
	       approve_all(req, reply, all, error);
}
