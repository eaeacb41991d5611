/* /sightings: the inbox: what sources saw and nobody has decided about. */
#include <string.h>

#include "flow/case.h"
#include "flow/sighting.h"
#include "store/reads.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"
#include "web/res.h"
#include "web/rows.h"

enum { SELECT_MAX = 1000 };

static const hk_col cols[] = {
	{"id", HK_COL_INT},
	{"source", HK_COL_OPEN},
	{"key", HK_COL_TEXT},
	{"name", HK_COL_TEXT},
	{NULL, HK_COL_CLOSE},
	{"kind", HK_COL_TEXT},
	{"state", HK_COL_TEXT},
	{"seen", HK_COL_TIME},
	{"host", HK_COL_TEXT},
	{"url", HK_COL_TEXT},
	{"title", HK_COL_TEXT},
	{"score", HK_COL_REAL},
	{"target", HK_COL_OPEN},
	{"id", HK_COL_INT},
	{"key", HK_COL_TEXT},
	{"name", HK_COL_TEXT},
	{"name_en", HK_COL_TEXT},
	{"own", HK_COL_BOOL},
	{NULL, HK_COL_CLOSE},
	{"case_id", HK_COL_ID},
	{"campaign_id", HK_COL_ID},
	{"version", HK_COL_INT},
	{"data", HK_COL_JSON},
	{NULL, HK_COL_END},
};
/* Numbers of the columns that this file reads itself (store/reads.h). */
enum {
	SOURCE = 1,
	KIND = 3,
	SEEN = 5,
	HOST = 6,
	URL = 7,
	SCORE = 9,
	TARGET = 11,
	VERSION = 17,
	DATA = 18,
	KEY = 19
};

/* The rows come in any order: each is put down under its number and then taken in the order of the page. */
static bool
put_items(hk_req *req, const GArray *ids, GString *out, GError **error)
{
	g_autoptr(GHashTable) texts =
		g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
	g_autoptr(hk_rows) rows = hk_read_sightings(
		req->db, (const int64_t *)(const void *)ids->data, ids->len, error);
	g_autoptr(GError) local = NULL;

	while (rows && hk_rows_next(rows, &local)) {
		int64_t *id = g_new(int64_t, 1);
		GString *text = g_string_new(NULL);
		*id = hk_rows_int(rows, 0);
		hk_web_row(rows, cols, text);
		g_hash_table_insert(texts, id, g_string_free(text, FALSE));
	}
	if (local) {
		g_propagate_error(error, g_steal_pointer(&local));
		return false;
	}
	for (unsigned i = 0; i < ids->len; i++) {
		const char *text = g_hash_table_lookup(texts, &g_array_index(ids, int64_t, i));
		if (text) {
			g_string_append(out, i > 0 && out->str[out->len - 1] != '[' ? "," : "");
			g_string_append(out, text);
		}
	}
	return rows != NULL;
}

bool
hk_web_sightings_list(hk_req *req, hk_reply *reply, GError **error)
{
	hk_page page = {0};

	if (!hk_req_query_only(req, error, "q", "sort", "limit", "after", NULL) ||
		!hk_res_page(req, HK_LIST_SIGHTINGS, 20, &page, error)) {
		return false;
	}
	GString *out = hk_reply_json(reply, 200);
	hk_jsonw_open(out, '{');
	hk_jsonw_key(out, "items");
	hk_jsonw_open(out, '[');
	bool good = put_items(req, page.ids, out, error);
	hk_res_list_end(out, page.next, page.count, page.exact);
	hk_page_clear(&page);
	return good;
}

static bool
answer(hk_req *req, hk_reply *reply, int64_t id, GError **error)
{
	return hk_web_row_one(
		hk_read_sightings(req->db, &id, 1, error), cols, VERSION, 200, reply, error);
}

bool
hk_web_sightings_get(hk_req *req, hk_reply *reply, GError **error)
{
	return answer(req, reply, hk_req_id(req, "id"), error);
}

typedef struct change {
	int64_t id, version, case_id;
	const char *act;
	hk_taken taken;
} change;

static bool
write_act(hk_flow *flow, void *data, GError **error)
{
	const change *c = data;

	return hk_sighting_move(flow, c->id, c->version, c->act, error);
}

bool
hk_web_sightings_act(hk_req *req, hk_reply *reply, GError **error)
{
	change c = {.id = hk_req_id(req, "id"), .version = req->if_match};

	return hk_req_json_only(req, error, "act", NULL) && hk_req_need(req, error, "act", NULL) &&
	       hk_req_json_text(req, "act", 40, &c.act, error) &&
	       hk_flow_do(req->flow, &req->who, write_act, &c, error) &&
	       answer(req, reply, c.id, error);
}

/* Opens a case of what stands in the row, as somebody who typed it would. */
static bool
open_case(hk_flow *flow, const hk_rows *row, change *c, GError **error)
{
	const char *url = hk_rows_str(row, URL), *host = hk_rows_str(row, HOST);
	g_autofree hk_url *parsed = g_new0(hk_url, 1);
	hk_site site;

	if (!url && !host) {
		return hk_error_set(error, HK_EPOLICY,
			"the sighting names no site; make the case by hand and attach the sighting "
			"to it");
	}
	/* A certificate may name "*.host". */
	const char *text = url ? url : host + (g_str_has_prefix(host, "*.") ? 2 : 0);
	if (!hk_res_site(url ? "url" : "host", text, parsed, &site, error)) {
		return false;
	}
	hk_lead lead = {
		.url = url ? parsed->text : NULL,
		.host = parsed->host,
		.domain = site.domain[0] != '\0' ? site.domain : NULL,
		.private_suffix = site.private_suffix,
		.shared_host = site.shared,
		.target = hk_rows_str(row, TARGET),
		.source = hk_rows_str(row, SOURCE),
		.reporter_id = hk_flow_who(flow)->user_id,
		.first_seen_ms = hk_rows_int(row, SEEN),
		.score = hk_rows_real(row, SCORE),
		.sighting_id = c->id,
	};
	if (strcmp(hk_rows_str(row, KIND), "certificate") == 0 &&
		hk_rows_blob(row, KEY).len == 32) {
		memcpy(lead.certificate, hk_rows_blob(row, KEY).data, 32);
	}
	g_autoptr(hk_json_doc) doc =
		hk_json_load(hk_span_str(hk_rows_str(row, DATA)), (size_t)64 << 20, NULL);
	g_autofree char *reasons = NULL;
	if (doc) {
		hk_json root = hk_json_root(doc);
		hk_json list;
		reasons = hk_json_array(&root, "reasons", &list, NULL) ? hk_json_dump(&list) : NULL;
	}
	lead.reasons = reasons;
	return hk_case_take(flow, &lead, &c->taken, error);
}

static bool
write_case(hk_flow *flow, void *data, GError **error)
{
	change *c = data;
	g_autoptr(GError) local = NULL;

	if (c->case_id != 0) {
		return hk_sighting_attach(flow, c->id, c->case_id, error);
	}
	g_autoptr(hk_rows) row = hk_read_sightings(hk_flow_db(flow), &c->id, 1, error);
	if (!row) {
		return false;
	}
	if (!hk_rows_next(row, &local)) {
		if (local) {
			g_propagate_error(error, g_steal_pointer(&local));
			return false;
		}
		return hk_error_set(error, HK_ENOENT, "there is no sighting of that number");
	}
	bool good = open_case(flow, row, c, error);
	c->case_id = 0;
	return good;
}

bool
hk_web_sightings_case(hk_req *req, hk_reply *reply, GError **error)
{
	static const char *const hows[] = {"opened", "attached", "routed"};
	change c = {.id = hk_req_id(req, "id"), .taken = {.how = HK_TAKEN_ATTACHED}};
	int64_t version;

	if (!hk_req_json_only(req, error, "case", NULL) ||
		!hk_req_json_int(req, "case", 1, INT64_MAX, &c.case_id, error) ||
		!hk_flow_do(req->flow, &req->who, write_case, &c, error)) {
		return false;
	}
	int64_t id = c.case_id ? c.case_id : c.taken.case_id;
	GString *out = hk_reply_json(reply, c.taken.how == HK_TAKEN_ATTACHED ? 200 : 201);
	hk_jsonw_open(out, '{');
	hk_jsonw_key(out, "how");
	hk_jsonw_str(out, hows[c.taken.how]);
	hk_jsonw_key(out, "why");
	hk_jsonw_str(out, c.taken.why);
	hk_jsonw_key(out, "case");
	if (!hk_res_case_put(req, out, id, &version, error)) {
		return false;
	}
	hk_jsonw_close(out, '}');
	return true;
}

/* Each by itself: one that refuses does not hold up the others. */
bool
hk_web_sightings_bulk(hk_req *req, hk_reply *reply, GError **error)
{
	const char *act = NULL;
	hk_json ids;
	int64_t done = 0;
	g_autoptr(GString) refused = g_string_new("[");

	if (!hk_req_json_only(req, error, "ids", "act", NULL) ||
		!hk_req_need(req, error, "ids", "act", NULL) ||
		!hk_req_json_text(req, "act", 40, &act, error) ||
		!hk_json_array(req->json, "ids", &ids, error)) {
		return false;
	}
	if (hk_json_len(&ids) > SELECT_MAX) {
		return hk_error_set(error, HK_ELIMIT, "ids: at most %d at once", SELECT_MAX);
	}
	for (size_t i = 0; i < hk_json_len(&ids); i++) {
		hk_json at = hk_json_at(&ids, i);
		change c = {.act = act};
		g_autoptr(GError) local = NULL;
		if (hk_json_kind_of(&at) != HK_JSON_INT) {
			return hk_json_fail(&at, HK_EFORM, error, "a number is expected");
		}
		c.id = hk_json_int(&at);
		bool good = strcmp(act, "case") == 0
				    ? hk_flow_do(req->flow, &req->who, write_case, &c, &local)
				    : hk_flow_do(req->flow, &req->who, write_act, &c, &local);
		if (good) {
			done++;
			continue;
		}
		hk_jsonw_open(refused, '{');
		hk_jsonw_key(refused, "id");
		hk_jsonw_int(refused, c.id);
		hk_jsonw_key(refused, "why");
		hk_jsonw_str(refused, local->message);
		hk_jsonw_close(refused, '}');
	}
	GString *out = hk_reply_json(reply, 200);
	hk_jsonw_open(out, '{');
	hk_jsonw_key(out, "done");
	hk_jsonw_int(out, done);
	hk_jsonw_key(out, "refused");
	g_string_append_printf(out, "%s]", refused->str);
	hk_jsonw_close(out, '}');
	return true;
}
