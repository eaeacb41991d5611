/* sys/hmac: HMAC-SHA-256 (RFC 2104). Layer: sys. Pure; any thread; never fails. */
#ifndef HK_SYS_HMAC_H
#define HK_SYS_HMAC_H

#include "base/span.h"
#include "sys/hash.h"

/* The keys of this program have this many bytes. */
#define HK_HMAC_KEY_SIZE 32

/* hk_hmac_sha256_any(key, message, ret): with a key of any length; one over 64 bytes stands for its hash. ret may be the key's memory. */
void hk_hmac_sha256_any(hk_span key, hk_span message, uint8_t ret[HK_SHA256_SIZE]);

/* hk_hmac_sha256(key, message, ret). To compare two of them, hk_hmac_same(): its time says nothing about where they differ. */
void hk_hmac_sha256(
	const uint8_t key[HK_HMAC_KEY_SIZE], hk_span message, uint8_t ret[HK_SHA256_SIZE]);
bool hk_hmac_same(const uint8_t a[HK_SHA256_SIZE], const uint8_t b[HK_SHA256_SIZE]);

#endif
