/* sys/tsp: time stamps of RFC 3161 (SHA-256 only), asked for over HTTP (section 3.4) and verified, by OpenSSL's TS. Layer: sys. What an authority answers is hostile.
 *
 * A token proves that a hash was there at its time; it is a CMS SignedData whose signer a CA must vouch for with the purpose time-stamping. */
#ifndef HK_SYS_TSP_H
#define HK_SYS_TSP_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "base/span.h"
#include "sys/egress.h"

/* Where a path is wanted, a text that begins so is the PEM itself. */
#define HK_TSP_PEM "-----BEGIN"

enum {
	HK_TSP_TOKEN_MAX = 65536, /* bytes of a token; of an answer, too */
	HK_TSP_NONCE = 16,        /* bytes of a nonce */
	HK_TSP_TEXT = 128,        /* bytes of a text of hk_tsp_info, with the NUL */
	HK_TSP_SKEW_MS = 86400000 /* a fresh token whose time is further from ours is refused */
};

typedef struct hk_tsp_config {
	const char *url;     /* of the authority: http or https, in the public internet */
	const char *ca_file; /* PEM: who is believed to vouch for it. Needed */
	const char *policy;  /* dotted number, asked for and required; NULL: any */
	const char *case_id; /* for the record of egress, or NULL */
	hk_egress *egress;   /* NULL: hk_egress_house() */
	unsigned timeout_ms; /* 0: 20,000 */
} hk_tsp_config;

/* What a good token says. */
typedef struct hk_tsp_info {
	int64_t at_ms;            /* genTime, since 1970 */
	char policy[HK_TSP_TEXT]; /* dotted number */
	char serial[HK_TSP_TEXT]; /* hexadecimal */
	char signer
		[HK_TSP_TEXT]; /* common name of the authority's certificate, "" if it has none */
} hk_tsp_info;

/* hk_tsp_stamp(config, sha256, error): asks with a nonce and certReq, waits, verifies all of the answer (status, version, imprint, nonce, policy, signature, chain,
 * purpose, our clock) and returns the token in DER; caller unrefs. HK_EREMOTE: no answer, or no granted one; HK_EPOLICY: egress; HK_ECHECK: a check failed, which one is said;
 * HK_EFORM: what came is no answer of that kind; HK_ECONFIG: URL, policy or ca_file are wrong. */
GBytes *hk_tsp_stamp(const hk_tsp_config *config, const uint8_t sha256[32], GError **error);

/* hk_tsp_verify(token, sha256, ca_file, ret, error): a token that was kept: version, imprint, signature, chain and purpose as of the token's own time
 * (the certificates may have expired since). ret may be NULL. HK_ECHECK, HK_EFORM, HK_ECONFIG as above. */
bool hk_tsp_verify(hk_span token, const uint8_t sha256[32], const char *ca_file, hk_tsp_info *ret,
	GError **error);

/* hk_tsp_reply(token, error): the token as a TimeStampResp with status granted, which `openssl ts -verify -in` reads. Caller unrefs. HK_EFORM. */
GBytes *hk_tsp_reply(hk_span token, GError **error);

/* hk_tsp_token(reply, error): the token of a TimeStampResp; nothing is verified. Caller unrefs. HK_EFORM. */
GBytes *hk_tsp_token(hk_span reply, GError **error);

/* hk_tsp_certs(token, error): the certificates in it as PEM, "" when it has none. Caller frees. HK_EFORM. */
char *hk_tsp_certs(hk_span token, GError **error);

/* hk_tsp_query(sha256, policy, error): a request in DER, with a new nonce; hk_tsp_answer(query, answer, ca_file, error): the token of the answer to it, after all
 * checks; both as hk_tsp_stamp does. For callers with a way of their own to the authority. */
GBytes *hk_tsp_query(const uint8_t sha256[32], const char *policy, GError **error);
GBytes *hk_tsp_answer(hk_span query, hk_span answer, const char *ca_file, GError **error);

#endif
