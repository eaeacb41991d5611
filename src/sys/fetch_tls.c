/* nocheck: tested in tests/unit/sys/test_fetch.c
 * Part of sys/fetch: certificates. They are verified here and not by curl: a bad one is a fact to be told, and the authorities are
 * loaded once instead of once for each connection. */
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "sys/fetch_int.h"
#include "sys/gerr.h"

/* The system's authorities as one file, read once: OpenSSL's default paths have the folder of them read anew for each certificate of an authority that
 * nobody knows, of which strangers' sites have many. Without that file (another system, or SSL_CERT_DIR alone says where they are) the default paths
 * serve. */
#define SYSTEM_FILE "/etc/ssl/certs/ca-certificates.crt"

static int
load_system(X509_STORE *store)
{
	const char *named = g_getenv("SSL_CERT_FILE");
	const char *file = named ? named : g_getenv("SSL_CERT_DIR") ? NULL : SYSTEM_FILE;

	return file && X509_STORE_load_file(store, file) == 1 ? 1
							      : X509_STORE_set_default_paths(store);
}

X509_STORE *
hk_fetch_store(const char *ca_file, GError **error)
{
	X509_STORE *store = X509_STORE_new();
	int good = ca_file ? X509_STORE_load_file(store, ca_file) : load_system(store);

	ERR_clear_error();
	if (good != 1) {
		hk_error_set(error, HK_EIO, "certificate authorities: %s cannot be read",
			ca_file ? ca_file : "the system's");
		X509_STORE_free(store);
		return NULL;
	}
	return store;
}

static void
keep_chain(hk_fetch_hop *hop, STACK_OF(X509) * chain)
{
	int count = MIN(sk_X509_num(chain), HK_FETCH_CERTS_MAX);

	g_clear_pointer(&hop->certs, g_ptr_array_unref);
	hop->certs = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
	for (int i = 0; i < count; i++) {
		unsigned char *der = NULL;
		int len = i2d_X509(sk_X509_value(chain, i), &der);
		if (len > 0) {
			g_ptr_array_add(hop->certs, g_bytes_new(der, (gsize)len));
		}
		OPENSSL_free(der);
	}
}

static int
check_name(X509 *leaf, const char *host, bool is_ip)
{
	int good =
		is_ip ? X509_check_ip_asc(leaf, host, 0) : X509_check_host(leaf, host, 0, 0, NULL);

	return good == 1 ? X509_V_OK
	       : is_ip   ? X509_V_ERR_IP_ADDRESS_MISMATCH
			 : X509_V_ERR_HOSTNAME_MISMATCH;
}

static int
on_chain(X509_STORE_CTX *ctx, void *user)
{
	hk_fetch_call *call = user;
	hk_fetch_hop *hop = hk_fetch_hop_now(call);
	X509 *leaf = X509_STORE_CTX_get0_cert(ctx);
	int error = X509_V_ERR_UNSPECIFIED;

	if (X509_STORE_CTX_get0_untrusted(ctx)) {
		keep_chain(hop, X509_STORE_CTX_get0_untrusted(ctx));
	}
	if (X509_verify_cert(ctx) == 1) {
		error = leaf ? check_name(leaf, call->url.host, call->url.is_ip) : error;
	} else {
		error = X509_STORE_CTX_get_error(ctx);
		error = error == X509_V_OK ? X509_V_ERR_UNSPECIFIED : error;
	}
	hop->verify_error = error;
	hop->verify_text = X509_verify_cert_error_string(error);
	ERR_clear_error();
	if (call->verify && error != X509_V_OK) {
		X509_STORE_CTX_set_error(ctx, error);
		return 0;
	}
	X509_STORE_CTX_set_error(ctx, X509_V_OK);
	return 1;
}

CURLcode
hk_fetch_tls(CURL *easy, void *ssl_ctx, void *user)
{
	hk_fetch_call *call = user;
	SSL_CTX *ctx = ssl_ctx;

	(void)easy;
	SSL_CTX_set1_cert_store(ctx, call->fetch->store);
	SSL_CTX_set_cert_verify_callback(ctx, on_chain, call);
	SSL_CTX_set_verify(ctx, call->verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, NULL);
	/* Short keys and old hashes are the site's problem: it shall be seen all the same. */
	SSL_CTX_set_security_level(ctx, call->verify ? 1 : 0);
	return CURLE_OK;
}
