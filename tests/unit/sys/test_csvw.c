#include "sys/csvw.h"

#include "parse/csv.h"
#include "tap.h"

static void
one(const char *text, const char *want)
{
	g_autoptr(GString) out = g_string_new(NULL);
	hk_csvw w;

	hk_csvw_begin(&w, out, false);
	hk_csvw_str(&w, text);
	hk_csvw_end_row(&w);
	g_string_truncate(out, out->len - 2);
	is_str(out->str, want, "%s", want);
}

static void
rows(void)
{
	g_autoptr(GString) out = g_string_new(NULL);
	g_autofree hk_csv_row *row = g_new(hk_csv_row, 1);
	hk_csvw w;
	hk_csv csv;

	hk_csvw_begin(&w, out, true);
	hk_csvw_str(&w, "日付");
	hk_csvw_str(&w, "a\"b,c\nd");
	hk_csvw_str(&w, NULL);
	hk_csvw_int(&w, -5);
	hk_csvw_real(&w, 0.25);
	hk_csvw_real(&w, -1.0 / 0.0);
	hk_csvw_time(&w, 1764036286123);
	hk_csvw_time(&w, 0);
	hk_csvw_end_row(&w);
	hk_csvw_str(&w, "x");
	hk_csvw_end_row(&w);
	is_str(out->str,
		"\xef\xbb\xbf"
		"日付,\"a\"\"b,c\nd\",,-5,0.25,,2025-11-25T02:04:46Z,\r\nx\r\n",
		"two rows behind a mark");
	hk_csv_begin(&csv, hk_span_of(out->str, out->len), ',');
	is_int(hk_csv_next(&csv, row), HK_OK, "which our reader reads");
	is_int(row->count, 8, "all of it");
	ok(hk_span_eq(row->field[1], hk_span_str("a\"b,c\nd")), "as it was");
	is_int(hk_csv_next(&csv, row), HK_OK, "and the next");
	is_int(hk_csv_next(&csv, row), HK_ENOENT, "no more");
}

static void
nul(void)
{
	g_autoptr(GString) out = g_string_new(NULL);
	hk_csvw w;

	hk_csvw_begin(&w, out, false);
	hk_csvw_text(&w, hk_span_of("\0=1\0a", 5));
	is_str(out->str, "'=1a", "NUL is dropped and hides nothing");
}

int
main(void)
{
	one("plain", "plain");
	one("", "");
	one("a,b", "\"a,b\"");
	one("a;b", "\"a;b\"");
	one("a\"b", "\"a\"\"b\"");
	one(" a", "\" a\"");
	one("=1+1", "'=1+1");
	one("=HYPERLINK(\"http://evil.example\",\"x\")",
		"\"'=HYPERLINK(\"\"http://evil.example\"\",\"\"x\"\")\"");
	one("+81", "'+81");
	one("-1", "'-1");
	one("@SUM(A1)", "'@SUM(A1)");
	one("\t=1", "\"'\t=1\"");
	one("\r=1", "\"'\r=1\"");
	one("\n=1", "\"'\n=1\"");
	one("  =1", "\"'  =1\"");
	one("＝1", "'＝1");
	one("＋1", "'＋1");
	one("－1", "'－1");
	one("＠SUM", "'＠SUM");
	one("\xe2\x80\x8b=1", "'\xe2\x80\x8b=1");
	one("a=1", "a=1");
	one("http://evil.example/?a=b", "http://evil.example/?a=b");
	one("みほん銀行", "みほん銀行");
	one("\xff=", "\xff=");
	rows();
	nul();
	return tap_done();
}
