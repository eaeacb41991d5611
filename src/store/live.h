/* store/live: what the live events of the web are made of: audit rows as they come, and lists that are being taken in. Layer: store. */
#ifndef HK_STORE_LIVE_H
#define HK_STORE_LIVE_H

#include "store/db.h"

/* A row of events without its content. Strings are borrowed until the callback returns. */
typedef struct hk_live_event {
	int64_t seq;
	int64_t at_ms;
	const char *who;
	const char *act;
	const char *object;
	int64_t object_id;
	int64_t case_id; /* 0: none */
} hk_live_event;
typedef void (*hk_live_event_fn)(void *user, const hk_live_event *event);

/* hk_live_events(db, after, limit, fn, user, error): rows with seq > after, in order. */
bool hk_live_events(
	hk_db *db, int64_t after, int64_t limit, hk_live_event_fn fn, void *user, GError **error);

/* hk_live_last(db, ret, error): the last seq; 0: none. */
bool hk_live_last(hk_db *db, int64_t *ret, GError **error);

typedef struct hk_live_intake {
	int64_t id, user_id; /* user_id 0: nobody */
	const char *state;
	int64_t line, lines, opened, attached, routed, refused;
} hk_live_intake;
typedef void (*hk_live_intake_fn)(void *user, const hk_live_intake *intake);

/* hk_live_intakes(db, since_ms, fn, user, error): intakes that wait, run, or were done since then; at most 100, newest first. */
bool hk_live_intakes(hk_db *db, int64_t since_ms, hk_live_intake_fn fn, void *user, GError **error);

/* hk_live_holds(db, token, csrf, now_ms, idle_ms, ret, error): whether somebody may still listen: the API token of that number is neither revoked nor over, or, when
 * token is 0, the login of that csrf has a session that has not ended and was used within idle_ms; and its user is active. */
bool hk_live_holds(hk_db *db, int64_t token, const char *csrf, int64_t now_ms, int64_t idle_ms,
	bool *ret, GError **error);

#endif
