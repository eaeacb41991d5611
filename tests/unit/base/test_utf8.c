#include "base/utf8.h"

#include "tap.h"

static const struct {
	hk_span text;
	bool valid;
	const char *what;
} rows[] = {
	{HK_SPAN_LIT(""), true, "empty"},
	{HK_SPAN_LIT("mihon"), true, "ASCII"},
	{HK_SPAN_LIT("a\0b"), true, "NUL is a character"},
	{HK_SPAN_LIT("みほん銀行"), true, "Japanese"},
	{HK_SPAN_LIT("\xF0\x9F\x94\xA5"), true, "four bytes"},
	{HK_SPAN_LIT("\xF4\x8F\xBF\xBF"), true, "U+10FFFF"},
	{HK_SPAN_LIT("\xF4\x90\x80\x80"), false, "over U+10FFFF"},
	{HK_SPAN_LIT("\xED\xA0\x80"), false, "a surrogate"},
	{HK_SPAN_LIT("\xC0\x80"), false, "overlong NUL"},
	{HK_SPAN_LIT("\xE0\x9F\xBF"), false, "overlong, three bytes"},
	{HK_SPAN_LIT("\xF0\x8F\xBF\xBF"), false, "overlong, four bytes"},
	{HK_SPAN_LIT("\x80"), false, "a stray continuation byte"},
	{HK_SPAN_LIT("\xE3\x81"), false, "cut off"},
	{HK_SPAN_LIT("\xE3\x81x"), false, "continued by ASCII"},
	{HK_SPAN_LIT("\xFF"), false, "never a first byte"},
};

int
main(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		is_int(hk_utf8_valid(rows[i].text), rows[i].valid, "%s", rows[i].what);
	}
	uint32_t value = 0;
	const uint8_t hi[] = {0xE7, 0x81, 0xAB};
	is_int(hk_utf8_next(hi, hi + 3, &value), 3, "the length of 火");
	is_int(value, 0x706B, "the value of 火");
	return tap_done();
}
