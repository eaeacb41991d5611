/* nocheck: tested in tests/unit/report/test_post.c */
#include <string.h>

#include "report/channel_http.h"
#include "report/channel_json.h"
#include "report/post_int.h"
#include "sys/clock.h"
#include "sys/gerr.h"
#include "sys/jsonw.h"
#include "sys/rs256.h"
#include "sys/sigv4.h"

enum { LIFE_S = 3600, TOKEN_MAX = 16384 };

void
hk_post_token_free(void *data)
{
	hk_post_token *token = data;

	explicit_bzero(token->text, strlen(token->text));
	g_free(token->text);
	g_free(token);
}

static char *
key_of(const hk_channel_conf *conf, const hk_channel_ask *ask)
{
	return g_strconcat(conf->name, " ", ask->auth_name ? ask->auth_name : "", NULL);
}

void
hk_post_token_drop(hk_post *post, const hk_channel_conf *conf, const hk_channel_ask *ask)
{
	g_autofree char *key = key_of(conf, ask);

	g_hash_table_remove(post->tokens, key);
}

static void
add_field(GString *form, const char *name, const char *value)
{
	if (value) {
		g_string_append_printf(form, "%s%s=", form->len > 0 ? "&" : "", name);
		hk_sigv4_encode(form, value, false);
	}
}

static bool
client_form(const hk_channel_conf *conf, const hk_channel_ask *ask, GString *form, char **ret_url,
	GError **error)
{
	if (!conf->secret || !conf->user || !conf->token_url) {
		return hk_error_set(error, HK_ECONFIG,
			"%s: secret-file, user (client id) and token-url are needed", conf->path);
	}
	add_field(form, "grant_type", "client_credentials");
	add_field(form, "client_id", conf->user);
	add_field(form, "client_secret", conf->secret);
	add_field(form, "scope", ask->auth_name);
	*ret_url = g_strdup(conf->token_url);
	return true;
}

/* The key file of a service account: {"client_email", "private_key", "private_key_id", "token_uri"}. */
static bool
account_form(const hk_channel_conf *conf, const hk_channel_ask *ask, GString *form, char **ret_url,
	GError **error)
{
	g_autoptr(GError) why = NULL;
	g_autoptr(hk_json_doc) doc =
		hk_json_load(hk_span_str(conf->secret), HK_RS256_PEM_MAX * 2, &why);
	const char *mail, *pem, *uri = conf->token_url;
	int64_t now_s = hk_clock_wall_ms() / 1000;

	if (!doc) {
		return hk_error_set(error, HK_ECONFIG,
			"%s: secret-file is not the key of a service account (JSON)", conf->path);
	}
	hk_json root = hk_json_root(doc);
	if (!hk_json_str(&root, "client_email", &mail, &why) ||
		!hk_json_str(&root, "private_key", &pem, &why) ||
		(!uri && !hk_json_str(&root, "token_uri", &uri, &why))) {
		return hk_error_set(
			error, HK_ECONFIG, "%s: secret-file: %s", conf->path, why->message);
	}
	g_autoptr(GString) claims = g_string_new(NULL);
	hk_jsonw_open(claims, '{');
	hk_jsonw_member_str(claims, "iss", mail);
	hk_jsonw_member_str(claims, "scope", ask->auth_name ? ask->auth_name : "");
	hk_jsonw_member_str(claims, "aud", uri);
	hk_jsonw_member_int(claims, "iat", now_s);
	hk_jsonw_member_int(claims, "exp", now_s + LIFE_S);
	hk_jsonw_close(claims, '}');
	g_autofree char *jwt =
		hk_rs256_jwt(pem, hk_channel_json_str(&root, "private_key_id"), claims->str, &why);
	if (!jwt) {
		return hk_error_set(
			error, HK_ECONFIG, "%s: secret-file: %s", conf->path, why->message);
	}
	add_field(form, "grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer");
	add_field(form, "assertion", jwt);
	*ret_url = g_strdup(uri);
	return true;
}

/* What the endpoint said, as if it had been said to the request: a no is a no, all else may pass. */
static void
as_answer(hk_post_answer *ret)
{
	hk_channel_answer *answer = &ret->answer;
	bool no = answer->status >= 400 && answer->status < 500 && answer->status != 429 &&
		  answer->status != 408;

	answer->left = false;
	answer->status = no ? 401 : 0;
	if (!ret->error) {
		ret->error = g_strdup(
			no ? "the token endpoint says no" : "the token endpoint gives no token");
	}
	answer->broken = !no;
}

/* RFC 6749, 5.1. */
static hk_post_token *
read_token(const hk_channel_answer *answer)
{
	g_autoptr(hk_json_doc) doc = hk_json_load(answer->body, HK_CHANNEL_ANSWER_MAX, NULL);
	int64_t life_s = LIFE_S;
	hk_json at;

	if (answer->status != 200 || answer->broken || !doc) {
		return NULL;
	}
	hk_json root = hk_json_root(doc);
	const char *text = hk_channel_json_str(&root, "access_token");
	if (!text || strlen(text) > TOKEN_MAX || strpbrk(text, "\r\n")) {
		return NULL;
	}
	if (hk_channel_json_at(&root, "expires_in", &at) && hk_json_kind_of(&at) == HK_JSON_INT) {
		life_s = CLAMP(hk_json_int(&at), 0, 24 * LIFE_S);
	}
	hk_post_token *token = g_new0(hk_post_token, 1);
	token->text = g_strdup(text);
	token->until_ms = hk_clock_mono_ms() + life_s * 1000 - HK_POST_TOKEN_SPARE_MS;
	return token;
}

static hk_post_token *
fetch(hk_post *post, const hk_channel_conf *conf, const hk_channel_ask *ask, hk_post_answer *ret,
	GError **error)
{
	static const char *const headers[] = {"Accept: application/json",
		"Content-Type: application/x-www-form-urlencoded", NULL};
	g_autoptr(GString) form = g_string_new(NULL);
	g_autofree char *url = NULL;
	bool made = ask->auth == HK_AUTH_JWT ? account_form(conf, ask, form, &url, error)
					     : client_form(conf, ask, form, &url, error);
	hk_http_request request = {.url = url,
		.method = HK_HTTP_POST,
		.headers = headers,
		.upload = hk_span_of(form->str, form->len)};

	bool sent = made && hk_post_exchange(post, conf->ca_file, &request, ret, error);
	explicit_bzero(form->str, form->len);
	if (!sent) {
		return NULL;
	}
	hk_post_token *token = read_token(&ret->answer);
	if (!token) {
		as_answer(ret);
	} else {
		explicit_bzero(ret->body->data, ret->body->len);
		hk_post_answer_clear(ret);
	}
	return token;
}

const char *
hk_post_token_get(hk_post *post, const hk_channel_conf *conf, const hk_channel_ask *ask,
	hk_post_answer *ret, bool *ret_old, GError **error)
{
	g_autofree char *key = key_of(conf, ask);
	hk_post_token *token = g_hash_table_lookup(post->tokens, key);

	*ret_old = token && hk_clock_mono_ms() < token->until_ms;
	if (!*ret_old) {
		token = fetch(post, conf, ask, ret, error);
		if (!token) {
			return NULL;
		}
		g_hash_table_insert(post->tokens, g_steal_pointer(&key), token);
	}
	return token->text;
}
