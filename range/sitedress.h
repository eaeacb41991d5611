/* range/sitedress: sites that a scenario sets up while `hikeshi-range sites` runs: POST /-/dress (docs/range.md). Part of hikeshi-range. Thread-safe. */
#ifndef RG_SITEDRESS_H
#define RG_SITEDRESS_H

#include <glib.h>
#include <stdbool.h>

#include "sites.h"

/* What a site shows, and to whom. */
typedef struct rg_dress {
	char kit[16];        /* a group of kits.def; "": `page` */
	rg_page page, other; /* other: what those see who do not pass */
	rg_gate gate;
	char ja[64], en[64]; /* whom it imitates instead of みほん and Mihon; "": them */
	bool used;           /* somebody was there before */
} rg_dress;

typedef struct rg_dresses rg_dresses;

rg_dresses *rg_dresses_new(void);
void rg_dresses_free(rg_dresses *dresses); /* accepts NULL */

/* rg_dresses_set(dresses, host, dress): from now on; a host "*.NAME" is for all names below NAME that have no dress of their own. */
void rg_dresses_set(rg_dresses *dresses, const char *host, const rg_dress *dress);
/* rg_dresses_of(dresses, host, ret): false: none. ret->used: whether this is not the first question about its front page; a question with visit is one. */
bool rg_dresses_of(rg_dresses *dresses, const char *host, bool visit, rg_dress *ret);

/* rg_dress_read(query, user, ret): of words as the control has them: query(user, name) is "" where there is none. False: kit, page or gate is not known. */
bool rg_dress_read(const char *(*query)(void *user, const char *name), void *user, rg_dress *ret);

/* rg_dress_answer(dress, shown, visitor, script, ret): its page at visitor->path for who passes (shown), or else; script: put into the head of what the others see. */
void rg_dress_answer(const rg_dress *dress, bool shown, const rg_visitor *visitor,
	const char *script, rg_answer *ret);

#endif
