/* The walk over a mail's parts: addresses, dates, transfer encodings. (Whole mails: tests/unit/source/test_mail_read.c) */
#include <string.h>

#include "sys/mime.h"
#include "tap.h"

static void
on_header(void *user, unsigned message, const char *name, hk_span value)
{
	g_string_append_printf(
		user, "%u %s:%.*s|", message, name, (int)value.len, (const char *)value.data);
}

static void
on_part(void *user, const hk_mime_part *p)
{
	g_string_append_printf(user, "%u %s %s %s%s%s[%.*s]|", p->message, p->type, p->charset,
		p->name, p->attachment ? " attached" : "", p->cut ? " cut" : "", (int)p->body.len,
		(const char *)p->body.data);
}

static void
walks(const char *mail, const hk_mime_limits *limits, const char *want, unsigned odd,
	const char *what)
{
	g_autoptr(GString) got = g_string_new(NULL);
	const hk_mime_sink sink = {got, on_header, on_part};

	is_int(hk_mime_walk(hk_span_str(mail), limits, &sink), odd, "%s: left out", what);
	is_str(got->str, want, "%s", what);
}

static void
address(const char *value, const char *name, const char *want)
{
	g_autoptr(GString) n = g_string_new(NULL);
	g_autoptr(GString) a = g_string_new(NULL);

	hk_mime_address(hk_span_str(value), n, a);
	is_str(a->str, want, "address of %s", value);
	is_str(n->str, name, "name of %s", value);
}

int
main(void)
{
	const hk_mime_limits wide = {
		.parts = 10, .depth = 5, .part_bytes = 1000, .all_bytes = 2000};
	const hk_mime_limits narrow = {.parts = 2, .depth = 1, .part_bytes = 3, .all_bytes = 5};
	int64_t when;

	hk_mime_init();
	walks("A: b\n\nbody", &wide, "0 A:b|0 text/plain  [body]|", 0, "plain");
	walks("From x\nA: b\n\nbody", &narrow, "0 A:b|0 text/plain   cut[bod]|", HK_MIME_BYTES,
		"cut, after an envelope line");
	walks("Content-Type: TEXT/HTML; charset=\"x\"\nContent-Transfer-Encoding: "
	      "quoted-printable\n\na=3D=\nb",
		&wide, "0 text/html x [a=b]|", 0, "quoted-printable");
	walks("Content-Type: multipart/mixed; boundary=x\n\n--x\n\n1\n--x\n\n2\n--x\n\n3\n--x--\n",
		&narrow, "0 text/plain  [1]|0 text/plain  [2]|", HK_MIME_PARTS, "more parts");
	walks("Content-Type: message/rfc822\n\nB: c\n\nin", &wide, "1 B:c|1 text/plain  [in]|", 0,
		"a mail in a mail");

	walks("A: b\nno field\n\nC: d\n\nbody", &wide, "0 A:b|0 text/plain  [C: d\n\nbody]|", 0,
		"a line that is no field");
	walks("no field\nA: b\n\nbody", &wide, "0 A:b|0 text/plain  [body]|", 0, "one at the top");

	address("a@b.test", "", "a@b.test");
	address("=?utf-8?B?44GC?= <a@b.test>, c@d.test", "あ", "a@b.test");
	address("\"Last, First\" <a@b.test>", "Last, First", "a@b.test");
	address("\"mihon@mihon-bank.example\" <x@evil.test>", "mihon@mihon-bank.example",
		"x@evil.test");
	address("undisclosed-recipients:;", "", "");
	address("", "", "");

	ok(hk_mime_date(HK_SPAN_LIT("Wed, 25 Nov 2026 10:15:02 +0900"), &when) &&
			when == 1795569302000,
		"a date");
	ok(hk_mime_date(HK_SPAN_LIT("from x by y; 25 Nov 2026 01:15:02 GMT"), &when) &&
			when == 1795569302000,
		"a trace's date");
	ok(!hk_mime_date(HK_SPAN_LIT("yesterday"), &when), "no date");
	return tap_done();
}
