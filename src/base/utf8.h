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

#endif
