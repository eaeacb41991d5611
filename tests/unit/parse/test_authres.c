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
		size_t used = (size_t)snprintf(got, sizeof got, "%.*s%s", (int)a.server.len,
			(const char *)a.server.data, a.broken ? " broken" : "");

		while (hk_authres_next(&a, &i)) {
			used += (size_t)snprintf(got + used, sizeof got - used, ";%.*s=%.*s %.*s",
				(int)i.method.len, (const char *)i.method.data, (int)i.result.len,
				(const char *)i.result.data, (int)i.domain.len,
				i.domain.data ? (const char *)i.domain.data : "");
		}
	}
	is_str(got, want, "%s", what);
}

/* RFC 8601, Appendix B. */
static void
examples(void)
{
	reads("example.org 1; none", "example.org", "B.2: nothing was done");
	reads("example.com;\r\n          spf=pass smtp.mailfrom=example.net",
		"example.com;spf=pass example.net", "B.3: one method");
	reads("example.com;\r\n          auth=pass (cram-md5) smtp.auth=sender@example.net;\r\n"
	      "          spf=pass smtp.mailfrom=example.net",
		"example.com;auth=pass ;spf=pass example.net", "B.4: several methods");
	reads("example.com; iprev=pass\r\n          policy.iprev=192.0.2.200",
		"example.com;iprev=pass ", "B.4: the second field");
	reads("example.com;\r\n          dkim=pass (good signature) header.d=example.com",
		"example.com;dkim=pass example.com", "B.5");
	reads("example.com;\r\n          dkim=pass reason=\"good signature\"\r\n"
	      "            header.i=@mail-router.example.net;\r\n"
	      "          dkim=fail reason=\"bad signature\"\r\n"
	      "            header.i=@newyork.example.com",
		"example.com;dkim=pass mail-router.example.net;dkim=fail newyork.example.com",
		"B.6: two signatures, reasons");
	reads("foo.example.net (foobar) 1 (baz);\r\n"
	      "    dkim (Because I like it) / 1 (One yay) = (wait for it) fail\r\n"
	      "      policy (A dot can go here) . (like that) expired\r\n"
	      "      (this surprised me) = (as I wasn't expecting it) 1362471462",
		"foo.example.net;dkim=fail ", "B.7: comments wherever they may be");
}

static void
servers(void)
{
	reads("mx.mihon-bank.example 1; none", "mx.mihon-bank.example", "none");
	reads("mx.example;\r\n dkim=pass (good signature) header.d=a.example "
	      "header.i=@b.example;\r\n"
	      " dmarc=fail (p=reject; x) header.from=c.example",
		"mx.example;dkim=pass a.example;dmarc=fail c.example",
		"several, comments with semicolons, folds");
	reads("mx.example; dkim=pass header.i=x@sub.a.example",
		"mx.example;dkim=pass sub.a.example", "identity only");
	reads("mx.example; dkim=pass header.i=@b.example header.d=a.example",
		"mx.example;dkim=pass a.example", "the signer counts more, wherever it stands");
	reads("mx.example; spf=pass smtp.mailfrom=x@a.example smtp.helo=h.example",
		"mx.example;spf=pass a.example", "the sender counts more than the greeting");
	reads("\"mx.example\"; dkim/1=pass reason=\"a; b=c\" header.d=\"a.example\"",
		"mx.example;dkim=pass a.example", "quotes, version, reason");
	reads("mx.example; dkim = pass header.d = a.example", "mx.example;dkim=pass a.example",
		"blanks");
	reads("mx.example; dkim=pass header.i=@a.example header.s=s1 header.b=\"Ab/c+=\" x.y=Q/==",
		"mx.example;dkim=pass a.example", "pieces of signatures");
	reads("mx.example; spf=pass smtp.mailfrom=b+x=y.example@a.example",
		"mx.example;spf=pass a.example", "a sender with '='");
	reads("mx.example; spf=pass smtp.mailfrom=\"b+x=y@a.example\"",
		"mx.example;spf=pass a.example", "a sender all in quotes");
	reads("spf=pass smtp.mailfrom=a.example", "none", "a server that does not say its name");
	reads("mx.example 2; dkim=pass", "none", "another version");
	reads("mx.example one; dkim=pass", "none", "two names");
	reads("mx.example; dkim/2=pass header.d=a.example; spf=pass", "mx.example;spf=pass ",
		"a method of another version");
	reads("mx.example; dkim/=pass header.d=a.example; /1=pass; =pass; spf=pass",
		"mx.example;spf=pass ", "versions of nothing");
}

/* What a sender can make an honest server write, and what only forgers write. */
static void
hostile(void)
{
	reads("mx.example; spf=pass smtp.mailfrom=\"host.example\"@evil.example",
		"mx.example;spf=pass evil.example", "a local part that looks like a domain");
	reads("mx.example; spf=pass smtp.mailfrom=\"a@host.example\"@evil.example",
		"mx.example;spf=pass evil.example", "one that looks like an address");
	reads("mx.example; spf=pass smtp.mailfrom=\"x\\\"; dkim=pass header.d=host.example; "
	      "y=\\\"\"@evil.example",
		"mx.example;spf=pass evil.example", "one that ends its quotes");
	reads("mx.example; spf=pass reason=\"\\\\\"; dkim=fail header.d=a.example",
		"mx.example;spf=pass ;dkim=fail a.example", "a backslash that ends nothing");
	reads("mx.example; spf=pass (of \\) dkim=pass \\() smtp.mailfrom=evil.example",
		"mx.example;spf=pass evil.example", "a comment that ends itself");
	reads("mx.example; spf=pass smtp.mailfrom=x@\"host.example\"", "mx.example;spf=pass ",
		"a quoted domain is none");
	reads("mx.example; spf=pass smtp.mailfrom=\"host\".example", "mx.example;spf=pass ",
		"nor is one in pieces");
	reads("mx.example; spf=pass smtp.mailfrom=evil.example@", "mx.example;spf=pass ",
		"an address without a domain");
	reads("mx.example; dkim=pass header.d=host.example/evil", "mx.example;dkim=pass ",
		"bytes that no name has");
	reads("mx.example; dkim=pass header.d=evil.example header.d=host.example",
		"mx.example;dkim=pass ", "two signers of one signature: nobody");
	reads("mx.example; dkim=pass header.d=a.example header.d=a.example",
		"mx.example;dkim=pass a.example", "the same one twice");
	reads("mx.example; dkim=\"pass\" header.d=a.example; dkim=pass \"header.d\"=a.example",
		"mx.example", "words that may not be quoted");
	reads("mx.example; dkim=pass header.d=a.example nonsense; spf=pass", "mx.example;spf=pass ",
		"what is not understood as a whole is not told in part");
	reads("mx.example; dkim=pass x \"; dkim=pass header.d=a.example\"; spf=none",
		"mx.example;spf=none ", "nor read from its middle");
	reads("mx.example;;; =x; y=; spf=pass", "mx.example;spf=pass ", "nonsense between");
	reads("mx.example (((); dkim=pass", "mx.example broken", "a comment without end");
	reads("mx.example; dkim=pass header.d=a.example; spf=pass (evil( smtp.mailfrom=b.example",
		"mx.example broken", "one behind a result: nothing is told");
	reads("mx.example; dkim=pass reason=\"a header.d=a.example", "mx.example broken",
		"a quoted string without end");
	reads("mx.example)); dkim=pass", "mx.example));dkim=pass ", "ends without a beginning");
	reads("", "none", "empty");
	reads(";", "none", "no server");
	reads("(x)", "none", "a comment only");
	reads("\"\"; dkim=pass", "none", "an empty name");
}

static void
limits(void)
{
	char longer[HK_AUTHRES_MAX + 2];
	hk_authres a;
	hk_authres_item i;
	unsigned n = 0;

	memset(longer, 'a', sizeof longer);
	is_int(hk_authres_read(hk_span_of(longer, HK_AUTHRES_MAX + 1), &a), HK_ELIMIT, "too long");
	is_int(hk_authres_read(hk_span_of(longer, HK_AUTHRES_MAX), &a), HK_OK, "just not");
	memset(longer, '(', sizeof longer);
	is_int(hk_authres_read(hk_span_of(longer, HK_AUTHRES_MAX), &a), HK_EFORM, "deep comments");
	for (size_t at = 0; at + 4 <= HK_AUTHRES_MAX; at += 4) {
		memcpy(longer + at, at == 0 ? "mx; " : "a=b;", 4);
	}
	is_int(hk_authres_read(hk_span_of(longer, HK_AUTHRES_MAX), &a), HK_OK, "many results");
	while (hk_authres_next(&a, &i)) {
		n++;
	}
	is_int(n, HK_AUTHRES_MAX / 4 - 1, "each is told");
}

int
main(void)
{
	examples();
	servers();
	hostile();
	limits();
	return tap_done();
}
