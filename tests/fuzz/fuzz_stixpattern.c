/* fuzz_stixpattern: STIX patterns. Properties: every span lies in the input; what may be taken is one of our four kinds;
 * a cut never gives the same terms and more. */
#include "fuzz.h"
#include "parse/stixpattern.h"

static hk_stix_term terms[HK_STIXPATTERN_TERMS_MAX];

static void
inside(hk_span part, const uint8_t *data, size_t size)
{
	need(part.len == 0 || (part.data >= data && part.data + part.len <= data + size));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char text[HK_STIXPATTERN_BYTES_MAX + 1];
	size_t count = 0;
	size_t len = 0;

	if (hk_stixpattern_read(hk_span_of(data, size), terms, HK_STIXPATTERN_TERMS_MAX, &count) !=
		HK_OK) {
		return 0;
	}
	need(count <= HK_STIXPATTERN_TERMS_MAX);
	for (size_t i = 0; i < count; i++) {
		inside(terms[i].path, data, size);
		inside(terms[i].value, data, size);
		need(terms[i].use != HK_STIX_TAKE || terms[i].kind != HK_STIX_OTHER);
		need(hk_stix_use_name(terms[i].use) != NULL);
		if (hk_stixpattern_text(terms[i].value, text, sizeof text, &len) == HK_OK) {
			need(len <= terms[i].value.len && text[len] == '\0');
		}
	}
	return 0;
}
