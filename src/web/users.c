/* /users: what a system administrator does to others' accounts. */
#include <string.h>

#include "sys/gerr.h"
#include "sys/jsonw.h"
#include "web/handler.h"
#include "web/login.h"
#include "web/people.h"

typedef struct other {
	hk_req *req;
	hk_user *user;
	const char *login, *name, *mail, *lang, *state;
	int64_t roles; /* bits; -1: as they are */
	bool sso;
	char *hash;
	int64_t id;
} other;

static void
clear(other *o)
{
	hk_user_free(o->user);
	g_free(o->hash);
}

/* "roles": a list of names, or missing. */
static bool
read_roles(const hk_req *req, int64_t *ret, GError **error)
{
	hk_json list;
	unsigned roles = 0;

	if (!req->json || !hk_json_has(req->json, "roles")) {
		return true;
	}
	if (!hk_json_array(req->json, "roles", &list, error)) {
		return false;
	}
	for (size_t i = 0; i < hk_json_len(&list); i++) {
		hk_json item = hk_json_at(&list, i);
		const char *name = hk_json_text(&item);
		hk_role role;
		if (!name || !hk_role_find(name, &role)) {
			g_autofree char *known = hk_roles_text((1u << HK_ROLE_COUNT) - 1);
			return hk_json_fail(&item, HK_ERANGE, error, "must be one of %s", known);
		}
		roles |= 1u << role;
	}
	*ret = roles;
	return true;
}

static bool
answer(hk_req *req, hk_reply *reply, int status, int64_t id, GError **error)
{
	g_autoptr(hk_user) user = hk_user_get(req->db, id, error);

	if (!user) {
		return false;
	}
	hk_user_json(user, true, hk_reply_json(reply, status));
	hk_reply_version(reply, user->version);
	return true;
}

bool
hk_web_users_list(hk_req *req, hk_reply *reply, GError **error)
{
	int64_t after, limit;

	if (!hk_req_query_only(req, error, "after", "limit", NULL) ||
		!hk_req_query_int(req, "after", 0, INT64_MAX, 0, &after, error) ||
		!hk_req_query_int(req, "limit", 1, 200, 200, &limit, error)) {
		return false;
	}
	g_autoptr(GPtrArray) users = hk_users_list(req->db, after, limit + 1, error);
	if (!users) {
		return false;
	}
	GString *out = hk_reply_json(reply, 200);
	guint shown = MIN(users->len, (guint)limit);
	hk_jsonw_open(out, '{');
	hk_jsonw_key(out, "items");
	hk_jsonw_open(out, '[');
	for (guint i = 0; i < shown; i++) {
		hk_user_json(users->pdata[i], true, out);
	}
	hk_jsonw_close(out, ']');
	hk_jsonw_key(out, "next");
	if (users->len > shown) {
		g_autofree char *next = g_strdup_printf(
			"%ld", (long)((const hk_user *)users->pdata[shown - 1])->id);
		hk_jsonw_str(out, next);
	} else {
		hk_jsonw_null(out);
	}
	hk_jsonw_close(out, '}');
	return true;
}

bool
hk_web_users_get(hk_req *req, hk_reply *reply, GError **error)
{
	return answer(req, reply, 200, hk_req_id(req, "id"), error);
}

static bool
write_new(hk_flow *flow, void *data, GError **error)
{
	other *o = data;

	return hk_person_add(flow, o->login, o->name, o->mail, (unsigned)MAX(o->roles, 0), o->hash,
		       &o->id, error) &&
	       (!o->sso || hk_person_sso(flow, o->id, o->login, error));
}

bool
hk_web_users_new(hk_req *req, hk_reply *reply, GError **error)
{
	other o = {.req = req};
	const char *password = NULL;
	bool good = hk_req_json_only(req, error, "login", "name", "mail", "roles", "password",
			    "sso", NULL) &&
		    hk_req_need(req, error, "login", NULL) &&
		    hk_req_json_text(req, "login", 256, &o.login, error) &&
		    hk_req_json_text(req, "name", HK_PERSON_NAME_MAX, &o.name, error) &&
		    hk_req_json_text(req, "mail", HK_PERSON_MAIL_MAX, &o.mail, error) &&
		    hk_req_json_text(req, "password", HK_PASSWORD_MAX_BYTES, &password, error) &&
		    hk_req_json_flag(req, "sso", &o.sso, error) && read_roles(req, &o.roles, error);

	if (good && password) {
		good = hk_password_check(password, o.login, error) &&
		       (o.hash = hk_password_hash(password, error));
	}
	good = good && hk_flow_do(req->flow, &req->who, write_new, &o, error) &&
	       answer(req, reply, 201, o.id, error);
	if (good) {
		hk_reply_location(reply, "/users/%ld", (long)o.id);
	}
	clear(&o);
	return good;
}

static bool
reread(hk_flow *flow, other *o, GError **error)
{
	hk_user_free(o->user);
	o->user = hk_user_get(hk_flow_db(flow), o->id, error);
	return o->user != NULL;
}

static bool
write_edit(hk_flow *flow, void *data, GError **error)
{
	other *o = data;

	if (!reread(flow, o, error)) {
		return false;
	}
	if (o->req->if_match > 0 && o->req->if_match != o->user->version) {
		return hk_error_set(
			error, HK_EINCONSISTENT, "somebody else has changed this user meanwhile");
	}
	return hk_person_edit(
		flow, o->user, o->name, o->mail, o->lang, NULL, o->state, o->roles, error);
}

bool
hk_web_users_edit(hk_req *req, hk_reply *reply, GError **error)
{
	other o = {.req = req, .id = hk_req_id(req, "id"), .roles = -1};
	bool good = hk_req_json_only(req, error, "name", "mail", "lang", "roles", "state", NULL) &&
		    hk_req_json_text(req, "name", HK_PERSON_NAME_MAX, &o.name, error) &&
		    hk_req_json_text(req, "mail", HK_PERSON_MAIL_MAX, &o.mail, error) &&
		    hk_req_json_text(req, "lang", 10, &o.lang, error) &&
		    hk_req_json_text(req, "state", 20, &o.state, error) &&
		    read_roles(req, &o.roles, error) &&
		    hk_flow_do(req->flow, &req->who, write_edit, &o, error) &&
		    answer(req, reply, 200, o.id, error);

	clear(&o);
	return good;
}

static bool
write_password(hk_flow *flow, void *data, GError **error)
{
	other *o = data;

	return reread(flow, o, error) && hk_person_password(flow, o->user, o->hash, NULL, error) &&
	       hk_person_unlock(flow, o->user, error);
}

bool
hk_web_users_password(hk_req *req, hk_reply *reply, GError **error)
{
	other o = {.req = req, .id = hk_req_id(req, "id")};
	const char *password = NULL;
	bool good = hk_req_json_only(req, error, "password", NULL) &&
		    hk_req_need(req, error, "password", NULL) &&
		    hk_req_json_text(req, "password", HK_PASSWORD_MAX_BYTES, &password, error);

	o.user = good ? hk_user_get(req->db, o.id, error) : NULL;
	good = o.user && hk_password_check(password, o.user->login, error) &&
	       (o.hash = hk_password_hash(password, error)) &&
	       hk_flow_do(req->flow, &req->who, write_password, &o, error);
	if (good) {
		hk_reply_empty(reply, 204);
	}
	clear(&o);
	return good;
}

/* The second factor is lost: it goes, and with it every session that it stood for. */
static bool
write_totp(hk_flow *flow, void *data, GError **error)
{
	other *o = data;

	return reread(flow, o, error) &&
	       hk_person_totp(flow, o->user, NULL, "taken away by an administrator", error) &&
	       hk_person_sessions(flow, o->user, NULL, error);
}

static bool
write_sessions(hk_flow *flow, void *data, GError **error)
{
	other *o = data;

	return reread(flow, o, error) && hk_person_sessions(flow, o->user, NULL, error);
}

static bool
write_unlock(hk_flow *flow, void *data, GError **error)
{
	other *o = data;

	return reread(flow, o, error) && hk_person_unlock(flow, o->user, error);
}

static bool
simple(hk_req *req, hk_reply *reply, hk_flow_act act, GError **error)
{
	other o = {.req = req, .id = hk_req_id(req, "id")};
	bool good = hk_flow_do(req->flow, &req->who, act, &o, error);

	if (good) {
		hk_reply_empty(reply, 204);
	}
	clear(&o);
	return good;
}

bool
hk_web_users_totp_drop(hk_req *req, hk_reply *reply, GError **error)
{
	return simple(req, reply, write_totp, error);
}

bool
hk_web_users_sessions_end(hk_req *req, hk_reply *reply, GError **error)
{
	return simple(req, reply, write_sessions, error);
}

bool
hk_web_users_unlock(hk_req *req, hk_reply *reply, GError **error)
{
	return simple(req, reply, write_unlock, error);
}
