/* store/tally: how many cases there are, by everything the board and the statistics count by. Layer: store. Input is ours.
 *
 * Counters are rows of the table tallies, written in the transaction that changes the case, so that the board never counts a million
 * rows. Months, hours and days off are Japan's. */
#ifndef HK_STORE_TALLY_H
#define HK_STORE_TALLY_H

#include "store/db.h"

/* What a case is counted by. Strings borrowed. Numbers of rows: 0 none. */
typedef struct hk_case_facets {
	int64_t opened_ms, detected_ms;
	const char *state, *kind;
	int64_t target_id, actor_id, source_id;
} hk_case_facets;

/* hk_tally_move(db, was, is, error): one case less with the facets was, one more with the facets is; inside a write transaction.
 * was NULL: a new case. is NULL: deleted, or a duplicate: not counted. Flow calls it once per case and transaction, just before
 * COMMIT, in the order of the cases' numbers. Rows that two writers count in are taken in order, under one lock. */
bool hk_tally_move(hk_db *db, const hk_case_facets *was, const hk_case_facets *is, GError **error);

/* hk_tally_sum: the moves of many cases added up, so that each row is written once: an import moves a thousand into the same few
 * rows. hk_tally_sum_move: as above. hk_tally_sum_write(sum, db, error): writes what does not cancel out. */
typedef struct hk_tally_sum hk_tally_sum;
hk_tally_sum *hk_tally_sum_new(void);
void hk_tally_sum_free(hk_tally_sum *sum); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_tally_sum, hk_tally_sum_free)
void hk_tally_sum_move(hk_tally_sum *sum, const hk_case_facets *was, const hk_case_facets *is);
bool hk_tally_sum_write(const hk_tally_sum *sum, hk_db *db, GError **error);

/* hk_tally_rebuild(db, error): counts all cases anew; inside a write transaction. */
bool hk_tally_rebuild(hk_db *db, GError **error);

/* hk_tally_month(ms): the month of a time in Japan, as in the table: year * 12 + month - 1. */
int64_t hk_tally_month(int64_t ms);

/* hk_tally_hour(ms, ret): "w13" or "o13": the hour, on a working day or a day off. */
void hk_tally_hour(int64_t ms, char ret[4]);

/* The board's counters. */
typedef struct hk_counters {
	int64_t total, unsupported,
		handled; /* without kinds that are only counted (investment scams) */
	int64_t this_month, unsupported_this_month, handled_this_month;
	int64_t investment_scam, notify; /* all of that kind; another's brand and not handled */
	int64_t breached /* and not finished */, deleted,
		sightings_new; /* each at most HK_COUNTERS_MAX */
	GHashTable *by_state;  /* text -> int64_t *, all kinds, of every state that has a case */
} hk_counters;
#define HK_COUNTERS_MAX 10000

/* hk_counters_read(db, now_ms, counted, ret, error): counted: kinds that are not in the figures (NULL-terminated); notify: kinds of
 * that queue. Clear with hk_counters_clear. */
bool hk_counters_read(hk_db *db, int64_t now_ms, const char *const *counted,
	const char *const *notify, hk_counters *ret, GError **error);
void hk_counters_clear(hk_counters *counters);

#endif
