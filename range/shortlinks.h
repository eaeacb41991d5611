/* range/shortlinks: a service of short links on loopback, like t.co, whose links lead on in the ways of linkkinds.def, change, loop and die; and a log of who asked. Part of
 * hikeshi-range. Input is hostile, as far as a test's peer is.
 *
 * Any host but 127.0.0.1 and localhost is the service; a link is told apart by its path, or by host and path. docs/range.md has the control requests. */
#ifndef RG_SHORTLINKS_H
#define RG_SHORTLINKS_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "base/err.h"
#include "base/span.h"

enum { RG_LINKS_MAX = 10000, RG_LINKS_BYTES_MAX = 1 << 20, RG_LINKS_ASKED_MAX = 100000 };

typedef struct rg_shortlinks rg_shortlinks;

typedef struct rg_shortlinks_config {
	uint16_t port, tls_port; /* 0: any free one */
	const char *
		dir; /* an existing folder for ca.pem, the authority of the certificate; NULL: nobody knows it */
} rg_shortlinks_config;

/* rg_shortlinks_new(config, error): serves from then on, in threads of its own. HK_EIO: cannot listen, or write ca.pem. */
void rg_shortlinks_free(rg_shortlinks *s); /* accepts NULL */
rg_shortlinks *rg_shortlinks_new(const rg_shortlinks_config *config, GError **error)
	HK_FREED_BY(rg_shortlinks_free);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(rg_shortlinks, rg_shortlinks_free)
uint16_t rg_shortlinks_port(const rg_shortlinks *s, bool tls);

/* rg_shortlinks_read(s, text, error): lines "[HOST]/CODE KIND [TARGET] [no-head]"; '#' begins a comment line. HK_EFORM with "line N: what". */
bool rg_shortlinks_read(rg_shortlinks *s, hk_span text, GError **error);

/* rg_shortlinks_set(s, where, kind, target, head): the link where ("/CODE" or "HOST/CODE") leads on like that from now on; NULL: as before, for a new one "301" and "".
 * head: whether it answers HEAD (else 405). False: no such kind, no path, or too many. */
bool rg_shortlinks_set(
	rg_shortlinks *s, const char *where, const char *kind, const char *target, bool head);

/* The i-th kind's name and what it is; NULL past the last one. */
const char *rg_shortlinks_kind(size_t i, const char **ret_what);

#endif
