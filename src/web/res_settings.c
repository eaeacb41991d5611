/* /settings and /views: policy, and what people want to see first. */
#include <string.h>

#include "flow/people.h"
#include "store/list.h"
#include "store/reads.h"
#include "store/views.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"
#include "web/handler.h"
#include "web/rows.h"

/* More than this of a saved view is told as "at least". */
#define VIEW_COUNT_MAX 1000

static bool
put_setting(hk_req *req, const char *key, GString *out, GError **error)
{
	g_autofree char *value = NULL;
	int64_t version;

	if (!hk_setting_get(req->db, key, &value, &version, error)) {
		return false;
	}
	hk_jsonw_open(out, '{');
	hk_jsonw_key(out, "key");
	hk_jsonw_str(out, key);
	hk_jsonw_key(out, "value");
	g_string_append(out, value);
	hk_jsonw_key(out, "version");
	hk_jsonw_int(out, version);
	hk_jsonw_close(out, '}');
	return true;
}

bool
hk_web_settings_list(hk_req *req, hk_reply *reply, GError **error)
{
	GString *out = hk_reply_json(reply, 200);

	hk_jsonw_open(out, '{');
	hk_jsonw_key(out, "items");
	hk_jsonw_open(out, '[');
	for (const char *const *key = hk_setting_keys; *key; key++) {
		if (!put_setting(req, *key, out, error)) {
			return false;
		}
	}
	hk_jsonw_close(out, ']');
	hk_jsonw_close(out, '}');
	return true;
}

typedef struct put_one {
	const char *key;
	char *value; /* borrowed */
	int64_t version;
} put_one;

static bool
write_setting(hk_flow *flow, void *data, GError **error)
{
	const put_one *p = data;

	return hk_setting_put(flow, p->key, p->version, p->value, error);
}

bool
hk_web_settings_put(hk_req *req, hk_reply *reply, GError **error)
{
	g_autofree char *value = g_strndup((const char *)req->body.data, req->body.len);
	put_one p = {
		.key = hk_req_word(req, "key"),
		.value = value,
		.version = hk_req_header(req, "If-Match") && req->if_match > 0 ? req->if_match : -1,
	};

	return hk_flow_do(req->flow, &req->who, write_setting, &p, error) &&
	       put_setting(req, p.key, hk_reply_json(reply, 200), error);
}

/* --- saved views --- */

static const hk_col view_cols[] = {
	{"id", HK_COL_INT},
	{NULL, HK_COL_SKIP},
	{"name", HK_COL_TEXT},
	{"query", HK_COL_TEXT},
	{"sort", HK_COL_TEXT},
	{"columns", HK_COL_JSON},
	{"position", HK_COL_INT},
	{NULL, HK_COL_END},
};

/* A view whose query no longer works (its target has gone) has no count; it is still there to be mended. */
static void
put_count(hk_req *req, const char *query, GString *out)
{
	int64_t count;
	g_autoptr(hk_filter) filter = hk_filter_new(
		req->db, HK_LIST_CASES, query, req->who.user_id, hk_clock_wall_ms(), NULL);

	hk_jsonw_key(out, "count");
	if (!filter || !hk_list_count(req->db, filter, VIEW_COUNT_MAX, &count, NULL)) {
		hk_jsonw_null(out);
		return;
	}
	hk_jsonw_open(out, '{');
	hk_jsonw_key(out, "count");
	hk_jsonw_int(out, count);
	hk_jsonw_key(out, "exact");
	hk_jsonw_bool(out, count < VIEW_COUNT_MAX);
	hk_jsonw_close(out, '}');
}

/* id 0: all that the user sees. */
static bool
put_views(hk_req *req, int64_t id, GString *out, bool *ret_found, GError **error)
{
	g_autoptr(hk_rows) rows = hk_read_views(req->db, req->who.user_id, error);
	g_autoptr(GError) local = NULL;

	*ret_found = false;
	while (rows && hk_rows_next(rows, &local)) {
		if (id != 0 && hk_rows_int(rows, 0) != id) {
			continue;
		}
		*ret_found = true;
		hk_jsonw_open(out, '{');
		hk_web_row_members(rows, view_cols, out);
		hk_jsonw_key(out, "shared");
		hk_jsonw_bool(out, hk_rows_is_null(rows, 1));
		put_count(req, hk_rows_str(rows, 3), out);
		hk_jsonw_close(out, '}');
	}
	if (local) {
		g_propagate_error(error, g_steal_pointer(&local));
		return false;
	}
	return rows != NULL;
}

bool
hk_web_views_list(hk_req *req, hk_reply *reply, GError **error)
{
	GString *out = hk_reply_json(reply, 200);
	bool found;

	hk_jsonw_open(out, '{');
	hk_jsonw_key(out, "items");
	hk_jsonw_open(out, '[');
	if (!put_views(req, 0, out, &found, error)) {
		return false;
	}
	hk_jsonw_close(out, ']');
	hk_jsonw_key(out, "next");
	hk_jsonw_null(out);
	hk_jsonw_close(out, '}');
	return true;
}

typedef struct view_change {
	hk_req *req;
	hk_reply *reply;
	int64_t id; /* 0: a new one */
	bool remove;
	bool shares;  /* the request asks for a shared one */
	char *fields; /* borrowed */
} view_change;

/* What all see on their board is set up by those who work on cases. */
static bool
check_shared(hk_flow *flow, const view_change *v, GError **error)
{
	g_auto(hk_view_row) row = {.user_id = v->req->who.user_id};

	if (hk_req_may(v->req, HK_PERM_CASE_WRITE)) {
		return true;
	}
	if (v->id && !hk_views_get(hk_flow_db(flow), v->id, row.user_id, &row, error)) {
		return false;
	}
	return (row.user_id != 0 && !v->shares) ||
	       hk_reply_problem(v->reply, error, 403, HK_EPOLICY, "shared",
		       "keep a view of your own, or ask an analyst",
		       "shared views are set up by analysts only");
}

static bool
write_view(hk_flow *flow, void *data, GError **error)
{
	view_change *v = data;

	if (!check_shared(flow, v, error)) {
		return false;
	}
	return v->remove ? hk_view_delete(flow, v->id, error)
	       : v->id   ? hk_view_edit(flow, v->id, v->fields, error)
			 : hk_view_new(flow, v->fields, &v->id, error);
}

static bool
view_write(hk_req *req, hk_reply *reply, int64_t id, int status, GError **error)
{
	g_autofree char *fields = g_strndup((const char *)req->body.data, req->body.len);
	view_change v = {.req = req, .reply = reply, .id = id, .fields = fields};
	bool found;

	/* A query that cannot be read is refused here, with its place in the text. */
	const char *query = NULL;
	if (!hk_req_json_text(req, "query", 4096, &query, error) ||
		!hk_req_json_flag(req, "shared", &v.shares, error)) {
		return false;
	}
	if (query) {
		g_autoptr(hk_filter) filter = hk_filter_new(
			req->db, HK_LIST_CASES, query, req->who.user_id, hk_clock_wall_ms(), error);
		if (!filter) {
			return false;
		}
	}
	return hk_flow_do(req->flow, &req->who, write_view, &v, error) &&
	       put_views(req, v.id, hk_reply_json(reply, status), &found, error) &&
	       (found || hk_error_set(error, HK_ENOENT, "there is no such view"));
}

bool
hk_web_views_new(hk_req *req, hk_reply *reply, GError **error)
{
	return view_write(req, reply, 0, 201, error);
}

bool
hk_web_views_edit(hk_req *req, hk_reply *reply, GError **error)
{
	return view_write(req, reply, hk_req_id(req, "id"), 200, error);
}

bool
hk_web_views_delete(hk_req *req, hk_reply *reply, GError **error)
{
	view_change v = {.req = req, .reply = reply, .id = hk_req_id(req, "id"), .remove = true};

	if (!hk_flow_do(req->flow, &req->who, write_view, &v, error)) {
		return false;
	}
	hk_reply_empty(reply, 204);
	return true;
}
