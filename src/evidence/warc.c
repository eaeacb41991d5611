#include "evidence/warc.h"

#include "base/codec.h"
#include "evidence/files.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "sys/gz.h"
#include "sys/hash.h"

enum {
	WARC_MAX = 1 << 30,
	ID_SIZE = sizeof "<urn:uuid:00000000-0000-0000-0000-000000000000>",
};

/* What is written, and from what. */
typedef struct warc {
	const hk_capture *c;
	GByteArray *out;
	hk_gz *gz;
	GString *head, *block; /* of the record in hand */
} warc;

static hk_span
span_of(GBytes *bytes)
{
	gsize len = 0;
	const void *data = bytes ? g_bytes_get_data(bytes, &len) : NULL;

	return hk_span_of(data, len);
}

static hk_span
span_of_text(const GString *text)
{
	return hk_span_of(text->str, text->len);
}

/* Text that stays on its line. */
static void
append_line_text(GString *out, const char *text)
{
	for (const char *at = text ? text : ""; *at; at++) {
		g_string_append_c(out, *at == '\r' || *at == '\n' ? ' ' : *at);
	}
}

static void
field(GString *out, const char *name, const char *value)
{
	if (value && *value) {
		g_string_append_printf(out, "%s: ", name);
		append_line_text(out, value);
		g_string_append(out, "\r\n");
	}
}

/* An address as a WARC header wants it (RFC 3986): nothing but visible ASCII. */
static void
field_uri(GString *out, const char *name, const char *uri)
{
	g_string_append_printf(out, "%s: ", name);
	for (const uint8_t *at = (const uint8_t *)uri; *at; at++) {
		if (*at > ' ' && *at < 0x7f && *at != '<' && *at != '>') {
			g_string_append_c(out, (char)*at);
		} else {
			g_string_append_printf(out, "%%%02X", *at);
		}
	}
	g_string_append(out, "\r\n");
}

static void
field_digest(GString *out, const char *name, hk_span bytes)
{
	uint8_t hash[HK_SHA256_SIZE];
	char hex[2 * HK_SHA256_SIZE + 1];

	hk_sha256(bytes, hash);
	hk_hex_encode(hk_span_of(hash, sizeof hash), hex);
	g_string_append_printf(out, "%s: sha256:%s\r\n", name, hex);
}

/* The identifier of a record: UUID version 8 (RFC 9562, section 5.8) of what it is about, so that a capture is written the same way twice. */
static void
record_id(const hk_capture *c, const char *what, guint index, char ret[ID_SIZE])
{
	g_autofree char *about = g_strdup_printf("%" G_GINT64_FORMAT "\n%s\n%s\n%s\n%d\n%s\n%s\n%u",
		c->start_wall_ms, c->profile ? c->profile : "", c->referrer ? c->referrer : "",
		c->exit ? c->exit : "", c->visit, c->url ? c->url : "", what, index);
	uint8_t hash[HK_SHA256_SIZE];
	char hex[33];

	hk_sha256(hk_span_str(about), hash);
	hash[6] = (uint8_t)(0x80 | (hash[6] & 0x0f));
	hash[8] = (uint8_t)(0x80 | (hash[8] & 0x3f));
	hk_hex_encode(hk_span_of(hash, 16), hex);
	g_snprintf(ret, ID_SIZE, "<urn:uuid:%.8s-%.4s-%.4s-%.4s-%.12s>", hex, hex + 8, hex + 12,
		hex + 16, hex + 20);
}

/* Begins a record: type, identifier, time (ms after the start of the capture). */
static void
begin(warc *w, const char *type, const char *id, int64_t at_ms)
{
	char time[HK_CLOCK_TEXT_SIZE];

	g_string_truncate(w->block, 0);
	g_string_assign(w->head, "WARC/1.1\r\n");
	field(w->head, "WARC-Type", type);
	field(w->head, "WARC-Record-ID", id);
	field(w->head, "WARC-Date", hk_clock_format(w->c->start_wall_ms + MAX(at_ms, 0), time));
}

/* Ends it: the block is w->block with `body` behind it. */
static void
end(warc *w, const char *type, hk_span body)
{
	g_autoptr(GString) record =
		g_string_sized_new(w->head->len + w->block->len + body.len + 256);
	size_t packed_len;

	if (body.len > 0) {
		g_string_append_len(w->block, (const char *)body.data, (gssize)body.len);
	}
	field(w->head, "Content-Type", type);
	field_digest(w->head, "WARC-Block-Digest", span_of_text(w->block));
	g_string_append_len(record, w->head->str, (gssize)w->head->len);
	g_string_append_printf(record, "Content-Length: %zu\r\n\r\n", w->block->len);
	g_string_append_len(record, w->block->str, (gssize)w->block->len);
	g_string_append(record, "\r\n\r\n");
	g_autofree uint8_t *packed = hk_gz_pack(w->gz, span_of_text(record), &packed_len);
	g_byte_array_append(w->out, packed, (guint)packed_len);
}

static void
write_info(warc *w)
{
	const hk_capture *c = w->c;
	char id[ID_SIZE];

	record_id(c, "warcinfo", 0, id);
	begin(w, "warcinfo", id, 0);
	field(w->block, "software", "hikeshi/" HK_VERSION);
	field(w->block, "format", "WARC File Format 1.1");
	field(w->block, "conformsTo",
		"http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/");
	field(w->block, "http-header-user-agent", c->user_agent);
	field(w->block, "browser", c->browser);
	field(w->block, "profile", c->profile);
	field(w->block, "referrer", c->referrer);
	field(w->block, "exit", c->exit);
	field(w->block, "visit", c->visit == 2 ? "second" : "first");
	end(w, "application/warc-fields", (hk_span){NULL, 0});
}

static bool
on_wire(const hk_capture_exchange *x)
{
	return x->url && (g_ascii_strncasecmp(x->url, "http://", 7) == 0 ||
				 g_ascii_strncasecmp(x->url, "https://", 8) == 0);
}

/* Where a request's line and Host point. Caller frees both. */
static void
split_url(const char *url, char **ret_host, char **ret_path)
{
	const char *host = strstr(url, "://") + 3;
	size_t len = strcspn(host, "/?#");
	const char *path = host + len;
	size_t path_len = strcspn(path, "#");

	*ret_host = g_strndup(host, len);
	*ret_path = *path == '/' ? g_strndup(path, path_len)
				 : g_strdup_printf("/%.*s", (int)path_len, path);
}

static bool
is_name(const char *name, size_t len, const char *other)
{
	return strlen(other) == len && g_ascii_strncasecmp(name, other, len) == 0;
}

static bool
is_number(const char *value, size_t number)
{
	g_autofree char *text = g_strdup_printf("%zu", number);
	size_t len = strlen(text);

	value += strspn(value, " \t");
	return strncmp(value, text, len) == 0 && !g_ascii_isdigit(value[len]);
}

/* What a header is called, now that the body lies there decoded. */
static bool
renamed(const char *name, size_t len, const char *value, size_t body_len)
{
	if (is_name(name, len, "Content-Encoding") || is_name(name, len, "Transfer-Encoding")) {
		return true;
	}
	return is_name(name, len, "Content-Length") && !is_number(value, body_len);
}

/* A status line is kept when HTTP/1 can be read from it. */
static void
append_head_raw(GString *out, const char *head, size_t body_len)
{
	const char *at = head;
	bool first = true;

	while (*at) {
		size_t len = strcspn(at, "\r\n");
		size_t name = strcspn(at, ":");
		if (len == 0) {
			break;
		}
		if (!first && name < len && renamed(at, name, at + name + 1, body_len)) {
			g_string_append(out, "X-Archive-Orig-");
		}
		g_string_append_len(out, at, (gssize)len);
		g_string_append(out, "\r\n");
		at += len;
		at += *at == '\r';
		at += *at == '\n';
		first = false;
	}
	g_string_append(out, "\r\n");
}

static void
append_headers(GString *out, const GPtrArray *list, size_t body_len, bool response)
{
	for (guint i = 0; i < list->len; i++) {
		const hk_capture_header *h = g_ptr_array_index(list, i);
		if (h->name[0] == ':' || h->name[0] == '\0') {
			continue; /* RFC 9113, 8.3: pseudo header */
		}
		if (response && renamed(h->name, strlen(h->name), h->value, body_len)) {
			g_string_append(out, "X-Archive-Orig-");
		}
		append_line_text(out, h->name);
		g_string_append(out, ": ");
		append_line_text(out, h->value);
		g_string_append(out, "\r\n");
	}
	g_string_append(out, "\r\n");
}

static void
append_response_head(GString *out, const hk_capture_exchange *x, size_t body_len)
{
	if (x->response_head && strncmp(x->response_head, "HTTP/1.", 7) == 0) {
		append_head_raw(out, x->response_head, body_len);
		return;
	}
	g_string_append_printf(out, "HTTP/1.1 %03d ", CLAMP(x->status, 100, 999));
	append_line_text(out, x->status_text);
	g_string_append(out, "\r\n");
	append_headers(out, x->response_headers, body_len, true);
}

/* ISO 28500:2017, 5.13. */
static const char *
truncation(const char *body_why)
{
	static const struct {
		const char *why, *word;
	} words[] = {
		{"none", NULL}, {"cap", "length"}, {"cut", "length"}, {"unfinished", "disconnect"}};

	for (size_t i = 0; body_why && i < G_N_ELEMENTS(words); i++) {
		if (strcmp(body_why, words[i].why) == 0) {
			return words[i].word;
		}
	}
	return body_why ? "unspecified" : NULL;
}

static void
write_response(warc *w, const hk_capture_exchange *x, const char *id, const char *request_id)
{
	hk_span body = span_of(x->body);

	begin(w, "response", id, x->response_ms >= 0 ? x->response_ms : x->start_ms);
	field_uri(w->head, "WARC-Target-URI", x->url);
	field(w->head, "WARC-Concurrent-To", request_id);
	field(w->head, "WARC-IP-Address", x->remote_ip);
	field(w->head, "WARC-Protocol", x->protocol);
	field(w->head, "WARC-Truncated", truncation(x->body_why));
	field_digest(w->head, "WARC-Payload-Digest", body);
	append_response_head(w->block, x, body.len);
	end(w, "application/http;msgtype=response", body);
}

static void
write_request(warc *w, const hk_capture_exchange *x, const char *id, const char *response_id)
{
	g_autofree char *host = NULL;
	g_autofree char *path = NULL;

	split_url(x->url, &host, &path);
	begin(w, "request", id, x->start_ms);
	field_uri(w->head, "WARC-Target-URI", x->url);
	field(w->head, "WARC-Concurrent-To", response_id);
	field(w->head, "WARC-IP-Address", x->remote_ip);
	field(w->head, "WARC-Protocol", x->protocol);
	append_line_text(w->block, x->method && *x->method ? x->method : "GET");
	g_string_append_c(w->block, ' ');
	append_line_text(w->block, path);
	g_string_append(w->block, " HTTP/1.1\r\n");
	if (!hk_capture_header_get(x->request_headers, "Host")) {
		field(w->block, "Host", host);
	}
	append_headers(w->block, x->request_headers, 0, false);
	end(w, "application/http;msgtype=request", span_of(x->post));
}

static void
field_int(GString *out, const char *name, int64_t value)
{
	g_string_append_printf(out, "%s: %" G_GINT64_FORMAT "\r\n", name, value);
}

static void
write_metadata(warc *w, const hk_capture_exchange *x, const char *id, const char *about)
{
	begin(w, "metadata", id, x->end_ms >= 0 ? x->end_ms : x->start_ms);
	field_uri(w->head, "WARC-Target-URI", x->url);
	field(w->head, "WARC-Concurrent-To", about);
	field(w->block, "via", x->document);
	if (x->end_ms >= x->start_ms) {
		field_int(w->block, "fetchTimeMs", x->end_ms - x->start_ms);
	}
	field(w->block, "resourceType", x->type);
	field(w->block, "initiator", x->initiator);
	field(w->block, "requestHeaders", x->raw_request ? "as sent" : "as planned");
	field(w->block, "from", x->from_cache ? "cache" : x->from_worker ? "worker" : "network");
	field(w->block, "security", x->security);
	field(w->block, "error", x->error);
	field(w->block, "bodyMissing", x->body_why);
	if (x->body) {
		field(w->block, "body", x->body_exact ? "exact" : "text as the browser gave it");
	}
	if (x->remote_port > 0) {
		field_int(w->block, "remotePort", x->remote_port);
	}
	end(w, "application/warc-fields", (hk_span){NULL, 0});
}

static void
write_resource(warc *w, const char *uri, const char *type, int64_t at_ms, hk_span bytes)
{
	char id[ID_SIZE];

	record_id(w->c, uri, 0, id);
	begin(w, "resource", id, at_ms);
	field_uri(w->head, "WARC-Target-URI", uri);
	field_digest(w->head, "WARC-Payload-Digest", bytes);
	end(w, type, bytes);
}

static void
write_exchange(warc *w, const hk_capture_exchange *x, guint index)
{
	char request[ID_SIZE], response[ID_SIZE], metadata[ID_SIZE];
	bool sent = !x->from_cache && !x->from_worker;

	if (!on_wire(
		    x)) { /* data:, blob: nothing was spoken with anybody; capture.json tells of it */
		return;
	}
	record_id(w->c, "request", index, request);
	record_id(w->c, "response", index, response);
	record_id(w->c, "metadata", index, metadata);
	if (x->status > 0) {
		write_response(w, x, response, sent ? request : NULL);
	}
	if (sent) {
		write_request(w, x, request, x->status > 0 ? response : NULL);
	}
	write_metadata(w, x, metadata, x->status > 0 ? response : sent ? request : NULL);
}

static void
write_page(warc *w, const hk_capture_page *p, guint index)
{
	const struct {
		const char *name, *type;
		bool there;
		hk_span bytes;
	} parts[] = {{"viewport.png", "image/png", p->viewport_png, span_of(p->viewport_png)},
		{"full.png", "image/png", p->full_png, span_of(p->full_png)},
		{"dom.html", "text/html;charset=utf-8", p->dom, span_of(p->dom)},
		{"text.txt", "text/plain;charset=utf-8", p->text, hk_span_str(p->text)},
		{"favicon.bin", "application/octet-stream", p->favicon_bytes,
			span_of(p->favicon_bytes)}};

	for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
		g_autofree char *uri =
			g_strdup_printf("urn:hikeshi:page:%u:%s", index + 1, parts[i].name);
		if (parts[i].there) {
			write_resource(w, uri, parts[i].type, p->at_ms, parts[i].bytes);
		}
	}
}

static void
write_cert(warc *w, const hk_capture_cert *cert)
{
	g_autoptr(GString) pem = g_string_new(NULL);
	g_autofree char *uri = g_strdup_printf(
		"urn:hikeshi:certificates:%s", cert->origin ? cert->origin : "unknown");

	for (guint i = 0; i < cert->chain->len; i++) {
		hk_capture_pem(pem, span_of(g_ptr_array_index(cert->chain, i)));
	}
	if (pem->len > 0) {
		write_resource(w, uri, "application/pem-certificate-chain", 0, span_of_text(pem));
	}
}

GBytes *
hk_warc_write(const hk_capture *c, GError **error)
{
	g_autoptr(hk_gz) gz = hk_gz_new();
	g_autoptr(GByteArray) out = g_byte_array_new();
	g_autoptr(GString) head = g_string_new(NULL);
	g_autoptr(GString) block = g_string_new(NULL);
	g_autoptr(GString) rest = g_string_new(NULL);
	warc w = {c, out, gz, head, block};

	write_info(&w);
	for (guint i = 0; i < c->exchanges->len && out->len < WARC_MAX; i++) {
		write_exchange(&w, g_ptr_array_index(c->exchanges, i), i);
	}
	for (guint i = 0; i < c->pages->len && out->len < WARC_MAX; i++) {
		write_page(&w, g_ptr_array_index(c->pages, i), i);
	}
	for (guint i = 0; i < c->certs->len; i++) {
		write_cert(&w, g_ptr_array_index(c->certs, i));
	}
	hk_capture_json(c, rest);
	write_resource(&w, "urn:hikeshi:capture.json", "application/json", c->duration_ms,
		span_of_text(rest));
	if (out->len >= WARC_MAX) {
		hk_error_set(error, HK_ELIMIT, "a WARC file of over 1 GiB");
		return NULL;
	}
	return g_byte_array_free_to_bytes(g_steal_pointer(&out));
}
