/* WARC and HAR of one made capture, whatever its headers hold. With a folder as its argument the files are written there, for readers
 * that are not ours (tests/scenario/evidence.t). */
#include <string.h>

#include "base/codec.h"
#include "evidence/har.h"
#include "evidence/warc.h"
#include "sys/file.h"
#include "sys/gz.h"
#include "sys/hash.h"
#include "sys/json.h"
#include "tap.h"

static hk_capture_exchange *
exchange(hk_capture *c, const char *url, int status, const char *protocol, int64_t at_ms)
{
	hk_capture_exchange *x = hk_capture_add_exchange(c);

	x->url = g_strdup(url);
	x->method = g_strdup("GET");
	x->type = g_strdup("Document");
	x->initiator = g_strdup("other");
	x->status = status;
	x->status_text = g_strdup(status == 200 ? "OK" : status == 302 ? "Found" : "");
	x->protocol = g_strdup(protocol);
	x->remote_ip = g_strdup("192.0.2.7");
	x->remote_port = 443;
	x->start_ms = at_ms;
	x->response_ms = status ? at_ms + 20 : -1;
	x->end_ms = at_ms + 35;
	x->redirected_from = SIZE_MAX;
	x->body_exact = true;
	return x;
}

static void
body(hk_capture_exchange *x, const char *mime, const void *data, size_t len)
{
	x->mime = g_strdup(mime);
	x->body = g_bytes_new(data, len);
	hk_sha256(hk_span_of(data, len), x->sha256);
}

static hk_capture *
made(void)
{
	hk_capture *c = hk_capture_new();

	c->profile = g_strdup("iphone");
	c->referrer = g_strdup("sms");
	c->exit = g_strdup("direct");
	c->visit = 1;
	c->url = g_strdup("https://evil.example/みほん?a=1&b");
	c->final_url = g_strdup("https://evil.example/login");
	c->user_agent = g_strdup("Mozilla/5.0 (iPhone)");
	c->browser = g_strdup("HeadlessChrome/156.0.1.2");
	c->start_wall_ms = 1764468000123;
	c->duration_ms = 900;

	hk_capture_exchange *x =
		exchange(c, "https://evil.example/%E3%81%BF?a=1&b", 302, "http/1.1", 0);
	x->response_head =
		g_strdup("HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n");
	hk_capture_add_header(x->response_headers, "Location", "/login");
	body(x, "text/html", "", 0);

	x = exchange(c, "https://evil.example/login", 200, "http/1.1", 40);
	x->redirected_from = 0;
	x->raw_request = true;
	hk_capture_add_header(x->request_headers, "Host", "evil.example");
	hk_capture_add_header(x->request_headers, "Cookie", "s=1");
	x->response_head = g_strdup(
		"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\nTRANSFER-ENCODING:chunked\r\n"
		"Content-Type: text/html\r\nX-Fold: a\r\n b\r\n\r\n");
	hk_capture_add_header(x->response_headers, "content-encoding", "gzip");
	body(x, "text/html", "<h1>みほん銀行</h1>", strlen("<h1>みほん銀行</h1>"));

	x = exchange(c, "https://cdn.example/a.png", 200, "h2", 60);
	hk_capture_add_header(x->request_headers, ":authority", "cdn.example");
	hk_capture_add_header(x->response_headers, ":status", "200");
	hk_capture_add_header(x->response_headers, "content-length", "9999");
	hk_capture_add_header(
		x->response_headers, "set-cookie", "a=1\r\n\r\nWARC/1.1\r\nWARC-Type: response");
	body(x, "image/png", "\x89PNG\r\n\0\xff", 8);
	x->body_why = "cut";

	x = exchange(c, "https://evil.example/post\r\nWARC-Type: warcinfo", 204, "h3", 70);
	g_free(x->method);
	x->method = g_strdup("POST");
	x->post = g_bytes_new("user=\0\xfe", 7);
	x->body_why = "none";

	x = exchange(c, "http://dead.example", 0, NULL, 80);
	x->error = g_strdup("net::ERR_CONNECTION_REFUSED");
	x->body_why = "none";
	exchange(c, "data:image/png;base64,AAAA", 200, "data", 90);

	hk_capture_page *p = hk_capture_page_new();
	p->url = g_strdup("https://evil.example/login");
	p->title = g_strdup("みほん銀行 \"login\"");
	p->at_ms = 500;
	p->viewport_png = g_bytes_new("\x89PNG picture", 12);
	p->dom = g_bytes_new("<html></html>", 13);
	p->text = g_strdup("みほん銀行");
	g_ptr_array_add(c->pages, p);
	hk_capture_cert *cert = hk_capture_add_cert(c);
	cert->origin = g_strdup("https://evil.example");
	g_ptr_array_add(cert->chain, g_bytes_new("not a certificate", 17));
	return c;
}

static hk_span
span_of(GBytes *bytes)
{
	gsize len;
	const void *data = g_bytes_get_data(bytes, &len);

	return hk_span_of(data, len);
}

static unsigned
count_of(const char *text, const char *what)
{
	unsigned n = 0;

	for (const char *at = text; (at = strstr(at, what)); at += strlen(what)) {
		n++;
	}
	return n;
}

static void
test_warc(GBytes *warc)
{
	g_autoptr(hk_gz) gz = hk_gz_new();
	uint8_t *data;
	size_t len;

	is_int(hk_gz_inflate(gz, span_of(warc), 1 << 24, &data, &len), HK_OK, "members of gzip");
	g_autoptr(GString) flat = g_string_new_len((const char *)data, (gssize)len);
	for (size_t i = 0; i < flat->len; i++) {
		flat->str[i] = flat->str[i] ? flat->str[i] : '0';
	}
	const char *text = flat->str;
	is_int(count_of(text, "\r\nWARC-Type: warcinfo\r\n"), 1,
		"one warcinfo: an address cannot make another");
	is_int(count_of(text, "\r\nWARC-Type: response\r\n"), 4, "responses");
	is_int(count_of(text, "\r\nWARC-Type: request\r\n"), 5,
		"requests, the one without an answer, too");
	is_int(count_of(text, "\r\nWARC-Type: metadata\r\n"), 5, "metadata of each");
	is_int(count_of(text, "\r\nWARC-Type: resource\r\n"), 5,
		"picture, document, text, chain, capture.json");
	ok(strstr(text,
		   "\r\nX-Archive-Orig-content-encoding: "
		   "gzip\r\nX-Archive-Orig-TRANSFER-ENCODING:chunked\r\n"
		   "Content-Type: text/html\r\nX-Fold: a\r\n b\r\n\r\n<h1>みほん銀行</h1>\r\n\r\n"),
		"the head as received, but for what is no more true of the body");
	ok(strstr(text, "HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n"),
		"a length that is true stays");
	ok(strstr(text, "HTTP/1.1 200 OK\r\nX-Archive-Orig-content-length: 9999\r\nset-cookie: a=1 "
			"   WARC/1.1  WARC-Type: response\r\n\r\n"),
		"h2: written as HTTP/1.1, line ends in a value are blanks");
	ok(strstr(text, "WARC-Protocol: h2\r\nWARC-Truncated: length\r\n"), "what was spoken; cut");
	ok(strstr(text, "GET /%E3%81%BF?a=1&b HTTP/1.1\r\nHost: evil.example\r\n"),
		"the request's line, and a Host for it");
	ok(strstr(text, "GET / HTTP/1.1\r\nHost: dead.example\r\n"),
		"the root of an address without a path");
	ok(strstr(text, "error: net::ERR_CONNECTION_REFUSED\r\n"), "why there is no answer");
	ok(strstr(text, "WARC-Date: 2025-11-30T02:00:00.123Z\r\n"), "the capture's time");
	ok(!strstr(text, "data:image"
			 "/png;base64,AAAA\r\n"),
		"what went over no wire is no exchange");
}

static void
test_har(GBytes *har)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(hk_json_doc) doc = hk_json_load(span_of(har), 1 << 20, &error);
	hk_json root, log, entries;
	const char *text;
	int64_t number;

	if (!ok(doc != NULL, "the archive is JSON%s", error ? error->message : "")) {
		return;
	}
	root = hk_json_root(doc);
	ok(hk_json_object(&root, "log", &log, NULL) && hk_json_str(&log, "version", &text, NULL) &&
			strcmp(text, "1.2") == 0,
		"HAR 1.2");
	ok(hk_json_array(&log, "entries", &entries, NULL) && hk_json_len(&entries) == 6,
		"six entries");
	hk_json login = hk_json_at(&entries, 1), response, content, png = hk_json_at(&entries, 2);
	ok(hk_json_object(&login, "response", &response, NULL) &&
			hk_json_object(&response, "content", &content, NULL) &&
			hk_json_str(&content, "text", &text, NULL),
		"a body");
	is_str(text, "<h1>みほん銀行</h1>", "as text");
	ok(hk_json_object(&png, "response", &response, NULL) &&
			hk_json_object(&response, "content", &content, NULL) &&
			hk_json_str(&content, "text", &text, NULL),
		"a picture");
	is_str(text, "iVBORw0KAP8=", "in base64");
	ok(hk_json_i64(&login, "time", &number, NULL) && number == 35, "it took 35 ms");
}

int
main(int argc, char **argv)
{
	g_autoptr(hk_capture) c = made();
	g_autoptr(hk_capture) again = made();
	g_autoptr(hk_capture) empty = hk_capture_new();
	g_autoptr(GBytes) warc = hk_warc_write(c, NULL);
	g_autoptr(GBytes) twice = hk_warc_write(again, NULL);
	g_autoptr(GBytes) none = hk_warc_write(empty, NULL);
	g_autoptr(GBytes) har = hk_har_write(c, NULL);
	g_autoptr(GBytes) no_har = hk_har_write(empty, NULL);

	ok(warc && twice && none && har && no_har, "written, of nothing, too");
	ok(g_bytes_equal(warc, twice), "the same capture gives the same file");
	test_warc(warc);
	test_har(har);
	if (argc > 1) {
		g_autofree char *warc_path = g_build_filename(argv[1], "capture.warc.gz", NULL);
		g_autofree char *har_path = g_build_filename(argv[1], "capture.har", NULL);

		ok(hk_file_replace_fast(warc_path, span_of(warc), NULL) &&
				hk_file_replace_fast(har_path, span_of(har), NULL),
			"written to %s", argv[1]);
	}
	return tap_done();
}
