/* range/vendors: those who are reported to, on loopback: each vendor's API in the shape that its documents give, below its name (/netcraft/report/urls),
 * with faults on demand, and a book of what arrived. Part of hikeshi-range (librange_vendors). Input is hostile, as far as a test's peer is.
 *
 * A vendor is a row of vendors.def and a file of its own, range/vendor_NAME.c, that defines `const rg_vendor rg_vendor_NAME`. Its routes say what it answers;
 * who may ask, faults, the clock, quotas and the book are the same for all, here.
 *
 * Control: POST /-/fault?vendor=V&op=OP&mode=MODE[&style=STYLE][&seconds=N][&times=N]   from now on, for so many requests (0: until it is taken back)
 *          POST /-/reset                                                                 no fault, an empty book
 *          POST /-/advance?ms=N                                                          the vendors' clock goes on
 *          POST /-/state?vendor=V&id=ID&state=TEXT                                       what it has made of a report
 *          GET  /-/reports[?vendor=V]                                                    the book (rg_vendors_book)
 * All are open to whoever reaches the port: loopback. */
#ifndef RG_VENDORS_H
#define RG_VENDORS_H

#include <jansson.h>
#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

/* Who asks rightly. */
#define RG_VENDOR_USER   "range-user"
#define RG_VENDOR_SECRET "range-secret"

typedef struct rg_vendors rg_vendors;
typedef struct rg_vendor rg_vendor;
typedef struct rg_call rg_call;

/* What a vendor answers to. `path` stands behind /NAME; "{}" is one segment, which becomes call->args[]. */
typedef struct rg_route {
	const char *
		op; /* what for: "submit", "poll", "find", "lookup", "token", "picture" ...: faults name it */
	const char *method, *path;
	void (*answer)(rg_call *call);
	const char *has; /* of several with one path: what its body holds; NULL: anything */
} rg_route;

struct rg_vendor {
	const char *name;
	const char *
		auth; /* "none", "bearer", "basic", "sigv4 SERVICE", "header NAME", "query NAME"; a request without it gets 401 */
	int per_minute; /* its quota of submissions, 0: none; one over it gets 429 and is counted */
	bool tokens;    /* the same token again is the same report */
	const char *conf; /* lines for the channel's file besides url and secret-file, or NULL */
	const rg_route *routes; /* the first that fits holds; ends with {0} */
};

/* One report that a vendor has taken. */
typedef struct rg_report {
	unsigned number; /* of this vendor's, from 1 */
	char *id;        /* "00000000-0000-4000-8000-000000000001" */
	char *what;      /* what makes it the same as another: its URLs, sorted, parted by blanks */
	char *token;     /* or NULL */
	char *state;     /* what control has set, or NULL: the vendor's first one */
	unsigned polls;
	json_t *body;    /* as it came, or NULL if it was no JSON */
	int64_t at_ms;   /* by the vendors' clock */
	int64_t real_ms; /* by everybody's: what their answers say */
} rg_report;

/* One request, whole. */
struct rg_call {
	rg_vendors *vendors;
	const rg_vendor *vendor;
	const rg_route *route;
	struct MHD_Connection *c;
	const char *method, *path;
	char *args[4];
	const GString *body;
	json_t *json; /* its body, or NULL */
	/* What becomes of it. */
	unsigned status;
	GString *reply;
	const char *type;
	GPtrArray *headers; /* "Name: value" */
};

/* rg_vendors_new(port, error): serves from then on, on 127.0.0.1; port 0: any. HK_EIO. */
rg_vendors *rg_vendors_new(uint16_t port, GError **error);
void rg_vendors_free(rg_vendors *v); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(rg_vendors, rg_vendors_free)
uint16_t rg_vendors_port(const rg_vendors *v);

/* rg_vendors_conf(v, dir, error): writes dir/NAME.conf and dir/NAME.secret for each vendor: channels of hikeshi that lead here. */
bool rg_vendors_conf(const rg_vendors *v, const char *dir, GError **error);

/* rg_vendors_account(): the key file of a service account that the range knows, as JSON; its token endpoint is /webrisk/token. Caller frees. */
char *rg_vendors_account(void);

/* The control requests, as calls; any thread. mode and style: vendorfaults.def; op NULL: all. seconds: what 429 and 503 ask for. False: there is no such. */
bool rg_vendors_fault(rg_vendors *v, const char *vendor, const char *op, const char *mode,
	const char *style, int seconds, int times);
void rg_vendors_reset(rg_vendors *v);
void rg_vendors_advance(rg_vendors *v, int64_t ms);
bool rg_vendors_state(rg_vendors *v, const char *vendor, const char *id, const char *state);

/* rg_vendors_book(v, vendor): what arrived, as JSON; vendor NULL: all. Caller frees. {"vendors":{"netcraft":{
 *     "requests": all; "whole": submissions that arrived whole, refused ones too; "denied": wrong or no credentials; "early": before the time that a 429
 *     named; "over": over the quota; "polls": other requests than submissions;
 *     "distinct": reports, each once; "doubles": reports that it holds twice or more often; "reports": [{"id","what","token","polls","state"}]}}} */
char *rg_vendors_book(rg_vendors *v, const char *vendor);

/* The same numbers. False: there is no such vendor. */
typedef struct rg_counts {
	int64_t requests, whole, denied, early, over, polls, distinct, doubles;
} rg_counts;
bool rg_vendors_counts(rg_vendors *v, const char *vendor, rg_counts *ret);

extern const rg_vendor *const rg_vendor_rows[];
extern const size_t rg_vendor_count;

/* ---- For the vendors ---- */

/* rg_call_json(call, status, value): answers with value, which it takes. rg_call_text(): with text. rg_call_error(): {"message": text}. */
void rg_call_json(rg_call *call, unsigned status, json_t *value);
void rg_call_text(rg_call *call, unsigned status, const char *type, const char *text);
void rg_call_error(rg_call *call, unsigned status, const char *text);
void rg_call_header(rg_call *call, const char *name, const char *value);

/* rg_call_arg(call, name): of the query, or NULL. rg_call_str(call, name): a member of the body that is a string, or NULL.
 * rg_call_form(call, name): a value of a body that is a form, percent-decoded (the caller's), or NULL. */
const char *rg_call_arg(const rg_call *call, const char *name);
const char *rg_call_str(const rg_call *call, const char *name);
char *rg_call_form(const rg_call *call, const char *name);

/* rg_call_take(call, what, token): writes a report into the book; what: its URLs (copied; order and repetition do not count), token: or NULL. A vendor with
 * tokens gets the one that it has for a token that it knows, and *ret_known (or NULL) is true. Borrowed until reset. */
rg_report *rg_call_take(
	rg_call *call, const char *const *what, size_t count, const char *token, bool *ret_known);

/* rg_call_take_list(call, list, member, token): what from a JSON list of strings (member NULL) or of objects with such a member. */
rg_report *rg_call_take_list(
	rg_call *call, const json_t *list, const char *member, const char *token);

/* rg_call_report(call, id): the report of that id; rg_call_report_of(call, url): the first that speaks of url; or NULL. */
rg_report *rg_call_report(rg_call *call, const char *id);
rg_report *rg_call_report_of(rg_call *call, const char *url);
/* rg_call_reports(call): all of the vendor, in order; borrowed. */
const GPtrArray *rg_call_reports(rg_call *call);

/* rg_call_state(report, first): what control has set, or first. */
const char *rg_call_state(const rg_report *report, const char *first);

#endif
