#include "sys/tsp.h"

#include <string.h>

#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ts.h>

#include "sys/clock.h"
#include "sys/fetch.h"
#include "sys/gerr.h"

enum { TIMEOUT_MS = 20000, STEP_MS = 500 };

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TS_REQ, TS_REQ_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TS_RESP, TS_RESP_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TS_VERIFY_CTX, TS_VERIFY_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TS_MSG_IMPRINT, TS_MSG_IMPRINT_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TS_STATUS_INFO, TS_STATUS_INFO_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509_ALGOR, X509_ALGOR_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509_STORE, X509_STORE_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ASN1_OBJECT, ASN1_OBJECT_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ASN1_INTEGER, ASN1_INTEGER_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PKCS7, PKCS7_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BIGNUM, BN_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BIO, BIO_free)

/* The error of OpenSSL that tells most: the newest one, with what it adds. */
static bool
fail(GError **error, hk_err code, const char *what)
{
	const char *data = NULL;
	int flags = 0;
	unsigned long number = ERR_peek_last_error_all(NULL, NULL, NULL, &data, &flags);
	const char *reason = number ? ERR_reason_error_string(number) : NULL;

	hk_error_set(error, code, "%s%s%s%s%s", what, reason ? ": " : "", reason ? reason : "",
		data && *data && (flags & ERR_TXT_STRING) ? ": " : "",
		data && (flags & ERR_TXT_STRING) ? data : "");
	ERR_clear_error();
	return false;
}

static GBytes *
take_der(unsigned char *der, int len)
{
	GBytes *bytes = g_bytes_new(der, (gsize)len);

	OPENSSL_free(der);
	return bytes;
}

/* ---- Reading ---- */

static PKCS7 *
read_token(hk_span token, GError **error)
{
	const unsigned char *at = token.data;

	ERR_clear_error();
	g_autoptr(PKCS7) p7 = token.len > 0 && token.len <= HK_TSP_TOKEN_MAX
				      ? d2i_PKCS7(NULL, &at, (long)token.len)
				      : NULL;
	if (!p7 || at != token.data + token.len || !PKCS7_type_is_signed(p7)) {
		fail(error, HK_EFORM, "not a time stamp");
		return NULL;
	}
	return g_steal_pointer(&p7);
}

static TS_RESP *
read_reply(hk_span reply, GError **error)
{
	const unsigned char *at = reply.data;

	ERR_clear_error();
	g_autoptr(TS_RESP) resp = reply.len > 0 && reply.len <= HK_TSP_TOKEN_MAX
					  ? d2i_TS_RESP(NULL, &at, (long)reply.len)
					  : NULL;
	if (!resp || at != reply.data + reply.len) {
		fail(error, HK_EFORM, "not an answer of a time-stamping authority");
		return NULL;
	}
	return g_steal_pointer(&resp);
}

static bool
add_text(X509_STORE *store, const char *pem)
{
	g_autoptr(BIO) in = BIO_new_mem_buf(pem, -1);
	X509 *cert;
	bool any = false;

	while (in && (cert = PEM_read_bio_X509(in, NULL, NULL, NULL))) {
		any = X509_STORE_add_cert(store, cert) == 1 || any;
		X509_free(cert);
	}
	return any;
}

/* Whom to believe: a file, or its text. at_s: as of when; -1: now. */
static X509_STORE *
read_store(const char *ca, int64_t at_s, GError **error)
{
	g_autoptr(X509_STORE) store = X509_STORE_new();
	bool text = ca && g_str_has_prefix(ca, HK_TSP_PEM);

	ERR_clear_error();
	if (!ca || !store || (text ? !add_text(store, ca) : X509_STORE_load_file(store, ca) != 1)) {
		hk_error_set(error, HK_ECONFIG, "%s: no certificate can be read from it",
			ca && !text ? ca : "tsa-ca");
		ERR_clear_error();
		return NULL;
	}
	if (at_s >= 0) {
		X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store), (time_t)at_s);
	}
	return g_steal_pointer(&store);
}

/* ---- Asking ---- */

static bool
add_imprint(TS_REQ *req, const uint8_t sha256[32])
{
	g_autoptr(TS_MSG_IMPRINT) imprint = TS_MSG_IMPRINT_new();
	g_autoptr(X509_ALGOR) algorithm = X509_ALGOR_new();

	return imprint && algorithm &&
	       X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_sha256), V_ASN1_NULL, NULL) == 1 &&
	       TS_MSG_IMPRINT_set_algo(imprint, algorithm) == 1 &&
	       TS_MSG_IMPRINT_set_msg(imprint, (unsigned char *)(uintptr_t)sha256, 32) == 1 &&
	       TS_REQ_set_msg_imprint(req, imprint) == 1;
}

static bool
add_nonce(TS_REQ *req)
{
	uint8_t bytes[HK_TSP_NONCE];

	if (RAND_bytes(bytes, sizeof bytes) != 1) {
		return false;
	}
	bytes[0] = (uint8_t)((bytes[0] & 0x7f) | 0x40); /* as long as it is meant to be */
	g_autoptr(BIGNUM) number = BN_bin2bn(bytes, sizeof bytes, NULL);
	g_autoptr(ASN1_INTEGER) nonce = number ? BN_to_ASN1_INTEGER(number, NULL) : NULL;
	return nonce && TS_REQ_set_nonce(req, nonce) == 1;
}

/* A request without a nonce is what a kept token is compared with. */
static TS_REQ *
make_request(const uint8_t sha256[32], const char *policy, bool nonce, GError **error)
{
	g_autoptr(TS_REQ) req = TS_REQ_new();
	g_autoptr(ASN1_OBJECT) wanted = policy ? OBJ_txt2obj(policy, 1) : NULL;

	if (policy && !wanted) {
		ERR_clear_error();
		hk_error_set(error, HK_ECONFIG, "policy \"%s\" is no dotted number like 1.2.3.4",
			policy);
		return NULL;
	}
	if (!req || TS_REQ_set_version(req, 1) != 1 || !add_imprint(req, sha256) ||
		(wanted && TS_REQ_set_policy_id(req, wanted) != 1) || (nonce && !add_nonce(req)) ||
		TS_REQ_set_cert_req(req, 1) != 1) {
		fail(error, HK_EINTERNAL, "making a request for a time stamp");
		return NULL;
	}
	return g_steal_pointer(&req);
}

GBytes *
hk_tsp_query(const uint8_t sha256[32], const char *policy, GError **error)
{
	g_autoptr(TS_REQ) req = make_request(sha256, policy, true, error);
	unsigned char *der = NULL;
	int len = req ? i2d_TS_REQ(req, &der) : -1;

	if (req && len <= 0) {
		fail(error, HK_EINTERNAL, "writing a request for a time stamp");
	}
	return len > 0 ? take_der(der, len) : NULL;
}

/* ---- Verifying ---- */

static bool
time_of(const TS_TST_INFO *info, int64_t *ret_ms)
{
	struct tm tm;
	const ASN1_GENERALIZEDTIME *time = TS_TST_INFO_get_time(info);

	if (!time || ASN1_TIME_to_tm(time, &tm) != 1) {
		ERR_clear_error();
		return false;
	}
	*ret_ms = (int64_t)timegm(&tm) * 1000;
	return true;
}

/* The request says what must be in it; the store, who may have signed it. */
static TS_VERIFY_CTX *
make_checks(TS_REQ *req, const char *ca_file, int64_t at_s, GError **error)
{
	g_autoptr(X509_STORE) store = read_store(ca_file, at_s, error);
	g_autoptr(TS_VERIFY_CTX) ctx = store ? TS_REQ_to_TS_VERIFY_CTX(req, NULL) : NULL;

	if (!ctx) {
		if (store) {
			fail(error, HK_EINTERNAL, "verifying a time stamp");
		}
		return NULL;
	}
	TS_VERIFY_CTX_set_store(ctx, g_steal_pointer(&store));
	TS_VERIFY_CTX_add_flags(ctx, TS_VFY_SIGNATURE | TS_VFY_VERSION);
	return g_steal_pointer(&ctx);
}

static bool
fresh(TS_TST_INFO *info, GError **error)
{
	int64_t at_ms;

	if (!info || !time_of(info, &at_ms)) {
		return hk_error_set(error, HK_ECHECK, "the time stamp has no time");
	}
	return ABS(at_ms - hk_clock_wall_ms()) <= HK_TSP_SKEW_MS ||
	       hk_error_set(error, HK_ECHECK,
		       "the authority's clock and ours are more than a day apart");
}

static bool
granted(TS_RESP *resp, GError **error)
{
	const TS_STATUS_INFO *info = TS_RESP_get_status_info(resp);
	const ASN1_INTEGER *status = info ? TS_STATUS_INFO_get0_status(info) : NULL;
	long value = status ? ASN1_INTEGER_get(status) : -1;

	return value == TS_STATUS_GRANTED || value == TS_STATUS_GRANTED_WITH_MODS ||
	       hk_error_set(error, HK_EREMOTE, "the authority refused (status %ld)", value);
}

GBytes *
hk_tsp_answer(hk_span query, hk_span answer, const char *ca_file, GError **error)
{
	const unsigned char *at = query.data;
	unsigned char *der = NULL;
	g_autoptr(TS_REQ) req = d2i_TS_REQ(NULL, &at, (long)query.len);
	g_autoptr(TS_RESP) resp = req ? read_reply(answer, error) : NULL;

	if (!req) {
		fail(error, HK_EFORM, "not a request for a time stamp");
		return NULL;
	}
	if (!resp || !granted(resp, error)) {
		return NULL;
	}
	g_autoptr(TS_VERIFY_CTX) ctx = make_checks(req, ca_file, -1, error);
	if (!ctx) {
		return NULL;
	}
	ERR_clear_error();
	if (TS_RESP_verify_response(ctx, resp) != 1) {
		fail(error, HK_ECHECK, "the time stamp is not good");
		return NULL;
	}
	if (!fresh(TS_RESP_get_tst_info(resp), error)) {
		return NULL;
	}
	int len = i2d_PKCS7(TS_RESP_get_token(resp), &der);
	if (len <= 0) {
		fail(error, HK_EINTERNAL, "writing a time stamp");
		return NULL;
	}
	return take_der(der, len);
}

static void
tell(PKCS7 *p7, TS_TST_INFO *info, int64_t at_ms, hk_tsp_info *ret)
{
	g_autoptr(BIGNUM) serial = ASN1_INTEGER_to_BN(TS_TST_INFO_get_serial(info), NULL);
	char *hex = serial ? BN_bn2hex(serial) : NULL;
	STACK_OF(X509) *signers = PKCS7_get0_signers(p7, NULL, 0);

	*ret = (hk_tsp_info){.at_ms = at_ms};
	OBJ_obj2txt(ret->policy, sizeof ret->policy, TS_TST_INFO_get_policy_id(info), 1);
	g_strlcpy(ret->serial, hex ? hex : "", sizeof ret->serial);
	OPENSSL_free(hex);
	if (signers && sk_X509_num(signers) > 0) {
		X509_NAME_get_text_by_NID(X509_get_subject_name(sk_X509_value(signers, 0)),
			NID_commonName, ret->signer, sizeof ret->signer);
	}
	sk_X509_free(signers);
	ERR_clear_error();
}

bool
hk_tsp_verify(hk_span token, const uint8_t sha256[32], const char *ca_file, hk_tsp_info *ret,
	GError **error)
{
	g_autoptr(PKCS7) p7 = read_token(token, error);
	int64_t at_ms;

	if (!p7) {
		return false;
	}
	TS_TST_INFO *info = PKCS7_to_TS_TST_INFO(p7);
	bool good = info && time_of(info, &at_ms);
	if (!good) {
		TS_TST_INFO_free(info);
		return fail(error, HK_EFORM, "not a time stamp");
	}
	g_autoptr(TS_REQ) req = make_request(sha256, NULL, false, error);
	g_autoptr(TS_VERIFY_CTX) ctx = req ? make_checks(req, ca_file, at_ms / 1000, error) : NULL;
	ERR_clear_error();
	good = ctx && (TS_RESP_verify_token(ctx, p7) == 1 ||
			      fail(error, HK_ECHECK, "the time stamp is not good"));
	if (good && ret) {
		tell(p7, info, at_ms, ret);
	}
	TS_TST_INFO_free(info);
	return good;
}

/* ---- Other shapes ---- */

GBytes *
hk_tsp_reply(hk_span token, GError **error)
{
	g_autoptr(PKCS7) p7 = read_token(token, error);
	g_autoptr(TS_RESP) resp = TS_RESP_new();
	g_autoptr(TS_STATUS_INFO) status = TS_STATUS_INFO_new();
	unsigned char *der = NULL;

	if (!p7) {
		return NULL;
	}
	TS_TST_INFO *info = PKCS7_to_TS_TST_INFO(p7);
	if (!info) {
		fail(error, HK_EFORM, "not a time stamp");
		return NULL;
	}
	if (!resp || !status || TS_STATUS_INFO_set_status(status, TS_STATUS_GRANTED) != 1 ||
		TS_RESP_set_status_info(resp, status) != 1) {
		TS_TST_INFO_free(info);
		fail(error, HK_EINTERNAL, "writing a time stamp");
		return NULL;
	}
	TS_RESP_set_tst_info(resp, g_steal_pointer(&p7), info);
	int len = i2d_TS_RESP(resp, &der);
	return len > 0 ? take_der(der, len) : NULL;
}

GBytes *
hk_tsp_token(hk_span reply, GError **error)
{
	g_autoptr(TS_RESP) resp = read_reply(reply, error);
	unsigned char *der = NULL;
	PKCS7 *p7 = resp ? TS_RESP_get_token(resp) : NULL;
	int len = p7 ? i2d_PKCS7(p7, &der) : -1;

	if (resp && len <= 0) {
		fail(error, HK_EFORM, "an answer without a time stamp");
	}
	return len > 0 ? take_der(der, len) : NULL;
}

char *
hk_tsp_certs(hk_span token, GError **error)
{
	g_autoptr(PKCS7) p7 = read_token(token, error);
	g_autoptr(BIO) out = BIO_new(BIO_s_mem());
	char *text;

	if (!p7 || !out) {
		return NULL;
	}
	STACK_OF(X509) *certs = p7->d.sign->cert;
	for (int i = 0; certs && i < sk_X509_num(certs); i++) {
		PEM_write_bio_X509(out, sk_X509_value(certs, i));
	}
	long len = BIO_get_mem_data(out, &text);
	return g_strndup(text, len > 0 ? (gsize)len : 0);
}

/* ---- HTTP: RFC 3161, section 3.4 ---- */

typedef struct asking {
	bool done;
	GBytes *body;
	GError *error;
} asking;

static void
on_answer(void *user, hk_fetch_call *call, const hk_fetch_answer *answer)
{
	asking *a = user;

	(void)call;
	a->done = true;
	if (answer->error) {
		/* An authority that is slow, or was today, is asked again; what was not allowed stays so. */
		hk_err code = hk_error_code(answer->error);
		hk_error_set(&a->error, code == HK_ELIMIT ? HK_EREMOTE : code, "%s",
			answer->error->message);
	} else if (answer->status != 200) {
		hk_error_set(&a->error, HK_EREMOTE, "HTTP status %d", answer->status);
	} else if (answer->truncated) {
		hk_error_set(&a->error, HK_EFORM, "an answer of over %d bytes", HK_TSP_TOKEN_MAX);
	} else {
		a->body = g_bytes_new(answer->body.data, answer->body.len);
	}
}

static GBytes *
post(const hk_tsp_config *config, GBytes *query, GError **error)
{
	static const char *const headers[] = {"Content-Type: application/timestamp-query",
		"Accept: application/timestamp-reply", "User-Agent: hikeshi/" HK_VERSION, NULL};
	const hk_fetch_config fetch_config = {.egress = config->egress};
	gsize len;
	const void *data = g_bytes_get_data(query, &len);
	hk_fetch_request request = {.method = HK_FETCH_POST,
		.url = config->url,
		.who = {.purpose = "stamp", .case_id = config->case_id, .requester = "hikeshi"},
		.headers = headers,
		.body = hk_span_of(data, len),
		.max_bytes = HK_TSP_TOKEN_MAX,
		.timeout_ms = config->timeout_ms ? config->timeout_ms : TIMEOUT_MS,
		.verify = true};
	asking a = {0};
	g_autoptr(hk_fetch) fetch = hk_fetch_new(&fetch_config, error);

	if (!fetch || !hk_fetch_start(fetch, &request, on_answer, &a, error)) {
		return NULL;
	}
	while (!a.done) {
		hk_fetch_step(fetch, STEP_MS, -1);
	}
	if (a.error) {
		g_propagate_error(error, a.error);
	}
	return a.body;
}

GBytes *
hk_tsp_stamp(const hk_tsp_config *config, const uint8_t sha256[32], GError **error)
{
	g_autoptr(GBytes) query = hk_tsp_query(sha256, config->policy, error);
	g_autoptr(GBytes) answer = query ? post(config, query, error) : NULL;
	gsize query_len, answer_len;

	if (!answer) {
		g_prefix_error(error, "%s: ", config->url);
		return NULL;
	}
	const void *q = g_bytes_get_data(query, &query_len);
	const void *a = g_bytes_get_data(answer, &answer_len);
	GBytes *token = hk_tsp_answer(
		hk_span_of(q, query_len), hk_span_of(a, answer_len), config->ca_file, error);
	if (!token) {
		g_prefix_error(error, "%s: ", config->url);
	}
	return token;
}
