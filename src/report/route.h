/* report/route: whom to tell about a case: route.def against what is known of it. Layer: stage (report). Names and addresses are hostile. Pure but for what it is given. */
#ifndef HK_REPORT_ROUTE_H
#define HK_REPORT_ROUTE_H

#include "report/brief.h"
#include "report/channel.h"
#include "report/channel_cleandns.h"

/* Contacts that are less trusted than that are not told. */
#define HK_ROUTE_TRUST 0.3

/* Somebody whom one could tell. Strings owned. */
typedef struct hk_route_contact {
	char *kind, *subject, *name, *address; /* address: a mailbox, or the URL of a form */
	char *lang;                            /* as our own table says, or NULL */
	double confidence;
} hk_route_contact;
void hk_route_contact_free(void *contact);

typedef struct hk_route_ask {
	const hk_brief *brief;
	const GPtrArray *contacts; /* of hk_route_contact, the most trusted first */
	const GPtrArray *
		confs; /* of hk_channel_conf: the channels that there are; disabled ones are passed over */
	bool person; /* a person confirmed the case, or asks */
	bool asked;  /* a person asks: kinds of case that are only counted are told as well */
	const hk_cleandns *clients; /* whom CleanDNS acts for; NULL: not known, it is told */
	const GPtrArray
		*never; /* domains at which nobody is written to: official ones of all brands */
} hk_route_ask;

/* hk_route(ask): recipients (hk_recipient, owned by the list), each mailbox and each channel once, step "first"; those of rows AFTER once more, step "after". A case of another's brand (queue "notify") has step "notice":
 * its contacts of kind "bank" with the brand's key as subject, else those of kind "body" (S24). Caller unrefs. */
GPtrArray *hk_route(const hk_route_ask *ask);

/* hk_route_next(ask, kind, told): when who has this kind stayed silent: the recipients (step "escalation") of the first of its next kinds that has any; told: addresses
 * that were told already. "icann": one of way assisted, by channel "icann". May be empty. */
GPtrArray *hk_route_next(const hk_route_ask *ask, const char *kind, const GPtrArray *told);

/* hk_route_lang(brief, contact): the language to write in: what our table says, else by where they are. Static. */
const char *hk_route_lang(const hk_brief *brief, const hk_route_contact *contact);

/* hk_route_under(name, domains): name is one of these domains, or below. domains: "a|b", '|' between. */
bool hk_route_under(const char *name, const char *domains);

#endif
