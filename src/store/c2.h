/* store/c2: dead drops, sessions, commands and records of the bell. Layer: store. Rules: flow/c2, flow/wave. Texts are hostile, yet only kept.
 *
 * All writes inside a write transaction. Times in ms, 0: not yet. Strings owned in what is read. */
#ifndef HK_STORE_C2_H
#define HK_STORE_C2_H

#include "store/db.h"

/* One dead drop. */
typedef struct hk_c2_drop_row {
	int64_t id, since_ms, last_ms, status, checks;
	char *state, *etag, *modified;
	char *address, *body; /* that it names now, and of which text; NULL: nothing yet */
	int64_t named_id;     /* row of c2_named, 0: none */
} hk_c2_drop_row;
void hk_c2_drop_row_clear(hk_c2_drop_row *row);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(hk_c2_drop_row, hk_c2_drop_row_clear)

/* hk_c2_drop_find(db, family, url, ret, error): ret->id 0: nothing is known of it. hk_c2_drop_get(db, family, url, now_ms, ret, error): made ("unseen") when it is new. hk_c2_drop_set: what the last answer was; checks one up. */
bool hk_c2_drop_find(
	hk_db *db, const char *family, const char *url, hk_c2_drop_row *ret, GError **error);
bool hk_c2_drop_get(hk_db *db, const char *family, const char *url, int64_t now_ms,
	hk_c2_drop_row *ret, GError **error);
bool hk_c2_drop_set(hk_db *db, const hk_c2_drop_row *row, const char *why, GError **error);
/* hk_c2_named_add(db, drop_id, address, body, now_ms, error): from now on it names this. hk_c2_named_seen: it still does. */
bool hk_c2_named_add(hk_db *db, int64_t drop_id, const char *address, const char *body,
	int64_t now_ms, GError **error);
bool hk_c2_named_seen(hk_db *db, int64_t named_id, int64_t now_ms, GError **error);
/* hk_c2_addresses(db, family, since_ms, ret, error): what drops of the family name now (those that answer, or last did), and what any of them named since since_ms (0: only now):
 * *ret, GPtrArray of owned texts, each once. */
bool hk_c2_addresses(
	hk_db *db, const char *family, int64_t since_ms, GPtrArray **ret, GError **error);

/* One session: a port of a server. */
typedef struct hk_c2_session_row {
	int64_t id, port, since_ms, opened_ms, beat_ms, command_ms, opened, failed, commands;
	int64_t alarmed, alarmed_ms, back_ms; /* schema/0009 */
	char *family, *host, *state, *print, *why;
} hk_c2_session_row;
void hk_c2_session_row_clear(hk_c2_session_row *row);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(hk_c2_session_row, hk_c2_session_row_clear)

/* hk_c2_session_get(db, family, host, port, now_ms, ret, error): made ("idle") when it is new. hk_c2_session_find: by number, HK_ENOENT. hk_c2_session_set: all of it but
 * commands and command_ms. hk_c2_session_beat: an answer came. */
bool hk_c2_session_get(hk_db *db, const char *family, const char *host, unsigned port,
	int64_t now_ms, hk_c2_session_row *ret, GError **error);
bool hk_c2_session_find(hk_db *db, int64_t id, hk_c2_session_row *ret, GError **error);
bool hk_c2_session_set(hk_db *db, const hk_c2_session_row *row, GError **error);
bool hk_c2_session_beat(hk_db *db, int64_t id, int64_t at_ms, GError **error);
/* hk_c2_session_peers(db, row, ret, error): what the other ports of the same family and host know: *ret, GPtrArray of hk_c2_session_row, owned. hk_c2_sessions_running(db, family, ret, error): numbers of those that are not "over": *ret, array of int64_t. */
bool hk_c2_session_peers(hk_db *db, const hk_c2_session_row *row, GPtrArray **ret, GError **error);
bool hk_c2_sessions_running(hk_db *db, const char *family, GArray **ret, GError **error);

/* One command; strings borrowed. */
typedef struct hk_c2_command_row {
	int64_t session_id, wave_id, at_ms, numbers, masked, odd, doubles;
	const char *verb, *word, *text;
	uint8_t frame[32];
} hk_c2_command_row;
/* hk_c2_command_add(db, row, ret_id, error): *ret_id 0: that frame was taken already, nothing is written. Counts it at the session. */
/* hk_c2_command_known(db, frame, ret, error): whether it was taken. */
bool hk_c2_command_known(hk_db *db, const uint8_t frame[32], bool *ret, GError **error);
bool hk_c2_command_add(hk_db *db, const hk_c2_command_row *row, int64_t *ret_id, GError **error);

/* A closed piece of a session's record; strings borrowed. */
typedef struct hk_c2_piece_row {
	int64_t id, session_id, begun_ms, ended_ms, frames, commands, bytes;
	uint8_t sha256[32];
} hk_c2_piece_row;
/* hk_c2_piece_add(db, row, sealed, until_ms, ret_id, error): sealed: until_ms is the end of its time; empty: none. *ret_id 0: it is there already. hk_c2_piece_last: the
 * hash of the session's newest piece; *ret_any false: none. hk_c2_piece_get: HK_ENOENT. */
bool hk_c2_piece_add(hk_db *db, const hk_c2_piece_row *row, hk_span sealed, int64_t until_ms,
	int64_t *ret_id, GError **error);
bool hk_c2_piece_last(
	hk_db *db, int64_t session_id, bool *ret_any, uint8_t ret[32], GError **error);
bool hk_c2_piece_get(
	hk_db *db, int64_t id, hk_c2_piece_row *ret, bool *ret_stamped, GError **error);
bool hk_c2_piece_stamp(hk_db *db, int64_t id, hk_span token, const char *why, GError **error);
/* hk_c2_pieces_unstamped(db, limit, ret, error): numbers of those whose job said that there is no authority, and is done: *ret, array of int64_t. */
bool hk_c2_pieces_unstamped(hk_db *db, int64_t limit, GArray **ret, GError **error);
/* hk_c2_sealed_get(db, piece, ret, error): NULL: its time is over, or there was nothing. hk_c2_sealed_forget(db, now_ms, ret_count, error). */
bool hk_c2_sealed_get(hk_db *db, int64_t piece, GBytes **ret, GError **error);
bool hk_c2_sealed_forget(hk_db *db, int64_t now_ms, int64_t *ret_count, GError **error);

#endif
