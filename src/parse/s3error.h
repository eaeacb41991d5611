/* parse/s3error: what a store that speaks S3 says went wrong ("Error responses" of the Amazon S3 API Reference). Layer: parse.
 * Input is hostile.
 *
 *   <?xml version="1.0"?><Error><Code>NoSuchKey</Code><Message>...</Message><Region>eu-west-1</Region>...</Error>
 *
 * No XML is read: two elements are looked for by their names. In well-formed XML these letters stand nowhere else, as "<" in a text is
 * written "&lt;"; who sends something else may say what he likes anyway. No allocation. */
#ifndef HK_PARSE_S3ERROR_H
#define HK_PARSE_S3ERROR_H

#include "base/err.h"
#include "base/span.h"

/* Only so many bytes of an answer are looked at: errors of S3 have some 300. */
#define HK_S3ERROR_BYTES_MAX 65536
/* Longest word that is taken, with its NUL. */
#define HK_S3ERROR_WORD_SIZE 64

/* Words of A-Z a-z 0-9 . - _ */
typedef struct hk_s3error {
	char code[HK_S3ERROR_WORD_SIZE]; /* "NoSuchKey"; never empty */
	char region
		[HK_S3ERROR_WORD_SIZE]; /* where the bucket lies, of AuthorizationHeaderMalformed and its kin; or "" */
} hk_s3error;

/* hk_s3error_parse(body, ret): HK_EFORM: there is no <Error> with a <Code> that is a word. */
HK_MUST hk_err hk_s3error_parse(hk_span body, hk_s3error *ret);

#endif
