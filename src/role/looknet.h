/* role/looknet: the requests of light looks: one page of one name each, as a telephone would ask for it, hundreds at once. Layer: role.
 * What comes back is hostile.
 *
 * https first; http when nothing there speaks TLS. Redirects are followed, each hop through egress (purpose "look"). */
#ifndef HK_ROLE_LOOKNET_H
#define HK_ROLE_LOOKNET_H

#include "score/page.h"
#include "store/looks.h"
#include "sys/fetch.h"

enum { HK_LOOKNET_HOPS = 5, HK_LOOKNET_STEPS = 3 };

/* One name that is looked at. Strings owned. */
typedef struct hk_look {
	hk_look_row *row; /* owned; NULL: nobody's (the command) */
	char *host,
		*url; /* url: canonical, that is asked now; the first that answered stays in asked */
	char *asked;
	unsigned
		steps; /* pages of the way that were asked for: HK_LOOKNET_STEPS at most (hk_look_again) */
	bool may_http; /* nobody named a scheme: http is tried when https is not there */
	/* The answer. */
	int status;                   /* 0: none */
	char *final_url, *type, *why; /* why: there is no (whole) answer, or NULL */
	bool ours; /* it was not the site's fault: egress was stopped, or its pace is used up */
	GByteArray *body;
	GPtrArray *hops;              /* hosts on the way */
	int64_t started_ms, ended_ms; /* monotonic */
	struct hk_looknet *net;
	hk_fetch_call *call; /* under way, or NULL */
} hk_look;
void hk_look_free(hk_look *look); /* accepts NULL; cancels */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_look, hk_look_free)

/* hk_look_new(host, url, row): url NULL: the front page of host. row is taken. */
hk_look *hk_look_new(const char *host, const char *url, hk_look_row *row);

/* hk_look_answer(look, ret): as score/page takes it; borrowed from look. */
void hk_look_answer(const hk_look *look, hk_page_answer *ret);

/* For whoever visits a page of a name (role/visit, too). hk_looknet_wants_http(answer): nothing answered by TLS, but the name is there and egress let it out: the same may be asked for over http. */
/* hk_looknet_telephone(): header lines of such a telephone, owned, NULL at the end. Caller unrefs. */
GPtrArray *hk_looknet_telephone(void);
bool hk_looknet_wants_http(const hk_fetch_answer *answer);

typedef struct hk_looknet hk_looknet;

/* Called from hk_looknet_step(), once for each look that ends. The look is the callee's. */
typedef void (*hk_looknet_done)(void *user, hk_look *look);

typedef struct hk_looknet_config {
	hk_egress *egress;   /* borrowed; NULL: the house's */
	const char *exit;    /* name of a way out, or NULL */
	const char *who;     /* requester in egress records */
	unsigned timeout_ms; /* one page with its redirects */
} hk_looknet_config;

/* hk_looknet_new(config, done, user, error): strings are copied. */
hk_looknet *hk_looknet_new(
	const hk_looknet_config *config, hk_looknet_done done, void *user, GError **error);
void hk_looknet_free(hk_looknet *net); /* accepts NULL; looks under way are freed */

/* hk_looknet_start(net, look, error): takes it. Only a defect of ours fails (then it is freed). */
bool hk_looknet_start(hk_looknet *net, hk_look *look, GError **error);
/* hk_looknet_again(net, look, url, error): what the page leads to, as one more step of the same look. False, error unset: no more steps. */
bool hk_looknet_again(hk_looknet *net, hk_look *look, const char *url, GError **error);

size_t hk_looknet_busy(const hk_looknet *net);
/* hk_looknet_step(net, timeout_ms, wake_fd): as hk_fetch_step. */
void hk_looknet_step(hk_looknet *net, int timeout_ms, int wake_fd);

#endif
