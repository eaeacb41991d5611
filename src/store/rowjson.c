#include "store/rowjson.h"

#include "sys/clock.h"
#include "sys/jsonw.h"

void
hk_json_time_ms(GString *out, int64_t ms)
{
	char text[HK_CLOCK_TEXT_SIZE];

	if (ms == 0) {
		hk_jsonw_null(out);
	} else {
		hk_jsonw_str(out, hk_clock_format(ms, text));
	}
}

void
hk_json_raw(GString *out, const char *text)
{
	if (!text || *text == '\0') {
		hk_jsonw_null(out);
		return;
	}
	char last = out->len > 0 ? out->str[out->len - 1] : '[';
	if (last != '[' && last != ':' && last != '{') {
		g_string_append_c(out, ',');
	}
	g_string_append(out, text);
}

static void
put_value(const hk_rows *rows, unsigned column, hk_col_kind kind, GString *out)
{
	if (kind == HK_COL_BOOL) {
		hk_jsonw_bool(out, hk_rows_int(rows, column) != 0);
		return;
	}
	if (hk_rows_is_null(rows, column)) {
		hk_jsonw_null(out);
		return;
	}
	switch (kind) {
	case HK_COL_INT:
		hk_jsonw_int(out, hk_rows_int(rows, column));
		break;
	case HK_COL_TEXT:
		hk_jsonw_str(out, hk_rows_str(rows, column));
		break;
	case HK_COL_RAW:
		hk_json_raw(out, hk_rows_str(rows, column));
		break;
	case HK_COL_TIME:
		hk_json_time_ms(out, hk_rows_int(rows, column));
		break;
	case HK_COL_REAL:
		hk_jsonw_real(out, hk_rows_real(rows, column), 3);
		break;
	case HK_COL_HEX:
		hk_jsonw_hex(out, hk_rows_blob(rows, column));
		break;
	case HK_COL_END:
	case HK_COL_BOOL:
	case HK_COL_SKIP:
	case HK_COL_OPEN:
	case HK_COL_CLOSE:
		break;
	}
}

void
hk_row_json(const hk_rows *rows, const hk_col *cols, GString *out)
{
	unsigned column = 0;

	for (; cols->kind != HK_COL_END; cols++) {
		switch (cols->kind) {
		case HK_COL_SKIP:
			column++;
			break;
		case HK_COL_CLOSE:
			hk_jsonw_close(out, '}');
			break;
		case HK_COL_OPEN:
			hk_jsonw_key(out, cols->name);
			if (!hk_rows_is_null(rows, column)) {
				hk_jsonw_open(out, '{');
				break;
			}
			hk_jsonw_null(out);
			for (cols++; cols->kind != HK_COL_CLOSE; cols++) {
				column++;
			}
			break;
		case HK_COL_END:
		case HK_COL_INT:
		case HK_COL_TEXT:
		case HK_COL_RAW:
		case HK_COL_TIME:
		case HK_COL_BOOL:
		case HK_COL_REAL:
		case HK_COL_HEX:
			hk_jsonw_key(out, cols->name);
			put_value(rows, column++, cols->kind, out);
			break;
		}
	}
}

bool
hk_rows_json(hk_rows *rows, const hk_col *cols, GString *out, size_t limit, int64_t *ret_last,
	bool *ret_more, GError **error)
{
	g_autoptr(hk_rows) own = rows;
	GError *inner = NULL;
	int64_t last = 0;
	size_t count = 0;
	bool more = false;

	if (!own) {
		return false;
	}
	while (hk_rows_next(own, &inner)) {
		if (count++ == limit) {
			more = true;
			break;
		}
		hk_jsonw_open(out, '{');
		hk_row_json(own, cols, out);
		hk_jsonw_close(out, '}');
		last = ret_last ? hk_rows_int(own, 0) : 0;
	}
	if (inner) {
		g_propagate_error(error, inner);
		return false;
	}
	if (ret_last) {
		*ret_last = last;
	}
	if (ret_more) {
		*ret_more = more;
	}
	return true;
}

bool
hk_row_json_one(hk_rows *rows, const hk_col *cols, const char *what, int64_t id, GString *out,
	GError **error)
{
	if (!hk_rows_the(rows, what, id, error)) {
		return false;
	}
	hk_jsonw_open(out, '{');
	hk_row_json(rows, cols, out);
	hk_jsonw_close(out, '}');
	return true;
}
