/* /session: logging in and out. */
#include "web/login.h"

#include <inttypes.h>
#include <string.h>

#include "store/sessions.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"
#include "sys/log.h"
#include "web/auth.h"
#include "web/handler.h"
#include "web/people.h"
#include "web/totp.h"

int64_t
hk_login_wait_ms(int64_t count)
{
	int64_t wait = HK_LOGIN_WAIT_MS;

	if (count < HK_LOGIN_FREE) {
		return 0;
	}
	for (int64_t i = HK_LOGIN_FREE; i < count && wait < HK_LOGIN_WAIT_MAX_MS; i++) {
		wait *= 2;
	}
	return MIN(wait, HK_LOGIN_WAIT_MAX_MS);
}

/* ---- second factors at rest ---- */

GBytes *
hk_totp_seal(const hk_web *web, hk_span secret, bool active)
{
	uint8_t key[HK_SECRET_KEY_BYTES];

	hk_key_derive(web->key, "totp", key);
	g_autoptr(GBytes) sealed = hk_seal(key, secret);
	hk_secret_wipe(key, sizeof key);
	gsize len;
	const uint8_t *data = g_bytes_get_data(sealed, &len);
	uint8_t *out = g_malloc(len + 1);
	out[0] = active ? 'a' : 'p';
	memcpy(out + 1, data, len);
	return g_bytes_new_take(out, len + 1);
}

GBytes *
hk_totp_unseal(const hk_web *web, const hk_user *user, bool *ret_active)
{
	uint8_t key[HK_SECRET_KEY_BYTES];
	gsize len = 0;
	const uint8_t *data = user->totp ? g_bytes_get_data(user->totp, &len) : NULL;

	if (len < 1) {
		return NULL;
	}
	*ret_active = data[0] == 'a';
	hk_key_derive(web->key, "totp", key);
	GBytes *secret = hk_open(key, hk_span_of(data + 1, len - 1));
	hk_secret_wipe(key, sizeof key);
	return secret;
}

static bool
has_active_totp(const hk_user *user)
{
	gsize len = 0;
	const uint8_t *data = user->totp ? g_bytes_get_data(user->totp, &len) : NULL;

	return len > 0 && data[0] == 'a';
}

/* ---- JSON ---- */

static void
roles_json(const hk_user *user, GString *out)
{
	unsigned roles = 0;

	hk_roles_parse(user->roles, &roles, NULL);
	hk_jsonw_key(out, "roles");
	hk_jsonw_open(out, '[');
	for (int role = 0; role < HK_ROLE_COUNT; role++) {
		if (roles >> role & 1) {
			hk_jsonw_str(out, hk_role_name((hk_role)role));
		}
	}
	hk_jsonw_close(out, ']');
}

static void
text_json(GString *out, const char *key, const char *value)
{
	hk_jsonw_key(out, key);
	if (value) {
		hk_jsonw_str(out, value);
	} else {
		hk_jsonw_null(out);
	}
}

static void
time_json(GString *out, const char *key, int64_t ms)
{
	char text[HK_CLOCK_TEXT_SIZE];

	text_json(out, key, ms > 0 ? hk_clock_format(ms, text) : NULL);
}

void
hk_user_json(const hk_user *user, bool admin, GString *out)
{
	hk_jsonw_open(out, '{');
	hk_jsonw_key(out, "id");
	hk_jsonw_int(out, user->id);
	text_json(out, "login", user->login);
	text_json(out, "name", user->name);
	text_json(out, "mail", user->mail);
	roles_json(user, out);
	text_json(out, "lang", user->lang);
	hk_jsonw_key(out, "totp");
	hk_jsonw_bool(out, has_active_totp(user));
	if (admin) {
		text_json(out, "state", user->state);
		hk_jsonw_key(out, "local");
		hk_jsonw_bool(out, user->password != NULL);
		hk_jsonw_key(out, "sso");
		hk_jsonw_bool(out, user->oidc_subject != NULL);
		hk_jsonw_key(out, "locked");
		hk_jsonw_bool(out, user->locked_ms > hk_clock_wall_ms());
		hk_jsonw_key(out, "failures");
		hk_jsonw_int(out, user->failures);
		time_json(out, "locked_until",
			user->locked_ms > hk_clock_wall_ms() ? user->locked_ms : 0);
		time_json(out, "created", user->created_ms);
	} else {
		hk_jsonw_key(out, "prefs");
		g_string_append(out, user->prefs && *user->prefs ? user->prefs : "{}");
	}
	hk_jsonw_key(out, "version");
	hk_jsonw_int(out, user->version);
	hk_jsonw_close(out, '}');
}

void
hk_login_session_json(
	const hk_req *req, const hk_user *user, const char *csrf, bool full, GString *out)
{
	hk_jsonw_open(out, '{');
	hk_jsonw_key(out, "user");
	hk_user_json(user, false, out);
	text_json(out, "csrf", csrf);
	text_json(out, "stage", full ? "full" : "totp");
	text_json(out, "version", HK_VERSION);
	hk_jsonw_key(out, "scope");
	hk_jsonw_open(out, '[');
	for (int scope = 0; scope < HK_SCOPE_COUNT; scope++) {
		if (!req->by_token || (req->scopes >> scope & 1)) {
			hk_jsonw_str(out, hk_scope_name((hk_scope)scope));
		}
	}
	hk_jsonw_close(out, ']');
	hk_jsonw_key(out, "totp_required");
	hk_jsonw_bool(out, req->config->totp_required && user->password && !has_active_totp(user));
	hk_jsonw_close(out, '}');
}

/* ---- limits ---- */

typedef struct limits {
	const char *login; /* folded; NULL: can be none */
	const char *address;
	int64_t now;
	int64_t wait_ms; /* > 0: refused */
	int64_t failures;
} limits;

static bool
look_at(hk_db *db, const char *key, int64_t free_ones, limits *l, GError **error)
{
	hk_attempt a;

	if (!hk_attempt_get(db, key, &a, error)) {
		return false;
	}
	int64_t wait = hk_login_wait_ms(a.count - free_ones + HK_LOGIN_FREE);
	int64_t left = a.since_ms + wait - l->now;
	l->wait_ms = wait > 0 && left > l->wait_ms ? left : l->wait_ms;
	return true;
}

/* Counts a try before it is looked at, so that a hundred at once are a hundred, and clears the count if it was right. */
static bool
count_try(hk_flow *flow, void *user, GError **error)
{
	limits *l = user;
	hk_db *db = hk_flow_db(flow);
	g_autofree char *by_login = l->login ? g_strconcat("login:", l->login, NULL) : NULL;
	g_autofree char *by_address = g_strconcat("address:", l->address, NULL);
	hk_attempt a = {0};

	l->wait_ms = 0;
	if ((by_login && !look_at(db, by_login, HK_LOGIN_FREE, l, error)) ||
		!look_at(db, by_address, HK_LOGIN_ADDRESS_FREE, l, error)) {
		return false;
	}
	if (l->wait_ms > 0) {
		return true;
	}
	if (!hk_attempt_add(db, by_address, l->now, HK_LOGIN_ADDRESS_WINDOW_MS, &a, error) ||
		(by_login &&
			!hk_attempt_add(db, by_login, l->now, HK_LOGIN_WINDOW_MS, &a, error))) {
		return false;
	}
	l->failures = a.count;
	return true;
}

static bool
refuse_for_now(hk_reply *reply, int64_t wait_ms, GError **error)
{
	int64_t seconds = (wait_ms + 999) / 1000;
	g_autofree char *text = g_strdup_printf("%" PRId64, seconds);

	hk_reply_header(reply, "Retry-After", text);
	return hk_reply_problem(reply, error, 429, HK_EAGAIN, NULL,
		"wait, or ask an administrator to unlock the login",
		"too many wrong logins; the next try is possible in %" PRId64 " s", seconds);
}

/* ---- logging in ---- */

typedef struct login {
	hk_req *req;
	limits limits;
	hk_user *user;  /* NULL: no such login */
	char *rehashed; /* or NULL */
	bool full;
	char *csrf;
} login;

/* Says no. A login that nobody has is not written down: people type passwords there. */
static bool
write_refusal(hk_flow *flow, void *user, GError **error)
{
	login *l = user;
	g_autoptr(GString) data = g_string_new(NULL);
	int64_t wait = hk_login_wait_ms(l->limits.failures);

	hk_jsonw_open(data, '{');
	text_json(data, "login", l->user ? l->user->login : NULL);
	text_json(data, "why", "password");
	hk_jsonw_close(data, '}');
	hk_flow_note(flow, "user.refused", "user", l->user ? l->user->id : 0, 0, data->str);
	return !l->user || hk_user_set_failures(hk_flow_db(flow), l->user->id, l->limits.failures,
				   wait > 0 ? l->limits.now + wait : 0, error);
}

static bool
write_login(hk_flow *flow, void *user, GError **error)
{
	login *l = user;
	hk_db *db = hk_flow_db(flow);
	g_autofree char *key = g_strconcat("login:", l->user->login, NULL);
	g_autofree char *address = g_strconcat("address:", l->limits.address, NULL);

	g_clear_pointer(&l->csrf, g_free);
	if (!hk_attempt_clear(db, key, error) || !hk_attempt_clear(db, address, error) ||
		!hk_user_set_failures(db, l->user->id, 0, 0, error) ||
		(l->rehashed && !hk_user_set_password(db, l->user->id, l->rehashed, error)) ||
		!hk_auth_begin(l->req, l->user->id, l->full, hk_flow_now(flow), &l->csrf, error)) {
		return false;
	}
	if (l->full) {
		hk_flow_note(flow, "user.login", "user", l->user->id, 0, "{\"by\":\"password\"}");
	}
	return true;
}

static bool
check_login(login *l, const char *password, hk_reply *reply, GError **error)
{
	hk_req *req = l->req;
	GError *why = NULL;
	bool old = false;

	if (l->limits.login) {
		l->user = hk_user_by_login(req->db, l->limits.login, &why);
		if (!l->user && hk_error_code(why) != HK_ENOENT) {
			g_propagate_error(error, why);
			return false;
		}
		g_clear_error(&why);
	}
	bool may = l->user && strcmp(l->user->state, "active") == 0;
	/* One hash is computed, whoever is named. */
	bool right = hk_password_verify(may ? l->user->password : NULL, password, &old);
	hk_who who = {.user_id = right ? l->user->id : 0,
		.login = right ? l->user->login : "nobody",
		.via = "web",
		.address = l->limits.address};
	if (!right) {
		return hk_flow_do(req->flow, &who, write_refusal, l, error) &&
		       hk_reply_problem(reply, error, 401, HK_EPOLICY, NULL,
			       "try again, or ask an administrator to set a new password",
			       "login or password is wrong");
	}
	l->full = !has_active_totp(l->user);
	l->rehashed = old ? hk_password_hash(password, NULL) : NULL;
	if (!hk_flow_do(req->flow, &who, write_login, l, error)) {
		return false;
	}
	hk_login_session_json(req, l->user, l->csrf, l->full, hk_reply_json(reply, 200));
	return true;
}

bool
hk_web_session_login(hk_req *req, hk_reply *reply, GError **error)
{
	const char *name = NULL, *password = NULL;
	hk_who nobody = {.login = "nobody", .via = "web", .address = req->parts->address};

	if (!hk_req_json_only(req, error, "login", "password", NULL) ||
		!hk_req_need(req, error, "login", "password", NULL) ||
		!hk_req_json_text(req, "login", 256, &name, error) ||
		!hk_req_json_text(req, "password", HK_PASSWORD_MAX_BYTES, &password, error)) {
		return false;
	}
	g_autofree char *folded = hk_login_fold(name);
	login l = {.req = req,
		.limits = {.login = folded,
			.address = req->parts->address,
			.now = hk_clock_wall_ms()}};
	if (!hk_flow_do(req->flow, &nobody, count_try, &l.limits, error)) {
		return false;
	}
	if (l.limits.wait_ms > 0) {
		return refuse_for_now(reply, l.limits.wait_ms, error);
	}
	bool good = check_login(&l, password, reply, error);
	hk_user_free(l.user);
	g_free(l.rehashed);
	g_free(l.csrf);
	return good;
}

/* ---- the second factor ---- */

typedef struct second {
	hk_req *req;
	hk_user *user;
	const char *code;
	int64_t wait_ms;
	bool right;
	char *csrf;
} second;

/* Count, look, use up and log in are one transaction: a code works once, however many send it at once. */
static bool
write_second(hk_flow *flow, void *data, GError **error)
{
	second *s = data;
	hk_db *db = hk_flow_db(flow);
	int64_t now = hk_flow_now(flow), step = 0;
	g_autofree char *key = g_strdup_printf("totp:%" PRId64, s->user->id);
	hk_attempt a;
	bool active = false, fresh = false;

	s->right = false;
	g_clear_pointer(&s->csrf, g_free);
	if (!hk_attempt_get(db, key, &a, error)) {
		return false;
	}
	s->wait_ms = hk_login_wait_ms(a.count);
	s->wait_ms = s->wait_ms > 0 ? MAX(0, a.since_ms + s->wait_ms - now) : 0;
	if (s->wait_ms > 0) {
		return true;
	}
	g_autoptr(GBytes) secret = hk_totp_unseal(s->req->web, s->user, &active);
	if (!secret) {
		return hk_error_set(error, HK_ECONFIG,
			"the second factor of %s was sealed with another --web-key",
			s->user->login);
	}
	gsize len;
	const void *bytes = g_bytes_get_data(secret, &len);
	if (active && hk_totp_find(hk_span_of(bytes, len), s->code, now, &step) &&
		!hk_user_use_step(db, s->user->id, step, &fresh, error)) {
		return false;
	}
	if (!fresh) {
		hk_flow_note(flow, "user.refused", "user", s->user->id, 0, "{\"why\":\"code\"}");
		return hk_attempt_add(db, key, now, HK_LOGIN_WINDOW_MS, &a, error);
	}
	s->right = true;
	hk_flow_note(flow, "user.login", "user", s->user->id, 0, "{\"by\":\"password, code\"}");
	return hk_attempt_clear(db, key, error) &&
	       hk_auth_begin(s->req, s->user->id, true, now, &s->csrf, error);
}

bool
hk_web_session_totp(hk_req *req, hk_reply *reply, GError **error)
{
	second s = {.req = req};

	if (!hk_req_json_only(req, error, "code", NULL) || !hk_req_need(req, error, "code", NULL) ||
		!hk_req_json_text(req, "code", 20, &s.code, error)) {
		return false;
	}
	if (req->session->full) {
		return hk_reply_problem(reply, error, 409, HK_EPOLICY, NULL, NULL,
			"this session has its second factor already");
	}
	s.user = hk_user_get(req->db, req->who.user_id, error);
	bool good = s.user && hk_flow_do(req->flow, &req->who, write_second, &s, error);
	if (good && s.wait_ms > 0) {
		good = refuse_for_now(reply, s.wait_ms, error);
	} else if (good && !s.right) {
		good = hk_reply_problem(reply, error, 401, HK_EPOLICY, "code",
			"wait for the next code; is the clock of the device right?",
			"the code is wrong, or was used before");
	} else if (good) {
		hk_login_session_json(req, s.user, s.csrf, true, hk_reply_json(reply, 200));
	}
	hk_user_free(s.user);
	g_free(s.csrf);
	return good;
}

/* ---- the session ---- */

bool
hk_web_session_get(hk_req *req, hk_reply *reply, GError **error)
{
	g_autoptr(hk_user) user = hk_user_get(req->db, req->who.user_id, error);

	if (!user) {
		return false;
	}
	hk_login_session_json(
		req, user, req->session->csrf, req->session->full, hk_reply_json(reply, 200));
	return true;
}

static bool
write_logout(hk_flow *flow, void *data, GError **error)
{
	hk_req *req = data;

	hk_flow_note(flow, "user.logout", "user", req->who.user_id, 0, NULL);
	return hk_session_end(hk_flow_db(flow), req->session->csrf, error);
}

bool
hk_web_session_end(hk_req *req, hk_reply *reply, GError **error)
{
	if (!hk_flow_do(req->flow, &req->who, write_logout, req, error)) {
		return false;
	}
	hk_auth_forget(req);
	hk_reply_header(reply, "Clear-Site-Data", "\"cache\", \"storage\"");
	hk_reply_empty(reply, 204);
	return true;
}

bool
hk_web_login_options(hk_req *req, hk_reply *reply, GError **error)
{
	GString *out = hk_reply_json(reply, 200);

	(void)error;
	hk_jsonw_open(out, '{');
	hk_jsonw_key(out, "local");
	hk_jsonw_bool(out, true);
	hk_jsonw_key(out, "oidc");
	if (req->config->oidc_issuer) {
		hk_jsonw_open(out, '{');
		text_json(out, "name", req->config->oidc_name);
		hk_jsonw_close(out, '}');
	} else {
		hk_jsonw_null(out);
	}
	text_json(out, "version", HK_VERSION);
	hk_jsonw_close(out, '}');
	return true;
}
