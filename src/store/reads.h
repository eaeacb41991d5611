/* store/reads: what the board shows besides cases and meta data: intakes, sightings, campaigns, views, the state of the house. Layer: store.
 *
 * Each gives rows for hk_rows_next(); the comment of each names its columns, in order. Times are ms. "limit" rows at most; callers that page ask for one
 * more than they show. after: the number of the last row of the page before, 0: from the start. */
#ifndef HK_STORE_READS_H
#define HK_STORE_READS_H

#include "store/db.h"

/* Intakes, newest first (before: only smaller numbers; 0: all; id not 0: only that one): id, state, kind, dry_run, line, lines, opened, attached, routed, refused,
 * skipped, at_ms, done_ms, login (NULL: auto), source key, options. */
hk_rows *hk_read_intakes(hk_db *db, int64_t id, int64_t before, int64_t limit, GError **error);
/* Lines of an intake, rising, behind line `after`; how NULL: all: line, text, url, how, case_id, why. */
hk_rows *hk_read_intake_lines(
	hk_db *db, int64_t intake, const char *how, int64_t after, int64_t limit, GError **error);

/* Sightings of these numbers, in any order (count <= 200): id, source key, source name, kind, state, seen_ms, host, url, title, score, target id, target key,
 * target name, target name_en, target own, case_id, campaign_id, version, data, key (32 bytes). */
hk_rows *hk_read_sightings(hk_db *db, const int64_t *ids, size_t count, GError **error);

/* Campaigns, newest first (before, id as above): id, name, kind, key, actor id, actor key, actor name, cases, opened_ms, updated_ms, version. */
hk_rows *hk_read_campaigns(hk_db *db, int64_t id, int64_t before, int64_t limit, GError **error);

/* Active targets, by number: key, name, name_en, own, services, domains (both JSON). */
hk_rows *hk_read_targets(hk_db *db, GError **error);

/* Saved views that the user sees, own ones and everybody's: id, user_id (NULL: everybody's), name, query, sort, columns, position. */
hk_rows *hk_read_views(hk_db *db, int64_t user, GError **error);

/* The house: workers: name, role, started_ms, seen_ms, data. jobs by stage and state: stage, state, count. jobs of a state, newest first: id, stage, key, state, case_id, due_ms,
 * owner, attempts, error, made_ms. sources: key, name, kind, state, trust, health. logs: name, status, verified, head_ms, why, health. */
hk_rows *hk_read_workers(hk_db *db, GError **error);
hk_rows *hk_read_job_counts(hk_db *db, GError **error);
hk_rows *hk_read_jobs(hk_db *db, const char *state, int64_t before, int64_t limit, GError **error);
hk_rows *hk_read_sources(hk_db *db, GError **error);
hk_rows *hk_read_logs(hk_db *db, GError **error);

/* The audit, newest first: rows with seq < before (0: all), of this object and who ("": any): seq, at_ms, who, via, address, act, object, object_id, case_id, data. */
hk_rows *hk_read_audit(hk_db *db, const char *object, const char *who, int64_t before,
	int64_t limit, GError **error);

/* hk_read_database(db, ret_version, ret_bytes, error): the engine's version (owned) and the size of the database. */
bool hk_read_database(hk_db *db, char **ret_version, int64_t *ret_bytes, GError **error);

/* hk_read_clock(db, ret_ms, ret_newest_ms, error): what time it is where the database runs, and when the newest row of the audit was written (0: none). */
bool hk_read_clock(hk_db *db, int64_t *ret_ms, int64_t *ret_newest_ms, GError **error);

#endif
