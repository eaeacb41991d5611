#include "sys/http.h"

#include <string.h>

#include <curl/curl.h>

#include "sys/egress_curl.h"
#include "sys/file.h"
#include "sys/gerr.h"

struct hk_http {
	CURLM *multi;
	struct curl_slist *headers; /* sent with every request */
	char *agent;
	char *ca_file;
	GPtrArray *pool;    /* idle hk_http_body */
	GPtrArray *idle;    /* idle CURL */
	GHashTable *calls;  /* set of hk_http_call under way */
	GPtrArray *refused; /* those of them that egress refused at once */
	hk_egress *egress;
	const char *purpose;
	bool plain;
};

struct hk_http_call {
	hk_http *http;
	CURL *easy;
	hk_egress_curl egress;
	GError *refusal;            /* it never began */
	struct curl_slist *headers; /* NULL, or the list of this call (with If-None-Match) */
	hk_http_done done;
	void *user;
	char *url;
	hk_http_body *body;
	size_t max_bytes;
	bool over;
	bool gzip;
	bool odd_encoding;
	const char *keep;
	char etag[HK_HTTP_ETAG_MAX + 1];
	char modified[HK_HTTP_ETAG_MAX + 1];
	char type[HK_HTTP_ETAG_MAX + 1];
	char kept[HK_HTTP_ETAG_MAX + 1];
	int64_t retry_after_ms;
	int64_t date_s;
	hk_span upload; /* borrowed */
	size_t sent;    /* of it */
	hk_http_last last;
	void *last_user;
	bool asked;    /* last was called */
	bool stopped;  /* and said no */
	GString *head; /* or NULL: not wanted */
};

static hk_http_body *
body_get(hk_http *http)
{
	if (http->pool->len > 0) {
		return g_ptr_array_steal_index_fast(http->pool, http->pool->len - 1);
	}
	return g_new0(hk_http_body, 1);
}

static void
body_free(gpointer data)
{
	hk_http_body *body = data;

	g_free(body->data);
	g_free(body);
}

void
hk_http_give(hk_http *http, hk_http_body *body)
{
	if (!body) {
		return;
	}
	if (http->pool->len >= HK_HTTP_POOL_BUFFERS || body->room > HK_HTTP_POOL_BYTES) {
		body_free(body);
		return;
	}
	body->len = 0;
	g_ptr_array_add(http->pool, body);
}

hk_http_body *
hk_http_take(hk_http_call *call)
{
	return g_steal_pointer(&call->body);
}

static void
body_reserve(hk_http_body *body, size_t room)
{
	if (room > body->room) {
		body->data = g_realloc(body->data, room);
		body->room = room;
	}
}

static size_t
on_body(char *data, size_t size, size_t count, void *user)
{
	hk_http_call *call = user;
	hk_http_body *body = call->body;
	size_t len = size * count;

	if (len > call->max_bytes - body->len) {
		call->over = true;
		return CURL_WRITEFUNC_ERROR;
	}
	if (body->len + len > body->room) {
		curl_off_t announced = -1;
		curl_easy_getinfo(call->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &announced);
		/* What is announced is only a hint: it must not make us allocate what never comes.
		 */
		size_t want = announced > 0 ? MIN((size_t)announced, HK_HTTP_POOL_BYTES) : 0;
		want = MAX(MAX(want, body->room * 2), 16384);
		body_reserve(body, MAX(MIN(want, call->max_bytes), body->len + len));
	}
	memcpy(body->data + body->len, data, len);
	body->len += len;
	return len;
}

/* header_is(line, name, ret_value): the value, without blanks around it, when the line is that
 * header. */
static bool
header_is(hk_span line, const char *name, hk_span *ret_value)
{
	size_t n = strlen(name);

	if (line.len <= n || line.data[n] != ':' ||
		g_ascii_strncasecmp((const char *)line.data, name, n) != 0) {
		return false;
	}
	hk_span value = hk_span_of(line.data + n + 1, line.len - n - 1);
	while (value.len > 0 && (value.data[0] == ' ' || value.data[0] == '\t')) {
		value.data++;
		value.len--;
	}
	while (value.len > 0 && strchr(" \t\r\n", value.data[value.len - 1])) {
		value.len--;
	}
	*ret_value = value;
	return true;
}

/* Keeps value in ret[HK_HTTP_ETAG_MAX + 1]; one that does not fit is as if it were not there. */
static void
keep(hk_span value, char *ret)
{
	if (value.len <= HK_HTTP_ETAG_MAX && !memchr(value.data, '\0', value.len)) {
		memcpy(ret, value.data, value.len);
		ret[value.len] = '\0';
	}
}

static void
keep_head(hk_http_call *call, hk_span line)
{
	if (!call->head) {
		return;
	}
	if (line.len > 5 && memcmp(line.data, "HTTP/", 5) == 0) {
		g_string_truncate(call->head, 0);
	} else if (line.len <= HK_HTTP_HEAD_MAX - call->head->len) {
		g_string_append_len(call->head, (const char *)line.data, (gssize)line.len);
	}
}

static size_t
on_header(char *data, size_t size, size_t count, void *user)
{
	hk_http_call *call = user;
	hk_span line = hk_span_of(data, size * count);
	hk_span value;

	keep_head(call, line);
	if (line.len > 5 && memcmp(line.data, "HTTP/", 5) == 0) {
		/* A new header block (after 1xx): what was seen belongs to the old one. */
		call->gzip = call->odd_encoding = false;
		call->etag[0] = call->modified[0] = call->type[0] = call->kept[0] = '\0';
		call->retry_after_ms = call->date_s = -1;
	} else if (header_is(line, "content-encoding", &value)) {
		g_autofree char *text =
			g_ascii_strdown((const char *)value.data, (gssize)value.len);
		call->gzip = g_str_equal(text, "gzip") || g_str_equal(text, "x-gzip");
		call->odd_encoding = !call->gzip && *text && !g_str_equal(text, "identity");
	} else if (header_is(line, "etag", &value)) {
		keep(value, call->etag);
	} else if (header_is(line, "last-modified", &value)) {
		keep(value, call->modified);
	} else if (header_is(line, "content-type", &value)) {
		keep(value, call->type);
	} else if (header_is(line, "date", &value)) {
		int64_t s;
		if (hk_http_date(value, &s)) {
			call->date_s = s;
		}
	} else if (header_is(line, "retry-after", &value)) {
		int64_t ms;
		if (hk_http_retry_after(value, g_get_real_time() / G_USEC_PER_SEC, &ms)) {
			call->retry_after_ms = ms;
		}
	} else if (call->keep && header_is(line, call->keep, &value)) {
		keep(value, call->kept);
	}
	return line.len;
}

hk_http *
hk_http_new(const hk_http_config *config, GError **error)
{
	g_autoptr(hk_http) http = g_new0(hk_http, 1);

	http->pool = g_ptr_array_new_with_free_func(body_free);
	http->idle = g_ptr_array_new_with_free_func(curl_easy_cleanup);
	http->calls = g_hash_table_new(NULL, NULL);
	http->refused = g_ptr_array_new();
	http->egress = hk_egress_ref(config->egress ? config->egress : hk_egress_house());
	http->purpose = config->purpose ? config->purpose : "http";
	http->plain = config->plain;
	if (config->ca_file) {
		g_autoptr(GBytes) pem = hk_file_read(config->ca_file, 16u << 20, error);
		if (!pem) {
			g_prefix_error(error, "certificate authorities: ");
			return NULL;
		}
	}
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		hk_error_set(error, HK_EINTERNAL, "libcurl does not start");
		return NULL;
	}
	http->multi = curl_multi_init();
	curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS,
		(long)(config->max_connects ? config->max_connects : 64));
	/* Our own header: with CURLOPT_ACCEPT_ENCODING curl would also decode, at 1.7 times the
	 * cost (stack.md). */
	http->headers = curl_slist_append(NULL, "Accept-Encoding: gzip, identity");
	http->agent = g_strdup_printf(
		"hikeshi/" HK_VERSION " (+%s)", config->contact ? config->contact : "no contact");
	http->ca_file = g_strdup(config->ca_file);
	return g_steal_pointer(&http);
}

/* Takes the call out of the multi handle; the easy handle is kept for the next call. */
static void
call_free(hk_http_call *call)
{
	hk_http *http = call->http;

	g_hash_table_remove(http->calls, call);
	g_ptr_array_remove_fast(http->refused, call);
	curl_multi_remove_handle(http->multi, call->easy);
	if (http->idle->len < HK_HTTP_POOL_BUFFERS) {
		curl_easy_reset(call->easy);
		g_ptr_array_add(http->idle, call->easy);
	} else {
		curl_easy_cleanup(call->easy);
	}
	hk_egress_curl_clear(&call->egress);
	g_clear_error(&call->refusal);
	curl_slist_free_all(call->headers);
	hk_http_give(http, call->body);
	if (call->head) {
		g_string_free(call->head, TRUE);
	}
	g_free(call->url);
	g_free(call);
}

void
hk_http_cancel(hk_http_call *call)
{
	call_free(call);
}

void
hk_http_free(hk_http *http)
{
	if (!http) {
		return;
	}
	GHashTableIter iter;
	gpointer call;
	g_hash_table_iter_init(&iter, http->calls);
	while (g_hash_table_iter_next(&iter, &call, NULL)) {
		g_hash_table_iter_steal(&iter);
		call_free(call);
	}
	g_hash_table_unref(http->calls);
	g_ptr_array_unref(http->refused);
	hk_egress_unref(http->egress);
	g_ptr_array_unref(http->idle);
	g_ptr_array_unref(http->pool);
	if (http->multi) {
		curl_multi_cleanup(http->multi);
	}
	curl_slist_free_all(http->headers);
	g_free(http->agent);
	g_free(http->ca_file);
	g_free(http);
}

/* Whether the last byte may leave. Asked once. */
static bool
may_leave(hk_http_call *call)
{
	if (call->last && !call->asked) {
		call->asked = true;
		call->stopped = !call->last(call->last_user);
	}
	return !call->stopped;
}

static size_t
on_upload(char *buffer, size_t size, size_t count, void *user)
{
	hk_http_call *call = user;
	size_t n = MIN(size * count, call->upload.len - call->sent);

	if (n > 0 && call->sent + n == call->upload.len && !may_leave(call)) {
		return CURL_READFUNC_ABORT;
	}
	if (n > 0) {
		memcpy(buffer, call->upload.data + call->sent, n);
	}
	call->sent += n;
	return n;
}

/* curl begins anew when a kept connection turns out to be dead. */
static int
on_rewind(void *user, curl_off_t offset, int origin)
{
	hk_http_call *call = user;

	/* Whoever wanted to know of the last byte must not have it sent twice. */
	if (origin != SEEK_SET || offset < 0 || (size_t)offset > call->upload.len || call->asked) {
		return CURL_SEEKFUNC_FAIL;
	}
	call->sent = (size_t)offset;
	return CURL_SEEKFUNC_OK;
}

/* The connection stands, nothing of the request has left: its last byte, too, if it has no body. */
static int
on_connected(void *user, char *to, char *from, int to_port, int from_port)
{
	hk_http_call *call = user;

	(void)to;
	(void)from;
	(void)to_port;
	(void)from_port;
	return call->upload.len > 0 || may_leave(call) ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

static void
set_upload(hk_http_call *call, const hk_http_request *request)
{
	call->upload = request->upload;
	curl_easy_setopt(call->easy, CURLOPT_READFUNCTION, on_upload);
	curl_easy_setopt(call->easy, CURLOPT_READDATA, call);
	curl_easy_setopt(call->easy, CURLOPT_SEEKFUNCTION, on_rewind);
	curl_easy_setopt(call->easy, CURLOPT_SEEKDATA, call);
}

/* Methods that curl would send like a POST, if it did not know better. */
static const char *
posted_as(hk_http_method method)
{
	return method == HK_HTTP_POST     ? "POST"
	       : method == HK_HTTP_PATCH  ? "PATCH"
	       : method == HK_HTTP_DELETE ? "DELETE"
					  : NULL;
}

static void
set_method(hk_http_call *call, const hk_http_request *request)
{
	CURL *easy = call->easy;
	const char *posted = posted_as(request->method);

	if (request->form) {
		curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, request->form);
	} else if (request->method == HK_HTTP_HEAD) {
		curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
	} else if (request->method == HK_HTTP_PUT) {
		curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
		curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)request->upload.len);
		set_upload(call, request);
	} else if (posted && (request->upload.len > 0 || request->method != HK_HTTP_DELETE)) {
		curl_easy_setopt(easy, CURLOPT_POST, 1L);
		curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, posted);
		curl_easy_setopt(
			easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->upload.len);
		set_upload(call, request);
	} else if (posted) {
		curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, posted);
	}
	if (request->last) {
		curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_connected);
		curl_easy_setopt(easy, CURLOPT_PREREQDATA, call);
	}
}

static void
set_options(hk_http_call *call, const hk_http_request *request)
{
	hk_http *http = call->http;
	CURL *easy = call->easy;

	curl_easy_setopt(easy, CURLOPT_PRIVATE, call);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, http->agent);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, call->headers ? call->headers : http->headers);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
		(long)(request->http1 || request->last ? CURL_HTTP_VERSION_1_1
						       : CURL_HTTP_VERSION_2TLS));
	/* On a kept connection that turns out to be dead curl would send it again. */
	bool fresh = request->fresh || request->last;
	curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, (long)fresh);
	curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, (long)fresh);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS,
		(long)(request->timeout_ms ? request->timeout_ms : 60000));
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
		(long)(request->connect_ms ? request->connect_ms : 10000));
	curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 100L);
	curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, 20L);
	curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, 65536L);
	set_method(call, request);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, call);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, call);
	if (http->ca_file) {
		curl_easy_setopt(easy, CURLOPT_CAINFO, http->ca_file);
		curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	}
}

static bool
names_type(const hk_http_request *request)
{
	for (size_t i = 0; request->headers && request->headers[i]; i++) {
		if (g_ascii_strncasecmp(request->headers[i], "content-type:", 13) == 0) {
			return true;
		}
	}
	return false;
}

/* The headers of one request; NULL when the common ones are all. */
static struct curl_slist *
headers_of(const hk_http *http, const hk_http_request *request)
{
	struct curl_slist *list = NULL;
	bool posted = posted_as(request->method) != NULL;

	if (!request->etag && !request->modified && !request->headers && !posted &&
		!request->identity) {
		return NULL;
	}
	list = curl_slist_append(
		NULL, request->identity ? "Accept-Encoding: identity" : http->headers->data);
	if (posted) {
		/* Nobody is asked whether he wants the body; what it is the caller says or nobody. */
		list = curl_slist_append(list, "Expect:");
		if (!names_type(request)) {
			list = curl_slist_append(list, "Content-Type:");
		}
	}
	if (request->etag) {
		g_autofree char *line = g_strconcat("If-None-Match: ", request->etag, NULL);
		list = curl_slist_append(list, line);
	}
	if (request->modified) {
		g_autofree char *line = g_strconcat("If-Modified-Since: ", request->modified, NULL);
		list = curl_slist_append(list, line);
	}
	for (size_t i = 0; request->headers && request->headers[i]; i++) {
		list = curl_slist_append(list, request->headers[i]);
	}
	return list;
}

/* A line end inside a header would make it two. */
static bool
headers_check(const hk_http_request *request, GError **error)
{
	bool good = !(request->etag && strpbrk(request->etag, "\r\n")) &&
		    !(request->modified && strpbrk(request->modified, "\r\n"));

	for (size_t i = 0; request->headers && request->headers[i]; i++) {
		good = good && !strpbrk(request->headers[i], "\r\n");
	}
	return good || hk_error_set(error, HK_EPOLICY, "a header that holds a line end");
}

hk_http_call *
hk_http_get(hk_http *http, const hk_http_request *request, hk_http_done done, void *user,
	GError **error)
{
	bool good = http->plain ? hk_http_url_check_plain(request->url, error)
				: hk_http_url_check(request->url, error);
	if (!good || !headers_check(request, error)) {
		return NULL;
	}
	hk_http_call *call = g_new0(hk_http_call, 1);
	call->http = http;
	call->done = done;
	call->user = user;
	call->url = g_strdup(request->url);
	call->max_bytes = request->max_bytes ? request->max_bytes : HK_HTTP_BODY_MAX;
	call->retry_after_ms = call->date_s = -1;
	call->body = body_get(http);
	call->easy = http->idle->len > 0
			     ? g_ptr_array_steal_index_fast(http->idle, http->idle->len - 1)
			     : curl_easy_init();
	call->keep = request->keep;
	call->last = request->last;
	call->last_user = request->last_user;
	if (posted_as(request->method) || request->identity) {
		call->head = g_string_new(NULL);
	}
	call->headers = headers_of(http, request);
	set_options(call, request);
	g_hash_table_add(http->calls, call);
	hk_egress_who who = {.purpose = http->purpose, .own = true};
	/* A refusal is an answer like another failure: what is killed today may be revived tomorrow. */
	if (hk_egress_curl_own(
		    &call->egress, call->easy, http->egress, &who, call->url, &call->refusal)) {
		curl_multi_add_handle(http->multi, call->easy);
	} else {
		g_ptr_array_add(http->refused, call);
	}
	return call;
}

size_t
hk_http_busy(const hk_http *http)
{
	return g_hash_table_size(http->calls);
}

static void
finish(hk_http_call *call, CURLcode result)
{
	g_autoptr(GError) error = NULL;
	long status = 0;
	double seconds = 0;
	curl_off_t announced = -1;

	curl_easy_getinfo(call->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &announced);
	curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(call->easy, CURLINFO_TOTAL_TIME, &seconds);
	if (call->refusal) {
		error = g_steal_pointer(&call->refusal);
	} else if (result != CURLE_OK && hk_egress_curl_why(&call->egress, &error)) {
		/* error is set */
	} else if (call->stopped) {
		hk_error_set(&error, HK_EPOLICY, "stopped before its last byte");
	} else if (call->over) {
		hk_error_set(
			&error, HK_ELIMIT, "the answer is longer than %zu bytes", call->max_bytes);
	} else if (result != CURLE_OK) {
		hk_error_set(&error, HK_EREMOTE, "%s", curl_easy_strerror(result));
	}
	hk_http_answer answer = {
		.url = call->url,
		.status = (int)status,
		.error = error,
		.untrusted = result == CURLE_PEER_FAILED_VERIFICATION,
		.body = hk_span_of(call->body->data, call->body->len),
		.gzip = call->gzip,
		.odd_encoding = call->odd_encoding,
		.etag = call->etag[0] ? call->etag : NULL,
		.modified = call->modified[0] ? call->modified : NULL,
		.type = call->type[0] ? call->type : NULL,
		.kept = call->kept[0] ? call->kept : NULL,
		.head = call->head ? hk_span_of(call->head->str, call->head->len) : (hk_span){0},
		.announced = announced,
		.date_s = call->date_s,
		.retry_after_ms = call->retry_after_ms,
		.seconds = seconds,
	};
	call->done(call->user, call, &answer);
	call_free(call);
}

/* What egress refused; everything, once it is killed. */
static bool
drain_refused(hk_http *http)
{
	bool any = false;

	if (g_hash_table_size(http->calls) > 0 && hk_egress_killed(http->egress)) {
		g_autofree char *why = hk_egress_killed_why(http->egress);
		GHashTableIter iter;
		gpointer key;
		g_hash_table_iter_init(&iter, http->calls);
		while (g_hash_table_iter_next(&iter, &key, NULL)) {
			hk_http_call *call = key;
			if (!call->refusal) {
				hk_error_set(&call->refusal, HK_EPOLICY, "%s", why);
				g_ptr_array_add(http->refused, call);
			}
		}
	}
	/* Only those that are there now: done may ask again, and be refused again. */
	for (unsigned n = http->refused->len; n > 0 && http->refused->len > 0; n--) {
		finish(http->refused->pdata[0], CURLE_COULDNT_CONNECT);
		any = true;
	}
	return any;
}

/* Hands over what is finished; true when there was something. */
static bool
drain(hk_http *http)
{
	int running = 0;
	int left;
	bool any = false;
	CURLMsg *msg;

	curl_multi_perform(http->multi, &running);
	while ((msg = curl_multi_info_read(http->multi, &left))) {
		if (msg->msg == CURLMSG_DONE) {
			hk_http_call *call = NULL;
			CURLcode result = msg->data.result;
			curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, (char **)&call);
			finish(call, result);
			any = true;
		}
	}
	return any;
}

void
hk_http_step(hk_http *http, int timeout_ms, int wake_fd)
{
	struct curl_waitfd extra = {.fd = wake_fd, .events = CURL_WAIT_POLLIN};

	/* What was just added must start before we wait. */
	if (drain_refused(http) || drain(http) || timeout_ms <= 0) {
		return;
	}
	curl_multi_poll(http->multi, &extra, wake_fd >= 0 ? 1 : 0, timeout_ms, NULL);
	drain(http);
}
