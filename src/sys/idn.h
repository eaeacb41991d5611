/* sys/idn: internationalised names to A-labels and back (IDNA 2008, RFC 5891), over libidn2. Layer: sys. Input is hostile. */
#ifndef HK_SYS_IDN_H
#define HK_SYS_IDN_H

#include <stddef.h>

#include "base/err.h"
#include "base/span.h"

/* A name of 255 bytes in A-labels has at most this many bytes in UTF-8 (a punycode digit makes a letter of 4 bytes at most). */
#define HK_IDN_TEXT_MAX 1020

/* hk_idn_to_ascii(text, out, cap, ret_len): a name or label in UTF-8, any case, as a browser would look it up: mapped (UTS #46,
 * non-transitional), lower case, A-labels. Full stops of East Asia (U+3002 and its kin) count as dots. out holds cap bytes, no
 * NUL is written. HK_EFORM: it is no such name; HK_ELIMIT: the result is longer than cap, or text than HK_IDN_TEXT_MAX. */
HK_MUST hk_err hk_idn_to_ascii(hk_span text, char *out, size_t cap, size_t *ret_len);

/* hk_idn_to_unicode(name, out, cap, ret_len): the name with every A-label that can be decoded as UTF-8; one that cannot stays
 * as it is. HK_ENOENT: no label was decoded, out is not written; HK_ELIMIT: as above. out then holds a partial result. */
HK_MUST hk_err hk_idn_to_unicode(hk_span name, char *out, size_t cap, size_t *ret_len);

#endif
