/* base/num: numbers in text. Layer: base. Libc only. Input is hostile. */
#ifndef HK_BASE_NUM_H
#define HK_BASE_NUM_H

#include "base/err.h"
#include "base/span.h"

/* hk_parse_u64(text, max, ret): a decimal number of 1..20 digits, the whole of text, no sign, no blank, at most max.
 * Leading zeros are accepted only as the single digit "0" (C2SP tlog-checkpoint asks for it, and no one else writes
 * them). HK_EFORM for anything but digits, HK_ERANGE over max. */
HK_MUST hk_err hk_parse_u64(hk_span text, uint64_t max, uint64_t *ret);

#endif
