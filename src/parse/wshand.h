/* parse/wshand: the opening handshake of the WebSocket protocol (RFC 6455, section 4), for a client and for a server. Layer: parse. Libc
 * only. Input is hostile but for the header lines of a request, which are the operator's.
 *
 * The core has no SHA-1 and no chance: the digest of Sec-WebSocket-Accept and the key's 16 random bytes come from outside
 * (sys/ws: hk_ws_accept(), hk_ws_open()).
 *
 * Heads are read as RFC 9112 says, less generously: CRLF only, no continued lines, no control characters but tabs, no blank before a colon. */
#ifndef HK_PARSE_WSHAND_H
#define HK_PARSE_WSHAND_H

#include "base/err.h"
#include "base/span.h"

#define HK_WSHAND_HEAD_MAX                                                                         \
	(16u << 10) /* bytes of a head that is read or written, its empty line included */
#define HK_WSHAND_LINES_MAX   100u  /* header lines */
#define HK_WSHAND_PATH_MAX    4096u /* bytes of a request's target */
#define HK_WSHAND_HOST_MAX    300u  /* bytes of a Host's value */
#define HK_WSHAND_KEY_LEN     24u   /* Base64 of 16 bytes */
#define HK_WSHAND_ACCEPT_LEN  28u   /* Base64 of a SHA-1 */
#define HK_WSHAND_DIGEST_SIZE 20u
#define HK_WSHAND_INPUT_LEN   60u /* what is digested: the key and a constant */

/* ---- The accept value, both sides (section 4.2.2, 5.4) ---- */

/* hk_wshand_input(key, ret): what SHA-1 is made of, HK_WSHAND_INPUT_LEN bytes. key: HK_WSHAND_KEY_LEN characters. */
void hk_wshand_input(hk_span key, uint8_t ret[HK_WSHAND_INPUT_LEN]);

/* hk_wshand_accept(digest, ret): the digest as the header line has it; HK_WSHAND_ACCEPT_LEN characters and a NUL. */
void hk_wshand_accept(
	const uint8_t digest[HK_WSHAND_DIGEST_SIZE], char ret[HK_WSHAND_ACCEPT_LEN + 1]);

/* hk_wshand_head_len(bytes, seen, ret): *ret is the length of the head at the beginning of bytes, its empty line included. seen: so many of bytes were there
 * at the last call, which found no end (0: the first call). HK_ETRUNC: more is needed; HK_ELIMIT: over HK_WSHAND_HEAD_MAX without an
 * end. */
HK_MUST hk_err hk_wshand_head_len(hk_span bytes, size_t seen, size_t *ret);

/* ---- Client ---- */

/* What is asked for. Texts are borrowed. */
typedef struct hk_wshand_ask {
	const char *
		host; /* as Host is to say it: with the port where it is not the scheme's own, an IPv6 address in brackets */
	const char *path; /* path and query, "/..." */
	const char *key;  /* HK_WSHAND_KEY_LEN characters */
	const char *const *
		lines; /* header lines without CRLF in their order, NULL at the end; or NULL: those of hk_wshand_lines() */
} hk_wshand_ask;

/* hk_wshand_lines(): what RFC 6455 asks for and nothing else: Host, Upgrade, Connection, Sec-WebSocket-Key, Sec-WebSocket-Version. */
const char *const *hk_wshand_lines(void);

/* hk_wshand_lines_check(lines): whether lines can open a session: each is "Name: value" without control characters; Upgrade, Connection
 * and "Sec-WebSocket-Key: %KEY%" stand there exactly once, Host and Sec-WebSocket-Version at most once; Content-Length and
 * Transfer-Encoding do not stand there. HK_EFORM otherwise; HK_ELIMIT: more than HK_WSHAND_LINES_MAX. NULL is fine. */
HK_MUST hk_err hk_wshand_lines_check(const char *const *lines);

/* hk_wshand_request(ask, ret, max, ret_len): "GET path HTTP/1.1", the lines with %HOST% and %KEY% put in, byte for byte as they are
 * given otherwise, and the empty line. No NUL at the end. HK_EFORM: a path, host, key or line that would be no head; HK_ELIMIT: over max or HK_WSHAND_HEAD_MAX. */
HK_MUST hk_err hk_wshand_request(const hk_wshand_ask *ask, char *ret, size_t max, size_t *ret_len);

/* The answer. Spans are borrowed from the head. */
typedef struct hk_wshand_answer {
	unsigned status;    /* 100..599 */
	hk_span phrase;     /* behind the status, maybe empty; any bytes but control characters */
	hk_span lines;      /* header lines with their CRLF, without the empty line */
	hk_span accept;     /* Sec-WebSocket-Accept, or empty */
	hk_span protocol;   /* Sec-WebSocket-Protocol, or empty */
	bool has_extension; /* Sec-WebSocket-Extensions names one */
	bool upgrade;       /* Upgrade: websocket */
	bool connection;    /* Connection names upgrade */
} hk_wshand_answer;

/* hk_wshand_answer_read(head, ret): a whole head (hk_wshand_head_len). HK_EFORM: no HTTP/1.1 answer, or two lines where one may be;
 * HK_ELIMIT: too many lines. */
HK_MUST hk_err hk_wshand_answer_read(hk_span head, hk_wshand_answer *ret);

/* What is wrong with an answer that can be read: the rows of wshand.def. */
typedef enum hk_wshand_fault {
	HK_WSHAND_FINE,
#define HAND(id, code, meaning) HK_WSHAND_##id,
#include "parse/wshand.def"
#undef HAND
	HK_WSHAND_FAULT_COUNT
} hk_wshand_fault;

/* hk_wshand_judge(answer, accept, lines): section 4.1, in its order: whether the session is open. accept: what our key gives; lines: what
 * was sent (NULL: hk_wshand_lines()): a subprotocol is taken when they name it. No extension is taken, asked for or not. */
HK_MUST hk_wshand_fault hk_wshand_judge(
	const hk_wshand_answer *answer, const char *accept, const char *const *lines);

/* "fine" for HK_WSHAND_FINE. Static storage. */
const char *hk_wshand_fault_code(hk_wshand_fault fault);
const char *hk_wshand_fault_meaning(hk_wshand_fault fault);

/* ---- Server ---- */

/* A request. Spans are borrowed from the head. */
typedef struct hk_wshand_asked {
	hk_span path;       /* path and query */
	hk_span host;       /* Host, or empty */
	hk_span origin;     /* Origin, or empty */
	hk_span key;        /* HK_WSHAND_KEY_LEN characters */
	hk_span protocols;  /* Sec-WebSocket-Protocol: names with commas, or empty */
	hk_span extensions; /* Sec-WebSocket-Extensions, or empty */
	hk_span lines;      /* header lines with their CRLF, without the empty line */
} hk_wshand_asked;

/* hk_wshand_asked_read(head, ret): a whole head (hk_wshand_head_len): GET of a path with HTTP/1.1 that asks for websocket (section
 * 4.2.1). HK_EFORM: it is none (answer 400); HK_EVERSION: another version of the protocol than 13 (answer 426 with
 * "Sec-WebSocket-Version: 13"); HK_ELIMIT: too many lines. */
HK_MUST hk_err hk_wshand_asked_read(hk_span head, hk_wshand_asked *ret);

/* hk_wshand_names(list, name): whether a list with commas (protocols) holds name, by its exact bytes. */
bool hk_wshand_names(hk_span list, hk_span name);

/* hk_wshand_reply(accept, lines, ret, max, ret_len): the 101: status line, Upgrade, Connection, Sec-WebSocket-Accept, then lines (as
 * for a request, or NULL: none; the server's banner, a subprotocol), and the empty line. HK_EFORM, HK_ELIMIT as hk_wshand_request(). */
HK_MUST hk_err hk_wshand_reply(
	const char *accept, const char *const *lines, char *ret, size_t max, size_t *ret_len);

#endif
