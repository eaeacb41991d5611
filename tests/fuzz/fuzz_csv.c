/* fuzz_csv: rows of separated text. Properties: no byte is lost (the rows and their ends make up the text), lines never go back, a
 * row that was read is written and read again as it was. */
#include <glib.h>

#include "fuzz.h"
#include "parse/csv.h"
#include "sys/csvw.h"

static bool
is_plain(hk_span text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] < ' ') {
			return false;
		}
	}
	return text.len == 0 || (g_ascii_isalnum(text.data[0]) && text.len < 1000);
}

/* Fields that get no apostrophe come back. */
static void
again(const hk_csv_row *row)
{
	static hk_csv_row copy;
	g_autoptr(GString) out = g_string_new(NULL);
	hk_csvw w;
	hk_csv csv;
	size_t plain = 0;

	hk_csvw_begin(&w, out, false);
	for (size_t i = 0; i < row->count; i++) {
		hk_csvw_text(&w, row->field[i]);
		plain += is_plain(row->field[i]);
	}
	hk_csvw_end_row(&w);
	hk_csv_begin(&csv, hk_span_of(out->str, out->len), ',');
	if (plain == row->count && out->len < HK_CSV_ROW_MAX) {
		need(hk_csv_next(&csv, &copy) == HK_OK && copy.count == row->count);
		for (size_t i = 0; i < row->count; i++) {
			need(hk_span_eq(copy.field[i], row->field[i]));
		}
	}
}

static void
read_all(hk_span text, char separator)
{
	static hk_csv_row row;
	hk_csv csv;
	hk_err err;

	hk_csv_begin(&csv, text, separator);
	for (;;) {
		size_t at = csv.at;
		uint64_t line = csv.line;
		err = hk_csv_next(&csv, &row);
		if (err == HK_ENOENT) {
			break;
		}
		need(csv.at > at && csv.at <= text.len && csv.line > line && row.line == line);
		need(row.raw.data == text.data + at && row.raw.len <= csv.at - at);
		need(csv.at - at - row.raw.len <= 2);
		need((err == HK_OK) == (row.count > 0) && row.count <= HK_CSV_COLUMNS_MAX);
		if (err == HK_OK) {
			again(&row);
		}
	}
	need(csv.at == text.len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	read_all(hk_span_of(data, size), ',');
	read_all(hk_span_of(data, size), '\t');
	return 0;
}
