/* parse/dnsmsg: the records in an answer of the DNS (RFC 1035, section 4; RFC 3596). Layer: parse. Libc only. Input is hostile.
 *
 * A walk over the answer section. Names are told in presentation form: lower case, without the final dot, every byte that is no letter,
 * digit, '-', '_' or '*' as "\DDD". Compression pointers must point backwards, so a name ends after at most 128 labels. */
#ifndef HK_PARSE_DNSMSG_H
#define HK_PARSE_DNSMSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"

/* Longest name in presentation form with its NUL: 255 bytes of which each takes four. */
#define HK_DNSMSG_NAME_SIZE 1024
/* Longest value of a record as text, with its NUL; what is longer is cut. */
#define HK_DNSMSG_TEXT_SIZE 2560

typedef enum hk_dnsmsg_type {
	HK_DNSMSG_A = 1,
	HK_DNSMSG_NS = 2,
	HK_DNSMSG_CNAME = 5,
	HK_DNSMSG_SOA = 6,
	HK_DNSMSG_MX = 15,
	HK_DNSMSG_TXT = 16,
	HK_DNSMSG_AAAA = 28,
} hk_dnsmsg_type;

typedef struct hk_dnsmsg {
	hk_span all;
	size_t pos;     /* of the next record */
	unsigned left;  /* records of the answer section that are still to come */
	unsigned rcode; /* 0 NOERROR, 2 SERVFAIL, 3 NXDOMAIN, 5 REFUSED */
	bool truncated; /* TC */
} hk_dnsmsg;

typedef struct hk_dnsmsg_record {
	char owner[HK_DNSMSG_NAME_SIZE];
	unsigned type; /* hk_dnsmsg_type, or another */
	uint32_t ttl;  /* seconds */
	char text
		[HK_DNSMSG_TEXT_SIZE]; /* address; name; "10 mx.example"; "mname rname serial refresh retry expire minimum"; the
					   * strings of a TXT record as one, bytes outside of printable ASCII as "\DDD"; "" for other types */
	bool cut;
} hk_dnsmsg_record;

/* hk_dnsmsg_open(message, ret): HK_ETRUNC, HK_EFORM: no answer, or its questions cannot be read. message is borrowed. */
HK_MUST hk_err hk_dnsmsg_open(hk_span message, hk_dnsmsg *ret);

/* hk_dnsmsg_next(msg, ret): the next record of class IN. HK_ENOENT at the end; HK_ETRUNC, HK_EFORM: broken from here on. A record whose data do
 * not fit its type is HK_EFORM. */
HK_MUST hk_err hk_dnsmsg_next(hk_dnsmsg *msg, hk_dnsmsg_record *ret);

#endif
