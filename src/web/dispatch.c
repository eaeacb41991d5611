/* Everything between a whole request and its whole reply. */
#include <string.h>

#include "store/sessions.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "sys/hash.h"
#include "sys/log.h"
#include "web/auth.h"
#include "web/web_int.h"

enum {
	TRIES = 4, /* of a read that the database wants again */
	KEY_MAX = 128,
};

/* The longest answer that is kept for a repeated request; a longer one is not kept, the repeat is then refused. */
#define KEPT_MAX ((size_t)256 << 10)

/* A reader sees one state of the database, however many statements it needs. */
static bool
run_read(hk_req *req, hk_reply *reply, GError **error)
{
	for (int i = 1;; i++) {
		GError *why = NULL;
		bool good = hk_db_begin(req->db, false, &why) && req->route->run(req, reply, &why);
		hk_db_rollback(req->db);
		if (good) {
			return true;
		}
		if (hk_error_code(why) != HK_EAGAIN || reply->problem_status || i == TRIES) {
			g_propagate_error(error, why);
			return false;
		}
		g_clear_error(&why);
		hk_reply_reset(reply);
		g_usleep((gulong)i * 10000);
	}
}

static bool
run_write(hk_req *req, hk_reply *reply, GError **error)
{
	bool good = req->route->run(req, reply, error);

	hk_db_rollback(req->db);
	return good;
}

/* ---- idempotency ---- */

typedef struct claim {
	hk_req *req;
	const char *key;
	uint8_t request[32];
	bool ours;
	hk_kept_reply other;
	int status; /* 0: the request failed, the key is free again */
	const char *body;
} claim;

static bool
write_claim(hk_db *db, claim *c, GError **error)
{
	return hk_reply_claim(db, c->req->who.user_id, c->key, c->request, hk_clock_wall_ms(),
		&c->ours, &c->other, error);
}

static bool
write_outcome(hk_db *db, claim *c, GError **error)
{
	return c->status > 0
		       ? hk_reply_keep(db, c->req->who.user_id, c->key, c->status, c->body, error)
		       : hk_reply_drop(db, c->req->who.user_id, c->key, error);
}

static bool
in_transaction(claim *c, bool (*act)(hk_db *, claim *, GError **), GError **error)
{
	hk_db *db = c->req->db;

	for (int i = 1;; i++) {
		GError *why = NULL;
		if (hk_db_begin(db, true, &why) && act(db, c, &why) && hk_db_commit(db, &why)) {
			return true;
		}
		hk_db_rollback(db);
		if (hk_error_code(why) != HK_EAGAIN || i == TRIES) {
			g_propagate_error(error, why);
			return false;
		}
		g_clear_error(&why);
		g_usleep((gulong)i * 10000);
	}
}

static bool
check_key(const char *key, hk_reply *reply, GError **error)
{
	size_t len = strlen(key);

	for (size_t i = 0; i < len; i++) {
		if (key[i] <= ' ' || key[i] >= 0x7f) {
			len = 0;
		}
	}
	return (len > 0 && len <= KEY_MAX) ||
	       hk_reply_problem(reply, error, 400, HK_EFORM, "Idempotency-Key",
		       "take a UUID, for example", "must have 1 to %d printable characters",
		       KEY_MAX);
}

static bool
replay(const claim *c, hk_reply *reply, GError **error)
{
	if (memcmp(c->other.request, c->request, sizeof c->request) != 0) {
		return hk_reply_problem(reply, error, 422, HK_EPOLICY, "Idempotency-Key",
			"take a new key for a new request",
			"another request was sent with this key");
	}
	if (c->other.status == 0) {
		return hk_reply_problem(reply, error, 409, HK_EAGAIN, "Idempotency-Key",
			"wait; if it stays so, look whether it was done before you send it with a "
			"new key",
			"the first request with this key has not ended yet");
	}
	GString *out = hk_reply_json(reply, c->other.status);
	g_string_append(out, c->other.body);
	if (c->other.body[0] == '\0') {
		hk_reply_empty(reply, c->other.status);
	}
	hk_reply_header(reply, "Idempotency-Replayed", "true");
	return true;
}

static bool
run_keyed(hk_req *req, hk_reply *reply, const char *key, GError **error)
{
	claim c = {.req = req, .key = key};
	GError *why = NULL;

	if (!check_key(key, reply, error)) {
		return false;
	}
	/* What makes it the same request: user (the row's), method, path, parameters, body. */
	g_autoptr(GString) what = g_string_new(hk_method_name(req->method));
	const hk_target *t = &req->parts->target;
	for (size_t i = 0; i < t->segment_count; i++) {
		g_string_append_printf(what, "\n/%s", t->segments[i]);
	}
	for (size_t i = 0; i < t->param_count; i++) {
		g_string_append_printf(what, "\n?%s\n=%s", t->params[i].name, t->params[i].value);
	}
	hk_span pieces[] = {hk_span_of(what->str, what->len), HK_SPAN_LIT("\n\n"), req->body};
	hk_sha256_pieces(pieces, G_N_ELEMENTS(pieces), c.request);
	if (!in_transaction(&c, write_claim, error)) {
		return false;
	}
	if (!c.ours) {
		bool good = replay(&c, reply, error);
		hk_kept_reply_clear(&c.other);
		return good;
	}
	bool good = run_write(req, reply, error);
	bool simple = reply->spooled == 0 && !reply->bytes &&
		      (!reply->text || reply->text->len <= KEPT_MAX);
	c.status = good ? reply->status : 0;
	c.body = reply->text && reply->type ? reply->text->str : "";
	if (good && !simple) {
		return true;
	}
	/* If this fails, a repeat is told that nobody knows; the answer itself stands. */
	if (!in_transaction(&c, write_outcome, &why)) {
		hk_log(HK_EVENT_WEB_FAILED, HK_F_STR("request", req->parts->id),
			HK_F_STR("code", hk_err_code(hk_error_code(why))),
			HK_F_STR("reason", why->message));
		g_clear_error(&why);
	}
	return good;
}

static bool
write_use(hk_flow *flow, void *data, GError **error)
{
	const hk_req *req = data;
	g_autofree char *text = g_strdup_printf("{\"route\":\"%s\"}", req->route->id);

	(void)error;
	hk_flow_note(flow, "token.use", "token", req->parts->token_id, 0, text);
	return true;
}

/* What a program takes out of the house is written down with the token that it used, before it is handed over. */
static bool
note_export(hk_req *req, GError **error)
{
	return !req->by_token || hk_perm_get(req->route->perm)->scope != HK_SCOPE_EXPORT ||
	       hk_flow_do(req->flow, &req->who, write_use, req, error);
}

static bool
handle(hk_web_thread *thread, hk_req *req, hk_reply *reply, GError **error)
{
	const char *key = hk_req_header(req, "Idempotency-Key");

	if (!hk_auth_request(thread, req, reply, error) || !hk_req_read_body(req, reply, error) ||
		!hk_req_read_if_match(req, reply, error) || !note_export(req, error)) {
		return false;
	}
	if (req->method == HK_METHOD_GET) {
		return run_read(req, reply, error);
	}
	return key && (req->route->options & HK_ROUTE_KEYED) ? run_keyed(req, reply, key, error)
							     : run_write(req, reply, error);
}

void
hk_web_dispatch(hk_web_thread *thread, hk_req *req, hk_reply *reply)
{
	int64_t begun_us = hk_clock_mono_us();
	struct hk_req_parts *parts = req->parts;
	GError *error = NULL;

	req->db = thread->db;
	req->flow = thread->flow;
	const char *cookie = NULL;
	if (handle(thread, req, reply, &error)) {
		cookie = parts->login_cookie ? parts->login_cookie : parts->rotated_cookie;
	} else {
		/* The cookie that was exchanged on the way must reach the browser even so. */
		cookie = parts->rotated_cookie;
		hk_reply_fail(reply, error, parts->id);
		g_clear_error(&error);
	}
	if (cookie) {
		hk_reply_header(reply, "Set-Cookie", cookie);
	}
	hk_log(HK_EVENT_WEB_REQUEST, HK_F_STR("request", parts->id),
		HK_F_STR("route", req->route->id), HK_F_INT("status", reply->status),
		HK_F_STR("who", req->who.login), HK_F_STR("address", parts->address),
		HK_F_REAL("ms", (double)(hk_clock_mono_us() - begun_us) / 1000));
}
