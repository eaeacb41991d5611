/* The struct of a capture: caps, texts; and its JSON. */
#include <string.h>

#include "evidence/files.h"
#include "sys/json.h"
#include "tap.h"

int
main(void)
{
	g_autoptr(hk_capture) c = hk_capture_new();
	g_autofree char *cut = hk_capture_text("あいう", 7);
	g_autofree char *odd = hk_capture_text("a\xff"
					       "b",
		100);
	g_autofree char *grown = hk_capture_text("\xff\xff\xff", 4);

	is_str(cut, "あい", "cut at a character");
	is_str(odd,
		"a\xEF\xBF\xBD"
		"b",
		"what is not UTF-8 becomes U+FFFD");
	is_str(grown, "\xEF\xBF\xBD", "and does not grow over the cap");
	for (int i = 0; i < HK_CAPTURE_EXCHANGES_MAX; i++) {
		hk_capture_add_exchange(c);
	}
	ok(hk_capture_add_exchange(c) == NULL, "a full list");
	hk_capture_exchange *x = g_ptr_array_index(c->exchanges, 0);
	for (int i = 0; i < 2 * HK_CAPTURE_HEADERS_MAX; i++) {
		hk_capture_add_header(x->response_headers, "X-Many", "1");
	}
	is_int(x->response_headers->len, HK_CAPTURE_HEADERS_MAX, "headers are capped");
	is_str(hk_capture_header_get(x->response_headers, "x-many"), "1",
		"found whatever the case");
	is_str(hk_capture_header_get(x->response_headers, "none"), NULL, "or not");
	hk_capture_note(c, HK_CAPTURE_DIALOGS);
	hk_capture_note(c, HK_CAPTURE_DIALOGS);
	is_int(c->notes->len, 1, "a note once");

	/* An empty capture is JSON, too, and texts of pages cannot break it. */
	g_ptr_array_add(c->pages, hk_capture_page_new());
	c->url = g_strdup("https://a.example/\"\n\x01");
	g_autoptr(GString) out = g_string_new(NULL);
	hk_capture_json(c, out);
	g_autoptr(GError) error = NULL;
	g_autoptr(hk_json_doc) doc = hk_json_load(hk_span_of(out->str, out->len), out->len, &error);
	ok(doc != NULL, "JSON%s", error ? error->message : "");
	hk_json root = hk_json_root(doc), notes;
	const char *url = NULL;
	ok(hk_json_str(&root, "url", &url, NULL) && strcmp(url, c->url) == 0,
		"the address comes back");
	ok(hk_json_array(&root, "notes", &notes, NULL) && hk_json_len(&notes) == 1, "the notes");
	return tap_done();
}
