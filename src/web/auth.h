/* web/auth: who is asking, and may they. Layer: web. Cookies, tokens and headers are hostile. */
#ifndef HK_WEB_AUTH_H
#define HK_WEB_AUTH_H

#include "store/sessions.h"
#include "store/users.h"
#include "web/web_int.h"

enum {
	HK_AUTH_TOUCH_MS = 60000,       /* seen_ms is written at most this often */
	HK_AUTH_ROTATE_MS = 15 * 60000, /* a cookie is exchanged when it is older */
	HK_AUTH_GRACE_MS =
		60000, /* the old one still holds so long: requests are under way with it */
	HK_LOGIN_MAX = 64,
};

/* hk_auth_request(thread, req, reply, error): fills in who, roles, scopes, session of *req and checks what the route wants: origin, CSRF
 * token, permission. Problems: 401, 403. May write (seen, exchange of the cookie), in a transaction of its own. */
bool hk_auth_request(hk_web_thread *thread, hk_req *req, hk_reply *reply, GError **error);

/* hk_auth_begin(req, user_id, full, now_ms, ret_csrf, error): inside a write transaction: ends the session that the request came with, makes a new one and sets its
 * cookie. *ret_csrf: owned. */
bool hk_auth_begin(
	hk_req *req, int64_t user_id, bool full, int64_t now_ms, char **ret_csrf, GError **error);
/* hk_auth_forget(req): takes the cookie away. */
void hk_auth_forget(hk_req *req);

/* hk_auth_token_hash(text, ret): the hash of "hk_...", false when it has another form. hk_auth_token_new(ret_hash): a new one; caller
 * frees. */
bool hk_auth_token_hash(const char *text, uint8_t ret[32]);
char *hk_auth_token_new(uint8_t ret_hash[32]);

/* hk_login_fold(text): the login as it is kept: lower case, of a-z 0-9 . _ @ + -, at most HK_LOGIN_MAX; NULL for what can be none. Caller
 * frees. */
char *hk_login_fold(const char *text);

#endif
