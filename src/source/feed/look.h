/* source/feed/look: one look at a feed: what is new goes out in chunks, with where the feed then stands. Layer: stage. What
 * comes back is hostile.
 *
 * The position is JSON: {"config": digest of the feed's file, ...}; with another digest everything is read from the beginning,
 * which costs time and gives nothing twice. The rest by format:
 *     csv, jsonl, text, stix, misp (one file)   etag, modified, sha256 of the body; a local file: size, changed
 *     misp (manifest)                           etag, modified, events: base64 of 6 bytes for each event and its timestamp
 *     taxii                                     collections: { id: added_after } */
#ifndef HK_SOURCE_FEED_LOOK_H
#define HK_SOURCE_FEED_LOOK_H

#include "source/feed/lead.h"
#include "source/feed/net.h"

#define HK_FEED_CHUNK        300 /* leads of one transaction; below HK_DB_VALUES_MAX */
#define HK_FEED_EVENTS_MAX   50000
#define HK_FEED_PAGES_MAX    20000 /* of one collection in one look */
#define HK_FEED_POSITION_MAX (1u << 20)

/* Where leads go. write: leads (may be none) and, unless NULL, the position that holds once they are there; both or neither
 * are kept. *ret_fresh: how many were new. */
typedef struct hk_feed_out {
	bool (*write)(void *user, GPtrArray *leads, const char *position, uint64_t *ret_fresh,
		GError **error);
	void *user;
} hk_feed_out;

/* hk_feed_look(config, net, position, now_ms, out, tally, error): net may be NULL for a local file. position: "{}" at first.
 * On failure what was written stays, and the next look goes on from there. */
bool hk_feed_look(const hk_feed_config *config, hk_feed_net *net, const char *position,
	int64_t now_ms, const hk_feed_out *out, hk_feed_tally *tally, GError **error);

#endif
