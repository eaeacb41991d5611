/* OpenSSL is the judge: it parses what certgen writes, finds the same names, and takes poison and
 * SCTs off again. */
#include <openssl/err.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>

#include "certgen.h"
#include "namegen.h"
#include "tap.h"

/* The TBS without poison and SCT list, re-encoded by OpenSSL: the independent way to the key. */
static void
strip_and_hash(X509 *x, uint8_t *ret)
{
	unsigned char *tbs = NULL;
	int at;

	while ((at = X509_get_ext_by_NID(x, NID_ct_precert_scts, -1)) >= 0 ||
		(at = X509_get_ext_by_NID(x, NID_ct_precert_poison, -1)) >= 0) {
		X509_EXTENSION_free(X509_delete_ext(x, at));
	}
	int len = i2d_re_X509_tbs(x, &tbs);
	SHA256(tbs, (size_t)len, ret);
	OPENSSL_free(tbs);
}

static bool
names_agree(X509 *x, const rg_names *want)
{
	GENERAL_NAMES *san = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
	size_t at = 0;
	bool good = true;

	for (int i = 0; i < sk_GENERAL_NAME_num(san); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(san, i);
		if (name->type != GEN_DNS) {
			continue;
		}
		hk_span got = hk_span_of(ASN1_STRING_get0_data(name->d.dNSName),
			(size_t)ASN1_STRING_length(name->d.dNSName));
		good = good && at < rg_names_count(want) && hk_span_eq(got, rg_names_at(want, at));
		at++;
	}
	GENERAL_NAMES_free(san);
	return good && at == rg_names_count(want);
}

/* What is wrong with both forms of an order; NULL: nothing. */
static const char *
judge(rg_certgen *gen, const rg_order *order)
{
	uint8_t keys[2][32];
	const char *wrong = NULL;

	for (int i = 0; i < 2 && !wrong; i++) {
		rg_cert cert;
		rg_certgen_make(gen, order, i == 0, &cert);
		const unsigned char *at = cert.der.data;
		X509 *x = d2i_X509(NULL, &at, (long)cert.der.len);
		if (!x || at != cert.der.data + cert.der.len) {
			wrong = "OpenSSL does not parse it";
		} else if (!names_agree(x, cert.names)) {
			wrong = "the names differ";
		} else if (!X509_get0_pubkey(x)) {
			wrong = "the key is none";
		} else if ((X509_get_ext_by_NID(x, NID_ct_precert_poison, -1) >= 0) != (i == 0)) {
			wrong = "poison is in the wrong form";
		} else if ((X509_get_ext_by_NID(x, NID_ct_precert_scts, -1) >= 0) != (i == 1)) {
			wrong = "SCTs are in the wrong form";
		} else {
			uint8_t key[32];
			strip_and_hash(x, key);
			memcpy(keys[i], cert.tbs_sha256, 32);
			if (memcmp(key, cert.tbs_sha256, 32) != 0) {
				wrong = "tbs_sha256 is not what OpenSSL computes";
			}
		}
		X509_free(x);
		ERR_clear_error();
	}
	if (!wrong && memcmp(keys[0], keys[1], 32) != 0) {
		wrong = "precertificate and certificate have different keys";
	}
	return wrong;
}

static void
many(rg_certgen *gen)
{
	const char *first_wrong = NULL;
	size_t bytes = 0;

	for (uint64_t i = 0; i < 1500; i++) {
		rg_order order = {.number = i, .when_s = 1770000000};
		rg_cert cert;
		const char *wrong = judge(gen, &order);
		if (wrong && !first_wrong) {
			first_wrong = wrong;
			tap_diag("issuance %d", (int)i);
		}
		rg_certgen_make(gen, &order, i % 2, &cert);
		bytes += cert.der.len;
	}
	is_str(first_wrong, NULL, "1,500 benign issuances stand OpenSSL's look");
	size_t mean = bytes / 1500;
	ok(mean > 900 && mean < 1250, "%zu bytes of DER on average, about 1,050", mean);
}

static void
phish_and_odd(rg_certgen *gen)
{
	for (uint32_t shape = 0; shape < RG_PHISH_SHAPES; shape++) {
		rg_order order = {.number = 90 + shape,
			.kind = RG_PHISH,
			.variant = shape,
			.when_s = 1770000000};
		is_str(judge(gen, &order), NULL, "phish shape %u", shape);
	}
	for (uint32_t odd = 0; odd < RG_ODD_COUNT; odd++) {
		rg_order order = {
			.number = 190 + odd, .kind = RG_ODD, .variant = odd, .when_s = 1770000000};
		const rg_odd_row *row = rg_odd_get((rg_odd)odd);
		if (row->well_formed) {
			is_str(judge(gen, &order), NULL, "odd %s is well-formed", row->name);
		} else if (odd != RG_ODD_BAD_TIME) { /* OpenSSL looks at a time only when asked */
			ok(judge(gen, &order) != NULL, "odd %s is not", row->name);
		}
	}
}

static void
smishing(rg_certgen *gen)
{
	rg_order order = {
		.number = 5, .kind = RG_PHISH, .variant = RG_PHISH_DYNDNS, .when_s = 1722457490};
	rg_cert cert;

	rg_certgen_make(gen, &order, false, &cert);
	is_str(cert.issuer->org, "Let's Encrypt", "BP1: issuer O");
	is_str(cert.issuer->cn, "R11", "BP1: issuer CN");
	is_int(rg_names_count(cert.names), 100, "BP1: 100 names");
}

static void
given_names(rg_certgen *gen)
{
	g_autoptr(rg_names) names = rg_names_new();
	rg_names_split(names, "login.mihon-bank.example www.mihon-bank.example");
	rg_order order = {.number = UINT64_MAX, .names = names, .when_s = 1770000000};

	is_str(judge(gen, &order), NULL, "given names");
}

static void
same_again(void)
{
	rg_certgen *a = rg_certgen_new(5);
	rg_certgen *b = rg_certgen_new(5);
	rg_certgen *c = rg_certgen_new(6);
	rg_order order = {.number = 11, .when_s = 1770000000};
	rg_cert x, y, z;

	rg_certgen_make(a, &order, false, &x);
	rg_certgen_make(b, &order, false, &y);
	rg_certgen_make(c, &order, false, &z);
	ok(hk_span_eq(x.der, y.der), "the same seed, the same certificate");
	ok(!hk_span_eq(x.der, z.der), "another seed, another");
	rg_certgen_free(a);
	rg_certgen_free(b);
	rg_certgen_free(c);
}

static void
chains(rg_certgen *gen)
{
	const rg_issuers *issuers = rg_certgen_issuers(gen);
	size_t bad = 0;

	for (size_t i = 0; i < rg_issuers_count(issuers); i++) {
		const rg_issuer *row = rg_issuers_at(issuers, i);
		for (size_t k = 0; k < 2; k++) {
			const unsigned char *at = row->chain[k].der;
			X509 *x = d2i_X509(NULL, &at, (long)row->chain[k].len);
			bad += !x || !X509_get0_pubkey(x) || X509_check_ca(x) != 1;
			bad += rg_issuers_cert(issuers, row->chain[k].sha256) == NULL;
			X509_free(x);
		}
	}
	is_int(bad, 0, "every issuer's chain parses, is of CAs, and is found by its hash");
}

int
main(void)
{
	g_autoptr(rg_certgen) gen = rg_certgen_new(1);

	many(gen);
	phish_and_odd(gen);
	smishing(gen);
	given_names(gen);
	same_again();
	chains(gen);
	return tap_done();
}
