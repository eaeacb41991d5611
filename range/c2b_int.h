/* range/c2b_int: what the files of stage B share. For c2b*.c only; everything is under the lock of rg_c2b. */
#ifndef RG_C2B_INT_H
#define RG_C2B_INT_H

#include "base/span.h"
#include "c2b.h"
#include "c2book.h"
#include "parse/ws.h"
#include "rng.h"

typedef enum c2_when { C2_LISTEN, C2_HAND, C2_HELLO } c2_when;
typedef enum c2_then { C2_GO, C2_GO_ODD, C2_MUTE, C2_END, C2_RESET, C2_BYE } c2_then;

typedef enum c2_fault_id {
#define FAULT(id, name, when, first, more, then, what) C2_FAULT_##id,
#include "c2faults.def"
#undef FAULT
	C2_FAULTS
} c2_fault_id;

typedef struct c2_fault {
	c2_fault_id id;
	const char *name;
	c2_when when;
	hk_span first, more;
	c2_then then;
	const char *what;
} c2_fault;

extern const c2_fault c2_faults[C2_FAULTS];

typedef struct c2_port {
	rg_c2b *all;
	unsigned name;
	uint16_t port;
	int fd; /* listens */
	const c2_fault *fault;
	unsigned left; /* connections that the fault still strikes; 0: for ever */
	double chance;
	rg_c2_how how;
	rg_c2_on on;
} c2_port;

/* The end of a command in what is sent. */
typedef struct c2_mark {
	uint64_t end;
	unsigned command;
} c2_mark;

/* A connection. */
typedef struct c2_peer {
	c2_port *port;
	int fd; /* -1: it is over, and is to be freed */
	rg_book_session *entry;
	const c2_fault *fault; /* that struck it; never NULL */
	GByteArray *in;        /* the head, as far as it has come */
	GByteArray *out;
	uint64_t queued, written;
	GArray *marks;
	hk_span more;
	hk_ws_reader reader;
	GString *text;
	hk_ws_kind kind;
	const char *how; /* it is on its way out: what the book will say */
	bool open;       /* the request has been answered, or a fault has taken its place */
	bool hello, mute, slow, bye, broken;
	bool ending, reset; /* once all is sent: FIN; RST */
	bool shut;          /* FIN has been sent */
	int64_t next_ms;    /* slow: when the next byte goes */
	int64_t end_ms;     /* ending, reset: when it is over whatever the client does */
} c2_peer;

struct rg_c2b {
	rg_c2b_config config;
	c2_port *ports; /* config.count */
	GPtrArray *peers;
	rg_book *book;
	rg_rng rng;
	GMutex lock;
	GThread *thread;
	int wake[2];
	bool stop;
};

c2_peer *c2_peer_new(c2_port *port, int fd);
void c2_peer_free(gpointer peer);

/* c2_peer_readable(p), c2_peer_flush(p): what the socket allows. c2_peer_tick(p): what time asks for; true: it wants to be called again soon. */
void c2_peer_readable(c2_peer *p);
void c2_peer_flush(c2_peer *p);
bool c2_peer_tick(c2_peer *p);

/* c2_peer_put(p, bytes, command): sends; command: its number if it ends there, 0: none. */
void c2_peer_put(c2_peer *p, hk_span bytes, unsigned command);
void c2_peer_frame(c2_peer *p, hk_ws_kind kind, bool fin, hk_span payload, unsigned command);

/* c2_peer_listens(p): it has said hello, and nothing keeps it from being told a command. c2_peer_tell(p, text, command): tells it. */
bool c2_peer_listens(const c2_peer *p);
void c2_peer_tell(c2_peer *p, const char *text, unsigned command);

/* c2_peer_strike(p, fault, accept): the fault happens. accept: for HAND rows, else NULL. c2_peer_heal(p): it is taken back, as far as that can be. */
void c2_peer_strike(c2_peer *p, const c2_fault *fault, const char *accept);
void c2_peer_heal(c2_peer *p);

/* c2_peer_leave(p, how): no further byte is taken; FIN or RST behind the last one. c2_peer_drop(p, how): ended by us. c2_peer_over(p, how): it is over, now. */
void c2_peer_leave(c2_peer *p, rg_c2_how how);
void c2_peer_drop(c2_peer *p, rg_c2_how how);
void c2_peer_over(c2_peer *p, const char *how);

/* c2_port_strikes(port, when): its fault, if it is for that moment; counted. NULL: none. */
const c2_fault *c2_port_strikes(c2_port *port, c2_when when);

/* c2_port_chance(port, on): whether a connection is to be dropped at this moment. */
bool c2_port_chance(c2_port *port, rg_c2_on on);

#endif
