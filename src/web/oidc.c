#include "web/oidc.h"

#include <inttypes.h>
#include <string.h>

#include "base/num.h"
#include "store/sessions.h"
#include "store/users.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/gerr.h"
#include "sys/hash.h"
#include "sys/http.h"
#include "sys/json.h"
#include "sys/jsonw.h"
#include "sys/log.h"
#include "web/auth.h"
#include "web/handler.h"
#include "web/jwt.h"
#include "web/people.h"

#define COOKIE      "hk_oidc"
#define COOKIE_PATH "/api/v1/oidc"
#define BACK        "/api/v1/oidc/callback"

/* A row of --oidc-role. */
typedef struct mapping {
	char *group;
	unsigned roles;
} mapping;

struct hk_oidc {
	hk_web *web;
	char *secret;                     /* or NULL */
	GArray *roles;                    /* mapping */
	uint8_t key[HK_SECRET_KEY_BYTES]; /* of the cookie */
	GMutex mutex;                     /* of what the provider has said */
	char *authorize_url, *token_url, *keys_url;
	hk_json_doc *keys;
	int64_t keys_ms; /* read then; monotonic */
};

/* ---- configuration ---- */

static void
clear_mapping(void *data)
{
	g_free(((mapping *)data)->group);
}

static bool
read_mappings(hk_oidc *oidc, GError **error)
{
	const char *const *rows = oidc->web->config.oidc_roles;

	for (; rows && *rows; rows++) {
		const char *equals = strrchr(*rows, '=');
		mapping m = {0};
		if (!equals || equals == *rows) {
			return hk_error_set(error, HK_ECONFIG,
				"oidc-role: \"%s\" must be GROUP=ROLE,ROLE", *rows);
		}
		if (!hk_roles_parse(equals + 1, &m.roles, error)) {
			g_prefix_error(error, "oidc-role: \"%s\": ", *rows);
			(*error)->code = HK_ECONFIG;
			return false;
		}
		m.group = g_strndup(*rows, (gsize)(equals - *rows));
		g_array_append_val(oidc->roles, m);
	}
	return true;
}

static bool
read_secret(hk_oidc *oidc, GError **error)
{
	const char *path = oidc->web->config.oidc_secret_file;
	g_autoptr(GBytes) bytes = path ? hk_file_read(path, 4096, error) : NULL;

	if (!path) {
		return true;
	}
	if (!bytes) {
		return false;
	}
	oidc->secret =
		g_strstrip(g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes)));
	return *oidc->secret || hk_error_set(error, HK_ECONFIG, "%s: is empty", path);
}

hk_oidc *
hk_oidc_new(hk_web *web, GError **error)
{
	hk_oidc *oidc = g_new0(hk_oidc, 1);
	GError *why = NULL;

	oidc->web = web;
	g_mutex_init(&oidc->mutex);
	oidc->roles = g_array_new(FALSE, FALSE, sizeof(mapping));
	g_array_set_clear_func(oidc->roles, clear_mapping);
	hk_key_derive(web->key, "oidc", oidc->key);
	if (!hk_http_url_check(web->config.oidc_issuer, &why) || !read_mappings(oidc, &why) ||
		!read_secret(oidc, &why)) {
		g_propagate_error(error, why);
		hk_oidc_free(oidc);
		return NULL;
	}
	return oidc;
}

void
hk_oidc_free(hk_oidc *oidc)
{
	if (!oidc) {
		return;
	}
	if (oidc->secret) {
		hk_secret_wipe(oidc->secret, strlen(oidc->secret));
		g_free(oidc->secret);
	}
	hk_secret_wipe(oidc->key, sizeof oidc->key);
	g_array_unref(oidc->roles);
	g_free(oidc->authorize_url);
	g_free(oidc->token_url);
	g_free(oidc->keys_url);
	hk_json_doc_free(oidc->keys);
	g_mutex_clear(&oidc->mutex);
	g_free(oidc);
}

/* ---- asking the provider ---- */

typedef struct asked {
	bool done;
	hk_json_doc *doc;
	GError *error;
} asked;

static void
on_answer(void *user, hk_http_call *call, const hk_http_answer *answer)
{
	asked *a = user;

	(void)call;
	a->done = true;
	if (answer->error) {
		a->error = g_error_copy(answer->error);
	} else if (answer->status != 200) {
		hk_error_set(&a->error, HK_EREMOTE, "HTTP %d", answer->status);
	} else if (answer->gzip || answer->odd_encoding) {
		hk_error_set(&a->error, HK_EREMOTE, "a packed answer");
	} else {
		a->doc = hk_json_load(answer->body, HK_OIDC_BODY_MAX, &a->error);
	}
}

/* Blocks: called in the pool, a few at a time. headers, form: or NULL. */
static hk_json_doc *
ask(hk_oidc *oidc, const char *url, const char *const *headers, const char *form, GError **error)
{
	const hk_http_config config = {.ca_file = oidc->web->config.ca_file, .purpose = "oidc"};
	g_autoptr(hk_http) http = hk_http_new(&config, error);
	hk_http_request request = {.url = url,
		.headers = headers,
		.form = form,
		.max_bytes = HK_OIDC_BODY_MAX,
		.timeout_ms = HK_OIDC_TIMEOUT_MS,
		.connect_ms = HK_OIDC_TIMEOUT_MS / 2,
		.fresh = true};
	asked a = {0};

	if (!http || !hk_http_get(http, &request, on_answer, &a, error)) {
		return NULL;
	}
	while (!a.done) {
		hk_http_step(http, 1000, -1);
	}
	if (a.error) {
		hk_json_doc_free(a.doc);
		g_propagate_prefixed_error(error, a.error, "%s: ", url);
		return NULL;
	}
	return a.doc;
}

static bool
endpoint(const hk_json *root, const char *name, char **ret, GError **error)
{
	const char *url;

	if (!hk_json_str(root, name, &url, error) || !hk_http_url_check(url, error)) {
		return false;
	}
	g_free(*ret);
	*ret = g_strdup(url);
	return true;
}

/* Under the mutex: where the provider's doors are; asked once. */
static bool
discover(hk_oidc *oidc, GError **error)
{
	const char *issuer = oidc->web->config.oidc_issuer, *said;

	if (oidc->keys_url) {
		return true;
	}
	g_autofree char *url = g_strconcat(issuer, g_str_has_suffix(issuer, "/") ? "" : "/",
		".well-known/openid-configuration", NULL);
	g_autoptr(hk_json_doc) doc = ask(oidc, url, NULL, NULL, error);
	if (!doc) {
		return false;
	}
	hk_json root = hk_json_root(doc);
	if (!hk_json_str(&root, "issuer", &said, error)) {
		return false;
	}
	if (strcmp(said, issuer) != 0) {
		return hk_error_set(error, HK_EPOLICY,
			"the provider calls itself \"%.200s\", not \"%s\"; set oidc-issuer to what "
			"it says",
			said, issuer);
	}
	/* The last one is the sign that all are there. */
	return endpoint(&root, "authorization_endpoint", &oidc->authorize_url, error) &&
	       endpoint(&root, "token_endpoint", &oidc->token_url, error) &&
	       endpoint(&root, "jwks_uri", &oidc->keys_url, error);
}

/* Under the mutex: the provider's keys; again: a token names one that we do not have. */
static bool
read_keys(hk_oidc *oidc, bool again, GError **error)
{
	int64_t age_s = (hk_clock_mono_ms() - oidc->keys_ms) / 1000;

	if (oidc->keys && age_s < (again ? HK_OIDC_KEYS_SOON_S : HK_OIDC_KEYS_S)) {
		return true;
	}
	hk_json_doc *doc = ask(oidc, oidc->keys_url, NULL, NULL, error);
	if (!doc) {
		return false;
	}
	hk_json_doc_free(oidc->keys);
	oidc->keys = doc;
	oidc->keys_ms = hk_clock_mono_ms();
	return true;
}

static hk_json_doc *
verify(hk_oidc *oidc, const char *token, GError **error)
{
	hk_json_doc *payload = NULL;
	bool unknown = false;

	g_mutex_lock(&oidc->mutex);
	for (int i = 0; i < 2 && !payload; i++) {
		g_clear_error(error);
		if (!read_keys(oidc, i > 0, error)) {
			break;
		}
		hk_json keys = hk_json_root(oidc->keys);
		payload = hk_jwt_verify(hk_span_str(token), &keys, &unknown, error);
		if (!unknown) {
			break;
		}
	}
	g_mutex_unlock(&oidc->mutex);
	return payload;
}

/* ---- the way there ---- */

/* What the browser carries, sealed. */
typedef struct trip {
	char *state, *nonce, *verifier;
	uint64_t until_s;
} trip;

static void
clear_trip(trip *t)
{
	g_free(t->state);
	g_free(t->nonce);
	g_free(t->verifier);
}

static char *
base_of(const hk_oidc *oidc)
{
	const char *base = oidc->web->config.base_url ? oidc->web->config.base_url : oidc->web->url;
	char *copy = g_strdup(base);

	if (g_str_has_suffix(copy, "/")) {
		copy[strlen(copy) - 1] = '\0';
	}
	return copy;
}

static void
set_cookie(const hk_req *req, hk_reply *reply, const char *value, int max_age_s)
{
	/* Lax: the browser comes back from another site, and must bring it along. */
	g_autofree char *text =
		g_strdup_printf("%s=%s; Path=" COOKIE_PATH "; HttpOnly; SameSite=Lax; Max-Age=%d%s",
			COOKIE, value, max_age_s, req->parts->secure ? "; Secure" : "");

	hk_reply_header(reply, "Set-Cookie", text);
}

static char *
trip_seal(hk_oidc *oidc, const trip *t)
{
	g_autofree char *text = g_strdup_printf(
		"%" PRIu64 " %s %s %s", t->until_s, t->state, t->nonce, t->verifier);
	g_autoptr(GBytes) sealed = hk_seal(oidc->key, hk_span_str(text));
	gsize len;
	const void *data = g_bytes_get_data(sealed, &len);

	return hk_base64url_encode(hk_span_of(data, len));
}

static bool
trip_open(hk_oidc *oidc, const char *cookie, trip *ret)
{
	size_t len = 0;
	g_autofree uint8_t *bytes = hk_base64url_decode(hk_span_str(cookie), &len);
	g_autoptr(GBytes) plain = bytes ? hk_open(oidc->key, hk_span_of(bytes, len)) : NULL;

	if (!plain) {
		return false;
	}
	gsize size;
	const char *data = g_bytes_get_data(plain, &size);
	g_autofree char *text = g_strndup(data, size);
	g_auto(GStrv) parts = g_strsplit(text, " ", 4); /* nocheck: sealed by ourselves */
	if (g_strv_length(parts) != 4 ||
		hk_parse_u64(hk_span_str(parts[0]), INT64_MAX, &ret->until_s) != HK_OK) {
		return false;
	}
	ret->state = g_strdup(parts[1]);
	ret->nonce = g_strdup(parts[2]);
	ret->verifier = g_strdup(parts[3]);
	return true;
}

static void
add_param(GString *out, const char *name, const char *value)
{
	g_autofree char *coded = g_uri_escape_string(value, NULL, FALSE); /* nocheck: writes only */
	char last = out->len > 0 ? out->str[out->len - 1] : '?';

	g_string_append_printf(
		out, "%s%s=%s", last == '?' || out->len == 0 ? "" : "&", name, coded);
}

static char *
secret_text(void)
{
	char *text = g_malloc(HK_SECRET_TEXT_SIZE);

	hk_secret_text(text);
	return text;
}

static bool
configured(const hk_req *req, GError **error)
{
	return req->web->oidc ||
	       hk_error_set(error, HK_ENOENT, "single sign-on is not set up here");
}

bool
hk_web_oidc_start(hk_req *req, hk_reply *reply, GError **error)
{
	hk_oidc *oidc = req->web->oidc;
	uint8_t hash[32];

	if (!configured(req, error)) {
		return false;
	}
	g_mutex_lock(&oidc->mutex);
	bool good = discover(oidc, error);
	g_autofree char *where = g_strdup(oidc->authorize_url);
	g_mutex_unlock(&oidc->mutex);
	if (!good) {
		return false;
	}
	trip t = {.state = secret_text(),
		.nonce = secret_text(),
		.verifier = secret_text(),
		.until_s = (uint64_t)(hk_clock_wall_ms() / 1000) + HK_OIDC_FLOW_S};
	hk_sha256(hk_span_str(t.verifier), hash);
	g_autofree char *challenge = hk_base64url_encode(hk_span_of(hash, sizeof hash));
	g_autofree char *base = base_of(oidc);
	g_autofree char *back = g_strconcat(base, BACK, NULL);
	g_autoptr(GString) url = g_string_new(where);
	g_string_append_c(url, strchr(where, '?') ? '&' : '?');
	add_param(url, "response_type", "code");
	add_param(url, "client_id", oidc->web->config.oidc_client);
	add_param(url, "redirect_uri", back);
	add_param(url, "scope", "openid profile email");
	add_param(url, "state", t.state);
	add_param(url, "nonce", t.nonce);
	add_param(url, "code_challenge", challenge);
	add_param(url, "code_challenge_method", "S256");
	g_autofree char *sealed = trip_seal(oidc, &t);
	set_cookie(req, reply, sealed, HK_OIDC_FLOW_S);
	hk_reply_redirect(reply, url->str);
	clear_trip(&t);
	return true;
}

/* ---- the way back ---- */

static char *
exchange(hk_oidc *oidc, const char *code, const trip *t, GError **error)
{
	g_autofree char *base = base_of(oidc);
	g_autofree char *back = g_strconcat(base, BACK, NULL);
	g_autoptr(GString) form = g_string_new(NULL);
	g_autofree char *basic = NULL;
	const char *headers[] = {"Accept: application/json", NULL, NULL};
	const char *token;

	add_param(form, "grant_type", "authorization_code");
	add_param(form, "code", code);
	add_param(form, "redirect_uri", back);
	add_param(form, "code_verifier", t->verifier);
	if (oidc->secret) {
		/* RFC 6749, section 2.3.1: both are form-encoded before they are put together. */
		g_autoptr(GString) pair = g_string_new(NULL);
		g_autofree char *id = g_uri_escape_string(/* nocheck: writes only */
			oidc->web->config.oidc_client, NULL, FALSE);
		g_autofree char *secret =
			g_uri_escape_string(oidc->secret, NULL, FALSE); /* nocheck: writes only */
		g_string_append_printf(pair, "%s:%s", id, secret);
		g_autofree char *coded =
			g_base64_encode((const unsigned char *)pair->str, pair->len);
		basic = g_strconcat("Authorization: Basic ", coded, NULL);
		headers[1] = basic;
	} else {
		add_param(form, "client_id", oidc->web->config.oidc_client);
	}
	g_autoptr(hk_json_doc) doc = ask(oidc, oidc->token_url, headers, form->str, error);
	if (!doc) {
		return NULL;
	}
	hk_json root = hk_json_root(doc);
	return hk_json_str(&root, "id_token", &token, error) ? g_strdup(token) : NULL;
}

/* The roles of the groups, and whether any mapping is set up at all. */
static unsigned
roles_of(const hk_oidc *oidc, const hk_json *payload)
{
	const char *claim = oidc->web->config.oidc_groups_claim;
	unsigned roles = 0;
	hk_json list;

	if (!hk_json_has(payload, claim) || !hk_json_array(payload, claim, &list, NULL)) {
		return 0;
	}
	for (size_t i = 0; i < hk_json_len(&list); i++) {
		hk_json item = hk_json_at(&list, i);
		const char *group = hk_json_text(&item);
		for (guint m = 0; group && m < oidc->roles->len; m++) {
			const mapping *row = &g_array_index(oidc->roles, mapping, m);
			roles |= strcmp(row->group, group) == 0 ? row->roles : 0;
		}
	}
	return roles;
}

typedef struct arrival {
	hk_req *req;
	hk_oidc *oidc;
	const char *subject;
	const char *name, *mail, *preferred; /* or NULL */
	unsigned roles;
	char *csrf;
} arrival;

static const char *
claim_text(const hk_json *payload, const char *name)
{
	const char *text = NULL;

	return hk_json_has(payload, name) && hk_json_str(payload, name, &text, NULL) && *text
		       ? text
		       : NULL;
}

/* The login that the provider would like the user to have; NULL when it is none for us. */
static char *
wanted_login(const arrival *a)
{
	const char *at = a->mail ? strchr(a->mail, '@') : NULL;
	g_autofree char *local = at ? g_strndup(a->mail, (gsize)(at - a->mail)) : NULL;
	char *login = a->preferred ? hk_login_fold(a->preferred) : NULL;

	return login ? login : local ? hk_login_fold(local) : NULL;
}

/* No account is ever taken over by its name alone: only one that an administrator has marked for it is bound to who comes under its login, once. */
static hk_user *
bind_or_make(hk_flow *flow, const arrival *a, GError **error)
{
	hk_db *db = hk_flow_db(flow);
	const char *issuer = a->oidc->web->config.oidc_issuer;
	g_autofree char *login = wanted_login(a);
	g_autoptr(hk_user) user = NULL;
	GError *why = NULL;
	int64_t id = 0;

	user = login ? hk_user_by_login(db, login, &why) : NULL;
	if (why && hk_error_code(why) != HK_ENOENT) {
		g_propagate_error(error, why);
		return NULL;
	}
	g_clear_error(&why);
	if (user && hk_user_awaits_oidc(user)) {
		id = user->id;
		hk_flow_note(flow, "user.edit", "user", id, 0, "{\"sso\":\"bound\"}");
	} else {
		if (!a->oidc->web->config.oidc_create) {
			hk_error_set(error, HK_EPOLICY, "nobody here has this identity");
			return NULL;
		}
		char random[HK_SECRET_TEXT_SIZE];
		hk_secret_text(random);
		g_autofree char *tail = g_ascii_strdown(random, 6);
		g_autofree char *other = g_strdup_printf("sso-%s", g_strdelimit(tail, "_", 'x'));
		if (!hk_person_add(flow, login && !user ? login : other, a->name, NULL, 0, NULL,
			    &id, error)) {
			return NULL;
		}
	}
	return hk_user_set_oidc(db, id, issuer, a->subject, error) ? hk_user_get(db, id, error)
								   : NULL;
}

static bool
write_arrival(hk_flow *flow, void *data, GError **error)
{
	arrival *a = data;
	hk_db *db = hk_flow_db(flow);
	const hk_web_config *config = &a->oidc->web->config;
	bool mapped = a->oidc->roles->len > 0;
	unsigned had = 0;
	GError *why = NULL;

	g_clear_pointer(&a->csrf, g_free);
	if (mapped && a->roles == 0) {
		return hk_error_set(error, HK_EPOLICY, "none of the groups gives a role");
	}
	g_autoptr(hk_user) user = hk_user_by_oidc(db, config->oidc_issuer, a->subject, &why);
	if (!user && hk_error_code(why) != HK_ENOENT) {
		g_propagate_error(error, why);
		return false;
	}
	g_clear_error(&why);
	if (!user && !(user = bind_or_make(flow, a, error))) {
		return false;
	}
	if (strcmp(user->state, "active") != 0) {
		return hk_error_set(error, HK_EPOLICY, "the user is disabled");
	}
	hk_roles_parse(user->roles, &had, NULL);
	if (mapped && had != a->roles &&
		!hk_person_edit(flow, user, NULL, NULL, NULL, NULL, NULL, a->roles, error)) {
		return false;
	}
	hk_flow_note(flow, "user.login", "user", user->id, 0, "{\"by\":\"single sign-on\"}");
	return hk_auth_begin(a->req, user->id, true, hk_flow_now(flow), &a->csrf, error);
}

static bool
arrive(hk_req *req, const trip *t, const char *code, GError **error)
{
	hk_oidc *oidc = req->web->oidc;
	hk_jwt_wants wants = {.issuer = oidc->web->config.oidc_issuer,
		.client = oidc->web->config.oidc_client,
		.nonce = t->nonce,
		.now_s = hk_clock_wall_ms() / 1000,
		.skew_s = HK_OIDC_SKEW_S};
	arrival a = {.req = req, .oidc = oidc};
	GError *why = NULL;

	g_mutex_lock(&oidc->mutex);
	bool known = discover(oidc, error);
	g_mutex_unlock(&oidc->mutex);
	g_autofree char *token = known ? exchange(oidc, code, t, error) : NULL;
	g_autoptr(hk_json_doc) doc = token ? verify(oidc, token, &why) : NULL;
	if (!doc) {
		if (why) {
			g_propagate_error(error, why);
		}
		return false;
	}
	hk_json payload = hk_json_root(doc);
	if (!hk_jwt_check(&payload, &wants, &a.subject, error)) {
		return false;
	}
	a.name = claim_text(&payload, "name");
	a.mail = claim_text(&payload, "email");
	a.preferred = claim_text(&payload, "preferred_username");
	a.roles = roles_of(oidc, &payload);
	hk_who who = {.login = "nobody", .via = "web", .address = req->parts->address};
	/* The GET's snapshot ends here: what follows writes. */
	hk_db_rollback(req->db);
	bool good = hk_flow_do(req->flow, &who, write_arrival, &a, error);
	g_free(a.csrf);
	return good;
}

static bool
check_return(hk_req *req, trip *t, GError **error)
{
	hk_oidc *oidc = req->web->oidc;
	g_autofree char *cookie = hk_req_cookie(req, COOKIE);
	const char *state = hk_req_query(req, "state");
	const char *issuer = hk_req_query(req, "iss");
	const char *failure = hk_req_query(req, "error");

	if (!cookie || !trip_open(oidc, cookie, t) ||
		t->until_s < (uint64_t)(hk_clock_wall_ms() / 1000)) {
		return hk_error_set(error, HK_EPOLICY, "no login was begun here, or too long ago");
	}
	if (!state || !hk_secret_equal(hk_span_str(state), hk_span_str(t->state))) {
		return hk_error_set(error, HK_EPOLICY, "the answer belongs to another login");
	}
	if (issuer && strcmp(issuer, oidc->web->config.oidc_issuer) != 0) {
		return hk_error_set(error, HK_EPOLICY, "the answer is another provider's");
	}
	if (failure) {
		return hk_error_set(error, HK_EPOLICY, "the provider says \"%.100s\"", failure);
	}
	return hk_req_query(req, "code") ||
	       hk_error_set(error, HK_EPOLICY, "the provider sent no code");
}

static bool
write_refusal(hk_flow *flow, void *data, GError **error)
{
	const GError *why = data;
	g_autoptr(GString) text = g_string_new(NULL);

	(void)error;
	hk_jsonw_open(text, '{');
	hk_jsonw_key(text, "why");
	hk_jsonw_str(text, "single sign-on");
	hk_jsonw_key(text, "reason");
	hk_jsonw_str(text, why->message);
	hk_jsonw_close(text, '}');
	hk_flow_note(flow, "user.refused", "user", 0, 0, text->str);
	return true;
}

/* People, not programs, come here: the board tells them what went wrong. */
bool
hk_web_oidc_callback(hk_req *req, hk_reply *reply, GError **error)
{
	g_autoptr(GError) why = NULL;
	trip t = {0};

	if (!configured(req, error)) {
		return false;
	}
	bool good = check_return(req, &t, &why) && arrive(req, &t, hk_req_query(req, "code"), &why);
	clear_trip(&t);
	set_cookie(req, reply, "", 0);
	if (!good) {
		hk_who who = {.login = "nobody", .via = "web", .address = req->parts->address};
		hk_log(HK_EVENT_OIDC_FAILED, HK_F_STR("request", req->parts->id),
			HK_F_STR("address", req->parts->address), HK_F_STR("reason", why->message));
		hk_db_rollback(req->db);
		if (!hk_flow_do(req->flow, &who, write_refusal, why, error)) {
			return false;
		}
		hk_reply_redirect(reply, "/#/login?error=sso");
		return true;
	}
	hk_reply_redirect(reply, "/");
	return true;
}
