/* fuzz_html: HTML of a mail. Properties: reading goes on and ends, tokens lie in the text and in its order, text and links keep their caps,
 * an address holds no line end, the same bytes give the same links behind a comment. */
#include <string.h>

#include "fuzz.h"
#include "sys/html.h"
#include "sys/htmltok.h"

static void
tokens(hk_span text)
{
	hk_htmltok tok = {.text = text};
	g_autoptr(GString) value = g_string_new(NULL);

	for (size_t before = 0; hk_htmltok_next(&tok); before = tok.at) {
		need(tok.at >= before && tok.at <= text.len);
		need(tok.body.data >= text.data + before &&
			tok.body.data + tok.body.len <= text.data + tok.at);
		need(tok.at > before || tok.kind == HK_HTMLTOK_RAW);
		need(strlen(tok.name) <= HK_HTMLTOK_NAME_MAX);
		if (hk_htmltok_attribute(&tok, "href", value)) {
			need(!memchr(value->str, '\0', value->len));
		}
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t nothing[1];
	hk_span text = hk_span_of(size > 0 ? data : nothing, size);
	g_autoptr(GString) commented = g_string_new("<!-- -->");

	tokens(text);
	g_string_append_len(commented, (const char *)data, (gssize)size);

	g_autoptr(hk_html) html = hk_html_read(text);
	g_autoptr(hk_html) again = hk_html_read(hk_span_of(commented->str, commented->len));

	need(html->links->len <= HK_HTML_LINKS_MAX && html->links->len == again->links->len);
	need(html->text->len <= 2 * size + 1024);
	for (unsigned i = 0; i < html->links->len; i++) {
		const hk_html_link *l = html->links->pdata[i];
		const hk_html_link *other = again->links->pdata[i];

		need(strcmp(l->url, other->url) == 0 && !strpbrk(l->url, "\t\r\n"));
		need(strlen(l->shown) <= HK_HTML_SHOWN_MAX);
	}
	return 0;
}
