#include "web/rows.h"

#include "sys/clock.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"

void
hk_web_time(GString *out, const char *key, int64_t ms)
{
	char text[HK_CLOCK_TEXT_SIZE];

	hk_jsonw_key(out, key);
	if (ms == 0) {
		hk_jsonw_null(out);
	} else {
		hk_jsonw_str(out, hk_clock_format(ms, text));
	}
}

static void
put(const hk_rows *rows, unsigned at, const hk_col *col, GString *out)
{
	bool null = hk_rows_is_null(rows, at);

	if (col->kind == HK_COL_SKIP) {
		return;
	}
	if (col->kind == HK_COL_TIME) {
		hk_web_time(out, col->key, hk_rows_int(rows, at));
		return;
	}
	hk_jsonw_key(out, col->key);
	if (col->kind == HK_COL_WHO) {
		hk_jsonw_str(out, null ? "auto" : hk_rows_str(rows, at));
	} else if (col->kind == HK_COL_BOOL) {
		hk_jsonw_bool(out, hk_rows_int(rows, at) != 0);
	} else if (null || (col->kind == HK_COL_ID && hk_rows_int(rows, at) == 0)) {
		hk_jsonw_null(out);
	} else if (col->kind == HK_COL_TEXT) {
		hk_jsonw_str(out, hk_rows_str(rows, at));
	} else if (col->kind == HK_COL_JSON) {
		g_string_append(out, hk_rows_str(rows, at));
	} else if (col->kind == HK_COL_REAL) {
		hk_jsonw_real(out, hk_rows_real(rows, at), 4);
	} else {
		hk_jsonw_int(out, hk_rows_int(rows, at));
	}
}

void
hk_web_row_members(const hk_rows *rows, const hk_col *cols, GString *out)
{
	unsigned at = 0;

	for (const hk_col *col = cols; col->kind != HK_COL_END; col++) {
		if (col->kind == HK_COL_CLOSE) {
			hk_jsonw_close(out, '}');
		} else if (col->kind != HK_COL_OPEN) {
			put(rows, at++, col, out);
		} else {
			hk_jsonw_key(out, col->key);
			if (!hk_rows_is_null(rows, at)) {
				hk_jsonw_open(out, '{');
				continue;
			}
			hk_jsonw_null(out);
			for (; col->kind != HK_COL_CLOSE; col++) {
				at += col->kind != HK_COL_OPEN;
			}
		}
	}
}

void
hk_web_row(const hk_rows *rows, const hk_col *cols, GString *out)
{
	hk_jsonw_open(out, '{');
	hk_web_row_members(rows, cols, out);
	hk_jsonw_close(out, '}');
}

bool
hk_web_rows(hk_rows *taken, const hk_col *cols, int64_t limit, hk_reply *reply, GError **error)
{
	g_autoptr(hk_rows) rows = taken;
	g_autoptr(GError) local = NULL;
	g_autofree char *next = NULL;
	int64_t last = 0, shown = 0;

	if (!rows) {
		return false;
	}
	GString *out = hk_reply_json(reply, 200);
	hk_jsonw_open(out, '{');
	hk_jsonw_key(out, "items");
	hk_jsonw_open(out, '[');
	while (!next && hk_rows_next(rows, &local)) {
		if (shown++ == limit) {
			next = g_strdup_printf("%" G_GINT64_FORMAT, last);
		} else {
			last = hk_rows_int(rows, 0);
			hk_web_row(rows, cols, out);
		}
	}
	if (local) {
		g_propagate_error(error, g_steal_pointer(&local));
		return false;
	}
	hk_jsonw_close(out, ']');
	hk_jsonw_key(out, "next");
	if (next) {
		hk_jsonw_str(out, next);
	} else {
		hk_jsonw_null(out);
	}
	hk_jsonw_close(out, '}');
	return true;
}

bool
hk_web_row_one(hk_rows *taken, const hk_col *cols, int version, int status, hk_reply *reply,
	GError **error)
{
	g_autoptr(hk_rows) rows = taken;
	g_autoptr(GError) local = NULL;

	if (!rows) {
		return false;
	}
	if (!hk_rows_next(rows, &local)) {
		if (local) {
			g_propagate_error(error, g_steal_pointer(&local));
			return false;
		}
		return hk_error_set(error, HK_ENOENT, "there is none of that number");
	}
	hk_web_row(rows, cols, hk_reply_json(reply, status));
	if (version >= 0) {
		hk_reply_version(reply, hk_rows_int(rows, (unsigned)version));
	}
	return true;
}

bool
hk_web_page(const hk_req *req, int64_t def, int64_t *ret_after, int64_t *ret_limit, GError **error)
{
	return hk_req_query_int(req, "after", 0, INT64_MAX, 0, ret_after, error) &&
	       hk_req_query_int(req, "limit", 1, 200, def, ret_limit, error);
}
