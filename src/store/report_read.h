/* store/report_read: reports, letters, channels and templates as the API shows them. Layer: store. All inside a read transaction (or after a
 * write); JSON goes to out. Texts are hostile: sys/jsonw keeps the JSON well formed. Rows are written by store/reports, store/letters.
 *
 * What holds a report up is kept as bits whose names are flow's (flow/stops.def): the caller says how they are written. */
#ifndef HK_STORE_REPORT_READ_H
#define HK_STORE_REPORT_READ_H

#include "store/db.h"

enum {
	HK_REPORT_READ_LEDGER = 200,   /* reports of one case */
	HK_REPORT_READ_RECEIPTS = 200, /* the newest so many of a report */
	HK_REPORT_READ_LETTERS = 50,   /* with their texts, of a report */
	HK_REPORT_READ_HISTORY = 500,  /* audit rows of a report */
};

/* hk_stops_put: an array of the texts of the stops, as a value of the JSON that is being written (flow/report.h: hk_stops_json). */
typedef void (*hk_stops_put)(unsigned stops, GString *out);

/* Which reports. NULL, 0 and false: any. Strings borrowed. */
typedef struct hk_report_filter {
	const char *const *states; /* NULL-terminated */
	const char *channel, *kind, *recipient;
	int64_t case_id; /* that speak of it */
	int64_t user_id; /* who asks, for the next two */
	bool mine;       /* proposed or approved by them */
	bool waiting;    /* drafted, and not by them */
	bool held;       /* not sent yet, and something holds it up */
	bool overdue;    /* sent, and silence has lasted too long at now_ms */
	bool sample;     /* allowed by a policy and drawn for review */
	bool oldest;     /* in the order of their numbers; else the newest first */
	int64_t now_ms;
	int64_t after; /* number of the last one of the page before; 0: from the start */
	int64_t limit;
} hk_report_filter;

/* hk_report_read_list(db, filter, stops, out, ret_next, error): objects of the list that is open; *ret_next: number of the last one when there are more, else 0.
 * hk_report_read_ids(db, filter, ret, error): only their numbers, at most limit of them: GArray of int64_t, caller unrefs. */
bool hk_report_read_list(hk_db *db, const hk_report_filter *filter, hk_stops_put stops,
	GString *out, int64_t *ret_next, GError **error);
bool hk_report_read_ids(hk_db *db, const hk_report_filter *filter, GArray **ret, GError **error);

/* hk_report_read_members(db, id, stops, out, ret_version, error): all of one report as members of the object that is open: what the list has, request, content,
 * sites, receipts, letters, history (audit rows), ledger (all reports of its case). HK_ENOENT. */
bool hk_report_read_members(hk_db *db, int64_t id, hk_stops_put stops, GString *out,
	int64_t *ret_version, GError **error);

/* hk_report_read_counters(db, user_id, now_ms, out, error): an object: drafted, waiting (for this user), approved, held, unsure, bounced (of cases that are
 * still open), overdue, sample, letters (that nobody could match). */
bool hk_report_read_counters(
	hk_db *db, int64_t user_id, int64_t now_ms, GString *out, GError **error);

/* Letters, the newest first, behind number after (0: from the start): open: only those without a report; report_id: only of that one. hk_report_read_letter: one, with its
 * text; HK_ENOENT. hk_report_read_letter_content: SHA-256 of the mail; HK_ENOENT. */
bool hk_report_read_letters(hk_db *db, bool open, int64_t report_id, int64_t after, int64_t limit,
	GString *out, int64_t *ret_next, GError **error);
bool hk_report_read_letter(hk_db *db, int64_t id, GString *out, GError **error);
bool hk_report_read_letter_content(hk_db *db, int64_t id, uint8_t ret_sha256[32], GError **error);

/* hk_report_read_answer(db, report_id, receipt_id, ret_sha256, error): what the other side answered; HK_ENOENT: no such receipt, or it has no answer. */
bool hk_report_read_answer(
	hk_db *db, int64_t report_id, int64_t receipt_id, uint8_t ret_sha256[32], GError **error);

/* hk_report_read_channels(db, ret, error): names of all channels that have a row, or a report: GPtrArray of owned strings, in order; caller unrefs.
 * hk_report_read_channel(db, name, now_ms, out, error): members of the object that is open: state, why, free, sent_today, ok, error_at, error, version, waiting, sent. A channel
 * without a row is open. */
bool hk_report_read_channels(hk_db *db, GPtrArray **ret, GError **error);
bool hk_report_read_channel(
	hk_db *db, const char *name, int64_t now_ms, GString *out, GError **error);

#endif
