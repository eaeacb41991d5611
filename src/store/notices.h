/* store/notices: the outbox of the chat: what happened, and the cards of it. Layer: store. Rules: flow/notice and report/chat_send. Texts may be hostile, yet
 * only kept.
 *
 * A row without a chat ("") is an event that was told in the transaction of the event; its body is what the event says besides (JSON object).
 * It becomes one row for each chat that wants it: body is then the card, as it is sent. state: waiting -> sent | failed, or folded: told by a
 * later card that sums up many (event "digest"); sent_ms of a folded row is when that one was sent. */
#ifndef HK_STORE_NOTICES_H
#define HK_STORE_NOTICES_H

#include "store/db.h"

/* Strings are borrowed by hk_notices_add, owned in what is read. Numbers: 0 none. */
typedef struct hk_notice_row {
	int64_t id, case_id, report_id, at_ms;
	char *chat, *event, *body;
} hk_notice_row;
void hk_notice_row_clear(hk_notice_row *row);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(hk_notice_row, hk_notice_row_clear)

/* hk_notices_any(db, ret, error): whether there is a chat to tell: a row "chat:NAME" of table channels. hk_notices_chats(db, names, error): these chats there are, and no
 * others (NULL at the end). Inside a write transaction. */
bool hk_notices_any(hk_db *db, bool *ret, GError **error);
bool hk_notices_chats(hk_db *db, const char *const *names, GError **error);

/* hk_notices_add(db, row, ret_id, error): waiting. Inside a write transaction. */
bool hk_notices_add(hk_db *db, const hk_notice_row *row, int64_t *ret_id, GError **error);

/* hk_notices_get(db, id, ret, ret_waiting, error): ret->id 0: there is no such row; that is no error. */
bool hk_notices_get(hk_db *db, int64_t id, hk_notice_row *ret, bool *ret_waiting, GError **error);

/* hk_notices_next(db, chat, ret, ret_waiting, error): the oldest that waits for the chat (ret->id 0: none), and how many do. */
bool hk_notices_next(
	hk_db *db, const char *chat, hk_notice_row *ret, int64_t *ret_waiting, GError **error);

/* hk_notices_end(db, id, state, why, now_ms, ret, error): waiting becomes sent or failed; why: one line, or NULL. *ret false: it did not wait any more.
 * hk_notices_why(db, id, why, error): of one that still waits. */
bool hk_notices_end(hk_db *db, int64_t id, const char *state, const char *why, int64_t now_ms,
	bool *ret, GError **error);
bool hk_notices_why(hk_db *db, int64_t id, const char *why, GError **error);

/* hk_notices_fold(db, chat, error): all that wait for the chat are folded. hk_notices_folded(db, chat, ret, error): how many of each event are folded and
 * not told yet, in the order of the events' names: *ret, array of hk_notice_count, owned; digests do not count. hk_notices_unfold(db, chat,
 * digest, now_ms, error): the digest of that number was sent: what was folded before it is told. */
typedef struct hk_notice_count {
	char event[40];
	int64_t count;
} hk_notice_count;
bool hk_notices_fold(hk_db *db, const char *chat, GError **error);
bool hk_notices_folded(hk_db *db, const char *chat, GArray **ret, GError **error);
bool hk_notices_unfold(hk_db *db, const char *chat, int64_t digest, int64_t now_ms, GError **error);

/* hk_notices_fail_all(db, chat, before_ms, why, error): what waits for the chat since before that time has failed; digests wait on. */
bool hk_notices_fail_all(
	hk_db *db, const char *chat, int64_t before_ms, const char *why, GError **error);

/* How a chat fares, for all processes together: the row "chat:NAME" of table channels. hk_notices_free(db, chat, ret, error): nothing is sent before that time (0: at once).
 * hk_notices_fares(db, chat, free_ms, trouble, now_ms, error): from now on nothing before free_ms; trouble: one line, NULL: it took a card. */
bool hk_notices_free(hk_db *db, const char *chat, int64_t *ret, GError **error);
bool hk_notices_fares(hk_db *db, const char *chat, int64_t free_ms, const char *trouble,
	int64_t now_ms, GError **error);

/* hk_notices_drop(db, id, ret, error): an event that waits is taken away, its cards are made; *ret false: somebody else did. hk_notices_forget(db, before_ms, error): cards that
 * are over and older than that. hk_notices_since(db, event, since_ms, ret, error): whether that was told, or is being told, since then. */
bool hk_notices_drop(hk_db *db, int64_t id, bool *ret, GError **error);
bool hk_notices_forget(hk_db *db, int64_t before_ms, GError **error);
bool hk_notices_since(hk_db *db, const char *event, int64_t since_ms, bool *ret, GError **error);

/* What a card says of a case and a report; nothing of victims. Strings owned, NULL: unknown. */
typedef struct hk_notice_facts {
	int64_t case_id; /* 0: the case is gone */
	char *url, *host, *target, *target_en, *reasons /* JSON array */;
	double score;
	bool has_picture;
	uint8_t picture[32];
	char *channel, *recipient, *party; /* of the report; party: its name, or "" */
	char *kind;                        /* of the recipient */
	int64_t wave_id, wave_numbers;     /* 0: of no wave */
	char *wave_landing;                /* where its links lead; NULL: not known */
} hk_notice_facts;
void hk_notice_facts_clear(hk_notice_facts *facts);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(hk_notice_facts, hk_notice_facts_clear)

/* hk_notices_facts(db, case_id, report_id, ret, error): what is there of them; neither need exist. */
bool hk_notices_facts(
	hk_db *db, int64_t case_id, int64_t report_id, hk_notice_facts *ret, GError **error);

/* hk_notices_wave(db, wave_id, ret, ret_case, error): what is known of the wave now, into ret beside what is there; *ret_case: its case, 0: none. No such wave: that is no error. */
bool hk_notices_wave(
	hk_db *db, int64_t wave_id, hk_notice_facts *ret, int64_t *ret_case, GError **error);

#endif
