/* evidence/stamp: stage "stamp": the manifest of a run, or a piece of a command channel's record, gets its time stamp (sys/tsp). Layer: stage. What the authority answers is hostile. */
#ifndef HK_EVIDENCE_STAMP_H
#define HK_EVIDENCE_STAMP_H

#include "flow/jobs.h"
#include "sys/egress.h"

/* Whom to ask. Borrowed. */
typedef struct hk_stamper {
	const char *url;     /* of the authority; NULL: there is none */
	const char *ca_file; /* PEM; needed with url */
	const char *policy;  /* dotted number, or NULL: any */
	hk_egress *egress;   /* NULL: hk_egress_house() */
} hk_stamper;

/* hk_stamp_run(flow, job, user, error): a hk_job_handler; user: const hk_stamper *; job->key: the number of the run, or "c2:" and that of the piece. Keeps the token
 * (audited: run.stamp, c2.stamp). Done without a word for a run that has none or is stamped. Without an authority the job is done and stamp_why says so; on a failure
 * stamp_why says what, too, and the error goes to the queue: HK_EREMOTE (comes again), HK_EPOLICY, HK_ECHECK, HK_EFORM, HK_ECONFIG (do not); HK_EINCONSISTENT: the lease is another's. */
bool hk_stamp_run(hk_flow *flow, const hk_job *job, void *user, GError **error);

#endif
