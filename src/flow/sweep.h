/* flow/sweep: hourly upkeep, the job of stage "sweep". Layer: flow. */
#ifndef HK_FLOW_SWEEP_H
#define HK_FLOW_SWEEP_H

#include "flow/jobs.h"

#define HK_SWEEP_EVERY_MS 60000      /* SLA marks; the rest at each full hour */
#define HK_SWEEP_JOBS_MS  604800000  /* done jobs are kept for a week */
#define HK_SWEEP_BODY_MS  2592000000 /* bodies of intakes for 30 days */

/* hk_sweep_start(flow, error): sees to it that there is the job; inside a transaction. Each role that works calls it when it starts. */
bool hk_sweep_start(hk_flow *flow, GError **error);

/* Of this process. Borrowed. */
typedef struct hk_sweep_config {
	bool stamps; /* there is a time-stamping authority now: runs that have no stamp are to get one */
} hk_sweep_config;

/* hk_sweep_run(flow, job, user, error): the handler; user: const hk_sweep_config *, or NULL: nothing of it. Marks cases whose SLA clock has broken (breached,
 * audited), queues a stamp for runs that have a manifest, no stamp and no job of stage "stamp" (500 in a turn), deletes ended sessions, old
 * attempts, replies, done jobs, dull observations of sites and what was sealed of a command channel's records and has had its time (c2.forget), empties old bodies, anchors the audit chain; then waits for its next turn. */
bool hk_sweep_run(hk_flow *flow, const hk_job *job, void *user, GError **error);

#endif
