/* enrich/enrich: what can be found out about a case's site without visiting it as a victim, and whom one could tell. Layer: stage (enrich). Names and
 * answers are hostile.
 *
 * DNS, certificate, AS and country, registration, network, security.txt: all asked at once under one deadline, so that who does not answer costs
 * nobody else anything. What was not answered is left as it was known before. */
#ifndef HK_ENRICH_ENRICH_H
#define HK_ENRICH_ENRICH_H

#include "flow/jobs.h"
#include "flow/sites.h"
#include "sys/blob.h"
#include "sys/egress.h"
#include "sys/options.h"

/* Time for one look, unless the configuration says otherwise. */
#define HK_ENRICH_LOOK_MS 25000

typedef struct hk_enrich hk_enrich;

/* Strings are copied. */
typedef struct hk_enrich_config {
	hk_egress *egress;      /* NULL: the house's */
	const char *ca_file;    /* PEM for RDAP servers, or NULL: the system's */
	const char *operators;  /* conf/operators.conf; NULL: nobody is known by a table */
	const char *suffixes;   /* public suffix list; NULL: the system's */
	const char *rdap_state; /* folder for IANA's files, or NULL */
	const char *rdap_copies;
	const char *geo; /* file in MaxMind format, or NULL */
	const hk_blobs_config *
		blobs; /* for raw answers, borrowed until hk_enrich_new() has returned; NULL: they are not kept */
	const hk_sites *
		sites; /* borrowed, outlives it: which hosts many people share; NULL: none is known */
	const char *exit; /* way out, or NULL: direct */
	unsigned look_ms; /* 0: HK_ENRICH_LOOK_MS */
} hk_enrich_config;

/* hk_enrich_config_of(opts): the options of `work` and `enrich`, but for blobs; strings of opts. */
hk_enrich_config hk_enrich_config_of(const hk_opts *opts);

/* hk_enrich_new(config, error): made once for a process; any thread may look with it, one after another. HK_ENOENT, HK_ECONFIG, HK_EFORM name the file. Without
 * libloc's database AS and country are missing: event enrich.nowhere says so, once. */
hk_enrich *hk_enrich_new(const hk_enrich_config *config, GError **error);
void hk_enrich_free(hk_enrich *enrich); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_enrich, hk_enrich_free)

typedef struct hk_finding {
	char *subject, *kind, *value, *source; /* owned; kind: a row of flow/factkinds.def */
	GBytes *raw;                           /* the answer it is from, or NULL */
} hk_finding;

typedef struct hk_reach {
	const char *kind; /* static: "registrar", "hosting" ... (enrich/contacts.h) */
	char *subject;    /* what it is responsible for: a domain, an address, "AS64500" */
	char *name, *address, *source;
	double confidence; /* 0..1 */
} hk_reach;

typedef struct hk_enriched {
	char *host, *domain; /* domain: registrable, "" for an address */
	GPtrArray *facts;    /* hk_finding */
	GPtrArray *scopes;   /* hk_finding with subject and kind only: answered in full */
	GPtrArray *reaches;  /* hk_reach: mailboxes and forms, most trusted first */
	GPtrArray *troubles; /* owned texts: what was not answered, and why */
	GPtrArray *
		keeps; /* hk_finding with kind and maybe subject only: kinds of contacts that were not answered for; those that are known stay */
	int64_t retry_ms; /* a server wants us back after that time; -1: none */
} hk_enriched;
void hk_enriched_free(hk_enriched *enriched); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_enriched, hk_enriched_free)

/* hk_enrich_look(enrich, host, who, legit): host: ASCII, lower case, or an address. legit: domains that are never written to, NULL at the end, or NULL.
 * Blocks, for look_ms at most. Never NULL. */
hk_enriched *hk_enrich_look(
	hk_enrich *enrich, const char *host, const hk_egress_who *who, const char *const *legit);

/* hk_enrich_run(flow, job, user, error): the handler of stage "enrich" (job->key: number of the case); user: hk_enrich *. Facts, scopes, contacts and the job's
 * end in one transaction; where a server asked for patience, the job comes again. A case that is gone, or has no host, is a job that is done. */
bool hk_enrich_run(hk_flow *flow, const hk_job *job, void *user, GError **error);

#endif
