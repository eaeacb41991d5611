/* sys/http against a small server of our own on loopback: one thread, one canned answer per
 * connection. */
#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sys/gerr.h"
#include "sys/http.h"

#include "tap.h"

static int listener;
static int port;
static char last_request[4096];
static const char *volatile canned;
static volatile size_t canned_len;

static void *
serve(void *unused)
{
	(void)unused;
	for (;;) {
		int fd = accept(listener, NULL, NULL);
		if (fd < 0) {
			return NULL;
		}
		size_t len = 0;
		ssize_t n;
		while (len < sizeof last_request - 1 &&
			(n = read(fd, last_request + len, sizeof last_request - 1 - len)) > 0) {
			len += (size_t)n;
			last_request[len] = '\0';
			if (strstr(last_request, "\r\n\r\n")) {
				break;
			}
		}
		n = write(fd, canned, canned_len);
		close(fd);
	}
}

typedef struct seen {
	int calls;
	int status;
	hk_err err;
	char body[64];
	size_t len;
	bool gzip;
	bool odd;
	char etag[64];
	char modified[64];
	char type[64];
	char kept[64];
	int64_t retry_ms;
	int64_t announced;
	int64_t date_s;
	hk_http_body *taken;
	bool take;
} seen;

static void
on_done(void *user, hk_http_call *call, const hk_http_answer *answer)
{
	seen *s = user;

	s->calls++;
	s->status = answer->status;
	s->err = hk_error_code(answer->error);
	s->len = answer->body.len;
	memcpy(s->body, answer->body.data, MIN(answer->body.len, sizeof s->body));
	s->gzip = answer->gzip;
	s->odd = answer->odd_encoding;
	g_strlcpy(s->etag, answer->etag ? answer->etag : "", sizeof s->etag);
	g_strlcpy(s->modified, answer->modified ? answer->modified : "", sizeof s->modified);
	g_strlcpy(s->type, answer->type ? answer->type : "", sizeof s->type);
	g_strlcpy(s->kept, answer->kept ? answer->kept : "", sizeof s->kept);
	s->retry_ms = answer->retry_after_ms;
	s->announced = answer->announced;
	s->date_s = answer->date_s;
	if (s->take) {
		s->taken = hk_http_take(call);
	}
}

static seen
get_with(hk_http *http, const char *reply, size_t len, hk_http_request request, bool take)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *url = g_strdup_printf("http://127.0.0.1:%d/x", port);
	seen s = {.take = take};

	canned = reply;
	canned_len = len;
	request.url = url;
	if (!ok(hk_http_get(http, &request, on_done, &s, &error) != NULL, "started")) {
		return s;
	}
	gint64 deadline = g_get_monotonic_time() + 10 * G_USEC_PER_SEC;
	while (s.calls == 0 && g_get_monotonic_time() < deadline) {
		hk_http_step(http, 100, -1);
	}
	is_int(s.calls, 1, "done was called once");
	is_int(hk_http_busy(http), 0, "nothing is under way");
	return s;
}

#define GET(http, reply, ...)                                                                      \
	get_with(http, reply, sizeof(reply) - 1, (hk_http_request){__VA_ARGS__}, false)

static void
answers(hk_http *http)
{
	seen s = GET(http, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nETag: \"v1\"\r\n\r\nhello",
		.etag = "\"v0\"");
	is_int(s.status, 200, "status");
	is_int(s.err, HK_OK, "no error");
	is_mem(s.body, "hello", 5, "body");
	is_str(s.etag, "\"v1\"", "ETag");
	ok(strstr(last_request,
		   "User-Agent: hikeshi/" HK_VERSION " (+csirt@mihon-bank.example)\r\n"),
		"User-Agent");
	ok(strstr(last_request, "Accept-Encoding: gzip, identity\r\n"), "Accept-Encoding");
	ok(strstr(last_request, "If-None-Match: \"v0\"\r\n"), "If-None-Match");

	s = GET(http, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Encoding: "
		      "gzip\r\n\r\n\x1f\x8b\x08\x00");
	ok(s.gzip && s.len == 4 && (uint8_t)s.body[0] == 0x1f, "gzip is not unpacked");
	s = GET(http, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Encoding: br\r\n\r\nx");
	ok(s.odd && !s.gzip, "an encoding that nobody asked for is named");

	s = GET(http, "HTTP/1.1 429 Slow\r\nContent-Length: 0\r\nRetry-After: 7\r\n\r\n");
	is_int(s.status, 429, "429");
	is_int(s.retry_ms, 7000, "Retry-After");
	s = GET(http, "HTTP/1.1 503 No\r\nContent-Length: 0\r\nRetry-After: Fri, 31 Dec 9999 "
		      "23:59:59 GMT\r\n\r\n");
	is_int(s.retry_ms, HK_HTTP_RETRY_MAX_MS, "Retry-After as a date, clamped");
	s = GET(http,
		"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n");
	is_int(s.status, 302, "a redirect is an answer, not an order");
	s = GET(http, "HTTP/1.1 304 Not Modified\r\n\r\n");
	is_int(s.status, 304, "304");
}

static void
headers(hk_http *http)
{
	static const char *const more[] = {
		"Accept: application/taxii+json;version=2.1", "Authorization: Bearer t0ken", NULL};
	static const char *const split[] = {"X: a\r\nY: b", NULL};
	g_autoptr(GError) error = NULL;
	seen s = GET(http,
		"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nLast-Modified: Fri, 01 May 2026 00:00:00 "
		"GMT\r\nContent-Type: text/csv\r\nX-TAXII-Date-Added-Last: 2026-05-01T00:00:00Z\r\n"
		"\r\n",
		.modified = "Thu, 30 Apr 2026 00:00:00 GMT", .headers = more,
		.keep = "X-TAXII-Date-Added-Last");

	ok(strstr(last_request, "If-Modified-Since: Thu, 30 Apr 2026 00:00:00 GMT\r\n"),
		"If-Modified-Since");
	ok(strstr(last_request, "Accept: application/taxii+json;version=2.1\r\n"), "Accept");
	ok(!strstr(last_request, "Accept: */*"), "in place of curl's own");
	ok(strstr(last_request, "Authorization: Bearer t0ken\r\n"), "Authorization");
	is_str(s.modified, "Fri, 01 May 2026 00:00:00 GMT", "Last-Modified");
	is_str(s.type, "text/csv", "Content-Type");
	is_str(s.kept, "2026-05-01T00:00:00Z", "the header that was asked for");
	s = GET(http, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Other: 1\r\n\r\n");
	is_str(s.kept, "", "none is kept unasked");
	ok(!strstr(last_request, "Authorization"), "the next request does not carry them");
	hk_http_request request = {.url = "http://127.0.0.1:1/", .headers = split};
	ok(!hk_http_get(http, &request, on_done, &s, &error), "a header with a line end");
	is_int(hk_error_code(error), HK_EPOLICY, "is refused");
}

static void
failures(hk_http *http)
{
	seen s = GET(http, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
	is_int(s.err, HK_EREMOTE, "a truncated body is an error");
	s = GET(http, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789", .max_bytes = 10);
	is_int(s.err, HK_OK, "a body at the cap");
	s = GET(http, "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n0123456789a", .max_bytes = 10);
	is_int(s.err, HK_ELIMIT, "a body over the cap");
	s = GET(http, "HTTP/1.1 200 OK\r\n\r\n0123456789ab", .max_bytes = 10);
	is_int(s.err, HK_ELIMIT, "a body without a length over the cap");
	s = GET(http, "");
	is_int(s.err, HK_EREMOTE, "a closed connection");
	s = GET(http, "nonsense\r\n\r\n");
	ok(s.err == HK_EREMOTE, "no HTTP");
}

static void
bodies(hk_http *http)
{
	seen s = get_with(http, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 43,
		(hk_http_request){0}, true);
	ok(s.taken && s.taken->len == 5 && memcmp(s.taken->data, "hello", 5) == 0,
		"a taken body outlives the call");
	uint8_t *data = s.taken ? s.taken->data : NULL;
	hk_http_give(http, s.taken);
	s = get_with(http, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", 40,
		(hk_http_request){0}, true);
	ok(s.taken && s.taken->data == data, "and its memory is used again");
	hk_http_give(http, s.taken);
}

static void
methods(hk_http *http)
{
	seen s = GET(http,
		"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\nDate: Sun, 06 Nov 1994 08:49:37 "
		"GMT\r\n\r\n",
		.method = HK_HTTP_HEAD);
	is_int(s.err, HK_OK, "HEAD: no body is missed");
	ok(g_str_has_prefix(last_request, "HEAD /x HTTP/1.1\r\n"), "it is a HEAD");
	is_int(s.announced, 5000, "the length that is announced");
	is_int(s.date_s, 784111777, "the other side's clock");
	s = GET(http, "HTTP/1.1 201 X\r\nContent-Length: 2\r\n\r\nok", .method = HK_HTTP_PUT,
		.upload = HK_SPAN_LIT("hello"));
	is_int(s.status, 201, "PUT");
	ok(g_str_has_prefix(last_request, "PUT /x HTTP/1.1\r\n") &&
			strstr(last_request, "\r\nContent-Length: 5\r\n"),
		"it is a PUT of five bytes");
	is_int(s.date_s, -1, "a server without a clock");
	is_mem(s.body, "ok", 2, "its answer");
	s = GET(http, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", .method = HK_HTTP_PUT);
	is_int(s.status, 200, "PUT of nothing");
	ok(strstr(last_request, "\r\nContent-Length: 0\r\n"), "zero bytes");
	s = GET(http, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
	ok(g_str_has_prefix(last_request, "GET /x HTTP/1.1\r\n") && s.len == 2,
		"and a GET after it is a GET");
}

static void
cancelling(hk_http *http)
{
	g_autofree char *url = g_strdup_printf("http://127.0.0.1:%d/x", port);
	seen s = {0};
	hk_http_call *call = hk_http_get(http, &(hk_http_request){.url = url}, on_done, &s, NULL);

	hk_http_cancel(call);
	hk_http_step(http, 0, -1);
	is_int(s.calls, 0, "a cancelled call is silent");
	ok(!hk_http_get(http, &(hk_http_request){.url = "http://log.test/"}, on_done, &s, NULL),
		"refused at the door");
	call = hk_http_get(http, &(hk_http_request){.url = url}, on_done, &s, NULL);
	ok(call != NULL, "one more, left under way");
}

int
main(void)
{
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof addr;
	pthread_t thread;
	g_autoptr(GError) error = NULL;

	listener = socket(AF_INET, SOCK_STREAM, 0);
	if (bind(listener, (struct sockaddr *)&addr, sizeof addr) < 0 || listen(listener, 16) < 0 ||
		getsockname(listener, (struct sockaddr *)&addr, &len) < 0) {
		printf("Bail out! no loopback\n");
		return 1;
	}
	port = ntohs(addr.sin_port);
	canned = "";
	pthread_create(&thread, NULL, serve, NULL);
	ok(!hk_http_new(&(hk_http_config){.ca_file = "/nonexistent"}, &error),
		"a CA file that is not there");
	{
		g_autoptr(hk_http) http =
			hk_http_new(&(hk_http_config){.contact = "csirt@mihon-bank.example"}, NULL);
		answers(http);
		headers(http);
		failures(http);
		bodies(http);
		methods(http);
		cancelling(http);
	}
	shutdown(listener, SHUT_RDWR);
	pthread_join(thread, NULL);
	close(listener);
	return tap_done();
}
