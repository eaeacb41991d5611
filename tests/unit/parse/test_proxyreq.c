#include "parse/proxyreq.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tap.h"

static hk_err
parse(const char *text, hk_proxyreq *ret)
{
	static uint8_t *copy;
	size_t len = strlen(text);

	/* An exact copy; the spans borrow from it until the next call. */
	free(copy);
	copy = malloc(len);
	memcpy(copy, text, len);
	return hk_proxyreq_parse(hk_span_of(copy, len), ret);
}

static void
is_span(hk_span got, const char *want, const char *what)
{
	ok(hk_span_eq(got, hk_span_str(want)), "%s is '%s'", what, want) ||
		(tap_diag("got: %.*s", (int)got.len, (const char *)got.data), true);
}

static void
connects(void)
{
	hk_proxyreq req;

	is_int(parse("CONNECT evil.example:443 HTTP/1.1\r\nHost: other.example:443\r\nUser-Agent: "
		     "x\r\n\r\n",
		       &req),
		HK_OK, "CONNECT");
	is_int(req.kind, HK_PROXYREQ_CONNECT, "kind");
	is_span(req.host, "evil.example", "host");
	is_int(req.port, 443, "port");
	is_int(parse("CONNECT [2001:db8::1]:8443 HTTP/1.1\r\n\r\n", &req), HK_OK,
		"an IPv6 address");
	is_span(req.host, "2001:db8::1", "without brackets");
}

static void
refused(void)
{
	static const char *const bad[] = {
		"CONNECT evil.example HTTP/1.1\r\n\r\n",
		"CONNECT evil.example: HTTP/1.1\r\n\r\n",
		"CONNECT evil.example:0 HTTP/1.1\r\n\r\n",
		"CONNECT evil.example:65536 HTTP/1.1\r\n\r\n",
		"CONNECT evil.example:+80 HTTP/1.1\r\n\r\n",
		"CONNECT evil.example:443:80 HTTP/1.1\r\n\r\n",
		"CONNECT :443 HTTP/1.1\r\n\r\n",
		"CONNECT user@evil.example:443 HTTP/1.1\r\n\r\n",
		"CONNECT evil.example%00:443 HTTP/1.1\r\n\r\n",
		"CONNECT [::1%25lo]:443 HTTP/1.1\r\n\r\n",
		"CONNECT [::1:443 HTTP/1.1\r\n\r\n",
		"CONNECT [::1]x:443 HTTP/1.1\r\n\r\n",
		"CONNECT evil.example:443  HTTP/1.1\r\n\r\n",
		"CONNECT evil.example:443 HTTP/2.0\r\n\r\n",
		"connect\tevil.example:443 HTTP/1.1\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n",
		"GET https://evil.example/ HTTP/1.1\r\n\r\n",
		"GET ftp://evil.example/ HTTP/1.1\r\n\r\n",
		"GET file:///etc/passwd HTTP/1.1\r\n\r\n",
		"GET http://user@evil.example/ HTTP/1.1\r\n\r\n",
		"GET http:///x HTTP/1.1\r\n\r\n",
		"GET http://evil.example\\@127.0.0.1/ HTTP/1.1\r\n\r\n",
		"GET http://evil.example/#f HTTP/1.1\r\n\r\n",
		"GET http://evil.example/ HTTP/1.1\r\nNo colon\r\n\r\n",
		"GET http://evil.example/ HTTP/1.1\r\n folded: 1\r\n\r\n",
		"GET http://evil.example/ HTTP/1.1\r\nA : 1\r\n\r\n",
		"GET http://evil.example/ HTTP/1.1\r\nA: 1\rB: 2\r\n\r\n",
		"GET http://evil.example/ HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: "
		"1\r\n\r\n",
		"GET http://evil.example/ HTTP/1.1\r\nContent-Length: 1, 1\r\n\r\n",
		"GET http://evil.example/ HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
		"GET http://evil.example/ HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: "
		"chunked\r\n\r\n",
		"GET http://evil.example/ HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
		"GET http://evil.example/ HTTP/1.1\nA: 1\n\n",
		"ABCDEFGHIJKLMNOPQRSTU http://evil.example/ HTTP/1.1\r\n\r\n",
	};
	hk_proxyreq req;

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		is_int(parse(bad[i], &req), HK_EFORM, "refused: %.60s", bad[i]);
	}
	is_int(parse("GET http://evil.example/ HTTP/1.1\r\n\r\nx", &req), HK_ETRAIL,
		"bytes behind the head");
}

static void
forwards(const char *text, const char *want)
{
	static char got[HK_PROXYREQ_HEAD_MAX + 1024];
	hk_proxyreq req;
	size_t len = 0;

	if (is_int(parse(text, &req), HK_OK, "taken: %.50s", text)) {
		is_int(hk_proxyreq_forward(&req, got, sizeof got, &len), HK_OK, "forwarded");
		got[len] = '\0';
		is_str(got, want, "as it should");
		is_int(hk_proxyreq_forward(&req, got, len - 1, &len), HK_ELIMIT,
			"one byte too small");
	}
}

static void
forwarding(void)
{
	forwards("GET http://evil.example HTTP/1.1\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n");
	forwards("GET http://evil.example?a=b HTTP/1.1\r\n\r\n",
		"GET /?a=b HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n");
	forwards("GET HTTP://[2001:db8::1]:8080/x/y?z HTTP/1.0\r\n\r\n",
		"GET /x/y?z HTTP/1.1\r\nHost: [2001:db8::1]:8080\r\nConnection: close\r\n\r\n");
	forwards("POST http://evil.example:80/a HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: "
		 "U\r\nProxy-Connection: keep-alive\r\n"
		 "Proxy-Authorization: Basic x\r\nConnection: keep-alive, X-Gone, "
		 "Content-Length\r\nX-Gone: 1\r\nAccept: */*\r\nTE: trailers\r\n"
		 "Expect: 100-continue\r\nUpgrade: h2c\r\nContent-Length: 3\r\nCookie: a=b\r\n\r\n",
		"POST /a HTTP/1.1\r\nHost: evil.example\r\nUser-Agent: U\r\nAccept: "
		"*/*\r\nContent-Length: 3\r\nCookie: a=b\r\nConnection: "
		"close\r\n\r\n");
	forwards("GET http://evil.example/ws HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: "
		 "websocket\r\nSec-WebSocket-Key: k\r\n\r\n",
		"GET /ws HTTP/1.1\r\nHost: evil.example\r\nSec-WebSocket-Key: k\r\nUpgrade: "
		"websocket\r\nConnection: Upgrade\r\n\r\n");
}

static void
answers(void)
{
	static char got[HK_PROXYREQ_HEAD_MAX];
	unsigned status = 0;
	size_t len = 0;
#define A(text) hk_proxyreq_answer(HK_SPAN_LIT(text), &status, got, sizeof got, &len)

	is_int(A("HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nKeep-Alive: timeout=5\r\nServer: "
		 "x\r\nProxy-Connection: keep-alive\r\n\r\n"),
		HK_OK, "an answer");
	got[len] = '\0';
	is_str(got, "HTTP/1.1 200 OK\r\nServer: x\r\nConnection: close\r\n\r\n", "handed back");
	is_int(status, 200, "status");
	is_int(A("HTTP/1.0 404\nA: b\n\n"), HK_OK, "bare line feeds");
	got[len] = '\0';
	is_str(got, "HTTP/1.0 404\r\nA: b\r\nConnection: close\r\n\r\n", "mended");
	is_int(A("HTTP/1.1 101 Go\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"), HK_OK,
		"101");
	got[len] = '\0';
	is_str(got, "HTTP/1.1 101 Go\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
		"left as it is");
	is_int(A("HTTP/1.1 99 OK\r\n\r\n"), HK_EFORM, "status 99");
	is_int(A("HTTP/2 200 OK\r\n\r\n"), HK_EFORM, "HTTP/2");
	is_int(A("SSH-2.0-x\r\n\r\n"), HK_EFORM, "no HTTP");
}

static void
lengths(void)
{
	static char big[HK_PROXYREQ_HEAD_MAX + 1];
	size_t len = 0;

	is_int(hk_proxyreq_head_len(HK_SPAN_LIT("GET x\r\nA: b\r\n\r\nrest"), &len), HK_OK,
		"a head and more");
	is_int(len, 15, "its length");
	is_int(hk_proxyreq_head_len(HK_SPAN_LIT("GET x\r\nA: b\r\n\r"), &len), HK_ETRUNC,
		"not yet");
	is_int(hk_proxyreq_head_len(HK_SPAN_LIT("GET x\n\n"), &len), HK_ETRUNC,
		"bare line feeds end no request");
	is_int(hk_proxyreq_answer_len(HK_SPAN_LIT("HTTP/1.1 200 OK\n\nx"), &len), HK_OK,
		"they end an answer");
	is_int(len, 17, "there");
	memset(big, 'a', sizeof big);
	is_int(hk_proxyreq_head_len(hk_span_of(big, sizeof big), &len), HK_ELIMIT,
		"without an end");
	is_int(hk_proxyreq_head_len(hk_span_of(big, sizeof big - 2), &len), HK_ETRUNC,
		"one byte below the cap");
}

static void
many_lines(void)
{
	static char text[8192];
	hk_proxyreq req;

	for (int n = HK_PROXYREQ_LINES_MAX; n <= HK_PROXYREQ_LINES_MAX + 1; n++) {
		size_t len = (size_t)snprintf(
			text, sizeof text, "GET http://evil.example/ HTTP/1.1\r\n");
		for (int i = 0; i < n; i++) {
			len += (size_t)snprintf(text + len, sizeof text - len, "A: %d\r\n", i);
		}
		snprintf(text + len, sizeof text - len, "\r\n");
		is_int(parse(text, &req), n > HK_PROXYREQ_LINES_MAX ? HK_ELIMIT : HK_OK, "%d lines",
			n);
	}
}

int
main(void)
{
	connects();
	refused();
	forwarding();
	answers();
	lengths();
	many_lines();
	hk_proxyreq req;
	(void)!parse("x", &req);
	return tap_done();
}
