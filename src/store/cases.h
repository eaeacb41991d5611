/* store/cases: the rows of cases. Layer: store. Rules: flow/case. Texts are hostile, yet only kept. */
#ifndef HK_STORE_CASES_H
#define HK_STORE_CASES_H

#include "store/db.h"
#include "store/rowset.h"
#include "store/tally.h"

typedef enum hk_clock {
#define CLOCK(id, name, by_hand) HK_CLOCK_##id,
#include "store/clocks.def"
#undef CLOCK
	HK_CLOCK_COUNT
} hk_clock;

/* One row. Times: 0 has not happened; numbers of rows: 0 none. kind and state are interned, the other strings owned. */
typedef struct hk_case_row {
	int64_t id;
	char *name;
	const char *kind, *state;
	char *host, *domain, *url;
	int64_t urls;
	double score;
	char *reasons;
	int64_t target_id;
	char *service;
	int64_t actor_id, campaign_id, source_id, reporter_id, assignee_id;
	char *scope_rule, *gsb_type, *ticket_type, *wants;
	bool has_capture;
	uint8_t capture[32];
	int64_t merged_into;
	int64_t clocks[HK_CLOCK_COUNT];
	int64_t last_seen_ms, due_ms;
	char *due_clock;
	bool breached;
	int64_t updated_ms, deleted_ms, version;
} hk_case_row;
void hk_case_row_clear(hk_case_row *row);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(hk_case_row, hk_case_row_clear)

void hk_case_row_copy(const hk_case_row *row, hk_case_row *ret); /* ret: owned by the caller */

/* hk_clock_name(clock): "first_seen". hk_clock_by_hand(clock): people may enter it. */
const char *hk_clock_name(hk_clock clock);
bool hk_clock_by_hand(hk_clock clock);

/* hk_case_facets_of(row, ret): by what it is counted (strings borrowed from the row, which are interned). False: not at all. */
bool hk_case_facets_of(const hk_case_row *row, hk_case_facets *ret);

/* hk_cases_get(db, id, ret, error): HK_ENOENT when there is no such row (a deleted one is there). hk_cases_lock: nobody else
 * changes it until the end of this transaction. */
bool hk_cases_get(hk_db *db, int64_t id, hk_case_row *ret, GError **error);
bool hk_cases_lock(hk_db *db, int64_t id, hk_case_row *ret, GError **error);

/* What of a row is written. A column that is written costs its indexes, changed or not: the frequent acts write little. */
typedef enum hk_case_part {
	HK_CASE_ALL,
	HK_CASE_STATE, /* state, triaged, confirmed, reported, down, closed, due, due_clock, breached; and the next */
	HK_CASE_CAMPAIGN, /* campaign, updated, version */
	HK_CASE_SEEN,     /* urls, last_seen, updated, version */
} hk_case_part;

/* hk_cases_insert(db, row, error): version 1; sets row->id. hk_cases_update: one version up (row->version, too). */
bool hk_cases_insert(hk_db *db, hk_case_row *row, GError **error);
bool hk_cases_update(hk_db *db, hk_case_row *row, hk_case_part part, GError **error);

/* For store/later, on PostgreSQL only. hk_cases_write(db, list, fresh, error): rows (hk_case_row, with their numbers) that are new, or are changed in
 * all columns. hk_cases_lock_all(db, ids, error): rows of hk_cases_fill(rows, ret), locked, by number; ids: one column of numbers. */
bool hk_cases_write(hk_db *db, const GPtrArray *list, bool fresh, GError **error);
hk_rows *hk_cases_lock_all(hk_db *db, const hk_rowset *ids, GError **error);
void hk_cases_fill(const hk_rows *rows, hk_case_row *ret);

/* What is found by a key. */
typedef struct hk_case_found {
	int64_t id, merged_into, campaign_id, seen_ms; /* seen_ms: of the key */
	const char *state;                             /* interned */
	bool by_url;                                   /* else by host */
} hk_case_found;

/* hk_cases_find(db, url_hash, host, ret, error): the cases that have this URL (hash in hexadecimal, or NULL) or host (or NULL)
 * as a key and are not deleted: by URL first, then by when the key was last seen, the latest first, at most 8.
 * *ret: array of hk_case_found. */
bool hk_cases_find(hk_db *db, const char *url_hash, const char *host, GArray **ret, GError **error);

/* A case or campaign that shares a key with a new case. */
typedef struct hk_case_peer {
	char kind[16];
	int64_t case_id, campaign_id; /* campaign_id: the peer's */
	int64_t keyed_campaign;       /* the campaign of that kind and key, or 0 */
} hk_case_peer;

/* hk_cases_peers(db, certificate, landing, domain, ret, error): for each key (NULL: none), the oldest case that has it and is neither deleted nor a duplicate,
 * and the campaign of that key. In this order of kinds; kinds without either are left out. *ret: array of hk_case_peer. */
bool hk_cases_peers(hk_db *db, const char *certificate, const char *landing, const char *domain,
	GArray **ret, GError **error);

#endif
