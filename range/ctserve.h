/* range/ctserve: a log, or feeds, over HTTP on loopback, by one thread. Part of hikeshi-range. Requests are
 * hostile.
 *
 * libmicrohttpd in external epoll mode inside one loop that also lets the log grow, publishes heads
 * at their time, and lets slow bodies trickle. No locks: a request sees the log between two ticks.
 */
#ifndef RG_CTSERVE_H
#define RG_CTSERVE_H

#include "base/err.h"
#include "ctfault.h"
#include "ctlog.h"

enum {
	RG_API_STATIC = 1,
	RG_API_RFC = 2,
	RG_API_HYBRID = 4,
	RG_API_LOG = 7,   /* any of these */
	RG_API_FEEDS = 8, /* no log, but feeds */
};

typedef enum rg_gzip {
	RG_GZIP_NEVER,
	RG_GZIP_NEGOTIATED, /* when the client accepts it */
	RG_GZIP_ALWAYS,     /* static-ct-api allows it for data tiles, asked for or not */
} rg_gzip;

typedef struct rg_serve_config {
	rg_log *log;            /* borrowed; NULL for feeds */
	struct rg_feeds *feeds; /* borrowed; NULL for a log */
	rg_faults *faults;      /* borrowed */
	const char *listen; /* a loopback address: 127.0.0.0/8 or ::1; anything else is refused */
	uint16_t port;      /* 0: any */
	unsigned api;       /* RG_API_ bits */
	double rate;        /* entries per second; 0: none */
	uint32_t publish_ms;
	uint32_t page; /* most entries of one get-entries answer, which ends at a multiple of it */
	rg_gzip tile_gzip; /* data tiles */
	rg_gzip json_gzip; /* get-entries */
	size_t cache_bytes;
	const char *tls_cert;    /* PEM; NULL: plain http */
	const char *tls_key;     /* PEM */
	bool validators;         /* feeds: ETag and Last-Modified are sent */
	bool no_next;            /* feeds: TAXII pages have no `next` */
	const char *login;       /* feeds: the Authorization that is wanted; NULL: none */
	const char *token;       /* guards /control/; NULL: no control */
	const char *request_log; /* file that gets a JSON line per request; NULL: none */
} rg_serve_config;

typedef struct rg_server rg_server;

/* rg_server_new(config, error): listens; what config points at must outlive the server. HK_EPOLICY
 * for an address that is not loopback. */
void rg_server_free(rg_server *server);
rg_server *rg_server_new(const rg_serve_config *config, GError **error) HK_FREED_BY(rg_server_free);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(rg_server, rg_server_free)

/* rg_server_url(server): "http://127.0.0.1:8080/"; borrowed. rg_server_port(server). */
const char *rg_server_url(const rg_server *server);
uint16_t rg_server_port(const rg_server *server);

/* rg_server_warm(server): renders every full tile and page that the API and the cache have room
 * for. */
void rg_server_warm(rg_server *server);

/* rg_server_run(server, error): serves until SIGINT, SIGTERM or a stop through /control/. */
bool rg_server_run(rg_server *server, GError **error);

/* rg_server_list(server): a log list (version 3) with this one log, as the API says. Caller frees.
 */
char *rg_server_list(const rg_server *server);

#endif
