/* flow/evidence: runs of the browser, and what enrichment found. Layer: flow. Inside a transaction of flow/flow.h; audited. What sites and
 * servers said is hostile: kept, never followed.
 *
 * Who wants evidence: a person (hk_evidence_ask, hk_enrich_ask), or the policy when a case opens (hk_evidence_want, called by hk_case_take). */
#ifndef HK_FLOW_EVIDENCE_H
#define HK_FLOW_EVIDENCE_H

#include "flow/flow.h"
#include "store/cases.h"
#include "store/facts.h"
#include "store/runs.h"

/* Plans of capture by name: how many variants (evidence/plan.h). */
extern const char *const hk_plans[]; /* NULL-terminated: quick, standard, full */

/* hk_evidence_ask(flow, case_id, url, plan, ret_run, error): a run, waiting, with its job of stage "capture" (key: the run's number).
 * url: canonical; NULL: the case's first, else https://HOST/. One that waits for the same URL and plan is enough. HK_EFORM: the case has
 * neither, or there is no such plan; HK_ENOENT. hk_enrich_ask(flow, case_id, error): a job of stage "enrich" (key: the case's number).
 * A dead letter of that key is put back by both. */
bool hk_evidence_ask(hk_flow *flow, int64_t case_id, const char *url, const char *plan,
	int64_t *ret_run, GError **error);
bool hk_enrich_ask(hk_flow *flow, int64_t case_id, GError **error);

/* hk_evidence_want(flow, row, first, error): a case was opened just now: what setting "evidence" and the case's own wants (S37's ticks) ask for. first: before what has waited for less than
 * HK_EVIDENCE_FIRST_MS: a site whose messages are being sent at this moment. */
#define HK_EVIDENCE_FIRST_MS INT64_C(600000)
bool hk_evidence_want(hk_flow *flow, const hk_case_row *row, bool first, GError **error);

/* What a run brought. Strings borrowed; position and run_id of the captures are set here. */
typedef struct hk_evidence_variant {
	hk_capture_row capture;
	const hk_artefact_row *artefacts;
	size_t artefact_count;
} hk_evidence_variant;
typedef struct hk_evidence_pivot {
	const char *kind,
		*key; /* favicon | resource | form | picture | kit ..., a hash or short text */
} hk_evidence_pivot;
typedef struct hk_evidence {
	int64_t run_id;
	const char *why;         /* NULL: done; else the run failed, and why */
	const char *verdict;     /* unknown | same | cloaked | dead */
	const char *dimensions;  /* JSON array */
	const char *diff;        /* JSON object */
	const uint8_t *manifest; /* SHA-256 of the manifest's blob, or NULL */
	const uint8_t *picture;  /* SHA-256 of the picture that stands for the case, or NULL */
	const char *landing;     /* URL where it ended, canonical, or NULL */
	const hk_evidence_variant *variants;
	size_t variant_count;
	const hk_evidence_pivot *pivots;
	size_t pivot_count;
} hk_evidence;

/* hk_evidence_save(flow, evidence, error): all rows, the case's picture and evidence clock, its pivots, the audit row (with the manifest's hash), and a
 * job of stage "stamp". Blobs are in the store before this. HK_EINCONSISTENT: the run is finished already (nothing is written twice). */
bool hk_evidence_save(hk_flow *flow, const hk_evidence *evidence, GError **error);

/* What a look found out. asked: subject and kind pairs that were answered in full, so that what is not among the facts is gone. */
typedef struct hk_fact_scope {
	const char *subject, *kind;
} hk_fact_scope;
/* hk_facts_save(flow, case_id, facts, count, asked, asked_count, error): new and changed ones are audited (case.fact, case.fact_changed), pivots of
 * flow/factkinds.def kept. A kind that is no row there is HK_EFORM. A case that never had facts of a scope has no change in it. */
bool hk_facts_save(hk_flow *flow, int64_t case_id, const hk_fact *facts, size_t count,
	const hk_fact_scope *asked, size_t asked_count, GError **error);

typedef struct hk_factkind {
	const char *text, *pivot, *en, *ja;
} hk_factkind;
extern const hk_factkind hk_factkinds[];
extern const size_t hk_factkind_count;
/* hk_factkind_find(text): NULL: there is none. */
const hk_factkind *hk_factkind_find(const char *text);

#endif
