/* role/visit: the requests of the pool "monitor": one page of a watched site, asked for by one of its visitors (monitor/variants.def), hundreds at once.
 * Layer: role. What comes back is hostile.
 *
 * As role/looknet, but as different people by different ways: a telephone from a message, a desktop from a search engine. Redirects are followed, each hop
 * through egress (purpose "monitor"). */
#ifndef HK_ROLE_VISIT_H
#define HK_ROLE_VISIT_H

#include "monitor/check.h"
#include "score/page.h"
#include "sys/fetch.h"

enum { HK_OUTING_HOPS = 6, HK_OUTING_STEPS = 3 };

/* One visit on its way. Strings owned. */
typedef struct hk_outing {
	void *user;   /* the caller's */
	size_t place; /* the caller's: in its check */
	hk_watcher watcher;
	char *exit;       /* name, or NULL: direct */
	char *host, *url; /* that was asked first; that is asked now */
	bool may_http;    /* nobody named a scheme: http when nothing there speaks TLS */
	unsigned steps;   /* pages that were asked for, HK_OUTING_STEPS at most */
	/* The answer. */
	hk_met met;
	int status;
	char *final_url, *final_host, *final_path, *address, *type, *why;
	GByteArray *body;
	uint64_t print;   /* of status, last URL and body; 0: no answer */
	uint8_t leaf[32]; /* SHA-256 of the certificate of the last host; all zero: none */
	unsigned ms;
	struct hk_visitnet *net;
	hk_fetch_call *call; /* under way, or NULL */
} hk_outing;

/* hk_outing_new(url, host, watcher, exit): url NULL: the front page of host. */
hk_outing *hk_outing_new(const char *url, const char *host, hk_watcher watcher, const char *exit);
void hk_outing_free(hk_outing *outing); /* accepts NULL; cancels */

/* hk_outing_page(outing, ret): as score/page takes it; borrowed. hk_outing_answer(outing, sketch, ret): as monitor/visit takes it, borrowed from both; sketch NULL: it was not
 * read. hk_visit_answer_fill(sketch, ret): what of it the page says. */
void hk_outing_page(const hk_outing *outing, hk_page_answer *ret);
void hk_outing_answer(const hk_outing *outing, const hk_page_sketch *sketch, hk_visit_answer *ret);
void hk_visit_answer_fill(const hk_page_sketch *sketch, hk_visit_answer *ret);

typedef struct hk_visitnet hk_visitnet;

/* Called from hk_visitnet_step(), once for each outing that ends. The outing is the callee's. */
typedef void (*hk_visitnet_done)(void *user, hk_outing *outing);

/* hk_visitnet_new(egress, who, timeout_ms, done, user, error): egress NULL: the house's; who: requester in egress records, copied; timeout_ms: of one page with
 * its redirects. */
hk_visitnet *hk_visitnet_new(hk_egress *egress, const char *who, unsigned timeout_ms,
	hk_visitnet_done done, void *user, GError **error);
void hk_visitnet_free(hk_visitnet *net); /* accepts NULL; outings under way are freed */

/* hk_visitnet_start(net, outing, error): takes it. Only a defect of ours fails (then it is freed). hk_visitnet_again(net, outing, url): what the page leads to, as one more step;
 * false: no more steps, the outing is still the caller's. */
bool hk_visitnet_start(hk_visitnet *net, hk_outing *outing, GError **error);
bool hk_visitnet_again(hk_visitnet *net, hk_outing *outing, const char *url);

/* hk_visitnet_drop(net): frees all that are under way; done is not called. Not from done. */
void hk_visitnet_drop(hk_visitnet *net);
size_t hk_visitnet_busy(const hk_visitnet *net);
void hk_visitnet_step(hk_visitnet *net, int timeout_ms, int wake_fd); /* as hk_fetch_step */

#endif
