/* parse/proxyreq: the head of a request to a proxy, and of the answer that it hands back. Layer: parse. Libc only. Input is hostile: a
 * page decides about most of it.
 *
 * RFC 9110 and 9112, less generous than they are: one blank between the parts of the request line, CRLF only, no continued lines, no
 * control characters, nothing that two readers could frame differently (a Content-Length besides Transfer-Encoding, two of either). */
#ifndef HK_PARSE_PROXYREQ_H
#define HK_PARSE_PROXYREQ_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"

#define HK_PROXYREQ_HEAD_MAX   (64u << 10) /* bytes of a head, its empty line included */
#define HK_PROXYREQ_LINES_MAX  200
#define HK_PROXYREQ_METHOD_MAX 20

typedef enum hk_proxyreq_kind {
	HK_PROXYREQ_CONNECT,  /* CONNECT host:port */
	HK_PROXYREQ_ABSOLUTE, /* GET http://host/path; https:// and ws:// in this form are HK_EFORM: a browser never writes them */
} hk_proxyreq_kind;

/* Spans are borrowed from the head. */
typedef struct hk_proxyreq {
	hk_proxyreq_kind kind;
	hk_span method;
	hk_span host; /* as written, an IPv6 address without its brackets; not checked further than for its characters */
	unsigned port;
	hk_span target; /* ABSOLUTE: path and query in origin form; empty when it is only a query or nothing: "/" is meant, target goes
			 * behind it */
	hk_span lines;  /* header lines with their CRLF, without the empty line */
	bool has_length;
	uint64_t length; /* of the body */
	bool chunked;    /* a body of unknown length: Transfer-Encoding */
	bool upgrade;    /* asks to speak something else: Upgrade and Connection: upgrade */
} hk_proxyreq;

/* hk_proxyreq_head_len(bytes, ret): *ret is the length of the head, its empty line included. HK_ETRUNC: more is needed; HK_ELIMIT: it
 * is over HK_PROXYREQ_HEAD_MAX without an end. */
HK_MUST hk_err hk_proxyreq_head_len(hk_span bytes, size_t *ret);

/* hk_proxyreq_parse(head, ret): a whole head. HK_EFORM; HK_ELIMIT: too many lines. */
HK_MUST hk_err hk_proxyreq_parse(hk_span head, hk_proxyreq *ret);

/* hk_proxyreq_forward(req, ret, max, ret_len): the head for the origin: method, target in origin form, "Host:" made from host and port
 * of the request line (whatever the header said), the other header lines in their order without those that are for one hop
 * (Connection and what it names, Proxy-*, Keep-Alive, TE, Trailer, Upgrade, Expect), then "Connection: close", or the upgrade's two
 * lines. For ABSOLUTE only. HK_ELIMIT: ret is too small (HK_PROXYREQ_HEAD_MAX + 1,024 bytes always suffice). */
HK_MUST hk_err hk_proxyreq_forward(const hk_proxyreq *req, char *ret, size_t max, size_t *ret_len);

/* hk_proxyreq_answer(head, ret_status, ret, max, ret_len): the head of an origin's answer, as it is handed back: status line and header
 * lines without those for one hop, then "Connection: close"; 1xx and 101 are left as they are. Bare line feeds are taken as line ends,
 * as browsers do. HK_EFORM: no HTTP/1 answer; HK_ELIMIT. */
HK_MUST hk_err hk_proxyreq_answer(
	hk_span head, unsigned *ret_status, char *ret, size_t max, size_t *ret_len);

/* hk_proxyreq_answer_len(bytes, ret): the length of an answer's head, with bare line feeds too. As hk_proxyreq_head_len. */
HK_MUST hk_err hk_proxyreq_answer_len(hk_span bytes, size_t *ret);

#endif
