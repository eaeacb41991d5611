/* enrich/enrich_int: between enrich.c, look.c and facts.c. Layer: stage (enrich). */
#ifndef HK_ENRICH_ENRICH_INT_H
#define HK_ENRICH_ENRICH_INT_H

#include "enrich/ask.h"
#include "enrich/contacts.h"
#include "enrich/enrich.h"
#include "enrich/get.h"
#include "sys/blob.h"
#include "sys/dns.h"
#include "sys/loc.h"
#include "sys/suffixes.h"

/* Addresses of a site that are looked into. */
enum { HK_ENRICH_ADDRESSES = 4 };

struct hk_enrich {
	hk_egress *egress;
	char *ca_file, *exit;
	hk_operators *operators;
	hk_suffixes *suffixes;
	hk_loc *loc; /* NULL: none */
	hk_ask *ask;
	const hk_sites *sites; /* NULL: nothing is known of shared hosts */
	hk_blobs *blobs;
	unsigned look_ms;
};

/* An address of the site. */
typedef struct hk_enrich_address {
	char text[HK_IPADDR_TEXT_SIZE];
	hk_ipaddr addr;
	const hk_ipaddr_class *class; /* not public */
	bool placed;
	hk_place place;
	hk_ask_replies *network;
	hk_ask_replies *autnum; /* of the first address in this AS; else NULL */
} hk_enrich_address;

/* hk_enriched_add(out, subject, kind, value, source, raw): a fact; what is not UTF-8 in value is replaced; raw may be NULL. hk_enriched_scope: what was answered. */
void hk_enriched_add(hk_enriched *out, const char *subject, const char *kind, const char *value,
	const char *source, GBytes *raw);
void hk_enriched_scope(hk_enriched *out, const char *subject, const char *kind);
void hk_enriched_trouble(hk_enriched *out, const char *text);

/* What each source said, as facts. */
void hk_facts_of_dns(hk_enriched *out, const GPtrArray *answers);
void hk_facts_of_web(hk_enriched *out, const hk_got *got);
void hk_facts_of_domain(hk_enriched *out, const hk_ask_replies *replies);
void hk_facts_of_address(hk_enriched *out, const hk_enrich_address *address);

#endif
