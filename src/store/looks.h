/* store/looks: names that are looked at lightly before they are a case. Layer: store. Rules: flow/look. Texts are hostile, yet only kept.
 *
 * A row is due, leased by a worker, and then done, or due again later; the lease is in the row itself (thousands a second are too many for
 * the queue of jobs). Who loses its lease has done nothing that counts: hk_looks_done changes only what its owner holds. */
#ifndef HK_STORE_LOOKS_H
#define HK_STORE_LOOKS_H

#include "store/db.h"

/* A name, as its source saw it. Strings borrowed. */
typedef struct hk_look_seed {
	const char *host, *data;
	int64_t source_id, target_id, seen_ms, due_ms;
	double score;
} hk_look_seed;
/* hk_looks_add(db, seed, ret_new, error): a name that is there already, or is the host of a case that is not deleted, stays as it is. */
bool hk_looks_add(hk_db *db, const hk_look_seed *seed, bool *ret_new, GError **error);
/* hk_looks_since(db, ms, ret, error): how many were seen since: what a budget per day counts. */
bool hk_looks_since(hk_db *db, int64_t ms, int64_t *ret, GError **error);

typedef struct hk_look_row {
	int64_t id, source_id, target_id, seen_ms, tries;
	char *host, *data, *source,
		*target; /* owned; key of the source, name of the target; that may be NULL */
	char *outcome;   /* owned; of the last look, or NULL */
	double score;
} hk_look_row;
void hk_look_row_free(hk_look_row *row); /* accepts NULL */

/* hk_looks_claim(db, owner, now_ms, lease_ms, limit, ret, error): leases at most limit that are due and not leased by another, those due
 * longest first: *ret, GPtrArray of hk_look_row *. Inside a write transaction. */
bool hk_looks_claim(hk_db *db, const char *owner, int64_t now_ms, int64_t lease_ms, int64_t limit,
	GPtrArray **ret, GError **error);

/* What became of a look. due_ms 0: no more. */
typedef struct hk_look_result {
	int64_t id, due_ms, case_id;
	const char *outcome; /* dead | empty | plain | suspect | case */
	const char *reasons; /* JSON array */
	double page_score;   /* < 0: none */
} hk_look_result;
/* hk_looks_mine(db, id, owner, ret, error): whether owner still has it; locks the row. */
bool hk_looks_mine(hk_db *db, int64_t id, const char *owner, bool *ret, GError **error);
/* hk_looks_done(db, owner, result, now_ms, ret_mine, error): *ret_mine false: the lease was lost; nothing was changed. */
bool hk_looks_done(hk_db *db, const char *owner, const hk_look_result *result, int64_t now_ms,
	bool *ret_mine, GError **error);

/* hk_looks_later(db, owner, id, due_ms, error): gives one lease back, to be due then; not counted as a look. */
bool hk_looks_later(hk_db *db, const char *owner, int64_t id, int64_t due_ms, GError **error);
/* hk_looks_case_of(db, host, ret_case, error): the case that has host as a key and is not deleted; 0: none. */
bool hk_looks_case_of(hk_db *db, const char *host, int64_t *ret_case, GError **error);

/* hk_looks_kits(db, each, user, error): what confirmed phishing sites are known by: keys of kinds favicon, form and resource (at most HK_LOOKS_KITS_MAX,
 * those seen last first), and of what they showed lately (HK_LOOKS_PAGES_MAX) the sketch of its tag paths, kind "tag_paths" (hexadecimal). */
#define HK_LOOKS_KITS_MAX  100000
#define HK_LOOKS_PAGES_MAX 2000
typedef void (*hk_looks_kit_fn)(void *user, const char *kind, const char *key, int64_t case_id);
bool hk_looks_kits(hk_db *db, hk_looks_kit_fn each, void *user, GError **error);

/* hk_looks_yield(db, owner, error): gives all leases of the owner back; hk_looks_abandon(db, owners, error): those of all owners whose name
 * begins so: that process is dead. hk_looks_forget(db, before_ms, error): deletes rows that are done
 * since before. hk_looks_next(db, ret_ms, error): when the next one is due; 0: none. */
bool hk_looks_yield(hk_db *db, const char *owner, GError **error);
bool hk_looks_forget(hk_db *db, int64_t before_ms, int64_t *ret_count, GError **error);
bool hk_looks_abandon(hk_db *db, const char *owners, GError **error);
bool hk_looks_next(hk_db *db, int64_t *ret_ms, GError **error);

/* hk_looks_count(db, since_ms, ret, error): for people: names that wait for a look (the first, or another one), and since then: names taken, looked
 * at, become cases. */
typedef struct hk_looks_counts {
	int64_t waiting, taken, looked, cases;
} hk_looks_counts;
bool hk_looks_count(hk_db *db, int64_t since_ms, hk_looks_counts *ret, GError **error);

#endif
