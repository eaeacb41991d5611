#include "evidence/capture.h"

#include <string.h>

static const struct {
	const char *code, *meaning;
} ends[] = {
#define CAPEND(name, code, meaning) {code, meaning},
#include "evidence/ends.def"
#undef CAPEND
};

const char *
hk_capture_end_code(hk_capture_end end)
{
	return ends[end].code;
}

const char *
hk_capture_end_meaning(hk_capture_end end)
{
	return ends[end].meaning;
}

const char *
hk_capture_how_code(hk_capture_how how)
{
	static const char *const codes[] = {"open", "redirect", "client", "click"};

	return codes[how];
}

const char *
hk_capture_event_code(hk_capture_event_kind kind)
{
	static const char *const codes[HK_CAPTURE_EVENTS] = {"dialog", "window", "download",
		"permission", "socket", "worker", "click", "refused"};

	return codes[kind];
}

static void
header_free(void *data)
{
	hk_capture_header *header = data;

	g_free(header->name);
	g_free(header->value);
	g_free(header);
}

static void
exchange_free(void *data)
{
	hk_capture_exchange *x = data;
	char *const texts[] = {x->url, x->method, x->type, x->initiator, x->document, x->frame,
		x->status_text, x->protocol, x->mime, x->remote_ip, x->response_head, x->error,
		x->security, x->id};

	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_free(texts[i]);
	}
	g_ptr_array_unref(x->request_headers);
	g_ptr_array_unref(x->response_headers);
	g_clear_pointer(&x->post, g_bytes_unref);
	g_clear_pointer(&x->body, g_bytes_unref);
	g_free(x);
}

static void
hop_free(void *data)
{
	hk_capture_hop *hop = data;

	g_free(hop->url);
	g_free(hop);
}

static void
cert_free(void *data)
{
	hk_capture_cert *cert = data;

	g_free(cert->origin);
	g_free(cert->subject);
	g_free(cert->issuer);
	g_free(cert->protocol);
	g_free(cert->cipher);
	g_ptr_array_unref(cert->chain);
	g_ptr_array_unref(cert->sans);
	g_free(cert);
}

static void
cookie_free(void *data)
{
	hk_capture_cookie *cookie = data;

	g_free(cookie->name);
	g_free(cookie->domain);
	g_free(cookie->path);
	g_free(cookie);
}

static void
event_free(void *data)
{
	hk_capture_event *event = data;

	g_free(event->text);
	g_free(event->url);
	g_free(event);
}

static void
line_free(void *data)
{
	hk_capture_line *line = data;

	g_free(line->level);
	g_free(line->text);
	g_free(line->url);
	g_free(line);
}

static void
form_free(void *data)
{
	hk_capture_form *form = data;

	g_free(form->action);
	g_free(form->method);
	g_free(form->name);
	g_free(form->id);
	g_free(form);
}

static void
field_free(void *data)
{
	hk_capture_field *f = data;
	char *const texts[] = {f->tag, f->type, f->name, f->id, f->label, f->placeholder,
		f->autocomplete, f->pattern};

	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_free(texts[i]);
	}
	g_free(f);
}

static void
link_free(void *data)
{
	hk_capture_link *link = data;

	g_free(link->url);
	g_free(link->text);
	g_free(link);
}

hk_capture_page *
hk_capture_page_new(void)
{
	hk_capture_page *page = g_new0(hk_capture_page, 1);

	page->forms = g_ptr_array_new_with_free_func(form_free);
	page->fields = g_ptr_array_new_with_free_func(field_free);
	page->links = g_ptr_array_new_with_free_func(link_free);
	page->years = g_ptr_array_new_with_free_func(g_free);
	page->paths = g_ptr_array_new_with_free_func(g_free);
	return page;
}

void
hk_capture_page_free(hk_capture_page *page)
{
	if (!page) {
		return;
	}
	char *const texts[] = {
		page->url, page->title, page->lang, page->charset, page->text, page->favicon};

	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_free(texts[i]);
	}
	g_clear_pointer(&page->viewport_png, g_bytes_unref);
	g_clear_pointer(&page->full_png, g_bytes_unref);
	g_clear_pointer(&page->dom, g_bytes_unref);
	g_clear_pointer(&page->favicon_bytes, g_bytes_unref);
	g_ptr_array_unref(page->forms);
	g_ptr_array_unref(page->fields);
	g_ptr_array_unref(page->links);
	g_ptr_array_unref(page->years);
	g_ptr_array_unref(page->paths);
	g_free(page);
}

static void
page_free(void *data)
{
	hk_capture_page_free(data);
}

hk_capture *
hk_capture_new(void)
{
	hk_capture *capture = g_new0(hk_capture, 1);

	capture->visit = 1;
	capture->notes = g_array_new(FALSE, TRUE, sizeof(hk_capture_end));
	capture->pages = g_ptr_array_new_with_free_func(page_free);
	capture->exchanges = g_ptr_array_new_with_free_func(exchange_free);
	capture->hops = g_ptr_array_new_with_free_func(hop_free);
	capture->certs = g_ptr_array_new_with_free_func(cert_free);
	capture->cookies = g_ptr_array_new_with_free_func(cookie_free);
	capture->events = g_ptr_array_new_with_free_func(event_free);
	capture->console = g_ptr_array_new_with_free_func(line_free);
	return capture;
}

void
hk_capture_free(hk_capture *capture)
{
	if (!capture) {
		return;
	}
	char *const texts[] = {capture->profile, capture->referrer, capture->exit, capture->url,
		capture->final_url, capture->user_agent, capture->browser, capture->reason};
	GPtrArray *const lists[] = {capture->pages, capture->exchanges, capture->hops,
		capture->certs, capture->cookies, capture->events, capture->console};

	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_free(texts[i]);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(lists); i++) {
		g_ptr_array_unref(lists[i]);
	}
	g_array_unref(capture->notes);
	g_clear_pointer(&capture->egress, g_bytes_unref);
	g_free(capture);
}

/* A zeroed element at the end of the list; NULL when it has max already. */
static void *
add(GPtrArray *list, size_t max, size_t size)
{
	void *element = list->len < max ? g_malloc0(size) : NULL;

	if (element) {
		g_ptr_array_add(list, element);
	}
	return element;
}

hk_capture_exchange *
hk_capture_add_exchange(hk_capture *capture)
{
	hk_capture_exchange *x = add(capture->exchanges, HK_CAPTURE_EXCHANGES_MAX, sizeof *x);

	if (x) {
		x->request_headers = g_ptr_array_new_with_free_func(header_free);
		x->response_headers = g_ptr_array_new_with_free_func(header_free);
		x->redirected_from = SIZE_MAX;
		x->start_ms = x->response_ms = x->end_ms = -1;
	}
	return x;
}

hk_capture_hop *
hk_capture_add_hop(hk_capture *capture)
{
	hk_capture_hop *hop = add(capture->hops, HK_CAPTURE_HOPS_MAX, sizeof *hop);

	if (hop) {
		hop->exchange = SIZE_MAX;
	}
	return hop;
}

hk_capture_cert *
hk_capture_add_cert(hk_capture *capture)
{
	hk_capture_cert *cert = add(capture->certs, HK_CAPTURE_CERTS_MAX, sizeof *cert);

	if (cert) {
		cert->chain = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
		cert->sans = g_ptr_array_new_with_free_func(g_free);
	}
	return cert;
}

hk_capture_cookie *
hk_capture_add_cookie(hk_capture *capture)
{
	return add(capture->cookies, HK_CAPTURE_COOKIES_MAX, sizeof(hk_capture_cookie));
}

hk_capture_event *
hk_capture_add_event(hk_capture *capture, hk_capture_event_kind kind)
{
	hk_capture_event *event = add(capture->events, HK_CAPTURE_EVENTS_MAX, sizeof *event);

	if (event) {
		event->kind = kind;
	}
	return event;
}

hk_capture_line *
hk_capture_add_line(hk_capture *capture)
{
	return add(capture->console, HK_CAPTURE_CONSOLE_MAX, sizeof(hk_capture_line));
}

hk_capture_form *
hk_capture_add_form(hk_capture_page *page)
{
	return add(page->forms, HK_CAPTURE_FORMS_MAX, sizeof(hk_capture_form));
}

hk_capture_field *
hk_capture_add_field(hk_capture_page *page)
{
	return add(page->fields, HK_CAPTURE_FIELDS_MAX, sizeof(hk_capture_field));
}

hk_capture_link *
hk_capture_add_link(hk_capture_page *page)
{
	return add(page->links, HK_CAPTURE_LINKS_MAX, sizeof(hk_capture_link));
}

void
hk_capture_add_header(GPtrArray *list, const char *name, const char *value)
{
	hk_capture_header *header = add(list, HK_CAPTURE_HEADERS_MAX, sizeof *header);

	if (header) {
		header->name = hk_capture_text(name, HK_CAPTURE_TEXT_MAX);
		header->value = hk_capture_text(value, HK_CAPTURE_TEXT_MAX);
	}
}

const char *
hk_capture_header_get(const GPtrArray *list, const char *name)
{
	for (guint i = 0; i < list->len; i++) {
		const hk_capture_header *header = g_ptr_array_index(list, i);

		if (g_ascii_strcasecmp(header->name, name) == 0) {
			return header->value;
		}
	}
	return NULL;
}

bool
hk_capture_noted(const hk_capture *capture, hk_capture_end note)
{
	for (guint i = 0; i < capture->notes->len; i++) {
		if (g_array_index(capture->notes, hk_capture_end, i) == note) {
			return true;
		}
	}
	return false;
}

void
hk_capture_note(hk_capture *capture, hk_capture_end note)
{
	if (!hk_capture_noted(capture, note)) {
		g_array_append_val(capture->notes, note);
	}
}

char *
hk_capture_text(const char *text, size_t max_bytes)
{
	if (!text) {
		return NULL;
	}
	size_t len = strnlen(text, max_bytes + 1);

	if (len > max_bytes) {
		for (len = max_bytes; len > 0 && ((uint8_t)text[len] & 0xC0) == 0x80; len--) {
		}
	}
	/* A byte that is not UTF-8 becomes three: cut again what has grown. */
	char *fine = g_utf8_make_valid(text, (gssize)len);

	len = strlen(fine);
	if (len > max_bytes) {
		for (len = max_bytes; len > 0 && ((uint8_t)fine[len] & 0xC0) == 0x80; len--) {
		}
		fine[len] = '\0';
	}
	return fine;
}
