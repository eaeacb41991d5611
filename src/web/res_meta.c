/* /targets, /actors, /contacts, /task-templates, /statuses, and all of them as one file: /meta/export, /meta/import. */
#include "flow/meta.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"
#include "web/handler.h"
#include "web/rows.h"

typedef struct change {
	hk_meta meta;
	int64_t id, version;
	char *fields; /* borrowed */
} change;

static bool
list(hk_meta meta, hk_req *req, hk_reply *reply, GError **error)
{
	g_autoptr(GPtrArray) rows = NULL;

	/* They are few: one page, whatever is asked for. */
	if (!hk_req_query_only(req, error, "after", "limit", NULL) ||
		!hk_meta_rows_all(req->db, meta, &rows, error)) {
		return false;
	}
	GString *out = hk_reply_json(reply, 200);
	hk_jsonw_open(out, '{');
	hk_jsonw_key(out, "items");
	hk_jsonw_open(out, '[');
	for (unsigned i = 0; i < rows->len; i++) {
		hk_meta_object(meta, rows->pdata[i], true, out);
	}
	hk_jsonw_close(out, ']');
	hk_jsonw_key(out, "next");
	hk_jsonw_null(out);
	hk_jsonw_close(out, '}');
	return true;
}

static bool
answer(hk_meta meta, hk_req *req, hk_reply *reply, int64_t id, int status, GError **error)
{
	g_auto(hk_meta_row) row = {0};
	bool found;

	if (!hk_meta_rows_get(req->db, meta, id, NULL, &row, &found, error)) {
		return false;
	}
	if (!found) {
		return hk_error_set(
			error, HK_ENOENT, "there is no %s of that number", hk_meta_text(meta));
	}
	hk_meta_object(meta, &row, true, hk_reply_json(reply, status));
	hk_reply_version(reply, row.version);
	return true;
}

static bool
write_one(hk_flow *flow, void *data, GError **error)
{
	change *c = data;

	return c->id == 0 ? hk_meta_new(flow, c->meta, c->fields, &c->id, error)
			  : hk_meta_edit(flow, c->meta, c->id, c->version, c->fields, error);
}

static bool
put(hk_meta meta, hk_req *req, hk_reply *reply, int64_t id, int status, GError **error)
{
	g_autofree char *fields = g_strndup((const char *)req->body.data, req->body.len);
	change c = {.meta = meta, .id = id, .version = req->if_match, .fields = fields};

	return hk_flow_do(req->flow, &req->who, write_one, &c, error) &&
	       answer(meta, req, reply, c.id, status, error);
}

/* The four routes of one kind. */
#define META(name, meta)                                                                           \
	bool hk_web_##name##_list(hk_req *req, hk_reply *reply, GError **error)                    \
	{                                                                                          \
		return list(meta, req, reply, error);                                              \
	}                                                                                          \
	bool hk_web_##name##_get(hk_req *req, hk_reply *reply, GError **error)                     \
	{                                                                                          \
		return answer(meta, req, reply, hk_req_id(req, "id"), 200, error);                 \
	}                                                                                          \
	bool hk_web_##name##_new(hk_req *req, hk_reply *reply, GError **error)                     \
	{                                                                                          \
		return put(meta, req, reply, 0, 201, error);                                       \
	}                                                                                          \
	bool hk_web_##name##_edit(hk_req *req, hk_reply *reply, GError **error)                    \
	{                                                                                          \
		return put(meta, req, reply, hk_req_id(req, "id"), 200, error);                    \
	}
META(targets, HK_META_TARGET)
META(actors, HK_META_ACTOR)
META(contacts, HK_META_CONTACT)
META(task_templates, HK_META_TASK_TEMPLATE)
META(statuses, HK_META_STATUS)
#undef META

static bool
note_export(hk_flow *flow, void *data, GError **error)
{
	(void)data;
	(void)error;
	hk_flow_note(flow, "meta.export", "meta", 0, 0, NULL);
	return true;
}

bool
hk_web_meta_export(hk_req *req, hk_reply *reply, GError **error)
{
	g_autoptr(GString) out = g_string_new(NULL);

	if (!hk_meta_export(req->db, out, error)) {
		return false;
	}
	/* Exports are audited; the snapshot of the reading has to end first. */
	hk_db_rollback(req->db);
	if (!hk_flow_do(req->flow, &req->who, note_export, NULL, error)) {
		return false;
	}
	hk_reply_download(reply, "application/json", "hikeshi-meta.json");
	return hk_reply_write(reply, hk_span_of(out->str, out->len), error);
}

typedef struct importing {
	hk_span text;
	GString *rows; /* of a dry run; else NULL */
	hk_meta_count count;
} importing;

static bool
write_import(hk_flow *flow, void *data, GError **error)
{
	importing *i = data;

	return i->rows ? hk_meta_preview(flow, i->text, i->rows, &i->count, error)
		       : hk_meta_import(flow, i->text, &i->count, error);
}

bool
hk_web_meta_import(hk_req *req, hk_reply *reply, GError **error)
{
	g_autoptr(GString) rows = g_string_new(NULL);
	importing i = {.text = req->body};
	bool dry_run = false;

	if (!hk_req_query_only(req, error, "dry_run", NULL) ||
		!hk_req_query_bool(req, "dry_run", &dry_run, error)) {
		return false;
	}
	i.rows = dry_run ? rows : NULL;
	if (!hk_flow_do(req->flow, &req->who, write_import, &i, error)) {
		return false;
	}
	GString *out = hk_reply_json(reply, 200);
	hk_jsonw_open(out, '{');
	hk_jsonw_key(out, "dry_run");
	hk_jsonw_bool(out, dry_run);
	const struct {
		const char *key;
		int64_t value;
	} counts[] = {{"made", i.count.made}, {"changed", i.count.changed}, {"same", i.count.same},
		{"refused", i.count.refused}, {"left_out", i.count.left_out}};
	for (size_t n = 0; n < G_N_ELEMENTS(counts); n++) {
		hk_jsonw_key(out, counts[n].key);
		hk_jsonw_int(out, counts[n].value);
	}
	hk_jsonw_key(out, "rows");
	g_string_append(out, dry_run ? rows->str : "[]");
	hk_jsonw_close(out, '}');
	return true;
}
