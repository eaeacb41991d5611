/* The evidence of a case: runs, captures and their files, facts, contacts; and to ask for more of it.
 *
 * Whatever a site showed was made by an attacker. It is handed out as a picture that we wrote ourselves, or as plain text, never as what it
 * claims to be, and in a sandbox. */
#include <inttypes.h>
#include <string.h>

#include "flow/evidence.h"
#include "store/case_read.h"
#include "store/evidence_read.h"
#include "sys/blob.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"
#include "sys/png.h"
#include "web/res.h"
#include "web/web.h"

/* Bodies of a capture are at most 64 MB together (docs/capture.md); an archive holds them and their heads. */
enum { FILE_MAX = 128 << 20 };

static bool
put_list(hk_req *req, hk_reply *reply,
	bool (*put)(hk_db *db, int64_t case_id, GString *out, GError **error), GError **error)
{
	int64_t id = hk_req_id(req, "id");

	if (!hk_req_query_only(req, error, NULL) || !hk_case_exists(req->db, id, error)) {
		return false;
	}
	GString *out = hk_reply_json(reply, 200);
	hk_jsonw_open(out, '{');
	hk_jsonw_key(out, "items");
	hk_jsonw_open(out, '[');
	if (!put(req->db, id, out, error)) {
		return false;
	}
	hk_res_list_end(out, NULL, -1, false);
	return true;
}

bool
hk_web_cases_runs(hk_req *req, hk_reply *reply, GError **error)
{
	return put_list(req, reply, hk_evidence_read_runs, error);
}

bool
hk_web_cases_facts(hk_req *req, hk_reply *reply, GError **error)
{
	return put_list(req, reply, hk_evidence_read_facts, error);
}

bool
hk_web_cases_contacts(hk_req *req, hk_reply *reply, GError **error)
{
	return put_list(req, reply, hk_evidence_read_contacts, error);
}

bool
hk_web_captures_get(hk_req *req, hk_reply *reply, GError **error)
{
	return hk_evidence_read_capture(
		req->db, hk_req_id(req, "id"), hk_reply_json(reply, 200), error);
}

/* To ask for more ------------------------------------------------------------------------------- */

typedef struct wish {
	int64_t case_id, run;
	const char *url, *plan;
	hk_url site;
} wish;

static bool
act_secure(hk_flow *flow, void *data, GError **error)
{
	wish *w = data;

	return hk_evidence_ask(flow, w->case_id, w->url, w->plan, &w->run, error);
}

bool
hk_web_runs_new(hk_req *req, hk_reply *reply, GError **error)
{
	wish w = {.case_id = hk_req_id(req, "id"), .plan = "standard"};
	hk_site known;

	if (!hk_req_json_only(req, error, "url", "plan", NULL) ||
		!hk_req_json_text(req, "url", HK_URL_MAX, &w.url, error) ||
		!hk_req_json_text(req, "plan", 20, &w.plan, error)) {
		return false;
	}
	if (w.url) {
		if (!hk_res_site("url", w.url, &w.site, &known, error)) {
			return false;
		}
		w.url = w.site.text;
	}
	return hk_flow_do(req->flow, &req->who, act_secure, &w, error) &&
	       hk_evidence_read_run(req->db, w.run, hk_reply_json(reply, 201), error);
}

static bool
act_enrich(hk_flow *flow, void *data, GError **error)
{
	const wish *w = data;

	return hk_enrich_ask(flow, w->case_id, error);
}

bool
hk_web_cases_enrich(hk_req *req, hk_reply *reply, GError **error)
{
	wish w = {.case_id = hk_req_id(req, "id")};

	if (!hk_req_json_only(req, error, NULL) ||
		!hk_flow_do(req->flow, &req->who, act_enrich, &w, error)) {
		return false;
	}
	hk_reply_empty(reply, 202);
	return true;
}

/* Files ----------------------------------------------------------------------------------------- */

typedef struct file {
	int64_t case_id, capture, n;
	char *type, *kind, *name;
	uint8_t sha256[32];
} file;

static void
file_clear(file *f)
{
	g_free(f->type);
	g_free(f->kind);
	g_free(f->name);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(file, file_clear)

static GBytes *
read_blob(const hk_req *req, const uint8_t sha256[32], GError **error)
{
	if (!req->config || !req->config->blobs) {
		hk_error_set(error, HK_ECONFIG, "no place for evidence is configured");
		return NULL;
	}
	return hk_blobs_get(req->config->blobs, sha256, FILE_MAX, error);
}

static bool
is_one_of(const char *word, const char *const *words)
{
	return g_strv_contains(words, word);
}

/* A picture that capture wrote anew (sys/png), and that is one. */
static bool
is_picture(const char *kind, GBytes *content)
{
	static const char *const kinds[] = {"viewport", "full", "favicon-png", NULL};
	uint32_t width, height;
	gsize len;
	const void *data = g_bytes_get_data(content, &len);

	return is_one_of(kind, kinds) && hk_png_size(hk_span_of(data, len), &width, &height);
}

static bool
act_read(hk_flow *flow, void *data, GError **error)
{
	const file *f = data;
	g_autoptr(GString) what = g_string_new(NULL);

	(void)error;
	hk_jsonw_open(what, '{');
	hk_jsonw_key(what, "capture");
	hk_jsonw_int(what, f->capture);
	hk_jsonw_key(what, "file");
	hk_jsonw_str(what, f->name);
	hk_jsonw_key(what, "sha256");
	hk_jsonw_hex(what, hk_span_of(f->sha256, sizeof f->sha256));
	hk_jsonw_close(what, '}');
	hk_flow_note(flow, "case.evidence_read", "case", f->case_id, f->case_id, what->str);
	return true;
}

/* What somebody typed may stand in it, unless it is one of these: who has read it is written down. The snapshot is done with by now. */
static bool
note_read(hk_req *req, file *f, GError **error)
{
	static const char *const others[] = {
		"viewport", "full", "favicon", "favicon-png", "chain", NULL};

	if (is_one_of(f->kind, others)) {
		return true;
	}
	hk_db_rollback(req->db);
	return hk_flow_do(req->flow, &req->who, act_read, f, error);
}

/* A page that is saved must not open as a page when it is clicked. */
static char *
name_to_save(const file *f, bool picture)
{
	bool tame = picture || g_str_has_suffix(f->name, ".txt");
	static const char *const pages[] = {"dom", "html", NULL};

	return g_strconcat(f->name, !tame && is_one_of(f->kind, pages) ? ".txt" : "", NULL);
}

bool
hk_web_captures_file(hk_req *req, hk_reply *reply, GError **error)
{
	g_auto(file) f = {.capture = hk_req_id(req, "id"), .n = hk_req_id(req, "n")};
	bool save;

	if (!hk_req_query_only(req, error, "download", NULL) ||
		!hk_req_query_bool(req, "download", &save, error) ||
		!hk_artefacts_find(req->db, f.capture, f.n - 1, &f.case_id, &f.type, &f.kind,
			&f.name, f.sha256, error)) {
		return false;
	}
	g_autoptr(GBytes) content = read_blob(req, f.sha256, error);
	if (!content || !note_read(req, &f, error)) {
		return false;
	}
	bool picture = is_picture(f.kind, content);
	if (save) {
		g_autofree char *name = name_to_save(&f, picture);
		hk_reply_download(reply, picture ? "image/png" : "application/octet-stream", name);
	} else {
		hk_reply_show(reply, picture ? "image/png" : "text/plain; charset=utf-8");
		if (picture) {
			hk_reply_constant(reply);
		}
	}
	hk_reply_bytes(reply, content);
	return true;
}

bool
hk_web_cases_picture(hk_req *req, hk_reply *reply, GError **error)
{
	uint8_t sha256[32];
	const char *version = hk_req_query(req, "v");

	if (!hk_req_query_only(req, error, "v", NULL) ||
		!hk_evidence_read_picture(req->db, hk_req_id(req, "id"), sha256, error)) {
		return false;
	}
	g_autoptr(GBytes) content = read_blob(req, sha256, error);
	if (!content) {
		return false;
	}
	if (!is_picture("viewport", content)) {
		return hk_error_set(error, HK_ENOENT, "the picture of the case is no PNG");
	}
	hk_reply_show(reply, "image/png");
	if (version) { /* the board names it by its hash */
		hk_reply_constant(reply);
	}
	hk_reply_bytes(reply, content);
	return true;
}
