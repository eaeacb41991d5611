#include "web/auth.h"

#include <inttypes.h>
#include <string.h>

#include "sys/clock.h"
#include "sys/gerr.h"
#include "sys/hash.h"

/* With TLS the name has the prefix by which the browser itself makes sure that no other host has set it. */
static const char *
cookie_name(const hk_req *req)
{
	return req->parts->secure ? "__Host-hk_session" : "hk_session";
}

static char *
cookie_text(const hk_req *req, const char *secret, int64_t max_age_s)
{
	return g_strdup_printf("%s=%s; Path=/; HttpOnly; SameSite=Strict; Max-Age=%" PRId64 "%s",
		cookie_name(req), secret, max_age_s, req->parts->secure ? "; Secure" : "");
}

void
hk_auth_forget(hk_req *req)
{
	g_free(req->parts->login_cookie);
	req->parts->login_cookie = cookie_text(req, "", 0);
}

/* The row under which a cookie is found. */
static bool
cookie_hash(const char *text, uint8_t ret[32])
{
	size_t len = 0;
	g_autofree uint8_t *bytes = strlen(text) == HK_SECRET_TEXT_SIZE - 1
					    ? hk_base64url_decode(hk_span_str(text), &len)
					    : NULL;

	if (!bytes || len != 32) {
		return false;
	}
	hk_sha256(hk_span_of(bytes, len), ret);
	return true;
}

bool
hk_auth_token_hash(const char *text, uint8_t ret[32])
{
	if (!g_str_has_prefix(text, "hk_") || strlen(text) != 3 + HK_SECRET_TEXT_SIZE - 1) {
		return false;
	}
	hk_sha256(hk_span_str(text), ret);
	return true;
}

char *
hk_auth_token_new(uint8_t ret_hash[32])
{
	char secret[HK_SECRET_TEXT_SIZE];

	hk_secret_text(secret);
	char *text = g_strconcat("hk_", secret, NULL);
	hk_sha256(hk_span_str(text), ret_hash);
	return text;
}

char *
hk_login_fold(const char *text)
{
	size_t len = strlen(text);

	if (len == 0 || len > HK_LOGIN_MAX) {
		return NULL;
	}
	for (const char *at = text; *at; at++) {
		if (!g_ascii_isalnum(*at) && !strchr("._@+-", *at)) {
			return NULL;
		}
	}
	return g_ascii_strdown(text, -1);
}

bool
hk_auth_begin(
	hk_req *req, int64_t user_id, bool full, int64_t now_ms, char **ret_csrf, GError **error)
{
	char secret[HK_SECRET_TEXT_SIZE], csrf[HK_SECRET_TEXT_SIZE];
	hk_session session = {.user_id = user_id,
		.full = full,
		.csrf = csrf,
		.address = req->parts->address,
		.agent = req->parts->agent,
		.created_ms = now_ms,
		.seen_ms = now_ms,
		.rotated_ms = now_ms,
		.ends_ms = now_ms + req->config->session_absolute_ms};

	hk_secret_text(secret);
	hk_secret_text(csrf);
	if (!cookie_hash(secret, session.hash)) {
		HK_BUG("a cookie of our own is none");
	}
	/* Whoever knew the cookie from before the login knows nothing now. */
	if (req->session && !hk_session_end(req->db, req->session->csrf, error)) {
		return false;
	}
	if (!hk_session_insert(req->db, &session, error)) {
		return false;
	}
	g_free(req->parts->login_cookie);
	req->parts->login_cookie =
		cookie_text(req, secret, req->config->session_absolute_ms / 1000);
	*ret_csrf = g_strdup(csrf);
	return true;
}

static void
become(hk_req *req, const hk_user *user, const char *via)
{
	unsigned roles = 0;

	hk_roles_parse(user->roles, &roles, NULL);
	g_free(req->parts->login);
	req->parts->login = g_strdup(user->login);
	req->who = (hk_who){.user_id = user->id,
		.login = req->parts->login,
		.via = via,
		.address = req->parts->address};
	req->roles = roles;
}

static bool
touch(hk_db *db, bool (*write)(hk_db *, void *, GError **), void *data, GError **error)
{
	if (!hk_db_begin(db, true, error)) {
		return false;
	}
	if (!write(db, data, error)) {
		hk_db_rollback(db);
		return false;
	}
	return hk_db_commit(db, error);
}

static bool
write_token(hk_db *db, void *data, GError **error)
{
	const hk_token *token = data;

	return hk_token_touch(db, token->id, token->used_ms, error);
}

static bool
by_token(hk_req *req, hk_reply *reply, const char *header, GError **error)
{
	uint8_t hash[32];
	GError *why = NULL;
	int64_t now = hk_clock_wall_ms();
	const char *text = header + strlen("Bearer ");
	g_autoptr(hk_token) token = NULL;
	g_autoptr(hk_user) user = NULL;

	if (g_ascii_strncasecmp(header, "Bearer ", 7) == 0 && hk_auth_token_hash(text, hash)) {
		token = hk_token_by_hash(req->db, hash, &why);
		user = token ? hk_user_get(req->db, token->user_id, &why) : NULL;
	}
	if (why && hk_error_code(why) != HK_ENOENT) {
		g_propagate_error(error, why);
		return false;
	}
	g_clear_error(&why);
	if (!user || token->revoked_ms > 0 || token->expires_ms <= now ||
		strcmp(user->state, "active") != 0) {
		hk_reply_header(reply, "WWW-Authenticate", "Bearer error=\"invalid_token\"");
		return hk_reply_problem(reply, error, 401, HK_EPOLICY, "Authorization",
			"make a new token", "the token is unknown, has expired or was revoked");
	}
	become(req, user, "api");
	req->by_token = true;
	hk_scopes_parse(token->scopes, &req->scopes, NULL);
	req->parts->token_id = token->id;
	if (now - token->used_ms > HK_AUTH_TOUCH_MS) {
		token->used_ms = now;
		return touch(req->db, write_token, token, error);
	}
	return true;
}

typedef struct renewal {
	hk_session *session;
	int64_t now;
	bool rotate;
	char secret[HK_SECRET_TEXT_SIZE];
	bool rotated;
} renewal;

static bool
write_session(hk_db *db, void *data, GError **error)
{
	renewal *r = data;
	bool first = false;

	if (r->rotate) {
		if (!hk_session_retire(
			    db, r->session->hash, r->now + HK_AUTH_GRACE_MS, &first, error)) {
			return false;
		}
		/* Of two requests at once one exchanges the cookie, the other goes on with the old one. */
		if (!first) {
			return true;
		}
		hk_session fresh = *r->session;
		hk_secret_text(r->secret);
		if (!cookie_hash(r->secret, fresh.hash)) {
			HK_BUG("a cookie of our own is none");
		}
		fresh.seen_ms = fresh.rotated_ms = r->now;
		r->rotated = true;
		return hk_session_insert(db, &fresh, error);
	}
	return hk_session_touch(db, r->session->hash, r->now, error);
}

static bool
by_cookie(hk_req *req, GError **error)
{
	g_autofree char *cookie = hk_req_cookie(req, cookie_name(req));
	GError *why = NULL;
	uint8_t hash[32];
	int64_t now = hk_clock_wall_ms();
	g_autoptr(hk_session) session = NULL;
	g_autoptr(hk_user) user = NULL;

	if (cookie && cookie_hash(cookie, hash)) {
		session = hk_session_get(req->db, hash, &why);
		user = session ? hk_user_get(req->db, session->user_id, &why) : NULL;
	}
	if (why && hk_error_code(why) != HK_ENOENT) {
		g_propagate_error(error, why);
		return false;
	}
	g_clear_error(&why);
	if (!user || session->ends_ms <= now ||
		session->seen_ms + req->config->session_idle_ms <= now ||
		strcmp(user->state, "active") != 0) {
		return true;
	}
	become(req, user, "web");
	req->scopes = HK_SCOPES_ALL;
	req->parts->by_password = user->password != NULL;
	gsize sealed = 0;
	const char *totp = user->totp ? g_bytes_get_data(user->totp, &sealed) : NULL;
	req->parts->has_totp = sealed > 0 && totp[0] == 'a';
	/* Events come back by themselves: they are no sign that somebody sits there. */
	bool passive = req->route->perm == HK_PERM_LIVE;
	renewal r = {.session = session, .now = now};
	r.rotate = session->full && now - session->rotated_ms > HK_AUTH_ROTATE_MS &&
		   session->rotated_ms <= now;
	if (!passive && (r.rotate || now - session->seen_ms > HK_AUTH_TOUCH_MS)) {
		if (!touch(req->db, write_session, &r, error)) {
			return false;
		}
		if (r.rotated) {
			g_free(req->parts->rotated_cookie);
			req->parts->rotated_cookie =
				cookie_text(req, r.secret, (session->ends_ms - now) / 1000);
		}
	}
	req->parts->session = g_steal_pointer(&session);
	req->session = req->parts->session;
	return true;
}

/* "https://board.example:8443" and the Host "board.example:8443": the same? */
static bool
same_host(const char *origin, const char *host)
{
	const char *at = strstr(origin, "://");

	return at && host && g_ascii_strcasecmp(at + 3, host) == 0;
}

/* A page of another site must not act with the cookie of ours. Browsers say where a request comes from; programs need not. */
static bool
check_origin(const hk_req *req, hk_reply *reply, GError **error)
{
	const char *origin = hk_req_header(req, "Origin");
	const char *site = hk_req_header(req, "Sec-Fetch-Site");

	if ((!origin || same_host(origin, hk_req_header(req, "Host"))) &&
		(!site || strcmp(site, "same-origin") == 0 || strcmp(site, "none") == 0)) {
		return true;
	}
	return hk_reply_problem(reply, error, 403, HK_EPOLICY, "Origin",
		"open the board itself and do it there", "the request comes from another site");
}

static bool
check_csrf(const hk_req *req, hk_reply *reply, GError **error)
{
	const char *token = hk_req_header(req, "X-CSRF-Token");

	if (token && hk_secret_equal(hk_span_str(token), hk_span_str(req->session->csrf))) {
		return true;
	}
	return hk_reply_problem(reply, error, 403, HK_EPOLICY, "X-CSRF-Token",
		"read /api/v1/session and send its csrf", "the token against forged requests is %s",
		token ? "wrong" : "missing");
}

static bool
check_session(const hk_req *req, hk_reply *reply, GError **error)
{
	hk_perm perm = req->route->perm;

	if (req->who.user_id == 0) {
		hk_reply_header(reply, "WWW-Authenticate", "Bearer");
		return hk_reply_problem(reply, error, 401, HK_EPOLICY, NULL, "log in",
			"nobody is logged in, or the session has ended");
	}
	if (req->by_token || perm == HK_PERM_HALF) {
		return true;
	}
	if (!req->session->full) {
		return hk_reply_problem(reply, error, 401, HK_EPOLICY, NULL,
			"send the code to /api/v1/session/totp", "the second factor is missing");
	}
	if (req->config->totp_required && req->parts->by_password && !req->parts->has_totp &&
		perm != HK_PERM_SELF && perm != HK_PERM_SELF_EDIT) {
		return hk_reply_problem(reply, error, 403, HK_EPOLICY, NULL,
			"set one up at /api/v1/me/totp", "a second factor is required here");
	}
	return true;
}

bool
hk_auth_request(hk_web_thread *thread, hk_req *req, hk_reply *reply, GError **error)
{
	const char *header = hk_req_header(req, "Authorization");
	const hk_perm_row *perm = hk_perm_get(req->route->perm);
	bool reads = req->method == HK_METHOD_GET;

	(void)thread;
	req->who = (hk_who){.login = "", .via = "web", .address = req->parts->address};
	if (header ? !by_token(req, reply, header, error) : !by_cookie(req, error)) {
		return false;
	}
	if (!reads && !req->by_token && !check_origin(req, reply, error)) {
		return false;
	}
	if (perm->public) {
		return true;
	}
	if (!check_session(req, reply, error)) {
		return false;
	}
	if (!reads && !req->by_token && !check_csrf(req, reply, error)) {
		return false;
	}
	if (!hk_req_may(req, req->route->perm)) {
		if (req->by_token && (perm->roles == 0 || (perm->roles & req->roles))) {
			return hk_reply_problem(reply, error, 403, HK_EPOLICY, NULL,
				"use a token that has the scope, or log in",
				"the token may not: %s", perm->summary);
		}
		g_autofree char *roles = hk_roles_text(perm->roles);
		return hk_reply_problem(reply, error, 403, HK_EPOLICY, NULL,
			"ask an administrator for a role that may",
			"you may not: %s (needs one of: %s)", perm->summary, roles);
	}
	return true;
}
