/* report/address: mail addresses as they may stand in a header, an envelope and a report. Layer: stage (report). Input is hostile. */
#ifndef HK_REPORT_ADDRESS_H
#define HK_REPORT_ADDRESS_H

#include <stdbool.h>

#include <glib.h>

#define HK_ADDRESS_MAX       254 /* bytes (RFC 5321, 4.5.3.1.3, without < and >) */
#define HK_ADDRESS_LOCAL_MAX 64

/* hk_address_read(text, what, error): "local@domain" in ASCII, the domain in lower case and as A-labels, blanks around it dropped; caller frees. The local
 * part is a dot-atom (RFC 5322, 3.2.3), the domain two labels or more. NULL with HK_EFORM, whose text begins with what ("To"), for anything else: line
 * ends, several addresses, quoted forms, local parts outside ASCII (SMTPUTF8 is not spoken). */
char *hk_address_read(const char *text, const char *what, GError **error);

/* hk_address_plus(address, tag, error): "local+tag@domain" of an address that hk_address_read() gave; caller frees. What stands behind a "+" already is
 * dropped. HK_ELIMIT: it would be longer than an address may be. */
char *hk_address_plus(const char *address, const char *tag, GError **error);

/* hk_address_domain(address): what stands behind the last "@"; borrowed; "" if there is none. */
const char *hk_address_domain(const char *address);

/* hk_address_host(text): whether text is a host name (RFC 1123) in ASCII with two labels or more. */
bool hk_address_host(const char *text);

#endif
