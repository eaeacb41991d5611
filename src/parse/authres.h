/* parse/authres: Authentication-Results (RFC 8601): what a mail server says about a mail's sender. Layer: parse. Libc only. Input is
 * hostile: anybody can write such a header. Whether the server's word counts is the caller's question. */
#ifndef HK_PARSE_AUTHRES_H
#define HK_PARSE_AUTHRES_H

#include "base/err.h"
#include "base/span.h"

enum { HK_AUTHRES_MAX = 4000 };

typedef struct hk_authres {
	uint8_t text[HK_AUTHRES_MAX]; /* the value without comments and folds */
	size_t len, pos;
	hk_span server; /* authserv-id */
} hk_authres;

/* One method's result; spans borrow from the hk_authres. */
typedef struct hk_authres_item {
	hk_span method; /* spf, dkim, dmarc ... */
	hk_span result; /* pass, fail, none ... */
	hk_span domain; /* whose: header.d or header.i's (dkim), smtp.mailfrom's or smtp.helo (spf), header.from (dmarc); may be
			   empty */
} hk_authres_item;

/* hk_authres_read(value, ret): HK_ELIMIT over HK_AUTHRES_MAX bytes; HK_EFORM without a server's name. */
HK_MUST hk_err hk_authres_read(hk_span value, hk_authres *ret);

/* hk_authres_next(a, ret): the next result; false at the end. What is no "method=result" is passed over. */
bool hk_authres_next(hk_authres *a, hk_authres_item *ret);

#endif
