/* report/post: sends one request of a channel over HTTP and brings the answer. Layer: stage (report). What comes back is hostile.
 *
 * What leaves is what was approved: method, URL, headers and body as the channel wrote them and as they were kept. Only how we say who we are is added here
 * (hk_channel_auth), and what every HTTP request has: Host, User-Agent, Content-Length, Accept-Encoding: identity. No redirects, no cookies. The network is
 * sys/egress's, purpose "report". */
#ifndef HK_REPORT_POST_H
#define HK_REPORT_POST_H

#include "report/channel.h"
#include "sys/egress.h"
#include "sys/http.h"

/* Longest body that is sent. */
#define HK_POST_BODY_MAX (32u << 20)
/* A token is fetched anew so long before it ends. */
#define HK_POST_TOKEN_SPARE_MS 60000

typedef struct hk_post hk_post;

typedef struct hk_post_config {
	const char *contact; /* for the User-Agent: see hk_http_contact_check() */
	hk_egress *egress;   /* NULL: hk_egress_house() */
	unsigned timeout_ms; /* the whole exchange, a body that comes slowly too; 0: 60,000 */
	unsigned connect_ms; /* 0: 10,000 */
} hk_post_config;

/* hk_post_new(config): one for each thread; keeps tokens. Strings are copied. */
hk_post *hk_post_new(const hk_post_config *config);
void hk_post_free(hk_post *post); /* accepts NULL; tokens are wiped */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_post, hk_post_free)

/* What came back. `answer` borrows from the rest. Zeroed before the first use. */
typedef struct hk_post_answer {
	hk_channel_answer answer;
	GByteArray *
		body; /* as it came, what is not whole too; never NULL after hk_post_send() returned true */
	char *type;
	char *error; /* why there is no answer, or not all of it; NULL: it is whole */
} hk_post_answer;
void hk_post_answer_clear(hk_post_answer *answer);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(hk_post_answer, hk_post_answer_clear)

/* hk_post_send(post, conf, ask, last, user, ret, error): sends it and waits for the answer, at most the time-out. last (or NULL) is called right before the
 * last byte of the request leaves (sys/http.h); false: it is not sent. An answer that cannot be had is an answer, too: status 0, ret->error says why,
 * ret->answer.left whether the last byte may have left. A token endpoint that says no is a 401; one that does not answer, status 0 with left false.
 * A 401 to a token that was fetched earlier is tried once more with a new one: last is then called again.
 * False: it cannot be sent at all, nothing left: HK_ECONFIG: the channel's file lacks what `auth` needs, its ca_file cannot be read; HK_EPOLICY: a URL or header that may
 * not be sent; HK_ELIMIT: body over HK_POST_BODY_MAX; HK_EFORM: a URL that cannot be signed. */
bool hk_post_send(hk_post *post, const hk_channel_conf *conf, const hk_channel_ask *ask,
	hk_http_last last, void *user, hk_post_answer *ret, GError **error);

#endif
