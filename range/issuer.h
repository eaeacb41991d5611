/* range/issuer: the invented authorities and the pool of invented subject keys. Part of librange.
 * Deterministic by seed.
 *
 * P-256 keys are real points, made by OpenSSL from numbers of the seed's stream. RSA "keys" are
 * 2048 random bits with the top and the bottom bit set: no one ever computes with them, and making
 * real ones would cost seconds. */
#ifndef RG_ISSUER_H
#define RG_ISSUER_H

#include "base/err.h"
#include "base/span.h"
#include "derw.h"
#include "rng.h"

enum {
	RG_KEY_POOL = 48,  /* subject keys; half RSA, half P-256 */
	RG_SPKI_MAX = 320, /* bytes of an RSA-2048 SubjectPublicKeyInfo are 294 */
	RG_CA_CERT_MAX = 2048,
	RG_KEY_ID_SIZE = 20,
};

typedef struct rg_key {
	uint8_t spki[RG_SPKI_MAX]; /* DER */
	size_t spki_len;
	uint8_t id[RG_KEY_ID_SIZE]; /* SHA-1-sized key identifier (first bytes of SHA-256) */
	uint8_t spki_sha256[32];
	bool rsa;
} rg_key;

typedef struct rg_ca_cert {
	uint8_t der[RG_CA_CERT_MAX];
	size_t len;
	uint8_t sha256[32];
} rg_ca_cert;

typedef struct rg_issuer {
	const char *country;
	const char *org;
	const char *cn;
	const char *root_org;
	const char *root_cn;
	bool rsa;
	int days;
	bool subject_cn;
	uint32_t weight;
	rg_key key;
	rg_ca_cert chain[2]; /* the intermediate, its root */
} rg_issuer;

typedef struct rg_issuers rg_issuers;

/* rg_issuers_new(seed): every authority of issuer.def with its chain, and the pool of keys. A few
 * milliseconds. */
void rg_issuers_free(rg_issuers *issuers);
rg_issuers *rg_issuers_new(uint64_t seed) HK_FREED_BY(rg_issuers_free);

size_t rg_issuers_count(const rg_issuers *issuers);
const rg_issuer *rg_issuers_at(const rg_issuers *issuers, size_t i);

/* rg_issuers_pick(issuers, rng): one by weight. */
const rg_issuer *rg_issuers_pick(const rg_issuers *issuers, rg_rng *rng);

/* rg_issuers_named(issuers, cn): the one with that CN; NULL: none. */
const rg_issuer *rg_issuers_named(const rg_issuers *issuers, const char *cn);

/* rg_issuers_key(issuers, rng): a subject key of the pool. */
const rg_key *rg_issuers_key(const rg_issuers *issuers, rg_rng *rng);

/* rg_issuers_cert(issuers, sha256): the chain certificate with that fingerprint; NULL: none. */
const rg_ca_cert *rg_issuers_cert(const rg_issuers *issuers, const uint8_t *sha256);

/* rg_issuer_dn(w, country, org, cn): a Name; NULL parts are left out. */
void rg_issuer_dn(rg_derw *w, const char *country, const char *org, const char *cn);

/* rg_issuer_algorithm(w, issuer_rsa): sha256WithRSAEncryption or ecdsa-with-SHA384. */
void rg_issuer_algorithm(rg_derw *w, bool issuer_rsa);

/* rg_issuer_signature(w, rng, issuer_rsa): BIT STRING with random bytes of the right form. */
void rg_issuer_signature(rg_derw *w, rg_rng *rng, bool issuer_rsa);

/* rg_issuer_extension(w, oid, oid_len, critical, mark): makes an Extension of what was written
 * since mark. */
void rg_issuer_extension(
	rg_derw *w, const uint8_t *oid, size_t oid_len, bool critical, size_t mark);

#endif
