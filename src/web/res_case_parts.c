/* What hangs on a case and has a number of its own: the survey log, tasks, attachments. */
#include <inttypes.h>
#include <string.h>

#include "flow/case.h"
#include "store/case_read.h"
#include "store/case_rows.h"
#include "sys/blob.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"
#include "web/res.h"
#include "web/web.h"

enum { ATTACHMENT_MAX = 32 << 20 };

typedef struct part {
	hk_req *req;
	int64_t id, case_id, version, due_ms, ret;
	const char *text, *word, *template;
	char *body;
	uint8_t sha256[32];
} part;

static part
of(hk_req *req)
{
	return (part){.req = req, .id = hk_req_id(req, "id"), .version = req->if_match};
}

/* The survey log -------------------------------------------------------------------------------- */

static bool
act_comment(hk_flow *flow, void *data, GError **error)
{
	part *p = data;

	return hk_case_comment(flow, p->id, p->text, &p->ret, error);
}

bool
hk_web_comments_new(hk_req *req, hk_reply *reply, GError **error)
{
	part p = of(req);

	return hk_req_json_only(req, error, "text", NULL) &&
	       hk_req_need(req, error, "text", NULL) &&
	       hk_req_json_text(req, "text", 100000, &p.text, error) &&
	       hk_flow_do(req->flow, &req->who, act_comment, &p, error) &&
	       hk_comment_json(req->db, p.ret, hk_reply_json(reply, 201), error);
}

/* Only who wrote it changes it: it is what somebody said. */
static bool
own_comment(hk_flow *flow, const part *p, GError **error)
{
	hk_comment_row row = {0};

	if (!hk_comments_get(hk_flow_db(flow), p->id, &row, error)) {
		return false;
	}
	g_free(row.text);
	return row.user_id == p->req->who.user_id ||
	       hk_error_set(error, HK_EPOLICY,
		       "an entry of the survey log is changed by who wrote it only");
}

static bool
act_comment_edit(hk_flow *flow, void *data, GError **error)
{
	part *p = data;

	return own_comment(flow, p, error) && hk_case_comment_edit(flow, p->id, p->text, error);
}

bool
hk_web_comments_edit(hk_req *req, hk_reply *reply, GError **error)
{
	part p = of(req);

	return hk_req_json_only(req, error, "text", NULL) &&
	       hk_req_need(req, error, "text", NULL) &&
	       hk_req_json_text(req, "text", 100000, &p.text, error) &&
	       hk_flow_do(req->flow, &req->who, act_comment_edit, &p, error) &&
	       hk_comment_json(req->db, p.id, hk_reply_json(reply, 200), error);
}

bool
hk_web_comments_delete(hk_req *req, hk_reply *reply, GError **error)
{
	part p = of(req);

	if (!hk_flow_do(req->flow, &req->who, act_comment_edit, &p, error)) {
		return false;
	}
	hk_reply_empty(reply, 204);
	return true;
}

/* Tasks ----------------------------------------------------------------------------------------- */

static bool
act_task(hk_flow *flow, void *data, GError **error)
{
	part *p = data;

	return p->template ? hk_task_add_template(flow, p->id, p->template, error)
			   : hk_task_add(flow, p->id, p->text, p->due_ms, &p->ret, error);
}

bool
hk_web_tasks_new(hk_req *req, hk_reply *reply, GError **error)
{
	part p = of(req);

	if (!hk_req_json_only(req, error, "title", "due", "template", NULL) ||
		!hk_req_json_text(req, "title", 300, &p.text, error) ||
		!hk_req_json_time(req, "due", &p.due_ms, error) ||
		!hk_req_json_text(req, "template", 60, &p.template, error)) {
		return false;
	}
	if (!p.text == !p.template) {
		return hk_error_set(error, HK_EFORM, "title: give a title, or a template");
	}
	return hk_flow_do(req->flow, &req->who, act_task, &p, error) &&
	       hk_res_case(req, reply, 201, p.id, error);
}

static bool
fresh_task(hk_flow *flow, const part *p, GError **error)
{
	g_auto(hk_task_row) row = {0};

	if (!hk_tasks_get(hk_flow_db(flow), p->id, &row, error)) {
		return false;
	}
	return p->version == 0 || row.version == p->version ||
	       hk_error_set(error, HK_EINCONSISTENT,
		       "task %" PRId64 " has version %" PRId64 " by now; read it again", p->id,
		       row.version);
}

static bool
answer_task(part *p, hk_reply *reply, GError **error)
{
	int64_t version = 0;

	if (!hk_task_json(p->req->db, p->id, hk_reply_json(reply, 200), &version, error)) {
		return false;
	}
	hk_reply_version(reply, version);
	return true;
}

static bool
act_task_edit(hk_flow *flow, void *data, GError **error)
{
	part *p = data;

	return fresh_task(flow, p, error) && hk_task_edit(flow, p->id, p->body, error);
}

bool
hk_web_tasks_edit(hk_req *req, hk_reply *reply, GError **error)
{
	part p = of(req);

	p.body = hk_res_body(req);
	bool good = hk_flow_do(req->flow, &req->who, act_task_edit, &p, error) &&
		    answer_task(&p, reply, error);
	g_free(p.body);
	return good;
}

static bool
act_task_move(hk_flow *flow, void *data, GError **error)
{
	part *p = data;

	return fresh_task(flow, p, error) && hk_task_move(flow, p->id, p->word, error);
}

bool
hk_web_tasks_act(hk_req *req, hk_reply *reply, GError **error)
{
	part p = of(req);

	return hk_req_json_only(req, error, "act", NULL) && hk_req_need(req, error, "act", NULL) &&
	       hk_req_json_text(req, "act", 60, &p.word, error) &&
	       hk_flow_do(req->flow, &req->who, act_task_move, &p, error) &&
	       answer_task(&p, reply, error);
}

/* Attachments ----------------------------------------------------------------------------------- */

static hk_blobs *
blobs(const hk_req *req, GError **error)
{
	if (!req->config || !req->config->blobs) {
		hk_error_set(error, HK_ECONFIG, "no place for attachments is configured");
		return NULL;
	}
	return req->config->blobs;
}

static bool
act_attach(hk_flow *flow, void *data, GError **error)
{
	part *p = data;

	return hk_case_attach(flow, p->id, p->text, p->word, (int64_t)p->req->body.len, p->sha256,
		&p->ret, error);
}

bool
hk_web_attachments_new(hk_req *req, hk_reply *reply, GError **error)
{
	part p = of(req);

	p.text = hk_req_query(req, "name");
	if (!hk_req_query_only(req, error, "name", NULL)) {
		return false;
	}
	if (!p.text || *p.text == '\0') {
		return hk_error_set(error, HK_EFORM, "name: is needed; write ?name=FILE");
	}
	if (req->body.len == 0 || req->body.len > ATTACHMENT_MAX) {
		return hk_error_set(error, req->body.len == 0 ? HK_EFORM : HK_ELIMIT,
			"body: 1 to %d bytes are taken", ATTACHMENT_MAX);
	}
	p.word = *req->type ? req->type : "application/octet-stream";
	hk_blobs *all = blobs(req, error);
	return all && hk_case_exists(req->db, p.id, error) &&
	       hk_blobs_put(all, req->body, p.sha256, error) &&
	       hk_flow_do(req->flow, &req->who, act_attach, &p, error) &&
	       hk_attachment_json(req->db, p.ret, hk_reply_json(reply, 201), error);
}

static bool
act_read(hk_flow *flow, void *data, GError **error)
{
	part *p = data;

	(void)error;
	hk_flow_note(flow, "attachment.read", "attachment", p->id, p->case_id, NULL);
	return true;
}

/* Whatever it is, it is saved, never shown: an attachment may be the attacker's own page. */
bool
hk_web_attachments_get(hk_req *req, hk_reply *reply, GError **error)
{
	part p = of(req);
	g_autofree char *name = NULL;
	int64_t bytes;

	hk_blobs *all = blobs(req, error);
	if (!all || !hk_attachment_get(req->db, p.id, &name, p.sha256, &bytes, &p.case_id, error)) {
		return false;
	}
	g_autoptr(GBytes) content = hk_blobs_get(all, p.sha256, ATTACHMENT_MAX, error);
	if (!content) {
		return false;
	}
	/* The snapshot is done with; who has read what is written down. */
	hk_db_rollback(req->db);
	if (!hk_flow_do(req->flow, &req->who, act_read, &p, error)) {
		return false;
	}
	hk_reply_download(reply, "application/octet-stream", name);
	hk_reply_bytes(reply, content);
	return true;
}
