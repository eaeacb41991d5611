#include "sys/sig.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/codec.h"
#include "sys/gerr.h"
#include "sys/hash.h"
#include "tap.h"

static hk_span
spki_of(EVP_PKEY *pkey)
{
	unsigned char *der = NULL;
	int len = i2d_PUBKEY(pkey, &der);

	return hk_span_of(der, (size_t)len);
}

static void
tree_heads(EVP_PKEY *pkey, uint8_t algorithm, const char *what)
{
	g_autoptr(GError) error = NULL;
	hk_span spki = spki_of(pkey);
	g_autoptr(hk_sig_key) key = hk_sig_key_new(spki, &error);
	uint8_t text[50] = {0, 1, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 9};
	uint8_t sig[4 + 1024] = {4, algorithm}, root[32], id[32];
	size_t len = sizeof sig - 4;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	if (!ok(key != NULL, "%s: a key", what)) {
		return;
	}
	hk_sha256(spki, id);
	is_mem(hk_sig_key_id(key), id, 32, "its LogID");
	memset(root, 0x55, sizeof root);
	memcpy(text + 18, root, 32);
	EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, pkey);
	EVP_DigestSign(ctx, sig + 4, &len, text, sizeof text);
	EVP_MD_CTX_free(ctx);
	sig[2] = (uint8_t)(len >> 8);
	sig[3] = (uint8_t)len;
	is_int(hk_sig_check_tree_head(key, 9, root, 7, hk_span_of(sig, len + 4)), HK_OK,
		"verifies");
	is_int(hk_sig_check_tree_head(key, 8, root, 7, hk_span_of(sig, len + 4)), HK_ECHECK,
		"size");
	is_int(hk_sig_check_tree_head(key, 9, root, 6, hk_span_of(sig, len + 4)), HK_ECHECK,
		"time");
	is_int(hk_sig_check_tree_head(key, 9, id, 7, hk_span_of(sig, len + 4)), HK_ECHECK, "root");
	is_int(hk_sig_check_tree_head(key, 9, root, 7, hk_span_of(sig, len + 3)), HK_ETRUNC, "cut");
	is_int(hk_sig_check_tree_head(key, 9, root, 7, hk_span_of(sig, len + 5)), HK_ETRAIL,
		"long");
	is_int(hk_sig_check(key, hk_span_of(text, sizeof text), hk_span_of(sig + 4, len)), HK_OK,
		"as a detached signature");
	is_int(hk_sig_check(key, hk_span_of(text, sizeof text), (hk_span){0}), HK_ECHECK, "none");
	sig[1] ^= 2;
	is_int(hk_sig_check_tree_head(key, 9, root, 7, hk_span_of(sig, len + 4)), HK_EVERSION,
		"another algorithm than the key's");
	OPENSSL_free((void *)spki.data);
}

static void
refused(EVP_PKEY *pkey, const char *what)
{
	g_autoptr(GError) error = NULL;
	hk_span spki = spki_of(pkey);
	g_autoptr(hk_sig_key) key = hk_sig_key_new(spki, &error);

	ok(key == NULL, "%s is refused", what);
	is_int(hk_error_code(error), HK_EVERSION, "as a kind of key that no log has");
	OPENSSL_free((void *)spki.data);
	EVP_PKEY_free(pkey);
}

int
main(void)
{
	g_autoptr(GError) error = NULL;
	EVP_PKEY *ec = EVP_EC_gen("P-256"), *rsa = EVP_RSA_gen(2048);
	hk_span spki = spki_of(ec);
	g_autofree uint8_t *more = g_malloc0(spki.len + 1);
	size_t list_len, sig_len, pem_len;
	uint8_t *list = tap_file("tests/fixtures/ct/loglist/log_list_v3-20260529.json", &list_len);
	uint8_t *sig = tap_file("tests/fixtures/ct/loglist/log_list_v3-20260529.sig", &sig_len);
	uint8_t *pem = tap_file("tests/fixtures/ct/loglist/google_v3_pubkey.pem", &pem_len);

	tree_heads(ec, 3, "ECDSA P-256");
	tree_heads(rsa, 1, "RSA");
	refused(EVP_EC_gen("P-384"), "P-384");
	refused(EVP_RSA_gen(1024), "RSA-1024");
	refused(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), "Ed25519");
	memcpy(more, spki.data, spki.len);
	ok(!hk_sig_key_new(hk_span_of(more, spki.len + 1), &error), "a byte behind the key");
	is_int(hk_error_code(error), HK_EFORM, "is an error of form");
	g_clear_error(&error);
	ok(!hk_sig_key_new((hk_span){0}, NULL), "nothing is no key");
	ok(!hk_sig_key_new_pem(HK_SPAN_LIT("hello"), NULL), "nor is this PEM");

	g_autoptr(hk_sig_key) google = hk_sig_key_new_pem(hk_span_of(pem, pem_len), &error);
	ok(google != NULL, "the key of Google's log list");
	is_int(hk_sig_check(google, hk_span_of(list, list_len), hk_span_of(sig, sig_len)), HK_OK,
		"its list of 2026-05-29");
	list[100] ^= 1;
	is_int(hk_sig_check(google, hk_span_of(list, list_len), hk_span_of(sig, sig_len)),
		HK_ECHECK, "one bit changed");
	OPENSSL_free((void *)spki.data);
	EVP_PKEY_free(ec);
	EVP_PKEY_free(rsa);
	free(list);
	free(sig);
	free(pem);
	return tap_done();
}
