/* sys/rs256: what it signs, OpenSSL verifies with the public key; what is no key is refused. */
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <string.h>

#include "base/codec.h"
#include "sys/gerr.h"
#include "sys/json.h"
#include "sys/rs256.h"

#include "tap.h"

static char *
pem_of(EVP_PKEY *key, const char *password)
{
	BIO *out = BIO_new(BIO_s_mem());
	char *data;

	PEM_write_bio_PrivateKey(out, key, password ? EVP_aes_128_cbc() : NULL, NULL, 0, NULL,
		(void *)(uintptr_t)password);
	long len = BIO_get_mem_data(out, &data);
	char *text = g_strndup(data, (size_t)len);
	BIO_free(out);
	return text;
}

static bool
verifies(EVP_PKEY *key, const void *signature, size_t len, hk_span bytes)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool good = EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
		    EVP_DigestVerify(ctx, signature, len, bytes.data, bytes.len) == 1;

	EVP_MD_CTX_free(ctx);
	return good;
}

static GBytes *
decoded(const char *text, size_t len)
{
	g_autofree char *padded = g_malloc0(len + 4);
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		padded[i] = text[i] == '-' ? '+' : text[i] == '_' ? '/' : text[i];
	}
	for (size_t i = len; i % 4 != 0; i++) {
		padded[i] = '=';
	}
	if (hk_base64_decode(hk_span_str(padded), (uint8_t *)padded, &n) != HK_OK) {
		return NULL;
	}
	return g_bytes_new(padded, n);
}

static void
jwt(EVP_PKEY *key, const char *pem)
{
	static const char claims[] = "{\"iss\":\"a@b.example\",\"exp\":1}";
	g_autofree char *text = hk_rs256_jwt(pem, "key-1", claims, NULL);
	const char *first = text ? strchr(text, '.') : NULL;
	const char *second = first ? strchr(first + 1, '.') : NULL;

	if (!ok(second && !strchr(second + 1, '.') && !strpbrk(text, "+/="),
		    "three parts in base64url")) {
		return;
	}
	g_autoptr(GBytes) head = decoded(text, (size_t)(first - text));
	g_autoptr(GBytes) body = decoded(first + 1, (size_t)(second - first - 1));
	g_autoptr(GBytes) signature = decoded(second + 1, strlen(second + 1));
	size_t len;
	const char *data = g_bytes_get_data(head, &len);
	g_autoptr(hk_json_doc) doc = hk_json_load(hk_span_of(data, len), 1000, NULL);
	const char *alg = NULL, *kid = NULL;
	hk_json root = hk_json_root(doc);
	ok(hk_json_str(&root, "alg", &alg, NULL) && hk_json_str(&root, "kid", &kid, NULL),
		"header");
	is_str(alg, "RS256", "alg");
	is_str(kid, "key-1", "kid");
	data = g_bytes_get_data(body, &len);
	is_int(len, sizeof claims - 1, "claims");
	is_mem(data, claims, len, "as they were given");
	data = g_bytes_get_data(signature, &len);
	ok(verifies(key, data, len, hk_span_of(text, (size_t)(second - text))), "signed");
}

static void
refused(const char *pem, const char *what)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) signature = hk_rs256_sign(pem, HK_SPAN_LIT("x"), &error);

	ok(!signature, "%s signs nothing", what);
	is_int(hk_error_code(error), HK_ECONFIG, "and says so");
}

int
main(void)
{
	EVP_PKEY *key = EVP_RSA_gen(2048);
	EVP_PKEY *weak = EVP_RSA_gen(1024);
	EVP_PKEY *curve = EVP_EC_gen("P-256");
	g_autofree char *pem = pem_of(key, NULL);
	g_autofree char *weak_pem = pem_of(weak, NULL);
	g_autofree char *curve_pem = pem_of(curve, NULL);
	g_autofree char *locked_pem = pem_of(key, "secret");
	g_autoptr(GBytes) signature = hk_rs256_sign(pem, HK_SPAN_LIT("hello"), NULL);
	size_t len = 0;
	const void *data = signature ? g_bytes_get_data(signature, &len) : NULL;

	is_int(len, 256, "a signature of 2048 bits");
	ok(verifies(key, data, len, HK_SPAN_LIT("hello")), "verifies");
	ok(!verifies(key, data, len, HK_SPAN_LIT("hallo")), "over these bytes only");
	jwt(key, pem);
	refused("", "nothing");
	refused("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "a broken key");
	refused(weak_pem, "a key of 1024 bits");
	refused(curve_pem, "a key of a curve");
	refused(locked_pem, "a key behind a password");
	g_autofree char *long_pem = g_strnfill(HK_RS256_PEM_MAX + 1, 'A');
	refused(long_pem, "a text that is too long");
	EVP_PKEY_free(key);
	EVP_PKEY_free(weak);
	EVP_PKEY_free(curve);
	return tap_done();
}
