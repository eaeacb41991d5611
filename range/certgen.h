/* range/certgen: certificates that look like the world's. Part of librange. Deterministic by seed
 * and number.
 *
 * An order says which issuance; from it come its precertificate and its certificate, whose
 * TBSCertificates are equal but for the poison and the list of SCTs: tbs_sha256 is the same for
 * both. Signatures, SCTs and serials are random bytes of the right form; nobody verifies them. */
#ifndef RG_CERTGEN_H
#define RG_CERTGEN_H

#include "base/err.h"
#include "base/span.h"
#include "issuer.h"
#include "names.h"

typedef enum rg_kind { RG_BENIGN, RG_PHISH, RG_ODD, RG_KIND_COUNT } rg_kind;

/* rg_kind_name(kind): "benign", "phish", "odd". */
const char *rg_kind_name(rg_kind kind);

typedef enum rg_odd {
#define ODD(id, name, well_formed, what) RG_ODD_##id,
#include "odd.def"
#undef ODD
	RG_ODD_COUNT
} rg_odd;

/* A row of odd.def; static storage. */
typedef struct rg_odd_row {
	const char *name;
	bool well_formed;
	const char *what;
} rg_odd_row;

const rg_odd_row *rg_odd_get(rg_odd odd);

typedef struct rg_order {
	uint64_t number; /* of the issuance: decides everything that is not said here */
	rg_kind kind;
	uint32_t variant;      /* of RG_PHISH: an rg_phish; of RG_ODD: an rg_odd */
	const rg_names *names; /* borrowed; NULL: invented ones */
	int64_t when_s;        /* UTC seconds of the issuance: notBefore is an hour earlier */
} rg_order;

typedef struct rg_cert {
	bool precert;
	hk_span der; /* Certificate; with poison for a precertificate */
	hk_span tbs; /* what stands in a precertificate's leaf: TBSCertificate without poison and
			SCT list. For a certificate: the same bytes, never part of der */
	uint8_t tbs_sha256[32]; /* of tbs; bytes after its end (trailing-bytes) do not count */
	const rg_issuer *issuer;
	const rg_names *names; /* the dNSNames in order */
} rg_cert;

typedef struct rg_certgen rg_certgen;

void rg_certgen_free(rg_certgen *gen);
rg_certgen *rg_certgen_new(uint64_t seed) HK_FREED_BY(rg_certgen_free);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(rg_certgen, rg_certgen_free)

/* rg_certgen_issuers(gen): the authorities; borrowed from gen. */
const rg_issuers *rg_certgen_issuers(const rg_certgen *gen);

/* rg_certgen_make(gen, order, precert, ret): makes one of the two. What *ret points at is borrowed
 * until the next call. Never fails: names that do not fit into 4 MiB of certificate are a bug. */
void rg_certgen_make(rg_certgen *gen, const rg_order *order, bool precert, rg_cert *ret);

#endif
