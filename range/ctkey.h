/* range/ctkey: the log's signing key. Part of librange. */
#ifndef RG_CTKEY_H
#define RG_CTKEY_H

#include <glib.h>

#include "base/err.h"
#include "base/span.h"

/* An ECDSA signature over P-256 in DER is at most 72 bytes; the DigitallySigned struct around it
 * adds 4. */
enum { RG_SIGNED_MAX = 80, RG_LOG_SPKI_SIZE = 91 };

typedef struct rg_ctkey rg_ctkey;

/* rg_ctkey_open(path, error): the key in the PEM file; made and written (mode 0600) when there is
 * none. path NULL: a key that lives in memory only. */
void rg_ctkey_free(rg_ctkey *key);
rg_ctkey *rg_ctkey_open(const char *path, GError **error) HK_FREED_BY(rg_ctkey_free);

hk_span rg_ctkey_spki(const rg_ctkey *key);          /* DER, borrowed */
const uint8_t *rg_ctkey_log_id(const rg_ctkey *key); /* SHA-256 of it, 32 bytes, borrowed */

/* rg_ctkey_sign_head(key, timestamp_ms, size, root, ret): DigitallySigned of the TreeHeadSignature
 * (RFC 6962, section 3.5) into ret[RG_SIGNED_MAX]; returns its length. */
size_t rg_ctkey_sign_head(const rg_ctkey *key, uint64_t timestamp_ms, uint64_t size,
	const uint8_t *root, uint8_t *ret);

/* rg_ctkey_note_id(key, name, ret): the 4-byte key ID of a signed note's signature of type 0x05
 * (static-ct-api). */
void rg_ctkey_note_id(const rg_ctkey *key, const char *name, uint8_t *ret);

#endif
