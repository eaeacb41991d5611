/* store/later: what a transaction that opens many cases at once (an import) writes at its end, or when somebody asks, in few statements. Layer: store.
 * PostgreSQL only; on SQLite, which has no round trips, hk_later_begin does nothing and each row is written at once.
 *
 * Acts need not know: the calls of store/cases, case_rows, campaigns, intakes and events below keep their rows here while a
 * transaction is "later", and answer from here what they can. Any other statement of the connection first has everything written (hk_later_before), so that it sees
 * what it would have seen. A statement that changes cases, keys, URLs or campaigns by other ways makes all forgotten that is known here.
 *
 * A row that the database refuses is told late: by the next statement, or by the commit; nothing of the transaction stays. A campaign that another
 * process made meanwhile is HK_EAGAIN: the whole transaction again. Numbers of cases are drawn some at a time: those that are not used are
 * left out. */
#ifndef HK_STORE_LATER_H
#define HK_STORE_LATER_H

#include "store/case_rows.h"
#include "store/cases.h"
#include "store/events.h"
#include "store/intakes.h"

typedef struct hk_later hk_later;

/* hk_later_begin(db, error): inside a write transaction, until it ends. */
bool hk_later_begin(hk_db *db, GError **error);
void hk_later_free(hk_later *later);

/* hk_later_expect(db, keys, count, error): sites that are about to be taken: holds their locks (hk_db_lock of "domain:NAME" and so on, what
 * many share first) and the cases that have their URL or host, and reads what is known of them, all at once. Nothing when the transaction is not "later". */
bool hk_later_expect(hk_db *db, const hk_case_keys *keys, size_t count, GError **error);

/* For store only --------------------------------------------------------------------------------- */

/* hk_later_of(db): NULL: rows are to be written at once. */
hk_later *hk_later_of(const hk_db *db);
/* hk_later_before(later, text, error): this statement is run next. hk_later_write(later, error): writes what there is. */
bool hk_later_before(hk_later *later, const char *text, GError **error);
bool hk_later_write(hk_later *later, GError **error);
/* hk_later_locked(later, name): this transaction holds that name. */
bool hk_later_locked(const hk_later *later, const char *name);

/* A case: hk_later_open: a new one (sets row->id, version 1). hk_later_case(later, id): a case that is held, or NULL; borrowed. hk_later_change: a held
 * case is to be that, whole; false: it is not held. */
bool hk_later_open(hk_later *later, hk_case_row *row, GError **error);
const hk_case_row *hk_later_case(const hk_later *later, int64_t id);
bool hk_later_change(hk_later *later, const hk_case_row *row);

/* As the calls of their names in store/cases, case_rows and campaigns; false: not known here, ask the database. */
bool hk_later_find(hk_later *later, const char *url_hash, const char *host, GArray *list);
bool hk_later_peers(hk_later *later, const char *domain, GArray *list);
bool hk_later_loose(hk_later *later, const char *kind, const char *key, GArray *list);
bool hk_later_url(hk_later *later, int64_t case_id, const char *url, const uint8_t hash[32],
	const char *host, int64_t seen_ms, bool *ret_new);
/* hk_later_campaign: *ret_known false: not known here. */
bool hk_later_campaign(hk_later *later, const char *name, const char *kind, const char *key,
	int64_t now_ms, int64_t *ret_id, bool *ret_known, GError **error);

/* These are always kept. */
void hk_later_count(hk_later *later, int64_t campaign_id, int64_t by, int64_t now_ms);
void hk_later_keys(hk_later *later, int64_t case_id, const hk_case_keys *keys, int64_t seen_ms);
void hk_later_comment(
	hk_later *later, int64_t case_id, int64_t user_id, int64_t at_ms, const char *text);
void hk_later_line(hk_later *later, const hk_intake_line *line);
void hk_later_event(hk_later *later, const hk_event_record *record);

#endif
