/* parse/iso2022: ISO-2022-JP in all the shapes that mails come in, as EUC-JP. Layer: parse. Libc only. Input is hostile.
 *
 * iconv's ISO-2022-JP refuses what Japanese mailers write every day: the vendor characters of NEC row 13 (circled digits, ㈱),
 * half-width katakana by ESC ( I or by SO/SI, JIS X 0212, lines that end inside kanji. In EUC form all of it is a plain byte
 * shift, and the vendor table (EUC-JP-MS) does the rest. */
#ifndef HK_PARSE_ISO2022_H
#define HK_PARSE_ISO2022_H

#include "base/err.h"
#include "base/span.h"

/* hk_iso2022jp_like(text): seven bits only, and at least one of the escapes that switch to Japanese (ESC $ @, ESC $ B, ESC $ ( D,
 * ESC ( J, ESC ( I). */
bool hk_iso2022jp_like(hk_span text);

/* hk_iso2022jp_to_euc(text, ret, max, ret_len): never fails on content: a byte that fits nowhere is passed on as it is. A line end
 * goes back to ASCII (RFC 1468). At most 3 * len / 2 + 1 bytes are written, 2 * len for katakana: HK_ELIMIT if max does not
 * hold them. */
HK_MUST hk_err hk_iso2022jp_to_euc(hk_span text, uint8_t *ret, size_t max, size_t *ret_len);

#endif
