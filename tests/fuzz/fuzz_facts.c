/* fuzz_facts: what a renderer says about a document. Properties: it is refused and the page is as it was, or every text is UTF-8 within its cap, every
 * list within its own, every field's form is one of the page's; the capture is JSON. */
#include <string.h>

#include "base/utf8.h"
#include "evidence/facts.h"
#include "evidence/files.h"
#include "fuzz.h"
#include "sys/json.h"

static void
check_text(const char *text, size_t max)
{
	need(!text || (strlen(text) <= max && hk_utf8_valid(hk_span_str(text))));
}

static void
check_page(const hk_capture_page *page)
{
	check_text(page->url, HK_CAPTURE_URL_MAX);
	check_text(page->title, HK_CAPTURE_TITLE_MAX);
	check_text(page->text, HK_CAPTURE_VISIBLE_MAX);
	need(page->forms->len <= HK_CAPTURE_FORMS_MAX &&
		page->fields->len <= HK_CAPTURE_FIELDS_MAX);
	need(page->links->len <= HK_CAPTURE_LINKS_MAX && page->paths->len <= HK_CAPTURE_PATHS_MAX);
	for (guint i = 0; i < page->fields->len; i++) {
		const hk_capture_field *field = g_ptr_array_index(page->fields, i);

		need(field->form >= -1 && field->form < (int64_t)page->forms->len);
		check_text(field->label, HK_CAPTURE_TEXT_MAX);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	hk_capture *capture = hk_capture_new();
	hk_capture_page *page = hk_capture_page_new();
	hk_facts_click click = {0};
	bool cut = false;

	/* The main document, then the same as a frame's. */
	for (int i = 0; i < 2; i++) {
		g_autofree char *text = g_malloc(size + 1);
		g_autoptr(GError) error = NULL;

		memcpy(text, data, size);
		text[size] = '\0';
		bool fine = hk_facts_read(text, size, i == 0, page, &click, &cut, &error);
		need(fine == (error == NULL));
		need(fine || (page->forms->len == 0 && !page->text));
		need(!click.found ||
			(click.x >= 0 && click.x <= 10000 && click.y >= 0 && click.y <= 10000));
		check_page(page);
	}
	g_ptr_array_add(capture->pages, page);
	g_autoptr(GString) out = g_string_new(NULL);
	hk_capture_json(capture, out);
	hk_json_doc *doc = hk_json_load(hk_span_of(out->str, out->len), out->len, NULL);
	need(doc != NULL);
	hk_json_doc_free(doc);
	hk_capture_free(capture);
	return 0;
}
