#include "evidence/har.h"

#include "base/utf8.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"

enum { HAR_MAX = 1 << 30 };

static void
str(GString *out, const char *key, const char *text)
{
	hk_jsonw_key(out, key);
	hk_jsonw_str(out, text ? text : "");
}

static void
time_of(GString *out, const char *key, const hk_capture *c, int64_t at_ms)
{
	char text[HK_CLOCK_TEXT_SIZE];

	str(out, key, hk_clock_format(c->start_wall_ms + MAX(at_ms, 0), text));
}

static void
empty_list(GString *out, const char *key)
{
	hk_jsonw_key(out, key);
	hk_jsonw_open(out, '[');
	hk_jsonw_close(out, ']');
}

static void
pair(GString *out, const char *name, const char *value)
{
	hk_jsonw_open(out, '{');
	str(out, "name", name);
	str(out, "value", value);
	hk_jsonw_close(out, '}');
}

static void
headers(GString *out, const GPtrArray *list)
{
	hk_jsonw_key(out, "headers");
	hk_jsonw_open(out, '[');
	for (guint i = 0; i < list->len; i++) {
		const hk_capture_header *h = g_ptr_array_index(list, i);

		pair(out, h->name, h->value);
	}
	hk_jsonw_close(out, ']');
}

/* As sent: nothing is decoded. */
static void
query(GString *out, const char *url)
{
	const char *at = url ? strchr(url, '?') : NULL;

	hk_jsonw_key(out, "queryString");
	hk_jsonw_open(out, '[');
	while (at && *++at) {
		size_t len = strcspn(at, "&"), name = strcspn(at, "=&");
		size_t from = name < len ? name + 1 : len;

		if (len > 0) {
			hk_jsonw_open(out, '{');
			hk_jsonw_key(out, "name");
			hk_jsonw_text(out, hk_span_of(at, name));
			hk_jsonw_key(out, "value");
			hk_jsonw_text(out, hk_span_of(at + from, len - from));
			hk_jsonw_close(out, '}');
		}
		at = at[len] ? at + len : NULL;
	}
	hk_jsonw_close(out, ']');
}

/* Whether bytes can be a string of JSON that every reader takes. */
static bool
is_text(hk_span bytes)
{
	return hk_utf8_valid(bytes) && (bytes.len == 0 || !memchr(bytes.data, 0, bytes.len));
}

static bool
is_text_type(const char *mime)
{
	static const char *const words[] = {
		"text/", "json", "javascript", "ecmascript", "xml", "x-www-form-urlencoded"};

	for (size_t i = 0; mime && i < G_N_ELEMENTS(words); i++) {
		if (strstr(mime, words[i])) {
			return true;
		}
	}
	return false;
}

static hk_span
span_of(GBytes *bytes)
{
	gsize len = 0;
	const void *data = bytes ? g_bytes_get_data(bytes, &len) : NULL;

	return hk_span_of(data, len);
}

static void
post(GString *out, const hk_capture_exchange *x)
{
	hk_span body = span_of(x->post);
	bool text = is_text(body);

	if (!x->post) {
		return;
	}
	hk_jsonw_key(out, "postData");
	hk_jsonw_open(out, '{');
	str(out, "mimeType", hk_capture_header_get(x->request_headers, "Content-Type"));
	empty_list(out, "params");
	hk_jsonw_key(out, "text");
	hk_jsonw_text(out, text ? body : (hk_span){NULL, 0});
	if (!text) { /* HAR 1.2 knows no encoding here */
		hk_jsonw_key(out, "_base64");
		hk_jsonw_base64(out, body);
	}
	hk_jsonw_close(out, '}');
}

static void
request(GString *out, const hk_capture_exchange *x)
{
	hk_jsonw_key(out, "request");
	hk_jsonw_open(out, '{');
	str(out, "method", x->method);
	str(out, "url", x->url);
	str(out, "httpVersion", x->protocol);
	empty_list(out, "cookies");
	headers(out, x->request_headers);
	query(out, x->url);
	post(out, x);
	hk_jsonw_member_int(out, "headersSize", -1);
	hk_jsonw_member_int(out, "bodySize", x->post ? (int64_t)g_bytes_get_size(x->post) : 0);
	hk_jsonw_close(out, '}');
}

static void
content(GString *out, const hk_capture_exchange *x)
{
	hk_span body = span_of(x->body);

	hk_jsonw_key(out, "content");
	hk_jsonw_open(out, '{');
	hk_jsonw_member_int(out, "size", (int64_t)body.len);
	str(out, "mimeType", x->mime);
	if (x->body && is_text_type(x->mime) && is_text(body)) {
		hk_jsonw_key(out, "text");
		hk_jsonw_text(out, body);
	} else if (x->body) {
		hk_jsonw_key(out, "text");
		hk_jsonw_base64(out, body);
		str(out, "encoding", "base64");
	}
	if (x->body_why) {
		str(out, "comment", x->body_why);
	}
	hk_jsonw_close(out, '}');
}

static void
response(GString *out, const hk_capture_exchange *x)
{
	hk_jsonw_key(out, "response");
	hk_jsonw_open(out, '{');
	hk_jsonw_member_int(out, "status", x->status);
	str(out, "statusText", x->status_text);
	str(out, "httpVersion", x->protocol);
	empty_list(out, "cookies");
	headers(out, x->response_headers);
	content(out, x);
	str(out, "redirectURL", hk_capture_header_get(x->response_headers, "Location"));
	hk_jsonw_member_int(
		out, "headersSize", x->response_head ? (int64_t)strlen(x->response_head) : -1);
	hk_jsonw_member_int(out, "bodySize", -1);
	if (x->error) {
		str(out, "_error", x->error);
	}
	hk_jsonw_close(out, '}');
}

/* From `from` to `to`, either of which may not have happened. */
static int64_t
between(int64_t from, int64_t to)
{
	return from >= 0 && to >= from ? to - from : 0;
}

static void
timings(GString *out, const hk_capture_exchange *x)
{
	hk_jsonw_key(out, "cache");
	hk_jsonw_open(out, '{');
	hk_jsonw_close(out, '}');
	hk_jsonw_key(out, "timings");
	hk_jsonw_open(out, '{');
	hk_jsonw_member_int(out, "send", 0);
	hk_jsonw_member_int(out, "wait", between(x->start_ms, x->response_ms));
	hk_jsonw_member_int(out, "receive", between(x->response_ms, x->end_ms));
	hk_jsonw_close(out, '}');
}

/* The page that was being loaded. */
static guint
page_of(const hk_capture *c, const hk_capture_exchange *x)
{
	guint page = 0;

	while (page + 1 < c->pages->len &&
		((const hk_capture_page *)g_ptr_array_index(c->pages, page))->at_ms <=
			x->start_ms) {
		page++;
	}
	return page + 1;
}

static void
entry(GString *out, const hk_capture *c, const hk_capture_exchange *x)
{
	hk_jsonw_open(out, '{');
	if (c->pages->len > 0) {
		g_autofree char *page = g_strdup_printf("page_%u", page_of(c, x));
		str(out, "pageref", page);
	}
	time_of(out, "startedDateTime", c, x->start_ms);
	hk_jsonw_member_int(out, "time",
		between(x->start_ms, x->response_ms) + between(x->response_ms, x->end_ms));
	request(out, x);
	response(out, x);
	timings(out, x);
	if (x->remote_ip) {
		str(out, "serverIPAddress", x->remote_ip);
	}
	str(out, "_resourceType", x->type);
	str(out, "_initiator", x->initiator);
	hk_jsonw_member_int(out, "_transferSize", x->encoded_bytes);
	hk_jsonw_close(out, '}');
}

static void
page(GString *out, const hk_capture *c, const hk_capture_page *p, guint index)
{
	g_autofree char *id = g_strdup_printf("page_%u", index + 1);
	/* A page begins when the one before was taken. */
	int64_t from =
		index == 0
			? 0
			: ((const hk_capture_page *)g_ptr_array_index(c->pages, index - 1))->at_ms;

	hk_jsonw_open(out, '{');
	time_of(out, "startedDateTime", c, from);
	str(out, "id", id);
	str(out, "title", p->title);
	hk_jsonw_key(out, "pageTimings");
	hk_jsonw_open(out, '{');
	hk_jsonw_member_int(out, "onContentLoad", -1);
	hk_jsonw_member_int(out, "onLoad", -1);
	hk_jsonw_close(out, '}');
	str(out, "_url", p->url);
	hk_jsonw_close(out, '}');
}

/* {"name":...,"version":...} of "Name/1.2.3". */
static void
product(GString *out, const char *key, const char *text)
{
	const char *slash = text ? strchr(text, '/') : NULL;
	g_autofree char *name =
		slash ? g_strndup(text, (gsize)(slash - text)) : g_strdup(text ? text : "unknown");

	hk_jsonw_key(out, key);
	hk_jsonw_open(out, '{');
	str(out, "name", name);
	str(out, "version", slash ? slash + 1 : "");
	hk_jsonw_close(out, '}');
}

GBytes *
hk_har_write(const hk_capture *c, GError **error)
{
	g_autoptr(GString) out = g_string_new(NULL);

	hk_jsonw_open(out, '{');
	hk_jsonw_key(out, "log");
	hk_jsonw_open(out, '{');
	str(out, "version", "1.2");
	product(out, "creator", "hikeshi/" HK_VERSION);
	product(out, "browser", c->browser);
	hk_jsonw_key(out, "pages");
	hk_jsonw_open(out, '[');
	for (guint i = 0; i < c->pages->len; i++) {
		page(out, c, g_ptr_array_index(c->pages, i), i);
	}
	hk_jsonw_close(out, ']');
	hk_jsonw_key(out, "entries");
	hk_jsonw_open(out, '[');
	for (guint i = 0; i < c->exchanges->len && out->len < HAR_MAX; i++) {
		entry(out, c, g_ptr_array_index(c->exchanges, i));
	}
	hk_jsonw_close(out, ']');
	hk_jsonw_close(out, '}');
	hk_jsonw_close(out, '}');
	g_string_append_c(out, '\n');
	if (out->len >= HAR_MAX) {
		hk_error_set(error, HK_ELIMIT, "an HTTP archive of over 1 GiB");
		return NULL;
	}
	return g_string_free_to_bytes(g_steal_pointer(&out));
}
