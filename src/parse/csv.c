#include "parse/csv.h"

#include <string.h>

void
hk_csv_begin(hk_csv *csv, hk_span text, char separator)
{
	bool bom = text.len >= 3 && memcmp(text.data, "\xef\xbb\xbf", 3) == 0;

	*csv = (hk_csv){.text = text, .separator = separator, .at = bom ? 3 : 0, .line = 1};
}

static bool
is_end(uint8_t c)
{
	return c == '\n' || c == '\r';
}

hk_span
hk_csv_line(hk_span text, size_t at, size_t *ret_next)
{
	size_t end = at;

	while (end < text.len && !is_end(text.data[end])) {
		end++;
	}
	size_t next = end;
	if (next < text.len) {
		next += text.data[next] == '\r' && next + 1 < text.len &&
					text.data[next + 1] == '\n'
				? 2
				: 1;
	}
	*ret_next = next;
	return hk_span_of(text.data + at, end - at);
}

/* What is being read. limit: the row may not reach behind it. */
typedef struct reader {
	hk_span text;
	size_t at;
	size_t limit;
	uint8_t separator;
	size_t lines; /* line ends passed over inside quotes */
	size_t used;  /* of row->bytes */
} reader;

static bool
more(const reader *r)
{
	return r->at < r->limit;
}

static bool
field_ends(const reader *r)
{
	return r->at >= r->text.len || is_end(r->text.data[r->at]) ||
	       r->text.data[r->at] == r->separator;
}

static void
skip_blanks(reader *r)
{
	while (more(r) && (r->text.data[r->at] == ' ' || r->text.data[r->at] == '\t') &&
		r->text.data[r->at] != r->separator) {
		r->at++;
	}
}

/* Behind the opening quote. */
static hk_err
quoted(reader *r, hk_csv_row *row, hk_span *ret)
{
	const size_t begin = r->used;

	for (;;) {
		if (!more(r)) {
			return r->at >= r->text.len ? HK_EFORM : HK_ELIMIT;
		}
		uint8_t c = r->text.data[r->at++];
		if (c == '"') {
			if (!more(r) || r->text.data[r->at] != '"') {
				break;
			}
			r->at++;
		}
		bool crlf = c == '\r' && more(r) && r->text.data[r->at] == '\n';
		r->lines += is_end(c) && !crlf;
		row->bytes[r->used++] = (char)c;
	}
	skip_blanks(r);
	if (!field_ends(r)) {
		return HK_EFORM;
	}
	*ret = hk_span_of(row->bytes + begin, r->used - begin);
	return HK_OK;
}

static hk_err
plain(reader *r, hk_span *ret)
{
	const size_t begin = r->at;

	while (more(r) && !field_ends(r)) {
		r->at++;
	}
	if (!field_ends(r)) {
		return HK_ELIMIT;
	}
	*ret = hk_span_of(r->text.data + begin, r->at - begin);
	return HK_OK;
}

static hk_err
field(reader *r, hk_csv_row *row)
{
	const reader before = *r;

	if (row->count == HK_CSV_COLUMNS_MAX) {
		return HK_ELIMIT;
	}
	hk_span *to = &row->field[row->count];
	skip_blanks(r);
	hk_err err = HK_EFORM;
	if (more(r) && r->text.data[r->at] == '"') {
		r->at++;
		err = quoted(r, row, to);
		if (err != HK_OK && r->separator == '\t') {
			*r = before;
			err = plain(r, to);
		}
	} else {
		*r = before;
		err = plain(r, to);
	}
	row->count += err == HK_OK;
	return err;
}

hk_err
hk_csv_next(hk_csv *csv, hk_csv_row *row)
{
	const size_t begin = csv->at;
	size_t next;

	if (begin >= csv->text.len) {
		return HK_ENOENT;
	}
	size_t left = csv->text.len - begin;
	reader r = {.text = csv->text,
		.at = begin,
		.limit = begin + (left < HK_CSV_ROW_MAX ? left : HK_CSV_ROW_MAX),
		.separator = (uint8_t)csv->separator};
	row->line = csv->line;
	row->count = 0;
	hk_err err = field(&r, row);
	while (err == HK_OK && more(&r) && csv->text.data[r.at] == r.separator) {
		r.at++;
		err = field(&r, row);
	}
	/* A separator that stands just behind the limit. */
	if (err == HK_OK && r.at < csv->text.len && !is_end(csv->text.data[r.at])) {
		err = HK_ELIMIT;
	}
	if (err != HK_OK) {
		row->count = 0;
		row->raw = hk_csv_line(csv->text, begin, &next);
		csv->at = next;
		csv->line++;
		return err;
	}
	row->raw = hk_span_of(csv->text.data + begin, r.at - begin);
	(void)hk_csv_line(csv->text, r.at, &next);
	csv->at = next;
	csv->line += r.lines + 1;
	return HK_OK;
}
