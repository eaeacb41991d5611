#include "tsa.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ts.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "httpd.h"
#include "sys/file.h"
#include "sys/gerr.h"

enum { LIFE_DAYS = 3650 };
#define POLICY "1.2.3.4.1"

typedef enum fault {
#define FAULT(id, name, what) FAULT_##id,
#include "tsafault.def"
#undef FAULT
	FAULT_COUNT
} fault;

static const struct {
	const char *name, *what;
} faults[] = {
#define FAULT(id, name, what) {name, what},
#include "tsafault.def"
#undef FAULT
};

typedef struct identity {
	EVP_PKEY *key;
	X509 *cert;
} identity;

struct rg_tsa {
	rg_httpd *http;
	fault fault;
	identity ca, tsa;
	identity other_ca, other; /* whom nobody believes */
};

const char *
rg_tsa_fault_text(void)
{
	static char *text;

	if (!text) {
		GString *out = g_string_new(NULL);
		for (int i = 0; i < FAULT_COUNT; i++) {
			g_string_append_printf(out, "  %-12s %s\n", faults[i].name, faults[i].what);
		}
		text = g_string_free(out, FALSE);
	}
	return text;
}

static bool
find_fault(const char *name, fault *ret)
{
	for (int i = 0; i < FAULT_COUNT; i++) {
		if (strcmp(faults[i].name, name) == 0) {
			*ret = (fault)i;
			return true;
		}
	}
	return false;
}

/* ---- Keys and certificates ---- */

static void
extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;

	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	X509_add_ext(cert, ext, -1);
	X509_EXTENSION_free(ext);
}

/* ca NULL: vouches for itself. usage: of its extended key usage. */
static identity
make_identity(const char *name, const identity *ca, const char *usage)
{
	identity id = {EVP_EC_gen("P-256"), X509_new()};
	X509 *issuer = ca ? ca->cert : id.cert;
	uint8_t serial[8];

	RAND_bytes(serial, sizeof serial);
	BIGNUM *number = BN_bin2bn(serial, sizeof serial, NULL);
	BN_to_ASN1_INTEGER(number, X509_get_serialNumber(id.cert));
	BN_free(number);
	X509_set_version(id.cert, X509_VERSION_3);
	X509_gmtime_adj(X509_getm_notBefore(id.cert), -86400);
	X509_time_adj_ex(X509_getm_notAfter(id.cert), LIFE_DAYS, 0, NULL);
	X509_set_pubkey(id.cert, id.key);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(id.cert), "CN", MBSTRING_UTF8,
		(const unsigned char *)name, -1, -1, 0);
	X509_set_issuer_name(id.cert, X509_get_subject_name(issuer));
	extension(id.cert, issuer, NID_basic_constraints,
		ca ? "critical,CA:FALSE" : "critical,CA:TRUE");
	extension(id.cert, issuer, NID_key_usage,
		ca ? "critical,digitalSignature" : "critical,keyCertSign,cRLSign");
	if (usage) {
		extension(id.cert, issuer, NID_ext_key_usage, usage);
	}
	X509_sign(id.cert, ca ? ca->key : id.key, EVP_sha256());
	return id;
}

static void
identity_clear(identity *id)
{
	EVP_PKEY_free(id->key);
	X509_free(id->cert);
}

static bool
load(const char *cert, const char *key, identity *ret)
{
	BIO *c = BIO_new_file(cert, "r");
	BIO *k = BIO_new_file(key, "r");

	*ret = (identity){k ? PEM_read_bio_PrivateKey(k, NULL, NULL, NULL) : NULL,
		c ? PEM_read_bio_X509(c, NULL, NULL, NULL) : NULL};
	BIO_free(c);
	BIO_free(k);
	if (ret->key && ret->cert) {
		return true;
	}
	identity_clear(ret);
	return false;
}

static bool
save(const char *cert, const char *key, const identity *id, GError **error)
{
	BIO *c = BIO_new(BIO_s_mem());
	BIO *k = BIO_new(BIO_s_mem());
	char *text;

	PEM_write_bio_X509(c, id->cert);
	PEM_write_bio_PrivateKey(k, id->key, NULL, NULL, 0, NULL, NULL);
	long len = BIO_get_mem_data(c, &text);
	bool good = hk_file_replace_fast(cert, hk_span_of(text, (size_t)len), error);
	len = BIO_get_mem_data(k, &text);
	good = good && hk_file_replace_fast(key, hk_span_of(text, (size_t)len), error);
	BIO_free(c);
	BIO_free(k);
	return good;
}

static bool
identities(rg_tsa *t, const char *dir, GError **error)
{
	g_autofree char *ca = g_build_filename(dir, "ca.pem", NULL);
	g_autofree char *ca_key = g_build_filename(dir, "ca.key", NULL);
	g_autofree char *tsa = g_build_filename(dir, "tsa.pem", NULL);
	g_autofree char *tsa_key = g_build_filename(dir, "tsa.key", NULL);

	if (!hk_file_mkdirs(dir, error)) {
		return false;
	}
	if (!load(ca, ca_key, &t->ca) || !load(tsa, tsa_key, &t->tsa)) {
		identity_clear(&t->ca);
		t->ca = make_identity("Range Root", NULL, NULL);
		t->tsa = make_identity("Range Time Stamps", &t->ca, "critical,timeStamping");
		if (!save(ca, ca_key, &t->ca, error) || !save(tsa, tsa_key, &t->tsa, error)) {
			return false;
		}
	}
	t->other_ca = make_identity("Nobody", NULL, NULL);
	t->other = make_identity("Nobody's Time Stamps", &t->other_ca, "critical,timeStamping");
	return true;
}

/* ---- Stamps ---- */

static ASN1_INTEGER *
serial_of(TS_RESP_CTX *ctx, void *user)
{
	uint8_t bytes[12];
	BIGNUM *number;

	(void)ctx;
	(void)user;
	RAND_bytes(bytes, sizeof bytes);
	number = BN_bin2bn(bytes, sizeof bytes, NULL);
	ASN1_INTEGER *serial = BN_to_ASN1_INTEGER(number, NULL);
	BN_free(number);
	return serial;
}

/* The request as the liar wants to have read it; takes the one that came. */
static TS_REQ *
spoil(const rg_tsa *t, TS_REQ *req)
{
	if (t->fault == FAULT_NONCE) {
		ASN1_INTEGER *nonce = ASN1_INTEGER_new();
		ASN1_INTEGER_set(nonce, 4711);
		TS_REQ_set_nonce(req, nonce);
		ASN1_INTEGER_free(nonce);
	} else if (t->fault == FAULT_NO_NONCE) {
		TS_REQ *bare = TS_REQ_new();
		TS_REQ_set_version(bare, TS_REQ_get_version(req));
		TS_REQ_set_msg_imprint(bare, TS_REQ_get_msg_imprint(req));
		TS_REQ_set_cert_req(bare, TS_REQ_get_cert_req(req));
		TS_REQ_free(req);
		return bare;
	} else if (t->fault == FAULT_HASH) {
		TS_MSG_IMPRINT *imprint = TS_REQ_get_msg_imprint(req);
		ASN1_OCTET_STRING *hash = TS_MSG_IMPRINT_get_msg(imprint);
		uint8_t other[64];
		int len = MIN(ASN1_STRING_length(hash), (int)sizeof other);
		memcpy(other, ASN1_STRING_get0_data(hash), (size_t)len);
		other[0] ^= 1;
		TS_MSG_IMPRINT_set_msg(imprint, other, len);
	}
	return req;
}

static TS_RESP_CTX *
make_context(const rg_tsa *t)
{
	TS_RESP_CTX *ctx = TS_RESP_CTX_new();
	const identity *who = t->fault == FAULT_SIGNER ? &t->other : &t->tsa;
	ASN1_OBJECT *policy = OBJ_txt2obj(POLICY, 1);
	STACK_OF(X509) *chain = sk_X509_new_null();

	TS_RESP_CTX_set_signer_cert(ctx, who->cert);
	TS_RESP_CTX_set_signer_key(ctx, who->key);
	sk_X509_push(chain, t->fault == FAULT_SIGNER ? t->other_ca.cert : t->ca.cert);
	TS_RESP_CTX_set_certs(ctx, chain);
	sk_X509_free(chain);
	TS_RESP_CTX_set_def_policy(ctx, policy);
	ASN1_OBJECT_free(policy);
	TS_RESP_CTX_add_md(ctx, EVP_sha256());
	TS_RESP_CTX_set_signer_digest(ctx, EVP_sha256());
	TS_RESP_CTX_set_ess_cert_id_digest(ctx, EVP_sha256());
	TS_RESP_CTX_set_serial_cb(ctx, serial_of, NULL);
	TS_RESP_CTX_add_flags(ctx, TS_ORDERING);
	return ctx;
}

/* The answer in DER: *ret_len bytes, freed by OPENSSL_free; NULL: the body is no request. */
static unsigned char *
stamp(const rg_tsa *t, const GString *body, int *ret_len)
{
	const unsigned char *at = (const unsigned char *)body->str;
	TS_REQ *req = body->len > 0 ? d2i_TS_REQ(NULL, &at, (long)body->len) : NULL;
	unsigned char *der = NULL;

	if (!req) {
		return NULL;
	}
	req = spoil(t, req);
	if (t->fault == FAULT_REFUSED) {
		TS_REQ_set_version(req, 7); /* which every authority rejects */
	}
	BIO *in = BIO_new(BIO_s_mem());
	i2d_TS_REQ_bio(in, req);
	TS_RESP_CTX *ctx = make_context(t);
	TS_RESP *resp = TS_RESP_create_response(ctx, in);
	*ret_len = resp ? i2d_TS_RESP(resp, &der) : 0;
	TS_RESP_free(resp);
	TS_RESP_CTX_free(ctx);
	TS_REQ_free(req);
	BIO_free(in);
	return der;
}

/* ---- HTTP ---- */

static enum MHD_Result
reply_text(struct MHD_Connection *c, unsigned status, const char *text)
{
	return rg_httpd_reply(c, status, "text/html", text, strlen(text));
}

static enum MHD_Result
control(rg_tsa *t, struct MHD_Connection *c)
{
	const char *name = MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, "fault");

	if (!name || !find_fault(name, &t->fault)) {
		return reply_text(c, 400, rg_tsa_fault_text());
	}
	return reply_text(c, 200, "ok\n");
}

static enum MHD_Result
answer(rg_tsa *t, struct MHD_Connection *c, const GString *body)
{
	const char *type = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Content-Type");
	int len = 0;

	if (!type || strcmp(type, "application/timestamp-query") != 0) {
		return reply_text(c, 415, "application/timestamp-query is wanted\n");
	}
	if (t->fault == FAULT_DOWN || t->fault == FAULT_TEXT) {
		return reply_text(c, t->fault == FAULT_DOWN ? 503 : 200, "<html>later</html>\n");
	}
	unsigned char *der = stamp(t, body, &len);
	if (!der) {
		return reply_text(c, 400, "not a request for a time stamp\n");
	}
	enum MHD_Result result = rg_httpd_reply(c, 200, "application/timestamp-reply", der,
		(size_t)(t->fault == FAULT_CUT ? len / 2 : len));
	OPENSSL_free(der);
	return result;
}

static enum MHD_Result
handle(void *user, struct MHD_Connection *c, const char *method, const char *url,
	const GString *body)
{
	if (strcmp(method, "POST") != 0) {
		return reply_text(c, 405, "POST is wanted\n");
	}
	return strcmp(url, "/control") == 0 ? control(user, c) : answer(user, c, body);
}

rg_tsa *
rg_tsa_new(const char *dir, uint16_t port, const char *fault_name, GError **error)
{
	rg_tsa *t = g_new0(rg_tsa, 1);

	if (fault_name && !find_fault(fault_name, &t->fault)) {
		hk_error_set(error, HK_EUSAGE, "--fault %s: there is\n%s", fault_name,
			rg_tsa_fault_text());
		rg_tsa_free(t);
		return NULL;
	}
	if (!identities(t, dir, error)) {
		rg_tsa_free(t);
		return NULL;
	}
	t->http = rg_httpd_start(port, handle, t, error);
	if (!t->http) {
		rg_tsa_free(t);
		return NULL;
	}
	return t;
}

uint16_t
rg_tsa_port(const rg_tsa *t)
{
	return rg_httpd_port(t->http);
}

void
rg_tsa_free(rg_tsa *t)
{
	if (t) {
		rg_httpd_stop(t->http);
		identity_clear(&t->ca);
		identity_clear(&t->tsa);
		identity_clear(&t->other_ca);
		identity_clear(&t->other);
		g_free(t);
	}
}
