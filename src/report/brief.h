/* report/brief: all that a report may say about a site, gathered once from the database, and to whom. Layer: stage (report). Texts about the
 * site are hostile: whoever writes them into a letter or a request escapes them there.
 *
 * Victims' data is never in a brief (DESIGN §7, rail 4). Strings are owned, UTF-8, NULL where nothing is known; lists are GPtrArray of owned
 * strings, never NULL, may be empty. Times are ms since 1970, 0: unknown. */
#ifndef HK_REPORT_BRIEF_H
#define HK_REPORT_BRIEF_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

/* URLs of one report, of all its cases together; a campaign with more is told in several reports. */
#define HK_BRIEF_SITES_MAX 1000

/* One URL that is reported. The first of a brief is the lead: facts and pictures are about it. */
typedef struct hk_brief_site {
	int64_t case_id;
	char *url;    /* canonical, exact; never NULL */
	char *host;   /* ASCII, lower case, or an address; never NULL */
	char *domain; /* registrable, or NULL */
	int64_t first_seen_ms;
} hk_brief_site;

/* A file of the evidence that goes along. */
typedef struct hk_brief_file {
	char *name, *type; /* "iphone-viewport.png", "image/png" */
	char *profile;     /* iphone | android | desktop */
	uint8_t sha256[32];
	GBytes *bytes; /* NULL: it is only named */
	int64_t at_ms;
} hk_brief_file;

/* Who reports: options report-*. */
typedef struct hk_brief_reporter {
	char *org;           /* "Mihon Bank CSIRT" */
	char *domain;        /* "mihon-bank.example" */
	char *contact, *tel; /* mail address that people answer to; telephone */
	char *person;        /* name under the letter, or NULL */
	char *country;       /* two letters */
} hk_brief_reporter;

typedef struct hk_brief {
	int64_t case_id;
	GPtrArray *sites; /* of hk_brief_site, at least one */
	char *kind;       /* flow/casekinds.def */
	char *wording; /* phishing | trademark | other: how the site is called in letters (S39) */
	char *target, *target_en, *target_key; /* the brand that is imitated */
	bool own;                              /* our own brand */
	GPtrArray *official;                   /* its official domains */
	double score;
	GPtrArray *reasons; /* why we think so, short texts in English */
	int64_t first_seen_ms, detected_ms, confirmed_ms, evidence_ms;
	/* Where it lies. */
	char *registrar, *as_name, *country, *issuer; /* issuer: of its certificate */
	int64_t asn;                                  /* 0: unknown */
	GPtrArray *addresses, *nameservers, *reg_status;
	char *reg_created; /* as registered, text */
	char *certificate; /* SHA-256, hexadecimal */
	/* What it shows. */
	char *title, *landing; /* of the page; URL where it ends */
	GPtrArray *redirects,
		*fields;  /* URLs on the way; what its forms ask for: password, card ... */
	char *submit_url; /* where its form sends to */
	bool cloaked;
	GPtrArray *
		dimensions; /* what it tells visitors apart by: device, referrer, exit, visit, interaction (evidence/cloak.h) */
	char *agent; /* User-Agent that saw it, for who cannot reproduce it */
	GPtrArray *
		files; /* of hk_brief_file: pictures of the lead, the smallest useful set, telephone first */
	char *manifest;     /* SHA-256 of the evidence's manifest, hexadecimal */
	int64_t stamped_ms; /* its RFC 3161 time stamp; 0: none */
	GBytes *lure;       /* the lure mail, RFC 5322, victims' addresses taken out, or NULL */
	hk_brief_reporter who;
	/* What was said before, for follow-ups and escalation; the oldest first. */
	GPtrArray *ledger; /* of hk_brief_told */
} hk_brief;

/* A report of the same case that was sent. */
typedef struct hk_brief_told {
	int64_t report_id, sent_ms, answered_ms;
	char *channel, *name, *recipient, *state,
		*reference; /* reference: their ticket number, or our Message-ID */
} hk_brief_told;

/* To whom. */
typedef struct hk_recipient {
	char *kind; /* registrar | registry | hosting | as | dns | cdn | suffix | shortener | mail | vendor | body | bank */
	char *channel; /* report/channels.def: mail, netcraft ... */
	char *name;    /* of the party, or "" */
	char *address; /* mail address, or the channel's name */
	char *subject; /* what it is responsible for: a name, an address, "AS64500"; or "" */
	char *lang;    /* en | ja | zh */
	char *step;    /* first | after | followup | escalation | notice */
} hk_recipient;

hk_brief *hk_brief_new(void);
void hk_brief_free(hk_brief *brief); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_brief, hk_brief_free)
void hk_brief_site_free(void *site);
void hk_brief_file_free(void *file);
void hk_brief_told_free(void *told);
hk_brief_site *hk_brief_site_new(int64_t case_id, const char *url, const char *host,
	const char *domain, int64_t first_seen_ms);
void hk_recipient_free(void *recipient); /* accepts NULL */

/* hk_brief_sample(): a brief of an invented site (DESIGN §7, rail 7), every member filled: for previews of templates, tests, fuzz targets. */
hk_brief *hk_brief_sample(void);

#endif
