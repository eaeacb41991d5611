/* nocheck: tested in tests/unit/sys/test_fetch.c
 * Part of sys/fetch: one hop, from the question whether it may be, to what it leads to. */
#include <string.h>

#include "sys/clock.h"
#include "sys/fetch_int.h"
#include "sys/gerr.h"
#include "sys/uts46.h"

enum { RATIO_FROM = 1 << 20, BUFFER = 16384 };

void
hk_fetch_hop_clear(void *data)
{
	hk_fetch_hop *hop = data;

	g_free(hop->url);
	g_free(hop->location);
	g_free(hop->address);
	g_free(hop->head);
	if (hop->certs) {
		g_ptr_array_unref(hop->certs);
	}
}

/* ---- What comes in ---- */

static size_t
on_body(char *data, size_t size, size_t count, void *user)
{
	hk_fetch_call *call = user;
	size_t len = size * count;
	size_t room = call->max_bytes - call->body->len;
	curl_off_t wire = 0;

	g_byte_array_append(call->body, (const uint8_t *)data, (unsigned)MIN(len, room));
	if (len > room) {
		call->truncated = true;
		return CURL_WRITEFUNC_ERROR;
	}
	if (call->body->len > RATIO_FROM &&
		curl_easy_getinfo(call->easy, CURLINFO_SIZE_DOWNLOAD_T, &wire) == CURLE_OK &&
		call->body->len / HK_FETCH_RATIO_MAX > (size_t)wire + BUFFER) {
		call->bomb = true;
		return CURL_WRITEFUNC_ERROR;
	}
	return len;
}

/* The value of a Location line, or NULL. The first one counts, as in browsers. */
static char *
location_of(const char *line, size_t len)
{
	static const char name[] = "location:";
	size_t n = sizeof name - 1;

	if (len <= n || g_ascii_strncasecmp(line, name, n) != 0 || memchr(line, '\0', len)) {
		return NULL;
	}
	return g_strstrip(g_strndup(line + n, len - n));
}

static size_t
on_header(char *data, size_t size, size_t count, void *user)
{
	hk_fetch_call *call = user;
	hk_fetch_hop *hop = hk_fetch_hop_now(call);
	size_t len = size * count;

	/* A proxy's answer to CONNECT, or 1xx: what counts comes after it. */
	if (len > 5 && memcmp(data, "HTTP/", 5) == 0) {
		g_string_truncate(call->head, 0);
		g_clear_pointer(&hop->location, g_free);
	}
	if (call->head->len + len > HK_FETCH_HEAD_MAX) {
		call->head_over = true;
		return 0;
	}
	g_string_append_len(call->head, data, (gssize)len);
	if (!hop->location) {
		hop->location = location_of(data, len);
	}
	return len;
}

/* ---- Asking ---- */

static bool
is_header(const char *line, const char *name)
{
	size_t n = strlen(name);

	return g_ascii_strncasecmp(line, name, n) == 0 && line[n] == ':';
}

static void
drop_header(hk_fetch_call *call, const char *name)
{
	struct curl_slist *kept = NULL;

	for (const struct curl_slist *at = call->headers; at; at = at->next) {
		if (!is_header(at->data, name)) {
			kept = curl_slist_append(kept, at->data);
		}
	}
	curl_slist_free_all(call->headers);
	call->headers = kept;
}

static void
set_method(hk_fetch_call *call)
{
	size_t len = 0;
	const void *data = call->post ? g_bytes_get_data(call->post, &len) : NULL;

	if (call->method == HK_FETCH_HEAD) {
		curl_easy_setopt(call->easy, CURLOPT_NOBODY, 1L);
	} else if (call->method == HK_FETCH_POST) {
		curl_easy_setopt(call->easy, CURLOPT_POST, 1L);
		curl_easy_setopt(call->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)len);
		curl_easy_setopt(call->easy, CURLOPT_POSTFIELDS, data ? data : "");
	} else {
		curl_easy_setopt(call->easy, CURLOPT_HTTPGET, 1L);
	}
}

static void
transfer(hk_fetch_call *call)
{
	int64_t left_ms = MAX(call->until_ms - hk_clock_mono_ms(), 1);
	CURL *easy = call->easy;

	hk_egress_curl_granted(&call->egress, easy, call->grant, call->at, call->url.text);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, call);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, call->headers);
	/* Once for a chain: the handle keeps its cookies (and this list, which a reset would leak). */
	if (!call->cookies) {
		call->cookies = true;
		curl_easy_setopt(easy, CURLOPT_COOKIEFILE, "");
	}
	curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip, deflate, br");
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
		(long)(call->http1 ? CURL_HTTP_VERSION_1_1 : CURL_HTTP_VERSION_2TLS));
	curl_easy_setopt(easy, CURLOPT_HTTP09_ALLOWED, 0L);
	/* One connection, one hop, one record. */
	curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
	curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)left_ms);
	curl_easy_setopt(
		easy, CURLOPT_CONNECTTIMEOUT_MS, (long)MIN(left_ms, (int64_t)call->connect_ms));
	curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)BUFFER);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, call);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, call);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
	curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
	curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
	curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, hk_fetch_tls);
	curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, call);
	set_method(call);
	g_byte_array_set_size(call->body, 0);
	g_string_truncate(call->head, 0);
	call->running = true;
	curl_multi_add_handle(call->fetch->multi, easy);
}

static hk_err
code_of(hk_egress_reason reason)
{
	return reason == HK_EGRESS_UNRESOLVED || reason == HK_EGRESS_DNS ? HK_EREMOTE
	       : reason == HK_EGRESS_LIMIT                               ? HK_ELIMIT
									 : HK_EPOLICY;
}

static void
on_grant(void *user, hk_egress_grant *grant, hk_egress_reason reason, const char *detail)
{
	hk_fetch_call *call = user;
	GError *error = NULL;

	call->ask = NULL;
	if (grant) {
		call->grant = grant;
		call->at = 0;
		transfer(call);
		return;
	}
	hk_fetch_hop_now(call)->refused = reason;
	hk_fetch_hop_now(call)->ms = (unsigned)(hk_clock_mono_ms() - call->hop_ms);
	g_autofree char *why = hk_egress_reason_text(reason, detail);
	hk_error_set(&error, code_of(reason), "%s: %s", call->url.host, why);
	hk_fetch_finish(call, error);
}

void
hk_fetch_hop_begin(hk_fetch_call *call)
{
	hk_fetch_hop hop = {.url = g_strdup(call->url.text), .verify_error = -1};
	int64_t now_ms = hk_clock_mono_ms();

	g_array_append_val(call->hops, hop);
	call->hop_ms = now_ms;
	if (now_ms >= call->until_ms) {
		GError *error = NULL;
		hk_error_set(&error, HK_ELIMIT, "it took longer than %u ms", call->timeout_ms);
		hk_fetch_finish(call, error);
		return;
	}
	/* on_grant may be called at once, and the call may be gone then. */
	hk_fetch_call *self = call;
	bool gone = false;
	self->ended = &gone;
	hk_egress_ask *ask =
		hk_egress_connect(call->session, call->url.https ? "https" : "http", call->url.host,
			call->url.port, (unsigned)(call->until_ms - now_ms), on_grant, call);
	if (!gone) {
		self->ended = NULL;
		if (ask) {
			self->ask = ask;
		}
	}
}

/* ---- What became of it ---- */

static void
fill(hk_fetch_call *call)
{
	hk_fetch_hop *hop = hk_fetch_hop_now(call);
	long status = 0, version = 0, port = 0;
	curl_off_t first_us = 0;
	char *ip = NULL;

	curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(call->easy, CURLINFO_HTTP_VERSION, &version);
	curl_easy_getinfo(call->easy, CURLINFO_STARTTRANSFER_TIME_T, &first_us);
	curl_easy_getinfo(call->easy, CURLINFO_PRIMARY_IP, &ip);
	curl_easy_getinfo(call->easy, CURLINFO_PRIMARY_PORT, &port);
	hop->status = (int)status;
	hop->http_version = status == 0                        ? 0
			    : version == CURL_HTTP_VERSION_1_0 ? 10
			    : version == CURL_HTTP_VERSION_2_0 ? 20
							       : 11;
	hop->ms = (unsigned)(hk_clock_mono_ms() - call->hop_ms);
	hop->first_ms = status != 0 ? (unsigned)(first_us / 1000) : 0;
	g_free(hop->address);
	hop->address = ip && *ip
			       ? g_strdup_printf(strchr(ip, ':') ? "[%s]:%ld" : "%s:%ld", ip, port)
			       : NULL;
	g_free(hop->head);
	hop->head = call->head->len > 0 ? g_strndup(call->head->str, call->head->len) : NULL;
	/* curl keeps the status of the proxy's answer to CONNECT apart. */
	if (status == 0) {
		g_clear_pointer(&hop->location, g_free);
	}
}

/* The error of the hop, or NULL. */
static GError *
error_of(hk_fetch_call *call, CURLcode result)
{
	const hk_fetch_hop *hop = hk_fetch_hop_now(call);
	GError *error = NULL;

	if (result == CURLE_OK || call->truncated) {
		return NULL;
	}
	if (hk_egress_curl_why(&call->egress, &error)) {
		return error;
	}
	if (call->verify && hop->verify_error > 0) {
		hk_error_set(&error, HK_EPOLICY, "%s: the certificate: %s", call->url.host,
			hop->verify_text);
	} else if (call->bomb) {
		hk_error_set(&error, HK_ELIMIT, "the body grows more than %d times when unpacked",
			HK_FETCH_RATIO_MAX);
	} else if (call->head_over) {
		hk_error_set(
			&error, HK_ELIMIT, "header lines of more than %u bytes", HK_FETCH_HEAD_MAX);
	} else if (result == CURLE_OPERATION_TIMEDOUT) {
		hk_error_set(&error, HK_ELIMIT, "no (whole) answer in time");
	} else {
		hk_error_set(&error, HK_EREMOTE, "%s", curl_easy_strerror(result));
	}
	return error;
}

static bool
is_redirect(int status)
{
	return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* RFC 9110, section 15.4, and what browsers do: POST becomes GET except with 307 and 308. */
static void
change_method(hk_fetch_call *call, int status)
{
	if (call->method == HK_FETCH_POST && status != 307 && status != 308) {
		call->method = HK_FETCH_GET;
		g_clear_pointer(&call->post, g_bytes_unref);
		drop_header(call, "Content-Type");
		drop_header(call, "Content-Length");
	}
}

static void
follow(hk_fetch_call *call)
{
	const hk_fetch_hop *hop = hk_fetch_hop_now(call);
	g_autofree hk_url *next = g_new(hk_url, 1);
	GError *error = NULL;

	if (call->hops->len > call->max_hops) {
		hk_error_set(&error, HK_ELIMIT, "more than %u redirects", call->max_hops);
		hk_fetch_finish(call, error);
		return;
	}
	if (hk_url_join(&call->url, hk_span_str(hop->location), hk_uts46_to_ascii, NULL, next) !=
		HK_OK) {
		hk_error_set(&error, HK_EPOLICY, "a redirect to what may not be fetched: %.200s",
			hop->location);
		hk_fetch_finish(call, error);
		return;
	}
	/* What the reader calls odd is canonical by now; a redirect that hides an address is refused all the same. */
	if (next->odd & HK_URL_ODD_IP_FORM) {
		hk_error_set(&error, HK_EPOLICY,
			"a redirect to an address in an odd spelling: %.200s", hop->location);
		hk_fetch_finish(call, error);
		return;
	}
	if (strcmp(next->host, call->url.host) != 0) {
		drop_header(call, "Authorization");
		drop_header(call, "Cookie");
	}
	change_method(call, hop->status);
	call->url = *next;
	hk_fetch_hop_begin(call);
}

void
hk_fetch_hop_done(hk_fetch_call *call, CURLcode result)
{
	curl_multi_remove_handle(call->fetch->multi, call->easy);
	call->running = false;
	fill(call);
	/* The next address, if this one does not answer at all. */
	if ((result == CURLE_COULDNT_CONNECT || result == CURLE_OPERATION_TIMEDOUT) &&
		!hk_fetch_hop_now(call)->certs && hk_fetch_hop_now(call)->status == 0 &&
		call->egress.refused == HK_EGRESS_OK && call->at + 1 < call->grant->count &&
		hk_clock_mono_ms() < call->until_ms) {
		call->at++;
		transfer(call);
		return;
	}
	GError *error = error_of(call, result);
	hk_fetch_hop *hop = hk_fetch_hop_now(call);

	hop->refused = call->egress.refused;
	hk_egress_curl_clear(&call->egress);
	hk_egress_grant_end(g_steal_pointer(&call->grant));
	if (!error && is_redirect(hop->status) && hop->location && call->max_hops > 0) {
		call->truncated = false;
		follow(call);
		return;
	}
	hk_fetch_finish(call, error);
}
