/* sys/fetch against peers on loopback: redirects, cookies, methods, header order, caps, encodings, certificates, cancelling, killing. */
#include "sys/fetch.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <libdeflate.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "egresslib.h"
#include "sys/gerr.h"
#include "tap.h"

static hk_egress *egress;
static hk_fetch *fetcher;
static GString *heads; /* of all requests */
static GMutex mutex;

static char *
reply(const char *status, const char *lines, const char *body, size_t len, size_t *ret_len)
{
	GString *text = g_string_new(NULL);

	g_string_append_printf(
		text, "HTTP/1.1 %s\r\nContent-Length: %zu\r\n%s\r\n", status, len, lines);
	g_string_append_len(text, body, (gssize)len);
	*ret_len = text->len;
	return g_string_free(text, FALSE);
}

static char *
gzipped(size_t size, size_t *ret_len)
{
	struct libdeflate_compressor *packer = libdeflate_alloc_compressor(12);
	g_autofree char *plain = g_malloc0(size);
	size_t room = libdeflate_gzip_compress_bound(packer, size);
	g_autofree char *packed = g_malloc(room);
	size_t len = libdeflate_gzip_compress(packer, plain, size, packed, room);

	libdeflate_free_compressor(packer);
	return reply("200 OK", "Content-Encoding: gzip\r\n", packed, len, ret_len);
}

static char *
answer(const char *head, size_t *ret_len)
{
	static const struct {
		const char *path, *status, *lines, *body;
	} table[] = {
		{"/hello", "200 OK", "X-A: b\r\n", "hello"},
		{"/relative", "302 Found", "Location: hello\r\n", "gone"},
		{"/host", "301 Moved", "Location: http://other.example/hello\r\n", ""},
		{"/cookie", "302 Found", "Set-Cookie: a=b; Path=/\r\nLocation: /hello\r\n", ""},
		{"/see-other", "303 See", "Location: /hello\r\n", ""},
		{"/again", "307 Again", "Location: /hello\r\n", ""},
		{"/loop", "302 Found", "Location: /loop\r\n", ""},
		{"/two", "302 Found", "Location: /hello\r\nLocation: http://10.0.0.1/\r\n", ""},
		{"/nowhere", "302 Found", "", "no Location"},
	};
	const char *path = strchr(head, ' ');

	g_mutex_lock(&mutex);
	g_string_append(heads, head);
	g_mutex_unlock(&mutex);
	path = path ? path + 1 : "";
	for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
		size_t n = strlen(table[i].path);
		if (strncmp(path, table[i].path, n) == 0 && path[n] == ' ') {
			return reply(table[i].status, table[i].lines,
				strncmp(head, "HEAD", 4) == 0 ? "" : table[i].body,
				strncmp(head, "HEAD", 4) == 0 ? 0 : strlen(table[i].body), ret_len);
		}
	}
	if (g_str_has_prefix(path, "/big")) {
		g_autofree char *body = g_strnfill(300000, 'x');
		return reply("200 OK", "", body, 300000, ret_len);
	}
	if (g_str_has_prefix(path, "/gzip")) {
		return gzipped(100000, ret_len);
	}
	if (g_str_has_prefix(path, "/bomb")) {
		return gzipped(40u << 20, ret_len);
	}
	if (g_str_has_prefix(path, "/lines")) {
		g_autofree char *value = g_strnfill(60000, 'x');
		g_autoptr(GString) lines = g_string_new(NULL);
		for (int i = 0; i < 5; i++) {
			g_string_append_printf(lines, "X-%d: %s\r\n", i, value);
		}
		return reply("200 OK", lines->str, "", 0, ret_len);
	}
	if (g_str_has_prefix(path, "/cut")) {
		char *text = g_strdup("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
		*ret_len = strlen(text);
		return text;
	}
	return NULL;
}

/* ---- A TLS peer whose certificate nobody has signed ---- */

static unsigned tls_port;
static int tls_fd;
static SSL_CTX *tls_ctx;

static void *
serve_tls(void *unused)
{
	int fd;

	(void)unused;
	while ((fd = accept(tls_fd, NULL, NULL)) >= 0) {
		SSL *ssl = SSL_new(tls_ctx);
		char data[4096];
		SSL_set_fd(ssl, fd);
		if (SSL_accept(ssl) == 1 && SSL_read(ssl, data, sizeof data) > 0) {
			static const char text[] = "HTTP/1.1 200 OK\r\nContent-Length: "
						   "2\r\nConnection: close\r\n\r\nhi";
			SSL_write(ssl, text, sizeof text - 1);
			SSL_shutdown(ssl);
		}
		SSL_free(ssl);
		close(fd);
	}
	return NULL;
}

static void
begin_tls(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof at;
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();
	X509_NAME *name = X509_get_subject_name(cert);
	pthread_t thread;

	X509_set_version(cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
	X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
	X509_set_pubkey(cert, key);
	X509_NAME_add_entry_by_txt(
		name, "CN", MBSTRING_ASC, (const unsigned char *)"evil.example", -1, -1, 0);
	X509_set_issuer_name(cert, name);
	X509_EXTENSION *san =
		X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "DNS:evil.example");
	X509_add_ext(cert, san, -1);
	X509_EXTENSION_free(san);
	X509_sign(cert, key, EVP_sha256());
	tls_ctx = SSL_CTX_new(TLS_server_method());
	SSL_CTX_use_certificate(tls_ctx, cert);
	SSL_CTX_use_PrivateKey(tls_ctx, key);
	g_autofree char *pem_path = g_build_filename(g_get_tmp_dir(), "hk-test-fetch-ca.pem", NULL);
	FILE *pem = fopen(pem_path, "w");
	PEM_write_X509(pem, cert);
	fclose(pem);
	X509_free(cert);
	EVP_PKEY_free(key);
	tls_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(tls_fd, (struct sockaddr *)&at, sizeof at) != 0 || listen(tls_fd, 64) != 0 ||
		getsockname(tls_fd, (struct sockaddr *)&at, &len) != 0) {
		printf("Bail out! no loopback\n");
		exit(1);
	}
	tls_port = ntohs(at.sin_port);
	pthread_create(&thread, NULL, serve_tls, NULL);
	pthread_detach(thread);
}

/* ---- Asking ---- */

typedef struct got {
	bool done;
	hk_err err;
	char message[200];
	int status;
	size_t hops;
	char urls[600]; /* of all hops */
	char body[64];
	size_t len;
	bool truncated;
	char address[64];
	char head[200];
	char location[200];
	size_t certs;
	int verify_error;
	unsigned http_version;
} got;

static void
on_done(void *user, hk_fetch_call *call, const hk_fetch_answer *a)
{
	got *g = user;

	(void)call;
	g->done = true;
	g->err = a->error ? hk_error_code(a->error) : HK_OK;
	g_strlcpy(g->message, a->error ? a->error->message : "", sizeof g->message);
	g->status = a->status;
	g->hops = a->count;
	for (size_t i = 0; i < a->count; i++) {
		g_strlcat(g->urls, i > 0 ? " " : "", sizeof g->urls);
		g_strlcat(g->urls, a->hops[i].url, sizeof g->urls);
	}
	g->len = a->body.len;
	memcpy(g->body, a->body.data ? a->body.data : (const uint8_t *)"",
		MIN(a->body.len, sizeof g->body - 1));
	g->truncated = a->truncated;
	if (a->count > 0) {
		const hk_fetch_hop *last = &a->hops[a->count - 1];
		g_strlcpy(g->address, last->address ? last->address : "", sizeof g->address);
		g_strlcpy(g->head, last->head ? last->head : "", sizeof g->head);
		g_strlcpy(g->location, last->location ? last->location : "", sizeof g->location);
		g->certs = last->certs ? last->certs->len : 0;
		g->verify_error = last->verify_error;
		g->http_version = last->http_version;
	}
}

static got
run(hk_fetch *with, hk_fetch_request request)
{
	got g = {0};

	request.who.purpose = "look";
	if (request.timeout_ms == 0) {
		request.timeout_ms = 30000;
	}
	g_mutex_lock(&mutex);
	g_string_truncate(heads, 0);
	g_mutex_unlock(&mutex);
	ok(hk_fetch_start(with, &request, on_done, &g, NULL) != NULL, "%s", request.url);
	while (!g.done) {
		hk_fetch_step(with, 1000, -1);
	}
	return g;
}

#define GET(...) run(fetcher, (hk_fetch_request){__VA_ARGS__})

static bool
sent(const char *text)
{
	g_mutex_lock(&mutex);
	bool found = strstr(heads->str, text) != NULL;
	g_mutex_unlock(&mutex);
	return found;
}

static void
plain(unsigned port)
{
	static const char *const profile[] = {"Connection: keep-alive", "User-Agent: Mobile",
		"Accept: text/html", "Accept-Language: ja", NULL};
	g_autofree char *address = g_strdup_printf("127.0.0.1:%u", port);
	got g = GET(.url = "http://evil.example/hello", .headers = profile);

	is_int(g.err, HK_OK, "no error");
	is_int(g.status, 200, "200");
	is_str(g.body, "hello", "body");
	is_str(g.address, address, "where it was");
	ok(strstr(g.head, "X-A: b\r\n"), "header lines are kept");
	is_int(g.verify_error, -1, "no TLS");
	is_int(g.http_version, 11, "HTTP/1.1");
	ok(sent("GET /hello HTTP/1.1\r\nHost: evil.example\r\nAccept-Encoding: gzip, deflate, "
		"br\r\nConnection: keep-alive\r\n"
		"User-Agent: Mobile\r\nAccept: text/html\r\nAccept-Language: ja\r\n\r\n"),
		"the header lines go out in their order");
	g = GET(.url = "http://evil.example/hello", .method = HK_FETCH_HEAD);
	ok(g.status == 200 && g.len == 0 && sent("HEAD /hello"), "HEAD");
	ok(!sent("User-Agent") && !sent("Accept: "), "nothing is sent that nobody asked for");
	g = GET(.url = "nonsense");
	is_int(g.err, HK_EFORM, "no URL");
	g = GET(.url = "http://evil.example:8080/");
	is_int(g.err, HK_EREMOTE, "nobody listens");
}

static void
redirects(void)
{
	static const char *const secret[] = {
		"Authorization: Basic x", "Content-Type: text/plain", NULL};
	got g = GET(.url = "http://evil.example/relative", .max_hops = 5);

	is_str(g.urls, "http://evil.example/relative http://evil.example/hello", "a relative one");
	is_str(g.body, "hello", "the last body counts");
	g = GET(.url = "http://evil.example/relative");
	ok(g.status == 302 && g.hops == 1 && g.err == HK_OK, "not followed unless asked");
	is_str(g.location, "hello", "but told");
	g = GET(.url = "http://evil.example/host", .max_hops = 5, .headers = secret);
	is_str(g.urls, "http://evil.example/host http://other.example/hello", "to another host");
	ok(sent("GET /host HTTP/1.1\r\nHost: evil.example\r\n"), "the first");
	g_mutex_lock(&mutex);
	const char *second = strstr(heads->str, "GET /hello");
	ok(second && !strstr(second, "Authorization"), "a secret does not go to another host");
	g_mutex_unlock(&mutex);
	g = GET(.url = "http://evil.example/cookie", .max_hops = 5);
	ok(sent("Cookie: a=b"), "a cookie lives within the chain");
	g = GET(.url = "http://evil.example/hello");
	ok(!sent("Cookie"), "and not longer");
	g = GET(.url = "http://evil.example/see-other", .max_hops = 5, .method = HK_FETCH_POST,
		.body = HK_SPAN_LIT("a=b"), .headers = secret);
	ok(sent("POST /see-other") && sent("GET /hello"), "303 makes it a GET");
	g = GET(.url = "http://evil.example/again", .max_hops = 5, .method = HK_FETCH_POST,
		.body = HK_SPAN_LIT("a=b"), .headers = secret);
	ok(sent("POST /again") && sent("POST /hello"), "307 does not");
	g = GET(.url = "http://evil.example/loop", .max_hops = 3);
	ok(g.err == HK_ELIMIT && g.hops == 4, "no more than so many");
	g = GET(.url = "http://evil.example/two", .max_hops = 3);
	is_str(g.urls, "http://evil.example/two http://evil.example/hello",
		"the first Location counts");
	g = GET(.url = "http://evil.example/nowhere", .max_hops = 3);
	ok(g.status == 302 && g.err == HK_OK, "without a Location it is an answer");
}

static void
caps(void)
{
	got g = GET(.url = "http://evil.example/big", .max_bytes = 1000);

	ok(g.err == HK_OK && g.truncated && g.len == 1000, "a body over the cap is cut");
	g = GET(.url = "http://evil.example/big", .max_bytes = 300000);
	ok(g.err == HK_OK && !g.truncated && g.len == 300000, "one at the cap is whole");
	g = GET(.url = "http://evil.example/gzip");
	ok(g.err == HK_OK && g.len == 100000, "gzip");
	g = GET(.url = "http://evil.example/bomb", .max_bytes = 64u << 20);
	ok(g.err == HK_ELIMIT && g.len < 20u << 20, "a bomb is cut by its ratio, at %zu bytes",
		g.len);
	g = GET(.url = "http://evil.example/lines");
	is_int(g.err, HK_ELIMIT, "too many bytes of header lines");
	g = GET(.url = "http://evil.example/cut");
	ok(g.err == HK_EREMOTE && g.len == 5, "a body that ends too early, as far as it came");
	g = GET(.url = "http://evil.example/hang-up");
	is_int(g.err, HK_EREMOTE, "no answer");
}

static void
certificates(void)
{
	got g = GET(.url = "https://evil.example/", .http1 = true);

	is_int(g.err, HK_OK, "a certificate that nobody signed is no error");
	is_str(g.body, "hi", "body");
	is_int(g.certs, 1, "its chain is kept");
	is_int(g.verify_error, X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, "and what is wrong with it");
	g = GET(.url = "https://evil.example/", .verify = true);
	is_int(g.err, HK_EPOLICY, "unless the caller minds");
	is_int(g.certs, 1, "the chain is kept then, too");
	ok(strstr(g.message, "certificate"), "%s", g.message);

	g_autofree char *pem = g_build_filename(g_get_tmp_dir(), "hk-test-fetch-ca.pem", NULL);
	g_autoptr(hk_fetch) trusting =
		hk_fetch_new(&(hk_fetch_config){.egress = egress, .ca_file = pem}, NULL);
	unlink(pem);
	g = run(trusting, (hk_fetch_request){.url = "https://evil.example/", .verify = true});
	ok(g.err == HK_OK && g.verify_error == 0, "an authority that is believed");
	g = run(trusting, (hk_fetch_request){.url = "https://other.example/"});
	is_int(g.verify_error, X509_V_ERR_HOSTNAME_MISMATCH, "for another host");
	g_autoptr(GError) error = NULL;
	ok(!hk_fetch_new(&(hk_fetch_config){.egress = egress, .ca_file = "/nonexistent"}, &error),
		"no such file");
}

static void
ends(void)
{
	static const char *const split[] = {"X: a\r\nY: b", NULL};
	g_autoptr(GError) error = NULL;
	got a = {0}, b = {0};
	hk_fetch_request request = {.url = "http://silent.example:8443/",
		.who = {.purpose = "look"},
		.timeout_ms = 300};

	/* The canary's port accepts and says nothing until it hangs up; the DNS of the range needs none. */
	hk_fetch_call *call = hk_fetch_start(fetcher, &request, on_done, &a, NULL);
	hk_fetch_cancel(call);
	call = hk_fetch_start(fetcher, &request, on_done, &a, NULL);
	hk_fetch_step(fetcher, 0, -1);
	hk_fetch_cancel(call);
	hk_fetch_step(fetcher, 0, -1);
	ok(!a.done && hk_fetch_busy(fetcher) == 0, "a cancelled call is silent");
	request.headers = split;
	ok(!hk_fetch_start(fetcher, &request, on_done, &a, &error), "a header with a line end");
	request.headers = NULL;
	request.who.own = true;
	ok(!hk_fetch_start(fetcher, &request, on_done, &a, NULL), "it is for strangers");
	request.who.own = false;
	request.timeout_ms = 60000;
	hk_fetch_start(fetcher, &request, on_done, &b, NULL);
	hk_fetch_step(fetcher, 0, -1);
	hk_egress_kill(egress);
	while (!b.done) {
		hk_fetch_step(fetcher, 50, -1);
	}
	is_int(b.err, HK_EPOLICY, "killed under way");
	b = (got){0};
	hk_fetch_start(fetcher, &request, on_done, &b, NULL);
	while (!b.done) {
		hk_fetch_step(fetcher, 50, -1);
	}
	is_int(b.err, HK_EPOLICY, "killed before");
	hk_egress_revive(egress);
	hk_fetch_start(fetcher, &request, on_done, &b, NULL);
	hk_fetch_step(fetcher, 0, -1);
}

static void
quiet(void *user, const hk_egress_record *record)
{
	(void)user;
	(void)record;
}

int
main(void)
{
	heads = g_string_new(NULL);
	unsigned port = el_http(answer);
	/* Nobody accepts: it listens in the kernel only. */
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof at;
	int silent = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int dead = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	(void)!bind(silent, (struct sockaddr *)&at, sizeof at);
	(void)!listen(silent, 16);
	(void)!getsockname(silent, (struct sockaddr *)&at, &len);
	unsigned silent_port = ntohs(at.sin_port);
	/* Bound, not listening: refuses, and nobody else gets it. */
	at.sin_port = 0;
	(void)!bind(dead, (struct sockaddr *)&at, sizeof at);
	(void)!getsockname(dead, (struct sockaddr *)&at, &len);
	begin_tls();
	g_autofree char *path = el_conf("range = 127.0.0.1\nrange-ports = {\"80=%u\", \"443=%u\", "
					"\"8080=%u\", \"8443=%u\"}\n",
		port, tls_port, ntohs(at.sin_port), silent_port);
	egress = hk_egress_new(path, NULL);
	unlink(path);
	hk_egress_record_to(egress, quiet, NULL);
	fetcher = hk_fetch_new(&(hk_fetch_config){.egress = egress}, NULL);
	plain(port);
	redirects();
	caps();
	certificates();
	ends();
	/* One is under way. */
	hk_fetch_free(fetcher);
	hk_egress_unref(egress);
	return tap_done();
}
