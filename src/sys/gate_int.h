/* sys/gate_int: what gate.c and gate_conn.c share. Layer: sys. All of it belongs to the gate's thread. */
#ifndef HK_SYS_GATE_INT_H
#define HK_SYS_GATE_INT_H

#include "parse/proxyreq.h"
#include "sys/egress_up.h"
#include "sys/gate.h"

typedef struct gate_conn gate_conn;

typedef struct gate_slot {
	int listen_fd; /* -1: free */
	bool paused;   /* too many clients: not accepting */
	unsigned clients;
	hk_egress_session *session; /* NULL: nobody */
	hk_gate_caps caps;
	int64_t until_ms;
	unsigned connections;
	hk_gate_report report; /* rows are the slot's */
} gate_slot;

/* What epoll hands back. */
typedef struct gate_source {
	enum { GATE_WAKE, GATE_DNS, GATE_LISTEN, GATE_CLIENT, GATE_ORIGIN } kind;
	unsigned slot;
	gate_conn *conn;
} gate_source;

/* One way: bytes that were read and wait to be written. */
typedef struct gate_pipe {
	GByteArray *data;
	size_t at; /* of them, written */
	bool eof;  /* nothing more will be read */
	bool shut; /* and the other side knows */
} gate_pipe;

typedef enum gate_state {
	GATE_HEAD,       /* reads the request */
	GATE_ASKING,     /* egress decides */
	GATE_CONNECTING, /* a socket is on its way */
	GATE_UPSTREAM,   /* the exit's proxy is being asked */
	GATE_RELAY,
	GATE_CLOSING, /* the last bytes for the client */
	GATE_DEAD,    /* to be freed after this round of events */
} gate_state;

struct gate_conn {
	struct gate_thread *gate;
	unsigned slot;
	gate_state state;
	gate_source client_source, origin_source;
	int client, origin; /* -1: none */
	unsigned client_events, origin_events;
	gate_pipe up, down; /* to the origin, to the client */
	GByteArray *head;   /* the request's; later what the proxy or the origin says first */
	hk_proxyreq req;    /* spans into request */
	GByteArray *request;
	bool tunnel;        /* bytes as they come, both ways */
	bool answered;      /* the head of the last answer has been handed back */
	uint64_t body_left; /* of the request */
	hk_egress_ask *ask;
	hk_egress_grant *grant;
	unsigned at;
	hk_egress_up up_proxy;
	hk_gate_row *row; /* NULL: not yet, or not kept */
	int64_t start_ms, until_ms;
};

typedef struct gate_thread {
	hk_egress *egress;
	hk_egress_loop *loop;
	int epoll;
	gate_slot slots[HK_GATE_SLOTS];
	GPtrArray *conns; /* gate_conn, owned */
} gate_thread;

/* gate_conn.c */
gate_conn *hk_gate_conn_new(gate_thread *gate, unsigned slot, int client);
void hk_gate_conn_free(gate_conn *conn);
void hk_gate_conn_event(gate_conn *conn, bool is_client, unsigned events);
/* Ends it for that reason, which its row tells. */
void hk_gate_conn_cut(gate_conn *conn, hk_egress_reason reason, const char *detail);
/* Its time is up: what that means depends on where it stands. */
void hk_gate_conn_late(gate_conn *conn);

/* gate.c: counts bytes; false when the slot's cap is over, and its connections have been cut. */
bool hk_gate_count(gate_thread *gate, unsigned slot, uint64_t bytes);

#endif
