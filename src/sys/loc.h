/* sys/loc: where an address lies: AS, prefix, country, from a file on this machine. Layer: sys. Nobody is asked.
 *
 * libloc's database (Debian: libloc-database; `location update` writes a newer one), and, where somebody has one, a file in MaxMind format, whose
 * answers win. */
#ifndef HK_SYS_LOC_H
#define HK_SYS_LOC_H

#include <glib.h>

#include "parse/ipaddr.h"

typedef struct hk_loc hk_loc;

typedef struct hk_place {
	uint32_t asn;       /* 0: unknown */
	char as_name[128];  /* "" */
	char prefix[64];    /* "192.0.2.0/24", or "" */
	char country[3];    /* ISO 3166, upper case, or "" */
	const char *source; /* static: "libloc" or "mmdb" */
} hk_place;

/* hk_loc_open(path, mmdb, error): path NULL: what `location update` wrote, else the package's file. mmdb: file or NULL. HK_ENOENT with the
 * package to install; HK_EFORM: no such file; HK_EVERSION: an mmdb, and hikeshi was built without libmaxminddb. One thread at a time may ask
 * unless it locks. */
void hk_loc_free(hk_loc *loc); /* accepts NULL */
hk_loc *hk_loc_open(const char *path, const char *mmdb, GError **error) HK_FREED_BY(hk_loc_free);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_loc, hk_loc_free)

/* hk_loc_find(loc, addr, ret): false: the address is in no file. */
bool hk_loc_find(hk_loc *loc, const hk_ipaddr *addr, hk_place *ret);

#endif
