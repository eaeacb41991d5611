/* web/rows: rows of the store as JSON, by tables of columns. Layer: web. What stands in the rows may be hostile text. */
#ifndef HK_WEB_ROWS_H
#define HK_WEB_ROWS_H

#include "store/db.h"
#include "web/reply.h"
#include "web/req.h"

typedef enum hk_col_kind {
	HK_COL_INT,
	HK_COL_ID,   /* a number; NULL and 0 are null */
	HK_COL_TEXT, /* NULL is null */
	HK_COL_WHO,  /* a login; NULL is "auto" */
	HK_COL_BOOL,
	HK_COL_REAL, /* 4 digits */
	HK_COL_TIME, /* ms as RFC 3339; NULL and 0 are null */
	HK_COL_JSON, /* JSON text of ours, as it is */
	HK_COL_SKIP, /* not shown */
	HK_COL_OPEN, /* no column: an object of the columns up to HK_COL_CLOSE; null when the first of them is NULL */
	HK_COL_CLOSE,
	HK_COL_END,
} hk_col_kind;

/* In the order of the columns; ends with HK_COL_END. */
typedef struct hk_col {
	const char *key;
	hk_col_kind kind;
} hk_col;

/* hk_web_row(rows, cols, out): the row that stands, as an object. hk_web_row_members: its members alone, without braces. */
void hk_web_row(const hk_rows *rows, const hk_col *cols, GString *out);
void hk_web_row_members(const hk_rows *rows, const hk_col *cols, GString *out);

/* hk_web_rows(rows, cols, limit, reply, error): {"items":[...],"next":N|null}: at most limit rows; when there is one more, "next" is column 0 of the last one
 * shown, as text. rows are taken; NULL with error set is passed on. */
bool hk_web_rows(hk_rows *rows, const hk_col *cols, int64_t limit, hk_reply *reply, GError **error);

/* hk_web_row_one(rows, cols, version, status, reply, error): the only row as the answer; HK_ENOENT when there is none. version: number of the column that is the ETag, or -1. rows
 * are taken. */
bool hk_web_row_one(hk_rows *rows, const hk_col *cols, int version, int status, hk_reply *reply,
	GError **error);

/* hk_web_time(out, key, ms): a member that is a time; 0: null. */
void hk_web_time(GString *out, const char *key, int64_t ms);

/* hk_web_page(req, ret_after, ret_limit, def, error): the parameters "after" (a number) and "limit" (1..200). */
bool hk_web_page(
	const hk_req *req, int64_t def, int64_t *ret_after, int64_t *ret_limit, GError **error);

#endif
