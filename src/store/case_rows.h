/* store/case_rows: what hangs on a case: URLs, keys, survey log, labels, tasks, attachments, links. Layer: store. Inside a write transaction. Rules:
 * flow/case. Texts are hostile, yet only kept. */
#ifndef HK_STORE_CASE_ROWS_H
#define HK_STORE_CASE_ROWS_H

#include "store/db.h"

#define HK_HASH_HEX_SIZE 65 /* of a SHA-256 in hexadecimal, with the NUL */

/* hk_case_urls_add(db, case_id, url, hash, host, seen_ms, ret_new, error): a new URL of the case, or once more the same. */
bool hk_case_urls_add(hk_db *db, int64_t case_id, const char *url, const uint8_t hash[32],
	const char *host, int64_t seen_ms, bool *ret_new, GError **error);

/* hk_case_urls_first: the first one of a case that was made just now: nothing to look for, and cheaper. */
bool hk_case_urls_first(hk_db *db, int64_t case_id, const char *url, const uint8_t hash[32],
	const char *host, int64_t seen_ms, GError **error);

/* The keys of one case; NULL: none. hk_case_keys_put(db, case_id, keys, seen_ms, error): those that are new are added, the others were seen at seen_ms, if that is
 * later. */
typedef struct hk_case_keys {
	const char *url, *host, *certificate, *domain, *landing;
} hk_case_keys;
bool hk_case_keys_put(
	hk_db *db, int64_t case_id, const hk_case_keys *keys, int64_t seen_ms, GError **error);

/* hk_case_keys_loose(db, kind, key, ret, error): cases with that key that are in no campaign, neither deleted nor duplicates: *ret, array of int64_t. */
bool hk_case_keys_loose(hk_db *db, const char *kind, const char *key, GArray **ret, GError **error);

typedef struct hk_comment_row {
	int64_t case_id, user_id;
	char *text; /* owned */
	bool deleted;
} hk_comment_row;
/* hk_comments_add: ret_id may be NULL, which is cheaper. */
bool hk_comments_add(hk_db *db, int64_t case_id, int64_t user_id, int64_t at_ms, const char *text,
	int64_t *ret_id, GError **error);
bool hk_comments_get(hk_db *db, int64_t id, hk_comment_row *ret, GError **error); /* HK_ENOENT */
bool hk_comments_set(hk_db *db, int64_t id, const char *text, int64_t now_ms, GError **error);
bool hk_comments_delete(hk_db *db, int64_t id, int64_t now_ms, GError **error);

/* *ret: something changed. */
bool hk_labels_put(hk_db *db, int64_t case_id, const char *label, bool *ret, GError **error);
bool hk_labels_take(hk_db *db, int64_t case_id, const char *label, bool *ret, GError **error);
bool hk_labels_count(hk_db *db, int64_t case_id, int64_t *ret, GError **error);
bool hk_links_put(hk_db *db, int64_t a, int64_t b, const char *note, int64_t now_ms, bool *ret,
	GError **error);
bool hk_links_take(hk_db *db, int64_t a, int64_t b, bool *ret, GError **error);

bool hk_attachments_add(hk_db *db, int64_t case_id, const char *name, const char *type,
	int64_t bytes, const uint8_t sha256[32], int64_t user_id, int64_t at_ms, int64_t *ret_id,
	GError **error);

typedef struct hk_task_row {
	int64_t id, case_id, assignee_id, due_ms, done_ms, version;
	char *title;       /* owned */
	const char *state; /* interned */
} hk_task_row;
void hk_task_row_clear(hk_task_row *row);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(hk_task_row, hk_task_row_clear)
/* hk_tasks_add(db, case_id, title, due_ms, ret_id, error): open, last of the case's tasks. */
bool hk_tasks_add(hk_db *db, int64_t case_id, const char *title, int64_t due_ms, int64_t *ret_id,
	GError **error);
bool hk_tasks_get(hk_db *db, int64_t id, hk_task_row *ret, GError **error); /* HK_ENOENT */
bool hk_tasks_set(hk_db *db, const hk_task_row *row, GError **error);       /* one version up */

#endif
