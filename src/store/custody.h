/* store/custody: what an export and a check of evidence read. Layer: store. Rules: evidence/bundle, evidence/stamp. Texts are hostile, yet only read.
 *
 * Rows come by hk_rows_next(), in a transaction of the caller. */
#ifndef HK_STORE_CUSTODY_H
#define HK_STORE_CUSTODY_H

#include "store/db.h"

/* Runs of a case that have a manifest, by number: id, manifest (32 bytes), stamp (blob or NULL), stamp_why. */
hk_rows *hk_custody_runs(hk_db *db, int64_t case_id, GError **error);

/* Files of a run, by position of visit and file: profile, referrer, exit, visit, kind, name, type, bytes, sha256. */
hk_rows *hk_custody_files(hk_db *db, int64_t run_id, GError **error);

/* Audit rows of a case, by number: seq, at_ms, who, via, address, act, object, object_id, data, mac. With those of runs that came by a merge, without those of runs that left. */
hk_rows *hk_custody_events(hk_db *db, int64_t case_id, GError **error);

/* The ones of them that are about runs: act, object_id (of the run), data. */
hk_rows *hk_custody_told(hk_db *db, int64_t case_id, GError **error);

/* hk_custody_stamped(db, run_id, ret, error): whether a run has its time stamp. */
bool hk_custody_stamped(hk_db *db, int64_t run_id, bool *ret, GError **error);

#endif
