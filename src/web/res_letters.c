/* /letters: mail that came in. What stands in it is a stranger's: shown as text, saved as bytes, never opened. */
#include <inttypes.h>

#include "flow/letter_hand.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"
#include "web/res_report.h"
#include "web/rows.h"

bool
hk_web_letters_list(hk_req *req, hk_reply *reply, GError **error)
{
	int64_t after, limit, report, next;
	bool open;

	if (!hk_req_query_only(req, error, "open", "report", "after", "limit", NULL) ||
		!hk_req_query_bool(req, "open", &open, error) ||
		!hk_req_query_int(req, "report", 1, INT64_MAX, 0, &report, error) ||
		!hk_web_page(req, 50, &after, &limit, error)) {
		return false;
	}
	GString *out = hk_reply_json(reply, 200);
	hk_jsonw_open(out, '{');
	hk_jsonw_key(out, "items");
	hk_jsonw_open(out, '[');
	if (!hk_report_read_letters(req->db, open, report, after, limit, out, &next, error)) {
		return false;
	}
	g_autofree char *cursor = next > 0 ? g_strdup_printf("%" PRId64, next) : NULL;
	hk_res_list_end(out, cursor, -1, false);
	return true;
}

bool
hk_web_letters_get(hk_req *req, hk_reply *reply, GError **error)
{
	return hk_req_query_only(req, error, NULL) &&
	       hk_report_read_letter(
		       req->db, hk_req_id(req, "id"), hk_reply_json(reply, 200), error);
}

bool
hk_web_letters_content(hk_req *req, hk_reply *reply, GError **error)
{
	int64_t id = hk_req_id(req, "id");
	uint8_t sha256[32];

	if (!hk_report_read_letter_content(req->db, id, sha256, error)) {
		return false;
	}
	g_autofree char *name = g_strdup_printf("letter-%" PRId64 ".eml.txt", id);
	return hk_res_blob(req, reply, sha256, NULL, name, error);
}

typedef struct match {
	int64_t letter, report;
} match;

static bool
act_match(hk_flow *flow, void *data, GError **error)
{
	const match *m = data;

	return hk_letter_hand_match(flow, m->letter, m->report, error);
}

bool
hk_web_letters_match(hk_req *req, hk_reply *reply, GError **error)
{
	match m = {.letter = hk_req_id(req, "id")};

	return hk_req_json_only(req, error, "report", NULL) &&
	       hk_req_need(req, error, "report", NULL) &&
	       hk_req_json_int(req, "report", 1, INT64_MAX, &m.report, error) &&
	       hk_flow_do(req->flow, &req->who, act_match, &m, error) &&
	       hk_report_read_letter(req->db, m.letter, hk_reply_json(reply, 200), error);
}
