/* /me: what everybody may do to their own account. */
#include <string.h>

#include "store/sessions.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"
#include "web/auth.h"
#include "web/handler.h"
#include "web/login.h"
#include "web/people.h"
#include "web/totp.h"

enum { FRESH_MS = 10 * 60 * 1000 };

typedef struct mine {
	hk_req *req;
	hk_user *user;
	const char *name, *lang;
	char *prefs;
	char *hash;
	const char *code;
	bool right;
	GBytes *sealed;
	unsigned scopes;
	int64_t days, id;
	char *token;
} mine;

static void
clear(mine *m)
{
	hk_user_free(m->user);
	g_free(m->prefs);
	g_free(m->hash);
	g_free(m->token);
	if (m->sealed) {
		g_bytes_unref(m->sealed);
	}
}

/* Read anew in the transaction: what is written is based on what holds now. */
static bool
reread(hk_flow *flow, mine *m, GError **error)
{
	hk_user_free(m->user);
	m->user = hk_user_get(hk_flow_db(flow), m->req->who.user_id, error);
	return m->user != NULL;
}

bool
hk_web_me_get(hk_req *req, hk_reply *reply, GError **error)
{
	g_autoptr(hk_user) user = hk_user_get(req->db, req->who.user_id, error);

	if (!user) {
		return false;
	}
	hk_user_json(user, false, hk_reply_json(reply, 200));
	return true;
}

static bool
write_edit(hk_flow *flow, void *data, GError **error)
{
	mine *m = data;

	return reread(flow, m, error) &&
	       hk_person_edit(flow, m->user, m->name, NULL, m->lang, m->prefs, NULL, -1, error);
}

bool
hk_web_me_edit(hk_req *req, hk_reply *reply, GError **error)
{
	mine m = {.req = req};
	hk_json prefs;
	bool good = hk_req_json_only(req, error, "lang", "prefs", "name", NULL) &&
		    hk_req_json_text(req, "lang", 10, &m.lang, error) &&
		    hk_req_json_text(req, "name", HK_PERSON_NAME_MAX, &m.name, error);

	if (good && req->json && hk_json_has(req->json, "prefs")) {
		good = hk_json_object(req->json, "prefs", &prefs, error);
		m.prefs = good ? hk_json_dump(&prefs) : NULL;
	}
	good = good && hk_flow_do(req->flow, &req->who, write_edit, &m, error);
	if (good) {
		hk_user_json(m.user, false, hk_reply_json(reply, 200));
	}
	clear(&m);
	return good;
}

/* ---- password ---- */

static bool
write_password(hk_flow *flow, void *data, GError **error)
{
	mine *m = data;

	return hk_person_password(flow, m->user, m->hash, m->req->session->csrf, error);
}

static bool
write_wrong(hk_flow *flow, void *data, GError **error)
{
	mine *m = data;
	g_autofree char *key = g_strconcat("login:", m->user->login, NULL);
	hk_attempt a;

	hk_flow_note(flow, "user.refused", "user", m->user->id, 0, "{\"why\":\"old password\"}");
	return hk_attempt_add(
		hk_flow_db(flow), key, hk_flow_now(flow), HK_LOGIN_WINDOW_MS, &a, error);
}

/* Who sits at somebody else's desk must not guess on, either. */
static bool
check_old(mine *m, const char *old, hk_reply *reply, GError **error)
{
	g_autofree char *key = g_strconcat("login:", m->user->login, NULL);
	hk_attempt a;

	if (!m->user->password) {
		return hk_reply_problem(reply, error, 409, HK_EPOLICY, NULL,
			"ask an administrator for one", "this account has no password; it uses %s",
			m->user->oidc_subject ? "single sign-on" : "tokens");
	}
	if (!hk_attempt_get(m->req->db, key, &a, error)) {
		return false;
	}
	if (a.since_ms + hk_login_wait_ms(a.count) > hk_clock_wall_ms()) {
		return hk_reply_problem(reply, error, 429, HK_EAGAIN, "old", "wait some minutes",
			"too many wrong passwords");
	}
	if (hk_password_verify(m->user->password, old, NULL)) {
		return true;
	}
	return hk_flow_do(m->req->flow, &m->req->who, write_wrong, m, error) &&
	       hk_reply_problem(
		       reply, error, 403, HK_EPOLICY, "old", NULL, "the old password is wrong");
}

bool
hk_web_me_password(hk_req *req, hk_reply *reply, GError **error)
{
	const char *old = NULL, *fresh = NULL;
	mine m = {.req = req};
	bool good = hk_req_json_only(req, error, "old", "new", NULL) &&
		    hk_req_need(req, error, "old", "new", NULL) &&
		    hk_req_json_text(req, "old", HK_PASSWORD_MAX_BYTES, &old, error) &&
		    hk_req_json_text(req, "new", HK_PASSWORD_MAX_BYTES, &fresh, error);

	m.user = good ? hk_user_get(req->db, req->who.user_id, error) : NULL;
	good = m.user && check_old(&m, old, reply, error) &&
	       hk_password_check(fresh, m.user->login, error) &&
	       (m.hash = hk_password_hash(fresh, error)) &&
	       hk_flow_do(req->flow, &req->who, write_password, &m, error);
	if (good) {
		hk_reply_empty(reply, 204);
	}
	clear(&m);
	return good;
}

/* ---- second factor ---- */

static bool
write_totp_new(hk_flow *flow, void *data, GError **error)
{
	mine *m = data;
	bool active = false;

	if (!reread(flow, m, error)) {
		return false;
	}
	g_autoptr(GBytes) old = hk_totp_unseal(m->req->web, m->user, &active);
	if (active) {
		return hk_error_set(error, HK_EPOLICY,
			"a second factor is set up already; remove it first, with a code of it");
	}
	return hk_person_totp(flow, m->user, m->sealed, "begun", error);
}

bool
hk_web_me_totp_new(hk_req *req, hk_reply *reply, GError **error)
{
	uint8_t secret[HK_TOTP_SECRET_BYTES];
	mine m = {.req = req};

	hk_secret_bytes(secret, sizeof secret);
	m.sealed = hk_totp_seal(req->web, hk_span_of(secret, sizeof secret), false);
	bool good = hk_flow_do(req->flow, &req->who, write_totp_new, &m, error);
	if (good) {
		g_autofree char *key = hk_totp_base32(hk_span_of(secret, sizeof secret));
		g_autofree char *uri =
			hk_totp_uri(hk_span_of(secret, sizeof secret), "hikeshi", m.user->login);
		GString *out = hk_reply_json(reply, 200);
		hk_jsonw_open(out, '{');
		hk_jsonw_key(out, "secret");
		hk_jsonw_str(out, key);
		hk_jsonw_key(out, "uri");
		hk_jsonw_str(out, uri);
		hk_jsonw_close(out, '}');
	}
	hk_secret_wipe(secret, sizeof secret);
	clear(&m);
	return good;
}

/* Whether code fits the user's factor, which must be active or not; uses it up. */
static bool
use_code(hk_flow *flow, mine *m, bool want_active, bool *ret_right, GError **error)
{
	bool active = false, fresh = false;
	int64_t step;
	g_autofree char *key = g_strdup_printf("totp:%ld", (long)m->user->id);
	hk_attempt a;
	g_autoptr(GBytes) secret = hk_totp_unseal(m->req->web, m->user, &active);

	*ret_right = false;
	if (!secret || active != want_active) {
		return hk_error_set(error, HK_EPOLICY, "%s",
			want_active ? "no second factor is set up"
				    : "begin with POST /api/v1/me/totp; there is none to confirm");
	}
	if (!hk_attempt_get(hk_flow_db(flow), key, &a, error)) {
		return false;
	}
	if (a.since_ms + hk_login_wait_ms(a.count) > hk_flow_now(flow)) {
		return true;
	}
	gsize len;
	const void *bytes = g_bytes_get_data(secret, &len);
	if (hk_totp_find(hk_span_of(bytes, len), m->code, hk_flow_now(flow), &step) &&
		!hk_user_use_step(hk_flow_db(flow), m->user->id, step, &fresh, error)) {
		return false;
	}
	*ret_right = fresh;
	return fresh || hk_attempt_add(hk_flow_db(flow), key, hk_flow_now(flow), HK_LOGIN_WINDOW_MS,
				&a, error);
}

static bool
write_totp_confirm(hk_flow *flow, void *data, GError **error)
{
	mine *m = data;
	bool active = false, fresh = false;
	int64_t step = 0;

	if (!reread(flow, m, error) || !use_code(flow, m, false, &m->right, error)) {
		return false;
	}
	if (!m->right) {
		return true;
	}
	g_autoptr(GBytes) secret = hk_totp_unseal(m->req->web, m->user, &active);
	gsize len;
	const void *bytes = g_bytes_get_data(secret, &len);
	g_autoptr(GBytes) sealed = hk_totp_seal(m->req->web, hk_span_of(bytes, len), true);
	/* The code that confirmed it does not log in as well. */
	return hk_person_totp(flow, m->user, sealed, "set up", error) &&
	       (!hk_totp_find(hk_span_of(bytes, len), m->code, hk_flow_now(flow), &step) ||
		       hk_user_use_step(hk_flow_db(flow), m->user->id, step, &fresh, error)) &&
	       hk_person_sessions(flow, m->user, m->req->session->csrf, error);
}

static bool
write_totp_drop(hk_flow *flow, void *data, GError **error)
{
	mine *m = data;

	/* Whoever has just logged in with a code need not give another one. */
	bool fresh = hk_flow_now(flow) - m->req->session->created_ms < FRESH_MS;

	if (!reread(flow, m, error)) {
		return false;
	}
	if (!m->code && !fresh) {
		return hk_error_set(error, HK_EFORM,
			"code: is needed; give a code of the factor, or log in anew first");
	}
	m->right = !m->code;
	if (m->code && !use_code(flow, m, true, &m->right, error)) {
		return false;
	}
	return !m->right || hk_person_totp(flow, m->user, NULL, "removed", error);
}

static bool
with_code(hk_req *req, hk_reply *reply, bool needed, hk_flow_act act, GError **error)
{
	mine m = {.req = req};
	bool good = hk_req_json_only(req, error, "code", NULL) &&
		    (!needed || hk_req_need(req, error, "code", NULL)) &&
		    hk_req_json_text(req, "code", 20, &m.code, error) &&
		    hk_flow_do(req->flow, &req->who, act, &m, error);

	if (good && !m.right) {
		good = hk_reply_problem(reply, error, 403, HK_EPOLICY, "code",
			"wait for the next code; is the clock of the device right?",
			"the code is wrong, or was used before");
	} else if (good) {
		hk_reply_empty(reply, 204);
	}
	clear(&m);
	return good;
}

bool
hk_web_me_totp_confirm(hk_req *req, hk_reply *reply, GError **error)
{
	return with_code(req, reply, true, write_totp_confirm, error);
}

bool
hk_web_me_totp_drop(hk_req *req, hk_reply *reply, GError **error)
{
	if (req->config->totp_required) {
		return hk_error_set(error, HK_EPOLICY,
			"a second factor is required here; an administrator can take it away so "
			"that "
			"you set up another");
	}
	return with_code(req, reply, false, write_totp_drop, error);
}

/* ---- tokens ---- */

static void
time_json(GString *out, const char *key, int64_t ms)
{
	char text[HK_CLOCK_TEXT_SIZE];

	hk_jsonw_key(out, key);
	if (ms > 0) {
		hk_jsonw_str(out, hk_clock_format(ms, text));
	} else {
		hk_jsonw_null(out);
	}
}

static void
token_json(const hk_token *token, const char *secret, GString *out)
{
	unsigned scopes = 0;

	hk_scopes_parse(token->scopes, &scopes, NULL);
	hk_jsonw_open(out, '{');
	hk_jsonw_key(out, "id");
	hk_jsonw_int(out, token->id);
	hk_jsonw_key(out, "name");
	hk_jsonw_str(out, token->name);
	hk_jsonw_key(out, "scopes");
	hk_jsonw_open(out, '[');
	for (int scope = 0; scope < HK_SCOPE_COUNT; scope++) {
		if (scopes >> scope & 1) {
			hk_jsonw_str(out, hk_scope_name((hk_scope)scope));
		}
	}
	hk_jsonw_close(out, ']');
	time_json(out, "created", token->created_ms);
	time_json(out, "expires", token->expires_ms);
	time_json(out, "used", token->used_ms);
	time_json(out, "revoked", token->revoked_ms);
	if (secret) {
		hk_jsonw_key(out, "token");
		hk_jsonw_str(out, secret);
	}
	hk_jsonw_close(out, '}');
}

bool
hk_web_me_tokens(hk_req *req, hk_reply *reply, GError **error)
{
	g_autoptr(GPtrArray) tokens = hk_tokens_of(req->db, req->who.user_id, error);

	if (!tokens) {
		return false;
	}
	GString *out = hk_reply_json(reply, 200);
	hk_jsonw_open(out, '{');
	hk_jsonw_key(out, "items");
	hk_jsonw_open(out, '[');
	for (guint i = 0; i < tokens->len; i++) {
		token_json(tokens->pdata[i], NULL, out);
	}
	hk_jsonw_close(out, ']');
	hk_jsonw_close(out, '}');
	return true;
}

static bool
write_token(hk_flow *flow, void *data, GError **error)
{
	mine *m = data;

	g_clear_pointer(&m->token, g_free);
	m->token = hk_person_token(flow, m->user, m->name, m->scopes, m->days, &m->id, error);
	return m->token != NULL;
}

/* "scopes": a list of names. */
static bool
read_scopes(const hk_req *req, unsigned *ret, GError **error)
{
	hk_json list;
	unsigned scopes = 0;

	if (!hk_json_array(req->json, "scopes", &list, error)) {
		return false;
	}
	for (size_t i = 0; i < hk_json_len(&list); i++) {
		hk_json item = hk_json_at(&list, i);
		hk_scope scope;
		const char *name = hk_json_text(&item);
		if (!name || !hk_scope_find(name, &scope)) {
			g_autofree char *known = hk_scopes_text(HK_SCOPES_ALL);
			return hk_json_fail(&item, HK_ERANGE, error, "must be one of %s", known);
		}
		scopes |= 1u << scope;
	}
	*ret = scopes;
	return true;
}

bool
hk_web_me_token_new(hk_req *req, hk_reply *reply, GError **error)
{
	mine m = {.req = req, .days = 90};
	bool good = hk_req_json_only(req, error, "name", "scopes", "days", NULL) &&
		    hk_req_need(req, error, "name", "scopes", NULL) &&
		    hk_req_json_text(req, "name", HK_TOKEN_NAME_MAX, &m.name, error) &&
		    hk_req_json_int(req, "days", 1, HK_TOKEN_DAYS_MAX, &m.days, error) &&
		    read_scopes(req, &m.scopes, error);

	m.user = good ? hk_user_get(req->db, req->who.user_id, error) : NULL;
	good = m.user && hk_flow_do(req->flow, &req->who, write_token, &m, error);
	g_autoptr(GPtrArray) tokens = good ? hk_tokens_of(req->db, req->who.user_id, error) : NULL;
	good = good && tokens;
	for (guint i = 0; good && i < tokens->len; i++) {
		const hk_token *token = tokens->pdata[i];
		if (token->id == m.id) {
			token_json(token, m.token, hk_reply_json(reply, 201));
		}
	}
	clear(&m);
	return good;
}

static bool
write_token_revoke(hk_flow *flow, void *data, GError **error)
{
	mine *m = data;

	return hk_person_token_revoke(flow, m->user, m->id, error);
}

bool
hk_web_me_token_revoke(hk_req *req, hk_reply *reply, GError **error)
{
	mine m = {.req = req, .id = hk_req_id(req, "id")};

	m.user = hk_user_get(req->db, req->who.user_id, error);
	bool good = m.user && hk_flow_do(req->flow, &req->who, write_token_revoke, &m, error);
	if (good) {
		hk_reply_empty(reply, 204);
	}
	clear(&m);
	return good;
}

/* ---- sessions ---- */

bool
hk_web_me_sessions(hk_req *req, hk_reply *reply, GError **error)
{
	g_autoptr(GPtrArray) list = hk_sessions_of(req->db, req->who.user_id, error);
	int64_t now = hk_clock_wall_ms();

	if (!list) {
		return false;
	}
	GString *out = hk_reply_json(reply, 200);
	hk_jsonw_open(out, '{');
	hk_jsonw_key(out, "items");
	hk_jsonw_open(out, '[');
	for (guint i = 0; i < list->len; i++) {
		const hk_session *s = list->pdata[i];
		/* Neither what has run out nor a cookie that was exchanged. */
		if (s->ends_ms <= now || s->rotated_ms > now ||
			s->seen_ms + req->config->session_idle_ms <= now) {
			continue;
		}
		hk_jsonw_open(out, '{');
		time_json(out, "created", s->created_ms);
		time_json(out, "seen", s->seen_ms);
		hk_jsonw_key(out, "address");
		hk_jsonw_str(out, s->address);
		hk_jsonw_key(out, "agent");
		hk_jsonw_str(out, s->agent);
		hk_jsonw_key(out, "current");
		hk_jsonw_bool(out, req->session && strcmp(s->csrf, req->session->csrf) == 0);
		hk_jsonw_close(out, '}');
	}
	hk_jsonw_close(out, ']');
	hk_jsonw_close(out, '}');
	return true;
}

static bool
write_sessions_end(hk_flow *flow, void *data, GError **error)
{
	mine *m = data;

	return hk_person_sessions(flow, m->user, m->req->session->csrf, error);
}

bool
hk_web_me_sessions_end(hk_req *req, hk_reply *reply, GError **error)
{
	mine m = {.req = req};

	m.user = hk_user_get(req->db, req->who.user_id, error);
	bool good = m.user && hk_flow_do(req->flow, &req->who, write_sessions_end, &m, error);
	if (good) {
		hk_reply_empty(reply, 204);
	}
	clear(&m);
	return good;
}
