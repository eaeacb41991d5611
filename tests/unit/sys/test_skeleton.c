#include "sys/skeleton.h"

#include <string.h>

#include "tap.h"

static const struct {
	const char *text;
	const char *skeleton;
} rows[] = {
	{"mihonbank", "rnihonbank"},
	{"rnihonbank", "rnihonbank"},
	{"m1hon", "rnlhon"},
	{"míhön", "rnihon"},
	/* Cyrillic о and а; Greek omicron; wide letters. */
	{"mihоnbаnk", "rnihonbank"},
	{"mihοn", "rnihon"},
	{"mih0n", "rnihon"},
	{"", ""},
};

int
main(void)
{
	char out[HK_SKELETON_TEXT_MAX + 1];
	size_t len = 0;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		is_int(hk_skeleton_of(hk_span_str(rows[i].text), out, HK_SKELETON_TEXT_MAX, &len),
			HK_OK, "'%s' has a skeleton", rows[i].text);
		out[len] = '\0';
		is_str(out, rows[i].skeleton, "of '%s'", rows[i].text);
	}
	len = 7;
	is_int(hk_skeleton_of(hk_span_of("\xff", 1), out, 99, &len), HK_EFORM, "not UTF-8");
	is_int(hk_skeleton_of(hk_span_str("mihon"), out, 3, &len), HK_ELIMIT, "no room");
	static const char big[HK_SKELETON_TEXT_MAX + 1];
	is_int(hk_skeleton_of(hk_span_of(big, sizeof big), out, 99, &len), HK_ELIMIT, "too long");
	is_int(len, 7, "the length is untouched");
	/* U+FDFA stands for 18 letters: the longest that one character can become. */
	char long_text[HK_SKELETON_TEXT_MAX];
	for (size_t i = 0; i + 3 <= sizeof long_text; i += 3) {
		memcpy(long_text + i, "\xEF\xB7\xBA", 3);
	}
	hk_err err = hk_skeleton_of(hk_span_of(long_text, 999), out, 1024, &len);
	ok(err == HK_ELIMIT || err == HK_EFORM, "what grows beyond all room");
	return tap_done();
}
