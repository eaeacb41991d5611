#include "casework/sheet.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "casework/charset.h"
#include "sys/gerr.h"
#include "tap.h"

/* KIND, then for each item LINE and -: skipped, !code, or its fields "url=...". */
static char *
shown(const char *kind, hk_span body, const char *options)
{
	GError *error = NULL;
	g_autoptr(hk_sheet) sheet = hk_sheet_new(kind, body, options, &error);
	GString *out = g_string_new(NULL);
	hk_item item = {0};
	int64_t count = 0;

	if (!sheet) {
		g_string_append_printf(out, "!%s", hk_err_code(hk_error_code(error)));
		g_error_free(error);
		return g_string_free(out, FALSE);
	}
	g_string_append(out, hk_sheet_kind(sheet));
	for (; hk_sheet_next(sheet, &item); count++) {
		g_string_append_printf(out, " %d", (int)item.line);
		g_string_append(out, item.skip ? "-" : item.why ? "!" : "");
		g_string_append(out, item.why ? item.why : "");
		for (size_t i = 0; i < HK_COLUMN_COUNT; i++) {
			if (item.field[i]) {
				g_string_append_printf(out, "[%s=%s]", hk_column_text((hk_column)i),
					item.field[i]);
			}
		}
		hk_item_clear(&item);
	}
	if (count != hk_sheet_count(sheet)) {
		g_string_append(out, " (another count)");
	}
	return g_string_free(out, FALSE);
}

static void
reads(const char *kind, const char *body, const char *options, const char *want)
{
	g_autofree char *got = shown(kind, hk_span_str(body), options);

	is_str(got, want, "%s", want);
}

static void
forms(void)
{
	reads("auto", "http://evil.example/\n\n# note\nhxxp://b[.]example\n", "{}",
		"lines 1[url=http://evil.example/] 2- 3- 4[url=hxxp://b[.]example]");
	reads("auto",
		"date,URL,description\n2024/11/29 10:00:00,https://evil.example/,みほん銀行\n",
		"{}",
		"csv 1- 2[url=https://evil.example/][date=2024/11/29 "
		"10:00:00][description=みほん銀行]");
	reads("auto",
		"2024/11/29 "
		"10:00:00,https://evil.example/,みほん銀行\n2024/11/30,http://b.example,x\n",
		"{}",
		"csv 1[url=https://evil.example/][date=2024/11/29 "
		"10:00:00][description=みほん銀行] "
		"2[url=http://b.example][date=2024/11/30][description=x]");
	reads("auto", "http://evil.example/a,b\nhttp://evil.example/c\n", "{}",
		"lines 1[url=http://evil.example/a,b] 2[url=http://evil.example/c]");
	reads("auto",
		"日付\tURL\tブランド\t備考\n2024/11/29\thxxp://evil[.]example\tみほん\t急ぎ\n",
		"{}",
		"tsv 1- "
		"2[url=hxxp://evil[.]example][date=2024/11/29][target=みほん][description=急ぎ]");
	reads("auto",
		"{\"url\":\"http://"
		"evil.example\",\"ブランド\":\"みほん\",\"tags\":[\"a\",\"b\"],\"n\":1}\n{"
		"bad\n\"x\"\n{}\n",
		"{}",
		"jsonl 1[url=http://evil.example][target=みほん][labels=a,b] 2!json 3[url=x] "
		"4!empty");
	reads("auto", "見てください http://evil.example/ です", "{}",
		"lines 1[url=見てください http://evil.example/ です]");
	reads("csv", "a,b\nx,http://evil.example\n", "{}",
		"csv 1[url=b] 2[url=http://evil.example]");
	reads("csv", "\"open\n\"a\"b,c\nurl\n", "{}", "csv 1!quote 2!quote 3-");
	reads("csv",
		"URL,first_seen,name\r\n\"http://evil.example/?a=1,2\",2024-11-29T01:02:03Z,\"a "
		"\"\"b\"\"\"\r\n",
		"{}",
		"csv 1- 2[url=http://evil.example/?a=1,2][date=2024-11-29T01:02:03Z][name=a "
		"\"b\"]");
	reads("csv", "fqdn,memo\nevil.example,\n", "{}", "csv 1- 2[host=evil.example]");
	reads("csv", "url\n'=cmd|x\n,\n", "{}", "csv 1- 2[url==cmd|x] 3!empty");
	reads("csv", "x,y\n1,2\n", "{}", "csv 1!no-column 2!no-column");
	reads("csv", "", "{}", "csv");
	reads("auto", "", "{}", "lines");
}

static void
options(void)
{
	reads("csv", "a,b,c\nx,http://evil.example,y\n",
		"{\"header\":true,\"columns\":{\"url\":\"B\",\"description\":3}}",
		"csv 1- 2[url=http://evil.example][description=y]");
	reads("csv", "a,b,c\nx,http://evil.example,y\n",
		"{\"header\":true,\"columns\":{\"url\":\"2\"}}",
		"csv 1- 2[url=http://evil.example]");
	reads("csv", "a,b\nx,http://evil.example\n",
		"{\"header\":true,\"columns\":{\"url\":\"zz\"}}", "csv 1- 2!no-column");
	reads("csv", "url,b\nhttp://evil.example,y\n", "{\"header\":false}",
		"csv 1[url=url][description=b] 2[url=http://evil.example][description=y]");
	reads("jsonl", "{\"site\":\"http://evil.example\",\"u\":\"http://b.example\"}",
		"{\"columns\":{\"url\":\"u\"}}", "jsonl 1[url=http://b.example]");
	reads("csv", "x", "{\"columns\":{\"nonsense\":1}}", "!malformed");
	reads("csv", "x", "{\"columns\":{\"url\":0}}", "!out-of-range");
	reads("csv", "x", "{\"columns\":3}", "!malformed");
	reads("csv", "x", "{\"header\":\"maybe\"}", "!malformed");
	reads("xls", "x", "{}", "!unknown-version");
}

static void
is_charset(const char *to, const char *want)
{
	static const char text[] =
		"日付,URL,説明\n2024/11/29,http://evil.example,みほん銀行をかたるフィッシング\n";
	gsize len;
	const char *name;
	g_autofree char *body = g_convert(text, -1, to, "UTF-8", NULL, &len, NULL);
	GString *back = hk_charset_utf8(hk_span_of(body, len), &name);

	is_str(name, want, "%s is found out", to);
	is_str(back->str, text, "and read");
	g_string_free(back, TRUE);
}

static void
charsets(void)
{
	const char *name;

	is_charset("UTF-8", "UTF-8");
	is_charset("CP932", "CP932");
	is_charset("EUC-JP", "EUC-JP");
	is_charset("ISO-2022-JP", "ISO-2022-JP");
	is_charset("UTF-16LE", "UTF-16LE");
	is_charset("UTF-16BE", "UTF-16BE");
	is_charset("UTF-16", "UTF-16LE");
	GString *out = hk_charset_utf8(hk_span_of("\xef\xbb\xbfhttp://a", 11), &name);
	is_str(out->str, "http://a", "a mark is dropped");
	g_string_free(out, TRUE);
	out = hk_charset_utf8(hk_span_of("a\x81 \xfd", 4), &name);
	is_str(out->str, "a\xef\xbf\xbd \xef\xbf\xbd", "what fits nothing is replaced");
	g_string_free(out, TRUE);
}

static void
is_date(const char *text, int64_t want)
{
	int64_t ms = -1;

	is_int(hk_sheet_date(text, &ms) ? ms / 1000 : -1, want, "%s", text);
}

static void
dates(void)
{
	is_date("2024/11/29 12:34:56", 1732851296);
	is_date("2024-11-29T12:34:56+09:00", 1732851296);
	is_date("2024-11-29T03:34:56.789Z", 1732851296);
	is_date("2024-11-29 03:34:56 UTC", 1732851296);
	is_date("2024年11月29日 12時34分56秒", 1732851296);
	is_date("2024年11月29日12:34:56", 1732851296);
	is_date("2024/11/29(金) 12:34:56", 1732851296);
	is_date("2024/11/29", 1732806000);
	is_date(" 2024.11.29 ", 1732806000);
	is_date("2024/1/9 1:02", 1704729720);
	is_date("2024-11-29T12:34:56-0330", 1732896296);
	is_date("2024/13/01", -1);
	is_date("2023/02/29", -1);
	is_date("2024/11/29 25:00", -1);
	is_date("2024/11/29 x", -1);
	is_date("29/11/2024", -1);
	is_date("yesterday", -1);
	is_date("", -1);
	is_date("20241129", -1);
}

int
main(void)
{
	forms();
	options();
	charsets();
	dates();
	is_int(hk_column_find("フィッシング ＵＲＬ"), HK_COLUMN_URL, "names in any width");
	is_int(hk_column_find("First_Seen"), HK_COLUMN_DATE, "case and '_'");
	is_int(hk_column_find("price"), HK_COLUMN_COUNT, "unknown");
	return tap_done();
}
