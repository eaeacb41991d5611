#include "issuer.h"

#include <glib.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/sha.h>

#include "base/err.h"

struct rg_issuers {
	rg_issuer *rows; /* owned */
	size_t count;
	uint32_t weights;
	rg_key keys[RG_KEY_POOL];
};

static const rg_issuer table[] = {
#define ISSUER(c, o, cn_, ro, rcn, rsa_, days_, has_cn, weight_)                                   \
	{.country = c,                                                                             \
		.org = o,                                                                          \
		.cn = cn_,                                                                         \
		.root_org = ro,                                                                    \
		.root_cn = rcn,                                                                    \
		.rsa = rsa_,                                                                       \
		.days = days_,                                                                     \
		.subject_cn = has_cn,                                                              \
		.weight = weight_},
#include "issuer.def"
#undef ISSUER
};

static const uint8_t oid_rsa[] = {0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01};
static const uint8_t oid_ec[] = {0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01};
static const uint8_t oid_p256[] = {0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07};
static const uint8_t oid_sha256_rsa[] = {0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x0B};
static const uint8_t oid_ecdsa_sha384[] = {0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x03};
static const uint8_t oid_c[] = {0x55, 0x04, 0x06};
static const uint8_t oid_o[] = {0x55, 0x04, 0x0A};
static const uint8_t oid_cn[] = {0x55, 0x04, 0x03};
static const uint8_t oid_basic_constraints[] = {0x55, 0x1D, 0x13};
static const uint8_t oid_key_usage[] = {0x55, 0x1D, 0x0F};
static const uint8_t oid_ski[] = {0x55, 0x1D, 0x0E};

static void
attribute(rg_derw *w, const uint8_t *oid, size_t oid_len, uint8_t tag, const char *text)
{
	if (!text) {
		return;
	}
	size_t mark = rg_derw_mark(w);

	rg_derw_tlv(w, tag, text, strlen(text));
	rg_derw_tlv(w, RG_DER_OID, oid, oid_len);
	rg_derw_wrap(w, RG_DER_SEQUENCE, mark);
	rg_derw_wrap(w, RG_DER_SET, mark);
}

void
rg_issuer_dn(rg_derw *w, const char *country, const char *org, const char *cn)
{
	size_t mark = rg_derw_mark(w);

	attribute(w, oid_cn, sizeof oid_cn, RG_DER_UTF8, cn);
	attribute(w, oid_o, sizeof oid_o, RG_DER_UTF8, org);
	attribute(w, oid_c, sizeof oid_c, RG_DER_PRINTABLE, country);
	rg_derw_wrap(w, RG_DER_SEQUENCE, mark);
}

void
rg_issuer_algorithm(rg_derw *w, bool issuer_rsa)
{
	size_t mark = rg_derw_mark(w);

	if (issuer_rsa) {
		rg_derw_tlv(w, RG_DER_NULL, NULL, 0);
		rg_derw_tlv(w, RG_DER_OID, oid_sha256_rsa, sizeof oid_sha256_rsa);
	} else {
		rg_derw_tlv(w, RG_DER_OID, oid_ecdsa_sha384, sizeof oid_ecdsa_sha384);
	}
	rg_derw_wrap(w, RG_DER_SEQUENCE, mark);
}

void
rg_issuer_signature(rg_derw *w, rg_rng *rng, bool issuer_rsa)
{
	uint8_t bytes[256];
	size_t mark = rg_derw_mark(w);

	if (issuer_rsa) {
		rg_rng_fill(rng, bytes, 256);
		rg_derw_raw(w, bytes, 256);
	} else {
		rg_rng_fill(rng, bytes, 96);
		rg_derw_uint(w, bytes + 48, 48);
		rg_derw_uint(w, bytes, 48);
		rg_derw_wrap(w, RG_DER_SEQUENCE, mark);
	}
	rg_derw_bits(w, mark);
}

void
rg_issuer_extension(rg_derw *w, const uint8_t *oid, size_t oid_len, bool critical, size_t mark)
{
	static const uint8_t yes = 0xFF;

	rg_derw_wrap(w, RG_DER_OCTETS, mark);
	if (critical) {
		rg_derw_tlv(w, RG_DER_BOOLEAN, &yes, 1);
	}
	rg_derw_tlv(w, RG_DER_OID, oid, oid_len);
	rg_derw_wrap(w, RG_DER_SEQUENCE, mark);
}

static void
rsa_spki(rg_derw *w, rg_rng *rng)
{
	static const uint8_t exponent[] = {1, 0, 1};
	uint8_t modulus[256];
	size_t mark = rg_derw_mark(w);

	rg_rng_fill(rng, modulus, sizeof modulus);
	modulus[0] |= 0x80;
	modulus[255] |= 1;
	rg_derw_uint(w, exponent, sizeof exponent);
	rg_derw_uint(w, modulus, sizeof modulus);
	rg_derw_wrap(w, RG_DER_SEQUENCE, mark);
	rg_derw_bits(w, mark);
	size_t algorithm = rg_derw_mark(w);
	rg_derw_tlv(w, RG_DER_NULL, NULL, 0);
	rg_derw_tlv(w, RG_DER_OID, oid_rsa, sizeof oid_rsa);
	rg_derw_wrap(w, RG_DER_SEQUENCE, algorithm);
	rg_derw_wrap(w, RG_DER_SEQUENCE, mark);
}

static void
p256_spki(rg_derw *w, rg_rng *rng)
{
	uint8_t number[32];
	uint8_t point[65];
	EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	EC_POINT *at = EC_POINT_new(group);
	size_t mark = rg_derw_mark(w);

	rg_rng_fill(rng, number, sizeof number);
	number[0] &= 0x7F; /* below the order of the group */
	number[31] |= 1;   /* not zero */
	BIGNUM *scalar = BN_bin2bn(number, sizeof number, NULL);
	if (!scalar || EC_POINT_mul(group, at, scalar, NULL, NULL, NULL) != 1 ||
		EC_POINT_point2oct(group, at, POINT_CONVERSION_UNCOMPRESSED, point, sizeof point,
			NULL) != sizeof point) {
		HK_BUG("a point of P-256 cannot be computed");
	}
	BN_free(scalar);
	EC_POINT_free(at);
	EC_GROUP_free(group);
	rg_derw_raw(w, point, sizeof point);
	rg_derw_bits(w, mark);
	size_t algorithm = rg_derw_mark(w);
	rg_derw_tlv(w, RG_DER_OID, oid_p256, sizeof oid_p256);
	rg_derw_tlv(w, RG_DER_OID, oid_ec, sizeof oid_ec);
	rg_derw_wrap(w, RG_DER_SEQUENCE, algorithm);
	rg_derw_wrap(w, RG_DER_SEQUENCE, mark);
}

static void
make_key(rg_key *key, rg_rng *rng, bool rsa)
{
	uint8_t memory[RG_SPKI_MAX];
	rg_derw w;

	rg_derw_init(&w, memory, sizeof memory);
	if (rsa) {
		rsa_spki(&w, rng);
	} else {
		p256_spki(&w, rng);
	}
	hk_span spki = rg_derw_since(&w, 0);
	if (w.full) {
		HK_BUG("RG_SPKI_MAX is too small");
	}
	memcpy(key->spki, spki.data, spki.len);
	key->spki_len = spki.len;
	key->rsa = rsa;
	SHA256(key->spki, key->spki_len, key->spki_sha256);
	memcpy(key->id, key->spki_sha256, RG_KEY_ID_SIZE);
}

/* A CA certificate: enough of one for a chain. */
static void
make_ca(rg_ca_cert *ret, const rg_issuer *issuer, bool root, const rg_key *key, rg_rng *rng)
{
	static const uint8_t ca_true[] = {0x30, 0x03, 0x01, 0x01, 0xFF};
	static const uint8_t usage[] = {0x03, 0x02, 0x01, 0x06}; /* keyCertSign, cRLSign */
	static const uint8_t v3[] = {0xA0, 0x03, 0x02, 0x01, 0x02};
	uint8_t serial[16];
	rg_derw w;
	size_t mark;

	rg_derw_init(&w, ret->der, sizeof ret->der);
	rg_issuer_signature(&w, rng, issuer->rsa);
	rg_issuer_algorithm(&w, issuer->rsa);
	size_t tbs = rg_derw_mark(&w);
	mark = rg_derw_mark(&w);
	rg_derw_tlv(&w, RG_DER_OCTETS, key->id, RG_KEY_ID_SIZE);
	rg_issuer_extension(&w, oid_ski, sizeof oid_ski, false, mark);
	mark = rg_derw_mark(&w);
	rg_derw_raw(&w, usage, sizeof usage);
	rg_issuer_extension(&w, oid_key_usage, sizeof oid_key_usage, true, mark);
	mark = rg_derw_mark(&w);
	rg_derw_raw(&w, ca_true, sizeof ca_true);
	rg_issuer_extension(&w, oid_basic_constraints, sizeof oid_basic_constraints, true, mark);
	rg_derw_wrap(&w, RG_DER_SEQUENCE, tbs);
	rg_derw_wrap(&w, 0xA3, tbs);
	rg_derw_raw(&w, key->spki, key->spki_len);
	if (root) {
		rg_issuer_dn(&w, issuer->country, issuer->root_org, issuer->root_cn);
	} else {
		rg_issuer_dn(&w, issuer->country, issuer->org, issuer->cn);
	}
	mark = rg_derw_mark(&w);
	rg_derw_time(&w, 1920000000); /* 2030-11-04 */
	rg_derw_time(&w, 1700000000); /* 2023-11-14 */
	rg_derw_wrap(&w, RG_DER_SEQUENCE, mark);
	rg_issuer_dn(&w, issuer->country, issuer->root_org, issuer->root_cn);
	rg_issuer_algorithm(&w, issuer->rsa);
	rg_rng_fill(rng, serial, sizeof serial);
	rg_derw_uint(&w, serial, sizeof serial);
	rg_derw_raw(&w, v3, sizeof v3);
	rg_derw_wrap(&w, RG_DER_SEQUENCE, tbs);
	rg_derw_wrap(&w, RG_DER_SEQUENCE, 0);
	if (w.full) {
		HK_BUG("RG_CA_CERT_MAX is too small");
	}
	ret->len = rg_derw_mark(&w);
	memmove(ret->der, w.at, ret->len);
	SHA256(ret->der, ret->len, ret->sha256);
}

rg_issuers *
rg_issuers_new(uint64_t seed)
{
	rg_issuers *issuers = g_new0(rg_issuers, 1);

	issuers->count = G_N_ELEMENTS(table);
	issuers->rows = g_new0(rg_issuer, issuers->count);
	memcpy(issuers->rows, table, sizeof table);
	for (size_t i = 0; i < issuers->count; i++) {
		rg_issuer *row = &issuers->rows[i];
		rg_rng rng = rg_rng_of(seed, row->cn, 0);
		/* One root for several intermediates: its stream hangs on its name. */
		rg_rng root_rng = rg_rng_of(seed, row->root_cn, 0);
		rg_key root_key;

		make_key(&row->key, &rng, row->rsa);
		make_key(&root_key, &root_rng, row->rsa);
		make_ca(&row->chain[0], row, false, &row->key, &rng);
		make_ca(&row->chain[1], row, true, &root_key, &root_rng);
		issuers->weights += row->weight;
	}
	for (uint64_t i = 0; i < RG_KEY_POOL; i++) {
		rg_rng rng = rg_rng_of(seed, "subject key", i);

		make_key(&issuers->keys[i], &rng, i % 2 == 0);
	}
	return issuers;
}

void
rg_issuers_free(rg_issuers *issuers)
{
	if (issuers) {
		g_free(issuers->rows);
		g_free(issuers);
	}
}

size_t
rg_issuers_count(const rg_issuers *issuers)
{
	return issuers->count;
}

const rg_issuer *
rg_issuers_at(const rg_issuers *issuers, size_t i)
{
	return &issuers->rows[i];
}

const rg_issuer *
rg_issuers_pick(const rg_issuers *issuers, rg_rng *rng)
{
	uint32_t at = rg_rng_below(rng, issuers->weights);
	size_t i = 0;

	for (; at >= issuers->rows[i].weight; i++) {
		at -= issuers->rows[i].weight;
	}
	return &issuers->rows[i];
}

const rg_issuer *
rg_issuers_named(const rg_issuers *issuers, const char *cn)
{
	for (size_t i = 0; i < issuers->count; i++) {
		if (strcmp(issuers->rows[i].cn, cn) == 0) {
			return &issuers->rows[i];
		}
	}
	return NULL;
}

const rg_key *
rg_issuers_key(const rg_issuers *issuers, rg_rng *rng)
{
	return &issuers->keys[rg_rng_below(rng, RG_KEY_POOL)];
}

const rg_ca_cert *
rg_issuers_cert(const rg_issuers *issuers, const uint8_t *sha256)
{
	for (size_t i = 0; i < issuers->count; i++) {
		for (size_t k = 0; k < 2; k++) {
			if (memcmp(issuers->rows[i].chain[k].sha256, sha256, 32) == 0) {
				return &issuers->rows[i].chain[k];
			}
		}
	}
	return NULL;
}
