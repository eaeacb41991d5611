/* store/rowjson: rows of the database as JSON objects, by a table of columns. Layer: store. Contents are hostile: sys/jsonw keeps the
 * JSON well formed. */
#ifndef HK_STORE_ROWJSON_H
#define HK_STORE_ROWJSON_H

#include "store/db.h"

typedef enum hk_col_kind {
	HK_COL_END,
	HK_COL_INT, /* NULL: null */
	HK_COL_TEXT,
	HK_COL_RAW,  /* JSON that we wrote; NULL or empty: null */
	HK_COL_TIME, /* milliseconds; NULL: null */
	HK_COL_BOOL, /* NULL or 0: false */
	HK_COL_REAL, /* three digits */
	HK_COL_HEX,  /* a blob; NULL: null */
	HK_COL_SKIP,
	HK_COL_OPEN, /* takes no column: an object begins; null, with all up to its HK_COL_CLOSE, when the next column is NULL */
	HK_COL_CLOSE, /* takes no column */
} hk_col_kind;

typedef struct hk_col {
	hk_col_kind kind;
	const char *name;
} hk_col;

/* hk_row_json(rows, cols, out): the members of the row that stands, without brackets; cols ends with HK_COL_END. */
void hk_row_json(const hk_rows *rows, const hk_col *cols, GString *out);

/* hk_rows_json(rows, cols, out, limit, ret_last, error): all rows (at most limit) as objects of the list that is open; takes rows (NULL: the query failed). *ret_last
 * (or NULL): column 0 of the last one, 0 without any. *ret_more (or NULL): there was one more than limit. */
bool hk_rows_json(hk_rows *rows, const hk_col *cols, GString *out, size_t limit, int64_t *ret_last,
	bool *ret_more, GError **error);

/* hk_row_json_one(rows, cols, what, id, out, error): the first row as an object; rows is left standing on it, the caller's to free (NULL: the query failed). HK_ENOENT "there is no WHAT ID". */
bool hk_row_json_one(hk_rows *rows, const hk_col *cols, const char *what, int64_t id, GString *out,
	GError **error);

/* hk_json_time_ms(out, ms): RFC 3339 with milliseconds; 0: null. hk_json_raw(out, text): JSON as it is; NULL or "": null. */
void hk_json_time_ms(GString *out, int64_t ms);
void hk_json_raw(GString *out, const char *text);

#endif
