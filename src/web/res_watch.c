/* Whether the site of a case is still there: the watch with its history, and a person's word about it. */
#include "flow/monitor.h"
#include "store/case_read.h"
#include "sys/gerr.h"
#include "web/res.h"

bool
hk_web_cases_watch(hk_req *req, hk_reply *reply, GError **error)
{
	int64_t id = hk_req_id(req, "id");

	return hk_req_query_only(req, error, NULL) && hk_case_exists(req->db, id, error) &&
	       hk_watches_read(req->db, id, hk_reply_json(reply, 200), error);
}

typedef struct wish {
	int64_t case_id;
	const char *act;
} wish;

static bool
act_watch(hk_flow *flow, void *data, GError **error)
{
	const wish *w = data;

	return hk_monitor_act(flow, w->case_id, w->act, error);
}

bool
hk_web_cases_watch_act(hk_req *req, hk_reply *reply, GError **error)
{
	wish w = {.case_id = hk_req_id(req, "id")};

	if (!hk_req_json_only(req, error, "act", NULL) ||
		!hk_req_json_text(req, "act", 20, &w.act, error)) {
		return false;
	}
	if (!w.act) {
		return hk_error_set(error, HK_EFORM, "act: check, stop or resume");
	}
	return hk_flow_do(req->flow, &req->who, act_watch, &w, error) &&
	       hk_watches_read(req->db, w.case_id, hk_reply_json(reply, 200), error);
}
