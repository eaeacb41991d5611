/* store/search: what a case can be found by. Layer: store. Texts are hostile, yet only kept. */
#ifndef HK_STORE_SEARCH_H
#define HK_STORE_SEARCH_H

#include "store/db.h"

/* Of one case at most this much is kept for search (folded bytes); names and hosts come first, the survey log last. */
#define HK_SEARCH_TEXT_MAX 65536

/* hk_search_index(db, case_id, error): reads the case's words (name, host, URLs, target's names, actor's name, labels, survey
 * log) and keeps them folded (NFKC, lower case) in case_texts; a deleted case's words go away. Inside a write transaction. Flow
 * calls it once per changed case, just before COMMIT. */
bool hk_search_index(hk_db *db, int64_t case_id, GError **error);

#endif
