/* fuzz_mailtext: encoded words, ISO-2022-JP; the first byte chooses. Properties: what is written fits and is
 * bounded by the input, reading ends, spans lie inside. */
#include <stdlib.h>

#include "fuzz.h"
#include "parse/encword.h"
#include "parse/iso2022.h"

static void
words(hk_span value)
{
	uint8_t buf[64];
	hk_encword run;
	size_t pos = 0, before = 0;

	while (hk_encword_next(value, &pos, buf, sizeof buf, &run)) {
		need(run.len <= sizeof buf && pos > before && pos <= value.len);
		need(strlen(run.charset) <= HK_ENCWORD_CHARSET_MAX);
		before = pos;
	}
}

static void
japanese(hk_span text)
{
	size_t max = 2 * text.len + 4, len = 0;
	uint8_t *out = malloc(max);

	need(hk_iso2022jp_to_euc(text, out, max, &len) == HK_OK && len <= 2 * text.len);
	if (text.len > 0) {
		size_t small = 0;
		uint8_t *tight = malloc(text.len);

		(void)!hk_iso2022jp_to_euc(text, tight, text.len, &small);
		free(tight);
	}
	(void)hk_iso2022jp_like(text);
	free(out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 0) {
		hk_span rest = hk_span_of(data + 1, size - 1);

		if (data[0] % 3 == 0) {
			words(rest);
		} else {
			japanese(rest);
		}
	}
	return 0;
}
