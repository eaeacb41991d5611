/* sys/egress_ask: asking sys/egress for a connection without blocking. Layer: sys. Names and DNS answers are hostile.
 *
 * A loop belongs to one thread: it looks names up (c-ares, the DNS only, no hosts file, no search list), waits for the pace and for a
 * free place, and hands out grants. A session is one asker for one purpose (a request with its redirects, a capture with all that the
 * page loads): within it a name is looked up once, and stays pinned to what was found. */
#ifndef HK_SYS_EGRESS_ASK_H
#define HK_SYS_EGRESS_ASK_H

#include "sys/egress.h"

typedef struct hk_egress_loop hk_egress_loop;
typedef struct hk_egress_session hk_egress_session;
typedef struct hk_egress_ask hk_egress_ask;

/* How the connection leaves the house. */
typedef enum hk_egress_kind {
	HK_EGRESS_DIRECT,
	HK_EGRESS_HTTP,   /* through a proxy: CONNECT */
	HK_EGRESS_SOCKS5, /* through a proxy: SOCKS5, names are resolved there */
} hk_egress_kind;

/* A connection that is allowed: to one of the addresses, at the port, and nowhere else. Given back with hk_egress_grant_end(). */
typedef struct hk_egress_grant {
	hk_egress *egress;
	hk_egress_kind kind;
	char host[HK_EGRESS_HOST_SIZE]; /* as asked */
	unsigned port;                  /* as asked */
	hk_ipaddr addresses
		[HK_EGRESS_ADDRESSES]; /* where to connect: the host's (or the range's), or the proxy's */
	unsigned count;                /* of them, at least 1 */
	unsigned to_port;              /* at which port */
	const char *user;              /* of the proxy, or NULL; borrowed from egress */
	const char *password;
} hk_egress_grant;

/* hk_egress_loop_new(egress, error): HK_EINTERNAL when c-ares does not start. hk_egress_loop_free() drops what is asked; accepts NULL. */
hk_egress_loop *hk_egress_loop_new(hk_egress *egress, GError **error);
void hk_egress_loop_free(hk_egress_loop *loop);

/* hk_egress_loop_fd(loop): readable when hk_egress_loop_step() has work. hk_egress_loop_wait_ms(loop): it has work after that time
 * even so; -1: never. hk_egress_loop_step(loop): does it; calls back. */
int hk_egress_loop_fd(const hk_egress_loop *loop);
int hk_egress_loop_wait_ms(const hk_egress_loop *loop);
void hk_egress_loop_step(hk_egress_loop *loop);

/* hk_egress_session_new(loop, who): who is copied. Free it after its asks have ended. */
hk_egress_session *hk_egress_session_new(hk_egress_loop *loop, const hk_egress_who *who);
void hk_egress_session_free(hk_egress_session *session);

/* hk_egress_session_watch(session, recorder, user): each decision of the session is told to it, too, just before it is told to who asked. */
void hk_egress_session_watch(hk_egress_session *session, hk_egress_recorder recorder, void *user);

/* Called once for each ask that was not cancelled, from hk_egress_loop_step() or from hk_egress_connect() itself. grant is the
 * callee's, or NULL with the reason and a clause. */
typedef void (*hk_egress_done)(
	void *user, hk_egress_grant *grant, hk_egress_reason reason, const char *detail);

/* hk_egress_connect(session, scheme, host, port, timeout_ms, done, user): asks. The decision is recorded. NULL when done was called
 * already. timeout_ms: for the look-up and the waiting together; HK_EGRESS_LIMIT or HK_EGRESS_DNS after it. */
hk_egress_ask *hk_egress_connect(hk_egress_session *session, const char *scheme, const char *host,
	unsigned port, unsigned timeout_ms, hk_egress_done done, void *user);

/* hk_egress_cancel(ask): done is not called. Not from its own done. */
void hk_egress_cancel(hk_egress_ask *ask);

/* hk_egress_grant_end(grant): the connection is closed, or never came about; the place is free. Any thread. Accepts NULL. */
void hk_egress_grant_end(hk_egress_grant *grant);

/* hk_egress_socket(grant, at, error): a non-blocking TCP socket that is connecting to addresses[at]; -1 with HK_EREMOTE or HK_EPOLICY
 * (killed in the meantime). */
int hk_egress_socket(const hk_egress_grant *grant, unsigned at, GError **error);

#endif
