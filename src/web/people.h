/* web/people: what is done to users and tokens, by the API and by `hikeshi user`. Layer: web. Input is checked here.
 *
 * Every call runs inside a transaction of flow/flow.h and leaves its audit row. Errors: HK_ERANGE, HK_EFORM "field: ...", HK_EPOLICY, HK_ENOENT, HK_EINCONSISTENT. */
#ifndef HK_WEB_PEOPLE_H
#define HK_WEB_PEOPLE_H

#include "flow/flow.h"
#include "store/users.h"

enum {
	HK_PERSON_NAME_MAX = 100, /* characters */
	HK_PERSON_MAIL_MAX = 200,
	HK_PERSON_PREFS_MAX = 16384, /* bytes */
	HK_TOKEN_NAME_MAX = 100,
	HK_TOKEN_DAYS_MAX = 366,
};

/* hk_person_add(flow, login, name, mail, roles, hash, ret_id, error): roles: bits; hash: of hk_password_hash, or NULL: no local login; name NULL: the
 * login. */
bool hk_person_add(hk_flow *flow, const char *login, const char *name, const char *mail,
	unsigned roles, const char *hash, int64_t *ret_id, GError **error);

/* hk_person_edit(flow, user, name, mail, lang, prefs, state, roles, error): *user as read, with its version; NULL and -1 leave a field as it is. Ends the user's
 * sessions when state or roles change. The last active system_admin keeps that role: HK_EPOLICY. */
bool hk_person_edit(hk_flow *flow, hk_user *user, const char *name, const char *mail,
	const char *lang, const char *prefs, const char *state, int64_t roles, GError **error);

/* hk_person_password(flow, user, hash, but, error): sets it, forgets failures, ends all sessions but those of the login `but` (csrf or NULL). */
bool hk_person_password(
	hk_flow *flow, const hk_user *user, const char *hash, const char *but, GError **error);
bool hk_person_totp(
	hk_flow *flow, const hk_user *user, GBytes *sealed, const char *what, GError **error);
bool hk_person_unlock(hk_flow *flow, const hk_user *user, GError **error);
bool hk_person_sessions(hk_flow *flow, const hk_user *user, const char *but, GError **error);

/* hk_person_sso(flow, id, login, error): marks the user for single sign-on: who comes next under this login becomes this user, and nobody else after it.
 * Ends their sessions. */
bool hk_person_sso(hk_flow *flow, int64_t id, const char *login, GError **error);

/* hk_person_token(flow, user, name, scopes, days, ret_id, error): the token's text, which is never seen again; NULL on failure. Caller frees. */
char *hk_person_token(hk_flow *flow, const hk_user *user, const char *name, unsigned scopes,
	int64_t days, int64_t *ret_id, GError **error);
bool hk_person_token_revoke(hk_flow *flow, const hk_user *user, int64_t id, GError **error);

#endif
