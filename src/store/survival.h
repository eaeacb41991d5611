/* store/survival: how long sites last: Kaplan-Meier curves of cases, by registrar, network, TLD, target, actor, channel. Layer: store. Input is checked by the caller.
 *
 * A case lasts from one clock to another. Those that are confirmed or were, and have the first clock, count: what has not reached the second one yet is censored now (or when it was
 * closed without it), never dropped. Duplicates and deleted cases, and kinds that are only counted, do not count. */
#ifndef HK_STORE_SURVIVAL_H
#define HK_STORE_SURVIVAL_H

#include "match/kaplan.h"
#include "store/db.h"

typedef enum hk_survival_by {
	HK_SURVIVAL_ALL,
	HK_SURVIVAL_REGISTRAR,
	HK_SURVIVAL_NETWORK,
	HK_SURVIVAL_TLD,
	HK_SURVIVAL_TARGET,
	HK_SURVIVAL_ACTOR,
	HK_SURVIVAL_CHANNEL,
	HK_SURVIVAL_BYS
} hk_survival_by;

typedef enum hk_survival_start {
	HK_START_FIRST_SEEN,
	HK_START_DETECTED,
	HK_START_CONFIRMED,
	HK_START_REPORTED,
	HK_SURVIVAL_STARTS
} hk_survival_start;

/* gone: the first of content gone, name gone, on hold, down; down: when the case was moved there (checks had agreed). */
typedef enum hk_survival_end {
	HK_END_GONE,
	HK_END_DOWN,
	HK_END_LISTED,
	HK_SURVIVAL_ENDS
} hk_survival_end;

/* Their words: "registrar", "first_seen", "gone"; static. _find: false: there is none. */
const char *hk_survival_by_name(hk_survival_by by);
const char *hk_survival_start_name(hk_survival_start start);
const char *hk_survival_end_name(hk_survival_end end);
bool hk_survival_by_find(const char *name, hk_survival_by *ret);
bool hk_survival_start_find(const char *name, hk_survival_start *ret);
bool hk_survival_end_find(const char *name, hk_survival_end *ret);

typedef struct hk_survival_ask {
	hk_survival_by by;
	hk_survival_start start;
	hk_survival_end end;
	int64_t from_ms, to_ms; /* cases opened in that time: from included, to not */
	int64_t now_ms;
	const char *const *counted; /* kinds that are only counted; NULL at the end */
} hk_survival_ask;

/* One group: times in ms. */
typedef struct hk_survival {
	char *key; /* owned; "" not known; of HK_SURVIVAL_ALL: "" */
	size_t cases, ended, censored;
	size_t before; /* over before it began (the end lies before the start): counted here alone */
	int64_t median_ms, p90_ms;            /* -1: not reached */
	double share_1h, share_4h, share_24h; /* that are over by then, 0..1 */
	GArray *steps;                        /* of hk_kaplan_step */
} hk_survival;

/* hk_survival_read(db, ask, ret, error): groups by their cases, the most first: *ret, GPtrArray of hk_survival. A case is in each group that it belongs to (channels, networks). For
 * channels the start "reported" is when the report of that channel was sent. */
bool hk_survival_read(hk_db *db, const hk_survival_ask *ask, GPtrArray **ret, GError **error);

#endif
