/* range/ctserve_int: what the files of ctserve share. Not for others. */
#ifndef RG_CTSERVE_INT_H
#define RG_CTSERVE_INT_H

#include <microhttpd.h>
#include <stdio.h>

#include "ctcache.h"
#include "ctserve.h"

enum { GZIP_LEVEL_KEPT = 6, GZIP_LEVEL_ONCE = 1 };

struct rg_server {
	rg_serve_config config;
	rg_log *log;
	rg_faults *faults;
	rg_cache *cache;
	struct MHD_Daemon *daemon;
	char *url;
	uint16_t port;
	bool stop;
	GPtrArray *asleep; /* rg_body *: suspended connections of slow bodies */
	FILE *request_log;
	int64_t grown_at_us; /* monotonic: up to when the log has grown */
	double owed;         /* entries that the rate asks for, and a fraction */
	int64_t publish_at_us;
	unsigned idle_publications; /* since the last head that was signed */
	uint64_t requests;
	uint64_t bytes_sent;
};

/* A request as the handlers see it. */
typedef struct rg_request {
	struct MHD_Connection *connection;
	const char *method;
	const char *path;
	const char *rest; /* of the path, after the route's prefix */
	GByteArray *body; /* of a POST; NULL: over the cap */
	unsigned at;      /* RG_AT_ kind of the route */
} rg_request;

/* What a handler answers. Zeroed before; status 0 means 404. */
typedef struct rg_reply {
	unsigned status;
	const char *type;    /* Content-Type */
	hk_span part[3];     /* the body, in order; borrowed from blob, from the log or static */
	rg_blob *blob;       /* owned; NULL: nothing to free */
	bool gzip;           /* Content-Encoding: gzip */
	bool immutable;      /* may be cached for ever */
	bool close;          /* no answer at all: the connection is closed */
	char *etag;          /* owned */
	char *last_modified; /* owned */
	char *added_first;   /* owned; X-TAXII-Date-Added-First and -Last */
	char *added_last;    /* owned */
	char *retry_after;   /* owned */
	const char *fault;   /* name of what was done to it, for the request log */
	size_t pad;          /* blanks before the body */
	bool truncate;       /* close in the middle of the body */
	unsigned slow_ms;    /* per 16 KiB; 0: as fast as can be */
} rg_reply;

/* rg_reply_text(reply, status, text): a plain answer, text is static. rg_reply_take(reply, type,
 * bytes): 200, takes bytes. */
void rg_reply_text(rg_reply *reply, unsigned status, const char *text);
void rg_reply_take(rg_reply *reply, const char *type, GBytes *bytes);
void rg_reply_clear(rg_reply *reply);
size_t rg_reply_len(const rg_reply *reply);

/* rg_reply_flat(reply): its parts as one; new bytes. */
GBytes *rg_reply_flat(const rg_reply *reply);

/* rg_request_accepts_gzip(request). */
bool rg_request_accepts_gzip(const rg_request *request);

/* rg_request_u64(request, name, ret): a query argument as a number; false when missing or none. */
bool rg_request_u64(const rg_request *request, const char *name, uint64_t *ret);
const char *rg_request_arg(const rg_request *request, const char *name);

/* rg_server_head(server, at, ret): the head as this request is to see it: stale, forked or with a
 * bad signature. */
void rg_server_head(rg_server *server, const rg_request *request, rg_reply *reply, rg_head *ret);

/* rg_server_lies(server, request, reply, start, end, ret): whether one of the entries start..end-1
 * is to be served other than it is. */
bool rg_server_lies(rg_server *server, const rg_request *request, rg_reply *reply, uint64_t start,
	uint64_t end, rg_twist *ret);

/* rg_server_forked(server, request, reply, ret): whether this request sees the other truth. */
bool rg_server_forked(rg_server *server, const rg_request *request, rg_reply *reply, rg_fork *ret);

/* Faults that act before a handler (true: *reply is the answer) and after it. */
bool rg_server_spoil_before(rg_server *server, const rg_request *request, rg_reply *reply);
void rg_server_spoil_after(rg_server *server, const rg_request *request, rg_reply *reply);

/* rg_server_page(server, start): the cached page that begins at start, rendered if need be; it is
 * all published. */
rg_blob *rg_server_page(rg_server *server, uint64_t start);
/* rg_server_tile_gzip(server, index): the same for a full data tile. */
rg_blob *rg_server_tile_gzip(rg_server *server, uint64_t index);

/* rg_server_send(server, request, reply): queues it; clears it. */
enum MHD_Result rg_server_send(rg_server *server, const rg_request *request, rg_reply *reply);

/* rg_server_wake(server, all): resumes the slow bodies whose time has come; returns the
 * microseconds to the next, -1: none. */
int64_t rg_server_wake(rg_server *server, bool all);

/* rg_server_publish(server): appends what is owed and signs a head. */
bool rg_server_publish(rg_server *server, GError **error);

#define ROUTE(method, path, exact, api, at, handler)                                               \
	void rg_serve_##handler(rg_server *, const rg_request *, rg_reply *);
#include "routes.def"
#undef ROUTE

#endif
