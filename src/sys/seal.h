/* sys/seal: keys of the house in files, and what is sealed with them, over libsodium. Layer: sys. Any thread. */
#ifndef HK_SYS_SEAL_H
#define HK_SYS_SEAL_H

#include <stdint.h>

#include <glib.h>

#include "base/span.h"

enum { HK_SECRET_KEY_BYTES = 32 };

/* hk_secret_bytes(ret, len): random bytes. hk_secret_wipe(data, len): overwrites memory for good. */
void hk_secret_bytes(void *ret, size_t len);
void hk_secret_wipe(void *data, size_t len);

/* hk_key_load(path, error): the 32 bytes of the file, which is made (mode 0600) when it is missing; HK_ECONFIG when it is of another
 * length or others may read it. Caller frees after wiping. */
uint8_t *hk_key_load(const char *path, GError **error);

/* hk_seal(key, bytes), hk_open(key, bytes): nonce and secretbox (XSalsa20-Poly1305) of bytes; NULL from hk_open for what was not sealed with that
 * key. Caller unrefs. */
GBytes *hk_seal(const uint8_t key[HK_SECRET_KEY_BYTES], hk_span bytes);
GBytes *hk_open(const uint8_t key[HK_SECRET_KEY_BYTES], hk_span bytes);

/* hk_key_derive(key, purpose, ret): a key of its own for each purpose (BLAKE2b keyed hash of purpose). */
void hk_key_derive(const uint8_t key[HK_SECRET_KEY_BYTES], const char *purpose,
	uint8_t ret[HK_SECRET_KEY_BYTES]);

#endif
