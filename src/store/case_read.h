/* store/case_read: cases as the API shows them. Layer: store. All inside a read transaction (or after a write); JSON goes to out. */
#ifndef HK_STORE_CASE_READ_H
#define HK_STORE_CASE_READ_H

#include "store/db.h"

/* hk_case_items(db, ids, out, error): the items of a list, in the order of ids (int64_t, at most 1,000); what has gone meanwhile is left out.
 * The list is open already. */
bool hk_case_items(hk_db *db, const GArray *ids, GString *out, GError **error);

/* hk_case_lines(db, ids, out, error): the same, a line each (JSON Lines). */
bool hk_case_lines(hk_db *db, const GArray *ids, GString *out, GError **error);

/* hk_case_whole(db, id, out, ret_version, ret_state, error): the item and all that hangs on it, without the closing '}' (the caller adds "may"). *ret_state: owned.
 * HK_ENOENT. */
bool hk_case_whole(hk_db *db, int64_t id, GString *out, int64_t *ret_version, char **ret_state,
	GError **error);

/* hk_case_exists(db, id, error): HK_ENOENT "case N: ..." when there is none. */
bool hk_case_exists(hk_db *db, int64_t id, GError **error);

/* hk_case_timeline(db, id, after, limit, out, ret_next, error): events, comments and sightings, the newest first: the list that is open. after: what *ret_next said (NULL:
 * from the start); HK_EFORM "after: ...". */
bool hk_case_timeline(hk_db *db, int64_t id, const char *after, size_t limit, GString *out,
	char **ret_next, GError **error);

/* hk_case_comments(db, id, out, error): the survey log, the oldest first (at most 1,000). hk_comment_json(db, id, out, error): one. */
bool hk_case_comments(hk_db *db, int64_t id, GString *out, GError **error);
bool hk_comment_json(hk_db *db, int64_t id, GString *out, GError **error);

/* hk_task_json(db, id, out, error): HK_ENOENT. hk_attachment_json: the same. hk_attachment_get: what a download needs (owned). */
bool hk_task_json(hk_db *db, int64_t id, GString *out, int64_t *ret_version, GError **error);
bool hk_attachment_json(hk_db *db, int64_t id, GString *out, GError **error);
bool hk_attachment_get(hk_db *db, int64_t id, char **ret_name, uint8_t ret_sha256[32],
	int64_t *ret_bytes, int64_t *ret_case, GError **error);
/* hk_merge_json(db, id, out, error): one merge or split; HK_ENOENT. */
bool hk_merge_json(hk_db *db, int64_t id, GString *out, GError **error);

#endif
