/* web/login: passwords, second factors, limits; what sessions are made of. Layer: web. What people type is hostile. */
#ifndef HK_WEB_LOGIN_H
#define HK_WEB_LOGIN_H

#include "store/users.h"
#include "web/web_int.h"

enum {
	HK_LOGIN_FREE = 5,        /* wrong ones in a row that cost nothing */
	HK_LOGIN_WAIT_MS = 30000, /* after the next one, doubled for each further one */
	HK_LOGIN_WAIT_MAX_MS = 15 * 60000,
	HK_LOGIN_WINDOW_MS =
		24 * 3600000,       /* a row is forgotten when nothing was tried for so long */
	HK_LOGIN_ADDRESS_FREE = 50, /* wrong ones from one address */
	HK_LOGIN_ADDRESS_WINDOW_MS = 15 * 60000,
};

/* hk_login_wait_ms(count): how long after `count` wrong ones the next may be tried. Pure. */
int64_t hk_login_wait_ms(int64_t count);

/* hk_login_session_json(req, user, csrf, full, out): the object that GET and POST /session answer with. */
void hk_login_session_json(
	const hk_req *req, const hk_user *user, const char *csrf, bool full, GString *out);

/* hk_totp_seal(web, secret, active), hk_totp_unseal(web, user, ret_active): the column users.totp. NULL: none, or sealed with another key. Caller
 * unrefs. */
GBytes *hk_totp_seal(const hk_web *web, hk_span secret, bool active);
GBytes *hk_totp_unseal(const hk_web *web, const hk_user *user, bool *ret_active);

/* hk_user_json(user, admin, out): a user as an object; admin: with what only administrators see. */
void hk_user_json(const hk_user *user, bool admin, GString *out);

#endif
