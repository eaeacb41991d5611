/* sys/rs256: RSASSA-PKCS1-v1_5 with SHA-256 ("RS256", RFC 7518, 3.3), made with a private key; and the JWT that a service account shows for a token (RFC 7523,
 * 2.1). Layer: sys. Input is ours. (Verifying tokens of others: web/jwt.) */
#ifndef HK_SYS_RS256_H
#define HK_SYS_RS256_H

#include <glib.h>

#include "base/span.h"

/* A PEM text is at most so long. */
#define HK_RS256_PEM_MAX 16384

/* hk_rs256_sign(pem, bytes, error): the signature; pem is a private key (PKCS #8 or #1) of RSA with 2048 bits or more, without a password. HK_ECONFIG: it is
 * none. Caller unrefs. */
GBytes *hk_rs256_sign(const char *pem, hk_span bytes, GError **error);

/* hk_rs256_jwt(pem, key_id, claims, error): header.claims.signature in base64url; claims: a JSON object as text. key_id (or NULL) becomes "kid". Caller
 * frees. HK_ECONFIG. */
char *hk_rs256_jwt(const char *pem, const char *key_id, const char *claims, GError **error);

#endif
