/* sys/http: plain requests to our own services (CT logs, feeds, single sign-on, the bucket of the blobs) over libcurl's multi
 * interface, each socket checked by sys/egress. Layer: sys. What comes back is hostile.
 *
 * What strangers' URLs name is fetched by sys/fetch. This one stays narrow: GET, HEAD, PUT, POST, PATCH, DELETE and a form, no redirects, no cookies, no proxies from the environment, no decoding of bodies, a cap on
 * every body, https with verified certificates, plain http to loopback only unless the operator asks for it. One thread; nothing
 * blocks but hk_http_step().
 *
 * Buffers: bodies are collected in a pool of reused buffers (a tile of 400 KB is not malloc'd again
 * and again). The answer's body goes back to the pool when the callback returns, unless the
 * callback takes it. */
#ifndef HK_SYS_HTTP_H
#define HK_SYS_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>

#include "base/span.h"
#include "sys/egress.h"

/* Default cap of one body (certspotter's). */
#define HK_HTTP_BODY_MAX (64u << 20)
/* Longest ETag (and any other header's value) that is kept; a longer one is ignored. */
#define HK_HTTP_ETAG_MAX 255
/* The pool keeps at most this many idle buffers and no idle buffer larger than this: memory is
 * bounded whatever a server once sent. */
#define HK_HTTP_POOL_BUFFERS 8
#define HK_HTTP_POOL_BYTES   (512u << 10)
/* No answer makes us wait longer than this; a longer Retry-After counts as this. */
#define HK_HTTP_RETRY_MAX_MS (60 * 60 * 1000)

typedef struct hk_http hk_http;
typedef struct hk_http_call hk_http_call;

/* One body in pool memory. */
typedef struct hk_http_body {
	uint8_t *data;
	size_t len;
	size_t room;
} hk_http_body;

typedef struct hk_http_config {
	const char *contact;   /* mail address or https page, already checked: see
				  hk_http_contact_check() */
	const char *ca_file;   /* PEM file of the authorities to trust, or NULL: the system's */
	unsigned max_connects; /* idle connections kept; 0: 64 */
	hk_egress *egress;     /* NULL: hk_egress_house() */
	const char
		*purpose; /* for its records: "ct", "feed", "oidc", "blobs"; static; NULL: "http" */
	bool plain;       /* http:// to any host: our operator has asked for it in so many words */
} hk_http_config;

typedef enum hk_http_method {
	HK_HTTP_GET,
	HK_HTTP_HEAD,
	HK_HTTP_PUT,
	HK_HTTP_POST,
	HK_HTTP_PATCH,
	HK_HTTP_DELETE,
} hk_http_method;

/* Called once, right before the last byte of a request is handed to the network (of one without a body: before its first byte, when the connection stands).
 * False: it is not sent; the answer then has status 0 and the error HK_EPOLICY. Must not call back into http. */
typedef bool (*hk_http_last)(void *user);

typedef struct hk_http_request {
	const char *url; /* copied */
	hk_http_method method;
	hk_span upload; /* what PUT, POST, PATCH and DELETE send: borrowed until done or cancel, sent from where it lies. Its type is
			   a line of `headers`; without one POST and PATCH name none */
	hk_http_last
		last; /* or NULL. With it the request has a connection of its own and is never sent twice by itself */
	void *last_user;
	const char *etag;           /* sent as If-None-Match, or NULL; copied */
	const char *modified;       /* sent as If-Modified-Since, or NULL; copied */
	const char *const *headers; /* "Name: value", NULL at the end, or NULL; copied. Secrets too:
				       they go to url's host only, there are no redirects */
	const char *form;    /* POST this (application/x-www-form-urlencoded) instead of a GET, or
				NULL; copied. For token endpoints */
	const char *keep;    /* name of one more header to hand over, or NULL; static storage */
	size_t max_bytes;    /* cap of the body as it travels; 0: HK_HTTP_BODY_MAX */
	unsigned timeout_ms; /* the whole exchange; 0: 60,000. A transfer under 100 bytes/s for 20 s
				ends sooner */
	unsigned connect_ms; /* connecting; 0: 10,000 */
	bool http1;          /* HTTP/1.1 even if the server offers HTTP/2 */
	bool fresh;          /* a connection of its own, closed afterwards */
	bool identity;       /* the answer must not be packed: no gzip is asked for */
} hk_http_request;

/* More of an answer's header lines than this is not kept. */
#define HK_HTTP_HEAD_MAX 16384

typedef struct hk_http_answer {
	const char *url;      /* as asked */
	int status;           /* HTTP status; 0 when there was no answer (error is set) */
	const GError *error;  /* why there is no answer, or why the body is not whole; NULL when it
			      * is whole: HK_EREMOTE, HK_ELIMIT (body over the cap), HK_EPOLICY
			      * (sys/egress refused the connection, or was killed) */
	bool untrusted;       /* error: its certificate is not one that we trust */
	hk_span body;         /* as it travelled, until the callback returns */
	bool gzip;            /* Content-Encoding: gzip (or x-gzip) */
	bool odd_encoding;    /* any other encoding: we asked for none */
	const char *etag;     /* or NULL */
	const char *modified; /* Last-Modified, or NULL */
	const char *type;     /* Content-Type, or NULL */
	const char *kept;     /* the header that the request wanted kept, or NULL */
	hk_span head; /* its header lines as they came, with CR LF, without the status line, until the callback returns; whole lines of
			 the first HK_HTTP_HEAD_MAX bytes. Only of requests with method POST, PATCH or DELETE or with `identity` */
	int64_t announced; /* Content-Length, -1 without one; of HEAD, the length that GET would bring */
	int64_t date_s;         /* Date, the other side's clock, as Unix time; -1 without one */
	int64_t retry_after_ms; /* of Retry-After, clamped to 0..HK_HTTP_RETRY_MAX_MS; -1 without
				   one */
	double seconds;         /* the exchange took */
} hk_http_answer;

/* Called from hk_http_step(), once for each call that was not cancelled. May start and cancel other
 * calls. */
typedef void (*hk_http_done)(void *user, hk_http_call *call, const hk_http_answer *answer);

/* hk_http_new(config, error): HK_EIO for a CA file that cannot be read. User-Agent:
 * "hikeshi/<version> (+contact)". */
hk_http *hk_http_new(const hk_http_config *config, GError **error);

/* hk_http_free(http): cancels what is under way. Accepts NULL. */
void hk_http_free(hk_http *http);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_http, hk_http_free)

/* hk_http_get(http, request, done, user, error): starts a request of request->method, whichever it is. NULL with HK_EPOLICY for a URL that
 * may not be fetched (hk_http_url_check) and for a header that holds a line end. The call lives until done returns or it is cancelled. */
hk_http_call *hk_http_get(hk_http *http, const hk_http_request *request, hk_http_done done,
	void *user, GError **error);

/* hk_http_cancel(call): ends the call; done is not called. Must not be called from its own done. */
void hk_http_cancel(hk_http_call *call);

/* hk_http_take(call): inside done: the body becomes the caller's, who gives it back with
 * hk_http_give(). */
hk_http_body *hk_http_take(hk_http_call *call);
void hk_http_give(hk_http *http, hk_http_body *body);

/* hk_http_busy(http): calls under way. */
size_t hk_http_busy(const hk_http *http);

/* hk_http_step(http, timeout_ms, wake_fd): waits until something can be done on the network,
 * wake_fd (or -1) is readable, or timeout_ms have passed, does it, and calls done for each finished
 * call. The only function that waits. */
void hk_http_step(hk_http *http, int timeout_ms, int wake_fd);

/* hk_http_url_check(url, error): https://host..., or http:// with the host localhost, 127.x.y.z or
 * [::1]; no user name, no fragment, printable ASCII, at most 2,000 bytes. HK_EPOLICY otherwise,
 * with the reason. Pure. */
bool hk_http_url_check(const char *url, GError **error);

/* hk_http_url_check_plain(url, error): the same, with http:// to any host. */
bool hk_http_url_check_plain(const char *url, GError **error);

/* hk_http_contact_check(contact, error): a mail address or an https:// page by which a log's
 * operator can reach us. Placeholders (example.com and its kin, you@, test@, ...) are refused with
 * HK_EUSAGE. Pure. */
bool hk_http_contact_check(const char *contact, GError **error);

/* hk_http_retry_after(value, now_s, ret_ms): RFC 9110, section 10.2.3: seconds or an HTTP-date in
 * any of the three forms of section 5.6.7, against now_s (Unix time). Clamped to
 * 0..HK_HTTP_RETRY_MAX_MS. False for anything else. Pure. */
bool hk_http_retry_after(hk_span value, int64_t now_s, int64_t *ret_ms);

/* hk_http_date(value, ret_s): an HTTP-date as Unix time. Pure. */
bool hk_http_date(hk_span value, int64_t *ret_s);

#endif
