/* store/jobs: the rows of the queue. Layer: store. Rules: flow/jobs. All but the reads inside a write transaction. */
#ifndef HK_STORE_JOBS_H
#define HK_STORE_JOBS_H

#include "store/db.h"

typedef struct hk_job_row {
	int64_t id, case_id, attempts, lease_ms;
	char *stage, *key, *data, *owner; /* owned */
} hk_job_row;
void hk_job_row_clear(hk_job_row *row);

/* hk_jobs_add: flow/flow's hk_flow_job. */
bool hk_jobs_add(hk_db *db, const char *stage, const char *key, int64_t case_id, const char *data,
	int64_t due_ms, int64_t now_ms, GError **error);

/* hk_jobs_data_get(db, stage, key, ret, error): data of the one that is not done (owned); NULL: there is none. hk_jobs_data_set: what it is to be done with from now on. */
bool hk_jobs_data_get(hk_db *db, const char *stage, const char *key, char **ret, GError **error);
bool hk_jobs_data_set(
	hk_db *db, const char *stage, const char *key, const char *data, GError **error);

/* hk_jobs_due(db, stage, now_ms, ret, error): whether a job of that stage is ready and due. */
bool hk_jobs_due(hk_db *db, const char *stage, int64_t now_ms, bool *ret, GError **error);
/* hk_jobs_late(db, now_ms, ret, error): whether some lease has run out. */
bool hk_jobs_late(hk_db *db, int64_t now_ms, bool *ret, GError **error);

/* hk_jobs_lease(db, stage, owner, now_ms, lease_ms, ret, error): takes the one that has been due longest; ret->id 0: none. Passes
 * over rows that others hold (PostgreSQL). hk_jobs_expired: takes one whose lease has run out, to be given back or given up. */
bool hk_jobs_lease(hk_db *db, const char *stage, const char *owner, int64_t now_ms,
	int64_t lease_ms, hk_job_row *ret, GError **error);
bool hk_jobs_expired(hk_db *db, int64_t now_ms, hk_job_row *ret, GError **error);

/* Of the holder: id, owner and lease_ms must be those of the row; *ret false: another has it by now. */
bool hk_jobs_done(hk_db *db, int64_t id, const char *owner, int64_t lease_ms, int64_t now_ms,
	bool *ret, GError **error);
bool hk_jobs_again(hk_db *db, int64_t id, const char *owner, int64_t lease_ms, int64_t due_ms,
	bool *ret, GError **error);
bool hk_jobs_back(hk_db *db, int64_t id, const char *owner, int64_t lease_ms, int64_t due_ms,
	const char *why, bool *ret, GError **error);
bool hk_jobs_dead(hk_db *db, int64_t id, const char *owner, int64_t lease_ms, const char *why,
	bool *ret, GError **error);
bool hk_jobs_renew(hk_db *db, int64_t id, const char *owner, int64_t lease_ms, int64_t until_ms,
	bool *ret, GError **error);

/* hk_jobs_abandon(db, owners, ret_count, error): the leases of all owners whose name begins with owners run out now: that process is dead, or is
 * to be treated so. */
bool hk_jobs_abandon(hk_db *db, const char *owners, int64_t *ret_count, GError **error);

/* hk_jobs_revive(db, id, now_ms, ret_count, error): dead ones become ready; id 0: all. */
bool hk_jobs_revive(hk_db *db, int64_t id, int64_t now_ms, int64_t *ret_count, GError **error);
/* hk_jobs_revive_key(db, stage, key, now_ms, error): that one, if it is dead. */
bool hk_jobs_revive_key(
	hk_db *db, const char *stage, const char *key, int64_t now_ms, GError **error);
/* hk_jobs_later(db, stage, key, due_ms, error): that one, if it waits for an earlier time (hk_jobs_add only ever makes it earlier). */
bool hk_jobs_later(hk_db *db, const char *stage, const char *key, int64_t due_ms, GError **error);
/* hk_jobs_forget(db, before_ms, ret_count, error): deletes what was done before. */
bool hk_jobs_forget(hk_db *db, int64_t before_ms, int64_t *ret_count, GError **error);

#endif
