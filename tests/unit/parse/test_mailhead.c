/* Headers without a library. */
#include <stdio.h>

#include "parse/mailhead.h"
#include "tap.h"

static void
reads(const char *mail, const char *want, const char *what)
{
	char got[512] = "";
	size_t used = 0, pos = 0;
	hk_span name, value;

	while (hk_mailhead_next(hk_span_str(mail), &pos, &name, &value)) {
		used += (size_t)snprintf(got + used, sizeof got - used, "%.*s=%.*s|", (int)name.len,
			(const char *)name.data, (int)value.len, (const char *)value.data);
	}
	snprintf(got + used, sizeof got - used, "body:%s", mail + pos);
	is_str(got, want, "%s", what);
}

int
main(void)
{
	hk_span value;

	reads("A: b\r\nC: d\r\n e\r\n\r\nbody", "A= b|C= d\r\n e|body:body", "plain");
	reads("From x y\nA : b\n\nbody", "A= b|body:body",
		"an envelope line, a blank before the colon");
	reads("no header at all", "body:", "no header");
	reads("A: b", "A= b|body:", "no body");
	reads("A:\n\n\nx", "A=|body:\nx", "an empty value");
	reads("", "body:", "empty");
	ok(hk_mailhead_find(HK_SPAN_LIT("Message-Id: <a>\n\nMessage-ID: no"), "message-id", &value),
		"found");
	is_int(value.len, 4, "its value");
	ok(!hk_mailhead_find(HK_SPAN_LIT("A: b\n\nMessage-ID: no"), "message-id", &value),
		"not in the body");
	return tap_done();
}
