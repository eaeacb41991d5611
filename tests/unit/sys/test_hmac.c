/* HMAC-SHA-256 against vectors computed with Python's hmac. */
#include "sys/hmac.h"

#include <stdio.h>
#include <string.h>

#include "base/codec.h"
#include "tap.h"

static const struct {
	const char *message, *mac;
} vectors[] = {
	{"", "d38b42096d80f45f826b44a9d5607de72496a415d3f4a1a8c88e3bb9da8dc1cb"},
	{"a", "5167dd15d18166a9dd6caa3522f7026f13d2f82c052bb245c9f3366588205222"},
	{"hikeshi audit key", "fabd8ec49c88c51cba4b9def6b2fb0abacf4fdeace44d9621f70073e76033675"},
	{"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
		"154147924bb4a7b7d6bea3ae21ad2f8fc6ddfc0bf0b8f3db05b9442438508598"},
	{"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
		"41a8277a7e4299b352788dd1acda7e69a320114f0659bc367ba8a200b3692db5"},
	{"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	 "xxxxxxxxxxxxxxxxxxxxxx",
		"7b48ae507721b7feb27d8403d20568ca6d1e003dba73751f869cae6163653c59"},
};

int
main(void)
{
	uint8_t key[HK_HMAC_KEY_SIZE], mac[32], other[32];
	char hex[65];

	for (unsigned i = 0; i < sizeof key; i++) {
		key[i] = (uint8_t)i;
	}
	for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
		hk_hmac_sha256(key, hk_span_str(vectors[i].message), mac);
		hk_hex_encode(hk_span_of(mac, 32), hex);
		is_str(hex, vectors[i].mac, "vector %zu", i);
	}
	memcpy(other, mac, 32);
	ok(hk_hmac_same(mac, other), "the same");
	for (unsigned i = 0; i < 32; i++) {
		other[i] ^= 0x80;
		ok(!hk_hmac_same(mac, other), "byte %u differs", i);
		other[i] ^= 0x80;
	}
	return tap_done();
}
