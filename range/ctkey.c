#include "ctkey.h"

#include <errno.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include "sys/file.h"
#include "sys/gerr.h"

enum { PEM_MAX = 65536 };

struct rg_ctkey {
	EVP_PKEY *pkey; /* owned */
	uint8_t spki[RG_LOG_SPKI_SIZE];
	uint8_t log_id[32];
};

void
rg_ctkey_free(rg_ctkey *key)
{
	if (key) {
		EVP_PKEY_free(key->pkey);
		g_free(key);
	}
}

static EVP_PKEY *
read_key(const char *path, GError **error)
{
	g_autoptr(GBytes) pem = hk_file_read(path, PEM_MAX, error);
	EVP_PKEY *pkey = NULL;

	if (!pem) {
		return NULL;
	}
	BIO *bio = BIO_new_mem_buf(g_bytes_get_data(pem, NULL), (int)g_bytes_get_size(pem));
	pkey = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
	BIO_free(bio);
	if (!pkey) {
		hk_error_set(error, HK_EFORM, "%s: not a private key in PEM", path);
	}
	return pkey;
}

static bool
write_key(EVP_PKEY *pkey, const char *path, GError **error)
{
	char *text = NULL;
	BIO *bio = BIO_new(BIO_s_mem());

	PEM_write_bio_PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL);
	long len = BIO_get_mem_data(bio, &text);
	bool good = hk_file_replace(path, hk_span_of(text, (size_t)len), error);
	BIO_free(bio);
	return good;
}

rg_ctkey *
rg_ctkey_open(const char *path, GError **error)
{
	EVP_PKEY *pkey;

	if (path && g_file_test(path, G_FILE_TEST_EXISTS)) {
		pkey = read_key(path, error);
		if (!pkey) {
			return NULL;
		}
	} else {
		pkey = EVP_EC_gen("P-256");
		if (path && !write_key(pkey, path, error)) {
			EVP_PKEY_free(pkey);
			return NULL;
		}
	}
	uint8_t *spki = NULL;
	int len = i2d_PUBKEY(pkey, &spki);
	if (len != RG_LOG_SPKI_SIZE) {
		OPENSSL_free(spki);
		EVP_PKEY_free(pkey);
		hk_error_set(error, HK_EFORM, "%s: not a P-256 key", path);
		return NULL;
	}
	rg_ctkey *key = g_new0(rg_ctkey, 1);
	key->pkey = pkey;
	memcpy(key->spki, spki, RG_LOG_SPKI_SIZE);
	SHA256(spki, RG_LOG_SPKI_SIZE, key->log_id);
	OPENSSL_free(spki);
	return key;
}

hk_span
rg_ctkey_spki(const rg_ctkey *key)
{
	return hk_span_of(key->spki, RG_LOG_SPKI_SIZE);
}

const uint8_t *
rg_ctkey_log_id(const rg_ctkey *key)
{
	return key->log_id;
}

static void
put_u64(uint8_t *to, uint64_t value)
{
	for (int i = 7; i >= 0; i--, value >>= 8) {
		to[i] = (uint8_t)value;
	}
}

size_t
rg_ctkey_sign_head(const rg_ctkey *key, uint64_t timestamp_ms, uint64_t size, const uint8_t *root,
	uint8_t *ret)
{
	uint8_t text[50] = {0, 1}; /* v1, tree_hash */
	size_t len = RG_SIGNED_MAX - 4;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	put_u64(text + 2, timestamp_ms);
	put_u64(text + 10, size);
	memcpy(text + 18, root, 32);
	if (EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key->pkey) != 1 ||
		EVP_DigestSign(ctx, ret + 4, &len, text, sizeof text) != 1) {
		HK_BUG("signing failed");
	}
	EVP_MD_CTX_free(ctx);
	ret[0] = 4; /* sha256 */
	ret[1] = 3; /* ecdsa */
	ret[2] = 0;
	ret[3] = (uint8_t)len;
	return len + 4;
}

void
rg_ctkey_note_id(const rg_ctkey *key, const char *name, uint8_t *ret)
{
	uint8_t hash[32];
	GByteArray *text = g_byte_array_new();

	g_byte_array_append(text, (const uint8_t *)name, (guint)strlen(name));
	g_byte_array_append(text, (const uint8_t *)"\n\5", 2);
	g_byte_array_append(text, key->log_id, 32);
	SHA256(text->data, text->len, hash);
	g_byte_array_unref(text);
	memcpy(ret, hash, 4);
}
