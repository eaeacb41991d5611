/* parse/der: Distinguished Encoding Rules (X.690, sections 8 and 10), read with the bounded cursor. Layer: parse.
 * Input is hostile.
 *
 * Only what X.509 uses: low tag numbers (one identifier octet) and definite lengths of at most four octets in their shortest
 * form. Anything else (indefinite or padded lengths, high tag numbers) is HK_EFORM: it is BER, which a certificate may not
 * be. Nothing allocates. Depth is bounded by the reader's own nesting: there is no recursion here. */
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

#define HK_DER_CONTEXT(n) (0x80 | (n))             /* [n] primitive */
#define HK_DER_CONTEXT_CONSTRUCTED(n) (0xA0 | (n)) /* [n] constructed */

/* One element. */
typedef struct hk_der {
        uint8_t tag;      /* identifier octet */
        hk_span content;  /* content octets */
        hk_span whole;    /* identifier, length and content octets */
} hk_der;

/* hk_der_next(cur, ret): the next element, whatever it is. HK_ETRUNC: the input ends inside it; HK_EFORM: not DER. */
HK_MUST static inline hk_err
hk_der_next(hk_cur *cur, hk_der *ret)
{
        const uint8_t *start = cur->at;
        hk_cur probe = *cur;
        uint8_t tag;
        uint8_t first;
        size_t len;

        HK_TRY(hk_cur_u8(&probe, &tag));
        HK_TRY(hk_cur_u8(&probe, &first));
        if ((tag & 0x1F) == 0x1F) {
                return HK_EFORM; /* section 8.1.2.4: high tag number */
        }
        len = first;
        if (first >= 0x80) {
                /* Section 8.1.3.5 with 10.1: the fewest octets; 0x80 is the indefinite form. */
                uint64_t value;
                size_t octets = first & 0x7F;
                if (octets == 0 || octets > 4) {
                        return HK_EFORM;
                }
                HK_TRY(hk_cur_uint(&probe, octets, &value));
                if (value < 0x80 || value >> (8 * (octets - 1)) == 0) {
                        return HK_EFORM;
                }
                len = (size_t)value;
        }
        HK_TRY(hk_cur_bytes(&probe, len, &ret->content));
        ret->tag = tag;
        ret->whole = hk_span_of(start, (size_t)(probe.at - start));
        *cur = probe;
        return HK_OK;
}

/* hk_der_get(cur, tag, ret): the next element, which must have this identifier octet; HK_EFORM and an unmoved cursor if it
 * has another. */
HK_MUST static inline hk_err
hk_der_get(hk_cur *cur, uint8_t tag, hk_der *ret)
{
        if (hk_cur_empty(cur)) {
                return HK_ETRUNC;
        }
        return *cur->at == tag ? hk_der_next(cur, ret) : HK_EFORM;
}

/* hk_der_at(cur, tag): whether the next element has this identifier octet. */
static inline bool
hk_der_at(const hk_cur *cur, uint8_t tag)
{
        return !hk_cur_empty(cur) && *cur->at == tag;
}

/* hk_der_time(time, ret): UTCTime or GeneralizedTime in the only forms that RFC 5280, section 4.1.2.5, allows
 * (YYMMDDHHMMSSZ, with years 50..99 in the twentieth century; YYYYMMDDHHMMSSZ) as seconds since 1970 UTC. HK_EFORM for
 * another form, HK_ERANGE for a day, hour, minute or second that does not exist. */
HK_MUST hk_err hk_der_time(const hk_der *time, int64_t *ret);

/* hk_der_header(tag, len, ret): writes identifier and length octets for len content octets (at most 2^32 - 1) into ret, at
 * most HK_DER_HEADER_MAX of them; returns how many. */
#define HK_DER_HEADER_MAX 6
size_t hk_der_header(uint8_t tag, size_t len, uint8_t *ret);

#endif
