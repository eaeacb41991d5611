/* store/sessions: rows of sessions, attempts and replies: what the web keeps between two requests. Layer: store.
 *
 * Rows end and are deleted; nothing here is audited. The writing calls run inside a write transaction of the caller. */
#ifndef HK_STORE_SESSIONS_H
#define HK_STORE_SESSIONS_H

#include "store/db.h"

typedef struct hk_session {
	uint8_t hash[32]; /* SHA-256 of the cookie's secret */
	int64_t user_id;
	char *csrf; /* random text; the same for all cookies of one login */
	bool full;  /* false: the second factor is missing */
	char *address;
	char *agent;
	int64_t created_ms;
	int64_t seen_ms;
	int64_t rotated_ms;
	int64_t ends_ms;
} hk_session;

void hk_session_free(hk_session *session); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_session, hk_session_free)

bool hk_session_insert(hk_db *db, const hk_session *session, GError **error);

/* hk_session_get(db, hash, error): HK_ENOENT when there is none; whether it still holds is the caller's to judge. */
hk_session *hk_session_get(hk_db *db, const uint8_t hash[32], GError **error);
/* hk_sessions_of(db, user_id, error): owned hk_session *, last seen first. */
GPtrArray *hk_sessions_of(hk_db *db, int64_t user_id, GError **error);

bool hk_session_touch(hk_db *db, const uint8_t hash[32], int64_t now_ms, GError **error);

/* hk_session_retire(db, hash, ends_ms, ret_first, error): the cookie was exchanged: the row ends at ends_ms and is not exchanged again. *ret_first: nobody
 * else has retired it before. */
bool hk_session_retire(
	hk_db *db, const uint8_t hash[32], int64_t ends_ms, bool *ret_first, GError **error);

/* hk_session_end(db, csrf, error): all rows of that login. hk_session_end_user(db, user_id, but, error): all rows of the user but
 * those of the login `but` (csrf, or NULL). */
bool hk_session_end(hk_db *db, const char *csrf, GError **error);
bool hk_session_end_user(hk_db *db, int64_t user_id, const char *but, GError **error);

/* hk_sessions_sweep(db, now_ms, idle_ms, error): deletes rows of sessions that have ended, attempts and replies older than a day. */
bool hk_sessions_sweep(hk_db *db, int64_t now_ms, int64_t idle_ms, GError **error);

/* Attempts: a counter by key with the time of its first and last count. */
typedef struct hk_attempt {
	int64_t count;
	int64_t since_ms; /* of the last count */
} hk_attempt;
/* hk_attempt_get: count 0 when there is no row. hk_attempt_add: counts one; begins at 1 again when the last is older than
 * window_ms. hk_attempt_clear: no row is fine. */
bool hk_attempt_get(hk_db *db, const char *key, hk_attempt *ret, GError **error);
bool hk_attempt_add(hk_db *db, const char *key, int64_t now_ms, int64_t window_ms, hk_attempt *ret,
	GError **error);
bool hk_attempt_clear(hk_db *db, const char *key, GError **error);

/* Answers by idempotency key. status 0: the request has begun and nobody knows yet how it ended. */
typedef struct hk_kept_reply {
	uint8_t request[32];
	int status;
	char *body; /* owned */
	int64_t at_ms;
} hk_kept_reply;
void hk_kept_reply_clear(hk_kept_reply *kept);

/* hk_reply_claim(db, user_id, key, request, now_ms, ret_ours, ret_other, error): *ret_ours: the key is new (or older than a day) and now stands for this
 * request; else *ret_other is what is kept under it. */
bool hk_reply_claim(hk_db *db, int64_t user_id, const char *key, const uint8_t request[32],
	int64_t now_ms, bool *ret_ours, hk_kept_reply *ret_other, GError **error);
bool hk_reply_keep(
	hk_db *db, int64_t user_id, const char *key, int status, const char *body, GError **error);
bool hk_reply_drop(hk_db *db, int64_t user_id, const char *key, GError **error);

#endif
