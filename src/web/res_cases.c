/* /cases: lists and single cases, and the acts on one. */
#include <inttypes.h>
#include <string.h>

#include "flow/case.h"
#include "flow/sites.h"
#include "flow/states.h"
#include "parse/url.h"
#include "store/case_read.h"
#include "store/cases.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"
#include "sys/uts46.h"
#include "web/res.h"

enum { LABELS_MAX = 50 };

bool
hk_res_page(hk_req *req, hk_list_of of, unsigned def_limit, hk_page *ret, GError **error)
{
	int64_t limit;

	if (!hk_req_query_int(req, "limit", 1, 200, def_limit, &limit, error)) {
		return false;
	}
	g_autoptr(hk_filter) filter = hk_filter_new(
		req->db, of, hk_req_query(req, "q"), req->who.user_id, hk_clock_wall_ms(), error);
	return filter && hk_list_page(req->db, filter, hk_req_query(req, "sort"), (unsigned)limit,
				 hk_req_query(req, "after"), ret, error);
}

void
hk_res_list_end(GString *out, const char *next, int64_t count, bool exact)
{
	hk_jsonw_close(out, ']');
	hk_jsonw_key(out, "next");
	if (next) {
		hk_jsonw_str(out, next);
	} else {
		hk_jsonw_null(out);
	}
	if (count >= 0) {
		hk_jsonw_key(out, "total");
		hk_jsonw_open(out, '{');
		hk_jsonw_key(out, "count");
		hk_jsonw_int(out, count);
		hk_jsonw_key(out, "exact");
		hk_jsonw_bool(out, exact);
		hk_jsonw_close(out, '}');
	}
	hk_jsonw_close(out, '}');
}

char *
hk_res_body(const hk_req *req)
{
	return g_strndup((const char *)req->body.data, req->body.len);
}

bool
hk_web_cases_list(hk_req *req, hk_reply *reply, GError **error)
{
	hk_page page = {0};

	if (!hk_req_query_only(req, error, "q", "sort", "limit", "after", NULL) ||
		!hk_res_page(req, HK_LIST_CASES, 20, &page, error)) {
		return false;
	}
	GString *out = hk_reply_json(reply, 200);
	hk_jsonw_open(out, '{');
	hk_jsonw_key(out, "items");
	hk_jsonw_open(out, '[');
	bool good = hk_case_items(req->db, page.ids, out, error);
	hk_res_list_end(out, page.next, page.count, page.exact);
	hk_page_clear(&page);
	return good;
}

/* One case -------------------------------------------------------------------------------------- */

static void
put_may(const hk_req *req, const char *state, GString *out)
{
	hk_jsonw_key(out, "may");
	hk_jsonw_open(out, '[');
	for (size_t i = 0; hk_req_may(req, HK_PERM_CASE_WRITE) && i < hk_move_count; i++) {
		if (hk_moves[i].machine == HK_MACHINE_CASE &&
			strcmp(hk_moves[i].from, state) == 0) {
			hk_jsonw_str(out, hk_moves[i].act);
		}
	}
	hk_jsonw_close(out, ']');
}

bool
hk_res_case_put(hk_req *req, GString *out, int64_t id, int64_t *ret_version, GError **error)
{
	g_autofree char *state = NULL;

	if (!hk_case_whole(req->db, id, out, ret_version, &state, error)) {
		return false;
	}
	put_may(req, state, out);
	hk_jsonw_close(out, '}');
	return true;
}

bool
hk_res_case(hk_req *req, hk_reply *reply, int status, int64_t id, GError **error)
{
	GString *out = hk_reply_json(reply, status);
	int64_t version = 0;

	if (!hk_res_case_put(req, out, id, &version, error)) {
		return false;
	}
	hk_reply_version(reply, version);
	return true;
}

bool
hk_res_fresh(hk_flow *flow, int64_t id, int64_t version, GError **error)
{
	g_auto(hk_case_row) row = {0};

	if (!hk_cases_lock(hk_flow_db(flow), id, &row, error)) {
		return false;
	}
	return version == 0 || row.version == version ||
	       hk_error_set(error, HK_EINCONSISTENT,
		       "case %" PRId64 " has version %" PRId64 " by now; read it again", id,
		       row.version);
}

bool
hk_web_cases_get(hk_req *req, hk_reply *reply, GError **error)
{
	return hk_res_case(req, reply, 200, hk_req_id(req, "id"), error);
}

bool
hk_web_cases_timeline(hk_req *req, hk_reply *reply, GError **error)
{
	int64_t id = hk_req_id(req, "id"), limit;
	g_autofree char *next = NULL;

	if (!hk_req_query_only(req, error, "after", "limit", NULL) ||
		!hk_req_query_int(req, "limit", 1, 200, 50, &limit, error) ||
		!hk_case_exists(req->db, id, error)) {
		return false;
	}
	GString *out = hk_reply_json(reply, 200);
	hk_jsonw_open(out, '{');
	hk_jsonw_key(out, "items");
	hk_jsonw_open(out, '[');
	if (!hk_case_timeline(
		    req->db, id, hk_req_query(req, "after"), (size_t)limit, out, &next, error)) {
		return false;
	}
	hk_res_list_end(out, next, -1, false);
	return true;
}

bool
hk_web_cases_comments(hk_req *req, hk_reply *reply, GError **error)
{
	int64_t id = hk_req_id(req, "id");

	if (!hk_case_exists(req->db, id, error)) {
		return false;
	}
	GString *out = hk_reply_json(reply, 200);
	hk_jsonw_open(out, '{');
	hk_jsonw_key(out, "items");
	hk_jsonw_open(out, '[');
	if (!hk_case_comments(req->db, id, out, error)) {
		return false;
	}
	hk_res_list_end(out, NULL, -1, false);
	return true;
}

/* New Case -------------------------------------------------------------------------------------- */

typedef struct fresh {
	hk_req *req;
	hk_lead lead;
	const char *assignee, *domain;
	hk_url url;
	hk_site site;
	char *wants;
	const char *labels[LABELS_MAX + 1];
	hk_taken taken;
} fresh;

/* The files of the house are read once, and kept for the life of the process. */
static const hk_sites *
sites(GError **error)
{
	static GMutex mutex;
	static hk_sites *all;

	g_mutex_lock(&mutex);
	if (!all) {
		all = hk_sites_new(NULL, NULL, error);
	}
	g_mutex_unlock(&mutex);
	return all;
}

bool
hk_res_site(const char *field, const char *text, hk_url *ret, hk_site *ret_site, GError **error)
{
	static const size_t max = HK_URL_MAX;
	g_autofree char *plain = g_malloc(max);
	size_t len;

	if (hk_url_refang(hk_span_str(text), plain, max, &len) != HK_OK ||
		hk_url_parse(hk_span_of(plain, len), hk_uts46_to_ascii, NULL, ret) != HK_OK) {
		return hk_error_set(error, HK_EFORM,
			"%s: this is no %s; write it as https://host/path or host", field,
			strcmp(field, "url") == 0 ? "URL" : "host name");
	}
	const hk_sites *all = sites(error);
	if (all) {
		hk_sites_look(all, ret->host, ret->is_ip, ret_site);
	}
	return all != NULL;
}

/* URL, host and domain, whichever was given: the first of them says the most. */
static bool
take_site(fresh *f, GError **error)
{
	const char *host = NULL, *url = NULL;

	if (!hk_req_json_text(f->req, "url", HK_URL_MAX, &url, error) ||
		!hk_req_json_text(f->req, "host", 1000, &host, error) ||
		!hk_req_json_text(f->req, "domain", 1000, &f->domain, error)) {
		return false;
	}
	if (url && *url) {
		if (!hk_res_site("url", url, &f->url, &f->site, error)) {
			return false;
		}
		f->lead.url = f->url.text;
	} else if (host && *host) {
		if (!hk_res_site("host", host, &f->url, &f->site, error)) {
			return false;
		}
	} else if (f->domain && *f->domain) {
		if (!hk_res_site("domain", f->domain, &f->url, &f->site, error)) {
			return false;
		}
	} else {
		return true;
	}
	f->lead.host = f->url.host;
	f->lead.domain = f->site.domain[0] != '\0' ? f->site.domain : NULL;
	f->lead.private_suffix = f->site.private_suffix;
	f->lead.shared_host = f->site.shared;
	return true;
}

static bool
take_labels(fresh *f, GError **error)
{
	hk_json list;

	if (!f->req->json || !hk_json_has(f->req->json, "labels")) {
		return true;
	}
	if (!hk_json_array(f->req->json, "labels", &list, error)) {
		return false;
	}
	if (hk_json_len(&list) > LABELS_MAX) {
		return hk_error_set(error, HK_ELIMIT, "labels: at most %d", LABELS_MAX);
	}
	for (size_t i = 0; i < hk_json_len(&list); i++) {
		hk_json item = hk_json_at(&list, i);
		f->labels[i] = hk_json_text(&item);
		if (!f->labels[i]) {
			return hk_json_fail(&item, HK_EFORM, error, "a text is expected");
		}
	}
	f->lead.labels = f->labels;
	return true;
}

static bool
act_new(hk_flow *flow, void *data, GError **error)
{
	fresh *f = data;

	if (!hk_case_take(flow, &f->lead, &f->taken, error)) {
		return false;
	}
	if (!f->assignee || f->taken.how == HK_TAKEN_ATTACHED) {
		return true;
	}
	g_autoptr(GString) fields = g_string_new(NULL);
	hk_jsonw_open(fields, '{');
	hk_jsonw_key(fields, "assignee");
	hk_jsonw_str(fields, f->assignee);
	hk_jsonw_close(fields, '}');
	return hk_case_edit(flow, f->taken.case_id, 0, fields->str, error);
}

static bool
answer_new(fresh *f, hk_reply *reply, GError **error)
{
	static const char *const hows[] = {"opened", "attached", "routed"};
	GString *out = hk_reply_json(reply, f->taken.how == HK_TAKEN_ATTACHED ? 200 : 201);
	int64_t version = 0;

	hk_jsonw_open(out, '{');
	hk_jsonw_key(out, "how");
	hk_jsonw_str(out, hows[f->taken.how]);
	hk_jsonw_key(out, "why");
	hk_jsonw_str(out, f->taken.why);
	hk_jsonw_key(out, "case");
	if (!hk_res_case_put(f->req, out, f->taken.case_id, &version, error)) {
		return false;
	}
	hk_jsonw_close(out, '}');
	hk_reply_location(reply, "/cases/%" PRId64, f->taken.case_id);
	return true;
}

bool
hk_web_cases_new(hk_req *req, hk_reply *reply, GError **error)
{
	fresh *f = g_new0(fresh, 1);
	hk_lead *l = &f->lead;

	f->req = req;
	l->source = req->by_token ? "api" : "manual";
	l->reporter_id = req->who.user_id;
	bool good = hk_req_json_only(req, error, "name", "url", "host", "domain", "first_seen",
			    "target", "kind", "service", "actor", "gsb_type", "ticket_type",
			    "wants", "note", "labels", "assignee", NULL) &&
		    hk_req_json_text(req, "name", 300, &l->name, error) &&
		    hk_req_json_time(req, "first_seen", &l->first_seen_ms, error) &&
		    hk_req_json_text(req, "target", 300, &l->target, error) &&
		    hk_req_json_text(req, "kind", 60, &l->kind, error) &&
		    hk_req_json_text(req, "service", 300, &l->service, error) &&
		    hk_req_json_text(req, "actor", 300, &l->actor, error) &&
		    hk_req_json_text(req, "gsb_type", 60, &l->gsb_type, error) &&
		    hk_req_json_text(req, "ticket_type", 60, &l->ticket_type, error) &&
		    hk_req_json_text(req, "note", 100000, &l->note, error) &&
		    hk_req_json_text(req, "assignee", 300, &f->assignee, error) &&
		    take_site(f, error) && take_labels(f, error);
	if (good && !l->name && !l->host) {
		good = hk_error_set(error, HK_EFORM, "name: is needed; a name, a URL or a host");
	}
	if (good) {
		f->wants = hk_req_json_raw(req, "wants");
		l->wants = f->wants;
		good = hk_flow_do(req->flow, &req->who, act_new, f, error) &&
		       answer_new(f, reply, error);
	}
	g_free(f->wants);
	g_free(f);
	return good;
}

/* Acts on one case ------------------------------------------------------------------------------ */

typedef struct act {
	hk_req *req;
	int64_t id, other, version, ret;
	const char *word, *note;
	char *body;
	bool on;
	hk_url *url;
} act;

/* Runs it and answers with the case. */
static bool
run(act *a, hk_flow_act fn, hk_reply *reply, GError **error)
{
	return hk_flow_do(a->req->flow, &a->req->who, fn, a, error) &&
	       hk_res_case(a->req, reply, 200, a->id, error);
}

static act
on_case(hk_req *req)
{
	return (act){.req = req, .id = hk_req_id(req, "id"), .version = req->if_match};
}

static bool
act_edit(hk_flow *flow, void *data, GError **error)
{
	act *a = data;

	return hk_case_edit(flow, a->id, a->version, a->body, error);
}

bool
hk_web_cases_edit(hk_req *req, hk_reply *reply, GError **error)
{
	act a = on_case(req);

	a.body = hk_res_body(req);
	bool good = run(&a, act_edit, reply, error);
	g_free(a.body);
	return good;
}

static bool
act_move(hk_flow *flow, void *data, GError **error)
{
	act *a = data;

	return hk_case_move(
		flow, a->id, a->version, a->word, a->note && *a->note ? a->note : NULL, error);
}

bool
hk_web_cases_act(hk_req *req, hk_reply *reply, GError **error)
{
	act a = on_case(req);

	return hk_req_json_only(req, error, "act", "note", NULL) &&
	       hk_req_need(req, error, "act", NULL) &&
	       hk_req_json_text(req, "act", 60, &a.word, error) &&
	       hk_req_json_text(req, "note", 100000, &a.note, error) &&
	       run(&a, act_move, reply, error);
}

static bool
act_delete(hk_flow *flow, void *data, GError **error)
{
	act *a = data;

	return hk_case_delete(flow, a->id, a->version, error);
}

bool
hk_web_cases_delete(hk_req *req, hk_reply *reply, GError **error)
{
	act a = on_case(req);

	return run(&a, act_delete, reply, error);
}

static bool
act_restore(hk_flow *flow, void *data, GError **error)
{
	act *a = data;

	return hk_case_restore(flow, a->id, error);
}

bool
hk_web_cases_restore(hk_req *req, hk_reply *reply, GError **error)
{
	act a = on_case(req);

	return run(&a, act_restore, reply, error);
}

static bool
act_label(hk_flow *flow, void *data, GError **error)
{
	act *a = data;

	return hk_case_label(flow, a->id, a->word, a->on, error);
}

bool
hk_web_cases_label(hk_req *req, hk_reply *reply, GError **error)
{
	act a = on_case(req);

	a.word = hk_req_word(req, "label");
	a.on = req->method == HK_METHOD_PUT;
	return run(&a, act_label, reply, error);
}

static bool
act_url(hk_flow *flow, void *data, GError **error)
{
	act *a = data;

	return hk_case_url_add(flow, a->id, a->url->text, a->url->host, error);
}

bool
hk_web_cases_url(hk_req *req, hk_reply *reply, GError **error)
{
	act a = on_case(req);
	const char *text = NULL;
	hk_site site;

	a.url = g_new0(hk_url, 1);
	bool good = hk_req_json_only(req, error, "url", NULL) &&
		    hk_req_need(req, error, "url", NULL) &&
		    hk_req_json_text(req, "url", HK_URL_MAX, &text, error) &&
		    hk_res_site("url", text, a.url, &site, error) && run(&a, act_url, reply, error);
	g_free(a.url);
	return good;
}

/* Related cases, merge, split ------------------------------------------------------------------- */

static bool
act_link(hk_flow *flow, void *data, GError **error)
{
	act *a = data;

	return hk_case_link(flow, a->id, a->other, a->note ? a->note : "", a->on, error);
}

bool
hk_web_cases_link(hk_req *req, hk_reply *reply, GError **error)
{
	act a = on_case(req);

	a.other = hk_req_id(req, "other");
	a.on = req->method == HK_METHOD_PUT;
	return hk_req_json_text(req, "note", 1000, &a.note, error) &&
	       run(&a, act_link, reply, error);
}

static bool
act_merge(hk_flow *flow, void *data, GError **error)
{
	act *a = data;

	return hk_res_fresh(flow, a->id, a->version, error) &&
	       hk_case_merge(flow, a->id, a->other, &a->ret, error);
}

/* What a merge or split has made. */
static bool
answer_merge(act *a, hk_reply *reply, int64_t id, GError **error)
{
	GString *out = hk_reply_json(reply, 200);
	int64_t version;

	hk_jsonw_open(out, '{');
	hk_jsonw_key(out, "merge");
	if (!hk_merge_json(a->req->db, a->ret, out, error)) {
		return false;
	}
	hk_jsonw_key(out, "case");
	if (!hk_res_case_put(a->req, out, id, &version, error)) {
		return false;
	}
	hk_jsonw_close(out, '}');
	return true;
}

bool
hk_web_cases_merge(hk_req *req, hk_reply *reply, GError **error)
{
	act a = on_case(req);

	return hk_req_json_only(req, error, "into", NULL) &&
	       hk_req_need(req, error, "into", NULL) &&
	       hk_req_json_int(req, "into", 1, INT64_MAX, &a.other, error) &&
	       hk_flow_do(req->flow, &req->who, act_merge, &a, error) &&
	       answer_merge(&a, reply, a.other, error);
}

typedef struct split {
	act a;
	const char *name;
	int64_t urls[1000];
	size_t count;
	int64_t made;
} split;

static bool
act_split(hk_flow *flow, void *data, GError **error)
{
	split *s = data;

	return hk_res_fresh(flow, s->a.id, s->a.version, error) &&
	       hk_case_split(flow, s->a.id, s->urls, s->count, s->name, &s->made, &s->a.ret, error);
}

static bool
take_urls(const hk_req *req, split *s, GError **error)
{
	hk_json list;

	if (!hk_json_array(req->json, "urls", &list, error)) {
		return false;
	}
	s->count = hk_json_len(&list);
	if (s->count == 0 || s->count > G_N_ELEMENTS(s->urls)) {
		return hk_error_set(
			error, HK_ERANGE, "urls: name 1 to %zu of them", G_N_ELEMENTS(s->urls));
	}
	for (size_t i = 0; i < s->count; i++) {
		hk_json item = hk_json_at(&list, i);
		s->urls[i] = hk_json_int(&item);
		if (s->urls[i] <= 0) {
			return hk_json_fail(
				&item, HK_EFORM, error, "the number of a URL is expected");
		}
	}
	return true;
}

bool
hk_web_cases_split(hk_req *req, hk_reply *reply, GError **error)
{
	split *s = g_new0(split, 1);

	s->a = on_case(req);
	bool good = hk_req_json_only(req, error, "urls", "name", NULL) &&
		    hk_req_need(req, error, "urls", NULL) &&
		    hk_req_json_text(req, "name", 300, &s->name, error) &&
		    take_urls(req, s, error) &&
		    hk_flow_do(req->flow, &req->who, act_split, s, error) &&
		    answer_merge(&s->a, reply, s->made, error);
	g_free(s);
	return good;
}

static bool
act_undo(hk_flow *flow, void *data, GError **error)
{
	act *a = data;

	return hk_merge_undo(flow, a->id, error);
}

bool
hk_web_merges_undo(hk_req *req, hk_reply *reply, GError **error)
{
	act a = on_case(req);

	return hk_flow_do(req->flow, &req->who, act_undo, &a, error) &&
	       hk_merge_json(req->db, a.id, hk_reply_json(reply, 200), error);
}
