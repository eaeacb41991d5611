#include "sys/smime.h"

#include <string.h>

#include <openssl/asn1.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "base/codec.h"
#include "sys/file.h"
#include "sys/gerr.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BIO, BIO_free_all)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CMS_ContentInfo, CMS_ContentInfo_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ASN1_TIME, ASN1_TIME_free)

#define FILE_BYTES_MAX 262144

struct hk_smime {
	X509 *certificate;
	STACK_OF(X509) * chain;
	EVP_PKEY *key;
};

void
hk_smime_free(hk_smime *signer)
{
	if (signer) {
		X509_free(signer->certificate);
		sk_X509_pop_free(signer->chain, X509_free);
		EVP_PKEY_free(signer->key);
		g_free(signer);
	}
}

static BIO *
bio_of(GBytes *bytes)
{
	gsize len;
	const void *data = g_bytes_get_data(bytes, &len);

	return BIO_new_mem_buf(data, (int)len);
}

static bool
read_certificates(hk_smime *signer, const char *path, GError **error)
{
	g_autoptr(GBytes) bytes = hk_file_read(path, FILE_BYTES_MAX, error);

	if (!bytes) {
		return false;
	}
	g_autoptr(BIO) bio = bio_of(bytes);
	signer->certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	signer->chain = sk_X509_new_null();
	if (!signer->certificate) {
		ERR_clear_error();
		return hk_error_set(error, HK_EFORM, "%s: no certificate in PEM", path);
	}
	for (X509 *next; (next = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL;) {
		sk_X509_push(signer->chain, next);
	}
	ERR_clear_error();
	return true;
}

/* There is no terminal to ask at. */
static int
no_passphrase(char *buf, int size, int rwflag, void *user)
{
	(void)buf;
	(void)size;
	(void)rwflag;
	(void)user;
	return -1;
}

static bool
read_key(hk_smime *signer, const char *path, GError **error)
{
	GBytes *bytes = hk_file_read_secret(path, FILE_BYTES_MAX, error);

	if (!bytes) {
		return false;
	}
	gsize len;
	void *data = (void *)(uintptr_t)g_bytes_get_data(bytes, &len);
	BIO *bio = bio_of(bytes);
	signer->key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
	BIO_free_all(bio);
	OPENSSL_cleanse(data, len);
	g_bytes_unref(bytes);
	ERR_clear_error();
	return signer->key || hk_error_set(error, HK_EFORM,
				      "%s: no private key in PEM without a passphrase", path);
}

hk_smime *
hk_smime_new(const char *certificate_path, const char *key_path, GError **error)
{
	g_autoptr(hk_smime) signer = g_new0(hk_smime, 1);

	if (!read_certificates(signer, certificate_path, error) ||
		!read_key(signer, key_path, error)) {
		return NULL;
	}
	if (X509_check_private_key(signer->certificate, signer->key) != 1) {
		ERR_clear_error();
		hk_error_set(error, HK_EFORM, "%s is not the key of the certificate in %s",
			key_path, certificate_path);
		return NULL;
	}
	return g_steal_pointer(&signer);
}

/* The signature, in DER. */

static bool
add_signer(const hk_smime *signer, CMS_ContentInfo *cms, int64_t time_ms)
{
	CMS_SignerInfo *info = CMS_add1_signer(
		cms, signer->certificate, signer->key, EVP_sha256(), CMS_PARTIAL | CMS_BINARY);
	g_autoptr(ASN1_TIME) time = ASN1_TIME_adj(NULL, (time_t)(time_ms / 1000), 0, 0);

	for (int i = 0; i < sk_X509_num(signer->chain); i++) {
		if (CMS_add1_cert(cms, sk_X509_value(signer->chain, i)) != 1) {
			return false;
		}
	}
	return info && time &&
	       CMS_signed_add1_attr_by_NID(info, NID_pkcs9_signingTime, time->type, time, -1) == 1;
}

static GBytes *
signature(const hk_smime *signer, hk_span content, int64_t time_ms)
{
	g_autoptr(BIO) in = BIO_new_mem_buf(content.data, (int)content.len);
	g_autoptr(BIO) out = BIO_new(BIO_s_mem());
	g_autoptr(CMS_ContentInfo) cms =
		CMS_sign(NULL, NULL, NULL, NULL, CMS_PARTIAL | CMS_DETACHED | CMS_BINARY);
	char *data;

	if (!in || !out || !cms || !add_signer(signer, cms, time_ms) ||
		CMS_final(cms, in, NULL, CMS_DETACHED | CMS_BINARY) != 1 ||
		i2d_CMS_bio(out, cms) != 1) {
		return NULL;
	}
	long len = BIO_get_mem_data(out, &data);
	return g_bytes_new(data, (size_t)len);
}

/* The message, taken apart and put together. */

static void
append_base64(GString *out, GBytes *bytes)
{
	gsize len;
	const void *data = g_bytes_get_data(bytes, &len);
	g_autofree char *text = g_malloc(HK_BASE64_LEN(len) + 1);

	hk_base64_encode(hk_span_of(data, len), text);
	for (size_t at = 0, all = strlen(text); at < all; at += 76) {
		g_string_append_len(out, text + at, (gssize)MIN(76, all - at));
		g_string_append(out, "\r\n");
	}
}

/* The fields whose names begin with Content- go to inner, the others to outer, as they are written. Returns where the body begins. */
static size_t
divide(hk_span message, GString *outer, GString *inner)
{
	const char *text = (const char *)message.data;
	GString *to = outer;
	size_t at = 0;

	while (at < message.len) {
		const char *feed = memchr(text + at, '\n', message.len - at);
		size_t end = feed ? (size_t)(feed - text) + 1 : message.len;

		if (end - at <= 2) {
			return end;
		}
		if (text[at] != ' ' && text[at] != '\t') {
			bool content =
				end - at > 8 && g_ascii_strncasecmp(text + at, "Content-", 8) == 0;
			to = content ? inner : outer;
		}
		g_string_append_len(to, text + at, (gssize)(end - at));
		at = end;
	}
	return message.len;
}

GBytes *
hk_smime_sign(const hk_smime *signer, hk_span message, int64_t time_ms, const char *boundary,
	GError **error)
{
	g_autoptr(GString) out = g_string_sized_new(message.len + 8192),
			   inner = g_string_sized_new(message.len + 64);
	size_t body = divide(message, out, inner);

	if (inner->len == 0 || out->len == 0 || body == message.len) {
		hk_error_set(error, HK_EFORM, "there is no mail to sign");
		return NULL;
	}
	g_string_append(inner, "\r\n");
	g_string_append_len(inner, (const char *)message.data + body, (gssize)(message.len - body));
	/* The line end before a boundary belongs to the boundary (RFC 2046, 5.1.1). */
	if (g_str_has_suffix(inner->str, "\r\n")) {
		g_string_truncate(inner, inner->len - 2);
	}
	g_autoptr(GBytes) sealed = signature(signer, hk_span_of(inner->str, inner->len), time_ms);
	if (!sealed) {
		hk_error_set(error, HK_EINTERNAL, "OpenSSL could not sign: %s",
			ERR_reason_error_string(ERR_peek_last_error()));
		ERR_clear_error();
		return NULL;
	}
	g_string_append_printf(out,
		"Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\";\r\n"
		"\tmicalg=sha-256; boundary=\"%s\"\r\n\r\n--%s\r\n",
		boundary, boundary);
	g_string_append_len(out, inner->str, (gssize)inner->len);
	g_string_append_printf(out,
		"\r\n--%s\r\n"
		"Content-Type: application/pkcs7-signature; name=\"smime.p7s\"\r\n"
		"Content-Transfer-Encoding: base64\r\n"
		"Content-Disposition: attachment; filename=\"smime.p7s\"\r\n\r\n",
		boundary);
	append_base64(out, sealed);
	g_string_append_printf(out, "--%s--\r\n", boundary);
	return g_string_free_to_bytes(g_steal_pointer(&out));
}
