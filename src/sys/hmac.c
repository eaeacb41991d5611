#include "sys/hmac.h"

enum { BLOCK = 64 };

void
hk_hmac_sha256_any(hk_span key, hk_span message, uint8_t ret[HK_SHA256_SIZE])
{
	uint8_t inner[BLOCK], outer[BLOCK], digest[HK_SHA256_SIZE];

	if (key.len > BLOCK) {
		hk_sha256(key, digest);
		key = hk_span_of(digest, sizeof digest);
	}
	memset(inner, 0x36, sizeof inner);
	memset(outer, 0x5c, sizeof outer);
	for (size_t i = 0; i < key.len; i++) {
		inner[i] ^= key.data[i];
		outer[i] ^= key.data[i];
	}
	const hk_span first[] = {hk_span_of(inner, sizeof inner), message};
	hk_sha256_pieces(first, G_N_ELEMENTS(first), digest);
	const hk_span second[] = {
		hk_span_of(outer, sizeof outer), hk_span_of(digest, sizeof digest)};
	hk_sha256_pieces(second, G_N_ELEMENTS(second), ret);
}

void
hk_hmac_sha256(const uint8_t key[HK_HMAC_KEY_SIZE], hk_span message, uint8_t ret[HK_SHA256_SIZE])
{
	hk_hmac_sha256_any(hk_span_of(key, HK_HMAC_KEY_SIZE), message, ret);
}

bool
hk_hmac_same(const uint8_t a[HK_SHA256_SIZE], const uint8_t b[HK_SHA256_SIZE])
{
	unsigned differ = 0;

	for (unsigned i = 0; i < HK_SHA256_SIZE; i++) {
		differ |= (unsigned)(a[i] ^ b[i]);
	}
	return differ == 0;
}
