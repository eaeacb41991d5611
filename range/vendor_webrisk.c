/* Google Web Risk: submission and lookup; its token endpoint knows one service account. */
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdlib.h>
#include <string.h>

#include "base/codec.h"
#include "vendors.h"

static void
google_error(rg_call *call, int code, const char *status, const char *text)
{
	rg_call_json(call, (unsigned)code,
		json_pack("{s:{s:i,s:s,s:s}}", "error", "code", code, "message", text, "status",
			status));
}

static void
submit(rg_call *call)
{
	const json_t *info = json_object_get(call->json, "threatInfo");
	const char *uri = json_string_value(
		json_object_get(json_object_get(call->json, "submission"), "uri"));
	const char *type = json_string_value(json_object_get(info, "abuseType"));
	bool subtype = json_object_get(info, "abuseSubtype") != NULL;

	if (!uri || !type || (subtype && strcmp(type, "SOCIAL_ENGINEERING") != 0)) {
		google_error(
			call, 400, "INVALID_ARGUMENT", "Request contains an invalid argument.");
		return;
	}
	const rg_report *report = rg_call_take(call, &uri, 1, NULL, NULL);
	g_autofree char *name =
		g_strdup_printf("projects/%s/operations/%s", call->args[0], report->id);
	rg_call_json(call, 200,
		json_pack("{s:s,s:{s:s,s:s}}", "name", name, "metadata", "@type",
			"type.googleapis.com/google.cloud.webrisk.v1.SubmitUriMetadata", "state",
			"RUNNING"));
}

static void
operation(rg_call *call)
{
	const rg_report *report = rg_call_report(call, call->args[1]);

	if (!report) {
		google_error(call, 404, "NOT_FOUND", "Requested entity was not found.");
		return;
	}
	const char *state = rg_call_state(report, "RUNNING");
	rg_call_json(call, 200,
		json_pack("{s:s,s:{s:s},s:b}", "name", call->path, "metadata", "state", state,
			"done", strcmp(state, "RUNNING") != 0));
}

static void
search(rg_call *call)
{
	const rg_report *report = rg_call_report_of(call, rg_call_arg(call, "uri"));

	if (!report) {
		rg_call_json(call, 200, json_object());
		return;
	}
	rg_call_json(call, 200,
		json_pack("{s:{s:[s],s:s}}", "threat", "threatTypes", "SOCIAL_ENGINEERING",
			"expireTime", "2026-12-01T00:00:00Z"));
}

/* ---- Service accounts ---- */

static EVP_PKEY *
account_key(void)
{
	static EVP_PKEY *key; /* made once, by whoever comes first */
	static gsize made;

	if (g_once_init_enter(&made)) {
		key = EVP_RSA_gen(2048);
		g_once_init_leave(&made, 1);
	}
	return key;
}

char *
rg_vendors_account(void)
{
	BIO *out = BIO_new(BIO_s_mem());
	char *data;

	PEM_write_bio_PrivateKey(out, account_key(), NULL, NULL, 0, NULL, NULL);
	long len = BIO_get_mem_data(out, &data);
	g_autofree char *pem = g_strndup(data, (size_t)len);
	json_t *file = json_pack("{s:s,s:s,s:s,s:s,s:s}", "type", "service_account", "client_email",
		"hikeshi@range.example", "private_key_id", "range-1", "private_key", pem,
		"token_uri", "https://oauth.range.example/token");
	char *text = json_dumps(file, JSON_COMPACT);
	char *copy = g_strdup(text);
	free(text);
	json_decref(file);
	BIO_free(out);
	return copy;
}

/* base64url without padding. */
static uint8_t *
decode_url(const char *text, size_t len, size_t *ret_len)
{
	g_autofree char *padded = g_malloc0(len + 4);

	for (size_t i = 0; i < len; i++) {
		padded[i] = text[i] == '-' ? '+' : text[i] == '_' ? '/' : text[i];
	}
	for (size_t i = len; i % 4 != 0; i++) {
		padded[i] = '=';
	}
	uint8_t *bytes = g_malloc0(len + 4);
	if (hk_base64_decode(hk_span_str(padded), bytes, ret_len) != HK_OK) {
		g_clear_pointer(&bytes, g_free);
	}
	return bytes;
}

/* Whether a JWT is signed by the account's key, and speaks of it. */
static bool
claim_holds(const char *jwt, size_t len)
{
	const char *first = memchr(jwt, '.', len);
	const char *second = first ? memchr(first + 1, '.', len - (size_t)(first + 1 - jwt)) : NULL;
	size_t claims_len = 0, signature_len = 0;

	if (!second) {
		return false;
	}
	g_autofree uint8_t *claims =
		decode_url(first + 1, (size_t)(second - first - 1), &claims_len);
	g_autofree uint8_t *signature =
		decode_url(second + 1, len - (size_t)(second + 1 - jwt), &signature_len);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool good = claims && signature &&
		    EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, account_key()) == 1 &&
		    EVP_DigestVerify(ctx, signature, signature_len, (const uint8_t *)jwt,
			    (size_t)(second - jwt)) == 1;
	EVP_MD_CTX_free(ctx);
	json_t *body = good ? json_loadb((const char *)claims, claims_len, 0, NULL) : NULL;
	const char *who = json_string_value(json_object_get(body, "iss"));
	const char *scope = json_string_value(json_object_get(body, "scope"));
	good = who && strcmp(who, "hikeshi@range.example") == 0 && scope &&
	       strstr(scope, "cloud-platform") && json_is_integer(json_object_get(body, "exp"));
	json_decref(body);
	return good;
}

/* RFC 7523, 2.1. */
static void
token(rg_call *call)
{
	const char *at = strstr(call->body->str, "assertion=");

	if (!strstr(call->body->str,
		    "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer") ||
		!at || !claim_holds(at + 10, strcspn(at + 10, "&"))) {
		rg_call_json(call, 400,
			json_pack("{s:s,s:s}", "error", "invalid_grant", "error_description",
				"Invalid JWT Signature."));
		return;
	}
	rg_call_json(call, 200,
		json_pack("{s:s,s:i,s:s}", "access_token", RG_VENDOR_SECRET, "expires_in", 3599,
			"token_type", "Bearer"));
}

static const rg_route routes[] = {
	{"token", "POST", "/token", token},
	{"submit", "POST", "/v1/projects/{}/uris:submit", submit},
	{"poll", "GET", "/v1/projects/{}/operations/{}", operation},
	{0},
};

const rg_vendor rg_vendor_webrisk = {
	.name = "webrisk",
	.auth = "bearer",
	.conf = "account = \"123456\"\nend-of-life = true\n",
	.routes = routes,
};

/* A report that somebody has handed in here is listed: tests do so. */
static void
list(rg_call *call)
{
	const char *uri = rg_call_arg(call, "uri");

	if (uri) {
		rg_call_take(call, &uri, 1, NULL, NULL);
	}
	rg_call_error(call, 200, "listed");
}

static const rg_route lookup_routes[] = {
	{"lookup", "GET", "/v1/uris:search", search},
	{"list", "POST", "/list", list},
	{0},
};

const rg_vendor rg_vendor_webrisk_lookup = {
	.name = "webrisk-lookup",
	.auth = "header X-Goog-Api-Key",
	.routes = lookup_routes,
};
