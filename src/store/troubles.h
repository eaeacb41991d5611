/* store/troubles: what failed and was not mended yet, or is not done: jobs, channels, chats. Layer: store. Texts are hostile, yet only read. What is asked costs by what failed, not by what there is.
 *
 * Each gives rows for hk_rows_next(), at most HK_TROUBLES_MAX; the comment names the columns, in order. Times are ms. */
#ifndef HK_STORE_TROUBLES_H
#define HK_STORE_TROUBLES_H

#include "store/db.h"

enum { HK_TROUBLES_MAX = 200 };

/* Jobs that are not done and have an error, by stage: stage, dead (1: given up; 0: they are tried again), count, made_ms of the oldest, error of the newest. */
hk_rows *hk_troubles_jobs(hk_db *db, GError **error);

/* Jobs that are ready, were due before that, and were taken by nobody, by stage: stage, count, due_ms of the oldest. What waits for its pace, a closed channel or
 * another try is due later. */
hk_rows *hk_troubles_overdue(hk_db *db, int64_t before_ms, GError **error);

/* Channels of reports that are not open, or whose last request failed: name, state, why, error, error_ms (NULL: never), free_ms. */
hk_rows *hk_troubles_channels(hk_db *db, GError **error);

/* Chats whose last card was not taken: name, cards that wait, at_ms of the oldest of them (NULL: none waits), error, error_ms. */
hk_rows *hk_troubles_chats(hk_db *db, GError **error);

#endif
