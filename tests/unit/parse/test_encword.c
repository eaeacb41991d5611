/* Encoded words, rightly and wrongly written. */
#include <stdio.h>
#include <string.h>

#include "parse/encword.h"
#include "tap.h"

/* Runs as "charset:bytes|", charset "-" for bytes as they stand. */
static void
reads(const char *value, const char *want, const char *what)
{
	char got[1024] = "";
	size_t used = 0, pos = 0;
	uint8_t buf[200];
	hk_encword run;

	while (hk_encword_next(hk_span_str(value), &pos, buf, sizeof buf, &run) && used < 700) {
		used += (size_t)snprintf(got + used, sizeof got - used, "%s:%.*s|",
			*run.charset ? run.charset : "-", (int)run.len, (const char *)buf);
	}
	is_str(got, want, "%s", what);
}

int
main(void)
{
	reads("plain text", "-:plain text|", "plain");
	reads("=?UTF-8?B?44GC?=", "utf-8:\xe3\x81\x82|", "base64");
	reads("=?utf-8?q?a=5Fb_c?=", "utf-8:a_b c|", "quoted-printable");
	reads("=?utf-8?B?4w==?= =?utf-8?B?gYI=?=", "utf-8:\xe3\x81\x82|",
		"a character cut in two words");
	reads("=?utf-8?B?44GC?=\r\n =?iso-2022-jp?B?eA==?=", "utf-8:\xe3\x81\x82|iso-2022-jp:x|",
		"two charsets, no blank between");
	reads("Re: =?utf-8?B?eA==?= end", "-:Re: |utf-8:x|-: end|", "text around");
	reads("\"=?utf-8?B?eA==?=\"", "-:\"|utf-8:x|-:\"|", "inside quotes");
	reads("=?utf-8*ja?B?eA?=", "utf-8:x|", "language, no padding");
	reads("=?utf-8?Q?a b c?=", "utf-8:a b c|", "raw blanks in Q");
	reads("=?utf-8?B?eHh4", "utf-8:xxx|", "no end");
	reads("=?utf-8?B?eA== =?utf-8?B?eQ==?=", "-:=?utf-8?B?eA== |utf-8:y|",
		"no end before the next");
	reads("=?utf-8?B?eHh4 x", "-:=?utf-8?B?eHh4 x|", "no end, and text behind it");
	reads("=?utf-8?X?eA==?=", "-:=?utf-8?X?eA==?=|", "no such encoding");
	reads("a\r\n\tb  \r\n c", "-:a b c|", "folds");
	reads("=?", "-:=?|", "nearly");
	reads("==?utf-8?B?eA==?=", "-:=|utf-8:x|", "an equals sign before");
	reads("", "", "empty");

	uint8_t buf[16];
	hk_encword run;
	size_t pos = 0;
	char longer[400];
	memset(longer, 'Q', sizeof longer);
	memcpy(longer, "=?utf-8?B?", 10);
	memcpy(longer + sizeof longer - 4, "?= x", 4);
	ok(hk_encword_next(hk_span_of(longer, sizeof longer), &pos, buf, sizeof buf, &run) &&
			run.len == 0,
		"a word longer than there is room is dropped");
	ok(hk_encword_next(hk_span_of(longer, sizeof longer), &pos, buf, sizeof buf, &run) &&
			run.len == 2,
		"and the rest goes on");
	return tap_done();
}
