/* range/sites: a small web of invented sites on loopback, honest ones and ones that cloak, and servers of registries beside them. Part of hikeshi-range.
 *
 * Which site is asked for stands in the Host line. Pages are those of sitepages.def and kits.def, who sees which is sites.def's. Nothing that is sent to
 * it is kept or looked at: bodies of requests are dropped as they come. */
#ifndef RG_SITES_H
#define RG_SITES_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* By what a site decides who is shown what. */
typedef enum rg_gate {
	RG_GATE_ALL,
	RG_GATE_PHONE, /* user agent of a telephone */
	RG_GATE_IPHONE,
	RG_GATE_SEARCH,      /* comes from a search engine */
	RG_GATE_NO_REFERRER, /* comes from nowhere */
	RG_GATE_HOME,        /* comes by the first port, not by the foreign one */
	RG_GATE_FIRST,       /* has no cookie of an earlier visit */
	RG_GATE_AGAIN,       /* has one */
	RG_GATE_ONCE,        /* is the first of all visitors */
	RG_GATE_PHONE_HOME,
	RG_GATE_PHONE_NO_REFERRER,
	RG_GATE_JS_AGENT, /* these are decided by a script of the page */
	RG_GATE_JS_TOUCH,
	RG_GATE_JS_WIDTH,
	RG_GATE_JS_PLATFORM,
	RG_GATE_JS_REFERRER,
	RG_GATE_JS_STORAGE,
	RG_GATE_CLICK, /* presses what there is */
} rg_gate;

typedef enum rg_page {
#define PAGE(id, ...) RG_PAGE_##id,
#include "sitepages.def"
#undef PAGE
	RG_PAGES
} rg_page;

/* Who asks. */
typedef struct rg_visitor {
	const char *host, *path, *agent, *referrer; /* "" when there is none */
	bool again, abroad;
} rg_visitor;

/* An answer; body and headers are the caller's. */
typedef struct rg_answer {
	int status;
	char *header; /* "Name: value"; "" none */
	GString *body;
	const char *type; /* static */
	unsigned wait_ms; /* before it is sent */
} rg_answer;

/* rg_sites_page(page, visitor, script, ret): a page as that visitor sees it; script: put into its head, or "". */
void rg_sites_page(rg_page page, const rg_visitor *visitor, const char *script, rg_answer *ret);

/* rg_sites_kit(kit, number, ret): page number (from 1) of a group's flow; false: there is none. rg_sites_kit_count(kit): pages, 0: no such group. */
bool rg_sites_kit(const char *kit, unsigned number, rg_answer *ret);
unsigned rg_sites_kit_count(const char *kit);

/* rg_sites_list(out): a line of JSON for each site with a verdict (host, want, dimensions) and each kit (kit, pages with tokens and year). */
void rg_sites_list(GString *out);

typedef struct rg_sites rg_sites;

/* Where visitors come in. */
typedef enum rg_front {
	RG_FRONT_HOME,
	RG_FRONT_ABROAD, /* pages that look at the network take these for foreigners */
	RG_FRONT_TLS,
	RG_FRONT_ABROAD_TLS,
	RG_FRONTS
} rg_front;

/* What names without a row show. */
typedef enum rg_others {
	RG_OTHERS_NOTHING,    /* 404 */
	RG_OTHERS_IMITATIONS, /* one of the groups */
	RG_OTHERS_STRANGERS,  /* range/stranger */
	RG_OTHERS_BOTH, /* names that speak of the bank, and those of dynamic DNS, are imitations, the rest strangers */
} rg_others;

typedef struct rg_sites_config {
	unsigned ports[RG_FRONTS]; /* 0: any free one */
	bool tls;                  /* else on the first two only */
	rg_others others;
	const char *
		data; /* file of rg_registry_http(), read again for each question; what it has a row for comes from there. Or NULL */
	const char *
		dir; /* an existing folder for ca.pem, the authority of the certificate; NULL: nobody knows it */
} rg_sites_config;

/* rg_sites_new(config, error): serves on 127.0.0.1 in threads of its own. The certificate is for localhost and the names of data's "tls". Strings are borrowed.
 * HK_EIO; HK_EFORM: data is not JSON. */
rg_sites *rg_sites_new(const rg_sites_config *config, GError **error);

/* rg_sites_port(sites, front): the port that it got; 0: none. */
unsigned rg_sites_port(const rg_sites *sites, rg_front front);
void rg_sites_free(rg_sites *sites); /* accepts NULL */

#endif
