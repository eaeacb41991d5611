/* parse/x509: what hikeshi reads of an X.509 certificate (RFC 5280). Layer: parse. Input is
 * hostile.
 *
 * One walk over the TBSCertificate, no copy, no allocation, no signature check (the log's Merkle
 * tree vouches for the bytes, and a phishing certificate has a perfectly good signature). Reads
 * certificates, precertificates (RFC 6962, section 3.1) and the bare TBSCertificate of a
 * precertificate entry. What is not needed is skipped by its length.
 *
 * Tolerance: the skeleton of the TBS (serial, names, validity, key, list of extensions) must be
 * there in the encoding that parse/der reads, or the certificate cannot be read: HK_ETRUNC,
 * HK_EFORM. What is wrong inside one part (a time that is none, a broken SAN, odd bytes in a name)
 * costs that part only and sets a bit of `odd`. Where OpenSSL accepts a certificate and so do we,
 * all fields agree (tests/unit/parse/test_x509_openssl.c, fuzz_x509). */
#ifndef HK_PARSE_X509_H
#define HK_PARSE_X509_H

#include "parse/der.h"

/* A certificate with more names than this is odd (too-many-names); all of them are counted and can
 * be walked. */
#define HK_X509_NAMES_MANY 10000

/* The bits of hk_x509.odd, in the order of odd.def. */
typedef enum hk_x509_odd_number {
#define ODD(name, code, severity, meaning) HK_X509_ODD_NUMBER_##name,
#include "parse/odd.def"
#undef ODD
	HK_X509_ODD_COUNT
} hk_x509_odd_number;
_Static_assert(HK_X509_ODD_COUNT <= 31, "the rows of odd.def are bits of a positive int");

enum {
#define ODD(name, code, severity, meaning)                                                         \
	HK_X509_ODD_##name = (int)(1u << HK_X509_ODD_NUMBER_##name),
#include "parse/odd.def"
#undef ODD
};

/* All bits that make an entry a sighting of kind "malformed": those of severity MALFORMED. */
extern const uint32_t hk_x509_odd_malformed;

/* Seconds for a time that could not be read (bad-time). */
#define HK_X509_NO_TIME INT64_MIN

/* All spans borrow from the input. A text span holds the content octets of the string as they are;
 * tag is its string type (hk_der_tag), which matters for BMPString (UTF-16) and UniversalString
 * (UTF-32) only. An absent text is empty, with data NULL and tag 0. */
typedef struct hk_x509 {
	hk_span tbs;        /* the whole TBSCertificate, header included */
	hk_span serial;     /* content octets of the INTEGER */
	hk_span issuer_o;   /* first organizationName (2.5.4.10) of the issuer */
	hk_span issuer_cn;  /* first commonName (2.5.4.3) */
	hk_span issuer_c;   /* first countryName (2.5.4.6) */
	hk_span subject_cn; /* first commonName of the subject */
	uint8_t issuer_o_tag;
	uint8_t issuer_cn_tag;
	uint8_t issuer_c_tag;
	uint8_t subject_cn_tag;
	bool has_sct_list;  /* 1.3.6.1.4.1.11129.2.4.2: a certificate with embedded SCTs */
	bool has_poison;    /* 1.3.6.1.4.1.11129.2.4.3: a precertificate as signed by the CA */
	uint32_t odd;       /* HK_X509_ODD_..., those of every name included */
	uint32_t dns_count; /* dNSNames of the SAN that can be walked */
	uint32_t ip_count;  /* iPAddresses of the same */
	int64_t not_before; /* UTC seconds, or HK_X509_NO_TIME */
	int64_t not_after;  /* UTC seconds, the last valid one, or HK_X509_NO_TIME */
	hk_span spki;       /* the whole SubjectPublicKeyInfo */
	hk_span san; /* content octets of the first SAN's GeneralNames, cut where they stop being
			readable (bad-san) */
	hk_span extensions; /* content octets of the Extensions SEQUENCE; empty without any */
	hk_span wrapper;    /* the whole [3] element around them; empty without any */
	hk_span sct_list;   /* the whole first SCT list extension; empty without one */
	hk_span poison;     /* the whole first poison extension */
} hk_x509;

/* hk_x509_parse_tbs(tbs, ret): read a TBSCertificate; trailing bytes after it are odd. HK_ETRUNC,
 * HK_EFORM; HK_ELIMIT for 2^31 bytes and more. *ret is undefined on failure. About 0.1 us for a
 * usual certificate. */
HK_MUST hk_err hk_x509_parse_tbs(hk_span tbs, hk_x509 *ret);

/* hk_x509_parse_cert(der, ret): read a Certificate; its signature is stepped over. The same errors.
 */
HK_MUST hk_err hk_x509_parse_cert(hk_span der, hk_x509 *ret);

/* hk_x509_odd_code(bit): the text code of one bit; "internal" for anything else. Static storage. */
const char *hk_x509_odd_code(uint32_t bit);

/* hk_x509_odd_meaning(bit): one clause in plain words, as in odd.def; the same. */
const char *hk_x509_odd_meaning(uint32_t bit);

/* hk_x509_odd_name(name): the oddities of one dNSName by itself. A name of letters, digits, hyphens
 * and dots, with or without a leading "*.", has none unless a label or the name is empty or too
 * long, or it is an IPv4 address. */
uint32_t hk_x509_odd_name(hk_span name);

typedef enum hk_x509_name_kind {
	HK_X509_NAME_DNS, /* dNSName [2] */
	HK_X509_NAME_IP,  /* iPAddress [7]: 4 or 16 octets unless odd */
} hk_x509_name_kind;

typedef struct hk_x509_name {
	hk_x509_name_kind kind;
	hk_span value; /* content octets as they stand in the certificate */
} hk_x509_name;

typedef struct hk_x509_names {
	hk_cur cur; /* private */
} hk_x509_names;

/* hk_x509_names_init(x509, ret): start at the first name. */
static inline void
hk_x509_names_init(const hk_x509 *x509, hk_x509_names *ret)
{
	ret->cur = hk_cur_of(x509->san);
}

/* hk_x509_names_next(walk, ret): the next dNSName or iPAddress in the order of the certificate,
 * other kinds of names being passed over; false at the end. True exactly dns_count + ip_count
 * times. */
static inline bool
hk_x509_names_next(hk_x509_names *walk, hk_x509_name *ret)
{
	hk_der name;
	bool lax = false;

	/* The parse has cut san to what can be read, so this fails at the end only. */
	while (hk_der_next(&walk->cur, &name, &lax) == HK_OK) {
		/* RFC 5280, section 4.2.1.6: GeneralName, of which [2] and [7] are names of
		 * machines. */
		if (name.tag == HK_DER_CONTEXT(2) || name.tag == HK_DER_CONTEXT(7)) {
			ret->kind =
				name.tag == HK_DER_CONTEXT(2) ? HK_X509_NAME_DNS : HK_X509_NAME_IP;
			ret->value = name.content;
			return true;
		}
	}
	return false;
}

/* The TBSCertificate without SCT list and poison, in pieces: hash them one after another and get
 * tbs_sha256, the key that is equal for a precertificate entry, its precertificate and its
 * certificate, in every log (RFC 6962, section 3.2). Borrows from the certificate and from itself:
 * do not copy. */
#define HK_X509_KEY_PIECES 7
typedef struct hk_x509_key {
	size_t count;
	hk_span piece[HK_X509_KEY_PIECES];   /* none of them empty */
	uint8_t head[3 * HK_DER_HEADER_MAX]; /* re-encoded headers of TBS, [3] and Extensions */
} hk_x509_key;

/* hk_x509_tbs_key_pieces(x509, ret): the pieces make one DER element, lengths re-encoded. With
 * neither extension that is the TBS as it stands. Where they were the only ones, [3] goes with
 * them: Extensions is SIZE (1..MAX) (RFC 5280, section 4.1); RFC 6962 does not say. Of a
 * duplicate only the first is taken out. One case is out of reach: a precertificate signed by a
 * Precertificate Signing Certificate names another issuer than the log's entry; take the entry's
 * TBS, which is put right. */
void hk_x509_tbs_key_pieces(const hk_x509 *x509, hk_x509_key *ret);

#endif
