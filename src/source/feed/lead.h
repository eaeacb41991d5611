/* source/feed/lead: what an item becomes: canonical, filtered, with our target, ready to be a sighting. Layer: stage. Input is
 * hostile. Nothing is resolved, fetched or opened. */
#ifndef HK_SOURCE_FEED_LEAD_H
#define HK_SOURCE_FEED_LEAD_H

#include "source/feed/read.h"

#define HK_FEED_UNMAPPED_MAX 50 /* words without a target that are told by name */

/* One sighting to be. Strings are owned. */
typedef struct hk_feed_lead {
	uint8_t key
		[32]; /* SHA-256 of the feed and the canonical URL or host: the same again is nothing new */
	hk_feed_type type;
	int64_t seen_ms;
	double score; /* trust * confidence */
	char *host;
	char *url; /* NULL: the feed names a host only */
	char *title;
	char *target; /* our key, or NULL */
	char *data;   /* JSON, docs/feeds.md */
} hk_feed_lead;

void hk_feed_lead_free(hk_feed_lead *lead); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_feed_lead, hk_feed_lead_free)

/* What one look at a feed came to. */
typedef struct hk_feed_tally {
	uint64_t items;   /* that the readers gave */
	uint64_t leads;   /* of these, taken */
	uint64_t fresh;   /* of these, new: a sighting each */
	uint64_t bytes;   /* as they travelled */
	uint64_t answers; /* requests that brought something */
	uint64_t odd[HK_FEED_ODDS];
	char *first[HK_FEED_ODDS]; /* place of the first one; owned */
	GHashTable *unmapped;      /* the feed's word -> GUINT count; owned */
} hk_feed_tally;

void hk_feed_tally_init(hk_feed_tally *tally);
void hk_feed_tally_clear(hk_feed_tally *tally);

/* hk_feed_tally_odd(tally, odd, place): counts. */
void hk_feed_tally_odd(hk_feed_tally *tally, hk_feed_odd odd, const char *place);

/* hk_feed_tally_print(tally, out): members of a JSON object: items, leads, fresh, bytes, answers, odd {..}, unmapped {..}. */
void hk_feed_tally_print(const hk_feed_tally *tally, GString *out);

/* hk_feed_lead_new(config, item, now_ms, tally): NULL when the item is none of ours; tally then says why. A time in the
 * future counts as now. */
hk_feed_lead *hk_feed_lead_new(const hk_feed_config *config, const hk_feed_item *item,
	int64_t now_ms, hk_feed_tally *tally);

#endif
