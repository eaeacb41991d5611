#include "parse/x509.h"

#include "base/utf8.h"
#include "parse/der.h"

enum { MALFORMED = 1, NOTE = 0 };

const uint32_t hk_x509_odd_malformed = 0
#define ODD(name, code, severity, meaning) | (severity * (1u << HK_X509_ODD_NUMBER_##name))
#include "parse/odd.def"
#undef ODD
        ;

static const char *const odd_codes[HK_X509_ODD_COUNT] = {
#define ODD(name, code, severity, meaning) code,
#include "parse/odd.def"
#undef ODD
};

const char *
hk_x509_odd_code(uint32_t bit)
{
        for (size_t i = 0; i < HK_X509_ODD_COUNT; i++) {
                if (bit == 1u << i) {
                        return odd_codes[i];
                }
        }
        return hk_err_code(HK_EINTERNAL);
}

/* ---- names ---- */

/* What a byte of a name is. A name's classes are ORed together in one pass; the rare ones are looked at again. */
enum {
        LETTER = 1,
        DIGIT = 2,
        DOT = 4,
        STAR = 8,
        UNDER = 16,
        NUL = 32,
        SPACE = 64,
        HIGH = 128,
        CONTROL = 256,
        OTHER = 512,
};

#define CLASS(c)                                                                                                       \
        ((c) == 0                                                                                     ? NUL            \
                : (c) == ' '                                                                          ? SPACE          \
                : (c) < 0x20 || (c) == 0x7F                                                           ? CONTROL        \
                : (c) >= 0x80                                                                         ? HIGH           \
                : (c) == '.'                                                                          ? DOT            \
                : (c) == '*'                                                                          ? STAR           \
                : (c) == '_'                                                                          ? UNDER          \
                : (c) >= '0' && (c) <= '9'                                                            ? DIGIT          \
                : ((c) >= 'a' && (c) <= 'z') || ((c) >= 'A' && (c) <= 'Z') || (c) == '-'              ? LETTER         \
                                                                                                      : OTHER)
#define C4(c) CLASS(c), CLASS((c) + 1), CLASS((c) + 2), CLASS((c) + 3)
#define C16(c) C4(c), C4((c) + 4), C4((c) + 8), C4((c) + 12)
#define C64(c) C16(c), C16((c) + 16), C16((c) + 32), C16((c) + 48)
static const uint16_t class_of[256] = {C64(0), C64(64), C64(128), C64(192)};

static bool
is_ipv4(hk_span name)
{
        unsigned dots = 0;

        for (size_t i = 0; i < name.len; i++) {
                dots += name.data[i] == '.';
        }
        return dots == 3;
}

/* The second look at a name that holds anything but letters, digits, hyphens and dots. */
static uint32_t
odd_bytes(hk_span name, unsigned classes)
{
        uint32_t odd = 0;

        odd |= classes & NUL ? (uint32_t)HK_X509_ODD_NUL_IN_NAME : 0;
        odd |= classes & CONTROL ? (uint32_t)HK_X509_ODD_CONTROL_IN_NAME : 0;
        odd |= classes & SPACE ? (uint32_t)HK_X509_ODD_SPACE_IN_NAME : 0;
        odd |= classes & OTHER ? (uint32_t)HK_X509_ODD_BAD_CHARACTER : 0;
        odd |= classes & UNDER ? (uint32_t)HK_X509_ODD_UNDERSCORE : 0;
        if (classes & HIGH) {
                odd |= (uint32_t)(hk_utf8_valid(name) ? HK_X509_ODD_U_LABEL : HK_X509_ODD_NON_UTF8_NAME);
        }
        if (classes & STAR) {
                hk_span rest = hk_span_of(name.data + 1, name.len - 1);
                bool first_label = name.data[0] == '*' && rest.len > 0 && rest.data[0] == '.';
                if (!first_label || memchr(rest.data, '*', rest.len)) {
                        odd |= (uint32_t)HK_X509_ODD_WILDCARD_INSIDE;
                }
        }
        return odd;
}

uint32_t
hk_x509_odd_name(hk_span name)
{
        unsigned classes = 0;
        uint32_t odd = 0;
        size_t label = 0; /* characters of the label so far */

        if (name.len == 0) {
                return (uint32_t)HK_X509_ODD_EMPTY_NAME;
        }
        for (size_t i = 0; i < name.len; i++) {
                unsigned class = class_of[name.data[i]];
                classes |= class;
                if (class == DOT) {
                        odd |= label == 0 ? (uint32_t)HK_X509_ODD_EMPTY_LABEL : 0;
                        odd |= label > 63 ? (uint32_t)HK_X509_ODD_LABEL_TOO_LONG : 0;
                        label = 0;
                } else {
                        label++;
                }
        }
        odd |= label == 0 ? (uint32_t)HK_X509_ODD_EMPTY_LABEL : 0;
        odd |= label > 63 ? (uint32_t)HK_X509_ODD_LABEL_TOO_LONG : 0;
        odd |= name.len > 253 ? (uint32_t)HK_X509_ODD_NAME_TOO_LONG : 0;
        if (classes & ~(unsigned)(LETTER | DIGIT | DOT)) {
                odd |= odd_bytes(name, classes);
        }
        if (classes == (DIGIT | DOT) && is_ipv4(name)) {
                odd |= (uint32_t)HK_X509_ODD_IP_IN_DNSNAME;
        }
        return odd;
}

void
hk_x509_names_init(const hk_x509 *x509, hk_x509_names *ret)
{
        hk_cur cur = hk_cur_of(x509->san);

        *ret = (hk_x509_names){cur.at, cur.end};
}

bool
hk_x509_names_next(hk_x509_names *walk, hk_x509_name *ret)
{
        hk_cur cur = {walk->at, walk->end};
        hk_der name;

        while (hk_der_next(&cur, &name) == HK_OK) {
                walk->at = cur.at;
                /* RFC 5280, section 4.2.1.6: GeneralName, of which [2] and [7] are names of machines. */
                if (name.tag == HK_DER_CONTEXT(2) || name.tag == HK_DER_CONTEXT(7)) {
                        ret->kind = name.tag == HK_DER_CONTEXT(2) ? HK_X509_NAME_DNS : HK_X509_NAME_IP;
                        ret->value = name.content;
                        return true;
                }
        }
        return false; /* done, or broken: walk stays where it is */
}

/* SubjectAltName ::= SEQUENCE OF GeneralName, inside the extension's OCTET STRING. */
static void
read_san(hk_span value, hk_x509 *x509)
{
        hk_cur cur = hk_cur_of(value);
        hk_der names;
        hk_x509_names walk;
        hk_x509_name name;

        if (hk_der_get(&cur, HK_DER_SEQUENCE, &names) != HK_OK) {
                x509->odd |= (uint32_t)HK_X509_ODD_BAD_SAN;
                return;
        }
        x509->odd |= hk_cur_empty(&cur) ? 0 : (uint32_t)HK_X509_ODD_TRAILING;
        x509->san = names.content;
        hk_x509_names_init(x509, &walk);
        while (hk_x509_names_next(&walk, &name)) {
                if (name.kind == HK_X509_NAME_DNS) {
                        x509->dns_count++;
                        x509->odd |= hk_x509_odd_name(name.value);
                } else {
                        x509->ip_count++;
                        x509->odd |= name.value.len == 4 || name.value.len == 16 ? 0 : (uint32_t)HK_X509_ODD_BAD_IP;
                }
        }
        if (walk.at != hk_cur_of(x509->san).end) {
                x509->odd |= (uint32_t)HK_X509_ODD_BAD_SAN;
        }
        if (x509->dns_count + x509->ip_count >= HK_X509_NAMES_MANY) {
                x509->odd |= (uint32_t)HK_X509_ODD_TOO_MANY_NAMES;
        }
}

/* ---- distinguished names ---- */

/* RFC 5280, appendix A.1: id-at is 2.5.4, so an attribute's OID is 55 04 and one octet. */
enum { AT_COMMON_NAME = 3, AT_COUNTRY = 6, AT_ORGANIZATION = 10 };

typedef struct attribute {
        uint8_t number;
        hk_span *text;
        uint8_t *tag; /* may be NULL */
} attribute;

/* Name ::= SEQUENCE OF SET OF SEQUENCE { type OID, value ANY }: the first of each wanted attribute. */
static hk_err
read_name(hk_span content, const attribute *wanted, size_t count)
{
        hk_cur sets = hk_cur_of(content);

        while (!hk_cur_empty(&sets)) {
                hk_der set;
                HK_TRY(hk_der_get(&sets, HK_DER_SET, &set));
                hk_cur pairs = hk_cur_of(set.content);
                while (!hk_cur_empty(&pairs)) {
                        hk_der pair;
                        hk_der type;
                        hk_der value;
                        HK_TRY(hk_der_get(&pairs, HK_DER_SEQUENCE, &pair));
                        hk_cur inside = hk_cur_of(pair.content);
                        HK_TRY(hk_der_get(&inside, HK_DER_OID, &type));
                        HK_TRY(hk_der_next(&inside, &value));
                        const uint8_t *oid = type.content.data;
                        if (type.content.len != 3 || oid[0] != 0x55 || oid[1] != 0x04) {
                                continue;
                        }
                        for (size_t i = 0; i < count; i++) {
                                if (oid[2] == wanted[i].number && wanted[i].text->data == NULL) {
                                        *wanted[i].text = value.content;
                                        if (wanted[i].tag) {
                                                *wanted[i].tag = value.tag;
                                        }
                                }
                        }
                }
        }
        return HK_OK;
}

/* ---- extensions ---- */

static const hk_span oid_san = HK_SPAN_LIT("\x55\x1D\x11"); /* 2.5.29.17 */
/* RFC 6962, sections 3.1 and 3.3: 1.3.6.1.4.1.11129.2.4.3 and .2 */
static const hk_span oid_poison = HK_SPAN_LIT("\x2B\x06\x01\x04\x01\xD6\x79\x02\x04\x03");
static const hk_span oid_sct_list = HK_SPAN_LIT("\x2B\x06\x01\x04\x01\xD6\x79\x02\x04\x02");

/* Extension ::= SEQUENCE { extnID OID, critical BOOLEAN DEFAULT FALSE, extnValue OCTET STRING } */
static hk_err
read_extension(const hk_der *extension, hk_x509 *x509, bool *seen_san)
{
        hk_cur cur = hk_cur_of(extension->content);
        hk_der oid;
        hk_der critical;
        hk_der value;

        HK_TRY(hk_der_get(&cur, HK_DER_OID, &oid));
        if (hk_der_at(&cur, HK_DER_BOOLEAN)) {
                HK_TRY(hk_der_get(&cur, HK_DER_BOOLEAN, &critical));
        }
        HK_TRY(hk_der_get(&cur, HK_DER_OCTET_STRING, &value));
        HK_TRY(hk_cur_end(&cur));
        bool again = false;
        if (hk_span_eq(oid.content, oid_san)) {
                again = *seen_san;
                *seen_san = true;
                if (!again) {
                        read_san(value.content, x509);
                }
        } else if (hk_span_eq(oid.content, oid_sct_list)) {
                again = x509->has_sct_list;
                x509->has_sct_list = true;
                x509->sct_list = again ? x509->sct_list : extension->whole;
        } else if (hk_span_eq(oid.content, oid_poison)) {
                again = x509->has_poison;
                x509->has_poison = true;
                x509->poison = again ? x509->poison : extension->whole;
        }
        x509->odd |= again ? (uint32_t)HK_X509_ODD_DUPLICATE_EXTENSION : 0;
        return HK_OK;
}

static hk_err
read_extensions(const hk_der *wrapper, hk_x509 *x509)
{
        hk_cur outer = hk_cur_of(wrapper->content);
        hk_der list;
        bool seen_san = false;

        HK_TRY(hk_der_get(&outer, HK_DER_SEQUENCE, &list));
        x509->odd |= hk_cur_empty(&outer) ? 0 : (uint32_t)HK_X509_ODD_TRAILING;
        x509->wrapper = wrapper->whole;
        x509->extensions = list.content;
        hk_cur cur = hk_cur_of(list.content);
        while (!hk_cur_empty(&cur)) {
                hk_der extension;
                HK_TRY(hk_der_get(&cur, HK_DER_SEQUENCE, &extension));
                if (read_extension(&extension, x509, &seen_san) != HK_OK) {
                        x509->odd |= (uint32_t)HK_X509_ODD_BAD_EXTENSION;
                }
        }
        return HK_OK;
}

/* ---- the certificate ---- */

/* Validity ::= SEQUENCE { notBefore Time, notAfter Time } */
static void
read_validity(hk_span content, hk_x509 *x509)
{
        hk_cur cur = hk_cur_of(content);
        int64_t *const ret[] = {&x509->not_before, &x509->not_after};

        for (size_t i = 0; i < 2; i++) {
                hk_der time;
                *ret[i] = HK_X509_NO_TIME;
                if (hk_der_next(&cur, &time) != HK_OK || hk_der_time(&time, ret[i]) != HK_OK) {
                        x509->odd |= (uint32_t)HK_X509_ODD_BAD_TIME;
                }
        }
        x509->odd |= hk_cur_empty(&cur) ? 0 : (uint32_t)HK_X509_ODD_TRAILING;
}

/* RFC 5280, section 4.1: TBSCertificate ::= SEQUENCE { version [0] DEFAULT v1, serialNumber, signature, issuer, validity,
 * subject, subjectPublicKeyInfo, issuerUniqueID [1] OPTIONAL, subjectUniqueID [2] OPTIONAL, extensions [3] OPTIONAL } */
static hk_err
read_tbs(hk_cur cur, hk_x509 *x509)
{
        hk_der skipped;
        hk_der serial;
        hk_der issuer;
        hk_der validity;
        hk_der subject;
        hk_der spki;
        const attribute of_issuer[] = {
                {AT_ORGANIZATION, &x509->issuer_o, &x509->issuer_o_tag},
                {AT_COMMON_NAME, &x509->issuer_cn, &x509->issuer_cn_tag},
                {AT_COUNTRY, &x509->issuer_c, NULL},
        };
        const attribute of_subject[] = {{AT_COMMON_NAME, &x509->subject_cn, &x509->subject_cn_tag}};

        if (hk_der_at(&cur, HK_DER_CONTEXT_CONSTRUCTED(0))) {
                HK_TRY(hk_der_next(&cur, &skipped));
        }
        HK_TRY(hk_der_get(&cur, HK_DER_INTEGER, &serial));
        HK_TRY(hk_der_get(&cur, HK_DER_SEQUENCE, &skipped));
        HK_TRY(hk_der_get(&cur, HK_DER_SEQUENCE, &issuer));
        HK_TRY(hk_der_get(&cur, HK_DER_SEQUENCE, &validity));
        HK_TRY(hk_der_get(&cur, HK_DER_SEQUENCE, &subject));
        HK_TRY(hk_der_get(&cur, HK_DER_SEQUENCE, &spki));
        for (uint8_t n = 1; n <= 2; n++) {
                /* UniqueIdentifier ::= BIT STRING, IMPLICIT: primitive. */
                if (hk_der_at(&cur, (uint8_t)HK_DER_CONTEXT(n))) {
                        HK_TRY(hk_der_next(&cur, &skipped));
                }
        }
        x509->serial = serial.content;
        x509->spki = spki.whole;
        read_validity(validity.content, x509);
        if (read_name(issuer.content, of_issuer, 3) != HK_OK || read_name(subject.content, of_subject, 1) != HK_OK) {
                x509->odd |= (uint32_t)HK_X509_ODD_BAD_SUBJECT;
        }
        if (hk_der_at(&cur, HK_DER_CONTEXT_CONSTRUCTED(3))) {
                hk_der wrapper;
                HK_TRY(hk_der_next(&cur, &wrapper));
                HK_TRY(read_extensions(&wrapper, x509));
        }
        x509->odd |= hk_cur_empty(&cur) ? 0 : (uint32_t)HK_X509_ODD_TRAILING;
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

        *ret = (hk_x509){0};
        HK_TRY(hk_der_get(&cur, HK_DER_SEQUENCE, &element));
        ret->tbs = element.whole;
        ret->odd = hk_cur_empty(&cur) ? 0 : (uint32_t)HK_X509_ODD_TRAILING;
        return read_tbs(hk_cur_of(element.content), ret);
}

hk_err
hk_x509_parse_cert(hk_span der, hk_x509 *ret)
{
        /* Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue BIT STRING } */
        hk_cur cur = hk_cur_of(der);
        hk_der certificate;
        hk_der tbs;
        hk_der algorithm;
        hk_der signature;

        HK_TRY(hk_der_get(&cur, HK_DER_SEQUENCE, &certificate));
        hk_cur inside = hk_cur_of(certificate.content);
        HK_TRY(hk_der_get(&inside, HK_DER_SEQUENCE, &tbs));
        HK_TRY(hk_der_get(&inside, HK_DER_SEQUENCE, &algorithm));
        HK_TRY(hk_der_get(&inside, HK_DER_BIT_STRING, &signature));
        HK_TRY(hk_x509_parse_tbs(tbs.whole, ret));
        ret->odd |= hk_cur_empty(&cur) && hk_cur_empty(&inside) ? 0 : (uint32_t)HK_X509_ODD_TRAILING;
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

        ret->count = 0;
        if (cut[0].len + cut[1].len == 0 || hk_der_next(&cur, &tbs) != HK_OK) {
                add_piece(ret, x509->tbs.data, tbs_end);
                return;
        }
        if (cut[1].len > 0 && (cut[0].len == 0 || cut[1].data < cut[0].data)) {
                hk_span first = cut[1];
                cut[1] = cut[0];
                cut[0] = first;
        }
        /* Lengths from the inside out. Extensions ::= SEQUENCE SIZE (1..MAX): when none is left, [3] goes as well. */
        size_t list_len = x509->extensions.len - cut[0].len - cut[1].len;
        uint8_t list_head[HK_DER_HEADER_MAX];
        uint8_t wrap_head[HK_DER_HEADER_MAX];
        size_t list_head_len = list_len > 0 ? hk_der_header(HK_DER_SEQUENCE, list_len, list_head) : 0;
        size_t wrap_len = list_head_len + list_len;
        size_t wrap_head_len =
                wrap_len > 0 ? hk_der_header(HK_DER_CONTEXT_CONSTRUCTED(3), wrap_len, wrap_head) : 0;
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
