/* parse/regtext: letters of registries' answers, which are ASCII or not looked at. Layer: parse; for registration, regtime and whois. Libc only. Input is
 * hostile. */
#ifndef HK_PARSE_REGTEXT_H
#define HK_PARSE_REGTEXT_H

#include "base/span.h"

/* hk_regtext_lower(c): A-Z become a-z; other bytes stay. */
static inline uint8_t
hk_regtext_lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 'a' - 'A') : c;
}

/* hk_regtext_trimmed(text): without blanks and controls at either end. */
static inline hk_span
hk_regtext_trimmed(hk_span text)
{
	while (text.len > 0 && text.data[0] <= ' ') {
		text = hk_span_of(text.data + 1, text.len - 1);
	}
	while (text.len > 0 && text.data[text.len - 1] <= ' ') {
		text.len--;
	}
	return text;
}

/* hk_regtext_begins(text, words): whether text begins with the lower-case words, in either case. */
static inline bool
hk_regtext_begins(hk_span text, const char *words)
{
	size_t len = strlen(words);

	if (text.len < len) {
		return false;
	}
	for (size_t i = 0; i < len; i++) {
		if (hk_regtext_lower(text.data[i]) != (uint8_t)words[i]) {
			return false;
		}
	}
	return true;
}

#endif
