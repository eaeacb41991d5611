/* sys/fetch_int: what fetch.c, fetch_hop.c and fetch_tls.c share. Layer: sys. */
#ifndef HK_SYS_FETCH_INT_H
#define HK_SYS_FETCH_INT_H

#include <openssl/ssl.h>

#include "parse/url.h"
#include "sys/egress_curl.h"
#include "sys/fetch.h"

struct hk_fetch {
	hk_egress *egress;
	hk_egress_loop *loop;
	CURLM *multi;
	X509_STORE *store; /* the authorities, loaded once */
	int epoll;
	int wake_fd;          /* that is in epoll, or -1 */
	int64_t timer_at_ms;  /* when curl wants to be called; INT64_MAX: not */
	int64_t killed_at_ms; /* when the kill switch was last looked at */
	GHashTable *calls;    /* set */
	GPtrArray *fresh;     /* of calls that have not begun */
	GPtrArray *idle;      /* CURL */
	uint64_t told;        /* calls that have ended: so that a step does not wait after one */
};

struct hk_fetch_call {
	hk_fetch *fetch;
	hk_fetch_done done;
	void *user;
	hk_egress_session *session;

	/* What was asked. */
	char *asked;
	hk_fetch_method method;
	struct curl_slist *headers;
	GBytes *post;
	size_t max_bytes;
	unsigned max_hops, timeout_ms, connect_ms;
	bool verify, http1;

	/* Where it stands. */
	int64_t start_ms, hop_ms, until_ms;
	hk_url url;
	GArray *hops; /* hk_fetch_hop; the last one is under way */
	hk_egress_ask *ask;
	hk_egress_grant *grant;
	unsigned at; /* which of its addresses */
	hk_egress_curl egress;
	CURL *easy;
	bool running;
	GByteArray *body;
	GString *head;
	bool truncated, bomb, head_over, cookies;
	bool *ended; /* set when it ends inside hk_fetch_hop_begin(), or NULL */
	GError *error;
};

/* The hop under way. */
static inline hk_fetch_hop *
hk_fetch_hop_now(hk_fetch_call *call)
{
	return &g_array_index(call->hops, hk_fetch_hop, call->hops->len - 1);
}

/* fetch_hop.c. hk_fetch_hop_begin(call): asks for the hop to call->url; ends the call when it cannot. hk_fetch_hop_done(call, result):
 * curl is done with it. */
void hk_fetch_hop_begin(hk_fetch_call *call);
void hk_fetch_hop_done(hk_fetch_call *call, CURLcode result);
void hk_fetch_hop_clear(void *hop);

/* fetch.c: tells done, and frees the call. error is taken. */
void hk_fetch_finish(hk_fetch_call *call, GError *error);

/* fetch_tls.c: CURLOPT_SSL_CTX_FUNCTION, with a call: keeps the chain and what is wrong with it in the hop. */
CURLcode hk_fetch_tls(CURL *easy, void *ssl_ctx, void *user);

/* The authorities of ca_file, or of the system. */
X509_STORE *hk_fetch_store(const char *ca_file, GError **error);

#endif
