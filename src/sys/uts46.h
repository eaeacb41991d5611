/* sys/uts46: names as browsers map them (UTS #46, nontransitional, as the URL Standard's "domain to ASCII" asks for), over ICU.
 * Layer: sys. Input is hostile.
 *
 * sys/idn applies IDNA 2008, which refuses what browsers visit: emoji, labels that end in a hyphen, "r3---sn". What a person or a
 * mail names is read with this; what stands in a certificate is shown with sys/idn. */
#ifndef HK_SYS_UTS46_H
#define HK_SYS_UTS46_H

#include "base/err.h"
#include "base/span.h"

/* hk_uts46_to_ascii(user, host, ret, max): the form of parse/url's hk_url_to_ascii; user is not used. host in UTF-8, any case; ret:
 * lower case, A-labels, with a NUL, at most max bytes. Empty labels and labels of any length pass: parse/url refuses them. HK_EFORM:
 * letters that no name may hold, or no UTF-8; HK_ELIMIT: over max. Any thread. */
HK_MUST hk_err hk_uts46_to_ascii(void *user, hk_span host, char *ret, size_t max);

#endif
