/* store/later_int: what later.c knows, later_expect.c reads and later_write.c writes. Layer: store; only these three include it. */
#ifndef HK_STORE_LATER_INT_H
#define HK_STORE_LATER_INT_H

#include "store/db_int.h"
#include "store/later.h"
#include "store/rowset.h"

/* A case that this transaction has locked or made. */
typedef struct held {
	hk_case_row row;
	bool made;    /* by this transaction: all that hangs on it is known here */
	bool written; /* it is in the database */
	bool dirty;   /* but has changed since */
} held;

/* A case that has a key: what was read of it; what is held is newer. */
typedef struct holder {
	int64_t id, merged_into, campaign_id, seen_ms;
	const char *state; /* interned */
} holder;

/* A key that is expected. */
typedef struct site {
	GArray *holders;     /* of holder. domain: only where there is no campaign */
	int64_t campaign_id; /* of a domain */
} site;

typedef struct url {
	int64_t case_id, times, first_ms, last_ms; /* times: since it was last written */
	uint8_t hash[32];
	char *text, *host; /* owned; NULL while times is 0 */
} url;

typedef struct put {
	int64_t case_id, seen_ms;
	const char *kind; /* static */
	char *key;        /* owned */
} put;

typedef struct campaign {
	int64_t id, cases, opened_ms, updated_ms;
	char *name, *kind, *key; /* owned */
} campaign;

typedef struct change {
	int64_t id, by, now_ms;
} change;

/* Numbers drawn from a table's sequence: one, then twice as many each time, so that short lists leave no gaps that people would see. */
typedef struct numbers {
	int64_t of[32];
	size_t left, drawn; /* drawn: last time */
} numbers;

struct hk_later {
	hk_db *db;
	bool writing;         /* the statements of this module itself */
	GHashTable *locks;    /* of int64_t: hk_db_lock_key */
	GHashTable *cases;    /* id -> held */
	GPtrArray *changed;   /* of held (borrowed): to be written, in order */
	GHashTable *sites;    /* "url:KEY", "host:KEY", "domain:KEY" -> site */
	GHashTable *urls;     /* "CASE:" and the hash in hexadecimal -> url */
	GPtrArray *new_urls;  /* of url (borrowed): times is not 0 */
	GHashTable *puts;     /* "CASE:KIND:KEY" -> put */
	GPtrArray *new_puts;  /* the same (borrowed), in order */
	GPtrArray *campaigns; /* of campaign: to be written */
	GArray *counts;       /* of change */
	hk_rowset *comments, *lines, *events;
	numbers case_ids, campaign_ids;
};

/* hk_later_site_of(later, kind, key): the key, if it is expected; borrowed, or NULL. */
site *hk_later_site_of(const hk_later *later, const char *kind, const char *key);

/* hk_later_url_of(later, case_id, hash, hex): the URL of a case; made when it is missing and hash is not NULL. Borrowed. */
url *hk_later_url_of(hk_later *later, int64_t case_id, const uint8_t hash[32], const char *hex);

/* hk_later_hold(later, row, made): a case is held from now on; row is copied. Borrowed. */
held *hk_later_hold(hk_later *later, const hk_case_row *row, bool made);

#endif
