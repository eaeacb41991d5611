/* sys/s3 against a store on loopback: what is sent, what is tried again and what is not, and what people are told. */
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sys/clock.h"
#include "sys/gerr.h"
#include "sys/hash.h"
#include "sys/s3.h"

#include "s3peer.h"
#include "tap.h"

#define FAIL(status, body) "HTTP/1.1 " status "\r\nConnection: close\r\n\r\n<Error>" body "</Error>"

static char *key_file;
static s3peer *peer;

static hk_s3_config
config(char *endpoint, size_t size)
{
	snprintf(endpoint, size, "http://127.0.0.1:%d", peer->port);
	return (hk_s3_config){.bucket = "mihon-evidence",
		.endpoint = endpoint,
		.key_file = key_file,
		.wait_ms = 1};
}

static hk_s3 *
open_store(void)
{
	char endpoint[64];
	const hk_s3_config c = config(endpoint, sizeof endpoint);
	g_autoptr(GError) error = NULL;
	hk_s3 *s3 = hk_s3_open(&c, &error);

	ok(s3, "opened %s", error ? error->message : "");
	return s3;
}

/* GET of "k": the code, and that the text says so. */
static void
get_says(hk_s3 *s3, hk_err code, const char *says)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) bytes = hk_s3_get(s3, "k", 100, &error);

	is_int(hk_error_code(error), code, "%s: code", says);
	ok(!bytes && error && strstr(error->message, says), "says %s: %s", says,
		error ? error->message : "");
}

static void
asked(const char *want, const char *what)
{
	g_autofree char *log = s3peer_log(peer);

	is_str(log, want, "%s", what);
}

static void
objects(hk_s3 *s3)
{
	g_autoptr(GError) error = NULL;
	hk_s3_object object = {.bytes = 5};
	uint8_t sha[32];
	bool made = false;

	hk_sha256(HK_SPAN_LIT("hello"), sha);
	ok(hk_s3_head(s3, "a b/k", &object, &error) && !object.found, "HEAD: there is none");
	ok(hk_s3_put(s3, "a b/k", HK_SPAN_LIT("hello"), sha, true, &made, &error) && made, "PUT");
	g_autofree char *head = s3peer_head(peer);
	ok(strstr(head, "PUT /mihon-evidence/a%20b/k HTTP/1.1\r\n"), "its path");
	ok(strstr(head, "\r\nIf-None-Match: *\r\n"), "its condition");
	ok(strstr(head, "\r\nX-Amz-Content-Sha256: "
			"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824\r\n"),
		"its hash");
	ok(strstr(head,
		   "\r\nX-Amz-Checksum-Sha256: LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=\r\n"),
		"the hash once more, for the store to keep");
	ok(strstr(head, "SignedHeaders=content-type;host;if-none-match;x-amz-checksum-sha256;"
			"x-amz-content-sha256;x-amz-date,"),
		"all of it is signed");
	ok(strstr(head, "Credential=AKIDEXAMPLE/"), "by whom");
	ok(!strstr(head, "s3cret"), "the secret stays here");
	ok(hk_s3_put(s3, "a b/k", HK_SPAN_LIT("hello"), sha, true, &made, &error) && !made,
		"again: there is one");
	ok(hk_s3_head(s3, "a b/k", &object, &error) && object.found, "HEAD: there it is");
	is_int(object.bytes, 5, "its length");
	ok(object.checked && memcmp(object.sha256, sha, 32) == 0, "its hash, as the store says");
	g_autoptr(GBytes) got = hk_s3_get(s3, "a b/k", 5, &error);
	ok(got && memcmp(g_bytes_get_data(got, NULL), "hello", 5) == 0, "GET");
	ok(!hk_s3_get(s3, "a b/k", 4, &error), "over the caller's cap");
	is_int(hk_error_code(error), HK_ELIMIT, "limit");
	g_clear_error(&error);
	ok(!hk_s3_get(s3, "none", 0, &error), "no object");
	is_int(hk_error_code(error), HK_ENOENT, "not found, however small the cap");
	g_clear_error(&error);
	s3peer_set(peer, "/mihon-evidence/empty", "");
	g_autoptr(GBytes) empty = hk_s3_get(s3, "empty", 0, &error);
	ok(empty && g_bytes_get_size(empty) == 0, "the empty one");
	g_free(s3peer_log(peer));
}

static void
conditions(void)
{
	g_autoptr(hk_s3) s3 = open_store();
	g_autoptr(GError) error = NULL;
	uint8_t sha[32];
	bool made = false;

	hk_sha256(HK_SPAN_LIT("x"), sha);
	peer->conditions = S3PEER_REFUSES;
	ok(hk_s3_put(s3, "c", HK_SPAN_LIT("x"), sha, true, &made, &error) && made,
		"a store without conditions");
	asked("PUT /mihon-evidence/c\nPUT /mihon-evidence/c\n", "is asked without");
	ok(hk_s3_put(s3, "d", HK_SPAN_LIT("x"), sha, true, &made, &error) && made, "and");
	asked("PUT /mihon-evidence/d\n", "it is remembered");
	peer->conditions = S3PEER_KNOWS;
}

static void
tried_again(hk_s3 *s3)
{
	static const char *const passing[] = {
		"HTTP/1.1 500 X\r\nConnection: close\r\n\r\n",
		"HTTP/1.1 502 X\r\nConnection: close\r\n\r\n<html>",
		FAIL("503 X", "<Code>SlowDown</Code>"),
		FAIL("400 X", "<Code>RequestTimeout</Code>"),
		FAIL("409 X", "<Code>OperationAborted</Code>"),
		"HTTP/1.1 429 X\r\nRetry-After: 0\r\nConnection: close\r\n\r\n", "", /* hangs up */
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", /* in the middle */
	};
	uint8_t sha[32];
	bool made = false;

	hk_sha256(HK_SPAN_LIT("hello"), sha);
	s3peer_set(peer, "/mihon-evidence/k", "hello");
	for (size_t i = 0; i < G_N_ELEMENTS(passing); i++) {
		g_autoptr(GError) error = NULL;
		s3peer_next(peer, passing[i]);
		g_autoptr(GBytes) got = hk_s3_get(s3, "k", 5, &error);
		ok(got && g_bytes_get_size(got) == 5, "row %zu passes: %s", i,
			error ? error->message : "");
		asked("GET /mihon-evidence/k\nGET /mihon-evidence/k\n", "after a second request");
	}
	g_autoptr(GError) error = NULL;
	s3peer_set(peer, "/mihon-evidence/p", NULL);
	s3peer_next(peer, "");
	s3peer_next(peer, FAIL("503 X", "<Code>SlowDown</Code>"));
	ok(hk_s3_put(s3, "p", HK_SPAN_LIT("hello"), sha, true, &made, &error) && made, "PUT, too");
	g_autofree char *there = s3peer_text(peer, "/mihon-evidence/p");
	is_str(there, "hello", "from its beginning");
	g_free(s3peer_log(peer));
	for (int i = 0; i < HK_S3_TRIES; i++) {
		s3peer_fail(peer, 503, "SlowDown");
	}
	get_says(s3, HK_EAGAIN, "given up: s3://mihon-evidence: the store asks for patience");
	g_autofree char *log = s3peer_log(peer);
	is_int(strlen(log) / strlen("GET /mihon-evidence/k\n"), HK_S3_TRIES, "not for ever");
	s3peer_next(peer, "HTTP/1.1 503 X\r\nRetry-After: 3600\r\nConnection: close\r\n\r\n");
	get_says(s3, HK_EREMOTE, "given up: s3://mihon-evidence: 127.0.0.1");
	asked("GET /mihon-evidence/k\n", "nobody waits for an hour");
}

static void
refused(hk_s3 *s3)
{
	static const struct {
		const char *raw;
		hk_err code;
		const char *says;
	} rows[] = {
		{FAIL("404 X", "<Code>NoSuchBucket</Code>"), HK_ECONFIG,
			"s3://mihon-evidence: the bucket does not exist"},
		{FAIL("404 X", "<Code>NoSuchKey</Code>"), HK_ENOENT,
			"s3://mihon-evidence/k: there is no such object"},
		{"HTTP/1.1 404 X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", HK_ENOENT,
			"s3://mihon-evidence/k: there is no such object"},
		{FAIL("403 X", "<Code>InvalidAccessKeyId</Code>"), HK_ECONFIG,
			"the key of s3-credentials is not accepted: the store does not know it"},
		{FAIL("403 X", "<Code>SignatureDoesNotMatch</Code>"), HK_ECONFIG,
			"the key of s3-credentials is not accepted: its secret is wrong"},
		{FAIL("403 X", "<Code>AccessDenied</Code>"), HK_EPOLICY, "may not do this"},
		{FAIL("403 X", "<Code>NeverHeardOfIt</Code>"), HK_EPOLICY,
			"answers 403 NeverHeardOfIt"},
		{FAIL("400 X",
			 "<Code>AuthorizationHeaderMalformed</Code><Region>eu-west-1</Region>"),
			HK_ECONFIG, "another region than s3-region says: it lies in eu-west-1"},
		{FAIL("301 X", "<Code>PermanentRedirect</Code>"), HK_ECONFIG, "another endpoint"},
		{FAIL("403 X", "<Code>QuotaExceeded</Code>"), HK_EFULL, "the bucket is full"},
		{FAIL("501 X", "<Code>NotImplemented</Code>"), HK_EREMOTE,
			"answers 501 NotImplemented"},
		{"HTTP/1.1 302 X\r\nLocation: http://127.0.0.1:1/\r\nConnection: close\r\n\r\n",
			HK_EREMOTE, "answers 302"},
		{"HTTP/1.1 200 X\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\nx",
			HK_EREMOTE, "something on the way packs"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		s3peer_next(peer, rows[i].raw);
		get_says(s3, rows[i].code, rows[i].says);
		asked("GET /mihon-evidence/k\n", "and is not asked again");
	}
}

/* HEAD has no words, so a GET fetches them. */
static void
head_is_explained(hk_s3 *s3)
{
	g_autoptr(GError) error = NULL;
	hk_s3_object object;

	s3peer_next(peer, "HTTP/1.1 403 X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
	s3peer_fail(peer, 403, "InvalidAccessKeyId");
	ok(!hk_s3_head(s3, "k", &object, &error), "HEAD is refused");
	ok(error && strstr(error->message, "the store does not know it"), "why: %s",
		error ? error->message : "");
	asked("HEAD /mihon-evidence/k\nGET /mihon-evidence/k\n", "by a second question");
	g_clear_error(&error);
	/* The GET goes well, though: then the bare number is all there is to say. */
	s3peer_next(peer, "HTTP/1.1 403 X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
	ok(!hk_s3_head(s3, "k", &object, &error), "HEAD is refused, GET is not");
	ok(error && strstr(error->message, "answers 403"), "the number: %s",
		error ? error->message : "");
	g_free(s3peer_log(peer));
}

static void
clocks(hk_s3 *s3)
{
	/* Tue, 24 Nov 2026 02:00:00 GMT */
	hk_clock_freeze(1795485600000);
	s3peer_next(peer, "HTTP/1.1 403 X\r\nDate: Tue, 24 Nov 2026 02:20:30 GMT\r\nConnection: "
			  "close\r\n\r\n<Error><Code>RequestTimeTooSkewed</Code></Error>");
	get_says(s3, HK_EREMOTE,
		"the clock of this machine is wrong by 20 min (or the store's is): it is behind");
	s3peer_next(peer, "HTTP/1.1 403 X\r\nDate: Tue, 24 Nov 2026 01:00:00 GMT\r\nConnection: "
			  "close\r\n\r\n<Error><Code>AccessDenied</Code></Error>");
	get_says(s3, HK_EREMOTE, "wrong by 60 min (or the store's is): it is ahead");
	s3peer_next(peer, "HTTP/1.1 403 X\r\nDate: Tue, 24 Nov 2026 01:50:00 GMT\r\nConnection: "
			  "close\r\n\r\n<Error><Code>AccessDenied</Code></Error>");
	get_says(s3, HK_EPOLICY, "may not do this");
	s3peer_next(peer, FAIL("403 X", "<Code>RequestTimeTooSkewed</Code>"));
	get_says(s3, HK_EREMOTE, "the clock of this machine is wrong");
	hk_clock_thaw();
	g_free(s3peer_log(peer));
}

static void
opening(void)
{
	static const struct {
		const char *bucket, *endpoint, *region;
		bool plain, virtual_host;
		const char *says; /* NULL: good */
	} rows[] = {
		{"ab", NULL, NULL, false, false, "no name of a bucket"},
		{"Mihon", NULL, NULL, false, false, "no name of a bucket"},
		{"mihon..x", NULL, NULL, false, false, "no name of a bucket"},
		{"-mihon", NULL, NULL, false, false, "no name of a bucket"},
		{"mihon", NULL, "eu west", false, false, "no region"},
		{"mihon", "s3.mihon-bank.example", NULL, false, false, "scheme and host only"},
		{"mihon", "https://s3.mihon-bank.example/path", NULL, false, false,
			"scheme and host only"},
		{"mihon", "https://user@s3.mihon-bank.example", NULL, false, false, "a user name"},
		{"mihon", "ftp://s3.mihon-bank.example", NULL, false, false, "not an https:// URL"},
		{"mihon", "http://s3.mihon-bank.example", NULL, false, false, "plain http"},
		{"mihon", "http://s3.mihon-bank.example", NULL, true, false, NULL},
		{"mihon", "https://s3.mihon-bank.example:9000/", "tokyo-1", false, true, NULL},
		{"mihon", "http://[::1]:9000", NULL, false, false, NULL},
		{"mihon", NULL, NULL, false, false, NULL},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;
		const hk_s3_config c = {.bucket = rows[i].bucket,
			.endpoint = rows[i].endpoint,
			.region = rows[i].region,
			.plain = rows[i].plain,
			.virtual_host = rows[i].virtual_host,
			.key_file = key_file};
		g_autoptr(hk_s3) s3 = hk_s3_open(&c, &error);
		if (rows[i].says) {
			ok(!s3 && strstr(error->message, rows[i].says), "row %zu says %s: %s", i,
				rows[i].says, error ? error->message : "");
		} else {
			ok(s3, "row %zu is fine: %s", i, error ? error->message : "");
		}
	}
	g_autoptr(GError) error = NULL;
	ok(!hk_s3_open(&(hk_s3_config){.bucket = "mihon"}, &error), "no key");
	ok(strstr(error->message, "s3-credentials"), "is asked for: %s", error->message);
}

/* The bucket in the host name; the Host that was signed is the one that is sent. On the range every name is the peer's. */
static void
virtual_host(const char *dir)
{
	char endpoint[64], host[96];
	hk_s3_config c = config(endpoint, sizeof endpoint);
	g_autofree char *rules = g_build_filename(dir, "egress.conf", NULL);
	g_autoptr(GError) error = NULL;
	hk_s3_object object = {.found = false};

	g_file_set_contents(rules, "range = 127.0.0.1\n", -1, NULL);
	g_autoptr(hk_egress) egress = hk_egress_new(rules, &error);
	snprintf(endpoint, sizeof endpoint, "http://S3.mihon-bank.example:%d", peer->port);
	c.bucket = "mihon";
	c.virtual_host = true;
	c.plain = true;
	c.egress = egress;
	g_autoptr(hk_s3) s3 = hk_s3_open(&c, &error);
	s3peer_set(peer, "/k", "x");
	ok(s3 && hk_s3_head(s3, "k", &object, &error) && object.found, "the path has no bucket: %s",
		error ? error->message : "");
	g_autofree char *head = s3peer_head(peer);
	snprintf(host, sizeof host, "\r\nHost: mihon.s3.mihon-bank.example:%d\r\n", peer->port);
	ok(strstr(head, host), "the host has: %s", head);
	g_free(s3peer_log(peer));
	g_unlink(rules);
}

/* Threads take clients of their own. */
static gpointer
many(gpointer data)
{
	bool good = true;

	for (int i = 0; i < 20; i++) {
		g_autoptr(GBytes) got = hk_s3_get(data, "k", 5, NULL);
		good = good && got && g_bytes_get_size(got) == 5;
	}
	return GINT_TO_POINTER(good);
}

static void
threads(hk_s3 *s3)
{
	GThread *all[4];
	int good = 0;

	for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
		all[i] = g_thread_new("many", many, s3);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
		good += GPOINTER_TO_INT(g_thread_join(all[i]));
	}
	is_int(good, 4, "four threads at once");
	g_free(s3peer_log(peer));
}

int
main(void)
{
	g_autofree char *dir = g_dir_make_tmp("hk-s3-XXXXXX", NULL);

	key_file = g_build_filename(dir, "credentials", NULL);
	g_file_set_contents(key_file,
		"[default]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = s3cret\n", -1,
		NULL);
	g_chmod(key_file, 0600);
	peer = s3peer_start();
	opening();
	g_autoptr(hk_s3) s3 = open_store();
	if (s3) {
		objects(s3);
		conditions();
		tried_again(s3);
		refused(s3);
		head_is_explained(s3);
		clocks(s3);
		virtual_host(dir);
		threads(s3);
	}
	s3peer_stop(peer);
	g_unlink(key_file);
	g_rmdir(dir);
	g_free(key_file);
	return tap_done();
}
