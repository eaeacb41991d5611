#include "parse/x509.h"

#include "base/utf8.h"

/* ---- subject alternative names ---- */

#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))
#define TOP        EACH(0x80)

/* Whether eight bytes are letters, digits, hyphens and single dots. SIMD within a register: each
 * byte that passes a comparison has its top bit set. Sums cannot carry into the next byte because
 * all eight are below 0x80. */
static inline bool
is_plain8(const uint8_t *at)
{
	uint64_t w;

	memcpy(&w, at, 8);
	uint64_t ascii = w & ~TOP;
	uint64_t lower = ascii | EACH(0x20);
	uint64_t letter = (lower + EACH(0x80 - 'a')) & ~(lower + EACH(0x80 - 'z' - 1));
	/* '-' '.' '/' '0'..'9' follow one another; '/' is taken out. */
	uint64_t other = (ascii + EACH(0x80 - '-')) & ~(ascii + EACH(0x80 - '9' - 1)) &
			 ((ascii ^ EACH('/')) + EACH(0x7F));
	uint64_t not_dot = (ascii ^ EACH('.')) + EACH(0x7F);
	uint64_t dot = ~not_dot & TOP;

	return (((letter | other) & ~w & TOP) == TOP) & ((dot & dot << 8) == 0);
}

/* Whether hk_x509_odd_name() of a name is surely 0, for nearly all names and at a fifth of its
 * cost. At most 63 bytes, so no label is too long; the last is a letter, so it is no IPv4 address.
 * Words overlap by one byte, so that each pair of neighbours is inside one (two dots in a row). */
static inline bool
is_plain(hk_span name)
{
	const uint8_t *at = name.data;
	size_t len = name.len;

	if (len >= 10 && at[0] == '*' && at[1] == '.') {
		at += 2;
		len -= 2;
	}
	if (len < 8 || len > 63 || at[0] == '.') {
		return false;
	}
	const uint8_t *last = at + len - 8;
	uint8_t end = last[7] | 0x20;
	for (; at < last; at += 7) {
		if (!is_plain8(at)) {
			return false;
		}
	}
	return is_plain8(last) && end >= 'a' && end <= 'z';
}

/* GeneralName ::= CHOICE (RFC 5280, section 4.2.1.6): otherName [0], x400Address [3], directoryName
 * [4] and ediPartyName [5] are constructed, the others primitive. */
static bool
is_general_name(uint8_t tag)
{
	unsigned number = tag & 0x1F;

	return number <= 8 &&
	       (tag & 0xE0) == (number == 0 || (number >= 3 && number <= 5) ? 0xA0 : 0x80);
}

/* SubjectAltName ::= SEQUENCE SIZE (1..MAX) OF GeneralName, inside the extension's OCTET STRING. */
static void
read_san(hk_span value, hk_x509 *x509, bool *lax)
{
	hk_cur cur = hk_cur_of(value);
	hk_der names;
	uint32_t odd = 0;

	if (hk_der_get(&cur, HK_DER_SEQUENCE, &names, lax) != HK_OK || names.content.len == 0) {
		x509->odd |= (uint32_t)HK_X509_ODD_BAD_SAN;
		return;
	}
	odd |= hk_cur_empty(&cur) ? 0 : (uint32_t)HK_X509_ODD_TRAILING;
	cur = hk_cur_of(names.content);
	while (!hk_cur_empty(&cur)) {
		hk_der name;
		if (hk_der_next(&cur, &name, lax) != HK_OK) {
			odd |= (uint32_t)HK_X509_ODD_BAD_SAN;
			break;
		}
		if (name.tag == HK_DER_CONTEXT(2)) {
			x509->dns_count++;
			odd |= is_plain(name.content) ? 0 : hk_x509_odd_name(name.content);
		} else if (name.tag == HK_DER_CONTEXT(7)) {
			x509->ip_count++;
			odd |= name.content.len == 4 || name.content.len == 16
				       ? 0
				       : (uint32_t)HK_X509_ODD_BAD_IP;
		} else if (!is_general_name(name.tag)) {
			odd |= (uint32_t)HK_X509_ODD_BAD_SAN;
		}
	}
	x509->san = hk_span_of(names.content.data, (size_t)(cur.at - names.content.data));
	if (x509->dns_count + x509->ip_count > HK_X509_NAMES_MANY) {
		odd |= (uint32_t)HK_X509_ODD_TOO_MANY_NAMES;
	}
	x509->odd |= odd;
}

/* ---- distinguished names ---- */

/* RFC 5280, appendix A.1: id-at is 2.5.4, so an attribute's OID is 55 04 and one octet. */
enum { AT_COMMON_NAME = 3, AT_COUNTRY = 6, AT_ORGANIZATION = 10 };

static inline void
take_text(const hk_der *value, hk_span *ret, uint8_t *ret_tag, uint32_t *odd)
{
	if (ret->data == NULL) {
		*ret = value->content;
		*ret_tag = value->tag;
		/* X.690, section 10.2: no string is put together from segments. */
		*odd |= value->tag & 0x20 ? (uint32_t)HK_X509_ODD_NON_DER : 0;
	}
}

static inline void
take_attribute(uint8_t number, const hk_der *value, bool of_issuer, hk_x509 *x509)
{
	if (number == AT_COMMON_NAME) {
		take_text(value, of_issuer ? &x509->issuer_cn : &x509->subject_cn,
			of_issuer ? &x509->issuer_cn_tag : &x509->subject_cn_tag, &x509->odd);
	} else if (number == AT_ORGANIZATION && of_issuer) {
		take_text(value, &x509->issuer_o, &x509->issuer_o_tag, &x509->odd);
	} else if (number == AT_COUNTRY && of_issuer) {
		take_text(value, &x509->issuer_c, &x509->issuer_c_tag, &x509->odd);
	}
}

/* RelativeDistinguishedName ::= SET OF SEQUENCE { type OID, value ANY } */
static hk_err
read_rdn(hk_cur *sets, bool of_issuer, hk_x509 *x509, bool *lax)
{
	hk_der set;
	hk_der pair;
	hk_der type;
	hk_der value;

	HK_TRY(hk_der_get(sets, HK_DER_SET, &set, lax));
	hk_cur pairs = hk_cur_of(set.content);
	while (!hk_cur_empty(&pairs)) {
		HK_TRY(hk_der_get(&pairs, HK_DER_SEQUENCE, &pair, lax));
		hk_cur inside = hk_cur_of(pair.content);
		HK_TRY(hk_der_get(&inside, HK_DER_OID, &type, lax));
		HK_TRY(hk_der_next(&inside, &value, lax));
		x509->odd |= hk_cur_empty(&inside) ? 0 : (uint32_t)HK_X509_ODD_TRAILING;
		const uint8_t *oid = type.content.data;
		if (type.content.len == 3 && oid[0] == 0x55 && oid[1] == 0x04) {
			take_attribute(oid[2], &value, of_issuer, x509);
		}
	}
	return HK_OK;
}

/* The usual RDN at at: one attribute of id-at, all lengths short: 31 n+9 30 n+7 06 03 55 04 number
 * tag n. Compared as a whole, that is a third of the cost of opening five elements. */
static inline bool
read_usual_rdn(hk_cur *cur, bool of_issuer, hk_x509 *x509)
{
	const uint8_t *at = cur->at;
	size_t left = hk_cur_left(cur);

	if (left < 11 || at[0] != HK_DER_SET || at[1] >= 0x80 || (size_t)at[1] + 2 > left ||
		at[2] != HK_DER_SEQUENCE || at[3] + 2 != at[1] ||
		memcmp(at + 4, "\x06\x03\x55\x04", 4) != 0 || at[10] + 7 != at[3] ||
		(at[9] & 0x1F) == 0x1F) {
		return false;
	}
	hk_der value = {.tag = at[9], .content = hk_span_of(at + 11, at[10])};
	take_attribute(at[8], &value, of_issuer, x509);
	cur->at = at + 2 + at[1];
	return true;
}

/* Name ::= SEQUENCE OF RelativeDistinguishedName: the first of each wanted attribute. */
static inline void
read_name(hk_span content, bool of_issuer, hk_x509 *x509, bool *lax)
{
	hk_cur cur = hk_cur_of(content);

	while (!hk_cur_empty(&cur)) {
		if (!read_usual_rdn(&cur, of_issuer, x509) &&
			read_rdn(&cur, of_issuer, x509, lax) != HK_OK) {
			x509->odd |= (uint32_t)HK_X509_ODD_BAD_SUBJECT;
			return;
		}
	}
}

/* A common name is free text (that of a CA has spaces), but where a host name stands in it, these
 * two are attacks on whoever reads it. In BMPString and UniversalString every other byte is NUL. */
static uint32_t
odd_common_name(hk_span name, uint8_t tag)
{
	uint32_t odd = 0;

	if (name.len == 0 || tag == HK_DER_BMP_STRING || tag == HK_DER_UNIVERSAL_STRING ||
		tag == HK_DER_BIT_STRING) {
		return 0;
	}
	if (memchr(name.data, 0, name.len)) {
		odd |= (uint32_t)HK_X509_ODD_NUL_IN_NAME;
	}
	if (tag == HK_DER_UTF8_STRING && !hk_utf8_valid(name)) {
		odd |= (uint32_t)HK_X509_ODD_NON_UTF8_NAME;
	}
	return odd;
}

/* ---- extensions ---- */

/* RFC 5280, section 4.2.1: id-ce is 2.5.29, so a standard extension's OID is 55 1D and one octet.
 */
enum { CE_SUBJECT_ALT_NAME = 17 };

/* RFC 6962, sections 3.1 and 3.3: 1.3.6.1.4.1.11129.2.4, then 3 for the poison and 2 for the SCT
 * list. */
static const uint8_t oid_ct[] = {0x2B, 0x06, 0x01, 0x04, 0x01, 0xD6, 0x79, 0x02, 0x04};

/* Which extensions were there: a bit for each 2.5.29.n with n below 62, one for the SCT list, one
 * for the poison. The others are not looked for twice: nobody here reads them. */
enum { SEEN_SCT_LIST = 62, SEEN_POISON = 63 };

static inline bool
seen_before(uint64_t *seen, unsigned bit, hk_x509 *x509)
{
	bool again = (*seen >> bit & 1) != 0;

	x509->odd |= again ? (uint32_t)HK_X509_ODD_DUPLICATE_EXTENSION : 0;
	*seen |= UINT64_C(1) << bit;
	return again;
}

static inline void
take_standard(uint8_t number, hk_span value, uint64_t *seen, hk_x509 *x509, bool *lax)
{
	if (number < SEEN_SCT_LIST && !seen_before(seen, number, x509) &&
		number == CE_SUBJECT_ALT_NAME) {
		read_san(value, x509, lax);
	}
}

/* Extension ::= SEQUENCE { extnID OID, critical BOOLEAN DEFAULT FALSE, extnValue OCTET STRING } */
static hk_err
read_extension(const hk_der *extension, uint64_t *seen, hk_x509 *x509, bool *lax)
{
	hk_cur cur = hk_cur_of(extension->content);
	hk_der oid;
	hk_der value;

	HK_TRY(hk_der_get(&cur, HK_DER_OID, &oid, lax));
	if (hk_der_at(&cur, HK_DER_BOOLEAN)) {
		hk_der flag;
		bool critical;
		bool odd = false;
		HK_TRY(hk_der_next(&cur, &flag, lax));
		HK_TRY(hk_der_bool(flag.content, &critical, &odd));
		x509->odd |= odd || !critical ? (uint32_t)HK_X509_ODD_ODD_BOOLEAN : 0;
	}
	HK_TRY(hk_der_get(&cur, HK_DER_OCTET_STRING, &value, lax));
	x509->odd |= hk_cur_empty(&cur) ? 0 : (uint32_t)HK_X509_ODD_TRAILING;
	const uint8_t *id = oid.content.data;
	if (oid.content.len == 3 && id[0] == 0x55 && id[1] == 0x1D) {
		take_standard(id[2], value.content, seen, x509, lax);
	} else if (oid.content.len == sizeof oid_ct + 1 && memcmp(id, oid_ct, sizeof oid_ct) == 0) {
		if (id[sizeof oid_ct] == 2 && !seen_before(seen, SEEN_SCT_LIST, x509)) {
			x509->has_sct_list = true;
			x509->sct_list = extension->whole;
		} else if (id[sizeof oid_ct] == 3 && !seen_before(seen, SEEN_POISON, x509)) {
			x509->has_poison = true;
			x509->poison = extension->whole;
		}
	}
	return HK_OK;
}

/* The usual standard extension at at, all lengths short: 30 n+7 06 03 55 1D number 04 n, or with 01
 * 01 FF before 04. */
static inline bool
read_usual_extension(hk_cur *cur, uint64_t *seen, hk_x509 *x509, bool *lax)
{
	const uint8_t *at = cur->at;
	size_t left = hk_cur_left(cur);
	size_t head;

	if (left < 9 || at[0] != HK_DER_SEQUENCE || at[1] >= 0x80 || (size_t)at[1] + 2 > left ||
		memcmp(at + 2, "\x06\x03\x55\x1D", 4) != 0) {
		return false;
	}
	if (at[7] == HK_DER_OCTET_STRING && at[8] + 7 == at[1]) {
		head = 9;
	} else if (left >= 12 && memcmp(at + 7, "\x01\x01\xFF\x04", 4) == 0 &&
		   at[11] + 10 == at[1]) {
		head = 12;
	} else {
		return false;
	}
	cur->at = at + 2 + at[1];
	take_standard(at[6], hk_span_of(at + head, at[head - 1]), seen, x509, lax);
	return true;
}

/* extensions [3] EXPLICIT SEQUENCE OF Extension */
static void
read_extensions(const hk_der *wrapper, hk_x509 *x509, bool *lax)
{
	hk_cur outer = hk_cur_of(wrapper->content);
	hk_der list;
	hk_der extension;
	uint64_t seen = 0;

	if (hk_der_get(&outer, HK_DER_SEQUENCE, &list, lax) != HK_OK) {
		x509->odd |= (uint32_t)HK_X509_ODD_BAD_EXTENSION;
		return;
	}
	x509->odd |= hk_cur_empty(&outer) ? 0 : (uint32_t)HK_X509_ODD_TRAILING;
	x509->wrapper = wrapper->whole;
	x509->extensions = list.content;
	hk_cur cur = hk_cur_of(list.content);
	while (!hk_cur_empty(&cur)) {
		if (read_usual_extension(&cur, &seen, x509, lax)) {
			continue;
		}
		hk_err err = hk_der_get(&cur, HK_DER_SEQUENCE, &extension, lax);
		if (err != HK_OK || read_extension(&extension, &seen, x509, lax) != HK_OK) {
			x509->odd |= (uint32_t)HK_X509_ODD_BAD_EXTENSION;
		}
		if (err != HK_OK) {
			return;
		}
	}
}

/* ---- the certificate ---- */

/* RFC 5280, section 4.1.2.5: dates before this are written as UTCTime. */
#define YEAR_2050 INT64_C(2524608000)

static int64_t
read_time(hk_cur *cur, hk_x509 *x509, bool *lax)
{
	hk_der time;
	int64_t seconds;
	bool odd = false;

	if (hk_der_next(cur, &time, lax) != HK_OK || hk_der_time(&time, &seconds, &odd) != HK_OK) {
		x509->odd |= (uint32_t)HK_X509_ODD_BAD_TIME;
		return HK_X509_NO_TIME;
	}
	if (odd || (time.tag == HK_DER_GENERALIZED_TIME && seconds < YEAR_2050)) {
		x509->odd |= (uint32_t)HK_X509_ODD_ODD_TIME;
	}
	return seconds;
}

/* Validity ::= SEQUENCE { notBefore Time, notAfter Time } */
static void
read_validity(hk_span content, hk_x509 *x509, bool *lax)
{
	hk_cur cur = hk_cur_of(content);

	x509->not_before = read_time(&cur, x509, lax);
	x509->not_after = read_time(&cur, x509, lax);
	x509->odd |= hk_cur_empty(&cur) ? 0 : (uint32_t)HK_X509_ODD_TRAILING;
	if (x509->not_after < x509->not_before && !(x509->odd & (uint32_t)HK_X509_ODD_BAD_TIME)) {
		x509->odd |= (uint32_t)HK_X509_ODD_REVERSED_VALIDITY;
	}
}

/* version [0] EXPLICIT INTEGER DEFAULT v1 */
static hk_err
read_version(hk_cur *cur, hk_x509 *x509, bool *lax)
{
	hk_der explicit;
	hk_der version;
	uint64_t number;

	HK_TRY(hk_der_get(cur, HK_DER_CONTEXT_CONSTRUCTED(0), &explicit, lax));
	hk_cur inside = hk_cur_of(explicit.content);
	if (hk_der_get(&inside, HK_DER_INTEGER, &version, lax) != HK_OK ||
		hk_der_uint(version.content, &number, lax) != HK_OK || number > 2) {
		x509->odd |= (uint32_t)HK_X509_ODD_BAD_VERSION;
	}
	x509->odd |= hk_cur_empty(&inside) ? 0 : (uint32_t)HK_X509_ODD_TRAILING;
	return HK_OK;
}

/* RFC 5280, section 4.1.2.2: positive, at most 20 octets. X.690, section 8.3.2: the first nine bits
 * are not all alike. */
static uint32_t
odd_serial(hk_span serial)
{
	const uint8_t *at = serial.data;

	if (serial.len == 0) {
		return (uint32_t)HK_X509_ODD_BAD_SERIAL;
	}
	if (serial.len > 1 && (at[0] == 0 || at[0] == 0xFF) && (at[0] & 0x80) == (at[1] & 0x80)) {
		return (uint32_t)HK_X509_ODD_BAD_SERIAL;
	}
	return (at[0] & 0x80) || serial.len > 20 || (serial.len == 1 && at[0] == 0)
		       ? (uint32_t)HK_X509_ODD_ODD_SERIAL
		       : 0;
}

/* What follows the key: issuerUniqueID [1], subjectUniqueID [2] (IMPLICIT BIT STRING, so
 * primitive), extensions [3]. */
static hk_err
read_tail(hk_cur *cur, hk_x509 *x509, bool *lax)
{
	hk_der element;

	for (uint8_t n = 1; n <= 2; n++) {
		if (hk_der_at(cur, (uint8_t)HK_DER_CONTEXT(n)) ||
			hk_der_at(cur, (uint8_t)HK_DER_CONTEXT_CONSTRUCTED(n))) {
			HK_TRY(hk_der_next(cur, &element, lax));
			*lax = *lax || element.tag == HK_DER_CONTEXT_CONSTRUCTED(n);
		}
	}
	if (hk_der_at(cur, HK_DER_CONTEXT_CONSTRUCTED(3))) {
		HK_TRY(hk_der_next(cur, &element, lax));
		read_extensions(&element, x509, lax);
	}
	return HK_OK;
}

/* RFC 5280, section 4.1: TBSCertificate ::= SEQUENCE { version, serialNumber, signature, issuer,
 * validity, subject, subjectPublicKeyInfo, and what read_tail reads } */
static inline hk_err
read_tbs(hk_span content, hk_x509 *x509)
{
	/* [0] { INTEGER 2 }: the version of every certificate of today. */
	static const uint8_t v3[] = {
		HK_DER_CONTEXT_CONSTRUCTED(0), 0x03, HK_DER_INTEGER, 0x01, 0x02};
	hk_cur cur = hk_cur_of(content);
	hk_der algorithm;
	hk_der serial;
	hk_der issuer;
	hk_der validity;
	hk_der subject;
	hk_der spki;
	bool lax = false;

	if (content.len >= sizeof v3 && memcmp(content.data, v3, sizeof v3) == 0) {
		cur.at += sizeof v3;
	} else if (hk_der_at(&cur, HK_DER_CONTEXT_CONSTRUCTED(0))) {
		HK_TRY(read_version(&cur, x509, &lax));
	}
	HK_TRY(hk_der_get(&cur, HK_DER_INTEGER, &serial, &lax));
	HK_TRY(hk_der_get(&cur, HK_DER_SEQUENCE, &algorithm, &lax));
	HK_TRY(hk_der_get(&cur, HK_DER_SEQUENCE, &issuer, &lax));
	HK_TRY(hk_der_get(&cur, HK_DER_SEQUENCE, &validity, &lax));
	HK_TRY(hk_der_get(&cur, HK_DER_SEQUENCE, &subject, &lax));
	HK_TRY(hk_der_get(&cur, HK_DER_SEQUENCE, &spki, &lax));
	x509->serial = serial.content;
	x509->spki = spki.whole;
	x509->odd |= odd_serial(serial.content);
	read_validity(validity.content, x509, &lax);
	read_name(issuer.content, true, x509, &lax);
	read_name(subject.content, false, x509, &lax);
	x509->odd |= odd_common_name(x509->subject_cn, x509->subject_cn_tag);
	HK_TRY(read_tail(&cur, x509, &lax));
	x509->odd |= hk_cur_empty(&cur) ? 0 : (uint32_t)HK_X509_ODD_TRAILING;
	x509->odd |= lax ? (uint32_t)HK_X509_ODD_NON_DER : 0;
	if (x509->dns_count + x509->ip_count == 0 && x509->subject_cn.len == 0) {
		x509->odd |= (uint32_t)HK_X509_ODD_NO_NAME;
	}
	return HK_OK;
}

hk_err
hk_x509_parse_tbs(hk_span tbs, hk_x509 *ret)
{
	hk_cur cur = hk_cur_of(tbs);
	hk_der element;
	bool lax = false;

	/* So that a count of names fits 32 bits on any input. */
	if (tbs.len >> 31 != 0) {
		return HK_ELIMIT;
	}
	HK_TRY(hk_der_get(&cur, HK_DER_SEQUENCE, &element, &lax));
	*ret = (hk_x509){.tbs = element.whole};
	ret->odd |= hk_cur_empty(&cur) ? 0 : (uint32_t)HK_X509_ODD_TRAILING;
	ret->odd |= lax ? (uint32_t)HK_X509_ODD_NON_DER : 0;
	return read_tbs(element.content, ret);
}

hk_err
hk_x509_parse_cert(hk_span der, hk_x509 *ret)
{
	/* Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue BIT STRING
	 * } */
	hk_cur cur = hk_cur_of(der);
	hk_der certificate;
	hk_der tbs;
	hk_der algorithm;
	hk_der signature;
	bool lax = false;

	HK_TRY(hk_der_get(&cur, HK_DER_SEQUENCE, &certificate, &lax));
	hk_cur inside = hk_cur_of(certificate.content);
	HK_TRY(hk_der_get(&inside, HK_DER_SEQUENCE, &tbs, &lax));
	HK_TRY(hk_der_get(&inside, HK_DER_SEQUENCE, &algorithm, &lax));
	HK_TRY(hk_der_next(&inside, &signature, &lax));
	if ((signature.tag & ~0x20) != HK_DER_BIT_STRING) {
		return HK_EFORM;
	}
	HK_TRY(hk_x509_parse_tbs(tbs.whole, ret));
	ret->odd |=
		hk_cur_empty(&cur) && hk_cur_empty(&inside) ? 0 : (uint32_t)HK_X509_ODD_TRAILING;
	ret->odd |= lax || signature.tag != HK_DER_BIT_STRING ? (uint32_t)HK_X509_ODD_NON_DER : 0;
	return HK_OK;
}

/* ---- the key ---- */

static void
add_piece(hk_x509_key *key, const uint8_t *from, const uint8_t *to)
{
	if (to > from) {
		key->piece[key->count++] = hk_span_of(from, (size_t)(to - from));
	}
}

void
hk_x509_tbs_key_pieces(const hk_x509 *x509, hk_x509_key *ret)
{
	hk_span cut[2] = {x509->sct_list, x509->poison};
	const uint8_t *tbs_end = x509->tbs.data + x509->tbs.len;
	hk_cur cur = hk_cur_of(x509->tbs);
	hk_der tbs;
	bool lax = false;

	ret->count = 0;
	if (cut[0].len + cut[1].len == 0 || hk_der_next(&cur, &tbs, &lax) != HK_OK) {
		add_piece(ret, x509->tbs.data, tbs_end);
		return;
	}
	if (cut[1].len > 0 && (cut[0].len == 0 || cut[1].data < cut[0].data)) {
		hk_span first = cut[1];
		cut[1] = cut[0];
		cut[0] = first;
	}
	/* Lengths from the inside out. Extensions ::= SEQUENCE SIZE (1..MAX): when none is left,
	 * [3] goes as well. */
	size_t list_len = x509->extensions.len - cut[0].len - cut[1].len;
	uint8_t list_head[HK_DER_HEADER_MAX];
	uint8_t wrap_head[HK_DER_HEADER_MAX];
	size_t list_head_len =
		list_len > 0 ? hk_der_header(HK_DER_SEQUENCE, list_len, list_head) : 0;
	size_t wrap_len = list_head_len + list_len;
	size_t wrap_head_len =
		wrap_len > 0 ? hk_der_header(HK_DER_CONTEXT_CONSTRUCTED(3), wrap_len, wrap_head)
			     : 0;
	size_t tbs_len = tbs.content.len - x509->wrapper.len + wrap_head_len + wrap_len;
	size_t head_len = hk_der_header(HK_DER_SEQUENCE, tbs_len, ret->head);

	add_piece(ret, ret->head, ret->head + head_len);
	add_piece(ret, tbs.content.data, x509->wrapper.data);
	if (wrap_len > 0) {
		uint8_t *at = ret->head + head_len;
		const uint8_t *from = x509->extensions.data;
		const uint8_t *end = from + x509->extensions.len;
		memcpy(at, wrap_head, wrap_head_len);
		memcpy(at + wrap_head_len, list_head, list_head_len);
		add_piece(ret, at, at + wrap_head_len + list_head_len);
		for (size_t i = 0; i < 2; i++) {
			if (cut[i].len > 0) {
				add_piece(ret, from, cut[i].data);
				from = cut[i].data + cut[i].len;
			}
		}
		add_piece(ret, from, end);
	}
	add_piece(ret, x509->wrapper.data + x509->wrapper.len, tbs_end);
}
