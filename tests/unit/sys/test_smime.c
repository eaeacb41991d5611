#include "sys/smime.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <openssl/cms.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "sys/gerr.h"
#include "sys/mailw.h"
#include "tap.h"

#define NOW_MS 1793836800000

static char *dir;
static X509 *certificate;

static char *
path_of(const char *name)
{
	return g_build_filename(dir, name, NULL);
}

/* A certificate of its own for mail, and its key, as PEM files. */
static void
make_files(const char *cert_name, const char *key_name)
{
	g_autofree char *cert_path = path_of(cert_name), *key_path = path_of(key_name);
	EVP_PKEY *key = EVP_RSA_gen(2048);
	X509 *cert = X509_new();
	X509_NAME *name = X509_get_subject_name(cert);
	X509_EXTENSION *usage =
		X509V3_EXT_conf_nid(NULL, NULL, NID_ext_key_usage, "emailProtection");
	FILE *file;

	X509_set_version(cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 7);
	X509_gmtime_adj(X509_getm_notBefore(cert), -86400);
	X509_gmtime_adj(X509_getm_notAfter(cert), 86400);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
		(const unsigned char *)"csirt@mihon-bank.example", -1, -1, 0);
	X509_set_issuer_name(cert, name);
	X509_set_pubkey(cert, key);
	X509_add_ext(cert, usage, -1);
	X509_sign(cert, key, EVP_sha256());
	file = fopen(cert_path, "w");
	PEM_write_X509(file, cert);
	fclose(file);
	file = fopen(key_path, "w");
	PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL);
	fclose(file);
	chmod(key_path, 0600);
	X509_EXTENSION_free(usage);
	EVP_PKEY_free(key);
	X509_free(certificate);
	certificate = cert;
}

static GBytes *
a_mail(void)
{
	hk_mailw_part parts[] = {{"text/plain", NULL, HK_SPAN_LIT("みほん銀行です。\n")},
		{"image/png", "a.png", HK_SPAN_LIT("\0\1\2")}};
	hk_mailw m = {.date_ms = NOW_MS,
		.from = {"みほん", "csirt@mihon-bank.example"},
		.to = {NULL, "abuse@hosting.example"},
		.subject = "plain",
		.message_id = "1@mihon-bank.example",
		.multipart = "mixed",
		.boundary = "b-1",
		.parts = parts,
		.part_count = 2};

	return hk_mailw_build(&m, NULL);
}

/* As any mail program does: the content between the first boundaries, the signature behind them. */
static bool
verifies(const char *mail, size_t len)
{
	BIO *in = BIO_new_mem_buf(mail, (int)len), *content = NULL, *out = BIO_new(BIO_s_mem());
	CMS_ContentInfo *cms = SMIME_read_CMS(in, &content);
	X509_STORE *store = X509_STORE_new();
	char *data = NULL;

	X509_STORE_add_cert(store, certificate);
	bool fine = cms && content && CMS_verify(cms, NULL, store, content, out, CMS_BINARY) == 1;
	long n = BIO_get_mem_data(out, &data);
	fine = fine && n > 50 && memmem(data, (size_t)n, "multipart/mixed", 15);
	X509_STORE_free(store);
	CMS_ContentInfo_free(cms);
	BIO_free(in);
	BIO_free(out);
	BIO_free(content);
	return fine;
}

static void
check_sign(void)
{
	g_autofree char *cert = path_of("cert.pem"), *key = path_of("key.pem");
	g_autoptr(GError) error = NULL;
	g_autoptr(hk_smime) signer = hk_smime_new(cert, key, &error);
	g_autoptr(GBytes) mail = a_mail();
	gsize len;
	const char *data = g_bytes_get_data(mail, &len);
	g_autoptr(GBytes) one = hk_smime_sign(signer, hk_span_of(data, len), NOW_MS, "b-2", &error);
	g_autoptr(GBytes) two = hk_smime_sign(signer, hk_span_of(data, len), NOW_MS, "b-2", NULL);

	ok(signer && one, "signed: %s", error ? error->message : "yes");
	ok(g_bytes_equal(one, two), "twice the same bytes");
	data = g_bytes_get_data(one, &len);
	ok(hk_mailw_lines(hk_span_of(data, len)), "good lines");
	g_autofree char *text = g_strndup(data, len);
	ok(strstr(text, "multipart/signed") && strstr(text, "\r\nFrom: =?UTF-8?"),
		"the header stays outside");
	ok(verifies(data, len), "OpenSSL verifies it");
	char *dot = strstr(text, "AAEC");
	dot[0] = 'B';
	ok(!verifies(text, len), "and not when a byte of a part was changed");
	ok(!hk_smime_sign(signer, HK_SPAN_LIT("no mail"), NOW_MS, "b", NULL),
		"what is no mail is not signed");
}

static void
check_files(void)
{
	g_autofree char *cert = path_of("cert.pem"), *key = path_of("key.pem"),
			*other = path_of("other-key.pem"), *none = path_of("none");
	g_autoptr(GError) error = NULL;

	ok(!hk_smime_new(none, key, &error) && hk_error_code(error) == HK_ENOENT,
		"no certificate file");
	g_clear_error(&error);
	ok(!hk_smime_new(key, key, &error) && hk_error_code(error) == HK_EFORM,
		"a key is no certificate");
	g_clear_error(&error);
	ok(!hk_smime_new(cert, other, &error) && hk_error_code(error) == HK_EFORM,
		"the key of another");
	g_clear_error(&error);
	chmod(key, 0644);
	ok(!hk_smime_new(cert, key, &error) && hk_error_code(error) == HK_EPOLICY,
		"a key that everybody can read");
	hk_smime_free(NULL);
}

int
main(void)
{
	dir = g_dir_make_tmp("hikeshi-smime.XXXXXX", NULL);
	make_files("other.pem", "other-key.pem");
	make_files("cert.pem", "key.pem");
	check_sign();
	check_files();
	X509_free(certificate);
	static const char *const files[] = {"cert.pem", "key.pem", "other.pem", "other-key.pem"};
	for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
		g_autofree char *path = path_of(files[i]);
		remove(path);
	}
	remove(dir);
	g_free(dir);
	return tap_done();
}
