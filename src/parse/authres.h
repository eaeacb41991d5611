/* parse/authres: Authentication-Results (RFC 8601): what a mail server says about a mail's sender. Layer: parse. Libc only. Input is
 * hostile: anybody can write such a header, and an honest server copies into it what the sender called himself: quoted local parts
 * ("x\"; dkim=pass ..."@evil.example), greetings, selectors. Whether the server's word counts is the caller's question. */
#ifndef HK_PARSE_AUTHRES_H
#define HK_PARSE_AUTHRES_H

#include "base/err.h"
#include "base/span.h"

enum { HK_AUTHRES_MAX = 4000 };

/* Fields are private but server and broken. */
typedef struct hk_authres {
	uint8_t text
		[HK_AUTHRES_MAX]; /* the value, comments and folds as blanks; quotes are taken off while it is read */
	size_t len, pos;
	hk_span server; /* authserv-id */
	bool broken; /* a comment or a quoted string has no end: nobody knows what the server said, and nothing of it is told */
} hk_authres;

/* One method's result; spans borrow from the hk_authres. */
typedef struct hk_authres_item {
	hk_span method; /* spf, dkim, dmarc ... */
	hk_span result; /* pass, fail, none ... */
	hk_span domain; /* whose; letters, digits, '-', '_', '.', bytes above 127; may be empty: not said, or said twice and differently */
	hk_span property; /* who says so, may be empty: header.d, else header.i (dkim); smtp.mailfrom (or smtp.mail), else smtp.helo (spf);
			     header.from (dmarc) */
} hk_authres_item;

/* hk_authres_read(value, ret): HK_ELIMIT over HK_AUTHRES_MAX bytes; HK_EFORM without a server's name, or of another version than 1 (section
 * 2.2). Whoever looks for a server's word must not look further down behind HK_ELIMIT or broken: what he looks for may have been there. */
HK_MUST hk_err hk_authres_read(hk_span value, hk_authres *ret);

/* hk_authres_next(a, ret): the next result; false at the end. What is not formed as section 2.2 says is passed over, and so is a method of
 * another version than 1. An address's domain is what stands behind its last '@' outside of quotes. */
bool hk_authres_next(hk_authres *a, hk_authres_item *ret);

#endif
