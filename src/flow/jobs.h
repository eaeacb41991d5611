/* flow/jobs: the queue. Layer: flow. At-least-once: a worker leases a job, does it, marks it done in the transaction that holds the work's result. */
#ifndef HK_FLOW_JOBS_H
#define HK_FLOW_JOBS_H

#include "flow/flow.h"

typedef struct hk_job {
	int64_t id, case_id, attempts, lease_ms;
	char *stage, *key, *data, *owner; /* owned */
} hk_job;
void hk_job_clear(hk_job *job);

/* hk_job_claim(flow, owner, stages, ret, error): leases the job that has been due longest, of the named stages (NULL-terminated; NULL: all); one whose lease has run out counts as ready.
 * ret->id 0: nothing is due. Its own transaction. SQLite: BEGIN IMMEDIATE; PostgreSQL: FOR UPDATE SKIP LOCKED. */
bool hk_job_claim(
	hk_flow *flow, const char *owner, const char *const *stages, hk_job *ret, GError **error);

/* hk_job_done(flow, job, error): inside the transaction of the work. HK_EINCONSISTENT: the lease ran out and another has it: roll back. */
bool hk_job_done(hk_flow *flow, const hk_job *job, GError **error);
/* hk_job_again(flow, job, due_ms, error): inside the transaction: not finished, go on later (no attempt is counted): long intakes, sweeps. */
bool hk_job_again(hk_flow *flow, const hk_job *job, int64_t due_ms, GError **error);
/* hk_job_failed(flow, job, reason, permanent, error): its own transaction: back-off, or dead letter (event job.dead). hk_job_renew: prolongs the lease, its own transaction. */
bool hk_job_failed(
	hk_flow *flow, const hk_job *job, const char *reason, bool permanent, GError **error);
bool hk_job_renew(hk_flow *flow, hk_job *job, GError **error);
/* hk_job_retry(flow, id, error): a person revives a dead letter (audited). id 0: all of them. */
bool hk_job_retry(hk_flow *flow, int64_t id, int64_t *ret_count, GError **error);

/* A handler does one job: it begins and commits its own transactions on flow and calls hk_job_done (or _again) in the last one. */
typedef bool (*hk_job_handler)(hk_flow *flow, const hk_job *job, void *user, GError **error);

#endif
