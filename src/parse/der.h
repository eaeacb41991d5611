/* parse/der: Distinguished Encoding Rules (X.690, sections 8 and 10), read with the bounded cursor.
 * Layer: parse. Input is hostile.
 *
 * One read takes one element and hands out its content as a span of its own, so a nested length can
 * never reach outside its parent. Depth is by construction: the caller opens each level by hand,
 * nothing here recurses. A read advances only on success; on failure neither the cursor nor *ret
 * changes. Nothing allocates.
 *
 * Tolerance. Certificates may not be BER, but OpenSSL reads some of it and logs have taken what it
 * reads. What can be read without guessing is read and said aloud, the rest is refused:
 *   - a definite length that is not in its shortest form (section 10.1) is read, and sets *lax;
 *   - the indefinite length (8.1.3.6), more than eight length octets, and tag numbers of 31 and
 * more (8.1.2.4; X.509 has none) are HK_EFORM;
 *   - a length that reaches past the end of the parent is HK_ETRUNC.
 * lax is never NULL and never cleared, so one flag serves a whole structure. */
#ifndef HK_PARSE_DER_H
#define HK_PARSE_DER_H

#include "base/cur.h"

/* Identifier octets (X.690, section 8.1.2; X.680, section 8.4). */
typedef enum hk_der_tag {
	HK_DER_BOOLEAN = 0x01,
	HK_DER_INTEGER = 0x02,
	HK_DER_BIT_STRING = 0x03,
	HK_DER_OCTET_STRING = 0x04,
	HK_DER_OID = 0x06,
	HK_DER_UTF8_STRING = 0x0C,
	HK_DER_PRINTABLE_STRING = 0x13,
	HK_DER_T61_STRING = 0x14,
	HK_DER_IA5_STRING = 0x16,
	HK_DER_UTC_TIME = 0x17,
	HK_DER_GENERALIZED_TIME = 0x18,
	HK_DER_UNIVERSAL_STRING = 0x1C,
	HK_DER_BMP_STRING = 0x1E,
	HK_DER_SEQUENCE = 0x30,
	HK_DER_SET = 0x31,
} hk_der_tag;

#define HK_DER_CONTEXT(n) (0x80 | (n)) /* [n] primitive */
#define HK_DER_CONTEXT_CONSTRUCTED(n)                                                              \
	(0xA0 | (n)) /* [n] constructed: EXPLICIT, or IMPLICIT of one */

/* One element. */
typedef struct hk_der {
	uint8_t tag;     /* identifier octet */
	hk_span content; /* content octets; borrowed */
	hk_span whole;   /* identifier, length and content octets; borrowed */
} hk_der;

/* hk_der_length_(at, left, ret_head, ret_len, lax): the rare long lengths, for hk_der_next only.
 * at[1] is 0x80 or more, left >= 2 counts the bytes from at. Sets the octets of the header (2..10)
 * and of the content. */
HK_MUST hk_err hk_der_length_(
	const uint8_t *at, size_t left, size_t *ret_head, size_t *ret_len, bool *lax);

/* hk_der_next(cur, ret, lax): the next element, whatever it is. HK_ETRUNC: the input ends inside
 * it; HK_EFORM: neither DER nor tolerated. Inline because a certificate is about fifty calls of it.
 */
HK_MUST static inline hk_err
hk_der_next(hk_cur *cur, hk_der *ret, bool *lax)
{
	const uint8_t *at = cur->at;
	size_t left = hk_cur_left(cur);
	size_t head = 2;

	if (left < 2) {
		return HK_ETRUNC;
	}
	if ((at[0] & 0x1F) == 0x1F) {
		return HK_EFORM;
	}
	size_t len = at[1];
	if (len >= 0x80) {
		/* One or two octets in shortest form are nearly all long lengths there are. */
		if (len == 0x82 && left >= 4 && at[2] != 0) {
			head = 4;
			len = (size_t)at[2] << 8 | at[3];
		} else if (len == 0x81 && left >= 3 && at[2] >= 0x80) {
			head = 3;
			len = at[2];
		} else {
			HK_TRY(hk_der_length_(at, left, &head, &len, lax));
		}
	}
	if (len > left - head) {
		return HK_ETRUNC;
	}
	ret->tag = at[0];
	ret->content = hk_span_of(at + head, len);
	ret->whole = hk_span_of(at, head + len);
	cur->at = at + head + len;
	return HK_OK;
}

/* hk_der_at(cur, tag): whether the next element has this identifier octet. */
static inline bool
hk_der_at(const hk_cur *cur, uint8_t tag)
{
	return !hk_cur_empty(cur) && *cur->at == tag;
}

/* hk_der_get(cur, tag, ret, lax): the next element, which must have this identifier octet; HK_EFORM
 * and an unmoved cursor if it has another, HK_ETRUNC if there is none. */
HK_MUST static inline hk_err
hk_der_get(hk_cur *cur, uint8_t tag, hk_der *ret, bool *lax)
{
	if (hk_cur_empty(cur)) {
		return HK_ETRUNC;
	}
	return *cur->at == tag ? hk_der_next(cur, ret, lax) : HK_EFORM;
}

/* hk_der_bool(content, ret, lax): content octets of a BOOLEAN. 00 is false, anything else true;
 * anything but 00 and FF is lax (section 11.1). HK_EFORM unless there is exactly one octet. */
HK_MUST hk_err hk_der_bool(hk_span content, bool *ret, bool *lax);

/* hk_der_uint(content, ret, lax): content octets of an INTEGER. HK_EFORM when empty, HK_ERANGE when
 * negative or over 2^63 - 1; needless leading octets (section 8.3.2) are lax. */
HK_MUST hk_err hk_der_uint(hk_span content, uint64_t *ret, bool *lax);

/* hk_der_bits(content, ret, ret_unused, lax): content octets of a BIT STRING without the first,
 * which says how many bits of the last (0..7) are unused; unused bits that are not zero are lax
 * (section 11.2.1). HK_EFORM: empty, more than 7 unused bits, or unused bits of no octet. */
HK_MUST hk_err hk_der_bits(hk_span content, hk_span *ret, uint8_t *ret_unused, bool *lax);

/* hk_der_time(time, ret, lax): UTCTime or GeneralizedTime as seconds since 1970 UTC. RFC 5280,
 * section 4.1.2.5, allows YYMMDDHHMMSSZ (years 50..99 are of the twentieth century) and
 * YYYYMMDDHHMMSSZ. Read too, but lax, because OpenSSL reads them: no seconds, a fraction of a
 * second (GeneralizedTime only; dropped), and +hhmm or -hhmm in place of Z. HK_EFORM
 * for another form, HK_ERANGE for a month, day, hour, minute, second or offset that does not exist.
 */
HK_MUST hk_err hk_der_time(const hk_der *time, int64_t *ret, bool *lax);

/* hk_der_header(tag, len, ret): writes identifier and length octets for len content octets (at most
 * 2^32 - 1) into ret, at most HK_DER_HEADER_MAX of them; returns how many. */
#define HK_DER_HEADER_MAX 6
size_t hk_der_header(uint8_t tag, size_t len, uint8_t *ret);

#endif
