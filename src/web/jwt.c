#include "web/jwt.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <string.h>

#include "sys/gerr.h"
#include "web/secret.h"

enum {
	RSA_BITS_MIN = 2048,
	RSA_BITS_MAX = 8192,
	ES256_BYTES = 64,
	SUBJECT_MAX = 255,
	KEYS_MAX = 100,
};

/* ---- keys ---- */

/* A member in base64url; NULL when it is none. */
static uint8_t *
bytes_of(const hk_json *key, const char *name, size_t *ret_len)
{
	const char *text;

	return hk_json_has(key, name) && hk_json_str(key, name, &text, NULL)
		       ? hk_base64url_decode(hk_span_str(text), ret_len)
		       : NULL;
}

static EVP_PKEY *
key_from(const char *type, OSSL_PARAM_BLD *build)
{
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *key = NULL;

	if (!params || !ctx || EVP_PKEY_fromdata_init(ctx) != 1 ||
		EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1) {
		key = NULL;
	}
	OSSL_PARAM_free(params);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static EVP_PKEY *
rsa_key(const hk_json *jwk)
{
	size_t n_len = 0, e_len = 0;
	g_autofree uint8_t *n = bytes_of(jwk, "n", &n_len);
	g_autofree uint8_t *e = bytes_of(jwk, "e", &e_len);

	if (!n || !e || n_len > RSA_BITS_MAX / 8 || e_len > 8) {
		return NULL;
	}
	BIGNUM *modulus = BN_bin2bn(n, (int)n_len, NULL);
	BIGNUM *exponent = BN_bin2bn(e, (int)e_len, NULL);
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	EVP_PKEY *key = NULL;
	if (BN_num_bits(modulus) >= RSA_BITS_MIN &&
		OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, modulus) == 1 &&
		OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, exponent) == 1) {
		key = key_from("RSA", build);
	}
	OSSL_PARAM_BLD_free(build);
	BN_free(modulus);
	BN_free(exponent);
	return key;
}

static EVP_PKEY *
ec_key(const hk_json *jwk)
{
	size_t x_len = 0, y_len = 0;
	const char *curve = "";
	g_autofree uint8_t *x = bytes_of(jwk, "x", &x_len);
	g_autofree uint8_t *y = bytes_of(jwk, "y", &y_len);
	uint8_t point[65] = {4};

	if (!hk_json_has(jwk, "crv") || !hk_json_str(jwk, "crv", &curve, NULL) ||
		strcmp(curve, "P-256") != 0 || !x || !y || x_len != 32 || y_len != 32) {
		return NULL;
	}
	memcpy(point + 1, x, 32);
	memcpy(point + 33, y, 32);
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	EVP_PKEY *key = NULL;
	if (OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) ==
			1 &&
		OSSL_PARAM_BLD_push_octet_string(
			build, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point) == 1) {
		key = key_from("EC", build);
	}
	OSSL_PARAM_BLD_free(build);
	return key;
}

/* Whether an optional member is missing or has that value. */
static bool
is(const hk_json *obj, const char *name, const char *value)
{
	const char *text;

	return !hk_json_has(obj, name) ||
	       (hk_json_str(obj, name, &text, NULL) && strcmp(text, value) == 0);
}

/* The key of that id for that algorithm; NULL when there is none. Without an id: the only one that fits. */
static EVP_PKEY *
find_key(const hk_json *keys, const char *id, const char *alg)
{
	bool rsa = strcmp(alg, "RS256") == 0;
	EVP_PKEY *found = NULL;
	hk_json list;

	if (!hk_json_array(keys, "keys", &list, NULL)) {
		return NULL;
	}
	for (size_t i = 0; i < hk_json_len(&list) && i < KEYS_MAX; i++) {
		hk_json jwk = hk_json_at(&list, i);
		const char *kty = "", *kid = "";
		if (!hk_json_str(&jwk, "kty", &kty, NULL) || strcmp(kty, rsa ? "RSA" : "EC") != 0 ||
			!is(&jwk, "use", "sig") || !is(&jwk, "alg", alg)) {
			continue;
		}
		if (id && (!hk_json_has(&jwk, "kid") || !hk_json_str(&jwk, "kid", &kid, NULL) ||
				  strcmp(kid, id) != 0)) {
			continue;
		}
		if (found) {
			/* Two that fit: nobody knows which is meant. */
			EVP_PKEY_free(found);
			return NULL;
		}
		found = rsa ? rsa_key(&jwk) : ec_key(&jwk);
	}
	return found;
}

/* ---- tokens ---- */

/* JOSE writes r and s one behind the other, OpenSSL wants DER. */
static bool
es256_to_der(const uint8_t *raw, uint8_t **ret, size_t *ret_len)
{
	ECDSA_SIG *sig = ECDSA_SIG_new();
	unsigned char *der = NULL;
	int len;

	ECDSA_SIG_set0(sig, BN_bin2bn(raw, 32, NULL), BN_bin2bn(raw + 32, 32, NULL));
	len = i2d_ECDSA_SIG(sig, &der);
	ECDSA_SIG_free(sig);
	if (len <= 0) {
		return false;
	}
	*ret = g_memdup2(der, (gsize)len);
	*ret_len = (size_t)len;
	OPENSSL_free(der);
	return true;
}

static bool
check_signature(EVP_PKEY *key, bool rsa, hk_span text, hk_span sig)
{
	g_autofree uint8_t *der = NULL;
	size_t len = sig.len;

	if (!rsa && (sig.len != ES256_BYTES || !es256_to_der(sig.data, &der, &len))) {
		return false;
	}
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool good = EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
		    EVP_DigestVerify(ctx, rsa ? sig.data : der, len, text.data, text.len) == 1;
	EVP_MD_CTX_free(ctx);
	return good;
}

static hk_json_doc *
part_json(hk_span part, const char *what, GError **error)
{
	size_t len = 0;
	g_autofree uint8_t *bytes = hk_base64url_decode(part, &len);

	if (!bytes) {
		hk_error_set(error, HK_EFORM, "the token's %s is not base64url", what);
		return NULL;
	}
	hk_json_doc *doc = hk_json_load(hk_span_of(bytes, len), HK_JWT_MAX, error);
	if (!doc) {
		g_prefix_error(error, "the token's %s: ", what);
	}
	return doc;
}

static bool
read_header(const hk_json *header, const char **ret_alg, const char **ret_kid, GError **error)
{
	if (!hk_json_str(header, "alg", ret_alg, error)) {
		return false;
	}
	if (strcmp(*ret_alg, "RS256") != 0 && strcmp(*ret_alg, "ES256") != 0) {
		return hk_error_set(error, HK_EPOLICY,
			"the token is signed with %.20s; only RS256 and ES256 are taken", *ret_alg);
	}
	if (hk_json_has(header, "crit")) {
		return hk_error_set(
			error, HK_EPOLICY, "the token asks for extensions that are not known");
	}
	return !hk_json_has(header, "kid") || hk_json_str(header, "kid", ret_kid, error);
}

hk_json_doc *
hk_jwt_verify(hk_span token, const hk_json *keys, bool *ret_unknown, GError **error)
{
	const uint8_t *first = token.len > 0 ? memchr(token.data, '.', token.len) : NULL;
	const uint8_t *end = token.data + token.len;
	const uint8_t *second = first ? memchr(first + 1, '.', (size_t)(end - first - 1)) : NULL;
	const char *alg = NULL, *kid = NULL;

	*ret_unknown = false;
	if (token.len > HK_JWT_MAX) {
		hk_error_set(error, HK_ELIMIT, "the token is longer than %d bytes", HK_JWT_MAX);
		return NULL;
	}
	if (!second || memchr(second + 1, '.', (size_t)(end - second - 1))) {
		hk_error_set(error, HK_EFORM, "the token has not three parts");
		return NULL;
	}
	hk_span head = hk_span_of(token.data, (size_t)(first - token.data));
	hk_span body = hk_span_of(first + 1, (size_t)(second - first - 1));
	hk_span tail = hk_span_of(second + 1, (size_t)(end - second - 1));
	g_autoptr(hk_json_doc) header = part_json(head, "header", error);
	hk_json root = {0};
	if (!header) {
		return NULL;
	}
	root = hk_json_root(header);
	if (!read_header(&root, &alg, &kid, error)) {
		return NULL;
	}
	EVP_PKEY *key = find_key(keys, kid, alg);
	if (!key) {
		*ret_unknown = true;
		hk_error_set(error, HK_ECHECK, "the provider has no such key");
		return NULL;
	}
	size_t sig_len = 0;
	g_autofree uint8_t *sig = hk_base64url_decode(tail, &sig_len);
	bool good = sig && check_signature(key, strcmp(alg, "RS256") == 0,
				   hk_span_of(token.data, (size_t)(second - token.data)),
				   hk_span_of(sig, sig_len));
	EVP_PKEY_free(key);
	if (!good) {
		hk_error_set(error, HK_ECHECK, "the token's signature is wrong");
		return NULL;
	}
	return part_json(body, "payload", error);
}

/* ---- claims ---- */

static bool
refuse(GError **error, const char *claim, const char *what)
{
	return hk_error_set(error, HK_EPOLICY, "the ID token's %s %s", claim, what);
}

static bool
is_exactly(const hk_json *payload, const char *name, const char *value)
{
	return hk_json_has(payload, name) && is(payload, name, value);
}

static bool
check_audience(const hk_json *payload, const char *client, GError **error)
{
	hk_json list;
	bool ours = false;
	size_t count = 0;

	if (is_exactly(payload, "aud", client)) {
		return is(payload, "azp", client) || refuse(error, "azp", "is another client");
	}
	if (hk_json_has(payload, "aud") && hk_json_array(payload, "aud", &list, NULL)) {
		count = hk_json_len(&list);
		for (size_t i = 0; i < count; i++) {
			hk_json item = hk_json_at(&list, i);
			const char *text = hk_json_text(&item);
			ours = ours || (text && strcmp(text, client) == 0);
		}
	}
	if (!ours) {
		return refuse(error, "aud", "is another client");
	}
	return (count == 1 ? is(payload, "azp", client) : is_exactly(payload, "azp", client)) ||
	       refuse(error, "azp", "is another client");
}

/* Times are whole numbers by nearly everybody, but may have a fraction. */
static bool
time_of(const hk_json *payload, const char *name, double *ret)
{
	return hk_json_has(payload, name) && hk_json_real(payload, name, ret, NULL);
}

bool
hk_jwt_check(
	const hk_json *payload, const hk_jwt_wants *wants, const char **ret_subject, GError **error)
{
	double exp = 0, iat = 0, nbf = 0;
	double now = (double)wants->now_s, skew = (double)wants->skew_s;
	const char *subject = NULL;

	if (!is_exactly(payload, "iss", wants->issuer)) {
		return refuse(error, "iss", "is another provider");
	}
	if (!check_audience(payload, wants->client, error)) {
		return false;
	}
	if (!time_of(payload, "exp", &exp) || exp <= now - skew) {
		return refuse(error, "exp", "says that it has expired");
	}
	if (!time_of(payload, "iat", &iat) || iat > now + skew) {
		return refuse(error, "iat", "lies in the future");
	}
	if (hk_json_has(payload, "nbf") && (!time_of(payload, "nbf", &nbf) || nbf > now + skew)) {
		return refuse(error, "nbf", "lies in the future");
	}
	if (!is_exactly(payload, "nonce", wants->nonce)) {
		return refuse(error, "nonce", "is not that of this login");
	}
	if (!hk_json_has(payload, "sub") || !hk_json_str(payload, "sub", &subject, NULL) ||
		*subject == '\0' || strlen(subject) > SUBJECT_MAX) {
		return refuse(error, "sub", "names nobody");
	}
	*ret_subject = subject;
	return true;
}
