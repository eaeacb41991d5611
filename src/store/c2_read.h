/* store/c2_read: the command channel as the API shows it: dead drops, sessions, who named whom, records. Layer: store. All inside a read transaction; JSON
 * goes to out. Texts are hostile: sys/jsonw keeps the JSON well formed. Rows are written by store/c2; no row has a telephone number in it. */
#ifndef HK_STORE_C2_READ_H
#define HK_STORE_C2_READ_H

#include "store/db.h"

#define HK_C2_READ_STALE_MS                                                                        \
	INT64_C(300000) /* an open session without a heartbeat for so long is in trouble: nobody may be listening */
#define HK_C2_READ_OVER_MS INT64_C(1209600000) /* sessions that ended are shown for so long */
enum {
	HK_C2_READ_TRIES =
		3, /* a session that was lost is in trouble from so many failed tries in a row on: when the chat is told (flow/c2) */
	HK_C2_READ_FAMILIES = 50,
	HK_C2_READ_DROPS = 200,     /* of a family */
	HK_C2_READ_SESSIONS = 2000, /* of a family */
	HK_C2_READ_TROUBLES = 200,
};

/* hk_c2_read(db, now_ms, out, error): an object: "families", by name, each with its "drops" (what each names now) and "sessions" (by host and port, with the last
 * command and what is the matter: "trouble" is null, "silent", "refused", "lost" or "stale"); "trouble", how many sessions have some. */
bool hk_c2_read(hk_db *db, int64_t now_ms, GString *out, GError **error);

/* hk_c2_read_pulse(db, now_ms, ret, error): the same in numbers, for counters and live events: what changes whenever a session or a drop does. */
typedef struct hk_c2_pulse {
	int64_t sessions, open, trouble; /* of those that are not over */
	int64_t commands;                /* of all, ever */
	int64_t since_ms;                /* newest change of a state, of a session or drop */
	int64_t opened;                  /* connections, ever */
} hk_c2_pulse;
bool hk_c2_read_pulse(hk_db *db, int64_t now_ms, hk_c2_pulse *ret, GError **error);

/* hk_c2_read_troubles(db, now_ms, error): sessions of all families with which something is the matter, the newest trouble first, at most HK_C2_READ_TROUBLES: rows for
 * hk_rows_next(): family, host, port, trouble (as above), since_ms (of the state), failed (tries in a row), why (NULL: nothing was said). */
hk_rows *hk_c2_read_troubles(hk_db *db, int64_t now_ms, GError **error);

/* hk_c2_read_history(db, filter, out, ret_next, error): which drop named which address from when to when, the newest first: objects of the list that is open.
 * *ret_next: what goes into after for the next page; 0: that was all. */
typedef struct hk_c2_history_filter {
	const char *family;     /* or NULL */
	int64_t drop_id;        /* 0: any */
	int64_t from_ms, to_ms; /* named at some time in from <= t < to; 0: open */
	int64_t after, limit;   /* after 0: from the start */
} hk_c2_history_filter;
bool hk_c2_read_history(hk_db *db, const hk_c2_history_filter *filter, GString *out,
	int64_t *ret_next, GError **error);

/* hk_c2_read_session(db, id, out, error): one session, as an object that is a value; HK_ENOENT. hk_c2_read_transcripts(db, session_id, after, limit, out, ret_next,
 * error): its closed pieces, the newest first, as above. hk_c2_read_transcript(db, id, out, ret_sha256, error): one as an object that is a value; HK_ENOENT. */
bool hk_c2_read_session(hk_db *db, int64_t id, GString *out, GError **error);
bool hk_c2_read_transcripts(hk_db *db, int64_t session_id, int64_t after, int64_t limit,
	GString *out, int64_t *ret_next, GError **error);
bool hk_c2_read_transcript(
	hk_db *db, int64_t id, GString *out, uint8_t ret_sha256[32], GError **error);

#endif
