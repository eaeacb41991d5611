/* store/workers: the processes of hikeshi that are alive. Layer: store. */
#ifndef HK_STORE_WORKERS_H
#define HK_STORE_WORKERS_H

#include "store/db.h"

/* A process that was not seen for this long counts as gone. */
#define HK_WORKER_GONE_MS (60 * 1000)

/* hk_workers_seen(db, name, role, started_ms, now_ms, data, error): one row per process; data: JSON for the system page. Own transaction or the
 * caller's. hk_workers_left: it ends in good order. hk_workers_alive: how many of that role were seen lately. */
bool hk_workers_seen(hk_db *db, const char *name, const char *role, int64_t started_ms,
	int64_t now_ms, const char *data, GError **error);
bool hk_workers_left(hk_db *db, const char *name, GError **error);
/* hk_workers_died(db, names, error): those whose name begins with names ended without a word. */
bool hk_workers_died(hk_db *db, const char *names, GError **error);
bool hk_workers_alive(hk_db *db, const char *role, int64_t now_ms, int64_t *ret, GError **error);

/* hk_workers_is_first(db, role, name, ret, error): whether name comes first among the living of that role. now: the database has no clock of
 * ours, so those seen within HK_WORKER_GONE_MS of the newest sign of life count. */
bool hk_workers_is_first(hk_db *db, const char *role, const char *name, bool *ret, GError **error);

#endif
