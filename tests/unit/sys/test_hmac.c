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

/* RFC 4231, section 4: cases 1, 2, 3 and 6 (a key that is longer than a block). */
static void
any_length(void)
{
	uint8_t mac[32], aa[131], data[50];
	char hex[65];

	memset(aa, 0xaa, sizeof aa);
	memset(data, 0xdd, sizeof data);
	const struct {
		hk_span key, message;
		const char *mac;
	} rows[] = {
		{HK_SPAN_LIT("\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b"
			     "\x0b\x0b\x0b"),
			HK_SPAN_LIT("Hi There"),
			"b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
		{HK_SPAN_LIT("Jefe"), HK_SPAN_LIT("what do ya want for nothing?"),
			"5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
		{hk_span_of(aa, 20), hk_span_of(data, 50),
			"773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
		{hk_span_of(aa, 131),
			HK_SPAN_LIT("Test Using Larger Than Block-Size Key - Hash Key First"),
			"60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		hk_hmac_sha256_any(rows[i].key, rows[i].message, mac);
		hk_hex_encode(hk_span_of(mac, 32), hex);
		is_str(hex, rows[i].mac, "RFC 4231, row %zu", i);
	}
}

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
	any_length();
	return tap_done();
}
