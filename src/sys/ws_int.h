/* sys/ws_int: what ws.c (the hub), ws_session.c (one session) and ws_io.c (its bytes) share. Layer: sys. */
#ifndef HK_SYS_WS_INT_H
#define HK_SYS_WS_INT_H

#include <openssl/ssl.h>

#include "sys/egress_up.h"
#include "sys/ws.h"

enum {
	HK_WS_READ_SIZE = 16 * 1024, /* bytes that are read at once */
};

typedef enum ws_state {
	WS_ASKING,     /* egress decides */
	WS_CONNECTING, /* a socket is on its way */
	WS_UPSTREAM,   /* the exit's proxy is being asked */
	WS_TLS,
	WS_HAND, /* the request is sent, the answer is awaited */
	WS_OPEN,
	WS_CLOSING, /* our close frame is sent, theirs is awaited */
	WS_DEAD,    /* ended() will be called, or is being */
} ws_state;

struct hk_ws {
	hk_ws_hub *hub;
	hk_ws_events events;
	void *user;
	ws_state state;

	/* As asked. */
	char *host, *path;
	char **lines; /* NULL: the usual ones */
	unsigned port;
	bool tls;
	unsigned connect_ms, hand_ms, close_ms, stall_max_ms, rate;

	hk_egress_session *session;
	hk_egress_ask *ask;
	hk_egress_grant *grant;
	unsigned at; /* the next one of the grant's addresses */
	char address[80];
	hk_egress_up up;

	int fd;           /* -1: none */
	unsigned watched; /* what epoll was told */
	SSL *ssl;
	bool tls_wants_out; /* reading waits until something can be written */

	char accept[HK_WSHAND_ACCEPT_LEN + 1];
	GByteArray *head; /* the proxy's words; then the answer, at last its head alone */
	size_t seen;      /* of head, looked at */
	size_t head_len;  /* 0: the head is not whole */
	hk_ws_reader reader;
	size_t frame_max, message_max;
	GByteArray *message; /* NULL: no message is open, or it came in one piece so far */

	GByteArray *out; /* NULL: nothing waits */
	size_t out_at;   /* of it, sent */
	bool mute;       /* nothing can be sent any more */
	bool pong;       /* a ping waits for room: the last one alone is answered (section 5.5.3) */
	uint8_t ping[HK_WS_CONTROL_MAX];
	size_t ping_len;

	bool paused; /* by the caller */
	bool slow;   /* by the pace, until slow_ms */
	int64_t slow_ms;
	double tokens; /* bytes that may be read */
	int64_t at_ms; /* when tokens was right */
	unsigned paced;

	int64_t until_ms; /* the state ends; INT64_MAX: never */
	int64_t stall_ms; /* what waits to be sent must move until then; INT64_MAX: nothing waits */

	hk_ws_end how;
	int code;
	char *why;
};

struct hk_ws_hub {
	hk_egress *egress;
	hk_egress_loop *loop;
	int epoll, wake_fd;
	SSL_CTX *ctx; /* NULL until the first wss */
	GHashTable *sessions;
	GPtrArray *dead;      /* of sessions: ended() is to be called */
	int64_t next_ms;      /* the first of all until_ms, stall_ms and paces, or earlier */
	int64_t killed_at_ms; /* when the switch was looked at */
	uint8_t chance[256];  /* random bytes, those before chance_at are used */
	size_t chance_at;
	uint8_t buffer[HK_WS_READ_SIZE];
};

/* ws.c */

/* hk_ws_hub_due(hub, at_ms): looks at the deadlines then at the latest. */
void hk_ws_hub_due(hk_ws_hub *hub, int64_t at_ms);
/* hk_ws_hub_chance(hub, ret, len): bytes that nobody can foretell. */
void hk_ws_hub_chance(hk_ws_hub *hub, uint8_t *ret, size_t len);
/* hk_ws_hub_dead(hub, ws): ended() is to be called. */
void hk_ws_hub_dead(hk_ws_hub *hub, hk_ws *ws);

/* ws_session.c */

/* hk_ws_begin(ws, who): asks egress. */
void hk_ws_begin(hk_ws *ws, const hk_egress_who *who);
/* hk_ws_event(ws, events): the socket is ready. */
void hk_ws_event(hk_ws *ws, unsigned events);
/* hk_ws_tick(ws, now_ms): deadlines that are over; returns the next one. */
int64_t hk_ws_tick(hk_ws *ws, int64_t now_ms);
/* hk_ws_finish(ws, how, code, format...): the end: the connection is closed, ended() follows. Once; later ones are ignored. */
void hk_ws_finish(hk_ws *ws, hk_ws_end how, int code, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* hk_ws_free(ws): without ended(). */
void hk_ws_free(hk_ws *ws);

/* ws_io.c */

typedef enum ws_io {
	WS_IO_OK,
	WS_IO_AGAIN, /* the socket is not ready */
	WS_IO_END,   /* the peer will send no more */
	WS_IO_BROKEN,
} ws_io;

/* hk_ws_io_read(ws, ret, max, ret_len), hk_ws_io_write(ws, data, len, ret_len): with TLS or without. */
ws_io hk_ws_io_read(hk_ws *ws, uint8_t *ret, size_t max, size_t *ret_len);
ws_io hk_ws_io_write(hk_ws *ws, const uint8_t *data, size_t len, size_t *ret_len);
/* hk_ws_io_tls(ws): begins or goes on with the TLS handshake. */
ws_io hk_ws_io_tls(hk_ws *ws);
/* hk_ws_io_watch(ws): tells epoll what the session waits for. */
void hk_ws_io_watch(hk_ws *ws);
/* hk_ws_io_close(ws): the connection is no more. */
void hk_ws_io_close(hk_ws *ws);
/* hk_ws_io_flush(ws): sends what waits, as far as it goes. */
ws_io hk_ws_io_flush(hk_ws *ws);
/* hk_ws_io_mute(ws): nothing can be sent any more: what waits is dropped. */
void hk_ws_io_mute(hk_ws *ws);
/* hk_ws_io_put(ws, data, len): puts bytes behind what waits. */
void hk_ws_io_put(hk_ws *ws, const void *data, size_t len);

#endif
