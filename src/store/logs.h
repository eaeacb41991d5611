/* store/logs: ct_logs and ct_pending: where the followers stand in the logs, and whose each log is. Layer: store. */
#ifndef HK_STORE_LOGS_H
#define HK_STORE_LOGS_H

#include "store/db.h"

/* A row of ct_logs. Pointers are borrowed for the length of the call that takes or gives it. */
typedef struct hk_log_row {
	hk_span id; /* 32 bytes */
	const char *name;
	const char *status; /* active | stopped | drained | finished */
	const char *why;    /* or NULL */
	bool begun;
	int64_t verified; /* entries */
	hk_span root;     /* 32 bytes; empty: none */
	int64_t head_ms;
	int64_t read;       /* entries, >= verified */
	hk_span range;      /* 32 bytes per set bit of read */
	const char *health; /* JSON; NULL on writing: as it was */
} hk_log_row;

/* hk_logs_claim(db, id, name, owner, now_ms, lease_ms, ret, error): takes the lease of a log (making its row) when it is free, run out, or ours
 * already. *ret: it is ours. In a write transaction. */
bool hk_logs_claim(hk_db *db, hk_span id, const char *name, const char *owner, int64_t now_ms,
	int64_t lease_ms, bool *ret, GError **error);

/* hk_logs_renew(db, owner, now_ms, lease_ms, error): all leases of owner run from now. */
bool hk_logs_renew(hk_db *db, const char *owner, int64_t now_ms, int64_t lease_ms, GError **error);

/* hk_logs_yield(db, id, owner, error): gives one lease back (id empty: all). */
bool hk_logs_yield(hk_db *db, hk_span id, const char *owner, GError **error);

/* hk_logs_get(db, id, ret, user, error): calls ret with the row; HK_ENOENT when there is none. hk_logs_all: with each row, by name. */
typedef void (*hk_logs_each)(void *user, const hk_log_row *row);
bool hk_logs_get(hk_db *db, hk_span id, hk_logs_each each, void *user, GError **error);
bool hk_logs_all(hk_db *db, hk_logs_each each, void *user, GError **error);

/* hk_logs_put(db, row, owner, error): writes where the log stands. HK_EINCONSISTENT: the lease is not owner's. */
bool hk_logs_put(hk_db *db, const hk_log_row *row, const char *owner, GError **error);

/* hk_logs_hold(db, id, owner, now_ms, lease_ms, error): the lease of that log runs from now, and nobody takes it before the transaction ends.
 * HK_EINCONSISTENT: it is not owner's. */
bool hk_logs_hold(
	hk_db *db, hk_span id, const char *owner, int64_t now_ms, int64_t lease_ms, GError **error);

/* hk_logs_pend(db, id, entry, key, data, error): a sighting that no verified head covers yet; the same entry again is the same row.
 * hk_logs_pending(db, id, below, limit, each, error): those of entries < below, in order, at most limit. hk_logs_unpend: deletes those < below. */
typedef bool (*hk_logs_pending_each)(
	void *user, int64_t entry, hk_span key, const char *data, GError **error);
bool hk_logs_pend(
	hk_db *db, hk_span id, int64_t entry, hk_span key, const char *data, GError **error);
bool hk_logs_pending(hk_db *db, hk_span id, int64_t below, int64_t limit, hk_logs_pending_each each,
	void *user, GError **error);
bool hk_logs_unpend(hk_db *db, hk_span id, int64_t below, GError **error);

#endif
