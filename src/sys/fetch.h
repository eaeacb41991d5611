/* sys/fetch: HTTP requests to strangers, many at once, each hop through sys/egress. Layer: sys. What comes back is hostile.
 *
 * One thread; nothing blocks but hk_fetch_step(). Every hop of a redirect is asked for, checked and told on its own; every hop has a
 * connection of its own; a bad certificate is a fact to be told, not an error, unless the caller wants it otherwise. Cookies live
 * within one request and its redirects. */
#ifndef HK_SYS_FETCH_H
#define HK_SYS_FETCH_H

#include "base/span.h"
#include "sys/egress.h"

#define HK_FETCH_HOPS_MAX                                                                          \
	20 /* answers in one chain, the last one included; a request's cap is lower: 10 */
#define HK_FETCH_BODY_MAX (64u << 20)
#define HK_FETCH_RATIO_MAX                                                                         \
	200 /* a body that grows more than that from its compressed form is cut, once over 1 MB */
#define HK_FETCH_HEAD_MAX  (256u << 10) /* bytes of one answer's header lines that are kept */
#define HK_FETCH_CERTS_MAX 10           /* certificates of one server that are kept */

typedef struct hk_fetch hk_fetch;
typedef struct hk_fetch_call hk_fetch_call;

typedef enum hk_fetch_method {
	HK_FETCH_GET,
	HK_FETCH_HEAD,
	HK_FETCH_POST,
} hk_fetch_method;

/* All strings are copied. 0 means the default that is named. */
typedef struct hk_fetch_request {
	hk_fetch_method method;
	const char *
		url; /* http or https; anything else, and what egress refuses, is an answer with an error */
	hk_egress_who who; /* own must be false: strangers only */
	const char *const *
		headers; /* "Name: value", NULL at the end, or NULL; sent in this order, after Host. Without User-Agent or
				     * Accept among them none is sent. Accept-Encoding: gzip, deflate, br unless given */
	hk_span body;     /* of a POST; the Content-Type is one of headers */
	size_t max_bytes; /* of the body, decoded; 0: 2 MB. What is over is cut: truncated */
	unsigned
		max_hops; /* redirects that are followed; 0: none are; at most HK_FETCH_HOPS_MAX - 1 */
	unsigned timeout_ms; /* the whole chain; 0: 20,000 */
	unsigned connect_ms; /* each hop, from the grant to the end of TLS; 0: 5,000 */
	bool verify; /* true: a certificate that is not good ends the chain with HK_EPOLICY */
	bool http1;  /* HTTP/1.1 even if the server offers HTTP/2 */
} hk_fetch_request;

/* One answer on the way. */
typedef struct hk_fetch_hop {
	char *url;      /* canonical, as sent */
	int status;     /* 0: no answer */
	char *location; /* as the server wrote it, or NULL */
	char *address; /* "192.0.2.1:443" that was connected to (the proxy's, with an exit), or NULL */
	char *head; /* status line and header lines as received (made lines by curl for HTTP/2), at most HK_FETCH_HEAD_MAX; or NULL */
	unsigned ms;              /* from asking to the end of the body */
	unsigned first_ms;        /* to the first byte of the answer; 0: none came */
	hk_egress_reason refused; /* HK_EGRESS_OK, or why egress let nothing out: the last hop */
	GPtrArray *
		certs; /* of GBytes, DER, the leaf first, as the server sent them; NULL without TLS */
	int verify_error; /* X509_V_ERR_...; 0: the chain is good, and for this host. -1: no TLS */
	const char *verify_text; /* static storage; NULL: no TLS */
	unsigned http_version;   /* 10, 11, 20; 0: no answer */
} hk_fetch_hop;

typedef struct hk_fetch_answer {
	const char *url; /* as asked */
	const GError *
		error; /* why there is no (whole) last answer, or NULL: HK_EREMOTE, HK_EPOLICY (egress, verification, a redirect to
			      * what may not be fetched), HK_ELIMIT (time, redirects, header lines, ratio), HK_EFORM (no URL) */
	const hk_fetch_hop *hops; /* borrowed until done returns */
	size_t count;             /* of hops; 0 only when url is none */
	int status;               /* of the last hop */
	hk_span body;   /* of the last hop, decoded; as far as it came when error is set */
	bool truncated; /* cut at max_bytes */
	unsigned ms;
} hk_fetch_answer;

/* Called from hk_fetch_step(), once for each call that was not cancelled. May start and cancel other calls. */
typedef void (*hk_fetch_done)(void *user, hk_fetch_call *call, const hk_fetch_answer *answer);

typedef struct hk_fetch_config {
	hk_egress *egress;   /* NULL: hk_egress_house() */
	const char *ca_file; /* PEM of the authorities to believe, or NULL: the system's */
} hk_fetch_config;

/* hk_fetch_new(config, error): HK_EIO for a CA file that cannot be read. hk_fetch_free() cancels what is under way; accepts NULL. */
hk_fetch *hk_fetch_new(const hk_fetch_config *config, GError **error);
void hk_fetch_free(hk_fetch *fetch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_fetch, hk_fetch_free)

/* hk_fetch_start(fetch, request, done, user, error): NULL with HK_EPOLICY for a header that holds a line end, or who.own. What is
 * wrong with the URL is told to done like every other failure. The call lives until done returns or it is cancelled. */
hk_fetch_call *hk_fetch_start(hk_fetch *fetch, const hk_fetch_request *request, hk_fetch_done done,
	void *user, GError **error);

/* hk_fetch_cancel(call): done is not called. Not from its own done. */
void hk_fetch_cancel(hk_fetch_call *call);

/* hk_fetch_busy(fetch): calls under way. There is no cap but memory: the caller says how many at once. */
size_t hk_fetch_busy(const hk_fetch *fetch);

/* hk_fetch_step(fetch, timeout_ms, wake_fd): waits until something can be done, wake_fd (or -1) is readable, or timeout_ms have
 * passed, does it, and calls done for each finished call. The only function that waits. */
void hk_fetch_step(hk_fetch *fetch, int timeout_ms, int wake_fd);

/* hk_fetch_header(head, name): of a hop's head (or NULL) the value of the last header line of that name (RFC 9110, section 5: case is ignored), without blanks around it, cut at
 * HK_FETCH_VALUE_MAX bytes; NULL: none. Caller frees. */
#define HK_FETCH_VALUE_MAX 300
char *hk_fetch_header(const char *head, const char *name);

#endif
