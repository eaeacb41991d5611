/* report/post_int: between post.c (sending), post_auth.c (who we are) and post_token.c (tokens). Layer: stage (report). */
#ifndef HK_REPORT_POST_INT_H
#define HK_REPORT_POST_INT_H

#include "report/post.h"

/* A token of a channel. */
typedef struct hk_post_token {
	char *text;
	int64_t until_ms; /* hk_clock_mono_ms() */
} hk_post_token;

struct hk_post {
	char *contact;
	hk_egress *egress; /* a reference, or NULL */
	unsigned timeout_ms, connect_ms;
	GHashTable *clients; /* CA file, or "": hk_http */
	GHashTable *tokens;  /* name of the channel's file and scope: hk_post_token */
};

/* hk_post_exchange(post, ca_file, request, ret, error): sends it, whatever it is. */
bool hk_post_exchange(hk_post *post, const char *ca_file, const hk_http_request *request,
	hk_post_answer *ret, GError **error);

/* hk_post_auth(conf, ask, token, now_s, headers, ret_url, error): adds to headers what says who we are; *ret_url: the URL to send to, caller frees. token: for
 * HK_AUTH_OAUTH and HK_AUTH_JWT. Pure. HK_ECONFIG, HK_EFORM. */
bool hk_post_auth(const hk_channel_conf *conf, const hk_channel_ask *ask, const char *token,
	int64_t now_s, GPtrArray *headers, char **ret_url, GError **error);

/* hk_post_token_get(post, conf, ask, ret, ret_old, error): the token for a channel and scope, borrowed; *ret_old: it was fetched earlier. NULL without error: there is none
 * now, *ret says what the token endpoint said, as an answer to the request. */
const char *hk_post_token_get(hk_post *post, const hk_channel_conf *conf, const hk_channel_ask *ask,
	hk_post_answer *ret, bool *ret_old, GError **error);
void hk_post_token_drop(hk_post *post, const hk_channel_conf *conf, const hk_channel_ask *ask);
void hk_post_token_free(void *token);

#endif
