/* base/utf8: strict UTF-8 (RFC 3629). Layer: base. Libc only. Input is hostile. */
#ifndef HK_BASE_UTF8_H
#define HK_BASE_UTF8_H

#include "base/span.h"

/* hk_utf8_next(at, end, ret): decode one code point at at < end. Returns its length in bytes (1..4) and sets *ret;
 * returns 0 and leaves *ret alone for an overlong form, a surrogate, a value over U+10FFFF, a stray continuation byte
 * or a sequence that end cuts off. */
size_t hk_utf8_next(const uint8_t *at, const uint8_t *end, uint32_t *ret);

/* hk_utf8_valid(text): whether every byte belongs to a well-formed sequence. NUL counts as a valid character. */
bool hk_utf8_valid(hk_span text);

/* Text that arrives in pieces, which may cut a sequence anywhere. All zeros is the beginning. */
typedef struct hk_utf8_feed {
	uint8_t need; /* continuation bytes that are still to come; 0: between two characters, where a text may end */
	uint8_t low, high; /* what the next one may be, when need is not 0 */
} hk_utf8_feed;

/* hk_utf8_more(feed, piece): whether text before and piece can be the beginning of well-formed text. False at the first byte that
 * rules it out, not only at the end of its sequence; the feed is then of no use any more. */
bool hk_utf8_more(hk_utf8_feed *feed, hk_span piece);

#endif
