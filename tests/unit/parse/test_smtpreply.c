/* Answers of SMTP servers, whole, in pieces, and wrong. */
#include "parse/smtpreply.h"

#include <stdio.h>
#include <string.h>

#include "tap.h"

static const struct {
	const char *bytes;
	hk_err err;
	int code;
	unsigned lines;
	size_t len;
	const char *enhanced, *text; /* of the first line */
} rows[] = {
	{"250 2.1.0 Ok\r\n", HK_OK, 250, 1, 14, "2.1.0", "Ok"},
	{"250 2.0.0 Ok: queued as 4Xk2Lq\r\n354 next", HK_OK, 250, 1, 32, "2.0.0",
		"Ok: queued as 4Xk2Lq"},
	{"550 5.7.1 <a@b>: no\r\n", HK_OK, 550, 1, 21, "5.7.1", "<a@b>: no"},
	{"250\r\n", HK_OK, 250, 1, 5, "", ""},
	{"220 \r\n", HK_OK, 220, 1, 6, "", ""},
	{"421 4.3.2\r\n", HK_OK, 421, 1, 11, "4.3.2", ""},
	{"354 go\n", HK_OK, 354, 1, 7, "", "go"},
	{"250-a\r\n250-b\r\n250 c\r\n", HK_OK, 250, 3, 21, "", "a"},
	{"550-5.1.1 no such\r\n550 5.1.1 user\r\n", HK_OK, 550, 2, 35, "5.1.1", "no such"},
	/* No enhanced code. */
	{"550 5.1 no\r\n", HK_OK, 550, 1, 12, "", "5.1 no"},
	{"550 3.1.1 no\r\n", HK_OK, 550, 1, 14, "", "3.1.1 no"},
	{"550 5.1.1000 no\r\n", HK_OK, 550, 1, 17, "", "5.1.1000 no"},
	{"", HK_ETRUNC, 0, 0, 0, NULL, NULL},
	{"2", HK_ETRUNC, 0, 0, 0, NULL, NULL},
	{"250 Ok\r", HK_ETRUNC, 0, 0, 0, NULL, NULL},
	{"250-a\r\n250-b\r\n", HK_ETRUNC, 0, 0, 0, NULL, NULL},
	{"250-a\r\n550 b\r\n", HK_EFORM, 0, 0, 0, NULL, NULL},
	{"hello\r\n", HK_EFORM, 0, 0, 0, NULL, NULL},
	{"25 Ok\r\n", HK_EFORM, 0, 0, 0, NULL, NULL},
	{"2500 Ok\r\n", HK_EFORM, 0, 0, 0, NULL, NULL},
	{"150 Ok\r\n", HK_EFORM, 0, 0, 0, NULL, NULL},
	{"650 Ok\r\n", HK_EFORM, 0, 0, 0, NULL, NULL},
	{"\r\n", HK_EFORM, 0, 0, 0, NULL, NULL},
};

static void
is_span(hk_span got, const char *want, const char *what)
{
	ok(got.len == strlen(want) && memcmp(got.data, want, got.len) == 0,
		"%s is '%s', not '%.*s'", what, want, (int)got.len, (const char *)got.data);
}

static void
vectors(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		hk_smtpreply reply = {0};
		size_t len = 0;
		hk_err err = hk_smtpreply_read(hk_span_str(rows[i].bytes), &reply, &len);
		hk_span text;

		is_int(err, rows[i].err, "row %zu", i);
		if (err != HK_OK) {
			continue;
		}
		is_int(reply.code, rows[i].code, "row %zu: code", i);
		is_int(reply.count, rows[i].lines, "row %zu: lines", i);
		is_int(len, rows[i].len, "row %zu: length", i);
		is_span(reply.enhanced, rows[i].enhanced, "enhanced code");
		ok(hk_smtpreply_line(&reply, 0, &text), "first line");
		is_span(text, rows[i].text, "text");
		ok(!hk_smtpreply_line(&reply, rows[i].lines, &text), "no line more");
	}
}

static void
caps(void)
{
	static char big[HK_SMTPREPLY_LINE_MAX * 2];
	static char many[(HK_SMTPREPLY_LINES_MAX + 2) * 8];
	hk_smtpreply reply;
	size_t len, n = 0;

	memset(big, 'x', sizeof big);
	memcpy(big, "250 ", 4);
	big[HK_SMTPREPLY_LINE_MAX - 1] = '\n';
	is_int(hk_smtpreply_read(hk_span_of(big, sizeof big), &reply, &len), HK_OK,
		"the longest line");
	big[HK_SMTPREPLY_LINE_MAX - 1] = 'x';
	is_int(hk_smtpreply_read(hk_span_of(big, HK_SMTPREPLY_LINE_MAX - 1), &reply, &len),
		HK_ETRUNC, "may still end");
	is_int(hk_smtpreply_read(hk_span_of(big, HK_SMTPREPLY_LINE_MAX), &reply, &len), HK_ELIMIT,
		"a longer line");
	for (unsigned i = 0; i < HK_SMTPREPLY_LINES_MAX + 1; i++) {
		memcpy(many + n, "250-x\r\n", 7);
		n += 7;
	}
	is_int(hk_smtpreply_read(hk_span_of(many, n), &reply, &len), HK_ELIMIT, "too many lines");
	memcpy(many + 7 * (HK_SMTPREPLY_LINES_MAX - 1), "250 x\r\n", 7);
	is_int(hk_smtpreply_read(hk_span_of(many, n), &reply, &len), HK_OK, "as many as allowed");
	is_int(len, 7 * HK_SMTPREPLY_LINES_MAX, "and no more");
}

static void
offers(void)
{
	static const char ehlo[] =
		"250-mx.bank.example Hello\r\n250-size 35882577\r\n250-AUTH=LOGIN "
		"PLAIN\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n";
	hk_smtpreply reply;
	hk_span value;
	size_t len;

	is_int(hk_smtpreply_read(hk_span_str(ehlo), &reply, &len), HK_OK, "EHLO");
	ok(hk_smtpreply_offers(&reply, "SIZE", &value), "SIZE, whatever its letters");
	is_span(value, "35882577", "its value");
	ok(hk_smtpreply_offers(&reply, "auth", &value), "AUTH= of old servers");
	is_span(value, "LOGIN PLAIN", "its value");
	ok(hk_smtpreply_offers(&reply, "8BITMIME", &value) && value.len == 0, "no value");
	ok(hk_smtpreply_offers(&reply, "SMTPUTF8", NULL), "the last line");
	ok(!hk_smtpreply_offers(&reply, "STARTTLS", NULL), "what is not offered");
	ok(!hk_smtpreply_offers(&reply, "SMTP", NULL), "no part of a word");
	ok(!hk_smtpreply_offers(&reply, "mx.bank.example", NULL), "the first line is a greeting");
}

int
main(void)
{
	vectors();
	caps();
	offers();
	return tap_done();
}
