/* fuzz_telno: any text, read at every byte and searched. Properties: E.164 is well formed; what is read lies in the text; finding goes on and ends; no mobile number of a text is in what masking makes of it. */
#include <stdlib.h>

#include "c2mask.h"
#include "fuzz.h"
#include "parse/telno.h"

static void
check(const hk_telno *telno, hk_span text)
{
	char mask[HK_TELNO_MASK_SIZE], region[8];
	size_t len = strlen(telno->e164);

	need(telno->kind <= HK_TELNO_DIGITS && telno->digits > 0);
	need(telno->text.data >= text.data &&
		telno->text.data + telno->text.len <= text.data + text.len);
	need((len > 0) == (telno->kind <= HK_TELNO_OTHER));
	need(len == 0 || (telno->e164[0] == '+' && len >= 9 && len < HK_TELNO_SIZE));
	need(telno->kind != HK_TELNO_MOBILE || (len == 13 && memcmp(telno->e164, "+81", 3) == 0));
	need(strcmp(hk_telno_mask(telno->e164, mask) + strlen(mask) - 4, "****") == 0);
	need(strlen(hk_telno_region(telno->e164, region)) == (len > 0 ? 7 : 0));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	hk_span text = hk_span_of(data, size);
	hk_telno telno;
	size_t pos = 0, before = 0;

	if (size > 512) {
		return 0;
	}
	for (size_t at = 0; at < size; at++) {
		size_t len = hk_telno_read(text, at, &telno);
		need(at + len <= size);
		if (len > 0) {
			check(&telno, text);
		}
	}
	while (hk_telno_find(text, &pos, &telno)) {
		check(&telno, text);
		need(pos > before && (telno.kind <= HK_TELNO_OTHER || telno.near));
		before = pos;
	}
	need(pos == size);
	masked_of(text);
	return 0;
}
