/* punycode.h: Unicode labels to A-labels (RFC 3492). Layer match (core); input is hostile. */
#ifndef HK_MATCH_PUNYCODE_H
#define HK_MATCH_PUNYCODE_H

#include <stddef.h>

#include "base/err.h"
#include "base/span.h"

/* The longest DNS label; a longer A-label is refused. */
#define HK_PUNYCODE_LABEL_MAX 63

/* hk_punycode_label(in, out, cap, ret_len): write the A-label of one UTF-8 label to out (no NUL).
 * A label of ASCII only is copied as it is; every other one becomes "xn--" plus its punycode.
 * No case folding and no normalisation: the caller hands over NFC, lower case.
 * out holds cap bytes; HK_PUNYCODE_LABEL_MAX is always enough. in and out must not overlap.
 * HK_OK; HK_EFORM (not UTF-8, surrogate, beyond U+10FFFF, overlong form); HK_ELIMIT (result longer
 * than a label or than cap). *ret_len is untouched unless HK_OK; out may hold a partial result. */
HK_MUST hk_err hk_punycode_label(hk_span in, char *out, size_t cap, size_t *ret_len);

#endif
