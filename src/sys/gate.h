/* sys/gate: the browser's only way out: an HTTP proxy whose every connection is asked of sys/egress. Layer: sys. Hostile on both sides.
 *
 * One thread of its own. It serves listening sockets that it is given (the browser's network namespace hands one out); each is a slot,
 * and a slot carries what is assigned to it: one asker (one capture). CONNECT (https, wss, ws) is tunnelled; requests in absolute form
 * (http) are carried out one to a connection, with the hop-by-hop header lines taken out. A refusal is answered with 403 (502 when no
 * connection came about) and the header line "Hikeshi-Refused: <code>" (hk_egress_reason_code), and stands in the report. */
#ifndef HK_SYS_GATE_H
#define HK_SYS_GATE_H

#include "sys/egress.h"

#define HK_GATE_SLOTS 64 /* slots are numbered 0..63 */
#define HK_GATE_ROWS                                                                               \
	1000 /* connections of one assignment that the report tells apart; the others are counted */
#define HK_GATE_CLIENTS 256 /* open connections of one slot; more wait in the backlog */

typedef struct hk_gate hk_gate;

/* For one assignment; 0: the default that is named. */
typedef struct hk_gate_caps {
	uint64_t bytes;       /* both ways together; 0: 256 MB */
	unsigned connections; /* in all, refused ones included; 0: 1,000 */
	unsigned ms;          /* from hk_gate_assign(); 0: 120,000 */
} hk_gate_caps;

/* One connection, or one refused try. */
typedef struct hk_gate_row {
	char *scheme; /* "http", or "connect" (what is inside is not known) */
	char *host;   /* as the browser asked */
	unsigned port;
	char *address; /* "192.0.2.1:443", or "" */
	uint64_t sent; /* bytes to the outside, head included */
	uint64_t received;
	unsigned ms; /* since it was asked for */
	hk_egress_reason
		refused; /* HK_EGRESS_OK; or why; HK_EGRESS_LIMIT also for one that was cut */
	char *detail;    /* a clause, or "" */
	bool open;       /* still */
} hk_gate_row;

typedef struct hk_gate_report {
	GPtrArray *rows; /* of hk_gate_row, oldest first; freed with hk_gate_report_clear() */
	size_t more;     /* rows that were not kept */
	GString *
		records; /* what egress decided: a line of JSON each (hk_egress_record_json), oldest first, HK_GATE_ROWS of them */
	size_t recorded; /* decisions in all */
	uint64_t bytes;  /* both ways, all connections */
	size_t refused;  /* tries that were refused or cut */
	bool over;       /* a cap ended it */
} hk_gate_report;

/* hk_gate_new(egress, error): starts the thread. HK_EIO when there is none to be had. A reference to egress is taken. */
hk_gate *hk_gate_new(hk_egress *egress, GError **error);

/* hk_gate_free(gate): ends the thread, closes everything. Accepts NULL. */
void hk_gate_free(hk_gate *gate);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_gate, hk_gate_free)

/* The rest may be called from any thread; each returns when the gate has done it. */

/* hk_gate_listen(gate, listen_fd, slot, error): from now on serves a listening stream socket (TCP, or a Unix one) for slot, which must
 * be below HK_GATE_SLOTS and free, else HK_ERANGE. The socket is the gate's from then on, also on failure. Nobody is assigned yet. */
bool hk_gate_listen(hk_gate *gate, int listen_fd, unsigned slot, GError **error);

/* hk_gate_unlisten(gate, slot): closes its socket and its connections; the slot is free. Nothing happens when it is. */
void hk_gate_unlisten(hk_gate *gate, unsigned slot);

/* hk_gate_assign(gate, slot, who, caps): closes what the slot carries, empties its report, and lets who use it from now on; who NULL:
 * nobody, everything is refused. caps NULL: the defaults. Names are looked up anew. */
void hk_gate_assign(
	hk_gate *gate, unsigned slot, const hk_egress_who *who, const hk_gate_caps *caps);

/* hk_gate_report_get(gate, slot, ret): what happened since the assignment. ret is the caller's. */
void hk_gate_report_get(hk_gate *gate, unsigned slot, hk_gate_report *ret);
void hk_gate_report_clear(hk_gate_report *report);

#endif
