/* store/tally: how many cases there are, by everything the board and the statistics count by. Layer: store. Input is ours.
 *
 * Counters are rows of the table tallies, written in the transaction that changes the case, so that the board never counts
 * 200,000 rows. */
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
 * COMMIT, in the order of the cases' numbers. */
bool hk_tally_move(hk_db *db, const hk_case_facets *was, const hk_case_facets *is, GError **error);

#endif
