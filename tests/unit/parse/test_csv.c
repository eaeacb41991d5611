#include "parse/csv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tap.h"

/* Shows all rows: LINE:[field][field]; a row that could not be read is LINE!error(raw). */
static void
show(hk_span text, char separator, char *out, size_t max)
{
	static hk_csv_row row;
	hk_csv csv;
	size_t len = 0;
	hk_err err;

	out[0] = '\0';
	hk_csv_begin(&csv, text, separator);
	while ((err = hk_csv_next(&csv, &row)) != HK_ENOENT) {
		len += (size_t)snprintf(out + len, max - len, "%s%llu", len > 0 ? " " : "",
			(unsigned long long)row.line);
		if (err != HK_OK) {
			len += (size_t)snprintf(out + len, max - len, "!%s(%.*s)", hk_err_code(err),
				(int)row.raw.len, (const char *)row.raw.data);
			continue;
		}
		len += (size_t)snprintf(out + len, max - len, ":");
		for (size_t i = 0; i < row.count; i++) {
			len += (size_t)snprintf(out + len, max - len, "[%.*s]",
				(int)row.field[i].len, (const char *)row.field[i].data);
		}
	}
}

static void
reads(char separator, const char *text, const char *want)
{
	static char out[4096];
	size_t len = strlen(text);
	/* An exact copy, so that the sanitizer sees a read one past the end. */
	uint8_t *copy = malloc(len > 0 ? len : 1);

	memcpy(copy, text, len);
	show(hk_span_of(copy, len), separator, out, sizeof out);
	free(copy);
	is_str(out, want, "%s", want);
}

static void
forms(void)
{
	reads(',', "", "");
	reads(',', "a", "1:[a]");
	reads(',', "a,b\n", "1:[a][b]");
	reads(',', "a,b\r\nc,d\r\n", "1:[a][b] 2:[c][d]");
	reads(',', "a\rb\r", "1:[a] 2:[b]");
	reads(',', "a,\n,b\n,\n\n", "1:[a][] 2:[][b] 3:[][] 4:[]");
	reads(',',
		"\xef\xbb\xbf"
		"a,b",
		"1:[a][b]");
	reads(',', "\"a\",\"b\"\n", "1:[a][b]");
	reads(',', "\"a,b\",c\n", "1:[a,b][c]");
	reads(',', "\"a\"\"b\"\"\",\"\"\n", "1:[a\"b\"][]");
	reads(',', " \"a\" , \"b\" \nc", "1:[a][b] 2:[c]");
	reads(',', " a , b \n", "1:[ a ][ b ]");
	reads(',', "a\"b,c\"\n", "1:[a\"b][c\"]");
	reads(',', "\"a\nb\",c\nd\n", "1:[a\nb][c] 3:[d]");
	reads(',', "\"a\r\nb\rc\",d\ne\n", "1:[a\r\nb\rc][d] 4:[e]");
	reads('\t', "a\tb c\t\"d\te\"\nf", "1:[a][b c][d\te] 2:[f]");
	reads(';', "a;b,c\n", "1:[a][b,c]");
	reads(',', "日付,URL,説明\n2024/11/29,hxxp://evil[.]example/,\"みほん, 銀行\"\n",
		"1:[日付][URL][説明] 2:[2024/11/29][hxxp://evil[.]example/][みほん, 銀行]");
}

/* One stray quote costs one line. */
static void
broken(void)
{
	reads(',', "\"a\nb\n", "1!malformed(\"a) 2:[b]");
	reads(',', "a,\"b\nc,d\n", "1!malformed(a,\"b) 2:[c][d]");
	reads(',', "\"a\"b,c\nd\n", "1!malformed(\"a\"b,c) 2:[d]");
	reads(',', "\"a\" b\r\nc\r\n", "1!malformed(\"a\" b) 2:[c]");
	reads(',', "\"", "1!malformed(\")");
	reads(',', "\"\"\"", "1!malformed(\"\"\")");
	reads('\t', "\"a\tb\nc\n", "1:[\"a][b] 2:[c]");
	reads('\t', "\"a\"b\tc\n", "1:[\"a\"b][c]");
}

static void
limits(void)
{
	static hk_csv_row row;
	hk_csv csv;
	char *text = malloc(HK_CSV_ROW_MAX * 2);
	char columns[HK_CSV_COLUMNS_MAX + 4];

	memset(text, 'a', HK_CSV_ROW_MAX * 2);
	hk_csv_begin(&csv, hk_span_of(text, HK_CSV_ROW_MAX), ',');
	is_int(hk_csv_next(&csv, &row), HK_OK, "a row as long as may be");
	hk_csv_begin(&csv, hk_span_of(text, HK_CSV_ROW_MAX + 1), ',');
	is_int(hk_csv_next(&csv, &row), HK_ELIMIT, "one byte more");
	is_int(row.raw.len, HK_CSV_ROW_MAX + 1, "is handed over");
	is_int(hk_csv_next(&csv, &row), HK_ENOENT, "and passed over");
	text[HK_CSV_ROW_MAX] = ',';
	hk_csv_begin(&csv, hk_span_of(text, HK_CSV_ROW_MAX + 5), ',');
	is_int(hk_csv_next(&csv, &row), HK_ELIMIT, "a separator on the limit loses nothing");
	text[0] = '"';
	text[HK_CSV_ROW_MAX + 10] = '"';
	text[10] = '\n';
	hk_csv_begin(&csv, hk_span_of(text, HK_CSV_ROW_MAX + 11), ',');
	is_int(hk_csv_next(&csv, &row), HK_ELIMIT, "a quote that closes too far away");
	is_int(row.raw.len, 10, "costs its line");
	is_int(csv.line, 2, "not the next");
	memset(columns, ',', sizeof columns);
	hk_csv_begin(&csv, hk_span_of(columns, HK_CSV_COLUMNS_MAX - 1), ',');
	is_int(hk_csv_next(&csv, &row), HK_OK, "as many columns as may be");
	is_int(row.count, HK_CSV_COLUMNS_MAX, "all of them");
	hk_csv_begin(&csv, hk_span_of(columns, HK_CSV_COLUMNS_MAX), ',');
	is_int(hk_csv_next(&csv, &row), HK_ELIMIT, "one more");
	free(text);
}

static void
lines(void)
{
	hk_span text = HK_SPAN_LIT("a\r\nb\n\rc");
	size_t next = 0;

	ok(hk_span_eq(hk_csv_line(text, 0, &next), HK_SPAN_LIT("a")), "CRLF");
	is_int(next, 3, "is passed over");
	ok(hk_span_eq(hk_csv_line(text, next, &next), HK_SPAN_LIT("b")), "LF");
	ok(hk_csv_line(text, next, &next).len == 0, "CR behind LF is a line of its own");
	ok(hk_span_eq(hk_csv_line(text, next, &next), HK_SPAN_LIT("c")), "the last");
	is_int(next, text.len, "is the end");
}

int
main(void)
{
	forms();
	broken();
	limits();
	lines();
	return tap_done();
}
