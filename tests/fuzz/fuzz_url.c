/* fuzz_url: refanged, parsed, found. Properties: refanging is done once; a canonical URL is its own canonical form, printable
 * ASCII, with its host inside; what is found lies in the text, in order, and does not come twice. */
#include "fuzz.h"
#include "parse/url.h"
#include "sys/uts46.h"

static void
canonical(hk_span text, hk_url_to_ascii to_ascii)
{
	static hk_url url;
	static hk_url again;

	if (hk_url_parse(text, to_ascii, NULL, &url) != HK_OK) {
		return;
	}
	need(url.len <= HK_URL_MAX && url.text[url.len] == '\0' && strlen(url.text) == url.len);
	for (size_t i = 0; i < url.len; i++) {
		need(url.text[i] > ' ' && url.text[i] < 0x7f && url.text[i] != '#');
	}
	need(url.path < url.len && url.text[url.path] == '/');
	need(url.host[0] != '\0' && strstr(url.text, url.host));
	need(hk_url_parse(hk_span_of(url.text, url.len), to_ascii, NULL, &again) == HK_OK);
	need(strcmp(url.text, again.text) == 0 && strcmp(url.host, again.host) == 0);
	need(url.port == again.port && url.path == again.path);
}

static void
find(hk_span text, bool bare)
{
	size_t pos = 0;
	size_t before = 0;
	hk_span found;

	while (hk_url_find(text, bare, &pos, &found)) {
		need(pos > before && pos <= text.len && found.len > 0);
		need(found.data >= text.data + before && found.data + found.len <= text.data + pos);
		before = pos;
	}
	need(pos == text.len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char plain[HK_URL_TEXT_MAX];
	static char again[HK_URL_TEXT_MAX];
	hk_span text = hk_span_of(data, size);
	size_t len = 0;
	size_t more = 0;

	canonical(text, hk_uts46_to_ascii);
	canonical(text, NULL);
	if (hk_url_refang(text, plain, sizeof plain, &len) == HK_OK) {
		need(len > 0 && len <= sizeof plain);
		need(hk_url_refang(hk_span_of(plain, len), again, sizeof again, &more) == HK_OK);
		need(len == more && memcmp(plain, again, len) == 0);
		canonical(hk_span_of(plain, len), hk_uts46_to_ascii);
	}
	find(text, false);
	find(text, true);
	return 0;
}
