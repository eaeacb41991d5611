/* enrich/contacts: everybody who could take a site down, and how to reach them. Layer: stage (enrich). What registries said is hostile. Pure.
 *
 * There is no "best" contact: registrar, hosting, CDN and the owner of a private suffix each can act, and each has to be told. So every candidate is
 * returned with its scope, its source and how much it can be trusted. */
#ifndef HK_ENRICH_CONTACTS_H
#define HK_ENRICH_CONTACTS_H

#include "enrich/operators.h"
#include "match/suffix.h"
#include "parse/registration.h"

typedef enum hk_contact_scope {
	HK_SCOPE_REGISTRAR,
	HK_SCOPE_REGISTRY,
	HK_SCOPE_HOSTING, /* by the address */
	HK_SCOPE_AS,
	HK_SCOPE_CDN,
	HK_SCOPE_SUFFIX, /* who gives away names below a private suffix */
	HK_SCOPE_SHORTENER,
	HK_SCOPE_DNS,
} hk_contact_scope;

typedef enum hk_contact_trust {
	HK_TRUST_GUESS,  /* RFC 2142: abuse@ a domain, nobody said that it exists */
	HK_TRUST_LOW,    /* a general mailbox of the right party, or one from a remark */
	HK_TRUST_MEDIUM, /* conf/operators.conf */
	HK_TRUST_HIGH,   /* an abuse contact in the answer of the registry or registrar */
} hk_contact_trust;

typedef struct hk_contact {
	hk_contact_scope scope;
	hk_contact_trust trust;
	hk_reg_kind kind; /* mail, telephone, or the URL of a form */
	char *value;
	char *who; /* name of the party, or "" */
	const char *
		source; /* static: "registration", "registrar", "network", "autnum", "operators", "rfc2142" */
} hk_contact;

/* What is known about a site. Every pointer may be NULL, and is borrowed. Lists end with NULL. */
typedef struct hk_contacts_ask {
	const char *host;                    /* of the site, lower case */
	const hk_registration *registration; /* of its domain, as the registry has it */
	const hk_registration *registrar;    /* the same, as the registrar has it */
	const hk_registration *network;      /* of its address */
	const hk_registration *autnum;       /* of the AS */
	uint32_t asn;                        /* that announces the address; 0: unknown */
	const char *const *names;            /* CNAME targets on the way to the address */
	const char *const *ns;               /* name servers; NULL: those of registration */
	const char *const
		*legit; /* domains of the imitated brand and of harmless hops: never written to */
	const hk_suffix_table *suffixes; /* for private suffixes, and for guesses */
	bool shared; /* the host has many people's pages (flow/sites): whoever registered it, or runs its names, is not asked to take it away */
	bool guess;  /* with RFC 2142 guesses, for parties that have no other mailbox */
} hk_contacts_ask;

/* hk_contacts_find(operators, ask): candidates (hk_contact), most trusted first, then by scope; each once per scope. Left out are: mailboxes that
 * conf/operators.conf says are never written to, those at a domain of ask->legit, those at the site's own domain. Caller unrefs. */
GPtrArray *hk_contacts_find(const hk_operators *operators, const hk_contacts_ask *ask);

/* hk_contact_scope_name(scope): "registrar", "hosting" ... hk_contact_trust_name(trust): "guess", "low", "medium", "high". Static. */
const char *hk_contact_scope_name(hk_contact_scope scope);
const char *hk_contact_trust_name(hk_contact_trust trust);

#endif
