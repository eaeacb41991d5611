/* store/users: rows of users, user_roles and tokens. Layer: store. Texts are checked by the caller; who may, too.
 *
 * The writing calls run inside a write transaction of the caller (flow/flow.h), who audits. Errors: HK_ENOENT, HK_EPOLICY (a login or an
 * identity that somebody else has), HK_EINCONSISTENT (version), and those of store/db.h. */
#ifndef HK_STORE_USERS_H
#define HK_STORE_USERS_H

#include "store/db.h"

typedef struct hk_user {
	int64_t id;
	char *login; /* lower case */
	char *name;
	char *mail;  /* or NULL, the same for the others that may be NULL in the schema */
	char *state; /* active | disabled */
	char *lang;
	char *prefs; /* JSON */
	char *password;
	GBytes *totp;
	int64_t totp_step;
	int64_t failures;
	int64_t locked_ms;
	char *oidc_issuer; /* "" without a subject: see hk_user_await_oidc */
	char *oidc_subject;
	int64_t created_ms;
	int64_t version;
	char *roles; /* names, a blank between, sorted; "" for none */
} hk_user;

void hk_user_free(hk_user *user); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_user, hk_user_free)

/* hk_user_get(db, id, error), hk_user_by_login(db, login, error), hk_user_by_oidc(db, issuer, subject, error): NULL and HK_ENOENT when
 * there is none. */
hk_user *hk_user_get(hk_db *db, int64_t id, GError **error);
hk_user *hk_user_by_login(hk_db *db, const char *login, GError **error);
hk_user *hk_user_by_oidc(hk_db *db, const char *issuer, const char *subject, GError **error);

/* hk_users_list(db, after, limit, error): users with an id above after, by id; owned hk_user *. */
GPtrArray *hk_users_list(hk_db *db, int64_t after, int64_t limit, GError **error);

/* hk_user_insert(db, user, ret_id, error): login, name, mail, state, lang, prefs, password, oidc_*, created_ms, roles of *user. */
bool hk_user_insert(hk_db *db, const hk_user *user, int64_t *ret_id, GError **error);

/* hk_user_save(db, user, error): name, mail, state, lang, prefs and roles of the row with user->id, if its version is user->version, which
 * counts on. */
bool hk_user_save(hk_db *db, hk_user *user, GError **error);

/* One column each; version is left alone. hk_user_set_password: hash, or NULL for no local login. hk_user_set_totp: NULL for none;
 * the last used step begins at 0 again. hk_user_use_step(db, id, step, ret_fresh, error): *ret_fresh: the step is later than
 * the last one used, and is now the last one. */
bool hk_user_set_password(hk_db *db, int64_t id, const char *hash, GError **error);
bool hk_user_set_totp(hk_db *db, int64_t id, GBytes *totp, GError **error);
bool hk_user_use_step(hk_db *db, int64_t id, int64_t step, bool *ret_fresh, GError **error);
bool hk_user_set_failures(
	hk_db *db, int64_t id, int64_t failures, int64_t locked_ms, GError **error);
bool hk_user_set_oidc(
	hk_db *db, int64_t id, const char *issuer, const char *subject, GError **error);
/* hk_user_await_oidc(db, id, error): an administrator's mark: who comes next by single sign-on under this login becomes this user. An identity that the
 * user had is forgotten. hk_user_awaits_oidc(user): whether it stands. hk_user_set_oidc ends it. */
bool hk_user_await_oidc(hk_db *db, int64_t id, GError **error);
bool hk_user_awaits_oidc(const hk_user *user);

/* hk_users_with_role(db, role, ret, error): how many active users have it. */
bool hk_users_with_role(hk_db *db, const char *role, int64_t *ret, GError **error);

/* API tokens. */
typedef struct hk_token {
	int64_t id;
	int64_t user_id;
	char *name;
	char *scopes;
	int64_t created_ms;
	int64_t expires_ms;
	int64_t used_ms;    /* 0: never */
	int64_t revoked_ms; /* 0: not */
} hk_token;
void hk_token_free(hk_token *token); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_token, hk_token_free)

bool hk_token_insert(
	hk_db *db, const hk_token *token, const uint8_t hash[32], int64_t *ret_id, GError **error);
/* hk_token_by_hash(db, hash, error): HK_ENOENT when there is none. Expiry and revocation are the caller's to judge. */
hk_token *hk_token_by_hash(hk_db *db, const uint8_t hash[32], GError **error);
/* hk_tokens_of(db, user_id, error): owned hk_token *, newest first; revoked ones too. */
GPtrArray *hk_tokens_of(hk_db *db, int64_t user_id, GError **error);
/* hk_token_revoke(db, user_id, id, now_ms, error): HK_ENOENT when the user has no such token that is not revoked. id 0: all of the user, none is
 * fine. */
bool hk_token_revoke(hk_db *db, int64_t user_id, int64_t id, int64_t now_ms, GError **error);
bool hk_token_touch(hk_db *db, int64_t id, int64_t now_ms, GError **error);

#endif
