/* evidence/run: one run: every visit of a plan, compared, kept in the blob store, written down. Layer: stage. What the site showed is hostile. */
#ifndef HK_EVIDENCE_RUN_H
#define HK_EVIDENCE_RUN_H

#include "flow/jobs.h"
#include "sys/blob.h"
#include "sys/egress.h"

typedef struct hk_evidence_config {
	hk_egress *egress;            /* borrowed */
	const hk_blobs_config *blobs; /* borrowed until hk_evidence_kit_new() has returned */
	const char *browser, *user;   /* as hk_browser_config */
	bool full;
	unsigned tabs;            /* visits at once */
	unsigned load_ms;         /* latest moment at which a page is taken as it is */
	const char *const *exits; /* ways out to visit by, NULL at the end; NULL: direct */
} hk_evidence_config;

/* What a worker needs for runs. One per process: it holds the browser, which starts with the first run. */
typedef struct hk_evidence_kit hk_evidence_kit;
/* hk_evidence_kit_new(config, error): copies config. Errors of sys/blob and sys/gate. A browser that is not there is told by each run. */
hk_evidence_kit *hk_evidence_kit_new(const hk_evidence_config *config, GError **error);
void hk_evidence_kit_free(hk_evidence_kit *kit); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_evidence_kit, hk_evidence_kit_free)

/* hk_capture_run(flow, job, user, error): a job of stage "capture" (key: number of a run); user is a hk_evidence_kit. Blobs first, then one transaction
 * with the rows and the end of the job: a worker that dies between has wasted blobs, nothing else. The lease is renewed while
 * visits are under way. A run that cannot be done (no browser; the last attempt) is finished as failed, with the reason. */
bool hk_capture_run(hk_flow *flow, const hk_job *job, void *user, GError **error);

#endif
