/* store/waves: waves of messages, to whom they went, and their links. Layer: store. Rules: flow/wave. Texts are hostile, yet only kept.
 *
 * All writes inside a write transaction. Times in ms. Strings owned in what is read, borrowed in what is written. */
#ifndef HK_STORE_WAVES_H
#define HK_STORE_WAVES_H

#include "store/db.h"

enum { HK_WAVE_HASH = 32, HK_WAVE_REGION = 7 };

typedef struct hk_wave_row {
	int64_t id, target_id, case_id, first_ms, last_ms, commands, numbers, repeated, card_ms;
	char *family, *text, *brands, *landing; /* landing NULL: not known */
} hk_wave_row;
void hk_wave_row_clear(hk_wave_row *row);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(hk_wave_row, hk_wave_row_clear)

/* hk_wave_near(db, family, key, at_ms, gap_ms, ret, error): the wave of that key one of whose commands is at most gap_ms from at_ms; ret->id 0: none.
 * hk_wave_add: *ret_id. hk_wave_get: HK_ENOENT. */
bool hk_wave_near(hk_db *db, const char *family, const uint8_t key[32], int64_t at_ms,
	int64_t gap_ms, hk_wave_row *ret, GError **error);
bool hk_wave_add(
	hk_db *db, const hk_wave_row *row, const uint8_t key[32], int64_t *ret_id, GError **error);
bool hk_wave_get(hk_db *db, int64_t id, hk_wave_row *ret, GError **error);
/* hk_wave_grow(db, id, at_ms, error): one command more. hk_wave_numbers(db, id, hashes, regions, error): numbers of one command: HK_WAVE_HASH bytes
 * and HK_WAVE_REGION characters each; one that is named twice among them counts once. hk_wave_count(db, id, error): counts them anew: how many, and that more than one command named.
 * hk_wave_case(db, id, case_id, error), hk_wave_card(db, id, card_ms, error), hk_wave_landing(db, id, landing, error): from now on. */
bool hk_wave_grow(hk_db *db, int64_t id, int64_t at_ms, GError **error);
bool hk_wave_numbers(hk_db *db, int64_t id, hk_span hashes, const char *regions, GError **error);
bool hk_wave_count(hk_db *db, int64_t id, GError **error);
bool hk_wave_case(hk_db *db, int64_t id, int64_t case_id, GError **error);
bool hk_wave_card(hk_db *db, int64_t id, int64_t card_ms, GError **error);
bool hk_wave_landing(hk_db *db, int64_t id, const char *landing, GError **error);

/* Links. */
typedef struct hk_link_row {
	int64_t id, first_ms, named_ms, last_ms, changed_ms, checks, due_ms;
	bool is_short;
	char *url, *landing, *state, *hops;
} hk_link_row;
void hk_link_row_clear(hk_link_row *row);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(hk_link_row, hk_link_row_clear)

/* hk_link_put(db, wave_id, url, is_short, now_ms, ret_id, ret_due, error): the link, and that the wave has it; one that is short and new to the wave is due now (*ret_due), one that is no short link is its own landing. hk_link_get: HK_ENOENT. hk_links_due(db, now_ms, limit, ret, error): *ret, array of int64_t, those due longest first. hk_links_next(db, ret, error): when the next is due; 0: never. */
bool hk_link_put(hk_db *db, int64_t wave_id, const char *url, bool is_short, int64_t now_ms,
	int64_t *ret_id, bool *ret_due, GError **error);
bool hk_link_get(hk_db *db, int64_t id, hk_link_row *ret, GError **error);
bool hk_links_due(hk_db *db, int64_t now_ms, int64_t limit, GArray **ret, GError **error);
bool hk_links_next(hk_db *db, int64_t *ret_ms, GError **error);
/* hk_link_set(db, row, why, error): all of it but named_ms; checks one up. hk_link_later(db, id, due_ms, error): nobody could ask; it is due then. hk_landing_put(db, link_id, landing, hops, now_ms, error): it leads there now: the open row of the history, or a new one. */
bool hk_link_set(hk_db *db, const hk_link_row *row, const char *why, GError **error);
bool hk_link_later(hk_db *db, int64_t id, int64_t due_ms, GError **error);
bool hk_landing_put(hk_db *db, int64_t link_id, const char *landing, const char *hops,
	int64_t now_ms, GError **error);
/* hk_link_waves(db, link_id, ret, error): numbers of the waves that have it, the newest first, at most 50: *ret, array of int64_t. */
bool hk_link_waves(hk_db *db, int64_t link_id, GArray **ret, GError **error);
/* hk_link_is_short(db, url, ret, error): whether that URL (or NULL) is a short link of some wave. */
bool hk_link_is_short(hk_db *db, const char *url, bool *ret, GError **error);

#endif
