/* store/watches: sites that are watched, and what was observed of them. Layer: store. Rules: flow/monitor. Texts are hostile, yet only kept.
 *
 * Like store/looks: a row is due, leased by a worker, done, due again; the lease is in the row. */
#ifndef HK_STORE_WATCHES_H
#define HK_STORE_WATCHES_H

#include "store/db.h"

/* Dull observations ("as before") are kept for so long. */
#define HK_OBSERVATIONS_SAME_MS INT64_C(604800000)

/* One watch. Strings owned; times 0: not yet, none. */
typedef struct hk_watch_row {
	int64_t case_id, since_ms, begun_ms, last_ms, live_ms, due_ms, checks, agree, agree_ms,
		points, gap_ms, gap_at_ms, nameless_ms, noted_ms, asked_ms;
	char *state, *stopped, *doubt, *baseline, *visits, *signals, *listings;
	/* Of the case. */
	char *case_state, *host, *domain, *url;
	bool deleted;
} hk_watch_row;
void hk_watch_row_free(hk_watch_row *row); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_watch_row, hk_watch_row_free)

/* hk_watches_begin(db, case_id, now_ms, ret_new, error): a watch that is due at once; one that there is, and that nobody stopped by hand, goes on: due at once,
 * too. *ret_new: there was none that ran. hk_watches_missing(db, now_ms, since_ms, error): one for each case that is confirmed, reported, resurrected, or down since
 * since_ms, and has none; due within five minutes, one after the other. */
bool hk_watches_begin(hk_db *db, int64_t case_id, int64_t now_ms, bool *ret_new, GError **error);
bool hk_watches_missing(hk_db *db, int64_t now_ms, int64_t since_ms, GError **error);

/* hk_watches_claim(db, owner, now_ms, lease_ms, limit, ret, error): leases at most limit that are due and not leased by another, those due longest
 * first: *ret, GPtrArray of hk_watch_row *. Inside a write transaction. hk_watches_get: one, whoever has it; HK_ENOENT. */
bool hk_watches_claim(hk_db *db, const char *owner, int64_t now_ms, int64_t lease_ms, int64_t limit,
	GPtrArray **ret, GError **error);
bool hk_watches_get(hk_db *db, int64_t case_id, hk_watch_row **ret, GError **error);

/* hk_watches_urls(db, case_id, limit, ret, error): URLs of the case, its own first, then the newest: *ret, GPtrArray of owned texts. */
bool hk_watches_urls(hk_db *db, int64_t case_id, int64_t limit, GPtrArray **ret, GError **error);

/* What enrichment knows of the name now. Strings owned, "" not known. */
typedef struct hk_watch_facts {
	bool held;
	char *status, *created, *registrar, *certificate; /* status: all, sorted, divided by ", " */
	GPtrArray *ns;                                    /* owned texts */
} hk_watch_facts;
void hk_watch_facts_clear(hk_watch_facts *facts);
bool hk_watches_facts(hk_db *db, int64_t case_id, hk_watch_facts *ret, GError **error);

/* hk_watches_captures(db, case_id, each, user, error): what the browser saw whole and with status 200 of the case, the first captures first, at most 6: data, title, url.
 * each returns false to end. */
typedef bool (*hk_watches_capture_fn)(
	void *user, const char *data, const char *title, const char *url);
bool hk_watches_captures(
	hk_db *db, int64_t case_id, hk_watches_capture_fn each, void *user, GError **error);

/* hk_watches_mine(db, case_id, owner, ret, error): whether owner still has it; locks the row. hk_watches_done(db, owner, row, error): writes all of row but
 * begun_ms and listings, one check more, and gives it back; of a row that is owner's. due_ms 0: no more, for row->stopped. */
bool hk_watches_mine(hk_db *db, int64_t case_id, const char *owner, bool *ret, GError **error);
bool hk_watches_done(hk_db *db, const char *owner, const hk_watch_row *row, GError **error);
/* hk_watches_later(db, owner, case_id, due_ms, error): gives one back unchecked. */
bool hk_watches_later(
	hk_db *db, const char *owner, int64_t case_id, int64_t due_ms, GError **error);

/* hk_watches_due(db, case_id, due_ms, stopped, ret_changed, error): by hand: due then, or (due_ms 0) stopped for that reason. */
bool hk_watches_due(hk_db *db, int64_t case_id, int64_t due_ms, const char *stopped,
	bool *ret_changed, GError **error);
bool hk_watches_listings(hk_db *db, int64_t case_id, const char *listings, GError **error);

/* hk_watches_below(db, below_id, limit, ret, error): watches that run, of cases that are confirmed, reported, resurrected or down, the newest cases first; only numbers under below_id
 * (0: all). *ret, GPtrArray of hk_watch_row * with case_id, begun_ms, state, listings, case_state, host and url only. */
bool hk_watches_below(hk_db *db, int64_t below_id, int64_t limit, GPtrArray **ret, GError **error);

/* hk_observations_add(db, ...): same: nothing had changed. hk_observations_forget(db, now_ms, ret_count, error): deletes the dull ones that are old. */
bool hk_observations_add(hk_db *db, int64_t case_id, int64_t at_ms, const char *state,
	const char *saw, const char *data, bool same, GError **error);
bool hk_observations_forget(hk_db *db, int64_t now_ms, int64_t *ret_count, GError **error);

/* hk_watches_yield, hk_watches_abandon, hk_watches_next: as in store/looks. */
bool hk_watches_yield(hk_db *db, const char *owner, GError **error);
bool hk_watches_abandon(hk_db *db, const char *owners, GError **error);
bool hk_watches_next(hk_db *db, int64_t *ret_ms, GError **error);

/* hk_watches_read(db, case_id, out, error): the watch as an object with its observations (the newest HK_WATCHES_READ_MAX that say something), for the API; HK_ENOENT: there is
 * none. */
enum { HK_WATCHES_READ_MAX = 50 };
bool hk_watches_read(hk_db *db, int64_t case_id, GString *out, GError **error);

#endif
