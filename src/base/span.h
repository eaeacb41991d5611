/* base/span: a borrowed run of bytes. Layer: base. Libc only.
 *
 * Not NUL-terminated. data may be NULL only when len is 0. Who owns the bytes is said where the span is handed out. */
#ifndef HK_BASE_SPAN_H
#define HK_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct hk_span {
	const uint8_t *data; /* borrowed */
	size_t len;          /* bytes */
} hk_span;

/* HK_SPAN_LIT("text"): the bytes of a string literal without its NUL. */
#define HK_SPAN_LIT(lit) ((hk_span){(const uint8_t *)("" lit ""), sizeof(lit) - 1})

static inline hk_span
hk_span_of(const void *data, size_t len)
{
	return (hk_span){(const uint8_t *)data, len};
}

/* hk_span_str(text): the bytes of a NUL-terminated string; empty for NULL. */
static inline hk_span
hk_span_str(const char *text)
{
	return text ? hk_span_of(text, strlen(text)) : (hk_span){NULL, 0};
}

static inline bool
hk_span_eq(hk_span a, hk_span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* hk_span_trim(text): without the blanks of ASCII (space, tab to carriage return) at both ends; borrows the same bytes. */
static inline hk_span
hk_span_trim(hk_span text)
{
	while (text.len > 0 &&
		(text.data[0] == ' ' || (text.data[0] >= '\t' && text.data[0] <= '\r'))) {
		text = hk_span_of(text.data + 1, text.len - 1);
	}
	while (text.len > 0 &&
		(text.data[text.len - 1] == ' ' ||
			(text.data[text.len - 1] >= '\t' && text.data[text.len - 1] <= '\r'))) {
		text.len--;
	}
	return text;
}

#endif
