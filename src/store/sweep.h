/* store/sweep: what upkeep finds and deletes. Layer: store. Rules: flow/sweep. Inside a write transaction. */
#ifndef HK_STORE_SWEEP_H
#define HK_STORE_SWEEP_H

#include "store/db.h"

/* hk_sweep_broken(db, now_ms, count, ret, error): cases whose clock has broken and that are not marked yet, at most count: *ret, array of int64_t. */
bool hk_sweep_broken(hk_db *db, int64_t now_ms, int64_t count, GArray **ret, GError **error);
/* hk_sweep_forget(db, now_ms, error): sessions a day unused, attempts and replies a day old. */
bool hk_sweep_forget(hk_db *db, int64_t now_ms, GError **error);

/* hk_sweep_anchored(db, ret_ms, error): when the audit chain was last anchored; 0: never. */
bool hk_sweep_anchored(hk_db *db, int64_t *ret_ms, GError **error);

#endif
