/* tests/fuzz/c2mask: what holds of a masked text (DESIGN section 7, rail 4). */
#ifndef HK_TESTS_FUZZ_C2MASK_H
#define HK_TESTS_FUZZ_C2MASK_H

#include <string.h>

#include "fuzz.h"
#include "source/c2/command.h"

/* No mobile number of text is found in what masking makes of it. (Others may seem to be there: what stood around a number reads on into its mask.) */
static inline void
masked_of(hk_span text)
{
	g_autoptr(GString) masked = g_string_new(NULL);
	g_autoptr(GHashTable) was = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	hk_telno telno;

	for (size_t pos = 0; hk_telno_find(text, &pos, &telno);) {
		if (telno.kind == HK_TELNO_MOBILE) {
			g_hash_table_add(was, g_strdup(telno.e164));
		}
	}
	hk_number_mask_text(text, masked);
	hk_span shown = hk_span_of(masked->str, masked->len);
	for (size_t pos = 0; hk_telno_find(shown, &pos, &telno);) {
		need(telno.kind != HK_TELNO_MOBILE || !g_hash_table_contains(was, telno.e164));
	}
}

#endif
