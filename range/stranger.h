/* range/stranger: sites of names that say nothing: what lies behind a name is decided by its hash, so that tens of thousands of hosts need no
 * list. Part of hikeshi-range. Names and pages are invented, brands too.
 *
 * Of 1,000 names some are imitations (one of the groups of kits.def), some are dead, silent or late, and the rest is what most new names show:
 * parked pages, a server's first page, and small honest sites, each a little different. The shares are the weights of stranger.def. */
#ifndef RG_STRANGER_H
#define RG_STRANGER_H

#include "names.h"
#include "rng.h"
#include "sites.h"

typedef enum rg_stranger_how {
	RG_STRANGER_PAGE,   /* a page of sitepages.def */
	RG_STRANGER_KIT,    /* an imitation */
	RG_STRANGER_CLOSED, /* the connection is closed without an answer */
	RG_STRANGER_SILENT, /* nothing comes until the visitor has enough */
	RG_STRANGER_LATE,   /* a page, after one to three seconds */
} rg_stranger_how;

typedef struct rg_stranger {
	rg_stranger_how how;
	rg_page page;
	const char *kit;  /* RG_STRANGER_KIT: static */
	const char *word; /* for the truth: kit, page, closed, silent, late; static */
	uint64_t hash;
} rg_stranger;

/* rg_stranger_of(host, ret): the same for a name, always; "www." and a port do not count. */
void rg_stranger_of(const char *host, rg_stranger *ret);

/* rg_stranger_answer(visitor, ret): what the visitor is sent. False: nothing, close the connection (after ret->wait_ms). */
bool rg_stranger_answer(const rg_visitor *visitor, rg_answer *ret);

/* rg_stranger_name(rng, ret): invents a name that says nothing: letters and digits, or syllables, under a public suffix. */
void rg_stranger_name(rg_rng *rng, GString *ret);

#endif
