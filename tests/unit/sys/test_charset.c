/* Charsets, labelled rightly, wrongly, not at all. */
#include <iconv.h>
#include <string.h>

#include "sys/charset.h"
#include "tap.h"

#define JA "重要なお知らせ：お客様の口座が制限されました。"
#define ZH "尊敬的客户，您的账户已被限制，请立即登录进行验证。"

static void
reads(const char *bytes, size_t len, const char *label, const char *want, const char *charset,
	const char *what)
{
	g_autoptr(GString) out = g_string_new(NULL);
	const char *taken = hk_charset_text(hk_span_of(bytes, len), label, out, NULL);

	is_str(taken, charset, "%s: charset", what);
	is_str(out->str, want, "%s", what);
}

/* text in another charset, read under a label. */
static void
round_trip(const char *text, const char *iconv_name, const char *label, const char *charset,
	const char *what)
{
	char buf[1000];
	char *in = (char *)text, *out = buf;
	size_t in_left = strlen(text), room = sizeof buf;
	iconv_t c = iconv_open(iconv_name, "UTF-8");

	iconv(c, &in, &in_left, &out, &room);
	iconv(c, NULL, NULL, &out, &room);
	iconv_close(c);
	reads(buf, (size_t)(out - buf), label, text, charset, what);
}

static void
header(const char *value, const char *want, const char *what)
{
	g_autoptr(GString) out = g_string_new("x");

	hk_charset_header(hk_span_str(value), out);
	is_str(out->str + 1, want, "%s", what);
}

int
main(void)
{
	bool mended;

	round_trip(JA, "ISO-2022-JP", "ISO-2022-JP", "iso-2022-jp", "ISO-2022-JP");
	round_trip(JA, "ISO-2022-JP", NULL, "iso-2022-jp", "ISO-2022-JP without a label");
	round_trip(JA, "ISO-2022-JP", "us-ascii", "iso-2022-jp", "ISO-2022-JP called us-ascii");
	round_trip(JA, "CP932", "Shift_JIS", "cp932", "Shift_JIS");
	round_trip(JA, "CP932", "x-sjis", "cp932", "x-sjis");
	round_trip(JA, "CP932", NULL, "cp932", "Shift_JIS without a label");
	round_trip(JA, "CP932", "iso-8859-1", "cp932", "Shift_JIS called Latin-1");
	round_trip(JA, "CP932", "utf-8", "cp932", "Shift_JIS called UTF-8");
	round_trip(JA, "EUC-JP", "euc-jp", "euc-jp", "EUC-JP");
	round_trip(JA, "EUC-JP", "", "euc-jp", "EUC-JP without a label");
	round_trip(JA, "EUC-JP", "iso-2022-jp", "euc-jp", "EUC-JP called ISO-2022-JP");
	round_trip(JA, "UTF-8", "shift_jis", "utf-8", "UTF-8 called Shift_JIS");
	round_trip(ZH, "GB18030", "gb2312", "gb18030", "GB18030 called gb2312");
	round_trip(ZH, "GB18030", NULL, "gb18030", "GB18030 without a label");
	round_trip("안녕하세요 고객님", "UHC", "ks_c_5601-1987", "uhc", "Korean");
	round_trip("Grüße café", "CP1252", "iso-8859-1", "windows-1252", "Latin-1");
	round_trip("Здравствуйте", "KOI8-R", "koi8-r", "koi8-r", "Russian");
	round_trip("①㈱髙﨑～", "CP932", "shift_jis", "cp932", "vendor characters in Shift_JIS");
	reads("\x1b$B-!-j\x1b(B", 10, "iso-2022-jp", "①㈱", "iso-2022-jp",
		"vendor characters in ISO-2022-JP");
	reads("\x1b(I1\x1b(B", 7, "iso-2022-jp", "ｱ", "iso-2022-jp",
		"half-width katakana in ISO-2022-JP");
	reads("\xff\xfe"
	      "a\0b\0",
		6, NULL, "ab", "utf-16le", "a byte order mark");
	reads("\xef\xbb\xbf"
	      "a\xe3\x81\x82",
		7, "utf-8", "aあ", "utf-8", "a byte order mark in UTF-8");
	reads("a\0b", 3, NULL,
		"a\xef\xbf\xbd"
		"b",
		"us-ascii", "U+0000");
	reads("\x82", 1, "utf-8", "\xef\xbf\xbd", "utf-8", "a byte that is nothing");
	reads("", 0, "nonsense", "", "us-ascii", "empty");

	g_autoptr(GString) out = g_string_new(NULL);
	hk_charset_text(HK_SPAN_LIT("plain"), "x-unknown", out, &mended);
	ok(!mended, "plain ASCII is never wrong");
	hk_charset_text(HK_SPAN_LIT("\xe3\x81\x82"), "iso-8859-1", out, &mended);
	ok(mended, "a wrong label is told");

	header("=?ISO-2022-JP?B?GyRCPUVNVxsoQg==?= x", "重要 x", "encoded words");
	header("=?iso-2022-jp?B?GyRCLSEbKEI=?=", "①", "with vendor characters");
	header("=?shift_jis?B?j2Q=?=\r\n =?shift_jis?B?l3Y=?=", "重要", "folded");
	header("=?shift_jis?B?j2SX?= =?shift_jis?B?dg==?=", "重要", "cut inside a character");
	header("\x1b$B=EMW\x1b(B", "重要", "raw ISO-2022-JP");
	header("\x8f\x64\x97\x76\x82\xc8\x82\xa8\x92\x6d\x82\xe7\x82\xb9", "重要なお知らせ",
		"raw Shift_JIS");
	header("  a\r\n b\x07 ", "a b", "control characters");
	return tap_done();
}
