/* range/feeds: what the invented feeds report. Part of hikeshi-range. Deterministic: the same seed gives the same items.
 *
 * Item n is the same in every format: a URL (7 of 10), a host name (2) or an address (1) of an invented imitation of みほん銀行 or
 * of the equally invented Rei Card, below .example and .test, in the documentation's address ranges. There are `count` items,
 * of which the first `first` have been dropped again. Times run from the epoch, a minute an item. */
#ifndef RG_FEEDS_H
#define RG_FEEDS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { RG_FEED_EVENT_ITEMS = 20, RG_FEED_ITEM_S = 60, RG_FEED_UUID_SIZE = 37 };

typedef struct rg_feeds {
	uint64_t seed;
	int64_t epoch_s;
	uint64_t first;
	uint64_t count;
	uint64_t odd_every; /* every so-many-th item is one that must not be taken; 0: none */
	FILE *truth;        /* a JSON line per item; NULL: none */
	GHashTable *
		given; /* number -> rg_feed_item *: items that were handed in; NULL: none. Owned by whoever made the feeds, see rg_feeds_give() */
} rg_feeds;

typedef enum rg_feed_type { RG_FEED_URL, RG_FEED_DOMAIN, RG_FEED_IP } rg_feed_type;

typedef struct rg_feed_item {
	rg_feed_type type;
	bool odd;
	char value[160]; /* canonical */
	char host[100];
	const char *target; /* the feed's word; "": none. Interned, or static */
	unsigned confidence;
	int64_t seen_s;
} rg_feed_item;

/* rg_feeds_item(feeds, n, ret): the n-th. rg_feeds_grow(feeds, n): n more, with their lines of truth. */
void rg_feeds_item(const rg_feeds *feeds, uint64_t n, rg_feed_item *ret);
void rg_feeds_grow(rg_feeds *feeds, uint64_t n);

/* rg_feeds_give(feeds, line): one more item: "URL [TARGET]", target being the rest of the line. False: no URL, or a long one. Makes feeds->given when it is missing. */
bool rg_feeds_give(rg_feeds *feeds, const char *line);

/* rg_feeds_uuid(feeds, label, n, ret): the UUID of the n-th event or object. */
void rg_feeds_uuid(const rg_feeds *feeds, const char *label, uint64_t n, char *ret);

/* Bodies; new bytes. event: one of misp's, NULL when there is no such event. */
GBytes *rg_feeds_csv(const rg_feeds *feeds);
GBytes *rg_feeds_jsonl(const rg_feeds *feeds);
GBytes *rg_feeds_text(const rg_feeds *feeds);
GBytes *rg_feeds_manifest(const rg_feeds *feeds);
GBytes *rg_feeds_event(const rg_feeds *feeds, const char *uuid);
GBytes *rg_feeds_bundle(const rg_feeds *feeds);

/* rg_feeds_indicator(feeds, n, out): the n-th item as a STIX indicator, appended. */
void rg_feeds_indicator(const rg_feeds *feeds, uint64_t n, GString *out);

/* rg_feeds_time(seconds, ret): "2026-01-01T00:00:00.000Z" into 32 bytes; returns ret. */
const char *rg_feeds_time(int64_t seconds, char *ret);

#endif
