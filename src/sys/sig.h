/* sys/sig: verifying signatures over OpenSSL. Layer: sys. Keys come from a log list, signatures are
 * hostile.
 *
 * Reading a key costs some 90 us, a verification some 45 us: read each key once and keep it. One
 * thread at a time may use a key. */
#ifndef HK_SYS_SIG_H
#define HK_SYS_SIG_H

#include <glib.h>

#include "base/err.h"
#include "base/span.h"

/* Longest SubjectPublicKeyInfo that is read. */
#define HK_SIG_KEY_MAX 4096

typedef struct hk_sig_key hk_sig_key;

/* hk_sig_key_new(spki, error): from a DER SubjectPublicKeyInfo: EC on P-256 or RSA of 2,048..8,192
 * bits, nothing behind it. HK_EFORM when it cannot be read, HK_EVERSION for another kind of key,
 * HK_ELIMIT. */
hk_sig_key *hk_sig_key_new(hk_span spki, GError **error);

/* hk_sig_key_new_pem(pem, error): the same from "-----BEGIN PUBLIC KEY-----". */
hk_sig_key *hk_sig_key_new_pem(hk_span pem, GError **error);

void hk_sig_key_free(hk_sig_key *key); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(hk_sig_key, hk_sig_key_free)

/* hk_sig_key_id(key): SHA-256 of the SubjectPublicKeyInfo as given: a log's LogID. 32 bytes,
 * borrowed. */
const uint8_t *hk_sig_key_id(const hk_sig_key *key);

/* hk_sig_check(key, data, sig): a detached signature over data: ECDSA with SHA-256 (DER) or RSA
 * PKCS #1 v1.5 with SHA-256, as the key is. HK_ECHECK when it does not verify. */
HK_MUST hk_err hk_sig_check(const hk_sig_key *key, hk_span data, hk_span sig);

/* hk_sig_check_tree_head(key, size, root, timestamp_ms, digitally_signed): RFC 6962, section 3.5:
 * digitally_signed is u8 4 (SHA-256), u8 3 (ECDSA) or 1 (RSA), u16 length, signature, and covers
 * version 0, type 1, timestamp, size, root. HK_ETRUNC, HK_ETRAIL, HK_EVERSION (algorithm other than
 * the key's), HK_ECHECK. */
HK_MUST hk_err hk_sig_check_tree_head(const hk_sig_key *key, uint64_t size, const uint8_t root[32],
	uint64_t timestamp_ms, hk_span digitally_signed);

#endif
