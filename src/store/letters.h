/* store/letters: mail that came in, and what it is looked up by. Layer: store. Rules: flow/letter. Texts are hostile, yet only kept. (By hand: store/letter_hand; reading for the board:
 * store/report_read.) */
#ifndef HK_STORE_LETTERS_H
#define HK_STORE_LETTERS_H

#include "store/db.h"

/* One letter (schema/0007_reports.sql tells the columns). Borrowed. */
typedef struct hk_letter_row {
	const char *mailbox, *message_id;
	int64_t report_id;   /* 0: nobody knows */
	const char *matched; /* NULL: not matched */
	const char *proof;   /* NULL: nobody was asked (schema/0011_proof.sql) */
	const char *class, *number;
	const char *sender, *subject, *text;
	const uint8_t *content; /* SHA-256 of the mail, 32 bytes */
	int64_t sent_ms;        /* 0: it does not say */
	int64_t at_ms;
} hk_letter_row;

/* Strangers can write to the mailbox of answers, too: so many letters a day that fit no report, and so many of one report, are kept; those without a report for 90 days, unless a person
 * has put them to one. */
#define HK_LETTERS_OPEN_DAY_MAX 1000
#define HK_LETTERS_REPORT_MAX   200
#define HK_LETTERS_OPEN_MS      INT64_C(7776000000)
/* hk_letters_full(db, report_id, now_ms, ret, error): whether one more (report_id 0: without a report) is too many. hk_letters_forget(db, now_ms, ret_count, error): deletes the old ones. */
bool hk_letters_full(hk_db *db, int64_t report_id, int64_t now_ms, bool *ret, GError **error);
bool hk_letters_forget(hk_db *db, int64_t now_ms, int64_t *ret_count, GError **error);

/* hk_letters_add(db, row, ret_id, error): *ret_id 0: a letter of that mailbox and Message-ID is there already, nothing is written. Write transaction. */
bool hk_letters_add(hk_db *db, const hk_letter_row *row, int64_t *ret_id, GError **error);

/* A report that a letter could be about. */
typedef struct hk_letter_about {
	int64_t report_id;
	char *recipient; /* owned */
} hk_letter_about;
void hk_letter_about_clear(void *about); /* for g_array_set_clear_func */

/* Reports that were, or are being, sent, the newest first, at most 50; *ret: GArray of hk_letter_about that frees what is in it; caller unrefs. By token; by the other side's
 * number; by a URL that they speak of (exact). */
bool hk_letters_by_token(hk_db *db, const char *token, GArray **ret, GError **error);
bool hk_letters_by_number(hk_db *db, const char *number, GArray **ret, GError **error);
bool hk_letters_by_url(hk_db *db, const char *url, GArray **ret, GError **error);

#endif
