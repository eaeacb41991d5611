/* Authentication-Results: the RFC's own examples, and what servers and forgers write. */
#include <stdio.h>
#include <string.h>

#include "parse/authres.h"
#include "tap.h"

static void
reads(const char *value, const char *want, const char *what)
{
	char got[1024] = "none";
	hk_authres a;
	hk_authres_item i;
	hk_err err = hk_authres_read(hk_span_str(value), &a);

	if (err == HK_OK) {
		size_t used = (size_t)snprintf(
			got, sizeof got, "%.*s", (int)a.server.len, (const char *)a.server.data);

		while (hk_authres_next(&a, &i)) {
			used += (size_t)snprintf(got + used, sizeof got - used, ";%.*s=%.*s %.*s",
				(int)i.method.len, (const char *)i.method.data, (int)i.result.len,
				(const char *)i.result.data, (int)i.domain.len,
				i.domain.data ? (const char *)i.domain.data : "");
		}
	}
	is_str(got, want, "%s", what);
}

int
main(void)
{
	reads("mx.mihon-bank.example 1; none", "mx.mihon-bank.example", "none");
	reads("mx.example; spf=pass smtp.mailfrom=example.net", "mx.example;spf=pass example.net",
		"spf");
	reads("mx.example;\r\n dkim=pass (good signature) header.d=a.example "
	      "header.i=@b.example;\r\n"
	      " dmarc=fail (p=reject; x) header.from=c.example",
		"mx.example;dkim=pass a.example;dmarc=fail c.example",
		"several, comments with semicolons, folds");
	reads("mx.example; dkim=pass header.i=x@sub.a.example",
		"mx.example;dkim=pass sub.a.example", "identity only");
	reads("mx.example; spf=pass smtp.mailfrom=x@a.example smtp.helo=h.example",
		"mx.example;spf=pass a.example", "the sender counts more than the greeting");
	reads("\"mx.example\"; dkim/1=pass reason=\"a; b=c\" header.d=\"a.example\"",
		"mx.example;dkim=pass a.example", "quotes, version, reason");
	reads("spf=pass smtp.mailfrom=a.example", "none", "a server that does not say its name");
	reads("mx.example (((); dkim=pass", "mx.example", "a comment without end hides the rest");
	reads("mx.example; dkim = pass header.d = a.example", "mx.example;dkim=pass a.example",
		"blanks");
	reads("mx.example;;; =x; y=; spf=pass", "mx.example;spf=pass ", "nonsense between");
	reads("", "none", "empty");
	reads(";", "none", "no server");

	char longer[HK_AUTHRES_MAX + 2];
	hk_authres a;
	memset(longer, 'a', sizeof longer);
	is_int(hk_authres_read(hk_span_of(longer, sizeof longer), &a), HK_ELIMIT, "too long");
	return tap_done();
}
