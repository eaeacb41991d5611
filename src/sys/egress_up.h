/* sys/egress_up: asking an exit's proxy for a connection: SOCKS5 (RFC 1928, 1929) and HTTP CONNECT. Layer: sys. What the proxy says is
 * not trusted. Bytes in, bytes out; no I/O. */
#ifndef HK_SYS_EGRESS_UP_H
#define HK_SYS_EGRESS_UP_H

#include "base/span.h"
#include "sys/egress_ask.h"

typedef struct hk_egress_up {
	const hk_egress_grant *grant; /* borrowed */
	int step;
} hk_egress_up;

typedef enum hk_egress_up_state {
	HK_EGRESS_UP_MORE,   /* more of the proxy's bytes are needed */
	HK_EGRESS_UP_READY,  /* connected: what follows is the host's */
	HK_EGRESS_UP_FAILED, /* the proxy refused, or spoke nonsense */
} hk_egress_up_state;

/* hk_egress_up_begin(up, grant, out): appends what to send first. grant is not a direct one. */
void hk_egress_up_begin(hk_egress_up *up, const hk_egress_grant *grant, GByteArray *out);

/* hk_egress_up_take(up, in, ret_used, out, ret_why): reads in (all that was not used so far); *ret_used bytes of it are done with. Appends
 * what to send. *ret_why on failure: a clause, newly
 * allocated. */
hk_egress_up_state hk_egress_up_take(
	hk_egress_up *up, hk_span in, size_t *ret_used, GByteArray *out, char **ret_why);

#endif
