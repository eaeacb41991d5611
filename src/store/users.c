#include "store/users.h"

#include <string.h>

#include "sys/gerr.h"

#define USER_COLUMNS                                                                               \
	"id, login, name, mail, state, lang, prefs, password, totp, totp_step, failures, "         \
	"locked_ms, oidc_issuer, oidc_subject, created_ms, version"

void
hk_user_free(hk_user *user)
{
	if (!user) {
		return;
	}
	g_free(user->login);
	g_free(user->name);
	g_free(user->mail);
	g_free(user->state);
	g_free(user->lang);
	g_free(user->prefs);
	g_free(user->password);
	if (user->totp) {
		g_bytes_unref(user->totp);
	}
	g_free(user->oidc_issuer);
	g_free(user->oidc_subject);
	g_free(user->roles);
	g_free(user);
}

static hk_user *
user_of(const hk_rows *rows)
{
	hk_user *user = g_new0(hk_user, 1);
	hk_span totp = hk_rows_blob(rows, 8);

	user->id = hk_rows_int(rows, 0);
	user->login = g_strdup(hk_rows_str(rows, 1));
	user->name = g_strdup(hk_rows_str(rows, 2));
	user->mail = g_strdup(hk_rows_str(rows, 3));
	user->state = g_strdup(hk_rows_str(rows, 4));
	user->lang = g_strdup(hk_rows_str(rows, 5));
	user->prefs = g_strdup(hk_rows_str(rows, 6));
	user->password = g_strdup(hk_rows_str(rows, 7));
	user->totp = hk_rows_is_null(rows, 8) ? NULL : g_bytes_new(totp.data, totp.len);
	user->totp_step = hk_rows_int(rows, 9);
	user->failures = hk_rows_int(rows, 10);
	user->locked_ms = hk_rows_int(rows, 11);
	user->oidc_issuer = g_strdup(hk_rows_str(rows, 12));
	user->oidc_subject = g_strdup(hk_rows_str(rows, 13));
	user->created_ms = hk_rows_int(rows, 14);
	user->version = hk_rows_int(rows, 15);
	return user;
}

static bool
read_roles(hk_db *db, hk_user *user, GError **error)
{
	GError *why = NULL;
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT role FROM user_roles WHERE user_id = $1 ORDER BY role"),
		HK_ARGS(hk_v_int(user->id)), error);
	if (!rows) {
		return false;
	}
	GString *out = g_string_new(NULL);
	while (hk_rows_next(rows, &why)) {
		g_string_append_printf(out, "%s%s", out->len > 0 ? " " : "", hk_rows_str(rows, 0));
	}
	user->roles = g_string_free(out, FALSE);
	if (why) {
		g_propagate_error(error, why);
		return false;
	}
	return true;
}

/* Takes rows, which may be NULL with the error set. */
static hk_user *
one(hk_db *db, hk_rows *taken, const char *what, GError **error)
{
	g_autoptr(hk_rows) rows = taken;
	bool found;

	if (!hk_rows_one(rows, &found, error)) {
		return NULL;
	}
	if (!found) {
		hk_error_set(error, HK_ENOENT, "%s", what);
		return NULL;
	}
	g_autoptr(hk_user) user = user_of(rows);
	g_clear_pointer(&rows, hk_rows_free);
	return read_roles(db, user, error) ? g_steal_pointer(&user) : NULL;
}

hk_user *
hk_user_get(hk_db *db, int64_t id, GError **error)
{
	return one(db,
		hk_db_query(db, HK_SQL("SELECT " USER_COLUMNS " FROM users WHERE id = $1"),
			HK_ARGS(hk_v_int(id)), error),
		"there is no such user", error);
}

hk_user *
hk_user_by_login(hk_db *db, const char *login, GError **error)
{
	return one(db,
		hk_db_query(db, HK_SQL("SELECT " USER_COLUMNS " FROM users WHERE login = $1"),
			HK_ARGS(hk_v_str(login)), error),
		"there is no user of that login", error);
}

hk_user *
hk_user_by_oidc(hk_db *db, const char *issuer, const char *subject, GError **error)
{
	return one(db,
		hk_db_query(db,
			HK_SQL("SELECT " USER_COLUMNS
			       " FROM users WHERE oidc_issuer = $1 AND oidc_subject = $2"),
			HK_ARGS(hk_v_str(issuer), hk_v_str(subject)), error),
		"there is no user of that identity", error);
}

static void
free_user(void *user)
{
	hk_user_free(user);
}

GPtrArray *
hk_users_list(hk_db *db, int64_t after, int64_t limit, GError **error)
{
	GError *why = NULL;
	g_autoptr(GPtrArray) users = g_ptr_array_new_with_free_func(free_user);
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT " USER_COLUMNS " FROM users WHERE id > $1 ORDER BY id LIMIT $2"),
		HK_ARGS(hk_v_int(after), hk_v_int(limit)), error);

	if (!rows) {
		return NULL;
	}
	while (hk_rows_next(rows, &why)) {
		g_ptr_array_add(users, user_of(rows));
	}
	g_clear_pointer(&rows, hk_rows_free);
	if (why) {
		g_propagate_error(error, why);
		return NULL;
	}
	for (guint i = 0; i < users->len; i++) {
		if (!read_roles(db, users->pdata[i], error)) {
			return NULL;
		}
	}
	return g_steal_pointer(&users);
}

static bool
write_roles(hk_db *db, int64_t id, const char *roles, GError **error)
{
	if (!hk_db_exec(db, HK_SQL("DELETE FROM user_roles WHERE user_id = $1"),
		    HK_ARGS(hk_v_int(id)), NULL, error)) {
		return false;
	}
	for (const char *at = roles ? roles : ""; *(at += strspn(at, " "));) {
		size_t len = strcspn(at, " ");
		if (!hk_db_exec(db,
			    HK_SQL("INSERT INTO user_roles (user_id, role) VALUES ($1, $2)"),
			    HK_ARGS(hk_v_int(id), hk_v_text(hk_span_of(at, len))), NULL, error)) {
			return false;
		}
		at += len;
	}
	return true;
}

bool
hk_user_insert(hk_db *db, const hk_user *user, int64_t *ret_id, GError **error)
{
	int64_t id, taken;

	if (!hk_db_lock(db, "users", error) ||
		!hk_db_int(db, HK_SQL("SELECT count(*) FROM users WHERE login = $1"),
			HK_ARGS(hk_v_str(user->login)), &taken, error)) {
		return false;
	}
	if (taken > 0) {
		return hk_error_set(
			error, HK_EPOLICY, "login: \"%s\" is taken; choose another", user->login);
	}
	if (!hk_db_int(db,
		    HK_SQL("INSERT INTO users (login, name, mail, state, lang, prefs, password, "
			   "oidc_issuer, oidc_subject, created_ms) VALUES ($1, $2, $3, $4, $5, $6, "
			   "$7, $8, $9, $10) RETURNING id"),
		    HK_ARGS(hk_v_str(user->login), hk_v_str(user->name), hk_v_str(user->mail),
			    hk_v_str(user->state ? user->state : "active"),
			    hk_v_str(user->lang ? user->lang : "ja"),
			    hk_v_str(user->prefs ? user->prefs : "{}"), hk_v_str(user->password),
			    hk_v_str(user->oidc_issuer), hk_v_str(user->oidc_subject),
			    hk_v_int(user->created_ms)),
		    &id, error) ||
		!write_roles(db, id, user->roles, error)) {
		return false;
	}
	*ret_id = id;
	return true;
}

bool
hk_user_save(hk_db *db, hk_user *user, GError **error)
{
	int64_t changed = 0;

	if (!hk_db_exec(db,
		    HK_SQL("UPDATE users SET name = $1, mail = $2, state = $3, lang = $4, prefs = "
			   "$5, version = version + 1 WHERE id = $6 AND version = $7"),
		    HK_ARGS(hk_v_str(user->name), hk_v_str(user->mail), hk_v_str(user->state),
			    hk_v_str(user->lang), hk_v_str(user->prefs), hk_v_int(user->id),
			    hk_v_int(user->version)),
		    &changed, error)) {
		return false;
	}
	if (changed == 0) {
		return hk_error_set(
			error, HK_EINCONSISTENT, "somebody else has changed this user meanwhile");
	}
	user->version++;
	return write_roles(db, user->id, user->roles, error);
}

static bool
found(bool good, int64_t changed, const char *what, GError **error)
{
	if (!good) {
		return false;
	}
	return changed > 0 || hk_error_set(error, HK_ENOENT, "%s", what);
}

bool
hk_user_set_password(hk_db *db, int64_t id, const char *hash, GError **error)
{
	int64_t changed = 0;
	bool good = hk_db_exec(db, HK_SQL("UPDATE users SET password = $1 WHERE id = $2"),
		HK_ARGS(hk_v_str(hash), hk_v_int(id)), &changed, error);

	return found(good, changed, "there is no such user", error);
}

bool
hk_user_set_totp(hk_db *db, int64_t id, GBytes *totp, GError **error)
{
	int64_t changed = 0;
	size_t len = 0;
	const void *data = totp ? g_bytes_get_data(totp, &len) : NULL;
	bool good = hk_db_exec(db,
		HK_SQL("UPDATE users SET totp = $1, totp_step = 0 WHERE id = $2"),
		HK_ARGS(totp ? hk_v_blob(hk_span_of(data, len)) : hk_v_null(), hk_v_int(id)),
		&changed, error);

	return found(good, changed, "there is no such user", error);
}

bool
hk_user_use_step(hk_db *db, int64_t id, int64_t step, bool *ret_fresh, GError **error)
{
	int64_t changed = 0;

	if (!hk_db_exec(db,
		    HK_SQL("UPDATE users SET totp_step = $1 WHERE id = $2 AND totp_step < $1"),
		    HK_ARGS(hk_v_int(step), hk_v_int(id)), &changed, error)) {
		return false;
	}
	*ret_fresh = changed > 0;
	return true;
}

bool
hk_user_set_failures(hk_db *db, int64_t id, int64_t failures, int64_t locked_ms, GError **error)
{
	return hk_db_exec(db,
		HK_SQL("UPDATE users SET failures = $1, locked_ms = $2 WHERE id = $3"),
		HK_ARGS(hk_v_int(failures), hk_v_int(locked_ms), hk_v_int(id)), NULL, error);
}

bool
hk_user_set_oidc(hk_db *db, int64_t id, const char *issuer, const char *subject, GError **error)
{
	return hk_db_exec(db,
		HK_SQL("UPDATE users SET oidc_issuer = $1, oidc_subject = $2 WHERE id = $3"),
		HK_ARGS(hk_v_str(issuer), hk_v_str(subject), hk_v_int(id)), NULL, error);
}

bool
hk_user_await_oidc(hk_db *db, int64_t id, GError **error)
{
	return hk_db_exec(db,
		HK_SQL("UPDATE users SET oidc_issuer = '', oidc_subject = NULL WHERE id = $1"),
		HK_ARGS(hk_v_int(id)), NULL, error);
}

bool
hk_user_awaits_oidc(const hk_user *user)
{
	return user->oidc_issuer && *user->oidc_issuer == '\0' && !user->oidc_subject;
}

bool
hk_users_with_role(hk_db *db, const char *role, int64_t *ret, GError **error)
{
	return hk_db_int(db,
		HK_SQL("SELECT count(*) FROM users u JOIN user_roles r ON r.user_id = u.id WHERE "
		       "r.role = $1 AND u.state = 'active'"),
		HK_ARGS(hk_v_str(role)), ret, error);
}

/* Tokens ----------------------------------------------------------------------------------- */

#define TOKEN_COLUMNS "id, user_id, name, scopes, created_ms, expires_ms, used_ms, revoked_ms"

void
hk_token_free(hk_token *token)
{
	if (token) {
		g_free(token->name);
		g_free(token->scopes);
		g_free(token);
	}
}

static hk_token *
token_of(const hk_rows *rows)
{
	hk_token *token = g_new0(hk_token, 1);

	token->id = hk_rows_int(rows, 0);
	token->user_id = hk_rows_int(rows, 1);
	token->name = g_strdup(hk_rows_str(rows, 2));
	token->scopes = g_strdup(hk_rows_str(rows, 3));
	token->created_ms = hk_rows_int(rows, 4);
	token->expires_ms = hk_rows_int(rows, 5);
	token->used_ms = hk_rows_int(rows, 6);
	token->revoked_ms = hk_rows_int(rows, 7);
	return token;
}

bool
hk_token_insert(
	hk_db *db, const hk_token *token, const uint8_t hash[32], int64_t *ret_id, GError **error)
{
	return hk_db_int(db,
		HK_SQL("INSERT INTO tokens (user_id, name, hash, scopes, created_ms, expires_ms) "
		       "VALUES ($1, $2, $3, $4, $5, $6) RETURNING id"),
		HK_ARGS(hk_v_int(token->user_id), hk_v_str(token->name),
			hk_v_blob(hk_span_of(hash, 32)), hk_v_str(token->scopes),
			hk_v_int(token->created_ms), hk_v_int(token->expires_ms)),
		ret_id, error);
}

hk_token *
hk_token_by_hash(hk_db *db, const uint8_t hash[32], GError **error)
{
	GError *why = NULL;
	g_autoptr(hk_rows) rows =
		hk_db_query(db, HK_SQL("SELECT " TOKEN_COLUMNS " FROM tokens WHERE hash = $1"),
			HK_ARGS(hk_v_blob(hk_span_of(hash, 32))), error);

	if (!rows) {
		return NULL;
	}
	if (!hk_rows_next(rows, &why)) {
		if (why) {
			g_propagate_error(error, why);
		} else {
			hk_error_set(error, HK_ENOENT, "there is no such token");
		}
		return NULL;
	}
	return token_of(rows);
}

static void
free_token(void *token)
{
	hk_token_free(token);
}

GPtrArray *
hk_tokens_of(hk_db *db, int64_t user_id, GError **error)
{
	GError *why = NULL;
	g_autoptr(GPtrArray) tokens = g_ptr_array_new_with_free_func(free_token);
	g_autoptr(hk_rows) rows = hk_db_query(db,
		HK_SQL("SELECT " TOKEN_COLUMNS " FROM tokens WHERE user_id = $1 ORDER BY id DESC"),
		HK_ARGS(hk_v_int(user_id)), error);

	if (!rows) {
		return NULL;
	}
	while (hk_rows_next(rows, &why)) {
		g_ptr_array_add(tokens, token_of(rows));
	}
	if (why) {
		g_propagate_error(error, why);
		return NULL;
	}
	return g_steal_pointer(&tokens);
}

bool
hk_token_revoke(hk_db *db, int64_t user_id, int64_t id, int64_t now_ms, GError **error)
{
	int64_t changed = 0;
	bool good = hk_db_exec(db,
		HK_SQL("UPDATE tokens SET revoked_ms = $1 WHERE user_id = $2 AND (id = $3 OR $3 = "
		       "0) "
		       "AND revoked_ms IS NULL"),
		HK_ARGS(hk_v_int(now_ms), hk_v_int(user_id), hk_v_int(id)), &changed, error);

	return found(good, id == 0 ? 1 : changed, "there is no such token", error);
}

bool
hk_token_touch(hk_db *db, int64_t id, int64_t now_ms, GError **error)
{
	return hk_db_exec(db, HK_SQL("UPDATE tokens SET used_ms = $1 WHERE id = $2"),
		HK_ARGS(hk_v_int(now_ms), hk_v_int(id)), NULL, error);
}
