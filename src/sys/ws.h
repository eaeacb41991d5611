/* sys/ws: WebSocket sessions with strangers (RFC 6455), as a client; many of them in one thread, through sys/egress. Layer: sys. What
 * comes in is hostile.
 *
 * The hub opens a session when it is told to, answers pings, closes, and sends nothing else by itself. It never follows a redirect,
 * never tries again, speaks no extension. Exits (SOCKS5, CONNECT) are those of egress; a kill switch that is on ends every
 * session at the next step, without another byte. A peer can neither stop the others nor fill the memory: bytes and frames are paced
 * for each session (reading stops, the peer has to wait: nothing is lost), messages, frames and what waits to be sent are bounded.
 *
 * One thread uses a hub. Callbacks come from hk_ws_hub_step() (sent also from hk_ws_send() and hk_ws_close()); within them every
 * function but hk_ws_hub_step() and hk_ws_hub_free() may be called. docs/websocket.md is the guide. */
#ifndef HK_SYS_WS_H
#define HK_SYS_WS_H

#include "parse/ws.h"
#include "parse/wshand.h"
#include "sys/egress.h"

#define HK_WS_SESSIONS_MAX 4096u       /* sessions of one hub */
#define HK_WS_OUT_MAX      (64u << 10) /* bytes that may wait to be sent, in frames */
#define HK_WS_CLOSE_MS     2000u       /* for the peer's answer to our close frame */

/* What one session may cost: HK_WS_RATE bytes in a second, in the long run, and HK_WS_BURST times as much at once; each frame counts for
 * HK_WS_FRAME_COST bytes more than it has. */
#define HK_WS_RATE       (1u << 20)
#define HK_WS_BURST      4u
#define HK_WS_FRAME_COST 1024u

typedef struct hk_ws_hub hk_ws_hub;
typedef struct hk_ws hk_ws;

/* How a session ended. In brackets what the code of ended() is then. */
typedef enum hk_ws_end {
	HK_WS_REFUSED, /* by egress, the kill switch included, at any time (hk_egress_reason) */
	HK_WS_UNREACHABLE, /* the name has no address, or no connection, none through the exit, no TLS (0) */
	HK_WS_HANDSHAKE, /* an answer that opens no session; hk_ws_head() has it (its HTTP status, 0: none) */
	HK_WS_CLOSED,   /* by the peer's close frame (its code, HK_WS_CODE_NONE) */
	HK_WS_PROTOCOL, /* the peer broke it; it was told (1002, 1007) */
	HK_WS_LIMIT,    /* over message_max, frame_max, or too many frames; it was told (1009) */
	HK_WS_TIMEOUT,  /* no handshake in time, or it takes nothing of what waits (0) */
	HK_WS_LOST,     /* the connection ended or broke without a close frame (HK_WS_CODE_LOST) */
	HK_WS_OURS,     /* hk_ws_close() (the peer's code, HK_WS_CODE_LOST if it did not answer) */
} hk_ws_end;

/* hk_ws_end_name(how): "refused", "unreachable", ...: stable. Static storage. */
const char *hk_ws_end_name(hk_ws_end how);

/* Where to. Everything is copied. */
typedef struct hk_ws_target {
	const char *host;           /* name or address (IPv6 without brackets) */
	unsigned port;              /* 1..65535; egress decides whether who may */
	const char *path;           /* path and query; NULL: "/" */
	bool tls;                   /* wss; the stranger's certificate is not verified */
	const char *const *headers; /* of the request: hk_wshand_ask.lines; NULL: the RFC's own */
	hk_egress_who who;          /* own is for tests' and our own servers */
	unsigned connect_ms; /* for the look-up, its turn, one address and TLS each; 0: 10,000 */
	unsigned hand_ms;    /* for the whole handshake, its last byte included; 0: 10,000 */
	unsigned stall_ms;   /* for the peer to take something of what waits for it; 0: 30,000 */
	size_t message_max;  /* bytes; 0: HK_WS_MESSAGE_MAX */
	size_t frame_max;    /* bytes; 0: HK_WS_FRAME_MAX */
	unsigned rate;       /* bytes in a second; 0: HK_WS_RATE */
} hk_ws_target;

/* What is told. Any of them may be NULL. Spans live until the callback returns. */
typedef struct hk_ws_events {
	/* The session is open. head: the answer, as it came. */
	void (*opened)(void *user, hk_ws *ws, hk_span head);
	/* A whole message, or a control frame: PING (the hub answers it), PONG, CLOSE (its payload). Text is UTF-8. Also after hk_ws_close(), until ended(). */
	void (*message)(void *user, hk_ws *ws, hk_ws_kind kind, hk_span payload);
	/* A frame of ours went into the queue: every one, pongs and closes included. */
	void (*sent)(void *user, hk_ws *ws, hk_ws_kind kind, hk_span payload);
	/* Once, at last; ws is freed when it returns. why: a clause for a person, maybe with the peer's words in it. */
	void (*ended)(void *user, hk_ws *ws, hk_ws_end how, int code, const char *why);
} hk_ws_events;

/* hk_ws_hub_new(egress, error): hk_file_init() has been called: TLS writes need SIGPIPE to be ignored. egress: a reference is taken; NULL: the house's. HK_EIO, HK_EINTERNAL: no epoll, no resolver. */
hk_ws_hub *hk_ws_hub_new(hk_egress *egress, GError **error);

/* hk_ws_hub_free(hub): drops all sessions at once; ended() is not called. Accepts NULL. */
void hk_ws_hub_free(hk_ws_hub *hub);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_ws_hub, hk_ws_hub_free)

/* hk_ws_hub_step(hub, timeout_ms, wake_fd): does what there is to do; waits for it at most so long (0: not at all), less when wake_fd
 * (-1: none) is readable. With sessions the kill switch is looked at at least every 200 ms as long as steps follow each other. */
void hk_ws_hub_step(hk_ws_hub *hub, int timeout_ms, int wake_fd);

/* hk_ws_hub_count(hub): sessions that were opened and have not ended. */
size_t hk_ws_hub_count(const hk_ws_hub *hub);

/* hk_ws_open(hub, target, events, user, error): begins a session; every end is told by ended(), from a later step, refusals included.
 * events is copied, user is the caller's. NULL: HK_ECONFIG: header lines, host or path that are none (hk_wshand_request); HK_ELIMIT: HK_WS_SESSIONS_MAX. */
hk_ws *hk_ws_open(hk_ws_hub *hub, const hk_ws_target *target, const hk_ws_events *events,
	void *user, GError **error);

/* hk_ws_send(ws, kind, payload): a whole frame: TEXT (UTF-8: the caller's business), BINARY, PING or PONG. False, and nothing is sent:
 * the session is not open (or being closed), it would make more than HK_WS_OUT_MAX wait, or a control frame is over
 * HK_WS_CONTROL_MAX. */
bool hk_ws_send(hk_ws *ws, hk_ws_kind kind, hk_span payload);

/* hk_ws_close(ws, code): sends a close frame and waits for the peer's (HK_WS_CLOSE_MS); when the session is not open yet it ends
 * without one. code: HK_WS_CODE_NONE, or hk_ws_code_valid(). Again: nothing. */
void hk_ws_close(hk_ws *ws, int code);

/* hk_ws_pause(ws, paused): the caller's own back pressure: nothing more is read until it is taken back; what was read already is still told. */
void hk_ws_pause(hk_ws *ws, bool paused);

/* hk_ws_is_open(ws): frames may be sent. hk_ws_waiting(ws): bytes that wait to be sent. hk_ws_paced(ws): how often reading stopped because the
 * peer sent too much too fast. hk_ws_address(ws): "192.0.2.1:7775", the address (or the exit's) that is or was connected to, "" for none; lives as long as ws.
 * hk_ws_head(ws): what came of the answer's head so far, the whole of it once there is one; until ended() returns. */
bool hk_ws_is_open(const hk_ws *ws);
size_t hk_ws_waiting(const hk_ws *ws);
unsigned hk_ws_paced(const hk_ws *ws);
const char *hk_ws_address(const hk_ws *ws);
hk_span hk_ws_head(const hk_ws *ws);

/* hk_ws_accept(key, ret): the Sec-WebSocket-Accept of a key (HK_WSHAND_KEY_LEN characters): for servers, too. */
void hk_ws_accept(hk_span key, char ret[HK_WSHAND_ACCEPT_LEN + 1]);

#endif
