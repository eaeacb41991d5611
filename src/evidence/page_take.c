/* What is taken of a page: facts, document, pictures, certificates, cookies. */
#include <arpa/inet.h>
#include <string.h>

#include "base/codec.h"
#include "evidence/page_int.h"
#include "parse/x509.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "sys/hash.h"
#include "sys/jsonw.h"
#include "sys/png.h"

enum {
	FRAMES_MAX = 10,
	FACTS_MS = 4000,
	PICTURE_MS = 10000,
	FAVICON_MS = 3000,
	WIDTH_MAX = 3000,
	HUNG_MS = 8000
};

/* An isolated world in a frame; 0: none to be had. */
static int64_t
make_world(hk_run *run, const char *frame)
{
	g_autofree char *params = hk_run_param("frameId", frame);
	hk_cdp_message *m = hk_run_call(run, "Page.createIsolatedWorld", params, FACTS_MS, NULL);
	int64_t id = 0;

	if (m) {
		(void)hk_json_i64(&m->body, "executionContextId", &id, NULL);
	}
	hk_cdp_message_free(m);
	return id;
}

/* The string that an expression is in a world; NULL: none. *ret_late: the page does not answer. */
static char *
evaluate(hk_run *run, int64_t world, const char *expression, bool *ret_late)
{
	g_autoptr(GString) params = g_string_new(NULL);
	const char *text = NULL;
	hk_json result;
	char *copy = NULL;

	hk_jsonw_open(params, '{');
	hk_jsonw_key(params, "expression");
	hk_jsonw_str(params, expression);
	hk_jsonw_key(params, "contextId");
	hk_jsonw_int(params, world);
	hk_jsonw_key(params, "returnByValue");
	hk_jsonw_bool(params, true);
	hk_jsonw_key(params, "timeout");
	hk_jsonw_int(params, FACTS_MS);
	hk_jsonw_close(params, '}');
	hk_cdp_message *m =
		hk_run_call(run, "Runtime.evaluate", params->str, FACTS_MS + 1000, ret_late);

	if (m && hk_json_object(&m->body, "result", &result, NULL) &&
		hk_json_str(&result, "value", &text, NULL)) {
		copy = g_strdup(text);
	}
	hk_cdp_message_free(m);
	return copy;
}

/* Facts of one frame. *ret_world, for the main frame's document. */
static bool
take_frame(hk_run *run, const char *frame, bool main, hk_capture_page *page, hk_facts_click *click,
	int64_t *ret_world, bool *ret_late)
{
	g_autofree char *script = hk_facts_script();
	int64_t world = make_world(run, frame);
	g_autofree char *text = world ? evaluate(run, world, script, ret_late) : NULL;
	hk_facts_click own = {0};
	bool cut = false;

	*ret_world = world;
	if (!text || !hk_facts_read(text, strlen(text), main, page, &own, &cut, NULL)) {
		return false;
	}
	if (cut) {
		hk_capture_note(run->capture, HK_CAPTURE_FACTS_CUT);
	}
	if (main) {
		*click = own;
	}
	return true;
}

static void
list_frames(const hk_json *tree, GPtrArray *ret, unsigned depth)
{
	hk_json frame, children;
	const char *id = NULL;

	if (hk_json_object(tree, "frame", &frame, NULL) && hk_json_str(&frame, "id", &id, NULL)) {
		g_ptr_array_add(ret, g_strdup(id));
	}
	if (depth >= 5 || !hk_json_array(tree, "childFrames", &children, NULL)) {
		return;
	}
	for (size_t i = 0; i < hk_json_len(&children) && ret->len < FRAMES_MAX; i++) {
		hk_json child = hk_json_at(&children, i);

		list_frames(&child, ret, depth + 1);
	}
}

static void
take_frames(hk_run *run, hk_capture_page *page)
{
	g_autoptr(GPtrArray) frames = g_ptr_array_new_with_free_func(g_free);
	hk_cdp_message *m = hk_run_call(run, "Page.getFrameTree", NULL, FACTS_MS, NULL);
	hk_json tree;

	if (m && hk_json_object(&m->body, "frameTree", &tree, NULL)) {
		list_frames(&tree, frames, 0);
	}
	hk_cdp_message_free(m);
	for (guint i = 1; i < frames->len && !run->gone; i++) {
		hk_facts_click click;
		int64_t world;

		take_frame(run, g_ptr_array_index(frames, i), false, page, &click, &world, NULL);
	}
}

static void
take_document(hk_run *run, int64_t world, hk_capture_page *page)
{
	g_autofree char *script = g_strdup_printf(
		"((d)=>{const t=d?'<!DOCTYPE '+d.name+(d.publicId?' PUBLIC "
		"\"'+d.publicId+'\"':'')+(d.systemId?' \"'+d.systemId+'\"':'')+'>\\n':'';"
		"const "
		"r=Object.getOwnPropertyDescriptor(Document.prototype,'documentElement').get.call("
		"document);"
		"return "
		"(t+(r?Object.getOwnPropertyDescriptor(Element.prototype,'outerHTML').get.call(r):'"
		"')).slice(0,%d);})"
		"([...document.childNodes].find((n)=>n.nodeType===10))",
		HK_CAPTURE_DOM_MAX);
	g_autofree char *text = world ? evaluate(run, world, script, NULL) : NULL;

	if (!text) {
		hk_capture_note(run->capture, HK_CAPTURE_DOM_CUT);
		return;
	}
	char *fine = hk_capture_text(text, HK_CAPTURE_DOM_MAX);
	size_t len = strlen(fine);

	if (len >= HK_CAPTURE_DOM_MAX - 4) {
		hk_capture_note(run->capture, HK_CAPTURE_DOM_CUT);
	}
	hk_sha256(hk_span_of(fine, len), page->dom_sha256);
	page->dom = g_bytes_new_take(fine, len);
}

/* A picture of width x height CSS pixels, scale pixels each. */
static GBytes *
take_picture(hk_run *run, double width, double height, double scale, bool beyond)
{
	char w[G_ASCII_DTOSTR_BUF_SIZE], h[G_ASCII_DTOSTR_BUF_SIZE], s[G_ASCII_DTOSTR_BUF_SIZE];
	g_autofree char *clip = g_strdup_printf(
		"\"clip\":{\"x\":0,\"y\":0,\"width\":%s,\"height\":%s,\"scale\":%s},",
		g_ascii_dtostr(w, sizeof w, width), g_ascii_dtostr(h, sizeof h, height),
		g_ascii_dtostr(s, sizeof s, scale));
	g_autofree char *params = g_strdup_printf(
		"{\"format\":\"png\",\"optimizeForSpeed\":true,%s\"captureBeyondViewport\":%s}",
		beyond ? clip : "", beyond ? "true" : "false");
	hk_cdp_message *m = hk_run_call(run, "Page.captureScreenshot", params, PICTURE_MS, NULL);
	const char *text = NULL;
	GBytes *made = NULL;
	size_t len = 0;

	if (m && hk_json_str(&m->body, "data", &text, NULL)) {
		g_autofree uint8_t *raw = g_malloc(strlen(text) / 4 * 3 + 1);

		if (hk_base64_decode(hk_span_str(text), raw, &len) == HK_OK &&
			len <= HK_CAPTURE_PNG_MAX) {
			made = hk_png_again(hk_span_of(raw, len), NULL);
		}
	}
	hk_cdp_message_free(m);
	if (!made) {
		hk_capture_note(run->capture, HK_CAPTURE_PICTURE_CUT);
	}
	return made;
}

static void
take_pictures(hk_run *run, hk_capture_page *page)
{
	const hk_profile_row *p = hk_profile_get(run->job->variant.profile);
	double height = MIN((double)page->height, run->limits.full_height);
	double width = CLAMP((double)page->width, p->width, WIDTH_MAX);

	page->viewport_png = take_picture(run, 0, 0, 1, false);
	if (!page->viewport_png || run->gone) {
		return;
	}
	if (page->height > (int64_t)run->limits.full_height) {
		hk_capture_note(run->capture, HK_CAPTURE_PICTURE_CUT);
	}
	if (page->height > p->height || page->width > p->width) {
		page->full_png = take_picture(
			run, width, MAX(height, p->height), MIN(p->ratio, 1.5) / p->ratio, true);
	} else {
		page->full_png = g_bytes_ref(page->viewport_png);
	}
}

/* All that a stream of the browser's has, up to the cap; NULL: nothing. Closes it. */
static GBytes *
read_stream(hk_run *run, const char *handle)
{
	g_autoptr(GByteArray) all = g_byte_array_new();
	g_autofree char *params = hk_run_param("handle", handle);
	bool end = false;

	while (!end && !run->gone) {
		hk_cdp_message *m = hk_run_call(run, "IO.read", params, FAVICON_MS, NULL);
		const char *text = "";
		bool coded = false;
		size_t len = 0;

		end = !m || !hk_json_str(&m->body, "data", &text, NULL);
		(void)(m && hk_json_bool(&m->body, "base64Encoded", &coded, NULL));
		g_autofree uint8_t *bytes = g_malloc(strlen(text) + 1);
		if (!coded) {
			len = strlen(text);
			memcpy(bytes, text, len);
		} else if (hk_base64_decode(hk_span_str(text), bytes, &len) != HK_OK) {
			len = 0;
		}
		g_byte_array_append(all, bytes, (guint)MIN(len, HK_CAPTURE_FAVICON_MAX - all->len));
		bool eof = false;
		end = end || (hk_json_bool(&m->body, "eof", &eof, NULL) && eof) || len == 0 ||
		      all->len >= HK_CAPTURE_FAVICON_MAX;
		hk_cdp_message_free(m);
	}
	hk_run_quiet(run, "IO.close", params);
	return all->len > 0 ? g_byte_array_free_to_bytes(g_steal_pointer(&all)) : NULL;
}

/* A headless browser shows no icon, and so loads none: it is asked to. */
static void
take_favicon(hk_run *run, hk_capture_page *page)
{
	const char *rest = page->url ? strstr(page->url, "://") : NULL;
	g_autofree char *usual =
		rest && g_str_has_prefix(page->url, "http")
			? g_strdup_printf("%.*s/favicon.ico",
				  (int)(rest + 3 - page->url + (ptrdiff_t)strcspn(rest + 3, "/?#")),
				  page->url)
			: NULL;
	const char *url = page->favicon ? page->favicon : usual;
	g_autoptr(GString) params = g_string_new(NULL);
	hk_json resource;
	const char *handle = NULL;
	bool fine = false;

	if (!url || !g_str_has_prefix(url, "http")) {
		return;
	}
	hk_jsonw_open(params, '{');
	hk_jsonw_key(params, "frameId");
	hk_jsonw_str(params, hk_browser_tab_target(run->tab));
	hk_jsonw_key(params, "url");
	hk_jsonw_str(params, url);
	g_string_append(
		params, ",\"options\":{\"disableCache\":false,\"includeCredentials\":true}}");
	hk_cdp_message *m =
		hk_run_call(run, "Network.loadNetworkResource", params->str, FAVICON_MS, NULL);
	int64_t status = 0;

	if (m && hk_json_object(&m->body, "resource", &resource, NULL) &&
		hk_json_bool(&resource, "success", &fine, NULL) && fine) {
		(void)hk_json_i64(&resource, "httpStatusCode", &status, NULL);
		if (hk_json_str(&resource, "stream", &handle, NULL)) {
			page->favicon_bytes = read_stream(run, handle);
		}
	}
	if (status >= 400) {
		g_clear_pointer(&page->favicon_bytes, g_bytes_unref);
	}
	hk_cdp_message_free(m);
}

/* Whether the page is what the last one was: a click that did nothing. */
static bool
is_same(const hk_capture *capture, const hk_capture_page *page)
{
	const hk_capture_page *before =
		capture->pages->len > 0 ? g_ptr_array_index(capture->pages, capture->pages->len - 1)
					: NULL;

	return before && g_strcmp0(before->url, page->url) == 0 && before->dom && page->dom &&
	       g_bytes_equal(before->dom, page->dom);
}

/* A page that does not answer: its own fault, or the browser's? In that case there is nothing more to be had. */
static bool
is_hung(hk_run *run)
{
	if (hk_cdp_do(hk_browser_tab_root(run->tab), "Browser.getVersion", NULL,
		    hk_clock_mono_ms() + HUNG_MS, NULL)) {
		return false;
	}
	if (!hk_cdp_closed(hk_cdp_session_connection(run->page))) {
		hk_capture_note(run->capture, HK_CAPTURE_BROWSER_HANG);
		hk_browser_tab_fail(run->tab);
	}
	run->gone = true;
	return true;
}

bool
hk_run_take(hk_run *run, hk_facts_click *ret_click)
{
	hk_capture_page *page = hk_capture_page_new();
	const char *frame = hk_browser_tab_target(run->tab);
	int64_t world = 0;
	bool late = false;

	page->at_ms = hk_run_ms(run, hk_clock_mono_ms());
	*ret_click = (hk_facts_click){0};
	bool known = take_frame(run, frame, true, page, ret_click, &world, &late);

	if (!known && !run->gone && (late || !world) && !is_hung(run) && !run->stopped) {
		/* Its main thread is busy: a script that does not end. */
		hk_run_stop_scripts(run, HK_CAPTURE_SCRIPT_LOOP);
		known = take_frame(run, frame, true, page, ret_click, &world, NULL);
	}
	if (known) {
		take_frames(run, page);
	} else {
		hk_capture_note(run->capture, HK_CAPTURE_FACTS_CUT);
	}
	take_document(run, world, page);
	if (run->gone || is_same(run->capture, page)) {
		hk_capture_page_free(page);
		return false;
	}
	take_pictures(run, page);
	if (known && !run->gone && !run->stopped) {
		take_favicon(run, page);
	}
	g_ptr_array_add(run->capture->pages, page);
	return true;
}

/* "https://host:port" of an address; NULL: not https. Caller frees. */
static char *
origin_of(const char *url)
{
	return g_str_has_prefix(url, "https://") ? g_strndup(url, 8 + strcspn(url + 8, "/?#"))
						 : NULL;
}

hk_capture_cert *
hk_run_cert(hk_run *run, const char *url)
{
	g_autofree char *origin = origin_of(url);
	hk_capture_cert *cert;

	for (guint i = 0; origin && i < run->capture->certs->len; i++) {
		cert = g_ptr_array_index(run->capture->certs, i);
		if (strcmp(cert->origin, origin) == 0) {
			return cert;
		}
	}
	cert = origin ? hk_capture_add_cert(run->capture) : NULL;
	if (cert) {
		cert->origin = g_steal_pointer(&origin);
	}
	return cert;
}

/* The chain, DER. */
static void
take_chain(hk_run *run, hk_capture_cert *cert)
{
	g_autofree char *params = hk_run_param("origin", cert->origin);
	hk_cdp_message *m =
		hk_run_call(run, "Network.getCertificate", params, HK_RUN_CALL_MS, NULL);
	hk_json names;

	if (m && hk_json_array(&m->body, "tableNames", &names, NULL)) {
		for (size_t i = 0; i < hk_json_len(&names) && i < HK_CAPTURE_CHAIN_MAX; i++) {
			hk_json at = hk_json_at(&names, i);
			const char *text = hk_json_text(&at);
			g_autofree uint8_t *der = g_malloc(text ? strlen(text) / 4 * 3 + 1 : 1);
			size_t len;

			if (text && hk_base64_decode(hk_span_str(text), der, &len) == HK_OK) {
				g_ptr_array_add(cert->chain, g_bytes_new(der, len));
			}
		}
	}
	hk_cdp_message_free(m);
}

/* A text of a certificate, whatever its string type. */
static char *
cert_text(hk_span text)
{
	g_autofree char *copy = g_strndup((const char *)text.data, text.len);

	return hk_capture_text(copy, HK_CAPTURE_TEXT_MAX);
}

static char *
address_text(hk_span bytes)
{
	char text[INET6_ADDRSTRLEN] = "";
	int family = bytes.len == 4 ? AF_INET : bytes.len == 16 ? AF_INET6 : AF_UNSPEC;

	if (family != AF_UNSPEC) {
		(void)inet_ntop(family, bytes.data, text, sizeof text);
	}
	return g_strdup(text);
}

/* What the server's own certificate says. */
static void
read_cert(hk_capture_cert *cert)
{
	gsize len = 0;
	const void *der = cert->chain->len > 0
				  ? g_bytes_get_data(g_ptr_array_index(cert->chain, 0), &len)
				  : NULL;
	hk_x509 x;
	hk_x509_names names;
	hk_x509_name name;

	if (!der || hk_x509_parse_cert(hk_span_of(der, len), &x) != HK_OK) {
		return;
	}
	cert->subject = cert_text(x.subject_cn);
	cert->issuer = cert_text(x.issuer_cn);
	cert->not_before_s = x.not_before == HK_X509_NO_TIME ? 0 : x.not_before;
	cert->not_after_s = x.not_after == HK_X509_NO_TIME ? 0 : x.not_after;
	hk_x509_names_init(&x, &names);
	while (cert->sans->len < HK_CAPTURE_SANS_MAX && hk_x509_names_next(&names, &name)) {
		g_ptr_array_add(cert->sans, name.kind == HK_X509_NAME_DNS
						    ? cert_text(name.value)
						    : address_text(name.value));
	}
}

static void
take_certs(hk_run *run)
{
	for (guint i = 0; i < run->capture->certs->len && !run->gone; i++) {
		hk_capture_cert *cert = g_ptr_array_index(run->capture->certs, i);

		take_chain(run, cert);
		read_cert(cert);
	}
}

static void
take_cookies(hk_run *run)
{
	g_autofree char *params =
		hk_run_param("browserContextId", hk_browser_tab_context(run->tab));
	int64_t id = hk_cdp_send(hk_browser_tab_root(run->tab), NULL, "Storage.getCookies", params);
	hk_cdp_message *m = hk_cdp_wait(
		hk_browser_tab_root(run->tab), id, hk_clock_mono_ms() + HK_RUN_CALL_MS, NULL);
	hk_json cookies;

	if (m && hk_json_array(&m->body, "cookies", &cookies, NULL)) {
		for (size_t i = 0; i < hk_json_len(&cookies); i++) {
			hk_json at = hk_json_at(&cookies, i);
			hk_capture_cookie *cookie = hk_capture_add_cookie(run->capture);
			const char *name = "", *domain = "", *path = "";

			if (!cookie) {
				break;
			}
			(void)hk_json_str(&at, "name", &name, NULL);
			(void)hk_json_str(&at, "domain", &domain, NULL);
			(void)hk_json_str(&at, "path", &path, NULL);
			cookie->name = hk_capture_text(name, HK_CAPTURE_TEXT_MAX);
			cookie->domain = hk_capture_text(domain, 256);
			cookie->path = hk_capture_text(path, HK_CAPTURE_TEXT_MAX);
			(void)hk_json_bool(&at, "httpOnly", &cookie->http_only, NULL);
			(void)hk_json_bool(&at, "secure", &cookie->secure, NULL);
			(void)hk_json_bool(&at, "session", &cookie->session, NULL);
		}
	}
	hk_cdp_message_free(m);
}

void
hk_run_take_rest(hk_run *run)
{
	take_certs(run);
	take_cookies(run);
}
