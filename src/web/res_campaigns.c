/* /campaigns: cases that belong together, moved as one. */
#include "flow/case.h"
#include "store/reads.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"
#include "web/handler.h"
#include "web/rows.h"

static const hk_col cols[] = {
	{"id", HK_COL_INT},
	{"name", HK_COL_TEXT},
	{"kind", HK_COL_TEXT},
	{"key", HK_COL_TEXT},
	{"actor", HK_COL_OPEN},
	{"id", HK_COL_INT},
	{"key", HK_COL_TEXT},
	{"name", HK_COL_TEXT},
	{NULL, HK_COL_CLOSE},
	{"cases", HK_COL_INT},
	{"opened", HK_COL_TIME},
	{"updated", HK_COL_TIME},
	{"version", HK_COL_INT},
	{NULL, HK_COL_END},
};
enum { VERSION = 10 };

typedef struct change {
	int64_t id, version, count;
	const char *name, *act, *note;
	char *fields; /* borrowed */
} change;

static bool
answer(hk_req *req, hk_reply *reply, int64_t id, int status, GError **error)
{
	return hk_web_row_one(
		hk_read_campaigns(req->db, id, 0, 1, error), cols, VERSION, status, reply, error);
}

bool
hk_web_campaigns_list(hk_req *req, hk_reply *reply, GError **error)
{
	int64_t after, limit;

	return hk_req_query_only(req, error, "after", "limit", NULL) &&
	       hk_web_page(req, 50, &after, &limit, error) &&
	       hk_web_rows(hk_read_campaigns(req->db, 0, after, limit + 1, error), cols, limit,
		       reply, error);
}

bool
hk_web_campaigns_get(hk_req *req, hk_reply *reply, GError **error)
{
	return answer(req, reply, hk_req_id(req, "id"), 200, error);
}

static bool
write_new(hk_flow *flow, void *data, GError **error)
{
	change *c = data;

	return hk_campaign_new(flow, c->name, &c->id, error);
}

bool
hk_web_campaigns_new(hk_req *req, hk_reply *reply, GError **error)
{
	change c = {0};

	if (!hk_req_json_only(req, error, "name", NULL) || !hk_req_need(req, error, "name", NULL) ||
		!hk_req_json_text(req, "name", 500, &c.name, error) ||
		!hk_flow_do(req->flow, &req->who, write_new, &c, error) ||
		!answer(req, reply, c.id, 201, error)) {
		return false;
	}
	hk_reply_location(reply, "/campaigns/%" G_GINT64_FORMAT, c.id);
	return true;
}

static bool
write_edit(hk_flow *flow, void *data, GError **error)
{
	const change *c = data;

	return hk_campaign_edit(flow, c->id, c->version, c->fields, error);
}

bool
hk_web_campaigns_edit(hk_req *req, hk_reply *reply, GError **error)
{
	g_autofree char *fields = g_strndup((const char *)req->body.data, req->body.len);
	change c = {.id = hk_req_id(req, "id"), .version = req->if_match, .fields = fields};

	return hk_req_json_only(req, error, "name", "actor", NULL) &&
	       hk_flow_do(req->flow, &req->who, write_edit, &c, error) &&
	       answer(req, reply, c.id, 200, error);
}

static bool
write_act(hk_flow *flow, void *data, GError **error)
{
	change *c = data;

	return hk_campaign_act(flow, c->id, c->act, c->note, &c->count, error);
}

bool
hk_web_campaigns_act(hk_req *req, hk_reply *reply, GError **error)
{
	change c = {.id = hk_req_id(req, "id")};

	if (!hk_req_json_only(req, error, "act", "note", NULL) ||
		!hk_req_need(req, error, "act", NULL) ||
		!hk_req_json_text(req, "act", 40, &c.act, error) ||
		!hk_req_json_text(req, "note", 20000, &c.note, error) ||
		!hk_flow_do(req->flow, &req->who, write_act, &c, error)) {
		return false;
	}
	GString *out = hk_reply_json(reply, 200);
	hk_jsonw_open(out, '{');
	hk_jsonw_key(out, "done");
	hk_jsonw_int(out, c.count);
	hk_jsonw_close(out, '}');
	return true;
}
