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

/* The same rows in two pieces, cut everywhere. */
static void
check_pieces(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		hk_span text = rows[i].text;
		for (size_t cut = 0; cut <= text.len; cut++) {
			hk_utf8_feed feed = {0};
			bool good =
				hk_utf8_more(&feed, hk_span_of(text.data, cut)) &&
				hk_utf8_more(&feed, hk_span_of(text.data + cut, text.len - cut)) &&
				feed.need == 0;
			is_int(good, rows[i].valid, "%s, cut at %zu", rows[i].what, cut);
		}
	}
}

/* Every sequence of three bytes: the first byte that rules it out is where the whole check and the one in pieces part from good text. */
static void
check_early(void)
{
	unsigned wrong = 0;

	for (uint32_t n = 0; n < 1u << 24; n += 3) {
		const uint8_t bytes[] = {(uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n};
		hk_utf8_feed feed = {0};
		bool more = hk_utf8_more(&feed, hk_span_of(bytes, 3));
		wrong += (more && feed.need == 0) != hk_utf8_valid(hk_span_of(bytes, 3));
		/* What can still go on does go on: with the least that may follow. */
		while (more && feed.need > 0) {
			uint8_t next = feed.low;
			more = hk_utf8_more(&feed, hk_span_of(&next, 1));
			wrong += !more;
		}
	}
	is_int(wrong, 0, "sequences of three bytes, in pieces and as a whole");
}

static void
check_long(void)
{
	static const char text[] = "0123456789abcdef\xE7\x81\xAB-0123456789abcdef-0123456";
	char bad[sizeof text];
	hk_utf8_feed feed = {0};

	ok(hk_utf8_more(&feed, hk_span_of(text, sizeof text - 1)) && feed.need == 0, "long text");
	for (size_t i = 0; i < sizeof text - 1; i++) {
		memcpy(bad, text, sizeof text);
		bad[i] = (char)0xff;
		feed = (hk_utf8_feed){0};
		ok(!hk_utf8_more(&feed, hk_span_of(bad, sizeof text - 1)), "a bad byte at %zu", i);
	}
}

int
main(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		is_int(hk_utf8_valid(rows[i].text), rows[i].valid, "%s", rows[i].what);
	}
	check_pieces();
	check_early();
	check_long();
	uint32_t value = 0;
	const uint8_t hi[] = {0xE7, 0x81, 0xAB};
	is_int(hk_utf8_next(hi, hi + 3, &value), 3, "the length of 火");
	is_int(value, 0x706B, "the value of 火");
	return tap_done();
}
