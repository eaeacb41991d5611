/* source/feed/net: one answer of a feed's server, or one file. Layer: stage. What comes back is hostile.
 *
 * Blocking; one exchange at a time. Everything goes through sys/http and sys/egress (DESIGN §7): https only but
 * for loopback, no redirects, caps on size and time. */
#ifndef HK_SOURCE_FEED_NET_H
#define HK_SOURCE_FEED_NET_H

#include "base/err.h"
#include "base/span.h"
#include "source/feed/config.h"

#define HK_FEED_TIMEOUT_MS (5 * 60 * 1000)

typedef struct hk_feed_net hk_feed_net;

/* An answer; owned by net, valid until the next hk_feed_get() or hk_feed_net_free(). */
typedef struct hk_feed_answer {
	int status;     /* 200 or 304 */
	hk_span body;   /* unpacked */
	size_t bytes;   /* as it travelled */
	char *etag;     /* or NULL */
	char *modified; /* Last-Modified, or NULL */
	char *type;     /* Content-Type, or NULL */
	char *kept;     /* X-TAXII-Date-Added-Last, or NULL */
} hk_feed_answer;

/* hk_feed_net_new(config, contact, cancel_fd, error): config and contact are borrowed. cancel_fd readable (-1: none) ends a wait
 * with HK_EAGAIN. */
void hk_feed_net_free(hk_feed_net *net); /* accepts NULL */
hk_feed_net *hk_feed_net_new(const hk_feed_config *config, const char *contact, int cancel_fd,
	GError **error) HK_FREED_BY(hk_feed_net_free);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_feed_net, hk_feed_net_free)

/* hk_feed_get(net, url, accept, etag, modified, error): NULL unless the answer is 200 or 304. HK_EPOLICY: 401, 403, or the
 * credentials file; HK_ENOENT: 404, 410; HK_EAGAIN: 429, 503; HK_ELIMIT; HK_EREMOTE: anything else. accept NULL: whatever. */
const hk_feed_answer *hk_feed_get(hk_feed_net *net, const char *url, const char *accept,
	const char *etag, const char *modified, GError **error);

/* hk_feed_net_retry_ms(net): what the last answer's Retry-After asked for; -1: nothing. */
int64_t hk_feed_net_retry_ms(const hk_feed_net *net);

/* hk_feed_net_status(net): of the last answer; 0: there was none. */
int hk_feed_net_status(const hk_feed_net *net);

/* hk_feed_net_cancelled(net): whether cancel_fd is readable. */
bool hk_feed_net_cancelled(const hk_feed_net *net);

#endif
