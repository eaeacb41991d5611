/* evidence/capture: what one visit of one profile to one address has brought. Layer: stage. Everything in it came from outside and
 * is hostile: text is valid UTF-8 without NUL and within its cap, and that is all that may be relied on.
 *
 * Made by evidence/page, read by whoever writes files, WARC, HAR, hashes, database rows. Owned by the caller as a whole: no part
 * is shared, hk_capture_free() frees everything. A member that was not seen is NULL, 0 or empty; `end` and `notes` say why. */
#ifndef HK_EVIDENCE_CAPTURE_H
#define HK_EVIDENCE_CAPTURE_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "base/span.h"

/* Caps. Text that is longer is cut at a character. */
enum {
	HK_CAPTURE_URL_MAX = 8192,   /* bytes of an address; data: addresses are cut, too */
	HK_CAPTURE_TEXT_MAX = 4096,  /* bytes of a label, a console line, a header's value ... */
	HK_CAPTURE_TITLE_MAX = 1024, /* bytes of a title */
	HK_CAPTURE_VISIBLE_MAX = 262144,  /* bytes of a page's visible text */
	HK_CAPTURE_DOM_MAX = 16777216,    /* bytes of a document */
	HK_CAPTURE_BODY_MAX = 16777216,   /* bytes of one response body */
	HK_CAPTURE_BODIES_MAX = 67108864, /* bytes of all response bodies of a capture */
	HK_CAPTURE_PNG_MAX = 25165824,    /* bytes of one picture */
	HK_CAPTURE_FAVICON_MAX = 1048576, /* bytes */
	HK_CAPTURE_PAGES_MAX = 4,         /* pages: the landing page, and one for each click */
	HK_CAPTURE_EXCHANGES_MAX = 1000,  /* requests */
	HK_CAPTURE_HEADERS_MAX = 200,     /* headers of a request or response */
	HK_CAPTURE_HOPS_MAX = 60,         /* navigations of the main frame, redirects included */
	HK_CAPTURE_EVENTS_MAX = 300,      /* dialogs, windows, downloads, web sockets ... */
	HK_CAPTURE_CONSOLE_MAX = 500,     /* lines of the console */
	HK_CAPTURE_COOKIES_MAX = 300,
	HK_CAPTURE_FORMS_MAX = 100,
	HK_CAPTURE_FIELDS_MAX = 1000,
	HK_CAPTURE_LINKS_MAX = 2000,
	HK_CAPTURE_PATHS_MAX = 5000, /* tag paths */
	HK_CAPTURE_YEARS_MAX = 16,
	HK_CAPTURE_CERTS_MAX = 20, /* origins with a certificate; certificates of a chain: 10 */
	HK_CAPTURE_CHAIN_MAX = 10,
	HK_CAPTURE_SANS_MAX = 1000,
};

typedef enum hk_capture_end {
#define CAPEND(name, code, meaning) HK_CAPTURE_##name,
#include "evidence/ends.def"
#undef CAPEND
	HK_CAPTURE_ENDS
} hk_capture_end;

/* hk_capture_end_code(end) "script-loop"; hk_capture_end_meaning(end): a clause. Static; end < HK_CAPTURE_ENDS. */
const char *hk_capture_end_code(hk_capture_end end);
const char *hk_capture_end_meaning(hk_capture_end end);

typedef struct hk_capture_header {
	char *name; /* as sent: case kept */
	char *value;
} hk_capture_header;

/* How a page came to be at an address. */
typedef enum hk_capture_how {
	HK_CAPTURE_HOW_OPEN,     /* we opened it */
	HK_CAPTURE_HOW_REDIRECT, /* HTTP, 3xx */
	HK_CAPTURE_HOW_CLIENT,   /* a script, a meta element, a form of the page */
	HK_CAPTURE_HOW_CLICK,    /* our click */
} hk_capture_how;

/* hk_capture_how_code(how): "open", "redirect", "client", "click". */
const char *hk_capture_how_code(hk_capture_how how);

/* One request and its answer; a redirect is an exchange of its own, followed by the one it led to. Indices of exchanges are
 * those of hk_capture.exchanges; SIZE_MAX: none. */
typedef struct hk_capture_exchange {
	char *url;    /* without fragment */
	char *method; /* "GET" */
	char *type; /* CDP ResourceType: "Document", "Script", "Image", "XHR", "Fetch", "WebSocket" ... */
	char *initiator; /* "parser", "script", "other" ...: CDP Initiator.type */
	char *document;  /* address of the document that asked */
	char *frame;     /* frame identifier, opaque; NULL: a worker */
	GPtrArray *
		request_headers; /* of hk_capture_header: as sent over the wire where `raw_request`, else as planned */
	bool raw_request;
	GBytes *post; /* body of the request; NULL: none. HK_CAPTURE_TEXT_MAX bytes at most */

	int status; /* 0: no answer */
	char *status_text;
	char *protocol; /* "http/1.1", "h2", "h3"; NULL: no answer */
	char *mime;     /* as the browser sees it, lower case */
	char *remote_ip; /* address of the server, as the browser's way out reported it; NULL: not known (behind a proxy) */
	unsigned remote_port;
	GPtrArray *response_headers; /* of hk_capture_header, in order */
	char *response_head; /* status line and headers as received (HTTP/1); NULL: not known (h2), write them from the list */
	bool from_cache, from_worker; /* no request went out */

	GBytes *body;       /* decoded from Content-Encoding; NULL: not kept (`body_why`) */
	uint8_t sha256[32]; /* of body, if there is one */
	bool body_exact; /* body is byte for byte what was received, after decoding; false: text that the browser gave back as UTF-8 */
	const char *
		body_why; /* static: "cap", "count", "gone", "unfinished", "none"; NULL: body is there and whole; "cut": its beginning */
	int64_t encoded_bytes; /* as transferred: headers and body; 0: not known */

	int64_t start_ms, response_ms,
		end_ms;         /* since hk_capture.start_wall_ms; -1: did not happen */
	char *error;            /* "net::ERR_NAME_NOT_RESOLVED"; NULL: none */
	char *security;         /* "secure", "insecure", "neutral" ...; CDP SecurityState */
	size_t redirected_from; /* exchange that led here by 3xx; SIZE_MAX: none */
	char *id;               /* CDP request id: for evidence/page only */
} hk_capture_exchange;

/* A step of the main frame's way. */
typedef struct hk_capture_hop {
	char *url;     /* with fragment */
	int status;    /* 0: not known */
	int64_t at_ms; /* since hk_capture.start_wall_ms */
	hk_capture_how how;
	size_t exchange; /* SIZE_MAX: none (about:blank, blob:) */
} hk_capture_hop;

/* What an origin showed in TLS. */
typedef struct hk_capture_cert {
	char *origin; /* "https://mihon-bank.example:8443" */
	GPtrArray *
		chain; /* of GBytes: DER, the server's own first; HK_CAPTURE_CHAIN_MAX; may be empty */
	char *subject, *issuer;            /* common names */
	GPtrArray *sans;                   /* of char *: names and addresses; HK_CAPTURE_SANS_MAX */
	int64_t not_before_s, not_after_s; /* since 1970 */
	char *protocol, *cipher;           /* "TLS 1.3", "AES_128_GCM" */
} hk_capture_cert;

typedef struct hk_capture_cookie {
	char *name, *domain, *path; /* no value: it may be a secret of a victim's session */
	bool http_only, secure, session;
} hk_capture_cookie;

typedef enum hk_capture_event_kind {
	HK_CAPTURE_EVENT_DIALOG,     /* text: "alert: message" */
	HK_CAPTURE_EVENT_WINDOW,     /* url: what was opened */
	HK_CAPTURE_EVENT_DOWNLOAD,   /* url; text: suggested file name */
	HK_CAPTURE_EVENT_PERMISSION, /* text: which */
	HK_CAPTURE_EVENT_SOCKET,     /* url: a web socket was opened */
	HK_CAPTURE_EVENT_WORKER,     /* url; text: "service_worker", "worker", "shared_worker" */
	HK_CAPTURE_EVENT_CLICK,      /* text: what was clicked */
	HK_CAPTURE_EVENT_REFUSED,    /* url or host that egress refused; text: why */
	HK_CAPTURE_EVENTS,
} hk_capture_event_kind;

/* hk_capture_event_code(kind): "dialog", "window" ... */
const char *hk_capture_event_code(hk_capture_event_kind kind);

typedef struct hk_capture_event {
	hk_capture_event_kind kind;
	int64_t at_ms;
	char *text, *url; /* either may be NULL */
} hk_capture_event;

typedef struct hk_capture_line {
	char *level; /* "log", "warning", "error", "exception", "security" ... */
	char *text;
	char *url;    /* NULL: not known */
	int64_t line; /* from 1; 0: not known */
	int64_t at_ms;
} hk_capture_line;

typedef struct hk_capture_form {
	char *action, *method, *name, *id; /* action absolute; method lower case */
	bool visible;
} hk_capture_form;

typedef struct hk_capture_field {
	int64_t form; /* index of hk_capture_page.forms; -1: outside of any */
	char *tag;    /* "input", "select", "textarea", "button" */
	char *type, *name, *id, *label, *placeholder, *autocomplete, *pattern;
	int64_t maxlength; /* -1: none */
	bool required, visible;
} hk_capture_field;

typedef struct hk_capture_link {
	char *url, *text;
} hk_capture_link;

/* A page of the capture: the landing page, or what came after a click. */
typedef struct hk_capture_page {
	char *url, *title, *lang, *charset;
	int64_t at_ms;
	GBytes *viewport_png, *full_png; /* re-encoded by us; NULL: none */
	GBytes *dom; /* the document after load, UTF-8: what it has become, with doctype; shadow roots and frames apart */
	uint8_t dom_sha256[32];
	char *text;            /* visible text */
	char *favicon;         /* address; NULL: none named */
	GBytes *favicon_bytes; /* what lies there, or at /favicon.ico; NULL: nothing does */
	GPtrArray *forms;      /* of hk_capture_form, in order */
	GPtrArray *fields;     /* of hk_capture_field, in order of the document */
	GPtrArray *links;      /* of hk_capture_link */
	GPtrArray *years;      /* of char *: years behind a copyright sign */
	GPtrArray *
		paths; /* of char *: "html>body>div>form>input", each once, in order of appearance */
	int64_t nodes;         /* elements of the document */
	int64_t width, height; /* of the document, CSS pixels */
} hk_capture_page;

typedef struct hk_capture {
	char *profile;  /* "iphone" */
	char *referrer; /* kind of referrer: "none", "sms", "search", "short" */
	char *exit;     /* name of the way out: "default", "jp-mobile" ... */
	int visit;      /* 1: first, 2: second with the cookies of the first */
	char *url;      /* what was asked for */
	char *final_url;
	char *user_agent,
		*browser; /* as sent; product of the browser that really ran: "HeadlessChrome/156..." */
	int64_t start_wall_ms, duration_ms;
	hk_capture_end end;
	char *reason; /* one clause for people: why it did not end as "complete"; NULL when it did */
	GArray *notes;        /* of hk_capture_end, each once */
	GPtrArray *pages;     /* of hk_capture_page; may be empty */
	GPtrArray *exchanges; /* of hk_capture_exchange, in order of the start */
	GPtrArray *hops;      /* of hk_capture_hop: the redirect chain */
	GPtrArray *certs;     /* of hk_capture_cert, in order of appearance */
	GPtrArray *cookies;   /* of hk_capture_cookie */
	GPtrArray *events;    /* of hk_capture_event */
	GPtrArray *console;   /* of hk_capture_line */
	GBytes *egress; /* what egress decided for it: lines of JSON (hk_egress_record_json); NULL: nothing is known */
	uint64_t body_bytes;   /* sum of the bodies that are kept */
	uint64_t odd_messages; /* messages of the browser that were not understood */
} hk_capture;

/* hk_capture_new(): empty, every list made. Caller frees. */
hk_capture *hk_capture_new(void);
void hk_capture_free(hk_capture *capture); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_capture, hk_capture_free)

hk_capture_page *hk_capture_page_new(void);
void hk_capture_page_free(hk_capture_page *page); /* accepts NULL */

/* Adds an empty element and returns it, borrowed; NULL when the list is full (its cap above). */
hk_capture_exchange *hk_capture_add_exchange(hk_capture *capture);
hk_capture_hop *hk_capture_add_hop(hk_capture *capture);
hk_capture_cert *hk_capture_add_cert(hk_capture *capture);
hk_capture_cookie *hk_capture_add_cookie(hk_capture *capture);
hk_capture_event *hk_capture_add_event(hk_capture *capture, hk_capture_event_kind kind);
hk_capture_line *hk_capture_add_line(hk_capture *capture);
hk_capture_form *hk_capture_add_form(hk_capture_page *page);
hk_capture_field *hk_capture_add_field(hk_capture_page *page);
hk_capture_link *hk_capture_add_link(hk_capture_page *page);

/* hk_capture_add_header(list, name, value): list is one of an exchange's two; nothing is added to a full one. */
void hk_capture_add_header(GPtrArray *list, const char *name, const char *value);

/* hk_capture_header_get(list, name): value of the first one of that name, any case; borrowed; NULL: none. */
const char *hk_capture_header_get(const GPtrArray *list, const char *name);

/* hk_capture_note(capture, note): once each. hk_capture_noted: whether it is there. */
void hk_capture_note(hk_capture *capture, hk_capture_end note);
bool hk_capture_noted(const hk_capture *capture, hk_capture_end note);

/* hk_capture_text(text, max_bytes): a copy as the struct wants it: UTF-8 (what is not, becomes U+FFFD), at most max_bytes, cut at a
 * character; NULL for NULL. Caller frees. */
char *hk_capture_text(const char *text, size_t max_bytes);

#endif
