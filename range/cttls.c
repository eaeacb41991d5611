#include "cttls.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "sys/file.h"
#include "sys/gerr.h"

static char *
text_of(BIO *bio)
{
	char *data = NULL;
	long len = BIO_get_mem_data(bio, &data);
	char *text = g_strndup(data, (size_t)len);

	BIO_free(bio);
	return text;
}

static void
extend(X509 *x, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;

	X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
	X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	if (!ext) {
		HK_BUG("an extension of our own is wrong");
	}
	X509_add_ext(x, ext, -1);
	X509_EXTENSION_free(ext);
}

/* A certificate for key, signed by by; issuer NULL: by itself. */
static X509 *
make(EVP_PKEY *key, const char *cn, const char *san, X509 *issuer, EVP_PKEY *by)
{
	X509 *x = X509_new();
	X509_NAME *name = X509_get_subject_name(x);
	uint8_t serial[12];

	RAND_bytes(serial, sizeof serial);
	serial[0] = 0x40;
	BIGNUM *number = BN_bin2bn(serial, sizeof serial, NULL);
	BN_to_ASN1_INTEGER(number, X509_get_serialNumber(x));
	BN_free(number);
	X509_set_version(x, X509_VERSION_3);
	X509_gmtime_adj(X509_getm_notBefore(x), -3600);
	X509_gmtime_adj(X509_getm_notAfter(x), 365L * 86400);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)cn, -1, -1, 0);
	X509_set_issuer_name(x, issuer ? X509_get_subject_name(issuer) : name);
	X509_set_pubkey(x, key);
	extend(x, issuer ? issuer : x, NID_subject_key_identifier, "hash");
	extend(x, issuer ? issuer : x, NID_authority_key_identifier, "keyid:always");
	if (issuer) {
		extend(x, issuer, NID_basic_constraints, "critical,CA:FALSE");
		extend(x, issuer, NID_key_usage, "critical,digitalSignature");
		extend(x, issuer, NID_ext_key_usage, "serverAuth");
		extend(x, issuer, NID_subject_alt_name, san);
	} else {
		extend(x, x, NID_basic_constraints, "critical,CA:TRUE");
		extend(x, x, NID_key_usage, "critical,keyCertSign,cRLSign");
	}
	X509_sign(x, by, EVP_sha256());
	return x;
}

bool
rg_tls_self(const char *ca_path, const char *san, char **ret_cert, char **ret_key, GError **error)
{
	EVP_PKEY *ca_key = EVP_EC_gen("P-256");
	EVP_PKEY *key = EVP_EC_gen("P-256");
	g_autofree char *names = g_strconcat(
		"DNS:localhost,IP:127.0.0.1,IP:::1", san ? "," : "", san ? san : "", NULL);
	X509 *ca = make(ca_key, "hikeshi range: an authority for loopback", NULL, NULL, ca_key);
	X509 *cert = make(key, "localhost", names, ca, ca_key);
	BIO *bio = BIO_new(BIO_s_mem());

	PEM_write_bio_X509(bio, ca);
	g_autofree char *ca_text = text_of(bio);
	bio = BIO_new(BIO_s_mem());
	PEM_write_bio_X509(bio, cert);
	g_autofree char *cert_text = text_of(bio);
	bio = BIO_new(BIO_s_mem());
	PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL);
	g_autofree char *key_text = text_of(bio);
	X509_free(ca);
	X509_free(cert);
	EVP_PKEY_free(ca_key);
	EVP_PKEY_free(key);
	if (!hk_file_replace_fast(ca_path, hk_span_str(ca_text), error)) {
		return false;
	}
	*ret_cert = g_steal_pointer(&cert_text);
	*ret_key = g_steal_pointer(&key_text);
	return true;
}
