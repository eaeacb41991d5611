/* parse/x509: what hikeshi reads of an X.509 certificate (RFC 5280). Layer: parse. Input is hostile.
 *
 * One walk over the TBSCertificate, no copy, no allocation, no signature check (the log's Merkle tree vouches for the bytes,
 * and a phishing certificate has a perfectly good signature). Reads certificates, precertificates (RFC 6962, section 3.1)
 * and the bare TBSCertificate of a precertificate entry.
 *
 * Tolerance: the skeleton of the TBS (serial, names, validity, key, extensions) must be DER, or the certificate cannot be
 * read: HK_ETRUNC, HK_EFORM. What is wrong inside one part (a time that is none, a broken SAN, odd bytes in a name) costs that
 * part only and sets a bit of `odd`. Where OpenSSL accepts a certificate and so do we, all fields agree (tests/unit/parse/
 * test_x509_openssl.c). */
#ifndef HK_PARSE_X509_H
#define HK_PARSE_X509_H

#include "base/err.h"
#include "base/span.h"

/* A certificate with this many names or more is odd (too-many-names). */
#define HK_X509_NAMES_MANY 10000

/* The bits of hk_x509.odd, in the order of odd.def. */
typedef enum hk_x509_odd_number {
#define ODD(name, code, severity, meaning) HK_X509_ODD_NUMBER_##name,
#include "parse/odd.def"
#undef ODD
        HK_X509_ODD_COUNT
} hk_x509_odd_number;
_Static_assert(HK_X509_ODD_COUNT <= 32, "the rows of odd.def are bits of a uint32_t");

enum {
#define ODD(name, code, severity, meaning) HK_X509_ODD_##name = (int)(1u << HK_X509_ODD_NUMBER_##name),
#include "parse/odd.def"
#undef ODD
};

/* All bits whose severity is MALFORMED. */
extern const uint32_t hk_x509_odd_malformed;

/* Seconds for a time that could not be read (bad-time). */
#define HK_X509_NO_TIME INT64_MIN

/* All spans borrow from the input. A text span holds the content octets of the string as they are; tag is its string type
 * (hk_der_tag), which matters for BMPString (UTF-16) and UniversalString (UTF-32) only. An absent text is empty. */
typedef struct hk_x509 {
        hk_span tbs;        /* the whole TBSCertificate, header included */
        hk_span serial;     /* content octets of the INTEGER */
        hk_span issuer_o;   /* first organizationName (2.5.4.10) of the issuer */
        hk_span issuer_cn;  /* first commonName (2.5.4.3) */
        hk_span issuer_c;   /* first countryName (2.5.4.6) */
        hk_span subject_cn; /* first commonName of the subject */
        uint8_t issuer_o_tag;
        uint8_t issuer_cn_tag;
        uint8_t subject_cn_tag;
        bool has_sct_list;  /* 1.3.6.1.4.1.11129.2.4.2: a certificate with embedded SCTs */
        bool has_poison;    /* 1.3.6.1.4.1.11129.2.4.3: a precertificate as signed by the CA */
        uint32_t odd;       /* HK_X509_ODD_... */
        uint32_t dns_count; /* dNSNames of the SAN that can be walked */
        uint32_t ip_count;  /* iPAddresses of the same */
        int64_t not_before; /* UTC seconds, or HK_X509_NO_TIME */
        int64_t not_after;
        hk_span spki;       /* the whole SubjectPublicKeyInfo */
        hk_span san;        /* content octets of the SAN's GeneralNames; empty without one */
        hk_span extensions; /* content octets of the Extensions SEQUENCE; empty without any */
        hk_span wrapper;    /* the whole [3] element around them; empty without any */
        hk_span sct_list;   /* the whole first SCT list extension; empty without one */
        hk_span poison;     /* the whole first poison extension */
} hk_x509;

/* hk_x509_parse_tbs(tbs, ret): read a TBSCertificate; trailing bytes after it are odd. HK_ETRUNC, HK_EFORM. *ret is
 * undefined on failure. */
HK_MUST hk_err hk_x509_parse_tbs(hk_span tbs, hk_x509 *ret);

/* hk_x509_parse_cert(der, ret): read a Certificate. The same errors. */
HK_MUST hk_err hk_x509_parse_cert(hk_span der, hk_x509 *ret);

/* hk_x509_odd_code(bit): the text code of one bit; "internal" for anything else. */
const char *hk_x509_odd_code(uint32_t bit);

/* hk_x509_odd_name(name): the oddities of one dNSName by itself. */
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
        const uint8_t *at; /* private */
        const uint8_t *end;
} hk_x509_names;

/* hk_x509_names_init(x509, ret): start at the first name. hk_x509_names_next(walk, ret): the next dNSName or iPAddress in
 * the order of the certificate; false at the end, or where the SAN stops being one (bad-san). */
void hk_x509_names_init(const hk_x509 *x509, hk_x509_names *ret);
bool hk_x509_names_next(hk_x509_names *walk, hk_x509_name *ret);

/* The TBSCertificate without SCT list and poison, in pieces: hash them one after another and get tbs_sha256, the key that is
 * equal for a precertificate entry, its precertificate and its certificate, in every log (RFC 6962, section 3.2). Borrows
 * from the certificate and from itself: do not copy. */
#define HK_X509_KEY_PIECES 7
typedef struct hk_x509_key {
        size_t count;
        hk_span piece[HK_X509_KEY_PIECES];
        uint8_t head[3 * 6]; /* re-encoded headers of TBS, [3] and Extensions */
} hk_x509_key;

void hk_x509_tbs_key_pieces(const hk_x509 *x509, hk_x509_key *ret);

#endif
