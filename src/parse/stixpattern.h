/* parse/stixpattern: which URLs, names and addresses a STIX pattern asserts. Layer: parse. Libc only. Input is hostile.
 *
 * The whole grammar of STIX 2.1, section 9, is read (observations, AND, OR, FOLLOWEDBY, qualifiers, every operator and
 * literal); what is not in it is HK_EFORM. The result is flat: each comparison is a term, and a term says for itself
 * whether its value may be taken as an indicator, so that nobody has to guess:
 *
 *     [url:value = 'http://a.example/' OR domain-name:value IN ('b.example', 'c.example')]     three terms to take
 *     [domain-name:value = 'cdn.example' AND file:name = 'kit.zip']     HK_STIX_NARROWED: the name alone is no indicator
 *     [domain-name:value LIKE '%.example']                              HK_STIX_WILDCARD: no name
 */
#ifndef HK_PARSE_STIXPATTERN_H
#define HK_PARSE_STIXPATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/span.h"

#define HK_STIXPATTERN_BYTES_MAX (256u << 10)
#define HK_STIXPATTERN_DEPTH_MAX 32 /* brackets within brackets */
#define HK_STIXPATTERN_TERMS_MAX 1024

typedef enum hk_stix_kind {
	HK_STIX_URL,    /* url:value */
	HK_STIX_DOMAIN, /* domain-name:value */
	HK_STIX_IPV4,   /* ipv4-addr:value */
	HK_STIX_IPV6,   /* ipv6-addr:value */
	HK_STIX_OTHER,  /* any other path */
} hk_stix_kind;

typedef enum hk_stix_use {
	HK_STIX_TAKE,     /* the value by itself is asserted: =, IN, LIKE without a wildcard */
	HK_STIX_NARROWED, /* it counts only together with another condition (AND, FOLLOWEDBY) */
	HK_STIX_NEGATED,  /* NOT, != */
	HK_STIX_WILDCARD, /* LIKE with % or _ */
	HK_STIX_UNEQUAL,  /* < > <= >= MATCHES ISSUBSET ISSUPERSET EXISTS */
	HK_STIX_UNKNOWN,  /* a path that is none of ours, or a literal that is no string */
} hk_stix_use;

typedef struct hk_stix_term {
	hk_stix_kind kind;
	hk_stix_use use;
	hk_span path; /* "domain-name:value", as written; borrowed */
	hk_span value; /* what stands between the quotes, escapes as written; else the literal; borrowed */
} hk_stix_term;

/* hk_stixpattern_read(pattern, ret, max, ret_count): every comparison in order; one with IN gives a term for each element.
 * domain-name:resolves_to_refs[..] beside a domain-name:value only says where the name pointed: it is a term of its own
 * (HK_STIX_UNKNOWN) and narrows nothing. HK_EFORM: no pattern; HK_ELIMIT: over a cap, or more than max terms; HK_ETRUNC: it
 * ends too soon. */
HK_MUST hk_err hk_stixpattern_read(
	hk_span pattern, hk_stix_term *ret, size_t max, size_t *ret_count);

/* hk_stixpattern_text(value, ret, max, ret_len): the value of a term without its escapes (\' and \\), NUL-terminated.
 * HK_ELIMIT when it does not fit; HK_EFORM for another escape or a NUL. */
HK_MUST hk_err hk_stixpattern_text(hk_span value, char *ret, size_t max, size_t *ret_len);

/* hk_stix_use_name(use): "take", "narrowed" ...; static storage. */
const char *hk_stix_use_name(hk_stix_use use);

#endif
