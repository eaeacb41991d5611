#include "sys/rs256.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <string.h>

#include "sys/gerr.h"
#include "sys/jsonw.h"

enum { BITS_MIN = 2048 };

/* A key with a password is none: nobody sits there to type it. */
static int
no_password(char *buf, int size, int rwflag, void *user)
{
	(void)buf;
	(void)size;
	(void)rwflag;
	(void)user;
	return -1;
}

static EVP_PKEY *
read_key(const char *pem, GError **error)
{
	size_t len = strlen(pem);
	BIO *in = len <= HK_RS256_PEM_MAX ? BIO_new_mem_buf(pem, (int)len) : NULL;
	EVP_PKEY *key = in ? PEM_read_bio_PrivateKey(in, NULL, no_password, NULL) : NULL;

	BIO_free(in);
	if (!key || EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA ||
		EVP_PKEY_get_bits(key) < BITS_MIN) {
		EVP_PKEY_free(key);
		hk_error_set(error, HK_ECONFIG,
			"not a private RSA key of %d bits or more in PEM, without a password",
			BITS_MIN);
		return NULL;
	}
	return key;
}

GBytes *
hk_rs256_sign(const char *pem, hk_span bytes, GError **error)
{
	EVP_PKEY *key = read_key(pem, error);
	EVP_MD_CTX *ctx = key ? EVP_MD_CTX_new() : NULL;
	uint8_t signature[2048];
	size_t len = sizeof signature;

	if (!key) {
		return NULL;
	}
	bool good = EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
		    EVP_DigestSign(ctx, signature, &len, bytes.data, bytes.len) == 1;
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	if (!good) {
		hk_error_set(error, HK_ECONFIG, "the private key does not sign");
		return NULL;
	}
	return g_bytes_new(signature, len);
}

/* RFC 7515, section 2: without padding. */
static void
append_base64url(GString *out, hk_span bytes)
{
	g_autofree char *text = g_base64_encode(bytes.data, bytes.len);

	for (const char *at = text; *at && *at != '='; at++) {
		g_string_append_c(out, *at == '+' ? '-' : *at == '/' ? '_' : *at);
	}
}

char *
hk_rs256_jwt(const char *pem, const char *key_id, const char *claims, GError **error)
{
	g_autoptr(GString) header = g_string_new(NULL);
	g_autoptr(GString) out = g_string_new(NULL);

	hk_jsonw_open(header, '{');
	hk_jsonw_member_str(header, "alg", "RS256");
	hk_jsonw_member_str(header, "typ", "JWT");
	if (key_id) {
		hk_jsonw_member_str(header, "kid", key_id);
	}
	hk_jsonw_close(header, '}');
	append_base64url(out, hk_span_of(header->str, header->len));
	g_string_append_c(out, '.');
	append_base64url(out, hk_span_str(claims));
	g_autoptr(GBytes) signature = hk_rs256_sign(pem, hk_span_of(out->str, out->len), error);
	if (!signature) {
		return NULL;
	}
	size_t len;
	const void *data = g_bytes_get_data(signature, &len);
	g_string_append_c(out, '.');
	append_base64url(out, hk_span_of(data, len));
	return g_strdup(out->str);
}
