/* parse/etag: entity tags (RFC 9110, section 8.8.3), and what nginx's tell. Layer: parse. Libc only. Input is hostile.
 *
 * nginx writes "HEX-HEX": the file's time of change (seconds since 1970) and its size, both in hexadecimal. They must agree with
 * Last-Modified and Content-Length; and another tag tells that the file was written anew, without its body being read. */
#ifndef HK_PARSE_ETAG_H
#define HK_PARSE_ETAG_H

#include <stdint.h>

#include "base/err.h"
#include "base/span.h"

/* Bytes of a tag with its quotes. */
#define HK_ETAG_MAX 256

typedef struct hk_etag {
	hk_span opaque; /* between the quotes; borrowed */
	bool weak;
	bool nginx; /* the two below are set */
	int64_t mtime_s;
	uint64_t size;
} hk_etag;

/* hk_etag_read(value, ret): the value of an ETag line, blanks around it allowed. HK_EFORM: no quotes, or a character that a tag cannot
 * hold; HK_ELIMIT. */
HK_MUST hk_err hk_etag_read(hk_span value, hk_etag *ret);

/* What does not agree; bits. */
typedef enum hk_etag_odd {
	HK_ETAG_ODD_FORM = 1, /* not nginx's form: nothing to compare */
	HK_ETAG_ODD_TIME = 2, /* the time is not that of Last-Modified */
	HK_ETAG_ODD_SIZE = 4, /* the size is not that of Content-Length */
} hk_etag_odd;

/* hk_etag_check(etag, modified_s, length): modified_s: Last-Modified as Unix time, length: of the body; negative: not known, then not
 * compared. 0: all that is known agrees. */
unsigned hk_etag_check(const hk_etag *etag, int64_t modified_s, int64_t length);

#endif
