/* store/letter_hand: a person says which report a letter is about. Layer: store. Inside a write transaction; rules: flow/letter_hand. Letters come in by role/replies. */
#ifndef HK_STORE_LETTER_HAND_H
#define HK_STORE_LETTER_HAND_H

#include "store/db.h"

/* What is asked about a letter. Strings owned. */
typedef struct hk_letter_hand_row {
	int64_t id, report_id; /* 0: nobody knows yet */
	char *class, *number;  /* number: their ticket, or NULL */
} hk_letter_hand_row;
void hk_letter_hand_row_clear(hk_letter_hand_row *row);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(hk_letter_hand_row, hk_letter_hand_row_clear)

/* hk_letter_hand_get(db, id, ret, error): HK_ENOENT. hk_letter_hand_set(db, id, report_id, error): matched "hand". */
bool hk_letter_hand_get(hk_db *db, int64_t id, hk_letter_hand_row *ret, GError **error);
bool hk_letter_hand_set(hk_db *db, int64_t id, int64_t report_id, GError **error);

#endif
