#include "sys/sig.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/cur.h"
#include "sys/gerr.h"
#include "sys/hash.h"

/* RFC 5246, section 7.4.1.4.1. */
enum { TLS_SHA256 = 4, TLS_RSA = 1, TLS_ECDSA = 3 };

struct hk_sig_key {
	EVP_PKEY *pkey;
	EVP_MD *sha256; /* fetched once: fetching costs more than hashing */
	uint8_t id[HK_SHA256_SIZE];
	uint8_t algorithm; /* TLS_RSA or TLS_ECDSA */
};

void
hk_sig_key_free(hk_sig_key *key)
{
	if (key) {
		EVP_PKEY_free(key->pkey);
		EVP_MD_free(key->sha256);
		g_free(key);
	}
}

/* 0 for a kind of key that no log may have (RFC 6962, section 2.1.4). */
static uint8_t
algorithm_of(EVP_PKEY *pkey)
{
	char group[32];
	int bits = EVP_PKEY_get_bits(pkey);

	if (EVP_PKEY_is_a(pkey, "RSA")) {
		return bits >= 2048 && bits <= 8192 ? TLS_RSA : 0;
	}
	if (EVP_PKEY_is_a(pkey, "EC") &&
		EVP_PKEY_get_group_name(pkey, group, sizeof group, NULL) == 1) {
		return g_str_equal(group, "prime256v1") ? TLS_ECDSA : 0;
	}
	return 0;
}

hk_sig_key *
hk_sig_key_new(hk_span spki, GError **error)
{
	g_autoptr(hk_sig_key) key = g_new0(hk_sig_key, 1);
	const unsigned char *at = spki.data;

	if (spki.len > HK_SIG_KEY_MAX) {
		hk_error_set(error, HK_ELIMIT, "a key of %zu bytes: at most %d are read", spki.len,
			HK_SIG_KEY_MAX);
		return NULL;
	}
	key->pkey = spki.len > 0 ? d2i_PUBKEY(NULL, &at, (long)spki.len) : NULL;
	if (!key->pkey || at != spki.data + spki.len) {
		hk_error_set(error, HK_EFORM, "not a public key (DER SubjectPublicKeyInfo)");
		return NULL;
	}
	key->algorithm = algorithm_of(key->pkey);
	if (key->algorithm == 0) {
		hk_error_set(error, HK_EVERSION,
			"a kind of key that no log has: need EC P-256, or RSA of 2048 to 8192 "
			"bits");
		return NULL;
	}
	key->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	if (!key->sha256) {
		hk_error_set(error, HK_EINTERNAL, "OpenSSL has no SHA-256");
		return NULL;
	}
	hk_sha256(spki, key->id);
	return g_steal_pointer(&key);
}

hk_sig_key *
hk_sig_key_new_pem(hk_span pem, GError **error)
{
	BIO *bio;
	char *name = NULL, *header = NULL;
	unsigned char *der = NULL;
	long der_len = 0;
	hk_sig_key *key = NULL;

	if (pem.len > 4 * HK_SIG_KEY_MAX) {
		hk_error_set(error, HK_ELIMIT, "a key file of %zu bytes", pem.len);
		return NULL;
	}
	bio = BIO_new_mem_buf(pem.data ? pem.data : (const uint8_t *)"", (int)pem.len);
	if (bio && PEM_read_bio(bio, &name, &header, &der, &der_len) == 1 &&
		g_str_equal(name, "PUBLIC KEY")) {
		key = hk_sig_key_new(hk_span_of(der, (size_t)der_len), error);
	} else {
		hk_error_set(error, HK_EFORM, "not a PEM file that begins with a PUBLIC KEY");
	}
	OPENSSL_free(name);
	OPENSSL_free(header);
	OPENSSL_free(der);
	BIO_free(bio);
	return key;
}

const uint8_t *
hk_sig_key_id(const hk_sig_key *key)
{
	return key->id;
}

hk_err
hk_sig_check(const hk_sig_key *key, hk_span data, hk_span sig)
{
	EVP_PKEY_CTX *pkey_ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
	uint8_t hash[HK_SHA256_SIZE];
	bool good;

	/* The hash is made here, so only the verification itself goes through OpenSSL's dispatch.
	 * The padding of an RSA context is PKCS #1 v1.5 unless told otherwise. */
	hk_sha256(data, hash);
	good = pkey_ctx && EVP_PKEY_verify_init(pkey_ctx) == 1 &&
	       EVP_PKEY_CTX_set_signature_md(pkey_ctx, key->sha256) == 1 &&
	       EVP_PKEY_verify(pkey_ctx, sig.data, sig.len, hash, sizeof hash) == 1;
	EVP_PKEY_CTX_free(pkey_ctx);
	return good ? HK_OK : HK_ECHECK;
}

static uint8_t *
put_u64(uint8_t *at, uint64_t value)
{
	uint64_t big = GUINT64_TO_BE(value);

	memcpy(at, &big, sizeof big);
	return at + sizeof big;
}

hk_err
hk_sig_check_tree_head(const hk_sig_key *key, uint64_t size, const uint8_t root[32],
	uint64_t timestamp_ms, hk_span digitally_signed)
{
	hk_cur cur = hk_cur_of(digitally_signed);
	uint8_t hash, algorithm;
	/* TreeHeadSignature: version v1 (0), signature_type tree_hash (1). */
	uint8_t text[50] = {0, 1};
	uint8_t *at = text + 2;
	hk_span sig;

	HK_TRY(hk_cur_u8(&cur, &hash));
	HK_TRY(hk_cur_u8(&cur, &algorithm));
	HK_TRY(hk_cur_prefixed(&cur, 2, &sig));
	HK_TRY(hk_cur_end(&cur));
	if (hash != TLS_SHA256 || algorithm != key->algorithm) {
		return HK_EVERSION;
	}
	at = put_u64(at, timestamp_ms);
	at = put_u64(at, size);
	memcpy(at, root, 32);
	return hk_sig_check(key, hk_span_of(text, sizeof text), sig);
}
