/* report/post: what leaves is what was approved and who we are; what comes back, or does not. Against the vendors of the range, and a peer that says anything. */
#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "channel_rig.h"
#include "report/channel_http.h"
#include "report/channel_json.h"
#include "report/post_int.h"
#include "sys/gerr.h"

#include "tap.h"

/* ---- A peer that answers every request with the same ---- */

static int listener, port;
static char got[65536];
static const char *volatile canned;
static volatile int count;

static size_t
wanted_of(const char *text)
{
	const char *end = strstr(text, "\r\n\r\n");
	const char *length = strstr(text, "Content-Length: ");

	if (!end) {
		return SIZE_MAX;
	}
	return (size_t)(end + 4 - text) +
	       (length && length < end ? (size_t)g_ascii_strtoull(length + 16, NULL, 10) : 0);
}

static void *
serve(void *unused)
{
	(void)unused;
	for (;;) {
		int fd = accept(listener, NULL, NULL);
		size_t len = 0;
		ssize_t n = 1;
		if (fd < 0) {
			return NULL;
		}
		got[0] = '\0';
		while (len < wanted_of(got) &&
			(n = read(fd, got + len, sizeof got - 1 - len)) > 0) {
			len += (size_t)n;
			got[len] = '\0';
		}
		count++;
		n = write(fd, canned, strlen(canned));
		close(fd);
	}
}

static hk_channel channel = {.name = "peer", .way = HK_WAY_HTTP};

static hk_channel_conf
conf_of(void)
{
	return (hk_channel_conf){.channel = &channel, .path = "peer.conf", .name = "peer"};
}

static hk_channel_ask
ask_of(const char *method, const char *path, const char *body)
{
	hk_channel_ask ask;
	char *url = g_strdup_printf("http://127.0.0.1:%d%s", port, path);

	hk_channel_ask_init(&ask, method, url);
	hk_channel_ask_header(&ask, "X-Mark: 1");
	ask.body = body ? g_bytes_new(body, strlen(body)) : NULL;
	return ask;
}

typedef struct result {
	hk_post_answer answer;
	bool good;
	GError *error;
} result;

static result
send_one(hk_post *post, const hk_channel_conf *conf, hk_channel_ask *ask, const char *reply)
{
	result r = {0};

	canned = reply;
	r.good = hk_post_send(post, conf, ask, NULL, NULL, &r.answer, &r.error);
	hk_channel_ask_clear(ask);
	return r;
}

static void
result_clear(result *r)
{
	hk_post_answer_clear(&r->answer);
	g_clear_error(&r->error);
}

static bool
has(const char *line)
{
	return strstr(got, line) != NULL;
}

#define OK200 "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"

static void
test_leaves(hk_post *post)
{
	hk_channel_conf conf = conf_of();
	hk_channel_ask ask = ask_of("POST", "/x?y=1", "{\"a\":\"b\"}");
	result r = send_one(post, &conf, &ask, OK200);

	ok(r.good && r.answer.answer.status == 200 && !r.answer.answer.broken, "it is answered");
	ok(r.answer.answer.left, "and has left");
	is_str(r.answer.answer.type, "application/json", "type");
	ok(g_str_has_prefix(got, "POST /x?y=1 HTTP/1.1\r\n"), "method and path as approved");
	ok(g_str_has_suffix(got, "\r\n\r\n{\"a\":\"b\"}"), "body as approved");
	ok(has("X-Mark: 1\r\n") && has("Accept: application/json\r\n"), "headers as approved");
	ok(has("Accept-Encoding: identity\r\n") && has("User-Agent: hikeshi/"),
		"what every request has");
	ok(!has("Authorization") && !has("Expect") && !has("Content-Type"), "and nothing else");
	result_clear(&r);
	ask = ask_of("DELETE", "/x", NULL);
	r = send_one(post, &conf, &ask, "HTTP/1.1 204 No\r\n\r\n");
	is_int(r.answer.answer.status, 204, "DELETE");
	result_clear(&r);
	ask = ask_of("PATCH", "/x", "p");
	r = send_one(post, &conf, &ask, OK200);
	ok(g_str_has_prefix(got, "PATCH /x "), "PATCH");
	result_clear(&r);
	ask = ask_of("PUT", "/x", "p");
	r = send_one(post, &conf, &ask, OK200);
	ok(g_str_has_prefix(got, "PUT /x ") && g_str_has_suffix(got, "\r\n\r\np"), "PUT");
	result_clear(&r);
}

static void
comes(hk_post *post, const char *reply, int status, bool broken, int64_t retry_ms, const char *what)
{
	hk_channel_conf conf = conf_of();
	hk_channel_ask ask = ask_of("POST", "/", "{}");
	int before = count;
	result r = send_one(post, &conf, &ask, reply);

	ok(r.good, "%s: an answer", what);
	is_int(r.answer.answer.status, status, "%s: its status", what);
	is_int(r.answer.answer.broken, broken, "%s: whole or not", what);
	ok(r.answer.answer.left, "%s: the request has left", what);
	ok((r.answer.error != NULL) == broken, "%s: why is said", what);
	is_int(r.answer.answer.retry_after_ms, retry_ms, "%s: when to come back", what);
	is_int(count, before + 1, "%s: it was sent once", what);
	result_clear(&r);
}

static void
test_comes(hk_post *post)
{
	comes(post, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}", 200, true, -1, "a cut body");
	comes(post, "", 0, true, -1, "nothing");
	comes(post, "nonsense\r\n\r\n", 0, true, -1, "no HTTP");
	comes(post, "HTTP/1.1 302 F\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
		302, false, -1, "a redirect is not followed");
	comes(post,
		"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: "
		"4\r\n\r\n\x1f\x8b\x08x",
		200, true, -1, "a packed answer");
	comes(post, "HTTP/1.1 429 S\r\nX-Rate-Limit-Reset-After: 9\r\nContent-Length: 0\r\n\r\n",
		429, false, 9000, "a quota");
	comes(post, "HTTP/1.1 100 Continue\r\nRetry-After: 1\r\n\r\n" OK200, 200, false, -1,
		"headers of another block");
}

static void
refused(hk_post *post, hk_channel_conf *conf, hk_channel_ask ask, hk_err code, const char *what)
{
	int before = count;
	result r = send_one(post, conf, &ask, OK200);

	ok(!r.good, "%s cannot be sent", what);
	is_int(hk_error_code(r.error), code, "%s: and why", what);
	is_int(count, before, "%s: nothing left", what);
	result_clear(&r);
}

static void
test_refused(hk_post *post)
{
	hk_channel_conf conf = conf_of();
	hk_channel_ask ask = ask_of("SEND", "/", "{}");

	refused(post, &conf, ask, HK_EPOLICY, "another method");
	ask = ask_of("POST", "/", "{}");
	hk_channel_ask_header(&ask, "X: a\r\nY: b");
	refused(post, &conf, ask, HK_EPOLICY, "a header with a line end");
	ask = ask_of("POST", "/", "{}");
	g_free(ask.url);
	ask.url = g_strdup("http://vendor.example/");
	refused(post, &conf, ask, HK_EPOLICY, "plain http to a stranger");
	ask = ask_of("POST", "/", "{}");
	ask.auth = HK_AUTH_BEARER;
	refused(post, &conf, ask, HK_ECONFIG, "a request without its secret");
	ask = ask_of("POST", "/a%zz", "{}");
	ask.auth = HK_AUTH_SIGV4;
	ask.auth_name = g_strdup("abuse");
	conf.secret = "s3cret";
	refused(post, &conf, ask, HK_ECONFIG, "a signature without a key id");
	conf.user = "AKIA";
	conf.region = "us-east-1";
	ask = ask_of("POST", "/a%zz", "{}");
	ask.auth = HK_AUTH_SIGV4;
	ask.auth_name = g_strdup("abuse");
	refused(post, &conf, ask, HK_EFORM, "a URL that cannot be signed as it is");
	conf.ca_file = "/nonexistent";
	refused(post, &conf, ask_of("POST", "/", "{}"), HK_ENOENT,
		"authorities that are not there");
	conf.ca_file = NULL;
	ask = ask_of("POST", "/", NULL);
	ask.body = g_bytes_new_take(g_malloc0(HK_POST_BODY_MAX + 1), HK_POST_BODY_MAX + 1);
	refused(post, &conf, ask, HK_ELIMIT, "a body that is too long");
}

static void
test_auth(hk_post *post)
{
	static const struct {
		hk_channel_auth auth;
		const char *name, *prefix, *want;
	} rows[] = {
		{HK_AUTH_BEARER, NULL, NULL, "Authorization: Bearer s3/cret\r\n"},
		{HK_AUTH_HEADER, "API-Key", NULL, "API-Key: s3/cret\r\n"},
		{HK_AUTH_HEADER, "Authorization", "token", "Authorization: token s3/cret\r\n"},
		{HK_AUTH_BASIC, NULL, NULL, "Authorization: Basic bWU6czMvY3JldA==\r\n"},
		{HK_AUTH_QUERY, "key", NULL, "POST /x?a=1&key=s3%2Fcret HTTP"},
		{HK_AUTH_SIGV4, "abuse", NULL, "Authorization: AWS4-HMAC-SHA256 Credential=me/"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		hk_channel_conf conf = conf_of();
		hk_channel_ask ask = ask_of("POST", "/x?a=1", "{}");
		conf.secret = "s3/cret";
		conf.user = "me";
		conf.region = "us-east-1";
		hk_channel_ask_auth(&ask, rows[i].auth, rows[i].name, rows[i].prefix);
		g_autofree char *kept = hk_channel_ask_keep(&ask);
		ok(!strstr(kept, "cret"), "what is kept has no secret");
		result r = send_one(post, &conf, &ask, OK200);
		ok(r.good && has(rows[i].want), "%s", rows[i].want);
		result_clear(&r);
	}
}

/* ---- The last byte ---- */

static bool
says_no(void *user)
{
	++*(int *)user;
	return false;
}

static void
test_last(hk_post *post)
{
	hk_channel_conf conf = conf_of();
	hk_channel_ask ask = ask_of("POST", "/", "{\"whole\":true}");
	g_auto(hk_post_answer) answer = {0};
	int asked = 0;

	canned = OK200;
	ok(hk_post_send(post, &conf, &ask, says_no, &asked, &answer, NULL), "whoever says no");
	is_int(asked, 1, "is asked once");
	ok(answer.answer.status == 0 && answer.answer.broken && !answer.answer.left,
		"and then it has surely not left");
	hk_channel_ask_clear(&ask);
	/* A port where nobody listens. */
	ask = ask_of("POST", "/", "{}");
	g_free(ask.url);
	ask.url = g_strdup("http://127.0.0.1:1/");
	ok(hk_post_send(post, &conf, &ask, NULL, NULL, &answer, NULL), "nobody there");
	ok(answer.answer.status == 0 && !answer.answer.left && answer.error, "it has not left: %s",
		answer.error);
	hk_channel_ask_clear(&ask);
}

/* ---- Tokens ---- */

static hk_told_how
submit_to(rig *r, const hk_channel_conf *conf)
{
	g_autoptr(hk_brief) brief = rig_brief(conf, 1);
	g_auto(hk_channel_ask) ask = {0};
	g_auto(hk_post_answer) answer = {0};
	g_auto(hk_told) told = {0};

	if (!conf->channel->submit(conf, brief, "0123456789abcdef0123456789abcdef", &ask, NULL) ||
		!rig_ask(r, conf, &ask, &answer)) {
		return HK_TOLD_COUNT;
	}
	conf->channel->submitted(conf, &answer.answer, &told);
	return told.how;
}

static void
told(rig *r, const hk_channel_conf *conf, hk_told_how want, const char *what)
{
	is_str(hk_told_how_name(submit_to(r, conf)), hk_told_how_name(want), "%s", what);
}

static int64_t
requests(rig *r, const char *vendor)
{
	rg_counts counts = {0};

	rg_vendors_counts(r->vendors, vendor, &counts);
	return counts.requests;
}

static void
test_tokens(rig *r)
{
	hk_channel_conf *conf =
		(hk_channel_conf *)(uintptr_t)hk_channel_conf_of(r->confs, "bank-find");

	told(r, conf, HK_TOLD_TAKEN, "client credentials are changed for a token");
	is_int(requests(r, "bank-find"), 2, "two requests");
	told(r, conf, HK_TOLD_TAKEN, "a second report");
	is_int(requests(r, "bank-find"), 3, "needs no new token");
	rg_vendors_reset(r->vendors);
	rg_vendors_fault(r->vendors, "bank-find", "submit", "401", NULL, 0, 1);
	told(r, conf, HK_TOLD_TAKEN, "a token that ended early is fetched anew");
	is_int(requests(r, "bank-find"), 3, "once");
	rg_vendors_fault(r->vendors, "bank-find", "submit", "401", NULL, 0, 2);
	told(r, conf, HK_TOLD_CLOSED, "a new one that is refused as well closes the channel");
	rg_vendors_reset(r->vendors);
	rg_vendors_fault(r->vendors, "bank-find", "token", "500", NULL, 0, 1);
	told(r, conf, HK_TOLD_AGAIN, "a token endpoint in trouble: later");
	rg_vendors_fault(r->vendors, "bank-find", "token", "cut-json", NULL, 0, 1);
	told(r, conf, HK_TOLD_AGAIN, "one that talks nonsense: later");
	rg_vendors_fault(r->vendors, "bank-find", "token", "429", "seconds", 7, 1);
	told(r, conf, HK_TOLD_AGAIN, "one that is busy: later");
	char *secret = conf->secret;
	conf->secret = "wrong";
	told(r, conf, HK_TOLD_CLOSED, "one that says no");
	conf->secret = secret;
	is_int(requests(r, "bank-find"), 4, "and nothing was reported all the while");
	told(r, conf, HK_TOLD_TAKEN, "mended");
}

/* A service account's key, and an endpoint that takes a signed claim. */
static void
test_account(rig *r)
{
	hk_channel_conf *conf =
		(hk_channel_conf *)(uintptr_t)hk_channel_conf_of(r->confs, "webrisk");
	char *secret = conf->secret;
	g_autofree char *key = rg_vendors_account();

	rg_vendors_reset(r->vendors);
	conf->secret = key;
	conf->token_url =
		g_strdup_printf("http://127.0.0.1:%u/webrisk/token", rg_vendors_port(r->vendors));
	told(r, conf, HK_TOLD_TAKEN, "a service account's claim is changed for a token");
	is_int(requests(r, "webrisk"), 2, "two requests");
	conf->secret = "{\"client_email\":\"a@b.example\"}";
	g_autoptr(hk_brief) brief = rig_brief(conf, 1);
	g_auto(hk_channel_ask) ask = {0};
	g_auto(hk_post_answer) answer = {0};
	g_autoptr(GError) error = NULL;
	g_autoptr(hk_post) post = hk_post_new(&(hk_post_config){.contact = "a@b.example"});
	ok(conf->channel->submit(conf, brief, "t", &ask, NULL) &&
			!hk_post_send(post, conf, &ask, NULL, NULL, &answer, &error),
		"a key file without a key");
	is_int(hk_error_code(error), HK_ECONFIG, "is a matter of configuration");
	g_clear_pointer(&conf->token_url, g_free);
	conf->secret = secret;
}

/* ---- The switch ---- */

static void
test_killed(void)
{
	g_autoptr(hk_egress) egress = hk_egress_new(NULL, NULL);
	g_autoptr(hk_post) post =
		hk_post_new(&(hk_post_config){.contact = "a@b.example", .egress = egress});
	hk_channel_conf conf = conf_of();
	hk_channel_ask ask = ask_of("POST", "/", "{}");
	int before = count;

	hk_egress_kill(egress);
	result r = send_one(post, &conf, &ask, OK200);
	ok(r.good && r.answer.answer.status == 0 && !r.answer.answer.left,
		"while the kill switch is on, nothing leaves");
	is_int(count, before, "nothing at all");
	result_clear(&r);
}

int
main(void)
{
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof addr;
	pthread_t thread;
	rig r;

	listener = socket(AF_INET, SOCK_STREAM, 0);
	if (bind(listener, (struct sockaddr *)&addr, sizeof addr) < 0 || listen(listener, 16) < 0 ||
		getsockname(listener, (struct sockaddr *)&addr, &len) < 0) {
		printf("Bail out! no loopback\n");
		return 1;
	}
	port = ntohs(addr.sin_port);
	canned = OK200;
	pthread_create(&thread, NULL, serve, NULL);
	{
		g_autoptr(hk_post) post =
			hk_post_new(&(hk_post_config){.contact = "csirt@mihon-bank.example"});
		test_leaves(post);
		test_comes(post);
		test_refused(post);
		test_auth(post);
		test_last(post);
		test_killed();
	}
	shutdown(listener, SHUT_RDWR);
	pthread_join(thread, NULL);
	close(listener);
	rig_open(&r);
	test_tokens(&r);
	test_account(&r);
	rig_close(&r);
	return tap_done();
}
