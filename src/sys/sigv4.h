/* sys/sigv4: AWS Signature Version 4 in the Authorization header, as S3 wants it. Layer: sys. Pure; any thread. Input is ours.
 *
 * Written from AWS's public documents "Create a signed AWS API request" (IAM User Guide) and "Signature Calculations for the
 * Authorization Header: Transferring Payload in a Single Chunk" (Amazon S3 API Reference):
 *
 *   canonical request = method LF path LF query LF (header ":" value LF)... LF signed headers LF payload hash
 *   text to sign      = "AWS4-HMAC-SHA256" LF time LF day "/" region "/" service "/aws4_request" LF hex(SHA-256(canonical request))
 *   key               = HMAC(HMAC(HMAC(HMAC("AWS4" secret, day), region), service), "aws4_request")
 *   signature         = hex(HMAC(key, text to sign))
 *
 * As S3 does it, and other services do not: the path is encoded once, and not normalised ("//" and "/../" stay). Who sends the
 * request takes path and query from here, so that what travels is what was signed. The payload's hash is always that of the
 * payload: UNSIGNED-PAYLOAD and signatures of chunks are not written. */
#ifndef HK_SYS_SIGV4_H
#define HK_SYS_SIGV4_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>

/* "20150830T123600Z" and its NUL. */
enum { HK_SIGV4_TIME_SIZE = 17 };

/* One parameter of the query, or one header. */
typedef struct hk_sigv4_pair {
	const char *name;
	const char *value;
} hk_sigv4_pair;

typedef struct hk_sigv4_request {
	const char *method;         /* "PUT" */
	const char *path;           /* not encoded, UTF-8, begins with "/" */
	const hk_sigv4_pair *query; /* not encoded, in any order */
	size_t query_count;
	const hk_sigv4_pair *
		headers; /* all that are signed, "Host" and "X-Amz-Date" among them; in any order and case; of one name
				       * that comes again the values are joined in their order */
	size_t header_count;
	const char *payload_sha256; /* 64 lower-case hexadecimal digits */
} hk_sigv4_request;

/* Who signs, when, for what. */
typedef struct hk_sigv4_signer {
	const char *key_id, *secret;
	const char *region, *service; /* "us-east-1", "s3" */
	const char *time;             /* of hk_sigv4_time(); the same as in X-Amz-Date */
} hk_sigv4_signer;

/* hk_sigv4_time(unix_s, ret): ISO 8601, basic format, UTC; returns ret. Years 1970 to 9999; another time is written as the nearest
 * of those. */
const char *hk_sigv4_time(int64_t unix_s, char ret[HK_SIGV4_TIME_SIZE]);

/* hk_sigv4_encode(out, text, path): RFC 3986: everything but A-Z a-z 0-9 - . _ ~ becomes %XX with upper-case digits; "/" stays where
 * path is true. */
void hk_sigv4_encode(GString *out, const char *text, bool path);

/* hk_sigv4_query(out, query, count): encoded, sorted by name, then by value, joined by "&"; a value that is "" keeps its "=". */
void hk_sigv4_query(GString *out, const hk_sigv4_pair *query, size_t count);

/* hk_sigv4_canonical(request, ret_signed): the canonical request; *ret_signed (or NULL) the names of its headers, "host;x-amz-date".
 * Caller frees both. */
char *hk_sigv4_canonical(const hk_sigv4_request *request, char **ret_signed);

/* hk_sigv4_authorization(request, signer): the value of the Authorization header. Caller frees. What was derived from the secret
 * is wiped. */
char *hk_sigv4_authorization(const hk_sigv4_request *request, const hk_sigv4_signer *signer);

#endif
