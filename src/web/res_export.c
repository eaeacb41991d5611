/* /cases.csv and /cases.jsonl: the whole of a list as a file; who took it is in the audit trail. */
#include <inttypes.h>
#include <string.h>

#include "store/case_read.h"
#include "store/cases.h"
#include "store/export.h"
#include "sys/clock.h"
#include "sys/csvw.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"
#include "web/res.h"

enum { PAGE = 500, EXPORT_MAX = 1000000 };

typedef struct export
{
	hk_req *req;
	const char *format, *q;
	int64_t rows;
}
export;

static bool
act_note(hk_flow *flow, void *data, GError **error)
{
	export *e = data;
	g_autoptr(GString) text = g_string_new(NULL);

	(void)error;
	hk_jsonw_open(text, '{');
	hk_jsonw_key(text, "format");
	hk_jsonw_str(text, e->format);
	hk_jsonw_key(text, "q");
	hk_jsonw_str(text, e->q ? e->q : "");
	hk_jsonw_key(text, "rows");
	hk_jsonw_int(text, e->rows);
	hk_jsonw_close(text, '}');
	hk_flow_note(flow, "export.cases", "export", 0, 0, text->str);
	return true;
}

/* Writes one page of numbers. */
typedef bool (*write_page)(hk_req *req, const GArray *ids, void *user, GError **error);

static bool
all_pages(export *e, write_page fn, void *user, GError **error)
{
	g_autoptr(hk_filter) filter = hk_filter_new(
		e->req->db, HK_LIST_CASES, e->q, e->req->who.user_id, hk_clock_wall_ms(), error);
	g_autofree char *after = NULL;

	if (!filter) {
		return false;
	}
	do {
		hk_page page = {0};
		if (!hk_list_page(e->req->db, filter, hk_req_query(e->req, "sort"), PAGE, after,
			    &page, error)) {
			return false;
		}
		e->rows += page.ids->len;
		bool good = fn(e->req, page.ids, user, error);
		g_free(after);
		after = g_steal_pointer(&page.next);
		hk_page_clear(&page);
		if (!good) {
			return false;
		}
		if (e->rows > EXPORT_MAX) {
			return hk_error_set(error, HK_ELIMIT,
				"q: it finds more than %d cases; narrow it", EXPORT_MAX);
		}
	} while (after);
	return true;
}

/* The reading is done; what was read is written down before the first byte leaves. */
static bool
finish(export *e, GError **error)
{
	hk_db_rollback(e->req->db);
	return hk_flow_do(e->req->flow, &e->req->who, act_note, e, error);
}

typedef struct lines {
	hk_reply *reply;
	GString *text;
	hk_csvw w;
	hk_export_columns columns;
} lines;

static bool
jsonl_page(hk_req *req, const GArray *ids, void *user, GError **error)
{
	lines *l = user;

	g_string_truncate(l->text, 0);
	if (!hk_case_lines(req->db, ids, l->text, error)) {
		return false;
	}
	return hk_reply_write(l->reply, hk_span_of(l->text->str, l->text->len), error);
}

bool
hk_web_cases_jsonl(hk_req *req, hk_reply *reply, GError **error)
{
	export e = {.req = req, .format = "jsonl", .q = hk_req_query(req, "q")};
	g_autoptr(GString) text = g_string_new(NULL);
	lines l = {.reply = reply, .text = text};

	if (!hk_req_query_only(req, error, "q", "sort", NULL)) {
		return false;
	}
	hk_reply_download(reply, "application/jsonl; charset=utf-8", "hikeshi-cases.jsonl");
	return all_pages(&e, jsonl_page, &l, error) && finish(&e, error);
}

static bool
csv_page(hk_req *req, const GArray *ids, void *user, GError **error)
{
	lines *l = user;

	if (!hk_export_csv(req->db, ids, &l->columns, &l->w, error) ||
		!hk_reply_write(l->reply, hk_span_of(l->text->str, l->text->len), error)) {
		return false;
	}
	g_string_truncate(l->text, 0);
	return true;
}

bool
hk_web_cases_csv(hk_req *req, hk_reply *reply, GError **error)
{
	export e = {.req = req, .format = "csv", .q = hk_req_query(req, "q")};
	g_autoptr(GString) text = g_string_new(NULL);
	lines l = {.reply = reply, .text = text};
	bool bom = false;

	if (!hk_req_query_only(req, error, "q", "sort", "columns", "bom", NULL) ||
		!hk_req_query_bool(req, "bom", &bom, error) ||
		!hk_export_columns_read(hk_req_query(req, "columns"), &l.columns, error)) {
		return false;
	}
	hk_csvw_begin(&l.w, text, bom);
	hk_export_csv_head(&l.columns, &l.w);
	hk_reply_download(reply, "text/csv; charset=utf-8", "hikeshi-cases.csv");
	return all_pages(&e, csv_page, &l, error) &&
	       /* a list without rows still has its head */
	       hk_reply_write(reply, hk_span_of(text->str, text->len), error) && finish(&e, error);
}
