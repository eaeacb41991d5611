/* base/codec: hexadecimal and base64. Layer: base. Libc only. Input is hostile. */
#ifndef HK_BASE_CODEC_H
#define HK_BASE_CODEC_H

#include "base/err.h"
#include "base/span.h"

/* hk_hex_encode(in, ret): lower-case hexadecimal, 2 * in.len characters and a NUL into ret (caller's memory). */
void hk_hex_encode(hk_span in, char *ret);

/* hk_hex_decode(text, ret, ret_size): text must be exactly 2 * ret_size hexadecimal digits of either case.
 * HK_EFORM otherwise. */
HK_MUST hk_err hk_hex_decode(hk_span text, uint8_t *ret, size_t ret_size);

/* The number of characters that hk_base64_encode writes for n bytes, without the NUL. */
#define HK_BASE64_LEN(n) (((n) + 2) / 3 * 4)

/* hk_base64_encode(in, ret): RFC 4648, section 4, with padding; HK_BASE64_LEN(in.len) characters and a NUL. */
void hk_base64_encode(hk_span in, char *ret);

/* hk_base64_decode(text, ret, ret_len): RFC 4648, section 4, strict: padded, no white space, no bits left over
 * (section 3.5). Writes at most text.len / 4 * 3 bytes into ret and their number into *ret_len. ret may be the memory
 * of text itself: the output never overtakes the input. HK_EFORM for anything else; the bytes at ret are then
 * undefined, *ret_len is untouched. */
HK_MUST hk_err hk_base64_decode(hk_span text, uint8_t *ret, size_t *ret_len);

#endif
