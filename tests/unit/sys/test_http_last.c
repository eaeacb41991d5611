/* sys/http: the moment before the last byte. A peer on loopback keeps what it has received; while the hook runs it is looked at. */
#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sys/gerr.h"
#include "sys/http.h"

#include "tap.h"

enum { PATIENCE_S = 30, LONG = 1000000 };

/* What the peer has of the request that it gets now. */
static struct {
	GMutex lock;
	GCond more;
	GString *got;
	bool end;  /* the other side has closed */
	int count; /* connections */
} peer;
static int listener;
static int port;

static size_t
wanted_of(const GString *got)
{
	const char *end = strstr(got->str, "\r\n\r\n");
	const char *length = strstr(got->str, "Content-Length: ");

	if (!end) {
		return SIZE_MAX;
	}
	return (size_t)(end + 4 - got->str) +
	       (length && length < end ? (size_t)g_ascii_strtoull(length + 16, NULL, 10) : 0);
}

static void
serve_one(int fd)
{
	char piece[4096];
	ssize_t n = 1;
	bool whole = false;

	while (!whole && n > 0) {
		n = read(fd, piece, sizeof piece);
		g_mutex_lock(&peer.lock);
		if (n > 0) {
			g_string_append_len(peer.got, piece, n);
		}
		whole = peer.got->len >= wanted_of(peer.got);
		peer.end = !whole && n <= 0;
		g_cond_broadcast(&peer.more);
		g_mutex_unlock(&peer.lock);
	}
	if (whole) {
		static const char answer[] = "HTTP/1.1 201 X\r\nContent-Length: "
					     "2\r\nX-Rate-Limit-Remaining: 0\r\n\r\nok";
		n = write(fd, answer, sizeof answer - 1);
	}
	close(fd);
}

static void *
serve(void *unused)
{
	(void)unused;
	for (;;) {
		int fd = accept(listener, NULL, NULL);
		if (fd < 0) {
			return NULL;
		}
		g_mutex_lock(&peer.lock);
		g_string_truncate(peer.got, 0);
		peer.end = false;
		peer.count++;
		g_mutex_unlock(&peer.lock);
		serve_one(fd);
	}
}

/* The request, and what the hook saw. */
typedef struct trial {
	const char *body;
	bool answer;
	int asked;
	size_t least;   /* bytes of the whole request that must arrive before the hook goes on */
	size_t arrived; /* when it went on */
	bool end_seen;  /* the body's end among them */
	int done, status;
	hk_err err;
	char head[256];
} trial;

static bool
has_end(const char *body)
{
	size_t len = strlen(body);

	return len > 0 && peer.got->len > 0 && peer.got->str[peer.got->len - 1] == body[len - 1];
}

static bool
before_last(void *user)
{
	trial *t = user;
	int64_t until = g_get_monotonic_time() + PATIENCE_S * G_USEC_PER_SEC;
	bool on = true;

	t->asked++;
	g_mutex_lock(&peer.lock);
	while (on && peer.got->len < t->least) {
		on = g_cond_wait_until(&peer.more, &peer.lock, until);
	}
	t->arrived = peer.got->len;
	t->end_seen = has_end(t->body);
	g_mutex_unlock(&peer.lock);
	return t->answer;
}

static void
on_done(void *user, hk_http_call *call, const hk_http_answer *answer)
{
	trial *t = user;

	(void)call;
	t->done++;
	t->status = answer->status;
	t->err = hk_error_code(answer->error);
	g_snprintf(t->head, sizeof t->head, "%.*s", (int)answer->head.len,
		answer->head.len > 0 ? (const char *)answer->head.data : "");
}

static void
run(hk_http *http, trial *t, hk_http_method method)
{
	g_autofree char *url = g_strdup_printf("http://127.0.0.1:%d/report", port);
	static const char *const headers[] = {"Content-Type: application/json", NULL};
	hk_http_request request = {.url = url,
		.method = method,
		.upload = hk_span_str(t->body),
		.headers = headers,
		.identity = true,
		.last = before_last,
		.last_user = t};
	int64_t until = g_get_monotonic_time() + PATIENCE_S * G_USEC_PER_SEC;

	g_mutex_lock(&peer.lock);
	g_string_truncate(peer.got, 0);
	peer.end = false;
	g_mutex_unlock(&peer.lock);
	if (!ok(hk_http_get(http, &request, on_done, t, NULL) != NULL, "started")) {
		return;
	}
	while (t->done == 0 && g_get_monotonic_time() < until) {
		hk_http_step(http, 100, -1);
	}
	is_int(t->done, 1, "done was called once");
	is_int(t->asked, 1, "and asked once whether the last byte may leave");
}

/* The other side has noticed that nothing more comes. */
static void
wait_end(void)
{
	int64_t until = g_get_monotonic_time() + PATIENCE_S * G_USEC_PER_SEC;
	bool on = true;

	g_mutex_lock(&peer.lock);
	while (on && !peer.end) {
		on = g_cond_wait_until(&peer.more, &peer.lock, until);
	}
	g_mutex_unlock(&peer.lock);
	ok(on, "the peer sees the end of the connection");
}

static void
short_body(hk_http *http)
{
	trial t = {.body = "{\"url\":\"http://a.example/\"}!", .answer = true};

	run(http, &t, HK_HTTP_POST);
	is_int(t.status, 201, "POST is answered");
	ok(!t.end_seen, "its end had not arrived when the hook was asked");
	ok(g_str_has_prefix(peer.got->str, "POST /report HTTP/1.1\r\n"), "it is a POST");
	ok(g_str_has_suffix(peer.got->str, "\r\n\r\n{\"url\":\"http://a.example/\"}!"),
		"with this body");
	ok(strstr(peer.got->str, "\r\nContent-Type: application/json\r\n") != NULL, "of that type");
	ok(strstr(peer.got->str, "\r\nAccept-Encoding: identity\r\n") != NULL, "not to be packed");
	ok(!strstr(peer.got->str, "Expect:"), "nobody is asked whether he wants it");
	ok(strstr(t.head, "X-Rate-Limit-Remaining: 0\r\n") != NULL, "the answer's header lines");
	ok(!strstr(t.head, "HTTP/"), "without its status line");

	t = (trial){.body = "abcdef!"};
	run(http, &t, HK_HTTP_POST);
	is_int(t.status, 0, "no answer");
	is_int(t.err, HK_EPOLICY, "it was stopped");
	wait_end();
	ok(!has_end(t.body), "the last byte never came");
}

static void
long_body(hk_http *http)
{
	g_autofree char *body = g_strnfill(LONG, 'x');

	body[LONG - 1] = '!';
	/* curl hands over pieces of at most 64 KiB: all but the last one must have arrived. */
	trial t = {.body = body, .answer = true, .least = LONG - 65536};
	run(http, &t, HK_HTTP_PATCH);
	is_int(t.status, 201, "a long PATCH is answered");
	ok(t.arrived >= t.least, "its beginning had arrived (%zu bytes)", t.arrived);
	ok(!t.end_seen && t.arrived < LONG, "its end had not");
	is_int(peer.got->len - (size_t)(strstr(peer.got->str, "\r\n\r\n") + 4 - peer.got->str),
		LONG, "then all of it did");

	t = (trial){.body = body, .least = LONG - 65536};
	run(http, &t, HK_HTTP_POST);
	is_int(t.err, HK_EPOLICY, "stopped");
	wait_end();
	ok(peer.got->len < LONG, "it never came whole");
}

static void
no_body(hk_http *http)
{
	trial t = {.body = "", .answer = true};
	int before;

	run(http, &t, HK_HTTP_DELETE);
	is_int(t.status, 201, "DELETE is answered");
	is_int(t.arrived, 0, "nothing had arrived when the hook was asked");
	ok(g_str_has_prefix(peer.got->str, "DELETE /report HTTP/1.1\r\n"), "it is a DELETE");
	ok(!strstr(peer.got->str, "Content-Length"), "without a body");

	t = (trial){.body = "", .answer = true};
	run(http, &t, HK_HTTP_POST);
	is_int(t.arrived, 0, "a POST of nothing: the same");
	ok(strstr(peer.got->str, "\r\nContent-Length: 0\r\n") != NULL, "zero bytes");

	before = peer.count;
	t = (trial){.body = ""};
	run(http, &t, HK_HTTP_DELETE);
	is_int(t.err, HK_EPOLICY, "stopped");
	is_int(t.status, 0, "no answer");
	ok(peer.count <= before + 1, "at most a connection was made");
	ok(peer.count == before || peer.got->len == 0, "and nothing was sent over it");
}

int
main(void)
{
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof addr;
	pthread_t thread;

	listener = socket(AF_INET, SOCK_STREAM, 0);
	if (bind(listener, (struct sockaddr *)&addr, sizeof addr) < 0 || listen(listener, 16) < 0 ||
		getsockname(listener, (struct sockaddr *)&addr, &len) < 0) {
		printf("Bail out! no loopback\n");
		return 1;
	}
	port = ntohs(addr.sin_port);
	g_mutex_init(&peer.lock);
	g_cond_init(&peer.more);
	peer.got = g_string_new(NULL);
	pthread_create(&thread, NULL, serve, NULL);
	{
		g_autoptr(hk_http) http =
			hk_http_new(&(hk_http_config){.contact = "csirt@mihon-bank.example"}, NULL);
		short_body(http);
		long_body(http);
		no_body(http);
	}
	shutdown(listener, SHUT_RDWR);
	pthread_join(thread, NULL);
	close(listener);
	g_string_free(peer.got, TRUE);
	return tap_done();
}
