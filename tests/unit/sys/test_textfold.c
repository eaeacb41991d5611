/* sys/textfold: pairs that must fold alike, and what folding leaves. */
#include "sys/textfold.h"

#include <string.h>

#include "tap.h"

static void
gives(const char *text, const char *want)
{
	g_autoptr(GString) out = g_string_new("before ");

	hk_textfold(hk_span_str(text), out);
	is_str(out->str + 7, want, "%s", text);
	g_autoptr(GString) again = g_string_new(NULL);
	hk_textfold(hk_span_str(out->str + 7), again);
	is_str(again->str, want, "%s, again", text);
}

int
main(void)
{
	gives("", "");
	gives("Mihon-BANK.Example", "mihon-bank.example");
	gives("ＭＩＨＯＮ　ＢＡＮＫ", "mihon bank");
	gives("ﾐﾎﾝｷﾞﾝｺｳ", "ミホンギンコウ");
	gives("みほんぎんこう", "ミホンギンコウ");
	gives("ミホンギンコウ", "ミホンギンコウ");
	gives("みずほ銀行", "ミズホ銀行");
	gives("か\xe3\x82\x99", "ガ"); /* a combining mark */
	gives("㈱見本　①", "(株)見本 1");
	gives("e\xcc\x81vil \xc3\x89VIL", "\xc3\xa9vil \xc3\xa9vil");
	gives("Straße", "strasse");
	gives("a\xe2\x80\x8b"
	      "b\xc2\xad"
	      "c",
		"abc"); /* zero-width space, soft hyphen */
	gives("hxxps[:]//evil[.]example(.)jp {.} [dot]", "https://evil.example.jp . .");
	gives("HXXP://EVIL［．］EXAMPLE", "http://evil.example");
	gives("  a \t b  \n  c  ", "a b\nc");
	gives("a\r\nb", "a\nb");
	gives("銀行。本日の業務", "銀行。本日ノ業務");
	gives("\xef\xb7\xba", "صلى الله عليه وسلم"); /* one character becomes 18 */
	g_autoptr(GString) out = g_string_new(NULL);
	hk_textfold(hk_span_of("a\xff\x80 b", 5), out);
	ok(g_utf8_validate(out->str, -1, NULL), "what is not UTF-8 becomes so");
	g_autoptr(GString) nul = g_string_new(NULL);
	hk_textfold(hk_span_of("a\0b", 3), nul);
	is_str(nul->str, "a b", "U+0000 is a blank");
	hk_textfold((hk_span){NULL, 0}, nul);
	is_str(nul->str, "a b", "nothing adds nothing");
	return tap_done();
}
