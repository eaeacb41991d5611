#include "oidc.h"

#include <jansson.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <string.h>

#include "base/codec.h"
#include "httpd.h"
#include "sys/gerr.h"
#include "sys/hash.h"

enum { SECRET = 16, LIFE_S = 300, HOUR_S = 3600 };

typedef enum fault {
#define FAULT(id, name, what) FAULT_##id,
#include "oidcfault.def"
#undef FAULT
	FAULT_COUNT
} fault;

static const struct {
	const char *name, *what;
} faults[] = {
#define FAULT(id, name, what) {name, what},
#include "oidcfault.def"
#undef FAULT
};

/* What a code stands for. */
typedef struct grant {
	char *nonce, *challenge, *redirect;
	unsigned user;
} grant;

struct rg_oidc {
	rg_httpd *http;
	char *url;
	char *client, *secret;
	char **users;
	bool es256;
	fault fault;
	unsigned user;
	EVP_PKEY *key;
	char *kid;
	GHashTable *grants; /* code -> grant */
};

const char *
rg_oidc_fault_text(void)
{
	static char *text;

	if (!text) {
		GString *out = g_string_new(NULL);
		for (int i = 0; i < FAULT_COUNT; i++) {
			g_string_append_printf(out, "  %-12s %s\n", faults[i].name, faults[i].what);
		}
		text = g_string_free(out, FALSE);
	}
	return text;
}

static bool
find_fault(const char *name, fault *ret)
{
	for (int i = 0; i < FAULT_COUNT; i++) {
		if (strcmp(faults[i].name, name) == 0) {
			*ret = (fault)i;
			return true;
		}
	}
	return false;
}

static char *
base64url(const void *data, size_t len)
{
	char *text = g_malloc(HK_BASE64_LEN(len) + 1);

	hk_base64_encode(hk_span_of(data, len), text);
	for (char *at = text; *at; at++) {
		*at = *at == '+' ? '-' : *at == '/' ? '_' : *at;
	}
	while (*text && text[strlen(text) - 1] == '=') {
		text[strlen(text) - 1] = '\0';
	}
	return text;
}

static char *
secret(void)
{
	uint8_t bytes[SECRET];

	RAND_bytes(bytes, sizeof bytes);
	return base64url(bytes, sizeof bytes);
}

/* A number of the key as base64url, of that many bytes at least. */
static char *
number(EVP_PKEY *key, const char *name, int size)
{
	BIGNUM *value = NULL;
	uint8_t bytes[512];

	EVP_PKEY_get_bn_param(key, name, &value);
	int len = MAX(size, BN_num_bytes(value));
	BN_bn2binpad(value, bytes, len);
	BN_free(value);
	return base64url(bytes, (size_t)len);
}

static json_t *
keys_json(const rg_oidc *o)
{
	if (o->es256) {
		g_autofree char *x = number(o->key, OSSL_PKEY_PARAM_EC_PUB_X, 32);
		g_autofree char *y = number(o->key, OSSL_PKEY_PARAM_EC_PUB_Y, 32);
		return json_pack("{s:[{s:s,s:s,s:s,s:s,s:s,s:s,s:s}]}", "keys", "kty", "EC", "crv",
			"P-256", "alg", "ES256", "use", "sig", "kid", o->kid, "x", x, "y", y);
	}
	g_autofree char *n = number(o->key, OSSL_PKEY_PARAM_RSA_N, 0);
	g_autofree char *e = number(o->key, OSSL_PKEY_PARAM_RSA_E, 0);
	return json_pack("{s:[{s:s,s:s,s:s,s:s,s:s,s:s}]}", "keys", "kty", "RSA", "alg", "RS256",
		"use", "sig", "kid", o->kid, "n", n, "e", e);
}

/* ---- the ID token ---- */

static json_t *
claims(const rg_oidc *o, const grant *g)
{
	g_auto(GStrv) user = g_strsplit(o->users[g->user], ":", 3);
	int64_t now = g_get_real_time() / 1000000;
	int64_t shift = o->fault == FAULT_EXPIRED  ? -2 * HOUR_S
			: o->fault == FAULT_FUTURE ? HOUR_S
						   : 0;
	g_autofree char *mail = g_strconcat(user[0], "@mihon-bank.example", NULL);
	json_t *groups = json_array();
	g_auto(GStrv) names = g_strsplit(user[1] && user[2] ? user[2] : "", ",", -1);

	for (int i = 0; names[i]; i++) {
		json_array_append_new(groups, json_string(names[i]));
	}
	json_t *payload = json_pack("{s:s,s:s,s:I,s:I,s:s,s:s,s:s,s:o}", "iss",
		o->fault == FAULT_ISSUER ? "https://other.example" : o->url, "aud",
		o->fault == FAULT_AUDIENCE ? "other" : o->client, "iat", (json_int_t)(now + shift),
		"exp", (json_int_t)(now + shift + LIFE_S), "preferred_username", user[0], "email",
		mail, "name", user[0], "groups", groups);
	if (o->fault != FAULT_NO_SUBJECT) {
		json_object_set_new(payload, "sub", json_string(user[1] ? user[1] : user[0]));
	}
	if (o->fault != FAULT_NO_NONCE) {
		json_object_set_new(payload, "nonce",
			json_string(o->fault == FAULT_NONCE ? "other" : g->nonce));
	}
	if (o->fault == FAULT_AUDIENCES) {
		json_object_set_new(payload, "aud", json_pack("[s,s]", o->client, "other"));
		json_object_set_new(payload, "azp", json_string("other"));
	}
	return payload;
}

/* r and s one behind the other. */
static char *
raw_signature(const uint8_t *der, size_t len)
{
	const unsigned char *at = der;
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &at, (long)len);
	uint8_t raw[64];

	BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, 32);
	BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + 32, 32);
	ECDSA_SIG_free(sig);
	return base64url(raw, sizeof raw);
}

static char *
sign(const rg_oidc *o, const char *text)
{
	uint8_t sig[1024];
	size_t len = sizeof sig;

	if (o->fault == FAULT_ALG_NONE) {
		return g_strdup("");
	}
	if (o->fault == FAULT_ALG_HS256) {
		g_autofree char *n = number(
			o->key, o->es256 ? OSSL_PKEY_PARAM_EC_PUB_X : OSSL_PKEY_PARAM_RSA_N, 0);
		unsigned mac_len = 0;
		HMAC(EVP_sha256(), n, (int)strlen(n), (const uint8_t *)text, strlen(text), sig,
			&mac_len);
		return base64url(sig, mac_len);
	}
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, o->key);
	EVP_DigestSign(ctx, sig, &len, (const uint8_t *)text, strlen(text));
	EVP_MD_CTX_free(ctx);
	return o->es256 ? raw_signature(sig, len) : base64url(sig, len);
}

static char *
id_token(const rg_oidc *o, const grant *g)
{
	const char *alg = o->fault == FAULT_ALG_NONE    ? "none"
			  : o->fault == FAULT_ALG_HS256 ? "HS256"
			  : o->es256                    ? "ES256"
							: "RS256";
	json_t *header = json_pack("{s:s,s:s,s:s}", "alg", alg, "typ", "JWT", "kid",
		o->fault == FAULT_KEY ? "nobody-has-this" : o->kid);
	json_t *payload = claims(o, g);
	char *header_text = json_dumps(header, JSON_COMPACT);
	char *payload_text = json_dumps(payload, JSON_COMPACT);
	g_autofree char *a = base64url(header_text, strlen(header_text));
	g_autofree char *b = base64url(payload_text, strlen(payload_text));
	g_autofree char *text = g_strconcat(a, ".", b, NULL);
	g_autofree char *sig = sign(o, text);

	if (o->fault == FAULT_SIGNATURE) {
		json_object_set_new(payload, "sub", json_string("somebody-else"));
		free(payload_text);
		payload_text = json_dumps(payload, JSON_COMPACT);
		g_free(b);
		b = base64url(payload_text, strlen(payload_text));
	}
	free(header_text);
	free(payload_text);
	json_decref(header);
	json_decref(payload);
	return g_strconcat(a, ".", b, ".", sig, NULL);
}

/* ---- HTTP ---- */

static enum MHD_Result
reply(struct MHD_Connection *c, unsigned status, const char *type, const char *text)
{
	return rg_httpd_reply(c, status, type, text, strlen(text));
}

static enum MHD_Result
reply_json(struct MHD_Connection *c, unsigned status, json_t *taken)
{
	char *text = json_dumps(taken, JSON_COMPACT);
	enum MHD_Result result = reply(c, status, "application/json", text);

	free(text);
	json_decref(taken);
	return result;
}

static const char *
arg(struct MHD_Connection *c, const char *name)
{
	const char *text = MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, name);

	return text ? text : "";
}

static enum MHD_Result
discovery(rg_oidc *o, struct MHD_Connection *c)
{
	g_autofree char *authorize = g_strconcat(o->url, "/authorize", NULL);
	g_autofree char *token = g_strconcat(o->url, "/token", NULL);
	g_autofree char *keys = g_strconcat(o->url, "/keys", NULL);

	return reply_json(c, 200,
		json_pack("{s:s,s:s,s:s,s:s,s:[s],s:[s],s:[s],s:[s]}", "issuer",
			o->fault == FAULT_MIXED ? "https://other.example" : o->url,
			"authorization_endpoint", authorize, "token_endpoint", token, "jwks_uri",
			keys, "response_types_supported", "code", "subject_types_supported",
			"public", "id_token_signing_alg_values_supported",
			o->es256 ? "ES256" : "RS256", "code_challenge_methods_supported", "S256"));
}

static enum MHD_Result
authorize(rg_oidc *o, struct MHD_Connection *c)
{
	const char *state = arg(c, "state"), *back = arg(c, "redirect_uri");

	if (strcmp(arg(c, "client_id"), o->client) != 0 ||
		strcmp(arg(c, "response_type"), "code") != 0 || *back == '\0' || *state == '\0' ||
		strcmp(arg(c, "code_challenge_method"), "S256") != 0 ||
		!strstr(arg(c, "scope"), "openid")) {
		return reply(c, 400, "text/plain",
			"client_id, response_type, redirect_uri, state, scope or PKCE is wrong\n");
	}
	g_autofree char *code = secret();
	grant *g = g_new0(grant, 1);
	g->nonce = g_strdup(arg(c, "nonce"));
	g->challenge = g_strdup(arg(c, "code_challenge"));
	g->redirect = g_strdup(back);
	g->user = o->user;
	g_hash_table_insert(o->grants, g_strdup(code), g);
	g_autofree char *where =
		o->fault == FAULT_DENIED
			? g_strdup_printf("%s?error=access_denied&state=%s", back, state)
			: g_strdup_printf("%s?code=%s&state=%s", back, code,
				  o->fault == FAULT_STATE ? "another" : state);
	struct MHD_Response *r =
		MHD_create_response_from_buffer(0, (void *)(uintptr_t) "", MHD_RESPMEM_PERSISTENT);
	MHD_add_response_header(r, "Location", where);
	enum MHD_Result result = MHD_queue_response(c, 302, r);
	MHD_destroy_response(r);
	return result;
}

/* A member of an application/x-www-form-urlencoded body; caller frees, NULL: missing. */
static char *
field(const char *body, const char *name)
{
	g_auto(GStrv) pairs = g_strsplit(body, "&", -1);
	size_t len = strlen(name);

	for (int i = 0; pairs[i]; i++) {
		if (strncmp(pairs[i], name, len) == 0 && pairs[i][len] == '=') {
			return g_uri_unescape_string(/* nocheck: a test's own form */
				pairs[i] + len + 1, NULL);
		}
	}
	return NULL;
}

static bool
client_is_known(const rg_oidc *o, struct MHD_Connection *c, const char *body)
{
	const char *header = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Authorization");

	if (!o->secret) {
		g_autofree char *id = field(body, "client_id");
		return id && strcmp(id, o->client) == 0;
	}
	/* RFC 6749, section 2.3.1 */
	g_autofree char *id =
		g_uri_escape_string(o->client, NULL, FALSE); /* nocheck: writes only */
	g_autofree char *word =
		g_uri_escape_string(o->secret, NULL, FALSE); /* nocheck: writes only */
	g_autofree char *pair = g_strconcat(id, ":", word, NULL);
	g_autofree char *coded = g_base64_encode((const unsigned char *)pair, strlen(pair));
	g_autofree char *want = g_strconcat("Basic ", coded, NULL);
	return header && strcmp(header, want) == 0;
}

static enum MHD_Result
token(rg_oidc *o, struct MHD_Connection *c, const char *body)
{
	g_autofree char *code = field(body, "code");
	g_autofree char *verifier = field(body, "code_verifier");
	g_autofree char *back = field(body, "redirect_uri");
	const grant *g = code ? g_hash_table_lookup(o->grants, code) : NULL;
	uint8_t hash[32];

	if (o->fault == FAULT_TOKEN_TEXT) {
		return reply(c, 200, "application/json", "<html>");
	}
	hk_sha256(hk_span_str(verifier), hash);
	g_autofree char *challenge = base64url(hash, sizeof hash);
	if (o->fault == FAULT_TOKEN_ERROR || !g || !verifier ||
		strcmp(challenge, g->challenge) != 0 || !back || strcmp(back, g->redirect) != 0 ||
		!client_is_known(o, c, body)) {
		return reply_json(c, 400, json_pack("{s:s}", "error", "invalid_grant"));
	}
	g_autofree char *jwt = id_token(o, g);
	g_hash_table_remove(o->grants, code); /* once */
	return reply_json(c, 200,
		json_pack("{s:s,s:s,s:i,s:s}", "access_token", "not-used", "token_type", "Bearer",
			"expires_in", LIFE_S, "id_token", jwt));
}

static enum MHD_Result
control(rg_oidc *o, struct MHD_Connection *c)
{
	const char *name = arg(c, "fault"), *user = arg(c, "user");

	if (*name && !find_fault(name, &o->fault)) {
		return reply(c, 400, "text/plain", rg_oidc_fault_text());
	}
	for (unsigned i = 0; *user; i++) {
		size_t len = strlen(user);
		if (!o->users[i]) {
			return reply(c, 404, "text/plain", "no such user\n");
		}
		if (strncmp(o->users[i], user, len) == 0 && o->users[i][len] == ':') {
			o->user = i;
			break;
		}
	}
	return reply(c, 200, "text/plain", "ok\n");
}

static enum MHD_Result
handle(void *user, struct MHD_Connection *c, const char *method, const char *url,
	const GString *body)
{
	rg_oidc *o = user;
	bool post = strcmp(method, "POST") == 0;

	if (!post && strcmp(url, "/.well-known/openid-configuration") == 0) {
		return discovery(o, c);
	}
	if (!post && strcmp(url, "/keys") == 0) {
		return reply_json(c, 200, keys_json(o));
	}
	if (!post && strcmp(url, "/authorize") == 0) {
		return authorize(o, c);
	}
	if (post && strcmp(url, "/token") == 0) {
		return token(o, c, body->str);
	}
	if (post && strcmp(url, "/control") == 0) {
		return control(o, c);
	}
	return reply(c, 404, "text/plain", "nothing here\n");
}

static void
free_grant(void *data)
{
	grant *g = data;

	g_free(g->nonce);
	g_free(g->challenge);
	g_free(g->redirect);
	g_free(g);
}

rg_oidc *
rg_oidc_new(const rg_oidc_config *config, GError **error)
{
	rg_oidc *o = g_new0(rg_oidc, 1);

	o->client = g_strdup(config->client);
	o->secret = g_strdup(config->secret);
	o->users = g_strdupv(config->users);
	o->es256 = config->es256;
	o->grants = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_grant);
	o->key = config->es256 ? EVP_EC_gen("P-256") : EVP_RSA_gen(2048);
	o->kid = secret();
	if (config->fault && !find_fault(config->fault, &o->fault)) {
		hk_error_set(error, HK_EUSAGE, "--fault is one of:\n%s", rg_oidc_fault_text());
		rg_oidc_free(o);
		return NULL;
	}
	o->http = rg_httpd_start(config->port, handle, o, error);
	if (!o->http) {
		rg_oidc_free(o);
		return NULL;
	}
	o->url = g_strdup_printf("http://127.0.0.1:%u", rg_httpd_port(o->http));
	return o;
}

void
rg_oidc_free(rg_oidc *o)
{
	if (!o) {
		return;
	}
	rg_httpd_stop(o->http);
	EVP_PKEY_free(o->key);
	g_hash_table_unref(o->grants);
	g_strfreev(o->users);
	g_free(o->client);
	g_free(o->secret);
	g_free(o->kid);
	g_free(o->url);
	g_free(o);
}

const char *
rg_oidc_url(const rg_oidc *o)
{
	return o->url;
}
