#include "sys/s3.h"

#include <inttypes.h>
#include <string.h>

#include "base/codec.h"
#include "parse/s3error.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "sys/hash.h"
#include "sys/http.h"
#include "sys/s3key.h"
#include "sys/sigv4.h"
#include "sys/stop.h"

enum {
	HEADERS_MAX = 8,
	IDLE_MAX = 16,
	TIMEOUT_MS = 60000, /* besides the time that the bytes take, at 64 KiB/s */
	TIMEOUT_MAX_MS = 3600000,
	SKEW_S = 15 * 60, /* AWS's limit */
	PAUSE_MS = 200,
};

/* SHA-256 of nothing. */
#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

struct hk_s3 {
	char *bucket, *region, *ca_file;
	char *base; /* "https://s3.mihon-bank.example", with the bucket if it stands there */
	char *host; /* of it, as Host says */
	bool virtual_host, plain;
	unsigned wait_ms;
	hk_egress *egress; /* a reference, or NULL */
	hk_s3key key;
	GMutex lock;       /* of idle: a client is one thread's while it is out of it */
	GPtrArray *idle;   /* of hk_http */
	int no_conditions; /* atomic: the store knows no If-None-Match with PUT */
};

static const struct row {
	const char *code;
	hk_err error;
	bool again;
	const char *meaning;
} rows[] = {
#define S3ERR(code, error, again, meaning) {code, HK_E##error, again, meaning},
#include "sys/s3errors.def"
#undef S3ERR
};

/* ---- Opening ---- */

static void
http_free(void *http)
{
	hk_http_free(http);
}

void
hk_s3_free(hk_s3 *s3)
{
	if (s3) {
		g_free(s3->bucket);
		g_free(s3->region);
		g_free(s3->ca_file);
		g_free(s3->base);
		g_free(s3->host);
		hk_egress_unref(s3->egress);
		hk_s3key_clear(&s3->key);
		g_ptr_array_unref(s3->idle);
		g_mutex_clear(&s3->lock);
		g_free(s3);
	}
}

static bool
is_bucket(const char *name)
{
	size_t len = name ? strlen(name) : 0;

	return len >= 3 && len <= 63 &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789.-") == len &&
	       g_ascii_isalnum(name[0]) && g_ascii_isalnum(name[len - 1]) && !strstr(name, "..");
}

/* The endpoint into base and host. */
static bool
set_endpoint(hk_s3 *s3, const char *endpoint, GError **error)
{
	g_autofree char *aws = g_strdup_printf("https://s3.%s.amazonaws.com", s3->region);
	g_autofree char *url = g_ascii_strdown(endpoint ? endpoint : aws, -1);
	const char *host = strstr(url, "://");

	if (g_str_has_suffix(url, "/")) {
		url[strlen(url) - 1] = '\0';
	}
	if (!host || host[3] == '\0' || strpbrk(host + 3, "/?#")) {
		return hk_error_set(error, HK_ECONFIG,
			"s3-endpoint: '%s' must be scheme and host only, like "
			"https://s3.mihon-bank.example:9000",
			endpoint ? endpoint : "");
	}
	s3->host = s3->virtual_host ? g_strdup_printf("%s.%s", s3->bucket, host + 3)
				    : g_strdup(host + 3);
	s3->base = g_strdup_printf("%.*s://%s", (int)(host - url), url, s3->host);
	bool good = s3->plain ? hk_http_url_check_plain(s3->base, error)
			      : hk_http_url_check(s3->base, error);
	if (!good) {
		g_prefix_error(error, "s3-endpoint: ");
	}
	return good;
}

hk_s3 *
hk_s3_open(const hk_s3_config *config, GError **error)
{
	g_autoptr(hk_s3) s3 = g_new0(hk_s3, 1);

	g_mutex_init(&s3->lock);
	s3->idle = g_ptr_array_new_with_free_func(http_free);
	s3->bucket = g_strdup(config->bucket);
	s3->region = g_strdup(config->region ? config->region : "us-east-1");
	s3->ca_file = g_strdup(config->ca_file);
	s3->virtual_host = config->virtual_host;
	s3->plain = config->plain;
	s3->wait_ms = config->wait_ms ? config->wait_ms : HK_S3_WAIT_MS;
	s3->egress = config->egress ? hk_egress_ref(config->egress) : NULL;
	if (!is_bucket(config->bucket)) {
		hk_error_set(error, HK_ECONFIG,
			"'%s' is no name of a bucket: 3 to 63 of a-z, 0-9, '.' and '-'",
			config->bucket ? config->bucket : "");
		return NULL;
	}
	size_t len = strlen(s3->region);
	if (len == 0 || len > 40 ||
		strspn(s3->region, "abcdefghijklmnopqrstuvwxyz0123456789-") != len) {
		hk_error_set(error, HK_ECONFIG, "s3-region: '%s' is no region, such as us-east-1",
			s3->region);
		return NULL;
	}
	if (!config->key_file) {
		hk_error_set(error, HK_ECONFIG,
			"a bucket needs s3-credentials: the file with the key (docs/blobs.md)");
		return NULL;
	}
	if (!set_endpoint(s3, config->endpoint, error)) {
		return NULL;
	}
	if (!hk_s3key_read(config->key_file, config->profile, &s3->key, error)) {
		g_prefix_error(error, "s3-credentials: ");
		return NULL;
	}
	return g_steal_pointer(&s3);
}

static hk_http *
take_http(hk_s3 *s3, GError **error)
{
	const hk_http_config config = {.ca_file = s3->ca_file,
		.max_connects = 1,
		.egress = s3->egress,
		.purpose = "blobs",
		.plain = s3->plain};
	hk_http *http = NULL;

	g_mutex_lock(&s3->lock);
	if (s3->idle->len > 0) {
		http = g_ptr_array_steal_index_fast(s3->idle, s3->idle->len - 1);
	}
	g_mutex_unlock(&s3->lock);
	return http ? http : hk_http_new(&config, error);
}

static void
give_http(hk_s3 *s3, hk_http *http)
{
	g_mutex_lock(&s3->lock);
	if (s3->idle->len < IDLE_MAX) {
		g_ptr_array_add(s3->idle, g_steal_pointer(&http));
	}
	g_mutex_unlock(&s3->lock);
	hk_http_free(http);
}

/* ---- One request ---- */

typedef struct ask {
	hk_http_method method;
	const char *key;
	hk_span upload;
	const uint8_t *sha256; /* of it; NULL: nothing is sent */
	bool once;             /* If-None-Match: * */
	bool glance;           /* the first byte will do */
	size_t max_bytes;      /* of the answer */
} ask;

typedef struct answer {
	hk_http *http;
	bool done;
	int status;
	GError *error; /* owned: why there is no answer */
	GBytes *body;  /* owned: of a GET that went well */
	bool packed, untrusted;
	int64_t announced, date_s, retry_after_ms;
	char checksum[HK_BASE64_LEN(HK_SHA256_SIZE) + 1];
	hk_s3error why; /* code "" where the store gives none */
} answer;

static void
answer_clear(answer *a)
{
	g_clear_error(&a->error);
	g_clear_pointer(&a->body, g_bytes_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(answer, answer_clear)

/* The memory that was filled becomes the caller's: a blob is not held twice. */
static GBytes *
take_body(answer *a, hk_http_call *call)
{
	hk_http_body *body = hk_http_take(call);
	size_t len = body->len;
	uint8_t *data = g_realloc(g_steal_pointer(&body->data), len);

	body->room = body->len = 0;
	hk_http_give(a->http, body);
	return g_bytes_new_take(data, len);
}

static void
on_done(void *user, hk_http_call *call, const hk_http_answer *got)
{
	answer *a = user;

	a->done = true;
	a->status = got->status;
	a->error = got->error ? g_error_copy(got->error) : NULL;
	a->announced = got->announced;
	a->date_s = got->date_s;
	a->retry_after_ms = got->retry_after_ms;
	a->untrusted = got->untrusted;
	a->packed = got->gzip || got->odd_encoding;
	if (got->kept && strlen(got->kept) < sizeof a->checksum) {
		g_strlcpy(a->checksum, got->kept, sizeof a->checksum);
	}
	if (got->status >= 300 && hk_s3error_parse(got->body, &a->why) != HK_OK) {
		a->why.code[0] = '\0';
	}
	if (got->status < 300 && !got->error) {
		a->body = take_body(a, call);
	}
}

static char *
path_of(const hk_s3 *s3, const char *key)
{
	return s3->virtual_host ? g_strdup_printf("/%s", key)
				: g_strdup_printf("/%s/%s", s3->bucket, key);
}

/* The headers that are signed, which are all that we send. */
static size_t
headers_of(const hk_s3 *s3, const ask *a, const char *hash, const char *time, const char *checksum,
	hk_sigv4_pair *ret)
{
	size_t n = 0;

	ret[n++] = (hk_sigv4_pair){"Host", s3->host};
	ret[n++] = (hk_sigv4_pair){"X-Amz-Content-Sha256", hash};
	ret[n++] = (hk_sigv4_pair){"X-Amz-Date", time};
	if (s3->key.token) {
		ret[n++] = (hk_sigv4_pair){"X-Amz-Security-Token", s3->key.token};
	}
	if (a->method == HK_HTTP_HEAD) {
		ret[n++] = (hk_sigv4_pair){"X-Amz-Checksum-Mode", "ENABLED"};
	} else if (a->method == HK_HTTP_PUT) {
		ret[n++] = (hk_sigv4_pair){"Content-Type", "application/octet-stream"};
		ret[n++] = (hk_sigv4_pair){"X-Amz-Checksum-Sha256", checksum};
	}
	if (a->once) {
		ret[n++] = (hk_sigv4_pair){"If-None-Match", "*"};
	} else if (a->glance) {
		ret[n++] = (hk_sigv4_pair){"Range", "bytes=0-0"};
	}
	return n;
}

/* The lines of the headers, the signature at the end; NULL behind it. */
static GPtrArray *
lines_of(const hk_s3 *s3, const ask *a, const char *path)
{
	static const char *const methods[] = {
		[HK_HTTP_GET] = "GET", [HK_HTTP_HEAD] = "HEAD", [HK_HTTP_PUT] = "PUT"};
	GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
	hk_sigv4_pair headers[HEADERS_MAX];
	char time[HK_SIGV4_TIME_SIZE], hash[2 * HK_SHA256_SIZE + 1] = EMPTY;
	char checksum[HK_BASE64_LEN(HK_SHA256_SIZE) + 1] = "";

	hk_sigv4_time(hk_clock_wall_ms() / 1000, time);
	if (a->sha256) {
		hk_hex_encode(hk_span_of(a->sha256, HK_SHA256_SIZE), hash);
		hk_base64_encode(hk_span_of(a->sha256, HK_SHA256_SIZE), checksum);
	}
	const hk_sigv4_request request = {.method = methods[a->method],
		.path = path,
		.headers = headers,
		.header_count = headers_of(s3, a, hash, time, checksum, headers),
		.payload_sha256 = hash};
	const hk_sigv4_signer signer = {.key_id = s3->key.id,
		.secret = s3->key.secret,
		.region = s3->region,
		.service = "s3",
		.time = time};
	for (size_t i = 0; i < request.header_count; i++) {
		g_ptr_array_add(
			lines, g_strdup_printf("%s: %s", headers[i].name, headers[i].value));
	}
	g_autofree char *value = hk_sigv4_authorization(&request, &signer);
	g_ptr_array_add(lines, g_strdup_printf("Authorization: %s", value));
	g_ptr_array_add(lines, NULL);
	return lines;
}

/* Sends it once. False: it could not even be begun. */
static bool
perform(const hk_s3 *s3, hk_http *http, const ask *a, answer *ret, GError **error)
{
	g_autofree char *path = path_of(s3, a->key);
	g_autoptr(GPtrArray) lines = lines_of(s3, a, path);
	g_autoptr(GString) url = g_string_new(s3->base);
	size_t bytes = a->method == HK_HTTP_PUT ? a->upload.len : a->max_bytes;

	hk_sigv4_encode(url, path, true);
	const hk_http_request request = {.url = url->str,
		.method = a->method,
		.upload = a->upload,
		.headers = (const char *const *)lines->pdata,
		.keep = "x-amz-checksum-sha256",
		/* Whatever the caller's cap, the reason of a refusal must fit. */
		.max_bytes = MAX(a->max_bytes, (size_t)HK_S3ERROR_BYTES_MAX),
		.timeout_ms = TIMEOUT_MS + (unsigned)MIN(bytes / 64, TIMEOUT_MAX_MS - TIMEOUT_MS)};

	answer_clear(ret);
	*ret = (answer){.http = http};
	if (!hk_http_get(http, &request, on_done, ret, error)) {
		return false;
	}
	while (!ret->done) {
		hk_http_step(http, 1000, -1);
	}
	return true;
}

/* ---- What an answer means ---- */

static const struct row *
row_of(const answer *a)
{
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		if (strcmp(rows[i].code, a->why.code) == 0) {
			return &rows[i];
		}
	}
	return NULL;
}

/* Whether the same question may bring a better answer later. */
static bool
passes(const answer *a)
{
	const struct row *row = row_of(a);

	if (a->error) {
		return !a->untrusted && hk_error_code(a->error) == HK_EREMOTE;
	}
	return row ? row->again
		   : a->status == 408 || a->status == 429 || (a->status >= 500 && a->status != 501);
}

/* A refusal whose reason is our clock, or where no reason is given but the clock is far off. */
static bool
is_skew(const answer *a, int64_t *ret_s)
{
	bool said = strcmp(a->why.code, "RequestTimeTooSkewed") == 0;
	bool mute = a->status == 403 &&
		    (a->why.code[0] == '\0' || strcmp(a->why.code, "AccessDenied") == 0);

	if (a->date_s < 0 || (!said && !mute)) {
		return false;
	}
	*ret_s = hk_clock_wall_ms() / 1000 - a->date_s;
	return said || *ret_s > SKEW_S || *ret_s < -SKEW_S;
}

/* Says why; always false. */
static bool
fail(const hk_s3 *s3, const ask *a, answer *t, GError **error)
{
	const struct row *row = row_of(t);
	int64_t skew_s;

	if (t->untrusted) {
		return hk_error_set(error, HK_ECONFIG,
			"s3://%s: the certificate of %s is not trusted: name its authority in "
			"s3-ca (%s)",
			s3->bucket, s3->host, t->error->message);
	}
	if (t->error) {
		g_propagate_prefixed_error(
			error, g_steal_pointer(&t->error), "s3://%s: %s: ", s3->bucket, s3->host);
		return false;
	}
	if (is_skew(t, &skew_s)) {
		return hk_error_set(error, HK_EREMOTE,
			"s3://%s: the clock of this machine is wrong by %" PRId64
			" min (or the store's is): it is %s. Run NTP",
			s3->bucket, ABS(skew_s) / 60, skew_s > 0 ? "ahead" : "behind");
	}
	if (row) {
		return hk_error_set(error, row->error, "s3://%s%s%s: %s%s%s", s3->bucket,
			row->error == HK_ENOENT ? "/" : "", row->error == HK_ENOENT ? a->key : "",
			row->meaning, t->why.region[0] ? ": it lies in " : "", t->why.region);
	}
	if (t->status == 404) {
		return hk_error_set(error, HK_ENOENT, "s3://%s/%s: there is no such object",
			s3->bucket, a->key);
	}
	hk_err code = t->status == 401 || t->status == 403 ? HK_EPOLICY : HK_EREMOTE;
	return hk_error_set(error, code, "s3://%s: %s answers %d%s%s", s3->bucket, s3->host,
		t->status, t->why.code[0] ? " " : "", t->why.code);
}

/* Waits, unless we are to stop: then false. */
static bool
wait_for(hk_http *http, int64_t ms)
{
	for (; ms > 0 && !hk_stop_asked(); ms -= PAUSE_MS) {
		hk_http_step(http, (int)MIN(ms, (int64_t)PAUSE_MS), -1);
	}
	return !hk_stop_asked();
}

/* How long to wait after the n-th failure (from 0); some at random, so that many who were refused at once do not come back at once. */
static int64_t
wait_of(const hk_s3 *s3, unsigned n, const answer *t)
{
	int64_t ms = MIN((int64_t)s3->wait_ms << n, (int64_t)HK_S3_WAIT_MAX_MS);

	return MAX(ms + g_random_int_range(0, (int)s3->wait_ms + 1), t->retry_after_ms);
}

/* Until there is an answer that will not get better. */
static bool
ask_with(const hk_s3 *s3, hk_http *http, const ask *a, answer *ret, GError **error)
{
	int64_t until = hk_clock_mono_ms() + HK_S3_PATIENCE_MS;

	for (unsigned n = 0;; n++) {
		if (!perform(s3, http, a, ret, error)) {
			return false;
		}
		if (!passes(ret)) {
			return true;
		}
		int64_t wait = wait_of(s3, n, ret);
		if (n + 1 == HK_S3_TRIES || hk_clock_mono_ms() + wait > until ||
			!wait_for(http, wait)) {
			fail(s3, a, ret, error);
			g_prefix_error(error, "%s: ",
				hk_stop_asked() ? "stopped while it was tried again" : "given up");
			return false;
		}
	}
}

static bool
ask_store(hk_s3 *s3, const ask *a, answer *ret, GError **error)
{
	hk_http *http = take_http(s3, error);
	bool good = http && ask_with(s3, http, a, ret, error);

	if (http) {
		give_http(s3, http);
	}
	return good;
}

/* ---- What others call ---- */

/* HEAD has no words: a GET of the first byte is refused for the same reason, and tells it. */
static bool
explain(hk_s3 *s3, const ask *a, answer *t, GError **error)
{
	const ask again = {.method = HK_HTTP_GET, .key = a->key, .glance = true};
	g_auto(answer) told = {0};

	if (!ask_store(s3, &again, &told, error)) {
		return false;
	}
	return fail(s3, a, told.status >= 300 && told.why.code[0] ? &told : t, error);
}

bool
hk_s3_head(hk_s3 *s3, const char *key, hk_s3_object *ret, GError **error)
{
	const ask a = {.method = HK_HTTP_HEAD, .key = key};
	hk_s3_object object = {.bytes = -1};
	uint8_t hash[HK_BASE64_LEN(HK_SHA256_SIZE) / 4 * 3];
	g_auto(answer) t = {0};
	size_t len;

	if (!ask_store(s3, &a, &t, error)) {
		return false;
	}
	if (t.error || (t.status != 200 && t.status != 404)) {
		return t.error ? fail(s3, &a, &t, error) : explain(s3, &a, &t, error);
	}
	object.found = t.status == 200;
	object.bytes = object.found ? t.announced : -1;
	if (object.found && strlen(t.checksum) == HK_BASE64_LEN(HK_SHA256_SIZE) &&
		hk_base64_decode(hk_span_str(t.checksum), hash, &len) == HK_OK &&
		len == HK_SHA256_SIZE) {
		object.checked = true;
		memcpy(object.sha256, hash, sizeof object.sha256);
	}
	*ret = object;
	return true;
}

bool
hk_s3_put(hk_s3 *s3, const char *key, hk_span bytes, const uint8_t sha256[32], bool once,
	bool *ret_made, GError **error)
{
	ask a = {.method = HK_HTTP_PUT,
		.key = key,
		.upload = bytes,
		.sha256 = sha256,
		.once = once && !g_atomic_int_get(&s3->no_conditions)};
	g_auto(answer) t = {0};

	if (!ask_store(s3, &a, &t, error)) {
		return false;
	}
	if (a.once && !t.error && (t.status == 501 || strcmp(t.why.code, "NotImplemented") == 0)) {
		g_atomic_int_set(&s3->no_conditions, 1);
		a.once = false;
		if (!ask_store(s3, &a, &t, error)) {
			return false;
		}
	}
	bool exists = a.once && t.status == 412;
	if (t.error || (!exists && (t.status < 200 || t.status > 299))) {
		return fail(s3, &a, &t, error);
	}
	*ret_made = !exists;
	return true;
}

GBytes *
hk_s3_get(hk_s3 *s3, const char *key, size_t max_bytes, GError **error)
{
	const ask a = {.method = HK_HTTP_GET, .key = key, .max_bytes = max_bytes};
	g_auto(answer) t = {0};

	if (!ask_store(s3, &a, &t, error)) {
		return NULL;
	}
	if (t.error || t.status != 200) {
		fail(s3, &a, &t, error);
		return NULL;
	}
	if (t.packed) {
		hk_error_set(error, HK_EREMOTE,
			"s3://%s/%s: something on the way packs what the store sends: let it leave "
			"application/octet-stream alone",
			s3->bucket, key);
		return NULL;
	}
	if (g_bytes_get_size(t.body) > max_bytes) {
		hk_error_set(error, HK_ELIMIT, "s3://%s/%s: longer than %zu bytes", s3->bucket, key,
			max_bytes);
		return NULL;
	}
	return g_steal_pointer(&t.body);
}
