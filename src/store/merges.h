/* store/merges: what merges and splits move, and moving it back. Layer: store. Inside a write transaction. Rules: flow/merge. */
#ifndef HK_STORE_MERGES_H
#define HK_STORE_MERGES_H

#include "store/db.h"

/* Rows of a case that have a number of their own. */
typedef enum hk_moving {
	HK_MOVING_URLS, /* those that the other case has already stay */
	HK_MOVING_COMMENTS,
	HK_MOVING_TASKS,
	HK_MOVING_ATTACHMENTS,
	HK_MOVING_SIGHTINGS,
	HK_MOVING_RUNS,
	HK_MOVING_REPORTS, /* those to whom the other case's lead has told the same already stay */
	HK_MOVING_COUNT,
} hk_moving;

/* hk_moving_all(db, what, from, into, ret, error): all rows of one kind: *ret, array of int64_t, their numbers in order.
 * hk_moving_one(db, what, id, from, into, ret, error): one row; *ret false: it is not at from, or into has that URL already. */
bool hk_moving_all(
	hk_db *db, hk_moving what, int64_t from, int64_t into, GArray **ret, GError **error);
bool hk_moving_one(hk_db *db, hk_moving what, int64_t id, int64_t from, int64_t into, bool *ret,
	GError **error);
/* hk_moving_at(db, what, id, ret_case, error): where a row is; 0: nowhere. */
bool hk_moving_at(hk_db *db, hk_moving what, int64_t id, int64_t *ret_case, GError **error);

/* Reports of two cases that are to be one: the same recipient, step and round. A pair for each report of from that cannot move. */
typedef struct hk_report_clash {
	int64_t from, into; /* reports */
} hk_report_clash;
/* hk_reports_clashes(db, from, into, ret, error): *ret, GArray of hk_report_clash, in order. */
bool hk_reports_clashes(hk_db *db, int64_t from, int64_t into, GArray **ret, GError **error);
/* What a report speaks of (report_sites) has no number, either: *ret, GPtrArray of "report position". hk_moving_sites_of: those of one URL, for a split. hk_moving_site: one; not any more at from: nothing. */
bool hk_moving_sites(hk_db *db, int64_t from, int64_t into, GPtrArray **ret, GError **error);
bool hk_moving_sites_of(
	hk_db *db, const char *url, int64_t from, int64_t into, GPtrArray **ret, GError **error);
bool hk_moving_site(
	hk_db *db, int64_t report_id, int64_t position, int64_t from, int64_t into, GError **error);

/* Labels and keys have no number: *ret, GPtrArray of texts; a key as "kind key". Those that into has already stay. */
bool hk_moving_labels(hk_db *db, int64_t from, int64_t into, GPtrArray **ret, GError **error);
bool hk_moving_keys(hk_db *db, int64_t from, int64_t into, GPtrArray **ret, GError **error);
bool hk_moving_label(hk_db *db, const char *label, int64_t from, int64_t into, GError **error);
/* hk_moving_key(db, kind, key, from, into, ret, error): *ret: it was at from. Where into has it already, from's goes away. */
bool hk_moving_key(hk_db *db, const char *kind, const char *key, int64_t from, int64_t into,
	bool *ret, GError **error);
bool hk_moving_key_drop(
	hk_db *db, const char *kind, const char *key, int64_t case_id, GError **error);

/* hk_urls_hosts(db, case_id, host, ret, error): how many URLs of the case are on that host. hk_urls_first(db, case_id, ret_url, ret_host, error): the first one (owned; NULL: it has none). */
bool hk_urls_hosts(hk_db *db, int64_t case_id, const char *host, int64_t *ret, GError **error);
bool hk_urls_first(hk_db *db, int64_t case_id, char **ret_url, char **ret_host, GError **error);
bool hk_urls_count(hk_db *db, int64_t case_id, int64_t *ret, GError **error);
/* hk_urls_get(db, id, case_id, ret_host, ret_hash, error): of one URL of the case (host owned; hash in hexadecimal, owned). HK_ENOENT. */
bool hk_urls_get(
	hk_db *db, int64_t id, int64_t case_id, char **ret_host, char **ret_hash, GError **error);
/* hk_urls_has(db, case_id, hash, ret, error): whether the case has that URL. hk_urls_text(db, id, ret_url, ret_host, error): owned; HK_ENOENT. */
bool hk_urls_has(hk_db *db, int64_t case_id, const uint8_t hash[32], bool *ret, GError **error);
bool hk_urls_text(hk_db *db, int64_t id, char **ret_url, char **ret_host, GError **error);
bool hk_case_keys_has(
	hk_db *db, int64_t case_id, const char *kind, const char *key, bool *ret, GError **error);
/* hk_case_bare(db, case_id, ret, error): nothing hangs on the case: no URL, comment, task, attachment, sighting, run, report, label. */
bool hk_case_bare(hk_db *db, int64_t case_id, bool *ret, GError **error);

typedef struct hk_merge_row {
	int64_t id, from_case, into_case;
	char *act, *moved; /* owned */
	bool undone;
} hk_merge_row;
void hk_merge_row_clear(hk_merge_row *row);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(hk_merge_row, hk_merge_row_clear)
bool hk_merges_add(
	hk_db *db, const hk_merge_row *row, int64_t at_ms, int64_t *ret_id, GError **error);
bool hk_merges_get(hk_db *db, int64_t id, hk_merge_row *ret, GError **error); /* HK_ENOENT */
bool hk_merges_undone(hk_db *db, int64_t id, int64_t at_ms, GError **error);
bool hk_merges_remember(hk_db *db, int64_t id, const char *moved, GError **error);
/* hk_merges_into(db, case_id, ret, error): merges into the case that stand, in order: *ret, GPtrArray of hk_merge_row *.
 * hk_merges_later(db, id, case_id, ret, error): merges and splits after number id that took rows away from the case and stand. */
bool hk_merges_into(hk_db *db, int64_t case_id, GPtrArray **ret, GError **error);
bool hk_merges_later(hk_db *db, int64_t id, int64_t case_id, GPtrArray **ret, GError **error);

#endif
