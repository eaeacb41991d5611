/* fuzz_urljoin: references, behind a byte that chooses the base. Properties: what comes out is canonical, http or https, and means itself
 * wherever it stands. */
#include <string.h>

#include "fuzz.h"
#include "parse/url.h"
#include "sys/uts46.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const bases[] = {"http://evil.example/",
		"https://evil.example:8443/a/b?c=/d", "https://192.0.2.1/x/",
		"http://[2001:db8::1]/"};
	static hk_url base, url, again;

	if (size == 0 ||
		hk_url_parse(hk_span_str(bases[data[0] % 4]), NULL, NULL, &base) != HK_OK) {
		return 0;
	}
	if (hk_url_join(&base, hk_span_of(data + 1, size - 1), hk_uts46_to_ascii, NULL, &url) ==
		HK_OK) {
		need(strncmp(url.text, "http://", 7) == 0 || strncmp(url.text, "https://", 8) == 0);
		need(hk_url_parse(hk_span_of(url.text, url.len), NULL, NULL, &again) == HK_OK);
		need(strcmp(url.text, again.text) == 0);
		need(hk_url_join(&base, hk_span_of(url.text, url.len), NULL, NULL, &again) ==
			HK_OK);
		need(strcmp(url.text, again.text) == 0);
	}
	return 0;
}
