/* match/mmh3: MurmurHash3, the 32-bit variant. Layer: match. Libc only. Input is hostile.
 *
 * Austin Appleby's MurmurHash3_x86_32 (public domain description, SMHasher). Not a cryptographic hash: who wants to can make two inputs alike.
 * It is what the world publishes icons by. */
#ifndef HK_MATCH_MMH3_H
#define HK_MATCH_MMH3_H

#include <stdint.h>

#include "base/span.h"

/* hk_mmh3(in, seed): MurmurHash3_x86_32. The length counts modulo 2^32. Same result on any machine. */
uint32_t hk_mmh3(hk_span in, uint32_t seed);

/* hk_mmh3_icon(in): the number that internet-wide scanners publish for an icon: hk_mmh3 with seed 0 of its base64 (RFC 2045: a newline
 * after every 76 characters and one at the end), as a signed number. Nothing is copied: memory does not grow with the input. */
int32_t hk_mmh3_icon(hk_span in);

#endif
