/* source/feed/poll: a feed in role watch: looks, pauses, health. Layer: stage. Input is hostile.
 *
 *     hk_feed *feed = hk_feed_open(config, contact, stop_fd, &error);
 *     for (;;) {
 *         wait(hk_feed_next_ms(feed));
 *         hk_feed_poll(feed, flow, &fresh, &error);       // an error is in the health, too; go on
 *     }
 *
 * A poll blocks as long as the server takes (at most HK_FEED_TIMEOUT_MS for one answer): feeds belong into threads of their
 * own, each with a flow of its own. stop_fd readable ends it between two chunks, with HK_EAGAIN; the feed is then due again
 * after a second and its health is left alone. */
#ifndef HK_SOURCE_FEED_POLL_H
#define HK_SOURCE_FEED_POLL_H

#include "flow/flow.h"
#include "source/feed/look.h"

#define HK_FEED_PAUSE_MAX_MS (6 * 60 * 60 * 1000)

typedef struct hk_feed hk_feed;

/* hk_feed_open(config, contact, stop_fd, error): takes config, on failure too. contact: for the User-Agent, or NULL; stop_fd: -1
 * for none. */
void hk_feed_close(hk_feed *feed); /* accepts NULL */
hk_feed *hk_feed_open(hk_feed_config *config, const char *contact, int stop_fd, GError **error)
	HK_FREED_BY(hk_feed_close);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_feed, hk_feed_close)

/* hk_feed_set_via(feed, via): how the audit trail names what polls it: "watch" (the beginning) or "cli"; static storage. */
void hk_feed_set_via(hk_feed *feed, const char *via);

const hk_feed_config *hk_feed_config_of(const hk_feed *feed);

/* hk_feed_poll(feed, flow, ret_new, error): one look. New leads become sightings of source "feed:NAME", HK_FEED_CHUNK in a
 * transaction, the last one together with the position. *ret_new: sightings made, on failure too. The health (last_ok_ms,
 * last_error, failures, next_ms, counts) is written in the end, unless the database itself failed. */
bool hk_feed_poll(hk_feed *feed, hk_flow *flow, uint64_t *ret_new, GError **error);

/* hk_feed_try(feed, position, out, error): one look without a database: for a dry run. */
bool hk_feed_try(hk_feed *feed, const char *position, const hk_feed_out *out, GError **error);

/* hk_feed_tally_of(feed): what the last look came to. */
const hk_feed_tally *hk_feed_tally_of(const hk_feed *feed);

/* hk_feed_next_ms(feed): milliseconds from now to the next look; 0: it is due. After a success config.poll_ms, one part in ten
 * more or less at random; after n failures 30 s * 2^n up to HK_FEED_PAUSE_MAX_MS, of which a random half, and never sooner than
 * Retry-After asked for. */
int64_t hk_feed_next_ms(const hk_feed *feed);

/* hk_feed_pause_ms(poll_ms, failures, retry_ms, random): that pause. random: 0 to 1. Pure. */
int64_t hk_feed_pause_ms(int64_t poll_ms, unsigned failures, int64_t retry_ms, double random);

#endif
