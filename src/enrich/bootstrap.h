/* enrich/bootstrap: whom to ask by RDAP: IANA's bootstrap files (RFC 9224; object tags RFC 8521). Layer: stage (enrich). Input is hostile.
 *
 * A table is built from one file and asked as often as one likes; read-only, so threads may share it. */
#ifndef HK_ENRICH_BOOTSTRAP_H
#define HK_ENRICH_BOOTSTRAP_H

#include <glib.h>

#include "base/err.h"
#include "base/span.h"

#define HK_BOOTSTRAP_BYTES_MAX (4u * 1024 * 1024)
#define HK_BOOTSTRAP_KEYS_MAX  65536

/* https://data.iana.org/rdap/dns.json ipv4.json ipv6.json asn.json object-tags.json */
typedef enum hk_bootstrap_kind {
	HK_BOOTSTRAP_DNS,
	HK_BOOTSTRAP_IP, /* ipv4 and ipv6 */
	HK_BOOTSTRAP_ASN,
	HK_BOOTSTRAP_TAGS,
} hk_bootstrap_kind;

typedef struct hk_bootstrap hk_bootstrap;

/* hk_bootstrap_read(text, kind, error): NULL with HK_EFORM, HK_ELIMIT: no JSON, no "services" list, no entry that can be used, over a cap. A service of
 * another shape, a key that is none, a URL that is neither http nor https are passed over. Of several URLs the first https one is taken. */
void hk_bootstrap_free(hk_bootstrap *boot); /* accepts NULL */
hk_bootstrap *hk_bootstrap_read(hk_span text, hk_bootstrap_kind kind, GError **error)
	HK_FREED_BY(hk_bootstrap_free);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_bootstrap, hk_bootstrap_free)

/* hk_bootstrap_find(boot, key): the base URL, with a final slash, borrowed; NULL: the file names none. key by kind: a host name (the entry with
 * the most labels wins; an entry "" is the root), an address in numbers (the longest prefix), an AS number ("64500", "AS64500"; the narrowest
 * range), a handle (what stands behind its last '-'). Case does not matter. */
const char *hk_bootstrap_find(const hk_bootstrap *boot, const char *key);

/* hk_bootstrap_count(boot): entries. */
size_t hk_bootstrap_count(const hk_bootstrap *boot);

#endif
