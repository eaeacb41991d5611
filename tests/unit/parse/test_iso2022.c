/* ISO-2022-JP as mailers write it, as EUC-JP. */
#include "parse/iso2022.h"
#include "tap.h"

static void
becomes(const char *text, size_t len, const char *want, size_t want_len, const char *what)
{
	uint8_t out[256];
	size_t got = 0;

	is_int(hk_iso2022jp_to_euc(hk_span_of(text, len), out, sizeof out, &got), HK_OK, "%s",
		what);
	is_int(got, want_len, "%s: length", what);
	is_mem(out, want, want_len < got ? want_len : got, "%s: bytes", what);
}
#define BECOMES(text, want, what) becomes(text, sizeof(text) - 1, want, sizeof(want) - 1, what)

int
main(void)
{
	BECOMES("abc", "abc", "ascii");
	BECOMES("\x1b$B$\"\x1b(Bx", "\xa4\xa2x", "hiragana");
	BECOMES("\x1b$B-!", "\xad\xa1", "a vendor character (circled one), no escape back");
	BECOMES("\x1b$@0!\x1b(J\\", "\xb0\xa1\\", "JIS C 6226 and JIS Roman");
	BECOMES("\x1b(I1\x1b(B1",
		"\x8e\xb1"
		"1",
		"half-width katakana by escape");
	BECOMES("\x0e"
		"12\x0f"
		"3",
		"\x8e\xb1\x8e\xb2"
		"3",
		"half-width katakana by shift");
	BECOMES("\x1b$(D0!\x1b(B", "\x8f\xb0\xa1", "JIS X 0212");
	BECOMES("\x1b$B$\"\n$\"", "\xa4\xa2\n$\"", "a line end goes back to ASCII");
	BECOMES("\x1b$B$", "$", "cut inside a character");
	BECOMES("\x1b$", "\x1b$", "cut inside an escape");
	BECOMES("\x1bZ", "\x1bZ", "another escape");
	ok(hk_iso2022jp_like(HK_SPAN_LIT("x\x1b$B$\"")), "is it");
	ok(!hk_iso2022jp_like(HK_SPAN_LIT("x\x1b(B")), "an escape to ASCII is none");
	ok(!hk_iso2022jp_like(HK_SPAN_LIT("\x1b$B\xe3")), "eight bits are none");
	ok(!hk_iso2022jp_like(HK_SPAN_LIT("")), "nothing is none");

	uint8_t small[4];
	size_t len = 9;
	is_int(hk_iso2022jp_to_euc(HK_SPAN_LIT("abcde"), small, sizeof small, &len), HK_ELIMIT,
		"no room");
	return tap_done();
}
