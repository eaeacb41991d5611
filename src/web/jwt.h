/* web/jwt: verifying a signed token (RFC 7515, 7519) with a provider's keys (RFC 7517). Layer: web. Input is hostile.
 *
 * RS256 and ES256 only; the key says which of them it is for, the token has no say: alg "none" or HS256 are refused before anything
 * else. One signature, compact form, no "crit". */
#ifndef HK_WEB_JWT_H
#define HK_WEB_JWT_H

#include <stdbool.h>

#include <glib.h>

#include "base/span.h"
#include "sys/json.h"

enum { HK_JWT_MAX = 64 << 10 };

/* hk_jwt_verify(token, keys, ret_unknown, error): the payload, when the token is signed by one of keys (the object {"keys":[...]}). NULL: HK_EFORM, HK_ELIMIT,
 * HK_EPOLICY (algorithm), HK_ECHECK (signature); *ret_unknown: no key has the id that the token names: the keys may have changed. */
hk_json_doc *hk_jwt_verify(hk_span token, const hk_json *keys, bool *ret_unknown, GError **error);

/* What an ID token must say (OpenID Connect Core, section 3.1.3.7). */
typedef struct hk_jwt_wants {
	const char *issuer;
	const char *client;
	const char *nonce;
	int64_t now_s;
	int64_t skew_s;
} hk_jwt_wants;

/* hk_jwt_check(payload, wants, ret_subject, error): iss, aud (and azp when there are several), exp, iat, nbf, nonce, sub. HK_EPOLICY names the claim. *ret_subject
 * is borrowed from payload. */
bool hk_jwt_check(const hk_json *payload, const hk_jwt_wants *wants, const char **ret_subject,
	GError **error);

#endif
