/* parse/headline: the lines of an HTTP head (RFC 9110 section 5, RFC 9112 section 5): what parse/proxyreq and parse/wshand share. Layer:
 * parse. Libc only. Input is hostile. */
#ifndef HK_PARSE_HEADLINE_H
#define HK_PARSE_HEADLINE_H

#include "base/err.h"
#include "base/span.h"

typedef struct hk_headline {
	hk_span name;
	hk_span value; /* without blanks around it */
} hk_headline;

/* hk_headline_token(c): whether c may stand in a token (RFC 9110, section 5.6.2). */
bool hk_headline_token(uint8_t c);

/* hk_headline_take(rest, loose, ret): takes one line off *rest, with its end: CRLF, or LF alone if loose. False: there is no whole line. */
bool hk_headline_take(hk_span *rest, bool loose, hk_span *ret);

/* hk_headline_split(text, ret): a line without its end. HK_EFORM: no name (a token) right before a colon, or a control character that
 * is no tab. */
HK_MUST hk_err hk_headline_split(hk_span text, hk_headline *ret);

/* hk_headline_is(text, lower): whether text is lower (which is in lower case), the case of ASCII ignored. */
bool hk_headline_is(hk_span text, const char *lower);

/* hk_headline_same(a, b): the same of two texts. */
bool hk_headline_same(hk_span a, hk_span b);

/* hk_headline_element(list, ret): takes the next element off a list with commas, without blanks around it; it may be empty. False at its
 * end. */
bool hk_headline_element(hk_span *list, hk_span *ret);

/* hk_headline_has(list, name): whether a list with commas holds name, the case of ASCII ignored. */
bool hk_headline_has(hk_span list, hk_span name);

/* hk_headline_trim(text): without blanks and tabs at both ends. */
hk_span hk_headline_trim(hk_span text);

#endif
