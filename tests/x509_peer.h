/* tests/x509_peer: compares what parse/x509 reads of a certificate with what OpenSSL reads. Shared by the differential test
 * and by fuzz_x509.
 *
 * OpenSSL is far more tolerant (BER), so "it accepts, we refuse" is counted, not compared; where both accept, everything
 * must agree, unless we said aloud by a bit of `odd` that the part is BER or broken. */
#ifndef HK_TESTS_X509_PEER_H
#define HK_TESTS_X509_PEER_H

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "parse/x509.h"

typedef enum peer_result {
	PEER_AGREE,
	PEER_BOTH_REFUSE,
	PEER_WE_REFUSE,   /* OpenSSL accepts */
	PEER_THEY_REFUSE, /* we accept */
	PEER_DIFFER,      /* a defect of ours, or of this comparison */
} peer_result;

typedef struct peer_report {
	peer_result result;
	hk_err err;    /* of our parse */
	uint32_t odd;  /* of our parse */
	char what[64]; /* PEER_DIFFER: the field */
	bool keyed;    /* the key pieces were compared too */
} peer_report;

static inline bool
peer_same(hk_span ours, const ASN1_STRING *theirs)
{
	return hk_span_eq(ours,
		hk_span_of(ASN1_STRING_get0_data(theirs), (size_t)ASN1_STRING_length(theirs)));
}

static inline bool
peer_text(X509_NAME *name, int nid, hk_span ours, uint8_t tag)
{
	int at = X509_NAME_get_index_by_NID(name, nid, -1);

	if (at < 0) {
		return ours.data == NULL && tag == 0;
	}
	const ASN1_STRING *theirs = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
	int type = ASN1_STRING_type(theirs);
	bool is_text = type == HK_DER_UTF8_STRING || type == HK_DER_PRINTABLE_STRING ||
		       type == HK_DER_T61_STRING || type == HK_DER_IA5_STRING ||
		       type == HK_DER_BMP_STRING || type == HK_DER_UNIVERSAL_STRING;

	if (ours.data == NULL) {
		return false;
	}
	/* Put together from segments (we said non-der), or no text at all: OpenSSL then keeps something else. */
	return (tag & 0x20) || !is_text || (type == tag && peer_same(ours, theirs));
}

static inline bool
peer_time(const ASN1_TIME *theirs, int64_t ours)
{
	struct tm tm;

	if (ASN1_TIME_to_tm(theirs, &tm) != 1) {
		/* OpenSSL cannot apply an offset that begins or ends outside 1900..9999; a day is enough for
		 * any offset. */
		const int64_t begin_1900 = -2208988800, end_9999 = 253402300799, day = 86400;
		return ours == HK_X509_NO_TIME || ours < begin_1900 + day || ours > end_9999 - day;
	}
	return ours == (int64_t)timegm(&tm);
}

static inline bool
peer_spki(X509 *x509, hk_span ours)
{
	uint8_t *der = NULL;
	int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x509), &der);
	bool same = len > 0 && hk_span_eq(ours, hk_span_of(der, (size_t)len));

	OPENSSL_free(der);
	if (same) {
		return true;
	}
	/* What we hand out as it stands OpenSSL wrote anew: compare the key bits. */
	hk_cur cur = hk_cur_of(ours);
	hk_der spki, algorithm, bits;
	hk_span octets;
	uint8_t unused;
	bool lax = false;
	if (hk_der_next(&cur, &spki, &lax) != HK_OK) {
		return false;
	}
	cur = hk_cur_of(spki.content);
	if (hk_der_next(&cur, &algorithm, &lax) != HK_OK ||
		hk_der_next(&cur, &bits, &lax) != HK_OK || bits.tag != HK_DER_BIT_STRING ||
		hk_der_bits(bits.content, &octets, &unused, &lax) != HK_OK) {
		return true; /* BER below the level that we read */
	}
	const ASN1_BIT_STRING *theirs = X509_get0_pubkey_bitstr(x509);
	if (unused > 0 && octets.len > 0 && (size_t)ASN1_STRING_length(theirs) == octets.len) {
		return memcmp(octets.data, ASN1_STRING_get0_data(theirs), octets.len - 1) == 0;
	}
	return peer_same(octets, theirs);
}

static inline bool
peer_names(X509 *x509, const hk_x509 *ours)
{
	int at = X509_get_ext_by_NID(x509, NID_subject_alt_name, -1);
	hk_x509_names walk;
	hk_x509_name name;
	bool same = true;

	if (at < 0) {
		return ours->san.len == 0 && ours->dns_count + ours->ip_count == 0;
	}
	GENERAL_NAMES *theirs = (GENERAL_NAMES *)X509V3_EXT_d2i(X509_get_ext(x509, at));
	if (!theirs || ours->odd & (uint32_t)HK_X509_ODD_BAD_SAN) {
		/* They cannot read it (we may know some of it), or we said that we cannot. An empty list is both. */
		GENERAL_NAMES_free(theirs);
		return true;
	}
	hk_x509_names_init(ours, &walk);
	for (int i = 0; same && i < sk_GENERAL_NAME_num(theirs); i++) {
		const GENERAL_NAME *general = sk_GENERAL_NAME_value(theirs, i);
		if (general->type == GEN_DNS || general->type == GEN_IPADD) {
			same = hk_x509_names_next(&walk, &name) &&
			       name.kind == (general->type == GEN_DNS ? HK_X509_NAME_DNS
								      : HK_X509_NAME_IP) &&
			       peer_same(name.value, general->type == GEN_DNS
							     ? general->d.dNSName
							     : general->d.iPAddress);
		}
	}
	same = same && !hk_x509_names_next(&walk, &name);
	GENERAL_NAMES_free(theirs);
	return same;
}

/* Takes SCT list and poison out by OpenSSL's own means and compares the TBS that it then writes with our pieces. Only where
 * OpenSSL writes the untouched TBS as it read it. */
static inline bool
peer_key(X509 *x509, const hk_x509 *ours, bool *ret_compared)
{
	static const int nids[] = {NID_ct_precert_scts, NID_ct_precert_poison};
	X509 *copy = X509_dup(x509);
	uint8_t *der = NULL;
	bool same = true;
	int len = copy ? i2d_re_X509_tbs(copy, &der) : -1;

	if (len > 0 && hk_span_eq(hk_span_of(der, (size_t)len), ours->tbs)) {
		int exts = X509_get_ext_count(copy);
		for (size_t i = 0; i < 2; i++) {
			int at = X509_get_ext_by_NID(copy, nids[i], -1);
			if (at >= 0) {
				X509_EXTENSION_free(X509_delete_ext(copy, at));
			}
		}
		/* OpenSSL 3.0 would leave an empty list. */
		if (X509_get_ext_count(copy) > 0 || exts == 0) {
			hk_x509_key key;
			OPENSSL_free(der);
			der = NULL;
			len = i2d_re_X509_tbs(copy, &der);
			hk_x509_tbs_key_pieces(ours, &key);
			size_t done = 0;
			for (size_t i = 0; same && i < key.count; i++) {
				same = key.piece[i].len <= (size_t)len - done &&
				       memcmp(der + done, key.piece[i].data, key.piece[i].len) == 0;
				done += key.piece[i].len;
			}
			same = same && done == (size_t)len;
			*ret_compared = true;
		}
	}
	OPENSSL_free(der);
	X509_free(copy);
	return same;
}

static inline const char *
peer_fields(X509 *x509, const hk_x509 *ours, bool *ret_keyed)
{
	uint8_t *der = NULL;
	int len = i2d_ASN1_INTEGER(X509_get0_serialNumber(x509), &der);
	hk_der serial = {0};
	hk_cur cur = hk_cur_of(hk_span_of(der, len > 0 ? (size_t)len : 0));
	bool lax = false;
	bool same = hk_der_next(&cur, &serial, &lax) == HK_OK &&
		    hk_span_eq(serial.content, ours->serial);

	OPENSSL_free(der);
	if (!same) {
		return "serial";
	}
	X509_NAME *issuer = X509_get_issuer_name(x509);
	if (!(ours->odd & (uint32_t)HK_X509_ODD_BAD_SUBJECT)) {
		if (!peer_text(issuer, NID_organizationName, ours->issuer_o, ours->issuer_o_tag)) {
			return "issuer O";
		}
		if (!peer_text(issuer, NID_commonName, ours->issuer_cn, ours->issuer_cn_tag)) {
			return "issuer CN";
		}
		if (!peer_text(issuer, NID_countryName, ours->issuer_c, ours->issuer_c_tag)) {
			return "issuer C";
		}
		if (!peer_text(X509_get_subject_name(x509), NID_commonName, ours->subject_cn,
			    ours->subject_cn_tag)) {
			return "subject CN";
		}
	}
	if (!peer_time(X509_get0_notBefore(x509), ours->not_before)) {
		return "notBefore";
	}
	if (!peer_time(X509_get0_notAfter(x509), ours->not_after)) {
		return "notAfter";
	}
	if (!peer_spki(x509, ours->spki)) {
		return "SPKI";
	}
	if (!(ours->odd & (uint32_t)HK_X509_ODD_BAD_EXTENSION)) {
		if (ours->has_poison !=
			(X509_get_ext_by_NID(x509, NID_ct_precert_poison, -1) >= 0)) {
			return "poison";
		}
		if (ours->has_sct_list !=
			(X509_get_ext_by_NID(x509, NID_ct_precert_scts, -1) >= 0)) {
			return "SCT list";
		}
		if (!peer_names(x509, ours)) {
			return "names";
		}
	}
	return peer_key(x509, ours, ret_keyed) ? NULL : "key pieces";
}

/* peer_compare(der, ret): one certificate by both. */
static inline void
peer_compare(hk_span der, peer_report *ret)
{
	const uint8_t *at = der.data;
	hk_x509 ours;
	X509 *theirs = d2i_X509(NULL, &at, (long)der.len);
	const char *what = NULL;

	*ret = (peer_report){.err = hk_x509_parse_cert(der, &ours)};
	if (ret->err != HK_OK) {
		ret->result = theirs ? PEER_WE_REFUSE : PEER_BOTH_REFUSE;
	} else {
		ret->odd = ours.odd;
		ret->result = theirs ? PEER_AGREE : PEER_THEY_REFUSE;
		what = theirs ? peer_fields(theirs, &ours, &ret->keyed) : NULL;
	}
	if (what) {
		ret->result = PEER_DIFFER;
		snprintf(ret->what, sizeof ret->what, "%s", what);
	}
	X509_free(theirs);
	ERR_clear_error();
}

#endif
