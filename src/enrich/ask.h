/* enrich/ask: asking registries: RDAP by IANA's bootstrap files, WHOIS where that does not serve. Layer: stage (enrich). What comes back is
 * hostile. Blocking; any thread.
 *
 * The bootstrap files lie in a folder of state, are asked for again once a day (If-None-Match), and come from a folder of copies where neither
 * can be had. A server that says 429 is left alone for as long as it says (Retry-After).
 * Processes with one folder of state keep one pace towards WHOIS servers (sys/whoisask). */
#ifndef HK_ENRICH_ASK_H
#define HK_ENRICH_ASK_H

#include <glib.h>

#include "parse/registration.h"
#include "sys/egress.h"

typedef struct hk_ask hk_ask;

/* Strings are copied. */
typedef struct hk_ask_config {
	hk_egress *egress;   /* NULL: the house's */
	const char *ca_file; /* PEM, or NULL: the system's */
	const char *
		state; /* folder for IANA's files, made if missing; NULL: nothing is kept, nor fetched */
	const char *
		copies; /* folder with dns.json, ipv4.json, ipv6.json, asn.json for the beginning; or NULL */
} hk_ask_config;

hk_ask *hk_ask_new(const hk_ask_config *config);
void hk_ask_free(hk_ask *ask); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_ask, hk_ask_free)

/* Whose answer it is. */
typedef enum hk_ask_by {
	HK_ASK_REGISTRY,  /* of the domain, the address or the AS */
	HK_ASK_REGISTRAR, /* the registrar's answer about the same domain */
	HK_ASK_OTHER,     /* on the way: IANA, a server that was no help */
} hk_ask_by;

typedef struct hk_ask_reply {
	hk_ask_by by;
	char *source; /* "rdap:https://..." or "whois:SERVER" */
	GBytes *raw;
	hk_registration *reg;
} hk_ask_reply;

typedef struct hk_ask_replies {
	GPtrArray *list; /* hk_ask_reply in order */
	hk_reg_answer
		answer;   /* of the registry, or, when nobody knew, the last word that there was */
	int64_t retry_ms; /* a server wants us back after that time; -1: none */
	char *trouble;    /* what went wrong on the way, one clause, or NULL */
} hk_ask_replies;
void hk_ask_replies_free(hk_ask_replies *replies); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_ask_replies, hk_ask_replies_free)

/* hk_ask_domain(ask, who, domain, until_ms): a registrable domain, ASCII, lower case. RDAP and the registrar's link, else WHOIS with its
 * referrals. until_ms: of hk_clock_mono_ms(). Never NULL: trouble is told inside. hk_ask_address: a network by an address in numbers. hk_ask_autnum: an AS. */
hk_ask_replies *hk_ask_domain(
	hk_ask *ask, const hk_egress_who *who, const char *domain, int64_t until_ms);
hk_ask_replies *hk_ask_address(
	hk_ask *ask, const hk_egress_who *who, const char *address, int64_t until_ms);
hk_ask_replies *hk_ask_autnum(
	hk_ask *ask, const hk_egress_who *who, uint32_t asn, int64_t until_ms);

/* hk_ask_find(replies, by): the registration of that party that was found, or NULL. Borrowed. */
const hk_ask_reply *hk_ask_find(const hk_ask_replies *replies, hk_ask_by by);

#endif
