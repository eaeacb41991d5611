/* web/live: server-sent events: what changes, as it happens. Layer: web.
 *
 * One thread follows the audit rows with a database connection of its own and keeps the last 4,096 as text in a ring. Each client is a place in
 * the ring; libmicrohttpd asks for its bytes and is put to sleep when there are none. A client that falls behind the ring is told to
 * load anew (event "reset"); it holds nothing up. A stream ends after five minutes, and when its user's rights change: the browser comes
 * back with Last-Event-ID, and is asked again who it is. The token or session behind each stream is looked at every HK_LIVE_COMMENT_MS: one that is
 * revoked, over or idle for too long ends its streams, a token revoked here at once. */
#ifndef HK_WEB_LIVE_H
#define HK_WEB_LIVE_H

#include "web/conns.h"
#include "web/web_int.h"

struct MHD_Connection;
struct MHD_Response;

enum {
	HK_LIVE_RING = 4096,
	HK_LIVE_COMMENT_MS = 15000, /* a line of comment when nothing else was sent for so long */
	HK_LIVE_LIFE_MS = 300000,
	HK_LIVE_STREAMS_MAX = 2000,
	HK_LIVE_USER_MAX = 24,
};

typedef struct hk_stream hk_stream;

hk_live *hk_live_new(hk_web *web, GError **error);
/* hk_live_stop(live): ends all streams and the thread. hk_live_free after the HTTP server has ended. Both accept NULL. */
void hk_live_stop(hk_live *live);
void hk_live_free(hk_live *live);

/* hk_live_open(live, req, error): in a handler: a stream for who is asking, from Last-Event-ID (or ?after=) on. HK_EAGAIN when there are too many. It becomes
 * the connection's with hk_live_attach, or is given back with hk_stream_free. */
hk_stream *hk_live_open(hk_live *live, const hk_req *req, GError **error);
void hk_stream_free(hk_stream *stream); /* accepts NULL */

/* hk_live_attach(stream, connection, conn): the answer that never ends; from the loop. */
struct MHD_Response *hk_live_attach(
	hk_stream *stream, struct MHD_Connection *connection, hk_conn *conn);

#endif
