/* /templates: the words of letters. Hikeshi brings some of each kind and language; people may change them. Whether one is well formed is said by
 * the stage report, which role/web asks for us (web/outbound.h). */
#include <string.h>

#include "flow/letter_template.h"
#include "store/letter_templates.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"
#include "web/res.h"
#include "web/rows.h"
#include "web/web.h"

static const hk_web_outbound *
outbound_of(const hk_req *req)
{
	static const hk_web_outbound none = {0};

	return req->config && req->config->outbound ? req->config->outbound : &none;
}

/* ---- the list ---- */

typedef struct listing {
	GPtrArray *changed;      /* of hk_letter_template_row */
	const char *kind, *lang; /* only that one; NULL: all */
	GString *out;
	unsigned count;
} listing;

static const hk_letter_template_row *
changed_of(const listing *l, const char *kind, const char *lang)
{
	for (unsigned i = 0; i < l->changed->len; i++) {
		const hk_letter_template_row *row = g_ptr_array_index(l->changed, i);
		if (strcmp(row->kind, kind) == 0 && strcmp(row->lang, lang) == 0) {
			return row;
		}
	}
	return NULL;
}

static void
each(void *data, const char *kind, const char *lang, const char *subject, const char *body)
{
	listing *l = data;
	const hk_letter_template_row *row = changed_of(l, kind, lang);
	GString *out = l->out;

	if (l->kind && (strcmp(l->kind, kind) != 0 || strcmp(l->lang, lang) != 0)) {
		return;
	}
	l->count++;
	hk_jsonw_open(out, '{');
	hk_jsonw_member_str(out, "kind", kind);
	hk_jsonw_member_str(out, "lang", lang);
	hk_jsonw_member_str(out, "subject", row ? row->subject : subject);
	hk_jsonw_member_str(out, "body", row ? row->body : body);
	hk_jsonw_key(out, "own");
	hk_jsonw_open(out, '{');
	hk_jsonw_member_str(out, "subject", subject);
	hk_jsonw_member_str(out, "body", body);
	hk_jsonw_close(out, '}');
	hk_jsonw_member_bool(out, "changed", row != NULL);
	hk_jsonw_member_str(out, "by", row ? row->by : NULL);
	hk_web_time(out, "updated", row ? row->updated_ms : 0);
	hk_jsonw_member_int(out, "version", row ? row->version : 0);
	hk_jsonw_close(out, '}');
}

/* kind NULL: all of them. */
static bool
put_all(hk_req *req, const char *kind, const char *lang, GString *out, unsigned *ret_count,
	GError **error)
{
	const hk_web_outbound *outbound = outbound_of(req);
	g_autoptr(GPtrArray) changed = NULL;

	if (!hk_letter_templates_all(req->db, &changed, error)) {
		return false;
	}
	listing l = {.changed = changed, .kind = kind, .lang = lang, .out = out};
	if (outbound->templates) {
		outbound->templates(outbound->user, each, &l);
	}
	*ret_count = l.count;
	return true;
}

static void
put_name(void *data, const char *scope, const char *name, const char *kind, const char *en,
	const char *ja)
{
	GString *out = data;

	hk_jsonw_open(out, '{');
	hk_jsonw_member_str(out, "scope", scope);
	hk_jsonw_member_str(out, "name", name);
	hk_jsonw_member_str(out, "kind", kind);
	hk_jsonw_member_str(out, "en", en);
	hk_jsonw_member_str(out, "ja", ja);
	hk_jsonw_close(out, '}');
}

bool
hk_web_templates_list(hk_req *req, hk_reply *reply, GError **error)
{
	const hk_web_outbound *outbound = outbound_of(req);
	unsigned count;

	if (!hk_req_query_only(req, error, NULL)) {
		return false;
	}
	GString *out = hk_reply_json(reply, 200);
	hk_jsonw_open(out, '{');
	hk_jsonw_key(out, "names");
	hk_jsonw_open(out, '[');
	if (outbound->names) {
		outbound->names(outbound->user, put_name, out);
	}
	hk_jsonw_close(out, ']');
	hk_jsonw_key(out, "items");
	hk_jsonw_open(out, '[');
	if (!put_all(req, NULL, NULL, out, &count, error)) {
		return false;
	}
	hk_res_list_end(out, NULL, -1, false);
	return true;
}

/* ---- preview and change ---- */

typedef struct text {
	const char *kind, *lang, *subject, *body;
	int64_t version;
} text;

static bool
take_text(hk_req *req, text *t, GError **error)
{
	return hk_req_need(req, error, "subject", "body", NULL) &&
	       hk_req_json_text(req, "subject", HK_LETTER_SUBJECT_MAX, &t->subject, error) &&
	       hk_req_json_text(req, "body", HK_LETTER_BODY_MAX, &t->body, error);
}

static bool
fill_in(hk_req *req, const text *t, GString *subject, GString *body, hk_web_fault *faults,
	unsigned *ret_count, GError **error)
{
	const hk_web_outbound *outbound = outbound_of(req);
	g_autoptr(GString) there = g_string_new(NULL);
	unsigned count;

	if (!put_all(req, t->kind, t->lang, there, &count, error)) {
		return false;
	}
	if (count == 0) {
		return hk_error_set(
			error, HK_ENOENT, "there is no template of that kind and language");
	}
	if (!outbound->preview) {
		return hk_error_set(error, HK_ECONFIG, "nothing here can read templates");
	}
	*ret_count = outbound->preview(
		outbound->user, t->kind, t->lang, t->subject, t->body, subject, body, faults);
	return true;
}

static void
put_faults(const hk_web_fault *faults, unsigned count, GString *out)
{
	hk_jsonw_key(out, "faults");
	hk_jsonw_open(out, '[');
	for (unsigned i = 0; i < count; i++) {
		hk_jsonw_open(out, '{');
		hk_jsonw_member_str(out, "field", faults[i].field);
		hk_jsonw_member_int(out, "line", faults[i].line);
		hk_jsonw_member_int(out, "column", faults[i].column);
		hk_jsonw_member_str(out, "text", faults[i].text);
		hk_jsonw_close(out, '}');
	}
	hk_jsonw_close(out, ']');
}

bool
hk_web_templates_preview(hk_req *req, hk_reply *reply, GError **error)
{
	g_autoptr(GString) subject = g_string_new(NULL);
	g_autoptr(GString) body = g_string_new(NULL);
	g_autofree hk_web_fault *faults = g_new0(hk_web_fault, HK_WEB_FAULTS_MAX);
	text t = {0};
	unsigned count;

	if (!hk_req_json_only(req, error, "kind", "lang", "subject", "body", NULL) ||
		!hk_req_need(req, error, "kind", "lang", NULL) ||
		!hk_req_json_text(req, "kind", 60, &t.kind, error) ||
		!hk_req_json_text(req, "lang", 10, &t.lang, error) || !take_text(req, &t, error) ||
		!fill_in(req, &t, subject, body, faults, &count, error)) {
		return false;
	}
	GString *out = hk_reply_json(reply, 200);
	hk_jsonw_open(out, '{');
	hk_jsonw_member_str(out, "subject", subject->str);
	hk_jsonw_member_str(out, "body", body->str);
	put_faults(faults, count, out);
	hk_jsonw_close(out, '}');
	return true;
}

static bool
act_put(hk_flow *flow, void *data, GError **error)
{
	const text *t = data;

	return hk_letter_template_put(
		flow, t->kind, t->lang, t->version, t->subject, t->body, error);
}

static bool
answer_one(hk_req *req, hk_reply *reply, const text *t, GError **error)
{
	unsigned count;

	return put_all(req, t->kind, t->lang, hk_reply_json(reply, 200), &count, error);
}

bool
hk_web_templates_put(hk_req *req, hk_reply *reply, GError **error)
{
	g_autoptr(GString) subject = g_string_new(NULL);
	g_autoptr(GString) body = g_string_new(NULL);
	g_autofree hk_web_fault *faults = g_new0(hk_web_fault, HK_WEB_FAULTS_MAX);
	text t = {
		.kind = hk_req_word(req, "kind"), .lang = hk_req_word(req, "lang"), .version = -1};
	unsigned count;

	if (!hk_req_json_only(req, error, "subject", "body", "version", NULL) ||
		!hk_req_json_int(req, "version", 0, INT64_MAX, &t.version, error) ||
		!take_text(req, &t, error) ||
		!fill_in(req, &t, subject, body, faults, &count, error)) {
		return false;
	}
	if (count > 0) {
		return hk_error_set(error, HK_EFORM, "%s: line %u, column %u: %s", faults[0].field,
			faults[0].line, faults[0].column, faults[0].text);
	}
	return hk_flow_do(req->flow, &req->who, act_put, &t, error) &&
	       answer_one(req, reply, &t, error);
}

static bool
act_drop(hk_flow *flow, void *data, GError **error)
{
	const text *t = data;

	return hk_letter_template_drop(flow, t->kind, t->lang, error);
}

bool
hk_web_templates_drop(hk_req *req, hk_reply *reply, GError **error)
{
	text t = {.kind = hk_req_word(req, "kind"), .lang = hk_req_word(req, "lang")};

	return hk_flow_do(req->flow, &req->who, act_drop, &t, error) &&
	       answer_one(req, reply, &t, error);
}
