/* fuzz_authres: Authentication-Results. Properties: reading ends, spans lie inside and are well formed; and what a sender calls himself, written down as RFC 5322 has it (in quotes,
 * in a comment), neither ends where it stands nor changes what the server says. */
#include <stdio.h>
#include <string.h>

#include "fuzz.h"
#include "parse/authres.h"

static bool
inside(const hk_authres *a, hk_span part)
{
	return part.len == 0 || (part.data >= a->text && part.data + part.len <= a->text + a->len);
}

static bool
is(hk_span part, const char *text)
{
	return hk_span_eq(part, hk_span_str(text));
}

static void
any(hk_span value)
{
	hk_authres a;
	hk_authres_item item;
	hk_err err = hk_authres_read(value, &a);

	need(err == HK_OK || err == HK_EFORM || (err == HK_ELIMIT && value.len > HK_AUTHRES_MAX));
	if (err != HK_OK) {
		return;
	}
	need(a.len <= value.len + 1 && a.server.len > 0 && inside(&a, a.server));
	while (hk_authres_next(&a, &item)) {
		need(!a.broken && item.method.len > 0 && item.result.len > 0);
		need(inside(&a, item.method) && inside(&a, item.result) &&
			inside(&a, item.domain) && inside(&a, item.property));
		need(!memchr(item.method.data, '/', item.method.len));
		for (size_t i = 0; i < item.domain.len; i++) {
			need(!strchr("@\"\\;=() ", item.domain.data[i]) || !item.domain.data[i]);
		}
	}
}

/* text with a backslash before what would end it; of bytes that no header holds nothing. */
static size_t
escape(hk_span text, const char *special, char *out, size_t max)
{
	size_t len = 0;

	for (size_t i = 0; i < text.len && len + 2 < max; i++) {
		char c = (char)text.data[i];

		if (c == '\0' || c == '\r' || c == '\n') {
			continue;
		}
		if (strchr(special, c)) {
			out[len++] = '\\';
		}
		out[len++] = c;
	}
	out[len] = '\0';
	return len;
}

static void
honest(hk_span sender)
{
	char quoted[1000], comment[1000], value[HK_AUTHRES_MAX];
	hk_authres a;
	hk_authres_item item;

	escape(sender, "\"\\", quoted, sizeof quoted);
	escape(sender, "()\\", comment, sizeof comment);
	int len = snprintf(value, sizeof value,
		"mx.example; spf=pass (%s) reason=\"%s\" smtp.mailfrom=\"%s\"@evil.example; "
		"dkim=fail header.i=\"%s\"@evil.example header.d=evil.example (%s)",
		comment, quoted, quoted, quoted, comment);
	need(len > 0);
	if ((size_t)len >= sizeof value) {
		return;
	}
	need(hk_authres_read(hk_span_str(value), &a) == HK_OK && !a.broken);
	need(is(a.server, "mx.example"));
	need(hk_authres_next(&a, &item) && is(item.method, "spf") && is(item.result, "pass") &&
		is(item.domain, "evil.example") && is(item.property, "smtp.mailfrom"));
	need(hk_authres_next(&a, &item) && is(item.method, "dkim") && is(item.result, "fail") &&
		is(item.domain, "evil.example") && is(item.property, "header.d"));
	need(!hk_authres_next(&a, &item));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	any(hk_span_of(data, size));
	honest(hk_span_of(data, size < 400 ? size : 400));
	return 0;
}
