/* casework/offer: one item of a list as a lead for hk_case_take. Layer: stage (casework). Input is hostile. */
#ifndef HK_CASEWORK_OFFER_H
#define HK_CASEWORK_OFFER_H

#include "casework/names.h"
#include "casework/sheet.h"
#include "flow/case.h"
#include "flow/sites.h"

/* What holds for every line that does not say otherwise: the options of an intake. */
typedef struct hk_defaults {
	char *target, *kind, *service, *actor, *note, *gsb_type, *ticket_type,
		*wants; /* owned or NULL */
	char **labels;  /* owned or NULL */
} hk_defaults;
void hk_defaults_clear(hk_defaults *defaults);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(hk_defaults, hk_defaults_clear)

/* hk_defaults_read(options, ret, error): members of the JSON object that are no strings are HK_EFORM; labels and wants are lists, labels may be
 * a string, too. Others than these are passed over. *ret is zeroed by the caller. */
bool hk_defaults_read(const char *options, hk_defaults *ret, GError **error);

/* A lead with what it borrows. */
typedef struct hk_offer {
	hk_item item;
	const char *why; /* code of why.def: refused; NULL: lead is good */
	hk_lead lead;
	char *url, *host, *domain, *note, *kind, *target, *service; /* owned or NULL */
	char **labels;                                              /* owned or NULL */
} hk_offer;
void hk_offer_free(void *offer); /* accepts NULL */

/* hk_offer_new(sites, names, defaults, item, now_ms): takes what item holds (it is emptied). The offer borrows from defaults. Never NULL. lead.source and
 * lead.reporter_id are the caller's to set. */
hk_offer *hk_offer_new(const hk_sites *sites, const hk_names *names, const hk_defaults *defaults,
	hk_item *item, int64_t now_ms);

/* hk_offer_why(error): the code for what hk_case_take said about a field; NULL when it was no fault of the line. */
const char *hk_offer_why(const GError *error);

/* hk_why_text(code): what a code of why.def means, in English; the code itself when it is none (a route). Static, or code. */
const char *hk_why_text(const char *code);

#endif
