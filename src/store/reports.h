/* store/reports: the rows of reports, their sites and receipts, recipients and channels. Layer: store. Rules: flow/report. Texts are hostile, yet only kept. */
#ifndef HK_STORE_REPORTS_H
#define HK_STORE_REPORTS_H

#include "store/db.h"

/* One report (schema/0007_reports.sql tells the columns). Strings owned in what hk_reports_get gave, borrowed by hk_reports_add. Times: 0 has not happened; numbers: 0 none. */
typedef struct hk_report_row {
	int64_t id, case_id;
	char *channel, *kind, *recipient, *name, *subject, *lang, *step;
	int64_t round, parent_id;
	char *state, *title, *request;
	bool has_content;
	uint8_t content[32], digest[32];
	char *type;
	int64_t bytes;
	char *token;
	int64_t proposer_id, approver_id;
	char *policy;
	int64_t sample;
	unsigned stops; /* bits of flow/stops.def */
	int64_t drafted_ms, approved_ms, send_ms, sent_ms, acknowledged_ms, ended_ms, due_ms;
	char *remote_id, *remote_state, *facts;
	int64_t polls, tries;
	char *why;
	int64_t version;
} hk_report_row;
void hk_report_row_clear(hk_report_row *row);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(hk_report_row, hk_report_row_clear)

typedef struct hk_report_site {
	int64_t case_id;
	const char *url;
} hk_report_site;

/* hk_reports_find(db, case_id, channel, recipient, step, round, ret_id, error): the one that speaks of that case (whoever its lead is) and was not dropped; 0: none. hk_reports_add: sets row->id; token is unique.
 * hk_reports_get: HK_ENOENT. hk_reports_lock: nobody else changes it until the end of the transaction. hk_reports_update: everything but what it was made with, one version up. */
bool hk_reports_find(hk_db *db, int64_t case_id, const char *channel, const char *recipient,
	const char *step, int64_t round, int64_t *ret_id, GError **error);
bool hk_reports_add(
	hk_db *db, hk_report_row *row, const hk_report_site *sites, size_t count, GError **error);
bool hk_reports_get(hk_db *db, int64_t id, hk_report_row *ret, GError **error);
bool hk_reports_lock(hk_db *db, int64_t id, hk_report_row *ret, GError **error);
bool hk_reports_update(hk_db *db, hk_report_row *row, GError **error);
/* hk_reports_by_token(db, token, ret_id, error): 0: none. */
bool hk_reports_by_token(hk_db *db, const char *token, int64_t *ret_id, GError **error);
/* hk_reports_by_remote(db, channel, remote_id, but, ret_id, error): a report of that channel that has their number, another than `but`; 0: none. */
bool hk_reports_by_remote(hk_db *db, const char *channel, const char *remote_id, int64_t but,
	int64_t *ret_id, GError **error);
/* hk_reports_sites(db, id, ret, error): *ret: GPtrArray of owned URLs in their order; ret_cases (or NULL): GArray of int64_t, each case once. */
bool hk_reports_sites(hk_db *db, int64_t id, GPtrArray **ret, GArray **ret_cases, GError **error);
/* hk_reports_unfit(db, id, ret, error): how many of the cases that it speaks of are deleted or were never confirmed, or not any more. */
bool hk_reports_unfit(hk_db *db, int64_t id, int64_t *ret, GError **error);
/* hk_reports_ahead(db, case_id, round, ret, error): reports about the case, of that round and of step first or notice, that have not left yet and need nobody to hand them in: what those of step
 * "after" wait for. hk_reports_after(db, case_id, ret, error): those of step "after" with that lead that are approved: GArray of int64_t. */
bool hk_reports_ahead(hk_db *db, int64_t case_id, int64_t round, int64_t *ret, GError **error);
bool hk_reports_after(hk_db *db, int64_t case_id, GArray **ret, GError **error);

/* hk_reports_missing(db, limit, ret, error): cases that are confirmed or resurrected and of which no report speaks, the newest first: GArray of int64_t. */
bool hk_reports_missing(hk_db *db, int64_t limit, GArray **ret, GError **error);

/* hk_reports_unsent(db, case_id, ret, error): those with that lead that are drafted, approved or queued, and of which no try is under way or in doubt: GArray of int64_t. */
bool hk_reports_unsent(hk_db *db, int64_t case_id, GArray **ret, GError **error);
/* hk_reports_ask: which ones, the newest first. Strings borrowed, NULL and 0: any. hk_reports_list(db, ask, ret, error): their numbers, GArray of int64_t. */
typedef struct hk_reports_ask {
	int64_t case_id; /* that it speaks of */
	const char *state, *channel;
	int64_t limit;
} hk_reports_ask;
bool hk_reports_list(hk_db *db, const hk_reports_ask *ask, GArray **ret, GError **error);

/* Receipts. phase: begun | committed | ended. */
typedef struct hk_receipt_row {
	int64_t id, report_id;
	const char *act, *phase, *how, *why; /* act, how, why borrowed */
	int64_t status;
	const uint8_t *request, *answer; /* 32 bytes, or NULL */
	int64_t begun_ms, ended_ms;
} hk_receipt_row;
bool hk_receipts_begin(hk_db *db, const hk_receipt_row *row, int64_t *ret_id, GError **error);
bool hk_receipts_commit(hk_db *db, int64_t id, int64_t *ret_changed, GError **error);
bool hk_receipts_end(hk_db *db, const hk_receipt_row *row, GError **error);
/* hk_receipts_open(db, report_id, ret_id, ret_committed, error): the last submit that has no end; 0: none. */
bool hk_receipts_open(
	hk_db *db, int64_t report_id, int64_t *ret_id, bool *ret_committed, GError **error);
/* hk_receipts_since(db, id, ret_ms, error): when it was begun. */
bool hk_receipts_since(hk_db *db, int64_t id, int64_t *ret_ms, GError **error);

/* Recipients. hk_recipients_known(db, channel, recipient, ret_known, ret_bounced, error). */
bool hk_recipients_known(hk_db *db, const char *channel, const char *recipient, bool *ret_known,
	bool *ret_bounced, GError **error);
bool hk_recipients_put(hk_db *db, const char *channel, const char *recipient, int64_t user_id,
	int64_t now_ms, GError **error);
bool hk_recipients_bounced(
	hk_db *db, const char *channel, const char *recipient, int64_t now_ms, GError **error);
/* hk_recipients_bounce(db, channel, recipient, ret_ms, error): when its last mail came back; 0: it did not. hk_recipients_mend(db, channel, recipient, before_ms, error): a bounce until then counts no more. */
bool hk_recipients_bounce(
	hk_db *db, const char *channel, const char *recipient, int64_t *ret_ms, GError **error);
bool hk_recipients_mend(
	hk_db *db, const char *channel, const char *recipient, int64_t before_ms, GError **error);
/* hk_reports_children(db, id, step, ret, error): how many reports of that step follow this one, dropped ones not. */
bool hk_reports_children(hk_db *db, int64_t id, const char *step, int64_t *ret, GError **error);
/* hk_reports_volume(db, since_ms, channel, recipient, ret, error): reports sent or on their way since then; recipient of that channel; both NULL: any. */
bool hk_reports_volume(hk_db *db, int64_t since_ms, const char *channel, const char *recipient,
	int64_t *ret, GError **error);

/* Channels. A name without a row is open and free. Strings owned. */
typedef struct hk_channel_row {
	char *name, *state, *why;
	int64_t free_ms, day, sent_day, version;
} hk_channel_row;
void hk_channel_row_clear(hk_channel_row *row);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(hk_channel_row, hk_channel_row_clear)
bool hk_channels_get(hk_db *db, const char *name, hk_channel_row *ret, GError **error);
bool hk_channels_set(
	hk_db *db, const char *name, const char *state, const char *why, GError **error);
/* hk_channels_take(db, name, now_ms, gap_ms, per_day, ret_wait_ms, error): a place in the channel's pace: 0: it may send now, and the next not before gap_ms later; else how long to wait. per_day 0: no limit. Write transaction. */
bool hk_channels_take(hk_db *db, const char *name, int64_t now_ms, int64_t gap_ms, int64_t per_day,
	int64_t *ret_wait_ms, GError **error);
/* hk_channels_pause(db, name, until_ms, error): the other side asked for patience. hk_channels_note(db, name, now_ms, why, error): how the last request went; why NULL: well. */
bool hk_channels_pause(hk_db *db, const char *name, int64_t until_ms, GError **error);
bool hk_channels_note(hk_db *db, const char *name, int64_t now_ms, const char *why, GError **error);

#endif
