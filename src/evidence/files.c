#include "evidence/files.h"

#include "base/codec.h"
#include "evidence/har.h"
#include "evidence/warc.h"
#include "sys/file.h"
#include "sys/hash.h"
#include "sys/jsonw.h"

/* An index, or null for SIZE_MAX. */
static void
ref(GString *out, const char *key, size_t index)
{
	hk_jsonw_key(out, key);
	if (index == SIZE_MAX) {
		hk_jsonw_null(out);
	} else {
		hk_jsonw_int(out, (int64_t)index);
	}
}

static hk_span
span_of(GBytes *bytes)
{
	gsize len = 0;
	const void *data = bytes ? g_bytes_get_data(bytes, &len) : NULL;

	return hk_span_of(data, len);
}

/* {"file":...,"bytes":...,"sha256":...}, or null. */
static void
file(GString *out, const char *key, const char *name, GBytes *bytes)
{
	uint8_t hash[HK_SHA256_SIZE];

	hk_jsonw_key(out, key);
	if (!bytes) {
		hk_jsonw_null(out);
		return;
	}
	hk_sha256(span_of(bytes), hash);
	hk_jsonw_open(out, '{');
	hk_jsonw_member_str(out, "file", name);
	hk_jsonw_member_int(out, "bytes", (int64_t)g_bytes_get_size(bytes));
	hk_jsonw_key(out, "sha256");
	hk_jsonw_hex(out, hk_span_of(hash, sizeof hash));
	hk_jsonw_close(out, '}');
}

/* A list of objects, its first max ones. */
static void
list_max(GString *out, const char *key, const GPtrArray *elements, guint max,
	void (*write)(GString *out, const void *element, guint index))
{
	hk_jsonw_key(out, key);
	hk_jsonw_open(out, '[');
	for (guint i = 0; i < MIN(elements->len, max); i++) {
		hk_jsonw_open(out, '{');
		write(out, g_ptr_array_index(elements, i), i);
		hk_jsonw_close(out, '}');
	}
	hk_jsonw_close(out, ']');
}

static void
list(GString *out, const char *key, const GPtrArray *elements,
	void (*write)(GString *out, const void *element, guint index))
{
	list_max(out, key, elements, G_MAXUINT, write);
}

static void
texts(GString *out, const char *key, const GPtrArray *elements)
{
	hk_jsonw_strs(out, key, (const char *const *)elements->pdata, elements->len);
}

static char *
page_file(guint page, const char *name)
{
	return page == 0 ? g_strdup(name) : g_strdup_printf("%u-%s", page + 1, name);
}

static void
headers(GString *out, const char *key, const GPtrArray *elements)
{
	hk_jsonw_key(out, key);
	hk_jsonw_open(out, '[');
	for (guint i = 0; i < elements->len; i++) {
		const hk_capture_header *h = g_ptr_array_index(elements, i);

		hk_jsonw_open(out, '[');
		hk_jsonw_str(out, h->name);
		hk_jsonw_str(out, h->value);
		hk_jsonw_close(out, ']');
	}
	hk_jsonw_close(out, ']');
}

static void
write_form(GString *out, const void *element, guint index)
{
	const hk_capture_form *f = element;

	(void)index;
	hk_jsonw_member_str(out, "action", f->action);
	hk_jsonw_member_str(out, "method", f->method);
	hk_jsonw_member_str(out, "name", f->name);
	hk_jsonw_member_str(out, "id", f->id);
	hk_jsonw_member_bool(out, "visible", f->visible);
}

static void
write_field(GString *out, const void *element, guint index)
{
	const hk_capture_field *f = element;

	(void)index;
	hk_jsonw_member_int(out, "form", f->form);
	hk_jsonw_member_str(out, "tag", f->tag);
	hk_jsonw_member_str(out, "type", f->type);
	hk_jsonw_member_str(out, "name", f->name);
	hk_jsonw_member_str(out, "id", f->id);
	hk_jsonw_member_str(out, "label", f->label);
	hk_jsonw_member_str(out, "placeholder", f->placeholder);
	hk_jsonw_member_str(out, "autocomplete", f->autocomplete);
	hk_jsonw_member_str(out, "pattern", f->pattern);
	hk_jsonw_member_int(out, "maxlength", f->maxlength);
	hk_jsonw_member_bool(out, "required", f->required);
	hk_jsonw_member_bool(out, "visible", f->visible);
}

static void
write_link(GString *out, const void *element, guint index)
{
	const hk_capture_link *l = element;

	(void)index;
	hk_jsonw_member_str(out, "url", l->url);
	hk_jsonw_member_str(out, "text", l->text);
}

static void
brief_page(GString *out, const void *element, guint index)
{
	const hk_capture_page *p = element;
	g_autofree char *viewport = page_file(index, "viewport.png");
	g_autofree char *full = page_file(index, "full.png");
	g_autofree char *dom = page_file(index, "dom.html");
	g_autofree char *favicon = page_file(index, "favicon.bin");

	hk_jsonw_member_str(out, "url", p->url);
	hk_jsonw_member_str(out, "title", p->title);
	hk_jsonw_member_str(out, "lang", p->lang);
	hk_jsonw_member_str(out, "charset", p->charset);
	hk_jsonw_member_int(out, "at_ms", p->at_ms);
	hk_jsonw_member_int(out, "width", p->width);
	hk_jsonw_member_int(out, "height", p->height);
	hk_jsonw_member_int(out, "nodes", p->nodes);
	hk_jsonw_member_str(out, "favicon", p->favicon);
	file(out, "favicon_file", favicon, p->favicon_bytes);
	file(out, "viewport", viewport, p->viewport_png);
	file(out, "full", full, p->full_png);
	file(out, "dom", dom, p->dom);
	list(out, "forms", p->forms, write_form);
	list(out, "fields", p->fields, write_field);
	texts(out, "years", p->years);
}

static void
write_page(GString *out, const void *element, guint index)
{
	const hk_capture_page *p = element;

	brief_page(out, element, index);
	hk_jsonw_member_str(out, "text", p->text);
	list(out, "links", p->links, write_link);
	texts(out, "paths", p->paths);
}

static void
write_body(GString *out, const hk_capture_exchange *x, guint index)
{
	g_autofree char *name = g_strdup_printf("body/%04u.bin", index);

	file(out, "body", name, x->body);
	hk_jsonw_member_bool(out, "body_exact", x->body && x->body_exact);
	hk_jsonw_member_str(out, "body_why", x->body_why);
}

static void
brief_exchange(GString *out, const void *element, guint index)
{
	const hk_capture_exchange *x = element;

	hk_jsonw_member_str(out, "url", x->url);
	hk_jsonw_member_str(out, "method", x->method);
	hk_jsonw_member_str(out, "type", x->type);
	hk_jsonw_member_str(out, "initiator", x->initiator);
	hk_jsonw_member_str(out, "document", x->document);
	hk_jsonw_member_int(out, "status", x->status);
	hk_jsonw_member_str(out, "status_text", x->status_text);
	hk_jsonw_member_str(out, "protocol", x->protocol);
	hk_jsonw_member_str(out, "mime", x->mime);
	hk_jsonw_member_str(out, "remote_ip", x->remote_ip);
	hk_jsonw_member_int(out, "remote_port", x->remote_port);
	hk_jsonw_member_str(out, "security", x->security);
	hk_jsonw_member_str(out, "error", x->error);
	hk_jsonw_member_int(out, "start_ms", x->start_ms);
	hk_jsonw_member_int(out, "response_ms", x->response_ms);
	hk_jsonw_member_int(out, "end_ms", x->end_ms);
	hk_jsonw_member_int(out, "encoded_bytes", x->encoded_bytes);
	ref(out, "redirected_from", x->redirected_from);
	hk_jsonw_member_bool(out, "from_cache", x->from_cache);
	hk_jsonw_member_bool(out, "from_worker", x->from_worker);
	hk_jsonw_member_bool(out, "raw_request", x->raw_request);
	write_body(out, x, index);
}

static void
write_exchange(GString *out, const void *element, guint index)
{
	const hk_capture_exchange *x = element;

	brief_exchange(out, element, index);
	headers(out, "request_headers", x->request_headers);
	headers(out, "response_headers", x->response_headers);
}

static void
write_hop(GString *out, const void *element, guint index)
{
	const hk_capture_hop *h = element;

	(void)index;
	hk_jsonw_member_str(out, "url", h->url);
	hk_jsonw_member_int(out, "status", h->status);
	hk_jsonw_member_int(out, "at_ms", h->at_ms);
	hk_jsonw_member_str(out, "how", hk_capture_how_code(h->how));
	ref(out, "exchange", h->exchange);
}

static void
write_cert(GString *out, const void *element, guint index)
{
	const hk_capture_cert *c = element;

	(void)index;
	hk_jsonw_member_str(out, "origin", c->origin);
	hk_jsonw_member_str(out, "subject", c->subject);
	hk_jsonw_member_str(out, "issuer", c->issuer);
	texts(out, "sans", c->sans);
	hk_jsonw_key(out, "not_before");
	hk_jsonw_time(out, c->not_before_s);
	hk_jsonw_key(out, "not_after");
	hk_jsonw_time(out, c->not_after_s);
	hk_jsonw_member_str(out, "protocol", c->protocol);
	hk_jsonw_member_str(out, "cipher", c->cipher);
	hk_jsonw_key(out, "chain_sha256");
	hk_jsonw_open(out, '[');
	for (guint i = 0; i < c->chain->len; i++) {
		uint8_t hash[HK_SHA256_SIZE];

		hk_sha256(span_of(g_ptr_array_index(c->chain, i)), hash);
		hk_jsonw_hex(out, hk_span_of(hash, sizeof hash));
	}
	hk_jsonw_close(out, ']');
}

static void
write_cookie(GString *out, const void *element, guint index)
{
	const hk_capture_cookie *c = element;

	(void)index;
	hk_jsonw_member_str(out, "name", c->name);
	hk_jsonw_member_str(out, "domain", c->domain);
	hk_jsonw_member_str(out, "path", c->path);
	hk_jsonw_member_bool(out, "http_only", c->http_only);
	hk_jsonw_member_bool(out, "secure", c->secure);
	hk_jsonw_member_bool(out, "session", c->session);
}

static void
write_event(GString *out, const void *element, guint index)
{
	const hk_capture_event *e = element;

	(void)index;
	hk_jsonw_member_str(out, "kind", hk_capture_event_code(e->kind));
	hk_jsonw_member_int(out, "at_ms", e->at_ms);
	hk_jsonw_member_str(out, "url", e->url);
	hk_jsonw_member_str(out, "text", e->text);
}

static void
write_line(GString *out, const void *element, guint index)
{
	const hk_capture_line *l = element;

	(void)index;
	hk_jsonw_member_str(out, "level", l->level);
	hk_jsonw_member_int(out, "at_ms", l->at_ms);
	hk_jsonw_member_str(out, "text", l->text);
	hk_jsonw_member_str(out, "url", l->url);
	hk_jsonw_member_int(out, "line", l->line);
}

/* The members that are neither lists of requests nor of pages. */
static void
write_visit(const hk_capture *c, GString *out)
{
	hk_jsonw_member_str(out, "url", c->url);
	hk_jsonw_member_str(out, "final_url", c->final_url);
	hk_jsonw_member_str(out, "profile", c->profile);
	hk_jsonw_member_str(out, "referrer", c->referrer);
	hk_jsonw_member_str(out, "exit", c->exit);
	hk_jsonw_member_int(out, "visit", c->visit);
	hk_jsonw_member_str(out, "user_agent", c->user_agent);
	hk_jsonw_member_str(out, "browser", c->browser);
	hk_jsonw_key(out, "start");
	hk_jsonw_time(out, c->start_wall_ms / 1000);
	hk_jsonw_member_int(out, "start_wall_ms", c->start_wall_ms);
	hk_jsonw_member_int(out, "duration_ms", c->duration_ms);
	hk_jsonw_member_str(out, "end", hk_capture_end_code(c->end));
	hk_jsonw_member_str(out, "reason", c->reason);
	hk_jsonw_key(out, "notes");
	hk_jsonw_open(out, '[');
	for (guint i = 0; i < c->notes->len; i++) {
		hk_jsonw_str(out, hk_capture_end_code(g_array_index(c->notes, hk_capture_end, i)));
	}
	hk_jsonw_close(out, ']');
	hk_jsonw_member_int(out, "body_bytes", (int64_t)c->body_bytes);
	hk_jsonw_member_int(out, "odd_messages", (int64_t)c->odd_messages);
	list(out, "hops", c->hops, write_hop);
	list(out, "certs", c->certs, write_cert);
	list(out, "cookies", c->cookies, write_cookie);
	list(out, "events", c->events, write_event);
}

void
hk_capture_json(const hk_capture *c, GString *out)
{
	hk_jsonw_open(out, '{');
	write_visit(c, out);
	list(out, "pages", c->pages, write_page);
	list(out, "exchanges", c->exchanges, write_exchange);
	list(out, "console", c->console, write_line);
	hk_jsonw_close(out, '}');
}

void
hk_capture_brief(const hk_capture *c, GString *out)
{
	write_visit(c, out);
	list(out, "pages", c->pages, brief_page);
	hk_jsonw_member_int(out, "exchange_count", c->exchanges->len);
	list_max(out, "exchanges", c->exchanges, HK_CAPTURE_BRIEF_EXCHANGES, brief_exchange);
	list_max(out, "console", c->console, HK_CAPTURE_BRIEF_CONSOLE, write_line);
}

/* RFC 7468: lines of 64 characters. */
void
hk_capture_pem(GString *out, hk_span der)
{
	g_autofree char *text = g_malloc(HK_BASE64_LEN(der.len) + 1);

	hk_base64_encode(der, text);
	g_string_append(out, "-----BEGIN CERTIFICATE-----\n");
	for (const char *at = text; *at;) {
		size_t len = MIN(strlen(at), 64);

		g_string_append_len(out, at, (gssize)len);
		g_string_append_c(out, '\n');
		at += len;
	}
	g_string_append(out, "-----END CERTIFICATE-----\n");
}

/* Where the files go. */
typedef struct files {
	hk_capture_file each;
	void *user;
	GError **error;
} files;

static bool
give(const files *f, const char *kind, const char *name, const char *type, hk_span bytes)
{
	return f->each(f->user, kind, name, type, bytes, f->error);
}

static bool
give_page(const files *f, const hk_capture_page *page, guint index)
{
	const struct {
		const char *kind, *name, *type;
		hk_span bytes;
		bool there;
	} all[] = {{"viewport", "viewport.png", "image/png", span_of(page->viewport_png),
			   page->viewport_png},
		{"full", "full.png", "image/png", span_of(page->full_png), page->full_png},
		{"dom", "dom.html", "text/html", span_of(page->dom), page->dom},
		{"text", "text.txt", "text/plain", hk_span_str(page->text), page->text},
		{"favicon", "favicon.bin", "application/octet-stream", span_of(page->favicon_bytes),
			page->favicon_bytes}};

	for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
		g_autofree char *name = page_file(index, all[i].name);

		if (all[i].there && !give(f, all[i].kind, name, all[i].type, all[i].bytes)) {
			return false;
		}
	}
	return true;
}

static bool
give_chains(const files *f, const hk_capture *c)
{
	g_autoptr(GString) out = g_string_new(NULL);

	for (guint i = 0; i < c->certs->len; i++) {
		const hk_capture_cert *cert = g_ptr_array_index(c->certs, i);

		g_string_append_printf(out, "# %s\n", cert->origin);
		for (guint j = 0; j < cert->chain->len; j++) {
			hk_capture_pem(out, span_of(g_ptr_array_index(cert->chain, j)));
		}
	}
	return out->len == 0 || give(f, "chain", "chain.pem", "application/x-pem-file",
					hk_span_of(out->str, out->len));
}

static bool
give_archives(const files *f, const hk_capture *c)
{
	g_autoptr(GBytes) warc = hk_warc_write(c, f->error);
	g_autoptr(GBytes) har = warc ? hk_har_write(c, f->error) : NULL;

	return har && give(f, "warc", "capture.warc.gz", "application/warc", span_of(warc)) &&
	       give(f, "har", "capture.har", "application/json", span_of(har));
}

bool
hk_capture_files(const hk_capture *c, hk_capture_file each, void *user, GError **error)
{
	const files f = {each, user, error};
	g_autoptr(GString) json = g_string_new(NULL);

	for (guint i = 0; i < c->pages->len; i++) {
		if (!give_page(&f, g_ptr_array_index(c->pages, i), i)) {
			return false;
		}
	}
	hk_capture_json(c, json);
	g_string_append_c(json, '\n');
	return give_chains(&f, c) &&
	       (!c->egress || give(&f, "egress", "egress.jsonl", "application/x-ndjson",
				      span_of(c->egress))) &&
	       give(&f, "json", "capture.json", "application/json",
		       hk_span_of(json->str, json->len)) &&
	       give_archives(&f, c);
}

static bool
put(void *dir, const char *kind, const char *name, const char *type, hk_span bytes, GError **error)
{
	g_autofree char *path = g_build_filename(dir, name, NULL);

	(void)kind;
	(void)type;
	return hk_file_replace_fast(path, bytes, error);
}

static bool
put_bodies(const hk_capture *c, const char *dir, GError **error)
{
	g_autofree char *bodies = g_build_filename(dir, "body", NULL);

	if (!hk_file_mkdirs(bodies, error)) {
		return false;
	}
	for (guint i = 0; i < c->exchanges->len; i++) {
		const hk_capture_exchange *x = g_ptr_array_index(c->exchanges, i);
		g_autofree char *name = g_strdup_printf("%04u.bin", i);

		if (x->body && !put(bodies, "body", name, x->mime, span_of(x->body), error)) {
			return false;
		}
	}
	return true;
}

bool
hk_capture_write(const hk_capture *c, const char *dir, GError **error)
{
	return hk_file_mkdirs(dir, error) && put_bodies(c, dir, error) &&
	       hk_capture_files(c, put, (void *)(uintptr_t)dir, error);
}
