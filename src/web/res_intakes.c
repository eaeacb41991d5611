/* /intakes: pastes and imports, what became of their lines. */
#include <string.h>

#include "flow/intake.h"
#include "store/intakes.h"
#include "store/reads.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"
#include "web/handler.h"
#include "web/rows.h"

static const hk_col intake_cols[] = {
	{"id", HK_COL_INT},
	{"state", HK_COL_TEXT},
	{"kind", HK_COL_TEXT},
	{"dry_run", HK_COL_BOOL},
	{"line", HK_COL_INT},
	{"lines", HK_COL_INT},
	{"opened", HK_COL_INT},
	{"attached", HK_COL_INT},
	{"routed", HK_COL_INT},
	{"refused", HK_COL_INT},
	{"skipped", HK_COL_INT},
	{"at", HK_COL_TIME},
	{"done", HK_COL_TIME},
	{"by", HK_COL_WHO},
	{"source", HK_COL_TEXT},
	{"options", HK_COL_JSON},
	{NULL, HK_COL_END},
};

static const hk_col line_cols[] = {
	{"line", HK_COL_INT},
	{"text", HK_COL_TEXT},
	{"url", HK_COL_TEXT},
	{"how", HK_COL_TEXT},
	{"case_id", HK_COL_ID},
	{"why", HK_COL_TEXT},
	{NULL, HK_COL_END},
};

typedef struct handing {
	const char *kind, *source, *options;
	hk_span body;
	bool dry_run;
	int64_t id;
} handing;

static bool
write_new(hk_flow *flow, void *data, GError **error)
{
	handing *h = data;

	return hk_intake_new(
		flow, h->kind, h->source, h->body, h->options, h->dry_run, &h->id, error);
}

static bool
answer(hk_req *req, hk_reply *reply, int64_t id, int status, GError **error)
{
	return hk_web_row_one(
		hk_read_intakes(req->db, id, 0, 1, error), intake_cols, -1, status, reply, error);
}

/* Who hands in: a program by token, or a person: what looks like a file is an import, a few lines are typed. */
static const char *
source_of(const hk_req *req, const char *kind)
{
	return req->by_token ? "api" : strcmp(kind, "lines") == 0 ? "manual" : "import";
}

bool
hk_web_intakes_new(hk_req *req, hk_reply *reply, GError **error)
{
	handing h = {.kind = "auto", .options = "{}"};
	g_autofree char *options = NULL;
	const char *body = NULL;

	if (req->json) {
		if (!hk_req_json_only(req, error, "kind", "body", "options", "dry_run", NULL) ||
			!hk_req_need(req, error, "body", NULL) ||
			!hk_req_json_text(req, "kind", 10, &h.kind, error) ||
			!hk_req_json_text(req, "body", HK_REQ_BULK_MAX, &body, error) ||
			!hk_req_json_flag(req, "dry_run", &h.dry_run, error)) {
			return false;
		}
		h.body = hk_span_str(body);
		options = hk_req_json_raw(req, "options");
	} else if (strcmp(req->type, "application/json") == 0) {
		return hk_error_set(error, HK_EFORM, "the body must be a JSON object");
	} else {
		if (!hk_req_query_only(req, error, "kind", "options", "dry_run", NULL) ||
			!hk_req_query_bool(req, "dry_run", &h.dry_run, error)) {
			return false;
		}
		h.kind = hk_req_query(req, "kind") ? hk_req_query(req, "kind") : "auto";
		options = g_strdup(hk_req_query(req, "options"));
		h.body = req->body;
	}
	h.options = options ? options : "{}";
	h.source = source_of(req, h.kind);
	if (!hk_flow_do(req->flow, &req->who, write_new, &h, error) ||
		!answer(req, reply, h.id, 202, error)) {
		return false;
	}
	hk_reply_location(reply, "/intakes/%" G_GINT64_FORMAT, h.id);
	return true;
}

bool
hk_web_intakes_list(hk_req *req, hk_reply *reply, GError **error)
{
	int64_t after, limit;

	return hk_req_query_only(req, error, "after", "limit", NULL) &&
	       hk_web_page(req, 20, &after, &limit, error) &&
	       hk_web_rows(hk_read_intakes(req->db, 0, after, limit + 1, error), intake_cols, limit,
		       reply, error);
}

bool
hk_web_intakes_get(hk_req *req, hk_reply *reply, GError **error)
{
	return answer(req, reply, hk_req_id(req, "id"), 200, error);
}

bool
hk_web_intakes_lines(hk_req *req, hk_reply *reply, GError **error)
{
	int64_t after, limit, id = hk_req_id(req, "id");
	const char *how = hk_req_query(req, "how");

	/* The first call is for its 404; hk_intakes_get locks the row, which a reader must not. */
	return hk_req_query_only(req, error, "after", "limit", "how", NULL) &&
	       hk_web_page(req, 200, &after, &limit, error) && answer(req, reply, id, 200, error) &&
	       hk_web_rows(hk_read_intake_lines(req->db, id, how, after, limit + 1, error),
		       line_cols, limit, reply, error);
}

static bool
write_cancel(hk_flow *flow, void *data, GError **error)
{
	return hk_intake_cancel(flow, *(int64_t *)data, error);
}

bool
hk_web_intakes_cancel(hk_req *req, hk_reply *reply, GError **error)
{
	int64_t id = hk_req_id(req, "id");

	return hk_flow_do(req->flow, &req->who, write_cancel, &id, error) &&
	       answer(req, reply, id, 200, error);
}

/* A dry run that people liked, for real: a new intake of the same bytes and options. */
static bool
write_run(hk_flow *flow, void *data, GError **error)
{
	handing *h = data;
	g_auto(hk_intake_row) row = {0};
	g_autoptr(GByteArray) body = g_byte_array_new();

	if (!hk_intakes_get(hk_flow_db(flow), h->id, &row, error)) {
		return false;
	}
	if (!row.dry_run || strcmp(row.state, "done") != 0) {
		return hk_error_set(
			error, HK_EPOLICY, "only a dry run that is done can be run for real");
	}
	if (!hk_intakes_read(hk_flow_db(flow), row.id, 0, row.bytes, body, error)) {
		return false;
	}
	if (body->len == 0) {
		return hk_error_set(
			error, HK_EPOLICY, "its text is no longer kept; hand it in again");
	}
	return hk_intake_new(flow, row.kind, row.source, hk_span_of(body->data, body->len),
		row.options, false, &h->id, error);
}

bool
hk_web_intakes_run(hk_req *req, hk_reply *reply, GError **error)
{
	handing h = {.id = hk_req_id(req, "id")};

	if (!hk_flow_do(req->flow, &req->who, write_run, &h, error) ||
		!answer(req, reply, h.id, 202, error)) {
		return false;
	}
	hk_reply_location(reply, "/intakes/%" G_GINT64_FORMAT, h.id);
	return true;
}
